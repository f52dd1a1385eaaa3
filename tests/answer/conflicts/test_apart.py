"""Two things of a kind, or of one name, are no disagreement."""

from __future__ import annotations

import pytest

from rag.answer.conflicts import apart
from rag.text.tokens import terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Port 3 handled 307 ships in April.", "Port 1 handled 107 ships in April."),
        (
            "Mayor Lee said that bridge 7 would cost 7 million euros.",
            "Mayor Lee said that bridge 5 would cost 5 million.",
        ),
        ("As of the 2016 census, Quillham had 11,012 people.", "As of the 2011 census, Quillham had 3,998 people."),
        ("Harbour fees brought in 4 million in the 2023 budget.", "The 2024 budget has 6 million of harbour fees."),
    ],
)
def test_numbers_and_years_tell_things_of_a_kind_apart(one: str, other: str) -> None:
    assert apart.of_two(one, other)
    assert not apart.of_two(one, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The fire killed 3 people on June 5.", "The fire killed 5 people on June 6."),
        ("Police counted 40 cars.", "Police counted 60 cars."),
        ("The ferry sank in 2016.", "The ferry sank in 2011."),
        ("Some 2,016 people marched.", "Some 1,950 people marched."),
    ],
)
def test_a_figure_or_a_day_is_no_things_number(one: str, other: str) -> None:
    assert not apart.of_two(one, other)


def test_one_name_in_two_places() -> None:
    asked = frozenset(terms("How many people live in Lost Quarry, and does Maren Holt?"))
    kansas = "Lost Quarry, Kansas, has a school. The town had 70 people in 2010."
    assert apart.placed_apart(asked, kansas, "Lost Quarry, Wyoming. The town had 4 people in 2010.")
    assert not apart.placed_apart(asked, kansas, "Lost Quarry, Kansas. The town had 72 people in 2010.")
    assert not apart.placed_apart(asked, kansas, "Lost Quarry had 4 people in 2010.")
    assert not apart.placed_apart(asked, kansas, "Lost Quarry, Marion County, is a town of Kansas.")
    # Another name of the text, and a list.
    assert not apart.placed_apart(
        frozenset(terms("Who lives there?")), kansas, "Lost Quarry, Wyoming. The town had 4 people in 2010."
    )
    # What follows a name may be who somebody is.
    assert not apart.placed_apart(asked, "Maren Holt, director of the port", "Maren Holt, Port Authority director")


@pytest.mark.parametrize(
    ("text", "earlier", "wanted"),
    [
        ("Quillham had 10,929 people in 2021, down from the 11,012 counted in 2016.", 11012, True),
        ("The toll rose from 12 to 15 people.", 12, True),
        ("The toll rose from 12 to 15 people.", 15, False),
        ("They are 40 now, down slightly from the 52 counted in March.", 52, True),
        ("The council raised the sum from 1.2 million to 1.5 million crowns.", 1_200_000, True),
        ("The council raised the sum from 1.2 million to 1.5 million crowns.", 1_500_000, False),
        ("Police said 40 people marched; the organisers counted 300.", 40, False),
        ("The bus came from Quillham with 40 people.", 40, False),
    ],
)
def test_what_was_before_is_told_as_that(text: str, earlier: float, wanted: bool) -> None:
    assert apart.tells_change(text, frozenset({float(earlier)})) is wanted
