"""The public face of OnRecord for asyncio: an archive and a conversation whose methods are coroutines."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, Unpack

from rag.aio_looking import AsyncLooks
from rag.aio_mending import AsyncMends
from rag.chat import Chat
from rag.following import follow
from rag.protocols import AskOptions, Day, FilterArgs, ListOrder, SearchOptions
from rag.types import Event, Finished

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel

    from rag.adding import Addable
    from rag.archive import Archive
    from rag.finding import Findings
    from rag.retrieve.fulltext import Order
    from rag.retrieve.quote_search import QuoteOptions
    from rag.settings import Settings
    from rag.timelines import Timeline
    from rag.types import (
        Answer,
        Article,
        ArticleSummary,
        Choice,
        Hit,
        IngestReport,
        Passage,
        Quote,
        Retrieved,
    )

P = ParamSpec("P")
R = TypeVar("R")
_AT_ONCE = 8
"""Calls that run at once, beside answers, which have a thread each."""


class AsyncArchive(AsyncLooks, AsyncMends):
    """An archive for asyncio: methods of ``Archive`` as coroutines; ``stream`` and ``articles`` are for ``async for``.

    ``sync`` has the rest, which blocks: ``collections``, ``conversations``, ``sources``, what keeps it in order.

    Nothing blocks the event loop. Where the task that waits for an answer is cancelled, it ends at once, and the
    answer is stopped: searching goes on to its end in a thread, and no model writes on.

        async with AsyncArchive.open("my-archive") as archive:
            answer = await archive.ask("why was the trip called off?")
    """

    def __init__(self, archive: Archive) -> None:
        """Take an archive that is open; it is closed with this one."""
        self.sync = archive
        """The archive beneath, for what is not here. Its methods block."""
        self._pool = ThreadPoolExecutor(_AT_ONCE, "onrecord-async")
        self._running: dict[threading.Thread, threading.Event] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        """One writes at a time; the next waits, also for one that has been cancelled and is about to stop."""

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        *,
        chat_model: str | BaseChatModel | None = None,
        embeddings: str | Embeddings | None = None,
        settings: Settings | None = None,
    ) -> Opening:
        """Open the archive in a folder: ``await`` it, or use it in an ``async with``, which closes it.

        Args:
            path: As for ``Archive.open``.
            chat_model: As for ``Archive.open``.
            embeddings: As for ``Archive.open``.
            settings: As for ``Archive.open``.

        Raises:
            UsageError: A setting makes no sense.
        """
        from rag.archive import Archive

        return Opening(partial(Archive.open, path, chat_model=chat_model, embeddings=embeddings, settings=settings))

    @classmethod
    def in_memory(
        cls,
        *,
        chat_model: str | BaseChatModel | None = None,
        embeddings: str | Embeddings | None = None,
        settings: Settings | None = None,
    ) -> Opening:
        """An archive for a while, in a temporary folder that is gone when it is closed; used as ``open`` is.

        Args:
            chat_model: As for ``Archive.open``.
            embeddings: As for ``Archive.open``.
            settings: As for ``Archive.open``.
        """
        from rag.archive import Archive

        return Opening(partial(Archive.in_memory, chat_model=chat_model, embeddings=embeddings, settings=settings))

    async def close(self) -> None:
        """Stop the answers that are being written, wait for what runs, and let go of files and models."""
        with self._lock:
            running = dict(self._running)
        for stop in running.values():
            stop.set()

        def shut() -> None:
            for thread in running:
                thread.join()
            self._pool.shutdown(wait=True, cancel_futures=True)
            self.sync.close()

        await asyncio.get_running_loop().run_in_executor(None, shut)

    async def __aenter__(self) -> AsyncArchive:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- articles come and go ------------------------------------------------------------

    async def ingest(
        self,
        *sources: str | Path,
        fields: Mapping[str, str] | None = None,
        progress: Callable[[int, str], None] | None = None,
        outcome: Callable[[str, str], None] | None = None,
        spool: Path | None = None,
        on: str | None = None,
    ) -> IngestReport:
        """As ``Archive.ingest``. Where the task is cancelled, it stops after the article being read; the same call goes
        on from there.

        Args:
            sources: Paths, glob patterns and web addresses.
            fields: As for ``Archive.ingest``.
            progress: As for ``Archive.ingest``; called in another thread.
            outcome: As for ``Archive.ingest``; called in another thread.
            spool: As for ``Archive.ingest``.
            on: As for ``Archive.ingest``.
        """
        work = partial(self.sync.ingest, *sources, fields=fields, outcome=outcome, spool=spool, on=on)
        return await self._stoppable(work, progress)

    async def add(
        self, articles: Iterable[Addable] | Addable, *, progress: Callable[[int, str], None] | None = None
    ) -> IngestReport:
        """As ``Archive.add``; cancelled as ``ingest`` is.

        Args:
            articles: Dictionaries or LangChain Documents.
            progress: As for ``ingest``.

        Raises:
            UsageError: An item makes no sense; nothing has been added then.
        """
        return await self._stoppable(partial(self.sync.add, articles), progress)

    async def delete(self, *idents: str) -> list[str]:
        """As ``Archive.delete``: the keys that are gone.

        Args:
            idents: Article ids, keys or aliases.
        """
        return await self._call(self._alone, partial(self.sync.delete, *idents))

    # -- search and ask -------------------------------------------------------------------

    async def search(self, question: str, **options: Unpack[SearchOptions]) -> list[Hit]:
        """As ``Archive.search``: the passages most likely to answer a question, best first.

        Args:
            question: In any words.
            options: See ``rag.protocols.SearchOptions``.
        """
        return await self._call(self.sync.search, question, **options)

    async def retrieve(self, question: str, **options: Unpack[SearchOptions]) -> Retrieved:
        """As ``Archive.retrieve``: the passages, with the query that the question came to.

        Args:
            question: In any words.
            options: As for ``search``.
        """
        return await self._call(self.sync.retrieve, question, **options)

    def stream(self, question: str, **options: Unpack[AskOptions]) -> AsyncGenerator[Event, None]:
        """As ``Archive.stream``: an answer event by event, for ``async for``. Its ``aclose`` stops the answer.

        Args:
            question: In any words.
            options: See ``rag.protocols.AskOptions``; ``cancel`` is set where the task is cancelled.
        """
        stop = options.get("cancel") or threading.Event()
        asked: AskOptions = {**options, "cancel": stop}
        return follow(lambda: self.sync.stream(question, **asked), stop, partial(self._started, stop=stop))

    async def ask(self, question: str, **options: Unpack[AskOptions]) -> Answer:
        """As ``Archive.ask``: the answer. Cancelling the task stops it.

        Args:
            question: In any words.
            options: As for ``stream``.
        """
        return await finished(self.stream(question, **options))

    async def choose(
        self,
        question: str,
        choices: Sequence[str],
        *,
        chat_model: str | None = None,
        **options: Unpack[SearchOptions],
    ) -> Choice:
        """As ``Archive.choose``: the one of several given answers that the archive speaks for.

        Args:
            question: In any words.
            choices: The answers to choose from.
            chat_model: Another model than the archive's, by name.
            options: As for ``search``.
        """
        return await self._call(self.sync.choose, question, choices, chat_model=chat_model, **options)

    async def quotes(
        self,
        *,
        speaker: str | None = None,
        about: str | None = None,
        limit: int = 20,
        **options: Unpack[QuoteOptions],
    ) -> list[Quote]:
        """As ``Archive.quotes``: who said what.

        Args:
            speaker: As for ``Archive.quotes``.
            about: As for ``Archive.quotes``.
            limit: How many at most, 1 to 1000.
            options: Which articles.
        """
        return await self._call(self.sync.quotes, speaker=speaker, about=about, limit=limit, **options)

    async def find(
        self,
        query: str,
        *,
        order: Order = "relevance",
        limit: int = 20,
        offset: int = 0,
        **filters: Unpack[FilterArgs],
    ) -> Findings:
        """As ``Archive.find``: full-text search of whole articles.

        Args:
            query: Words, phrases, AND, OR, NOT, prefixes, fields.
            order: "relevance", "newest" or "oldest".
            limit: How many articles, 0 to 1000.
            offset: How many to pass over.
            filters: Which articles.
        """
        return await self._call(self.sync.find, query, order=order, limit=limit, offset=offset, **filters)

    async def timeline(
        self, about: str, *, newest_first: bool = False, limit: int = 100, **filters: Unpack[FilterArgs]
    ) -> Timeline:
        """As ``Archive.timeline``: the dated events about something.

        Args:
            about: A name, or a story in a few words.
            newest_first: The order; else the oldest first.
            limit: How many at most, 1 to 1000.
            filters: Which articles; ``after`` and ``before`` are of the events' days.
        """
        return await self._call(self.sync.timeline, about, newest_first=newest_first, limit=limit, **filters)

    def chat(self, **options: Unpack[AskOptions]) -> AsyncChat:
        """A conversation in which questions may take up earlier ones.

        Args:
            options: As for ``stream``, for all of its questions.
        """
        return AsyncChat(self, options)

    async def prepare(self) -> None:
        """As ``Archive.prepare``: let a local model load while there is nothing to do yet."""
        await self._call(self.sync.prepare)

    # -- what is there ----------------------------------------------------------------------

    async def get(self, ident: str) -> Article:
        """As ``Archive.get``: an article by id, key, URL or alias.

        Args:
            ident: Any of them.
        """
        return await self._call(self.sync.get, ident)

    async def passage(self, ident: str) -> Passage:
        """As ``Archive.passage``: a passage by id.

        Args:
            ident: As hits have it.
        """
        return await self._call(self.sync.passage, ident)

    async def articles(self) -> AsyncGenerator[Article, None]:
        """All current articles, in the order they came, for ``async for``."""
        stop = threading.Event()
        async for article in follow(self.sync.articles, stop, partial(self._started, stop=stop)):
            yield article

    async def list_articles(
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
        """As ``Archive.list_articles``: a page of the articles, and the number of all that match.

        Args:
            search: Words that stand in title, author or key.
            sources, language, collection: Only articles of these.
            after, before: Only articles from then on; only those before then.
            today: What "last week" counts from there; by default now.
            order: As for ``Archive.list_articles``.
            limit: How many, 1000 at most.
            offset: How many to pass over.
        """
        return await self._call(
            self.sync.list_articles,
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

    async def reindex(self, *, embed_again: bool = False, progress: Callable[[int, str], None] | None = None) -> None:
        """As ``Archive.reindex``: rebuild the indexes. It is not stopped by cancelling the task.

        Args:
            embed_again: As for ``Archive.reindex``.
            progress: As for ``Archive.reindex``; called in another thread.
        """
        await self._call(self._alone, partial(self.sync.reindex, embed_again=embed_again, progress=progress))

    # -- within ------------------------------------------------------------------------------

    async def _call(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A call in another thread, within a copy of the caller's context."""
        _ = self.sync.stores.exists  # a closed archive says so
        run = contextvars.copy_context().run
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, partial(run, partial(call, *args, **kwargs))
        )

    async def _stoppable(
        self, call: Callable[..., IngestReport], progress: Callable[[int, str], None] | None
    ) -> IngestReport:
        """A call that tells of its progress: the place to stop it, where its task has been cancelled."""
        stop = threading.Event()

        def step(seen: int, where: str) -> None:
            if stop.is_set():
                raise _Stopped
            if progress is not None:
                progress(seen, where)

        try:
            return await self._call(self._alone, partial(call, progress=step))
        except asyncio.CancelledError:
            stop.set()
            raise

    def _alone(self, call: Callable[[], R]) -> R:
        with self._writing:
            return call()

    def _started(self, thread: threading.Thread, *, stop: threading.Event) -> None:
        with self._lock:
            self._running = {t: s for t, s in self._running.items() if t.is_alive()}
            self._running[thread] = stop


class AsyncChat:
    """A conversation for asyncio, from ``AsyncArchive.chat``; as ``Chat``. One question at a time."""

    def __init__(self, archive: AsyncArchive, options: AskOptions) -> None:
        """Take the archive, and options for all questions."""
        self._archive = archive
        self._chat = Chat(archive.sync, options)

    @property
    def history(self) -> tuple[tuple[str, str], ...]:
        """(question, text of the answer) so far, oldest first; the text is empty where there was no answer."""
        return self._chat.history

    def clear(self) -> None:
        """Forget what was asked."""
        self._chat.clear()

    def stream(self, question: str, **options: Unpack[AskOptions]) -> AsyncGenerator[Event, None]:
        """As ``Chat.stream``, for ``async for``.

        Args:
            question: In any words: "and what did he say?" is enough.
            options: As for ``AsyncArchive.stream``.
        """
        stop = options.get("cancel") or threading.Event()
        asked: AskOptions = {**options, "cancel": stop}
        started = partial(self._archive._started, stop=stop)
        return follow(lambda: self._chat.stream(question, **asked), stop, started)

    async def ask(self, question: str, **options: Unpack[AskOptions]) -> Answer:
        """As ``Chat.ask``. Cancelling the task stops the answer.

        Args:
            question: In any words.
            options: As for ``stream``.
        """
        return await finished(self.stream(question, **options))


class Opening:
    """An archive that is about to be opened: ``await`` it, or use it in an ``async with``."""

    def __init__(self, make: Callable[[], Archive]) -> None:
        """Take what opens it."""
        self._make = make
        self._opened: AsyncArchive | None = None

    async def _open(self) -> AsyncArchive:
        return AsyncArchive(await asyncio.to_thread(self._make))

    def __await__(self) -> Generator[Any, None, AsyncArchive]:
        return self._open().__await__()

    async def __aenter__(self) -> AsyncArchive:
        self._opened = await self._open()
        return self._opened

    async def __aexit__(self, *_: object) -> None:
        if self._opened is not None:
            await self._opened.close()


class _Stopped(Exception):
    """An ingest whose task has been cancelled; nobody waits for it."""


async def finished(events: AsyncGenerator[Event, None]) -> Answer:
    """The answer that a stream of events ends with; the stream is closed, whatever happens."""
    answer: Answer | None = None
    try:
        async for event in events:
            if isinstance(event, Finished):
                answer = event.answer
    finally:
        await events.aclose()
    assert answer is not None, "a stream ends with Finished"
    return answer


__all__ = ["AsyncArchive", "AsyncChat", "Opening", "finished"]
