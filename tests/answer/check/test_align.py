# ruff: noqa: E501  sentences of the news are as long as they are
"""A claim beside the words it cites: leaving out what governs is seen, leaving out what hangs below is not."""

from __future__ import annotations

import pytest
from helpers import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer.check import align
from rag.text import parser
from rag.text.parser import Word

if not parser.available():
    pytest.skip("the parser is not installed", allow_module_level=True)


def told(claim: str, *said: str, **more: object) -> align.Differences:
    trees = parser.trees([claim, *said])
    return align.differences(trees[:1], trees[1:], **more)  # type: ignore[arg-type]


LEFT_OUT = [
    ("Critics say the dam will flood nine villages.", "The dam will flood nine villages.", "said_root"),
    ("The rebels claimed that they had shot down two helicopters.", "The rebels shot down two helicopters.", "said_root"),
    ("The vehicle may have struck victims on the road.", "The vehicle struck victims on the road.", "unsure_root"),
    ("If the storm strengthens, it will be named Chantal.", "The storm will be named Chantal.", "condition"),
    ("The bank plans to close nine branches.", "The bank closed nine branches.", "plan_root"),
    ("The council did not approve the budget.", "The council approved the budget.", "negation"),
    ("The council approved the budget.", "The council did not approve the budget.", "negation"),
    ("No injuries were recorded in the city.", "Injuries were recorded in the city.", "negation"),
    ("Up to 5,000 homes were damaged.", "5,000 homes were damaged.", "bound"),
    ("The hall cost 9.6 million crowns, 1.1 million more than planned.", "The hall cost 1.1 million crowns.", "bound"),
    ("She is three years older than Brandt.", "She is three years old.", "bound"),
    ("There are 212 hives, 18 more than a year before.", "There are 18 hives.", "bound"),
    ("Police arrested two suspected attackers.", "Police arrested two attackers.", "private"),
    ("Some members of the party opposed the bill.", "All members of the party opposed the bill.", "universal"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "claim", "what"), LEFT_OUT)
def test_what_governs_may_not_be_left_out(said: str, claim: str, what: str) -> None:
    assert getattr(told(claim, said), what) > 0
    assert getattr(told(said, said), what) == 0


BELOW = [
    ("The council, which met on Monday, approved the budget for schools.", "The council approved the budget."),
    ("Maren Holt, the director, closed the old bridge in March.", "Maren Holt closed the bridge."),
    ("The company sold its ships and its docks to a bank.", "The company sold its ships."),
    (
        "Oslo's tram line will open in May and will cost 97 million, they said.",
        "Oslo's tram line will cost 97 million, they said.",
    ),
    ("The hall cost 9.6 million crowns, 1.1 million more than planned.", "The hall cost 9.6 million crowns."),
    ("The hall cost 9.6 million crowns, 1.1 million more than planned.", "The hall went 1.1 million crowns over plan."),
]


@pytest.mark.parametrize(("said", "claim"), BELOW)
def test_what_hangs_below_may_be_left_out(said: str, claim: str) -> None:
    found = told(claim, said)
    against = "added said_root unsure_root condition plan_root negation swapped other_role moved counted universal bound private"
    assert {n: getattr(found, n) for n in against.split() if getattr(found, n)} == {}


def test_voice_may_turn_and_roles_may_not() -> None:
    said = "Brandt beat Okoye in the final."
    assert told("Okoye was beaten by Brandt in the final.", said).swapped == 0
    assert told("Okoye beat Brandt in the final.", said).swapped > 0
    assert told("Brandt was beaten by Okoye in the final.", said).swapped > 0


@pytest.mark.parametrize(
    "claim", ["The bridge over the Elbe, opened on Monday, is new.", "The bridge opened on Monday crosses the Elbe."]
)
def test_a_participle_tells_of_whom_it_is_done_to(claim: str) -> None:
    assert told(claim, "The city opened the new bridge over the Elbe on Monday.").swapped == 0
    assert told("The city, opened on Monday, crossed the Elbe.", "The city opened the new bridge.").swapped > 0


def test_a_number_counts_what_it_counts() -> None:
    said = "The accidents led to 750 deaths and 7,999 injuries."
    assert told("The accidents led to 7,999 deaths.", said).counted > 0
    assert told("The accidents led to 7,999 injuries.", said).counted == 0
    assert told("The accidents led to nearly 8,000 injuries.", said).added_numbers == 0
    assert told("The accidents led to 8,000 injuries.", said).added_numbers == 1


ELSEWHERE = [
    ("Aydin became mayor in 2007 and held the office until 2011.", "Aydin became mayor in 2011.", "moved"),
    ("A coup removed Aydin in 2006, and another his sister in 2014.", "A coup removed Aydin in 2014.", "moved"),
    ("A block of flats burnt down in Orsano, ten kilometres from Sarrano.", "A block of flats burnt down in Sarrano.", "placed"),
    ("Two Danes died, and a fourth of the victims was from Norway.", "Two of the victims were from Norway.", "counted"),
    ("The mayor is limited to two terms but councillors may serve for life.", "Councillors are limited to two terms.", "other_role"),
    ("Brandt clashed with leaders such as Okoye; he has come out against the toll.", "Okoye has come out against the toll.", "other_role"),
    ("Unlike most glues, this one is not toxic.", "Like most glues, this one is not toxic.", "ordered"),
    ("Brandt then served eight years as the mayor of Sarrano.", "Brandt is the mayor of Sarrano.", "present"),
    ("All but one ship was found in the harbour.", "All of the ships were found in the harbour.", "partial"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "claim", "what"), ELSEWHERE)
def test_what_is_told_of_something_else(said: str, claim: str, what: str) -> None:
    assert getattr(told(claim, said), what) >= 0.5
    assert getattr(told(said, said), what) == 0


STILL = [
    ("The talks, lasting seven hours, were held with Okoye on Sunday.", "The talks with Okoye were held on Sunday."),
    ("The council took steps on Tuesday night to place the bill on the calendar.", "The council took steps to place the bill on the calendar."),
    ("Brandt, a spokesman for the port, pointed to the law.", "Brandt is a spokesman for the port."),
    ("Four of them belonged to one family.", "Four belonged to one family."),
    ("Aydin was born in 1960 in Sarrano.", "Aydin was born in Sarrano in 1960."),
]  # fmt: skip


@pytest.mark.parametrize(("said", "claim"), STILL)
def test_what_is_told_of_the_same_thing(said: str, claim: str) -> None:
    found = told(claim, said)
    assert {
        n: getattr(found, n) for n in ("moved", "placed", "counted", "other_role", "present") if getattr(found, n)
    } == {}


def test_nothing_is_supported_by_nothing() -> None:
    assert align.differences([], []).added == 1.0
    assert align.differences([()], [(Word("Rain", "rain", "NN", "ROOT", 0),)]).root == 1.0


@given(
    st.lists(st.sampled_from([s for s, _, _ in LEFT_OUT] + [s for s, _ in BELOW]), min_size=1, max_size=3, unique=True)
)
@settings(max_examples=examples(20), deadline=None)
def test_a_sentence_differs_in_nothing_from_words_that_hold_it(said: list[str]) -> None:
    found = told(said[0], *said)
    assert (
        found.added == found.said == found.unsure == found.condition == found.plan == found.negation == found.bound == 0
    )


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=examples(20), deadline=None)
def test_any_text_can_be_compared(claim: str, said: str) -> None:
    told(claim, said)
