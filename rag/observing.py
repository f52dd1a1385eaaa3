"""Who watches how questions are answered: what is measured of each, and told to metrics and traces.

A question's work is a generator that one thread after the other may drive, so what is measured goes into a context of
the question's own. Where nobody watches, nothing is measured: a stage is one look at a variable.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from rag.types import Answer, Event, Finished

Stage = Literal["plan", "retrieve", "read", "generate", "check"]
"""What answering consists of: the question understood, passages found, quotes chosen, a summary written and checked."""
Outcome = Literal["answered", "refused", "stopped", "failed"]

T = TypeVar("T")


@dataclass
class Span:
    """A stage of one question; it may have been come back to."""

    start: int
    """When it began, in nanoseconds since the epoch."""
    end: int
    """When it was last left."""
    seconds: float = 0.0
    """How long it was worked at."""
    times: int = 0
    """How often it was entered."""


@dataclass
class Observation:
    """What was measured of one question."""

    question: str
    start: int = 0
    end: int = 0
    """Nanoseconds since the epoch."""
    seconds: float = 0.0
    stages: dict[Stage, Span] = field(default_factory=dict)
    outcome: Outcome = "stopped"
    answer: Answer | None = None
    error: BaseException | None = None

    @contextmanager
    def measure(self, stage: Stage) -> Iterator[None]:
        """Measure a piece of work of a stage."""
        start, began = time.time_ns(), time.perf_counter()
        try:
            yield
        finally:
            span = self.stages.setdefault(stage, Span(start, start))
            span.seconds += time.perf_counter() - began
            span.times += 1
            span.end = time.time_ns()


class Observer(Protocol):
    """Somebody who watches. Called from the thread that answers; must not raise, nor take long."""

    def began(self) -> object:
        """A question begins; what is returned is given back at its end."""

    def ended(self, told: Observation, began: object) -> None:
        """A question has ended, one way or another."""

    def close(self) -> None:
        """The archive is closed."""


_current: ContextVar[Observation | None] = ContextVar("onrecord_observation", default=None)
_NOTHING: AbstractContextManager[None] = nullcontext()


def stage(name: Stage) -> AbstractContextManager[None]:
    """Measure the work within as a stage of the question that is being answered, where somebody watches.

    Must not be left open over a ``yield``.
    """
    told = _current.get()
    return told.measure(name) if told is not None else _NOTHING


def staged(name: Stage, items: Iterable[T]) -> Iterator[T]:
    """Items, with the time that each takes to come measured as a stage."""
    told = _current.get()
    if told is None:
        yield from items
        return
    found = iter(items)
    while True:
        with told.measure(name):
            try:
                item = next(found)
            except StopIteration:
                return
        yield item


def watched(
    question: str, events: Generator[Event, None, None], observers: Sequence[Observer]
) -> Generator[Event, None, None]:
    """The events of a question; observers are told of it when it has ended."""
    return _watch(question, events, tuple(observers)) if observers else events


def _watch(
    question: str, events: Generator[Event, None, None], observers: Sequence[Observer]
) -> Generator[Event, None, None]:
    told = Observation(question)
    began = [observer.began() for observer in observers]
    context = copy_context()
    context.run(_current.set, told)
    told.start, since = time.time_ns(), time.perf_counter()
    try:
        while True:
            try:
                event = context.run(next, events)
            except StopIteration:
                return
            if isinstance(event, Finished):
                told.answer = event.answer
                told.outcome = _outcome(event.answer)
            yield event
    except GeneratorExit:
        raise
    except BaseException as e:
        told.outcome, told.error = "failed", e
        raise
    finally:
        context.run(events.close)
        told.end, told.seconds = time.time_ns(), time.perf_counter() - since
        for observer, what in zip(observers, began, strict=True):
            observer.ended(told, what)


def _outcome(answer: Answer) -> Outcome:
    if answer.reason == "cancelled":
        return "stopped"
    return "answered" if answer.answered else "refused"


__all__ = ["Observation", "Observer", "Outcome", "Span", "Stage", "stage", "staged", "watched"]
