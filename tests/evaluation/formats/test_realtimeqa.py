"""Questions of RealTimeQA."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rag.errors import SourceError
from rag.evaluation.cases import load_cases
from tests.evaluation.case_files import write


def quiz(number: int, answer: Any, *choices: str, suffix: str = "") -> dict[str, Any]:
    return {
        "question_id": f"2023_{number}{suffix}",
        "question_date": "2023/01/05",
        "question_sentence": 'Who <a href="https://x.example">won</a> this week?',
        "choices": choices,
        "answer": answer,
        "evidence": "not an article's words",
    }


def test_realtimeqa(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", quiz(0, ["1"], "Red", "Blue"), quiz(1, "2", "1", "2", "3"))
    first, second = cases = load_cases(path)
    assert (cases.format, cases.problems) == ("realtimeqa", ())
    assert (first.id, first.question) == ("2023_0", "Who won this week?")
    assert (first.choices, first.choice, first.answers) == (("Red", "Blue"), 1, ("Blue",))
    assert (first.tags, first.as_of, first.evidence) == (("multiple-choice", "2023-01"), None, ())
    assert (second.choice, second.answers) == (2, ("3",))  # an index, also where the choices are numbers
    first, second = cases = load_cases(path, format="realtimeqa-generation")
    assert (first.choices, first.choice, first.answers, first.tags) == ((), None, ("Blue",), ("2023-01",))
    assert cases.format == "realtimeqa-generation"


def test_realtimeqa_with_none_of_the_above(tmp_path: Path) -> None:
    rows = [quiz(n, [str(n)], "Red", "None of the above", suffix="_nota") for n in (0, 1)]
    path = write(tmp_path / "q.jsonl", *rows)
    write(tmp_path / "silver_qrels.jsonl", *({"question_id": f"2023_{n}", "answer_doc_ids": ["d1"]} for n in (0, 1)))
    first, second = load_cases(path)
    assert first.tags == second.tags == ("multiple-choice", "nota", "2023-01")
    assert (first.answerable, first.relevant) == (True, {"d1": 1})
    assert (second.answerable, second.relevant, second.choice) == (False, {}, 1)
    cases = load_cases(path, format="realtimeqa-generation")
    assert [c.answers for c in cases] == [("Red",)]
    assert [p.origin for p in cases.problems] == ["q.jsonl:2"]


def test_realtimeqa_closed(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", *(quiz(n, ["0"], "Red", "Blue") for n in range(3)))
    with pytest.raises(SourceError, match=r"There is no .*retrieved.jsonl.*Leave out -closed\."):
        load_cases(path, format="realtimeqa-closed")
    rows = [
        {"question_id": "2023_0", "doc_ids": ["d1", "d2"]},
        {"question_id": "2023_1", "doc_ids": []},
        {"doc_ids": 1},
    ]
    write(tmp_path / "retrieved.jsonl", *rows)
    for name in ("realtimeqa-closed", "realtimeqa-generation-closed"):
        (case,) = cases = load_cases(path, format=name)
        assert (case.within, bool(case.choices)) == (("d1", "d2"), "generation" not in name)
        assert [(p.origin, p.reason) for p in cases.problems] == [
            ("retrieved.jsonl:3", "question_id: null where a text should be"),
            ("retrieved.jsonl", "left out: 2 questions without retrieved articles"),
        ]
    assert all(not c.within for c in load_cases(path))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"answer": ["2"]}, "answer: not the index of one of the 2 choices"),
        ({"answer": []}, "answer: not the index"),
        ({"answer": ["0", "1"]}, "answer: not the index"),
        ({"answer": None}, "answer: not the index"),
        ({"choices": None}, "choices: not a list"),
        ({"choices": ["a", 5, []]}, "choices: a list where a text should be"),
        ({"question_sentence": None}, "question_sentence: null"),
        ({"question_id": {}}, "id: an object"),
    ],
)
def test_realtimeqa_bad_rows(tmp_path: Path, change: dict[str, Any], why: str) -> None:
    good = quiz(0, ["0"], "Red", "Blue")
    cases = load_cases(write(tmp_path / "q.jsonl", good, quiz(1, ["0"], "Red", "Blue") | change))
    assert len(cases) == 1
    assert (cases.problems[0].origin, why in cases.problems[0].reason) == ("q.jsonl:2", True)
