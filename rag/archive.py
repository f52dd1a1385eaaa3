"""The public face of OnRecord: one class to open an archive, take articles in, search, ask and look around."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

from rag._deprecated import FormerNames
from rag.adding import TakesMemory
from rag.arguments import archive_folder, checks_texts, named_folder, tell_unknown, told_unknown
from rag.closed import Closed
from rag.errors import UsageError
from rag.index.stores import Stores
from rag.joins import Joins
from rag.lookup import Lookup
from rag.mending import Mends
from rag.observing import Observer, stage, watched
from rag.protocols import AskOptions, SearchOptions, refuse_unknown, search_options
from rag.settings import Settings, load_settings
from rag.sourcing import KeepsSources
from rag.text.counting import count
from rag.types import Answer, Choice, Event, Finished, Hit, IngestReport, Query, Quote, RawArticle, Retrieved, Skipped
from rag.upkeep import Upkeep

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel

    from rag.answer.answerer import Answerer
    from rag.ingest.pipeline import Batcher
    from rag.retrieve.planner import Planner
    from rag.retrieve.quote_search import QuoteOptions
    from rag.retrieve.retriever import Retriever


@checks_texts
class Archive(Lookup, Upkeep, KeepsSources, TakesMemory, Mends, Joins, FormerNames):
    """An archive of news articles in one folder.

    Reading is safe from several threads and processes, also while one of them
    writes; one process writes at a time. Close it, or use it in a ``with``.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        chat_model: BaseChatModel | None = None,
        embeddings: Embeddings | None = None,
    ) -> None:
        """Use ``Archive.open`` instead."""
        self.settings = settings
        self.path = archive_folder(settings.archive)
        self.stores: Stores = Stores(self.path, settings, embeddings)
        """What is beneath: for arms, tests and measurements. It changes without notice."""
        self.observers: list[Observer] = []
        """Who is told how each question was answered: the service's metrics, traces."""
        if settings.traces:
            from rag.tracing import Traces

            self.observers.append(Traces.of(settings))
        self._given_chat = chat_model
        self._lock = threading.RLock()
        self._answerers: dict[str, Answerer] = {}
        self._retriever: Retriever | None = None
        self._planner: Planner | None = None
        self._gone: Callable[[], Any] | None = None
        """Of an archive in memory: deletes its folder."""

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        *,
        chat_model: str | BaseChatModel | None = None,
        embeddings: str | Embeddings | None = None,
        settings: Settings | None = None,
    ) -> Archive:
        """Open the archive in a folder; nothing heavy is loaded yet, and nothing is written before ``ingest``.

        Args:
            path: The folder; by default the setting ``archive``.
            chat_model: Who sums quotes up: ``"local"``, ``"none"``, ``"openai:gpt-5"`` and so on, or any
                LangChain chat model.
            embeddings: A name or folder, or any LangChain ``Embeddings``. An archive stays with the model it was
                built with.
            settings: Where other settings come from; by default the environment, the settings file, the defaults.

        Raises:
            UsageError: A setting makes no sense, or ``path`` is no folder. ArchiveError: It may not be read.
        """
        named: dict[str, Any] = {
            "archive": named_folder(path),
            "model": chat_model if isinstance(chat_model, str) else None,
            "embeddings": embeddings if isinstance(embeddings, str) else None,
        }
        if settings is None:
            settings = load_settings(**named)
        else:
            settings = settings.model_copy(update={n: v for n, v in named.items() if v is not None})
        return cls(
            settings,
            chat_model=None if isinstance(chat_model, str) else chat_model,
            embeddings=None if isinstance(embeddings, str) else embeddings,
        )

    def close(self) -> None:
        """Let go of files and models. Whatever is asked of the archive afterwards is an ``ArchiveClosed``."""
        with self._lock:
            for answerer in self._answerers.values():
                answerer.close()
            self._answerers.clear()
            self._retriever = self._planner = None
        for observer in self.observers:
            observer.close()
        self.close_sources()
        self.stores.close()
        self.stores = cast(Stores, Closed(self.path, kept=self._gone is None))
        if self._gone is not None:
            self._gone()

    def __enter__(self) -> Archive:
        self.stores.exists  # noqa: B018 - a closed one says so
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- ingest ------------------------------------------------------------------

    def ingest(
        self,
        *sources: str | Path,
        fields: Mapping[str, str] | None = None,
        progress: Callable[[int, str], None] | None = None,
        outcome: Callable[[str, str], None] | None = None,
        spool: Path | None = None,
        on: str | None = None,
    ) -> IngestReport:
        """Take in files, folders, globs and web addresses. Again, it changes nothing but articles that have changed.

        Args:
            sources: Paths, glob patterns, and addresses of pages, feeds, sitemaps or home pages.
            fields: For JSONL and CSV: which of the file's names holds ``title``, ``text``, ``url`` ...
            progress: Called after each article, and within very long ones, with the number seen and where it came from.
            outcome: Called for each article with where it came from, and "added", "updated" or "unchanged".
            spool: The folder of uploads that the sources lie in for the moment; they are known by name and content.
            on: Where worker processes read and embed: "local:2", "ray://HOST:10001", "auto"; see docs/deploy.md.

        Returns:
            What was added, updated, unchanged and skipped, with reasons.

        Raises:
            UsageError: One of ``fields`` is none of ours.
            SourceError: A source is not there at all; nothing has been ingested then. An address can't be fetched.
            ArchiveLocked: Another process is writing.
            ArchiveMismatch: The archive was built with another embedding model or splitter.
            ClusterError: Workers can't be reached, are of another version, or are gone.
        """
        if not sources:
            raise UsageError("Nothing to ingest. Name a file, a folder or a pattern.")
        if on is None:
            return self._take_in(self.found(sources, fields, spool), progress, outcome)
        from rag.cluster.remote import Remote

        with Remote(on, self.stores, fields, self._limits) as remote:
            found = self.found(sources, fields, spool, remote.load)
            remote.connect()
            return self._take_in(found, progress, outcome, remote.batcher)

    def _take_in(
        self,
        found: Iterable[RawArticle | Skipped],
        progress: Callable[[int, str], None] | None,
        outcome: Callable[[str, str], None] | None = None,
        batcher: Callable[[], Batcher] | None = None,
    ) -> IngestReport:
        from rag.ingest import pipeline
        from rag.ingest.backfill import backfill_quotes, find_quotes
        from rag.record.linker import link

        with self.stores.writing("ingest"):
            self.stores.claim_fingerprint()
            report = pipeline.run(
                found,
                catalog=self.stores.catalog,
                embed=self.stores.embed,
                settle=self.stores.index_pending,
                quotes=find_quotes,
                progress=progress,
                outcome=outcome,
                batcher=batcher() if batcher is not None else None,
            )
            try:
                backfill_quotes(self.stores.catalog)
                link(self.stores)
                if report.withdrawn:
                    self.stores.forget_erased()
                    self.stores.catalog.compact()
            except KeyboardInterrupt as e:
                e.add_note(f"All of {count(report.read, 'article')} are stored. The same command completes the rest.")
                raise
            return report

    def delete(self, *idents: str) -> list[str]:
        """Take articles down: all versions, everywhere, in stored conversations too.

        Args:
            idents: Article ids, keys or aliases.

        Returns:
            The keys that are gone.

        Raises:
            ArticleMissing: One of them is not there; nothing has been deleted then.
        """
        self.stores.require()
        with self.stores.writing("delete"):
            keys = list(dict.fromkeys(self.stores.article(i).key for i in idents))
            self.stores.take_down(keys)
        return keys

    # -- search and ask ------------------------------------------------------------

    def search(self, question: str, **options: Unpack[SearchOptions]) -> list[Hit]:
        """The passages most likely to answer a question, best first.

        Args:
            question: In any words.
            options: Which articles are searched, how many passages, the conversation so far; see
                ``rag.protocols.SearchOptions``.

        Raises:
            ArchiveMissing: There is no archive.
            ArchiveMismatch: It was built with another embedding model, or by a program that knew no languages.
            ArticleMissing: One of ``articles`` is not there.
            UsageError: An option makes no sense.
        """
        return list(self.retrieve(question, **options).hits)

    def retrieve(self, question: str, **options: Unpack[SearchOptions]) -> Retrieved:
        """As ``search``, with the query that the question and its options came to."""
        if self.stores.exists:
            self.stores.warm()  # while what understands the question is loaded
        query = told_unknown(self.stores, self.planner.query(question, **options))
        return Retrieved(query=query, hits=tuple(self.retriever.search(query)))

    def stream(self, question: str, **options: Unpack[AskOptions]) -> Iterator[Event]:
        """Answer a question, event by event: ``Retrieved``, ``Quoted``, ``Progress``, ``Delta``, ``Finished``.

        Args:
            question: In any words.
            options: As for ``search``, and which model answers, what stops it, how; see ``rag.protocols.AskOptions``.

        Raises:
            ModelMissing: The model is not installed.
        """
        from rag.retrieve import days

        refuse_unknown(options, AskOptions)
        days.answering(options)
        self.stores.exists  # noqa: B018 - a closed archive says so at once
        from rag.answer.by_hand import told_by_hand

        told = told_by_hand(self._stream(question, options), lambda: self.stores.catalog)
        events = watched(question, told, self.observers)
        if options.get("collection") is None:
            return events
        from rag.retrieve.collected import without_ids

        return without_ids(events)

    def _stream(self, question: str, options: AskOptions) -> Generator[Event, None, None]:
        from rag.answer.answerer import Understood

        started = time.perf_counter()
        with stage("plan"):
            plan = self.planner.plan(question, **search_options(options))
        told_unknown(self.stores, plan.query)
        answerer = self._answerer(options.get("chat_model"))
        answerer.prepare()  # a local model starts to load while the evidence is looked for
        cancel = options.get("cancel") or threading.Event()

        def answered(query: Query, hits: Sequence[Hit], began: float, brief: bool) -> Iterator[Event]:
            return answerer.stream(
                Understood.by(self.retriever, query, hits),
                catalog=self.stores.catalog,
                embed=self.stores.embedding_cache,
                fingerprint=self.fingerprint,
                empty=not self.stores.catalog.counts()["articles"],
                millis={"retrieve": (time.perf_counter() - began) * 1000},
                cancel=cancel,
                brief=brief,
                temperature=options.get("temperature"),
            )

        if plan.shape is None:
            from rag.answer import chronology

            hits = self._retrieved(plan.query)
            course = chronology.course_of(self.stores, plan.query, hits, model=answerer.name, began=started)
            if course is not None:
                yield from course
            else:
                yield from answered(plan.query, hits, started, options.get("brief", False))
            return
        from rag.answer import combine

        parts = [combine.Part(part, self._retrieved(part)) for part in plan.parts]
        yield from combine.stream(
            plan.query,
            parts,
            plan.shape,
            lambda part: answered(part.query, part.hits, time.perf_counter(), False),
            lambda claim, citations: self.supports(claim, citations, asked=plan.query.standalone).ok,
        )

    def _retrieved(self, query: Query) -> list[Hit]:
        with stage("retrieve"):
            return self.retriever.search(query)

    def ask(self, question: str, **options: Unpack[AskOptions]) -> Answer:
        """Answer a question; as ``stream``, without the events."""
        for event in self.stream(question, **options):
            if isinstance(event, Finished):
                return event.answer
        raise AssertionError("a stream ends with Finished")

    def prepare(self) -> None:
        """Let a local model load while there is nothing to do yet.

        Raises:
            ModelMissing: The model is not installed.
        """
        self._answerer(None).prepare()

    def choose(
        self,
        question: str,
        choices: Sequence[str],
        *,
        chat_model: str | None = None,
        **options: Unpack[SearchOptions],
    ) -> Choice:
        """Choose the one of several given answers that the archive speaks for; there is no refusal.

        The local model is held to a letter by a grammar, others by structured output; the extractive engine
        weighs the evidence for each.

        Args:
            question: In any words.
            choices: The answers to choose from.
            chat_model: Another model than the archive's, by name.
            options: As for ``search``.

        Raises:
            UsageError: Fewer than two choices, or more than 20.
            ModelFailed: The model can't be held to a choice.
        """
        started = time.perf_counter()
        query = told_unknown(self.stores, self.planner.query(question, **options))
        answerer = self._answerer(chat_model)
        hits = self.retriever.search(query)
        millis = {"retrieve": (time.perf_counter() - started) * 1000}
        return answerer.choose(
            query,
            hits,
            choices,
            catalog=self.stores.catalog,
            embed=self.stores.embedding_cache,
            fingerprint=self.fingerprint,
            millis=millis,
        )

    @cached_property  # whether a model is installed is looked up once, not for each question
    def model(self) -> str:
        """Who writes answers, as ``Answer.model`` will have it."""
        from rag.answer.models.chat import default_model, name_of

        return default_model(self.settings) if self._given_chat is None else name_of(self._given_chat)

    def quotes(
        self,
        *,
        speaker: str | None = None,
        about: str | None = None,
        limit: int = 20,
        **options: Unpack[QuoteOptions],
    ) -> list[Quote]:
        """Who said what, found at ingest in English articles: best first, or newest first without ``about``.

        The same words of one speaker stand once, with the other outlets that print them.

        Args:
            speaker: A name or part of one ("Qin"), or what somebody is called ("Chinese foreign minister"). None:
                anybody.
            about: What the words are to be about, in any words; nothing is found where none are. None: anything.
            limit: How many at most, 1 to 10000.
            options: Which articles, person and order; see ``rag.retrieve.quote_search.QuoteOptions``.

        Raises:
            UsageError: ``limit`` is out of range, or a filter makes no sense.
            ArchiveMismatch: Articles have not been looked through, since the parser was not installed.
        """
        from rag.retrieve.quote_search import search_quotes

        tell_unknown(self.stores, options.get("sources"), options.get("language"))
        near = self.retriever.search
        return search_quotes(self.stores, self.planner, near, speaker=speaker, about=about, limit=limit, **options)

    # -- within ------------------------------------------------------------------------

    @property
    def planner(self) -> Planner:
        """What a question is taken for, before anything is searched."""
        self.stores.same_process()
        with self._lock:
            if self._planner is None:
                from rag.retrieve.planner import Planner

                self._planner = Planner(self.stores, self.retriever.search)
            return self._planner

    @property
    def retriever(self) -> Retriever:
        """What searches."""
        with self._lock:
            if self._retriever is None:
                from rag.retrieve.retriever import Retriever

                self._retriever = Retriever(self.stores)
            return self._retriever

    def _answerer(self, name: str | None) -> Answerer:
        with self._lock:
            given = self._given_chat if name is None else None
            which = "given" if given is not None else name or self.model
            if which not in self._answerers:
                self.stores.exists  # noqa: B018 - a closed archive says so
                from rag.answer.answerer import Answerer

                self._answerers[which] = Answerer(given if given is not None else which, self.settings)
            return self._answerers[which]


__all__ = ["Archive"]
