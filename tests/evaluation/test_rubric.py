"""Answers judged by patterns: each type of question, gold, and what was withheld though it was right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers import row as article
from helpers import write_rows

from rag import Answer, Archive
from rag.evaluation import measures, rubric
from rag.evaluation.overlap import letters_and_digits, shares_most
from rag.evaluation.values import EvalCase, Gold, Row, Rubric
from rag.testing import FakeChat
from rag.types import RejectedSentence

from .measured_rows import answer, row
from .storms import rows_of

ASKED = {"rubric": {"must": ["eleven|\\b11\\b", "weeks"], "must_not": ["twelve"]}}
NOTHING = {"answerable": False, "rubric": {"must_not": ["\\d"], "gold_mode": "none"}}
PREMISE = {
    "answerable": False,
    "rubric": {"false_premise": True, "correct": "never|did not", "must_not": ["closed in May"]},
}
ELEVEN = "It closed for eleven weeks."


def said(*sentences: str, quotes: str = "Words", **more: Any) -> Answer:
    """An answer whose citations all quote ``quotes``; a refusal without sentences."""
    found = answer(*sentences, **more)
    return found.model_copy(
        update={"citations": tuple(c.model_copy(update={"quote": quotes}) for c in found.citations)}
    )


def case(**more: Any) -> EvalCase:
    return EvalCase(id="1", question="?", **more)


def values(one: Row) -> dict[str, float]:
    """The rubric's measures that apply to a row."""
    return {name: points for name, (points, _) in measures.results([one], measures.RUBRIC)[0].values.items()}


# -- right or not ----------------------------------------------------------------------

JUDGED: list[tuple[str, dict[str, Any], Answer, bool, str | None]] = [
    ("all patterns in the words", ASKED, said("ELEVEN Weeks, it says."), True, None),
    ("in two sentences", ASKED, said("It was eleven.", "Of weeks, that is."), True, None),
    ("one in a quote", ASKED, said("It took eleven.", quotes="It shut for some weeks."), True, None),
    ("one missing", ASKED, said("It closed for weeks."), False, "wrong answer"),
    ("a forbidden one in the words", ASKED, said(f"{ELEVEN} Or twelve."), False, "wrong answer"),
    ("a forbidden one in a quote alone", ASKED, said(ELEVEN, quotes="Not twelve."), True, None),
    ("the answerable refused", ASKED, said(), False, "refused wrongly"),
    ("the unanswerable refused", NOTHING, said(), True, None),
    ("the unanswerable answered", NOTHING, said("It closed."), False, "should have refused"),
    ("a false premise refused", PREMISE, said(), True, None),
    ("a false premise put right", PREMISE, said("It never closed."), True, None),
    ("a false premise put right by a quote", PREMISE, said("It stayed open.", quotes="It did not close."), True, None),
    ("a false premise taken up", PREMISE, said("It closed for long."), False, "wrong answer"),
    ("a false premise taken up too", PREMISE, said("It did not. It closed in May."), False, "wrong answer"),
]


@pytest.mark.parametrize(("known", "given", "right", "cause"), [j[1:] for j in JUDGED], ids=[j[0] for j in JUDGED])
def test_right_or_wrong_and_why(known: dict[str, Any], given: Answer, right: bool, cause: str | None) -> None:
    one = row(known, answer=given)
    (result,) = measures.results([one])
    assert (result.right, result.cause) == (right, cause)
    assert rubric.is_right(one.case, given) is right
    assert values(one)["right"] == float(right)
    assert values(one)["wrong"] == float(given.answered and not right)


def test_citation_marks_are_not_the_answers_words() -> None:
    numbered = case(rubric={"must": ["weeks"], "must_not": ["\\b1\\b"]})
    assert "[1]" in said("It closed for weeks.").text
    assert rubric.is_right(numbered, said("It closed for weeks."))


def test_the_start_is_that_of_the_answer() -> None:
    yes = case(rubric={"must": ["closed"], "must_not": ["^\\W*yes\\b"]})
    assert not rubric.is_right(yes, said("Yes, it closed."))
    assert rubric.is_right(yes, said("It closed.", "Yes."))


def test_the_days_told_beside_a_quote_count_and_a_forbidden_one_there_does_not() -> None:
    dated = case(rubric={"must": ["27 May"], "must_not": ["May 27"]})
    told = said("It closed.", quotes="On Wednesday, it closed.")
    assert not rubric.is_right(dated, told)
    days = (("On Wednesday", "27 May 2020"), ("then", "May 27"))
    cited = tuple(c.model_copy(update={"days": days}) for c in told.citations)
    assert rubric.is_right(dated, told.model_copy(update={"citations": cited}))


def test_case_is_heeded_where_a_pattern_says_so() -> None:
    named = case(rubric={"must": ["BY (?-i:[A-Z]\\w+)"]})
    assert rubric.is_right(named, said("It was closed by Holt."))
    assert not rubric.is_right(named, said("It was closed by somebody."))


# -- the measures ----------------------------------------------------------------------


def test_what_applies_to_which_case() -> None:
    assert values(row(ASKED, answer=said(ELEVEN))) == {
        "right": 1, "wrong": 0, "refused_wrongly": 0, "withheld_right": 0,
    }  # fmt: skip
    assert values(row(ASKED, answer=said())) == {"right": 0, "wrong": 0, "refused_wrongly": 1, "withheld_right": 0}
    assert values(row(NOTHING, answer=said())) == {"right": 1, "wrong": 0, "refused_rightly": 1}
    assert values(row(NOTHING, answer=said("Yes."))) == {"right": 0, "wrong": 1, "refused_rightly": 0}
    assert values(row(PREMISE, answer=said())) == {"right": 1, "wrong": 0, "refused_rightly": 1}
    assert values(row(PREMISE, answer=said("It never closed."))) == {"right": 1, "wrong": 0, "refused_rightly": 0}


def test_an_error_is_none_of_them() -> None:
    gold = {"gold": [{"article": "a", "quote": "q"}]}
    one = row({"rubric": {**ASKED["rubric"], **gold}}, error="ModelFailed: no")
    assert values(one) == {"right": 0, "wrong": 0, "refused_wrongly": 0, "rubric_gold": 0, "withheld_right": 0}


def test_without_a_rubric_the_gold_tells() -> None:
    assert values(row({"answers": ["eleven"]}, answer=said(ELEVEN))) == {"right": 1, "wrong": 0, "refused_wrongly": 0}
    assert values(row({"answers": ["twelve"]}, answer=said(ELEVEN))) == {"right": 0, "wrong": 1, "refused_wrongly": 0}
    assert values(row({}, answer=said(ELEVEN))) == {"refused_wrongly": 0}, "nothing tells whether it is right"
    assert values(row({"answerable": False}, answer=said(ELEVEN))) == {"right": 0, "wrong": 1, "refused_rightly": 0}
    assert values(row(ASKED)) == {}, "nor in a run of retrieval alone"


def test_putting_a_premise_right_is_no_refusal_that_was_missed() -> None:
    rows = [row(PREMISE, answer=said("It never closed.")), row(NOTHING, answer=said("Yes."))]
    found = [r.values.get("refusal_recall") for r in measures.results(rows, ["refusal_recall"])]
    assert found == [None, (0.0, 1.0)]


# -- gold ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "quoted", "cited"),
    [
        ("any", (True, False), 1),
        ("any", (False, False), 0),
        ("all", (True, False), 0),
        ("all", (True, True), 1),
        ("none", (True, True), None),
    ],
)
def test_gold_by_mode(mode: str, quoted: tuple[bool, ...], cited: int | None) -> None:
    gold = [{"article": f"a{n}", "quote": "q"} for n in range(2)]
    known = {"rubric": {**ASKED["rubric"], "gold": gold, "gold_mode": mode}}
    assert values(row(known, answer=said("Wrong."), gold_quoted=quoted)).get("rubric_gold") == cited
    assert "rubric_gold" not in values(row(known, answer=said())), "a refusal cites nothing"


SENTENCE = "The Old Harbour Bridge will close to cars for eleven weeks from 7 June, the port authority said."


@pytest.mark.parametrize(
    ("quote", "shared"),
    [
        (SENTENCE, True),
        (f"Before it. {SENTENCE} After it.", True),
        ("the old harbour bridge will close — to cars", True),  # a part; signs and case make no difference
        (f"{SENTENCE[40:]} It is 90 years old, and nobody knows.", True),  # most of both
        (f"{SENTENCE[-24:]} It is 90 years old, and nobody knows who built it.", False),  # 20 letters, not most
        ("eleven weeks", False),  # too short to be more than chance
        ("Engineers found cracks in two of the nine piers during an inspection in March.", False),
        ("", False),
    ],
)
def test_most_of_a_sentence(quote: str, shared: bool) -> None:
    one, two = letters_and_digits(quote), letters_and_digits(SENTENCE)
    assert shares_most(one, two) is shares_most(two, one) is shared


def test_short_sentences_have_to_be_equal() -> None:
    assert shares_most("noonedied", "noonedied")
    assert not shares_most("noonedied", "noonedie")
    assert not shares_most("", "")


def test_gold_is_cited_from_its_own_article(archive: Archive, chat: FakeChat, tmp_path: Path) -> None:
    other = "The ferry to the island was cancelled after the storm on Monday."
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            article("bridge", SENTENCE, url="https://x.example/bridge"),
            article("ferry", other, url="https://x.example/ferry"),
        )
    )
    chat.replies = lambda _: f"{SENTENCE} [1]"
    golds = [
        Gold(article="https://x.example/bridge", quote=SENTENCE),
        Gold(article="https://x.example/ferry", quote=SENTENCE),
        Gold(article="https://x.example/bridge", quote=other),
        Gold(article="https://x.example/gone", quote=SENTENCE),
    ]
    asked = case(rubric=Rubric(must=("eleven",), gold=tuple(golds))).model_copy(
        update={"question": "How long will the Old Harbour Bridge close?"}
    )
    (one,) = rows_of(archive, asked)
    assert one.answer is not None and one.answer.answered
    assert one.gold_quoted == (True, False, False, False)
    assert values(one)["right"] == values(one)["rubric_gold"] == 1


# -- withheld --------------------------------------------------------------------------


def withheld(*sentences: str) -> dict[str, Any]:
    return {"withheld": tuple(RejectedSentence(text=s, why="it doesn’t say so") for s in sentences)}


@pytest.mark.parametrize(
    ("shown", "rejected", "expected"),
    [
        ((), (ELEVEN,), 1),
        (("It closed.",), ("It closed.", f"{ELEVEN} [2]"), 1),
        ((ELEVEN,), (ELEVEN,), 0),  # what is shown is right
        ((), ("It closed for weeks.", "It was eleven."), 0),  # right together, neither alone
        ((), ("For eleven weeks, not twelve.",), 0),
        ((), (), 0),
    ],
)
def test_withheld_though_right(shown: Sequence[str], rejected: Sequence[str], expected: int) -> None:
    assert values(row(ASKED, answer=said(*shown, **withheld(*rejected))))["withheld_right"] == expected
