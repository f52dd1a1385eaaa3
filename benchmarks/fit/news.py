"""Trains the reader further on questions that reporters ask of news: the upper half of its layers, or all.

    python -m benchmarks.fit.news ../shared/data BASE OUT.pt [--minutes 60] [--below 0]

``news_questions.jsonl`` has the questions, written for this over articles of RealTime QA, by reading them: one fact in
other words than the article's, yes or no, several things at once, what is only alleged, follow-ups, what no sentence
answers, what takes for granted what the article denies; a tenth in other languages. Of an article it has the place in
its text of each sentence that answers, and the words that do. An archive is made of these articles and of a hundred
others, and a question is read as in the product, with what the search finds for it: the passages that don't answer are
the hardest ones there are. The loss is over all the sentences of a question's passages, and over each passage's.

The questions are in parts, by article: the reader learns from "reader" and, of articles that were read later and of
which more is asked that they don't tell, from "later" and "further"; figures are told of "held out"; "confidence" is
for the confidence that its readings are given (``benchmarks.fit.confidence``).

Layers below are as before: their outputs are computed once and kept, which halves the time of a step from the second
pass on. With ``--below 0`` all twelve layers learn, and nothing is kept. So that nothing is forgotten, a part of each
pass is what the reader was trained on first (``benchmarks.fit.reader``).
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.fit.base import Judge, read, trainable
from benchmarks.fit.reader import SEARCHED, WITHOUT
from benchmarks.fit.reader_data import Item, encode, questions, searched, span
from benchmarks.fit.training import halved, keep, padded, sentences
from benchmarks.quality.runs import WORK, filled
from rag import Archive
from rag.answer import reader
from rag.answer.models import network
from rag.machine import processors
from rag.types import Hit

QUESTIONS = Path(__file__).with_name("news_questions.jsonl")
SHIPPED = Path(network.__file__).with_name("judge") / "judge.onnx"
ARCHIVE = WORK / "news"
OTHERS = 140
"""Articles of the archive that nothing is asked of."""
FOUND = 10
"""Passages that the search finds for a question."""
READ = 4
"""Of them, how many it is read in: up to two that hold an answer, and the first others."""
BELOW = 6
"""Layers that stay as they are."""
AGAIN = 0.25
"""Share of the passages that are of the reader's first training."""
RATE = 8e-5
PIECES = 3072
SEED = 1


@dataclass
class Group:
    """A question with the passages it is read in, or a passage of the first training."""

    items: list[Item]
    below: list[np.ndarray] = field(default_factory=list)
    """What stays as it is makes of each, float16 (pieces, width); empty until it is asked for."""


def asked(part: str) -> list[dict[str, Any]]:
    """The questions of a part: "reader", "later", "further", "held out" or "confidence"."""
    rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    return [row for row in rows if row["part"] == part]


def archived(data: Path) -> dict[str, str]:
    """Make the archive, where it isn't there; the text of each article that is asked of, by its id in the set."""
    told = {json.loads(line)["article"] for line in QUESTIONS.read_text("utf-8").splitlines()}
    with gzip.open(data / "realtimeqa-2023" / "articles.jsonl.gz", "rt", encoding="utf-8") as lines:
        articles = [article for line in lines if (article := json.loads(line)).get("text")]
    chosen = [a for a in articles if a["doc_id"] in told]
    rest = [a for a in articles if a["doc_id"] not in told and len(a["text"]) > 1200]
    picked = [*chosen, *random.Random(SEED).sample(rest, OTHERS)]
    drafts = [
        {"title": a["title"], "text": a["text"], "url": a["url"], "published": a["publish_date"].replace("/", "-")}
        for a in picked
    ]
    filled(ARCHIVE.name, lambda archive: archive.add(drafts))
    return {a["doc_id"]: a["text"] for a in chosen}


def forms(row: dict[str, Any]) -> list[str]:
    """A question as it may be read: a follow-up standing alone, and with what was said before behind it."""
    if "history" not in row:
        return [row["question"]]
    return [row["alone"], " ".join([row["question"], *row["history"][-1]])]


def groups(archive: Archive, texts: dict[str, str], rows: Sequence[dict[str, Any]]) -> Iterator[Group]:
    """Each question with the passages it is read in."""
    chance = random.Random(SEED)
    for row, question in ((one, form) for one in rows for form in forms(one)):
        text = texts[row["article"]]
        gold = [_plain(text[start:end]) for start, end in row["gold"]]
        found = archive.retrieve(question, k=FOUND, times=False).hits
        good = [h for h in found if _answers(h, gold)]
        if gold and not good:
            good = [h for h in archive.search(f"{question} {gold[0]}", k=5, times=False) if _answers(h, gold)][:1]
            if not good:
                continue
        words = _plain(row["words"])
        # the same words in another article may well answer too
        rest = [h for h in found if not _answers(h, gold) and not (len(words) > 1 and words in _plain(h.passage.text))]
        passages = [*good[:2], *rest[: READ - min(2, len(good))]]
        chance.shuffle(passages)
        model = network.shared()
        head = [network.BOS, *model.encode(question).ids[: reader.QUESTION]]
        items = []
        for hit in passages:
            for chunk in reader.chunks(model, head, hit):
                item = Item(chunk.ids, "qa", list(chunk.marks), source=row["kind"])
                for i, n in enumerate(chunk.numbers):
                    if any(_same(_plain(reader.sentence(hit.passage, n)), g) for g in gold):
                        item.gold.append(i)
                        told = reader.sentence(hit.passage, n)
                        item.span = item.span or span(told, chunk.offsets[i], [row["words"]], chunk.marks[i] + 1)
                items.append(item)
        yield Group(items)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _same(sentence: str, gold: str) -> bool:
    return (sentence in gold and len(sentence) > len(gold) / 2) or gold in sentence


def _answers(hit: Hit, gold: Sequence[str]) -> bool:
    return any(
        _same(_plain(reader.sentence(hit.passage, n)), g) for n in range(len(hit.passage.sentences)) for g in gold
    )


def earlier(data: Path, number: int, seed: int) -> list[Group]:
    """Passages of the reader's first training, in its English and its other languages."""
    model, chance, made = network.shared(), random.Random(seed), []
    folder = data / "training"
    for name, share in (("open-en.jsonl.xz", 0.6), ("open-other.jsonl.xz", 0.4)):
        some = questions([folder / name], folder, without=WITHOUT, seed=seed)
        some = chance.sample(some, min(len(some), 8 * number))
        some += searched(some, share=SEARCHED, seed=seed)
        chance.shuffle(some)
        items = (encode(one, model.tokens, chance) for one in some)
        made += [Group([item]) for item, _ in zip((i for i in items if i), range(int(share * number)), strict=False)]
    return made


class Halves:
    """The network in two parts: the lower layers, which stay, and the upper ones, which learn."""

    def __init__(self, judge: Judge, below: int = BELOW) -> None:
        """Take the network, and how many of its layers stay."""
        self.judge = judge
        self._vectors = network.shared().vectors
        layers = judge.encoder.encoder.layer
        for part in (judge.encoder.embeddings, *layers[:below]):
            for parameter in part.parameters():
                parameter.requires_grad = False
        self._below, self._above = layers[:below], layers[below:]

    @staticmethod
    def _mask(lengths: Sequence[int]) -> torch.Tensor:
        """0 where there is a piece, very little where there is none: (batch, 1, 1, longest)."""
        mask = torch.zeros(len(lengths), 1, 1, max(lengths))
        for row, length in zip(mask, lengths, strict=True):
            row[..., length:] = torch.finfo(torch.float32).min
        return mask

    @torch.no_grad()
    def below(self, items: Sequence[Item]) -> list[np.ndarray]:
        """What the lower layers make of each item."""
        lengths = [len(item.ids) for item in items]
        vectors = self._vectors(padded(items).numpy())
        out = self.judge.encoder.embeddings(inputs_embeds=torch.from_numpy(vectors))
        mask = self._mask(lengths)
        with halved():
            for layer in self._below:
                out = _first(layer(out, mask))
        return [row[:length].half().numpy() for row, length in zip(out, lengths, strict=True)]

    def __call__(self, below: Sequence[np.ndarray]) -> dict[str, torch.Tensor]:
        """As ``Judge``, from what ``below`` has made."""
        lengths = [len(b) for b in below]
        out = torch.zeros(len(below), max(lengths), below[0].shape[1])
        for row, b in zip(out, below, strict=True):
            row[: len(b)] = torch.from_numpy(b).float()
        mask = self._mask(lengths)
        with halved():
            for layer in self._above:
                out = _first(layer(out, mask))
        out = out.float()
        first = out[:, 0]
        judge = self.judge
        return {
            "sentence": judge.sentence(out).squeeze(-1),
            "none": judge.none(first).squeeze(-1),
            "span": judge.span(out),
        }


def _first(out: Any) -> torch.Tensor:
    return out[0] if isinstance(out, tuple) else out


def odds(out: dict[str, torch.Tensor], n: int, item: Item) -> torch.Tensor:
    """Of each sentence of an item, as the product scores it: shape (sentences,)."""
    line = out["span"][n, item.marks[0] : len(item.ids)]
    begins, ends = torch.softmax(line, 0).T
    shares = []
    for a, b in zip(item.marks, [*item.marks[1:], len(item.ids)], strict=True):
        at = slice(a - item.marks[0], b - item.marks[0])
        shares.append((torch.cumsum(begins[at], 0) * ends[at]).sum() + 1e-9)
    share = torch.stack(shares)
    share = torch.clamp(share / share.sum(), min=1e-6)
    return sentences(out["sentence"][n], item) + reader.SPAN * share.log() - out["none"][n]


def loss(out: dict[str, torch.Tensor], parts: Sequence[Group]) -> torch.Tensor:
    """The loss of some questions: see the top of this file. Of a passage as in ``training.loss``."""
    total, at = [], 0
    for group in parts:
        rows: list[torch.Tensor] = []
        good: list[int] = []
        for item in group.items:
            own = odds(out, at, item)
            value = _listed(own, item.gold) / len(group.items)
            if item.span is not None:
                line = out["span"][at, item.marks[0] : len(item.ids)]
                for side in (0, 1):
                    value = value + 0.25 * functional.cross_entropy(
                        line[None, :, side], torch.tensor([item.span[side] - item.marks[0]])
                    )
            good += [sum(map(len, rows)) + g for g in item.gold]
            rows.append(own)
            total.append(value)
            at += 1
        if len(group.items) > 1:
            total.append(_listed(torch.cat(rows), good))
    return torch.stack(total).sum() / len(parts)


def _listed(own: torch.Tensor, good: Sequence[int]) -> torch.Tensor:
    """Minus the log of the share that those which answer (or that none does, of odds 0) have among all."""
    scores = torch.cat([torch.zeros(1), own])
    right = [g + 1 for g in good] or [0]
    return torch.logsumexp(scores, 0) - torch.logsumexp(scores[right], 0)


def batches(all_groups: Sequence[Group], seed: int) -> list[list[Group]]:
    """The groups in batches of at most ``PIECES`` pieces, padding counted, in a random order."""
    order = list(all_groups)
    random.Random(seed).shuffle(order)
    made: list[list[Group]] = [[]]
    for group in order:
        items = [i for g in (*made[-1], group) for i in g.items]
        if made[-1] and len(items) * max(len(i.ids) for i in items) > PIECES:
            made.append([])
        made[-1].append(group)
    random.Random(seed).shuffle(made)
    return made


def prepare(halves: Halves, some: Sequence[Group]) -> None:
    """Compute what the lower layers make of the items of some groups."""
    items = [(g, i) for g in some for i in g.items]
    items.sort(key=lambda pair: len(pair[1].ids))
    made: dict[int, np.ndarray] = {}
    for begin in range(0, len(items), 8):
        part = [item for _, item in items[begin : begin + 8]]
        made |= {id(item): b for item, b in zip(part, halves.below(part), strict=True)}
    for group in some:
        group.below = [made[id(item)] for item in group.items]


@torch.no_grad()
def figures(halves: Halves, held_out: Sequence[Group]) -> str:
    """Of questions held out: how often a sentence that answers is first, in three; how well the best odds tell."""
    from sklearn.metrics import roc_auc_score

    first = third = answered = 0
    best, can = [], []
    for group in held_out:
        out = halves(group.below)
        scored = []
        for n, item in enumerate(group.items):
            scored += [(float(o), i in item.gold) for i, o in enumerate(odds(out, n, item))]
        scored.sort(reverse=True)
        has = any(good for _, good in scored)
        best.append(scored[0][0])
        can.append(has)
        answered += has
        first += scored[0][1]
        third += any(good for _, good in scored[:3])
    return f"first {first}, in three {third} of {answered}; answerable or not: AUC {roc_auc_score(can, best):.3f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and tell figures."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fit.news", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("base", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--start", type=Path, default=SHIPPED, help="a checkpoint, or judge.onnx")
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--reader", type=float, default=1.0, help='share of the part "reader" that is learnt again')
    parser.add_argument("--later", type=float, default=1.0, help='share of the part "later"')
    parser.add_argument("--unanswered", type=float, default=1.0, help="share of those that nothing answers")
    parser.add_argument("--below", type=int, default=BELOW, help="layers that stay as they are")
    parser.add_argument("--seed", type=int, default=SEED, help="which of the first training, and in which order")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="the rate has fallen to its end by then")
    args = parser.parse_args(arguments)
    torch.manual_seed(args.seed)
    chance, rows, kept = random.Random(args.seed), asked("further"), asked("held out")
    for part, share in (("reader", args.reader), ("later", args.later)):
        rows += chance.sample(some := asked(part), round(share * len(some)))
    rows = [row for row in rows if row["gold"] or chance.random() < args.unanswered]
    texts = archived(args.data)
    with Archive.open(ARCHIVE) as archive:
        learnt, held_out = list(groups(archive, texts, rows)), list(groups(archive, texts, kept))
    number = sum(len(g.items) for g in learnt)
    learnt += earlier(args.data, int(number * AGAIN / (1 - AGAIN)), args.seed)
    print(f"{len(rows)} questions, {number} passages, {len(learnt)} groups; held out {len(held_out)}", flush=True)
    torch.set_num_threads(processors())  # the archive's embedding model has set it to one
    judge = Judge(read(args.base))
    judge.restore(args.start)
    judge.eval()
    halves = Halves(judge, args.below)
    prepare(halves, held_out)
    print("before:", figures(halves, held_out), flush=True)
    parameters = [p for p in judge.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trainable(judge), lr=args.rate, betas=(0.9, 0.98))
    order = [batch for n in range(args.passes) for batch in batches(learnt, args.seed + n)]
    began, sums = time.monotonic(), []
    for step, batch in enumerate(order, 1):
        spent = (time.monotonic() - began) / 60 / args.minutes
        done = max(step / len(order), spent)
        if done > 1:
            break
        for settings in optimizer.param_groups:
            settings["lr"] = args.rate * min(step / 30, 1.0) * (1 - 0.95 * done)
        prepare(halves, [group for group in batch if not group.below])
        value = loss(halves([b for g in batch for b in g.below]), batch)
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if not args.below:  # the vectors of pieces are soon looked up again, and would take 10 GB
            for group in batch:
                group.below = []
        sums.append(value.item())
        if step % 50 == 0:
            pace = (time.monotonic() - began) / step
            print(f"{step}/{len(order)}: {sum(sums) / len(sums):.3f}; {pace:.2f} s a step", flush=True)
            sums = []
        if step % 200 == 0 or step == len(order):
            keep(judge, args.out)
            print(f"{step}:", figures(halves, held_out), flush=True)
    keep(judge, args.out)
    print("after:", figures(halves, held_out), flush=True)


if __name__ == "__main__":
    main()
