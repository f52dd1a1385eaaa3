"""How a question is opened, and what is left to be looked for."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieve import query
from rag.retrieve.preamble import strip_preamble

ASK = "how much will the tram cost?"


@pytest.mark.parametrize(
    "opening",
    [
        "Tell me", "Please tell me", "Can you tell me", "Could you please explain to me", "Would you kindly tell us",
        "Hi,", "Hello! Can you tell me", "I'd like to know", "I would like to know", "I want to know", "Do you know",
        "Does anyone know", "I'm wondering", "Wondering", "I wonder", "OK,", "So", "And", "Well, tell me",
        "Let me know", "Explain", "Just tell me", "Remind me", "Good morning, please tell me", "Please,",
    ],
)  # fmt: skip
def test_an_opening_is_not_looked_for(opening: str) -> None:
    assert strip_preamble(f"{opening} {ASK}") == ASK.strip()


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("Tell me about the Kellmouth tram", "the Kellmouth tram"),
        ("What can you tell me about the tram?", "the tram?"),
        ("Summarize Blinken's trip", "Blinken's trip"),
        ("Give me the cost of the tram", "the cost of the tram"),
        ("List the ministers who resigned", "the ministers who resigned"),
        ("Is it true that Blinken met Xi?", "Blinken met Xi?"),
        ("Can you summarise what Qin said?", "what Qin said?"),
    ],
)
def test_what_is_left(question: str, rest: str) -> None:
    assert strip_preamble(question) == rest


@pytest.mark.parametrize(
    "question",
    [
        ASK, "Does Qin like it?", "Can the tram be built?", "Will you be there?", "Who can you trust?",
        "State media said what?", "List prices rose by how much?", "Tell me", "Please", "Hi", "Explain", "", "?",
        "Hi-tech shares: why did they fall?", "Show trials in Moscow", "Justin Trudeau said what?", "Sophia won what?",
        "Andrew resigned why?", "Name recognition of whom?", "Welles directed what?",
        "Pleased with the deal, who spoke?", "So-called red lines: whose are they?",
        "Well-known actors who died", "Curious George was drawn by whom?",
    ],
)  # fmt: skip
def test_what_asks_by_itself_stays(question: str) -> None:
    assert strip_preamble(question) == question


@given(st.text(max_size=120))
def test_any_text_leaves_something(text: str) -> None:
    rest = strip_preamble(text)
    assert text.strip().endswith(rest) and bool(rest) == bool(text.strip())


def test_a_query_is_looked_for_without_it_and_shown_with_it() -> None:
    asked = query.build_query("Can you tell me what Qin Gang said about relations in June 2023?", k=8)
    assert asked.standalone.startswith("Can you tell me")
    assert asked.looked_for == "what Qin Gang said about relations?"
    assert (asked.speaker, asked.about) == ("Qin Gang", "relations")
    assert asked.time is not None and asked.time.phrase == "in June 2023"
    assert query.build_query("what did Qin Gang say?", k=8).sought == ""


def test_a_mere_date_is_that_day() -> None:
    asked = query.build_query("What happened last week?", k=8, today=date(2023, 6, 27))
    moment = query.build_query("What happened last week?", k=8, today=datetime(2023, 6, 27, tzinfo=UTC))
    assert asked == moment and asked.time is not None and asked.time.after is not None and asked.after is None
