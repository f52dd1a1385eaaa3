"""Names of months and days are Babel's, and of one month each."""

from __future__ import annotations

import pytest

from rag.text.calendar_names import DAYS, ENGLISH_DAYS, ENGLISH_MONTHS, MONTHS, MONTHS_IN, fold, is_bare_date
from tools import make_calendar


def test_the_file_is_what_babel_says() -> None:
    assert make_calendar.FILE.read_text("utf-8") == make_calendar.calendar()


def test_no_name_is_of_two_months() -> None:
    for months in MONTHS_IN.values():
        assert all(MONTHS[name] == number for name, number in months.items())
        assert set(months.values()) == set(range(1, 13))


def test_english_names_are_whole_and_in_order() -> None:
    assert (ENGLISH_MONTHS[0], ENGLISH_MONTHS[11], ENGLISH_DAYS[0], ENGLISH_DAYS[6]) == (
        "January", "December", "Monday", "Sunday",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("avr.", 4),
        ("Okt.", 10),
        ("ago", 8),
        ("dic", 12),
        ("Eki", 10),
        ("set", 9),
        ("ene", 1),
        ("KASIM", 11),
        ("июня", 6),
    ],
)
def test_names_are_known_in_any_spelling(name: str, number: int) -> None:
    assert MONTHS[fold(name)] == number


def test_days_are_known() -> None:
    assert {"monday", "mon", "lunes", "montag", "pazartesi"} <= DAYS


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Monday, July 8, 2019", True),
        ("Thursday 10th October 2019.", True),
        ("8 Temmuz 2019, Pazartesi", True),
        ("Montag, 8. Juli", True),
        ("2019年7月8日", True),
        ("Monday", True),
        ("6–3, 6–4", False),  # a score
        ("He may.", False),
        ("It was Monday.", False),
        ("176", False),
        ("", False),
    ],
)
def test_a_date_and_nothing_else(text: str, bare: bool) -> None:
    assert is_bare_date(text) is bare
