"""Claims that differ from the cited words in their verb alone, and what somebody is only said to have done."""

from __future__ import annotations

import pytest
from answer.check.judging import embed, judged

from rag.answer.check import judge
from rag.answer.check.objections import Cited
from rag.text import parser

pytestmark = pytest.mark.skipif(not parser.available(), reason="the parser is not installed")


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("The firm bought the plant.", ["The firm sold the plant."]),
        ("The court convicted Holt.", ["The court acquitted Holt."]),
        ("Strake admits theft.", ["Strake denies theft."]),
        ("Strake admits theft.", ["Colin Strake, 58, lives in Aldermoor.", "He denies theft and fraud."]),
        ("Strake was refused bail.", ["Judge Menzies granted Strake unconditional bail."]),
        ("Gutierrez died of cancer.", ["Gutierrez was suffering from cancer."]),
    ],
)
def test_another_verb_for_the_same_people_is_not_told(claim: str, said: list[str]) -> None:
    found = judged(claim, *said)
    assert (found.verdict, found.why) == ("not_told", "the cited words have another verb for it")


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("Kells beat Ardley 3-1 on Sunday.", "Ardley lost 3-1 to Kells on Sunday."),  # turned round
        ("The union imposed the sanctions in May.", "The union sanctioned Iran in May."),  # the verb is a noun
        ("Holt opened the bridge.", "Holt opened the bridge and praised the builders."),
    ],
)
def test_where_those_stand_otherwise_to_it_other_signs_decide(claim: str, said: str) -> None:
    told = judge.compared(claim, Cited([said], said, ""))
    assert told is not None and told.another == 0


@pytest.mark.parametrize(
    "said", ["charged with", "suspected of", "accused of", "acquitted of", "cleared of", "banned from"]
)
def test_what_somebody_is_said_or_kept_to_do_is_not_done(said: str) -> None:
    assert not judged("Holt stole a red car.", f"Holt was {said} stealing a red car.").ok
    assert not judged("Holt wrote 37 cheques.", f"Holt was {said} writing 37 cheques.").ok


@pytest.mark.parametrize("said", ["Holt was convicted of stealing", "The night ended with Holt stealing"])
def test_what_was_done_may_be_told_so(said: str) -> None:
    told = judge.compared("Holt stole a red car.", Cited([said], f"{said} a red car.", ""))
    assert told is not None and told.plan_root == told.said_root == 0


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("60 people were on the pier.", "Between 40 and 60 people were on the pier."),
        (
            "400 soldiers were sent to the border.",
            "The ministry denied reports that 400 soldiers had been sent to the border.",
        ),
        (
            "Nora Vik took 30,000 crowns from a builder.",
            "Nora Vik is charged with taking 30,000 crowns from a builder.",
        ),
    ],
)
def test_an_end_of_a_range_and_what_is_reported_or_charged(claim: str, said: str) -> None:
    assert not judged(claim, said).ok
    assert judged(said, said).ok


ART = (
    "A former treasurer of the Aldermoor Harbour Trust pleaded not guilty on Thursday to stealing £64,000. "
    "Colin Strake, 58, is accused of writing 37 cheques."
)


@pytest.mark.parametrize(("name", "ok"), [("Colin Strake", True), ("Runa Hale", False)])
def test_whom_the_next_sentence_names_may_be_named(name: str, ok: bool) -> None:
    said = ART.split(". ")[0] + "."
    found = judge.judge(f"{name} pleaded not guilty.", Cited([said], ART, ""), embed=embed)
    assert found.ok == ok
