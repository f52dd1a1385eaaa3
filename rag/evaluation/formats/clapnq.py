"""CLAPNQ: questions with answers written from one passage, and questions that no passage answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rag.evaluation.formats import convert
from rag.evaluation.formats.beir import find_qrels, read_qrels
from rag.evaluation.formats.general import make_case
from rag.evaluation.values import EvalCase
from rag.ingest.readers.rows import Row, is_blank


def clapnq_cases(path: Path, rows: Iterable[Row]) -> Iterator[convert.CaseOrSkipped]:
    """CLAPNQ's annotations; ``relevant`` from ``dev_pool_beir`` where that stands beside the file."""
    judged = find_qrels(path.with_name("dev_pool_beir"))
    relevant, problems = read_qrels(judged, judged.name) if judged else ({}, [])
    yield from problems

    def case(origin: str, row: dict[str, Any]) -> EvalCase:
        outputs = row.get("output")
        if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
            raise convert.NotACase("output: not a list of objects")
        answers = convert.texts([o["answer"] for o in outputs if not is_blank(o.get("answer"))], "output, answer")
        chosen = [s for o in outputs for s in convert.texts(o.get("selected_sentences"), "output, selected_sentences")]
        found = {
            "id": row.get("id"),
            "question": row.get("input"),
            "answers": list(answers),
            "evidence": [sentence.removesuffix("&") for sentence in chosen] if answers else [],
            "relevant": relevant.get(convert.case_id(row.get("id"), origin)),
            "answerable": bool(answers),
        }
        return make_case(origin, row, {name: value for name, value in found.items() if value is not None})

    yield from convert.to_cases(rows, case)
