"""What the network is trained on, as ids: passages with the sentences that answer, and claims with their evidence.

The sets give a sentence with its neighbours and whether it answers a question. Windows of one question that share
sentences are joined into passages, so that the sentences of a passage compete, as they do in an archive. A part of the
questions is asked of their passage without the sentence that answers as well: there nothing answers.
"""

from __future__ import annotations

import json
import lzma
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from tokenizers import Tokenizer

from rag.answer.models.network import BOS, EOS
from rag.answer.reader import HEADLINE, LENGTH, QUESTION, SENTENCE

SPANS = ("squad11-duTest/test-v1.1.json.xz", "squad2-dev-noxquad/squad2-dev-noxquad.json.xz")
"""SQuAD's parts, which tell the words that answer."""


@dataclass
class Asked:
    """A question of a passage."""

    question: str
    sentences: list[str]
    gold: list[int]
    """Which of the sentences answer; none: nothing here does."""
    headline: str = ""
    answers: list[str] = field(default_factory=list)
    """The words that answer, where the set tells them."""
    source: str = ""


@dataclass
class Item:
    """An example as the network reads it."""

    ids: list[int]
    task: str
    """"qa", "claim" or "polarity"."""
    marks: list[int] = field(default_factory=list)
    """Where the sentences' marks stand."""
    gold: list[int] = field(default_factory=list)
    """Of ``marks``, those before a sentence that answers."""
    span: tuple[int, int] | None = None
    """First and last piece of the words that answer."""
    label: int = -1
    """Of a claim or a yes/no question; -2: a claim known only not to be supported."""
    source: str = ""


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file of the training folder."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def spans(folder: Path) -> dict[str, tuple[str, list[str]]]:
    """Question → (headline, the words that answer), of the sets that tell them."""
    found: dict[str, tuple[str, list[str]]] = {}
    for name in SPANS:
        with lzma.open(folder / "raw" / name, "rt", encoding="utf-8") as file:
            for article in json.load(file)["data"]:
                for paragraph in article["paragraphs"]:
                    for qa in paragraph["qas"]:
                        texts = list(dict.fromkeys(a["text"] for a in qa["answers"]))
                        found[qa["question"]] = (article["title"].replace("_", " "), texts)
    for path in sorted((folder / "raw" / "tydiqa").glob("*.json.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as file:
            for article in json.load(file)["data"]:
                for paragraph in article["paragraphs"]:
                    for qa in paragraph["qas"]:
                        found[qa["question"]] = (article.get("title", ""), [a["text"] for a in qa["answers"]])
    for path in sorted((folder / "raw" / "qed").glob("*.jsonlines.xz")):
        for row in rows(path):
            texts = [a["string"] for answers in row.get("original_nq_answers", ()) for a in answers]
            found[row["question_text"] + "?"] = found[row["question_text"]] = (row["title_text"], texts)
    return found


def _joined(windows: Sequence[dict[str, Any]], chance: random.Random) -> tuple[list[str], set[str]]:
    """The sentences of some windows, in the order of their text as far as they tell it, and those that answer."""
    after: dict[str, str] = {}
    seen: dict[str, None] = {}
    gold: set[str] = set()
    for w in windows:
        chain = [s for s in (w["prev"], w["sent"], w["next"]) if s]
        for s in chain:
            seen.setdefault(s)
        for a, b in pairwise(chain):
            after.setdefault(a, b)
        if w["y"] == 1:
            gold.add(w["sent"])
    heads = [s for s in seen if s not in set(after.values())]
    chance.shuffle(heads)
    sentences: list[str] = []
    for head in heads:
        at: str | None = head
        while at is not None and at not in sentences:
            sentences.append(at)
            at = after.get(at)
    sentences += [s for s in seen if s not in sentences]
    return sentences, gold


def questions(paths: Iterable[Path], folder: Path, *, without: float, seed: int) -> list[Asked]:
    """The questions of the training files.

    Args:
        paths: Files of pairs.
        folder: The training folder, for headlines and spans.
        without: Share of the answered questions that are asked without the sentences that answer as well.
        seed: Of the order of pieces.
    """
    chance = random.Random(seed)
    told = spans(folder)
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for path in paths:
        for row in rows(path):
            if row["task"] == "qa":
                groups[row["d"], row["l"], row["q"]].append(row)
    made: list[Asked] = []
    for (source, language, question), windows in groups.items():
        sentences, gold = _joined(windows, chance)
        headline, answers = told.get(question, ("", []))
        places = [i for i, s in enumerate(sentences) if s in gold]
        made.append(Asked(question, sentences, places, headline, answers, f"{source}/{language}"))
        rest = [s for s in sentences if s not in gold and not any(a and a in s for a in answers)]
        if gold and rest and chance.random() < without:
            made.append(Asked(question, rest, [], headline, [], f"{source}/{language}/without"))
    return made


def searched(asked: Sequence[Asked], *, share: float, seed: int, deep: int = 4) -> list[Asked]:
    """Questions asked of another question's passage: one that has their words and does not answer.

    Args:
        asked: The questions, of which those with an answer are looked for and in.
        share: Of them, how many.
        seed: Of the choice.
        deep: The passage is one of so many first ones.
    """
    chance = random.Random(seed)
    answered = [a for a in asked if a.gold]
    words = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\w+")
    passages = words.fit_transform(" ".join([*a.sentences, a.headline]) for a in answered).T.tocsr()
    chosen = [n for n in range(len(answered)) if chance.random() < share]
    made: list[Asked] = []
    for begin in range(0, len(chosen), 256):
        some = chosen[begin : begin + 256]
        scores = (words.transform(answered[n].question for n in some) @ passages).toarray()
        for n, row in zip(some, scores, strict=True):
            one, own = answered[n], set(answered[n].sentences)
            others = []
            for place in row.argsort()[::-1][: 2 * deep]:
                other = answered[place]
                told = " ".join(other.sentences)
                if not own & set(other.sentences) and not any(len(a) > 1 and a in told for a in one.answers):
                    others.append(other)
            if others:
                other = chance.choice(others[:deep])
                source = f"{one.source}/searched"
                made.append(Asked(one.question, list(other.sentences), [], other.headline, [], source))
    return made


def encode(asked: Asked, tokens: Tokenizer, chance: random.Random | None = None) -> Item | None:
    """A question with its passage as ids; None where a sentence that answers doesn't fit.

    Sentences that don't answer are left out from both ends until it fits.
    """
    head = [BOS, *tokens.encode(asked.question).ids[:QUESTION]]
    if asked.headline:
        head += [EOS, *tokens.encode(asked.headline).ids[:HEADLINE]]
    coded = [tokens.encode(s) for s in asked.sentences]
    first, last = 0, len(coded)
    size = lambda: len(head) + 1 + sum(1 + min(SENTENCE, len(c.ids)) for c in coded[first:last])  # noqa: E731
    while size() > LENGTH and last - first > 1:
        ends = [end for end in (first, last - 1) if end not in asked.gold]
        if not ends:
            return None
        if (chance.choice(ends) if chance else ends[-1]) == first:
            first += 1
        else:
            last -= 1
    item = Item(head, "qa", source=asked.source)
    for i in range(first, last):
        item.marks.append(len(item.ids))
        if i in asked.gold:
            item.gold.append(len(item.marks) - 1)
        start = len(item.ids) + 1
        item.ids += [EOS, *coded[i].ids[:SENTENCE]]
        if i in asked.gold and item.span is None:
            item.span = span(asked.sentences[i], coded[i].offsets[:SENTENCE], asked.answers, start)
    item.ids.append(EOS)
    if len(item.ids) > LENGTH or (asked.gold and not item.gold):
        return None
    return item


def span(
    sentence: str, offsets: Sequence[tuple[int, int]], answers: Sequence[str], start: int
) -> tuple[int, int] | None:
    """Where the words that answer stand among a passage's pieces.

    Args:
        sentence: The sentence.
        offsets: Of its pieces, (start, end) in it.
        answers: The words, of which the first that stand there count.
        start: Which of the passage's pieces its first one is.

    Returns:
        The first and the last piece; None where none of the words stand there.
    """
    for answer in answers:
        at = sentence.find(answer) if answer else -1
        if at < 0:
            continue
        inside = [i for i, (a, b) in enumerate(offsets) if a < at + len(answer) and b > at]
        if inside:
            return start + inside[0], start + inside[-1]
    return None


LABELS = {"S": 0, "C": 1, "O": 2, "N": -2}
POLARITY = {"yes": 0, "no": 1, "unk": 2}


def encode_claim(row: dict[str, Any], tokens: Tokenizer, length: int = LENGTH) -> Item:
    """A claim with its evidence as ids: claim, headline with date (where there are), what stands around, evidence."""
    ids = [BOS, *tokens.encode(row["claim"]).ids[:96]]
    known = ", ".join(part for part in (row.get("title", ""), row.get("date", "")) if part)
    if known:
        ids += [EOS, *tokens.encode(known).ids[: HEADLINE + 12]]
    if row.get("prev"):
        ids += [EOS, *tokens.encode(row["prev"]).ids[-64:]]
    ids += [EOS, EOS, *tokens.encode(row["ev"]).ids[: length - len(ids) - 3], EOS]
    return Item(ids, "claim", label=LABELS[row["y"]], source=row.get("kind") or row.get("d", ""))


def encode_yes_no(row: dict[str, Any], tokens: Tokenizer) -> Item:
    """A yes/no question with its passage as ids."""
    ids = [BOS, *tokens.encode(row["q"]).ids[:QUESTION], EOS]
    ids += [*tokens.encode(row["ev"]).ids[: LENGTH - len(ids) - 1], EOS]
    return Item(ids, "polarity", label=POLARITY[row["y"]], source=row["d"])
