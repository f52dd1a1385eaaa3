"""Newsroom questions: what is read of a row, and what can't be read."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT

from rag.errors import SourceError
from rag.evaluation.cases import load_cases
from rag.evaluation.values import EvalCase, Gold, Rubric, Turn
from tests.evaluation.case_files import write

QUESTIONS = ROOT.parent / "shared/data/newsroom-questions/dev.jsonl"


def asked(**more: Any) -> dict[str, Any]:
    """A row of the file: an answerable question, unless ``more`` says otherwise."""
    return {
        "id": "nq1",
        "question": "How long was the  bridge closed?",
        "history": [],
        "today": "2021-06-20",
        "answerable": True,
        "type": "single",
        "gold": [{"url": "https://x.example//bridge", "quote": "It will close for eleven weeks."}],
        "gold_mode": "any",
        "must": ["eleven|\\b11\\b"],
        "must_not": [],
        "about": ["https://x.example//bridge"],
        "lang": "en",
        "note": "a duration",
        **more,
    }


def premise(**more: Any) -> dict[str, Any]:
    return asked(**{"type": "false_premise", "answerable": False, "must": [], "correct": "never closed", **more})


def nothing(**more: Any) -> dict[str, Any]:
    return asked(**{"type": "unanswerable", "answerable": False, "must": [], "gold": [], "gold_mode": "none", **more})


def read(tmp_path: Path, row: dict[str, Any]) -> EvalCase:
    cases = load_cases(write(tmp_path / "dev.jsonl", row))
    assert (cases.format, cases.problems) == ("newsroom", ())
    return cases[0]


def test_a_row_is_a_case_with_a_rubric(tmp_path: Path) -> None:
    pattern = "said  (?-i:[A-Z])“é"  # as it is written: tidied, it would match something else
    history = [["Which bridge?", "The old one."], ["And where?", ""]]
    assert read(tmp_path, asked(must=["eleven", pattern], must_not=["twelve"], history=history)) == EvalCase(
        id="nq1",
        question="How long was the bridge closed?",
        evidence=("It will close for eleven weeks.",),
        relevant={"https://x.example//bridge": 1},
        today=date(2021, 6, 20),
        history=(Turn(question="Which bridge?", answer="The old one."), Turn(question="And where?")),
        rubric=Rubric(
            must=("eleven", pattern),
            must_not=("twelve",),
            gold=(Gold(article="https://x.example//bridge", quote="It will close for eleven weeks."),),
        ),
        tags=("single",),
        origin="dev.jsonl:1",
    )


def test_what_has_no_answer(tmp_path: Path) -> None:
    false = read(tmp_path, premise(must_not=["eleven"]))
    assert (false.answerable, false.tags) == (False, ("false_premise",))
    assert false.rubric is not None
    assert (false.rubric.false_premise, false.rubric.correct, false.rubric.must_not) == (
        True,
        "never closed",
        ("eleven",),
    )
    unanswerable = read(tmp_path, nothing())
    assert (unanswerable.answerable, unanswerable.rubric) == (False, Rubric(gold_mode="none"))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (asked(type="odd"), "type: 'odd' is none of single, multi"),
        (asked(gold_mode="some"), "gold_mode: 'some' is none of any, all, none"),
        (asked(answerable=False), "answerable: false, and the type is single"),
        (nothing(answerable=True), "answerable: true, and the type is unanswerable"),
        (asked(must=[]), "must: empty, so that any answer would be right"),
        (asked(must=["a", ""]), "must: patterns are texts, and none is empty"),
        (asked(must_not=[7]), "must_not: patterns are texts, and none is empty"),
        (premise(correct=None), "correct: missing"),
        (asked(gold="x"), "gold: not a list of objects"),
        (asked(gold=[{"url": "u", "quote": " "}]), "gold: an empty url or quote"),
        (asked(history=[["Who?"]]), "history: not a list of pairs"),
        (asked(history=[["", "Red."]]), "history: an empty question"),
        (asked(today="soon"), "today: not a date"),
        (asked(question=None), "no question"),
    ],
)
def test_a_row_that_is_no_case_says_why(tmp_path: Path, row: dict[str, Any], reason: str) -> None:
    cases = load_cases(write(tmp_path / "dev.jsonl", asked(id="fine"), row))
    assert [c.id for c in cases] == ["fine"]
    assert [p.origin for p in cases.problems] == ["dev.jsonl:2"]
    assert cases.problems[0].reason.startswith(reason)


@pytest.mark.parametrize(
    ("field", "row"),
    [
        ("must", asked(id="nq7", must=["fine", "(eleven"])),
        ("must_not", nothing(id="nq7", must_not=["[a"])),
        ("correct", premise(id="nq7", correct="*")),
        ("must", asked(id="nq7", must=["eleven(?i)"])),  # flags in the middle would hold for nothing before them
    ],
)
def test_a_pattern_that_is_none_ends_the_reading(tmp_path: Path, field: str, row: dict[str, Any]) -> None:
    path = write(tmp_path / "dev.jsonl", asked(), nothing(id="nq2"), row)
    with pytest.raises(SourceError) as raised:
        load_cases(path)
    assert str(raised.value).startswith(f"{path}, line 3, question nq7: ")
    assert f" in {field} is no regular expression (" in str(raised.value)


@pytest.mark.skipif(not QUESTIONS.exists(), reason="../shared/data is not there")
def test_the_open_questions_load_whole() -> None:
    cases = load_cases(QUESTIONS)
    assert (cases.format, len(cases), cases.problems) == ("newsroom", 100, ())
    assert Counter(tag for c in cases for tag in c.tags) == {
        "single": 45, "unanswerable": 18, "hedged": 10, "multi": 10, "followup": 7, "false_premise": 5, "language": 5,
    }  # fmt: skip
    rubrics = [(c, c.rubric) for c in cases if c.rubric]
    assert len(rubrics) == 100 and all(c.today for c in cases)
    assert all(r.must and r.gold for c, r in rubrics if c.answerable)
    assert all(bool(c.history) == (c.tags == ("followup",)) for c in cases)
    assert Counter(r.gold_mode for _, r in rubrics) == {"any": 72, "none": 18, "all": 10}
