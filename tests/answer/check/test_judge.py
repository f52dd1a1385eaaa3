"""The judge of claims: what is never supported, what always is, and how a trained model is heard."""

from __future__ import annotations

from datetime import datetime

import pytest
from answer.check.judging import judged
from helpers import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer.check import judge as module
from rag.answer.check.judge import features, weighed
from rag.answer.check.objections import CHECKS, CONTRADICTING, VETOES, Cited, objection
from rag.text import parser

SAID = [
    "Critics say the dam will flood nine villages.",
    "The rebels claimed that they had shot down two helicopters.",
    "Up to 5,000 homes may have lost power in the storm.",
    "The council did not approve the budget for schools.",
    "Engineers found cracks in two of the nine piers in March.",
]


@given(st.lists(st.sampled_from(SAID), min_size=1, unique=True), st.data())
@settings(max_examples=examples(20), deadline=None)
def test_a_whole_cited_sentence_is_supported(said: list[str], data: st.DataObject) -> None:
    found = judged(data.draw(st.sampled_from(said)), *said)
    assert (found.verdict, found.p, found.why, found.support) == ("supported", 1.0, "", "verbatim")


GOVERNED = [
    (SAID[0], "The dam will flood nine villages."),
    (SAID[1], "They had shot down two helicopters."),
    (SAID[1], "The rebels shot down two helicopters."),
    (SAID[2], "5,000 homes lost power in the storm."),
    (SAID[3], "The council approved the budget for schools."),
]


@pytest.mark.skipif(not parser.available(), reason="the parser is not installed")
@pytest.mark.parametrize(("said", "claim"), GOVERNED)
def test_what_governs_may_not_be_left_out(said: str, claim: str) -> None:
    found = judged(claim, said)
    assert not found.ok
    assert found.why


MANY = [
    "The city opened the new bridge over the Elbe on Monday.",
    "It is 420 metres long.",
    "Mayor Anna Klein may resign in the spring, two councillors said.",
    "Ferries will go on crossing the river until the end of June.",
    "The old bridge, built in 1931, was torn down last autumn.",
    "Cyclists have a lane of their own.",
]


@pytest.mark.skipif(not parser.available(), reason="the parser is not installed")
def test_of_many_cited_sentences_a_near_copy_is_held_to_what_governs_it() -> None:
    assert not judged("Mayor Anna Klein will resign in the spring.", *MANY).ok


@pytest.mark.skipif(not parser.available(), reason="the parser is not installed")
def test_what_is_told_together_of_many_sentences_is_not_rejected_for_what_was_not_parsed() -> None:
    joined = "The 420-metre bridge opened on Monday replaces one of 1931, torn down in autumn; cyclists have a lane."
    assert judged(joined, *MANY).ok


def test_nothing_is_not_told() -> None:
    assert judged("", "It rained.").verdict == "not_told"
    assert judged("It rained.", " ").verdict == "not_told"


def test_without_the_parser_the_words_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.parser, "available", lambda: False)
    assert module.compared("It rained.", Cited(["It rained hard."], "", "")) is None
    assert judged("Engineers found cracks in two of the nine piers.", SAID[4]).ok
    assert not judged("The mayor resigned over the scandal at the bank.", SAID[4]).ok


def test_exact_comparisons_say_what_they_found() -> None:
    found = judged("Engineers found cracks in 17 piers in March.", SAID[4])
    assert (found.verdict, found.p) == ("contradicted", 0.0)
    assert "17" in found.why
    assert set(VETOES) <= set(CHECKS)
    assert set(CHECKS) >= CONTRADICTING


@given(st.floats(-12, 12))
@settings(max_examples=examples(20), deadline=None)
def test_a_judgement_is_a_probability(odds: float) -> None:
    found = weighed(features(odds, None))
    assert 0 <= found.p <= 1
    assert found.ok == (found.why == "")


WORKED_OUT = [
    ("The hall burnt down on Saturday morning.", "The hall burnt down on 5 January 2019."),
    ("The council imposed the levy earlier in the month.", "The council imposed the levy in January 2019."),
    ("The roads saw 7,999 injuries.", "The roads saw just under 8,000 injuries."),
    ("Brandt won with 92,153 votes.", "Brandt won with a little over 92,000 votes."),
    ("The vote drew 50.4 million people.", "Over 50 million people were drawn to the vote."),
    ("The patrol is trying to find out who is to blame.", "No, the patrol is trying to find out who is to blame."),
]


@pytest.mark.parametrize(("said", "claim"), WORKED_OUT)
def test_nothing_exact_speaks_against_what_follows_from_the_words(said: str, claim: str) -> None:
    assert objection(claim, _cited(said)) is None


NOT_SO = [
    ("The hall burnt down on Saturday morning.", "The hall burnt down on 3 January 2019."),
    ("The council imposed the levy earlier in the month.", "The council imposed the levy in March 2019."),
    ("The roads saw 7,999 injuries.", "The roads saw 8,000 injuries."),
    ("The roads saw 8,100 injuries.", "The roads saw just under 8,000 injuries."),
    ("Brandt won with 92,153 votes.", "Brandt won with about 80,000 votes."),
    ("The council approved the budget.", "No, the council never approved the budget."),
]


@pytest.mark.parametrize(("said", "claim"), NOT_SO)
def test_what_does_not_follow_is_seen(said: str, claim: str) -> None:
    assert objection(claim, _cited(said)) is not None


def _cited(said: str) -> Cited:
    return Cited([said], "", "", [datetime(2019, 1, 7)])  # a Monday
