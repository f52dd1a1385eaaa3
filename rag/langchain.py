"""The archive as LangChain objects: a retriever and a tool; the runnable is in ``rag.runnable``."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Literal, cast

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool
from pydantic import BaseModel, ConfigDict, Field

from rag import shown
from rag.following import follow
from rag.protocols import SupportsAsk, SupportsSearch
from rag.types import Answer, Finished, Hit

if TYPE_CHECKING:
    from rag.protocols import AskOptions

CHECKPOINTED = (("rag.types", "Answer"),)
"""What LangGraph's ``JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED)`` has to know, where an ``Answer`` is
part of a state of one's own."""


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
            "also_published_by": list(p.also_published_by),
            "score": hit.score,
            "rank": hit.rank,
        },
    )


class AskInput(BaseModel):
    """What a model gives the tool."""

    question: str = Field(description="The question, in any words; it has to stand alone")
    after: str | None = Field(None, description="Only articles from this day on, as in 2023-06-18 or June 2023")
    before: str | None = Field(None, description="Only articles before this day")
    sources: list[str] | None = Field(None, description="Only articles of these outlets")


class ArchiveTool(BaseTool):
    """Answers a question from the archive: the text with its quotes, and the ``Answer`` as the artifact."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str = "news_archive"
    description: str = (
        "Ask an archive of news articles. The answer is made of the exact words of articles, numbered, each with "
        "title, outlet and date; what the archive does not say is refused. Name numbers such as [1] when you use them."
    )
    args_schema: type[BaseModel] = AskInput
    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"
    archive: SupportsAsk
    """What is asked, such as an ``Archive``."""
    options: dict[str, Any] = Field(default_factory=dict)
    """As for ``Archive.ask``; they go before the model's."""

    def _run(self, question: str, **given: Any) -> tuple[str, Answer]:
        answer = self.archive.ask(question, **self._options(given))
        return told(answer), answer

    async def _arun(self, question: str, **given: Any) -> tuple[str, Answer]:
        stop, answer = threading.Event(), None
        options: AskOptions = {**self._options(given), "cancel": stop}
        async for event in follow(lambda: self.archive.stream(question, **options), stop):
            if isinstance(event, Finished):
                answer = event.answer
        assert answer is not None, "a stream ends with Finished"
        return told(answer), answer

    def _options(self, given: dict[str, Any]) -> AskOptions:
        known = AskInput.model_fields
        named: dict[str, Any] = {name: value for name, value in given.items() if value and name in known}
        named.update(self.options)
        return cast("AskOptions", named)


def told(answer: Answer) -> str:
    """An answer as a model, or a front end for messages, reads it: the text, and under it the quotes by number."""
    unheard = [f"Not in any article that was searched: {', '.join(answer.unheard)}"] if answer.unheard else []
    if not answer.answered:
        return "\n".join([answer.text, *unheard])
    lines = [answer.text, ""]
    for quote in answer.quotes:
        when = f"{quote.published.day} {quote.published:%B %Y}" if quote.published else None
        origin = " · ".join(x for x in (quote.speaker, quote.title, quote.source, when, quote.url) if x)
        lines.append(f"[{quote.number}] “{' '.join(quote.quote.split())}” {origin}")
        if standing := shown.standing_line(quote):
            lines.append(f"    {standing}")
        if told := shown.by_hand(quote):
            lines.append(f"    {told}")
    for conflict in answer.conflicts:
        words = " ".join(conflict.quote.split())
        lines.append(f"Sources disagree ({conflict.about}): “{words}” {conflict.title}")
    lines += [f"Not clearly answered in the archive: {question}" for question in answer.unanswered]
    lines += unheard
    return "\n".join(lines)


__all__ = ["CHECKPOINTED", "ArchiveRetriever", "ArchiveTool", "AskInput", "document", "told"]
