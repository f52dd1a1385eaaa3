"""A baseline: what came of each case of a run, one small line a case, to compare later runs with.

A line holds what a person would check: whether the case came out right, why not, the words that were quoted, and the
reason of a refusal; and the few measures that runs are compared by. Lines are in the order of the cases, with sorted
keys, so that a change of answers is a change of their lines alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import Field, ValidationError

from rag.errors import SourceError, UsageError
from rag.evaluation.statistics import Table
from rag.evaluation.values import Cause, Report, Result, Row
from rag.text.counting import count
from rag.types import Value

SUFFIX = ".jsonl"
"""How a baseline's name ends; a report's is a folder or ends in .json."""
MEASURES = ("recall@10", "f1", "contains", "gold_recall", "answered", "refusal_recall")
"""The measures a baseline holds, each between 0 and 1 for a case."""
RIGHT = "right"
"""The share of cases that came out right, as a comparison with a baseline calls it."""
_MAKE = "onrecord eval CASES --write-baseline"
_DECIMALS = 4
_SHOWN = 90
"""Characters of a quote in a complaint."""


class BaselineCase(Value):
    """What came of one case."""

    id: str
    right: bool | None
    """Whether it came out as it should; None where nothing tells."""
    cause: Cause | None
    """Why it did not."""
    reason: str | None
    """Of a refusal."""
    quotes: tuple[str, ...]
    """The words cited, in the order of the answer."""
    measures: Mapping[str, float] = Field(default_factory=dict)
    """Those of ``MEASURES`` that apply to the case."""


Baseline = tuple[BaselineCase, ...]


def make(report: Report, rows: Iterable[Row]) -> Baseline:
    """The baseline that a run makes.

    Args:
        report: The run's report.
        rows: Its rows, in any order.
    """
    row_of = {row.case.id: row for row in rows}
    return tuple(_case(result, row_of[result.id]) for result in report.results)


def write(path: Path, baseline: Baseline) -> None:
    """Write a baseline, one line a case.

    Raises:
        UsageError: The file can't be written to.
    """
    lines = (json.dumps(case.model_dump(mode="json"), ensure_ascii=False, sort_keys=True) for case in baseline)
    try:
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="\n")
    except OSError as e:
        raise UsageError(f"{path} can't be written to ({e.strerror or e}). Choose another file.") from e


def read(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        SourceError: There is none, or a line is not a case of one.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        raise SourceError(
            f"There is no baseline {path}. Make one: onrecord eval CASES --write-baseline {path}"
        ) from None
    except (OSError, UnicodeDecodeError) as e:
        raise SourceError(f"{path} can't be read ({e}). Check the file and its permissions.") from e
    found: dict[str, BaselineCase] = {}
    for number, line in enumerate(lines, start=1):
        try:
            case = BaselineCase.model_validate_json(line)
        except ValidationError as e:
            raise SourceError(f"{path}:{number} is not a case of a baseline. Make it anew: {_MAKE} {path}") from e
        found[case.id] = case
    if not found:
        raise SourceError(f"{path} is empty. Make it anew: {_MAKE} {path}")
    return tuple(found.values())


def differences(baseline: Baseline, now: Baseline) -> tuple[str, ...]:
    """Where a run is not the same as a baseline, in lines by case; empty where it is.

    Compared are the cases, whether each came out right, why not, the quotes, and the reason of a refusal. The measures
    are left out: they follow from these, or from the ranking, whose near-ties differ from processor to processor.
    """
    before, after = ({case.id: case for case in cases} for cases in (baseline, now))
    changed = [(i, lines) for i in before if i in after and (lines := list(_changes(before[i], after[i])))]
    found = [line for ident, lines in changed for line in (f"{ident}:", *(f"  {line}" for line in lines))]
    found += [f"{ident}: in the baseline, not in this run" for ident in before if ident not in after]
    found += [f"{ident}: in this run, not in the baseline" for ident in after if ident not in before]
    if found:
        cases = len(changed) + len(before.keys() ^ after.keys())
        found.insert(
            0, f"this run differs from the baseline in {cases} of {count(len(before.keys() | after.keys()), 'case')}"
        )
    return tuple(found)


def tables(baseline: Baseline, results: Sequence[Result]) -> tuple[Table, Table] | None:
    """The measures of a baseline and of a run, over the cases both have; None where there is none.

    Args:
        baseline: The cases to compare with.
        results: The run's.
    """
    now = {result.id: result for result in results}
    both = [(case, now[case.id]) for case in baseline if case.id in now]
    names = [n for n in MEASURES if any(n in case.measures and n in result.values for case, result in both)]
    old = [{RIGHT: case.right, **case.measures} for case, _ in both]
    new = [{RIGHT: result.right, **_measures(result)} for _, result in both]
    return (_table((RIGHT, *names), old), _table((RIGHT, *names), new)) if both else None


def _case(result: Result, row: Row) -> BaselineCase:
    answer = row.answer
    return BaselineCase(
        id=result.id,
        right=result.right,
        cause=result.cause,
        reason=answer.reason if answer else None,
        quotes=tuple(dict.fromkeys(c.quote for c in answer.citations)) if answer else (),
        measures=_measures(result),
    )


def _measures(result: Result) -> dict[str, float]:
    pairs = {name: result.values[name] for name in MEASURES if name in result.values}
    return {name: round(points / of, _DECIMALS) for name, (points, of) in pairs.items() if of}


def _table(names: tuple[str, ...], cases: Sequence[Mapping[str, float | None]]) -> Table:
    pairs = [[(0.0, 0.0) if (v := case.get(name)) is None else (float(v), 1.0) for name in names] for case in cases]
    return Table(names, np.array(pairs, np.float64).swapaxes(1, 2), tuple((i,) for i in range(len(names))))


def _changes(old: BaselineCase, new: BaselineCase) -> Iterator[str]:
    """How a case differs, a line a difference."""
    for name, was, now in (
        ("right", _yes_or_no(old.right), _yes_or_no(new.right)),
        ("cause", old.cause or "none", new.cause or "none"),
        ("reason", old.reason or "none", new.reason or "none"),
    ):
        if was != now:
            yield f"{name}: {was}, now {now}"
    if old.quotes != new.quotes:
        yield from (f"- “{_short(quote)}”" for quote in old.quotes if quote not in new.quotes)
        yield from (f"+ “{_short(quote)}”" for quote in new.quotes if quote not in old.quotes)
        if set(old.quotes) == set(new.quotes):
            yield "quotes: the same in another order"


def _yes_or_no(right: bool | None) -> str:
    return {True: "yes", False: "no", None: "not known"}[right]


def _short(quote: str) -> str:
    line = " ".join(quote.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
