"""Another figure or day in the place of a claim's: the cited words contradict it; anywhere else they tell nothing."""

from __future__ import annotations

import pytest
from answer.check.judging import judged

from rag.text import parser

if not parser.available():
    pytest.skip("the parser is not installed", allow_module_level=True)

SAID = "The company sold 84 million phones in 2022, Smith said."


@pytest.mark.parametrize(
    ("claim", "said", "why"),
    [
        ("The company sold 97 million phones in 2022.", SAID, "84 million, not 97 million"),
        ("Three people died in the fire.", "Five people died in the fire on Monday.", "Five, not Three"),
        ("The vote was held on Tuesday.", "The vote was held on Monday.", "Monday, not Tuesday"),
        ("Prices rose by 5 percent.", "Prices rose by 8 percent.", "8, not 5"),
        ("The bridge cost $5 million.", "The bridge cost $8 million.", "8 million, not 5 million"),
        ("The bridge was opened in 1999.", "The bridge was opened in 2001.", "2001, not 1999"),
        ("Six of the passengers survived.", "Two of the passengers survived.", "Two, not Six"),
        ("The court jailed him for 6 years.", "The court jailed him for nine years, his lawyer said.", "nine, not 6"),
    ],
)
def test_another_figure_in_its_place_contradicts(claim: str, said: str, why: str) -> None:
    found = judged(claim, said)
    assert (found.verdict, found.why) == ("contradicted", f"the cited words give {why}")


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("The company sold 97 million phones.", "Sales fell to 84 million phones in 2022."),
        ("The company sold 97 million phones in Europe.", SAID),
        ("The company sold 97 million phones in 2022.", "The company sold 84 million phones in Europe in 2022."),
        ("The company sold 97 million phones in 2022.", "The company sold at least 84 million phones in 2022."),
        ("Apple sold 97 million phones in 2022.", "Samsung sold 84 million phones in 2022."),
        ("The bridge cost $5 million.", "The bridge could cost $8 million."),
        ("Four soldiers were wounded.", "Two soldiers were killed and three were wounded."),
        ("The quake injured 300 people.", "The quake killed 20 people and injured 200."),
        ("Three people died in the fire.", "Five children died in the fire."),
        ("Turnout was 60 percent.", "Turnout was not 58 percent, the board said."),
    ],
)
def test_a_figure_of_something_else_tells_nothing(claim: str, said: str) -> None:
    assert judged(claim, said).verdict == "not_told"


RATE = "The rate was 6.1 percent in March, up from 5.9 percent in February."


def test_a_figure_of_another_time_contradicts() -> None:
    found = judged("The rate was 5.9 percent in March.", RATE)
    assert (found.verdict, found.why) == ("contradicted", "the cited words give 6.1, not 5.9")


@pytest.mark.parametrize("claim", ["The rate was 6.1 percent in March.", "The rate was 5.9 percent in February."])
def test_a_figure_of_its_own_time_does_not(claim: str) -> None:
    assert judged(claim, RATE).verdict != "contradicted"
