"""OnRecord: questions to an archive of news articles, answered with the words that support every sentence.

Names are looked up when first used, so that ``import rag`` loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.answer.check.judge import Judgement
    from rag.archive import Archive
    from rag.chat import Chat
    from rag.claims import Claim, check_claims
    from rag.errors import OnRecordError
    from rag.evaluation.cases import load_cases
    from rag.evaluation.run import evaluate
    from rag.evaluation.values import EvalCase, Report
    from rag.settings import Settings
    from rag.types import (
        Answer,
        Article,
        Choice,
        Citation,
        Delta,
        Finished,
        Hit,
        IngestReport,
        Passage,
        Progress,
        Query,
        Quoted,
        Retrieved,
    )

_HOMES = {
    "Archive": "rag.archive",
    "Chat": "rag.chat",
    "Claim": "rag.claims",
    "Judgement": "rag.answer.check.judge",
    "check_claims": "rag.claims",
    "OnRecordError": "rag.errors",
    "Settings": "rag.settings",
    "EvalCase": "rag.evaluation.values",
    "Report": "rag.evaluation.values",
    "evaluate": "rag.evaluation.run",
    "load_cases": "rag.evaluation.cases",
    **dict.fromkeys(
        (
            "Answer Article Choice Citation Delta Finished Hit IngestReport Passage Progress Query Quoted Retrieved"
        ).split(),
        "rag.types",
    ),
}

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "Archive",
    "Article",
    "Chat",
    "Choice",
    "Citation",
    "Claim",
    "Delta",
    "EvalCase",
    "Finished",
    "Hit",
    "IngestReport",
    "Judgement",
    "OnRecordError",
    "Passage",
    "Progress",
    "Query",
    "Quoted",
    "Report",
    "Retrieved",
    "Settings",
    "__version__",
    "check_claims",
    "evaluate",
    "load_cases",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'rag' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
