"""Who said what: the quotes of a speaker, or about something, in an archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, Unpack

from rag.errors import ArchiveMismatch, UsageError
from rag.protocols import FilterArgs, refuse_unknown
from rag.retrieve import people
from rag.retrieve import speaker as speakers_
from rag.retrieve.about import only_about
from rag.retrieve.days import whole
from rag.retrieve.tongues import CALIBRATED_MODEL, Tongues
from rag.text.local_clock import clock_text
from rag.types import Hit, Query, Quote

if TYPE_CHECKING:
    from rag.index.stores import Stores
    from rag.retrieve.planner import Planner

Order = Literal["best", "newest", "oldest"]
"""Of quotes: by what they are about, or by the date of their articles, those without one last."""
ORDERS: tuple[Order, ...] = ("best", "newest", "oldest")
_MOST = 1000  # quotes of one speaker that are weighed, newest first
MOST_QUOTES = 10_000
"""Quotes of a list."""
_NEAR = 60  # passages looked through for what anybody says about something


class QuoteOptions(FilterArgs, total=False):
    """Which quotes, beside speaker and subject."""

    person: str | None
    """One of ``rag.retrieve.people.people``, by key, in place of a speaker."""
    order: Order | None
    """By fit, or by date; None: best first, or newest first where there is no subject."""


def search_quotes(
    stores: Stores,
    planner: Planner,
    near: Callable[[Query], Sequence[Hit]],
    *,
    speaker: str | None,
    about: str | None,
    limit: int,
    person: str | None = None,
    order: Order | None = None,
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
        person: A person's key (``rag/retrieve/people.py``), in place of ``speaker``.
        order: None: best first, or newest first without ``about``.
        filters: Which articles.
    """
    refuse_unknown(filters, FilterArgs)
    whole("limit", limit, 1, MOST_QUOTES)
    if order is not None and order not in ORDERS:
        raise UsageError(f"There is no order {order!r}. Take {', '.join(ORDERS)}.")
    speaker, about = _text(speaker), _text(about)
    query = planner.query(about or speaker or "anything", times=False, **filters)
    catalog = stores.catalog
    if (undone := catalog.count_without_quotes()) and undone == catalog.counts()["articles"]:
        raise ArchiveMismatch(
            f"The articles in {stores.path} have not been looked through for quotes. "
            f"Do it, which embeds nothing again: onrecord doctor --repair --archive {stores.path}"
        )
    query = query.model_copy(update={"speaker": speaker, "about": about})
    forms = people.forms_of(catalog, person) if person else None
    oldest = order == "oldest"
    found = speakers_.deduplicate(matching_quotes(query, stores, near, forms=forms, oldest_first=oldest, bounded=True))[
        :limit
    ]
    if about and order in ("newest", "oldest"):
        dated = sorted((q for q in found if q.published), key=lambda q: clock_text(q.published) if q.published else "")
        found = [*(dated if oldest else reversed(dated)), *(q for q in found if not q.published)]
    called = {(name, role): p.name for p in people.people(catalog) for name, role, _ in p.forms} if found else {}
    return [q.model_copy(update={"person": called.get((q.speaker, q.role), q.speaker)}) for q in found]


def matching_quotes(
    query: Query,
    stores: Stores,
    near: Callable[[Query], Sequence[Hit]] | None = None,
    *,
    forms: Sequence[people.Form] | None = None,
    oldest_first: bool = False,
    bounded: bool = False,
) -> list[Quote]:
    """Quotes of the query's speaker about what it asks for, best first.

    Args:
        query: With ``speaker``, ``about`` and filters.
        stores: Of the archive.
        near: Finds passages; needed where anybody's words about something are asked for.
        forms: The speakers, as articles name them, in place of those that ``query.speaker`` may mean.
        oldest_first: The oldest first, where nothing is asked for that they are to be about.
        bounded: Whether those are left out that are about something else, where the embedding model is the one that
            the bounds were measured with and knows the language.
    """
    catalog = stores.catalog
    speakers: Sequence[people.Form] | None = forms
    if speakers is None and query.speaker:
        speakers = people.widened(catalog, speakers_.match(query.speaker, catalog.speakers()))
    if speakers is not None and not speakers:
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
        oldest_first=oldest_first and not query.about,
        limit=_MOST if query.about else MOST_QUOTES,
    )
    if not query.about:
        return found
    places = [(q.article_id, q.start) for q in found]
    passage_of = dict(zip(places, catalog.passages_at(places), strict=True))
    of_place = {place: ident for place, ident in passage_of.items() if ident}
    stored = catalog.vectors([i for i in dict.fromkeys(passage_of.values()) if i])
    embed = stores.embedding_cache
    ranked = speakers_.rank(found, query.about, passage_of=of_place, stored=stored, embed=embed)
    tongues = Tongues(stores)
    measured = stores.embedder.name.startswith(CALIBRATED_MODEL)
    if not (bounded and measured and tongues.read(tongues.of_archive(query.about))):
        return ranked
    return only_about(ranked, query.about, passage_of=of_place, stored=stored, embed=embed)


def _text(given: str | None) -> str | None:
    return given if given and given.strip() else None


__all__ = ["MOST_QUOTES", "ORDERS", "Order", "QuoteOptions", "matching_quotes", "search_quotes"]
