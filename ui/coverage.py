"""What dates and outlets an archive covers, as a small drawing with a table of the same numbers."""

from __future__ import annotations

from collections.abc import Sequence

from rag.ui.markup import esc, number

_WIDE, _HIGH = 640, 200
_LEFT, _BELOW, _ABOVE = 34, 40, 8
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
    outlets = list(dict.fromkeys(o for _, o in sorted(counts, key=lambda k: k[1] == "others")))
    sizes = {o: sum(n for (_, other), n in counts.items() if other == o) for o in outlets}
    outlets.sort(key=lambda o: (o == "others", -sizes[o], o))
    tallest = max(sum(counts.get((p, o), 0) for o in outlets) for p in periods)
    step = (_WIDE - _LEFT) / len(periods)
    scale = (_HIGH - _ABOVE - _BELOW) / tallest
    ground = _HIGH - _BELOW
    parts = [
        f'<line x1="{_LEFT}" x2="{_WIDE}" y1="{y:.1f}" y2="{y:.1f}"/><text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{n:,}</text>'
        for n, y in ((0, ground), (tallest, ground - tallest * scale))
    ]
    every = max(1, -(-len(periods) * 52 // (_WIDE - _LEFT)))  # labels that don't touch
    for at, period in enumerate(periods):
        x, y = _LEFT + at * step, float(ground)
        for colour, outlet in enumerate(outlets):
            if n := counts.get((period, outlet), 0):
                y -= n * scale
                title = f"<title>{esc(f'{outlet}, {period}: ')}{number(n, 'article')}</title>"
                parts.append(
                    f'<rect class="s{colour}" x="{x + step * 0.08:.1f}" y="{y:.1f}" width="{step * 0.84:.1f}" '
                    f'height="{n * scale:.1f}">{title}</rect>'
                )
        if at % every == 0:
            parts.append(f'<text x="{x + step / 2:.1f}" y="{ground + 18}" text-anchor="middle">{esc(period)}</text>')
    key = "".join(f'<li><i class="s{c}"></i>{esc(o)}</li>' for c, o in enumerate(outlets))
    rows = "".join(
        f"<tr><th scope='row'>{esc(p)}</th><td>{esc(o)}</td><td>{n:,}</td></tr>" for (p, o), n in sorted(counts.items())
    )
    return (
        f'<section class="coverage" aria-label="Articles by month and outlet"><h2>Articles by month and outlet</h2>'
        f'<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="Stacked bars; the numbers are in the table below">{"".join(parts)}</svg>'
        f'<ul class="key">{key}</ul><details><summary>As a table</summary><table>'
        f"<tr><th>When</th><th>Outlet</th><th>Articles</th></tr>{rows}</table></details></section>"
    )


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
