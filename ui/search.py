"""Full-text search on the page: hits with their words marked, and counts by outlet and time that narrow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from rag.ui import collected
from rag.ui.html import fill
from rag.ui.text import one_line

from rag.errors import OnRecordError
from rag.finding import Findings, Found
from rag.index.collections import Collection
from rag.text.counting import count

if TYPE_CHECKING:
    from rag.ui.session import TabSession

PAGE = 20
"""Hits on a page."""
_OUTLETS = 12
_COLUMNS = 36
"""Months drawn at most; a longer time is drawn by year."""
_HIGH = 56
"""Height of the histogram, in pixels."""


@dataclass(frozen=True)
class Wanted:
    """What is searched for, as it stands in the fields of the tab."""

    query: str
    order: str = "relevance"
    after: date | None = None
    last: date | None = None
    """The last day that counts."""
    collection: str = ""
    offset: int = 0

    @property
    def filters(self) -> dict[str, Any]:
        """As ``Archive.find`` takes them; articles without a date are left out where a day is given."""
        found: dict[str, Any] = {}
        if self.after:
            found["after"] = self.after
        if self.last:
            found["before"] = self.last + timedelta(days=1)
        if found:
            found["undated"] = False
        return found | ({"collection": self.collection} if self.collection else {})


def results(found: Findings, wanted: Wanted, collections: Sequence[Collection], mends: bool = False) -> str:
    """A page of hits, counts beside them, the list as files, and where they can be collected.

    With ``mends`` what is said of the ticked ones can be set by hand.
    """
    if not found.total:
        return fill("search", "nothing")
    last = min(wanted.offset + PAGE, found.total)
    order = {"relevance": "best match first", "newest": "newest first", "oldest": "oldest first"}[wanted.order]
    facts = f"{count(found.total, 'article')}, {order}"
    if found.total > PAGE:
        facts += f"; {wanted.offset + 1:,} to {last:,} here"
    return fill(
        "search",
        "results",
        f"{facts}.",
        [(name or "without an outlet", f'outlet:"{name}"' if name else "", n) for name, n in found.sources[:_OUTLETS]],
        max(0, len(found.sources) - _OUTLETS),
        columns(found.months),
        [_row(hit) for hit in found.found],
        _exports(wanted),
        [c.name for c in collections],
        mends,
        max(0, wanted.offset - PAGE) if wanted.offset else None,
        last if last < found.total else None,
    )


def columns(months: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    """The histogram: a column for each month from the first to the last, or for each year of a longer time."""
    dated = [(m, n) for m, n in months if m]
    if not dated:
        return []
    first, last = (int(m[:4]) * 12 + int(m[5:7]) - 1 for m in (dated[0][0], dated[-1][0]))
    if last - first < _COLUMNS:
        names = [f"{m // 12}-{m % 12 + 1:02}" for m in range(first, last + 1)]
        counts = dict(dated)
    else:
        names = [str(year) for year in range(first // 12, last // 12 + 1)]
        counts = {}
        for month, n in dated:
            counts[month[:4]] = counts.get(month[:4], 0) + n
    tallest = max(counts.values())
    step = -(-len(names) // 6)
    return [
        {
            "name": name,
            "count": counts.get(name, 0),
            "height": max(2, round(_HIGH * counts[name] / tallest)) if name in counts else 0,
            "high": _HIGH,
            "label": name if n % step == 0 else "",
        }
        for n, name in enumerate(names)
    ]


def nothing_asked(empty: bool) -> str:
    """What the tab says before anything was searched.

    Args:
        empty: Whether the archive is.
    """
    return fill("search", "nothing_asked", empty)


def no_article() -> str:
    """What stands beside the list before an article is opened."""
    return fill("search", "no_article")


def failed(message: str) -> str:
    """Why nothing can be searched, and what to do about it."""
    return fill("search", "failed", message)


def _row(hit: Found) -> dict[str, Any]:
    first = next(((e.marks or ((e.start, e.start),))[0] for e in hit.excerpts), (0, 0))
    return {
        "article": hit.article,
        "title": marked(hit.article.title, 0, hit.title_marks),
        "excerpts": [marked(e.text, e.start, e.marks) for e in hit.excerpts],
        "places": count(hit.places, "place") if hit.places > sum(len(e.marks) for e in hit.excerpts) else "",
        "first": first,
    }


def marked(text: str, start: int, marks: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """A text in pieces, each with whether it is marked.

    Args:
        text: On one line in what is returned.
        start: Where it begins in its article.
        marks: As offsets in the article.
    """
    pieces: list[tuple[str, bool]] = []
    at = start
    for a, b in marks:
        pieces += [(text[at - start : a - start], False), (text[a - start : b - start], True)]
        at = b
    pieces.append((text[at - start :], False))
    return [(_spaced(piece), on) for piece, on in pieces if piece]


def _spaced(piece: str) -> str:
    """One line, with the spaces at both ends kept."""
    inner = one_line(piece)
    if not inner:
        return " "
    return f"{' ' * piece[0].isspace()}{inner}{' ' * piece[-1].isspace()}"


def _exports(wanted: Wanted) -> list[tuple[str, str]]:
    given = {"query": wanted.query, "order": wanted.order} | {
        name: value.isoformat() if isinstance(value, date) else str(value).lower() if name == "undated" else value
        for name, value in wanted.filters.items()
    }
    return [(label, f"export/find/{kind}?{urlencode(given)}") for label, kind in (("CSV", "csv"), ("JSON", "json"))]


def find(session: TabSession, wanted: Wanted) -> str:
    """What a user's search finds, as HTML, or why there is nothing."""
    if not wanted.query or not session.archive.exists:
        return nothing_asked(empty=not session.archive.exists)
    try:
        found = session.scheduler.find(
            wanted.query, user=session.user, order=wanted.order, limit=PAGE, offset=wanted.offset, **wanted.filters
        )
    except OnRecordError as e:
        return failed(str(e))
    mends = session.scheduler.desk.may(session.user, "mend")
    return results(found, wanted, session.collections(), mends)


def collect(session: TabSession, wanted: Wanted, name: str, ticked: Sequence[str] = ()) -> str:
    """Put what a search finds into a collection; it is made where the user sees none of the name.

    Args:
        session: Of the user.
        wanted: What was searched for.
        name: The collection's.
        ticked: Ids of articles that alone are to be put there; empty: all that is found.
    """
    collections = session.archive.collections
    try:
        if not any(c.name.casefold() == name.strip().casefold() for c in session.collections()):
            collected.make(session, name)
        collected.check(session, name)
        if ticked:
            added = collections.add(name, *ticked, user=session.user)
        else:
            filters = dict(wanted.filters)
            if within := filters.get("collection"):
                filters["collection"] = collections.named(within, session.user)
            added = collections.add_found(name, wanted.query, user=session.user, **filters)
        return fill("search", "collected", name, added, collections.get(name, session.user).articles)
    except OnRecordError as e:
        return failed(str(e))


__all__ = ["PAGE", "Wanted", "collect", "columns", "failed", "find", "marked", "no_article", "nothing_asked", "results"]
