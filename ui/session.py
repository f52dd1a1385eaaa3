"""One browser tab: what it shows and what it has asked for. Knows the desk and the archive; knows no Gradio."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.ui import evidence_panel, lists, quotes, render
from rag.ui.lists import Filters
from rag.ui.render import CitationStatus, TurnView
from rag.ui.starters import StarterQuestions

from rag.errors import ArticleMissing, OnRecordError
from rag.types import Answer, Delta, Finished, IngestReport, Progress, Retrieved, Stats, Turn, Waiting

if TYPE_CHECKING:
    from rag.archive import Archive
    from rag.service.scheduler import RequestScheduler

_KEPT = 30
"""Turns of a conversation that are shown; older ones stay stored and are exported."""


@dataclass(frozen=True)
class PageUpdate:
    """What changes on the page; None leaves a place as it is."""

    past: str | None = None
    live: str | None = None
    side: str | None = None
    busy: bool | None = None
    listed: bool = False
    """Whether the list of conversations has changed."""


@dataclass
class TabSession:
    """What one browser tab is in the middle of."""

    desk: RequestScheduler
    user: str
    beginning: StarterQuestions
    conversation: str | None = None
    editing: int | None = None
    """The turn whose question is being written anew."""
    reading: bool = False
    """Whether the side shows an article, which an answer that comes in leaves alone."""
    talk: TurnView | None = None
    """The last one shown: the side goes back to its evidence."""
    cancel: threading.Event = field(default_factory=threading.Event)

    @property
    def archive(self) -> Archive:
        """The archive that is asked."""
        return self.desk.archive

    # -- what is shown ------------------------------------------------------------

    def stats(self) -> Stats | None:
        """Numbers about the archive; None where there is none yet."""
        return self.archive.stats() if self.archive.exists else None

    def turns(self) -> list[Turn]:
        """The conversation so far."""
        if self.conversation is None:
            return []
        return self.archive.conversations.turns(self.conversation, self.user)

    def talks(self, turns: Sequence[Turn] | None = None) -> list[TurnView]:
        """The conversation's last turns as they are shown, with what became of the articles they cite."""
        turns = self.turns() if turns is None else turns
        fates = self.fates(turns[-_KEPT:])
        first = max(0, len(turns) - _KEPT)
        return [shown(t, first + n, fates) for n, t in enumerate(turns[first:], 1)]

    def fates(self, turns: Sequence[Turn]) -> dict[str, CitationStatus]:
        """Which of the cited articles have changed or gone."""
        cited = {c.article_id for t in turns for c in t.answer.citations}
        there = self.archive.articles_exist(cited)
        return {i: "changed" if i in there else "gone" for i in cited if not there.get(i)}

    def thread(self) -> str:
        """The whole conversation; where there is none, how to begin one."""
        stats = self.stats()
        talks = self.talks()
        if talks:
            self.talk = talks[-1]
            return render.thread(talks, stats)
        if stats is None or not stats.articles:
            return lists.first_run()
        return lists.welcome(self.beginning.found(), stats)

    def greeting(self) -> str | None:
        """How to begin, with questions that are tried first; None where the talk has begun meanwhile."""
        self.beginning.questions()
        return self.thread() if self.conversation is None and self.talk is None else None

    def side(self) -> str:
        """The evidence of the last question."""
        self.reading = False
        if self.talk is None:
            return evidence_panel.nothing()
        answer = self.talk.answer
        return evidence_panel.evidence(
            self.talk.hits, self.talk.number, answer.citations if answer else self.talk.citations
        )

    # -- asking ---------------------------------------------------------------------

    def ask(self, question: str, filters: Filters, **options: Any) -> Iterator[PageUpdate]:
        """Ask a question of the conversation, and show what comes as it comes.

        Args:
            question: As it was typed.
            filters: Which articles to keep to.
            options: For ``Desk.stream``: ``k``, ``times``, ``chat_model``, ``temperature``.
        """
        question = question.strip()
        if not question:
            return
        self.cancel.set()  # of a question that is still being answered
        self.cancel = cancel = threading.Event()
        turns = self.turns()
        if self.editing is not None:
            turns = [t for t in turns if t.id < self.editing]
        stats = self.stats()
        talk = TurnView(question=question, number=len(turns) + 1, status="Looking for evidence")
        self.talk, self.reading = talk, False
        yield PageUpdate(past=render.thread(self.talks(turns), stats), live=render.talk_html(talk, stats), busy=True)
        history = [(t.question, t.answer.text if t.answer.answered else "") for t in turns]
        side: str | None = None
        try:
            for event in self.desk.stream(
                question, user=self.user, cancel=cancel, history=history, **chosen(filters), **options
            ):
                talk, side = step(talk, event), None
                self.talk = talk
                if isinstance(event, Retrieved):
                    side = evidence_panel.evidence(talk.hits, talk.number)
                if isinstance(event, Finished):
                    talk = self._keep(talk, event.answer)
                    if not self.reading:
                        side = evidence_panel.evidence(talk.hits, talk.number, talk.citations)
                    yield PageUpdate(live=render.talk_html(talk, stats), side=side, busy=False, listed=True)
                else:
                    yield PageUpdate(live=render.talk_html(talk, stats), side=side)
        except OnRecordError as e:
            talk = replace(talk, error=str(e), status="")
            self.talk = talk
            yield PageUpdate(live=render.talk_html(talk, stats), busy=False)
        finally:
            cancel.set()

    def _keep(self, talk: TurnView, answer: Answer) -> TurnView:
        """Store a finished answer; an edited question takes the place of the old one and of what followed it."""
        store = self.archive.conversations
        if self.conversation is None:
            self.conversation = store.create(self.user).id
        if self.editing is not None:
            store.truncate(self.conversation, self.user, self.editing)
            self.editing = None
        turn = store.append(self.conversation, self.user, talk.question, answer)
        cited = {h.passage.article_id for h in answer.hits}
        if gone := cited - self.archive.articles_exist(cited).keys():  # taken down while the answer was written
            store.forget(gone)
            turn = store.turns(self.conversation, self.user)[-1]
        talk = shown(turn, talk.number, {})
        self.talk = talk
        return talk

    def stop(self) -> None:
        """Stop the question that is being answered."""
        self.cancel.set()

    # -- what is clicked ----------------------------------------------------------------

    def open_article(self, ident: str, start: int, end: int, cited: str) -> str:
        """The side with an article, the words from ``start`` to ``end`` marked."""
        self.reading = True
        return self.article(ident, start, end, cited)

    def article(self, ident: str, start: int, end: int, cited: str, **how: str) -> str:
        """An article as HTML, or that it is gone."""
        try:
            article = self.archive.get(ident)
        except ArticleMissing:
            return evidence_panel.gone("This article is no longer in the archive: it has been taken down.")
        newest = None if article.current else next(iter(self.archive.versions(article.key)), None)
        return evidence_panel.article_view(article, start, end, cited, newest if newest != article.id else None, **how)

    def quotes(self, speaker: str, about: str) -> str:
        """Who said what, as HTML; or why that can't be told."""
        if not self.archive.exists:
            return quotes.nothing(asked=False)
        try:
            found = self.desk.quotes(user=self.user, speaker=speaker, about=about, limit=quotes.SHOWN)
        except OnRecordError as e:
            return quotes.failed(str(e))
        return quotes.quotes(found, speaker, about)

    def rate(self, turn: int, good: bool, why: str = "", off: bool = False) -> PageUpdate:
        """Store what the user thinks of an answer, or take it back."""
        store = self.archive.conversations
        if off:
            store.unrate(turn, self.user)
        else:
            store.rate(turn, self.user, good, why)
        return self.redrawn()

    def redrawn(self) -> PageUpdate:
        """The conversation as it is stored, its last turn as the live one."""
        talks = self.talks()
        if not talks:
            return PageUpdate(past=self.thread(), live="", listed=True)
        stats = self.stats()
        self.talk = talks[-1]
        return PageUpdate(past=render.thread(talks[:-1], stats), live=render.talk_html(talks[-1], stats), listed=True)

    def open_conversation(self, ident: str | None) -> PageUpdate:
        """Another conversation, or a new one."""
        self.cancel.set()
        self.conversation, self.editing, self.talk = ident, None, None
        view = self.redrawn()
        return replace(view, side=self.side(), busy=False)

    # -- taking articles in ---------------------------------------------------------------

    def take_in(self, files: Sequence[str | Path]) -> Iterator[tuple[int, int] | tuple[list[str], IngestReport]]:
        """Ingest uploaded files; yields (done, total) as it goes, then their names and the report.

        Raises:
            OnRecordError: Another process is writing, or the archive can't be written.
        """
        paths = [Path(f) for f in files]

        def work(tell: Callable[[int, str], None]) -> IngestReport:
            with ExitStack() as stack:
                opened = [(p.name, stack.enter_context(p.open("rb"))) for p in paths]
                return self.desk.upload(opened, progress=tell)

        yield from ingesting(work, [p.name for p in paths])

    def take_sample(self) -> Iterator[tuple[int, int] | tuple[list[str], IngestReport]]:
        """Ingest the sample corpus; yields as ``take_in`` does."""
        corpus = Path(str(resources.files("rag.corpus")))
        names = [f.name for f in corpus.iterdir() if f.suffix in (".md", ".html", ".txt")]
        yield from ingesting(lambda tell: self.desk.ingest(corpus, progress=tell), names)


def ingesting(
    work: Callable[[Callable[[int, str], None]], IngestReport], names: list[str]
) -> Iterator[tuple[int, int] | tuple[list[str], IngestReport]]:
    """Run an ingest in a thread, and tell how far it is at least every half second."""
    said: queue.SimpleQueue[int | IngestReport | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            said.put(work(lambda seen, _: said.put(seen)))
        except BaseException as e:  # handed over to the caller's thread
            said.put(e)

    threading.Thread(target=run, name="onrecord-intake", daemon=True).start()
    done, total = 0, len(names)
    yield done, total
    while True:
        latest: int | IngestReport | BaseException = done
        with suppress(queue.Empty):
            latest = said.get(timeout=0.5)
            while isinstance(latest, int):
                latest = said.get_nowait()
        if isinstance(latest, IngestReport):
            yield names, latest
            return
        if isinstance(latest, BaseException):
            raise latest
        done = latest
        yield done, max(total, done)


def shown(turn: Turn, number: int, fates: dict[str, CitationStatus]) -> TurnView:
    """A stored turn as it is shown."""
    answer = turn.answer
    return TurnView(
        question=turn.question,
        number=number,
        query=answer.query,
        hits=answer.hits,
        text=answer.text,
        citations=answer.citations,
        answer=answer,
        turn=turn.id,
        feedback=turn.feedback,
        fates=fates,
    )


def step(talk: TurnView, event: object) -> TurnView:
    """What is known after an event."""
    if isinstance(event, Waiting):
        ahead = event.position - 1
        others = "You are next" if not ahead else f"{ahead} question{'s' if ahead > 1 else ''} before yours"
        return replace(talk, status=f"Waiting: {others}")
    if isinstance(event, Retrieved):
        return replace(talk, query=event.query, hits=event.hits, status="Evidence found")
    if isinstance(event, Progress):
        if event.stage == "reading" and event.total:
            share = min(1.0, event.done / event.total)
            return replace(talk, status=f"Reading the evidence, {share:.0%}", share=share)
        return replace(
            talk,
            status={"loading": "Loading the model", "writing": "Writing"}.get(event.stage, talk.status),
            share=None,
        )
    if isinstance(event, Delta):
        return replace(
            talk,
            text=talk.text + event.text,
            citations=(*talk.citations, *event.citations),
            status="Writing",
            share=None,
        )
    if isinstance(event, Finished):
        answer = event.answer
        return replace(
            talk,
            query=answer.query,
            hits=answer.hits,
            text=answer.text,
            citations=answer.citations,
            answer=answer,
            status="",
        )
    return talk


def chosen(filters: Filters) -> dict[str, Any]:
    """Filters as ``Archive.stream`` takes them."""
    found: dict[str, Any] = {}
    if filters.sources:
        found["sources"] = list(filters.sources)
    if filters.after:
        found["after"] = datetime.combine(filters.after, time(), UTC)
    if filters.before:
        found["before"] = datetime.combine(filters.before, time(), UTC)
    if filters.language:
        found["language"] = filters.language
    return found
