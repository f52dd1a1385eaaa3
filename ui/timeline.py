"""A timeline as a readable list, with a small axis of time above it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from rag.ui.html import fill
from rag.ui.text import one_line, origin, quoted

from rag.text.counting import count
from rag.text.timespan import day
from rag.timelines import Timeline, TimelineEntry, shown_day

SHOWN = 200
"""Events in the list."""
_LABELS = 4
"""Of the axis, at most: more would touch on a phone."""
_LABEL = 11.0
"""Percent of the axis that half a label takes on a phone."""
_MARGIN = 3.0
"""Percent of the axis left free at each end."""
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)
"""Between two labels; where a month is too long, some days."""
_DAYS = (1, 2, 7, 14)


@dataclass(frozen=True)
class Asked:
    """What was asked for, as it stands in the fields of the tab."""

    about: str
    after: date | None = None
    last: date | None = None
    """The last day that counts."""
    newest_first: bool = False
    collection: str = ""

    @property
    def before(self) -> date | None:
        """The day after the last."""
        return None if self.last is None else self.last + timedelta(days=1)


def timeline(found: Timeline, asked: Asked) -> str:
    """The events, with what can't be dated, and the same as files.

    Args:
        found: At most ``SHOWN`` events.
        asked: What was asked for.
    """
    if found.note:
        return fill("timeline", "nothing", found.note, bool(found.articles))
    order = "newest first" if asked.newest_first else "oldest first"
    events = f"The first {SHOWN} events" if len(found.entries) == SHOWN else count(len(found.entries), "event")
    spoken = count(found.articles, "article speaks", "articles speak")
    facts = [f"{events}, {order}; {spoken} of it, with or without a day."]
    if found.outside:
        facts.append(f"{count(found.outside, 'event lies', 'events lie')} outside of this time.")
    if found.without_dates:
        facts.append(found.without_dates)
    several = len({e.first.year for e in found.entries}) > 1
    rows = [_row(e) for e in found.entries]
    years = [(str(year) if several else "", list(its)) for year, its in groupby(rows, lambda r: r["entry"].first.year)]
    return fill("timeline", "timeline", " ".join(facts), _axis(found.entries), years, _exports(asked))


def nothing_asked(empty: bool) -> str:
    """What the tab says before anything was asked for.

    Args:
        empty: Whether the archive is.
    """
    return fill("timeline", "nothing_asked", empty)


def no_article() -> str:
    """What stands beside the list before an article is opened."""
    return fill("timeline", "no_article")


def failed(message: str) -> str:
    """Why there is no timeline, and what to do about it."""
    return fill("timeline", "failed", message)


def _row(e: TimelineEntry) -> dict[str, Any]:
    """An event as its template takes it: the words that name its time are marked."""
    words = one_line(e.quote)
    before, named, after = words.partition(e.named)
    when = shown_day(e)
    copied = f"{when}: {quoted(e.quote)}\n{origin(e.title, e.source, e.published, e.url)}"
    counted = f"counted from {day(e.published)}" if e.published and not any(c.isdigit() for c in e.named) else ""
    return {
        "entry": e, "when": when, "before": before, "named": named, "after": after, "copied": copied,
        "counted": counted,
    }  # fmt: skip


def _exports(asked: Asked) -> list[tuple[str, str]]:
    """(name, address) of the same timeline as files."""
    query = {"about": asked.about, "newest_first": "true" if asked.newest_first else ""}
    query |= {"after": str(asked.after or ""), "before": str(asked.before or "")}
    query["collection"] = asked.collection
    said = urlencode({name: value for name, value in query.items() if value})
    kinds = {"CSV": "csv", "JSON": "json", "Markdown": "md"}
    return [(name, f"export/timeline/{kind}?{said}") for name, kind in kinds.items()]


# -- the axis --------------------------------------------------------------------


def _axis(entries: tuple[TimelineEntry, ...]) -> dict[str, Any] | None:
    """Where the events stand in time, in percent of the axis' width; None where there is one day only."""
    first, last = min(e.first for e in entries), max(e.last for e in entries)
    if first == last:
        return None
    length = (last - first).days

    def at(when: date) -> float:
        return _MARGIN + (100 - 2 * _MARGIN) * (when - first).days / length

    events = [
        {
            "x": f"{at(e.first):.2f}%",
            "end": f"{at(e.last):.2f}%" if e.last > e.first else "",
            "title": shown_day(e),
        }
        for e in entries
    ]
    labels = [
        {"x": f"{at(when):.2f}%", "text": text, "anchor": _anchor(at(when))} for when, text in _ticks(first, last)
    ]
    said = f"{count(len(entries), 'event')} from {day(first)} to {day(last)}"
    return {"events": events, "labels": labels, "said": said}


def _anchor(place: float) -> str:
    """How a label stands at its place, in percent: within the axis also on a phone, where it takes a fifth of it."""
    return "start" if place < _LABEL else "end" if place > 100 - _LABEL else "middle"


def _ticks(first: date, last: date) -> list[tuple[date, str]]:
    """The days of the axis that have a label: beginnings of months or years, or some days where there are none."""
    for step in _DAYS:
        if (last - first).days // step < _LABELS:
            days = [first + timedelta(days=n) for n in range(0, (last - first).days + 1, step)]
            return [(d, f"{d.day} {d:%b}") for d in days]
    for step in _MONTHS:
        months = list(_months(first, last, step))
        if len(months) <= _LABELS:
            return [(d, f"{d.year}" if step % 12 == 0 else f"{d:%b} {d.year}") for d in months]
    return [(first, f"{first.year}"), (last, f"{last.year}")]


def _months(first: date, last: date, step: int) -> Iterator[date]:
    """First days of months within a time, every so many months."""
    for month in range(-(-(first.year * 12 + first.month - (first.day == 1)) // step) * step, 9999 * 12, step):
        when = date(month // 12, month % 12 + 1, 1)
        if when > last:
            return
        yield when
