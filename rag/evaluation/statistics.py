"""From the values of cases to the figures of a run, with how sure they are.

Intervals are 95 % percentile intervals by bootstrap over cases (Efron and Tibshirani 1993), drawn by ``scipy``. All
measures share one set of draws, so that composite measures and differences between runs need nothing of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from rag.evaluation import measures
from rag.evaluation.values import CalibrationBin, Cause, LatencySummary, Report, Result, Row, Run, Score

Array = npt.NDArray[np.float64]

RESAMPLES = 2000
_LEVEL = (2.5, 97.5)
"""Percentiles between which the interval lies."""
_CELLS = 1_000_000
"""Numbers drawn at once: some 60 MB with all that is computed from them."""
_DECIMALS = 12
"""Beyond these, figures depend on the order of summing: 0.7 in every case must not be less than 0.7."""


@dataclass(frozen=True)
class Table:
    """The values of cases as numbers."""

    names: tuple[str, ...]
    """The measures."""
    cells: Array
    """Points and of how many: shape (cases, 2, parts); 0 and 0 where a case has no value."""
    columns: tuple[tuple[int, ...], ...]
    """For each measure, which of the parts it is the mean of."""

    @classmethod
    def of(cls, results: Sequence[Result], names: Iterable[str]) -> Table:
        """The values that results have for measures.

        Raises:
            UsageError: There is no measure of that name.
        """
        names = measures.parse(names)
        parts = tuple(dict.fromkeys(part for name in names for part in measures.parts(name)))
        cells = np.array([[r.values.get(part, (0.0, 0.0)) for part in parts] for r in results], np.float64)
        columns = tuple(tuple(parts.index(part) for part in measures.parts(name)) for name in names)
        return cls(names, cells.reshape(len(results), len(parts), 2).swapaxes(1, 2), columns)

    def scores(self, sums: Array) -> Array:
        """Measures from sums over cases.

        Args:
            sums: Shape (..., 2, parts).

        Returns:
            Shape (..., measures); NaN where no case counts.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = sums[..., 0, :] / sums[..., 1, :]
        scores = np.empty((*ratios.shape[:-1], len(self.names)))
        for i, columns in enumerate(self.columns):
            scores[..., i] = ratios[..., columns].mean(axis=-1)
        return scores

    def counted(self) -> npt.NDArray[np.bool_]:
        """Whether a measure applies to a case: shape (cases, measures)."""
        there = self.cells[:, 1] > 0
        counted = np.zeros((len(self.cells), len(self.names)), bool)
        for i, columns in enumerate(self.columns):
            counted[:, i] = there[:, columns].any(axis=1)
        return counted


def resample(cells: Array, *, resamples: int = RESAMPLES, seed: int = 0) -> Array:
    """Sums over cases drawn with replacement, as many as there are.

    Args:
        cells: Shape (cases, ...), with at least one case.
        resamples: How many draws.
        seed: The same draws for the same seed and number of cases.

    Returns:
        Shape (resamples, ...).
    """
    n = len(cells)
    flat = cells.reshape(n, -1)
    if n == 1 or not flat.size:
        return np.repeat(cells, resamples, axis=0)
    from scipy.stats import bootstrap

    def sums(drawn: npt.NDArray[np.int64], axis: int) -> Array:
        # How often each case was drawn, times its values: many times faster than picking the values one by one.
        places = (drawn + np.arange(len(drawn))[:, None] * n).ravel()
        times = np.bincount(places, minlength=drawn.size).reshape(drawn.shape)
        return (times.astype(np.float64) @ flat).T

    drawn = bootstrap(
        (np.arange(n),),
        sums,
        n_resamples=resamples,
        batch=max(1, _CELLS // n),
        vectorized=True,
        paired=True,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    return np.asarray(drawn.bootstrap_distribution).T.reshape(resamples, *cells.shape[1:])


def interval(value: float, drawn: Array) -> tuple[float, float]:
    """The 95 % interval of a value, from what it was in each draw (shape (draws,); NaN where it had none)."""
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return value, value
    low, high = np.percentile(drawn, _LEVEL)
    return rounded(low), rounded(high)


def rounded(value: float) -> float:
    """A value without what the order of summing adds to it."""
    return round(float(value), _DECIMALS) + 0.0  # no -0.0


def summarise(
    results: Sequence[Result],
    names: Iterable[str] = measures.DEFAULT,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[Score, ...]:
    """Each measure over all cases, with its interval.

    A measure that no case has, or one part of which no case has, is None. One case, or the same value in all, has an
    interval of no width: it says nothing of how sure the value is.

    Raises:
        UsageError: There is no measure of that name.
    """
    table = Table.of(results, names)
    if not results:
        return tuple(Score(name=name, value=None) for name in table.names)
    values = table.scores(table.cells.sum(axis=0))
    drawn = table.scores(resample(table.cells, resamples=resamples, seed=seed))
    scores = []
    for i, (name, cases) in enumerate(zip(table.names, table.counted().sum(axis=0), strict=True)):
        known: dict[str, Any] = {"name": name, "cases": int(cases), "left_out": len(results) - int(cases)}
        if np.isnan(values[i]):
            scores.append(Score(**known, value=None))
            continue
        value = rounded(values[i])
        low, high = interval(value, drawn[:, i])
        scores.append(Score(**known, value=value, low=low, high=high))
    return tuple(scores)


def by_tag(
    results: Sequence[Result],
    names: Iterable[str] = measures.DEFAULT,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, tuple[Score, ...]]:
    """The measures over the cases of each tag, by tag in alphabetical order; a case counts for each of its tags.

    Raises:
        UsageError: There is no measure of that name.
    """
    names = measures.parse(names)
    tagged: dict[str, list[Result]] = {}
    for result in results:
        for tag in dict.fromkeys(result.tags):
            tagged.setdefault(tag, []).append(result)
    return {tag: summarise(tagged[tag], names, resamples=resamples, seed=seed) for tag in sorted(tagged)}


def causes(results: Sequence[Result]) -> dict[str, int]:
    """How many cases failed of each cause, in the order of ``Cause``; causes of none are left out."""
    counts = Counter(r.cause for r in results)
    return {cause: counts[cause] for cause in get_args(Cause) if counts[cause]}


def reliability(results: Sequence[Result], rows: Sequence[Row], bins: int = 10) -> tuple[CalibrationBin, ...]:
    """How often answers of like confidence were right (a reliability diagram: DeGroot and Fienberg 1983).

    Args:
        results: Of ``rows``, in their order.
        rows: Only answers with a confidence of which it is known whether they are right are counted.
        bins: Of equal width over 0 to 1; a bin has its lower end, the last also its upper.

    Returns:
        Bins with an answer, lowest first.
    """
    known = [
        (min(1.0, max(0.0, row.answer.confidence)), result.right)
        for result, row in zip(results, rows, strict=True)
        if row.answer and row.answer.answered and row.answer.confidence is not None and result.right is not None
    ]
    found: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in known:
        found.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, right))
    return tuple(
        CalibrationBin(
            low=i / bins,
            high=(i + 1) / bins,
            confidence=sum(c for c, _ in pairs) / len(pairs),
            right=sum(right for _, right in pairs) / len(pairs),
            cases=len(pairs),
        )
        for i, pairs in sorted(found.items())
    )


def depth(
    rows: Sequence[Row], ks: Sequence[int] = (1, 2, 3, 5, 8, 10, 15, 20, 30, 50)
) -> tuple[tuple[int, float], ...]:
    """(k, recall@k), for each k; empty where no case has a relevant document."""
    names = measures.parse(f"recall@{k}" for k in ks)
    values = [found for found in measures.retrieval(rows, names) if found]
    if not values:
        return ()
    return tuple((k, sum(v[f"recall@{k}"][0] for v in values) / len(values)) for k in dict.fromkeys(ks))


def latency(rows: Sequence[Row]) -> dict[str, LatencySummary]:
    """Milliseconds of each stage, over the rows that have it; stages in the order they first come."""
    found: dict[str, list[float]] = {}
    for row in rows:
        for stage, millis in row.timings_ms.items():
            found.setdefault(stage, []).append(millis)
    return {
        stage: LatencySummary(p50=float(np.percentile(x, 50)), p95=float(np.percentile(x, 95)), cases=len(x))
        for stage, x in found.items()
    }


def tokens(rows: Sequence[Row]) -> dict[str, float]:
    """Tokens read and written: sums, and how many were written in a second; empty where a model counted none.

    The seconds are from an answer's first token to its last, and all that its brief form took, whose tokens are in the
    sum. Reading the question and its evidence is not in them.
    """
    said = [
        (row, a) for row in rows if (a := row.answer or row.choice) and a.usage.input_tokens + a.usage.output_tokens
    ]
    if not said:
        return {}
    found = {
        "input": float(sum(a.usage.input_tokens for _, a in said)),
        "cached": float(sum(a.usage.cached_tokens for _, a in said)),
        "output": float(sum(a.usage.output_tokens for _, a in said)),
    }
    timed = [
        (
            a.usage.output_tokens,
            row.timings_ms["write"] - row.timings_ms.get("first_token", 0.0) + row.timings_ms.get("brief", 0.0),
        )
        for row, a in said
        if a.usage.output_tokens and "write" in row.timings_ms
    ]
    if (millis := sum(m for _, m in timed)) > 0:
        found["per_second"] = sum(written for written, _ in timed) / millis * 1000
    return found


def report(
    run: Run,
    rows: Sequence[Row],
    names: Iterable[str] = measures.DEFAULT,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Report:
    """All figures of a run.

    Raises:
        UsageError: There is no measure of that name.
    """
    names = measures.parse(names)
    results = measures.results(rows, names)
    return Report(
        run=run,
        cases=len(rows),
        errors=sum(row.error is not None for row in rows),
        scores=summarise(results, names, resamples=resamples, seed=seed),
        by_tag=by_tag(results, names, resamples=resamples, seed=seed),
        causes=causes(results),
        latency=latency(rows),
        tokens=tokens(rows),
        reliability=reliability(results, rows),
        depth=depth(rows),
        notes=_notes(rows),
        results=results,
    )


def _notes(rows: Sequence[Row]) -> tuple[str, ...]:
    unjudged = sum(not (row.relevant or row.case.relevant) for row in rows)
    absent = len({doc for row in rows for doc in row.absent})
    errors = sum(row.error is not None for row in rows)
    notes = (
        (
            unjudged,
            "1 case without a relevant document is left out of the measures of retrieval.",
            "{} cases without a relevant document are left out of the measures of retrieval.",
        ),
        (
            absent,
            "1 relevant document is not in the archive; it counts as not found.",
            "{} relevant documents are not in the archive; they count as not found.",
        ),
        (errors, "1 case ended in an error and counts as 0.", "{} cases ended in an error and count as 0."),
    )
    return tuple(one if count == 1 else many.format(count) for count, one, many in notes if count)


__all__ = [
    "RESAMPLES",
    "Table",
    "by_tag",
    "causes",
    "depth",
    "interval",
    "latency",
    "reliability",
    "report",
    "resample",
    "rounded",
    "summarise",
    "tokens",
]
