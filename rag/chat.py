"""A conversation with an archive: questions that take up what was asked before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Unpack

from rag.types import Answer, Event, Finished

if TYPE_CHECKING:
    from rag.protocols import AskOptions, SupportsAsk


class Chat:
    """Questions to an archive, each with those before it in mind. From ``Archive.chat``; not for several threads.

    Nothing of it is kept on disk; ``Archive.conversations`` is for that.
    """

    def __init__(self, archive: SupportsAsk, options: AskOptions) -> None:
        """Take what answers, such as an ``Archive``, and options for all questions."""
        self._archive = archive
        self._options = options
        self._history: list[tuple[str, str]] = []

    @property
    def history(self) -> tuple[tuple[str, str], ...]:
        """(question, text of the answer) so far, oldest first; the text is empty where there was no answer."""
        return tuple(self._history)

    def clear(self) -> None:
        """Forget what was asked."""
        self._history.clear()

    def stream(self, question: str, **options: Unpack[AskOptions]) -> Iterator[Event]:
        """As ``Archive.stream``, with the history.

        A question is remembered when its answer is there, or when it was stopped; one that failed with an error is not.

        Args:
            question: In any words: "and what did he say?" is enough.
            options: As for ``Archive.stream``; they go before those of the chat. The history is the chat's own.
        """
        merged: AskOptions = {**self._options, **options, "history": self.history}
        told: str | None = None
        try:
            for event in self._archive.stream(question, **merged):
                if isinstance(event, Finished):
                    # A refusal states nothing about the world, so nothing is to be taken up from it.
                    told = event.answer.text if event.answer.answered else ""
                yield event
        except GeneratorExit:
            told = told or ""
            raise
        finally:
            if told is not None:
                self._history.append((" ".join(question.split()), told))

    def ask(self, question: str, **options: Unpack[AskOptions]) -> Answer:
        """As ``stream``, without the events."""
        answer = None
        for event in self.stream(question, **options):
            if isinstance(event, Finished):
                answer = event.answer
        assert answer is not None, "a stream ends with Finished"
        return answer
