"""Trains the network on two cores: batches by length, half precision where there is one, checkpoints to resume from."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from benchmarks.fit.base import Judge, trainable
from benchmarks.fit.reader_data import Item
from rag.answer.models.network import PAD
from rag.machine import processor

EVERY = 300
"""Steps between checkpoints."""


def halved() -> torch.autocast:
    """Half-precision products, where the processor has them: without them a step takes 16 times as long."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled="bf16" in processor())


@dataclass(frozen=True)
class Plan:
    """How it is trained."""

    out: Path
    """Where the checkpoint goes."""
    rate: float = 1e-4
    """The highest learning rate."""
    last: float = 0.05
    """Share of it that is left at the end."""
    pieces: int = 3072
    """Pieces in a batch, padding counted."""
    warmup: float = 0.05
    """Share of the steps on which the rate rises."""
    seed: int = 1
    steps: int | None = None
    """Most steps: what is left of the data then is left out, and the rate falls to its end by then."""
    minutes: float = math.inf
    """Stops with a checkpoint after so long; the next run goes on from it."""


def batches(items: Sequence[Item], pieces: int, seed: int) -> list[list[int]]:
    """Places of the items, in batches of one task and of similar lengths, shuffled."""
    chance = random.Random(seed)
    order = list(range(len(items)))
    chance.shuffle(order)
    made: list[list[int]] = []
    for begin in range(0, len(order), 4096):
        chunk = sorted(order[begin : begin + 4096], key=lambda i: (items[i].task, len(items[i].ids)))
        batch: list[int] = []
        for i in chunk:
            if batch and (items[batch[0]].task != items[i].task or (len(batch) + 1) * len(items[i].ids) > pieces):
                made.append(batch)
                batch = []
            batch.append(i)
        made.append(batch)
    chance.shuffle(made)
    return made


def padded(items: Sequence[Item]) -> torch.Tensor:
    """Ids of a batch: int64, shape (batch, longest)."""
    longest = max(len(item.ids) for item in items)
    return torch.tensor([item.ids + [PAD] * (longest - len(item.ids)) for item in items])


def loss(judge: Judge, items: Sequence[Item]) -> torch.Tensor:
    """The loss of a batch of one task.

    Of a passage: minus the log of the share that the sentences that answer (or none of them) have among all of it (list
    by list, as in Xia et al. 2008), and of where the words that answer begin and end, at half weight. Of a claim: the
    cross-entropy of its verdict; of one known only not to be supported, minus the log of what is left for the others.
    """
    out = judge(padded(items))
    if items[0].task == "qa":
        return _passages(out, items)
    if items[0].task == "polarity":
        return functional.cross_entropy(out["polarity"], torch.tensor([item.label for item in items]))
    chances = functional.log_softmax(out["claim"], -1)
    parts = []
    for row, item in zip(chances, items, strict=True):
        parts.append(-row[item.label] if item.label >= 0 else -torch.logsumexp(row[1:], 0))
    return torch.stack(parts).mean()


def sentences(scores: torch.Tensor, item: Item) -> torch.Tensor:
    """What each sentence of a passage scores, shape (sentences,): the mean over its pieces and its mark.

    From the marks alone, which are all the same piece, the network did not learn to tell sentences apart.

    Args:
        scores: Of the passage's pieces, shape (length,), padding behind them.
        item: The passage.
    """
    ends = [*item.marks[1:], len(item.ids) - 1]
    return torch.stack([scores[a:b].mean() for a, b in zip(item.marks, ends, strict=True)])


def _passages(out: dict[str, torch.Tensor], items: Sequence[Item]) -> torch.Tensor:
    parts, where = [], []
    for n, item in enumerate(items):
        scores = torch.cat([out["none"][n : n + 1], sentences(out["sentence"][n], item)])
        good = [g + 1 for g in item.gold] or [0]
        parts.append(torch.logsumexp(scores, 0) - torch.logsumexp(scores[good], 0))
        if item.span is not None:
            begin, end = item.marks[0], len(item.ids)
            for side in (0, 1):
                line = out["span"][n, begin:end, side]
                where.append(torch.logsumexp(line, 0) - line[item.span[side] - begin])
    total = torch.stack(parts).mean()
    return total + 0.5 * torch.stack(where).mean() if where else total


def train(judge: Judge, items: Sequence[Item], plan: Plan, measure: Callable[[Judge], str] | None = None) -> bool:
    """Train, going on from ``plan.out`` where that is a checkpoint of the same plan.

    Returns:
        Whether it came to the end.
    """
    optimizer = torch.optim.AdamW(trainable(judge), lr=plan.rate, betas=(0.9, 0.98), fused=True)
    order = batches(items, plan.pieces, plan.seed)
    all_steps = len(order)
    order = order[: plan.steps]
    step = 0
    if plan.out.exists():
        saved = torch.load(plan.out, weights_only=True)
        if saved["steps"] == all_steps:
            judge.load_state_dict(saved["judge"], strict=False)
            optimizer.load_state_dict(saved["optimizer"])
            step = saved["step"]
            print(f"goes on from step {step}", flush=True)
    judge.train()
    began, shown, sums = time.monotonic(), time.monotonic(), {"qa": [0.0, 0], "claim": [0.0, 0], "polarity": [0.0, 0]}
    while step < len(order):
        rate = plan.rate * _share(step / len(order), plan)
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = [items[i] for i in order[step]]
        with halved():
            value = loss(judge, batch)
        value.backward()
        torch.nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        sums[batch[0].task][0] += value.item()
        sums[batch[0].task][1] += 1
        if step % 100 == 0:
            means = ", ".join(f"{task} {s / n:.3f}" for task, (s, n) in sums.items() if n)
            pace = (time.monotonic() - shown) / 100
            print(f"{step}/{len(order)}: {means}; {pace:.2f} s a step", flush=True)
            shown, sums = time.monotonic(), {task: [0.0, 0] for task in sums}
        late = time.monotonic() - began > plan.minutes * 60
        if step % EVERY == 0 or step == len(order) or late:
            _save(judge, optimizer, step, all_steps, plan.out)
            if measure and (step % (4 * EVERY) == 0 or step == len(order)):
                judge.eval()
                print(f"{step}/{len(order)}: {measure(judge)}", flush=True)
                judge.train()
                shown = time.monotonic()
        if late:
            return False
    return True


def _share(done: float, plan: Plan) -> float:
    if done < plan.warmup:
        return done / plan.warmup
    return 1 - (1 - plan.last) * (done - plan.warmup) / (1 - plan.warmup)


def _save(judge: Judge, optimizer: torch.optim.Optimizer, step: int, steps: int, out: Path) -> None:
    keep(judge, out, optimizer=optimizer.state_dict(), step=step, steps=steps)


def keep(judge: Judge, out: Path, **more: Any) -> None:
    """Write a checkpoint that ``Judge.restore`` reads, with more beside it."""
    words = "encoder.embeddings.word_embeddings.weight"  # not trained: 384 MB that the package has
    state = {name: value for name, value in judge.state_dict().items() if name != words}
    part = out.with_suffix(".part")
    torch.save({"judge": state, **more}, part)
    part.replace(out)
