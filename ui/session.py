"""The state of one browser tab: its conversation, and what it shows. Independent of Gradio."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.ui import evidence_panel, lists, quotes, render, timeline
from rag.ui.quotes import Asked as AskedQuotes
from rag.ui.render import CitationStatus, TurnView
from rag.ui.starters import StarterQuestions
from rag.ui.timeline import Asked

from rag.errors import ArticleMissing, OnRecordError
from rag.ingest.preview import Preview
from rag.protocols import FilterArgs
from rag.retrieve import people
from rag.retrieve.people import Person
from rag.retrieve.speaker import match
from rag.text.counting import count
from rag.types import Answer, Delta, Finished, IngestReport, Progress, Quote, Quoted, Retrieved, Stats, Turn, Waiting

if TYPE_CHECKING:
    from rag.archive import Archive
    from rag.index.collections import Collection
    from rag.service.scheduler import RequestScheduler
    from rag.timelines import Timeline

SHOWN = 30
"""Turns of a conversation that are shown at first, and how many more each time older ones are asked for."""
_WRITING = "Writing a summary"
"""What a model does once the quotes are there."""


@dataclass(frozen=True)
class PageUpdate:
    """HTML that changes on the page; None leaves an element as it is."""

    past: str | None = None
    live: str | None = None
    side: str | None = None
    busy: bool | None = None
    listed: bool = False
    """Whether the list of conversations has changed."""


@dataclass
class TabSession:
    """What one browser tab is doing: its conversation, the question being answered, what the side shows."""

    scheduler: RequestScheduler
    user: str
    starters: StarterQuestions
    conversation: str | None = None
    pending: str = ""
    """The first question of a conversation, while it is being answered: it is kept once there is an answer."""
    shown: int = SHOWN
    """How many turns of the conversation are shown: the last ones."""
    editing: int | None = None
    """The id of the turn whose question is being edited."""
    reading: bool = False
    """Whether the side shows an article, which an answer that arrives does not replace."""
    only: tuple[str, str] | None = None
    """Id and title of the one article that questions are asked of; None: of all."""
    current: TurnView | None = None
    """The question shown last, whose evidence the side goes back to."""
    cancel: threading.Event = field(default_factory=threading.Event)

    @property
    def archive(self) -> Archive:
        """The archive that is asked."""
        return self.scheduler.archive

    # -- what is shown ------------------------------------------------------------

    def stats(self) -> Stats | None:
        """Numbers about the archive; None where there is none yet."""
        return self.archive.stats() if self.archive.exists else None

    def turns(self) -> list[Turn]:
        """The conversation so far."""
        if self.conversation is None:
            return []
        return self.archive.conversations.turns(self.conversation, self.user)

    def turn_views(self, turns: Sequence[Turn] | None = None) -> list[TurnView]:
        """The conversation's last turns as they are shown, with the state of the articles they cite."""
        turns = self.turns() if turns is None else turns
        first = max(0, len(turns) - self.shown)
        status = self.citation_status(turns[first:])
        sizes = self.archive.conversations.coverages(turns[0].conversation) if turns else {}
        return [turn_view(t, first + n, status, sizes.get(t.id, "")) for n, t in enumerate(turns[first:], 1)]

    def citation_status(self, turns: Sequence[Turn]) -> dict[str, CitationStatus]:
        """Which of the cited articles have changed or are gone, by id."""
        cited = {c.article_id for t in turns for c in t.answer.citations}
        there = self.archive.articles_exist(cited)
        return {i: "changed" if i in there else "gone" for i in cited if not there.get(i)}

    def thread(self) -> str:
        """The whole conversation; without one, the welcome with example questions."""
        stats = self.stats()
        turns = self.turn_views()
        if turns:
            self.current = turns[-1]
            return render.thread(turns, stats)
        if stats is None or not stats.articles:
            return lists.first_run()
        return lists.welcome(self.starters.found(), stats)

    def greeting(self) -> str | None:
        """The welcome with example questions, which takes seconds; None if a conversation has begun meanwhile."""
        self.starters.questions()
        return self.thread() if self.conversation is None and self.current is None else None

    def side(self) -> str:
        """The evidence of the question shown last."""
        self.reading = False
        if self.current is None:
            return evidence_panel.nothing()
        return _evidence(self.current)

    def evidence_of(self, turn: int) -> str:
        """The evidence of an earlier question, by its turn's id; the side as it is where that is gone."""
        self.current = next((t for t in self.turn_views() if t.turn_id == turn), self.current)
        return self.side()

    # -- sharing --------------------------------------------------------------------

    def share(self, on: bool) -> str:
        """Make the conversation's link for others, or take it back; gives the exports as they are then."""
        if self.conversation is not None:
            store = self.archive.conversations
            if on:
                store.share(self.conversation, self.user)
            else:
                store.unshare(self.conversation, self.user)
        return self.exports()

    def exports(self) -> str:
        """Links that download the conversation, and that share it."""
        if self.conversation is None:
            return lists.exports(None, False)
        link = self.archive.conversations.link_of(self.conversation, self.user)
        return lists.exports(self.conversation, any(t.feedback for t in self.turns()), link)

    # -- asking ---------------------------------------------------------------------

    def ask(self, question: str, filters: FilterArgs, **options: Any) -> Iterator[PageUpdate]:
        """Ask a question of the conversation; yields what the page shows as it comes.

        Args:
            question: As it was typed.
            filters: Which articles to search.
            options: For ``RequestScheduler.stream``: ``k``, ``times``, ``chat_model``, ``temperature``.
        """
        question = question.strip()
        if not question:
            return
        self.cancel.set()  # of a question that is still being answered
        self.cancel = cancel = threading.Event()
        # Taken once: a question that comes before this one ends must not replace an earlier turn in its stead.
        edited, self.editing = self.editing, None
        turns = self.turns()
        if edited is not None:
            turns = [t for t in turns if t.id < edited]
        stats = self.stats()
        turn = TurnView(question=question, number=len(turns) + 1, status="Looking for evidence")
        self.current, self.reading = turn, False
        if stats is None or not stats.articles:
            self.editing = edited
            turn = replace(turn, status="", error="There are no articles yet.", empty=True)
            past = render.thread(self.turn_views(turns), stats)
            yield PageUpdate(past=past, live=render.turn_html(turn, stats), busy=False)
            return
        self.pending = question if self.conversation is None else ""
        past = render.thread(self.turn_views(turns), stats)
        history = [(t.question, t.answer.text if t.answer.answered else "") for t in turns]
        side: str | None = None
        try:
            yield PageUpdate(past=past, live=render.turn_html(turn, stats), busy=True, listed=bool(self.pending))
            for event in self.scheduler.stream(
                question, user=self.user, cancel=cancel, history=history, **filters, **options
            ):
                turn, side = after_event(turn, event), None
                self.current = turn
                if isinstance(event, Retrieved) or (isinstance(event, Quoted) and not self.reading):
                    side = _evidence(turn)
                if isinstance(event, Finished):
                    turn = self._store(turn, event.answer, edited)
                    if not self.reading:
                        side = _evidence(turn)
                    yield PageUpdate(live=render.turn_html(turn, stats), side=side, busy=False, listed=True)
                else:
                    yield PageUpdate(live=render.turn_html(turn, stats), side=side)
        except OnRecordError as e:
            if self.cancel is cancel and self.editing is None:
                self.editing = edited  # nothing was replaced: the next try still stands for the same turn
            turn = replace(turn, error=str(e), status="")
            self.current = turn
            self.pending = "" if self.cancel is cancel else self.pending
            yield PageUpdate(live=render.turn_html(turn, stats), busy=False, listed=True)
        finally:
            self.pending = "" if self.cancel is cancel else self.pending
            cancel.set()

    def _store(self, turn: TurnView, answer: Answer, edited: int | None) -> TurnView:
        """Store a finished answer; an edited question replaces the old one and all that followed it."""
        store = self.archive.conversations
        if self.conversation is None:
            self.conversation, self.pending = store.create(self.user).id, ""
        if edited is not None:
            store.truncate(self.conversation, self.user, edited)
        stored = store.append(self.conversation, self.user, turn.question, answer)
        cited = {h.passage.article_id for h in answer.hits}
        if gone := cited - self.archive.articles_exist(cited).keys():  # taken down while the answer was written
            store.forget(gone)
            stored = store.turns(self.conversation, self.user)[-1]
        size = ""
        if not stored.answer.answered and (stats := self.stats()) is not None:
            size = render.coverage(stats, turn.question)
        if size:
            store.note_coverage(stored.id, size)
        turn = turn_view(stored, turn.number, {}, size)
        self.current = turn
        return turn

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

    def quotes(self, asked: AskedQuotes) -> str:
        """Quotes as HTML, or why there are none."""
        if not self.archive.exists:
            return quotes.nothing(asked=False)
        try:
            found = self.find_quotes(asked, quotes.SHOWN)
            meant = self.meant(asked.speaker)
        except OnRecordError as e:
            return quotes.failed(str(e))
        return quotes.quotes(found, asked, meant)

    def find_quotes(self, asked: AskedQuotes, limit: int) -> list[Quote]:
        """The quotes asked for.

        Raises:
            OnRecordError: There is no archive, or what was asked makes no sense.
        """
        return self.scheduler.quotes(
            user=self.user, speaker=asked.speaker, about=asked.about, limit=limit, person=asked.person or None,
            order=asked.order, **asked.filters(),
        )  # fmt: skip

    def meant(self, speaker: str) -> list[Person]:
        """The people whom a name may mean."""
        if not speaker:
            return []
        store = self.archive.stores.catalog
        forms = set(people.widened(store, match(speaker, store.speakers())))
        return [p for p in people.people(store) if any((name, role) in forms for name, role, _ in p.forms)]

    def change_people(self, what: str, person: str, *more: str) -> None:
        """Put people together, take a name apart from a person, or undo that.

        Args:
            what: "together" with the person whose key follows, "apart" a name and a role, or "as_found".
            person: A key.
            more: What follows.

        Raises:
            UsageError: Somebody is no longer there.
        """
        store = self.archive.stores.catalog
        if what == "together":
            people.put_together(store, [person, more[0]])
        elif what == "apart":
            people.take_apart(store, person, (more[0], more[1] or None))
        else:
            people.as_found(store, person)

    def collections(self) -> list[Collection]:
        """The collections that the user sees."""
        return self.archive.collections.all(self.user)

    def timeline(self, asked: Asked) -> str:
        """A timeline as HTML, or why there is none."""
        if not asked.about or not self.archive.exists:
            return timeline.nothing_asked(empty=not self.archive.exists)
        try:
            return timeline.timeline(self.find_timeline(asked, timeline.SHOWN), asked)
        except OnRecordError as e:
            return timeline.failed(str(e))

    def find_timeline(self, asked: Asked, limit: int) -> Timeline:
        """The events about something.

        Raises:
            OnRecordError: There is no archive, or what was asked makes no sense.
        """
        filters = FilterArgs()
        if asked.after is not None:
            filters["after"] = asked.after
        if asked.before is not None:
            filters["before"] = asked.before
        if asked.collection:
            filters["collection"] = asked.collection
        return self.scheduler.timeline(
            asked.about, user=self.user, newest_first=asked.newest_first, limit=limit, **filters
        )

    def rate(self, turn: int, good: bool, why: str = "", off: bool = False) -> PageUpdate:
        """Store or withdraw the user's feedback on an answer."""
        store = self.archive.conversations
        if off:
            store.unrate(turn, self.user)
        else:
            store.rate(turn, self.user, good, why)
        return self.redrawn()

    def redrawn(self) -> PageUpdate:
        """The stored conversation, shown again."""
        turns = self.turn_views()
        if not turns:
            return PageUpdate(past=self.thread(), live="", listed=True)
        stats = self.stats()
        self.current = turns[-1]
        return PageUpdate(past=render.thread(turns[:-1], stats), live=render.turn_html(turns[-1], stats), listed=True)

    def show_earlier(self, all_of_them: bool) -> str:
        """The conversation with older questions, above the one that is asked or shown last."""
        self.shown = max(self.shown, len(self.turns())) if all_of_them else self.shown + SHOWN
        views = self.turn_views()
        if views and self.current is not None and views[-1].turn_id == self.current.turn_id:
            views = views[:-1]  # the last one is in a place of its own
        return render.thread(views, self.stats())

    def open_conversation(self, ident: str | None) -> PageUpdate:
        """Show another conversation; None: a new one."""
        self.shown = SHOWN
        self.cancel.set()
        self.conversation, self.editing, self.current, self.pending = ident, None, None, ""
        view = self.redrawn()
        return replace(view, side=self.side(), busy=False)

    # -- ingesting ------------------------------------------------------------------------

    def ingest_files(self, files: Sequence[str | Path]) -> Iterator[IngestEvent]:
        """Ingest uploaded files; yields what they are taken for, (done, total) as it goes, then names and the report.

        Raises:
            OnRecordError: Another process is writing, or the archive can't be written.
        """
        paths = [Path(f) for f in files]

        def work(tell: Callable[[int, str], None]) -> IngestReport:
            try:
                with ExitStack() as stack:
                    opened = [(p.name, stack.enter_context(p.open("rb"))) for p in paths]
                    return self.scheduler.desk.upload(self.user, opened, progress=tell)
            finally:
                self.scheduler.spool.forget(paths)

        yield self.scheduler.archive.preview(*paths)
        yield from run_ingest(work, [p.name for p in paths])

    def ingest_sample(self) -> Iterator[tuple[int, int] | tuple[list[str], IngestReport]]:
        """Ingest the sample corpus; yields as ``ingest_files`` does."""
        self.scheduler.desk.check(self.user, "upload")
        self.scheduler.desk.note(self.user, "uploaded", sample=True)
        corpus = Path(str(resources.files("rag.corpus")))
        names = [f.name for f in corpus.iterdir() if f.suffix in (".md", ".html", ".txt")]
        yield from run_ingest(lambda tell: self.scheduler.ingest(corpus, progress=tell), names)


IngestEvent = Preview | tuple[int, int] | tuple[list[str], IngestReport]
"""What files are taken for; how many articles are done, of how many; names of the files, and what became of them."""


def run_ingest(
    work: Callable[[Callable[[int, str], None]], IngestReport], names: list[str]
) -> Iterator[tuple[int, int] | tuple[list[str], IngestReport]]:
    """Run an ingest in a thread; yields (done, total) at least every half second, then names and report."""
    output: queue.SimpleQueue[int | IngestReport | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            output.put(work(lambda seen, _: output.put(seen)))
        except BaseException as e:  # raised again in the caller's thread
            output.put(e)

    threading.Thread(target=run, name="onrecord-ingest", daemon=True).start()
    done, total = 0, len(names)
    yield done, total
    while True:
        latest: int | IngestReport | BaseException = done
        with suppress(queue.Empty):
            latest = output.get(timeout=0.5)
            while isinstance(latest, int):
                latest = output.get_nowait()
        if isinstance(latest, IngestReport):
            yield names, latest
            return
        if isinstance(latest, BaseException):
            raise latest
        done = latest
        yield done, max(total, done)


def turn_view(turn: Turn, number: int, status: dict[str, CitationStatus], size: str = "") -> TurnView:
    """A stored turn as it is shown; ``size``: how large the archive was when it was asked."""
    answer = turn.answer
    return TurnView(
        question=turn.question,
        number=number,
        query=answer.query,
        hits=answer.hits,
        text=answer.text,
        citations=answer.citations,
        answer=answer,
        turn_id=turn.id,
        feedback=turn.feedback,
        citation_status=status,
        size=size,
        asked=turn.asked,
    )


def _evidence(turn: TurnView) -> str:
    """The passages found for a question as the side shows them."""
    refused = turn.answer is not None and not turn.answer.answered
    return evidence_panel.evidence(turn.hits, turn.number, turn.quotes, refused=refused, question=turn.question)


def after_event(turn: TurnView, event: object) -> TurnView:
    """A turn as it is shown after an event of its answer."""
    if isinstance(event, Waiting):
        ahead = event.position - 1
        others = "You are next" if not ahead else f"{count(ahead, 'question')} before yours"
        return replace(turn, status=f"Waiting: {others}")
    if isinstance(event, Retrieved):
        return replace(turn, query=event.query, hits=event.hits, status="Evidence found")
    if isinstance(event, Quoted):
        return replace(turn, quoted=(*turn.quoted, *event.quotes), status="Quotes found")
    if isinstance(event, Progress):
        share = min(1.0, event.done / event.total) if event.stage == "reading" and event.total else None
        return replace(turn, status=_status(turn, event, share), share=share)
    if isinstance(event, Delta):
        return replace(
            turn,
            text=turn.text + event.text,
            citations=(*turn.citations, *event.citations),
            status=_WRITING if turn.quoted else "Writing",
            share=None,
        )
    if isinstance(event, Finished):
        answer = event.answer
        return replace(
            turn,
            query=answer.query,
            hits=answer.hits,
            text=answer.text,
            citations=answer.citations,
            answer=answer,
            status="",
        )
    return turn


def _status(turn: TurnView, event: Progress, share: float | None) -> str:
    """What the line says that tells what is going on."""
    if turn.quoted:
        return _WRITING
    if event.stage == "reading":
        return turn.status if share is None else f"Reading the evidence, {share:.0%}"
    return "Loading the model" if event.stage == "loading" else "Writing"
