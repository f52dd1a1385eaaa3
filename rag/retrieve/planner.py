"""From a question and its filters to what is searched: outlets, speaker, time, the date of an event, parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack, cast

from rag.protocols import QuestionOptions, SearchOptions
from rag.retrieve import collected, decompose, query, speaker
from rag.types import Hit, Query

if TYPE_CHECKING:
    from rag.index.stores import Stores

_LONGEST = 600
"""Characters of a question with the one before it."""
_EVENT = 3  # passages among which an event's date is looked for


@dataclass(frozen=True)
class Plan:
    """What is to be searched for a question."""

    query: Query
    """The whole question."""
    parts: tuple[Query, ...] = ()
    """Its parts, each searched and answered by itself; empty where it asks for one thing."""
    shape: decompose.Parts | None = None
    """How it is made of its parts."""


class Planner:
    """Turns questions into plans, with what the archive knows of outlets, articles and events."""

    def __init__(self, stores: Stores, search: Callable[[Query], Sequence[Hit]]) -> None:
        """Take the stores of an archive, and what searches it: an event's date is that of an article."""
        self._stores = stores
        self._search = search

    def plan(self, question: str, **options: Unpack[SearchOptions]) -> Plan:
        """A question with its parts.

        Args:
            question: In any words.
            options: Filters, how many passages, the conversation so far, the day of the question.

        Raises:
            UsageError: One of them makes no sense.
            ArchiveMissing: There is no archive.
            ArchiveMismatch: Its indexes know no languages, and ``language`` was given.
            ArticleMissing: One of ``articles`` is not there.
            CollectionMissing: There is no such collection.
        """
        whole = self.query(question, **options)
        shape = decompose.split_question(whole.standalone)
        if shape is None:
            return Plan(whole)
        given = bool(options.get("sources"))
        return Plan(whole, tuple(self._part(whole, part, outlets_given=given) for part in shape.questions), shape)

    def query(self, question: str, **options: Unpack[SearchOptions]) -> Query:
        """The query of a whole question; as ``plan``, without its parts."""
        from rag import registry

        k = options.get("k")
        rest = cast(QuestionOptions, {name: value for name, value in options.items() if name != "k"})
        made = query.build_query(
            question,
            k=self._stores.settings.k if k is None else k,
            rewriters=tuple(registry.rewriters().values()),
            **rest,
        )
        self._stores.require()
        if made.language:
            self._stores.require_languages()
        ids, collection = collected.within(self._stores, options.get("collection"), made.articles)
        made = made.model_copy(update={"articles": ids, "collection": collection})
        made = self._given_outlets(made) if made.sources else self._named_outlet(made)
        return self._dated(made) if made.time and made.time.kind == "event" else made

    def _given_outlets(self, made: Query) -> Query:
        """A query with the outlets that were given as articles have them."""
        resolve = self._stores.catalog.resolve_outlet
        return made.model_copy(update={"sources": tuple(resolve(s) or s for s in made.sources)})

    def _named_outlet(self, made: Query) -> Query:
        """What an outlet is asked to have said or reported is asked of its articles, not searched among all quotes."""
        told = decompose.reported_by(made.looked_for)
        name, what = told or (made.speaker, made.about)
        outlet = self._stores.catalog.resolve_outlet(name) if name else None
        if outlet is None:
            return made
        sought = what or made.looked_for
        return made.model_copy(update={"sources": (outlet,), "sought": sought, "speaker": None, "about": None})

    def _part(self, whole: Query, question: str, *, outlets_given: bool) -> Query:
        """One of a question's parts, under the same filters."""
        whose = speaker.parse_speaker(question)
        part = whole.model_copy(
            update={
                "text": question,
                "standalone": question,
                "sought": "",
                "speaker": whose.speaker if whose else None,
                "about": whose.about if whose else None,
            }
        )
        return part if outlets_given else self._named_outlet(part)

    def _dated(self, made: Query) -> Query:
        """A query that stands by an event, with the event's date: that of the nearest article with all of its name."""
        from rag.text.tokens import query_terms, terms

        assert made.time is not None
        about = query.build_query(made.time.event or "", k=_EVENT, times=False)
        named = set(query_terms(made.time.event or ""))
        for hit in self._search(about.model_copy(update={"articles": made.articles, "sources": made.sources})):
            when = hit.passage.published
            if when and named <= set(terms(f"{hit.passage.title} {hit.passage.text}")):
                return query.apply_event_date(made, when, hit.passage.title)
        return made.model_copy(update={"time": None})


__all__ = ["Plan", "Planner"]
