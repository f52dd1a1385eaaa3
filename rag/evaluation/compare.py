"""Two runs over the same cases: what is different, whether chance can explain it, and whether it is good enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rag.errors import UsageError
from rag.evaluation import baseline, measures
from rag.evaluation.baseline import Baseline
from rag.evaluation.statistics import RESAMPLES, Array, Table, interval, resample, rounded
from rag.evaluation.values import Comparison, Difference, Flip, Report, Result, Run
from rag.text.counting import count

_CELLS = 1_000_000
"""Numbers drawn at once."""
_TIE = 1e-9
"""Differences nearer than this are the same; summing in another order changes them a little."""


def compare(a: Report, b: Report, *, resamples: int = RESAMPLES, seed: int = 0) -> Comparison:
    """Put two runs side by side, over the cases both have.

    Latency and tokens are not compared: they depend on the machine and on what else it does.

    Args:
        a: The older run.
        b: The newer. A case is the same when its id and its question are.
        resamples: Draws of the intervals and of the tests.
        seed: Of the draws.

    Returns:
        A difference for each measure that both have, b - a, in a's order. Its interval is by bootstrap over cases,
        both runs' values of a case drawn together. Its p is of a two-sided paired randomisation test (Smucker, Allan
        and Carterette 2007): how often a difference as large comes about when each case's values are swapped between
        the runs at random. Of few cases all swaps are tried; else p is at least 1 / (resamples + 1).
    """
    ours, theirs = _by_case(a.results), _by_case(b.results)
    both = [case for case in ours if case in theirs]
    old, new = [ours[case] for case in both], [theirs[case] for case in both]
    shared = {s.name for s in b.scores}
    names = [s.name for s in a.scores if s.name in shared]
    return Comparison(
        a=a.run,
        b=b.run,
        differences=_differences(Table.of(old, names), Table.of(new, names), resamples, seed) if both else (),
        gained=tuple(
            Flip(id=x.id, question=x.question, cause=x.cause)
            for x, y in zip(old, new, strict=True)
            if x.right is False and y.right
        ),
        lost=tuple(
            Flip(id=y.id, question=y.question, cause=y.cause)
            for x, y in zip(old, new, strict=True)
            if x.right and y.right is False
        ),
        only_a=len(ours) - len(both),
        only_b=len(theirs) - len(both),
        notes=_notes(a, b),
    )


def verdict(report: Report, fail_under: Mapping[str, float], base: Report | Baseline | None = None) -> tuple[str, ...]:
    """What is not good enough about a run, in sentences; empty when all is well.

    Args:
        report: The run.
        fail_under: Measure → the least its value may be, 0 to 1. A measure without a value fails.
        base: An earlier run's report, or a baseline: a measure fails where it is worse beyond chance. Without a case in
            common, that fails too.

    Raises:
        UsageError: There is no measure of a name, or a limit is not between 0 and 1.
    """
    measures.parse(fail_under)
    failures = [f for name, least in fail_under.items() if (f := _under(name, report.score(name), least))]
    if base is not None:
        found = _against(base, report)
        if found is None:
            failures.append("the base has no case in common with this run")
        failures += [_worse(d) for d in found or () if d.worse]
    return tuple(failures)


def _against(base: Report | Baseline, report: Report) -> tuple[Difference, ...] | None:
    """The differences from a base to a run; None where no case is in both."""
    if isinstance(base, Report):
        common = set(_by_case(base.results)) & set(_by_case(report.results))
        return compare(base, report).differences if common else None
    tables = baseline.tables(base, report.results)
    return _differences(*tables, RESAMPLES, 0) if tables else None


def _by_case(results: Sequence[Result]) -> dict[tuple[str, str], Result]:
    return {(r.id, r.question): r for r in results}


def _differences(before: Table, after: Table, resamples: int, seed: int) -> tuple[Difference, ...]:
    """A difference for each measure that both tables have a value of; their rows are the same cases."""
    both = np.stack([before.cells, after.cells], axis=1)  # (cases, 2 runs, 2, parts)
    first, second = before.scores(both.sum(axis=0))
    drawn = before.scores(resample(both, resamples=resamples, seed=seed))
    drawn = drawn[:, 1] - drawn[:, 0]
    swapped = _swapped(before, both, resamples, seed)
    counted = (before.counted() | after.counted()).sum(axis=0)
    found = []
    for i, name in enumerate(before.names):
        if np.isnan(first[i]) or np.isnan(second[i]):
            continue
        x, y, d = rounded(first[i]), rounded(second[i]), rounded(second[i] - first[i])
        low, high = interval(d, drawn[:, i])
        p = _p(d, swapped[:, i], exact=len(swapped) == 2 ** len(both))
        found.append(Difference(name=name, a=x, b=y, difference=d, low=low, high=high, p=p, cases=int(counted[i])))
    return tuple(found)


def _swapped(table: Table, both: Array, resamples: int, seed: int) -> Array:
    """Differences with cases' values swapped between the runs: shape (draws, measures)."""
    n = len(both)
    gap = (both[:, 1] - both[:, 0]).reshape(n, -1)
    total = both.sum(axis=0)
    generator = np.random.default_rng(seed)
    every = 2**n if n < 63 and 2**n <= resamples else 0
    batch = max(1, _CELLS // n)
    found = []
    for start in range(0, every or resamples, batch):
        size = min(batch, (every or resamples) - start)
        if every:
            swaps = np.arange(start, start + size)[:, None] >> np.arange(n) & 1
        else:
            swaps = generator.integers(0, 2, (size, n), np.int8)
        moved = (swaps.astype(np.float64) @ gap).reshape(size, *total.shape[1:])
        found.append(table.scores(total[1] - moved) - table.scores(total[0] + moved))
    return np.concatenate(found)


def _p(difference: float, swapped: Array, *, exact: bool) -> float:
    swapped = swapped[~np.isnan(swapped)]
    as_large = int((np.abs(swapped) >= abs(difference) - _TIE).sum())
    # The runs as they are count as one of the draws, so that no p is 0.
    return as_large / len(swapped) if exact else (as_large + 1) / (len(swapped) + 1)


def _notes(a: Report, b: Report) -> tuple[str, ...]:
    old, new = a.run, b.run
    notes = []
    if _archive(old) != _archive(new):
        notes.append(
            f"The archive is not the same: {old.archive} with {count(old.articles, 'article')} and "
            f"{count(old.passages, 'passage')}, "
            f"then {new.archive} with {new.articles} and {new.passages}."
        )
    for what, before, after in (
        ("model", old.model or "none", new.model or "none"),
        ("prompts", ", ".join(old.prompts) or "none", ", ".join(new.prompts) or "none"),
        ("number of cases", a.cases, b.cases),
    ):
        if before != after:
            notes.append(f"Other {what}: {before}, then {after}.")
    for name in sorted({*old.settings, *new.settings}):
        was, is_now = old.settings.get(name, "not set"), new.settings.get(name, "not set")
        if was != is_now:
            notes.append(f"Other setting {name}: {was}, then {is_now}.")
    return tuple(notes)


def _archive(run: Run) -> tuple[object, ...]:
    return run.archive, run.fingerprint, run.generation, run.articles, run.passages


def _under(name: str, value: float | None, least: float) -> str | None:
    if not 0 <= least <= 1:
        raise UsageError(f"The limit of {name} is {least:g}. Give a number from 0 to 1.")
    if value is None:
        return f"{name} was not measured, and has to be {least:.2f} or more"
    if value >= least:
        return None
    digits = _digits(value, least)
    return f"{name} is {value:.{digits}f}, below {least:.{digits}f}"


def _worse(d: Difference) -> str:
    n = _digits(d.a, d.b)
    return (
        f"{d.name} is worse than the base: {d.b:.{n}f} against {d.a:.{n}f}, "
        f"difference {d.difference:.{n}f} ({d.low:.{n}f} to {d.high:.{n}f})"
    )


def _digits(x: float, y: float) -> int:
    """Decimals, two or more, that show two different numbers as different."""
    return next((n for n in range(2, 9) if f"{x:.{n}f}" != f"{y:.{n}f}"), 2)


__all__ = ["compare", "verdict"]
