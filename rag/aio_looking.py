"""The part of the archive for asyncio that looks around in it, and makes LangChain's objects of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar, Unpack

from rag.protocols import AskOptions, FilterArgs, QuestionOptions

if TYPE_CHECKING:
    from rag.answer.check.verify import Verdict
    from rag.archive import Archive
    from rag.langchain import ArchiveRetriever, ArchiveTool
    from rag.runnable import ArchiveRunnable
    from rag.types import Citation, Problem, Sentence, Stats

P = ParamSpec("P")
R = TypeVar("R")


class AsyncLooks:
    """``AsyncArchive``'s methods for versions, coverage and checks, and for LangChain."""

    sync: Archive

    if TYPE_CHECKING:

        async def _call(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R: ...

    async def supports(self, claim: str, citations: Sequence[Citation], *, asked: str = "") -> Verdict:
        """As ``Archive.supports``: whether the cited words support a sentence."""
        return await self._call(self.sync.supports, claim, citations, asked=asked)

    async def articles_exist(self, article_ids: Iterable[str]) -> dict[str, bool]:
        """As ``Archive.articles_exist``: which of some ids are still here, each with whether it is current."""
        return await self._call(self.sync.articles_exist, article_ids)

    async def sentences(self, article_id: str) -> list[Sentence]:
        """As ``Archive.sentences``: the sentences of an article, as they can be cited."""
        return await self._call(self.sync.sentences, article_id)

    async def versions(self, key: str) -> list[str]:
        """As ``Archive.versions``: ids of an article's versions, newest first."""
        return await self._call(self.sync.versions, key)

    async def months(self) -> list[tuple[str, str, int]]:
        """As ``Archive.months``: coverage by month and outlet."""
        return await self._call(self.sync.months)

    async def stats(self) -> Stats:
        """As ``Archive.stats``: numbers about the archive."""
        return await self._call(self.sync.stats)

    async def doctor(self) -> list[Problem]:
        """As ``Archive.doctor``: what is wrong with its stores; an empty list is good."""
        return await self._call(self.sync.doctor)

    async def export(self, out: str | Path) -> int:
        """As ``Archive.export``: write all current articles as JSON Lines; returns how many."""
        return await self._call(self.sync.export, out)

    def as_retriever(self, k: int | None = None, **options: Unpack[QuestionOptions]) -> ArchiveRetriever:
        """As ``Archive.as_retriever``; its ``ainvoke`` doesn't block."""
        return self.sync.as_retriever(k, **options)

    def as_runnable(self, **options: Unpack[AskOptions]) -> ArchiveRunnable:
        """As ``Archive.as_runnable``; its ``ainvoke`` and ``astream`` don't block."""
        return self.sync.as_runnable(**options)

    def as_tool(
        self, *, name: str = "news_archive", description: str | None = None, **options: Unpack[FilterArgs]
    ) -> ArchiveTool:
        """As ``Archive.as_tool``; its ``ainvoke`` doesn't block."""
        return self.sync.as_tool(name=name, description=description, **options)


__all__ = ["AsyncLooks"]
