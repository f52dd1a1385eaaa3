"""Example questions, made from the archive's own articles and tried before they are shown."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rag.answer.models.chat import NONE
from rag.errors import OnRecordError

if TYPE_CHECKING:
    from rag.archive import Archive

_ARTICLES = 60
"""How many of the newest articles questions are taken from."""
_TRIED = 4
"""How many questions are tried for each that is wanted."""


class StarterQuestions:
    """Example questions of one archive, made again when the archive changes. Safe to use from several threads."""

    def __init__(self, archive: Archive) -> None:
        """Take the archive; no question is made yet."""
        self._archive = archive
        self._lock = threading.Lock()
        self._found: tuple[int, list[str]] | None = None

    def found(self) -> list[str]:
        """The questions, if they have been made since the archive changed; this takes no time."""
        known = self._found
        return known[1] if known is not None and known[0] == self._archive.generation else []

    def questions(self, n: int = 4) -> list[str]:
        """At most ``n`` questions that the archive answers; none while it is empty. Takes seconds after a change."""
        with self._lock:
            generation = self._archive.generation
            if self._found is None or self._found[0] != generation:
                self._found = generation, self._look(n)
            return self._found[1]

    def _look(self, n: int) -> list[str]:
        from rag.retrieve.starters import examples

        archive = self._archive
        texts = []
        for listed in archive.list_articles(limit=_ARTICLES)[0]:
            try:
                texts.append((listed.title, archive.get(listed.id).text, archive.sentences(listed.id)))
            except OnRecordError:  # taken down meanwhile
                continue
        found: list[str] = []
        for question in examples(texts, n * _TRIED):
            if len(found) == n:
                break
            if archive.ask(question, chat_model=NONE).answered:
                found.append(question)
        return found
