"""Questions of CLAPNQ."""

from __future__ import annotations

from pathlib import Path

from rag.evaluation.cases import load_cases
from tests.evaluation.case_files import CONTEXT, write


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
