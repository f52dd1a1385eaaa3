"""What conversations have beside their turns: links by which others may read them, and how large the archive was.

The tables are made at their first use, so that a file of an older program needs no step.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rag.errors import ConversationMissing

if TYPE_CHECKING:
    from rag.index.server import ServerConnections

TABLES = (
    """CREATE TABLE IF NOT EXISTS share (
      token TEXT PRIMARY KEY,           -- what the link carries: 32 random bytes
      conversation TEXT NOT NULL UNIQUE REFERENCES conversation (id) ON DELETE CASCADE,
      created TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS turn_archive (
      turn INTEGER PRIMARY KEY REFERENCES turn (id) ON DELETE CASCADE,
      coverage TEXT NOT NULL            -- how large the archive was, and of which dates, when it was asked
    )""",
)


class Sharing:
    """Methods of ``Conversations``, which has the file."""

    _server: ServerConnections | None

    def _rows(self, query: str, values: Collection[Any] = ()) -> list[sqlite3.Row]:
        raise NotImplementedError

    def _writing(self, *, purge: bool = False) -> AbstractContextManager[sqlite3.Connection]:
        raise NotImplementedError

    @staticmethod
    def _owned(db: sqlite3.Connection, conversation: str, user: str) -> sqlite3.Row:
        raise NotImplementedError

    # -- links -----------------------------------------------------------------

    def share(self, conversation: str, user: str) -> str:
        """The token by which others may read a conversation, made at the first call.

        Raises:
            ConversationMissing: The user has none of that id.
        """
        with self._writing() as db:
            self._owned(db, conversation, user)
            self._make_tables(db)
            db.execute(
                "INSERT INTO share VALUES (?, ?, ?) ON CONFLICT (conversation) DO NOTHING",
                (secrets.token_urlsafe(32), conversation, datetime.now(UTC).isoformat(timespec="microseconds")),
            )
            row = db.execute("SELECT token FROM share WHERE conversation = ?", (conversation,)).fetchone()
        return str(row["token"])

    def unshare(self, conversation: str, user: str) -> None:
        """Take the link back: from now on it leads nowhere, and another one would have another token.

        Raises:
            ConversationMissing: The user has none of that id.
        """
        with self._writing() as db:
            self._owned(db, conversation, user)
            self._make_tables(db)
            db.execute("DELETE FROM share WHERE conversation = ?", (conversation,))

    def shared_by(self, token: str) -> tuple[str, str]:
        """(conversation, its user) that a link leads to.

        Raises:
            ConversationMissing: It leads nowhere, or no more.
        """
        rows = (
            self._rows(
                """SELECT c.id, c.user FROM share s JOIN conversation c ON c.id = s.conversation WHERE s.token = ?""",
                (token,),
            )
            if self._has("share")
            else []
        )
        if not rows:
            raise ConversationMissing("This link leads to no conversation, or it has been taken back. Ask who sent it.")
        return rows[0]["id"], rows[0]["user"]

    def link_of(self, conversation: str, user: str) -> str | None:
        """The token of a user's conversation, where it is shared."""
        if not self._has("share"):
            return None
        rows = self._rows(
            """SELECT s.token FROM share s JOIN conversation c ON c.id = s.conversation
               WHERE c.id = ? AND c.user = ?""",
            (conversation, user),
        )
        return rows[0]["token"] if rows else None

    # -- the archive as it was -----------------------------------------------------

    def note_coverage(self, turn: int, coverage: str) -> None:
        """Record how large the archive was when a question was asked; nothing where the turn has gone meanwhile."""
        with self._writing() as db:
            self._make_tables(db)
            db.execute(
                """INSERT INTO turn_archive SELECT id, CAST(? AS TEXT) FROM turn WHERE id = ?
                   ON CONFLICT (turn) DO UPDATE SET coverage = excluded.coverage""",
                (coverage, turn),
            )

    def coverages(self, conversation: str) -> dict[int, str]:
        """How large the archive was at the questions of a conversation, by turn; only where it has been recorded."""
        if not self._has("turn_archive"):
            return {}
        rows = self._rows(
            "SELECT a.* FROM turn_archive a JOIN turn t ON t.id = a.turn WHERE t.conversation = ?", (conversation,)
        )
        return {r["turn"]: r["coverage"] for r in rows}

    def _has(self, table: str) -> bool:
        if self._server is not None:
            return True
        return bool(self._rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)))

    def _make_tables(self, db: sqlite3.Connection) -> None:
        if self._server is None:
            for statement in TABLES:
                db.execute(statement)


__all__ = ["Sharing"]
