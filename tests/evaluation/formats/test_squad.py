"""Questions of SQuAD."""

from __future__ import annotations

import json
from pathlib import Path

from rag.evaluation.cases import load_cases
from tests.evaluation.case_files import qa, squad, write


def test_squad(tmp_path: Path) -> None:
    content = squad(
        qa(1, "Who came second?", "Blue", "Blue"),
        qa(2, "Who won twice?", "Red"),
        qa(3, "When did Red win?", "Monday", "2019"),
        qa(4, "Who fell?", is_impossible=True, plausible_answers=[{"text": "Blue", "answer_start": 0}]),
        {"question": "Nobody knows?", "answers": [{"text": "not in the text", "answer_start": 10**9}]},
    )
    for indent in (None, 1):
        cases = load_cases(write(tmp_path / "s.json", json.dumps(content, indent=indent)))
        assert (cases.format, cases.problems) == ("squad", ())
        assert [c.id for c in cases] == ["q1", "q2", "q3", "q4", "row-1.1.5"]
        assert cases[0].answers == ("Blue",)
        assert cases[0].evidence == ("Blue came second, Mr. Low said.",)
        assert cases[1].evidence == ("Red had won before, in 2019.",)  # the second "Red", not the first
        assert cases[2].evidence == ("Red won on  Monday.", "Red had won before, in 2019.")
        assert [c.answerable for c in cases] == [True, True, True, False, True]
        assert (cases[3].answers, cases[3].evidence, cases[4].evidence) == ((), (), ())
        assert (cases[0].relevant, cases[0].origin) == ({}, "s.json:1.1.1")


def test_squad_with_ids_and_bad_rows(tmp_path: Path) -> None:
    content = squad(
        7,
        {"id": "a", "answers": []},
        {"id": "b", "question": "Who?", "answers": {"text": ["Red"]}},
        {"id": "c", "question": "Who?", "answers": [{"answer_start": 0}]},
        qa(1, "Who?", "Red"),
        qa(2, "Who fell?", is_impossible=True),
        doc_id="d7",
    )
    content["data"] += [7, {"title": "nothing"}, {"paragraphs": [{"context": 5}, 6]}]
    cases = load_cases(write(tmp_path / "s.json", content))
    assert [c.relevant for c in cases] == [{"d7": 1}, {}]
    places = ["1.1.1", "1.1.2", "1.1.3", "1.1.4", "2", "3", "4.1", "4.2"]
    assert [problem.origin for problem in cases.problems] == [f"s.json:{place}" for place in places]
