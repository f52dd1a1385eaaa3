"""Days worked out from an article's date."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rag.answer.check.days import figures, months, worked_out

MONDAY = datetime(2019, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("It caught fire on Saturday morning.", date(2019, 1, 5)),
        ("As of yesterday, no cause was known.", date(2019, 1, 6)),
        ("They meet tomorrow.", date(2019, 1, 8)),
        ("They met today.", date(2019, 1, 7)),
        ("They met on Monday.", date(2018, 12, 31)),
        ("They meet next Tuesday.", date(2019, 1, 8)),
    ],
)
def test_a_day_is_worked_out(text: str, day: date) -> None:
    assert day in worked_out(text, [MONDAY])
    assert {float(day.day), float(day.year)} <= figures(text, [MONDAY])


def test_months_and_years_are_worked_out() -> None:
    assert months("It was sanctioned earlier in the month.", [MONDAY]) == {"january"}
    assert months("It was sanctioned last month.", [MONDAY]) == {"december"}
    assert months("It was shut on Sunday.", [datetime(2019, 9, 1, tzinfo=UTC)]) == {"september", "august"}
    assert figures("It was sanctioned last year.", [MONDAY]) == {2018.0}
    assert figures("It was sanctioned on 4 March.", [MONDAY]) == {2019.0}


def test_without_a_date_nothing_is_worked_out() -> None:
    assert worked_out("It caught fire on Saturday.", []) == set()
    assert figures("It caught fire on Saturday.", [MONDAY]) != set()
    assert figures("It caught fire.", [MONDAY]) == set()
