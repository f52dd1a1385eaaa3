"""What can be read of an archive without asking it anything: articles, passages, lists, figures, its health."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from rag.arguments import tell_unknown
from rag.errors import ArticleMissing, UsageError
from rag.protocols import Day, FilterArgs, ListOrder
from rag.types import Article, ArticleSummary, Citation, Passage, Problem, Sentence, Stats

if TYPE_CHECKING:
    from rag.answer.check.verify import Verdict
    from rag.collecting import Collections
    from rag.finding import Findings
    from rag.index.conversations import Conversations
    from rag.index.stores import Stores
    from rag.retrieve.fulltext import Order
    from rag.settings import Settings
    from rag.timelines import Timeline


class Lookup:
    """The part of ``Archive`` that only reads."""

    settings: Settings
    path: Path
    """The archive's folder."""
    stores: Stores
    """What is beneath: for arms, tests and measurements. It changes without notice."""

    def supports(self, claim: str, citations: Sequence[Citation], *, asked: str = "") -> Verdict:
        """Whether the cited words support a sentence: the check that every answer goes through, and those of plug-ins.

        Args:
            claim: The sentence, without citation marks.
            citations: What it cites, of this archive.
            asked: The question, if there was one.

        Raises:
            ArticleMissing: A cited article has been taken down.
            PluginError: A check of another package can't be loaded, or failed.
        """
        from rag.answer import recheck

        self.stores.require()
        return recheck.supports(
            claim,
            citations,
            catalog=self.stores.catalog,
            embed=self.stores.embedding_cache,
            model=self.settings.check,
            asked=asked,
        )

    def get(self, ident: str) -> Article:
        """An article by id (also of an older version), key, URL, alias or file name.

        Raises:
            ArticleMissing: There is none.
        """
        self.stores.require()
        return self.stores.article(ident)

    def articles_exist(self, article_ids: Iterable[str]) -> dict[str, bool]:
        """Those of some article ids that are still here, each with whether it is the current version.

        For looking at many: no texts are read.
        """
        return self.stores.catalog.exists(article_ids) if self.exists else {}

    def passage(self, ident: str) -> Passage:
        """A passage by id.

        Raises:
            ArticleMissing: There is none.
        """
        self.stores.require()
        found = self.stores.catalog.passages([ident])
        if ident not in found:
            raise ArticleMissing(f"No passage {ident!r} in this archive. A search shows the ids of passages.")
        return found[ident]

    def sentences(self, article_id: str) -> list[Sentence]:
        """The sentences of an article, as they can be cited."""
        self.stores.require()
        return self.stores.catalog.sentences(article_id)

    def versions(self, key: str) -> list[str]:
        """Ids of an article's versions, newest first."""
        self.stores.require()
        return self.stores.catalog.versions(key)

    def articles(self) -> Iterator[Article]:
        """All current articles, in the order they came."""
        self.stores.require()
        return self.stores.catalog.articles()

    def list_articles(
        self,
        search: str = "",
        *,
        sources: Sequence[str] = (),
        language: str | None = None,
        after: Day | None = None,
        before: Day | None = None,
        today: Day | None = None,
        collection: str | None = None,
        order: ListOrder = "newest",
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[list[ArticleSummary], int]:
        """A page of the articles, and the number of all that match.

        Args:
            search: Words that stand in title, author or key, in any case; parts of words do.
            sources: Only these outlets, in any case; an empty text: those without one.
            language: Only this one, as in "en".
            after: Only articles from then on; undated ones are left out.
            before: Only articles before then; likewise.
            today: What "last week" counts from there; by default now.
            collection: Only those of this collection, by name or ``#ID``.
            order: ``newest`` and ``oldest`` by day of publication, undated ones last; ``added``, latest first;
                ``title``, ``source``; ``longest`` first.
            limit: How many, 1000 at most.
            offset: How many to pass over.

        Raises:
            UsageError: ``limit`` or ``offset`` is out of range, or ``language``, a day or ``order`` is none.
            CollectionMissing: There is no such collection.
        """
        from rag import listing

        tell_unknown(self.stores, sources, language)
        return listing.page(
            self.stores,
            search,
            sources=sources,
            language=language,
            after=after,
            before=before,
            today=today,
            collection=collection,
            order=order,
            limit=limit,
            offset=offset,
        )

    def find(
        self,
        query: str,
        *,
        order: Order = "relevance",
        limit: int = 20,
        offset: int = 0,
        **filters: Unpack[FilterArgs],
    ) -> Findings:
        """Full-text search of whole articles: what holds the words, not what answers a question.

        Args:
            query: Words (all have to be there, in any of their forms), ``"a phrase"`` as it is written, AND, OR, NOT or
                a minus, brackets, ``begin*``, ``port NEAR/5 strike``, ``"three words near"~5``, and ``title:``,
                ``author:``, ``outlet:``, ``section:``, ``language:``, ``date:``, ``after:``, ``before:``.
            order: "relevance", "newest" or "oldest"; undated articles come last.
            limit: How many articles, 0 to 1000.
            offset: How many to pass over.
            filters: Which articles; see ``rag.protocols.FilterArgs``.

        Raises:
            UsageError: The query can't be read, and the message says where; or an option is out of range.
            ArchiveMissing: There is no archive.
            ArchiveMismatch: It was built by a program without full-text search.
        """
        from rag.retrieve import fulltext

        tell_unknown(self.stores, filters.get("sources"), filters.get("language"))
        return fulltext.find(self.stores, query, order=order, limit=limit, offset=offset, **filters)

    def timeline(
        self, about: str, *, newest_first: bool = False, limit: int = 100, **filters: Unpack[FilterArgs]
    ) -> Timeline:
        """The dated events about a person, a place or a story: a verbatim sentence each, by the day it tells of.

        Ten articles that tell one event make one entry. What names no day, or several, is counted and left out.

        Args:
            about: A name, or a story in a few words.
            newest_first: The order; else the oldest first.
            limit: How many at most, 1 to 1000.
            filters: Which articles; ``after`` and ``before`` are of the events' days, not of publication.

        Raises:
            UsageError: ``about`` has no words, ``limit`` is out of range, or a filter makes no sense.
            ArchiveMissing: There is no archive.
        """
        from rag.answer.timeline import timeline

        if not any(map(str.isalnum, about)):
            told = f"{about[:20]!r} has no words" if about.strip() else "nothing was given"
            raise UsageError(f"A timeline is about a name, or a story in a few words; {told}.")
        tell_unknown(self.stores, filters.get("sources"), filters.get("language"))
        return timeline(self.stores, about, newest_first=newest_first, limit=limit, **filters)

    def months(self) -> list[tuple[str, str, int]]:
        """Coverage: ("2023-06", outlet or "", number of articles), in order; undated ones are left out."""
        return self.stores.catalog.months() if self.exists else []

    @property
    def collections(self) -> Collections:
        """Collections: named sets of articles and outlets, that questions and searches can be restricted to."""
        from rag.collecting import Collections

        return Collections(self.stores)

    @property
    def conversations(self) -> Conversations:
        """Conversations kept with the archive; what is taken down goes from them, too."""
        return self.stores.conversations

    @property
    def fingerprint(self) -> str:
        """What built the archive: embedding model and splitter."""
        return self.stores.fingerprint

    @property
    def generation(self) -> int:
        """Counts the archive's changes; 0 where nothing has been ingested."""
        return self.stores.catalog.generation if self.exists else 0

    @property
    def exists(self) -> bool:
        """Whether anything has been ingested here."""
        return self.stores.exists

    def stats(self) -> Stats:
        """Numbers about the archive."""
        self.stores.require()
        size = sum(_sizes(self.path))
        return Stats(
            path=str(self.path),
            fingerprint=self.fingerprint,
            bytes=size,
            **self.stores.catalog.counts(),
            **self.stores.catalog.coverage(),
        )

    def doctor(self) -> list[Problem]:
        """Compare the three stores; an empty list is good."""
        self.stores.require()
        return self.stores.problems()


def _sizes(folder: Path) -> Iterator[int]:
    """The bytes of each file of a folder; an index that is replaced meanwhile may go while it is looked at."""
    for place, _, names in os.walk(folder):  # passes over a folder that is gone
        for name in names:
            with suppress(OSError):
                yield Path(place, name).stat().st_size


__all__ = ["Lookup"]
