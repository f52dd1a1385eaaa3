"""Pages of an archive's articles: filtered, sorted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from rag.errors import UsageError
from rag.protocols import Day, ListOrder
from rag.types import ArticleSummary

if TYPE_CHECKING:
    from rag.index.stores import Stores

_PAGE = 1000  # articles read at once where all of them have to be sorted


def page(
    stores: Stores,
    search: str,
    *,
    sources: Sequence[str],
    language: str | None,
    after: Day | None,
    before: Day | None,
    today: Day | None = None,
    collection: str | None,
    order: ListOrder,
    limit: int,
    offset: int,
) -> tuple[list[ArticleSummary], int]:
    """A page of the articles, and the number of all that match; see ``Archive.list_articles``."""
    from rag.retrieve.collected import missing
    from rag.retrieve.days import day, texts, whole
    from rag.retrieve.query import language_code

    whole("limit", limit, 0, 1000)
    whole("offset", offset, 0, 10**12)
    if order not in get_args(ListOrder):
        raise UsageError(f"`order` is {order!r}; it is one of {', '.join(get_args(ListOrder))}.")
    now = day("today", today)
    first, last = day("after", after, now), day("before", before, now)
    language = language_code(language)
    outlets = texts("sources", sources)
    if not stores.exists:
        return [], 0
    within = None
    if collection is not None:
        if (found := stores.catalog.collection_named(collection)) is None:
            raise missing(collection, [c.name for c in stores.catalog.collections()])
        within = found[0]
    known = [stores.catalog.resolve_outlet(name) or name for name in outlets]
    listed = partial(
        stores.catalog.listed, search, source=known, language=language, after=first, before=last, collection=within
    )
    if order == "newest":  # the catalog's own order
        return listed(limit=limit, offset=offset)
    ordered = sorted(_all(listed), key=_KEYS[order])
    return ordered[offset : offset + limit], len(ordered)


def _all(listed: Callable[..., tuple[list[ArticleSummary], int]]) -> Iterator[ArticleSummary]:
    at = 0
    while True:
        some, _ = listed(limit=_PAGE, offset=at)
        yield from some
        if len(some) < _PAGE:
            return
        at += _PAGE


def _age(when: datetime | None) -> float:
    return when.timestamp() if when else math.inf


_KEYS: dict[str, Callable[[ArticleSummary], Any]] = {
    "oldest": lambda a: (_age(a.published), a.title),
    "added": lambda a: (-a.added.timestamp(), a.title),
    "title": lambda a: (a.title.casefold(), _age(a.published)),
    "source": lambda a: (not a.source, (a.source or "").casefold(), -_age(a.published)),
    "longest": lambda a: (-a.characters, a.title),
}
"""Python's sorting keeps the catalog's order, newest first, where these are equal."""


__all__ = ["page"]
