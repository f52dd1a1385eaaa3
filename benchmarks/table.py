"""Medians with their spread, and what they had to reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Spread:
    """Several runs of one measurement."""

    values: tuple[float, ...]
    unit: str
    digits: int = 2

    @property
    def median(self) -> float:
        """The middle run."""
        return median(self.values)

    def __str__(self) -> str:
        d = self.digits
        middle = f"{self.median:,.{d}f} {self.unit}"
        if len(self.values) < 2:
            return middle
        return f"{middle} ({min(self.values):,.{d}f}–{max(self.values):,.{d}f}, {len(self.values)} runs)"


@dataclass(frozen=True)
class Figure:
    """One line of the report."""

    name: str
    value: Spread
    target: str = ""
    """In words; empty when there is nothing to reach."""
    met: bool | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """``met``, ``not met``, or why neither can be said."""
        return "" if not self.target else "not judged" if self.met is None else "met" if self.met else "NOT MET"


@dataclass
class Group:
    """The figures of one measurement, and everything behind them."""

    name: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)

    def add(self, name: str, values: Sequence[float], unit: str, digits: int = 2, **rest: Any) -> Spread | None:
        """Add a figure; nothing happens when there are no values.

        Args:
            name: What was measured.
            values: One per run.
            unit: Of the values.
            digits: Behind the point.
            rest: ``note``; ``below`` or ``atleast`` for a limit on the median, ``judge=False`` to leave it unjudged.
        """
        if not values:
            return None
        spread = Spread(tuple(values), unit, digits)
        target, met = "", None
        if (below := rest.get("below")) is not None:
            target, met = f"< {below:g} {unit}", spread.median < below
        if (atleast := rest.get("atleast")) is not None:
            target, met = f"≥ {atleast:g} {unit}", spread.median >= atleast
        if not rest.get("judge", True):
            met = None
        self.figures.append(Figure(name, spread, target, met, rest.get("note", "")))
        return spread


def lines(groups: Sequence[Group]) -> list[str]:
    """Everything measured, group by group."""
    out: list[str] = []
    for group in groups:
        out += ["", group.name]
        for f in group.figures:
            out.append(f"  {f.name}: {f.value}" + (f" · {f.note}" if f.note else ""))
        out += [f"  {note}" for note in group.notes]
    return out


def verdicts(groups: Sequence[Group]) -> list[str]:
    """The closing table, as Markdown."""
    rows = [("figure", "to reach", "measured: median (min–max)", "")]
    rows += [(f.name, f.target, str(f.value), f.verdict) for g in groups for f in g.figures if f.target]
    if len(rows) == 1:
        return []
    widths = [max(len(row[n]) for row in rows) for n in range(4)]
    text = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in rows]
    return [text[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *text[1:]]
