"""The scheduler: turns, bounds, signs of life, stopping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import assert_cited, many, write_rows
from hypothesis import given
from hypothesis import strategies as st
from said import put_quotes

from rag import Archive
from rag.errors import ArchiveLocked, ArticleMissing, ModelFailed, ServiceBusy, UsageError
from rag.service.scheduler import RequestScheduler, _Job, _WorkerPool
from rag.testing import FakeChat
from rag.types import Delta, Finished, Progress, Quoted, Retrieved, Waiting

QUESTION = "How many boats had storm0002 damaged?"
REPLY = "A storm named storm0002 had damaged 12 boats. [1]"


@pytest.fixture
def filled(archive: Archive, chat: FakeChat, tmp_path: Path) -> Archive:
    chat.replies = [REPLY]
    archive.ingest(write_rows(tmp_path / "a.jsonl", *many(5)))
    return archive


@pytest.fixture
def make(filled: Archive) -> Iterator[Callable[..., RequestScheduler]]:
    schedulers: list[RequestScheduler] = []

    def made(**options: Any) -> RequestScheduler:
        schedulers.append(RequestScheduler(filled, **options))
        return schedulers[-1]

    yield made
    for scheduler in schedulers:
        scheduler.close(shutdown_grace=0)


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


class Asking(threading.Thread):
    """Somebody who asks, and keeps what comes."""

    def __init__(self, scheduler: RequestScheduler, user: str, **options: Any) -> None:
        super().__init__(daemon=True)
        self.events: list[Any] = []
        self.error: BaseException | None = None
        self.cancel = threading.Event()
        self.ended = 0.0
        self._stream = scheduler.stream(QUESTION, user=user, cancel=self.cancel, **options)
        self.start()

    def run(self) -> None:
        try:
            for event in self._stream:
                self.events.append(event)
        except BaseException as e:
            self.error = e
        self.ended = time.monotonic()


class Held(FakeChat):
    """Writes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__([REPLY])
        object.__setattr__(self, "go", threading.Event())

    def _stream(self, *args: Any, **rest: Any) -> Iterator[Any]:
        assert self.go.wait(20)
        yield from super()._stream(*args, **rest)


@pytest.fixture
def held(filled: Archive) -> Iterator[Held]:
    chat = Held()
    filled._given_chat = chat
    yield chat
    chat.go.set()


# -- answering -------------------------------------------------------------------------


def test_it_says_what_the_archive_says(make: Any, filled: Archive) -> None:
    events = list(make().stream(QUESTION, user="a", k=3))
    assert isinstance(events[0], Retrieved) and len(events[0].hits) == 3
    assert isinstance(events[-1], Finished)
    assert any(isinstance(e, Delta) for e in events)
    assert events[-1].answer.text == filled.ask(QUESTION, k=3).text
    assert_cited(filled, events[-1].answer)


def test_the_heartbeat_after_the_quotes_says_that_it_goes_on(make: Any, filled: Archive) -> None:
    answer = filled.ask(QUESTION)

    def stream(*_: Any, **__: Any) -> Iterator[Any]:
        yield Retrieved(query=answer.query, hits=answer.hits)
        yield Progress(stage="loading")
        yield Quoted(quotes=answer.citations)
        time.sleep(0.6)
        yield Finished(answer=answer)

    filled.stream = stream  # type: ignore[method-assign]
    _, _, quoted, *silence, last = make().stream(QUESTION, user="a")
    assert isinstance(quoted, Quoted) and isinstance(last, Finished)
    assert silence and set(silence) == {Progress(stage="reading")}


def test_a_finished_answer_leaves_the_callers_event_alone(make: Any) -> None:
    cancel = threading.Event()
    for event in make().stream(QUESTION, user="a", cancel=cancel):
        if isinstance(event, Finished):
            break
    assert not cancel.is_set()


def test_errors_come_to_whoever_asked(make: Any, chat: FakeChat) -> None:
    scheduler = make(workers=1)
    chat.replies = [ValueError("the wire is down")]
    with pytest.raises(ModelFailed, match="the wire is down"):
        list(scheduler.stream(QUESTION, user="a"))
    with pytest.raises(ArticleMissing):
        scheduler.search("boats", user="a", articles=["nobody"])
    chat.replies = [REPLY]
    assert list(scheduler.stream(QUESTION, user="a"))[-1].answer.answered
    assert within(2, lambda: scheduler.running == 0)


def test_searching_takes_turns_too(make: Any, filled: Archive) -> None:
    put_quotes(filled, "story-1", ("had damaged 11 boats", "Maren Holt", {}))
    scheduler = make()
    assert scheduler.search("storm0003", user="a", k=2) == filled.search("storm0003", k=2)
    assert scheduler.quotes(user="a", speaker="Holt") == filled.quotes(speaker="Holt") != []
    with pytest.raises(UsageError, match="limit is 0"):
        scheduler.quotes(user="a", limit=0)
    scheduler.close(0)
    with pytest.raises(ServiceBusy):
        scheduler.quotes(user="a")


# -- turns -------------------------------------------------------------------------------


def test_who_waits_is_told_the_place_and_that_it_is_alive(make: Any, held: Held) -> None:
    scheduler = make(workers=1)
    first = Asking(scheduler, "a")
    assert within(5, lambda: scheduler.running == 1)
    second, third = Asking(scheduler, "b"), Asking(scheduler, "c")
    assert within(5, lambda: scheduler.waiting == 2)
    time.sleep(1.2)
    for asking, place in ((second, 1), (third, 2)):
        told = [e.position for e in asking.events if isinstance(e, Waiting)]
        assert told[-1] == place and len(told) >= 3, "at least every half second"
        assert len(told) == len(asking.events)
    assert sum(isinstance(e, Progress) for e in first.events) >= 2, "the silent model, too"
    held.go.set()
    for asking in (first, second, third):
        asking.join(10)
        assert asking.events[-1].answer.answered
    assert Waiting(position=1) in third.events, "it moved up"
    assert scheduler.waiting == scheduler.running == 0


def test_the_extractive_engine_does_not_wait_behind_a_model(make: Any, held: Held) -> None:
    scheduler = make(workers=1)
    Asking(scheduler, "a")
    assert within(5, lambda: scheduler.running == 1)
    events = list(scheduler.stream(QUESTION, user="b", chat_model="extractive"))
    assert isinstance(events[0], Retrieved) and events[-1].answer.model == "extractive"
    assert not any(isinstance(e, Waiting) for e in events)
    assert scheduler.search("boats", user="b")


def test_users_take_turns(make: Any, held: Held) -> None:
    scheduler = make(workers=1)
    askings = []
    for user in ("a", "a", "a", "a", "b", "b", "c"):
        askings.append((user, Asking(scheduler, user)))
        assert within(5, lambda: scheduler.running + scheduler.waiting == len(askings))
    held.go.set()
    for _, asking in askings:
        asking.join(20)
    served = [user for user, _ in sorted(askings, key=lambda pair: pair[1].ended)]
    assert served == ["a", "b", "c", "a", "b", "a", "a"]


@given(
    users=st.lists(st.sampled_from("abcd"), min_size=1, max_size=30),
    places=st.integers(1, 4),
    leaving=st.sets(st.integers(0, 29)),
)
def test_turns_are_fair_whoever_comes(users: list[str], places: int, leaving: set[int]) -> None:
    """Nobody is served twice while another user waits for a first time; each user's questions keep their order."""
    gate = threading.Event()
    started: list[_Job] = []
    pool = _WorkerPool("test", places, 100)
    guard = threading.Lock()

    def job(user: str) -> _Job:
        def work() -> Iterator[Any]:
            with guard:
                started.append(made)
            assert gate.wait(10)
            yield "done"

        made = _Job(user, work, threading.Event())
        return made

    jobs = [job(user) for user in users]
    for j in jobs:
        pool.submit(j)
    order = [j for j in jobs if not j.waiting]
    assert len(order) == min(places, len(jobs))
    gone = [jobs[n] for n in leaving if n < len(jobs) and pool.withdraw(jobs[n])]
    left = [j for j in jobs if j.waiting]
    assert sorted(j.position for j in left) == list(range(1, len(left) + 1))
    order += sorted(left, key=lambda j: j.position)
    for user in set(users):
        mine = [j for j in order if j.user == user]
        assert mine == [j for j in jobs if j.user == user and j not in gone]
    waited = order[min(places, len(jobs)) :]
    for n, j in enumerate(waited):
        for other in {o.user for o in waited[n:]} - {j.user}:
            # Between two turns of one user, everybody else who waits has one.
            later = next((m for m in range(n + 1, len(waited)) if waited[m].user == j.user), None)
            if later is not None:
                assert any(o.user == other for o in waited[n + 1 : later]) or other not in {
                    o.user for o in waited[later:]
                }
    gate.set()
    assert within(5, lambda: pool.running == pool.waiting == 0)
    if places == 1:
        assert started == order
    pool.close()


# -- bounds ------------------------------------------------------------------------------


def test_more_than_may_wait_are_refused_and_the_last_places_are_for_new_users(make: Any, held: Held) -> None:
    scheduler = make(workers=1, queue_size=4)
    askings = []
    for n in range(4):  # one is answered, three wait
        askings.append(Asking(scheduler, "a"))
        assert within(5, lambda: scheduler.running + scheduler.waiting == n + 1)  # noqa: B023
    with pytest.raises(ServiceBusy, match=r"3 questions are waiting already\. Try again"):
        next(scheduler.stream(QUESTION, user="a"))
    askings.append(Asking(scheduler, "b"))
    assert within(5, lambda: scheduler.waiting == 4)
    with pytest.raises(ServiceBusy):
        next(scheduler.stream(QUESTION, user="c"))
    assert scheduler.search("boats", user="a"), "another pool"
    held.go.set()
    for asking in askings:
        asking.join(10)
        assert asking.events[-1].answer.answered
    assert list(scheduler.stream(QUESTION, user="a"))[-1].answer.answered


def test_the_queue_timeout_ends_the_wait(make: Any, held: Held) -> None:
    scheduler = make(workers=1, queue_timeout=0.5)
    Asking(scheduler, "a")
    assert within(5, lambda: scheduler.running == 1)
    second = Asking(scheduler, "b")
    second.join(3)
    assert isinstance(second.error, ServiceBusy) and "waited" in str(second.error)
    assert scheduler.waiting == 0 and scheduler.running == 1


# -- stopping ----------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["closed", "cancelled"])
def test_a_waiting_question_can_be_withdrawn(make: Any, held: Held, way: str) -> None:
    scheduler = make(workers=1)
    first = Asking(scheduler, "a")
    assert within(5, lambda: scheduler.running == 1)
    if way == "closed":
        stream = scheduler.stream(QUESTION, user="b")
        assert next(stream) == Waiting(position=1)
        stream.close()
    else:
        second = Asking(scheduler, "b")
        assert within(5, lambda: scheduler.waiting == 1)
        second.cancel.set()
        second.join(1)
        assert not second.is_alive() and second.error is None
        assert not any(isinstance(e, Finished) for e in second.events)
    assert scheduler.waiting == 0
    held.go.set()
    first.join(10)
    assert len(held.seen) == 1, "the other question never reached the model"


@pytest.mark.parametrize("way", ["closed", "cancelled"])
def test_a_question_being_answered_can_be_stopped(make: Any, held: Held, way: str) -> None:
    """The model is silent as one that reads a long prompt."""
    scheduler = make(workers=1)
    cancel = threading.Event()
    stream = scheduler.stream(QUESTION, user="a", cancel=cancel)
    assert any(isinstance(event, Retrieved) for event in stream)  # heartbeats may come before and between
    assert any(isinstance(event, Quoted) for event in stream)
    assert isinstance(next(stream), Progress)
    before = time.monotonic()
    if way == "closed":
        stream.close()
    else:
        cancel.set()
        last = list(stream)[-1]
        assert last.answer.quotes and not last.answer.summarized
    assert within(2, lambda: scheduler.running == 0)
    assert time.monotonic() - before < 2
    held.go.set()
    assert list(scheduler.stream(QUESTION, user="b"))[-1].answer.answered, "the place is free again"


# -- the end -----------------------------------------------------------------------------


def test_closing_finishes_what_is_answered_and_tells_the_others(make: Any, held: Held) -> None:
    scheduler = make(workers=1)
    first = Asking(scheduler, "a")
    assert within(5, lambda: scheduler.running == 1)
    second = Asking(scheduler, "b")
    assert within(5, lambda: scheduler.waiting == 1)
    threading.Timer(0.5, held.go.set).start()
    scheduler.close(shutdown_grace=10)
    first.join(1)
    second.join(1)
    assert first.events[-1].answer.answered
    assert isinstance(second.error, ServiceBusy) and "shutting down" in str(second.error)
    with pytest.raises(ServiceBusy, match="shutting down"):
        next(scheduler.stream(QUESTION, user="a"))
    with pytest.raises(ServiceBusy, match="shutting down"):
        scheduler.ingest("x")
    assert scheduler.closing


def test_what_is_not_done_in_the_grace_is_stopped_and_keeps_its_quotes(make: Any, held: Held) -> None:
    scheduler = make(workers=1)
    first = Asking(scheduler, "a")
    assert within(5, lambda: scheduler.running == 1)
    before = time.monotonic()
    assert within(10, lambda: any(isinstance(e, Quoted) for e in first.events))  # the model writes, and is held
    scheduler.close(shutdown_grace=0.3)
    first.join(5)
    assert first.events[-1].answer.quotes and not first.events[-1].answer.summarized
    assert time.monotonic() - before < 15


# -- writing -----------------------------------------------------------------------------


def test_two_ingests_wait_for_each_other(make: Any, filled: Archive, tmp_path: Path) -> None:
    scheduler = make()
    files = [write_rows(tmp_path / f"{n}.jsonl", *many(5, first=10 * n)) for n in range(1, 5)]
    reports: list[Any] = []
    threads = [threading.Thread(target=lambda f=f: reports.append(scheduler.ingest(f))) for f in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [r.added for r in reports] == [5, 5, 5, 5]
    assert filled.doctor() == []
    assert len(scheduler.delete(["story-10", "story-20"])) == 2
    impatient = make(queue_timeout=0.1)
    assert impatient._writer.acquire()
    with pytest.raises(ArchiveLocked, match="Try again"):
        impatient.ingest(files[0])
    impatient._writer.release()
