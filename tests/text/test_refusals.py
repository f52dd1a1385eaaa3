"""How a refusal reads: every reason, in every language that has one."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

import pytest

from rag.text.lexicon import having
from rag.text.refusals import archive_size, language_of, refusal
from rag.text.word_lists import ArchiveSize, Refusals
from rag.types import Reason

LANGUAGES = sorted(having(Refusals))


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_language_says_every_reason_in_words_of_its_own(reason: Reason) -> None:
    texts = [refusal(reason, language) for language in LANGUAGES]
    assert len(set(texts)) == len(LANGUAGES) >= 6
    assert all(text.strip() == text and text.endswith((".", "。")) for text in texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reasons_of_a_language_differ(language: str) -> None:
    texts = [refusal(reason, language) for reason in get_args(Reason)]
    assert len(set(texts)) == len(texts)


def test_a_language_that_is_not_among_ours_is_told_in_english() -> None:
    assert refusal("taken_down", "fi") == refusal("taken_down", "en")


def test_a_reason_has_one_text() -> None:
    assert Refusals._fields == get_args(Reason)
    assert {len(texts) for refusals in having(Refusals).values() for texts in refusals} == {1}


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_large_the_archive_is_is_told_in_the_language_of_the_refusal(language: str) -> None:
    assert set(having(ArchiveSize)) == set(LANGUAGES)
    first, last = datetime(2023, 6, 1), datetime(2023, 7, 2)
    told = archive_size(language, 1234, 7, first, last)
    assert "1,234" in told and "7" in told and "2023" in told
    assert ("June" in told) == (language == "en")
    assert archive_size(language, 1234, 0, None, None)[:8] == told[:8]


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Warum wurde die Brücke am Montag geschlossen?", "de"),
        ("Почему закрыли мост в понедельник?", "en"),
        ("Combien de temps a duré la rencontre entre Xi et Blinken ?", "fr"),
        ("Was Ty Cobb America's first real celebrity?", "en"),
        ("Wie lange dauerte das Gespräch zwischen Xi und Blinken?", "de"),
    ],
)
def test_a_question_is_refused_in_its_own_language_or_in_english(question: str, language: str) -> None:
    assert language_of(question) == language
