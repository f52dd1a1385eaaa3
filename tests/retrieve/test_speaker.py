"""Questions for somebody's own words, whom a name may mean, and which quotes come first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieve import speaker
from rag.retrieve.speaker import SpeakerRequest, deduplicate, match, parse_speaker, rank
from rag.types import Quote

BY_THEIR_WORDS = [
    ("what did Qin Gang say about relations?", "Qin Gang", "relations"),
    ("And what did the Chinese foreign minister tell Blinken about Taiwan?", "the Chinese foreign minister", "Taiwan"),
    ("How did Erdoğan describe the earthquake?", "Erdoğan", "the earthquake"),
    ("What was Biden's response to the strike?", "Biden", "the strike"),
    ("what were the comments of Maren Holt on the bridge", "Maren Holt", "the bridge"),
    ("According to Powell, what will happen to rates?", "Powell", "what will happen to rates"),
    ("What will happen to rates, according to Powell?", "Powell", "What will happen to rates"),
    ("Did Putin say that he would withdraw?", "Putin", "he would withdraw"),
    ("What has Zelensky said on grain?", "Zelensky", "grain"),
    ("what did Musk tweet?", "Musk", None),
    ("quotes by Greta Thunberg about coal", "Greta Thunberg", "coal"),
    ("Tell me what Qin Gang said about relations.", "Qin Gang", "relations"),
    ("Can you explain what the finance minister has promised on taxes?", "the finance minister", "taxes"),
]
NOBODYS = [
    "who said that relations are at the lowest point?",
    "what did he say about it?",
    "what does the article say about relations?",
    "What is the germiest place, according to a new study?",
    "what do you call a baby goat?",
    "what is called the red planet?",
    "what does a high coefficient mean?",
    "what happened in Beijing?",
    "what is said about relations?",
    "what was announced on Monday?",
    "How did Biden persuade OPEC+ to call off its cut?",
    "Have Delaware and Penn State ever met in football?",
    "What did Brent crude cost after OPEC+ announced its cut?",
    "What object told the astronauts that they were weightless?",
    "did portland beat golden state more than once?",
    "Has Trump answered Biden's remark about a rematch?",
    "what he said about it",
    "what the report said about coal",
    "why did the bridge close?",
    "",
    "?",
]


@pytest.mark.parametrize(("question", "speaker", "about"), BY_THEIR_WORDS)
def test_a_question_for_somebodys_words_says_whose_and_what_about(
    question: str, speaker: str, about: str | None
) -> None:
    assert parse_speaker(question) == SpeakerRequest(speaker, about)


@pytest.mark.parametrize("question", NOBODYS)
def test_other_questions_are_for_nobodys_words(question: str) -> None:
    assert parse_speaker(question) is None


@given(st.text(max_size=200))
def test_any_text_can_be_asked(text: str) -> None:
    found = parse_speaker(text)
    assert found is None or (found.speaker.strip() and found.about != "")


KNOWN = [
    ("Qin Gang", "Chinese foreign minister", 4),
    ("Qin", None, 1),
    ("Joe Biden", "US President", 9),
    ("Hunter Biden", None, 2),
    ("Recep Tayyip Erdoğan", "president", 1),
    ("a police spokesman", None, 3),
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Qin Gang", ["Qin Gang"]),
        ("qin", ["Qin Gang", "Qin"]),
        ("the Chinese foreign minister", ["Qin Gang"]),
        ("President Biden", ["Joe Biden"]),
        ("Biden", ["Joe Biden", "Hunter Biden"]),
        ("Erdogan", ["Recep Tayyip Erdoğan"]),
        ("police", ["a police spokesman"]),
        ("Liu Qin", ["Qin"]),  # an article that says no more may mean him
        ("Gang Wu", []),
        ("the", []),
        ("", []),
    ],
)
def test_whom_a_name_may_mean(wanted: str, found: list[str]) -> None:
    assert [name for name, _ in match(wanted, KNOWN)] == found


def quote(words: str, *, speaker: str = "Ann Lee", source: str = "Post", day: int = 1, start: int = 0) -> Quote:
    return Quote(
        speaker=speaker,
        direct=True,
        quote=words,
        article_id=source,
        start=start,
        end=start + len(words),
        sentence=f"“{words},” she said.",
        title="News",
        source=source,
        published=datetime(2023, 6, day, tzinfo=UTC),
    )


def by_letters(texts: Sequence[str]) -> np.ndarray:
    """Vectors by the letters of a text: alike texts have like ones."""
    counts = np.array([[t.casefold().count(c) + 1e-6 for c in "abcdefghijklmnopqrstuvwxyz"] for t in texts], np.float32)
    return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def test_quotes_about_something_come_first_and_none_is_lost() -> None:
    quotes = [quote(f"we like the weather, {n}", start=n) for n in range(20)] + [
        quote("the tram will cost more", start=99)
    ]
    ranked = rank(quotes, "the tram's cost", passage_of={}, stored={}, embed=by_letters)
    assert ranked[0].quote == "the tram will cost more"
    assert sorted(q.start for q in ranked) == sorted(q.start for q in quotes)
    assert rank(quotes, None, passage_of={}, stored={}, embed=by_letters) == quotes


def test_only_a_dozen_quotes_are_embedded() -> None:
    seen: list[int] = []

    def embed(texts: Sequence[str]) -> np.ndarray:
        seen.append(len(texts))
        return by_letters(texts)

    rank([quote(f"number {n}", start=n) for n in range(300)], "number", passage_of={}, stored={}, embed=embed)
    assert sum(seen) <= 1 + speaker.CLOSELY


def test_the_same_words_of_one_speaker_stand_once_and_name_the_other_outlets() -> None:
    quotes = [
        quote("It is over."),
        quote("It is over", source="Herald"),
        quote("It is over", speaker="Bo Dahl", source="Echo"),
        quote("It is over!", source="Herald", day=2),
    ]
    kept = deduplicate(quotes)
    assert [(q.speaker, q.source, q.also_published_by) for q in kept] == [
        ("Ann Lee", "Post", ("Herald",)),
        ("Bo Dahl", "Echo", ()),
    ]
