"""The audit log: who asked, brought in and took down what, and who signed in; a line of JSON each.

An article is told by its id, an upload by numbers: what is taken down leaves no words here. Questions are written down
only where that is asked for; they are the words of who asks.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.settings import Settings

FILE = "audit.jsonl"
_MOST_KEPT = 10_000


class AuditLog:
    """Appends to a file that only its owner can read. Safe to use from several threads."""

    def __init__(self, file: Path, *, questions: bool = False) -> None:
        """Take the file, and whether questions are written down.

        Lines are kept until the file's folder is there: an archive's is made with its first article.
        """
        self.file = file
        self._questions = questions
        self._lock = threading.Lock()
        self._kept: deque[str] = deque(maxlen=_MOST_KEPT)

    @classmethod
    def of(cls, settings: Settings) -> AuditLog | None:
        """The log as the settings say, beside an archive that is read-only; None where it is switched off."""
        if not settings.audit:
            return None
        from rag.index import readonly

        folder = settings.archive.expanduser().resolve()
        if settings.audit_file is None and readonly.is_read_only(folder / "catalog.sqlite"):
            folder = readonly.folder_beside(folder)
        return cls((settings.audit_file or folder / FILE).expanduser(), questions=settings.audit_questions)

    def note(self, who: str, what: str, *, question: str = "", **more: Any) -> None:
        """Write a line down.

        Args:
            who: The user.
            what: "asked", "searched", "uploaded", "deleted", "signed in" and so on.
            question: In the user's words.
            more: What else there is to say; never an article's words.
        """
        line: dict[str, Any] = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "who": who, "what": what}
        if self._questions and question:
            line["question"] = question
        with self._lock:
            self._kept.append(json.dumps({**line, **more}, ensure_ascii=True) + "\n")
            if not self.file.parent.is_dir():
                return
            with os.fdopen(os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as out:
                out.writelines(self._kept)
            self._kept.clear()


__all__ = ["FILE", "AuditLog"]
