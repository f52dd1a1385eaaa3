"""Events of a question whose citations say what was set by hand of their articles, and what the files say."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from rag.types import Citation, Delta, Event, Finished, Quoted

if TYPE_CHECKING:
    from rag.index.catalog import Catalog

_CITED = ("title", "source", "published", "url")
"""What a citation tells of its article."""


def told_by_hand(events: Generator[Event, None, None], catalog: Callable[[], Catalog]) -> Generator[Event, None, None]:
    """The same events.

    Args:
        events: Of one question.
        catalog: Gives the archive's catalog, which is looked at when the first event is there.
    """
    with closing(events):
        for event in events:
            if not isinstance(event, Quoted | Delta | Finished) or not catalog().any_mended():
                yield event
            elif isinstance(event, Quoted):
                yield event.model_copy(update={"quotes": _marked(event.quotes, catalog())})
            elif isinstance(event, Delta):
                yield event.model_copy(update={"citations": _marked(event.citations, catalog())})
            else:
                answer, there = event.answer, catalog()
                sides = tuple(s.model_copy(update={"citations": _marked(s.citations, there)}) for s in answer.sides)
                update = {"citations": _marked(answer.citations, there), "sides": sides}
                yield event.model_copy(update={"answer": answer.model_copy(update=update)})


def _marked(citations: Sequence[Citation], catalog: Catalog) -> tuple[Citation, ...]:
    told = catalog.by_hand([c.article_id for c in citations])
    return tuple(
        c.model_copy(update={"by_hand": {f: v for f, v in told[c.article_id].items() if f in _CITED}})
        if c.article_id in told
        else c
        for c in citations
    )


__all__ = ["told_by_hand"]
