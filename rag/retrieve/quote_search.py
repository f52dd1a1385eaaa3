"""Who said what: the quotes of a speaker, or about something, in an archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Unpack

from rag.errors import ArchiveMismatch
from rag.protocols import FilterArgs, refuse_unknown
from rag.retrieve import speaker as speakers_
from rag.retrieve.days import whole
from rag.types import Hit, Query, Quote

if TYPE_CHECKING:
    from rag.index.stores import Stores
    from rag.retrieve.planner import Planner

_MOST = 1000  # quotes of one speaker that are weighed, newest first
_NEAR = 60  # passages looked through for what anybody says about something


def search_quotes(
    stores: Stores,
    planner: Planner,
    near: Callable[[Query], Sequence[Hit]],
    *,
    speaker: str | None,
    about: str | None,
    limit: int,
    **filters: Unpack[FilterArgs],
) -> list[Quote]:
    """Quotes, best first; see ``Archive.quotes``.

    Args:
        stores: Of the archive.
        planner: Checks the filters.
        near: Finds passages.
        speaker: Whose words; None: anybody's.
        about: What they are to be about; None: anything.
        limit: How many at most.
        filters: Which articles.
    """
    refuse_unknown(filters, FilterArgs)
    whole("limit", limit, 1, 1000)
    speaker, about = _text(speaker), _text(about)
    query = planner.query(about or speaker or "anything", times=False, **filters)
    catalog = stores.catalog
    if (undone := catalog.count_without_quotes()) and undone == catalog.counts()["articles"]:
        raise ArchiveMismatch(
            f"The articles in {stores.path} have not been looked through for quotes. "
            f"Do it, which embeds nothing again: onrecord doctor --repair --archive {stores.path}"
        )
    query = query.model_copy(update={"speaker": speaker, "about": about})
    return speakers_.deduplicate(matching_quotes(query, stores, near))[:limit]


def matching_quotes(query: Query, stores: Stores, near: Callable[[Query], Sequence[Hit]] | None = None) -> list[Quote]:
    """Quotes of the query's speaker about what it asks for, best first.

    Args:
        query: With ``speaker``, ``about`` and filters.
        stores: Of the archive.
        near: Finds passages; needed where anybody's words about something are asked for.
    """
    catalog = stores.catalog
    speakers = speakers_.match(query.speaker, catalog.speakers()) if query.speaker else None
    if speakers == []:
        return []
    passages: list[str] | None = None
    if speakers is None and query.about and near:
        looked_for = query.model_copy(update={"k": _NEAR, "speaker": None, "about": None})
        passages = [h.passage.id for h in near(looked_for)]
    found = catalog.quotes(
        speakers=speakers,
        passages=passages,
        articles=query.articles,
        after=query.after,
        before=query.before,
        undated=query.undated,
        sources=query.sources,
        language=query.language,
        limit=_MOST,
    )
    if not query.about:
        return found
    places = [(q.article_id, q.start) for q in found]
    passage_of = dict(zip(places, catalog.passages_at(places), strict=True))
    return speakers_.rank(
        found,
        query.about,
        passage_of={place: ident for place, ident in passage_of.items() if ident},
        stored=catalog.vectors([i for i in dict.fromkeys(passage_of.values()) if i]),
        embed=stores.embedding_cache,
    )


def _text(given: str | None) -> str | None:
    return given if given and given.strip() else None


__all__ = ["matching_quotes", "search_quotes"]
