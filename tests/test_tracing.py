"""Spans of a question's stages: what they hold, and that they cost nothing where nobody wants them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from helpers import fill, many
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from rag import Archive, Settings, errors, observing
from rag.service.scheduler import RequestScheduler
from rag.testing import FakeChat
from rag.tracing import Traces, within

QUESTION = "How many boats had storm0002 damaged?"
STAGES = ["plan", "retrieve", "read", "generate", "check"]


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    yield exporter
    exporter.shutdown()


@pytest.fixture
def traced(archive: Archive, chat: FakeChat, spans: InMemorySpanExporter) -> Archive:
    chat.replies = ["A storm named storm0002 had damaged 12 boats. [1]"]
    fill(archive, *many(5))
    archive.observers.append(traces(spans))
    return archive


def traces(spans: InMemorySpanExporter, **options: Any) -> Traces:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return Traces(provider, **options)


def test_a_span_a_question_and_one_a_stage(traced: Archive, spans: InMemorySpanExporter) -> None:
    answer = traced.ask(QUESTION)
    assert answer.answered and answer.summarized
    *stages, whole = spans.get_finished_spans()
    assert [s.name for s in stages] == STAGES and whole.name == "question"
    for span in stages:
        assert span.parent is not None and span.parent.span_id == whole.context.span_id
        assert whole.start_time <= span.start_time <= span.end_time <= whole.end_time
        assert 0 <= span.attributes["onrecord.seconds"] <= (whole.end_time - whole.start_time) / 1e9
    assert whole.attributes["onrecord.outcome"] == "answered"
    assert whole.attributes["onrecord.passages"] == len(answer.hits)


def test_no_words_unless_asked_for(traced: Archive, spans: InMemorySpanExporter) -> None:
    traced.ask(QUESTION)
    told = " ".join(str(dict(s.attributes or {})) + s.name + str(s.events) for s in spans.get_finished_spans())
    assert told and not any(word in told for word in ("storm0002", "boats", "Port", "Outlet"))
    spans.clear()
    traced.observers[-1] = traces(spans, words=True)
    traced.ask(QUESTION)
    whole = spans.get_finished_spans()[-1]
    assert whole.attributes["onrecord.question"] == QUESTION and "12 boats" in whole.attributes["onrecord.answer"]


def test_refused_failed_and_left(traced: Archive, chat: FakeChat, spans: InMemorySpanExporter) -> None:
    traced.ask("Who wrote the anthem of Chile?", chat_model="none")
    refused = spans.get_finished_spans()[-1]
    assert refused.attributes["onrecord.outcome"] == "refused" and refused.attributes["onrecord.reason"]
    chat.replies = [RuntimeError("storm0002 is secret")]
    with pytest.raises(errors.ModelFailed):
        traced.ask(QUESTION)
    failed = spans.get_finished_spans()[-1]
    assert failed.attributes["onrecord.outcome"] == "failed"
    assert failed.status.description == "ModelFailed" and not failed.events, "its message may quote an article"
    events = traced.stream(QUESTION)
    next(iter(events))
    events.close()  # type: ignore[attr-defined]
    assert spans.get_finished_spans()[-1].attributes["onrecord.outcome"] == "stopped"


def test_two_questions_in_turn_by_one_thread(traced: Archive, spans: InMemorySpanExporter) -> None:
    one, two = traced.stream(QUESTION), traced.stream(QUESTION, chat_model="none")
    for _ in range(100):
        if next(iter(one), None) is None and next(iter(two), None) is None:
            break
    found = spans.get_finished_spans()
    wholes = {s.context.span_id: [t.name for t in found if t.parent and t.parent.span_id == s.context.span_id]
              for s in found if s.name == "question"}  # fmt: skip
    assert sorted(wholes.values(), key=len) == [STAGES[:3], STAGES]


def test_it_goes_on_from_the_client_through_the_queue(traced: Archive, spans: InMemorySpanExporter) -> None:
    scheduler = RequestScheduler(traced, workers=1)
    ident = "0af7651916cd43dd8448eb211c80319c"
    with within({"traceparent": f"00-{ident}-b7ad6b7169203331-01"}):
        list(scheduler.stream(QUESTION, user="a"))
    scheduler.close(0)
    assert {f"{s.context.trace_id:032x}" for s in spans.get_finished_spans()} == {ident}


def test_nothing_is_measured_where_nobody_watches(
    archive: Archive, chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(archive, *many(3))
    monkeypatch.setattr(observing.Observation, "measure", lambda *_: pytest.fail("measured"))
    archive.ask("storm0002", chat_model="none")
    assert observing.stage("plan") is observing.stage("read"), "one thing that does nothing"


def test_without_the_extra(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(errors.ExtraMissing, match=r"onrecord\[otel\]"):
        Archive.open(settings=Settings(archive=tmp_path, traces=True))
