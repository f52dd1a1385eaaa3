"""Reports as tests make them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rag.evaluation.statistics import summarise
from rag.evaluation.values import Report, Result, Run


def run(**more: Any) -> Run:
    known: dict[str, Any] = {
        "id": "r",
        "cases": "questions.jsonl",
        "cases_digest": "d",
        "chosen": 4,
        "of": 4,
        "archive": "archive",
        "articles": 2,
        "passages": 9,
        "generation": 1,
        "fingerprint": "f",
        "model": "small",
        "prompts": ("answer@1",),
        "settings": {"k": 5},
        "version": "0",
        "code": "c",
        "started": datetime(2024, 1, 1, tzinfo=UTC),
    }
    return Run(**{**known, **more})


def reported(results: Sequence[Result], *names: str, **more: Any) -> Report:
    return Report(
        run=run(**more),
        cases=len(results),
        errors=0,
        scores=summarise(results, names or ("f1",), resamples=20),
        results=tuple(results),
    )
