"""What the parts of OnRecord promise one another: the seams that others can fill, and the one place filters are spelt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

if TYPE_CHECKING:
    from rag.types import Answer, Event


class FilterArgs(TypedDict, total=False):
    """Which articles are looked at; every key may be left out. Carried through command line, API, HTTP, MCP and page."""

    after: date | None
    """Only articles from then on. A naive datetime is taken as UTC."""
    before: date | None
    """Only articles before then."""
    sources: Sequence[str]
    """Only these outlets, in any case."""
    undated: bool
    """Whether a date filter lets articles without a date through; by default it does."""
    articles: Sequence[str]
    """Only these: ids, keys or aliases."""
    language: str | None
    """Only articles in this one, as in "en" (ISO 639)."""


class SupportsAsk(Protocol):
    """What answers questions: an ``Archive``, or anything that a conversation or a chain is to stand on."""

    def stream(self, question: str, **options: Any) -> Iterator[Event]:
        """Answer event by event, ``Finished`` last."""

    def ask(self, question: str, **options: Any) -> Answer:
        """Answer a question."""


__all__ = ["FilterArgs", "SupportsAsk"]
