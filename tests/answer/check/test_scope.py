# ruff: noqa: E501  sentences of the news are as long as they are
"""What negations, quantifiers, causes and hedges bear on; sides that are exchanged: each with its nearest false claims."""

from __future__ import annotations

import pytest
from answer.check.judging import judged

from rag.answer.check import align, converse
from rag.answer.check.objections import Cited, objection
from rag.text import parser

if not parser.available():
    pytest.skip("the parser is not installed", allow_module_level=True)


def told(claim: str, *said: str) -> align.Differences:
    trees = parser.trees([claim, *said])
    return align.differences(trees[:1], trees[1:])


def vetoed(claim: str, *said: str) -> tuple[str, str] | None:
    return objection(claim, Cited(list(said), " ".join(said), ""))


SAME = [
    # a negation of what was left out
    ("The mayor, who did not attend, sold the old ferry in May.", "The mayor sold the old ferry in May.", "negation_other"),
    ("The firm no longer trades, having sold its docks in 2011.", "It sold its docks in 2011.", "negation_other"),
    ("The bridge opened in March, though tolls were not yet set.", "The bridge opened in March.", "negation_other"),
    # a negation of an adverb
    ("She had left the port recently.", "She had left the port not long before.", "negation_other"),
    # whom nobody is counted as
    ("No injuries were reported at the quarry.", "No one was reported as injured at the quarry.", "negation"),
    ("No thefts were recorded at the depot.", "Nothing was recorded as stolen at the depot.", "negation"),
    # "any" below a negation, "nothing" for "no such thing"
    ("No cause was released by the fire service.", "The fire service did not release any cause.", "universal"),
    ("There is no sign of a leak.", "Nothing points to a leak.", "universal"),
    ("The council has made no offer.", "The council has not made any offer.", "universal"),
    # whose words they are
    ("By reports, Okoye won the vote in Sarrano.", "Okoye reportedly won the vote in Sarrano.", "speech_added"),
    ("The service warned of flash floods in the valley.", "The service said there could be flash floods in the valley.", "speech_added"),
    ("The line will close, according to a tweet by minister Maren Holt.", "Minister Maren Holt said the line will close.", "speaker"),
    ("The party dropped Holt in response to a letter from the bishop.", "A statement by the bishop led the party to drop Holt.", "speech_added"),
    # money, and "one" for a noun
    ("The port could lose US$3.6 million from a repair fund.", "The port could lose 3.6 million dollars.", "counted"),
    ("The old reading was 6.6; the Turkish one was 7.0.", "The Turkish one was 7.0.", "added_numbers"),
    # names of a country and of its people
    ("She married a man from Norway in 1972.", "She married a Norwegian in 1972.", "added_names"),
    # a role and who has it
    ("Former mayor of Sarrano Maren Holt won the vote.", "Maren Holt won the vote.", "other_role"),
    # a cause that is told
    ("The match was put off because of fog over the port.", "The match was put off due to fog.", "cause"),
    ("The lock was shut. Because of that, barges turned back at Orsano.", "Barges turned back because the lock was shut.", "cause"),
    # the way there
    ("The barge went from Orsano to Sarrano on Monday.", "On Monday the barge went to Sarrano from Orsano.", "exchanged"),
    ("The ferry sailed from Oslo to Bergen in June.", "In June the ferry sailed to Bergen.", "exchanged"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "claim", "what"), SAME)
def test_what_says_the_same(said: str, claim: str, what: str) -> None:
    assert getattr(told(claim, said), what) == 0


ELSE = [
    ("The mayor, who attended, did not sell the old ferry in May.", "The mayor sold the old ferry in May.", "negation_other"),
    ("The firm no longer sells its docks.", "The firm sells its docks.", "negation_other"),
    ("The bridge opened in March.", "The bridge did not open in March.", "negation_other"),
    ("No injuries were reported at the quarry.", "Two men were reported as injured at the quarry.", "negation"),
    ("Thefts were recorded at the depot.", "Nothing was recorded as stolen at the depot.", "negation"),
    ("The fire service released two of the causes.", "The fire service can release any cause.", "universal"),
    ("The pump did not leak.", "Nothing leaked.", "universal"),
    ("The council has not met in June.", "The council has never met.", "universal"),
    ("Okoye won the vote in Sarrano.", "Okoye reportedly won the vote in Sarrano.", "speech_added"),
    ("Flash floods hit the valley.", "The service said flash floods hit the valley.", "speech_added"),
    ("The line will close, according to a tweet by minister Maren Holt, whom Okoye follows.", "Okoye said the line will close.", "speaker"),
    ("The service warned of flash floods in the valley.", "There were flash floods in the valley.", "said"),
    ("Farmers complained of a loss of US$3 million.", "Farmers had a loss of US$3 million.", "said"),
    ("The port lost 40 barges and US$3 million.", "The port lost 3 million barges.", "counted"),
    ("She married a man from Norway in 1972.", "She married a Dane in 1972.", "added_nouns"),
    ("The court fined Holt over a plot to sink barges, and he blames the inspectors.", "The court fined the inspectors over a plot to sink barges.", "other_role"),
    ("Critics may dazzle the crowd if they are near enough to see it.", "It is certain that critics dazzle the crowd if they are near enough to see it.", "unsure_root"),
    ("The match was put off in May.", "The match was put off because of fog.", "cause"),
    ("The barge went from Orsano to Sarrano on Monday.", "On Monday the barge went from Sarrano to Orsano.", "exchanged"),
    ("The pilot was flying from Tromsk in the north headed for Moskau.", "The pilot was flying from Moskau to Tromsk.", "exchanged"),
    ("The parcel came to Holt from Okoye in June.", "The parcel came to Okoye from Holt in June.", "exchanged"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "claim", "what"), ELSE)
def test_what_says_something_else(said: str, claim: str, what: str) -> None:
    assert getattr(told(claim, said), what) > 0


def test_names_that_look_alike_are_not_one() -> None:
    assert vetoed("She married a man from Nigeria in 1972.", "She married a man from Niger in 1972.") is not None
    assert vetoed("She married a Norwegian in 1972.", "She married a man from Norway in 1972.") is None


def test_a_cause_of_another_sentence_is_no_cause() -> None:
    said = ("After the vote Holt died of a lung disease.", "He had been absent from rehearsals for reasons not told.")
    assert told("Holt had been absent from rehearsals because of a lung disease.", *said).cause > 0
    said = ("Fog lay over the port.", "The match was put off because of the fog.")
    assert told("The match was put off because of fog over the port.", *said).cause == 0


BEFORE = [
    ("The tanks were only sealed after Holt rang the port.", "Holt rang the port before the tanks were sealed."),
    ("The ferry sailed after the storm.", "The storm came before the ferry sailed."),
    ("Before the bank closed, Okoye paid the debt.", "The bank closed after Okoye paid the debt."),
]
AFTER = [
    ("The tanks were only sealed after Holt rang the port.", "The tanks were sealed before Holt rang the port."),
    ("The ferry sailed after the storm.", "The ferry sailed before the storm."),
    ("Before the bank closed, Okoye paid the debt.", "After the bank closed, Okoye paid the debt."),
    ("Before the bank closed, Okoye paid the debt.", "Okoye paid after the bank closed its debt office."),
]


@pytest.mark.parametrize(("said", "claim"), BEFORE)
def test_before_is_after_with_its_sides_exchanged(said: str, claim: str) -> None:
    assert converse.holds(claim, said, "before" if " before " in claim else "after")
    assert vetoed(claim, said) is None


@pytest.mark.parametrize(("said", "claim"), AFTER)
def test_before_is_not_after_where_the_sides_stay(said: str, claim: str) -> None:
    assert not converse.holds(claim, said, "before" if "before" in claim.lower() else "after")
    assert vetoed(claim, said) is not None


def test_sides_of_a_word_that_is_not_there_are_not_exchanged() -> None:
    assert not converse.holds("The ferry sailed.", "The ferry sailed after the storm.", "before")


@pytest.mark.parametrize(
    ("said", "claim"),
    [
        ("By noon the level had risen to nine metres.", "By noon the level fell to nine metres."),
        ("Prices have fallen to two crowns.", "Prices rose to two crowns."),
        ("The court is rejecting the appeal.", "The court approved the appeal."),
    ],
)
def test_opposites_are_told_in_any_form(said: str, claim: str) -> None:
    found = vetoed(claim, said)
    assert found is not None
    assert found[0] == "opposite"
    assert vetoed(said.replace("By noon", "At noon"), said) is None


def test_two_places_that_have_changed_places_are_wrong_in_any_words() -> None:
    said = "Holt took the night train from Orsano to Sarrano, police said, and was met there by two sisters."
    found = judged("Police said Holt went by train from Sarrano to Orsano.", said)
    assert (found.verdict, found.why) == ("contradicted", "the cited words tell it the other way round")
    assert judged("Police said Holt took the train from Orsano to Sarrano.", said).why != found.why
