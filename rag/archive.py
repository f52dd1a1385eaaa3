"""The one class that wires everything: open, ingest, search, ask."""

from __future__ import annotations

import builtins
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import ArchiveMismatch, ArticleMissing, UsageError
from rag.index.stores import Stores
from rag.settings import Settings, load_settings
from rag.types import (
    Answer,
    Article,
    ArticleSummary,
    Choice,
    Citation,
    Event,
    Finished,
    Hit,
    IngestReport,
    Passage,
    Problem,
    Query,
    Quote,
    Sentence,
    Stats,
)

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable

    from rag.answer.answerer import Answerer
    from rag.answer.check.verify import Verdict
    from rag.answer.combine import Part
    from rag.chat import Chat
    from rag.index.conversations import Conversations

_STEP = 4000  # passages handed to the indexes at once
_QUOTES = 1000  # of one speaker that are weighed, newest first
_NEAR = 60  # passages looked through for what anybody says about something
_LOOKED = 64  # articles looked through for quotes at once
_EVENT = 3  # passages among which an event's date is looked for
_FITTED = "all-MiniLM"
"""The embedding model that confidence was fitted for, and that is blind outside English."""
_BLIND = 0.01
"""Weight of the dense arm in a language its model doesn't know: less than a place in the lexical ranking's first 20."""


class Archive:
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
        self.path = settings.archive.expanduser().resolve()
        self.stores = Stores(self.path, settings, embeddings)
        """What is beneath: for arms, tests and measurements. It changes without notice."""
        self._given_chat = chat_model
        self._lock = threading.RLock()
        self._answerers: dict[str, Answerer] = {}
        self._languages: tuple[int, tuple[str, ...]] | None = None

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
            chat_model: Who writes answers: ``"local"``, ``"extractive"``, ``"openai:gpt-5"`` and so on, or any
                LangChain chat model.
            embeddings: A name or folder, or any LangChain ``Embeddings``. An archive stays with the model it was
                built with.
            settings: Where other settings come from; by default the environment, the settings file, the defaults.

        Raises:
            UsageError: A setting makes no sense.
        """
        named: dict[str, Any] = {
            "archive": Path(path) if path is not None else None,
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
        """Let go of files and models."""
        with self._lock:
            for answerer in self._answerers.values():
                answerer.close()
            self._answerers.clear()
        self.stores.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- ingest ------------------------------------------------------------------

    def ingest(
        self,
        *sources: str | Path,
        fields: Mapping[str, str] | None = None,
        progress: Callable[[int, str], None] | None = None,
    ) -> IngestReport:
        """Take in files, folders and globs. Doing it again changes nothing; a changed article replaces its passages.

        Args:
            sources: Paths and glob patterns.
            fields: For JSONL and CSV: which of the file's names holds ``title``, ``text``, ``url`` ...
            progress: Called after each article with the number seen and where it came from.

        Returns:
            What was added, updated, unchanged and skipped, with reasons.

        Raises:
            SourceError: A source is not there at all; nothing has been ingested then.
            ArchiveLocked: Another process is writing.
            ArchiveMismatch: The archive was built with another embedding model or splitter.
        """
        if not sources:
            raise UsageError("Nothing to ingest. Name a file, a folder or a pattern.")
        from rag.ingest import pipeline
        from rag.ingest.backfill import backfill_quotes, find_quotes
        from rag.ingest.load import load

        found = load(sources, fields)
        with self.stores.writing("ingest"):
            self.stores.claim_fingerprint()
            report = pipeline.run(
                found,
                catalog=self.stores.catalog,
                embed=self.stores.embed,
                settle=self.stores.index_pending,
                quotes=find_quotes,
                progress=progress,
            )
            backfill_quotes(self.stores.catalog)
            return report

    def delete(self, *idents: str) -> builtins.list[str]:
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
            keys = list(dict.fromkeys(self._article(i).key for i in idents))
            self.stores.catalog.delete(keys)
            self.stores.index_pending()
            self.stores.forget_erased()
            self.stores.catalog.compact()
        return keys

    # -- search and ask ------------------------------------------------------------

    def search(
        self,
        question: str,
        *,
        k: int | None = None,
        after: date | None = None,
        before: date | None = None,
        sources: Sequence[str] = (),
        undated: bool = True,
        articles: Sequence[str] = (),
        language: str | None = None,
        history: Sequence[tuple[str, str]] = (),
        today: date | None = None,
        times: bool = True,
    ) -> builtins.list[Hit]:
        """The passages most likely to answer a question, best first.

        Args:
            question: In any words.
            k: How many; by default the setting ``k``.
            after: Only articles from then on. A naive datetime is taken as UTC.
            before: Only articles before then.
            sources: Only these outlets.
            undated: Whether a date filter lets articles without a date through.
            articles: Only these: ids, keys or aliases.
            language: Only articles in this one, as in "en" (ISO 639).
            history: (question, text of the answer) so far, oldest first: "and before that?" is looked for with them.
            today: The day of the question, which "last week" counts from; by default now.
            times: Whether what the question says of when ("in June 2023", "latest", "before the summit") decides
                which articles are looked at (``Query.time``). ``after`` or ``before`` given win over it.

        Raises:
            ArchiveMissing: There is no archive.
            ArchiveMismatch: It was built with another embedding model, or by a program that knew no languages.
            ArticleMissing: One of ``articles`` is not there.
        """
        query = self._query(
            question,
            k=k,
            after=after,
            before=before,
            sources=sources,
            undated=undated,
            articles=articles,
            language=language,
            history=history,
            today=today,
            times=times,
        )
        return self._retrieve(query)

    def stream(
        self,
        question: str,
        *,
        k: int | None = None,
        after: date | None = None,
        before: date | None = None,
        sources: Sequence[str] = (),
        undated: bool = True,
        articles: Sequence[str] = (),
        language: str | None = None,
        history: Sequence[tuple[str, str]] = (),
        today: date | None = None,
        times: bool = True,
        chat_model: str | None = None,
        cancel: threading.Event | None = None,
        brief: bool = False,
        temperature: float | None = None,
    ) -> Iterator[Event]:
        """Answer a question, event by event: ``Retrieved``, ``Progress``, ``Delta`` per checked sentence, ``Finished``.

        Args:
            question: In any words.
            k, after, before, sources, undated, articles, language, history, today, times: As for ``search``.
            chat_model: Another model than the archive's, by name.
            cancel: Set it to stop, also while the model still reads. Closing the iterator stops as well.
            brief: Have the model say its answer again in a few words (``Answer.brief``).
            temperature: Another than the setting; not for the extractive engine, which has none.

        Raises:
            ModelMissing: The model is not installed.
        """
        started = time.perf_counter()
        query = self._query(
            question,
            k=k,
            after=after,
            before=before,
            sources=sources,
            undated=undated,
            articles=articles,
            language=language,
            history=history,
            today=today,
            times=times,
        )
        answerer = self._answerer(chat_model)
        answerer.prepare()  # a local model starts to load while the evidence is looked for
        cancel = cancel or threading.Event()

        def answered(query: Query, hits: Sequence[Hit], began: float, brief: bool) -> Iterator[Event]:
            return answerer.stream(
                query,
                hits,
                catalog=self.stores.catalog,
                embed=self.stores.embedding_cache,
                fingerprint=self.fingerprint,
                empty=not self.stores.catalog.counts()["articles"],
                millis={"retrieve": (time.perf_counter() - began) * 1000},
                cancel=cancel,
                brief=brief,
                temperature=temperature,
                fitted=self.stores.embedder.name.startswith(_FITTED) and self._language(query.standalone) == "en",
            )

        from rag.retrieve import decompose

        if (several := decompose.split_question(query.standalone)) is None:
            yield from answered(query, self._retrieve(query), started, brief)
            return
        from rag.answer import combine

        whole = [self._part(query, question) for question in several.questions]
        yield from combine.stream(
            query,
            whole,
            several,
            lambda part: answered(part.query, part.hits, time.perf_counter(), False),
            lambda claim, citations: self.supports(claim, citations, asked=query.standalone).ok,
        )

    def _part(self, query: Query, question: str) -> Part:
        """One of a question's parts, looked for by itself under the same filters."""
        from rag.answer.combine import Part
        from rag.retrieve import decompose
        from rag.retrieve import speaker as speakers_

        whose = speakers_.parse_speaker(question)
        told = decompose.reported_by(question)
        outlet = self.stores.catalog.resolve_outlet(told[0]) if told and not query.sources else None
        part = query.model_copy(
            update={
                "text": question,
                "standalone": question,
                "sought": told[1] if told and outlet else "",
                "sources": (outlet,) if outlet else query.sources,
                "speaker": whose.speaker if whose else None,
                "about": whose.about if whose else None,
            }
        )
        return Part(part, self._retrieve(part))

    def prepare(self) -> None:
        """Let a local model load while there is nothing to do yet.

        Raises:
            ModelMissing: The model is not installed.
        """
        self._answerer(None).prepare()

    def ask(self, question: str, **options: Any) -> Answer:
        """Answer a question; as ``stream``, without the events."""
        for event in self.stream(question, **options):
            if isinstance(event, Finished):
                return event.answer
        raise AssertionError("a stream ends with Finished")

    def choose(self, question: str, choices: Sequence[str], *, chat_model: str | None = None, **filters: Any) -> Choice:
        """Choose the one of several given answers that the archive speaks for; there is no refusal.

        The local model is held to a letter by a grammar, others by structured output; the extractive engine
        weighs the evidence for each.

        Args:
            question: In any words.
            choices: The answers to choose from.
            chat_model: Another model than the archive's, by name.
            filters: As for ``search``.

        Raises:
            UsageError: Fewer than two choices, or more than 20.
            ModelFailed: The model can't be held to a choice.
        """
        started = time.perf_counter()
        query = self._query(question, **filters)
        answerer = self._answerer(chat_model)
        hits = self._retrieve(query)
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

    def supports(self, claim: str, citations: Sequence[Citation], *, asked: str = "") -> Verdict:
        """Whether the cited words support a sentence: the check that every answer goes through.

        Args:
            claim: The sentence, without citation marks.
            citations: What it cites, of this archive.
            asked: The question, if there was one.

        Raises:
            ArticleMissing: A cited article has been taken down.
        """
        from rag.answer.check import entailment, verify
        from rag.answer.cited_context import cited

        self.stores.require()
        entails = entailment.chosen(self.settings.check)
        return verify.supports(
            claim,
            cited(self.stores.catalog, citations),
            embed=self.stores.embedding_cache,
            asked=asked,
            entails=entails,
        )

    def quotes(
        self,
        *,
        speaker: str | None = None,
        about: str | None = None,
        after: date | None = None,
        before: date | None = None,
        sources: Sequence[str] = (),
        undated: bool = True,
        articles: Sequence[str] = (),
        language: str | None = None,
        limit: int = 20,
    ) -> builtins.list[Quote]:
        """Who said what, found at ingest in English articles: best first, or newest first without ``about``.

        The same words of one speaker stand once, with the other outlets that print them.

        Args:
            speaker: A name or part of one ("Qin"), or what somebody is called ("Chinese foreign minister"). None:
                anybody.
            about: What the words are to be about, in any words. None: anything.
            after, before, sources, undated, articles, language: As for ``search``.
            limit: How many at most, 1 to 1000.

        Raises:
            UsageError: ``limit`` is out of range, or a filter makes no sense.
            ModelMissing: Articles have not been looked through, since the parser was not installed.
        """
        if not 1 <= limit <= 1000:
            raise UsageError(f"limit is {limit}; it goes from 1 to 1000.")
        if about is not None and not about.strip():
            about = None
        if speaker is not None and not speaker.strip():
            speaker = None
        query = self._query(
            about or speaker or "anything",
            after=after,
            before=before,
            sources=sources,
            undated=undated,
            articles=articles,
            language=language,
            times=False,
        ).model_copy(update={"speaker": speaker, "about": about})
        from rag.retrieve import speaker as speakers_

        if (undone := self.stores.catalog.count_without_quotes()) and undone == self.stores.catalog.counts()[
            "articles"
        ]:
            raise ArchiveMismatch(
                f"The articles in {self.path} have not been looked through for quotes. "
                f"Do it, which embeds nothing again: onrecord doctor --repair --archive {self.path}"
            )
        return speakers_.deduplicate(self._spoken(query))[:limit]

    def _spoken(self, query: Query) -> builtins.list[Quote]:
        """Quotes of the query's speaker about what it asks for; see ``quotes``."""
        from rag.retrieve import speaker as speakers_

        catalog = self.stores.catalog
        speakers = speakers_.match(query.speaker, catalog.speakers()) if query.speaker else None
        if speakers == []:
            return []
        passages: builtins.list[str] | None = None
        if speakers is None and query.about:
            near = self._retrieve(query.model_copy(update={"k": _NEAR, "speaker": None, "about": None}))
            passages = [h.passage.id for h in near]
        found = catalog.quotes(
            speakers=speakers,
            passages=passages,
            articles=query.articles,
            after=query.after,
            before=query.before,
            undated=query.undated,
            sources=query.sources,
            language=query.language,
            limit=_QUOTES,
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
            embed=self.stores.embedding_cache,
        )

    def chat(self, **options: Any) -> Chat:
        """A conversation in which questions may take up earlier ones.

        Args:
            options: As for ``stream``, for all of its questions.
        """
        from rag.chat import Chat

        return Chat(self, options)

    def as_retriever(self, k: int | None = None, **options: Any) -> BaseRetriever:
        """The archive as a LangChain retriever of passages (``Document`` with offsets in its metadata)."""
        from rag.langchain import ArchiveRetriever

        return ArchiveRetriever(archive=self, k=k or self.settings.k, options=options)

    def as_runnable(self, **options: Any) -> Runnable[str, Answer]:
        """The archive as a LangChain runnable from a question to an ``Answer``."""
        from rag.langchain import runnable

        return runnable(self, options)

    # -- looking -------------------------------------------------------------------

    def get(self, ident: str) -> Article:
        """An article by id (also of an older version), key, URL, alias or file name.

        Raises:
            ArticleMissing: There is none.
        """
        self.stores.require()
        return self._article(ident)

    def standing(self, article_ids: Iterable[str]) -> dict[str, bool]:
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
            raise ArticleMissing(f"No passage {ident!r} in this archive. Find ids with: onrecord search WORDS")
        return found[ident]

    def sentences(self, article_id: str) -> builtins.list[Sentence]:
        """The sentences of an article, as they can be cited."""
        self.stores.require()
        return self.stores.catalog.sentences(article_id)

    def versions(self, key: str) -> builtins.list[str]:
        """Ids of an article's versions, newest first."""
        self.stores.require()
        return self.stores.catalog.versions(key)

    def articles(self) -> Iterator[Article]:
        """All current articles, in the order they came."""
        self.stores.require()
        return self.stores.catalog.articles()

    def list(
        self,
        search: str = "",
        *,
        source: str | None = None,
        language: str | None = None,
        after: date | None = None,
        before: date | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[builtins.list[ArticleSummary], int]:
        """A page of the articles, newest publication first and undated ones last, and the number of all that match.

        Args:
            search: Words that stand in title, author or key, in any case; parts of words do.
            source: Only this outlet; an empty text: those without one.
            language: Only this one, as in "en".
            after: Only articles from then on; undated ones are left out.
            before: Only articles before then; likewise.
            limit: How many, 1000 at most.
            offset: How many to pass over.

        Raises:
            UsageError: ``limit`` or ``offset`` is out of range, or ``language`` is none.
        """
        if not 0 <= limit <= 1000 or offset < 0:
            raise UsageError(f"A page of {limit} from {offset} on: `limit` goes from 0 to 1000, `offset` from 0.")
        from rag.retrieve.query import aware, language_code

        language = language_code(language)
        if not self.exists:
            return [], 0
        return self.stores.catalog.listed(
            search,
            source=source,
            language=language,
            after=aware(after),
            before=aware(before),
            limit=limit,
            offset=offset,
        )

    def months(self) -> builtins.list[tuple[str, str, int]]:
        """Coverage: ("2023-06", outlet or "", number of articles), in order; undated ones are left out."""
        return self.stores.catalog.months() if self.exists else []

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
    def model(self) -> str:
        """Who writes answers, as ``Answer.model`` will have it."""
        from rag.answer.models.chat import name_of

        return self.settings.model if self._given_chat is None else name_of(self._given_chat)

    @property
    def exists(self) -> bool:
        """Whether anything has been ingested here."""
        return self.stores.exists

    def stats(self) -> Stats:
        """Numbers about the archive."""
        self.stores.require()
        size = sum(f.stat().st_size for f in self.path.rglob("*") if f.is_file())
        return Stats(
            path=str(self.path),
            fingerprint=self.fingerprint,
            bytes=size,
            **self.stores.catalog.counts(),
            **self.stores.catalog.coverage(),
        )

    # -- health ----------------------------------------------------------------------

    def check(self) -> builtins.list[Problem]:
        """Compare the three stores; an empty list is good."""
        self.stores.require()
        return self.stores.problems()

    def repair(self, *, anew: bool = False, progress: Callable[[int, str], None] | None = None) -> None:
        """Rebuild both indexes from the catalog; nothing is embedded again.

        Args:
            anew: Split and embed every article again, with the embedding model of the settings (the way to change
                the model of an archive).
            progress: As for ``ingest``.
        """
        self.stores.require()
        from rag.ingest.backfill import backfill_quotes, find_quotes

        with self.stores.writing("repair", complete=False):
            catalog = self.stores.catalog
            if anew:
                from rag.ingest import pipeline

                # Until it is done the archive fits no settings, so vectors of two models are never searched together.
                catalog.set_meta("fingerprint", f"an unfinished rebuild | {pipeline.SPLITTER}")
                pipeline.reembed(catalog, embed=self.stores.embed, quotes=find_quotes, progress=progress)
                catalog.set_meta("fingerprint", self.stores.current_fingerprint)
            self.stores.rebuild("vectors", "lexical")
            backfill_quotes(self.stores.catalog)
            self.stores.forget_erased()
            catalog.compact()

    # -- within ------------------------------------------------------------------------

    def _query(self, question: str, *, k: int | None = None, articles: Sequence[str] = (), **filters: Any) -> Query:
        from rag.retrieve import query

        made = query.build_query(question, k=self.settings.k if k is None else k, **filters)
        self.stores.require()
        if made.language:
            self.stores.require_languages()
        made = made.model_copy(update={"articles": tuple(dict.fromkeys(self._article(a).id for a in articles))})
        made = self._by_outlet(made)
        return self._dated(made) if made.time and made.time.kind == "event" else made

    def _by_outlet(self, made: Query) -> Query:
        """A query with its outlets as articles have them; what one is asked to have said or reported is asked of it."""
        from rag.retrieve import decompose

        if made.sources:
            return made.model_copy(
                update={"sources": tuple(self.stores.catalog.resolve_outlet(s) or s for s in made.sources)}
            )
        told = decompose.reported_by(made.looked_for)
        name, what = told or (made.speaker, made.about)
        outlet = self.stores.catalog.resolve_outlet(name) if name else None
        if outlet is None:
            return made
        sought = what or made.looked_for
        return made.model_copy(update={"sources": (outlet,), "sought": sought, "speaker": None, "about": None})

    def _dated(self, made: Query) -> Query:
        """A query that stands by an event, with the event's date: that of the nearest article with all of its name."""
        from rag.index.lexical import query_words, words
        from rag.retrieve import query

        assert made.time is not None
        about = query.build_query(made.time.event or "", k=_EVENT, times=False)
        named = set(query_words(made.time.event or ""))
        for hit in self._retrieve(about.model_copy(update={"articles": made.articles, "sources": made.sources})):
            when = hit.passage.published
            if when and named <= set(words(f"{hit.passage.title} {hit.passage.text}")):
                return query.apply_event_date(made, when, hit.passage.title)
        return made.model_copy(update={"time": None})

    def _retrieve(self, query: Query) -> builtins.list[Hit]:
        from rag.index.catalog import WITH_ARTICLES, StoreClosed
        from rag.retrieve import fusion

        self.stores.require()
        self.stores.require_fingerprint()
        embedder = self.stores.embedder
        arm = self.settings.retriever
        # The built-in model knows English only: elsewhere it may fill up what words have found, and no more.
        blind = embedder.name.startswith(_FITTED) and self._language(query.standalone) != "en"
        own = self._own_words(query)
        while True:
            vectors, lexical = self.stores.indexes()
            with suppress(StoreClosed):  # a rebuild has just put others in their place
                return fusion.search(
                    query,
                    catalog=self.stores.catalog,
                    vectors=vectors,
                    lexical=lexical,
                    embed=embedder.query,
                    dense_weight=0.0 if arm == "lexical" else _BLIND if blind else 1.0,
                    lexical_weight=0.0 if arm == "dense" else 1.0,
                    own_words=own,
                    whole=self.stores.catalog.index_format >= WITH_ARTICLES,
                )

    def _own_words(self, query: Query) -> builtins.list[str]:
        """Ids of passages with the words of whom the question asks for, those about what it asks first."""
        if not query.speaker:
            return []
        best = self._spoken(query)[: 2 * query.k]
        found = self.stores.catalog.passages_at([(q.article_id, q.start) for q in best])
        return [ident for ident in dict.fromkeys(found) if ident]

    def _language(self, question: str) -> str:
        """The question's language, as far as the archive has articles in it: a few words are easily mistaken."""
        from rag.text.detect import detect_language

        generation = self.stores.catalog.generation
        if self._languages is None or self._languages[0] != generation:
            self._languages = generation, tuple(self.stores.catalog.coverage()["languages"])
        there = self._languages[1]  # the most common one first
        detected = detect_language(question)
        return detected if detected in there or not there else there[0]

    def _article(self, ident: str) -> Article:
        from rag.text.urls import canonical

        try:
            return self.stores.catalog.article(ident)
        except ArticleMissing:
            if (url := canonical(ident)) == ident:
                raise
            return self.stores.catalog.article(url)  # as the archive spells it

    def _answerer(self, name: str | None) -> Answerer:
        with self._lock:
            given = self._given_chat if name is None else None
            which = "given" if given is not None else name or self.settings.model
            if which not in self._answerers:
                from rag.answer.answerer import Answerer

                self._answerers[which] = Answerer(given if given is not None else which, self.settings)
            return self._answerers[which]


__all__ = ["Archive"]
