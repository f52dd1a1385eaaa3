"""What an archive is to others: a conversation, and the objects of LangChain and LangGraph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack, cast

from rag.protocols import AskOptions, FilterArgs, QuestionOptions

if TYPE_CHECKING:
    from rag.archive import Archive
    from rag.chat import Chat
    from rag.langchain import ArchiveRetriever, ArchiveTool
    from rag.runnable import ArchiveRunnable
    from rag.settings import Settings


class Joins:
    """The part of ``Archive`` that makes such objects of it."""

    settings: Settings

    def chat(self, **options: Unpack[AskOptions]) -> Chat:
        """A conversation in which questions may take up earlier ones.

        Args:
            options: As for ``stream``, for all of its questions.
        """
        from rag.chat import Chat

        return Chat(cast("Archive", self), options)

    def as_retriever(self, k: int | None = None, **options: Unpack[QuestionOptions]) -> ArchiveRetriever:
        """The archive as a LangChain retriever of passages (``Document`` with offsets in its metadata).

        Args:
            k: How many passages; by default the setting.
            options: As for ``search``.

        Raises:
            UsageError: ``k`` is out of range.
        """
        from rag.langchain import ArchiveRetriever
        from rag.retrieve.days import whole

        number = self.settings.k if k is None else whole("k", k, 1, 1000)
        return ArchiveRetriever(archive=cast("Archive", self), k=number, options=dict(options))

    def as_runnable(self, **options: Unpack[AskOptions]) -> ArchiveRunnable:
        """The archive as a LangChain runnable, and as a node of a LangGraph graph (docs/programs.md).

        It takes a question, ``{"question": …}`` with filters beside it, a list of messages, or a state with
        ``messages``: of a state it makes the update ``{"messages": [AIMessage]}``, of all else an ``Answer``.

        Args:
            options: As for ``stream``; ``bind`` gives others.
        """
        from rag.runnable import ArchiveRunnable

        return ArchiveRunnable(cast("Archive", self), options)

    def as_tool(
        self, *, name: str = "news_archive", description: str | None = None, **options: Unpack[FilterArgs]
    ) -> ArchiveTool:
        """The archive as a LangChain tool, by which a model asks it: a question in, the answer with its quotes out.

        Args:
            name: What the model calls it.
            description: What the model is told of it; by default what it does.
            options: Which articles, whatever the model asks for.
        """
        from rag.langchain import ArchiveTool

        told: dict[str, Any] = {} if description is None else {"description": description}
        return ArchiveTool(archive=cast("Archive", self), name=name, options=dict(options), **told)


__all__ = ["Joins"]
