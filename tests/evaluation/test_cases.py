"""Reading questions in the format of our own, good rows and bad ones; samples and digests."""

from __future__ import annotations

import copy
import gzip
import json
import pickle
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT

from rag.errors import SourceError, UsageError
from rag.evaluation.cases import Cases, digest, load_cases, sample
from rag.evaluation.formats import files
from rag.evaluation.values import EvalCase, Turn

from .case_files import write


def one(tmp_path: Path, row: dict[str, Any], **options: Any) -> EvalCase:
    (case,) = load_cases(write(tmp_path / "one.jsonl", row), **options)
    return case


def reason(tmp_path: Path, row: dict[str, Any]) -> str:
    """Why a row is left out, that stands between two good ones."""
    good = {"question": "Why?"}
    cases = load_cases(write(tmp_path / "q.jsonl", {"id": "a"} | good, row, {"id": "z"} | good))
    assert [case.id for case in cases] == ["a", "z"]
    (problem,) = cases.problems
    assert problem.origin == "q.jsonl:2"
    return problem.reason


# -- our own --------------------------------------------------------------------------


def test_the_questions_of_the_sample_corpus() -> None:
    path = ROOT / "corpus/questions.jsonl"
    cases = load_cases(path)
    assert len(cases) == len(path.read_text("utf-8").splitlines()) == 56
    assert (cases.format, cases.path, cases.problems) == ("jsonl", path, ())
    assert Counter(case.answerable for case in cases) == {True: 38, False: 18}
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for case, row in zip(cases, rows, strict=True):
        assert {name: value for name, value in json.loads(case.model_dump_json()).items() if name in row} == row
    assert cases[0].origin == "questions.jsonl:1"


def test_a_case_written_out_is_read_back(tmp_path: Path) -> None:
    case = EvalCase(
        id="a",
        question="Who came second?",
        answers=("The Blue Team",),
        choices=("Red", "The Blue Team"),
        choice=1,
        evidence=("Second came “the Blue Team”.",),
        relevant={"https://x.example/a": 2, "p7": 1},
        as_of=date(2023, 6, 18),
        today=date(2023, 6, 20),
        history=(Turn(question="Who won?", answer="Red.\nBy far."), Turn(question="Where?")),
        within=("p7", "p8"),
        tags=("who",),
        origin="q.jsonl:1",
    )
    assert load_cases(write(tmp_path / "q.jsonl", case.model_dump_json())) == (case,)
    packed = tmp_path / "packed"  # no ending: the content decides
    packed.write_bytes(gzip.compress((tmp_path / "q.jsonl").read_bytes()))
    assert digest(load_cases(packed)) == digest([case])


def test_history_as_texts_that_take_turns(tmp_path: Path) -> None:
    case = one(tmp_path, {"question": "And then?", "history": ["Who won?", "Red.", "Where?"]})
    assert case.history == (Turn(question="Who won?", answer="Red."), Turn(question="Where?"))
    assert "mixed" in reason(tmp_path, {"question": "And?", "history": ["Who?", {"question": "a"}]})
    assert "empty question" in reason(tmp_path, {"question": "And?", "history": [{"question": " "}]})
    assert "history: a text where a list should be" in reason(tmp_path, {"question": "And?", "history": "Who?"})


def test_json_lists_and_single_objects(tmp_path: Path) -> None:
    rows = [{"question": f"What is {n}?"} for n in range(3)]
    for content in (rows, {"version": 1, "questions": rows}):
        for indent in (None, 2):
            cases = load_cases(write(tmp_path / "q.txt", json.dumps(content, indent=indent)))
            assert [case.question for case in cases] == [row["question"] for row in rows]
            assert (cases.format, cases[2].origin, cases[2].id) == ("json", "q.txt:3", "row-3")
    assert len(load_cases(write(tmp_path / "b.json", json.dumps(rows[0], indent=1)))) == 1
    broken = load_cases(write(tmp_path / "c.json", '[{"question": "a"}, 7, {"question": "b"}, {"que'))
    assert [case.question for case in broken] == ["a", "b"]
    assert [problem.origin for problem in broken.problems] == ["c.json:2", "c.json:4"]


def test_a_broken_line_is_told_what_it_has_to_hold(tmp_path: Path) -> None:
    for name, kind in (("a.jsonl", "jsonl"), ("b.json", "json")):
        file = write(tmp_path / name, '{"question": "a"}\n{"question": \n[1]\n')
        for problem in load_cases(file, format=kind).problems:
            assert problem.reason.endswith('A line has to hold one question, as in {"question": "…", "answers": ["…"]}')


def test_tables(tmp_path: Path) -> None:
    table = (
        "ID,Question,Answers,Choices,Choice,Relevant,Evidence,Answerable,As of,Tags,History\n"
        'a,"Who, then?",Red | Blue,,,d1 | d2,,,2023-06-18,who | news,\n'
        'b,Which?,,One | Two,B,"{""d3"": 2}","[""A | b."", ""C.""]",,,,"[""Why?"", ""So.""]"\n'
        "c,Where?,,,,,,no,,,\n"
        ",,,,,,,,,,\n"
        "d,,x,,,,,,,,\n"
    )
    for name, content in (("q.csv", table), ("q.csv.gz", table), ("utf16.csv", table.encode("utf-16"))):
        raw = content if isinstance(content, bytes) else content.encode()
        path = write(tmp_path / name, gzip.compress(raw) if name.endswith("gz") else raw)
        a, b, c = cases = load_cases(path)
        assert cases.format == "csv"
        assert (a.answers, a.relevant, a.as_of) == (("Red", "Blue"), {"d1": 1, "d2": 1}, date(2023, 6, 18))
        assert (a.question, a.tags, a.answerable, a.origin) == ("Who, then?", ("who", "news"), True, f"{name}:2")
        assert (b.choices, b.choice, b.answers, b.relevant) == (("One", "Two"), 1, ("Two",), {"d3": 2})
        assert (b.evidence, b.history) == (("A | b.", "C."), (Turn(question="Why?", answer="So."),))
        assert (c.answerable, c.answers) == (False, ())
        (problem,) = cases.problems
        assert problem.origin == f"{name}:6"
    (case,) = cases = load_cases(write(tmp_path / "q.tsv", "question\tanswer\nWhy, oh why?\tSo, so, so\n"))
    assert (case.answers, cases.format) == (("So, so, so",), "tsv")


def test_fields_of_other_names(tmp_path: Path) -> None:
    row = {"number": 7, "claim": "Who won?", "says": ["Red", "Red"], "question": "not this"}
    path = write(tmp_path / "q.jsonl", row, {"claim": "Who lost?"})
    cases = load_cases(path, fields={"question": "claim", "id": "number", "answers": "says"})
    assert [(c.id, c.question, c.answers) for c in cases] == [("7", "Who won?", ("Red",)), ("row-2", "Who lost?", ())]
    with pytest.raises(UsageError, match=r"no field 'clame'.*number, claim"):
        load_cases(path, fields={"question": "clame"})
    with pytest.raises(UsageError, match=r"no field 'query'.*id, question"):
        load_cases(path, fields={"query": "claim"})
    with pytest.raises(UsageError, match="Leave out"):
        load_cases(path, fields={"question": "claim"}, format="squad")
    assert one(tmp_path, {"Query": "Who?", "Expected-Answer": 7, "qid": 3}).model_dump(
        include={"question", "answers", "id"}
    ) == {"question": "Who?", "answers": ("7",), "id": "3"}
    assert one(tmp_path, {"answers": [], "answer": "the next name", "question": "Who?"}).answers == ("the next name",)


@pytest.mark.parametrize(
    ("given", "choice"),
    [
        ({"choice": 1}, 1),
        ({"choice": "1"}, 1),
        ({"choice": "B"}, 1),
        ({"choice": "(c)"}, 2),
        ({"choice": "b."}, 1),
        ({"choice": "the blue team"}, 1),
        ({"answer": "Green"}, 2),
        ({"answer": "C"}, 2),
        ({"answer": 0}, 0),
        ({"choice": 2, "answers": ["Green", "the green ones"]}, 2),
    ],
)
def test_a_choice_by_index_text_or_letter(tmp_path: Path, given: dict[str, Any], choice: int) -> None:
    choices = ["Red", "The Blue Team", "Green"]
    case = one(tmp_path, {"question": "Who?", "choices": choices} | given)
    assert (case.choice, case.answers) == (choice, (choices[choice],))


def test_a_choice_that_reads_like_another(tmp_path: Path) -> None:
    years = {"question": "When?", "choices": ["2", "1", "0"]}
    assert one(tmp_path, years | {"choice": "2"}).choice == 0
    assert one(tmp_path, years | {"choice": 2}).choice == 2
    assert one(tmp_path, {"question": "When?", "choices": ["2022", "2023"], "choice": 2023}).choice == 1
    same = {"question": "How much?", "choices": ["10", "10", "9"], "choice": 1, "answers": ["10"]}
    assert one(tmp_path, same).choice == 1


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"id": 1}, "no question; the fields are: id"),
        ({"question": " \ufeff\t"}, "the question is empty"),
        ({"question": ["Who?"]}, "question: a list where a text should be"),
        ({"question": True}, "question: true where a text should be"),
        ({"question": "Who?", "answers": {"text": ["x"]}}, "answers: an object where a text should be"),
        ({"question": "Who?", "answers": [["x"]]}, "answers: a list where a text should be"),
        ({"question": "Who?", "answers": [None]}, "answers: null where a text should be"),
        ({"question": "Who?", "id": ["x"]}, "id: a list"),
        ({"question": "Who?", "choices": "a b"}, "choices: a text where a list should be"),
        ({"question": "Who?", "choices": ["a"], "choice": 0}, "one is not a choice"),
        ({"question": "Who?", "choices": ["a", "b"]}, "none is said to be the right one"),
        ({"question": "Who?", "choices": ["a", "b"], "choice": 2}, "'2' is none of the 2 choices"),
        ({"question": "Who?", "choices": ["a", "b"], "choice": -1}, "'-1' is none of the 2 choices"),
        ({"question": "Who?", "choices": ["a", "b"], "choice": 1, "answer": "a"}, "the answers name another choice"),
        ({"question": "Who?", "choice": 1}, "there are no choices"),
        ({"question": "Who?", "answerable": "perhaps"}, "answerable: write true or false"),
        ({"question": "Who?", "as_of": "03/04/2023"}, "as_of: not a date for certain"),
        ({"question": "Who?", "as_of": {"a": {"b": []}}}, "as_of: not a date"),
        ({"question": "Who?", "relevant": {"d": "much"}}, "a grade must be a whole number"),
        ({"question": "Who?", "relevant": {"d": True}}, "a grade must be a whole number"),
        ({"question": "Who?", "relevant": {"d": float("nan")}}, "a grade must be a whole number"),
        ({"question": "Who?", "relevant": {"d": 10**400}}, "a grade must be a whole number"),
        ({"question": "Who?", "history": {"a": 1}}, "history: an object where a list should be"),
        ({"question": "Who?", "history": [{"question": 1, "answer": [2]}]}, "history, answer: a list"),
        ({"question": "Who?", "id": "a"}, "the id 'a' is taken by q.jsonl:1"),
    ],
)
def test_a_bad_row_is_a_problem_and_the_others_are_read(tmp_path: Path, row: dict[str, Any], why: str) -> None:
    assert why in reason(tmp_path, row)


def test_lines_that_are_no_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", '{"question": "a"', {"question": "b"}, "", "[1]", "7", "[" * 100_000)
    cases = load_cases(path)
    assert [case.question for case in cases] == ["b"]
    assert [problem.origin for problem in cases.problems] == [f"q.jsonl:{n}" for n in (1, 4, 5, 6)]


def test_grades_below_one_are_left_out(tmp_path: Path) -> None:
    given = {"a": 2, "b": 0, "c": -1, "d": 1.0, "e": "3", " ": 1}
    assert one(tmp_path, {"question": "Who?", "relevant": given}).relevant == {"a": 2, "d": 1, "e": 3}
    assert one(tmp_path, {"question": "Who?", "relevant": ["a", "b"]}).relevant == {"a": 1, "b": 1}
    assert one(tmp_path, {"question": "Who?", "relevant": "a"}).relevant == {"a": 1}


def test_characters_that_nobody_means(tmp_path: Path) -> None:
    rows = [
        b'\xef\xbb\xbf{"question": "Who \\ud800 won\\u0000?", "answers": ["\\udfff", "\\u0000"], "id": "\\udead"}',
        b'\xef\xbb\xbf{"question": "Why\x00?"}',
        b'{"question": "Where?", "tags": ["caf\xe9"]}',
    ]
    first, second, third = load_cases(write(tmp_path / "q.jsonl", *rows))
    assert (first.question, first.answers, first.id) == ("Who \ufffd won?", ("\ufffd",), "\ufffd")
    assert (second.question, third.tags) == ("Why?", ("café",))
    digest([first, second, third])


# -- what can't be read ---------------------------------------------------------------


def test_what_is_not_there_or_no_file_of_questions(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"There is no file or folder .*Check the path\.$"):
        load_cases(tmp_path / "missing.jsonl")
    with pytest.raises(SourceError, match=r"not a folder in BEIR's form.*Name a file\.$"):
        load_cases(tmp_path)
    with pytest.raises(SourceError, match=r"q.csv:2: no question; the fields are: title, text\. Say which field"):
        load_cases(write(tmp_path / "q.csv", "title,text\na,b"))
    for content in (
        b"",
        b" \n",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"{",
        b"[]",
        b"{}",
        b"Prose, and no end.",
        b"\x1f\x8b\x08",
    ):
        with pytest.raises(SourceError, match=r"\.$"):
            load_cases(write(tmp_path / "q", content))
    with pytest.raises(UsageError, match=r"There is no format 'excel'\. Use one of: jsonl"):
        load_cases(tmp_path / "q", format="excel")
    with pytest.raises(UsageError, match="Name the file"):
        load_cases(tmp_path, format="csv")
    with pytest.raises(UsageError, match="name the folder"):
        load_cases(tmp_path / "q", format="beir")


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 1000)
    path = tmp_path / "q.jsonl"
    path.write_bytes(gzip.compress(b" " * 2000))
    with pytest.raises(SourceError, match=r"larger than .* Split it\."):
        load_cases(path)


# -- samples and digests --------------------------------------------------------------


def many(n: int) -> list[EvalCase]:
    return [EvalCase(id=f"c{i}", question=f"What is {i}?") for i in range(n)]


def test_a_sample_is_fixed_nested_and_in_order() -> None:
    cases = many(500)
    drawn = {n: sample(cases, n, 7) for n in (0, 50, 100, 500, 1000)}
    assert [len(part) for part in drawn.values()] == [0, 50, 100, 500, 500]
    assert drawn[50] == sample(cases, 50, 7) != sample(cases, 50, 8)
    assert {c.id for c in drawn[50]} < {c.id for c in drawn[100]}
    assert list(drawn[100]) == [c for c in cases if c in drawn[100]]
    assert drawn[1000] == tuple(cases)
    grown = {c.id for c in sample(cases[:450], 50, 7)}
    assert len(grown & {c.id for c in drawn[50]}) >= 40
    assert 10 < sum(int(c.id[1:]) < 250 for c in drawn[50]) < 40
    with pytest.raises(UsageError):
        sample(cases, -1, 7)


def test_a_digest_sees_the_content_only() -> None:
    cases = many(3)
    moved = [case.model_copy(update={"origin": "elsewhere:9"}) for case in cases]
    assert re.fullmatch("[0-9a-f]{64}", digest(cases)) and digest(moved) == digest(cases)
    assert digest(cases[::-1]) != digest(cases) != digest(cases[:2])
    for change in ({"question": "Why?"}, {"relevant": {"a": 1}}, {"answerable": False}, {"tags": ("t",)}):
        assert digest([cases[0].model_copy(update=change), *cases[1:]]) != digest(cases)
    a, b = ({"relevant": dict(order)} for order in ([("x", 1), ("y", 2)], [("y", 2), ("x", 1)]))
    assert digest([cases[0].model_copy(update=a)]) == digest([cases[0].model_copy(update=b)])


def test_cases_are_a_sequence_that_keeps_what_it_knows(tmp_path: Path) -> None:
    cases = load_cases(write(tmp_path / "q.jsonl", {"question": "Who?"}, "{"))
    for again in (copy.copy(cases), pickle.loads(pickle.dumps(cases))):
        assert isinstance(again, Cases) and again == cases and len(again) == 1
        assert (again.path, again.format, again.problems) == (cases.path, cases.format, cases.problems)
