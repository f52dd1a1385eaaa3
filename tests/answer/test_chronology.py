"""A question for a course of events is answered by a timeline."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from helpers import row, write_rows

from rag import Archive
from rag.answer.chronology import _until
from rag.text import parser
from rag.timelines import shown_day
from rag.types import Answer, Delta, Finished, Quoted, Retrieved

pytestmark = pytest.mark.skipif(not parser.available(), reason="the parser is not installed")

ROWS = [
    row(
        "open",
        "The harbour strike ended yesterday.",
        title="Harbour strike ends",
        published="2021-06-20",
        source="Post",
    ),
    row(
        "begin",
        "The harbour strike began on 3 May 2021. Dockers want more pay.",
        title="Strike",
        published="2021-05-05",
    ),
    row(
        "talks",
        "Talks on the harbour strike failed on Friday.",
        title="Harbour strike: talks fail",
        published="2021-05-24",
    ),
    row("other", "The lighthouse keeper retired on 7 May 2021.", title="Lighthouse", published="2021-05-08"),
]
COURSE = "How did the harbour strike unfold?"


@pytest.fixture
def strike(archive: Archive, tmp_path: Path) -> Archive:
    archive.ingest(write_rows(tmp_path / "rows.jsonl", *ROWS))
    return archive


def told(answer: Answer) -> list[tuple[str, str]]:
    return [c.days[0] for c in answer.quotes]


def test_the_quotes_are_the_events_in_the_order_of_their_days(strike: Archive) -> None:
    answer = strike.ask(COURSE)
    assert answer.timeline == "harbour strike" and answer.answered and not answer.summarized
    assert told(answer) == [("3 May 2021", "3 May 2021"), ("on Friday", "21 May 2021"), ("yesterday", "19 June 2021")]
    assert [c.number for c in answer.quotes] == [1, 2, 3]
    for c in answer.citations:
        assert strike.get(c.article_id).text[c.start : c.end] == c.quote
        assert answer.text[slice(*c.claim)] == " ".join(c.quote.split())
    assert Answer.model_validate_json(answer.model_dump_json(by_alias=True)) == answer


def test_events_come_as_of_any_answer(strike: Archive) -> None:
    events = list(strike.stream(COURSE))
    assert [type(e) for e in events] == [Retrieved, Quoted, Delta, Delta, Delta, Finished]
    assert events[-1].answer.text == "".join(e.text for e in events if isinstance(e, Delta))


def test_what_happened_after_begins_with_that(strike: Archive) -> None:
    answer = strike.ask("What happened after the harbour strike began?")
    assert answer.timeline == "harbour strike"
    days = [when for _, when in told(answer)]
    assert days == ["3 May 2021", "21 May 2021", "19 June 2021"][-len(days) :] and len(days) >= 2


@pytest.mark.parametrize(
    ("question", "days"),
    [
        ("What happened before the harbour strike ended?", ["1 March 2021", "3 May 2021", "21 May 2021"]),
        ("What happened before the harbour strike began?", ["1 March 2021"]),
    ],
)
def test_what_happened_before_ends_with_that(strike: Archive, tmp_path: Path, question: str, days: list[str]) -> None:
    long_ago = row(
        "long",
        "The harbour strike began on Monday. Talks on pay had broken down on 1 March.",
        title="Harbour strike",
        published="2021-05-04",
    )
    strike.ingest(write_rows(tmp_path / "more.jsonl", long_ago))
    answer = strike.ask(question)
    assert answer.timeline == "harbour strike"
    assert [when for _, when in told(answer)] == days


def test_before_what_no_day_is_told_of_is_no_timeline(strike: Archive) -> None:
    assert strike.ask("What happened before the harbour strike began?").timeline is None  # nothing is told of that


@pytest.mark.parametrize(
    ("event", "before"),
    [
        ("the strike ended", ["3 May 2021", "21 May 2021"]),
        ("the harbour strike of elderly dockers ended in bitterness", ["3 May 2021", "21 May 2021"]),  # half its words
        ("the harbour strike of elderly dockers ended in bitterness and anger", []),  # fewer
        ("dockers sang", []),
    ],
)
def test_an_event_is_found_by_its_words(strike: Archive, event: str, before: list[str]) -> None:
    alike = SimpleNamespace(embedding_cache=lambda texts: np.ones((len(texts), 1), np.float32))
    entries = strike.timeline("harbour strike").entries
    assert [shown_day(e) for e in _until(cast(Any, alike), entries, event)] == before


def test_filters_hold(strike: Archive) -> None:
    assert strike.ask(COURSE, sources=["Post"]).timeline is None  # one event is no course
    bounded = strike.ask(COURSE, after=date(2021, 5, 20))
    assert [when for _, when in told(bounded)] == ["21 May 2021", "19 June 2021"]


@pytest.mark.parametrize("question", ["When did the harbour strike begin?", "How did the Zanzibar election unfold?"])
def test_other_questions_are_answered_as_ever(strike: Archive, question: str) -> None:
    assert strike.ask(question).timeline is None


@pytest.mark.parametrize(
    ("question", "days"),
    [
        ("What happened on 3 May 2021?", ["3 May 2021"]),
        ("What happened on 21 May 2021?", ["21 May 2021"]),
        ("What happened in May 2021?", ["3 May 2021", "7 May 2021", "21 May 2021"]),
        ("Was geschah am 7. Mai 2021?", ["7 May 2021"]),
        ("What happened last month?", ["3 May 2021", "7 May 2021", "21 May 2021"]),
        ("What happened yesterday?", ["19 June 2021"]),
        ("What happened this week?", ["19 June 2021"]),
    ],
)
def test_a_question_that_names_a_time_and_nothing_else(strike: Archive, question: str, days: list[str]) -> None:
    answer = strike.ask(question, today=date(2021, 6, 20))
    assert answer.answered and answer.timeline
    assert [when for _, when in told(answer)] == days


@pytest.mark.parametrize("question", ["What happened on 4 May 2021?", "What happened in March 2020?"])
def test_a_time_of_which_nothing_is_told_is_refused(strike: Archive, question: str) -> None:
    answer = strike.ask(question)
    assert (answer.answered, answer.reason, answer.citations) == (False, "not_in_archive", ())
    assert strike.ask("What ended on 4 May 2021?").timeline is None  # which names more


def test_an_empty_archive_refuses(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "rows.jsonl", ROWS[0]))
    archive.delete("open")
    assert archive.ask(COURSE).reason == "empty_archive"


def test_it_is_shown_as_a_timeline(strike: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    from rag import shown
    from rag.cli.printing import AnswerPrinter

    answer = strike.ask(COURSE)
    assert shown.head(answer) == "Timeline: harbour strike" and shown.head(None) == "Quotes"
    AnswerPrinter().finish(answer)
    printed = capsys.readouterr()
    days = [printed.out.index(day) for day in ("3 May 2021", "on Friday, 21 May 2021", "yesterday, 19 June 2021")]
    assert days == sorted(days) and "Timeline: harbour strike" in printed.err
