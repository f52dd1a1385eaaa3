"""Which questions ask for a course of events, and what about."""

from __future__ import annotations

import json

import pytest
from helpers import ROOT

from rag.retrieve import course
from rag.text import parser

UNSEEN = [json.loads(line) for line in (ROOT / "benchmarks/fit/course_unseen.jsonl").read_text("utf-8").splitlines()]
NEWSROOM = ROOT.parent / "shared/data/newsroom-questions/dev.jsonl"


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "tr", "zh"])
def test_most_questions_for_a_course_of_events_are_known(language: str) -> None:
    asked = [row["question"] for row in UNSEEN if row["lang"] == language]
    assert sum(map(course.asks_for_course, asked)) >= 0.7 * len(asked)


@pytest.mark.parametrize(
    "question",
    [
        "When did the bridge collapse happen?",
        "How many people died after the bridge collapse?",
        "Who took over after Maria Keller resigned?",
        "What did the mayor say after the strike?",
        "Wie viele Menschen starben beim Fährunglück?",
        "Qui a été arrêté après la grève du port ?",
        "¿Quién fue detenido después de la huelga?",
        "Liman grevi ne zaman başladı?",
        "港口罢工是什么时候开始的？",
        "",
        "???",
    ],
)
def test_questions_for_a_single_fact_are_none(question: str) -> None:
    assert not course.asks_for_course(question)


@pytest.mark.skipif(not NEWSROOM.exists(), reason="the newsroom questions are not there")
def test_ordinary_questions_of_a_newsroom_are_none() -> None:
    asked = [json.loads(line)["question"] for line in NEWSROOM.read_text("utf-8").splitlines()]
    assert sum(map(course.asks_for_course, asked)) <= 1


KELLER = "Maria Keller"


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("How did the harbour strike unfold?", ("harbour strike", "", "")),
        ("Give me a timeline of Maria Keller's trial.", ("Give Maria Keller trial", KELLER, "")),
        ("What happened after Maria Keller left?", ("Maria Keller left", KELLER, "Maria Keller left")),
        ("Was geschah nach der Wahl von Maria Keller?", ("Wahl Maria Keller", "", "Wahl von Maria Keller")),
        ("港口罢工的时间线", ("港口罢工的", "", "")),
    ],
)
def test_what_it_is_about(question: str, topic: tuple[str, str, str]) -> None:
    found = course.topic(question)
    assert (found.words, found.names, found.since) == topic


@pytest.mark.skipif(not parser.available(), reason="the parser is not installed")
def test_of_the_event_it_begins_with_the_nouns_count() -> None:
    found = course.topic("What happened after the harbour strike began on Monday?")
    assert (found.words, found.names) == ("harbour strike", "")
    assert found.since == "the harbour strike began on Monday"


@pytest.mark.skipif(not parser.available(), reason="the parser is not installed")
@pytest.mark.parametrize(
    ("question", "words", "names", "until"),
    [
        ("What happened before the harbour strike began?", "harbour strike", "", "the harbour strike began"),
        ("What happened before Maria Keller left?", "Maria Keller left", KELLER, "Maria Keller left"),
        ("Was geschah vor der Wahl von Maria Keller?", "Wahl Maria Keller", "", "Wahl von Maria Keller"),
    ],
)
def test_what_it_ends_with(question: str, words: str, names: str, until: str) -> None:
    found = course.topic(question)
    assert (found.words, found.names, found.since, found.until) == (words, names, "", until)
