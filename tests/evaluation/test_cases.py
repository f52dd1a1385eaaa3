"""Reading questions: every format, good rows and bad ones."""

from __future__ import annotations

import contextlib
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
from helpers import ROOT, examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rag.errors import OnRecordError, SourceError, UsageError
from rag.evaluation.cases import FORMATS, Cases, digest, load_cases, sample
from rag.evaluation.formats import files
from rag.evaluation.formats.general import FIELD_NAMES
from rag.evaluation.values import EvalCase, Turn
from rag.ingest.clean import clean
from rag.text.detect import detect_language
from rag.text.split import sentences
from rag.types import RawArticle

DATA = ROOT.parent / "shared/data"
PLACE = re.compile(r"[^:]+:\d+(\.\d+)*")


def needs_data() -> None:
    if not DATA.exists():
        pytest.skip("../shared/data is not there")


def write(path: Path, *rows: Any) -> Path:
    """A file of JSON Lines; what is a string or bytes is written as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [r if isinstance(r, bytes) else (r if isinstance(r, str) else json.dumps(r)).encode() for r in rows]
    path.write_bytes(b"\n".join(lines))
    return path


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


# -- SQuAD ----------------------------------------------------------------------------

CONTEXT = "\ufeffRed won on  Monday. Blue came second, Mr. Low said.  Red had won before, in 2019."


def qa(number: int, question: str, *answers: str, **more: Any) -> dict[str, Any]:
    placed = [{"text": answer, "answer_start": CONTEXT.rindex(answer)} for answer in answers]
    return {"id": f"q{number}", "question": question, "answers": placed, **more}


def squad(*questions: Any, **more: Any) -> dict[str, Any]:
    return {
        "version": "v2.0",
        "data": [{"title": "Races", "paragraphs": [{"context": CONTEXT, "qas": questions} | more]}],
    }


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


# -- BEIR -----------------------------------------------------------------------------


def folder(path: Path, judged: str, qrels: str) -> Path:
    queries = [{"_id": "q1", "text": "Who won?", "answers": ["Red"]}, {"_id": 2, "text": "Why?", "metadata": {}}]
    write(path / "queries.jsonl", *queries, {"_id": "q3", "text": "Where?"}, {"_id": "q1", "text": "Again?"}, "{")
    write(path / judged, qrels)
    return path


@pytest.mark.parametrize("header", ["", "query-id\tcorpus-id\tscore\n"])
@pytest.mark.parametrize("judged", ["qrels.tsv", "qrels/test.tsv", "qrels/dev.tsv", "qrels/train.tsv"])
def test_beir(tmp_path: Path, header: str, judged: str) -> None:
    qrels = "q1\td1\t2\nq1\td2\t1\nq1\td3\t0\n2\td 1\t1\nq9\td1\t1\nq3\td1\t0\nq3\td1\n"
    cases = load_cases(folder(tmp_path, judged, header + qrels))
    assert (cases.format, [c.id for c in cases]) == ("beir", ["q1", "2"])
    assert [c.relevant for c in cases] == [{"d1": 2, "d2": 1}, {"d 1": 1}]
    assert (cases[0].answers, cases[0].origin, cases[1].answerable) == (("Red",), "queries.jsonl:1", True)
    told = [(problem.origin, problem.reason) for problem in cases.problems]
    assert (f"{judged}:{7 + bool(header)}", "not a query, a document and a grade, separated by tabs") in told
    assert ("queries.jsonl", "left out: 1 queries without a relevant document") in told
    assert any("judgements of 1 queries" in why for _, why in told)
    assert {"queries.jsonl:4", "queries.jsonl:5"} < {origin for origin, _ in told}


def test_beir_prefers_the_test_split_and_reads_four_columns(tmp_path: Path) -> None:
    write(tmp_path / "qrels/dev.tsv", "q1\td9\t1")
    cases = load_cases(folder(tmp_path, "qrels/test.tsv", "q1 0 d1 1"))
    assert [c.relevant for c in cases] == [{"d1": 1}]


# -- RealTimeQA -----------------------------------------------------------------------


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


# -- CLAPNQ ---------------------------------------------------------------------------


def test_clapnq(tmp_path: Path) -> None:
    passages = [{"title": "Races", "text": CONTEXT, "sentences": ["Red won .", "Blue lost ."]}]
    rows = [
        {
            "id": 5,
            "input": "who won",
            "passages": passages,
            "output": [
                {"answer": "Red did.", "selected_sentences": ["Red won .&", "Blue lost ."]},
                {"answer": "Red.", "selected_sentences": ["Red won ."]},
                {"answer": "", "selected_sentences": []},
            ],
        },
        {"id": "6", "input": "who fell", "passages": passages, "output": [{"answer": None, "meta": None}]},
        {"id": "7", "input": "who", "passages": passages, "output": [5]},
        {"id": "8", "passages": passages, "output": []},
    ]
    path = write(tmp_path / "c.jsonl", *rows)
    first, second = cases = load_cases(path)
    assert (cases.format, [p.origin for p in cases.problems]) == ("clapnq", ["c.jsonl:3", "c.jsonl:4"])
    assert (first.id, first.question, first.answers) == ("5", "who won", ("Red did.", "Red."))
    assert (first.evidence, first.relevant, first.answerable) == (("Red won .", "Blue lost ."), {}, True)
    assert (second.answers, second.evidence, second.answerable) == ((), (), False)
    write(tmp_path / "dev_pool_beir/qrels.tsv", "query-id\tcorpus-id\tscore\n5\tp0\t1")
    assert [c.relevant for c in load_cases(path)] == [{"p0": 1}, {}]


# -- others' data, where it is --------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "format", "count", "problems"),
    [
        ("realtimeqa-2023/questions.jsonl", "realtimeqa", 1418, 0),
        ("realtimeqa-2023/questions_nota.jsonl", "realtimeqa", 1418, 0),
        ("realtimeqa-2023/questions.jsonl", "realtimeqa-generation", 1418, 0),
        ("realtimeqa-2023/questions.jsonl", "realtimeqa-closed", 1218, 1),  # nothing was retrieved for 200
        ("realtimeqa-2023/questions.jsonl", "realtimeqa-generation-closed", 1218, 1),
        ("clapnq/clapnq_dev_answerable.jsonl", "clapnq", 300, 0),
        ("clapnq/clapnq_dev_unanswerable.jsonl", "clapnq", 300, 0),
        ("clapnq/dev_pool_beir", "beir", 300, 1),  # the other 300 have no relevant passage
        ("xquad/xquad.en.json", "squad", 1190, 0),
        ("xquad/xquad.tr.json", "squad", 1190, 0),
        ("xquad/xquad.zh.json", "squad", 1190, 0),
        ("xquad/beir/en", "beir", 1185, 0),  # questions of the same words are one query
        ("xquad/beir/tr", "beir", 1184, 0),
        ("xquad/beir/zh", "beir", 1181, 0),
        ("scifact", "beir", 300, 0),
    ],
)
def test_the_open_data_loads_whole(path: str, format: str, count: int, problems: int) -> None:
    needs_data()
    seen = format in ("realtimeqa", "clapnq", "beir", "squad")
    cases = load_cases(DATA / path, format=None if seen else format)
    assert (cases.format, len(cases), len(cases.problems)) == (format, count, problems)
    assert all(c.answers for c in cases if c.answerable and format != "beir")
    assert all(c.within for c in cases) == format.endswith("-closed")
    assert all(c.relevant for c in cases if format == "beir")
    assert all(c.evidence for c in cases if format == "squad")


def test_what_the_open_data_says() -> None:
    needs_data()
    nota = load_cases(DATA / "realtimeqa-2023/questions_nota.jsonl")
    assert all("nota" in c.tags for c in nota) and sum(not c.answerable for c in nota) == 368
    silver = load_cases(DATA / "realtimeqa-2023/questions.jsonl")
    assert sum(bool(c.relevant) for c in silver) == 654
    assert Counter(t for c in silver for t in c.tags)["2023-06"] == 140
    answerable = load_cases(DATA / "clapnq/clapnq_dev_answerable.jsonl")
    assert all(c.answerable and c.relevant for c in answerable) and sum(bool(c.evidence) for c in answerable) == 299
    assert not any(c.answerable for c in load_cases(DATA / "clapnq/clapnq_dev_unanswerable.jsonl"))


@pytest.mark.parametrize("language", ["en", "tr", "zh"])
def test_evidence_of_squad_is_what_the_archive_stores(language: str) -> None:
    needs_data()
    stored: set[str] = set()
    for line in (DATA / f"xquad/beir/{language}/corpus.jsonl").read_text("utf-8").splitlines():
        draft = clean(RawArticle(key="k", text=json.loads(line)["text"]))
        assert isinstance(draft, RawArticle)
        stored |= {draft.text[s.start : s.end] for s in sentences(draft.text, detect_language(draft.text))}
    cases = load_cases(DATA / f"xquad/xquad.{language}.json")
    assert all(set(case.evidence) <= stored for case in cases)


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


# -- anything -------------------------------------------------------------------------

ANY = settings(
    max_examples=examples(150),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
GOOD = {"question": "Who?", "choices": ["a", "b"], "choice": 1}
FIELDS = (
    *FIELD_NAMES, "as_of", "question_sentence", "question_date", "question_id", "input", "output", "passages",
    "paragraphs", "data",
)  # fmt: skip
ROWS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6) | VALUES


def held(path: Path, **options: Any) -> Cases | None:
    """The cases, with every problem of a row in its place; or None after an error raised on purpose."""
    cases = None
    with contextlib.suppress(OnRecordError):
        cases = load_cases(path, **options)
    if cases is None:
        return None
    assert all(PLACE.fullmatch(problem.origin) and problem.reason for problem in cases.problems)
    assert all(PLACE.fullmatch(case.origin) for case in cases)
    digest(cases)
    return cases


@ANY
@given(rows=st.lists(ROWS, max_size=6), format=st.sampled_from([None, *(f for f in FORMATS if "closed" not in f)]))
def test_any_json_lines(tmp_path: Path, rows: list[Any], format: str | None) -> None:
    lines = [json.dumps(row) for row in rows]
    held(write(tmp_path / "q.jsonl", *lines), format=format)
    held(write(tmp_path / "q.json", json.dumps(rows)), format=format)
    cases = held(write(tmp_path / "q.jsonl", *(GOOD | {"id": f"good-{n}"} for n in range(2)), *lines))
    assert cases is not None
    places = [item.origin for item in (*cases, *cases.problems)]
    assert sorted(places) == [f"q.jsonl:{n}" for n in range(1, len(rows) + 3)]


@ANY
@given(value=VALUES, field=st.sampled_from([*FIELD_NAMES]))
def test_any_value_in_any_field(tmp_path: Path, value: Any, field: str) -> None:
    cases = held(write(tmp_path / "q.jsonl", GOOD | {"id": "good"}, GOOD | {field: value}))
    assert cases is not None and len(cases) + len(cases.problems) == 2
    assert all(problem.origin == "q.jsonl:2" for problem in cases.problems)


@ANY
@given(value=VALUES, name=st.sampled_from(["id", "question", "answers", "is_impossible"]), at=VALUES)
def test_any_value_in_squad(tmp_path: Path, value: Any, name: str, at: Any) -> None:
    odd = {"id": "b", "question": "Who?", "answers": [{"text": at, "answer_start": at}]} | {name: value}
    cases = held(write(tmp_path / "s.json", squad(qa(1, "Who?", "Red"), odd, doc_id=at)))
    assert cases is None or len(cases) + len(cases.problems) == 2


@ANY
@given(raw=st.binary(max_size=200), format=st.sampled_from([None, "jsonl", "json", "csv", "tsv"]))
@example(raw=b"\xff\xfe\x00\xd8\x00", format=None)
@example(raw=b"\x00{}", format=None)
@example(raw=b'question\r"a\r\nb', format=None)
@example(raw=b"\x1f\x8b", format=None)
def test_any_bytes(tmp_path: Path, raw: bytes, format: str | None) -> None:
    held(write(tmp_path / "q", raw), format=format)
    cases = held(write(tmp_path / "q", json.dumps(GOOD), raw), format="jsonl")
    assert cases is None or len(cases) >= 1
    held(write(tmp_path / "q", "question,answer", raw), format=format)
    (tmp_path / "q").write_bytes(gzip.compress(raw)[: len(raw) + 9])
    held(tmp_path / "q", format=format)


@ANY
@given(qrels=st.text(st.characters(codec="utf-8") | st.sampled_from("\t\n 1"), max_size=60))
def test_any_judgements(tmp_path: Path, qrels: str) -> None:
    path = write(tmp_path / "queries.jsonl", {"_id": "q", "text": "Who?"}).parent
    write(path / "qrels.tsv", qrels, "q\td\t1")
    with contextlib.suppress(OnRecordError):
        assert [c.relevant["d"] for c in load_cases(path)] == [1]
