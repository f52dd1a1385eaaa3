"""OnRecord: questions to an archive of news articles, answered with the words that support every sentence.

Names are looked up when first used, so that ``import rag`` loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.adding import NewArticle
    from rag.aio import AsyncArchive, AsyncChat
    from rag.answer.check.judge import Judgement
    from rag.archive import Archive
    from rag.chat import Chat
    from rag.claims import Claim, check_claims
    from rag.collecting import Collections
    from rag.errors import (
        AddressRefused,
        ArchiveClosed,
        ArchiveDamaged,
        ArchiveError,
        ArchiveForked,
        ArchiveLocked,
        ArchiveMismatch,
        ArchiveMissing,
        ArchiveReadOnly,
        ArchiveUnreachable,
        ArticleMissing,
        ClusterError,
        CollectionMissing,
        ConversationMissing,
        DiskFull,
        ExtraMissing,
        FetchCancelled,
        FetchError,
        LexiconError,
        MendingMissing,
        ModelCorrupt,
        ModelError,
        ModelFailed,
        ModelMissing,
        NotAllowed,
        OnRecordError,
        PluginError,
        PromptError,
        ServiceBusy,
        SourceError,
        UsageError,
    )
    from rag.evaluation.cases import load_cases
    from rag.evaluation.run import evaluate
    from rag.evaluation.values import EvalCase, Report
    from rag.finding import Findings
    from rag.index.collections import Collection
    from rag.settings import Settings
    from rag.timelines import Timeline, TimelineEntry
    from rag.types import (
        Answer,
        Article,
        ArticleSummary,
        Choice,
        Citation,
        Conflict,
        Conversation,
        Delta,
        Event,
        Finished,
        Hit,
        IngestReport,
        Passage,
        Problem,
        Progress,
        Query,
        Quote,
        Quoted,
        Retrieved,
        Skipped,
        Stats,
    )

_HOMES = {
    "Archive": "rag.archive",
    "AsyncArchive": "rag.aio",
    "AsyncChat": "rag.aio",
    "Chat": "rag.chat",
    "Claim": "rag.claims",
    "Judgement": "rag.answer.check.judge",
    "NewArticle": "rag.adding",
    "check_claims": "rag.claims",
    "Settings": "rag.settings",
    "EvalCase": "rag.evaluation.values",
    "Report": "rag.evaluation.values",
    "Collection": "rag.index.collections",
    "Collections": "rag.collecting",
    "Findings": "rag.finding",
    "Timeline": "rag.timelines",
    "TimelineEntry": "rag.timelines",
    "evaluate": "rag.evaluation.run",
    "load_cases": "rag.evaluation.cases",
    **dict.fromkeys(
        (
            "AddressRefused ArchiveClosed ArchiveDamaged ArchiveError ArchiveLocked ArchiveMismatch "
            "ArchiveForked ArchiveMissing ArchiveReadOnly ArchiveUnreachable ArticleMissing ClusterError "
            "CollectionMissing ConversationMissing DiskFull NotAllowed ExtraMissing FetchCancelled FetchError "
            "LexiconError MendingMissing ModelCorrupt ModelError ModelFailed ModelMissing OnRecordError PluginError "
            "PromptError ServiceBusy SourceError UsageError"
        ).split(),
        "rag.errors",
    ),
    **dict.fromkeys(
        (
            "Answer Article ArticleSummary Choice Citation Conflict Conversation Delta Event Finished Hit "
            "IngestReport Passage Problem Progress Query Quote Quoted Retrieved Skipped Stats"
        ).split(),
        "rag.types",
    ),
}

__version__ = "0.1.0"
__all__ = [
    "AddressRefused",
    "Answer",
    "Archive",
    "ArchiveClosed",
    "ArchiveDamaged",
    "ArchiveError",
    "ArchiveForked",
    "ArchiveLocked",
    "ArchiveMismatch",
    "ArchiveMissing",
    "ArchiveReadOnly",
    "ArchiveUnreachable",
    "Article",
    "ArticleMissing",
    "ArticleSummary",
    "AsyncArchive",
    "AsyncChat",
    "Chat",
    "Choice",
    "Citation",
    "Claim",
    "ClusterError",
    "Collection",
    "CollectionMissing",
    "Collections",
    "Conflict",
    "Conversation",
    "ConversationMissing",
    "Delta",
    "DiskFull",
    "EvalCase",
    "Event",
    "ExtraMissing",
    "FetchCancelled",
    "FetchError",
    "Findings",
    "Finished",
    "Hit",
    "IngestReport",
    "Judgement",
    "LexiconError",
    "MendingMissing",
    "ModelCorrupt",
    "ModelError",
    "ModelFailed",
    "ModelMissing",
    "NewArticle",
    "NotAllowed",
    "OnRecordError",
    "Passage",
    "PluginError",
    "Problem",
    "Progress",
    "PromptError",
    "Query",
    "Quote",
    "Quoted",
    "Report",
    "Retrieved",
    "ServiceBusy",
    "Settings",
    "Skipped",
    "SourceError",
    "Stats",
    "Timeline",
    "TimelineEntry",
    "UsageError",
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
