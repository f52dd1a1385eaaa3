"""The filter ``collection``: the articles that it stands for, and events of a question without their long list."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from rag.errors import CollectionMissing, UsageError
from rag.types import Event, Finished, Retrieved

if TYPE_CHECKING:
    from rag.index.stores import Stores


def within(stores: Stores, collection: str | None, articles: Sequence[str]) -> tuple[tuple[str, ...], str | None]:
    """Version ids of the articles that are to be searched (empty: all), and the collection's name.

    Args:
        stores: Of the archive.
        collection: A name, or ``#ID``; None: all articles.
        articles: Ids, keys or aliases of articles that alone are asked for; empty: all.

    Raises:
        CollectionMissing: There is no such collection.
        ArticleMissing: One of ``articles`` is not there.
        UsageError: The collection has none of the articles: an empty one is nothing to search, not everything.
    """
    given = tuple(dict.fromkeys(stores.article(a).id for a in articles))
    if collection is None:
        return given, None
    if (one := stores.catalog.collection_named(collection)) is None:
        raise missing(collection, [c.name for c in stores.catalog.collections()])
    ident, name = one
    ids = stores.catalog.collected(ident)
    if given:
        kept = set(ids)
        ids = [i for i in given if i in kept]
    if not ids:
        raise UsageError(f"The collection {name!r} has no such article, or none yet. Add some to it first.")
    return tuple(ids), name


def missing(name: str, there: Sequence[str]) -> CollectionMissing:
    """The error for a name that no collection has; what lists them is each interface's own to say.

    Args:
        name: As it was given.
        there: Names of those that whoever looks can see.
    """
    told = f"There are: {', '.join(there)}." if there else "There is none yet."
    return CollectionMissing(f"No collection {name!r}. {told}")


def without_ids(events: Generator[Event, None, None]) -> Iterator[Event]:
    """Events of a question that was asked of a collection, without the ids of all its articles."""
    with closing(events):
        for event in events:
            if isinstance(event, Retrieved):
                yield event.model_copy(update={"query": event.query.model_copy(update={"articles": ()})})
            elif isinstance(event, Finished):
                query = event.answer.query.model_copy(update={"articles": ()})
                yield event.model_copy(update={"answer": event.answer.model_copy(update={"query": query})})
            else:
                yield event


__all__ = ["missing", "within", "without_ids"]
