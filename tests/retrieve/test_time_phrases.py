"""Some fifty times as questions name them, each in six languages: what they come to, and which language they are in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rag.retrieve.timeref import find
from rag.retrieve.timeref_frames import with_grace
from rag.text.detect import detect_question

TODAY = datetime(2023, 6, 20, 15, 30, tzinfo=UTC)  # a Tuesday
DAY = timedelta(days=1)

_HEAD, *_ROWS = (Path(__file__).parent / "time_phrases.tsv").read_text("utf-8").splitlines()
LANGUAGES = _HEAD.split("\t")[1:]
PHRASES = [
    (language, question, row.split("\t")[0])
    for row in _ROWS
    for language, question in zip(LANGUAGES, row.split("\t")[1:], strict=True)
]


def read_day(text: str) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def wanted(when: str) -> tuple[datetime | None, datetime | None]:
    """The bounds that stand for a day, "first/last", "first/" or "/last"."""
    first, slash, last = when.partition("/")
    after, end = read_day(first), read_day(last if slash else first)
    before = end + DAY if end else None
    return with_grace((after, before)) if after and before else (after, before)


def test_there_are_at_least_fifty_a_language() -> None:
    assert len(_ROWS) >= 50
    assert LANGUAGES == ["en", "de", "es", "fr", "tr", "zh"]


@pytest.mark.parametrize(("language", "question", "when"), PHRASES)
def test_what_a_time_comes_to(language: str, question: str, when: str) -> None:
    found = find(question, TODAY, detect_question(question))
    if when == "none":
        assert found is None
    elif when == "latest":
        assert found is not None and found.kind == "latest"
    else:
        assert found is not None and (found.after, found.before) == wanted(when)
        assert question[found.start : found.end] == found.phrase


@pytest.mark.parametrize(
    "question",
    [
        "Does a governor's pardon wipe a conviction off someone's record?",
        "Was Ty Cobb America's first real celebrity?",
        "Do Louise Fletcher's autographs come free?",
        "Do plesiosaurs count as dinosaurs?",
        "Will Delaware's Justice Department publish a report on Richard Talbot’s death?",
        "Could you get Jet's Pizza's Pi Day discount?",
    ],
)
def test_an_english_question_without_a_stop_word_is_english(question: str) -> None:
    assert detect_question(question) == "en"


@pytest.mark.parametrize(("language", "question", "when"), PHRASES)
def test_a_short_question_is_taken_for_its_own_language(language: str, question: str, when: str) -> None:
    assert detect_question(question) == language


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("de", "Woran litt Ada Birk?"),
        ("de", "Womit handelt Haldane Lines?"),
        ("tr", "Ada Birk kimdir?"),
        ("tr", "Ada Birk nerelidir?"),
        ("tr", "Kimin gemisi Linnet?"),
        ("en", "Was Ada Birk the heir?"),
    ],
)
def test_a_short_question_is_told_by_a_form_of_what_it_is_asked_with(language: str, question: str) -> None:
    assert detect_question(question) == language
