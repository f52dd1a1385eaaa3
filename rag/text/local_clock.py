"""Instants by the clock of where they were written: an article is of the day that its own outlet printed on it.

An instant keeps its offset from the file to the page. What filters, sorts and counts articles by day compares what the
clocks showed: an article of 00:30 in Tokyo is of that day, though it is the day before in London.
"""

from __future__ import annotations

from datetime import UTC, datetime


def clock(when: datetime) -> datetime:
    """What the clock showed, as if it stood in UTC: comparable between articles and with a day's beginning."""
    return when.replace(tzinfo=UTC)


def clock_text(when: datetime) -> str:
    """The same as text, to be compared with ISO 8601 that ends with an offset, as the catalog holds it."""
    return when.replace(tzinfo=None).isoformat()
