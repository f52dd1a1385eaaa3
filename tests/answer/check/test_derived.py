"""Figures that follow from the cited words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rag.answer.check.derived import figures
from rag.answer.check.exact import without_yes_no

DAY = [datetime(2019, 8, 1, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("claim", "said", "found"),
    [
        ("It was seen by millions within 48 hours.", "It was seen by millions in two days.", {48.0}),
        ("He was jailed for four and a half years.", "He was jailed for four years and six months.", {4.5}),
        ("The odds rose to 60 percent.", "The odds rose to a three-in-five chance.", {60.0}),
        ("Three in four states have to agree.", "Three quarters of the states have to agree.", {3.0, 4.0}),
        ("She held it for four years.", "She took office in 2007 and held it until 2011.", {4.0}),
        ("54 have signed.", "All but one of the 55 members have signed.", {54.0}),
        ("It was 0.4 higher.", "One had it at 6.6, the other at 7.0.", {0.4}),
        ("He flew it in 1909.", "It was the 110th anniversary of his flight.", {1909.0}),
    ],
)
def test_a_figure_follows(claim: str, said: str, found: set[float]) -> None:
    assert found <= figures(claim, said, DAY)


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("It was seen by millions within 24 hours.", "It was seen by millions in two days."),
        ("The rate is 5.5 percent.", "The rate is 5.25 percent."),
        ("One in four agreed.", "Three quarters agreed."),
        ("She held it for five years.", "She took office in 2007 and held it until 2011."),
        ("They found 0.4 tonnes.", "One had 6.6 tonnes, the other 7.0."),
    ],
)
def test_another_figure_does_not_follow(claim: str, said: str) -> None:
    assert not figures(claim, said, DAY)


def test_an_answering_no_is_taken_off_and_a_denying_one_is_not() -> None:
    assert without_yes_no("No, the second one was higher.") == "The second one was higher."
    assert without_yes_no("No member has come.") == "No member has come."
