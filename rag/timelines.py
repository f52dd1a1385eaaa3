"""A timeline: dated events about something, each one sentence of an article, and its forms as files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from rag.tabular import csv_text, markdown_text
from rag.text.counting import count
from rag.types import Value
from rag.value import Superseding


class TimelineEntry(Value):
    """An event, told by one sentence; ``article.text[e.start:e.end] == e.quote``."""

    first: date
    """The day of the event, which is not that of publication; of a month its first day."""
    last: date
    """The same as ``first`` where a day is told; else the last day of the month or week."""
    named: str
    """How the sentence names the time: "on Sunday", "3 May"."""
    quote: str
    article_id: str
    start: int
    end: int
    title: str
    source: str | None = None
    published: datetime | None = None
    url: str | None = None
    also_told_by: tuple[str, ...] = ()
    """Other outlets, or titles, that tell of the same event."""
    called_off: Superseding | None = None
    """The later words by which it was called off, put off or moved; it did not happen as the quote announces it."""

    @property
    def fate(self) -> str:
        """What became of an event that was called off, in words; else empty."""
        if self.called_off is None:
            return ""
        where = " · ".join(x for x in (self.called_off.source, self.called_off.title) if x)
        return f"Called off or moved: “{' '.join(self.called_off.quote.split())}” ({where})"


class Timeline(Value):
    """The events that an archive tells of something."""

    about: str
    entries: tuple[TimelineEntry, ...] = ()
    articles: int = 0
    """Articles with a sentence about it, dated or not."""
    undated: int = 0
    """Sentences about it that name no day on which something happened."""
    undated_articles: int = 0
    """Of the articles, those without a date: what they call "yesterday" is unknown."""
    outside: int = 0
    """Events before or after the time that was asked for."""

    @property
    def note(self) -> str:
        """Why there is nothing in it; empty where there is something."""
        if self.entries:
            return ""
        if not self.articles:
            return f"No article tells of “{self.about}”."
        if self.outside:
            return f"Nothing is told of “{self.about}” in this time; {self._outside} outside of it."
        why = f"The articles that tell of “{self.about}” name no day on which something happened."
        return f"{why} {self.without_dates}" if self.undated_articles else why

    @property
    def without_dates(self) -> str:
        """What articles without a date keep from being told; empty where all have one."""
        if not self.undated_articles:
            return ""
        lacking = count(
            self.undated_articles, "article has no date, so that its", "articles have no date, so that their"
        )
        return f"{lacking} “yesterday” or “on Sunday” can’t be dated."

    @property
    def _outside(self) -> str:
        return count(self.outside, "event lies", "events lie")


FIELDS = ("day", "until", "quote", "outlet", "title", "published", "url", "article", "called off")
"""Columns of a timeline as CSV."""


def as_csv(timeline: Timeline) -> str:
    """A row an event, with the names of columns on top; what a spreadsheet would take for a formula gets a space."""
    return csv_text(FIELDS, _rows(timeline))


def as_markdown(timeline: Timeline) -> str:
    """A list of events under a heading; text of articles stays text."""
    lines = [f"# {markdown_text(timeline.about)}", ""]
    for e in timeline.entries:
        where = " · ".join(markdown_text(x) for x in (e.source, e.title) if x)
        fate = f" **{markdown_text(e.fate)}**" if e.fate else ""
        lines.append(f"- **{shown_day(e)}** “{markdown_text(e.quote)}” — {where}{fate}")
    if timeline.note:
        lines.append(markdown_text(timeline.note))
    return "\n".join(lines) + "\n"


def shown_day(entry: TimelineEntry) -> str:
    """The time of an event as people write it: "3 June 2023", "May 2023"."""
    from rag.text.day_names import Days
    from rag.text.told_days import written

    return written(Days(entry.first, entry.last + timedelta(days=1)))


def _rows(timeline: Timeline) -> Iterator[tuple[str, ...]]:
    for e in timeline.entries:
        until = e.last.isoformat() if e.last != e.first else ""
        published = e.published.isoformat() if e.published else ""
        quote = " ".join(e.quote.split())
        yield e.first.isoformat(), until, quote, e.source or "", e.title, published, e.url or "", e.article_id, e.fate


__all__ = ["FIELDS", "Timeline", "TimelineEntry", "as_csv", "as_markdown", "shown_day"]
