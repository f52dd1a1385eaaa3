"""Questions of BEIR."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.evaluation.cases import load_cases
from tests.evaluation.case_files import write


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
