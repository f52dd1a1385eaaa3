"""What dates and outlets an archive covers, as a small drawing with a table of the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag.ui.html import fill

from rag.text.counting import count

_HIGH = 200
"""Pixels; the width is that of the page, so that places along it are percents and letters keep their size."""
_BELOW, _ABOVE = 26, 20
_LABELS = 6
"""Of the months, at most: more would touch on a phone."""
_LAST = 0.85
"""Share of the width beyond which no label begins: it would be cut off on a phone."""
_OUTLETS = 6
"""Drawn each in a colour of its own; the others share one."""
_MONTHS = 48
"""Drawn one by one; longer archives are drawn by year."""


def coverage_chart(months: Sequence[tuple[str, str, int]]) -> str:
    """Articles by month and outlet as stacked bars.

    Args:
        months: (month as "2023-06", outlet or "", number of articles).
    """
    if not months:
        return ""
    counts = _counts(months)
    periods = _between(min(m for m, _ in counts), max(m for m, _ in counts))
    sizes: dict[str, int] = {}
    for (_, outlet), n in counts.items():
        sizes[outlet] = sizes.get(outlet, 0) + n
    outlets = sorted(sizes, key=lambda o: (o == "others", -sizes[o], o))
    tallest = max(sum(counts.get((p, o), 0) for o in outlets) for p in periods)
    ground = _HIGH - _BELOW
    scale = (ground - _ABOVE) / tallest
    chart = {
        "height": _HIGH,
        "label_y": ground + 18,
        # Numbers stand above their lines, inside: at the side a large one would be cut off.
        "lines": [
            {"y": f"{y:.1f}", "text_y": f"{y - 4:.1f}", "label": f"{n:,}" if n else ""}
            for n, y in ((0, ground), (tallest, ground - tallest * scale))
        ],
        "columns": _columns(periods, outlets, counts, scale),
        "outlets": outlets,
        "rows": [(period, outlet, f"{n:,}") for (period, outlet), n in sorted(counts.items())],
    }
    return fill("coverage", "coverage_chart", chart)


def _columns(
    periods: Sequence[str], outlets: Sequence[str], counts: Mapping[tuple[str, str], int], scale: float
) -> list[dict[str, Any]]:
    """A column for each period: its bars, and its label where there is room for one.

    Args:
        scale: Height of an article, in pixels.
    """
    step = 100 / len(periods)
    every = -(-len(periods) // _LABELS)
    columns = []
    for at, period in enumerate(periods):
        x, y = at * step, float(_HIGH - _BELOW)
        bars = []
        for colour, outlet in enumerate(outlets):
            if n := counts.get((period, outlet), 0):
                y -= n * scale
                bar = {
                    "x": f"{x + step * 0.08:.2f}%", "y": f"{y:.1f}", "width": f"{step * 0.84:.2f}%",
                    "height": f"{n * scale:.1f}",
                }  # fmt: skip
                title = f"{outlet}, {period}: {count(n, 'article')}"
                bars.append(bar | {"colour": colour, "title": title})
        label = period if at % every == 0 and x <= 100 * _LAST else ""
        columns.append({"bars": bars, "x": f"{x + step * 0.08:.2f}%", "label": label})
    return columns


def _counts(months: Sequence[tuple[str, str, int]]) -> dict[tuple[str, str], int]:
    """Articles by (period, outlet), outlets beyond the largest as one, and months as years where there are many."""
    sizes: dict[str, int] = {}
    for _, outlet, n in months:
        sizes[outlet] = sizes.get(outlet, 0) + n
    large = set(sorted(sizes, key=lambda o: (-sizes[o], o))[:_OUTLETS])
    yearly = len(_between(min(m for m, _, _ in months), max(m for m, _, _ in months))) > _MONTHS
    counts: dict[tuple[str, str], int] = {}
    for month, outlet, n in months:
        name = (outlet or "without an outlet") if outlet in large else "others"
        key = (month[:4] if yearly else month, name)
        counts[key] = counts.get(key, 0) + n
    return counts


def _between(first: str, last: str) -> list[str]:
    """All months (or years) from the first to the last."""
    if len(first) == 4:
        return [f"{y:04}" for y in range(int(first), int(last) + 1)]
    low, high = (int(m[:4]) * 12 + int(m[5:7]) - 1 for m in (first, last))
    return [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(low, high + 1)]
