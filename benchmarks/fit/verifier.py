"""Trains the verifier: does an article's text support a claim, contradict it, or not tell?

    python -m benchmarks.fit.near_misses ../shared/data NEAR.jsonl       # first: claims near and far from real news
    python -m benchmarks.fit.verifier ../shared/data BASE READER.pt NEAR.jsonl OUT.pt [--minutes 60]

It goes on from the reader's checkpoint (``benchmarks.fit.reader``): both are heads of one network, so a part of the
reader's questions is asked again between the claims, for it not to forget them. Data, licences and figures:
docs/models.md.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.fit import reader
from benchmarks.fit.base import Judge, read
from benchmarks.fit.reader_data import Item, encode_claim, rows
from benchmarks.fit.training import Plan, train
from rag.answer.models.network import tokenizer

SEED = 2
FOREIGN = 0.4
"""Share of the claims in other languages than English that are used."""
AGAIN = 0.2
"""Share of the reader's questions that are asked again."""
HELD_OUT = 1500


def claims(data: Path, near: Path, tokens: Any, chance: random.Random) -> tuple[list[Item], list[Item]]:
    """Claims to learn from, and those held out: by the evidence, so that no text is in both."""
    found = [json.loads(line) for line in near.read_text("utf-8").splitlines()]
    for name, share in (("open-en.jsonl.xz", 1.0), ("open-other.jsonl.xz", FOREIGN)):
        found += [r for r in rows(data / "training" / name) if r["task"] == "claim" and chance.random() < share]
    by_text: dict[str, list[Item]] = {}
    for row in found:
        by_text.setdefault(row["ev"], []).append(encode_claim(row, tokens))
    groups = list(by_text.values())
    chance.shuffle(groups)
    items = [item for group in groups for item in group]
    return items[HELD_OUT:], items[:HELD_OUT]


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and tell figures."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fit.verifier",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("base", type=Path)
    parser.add_argument("reader", type=Path)
    parser.add_argument("near", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rate", type=float, default=6e-5)
    parser.add_argument("--steps", type=int, help="most steps")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long, to go on later")
    args = parser.parse_args(arguments)
    torch.manual_seed(SEED)
    chance = random.Random(SEED)
    base = read(args.base)
    tokens = tokenizer(base.pieces, base.scores)
    items, held_out = claims(args.data, args.near, tokens, chance)
    again, asked = reader.examples(args.data, tokens)
    items += [item for item in again if chance.random() < AGAIN]
    held_out += asked[:500]
    print(len(items), f"{sum(len(item.ids) for item in items):,} pieces", flush=True)
    judge = Judge(base)
    judge.restore(args.reader)
    plan = Plan(args.out, rate=args.rate, seed=SEED, steps=args.steps, minutes=args.minutes)
    train(judge, items, plan, lambda j: reader.figures(j, held_out))


if __name__ == "__main__":
    main()
