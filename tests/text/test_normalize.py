"""Texts in one form: for storing, for comparing and for showing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.normalize import contains, normalise, printable, strip_accents, tidy


@given(st.text(max_size=120))
def test_tidying_twice_changes_nothing_more(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


def test_quotes_dashes_and_spaces_are_of_one_kind() -> None:
    assert normalise("“It’s\u00a0– well —  so”") == '"it\'s - well - so"'


@pytest.mark.parametrize(
    ("text", "quote", "held"),
    [
        ("He called it “a dead end”.", "a dead end,", True),
        ("He called it a dead ending.", "a dead end", False),
        ("秦刚会见布林肯。", "会见", True),
        ("anything", "…", False),
    ],
)
def test_words_stand_in_a_text_whole(text: str, quote: str, held: bool) -> None:
    assert contains(text, quote) == held


def test_marks_are_taken_off_letters() -> None:
    assert strip_accents("Gdańsk, Erdoğan, Łódź") == "Gdansk, Erdogan, Łodz"


def test_control_characters_are_shown_as_such() -> None:
    assert printable("a\x1b[2J\tb\r\n\x9b") == "a\ufffd[2J\tb\ufffd\n\ufffd"
    assert printable("a\r\n", carriage_returns=True) == "a\r\n"
