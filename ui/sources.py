"""Sources as a list of HTML: what each is, what came of its last run, and its articles a day as a small chart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from rag.ui.html import fill

from rag.sources.values import Source, SourceReport
from rag.text.counting import count

DAYS = 30
"""Days in the chart."""
_BAR, _HIGH = 7, 32
"""Of the chart: width of a day, and height, in units of the drawing."""
_ERRORS = 5
"""Errors of a run that are shown."""


def source_list(found: Sequence[Source], daily: Sequence[tuple[str, str, int]], today: date) -> str:
    """The sources, or how to add a first one.

    Args:
        found: The sources.
        daily: (day as "2026-11-28", source's name, number of articles).
        today: The last day of the charts.
    """
    days = [today - timedelta(days=n) for n in range(DAYS - 1, -1, -1)]
    counts = {(day, name): n for day, name, n in daily}
    rows = [
        {
            "source": source,
            "last": outcome(source.last) if source.last else "not read yet",
            "errors": source.last.errors[:_ERRORS] if source.last else (),
            "failed": source.last is not None and not source.last.read,
            "chart": _chart(days, [counts.get((day.isoformat(), source.name), 0) for day in days]),
        }
        for source in found
    ]
    return fill("sources", "source_list", rows)


def outcome(report: SourceReport) -> str:
    """What came of a run, in words."""
    if not report.read and not report.new:
        return "could not be read"
    parts = [count(report.new, "new article")]
    if report.changed:
        parts.append(f"{report.changed:,} changed")
    if report.gone:
        parts.append(f"{report.gone:,} gone" + (f", {report.removed:,} deleted here" if report.removed else ""))
    if report.failed:
        parts.append(f"{report.failed:,} failed")
    if report.waiting:
        parts.append(f"{report.waiting:,} still to come")
    return ", ".join(parts)


def syncing(reports: Sequence[SourceReport]) -> str:
    """The figures of a sync that is going on."""
    return fill("sources", "syncing", [(report.source, outcome(_in_progress(report))) for report in reports])


def failed(message: str) -> str:
    """An error, in the place of its result."""
    return fill("macros", "failed", message)


def _in_progress(report: SourceReport) -> SourceReport:
    return report.model_copy(update={"read": True})


def _chart(days: Sequence[date], counts: Sequence[int]) -> dict[str, Any]:
    tallest = max([*counts, 1])
    bars = [
        {
            "x": at * _BAR,
            "y": f"{_HIGH - n * _HIGH / tallest:.1f}",
            "height": f"{n * _HIGH / tallest:.1f}",
            "title": f"{day:%d %b}: {count(n, 'article')}",
        }
        for at, (day, n) in enumerate(zip(days, counts, strict=True))
        if n
    ]
    rows = [(f"{day:%d %b %Y}", n) for day, n in zip(days, counts, strict=True) if n]
    return {
        "width": len(days) * _BAR,
        "height": _HIGH,
        "bar": _BAR - 1,
        "bars": bars,
        "rows": rows,
        "total": sum(counts),
    }
