"""What dates and outlets an archive covers, as a small drawing with a table of the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag.ui.html import fill
from rag.ui.text import number

_WIDE, _HIGH = 640, 200
_BELOW, _ABOVE = 40, 8
_DIGIT = 7
"""Width of a digit of the axis."""
_LABEL = 52
"""Width of a label."""
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
    left = 12 + _DIGIT * len(f"{tallest:,}")  # so that the largest number stands beside the axis whole
    chart = {
        "width": _WIDE,
        "height": _HIGH,
        "left": left,
        "label_y": ground + 18,
        "lines": [
            {"y": f"{y:.1f}", "text_y": f"{y + 4:.1f}", "label": f"{n:,}"}
            for n, y in ((0, ground), (tallest, ground - tallest * scale))
        ],
        "columns": _columns(periods, outlets, counts, scale, left),
        "outlets": outlets,
        "rows": [(period, outlet, f"{n:,}") for (period, outlet), n in sorted(counts.items())],
    }
    return fill("coverage", "coverage_chart", chart)


def _columns(
    periods: Sequence[str], outlets: Sequence[str], counts: Mapping[tuple[str, str], int], scale: float, left: int
) -> list[dict[str, Any]]:
    """A column for each period: its bars, and its label where there is room for one.

    Args:
        scale: Height of an article, in units of the drawing.
        left: Where the axis stands.
    """
    step = (_WIDE - left) / len(periods)
    every = max(1, -(-len(periods) * _LABEL // (_WIDE - left)))  # so that labels don't touch
    columns = []
    for at, period in enumerate(periods):
        x, y = left + at * step, float(_HIGH - _BELOW)
        bars = []
        for colour, outlet in enumerate(outlets):
            if n := counts.get((period, outlet), 0):
                y -= n * scale
                bar = {"x": x + step * 0.08, "y": y, "width": step * 0.84, "height": n * scale}
                title = f"{outlet}, {period}: {number(n, 'article')}"
                bars.append({k: f"{v:.1f}" for k, v in bar.items()} | {"colour": colour, "title": title})
        label = period if at % every == 0 else ""
        middle = min(x + step / 2, _WIDE - _LABEL / 2)  # the last one ends with the drawing
        columns.append({"bars": bars, "x": f"{middle:.1f}", "label": label})
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
