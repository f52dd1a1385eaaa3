"""The archive as LangChain objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import ConfigDict, Field

from rag.protocols import SupportsSearch
from rag.types import Answer, Hit

if TYPE_CHECKING:
    from rag.protocols import AskOptions, SupportsAsk


class ArchiveRetriever(BaseRetriever):
    """Passages as documents; where each stands is in its metadata."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    archive: SupportsSearch
    """What is searched, such as an ``Archive``."""
    k: int = 8
    """How many documents; ``invoke(..., k=3)`` overrides it."""
    options: dict[str, Any] = Field(default_factory=dict)
    """As for ``Archive.search``."""

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        options = {**self.options, "k": self.k, **kwargs}
        return [document(hit) for hit in self.archive.search(query, **options)]


def document(hit: Hit) -> Document:
    """A hit as a LangChain document."""
    p = hit.passage
    return Document(
        id=p.id,
        page_content=p.text,
        metadata={
            "article_id": p.article_id,
            "start": p.start,
            "end": p.end,
            "title": p.title,
            "source": p.source,
            "published": p.published.isoformat() if p.published else None,
            "url": p.url,
            "also_printed_by": list(p.also_published_by),
            "score": hit.score,
            "rank": hit.rank,
        },
    )


def runnable(archive: SupportsAsk, options: AskOptions) -> Runnable[str, Answer]:
    """``archive.ask`` as a runnable."""

    def ask(question: str) -> Answer:
        return archive.ask(question, **options)

    return RunnableLambda(ask).with_config(run_name="onrecord")
