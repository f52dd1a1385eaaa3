"""Conversations: one SQLite file beside the archive's catalog, created at the first write.

Every answer is stored whole, as the JSON that it was, with its user's rating. A user sees their own conversations only.
A takedown reaches them too: ``forget`` removes from every answer what rests on a deleted article.
"""

from __future__ import annotations

import builtins
import json
import os
import secrets
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from rag.errors import ArchiveDamaged, ArchiveLocked, ArchiveMismatch, ConversationMissing, UsageError
from rag.index.feedback import to_case
from rag.index.sharing import TABLES as SHARING
from rag.index.sharing import Sharing
from rag.index.sqlite import Connection, Connections, transaction
from rag.index.titles import fold, title_of
from rag.redaction import redact
from rag.text.counting import count
from rag.types import Answer, Conversation, Feedback, Turn

if TYPE_CHECKING:
    from rag.index.server import ServerConnections

SCHEMA_VERSION = 1

_LONGEST = 4000
"""Most characters of a title, or of the reason for a rating."""

_WORDS = 20
"""Most words of a search; further ones are ignored."""

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE conversation (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  "user" TEXT NOT NULL,
  title TEXT NOT NULL,
  created TEXT NOT NULL,            -- ISO 8601, UTC, microseconds
  updated TEXT NOT NULL
);
CREATE INDEX conversation_user ON conversation ("user", updated);
CREATE TABLE turn (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
  question TEXT NOT NULL,
  answer TEXT NOT NULL,             -- JSON of rag.types.Answer
  asked TEXT NOT NULL,
  good INTEGER,                     -- NULL: not rated
  why TEXT NOT NULL DEFAULT '',
  rated TEXT
);
CREATE INDEX turn_conversation ON turn (conversation, id);
INSERT INTO meta VALUES ('schema', '1'), ('purge', '0')
"""

_LISTED = """SELECT c.*, (SELECT count(*) FROM turn t WHERE t.conversation = c.id) AS turns FROM conversation c
             WHERE c.user = ?"""


class Conversations(Sharing):
    """The conversations of all users. Safe to use from several threads and processes."""

    def __init__(self, file: Path, server: ServerConnections | None = None) -> None:
        """Open nothing yet, and create nothing before the first write.

        Args:
            file: Where the file is, or will be; it is created readable by its owner only.
            server: Where they are instead, beside the catalog; its tables are there.
        """
        self.file = file
        self._server = server
        self._connections = Connections(file, self._prepare) if server is None else server

    @property
    def _there(self) -> bool:
        return self._server is not None or self.file.exists()

    def close(self) -> None:
        """Close the connections of all threads, each when its statement is done."""
        self._connections.close()

    # -- conversations -------------------------------------------------------

    def create(self, user: str, title: str = "") -> Conversation:
        """Begin a conversation; without a title it will take that of its first question."""
        now = _now()
        ident = secrets.token_hex(8)
        with self._writing() as db:
            db.execute(
                'INSERT INTO conversation (id, "user", title, created, updated) VALUES (?, ?, ?, ?, ?)',
                (ident, _clean(user), _line(title), now, now),
            )
        return self.get(ident, user)

    def get(self, conversation: str, user: str) -> Conversation:
        """A conversation by its id.

        Raises:
            ConversationMissing: The user has none of that id.
        """
        rows = self._rows(f"{_LISTED} AND c.id = ?", (_clean(user), conversation))
        if not rows:
            raise _missing(conversation)
        return _conversation(rows[0])

    def list(self, user: str, search: str = "", limit: int = 50, offset: int = 0) -> builtins.list[Conversation]:
        """A user's conversations, the one changed last first.

        Args:
            user: Whose.
            search: Words that must all occur in its title, questions and answers, whatever their case and accents.
            limit: How many at most.
            offset: How many to leave out before them.

        Raises:
            UsageError: ``limit`` or ``offset`` is negative.
        """
        if limit < 0 or offset < 0:
            raise UsageError(f"limit is {limit} and offset {offset}. Give 0 or more.")
        words = fold(_clean(search)).split()[:_WORDS]
        listed, user = f"{_LISTED} ORDER BY c.updated DESC, c.number DESC", _clean(user)
        if not words:
            return [_conversation(r) for r in self._rows(f"{listed} LIMIT ? OFFSET ?", (user, limit, offset))]
        rows = (r for r in self._rows(listed, (user,)) if self._holds(r, words))
        return [_conversation(r) for r in islice(rows, offset, offset + limit)]

    def _holds(self, conversation: Any, words: Collection[str]) -> bool:
        """Whether title, questions and answers together hold all of the words, which are folded already."""
        texts = [fold(conversation["title"])]
        if any(word not in texts[0] for word in words):
            turns = self._rows("SELECT question, answer FROM turn WHERE conversation = ?", (conversation["id"],))
            texts += (fold(text) for t in turns for text in (t["question"], json.loads(t["answer"]).get("text")))
        return all(any(word in text for text in texts) for word in words)

    def rename(self, conversation: str, user: str, title: str) -> Conversation:
        """Give a conversation another title.

        Raises:
            ConversationMissing: The user has none of that id.
            UsageError: The title is empty or too long.
        """
        if not (title := _line(title)):
            raise UsageError("A conversation's title can't be empty. Give it a few words.")
        with self._writing() as db:
            self._owned(db, conversation, user)
            db.execute("UPDATE conversation SET title = ?, updated = ? WHERE id = ?", (title, _now(), conversation))
        return self.get(conversation, user)

    def delete(self, conversation: str, user: str) -> None:
        """Delete a conversation with all its turns.

        Raises:
            ConversationMissing: The user has none of that id.
        """
        with self._writing(purge=True) as db:
            self._owned(db, conversation, user)
            db.execute("DELETE FROM conversation WHERE id = ?", (conversation,))

    def delete_all(self, user: str) -> int:
        """Delete all of a user's conversations; returns how many there were."""
        if not self._there:
            return 0
        with self._writing(purge=True) as db:
            return db.execute('DELETE FROM conversation WHERE "user" = ?', (_clean(user),)).rowcount

    # -- turns -----------------------------------------------------------------

    def turns(self, conversation: str, user: str) -> builtins.list[Turn]:
        """A conversation's questions and answers, in order.

        Raises:
            ConversationMissing: The user has none of that id.
        """
        self.get(conversation, user)
        return [_turn(r) for r in self._rows("SELECT * FROM turn WHERE conversation = ? ORDER BY id", (conversation,))]

    def append(self, conversation: str, user: str, question: str, answer: Answer) -> Turn:
        """Add a question and its answer; a conversation without a title takes the question as one.

        Raises:
            ConversationMissing: The user has none of that id.
        """
        question, now = _clean(question), _now()
        with self._writing() as db:
            title = self._owned(db, conversation, user)["title"] or title_of(question)
            ident = db.execute(
                "INSERT INTO turn (conversation, question, answer, asked) VALUES (?, ?, ?, ?) RETURNING id",
                (conversation, question, answer.model_dump_json(), now),
            ).fetchall()[0]["id"]
            db.execute("UPDATE conversation SET title = ?, updated = ? WHERE id = ?", (title, now, conversation))
        return Turn(
            id=int(ident or 0),
            conversation=conversation,
            question=question,
            answer=answer,
            asked=datetime.fromisoformat(now),
        )

    def truncate(self, conversation: str, user: str, turn: int) -> None:
        """Remove a turn and all later ones, as before a question is edited or asked again.

        Raises:
            ConversationMissing: The user has no such conversation, or it has no such turn.
        """
        with self._writing(purge=True) as db:
            self._owned(db, conversation, user)
            if not db.execute("SELECT 1 FROM turn WHERE id = ? AND conversation = ?", (turn, conversation)).fetchone():
                raise _turn_missing(turn)
            db.execute("DELETE FROM turn WHERE conversation = ? AND id >= ?", (conversation, turn))
            db.execute("UPDATE conversation SET updated = ? WHERE id = ?", (_now(), conversation))

    # -- feedback ----------------------------------------------------------------

    def rate(self, turn: int, user: str, good: bool, why: str = "") -> Feedback:
        """Record what the user thinks of an answer, in place of what they thought before.

        Raises:
            ConversationMissing: The user has no such turn.
            UsageError: The reason is too long.
        """
        now, why = _now(), _line(why)
        self._rate(turn, user, (int(good), why, now))
        return Feedback(good=good, why=why, given=datetime.fromisoformat(now))

    def unrate(self, turn: int, user: str) -> None:
        """Take back what the user thought of an answer.

        Raises:
            ConversationMissing: The user has no such turn.
        """
        self._rate(turn, user, (None, "", None))

    def _rate(self, turn: int, user: str, values: tuple[int | None, str, str | None]) -> None:
        with self._writing() as db:
            changed = db.execute(
                """UPDATE turn SET good = ?, why = ?, rated = ? WHERE id = ?
                   AND conversation IN (SELECT id FROM conversation WHERE "user" = ?)""",
                (*values, turn, _clean(user)),
            ).rowcount
            if not changed:
                raise _turn_missing(turn)

    def cases(self, user: str | None = None) -> Iterator[dict[str, Any]]:
        """Rated answers as rows that ``load_cases`` reads from JSON Lines, oldest first.

        An answer rated good is expected again, with its quotes as evidence; a refusal rated good is a question without
        an answer. An answer rated bad is tagged "bad", with the reason under ``why``, and no answer is expected.
        Answers that a takedown has emptied are left out: nobody has rated what they say now.

        Args:
            user: Only this user's; None: everybody's, with nothing that tells whose they are.
        """
        where, values = ("", ()) if user is None else (" AND c.user = ?", (_clean(user),))
        rated = self._rows(
            f"""SELECT t.* FROM turn t JOIN conversation c ON c.id = t.conversation
                WHERE t.good IS NOT NULL{where} ORDER BY t.id""",
            values,
        )
        for row in rated:
            turn = _turn(row)
            if turn.answer.reason != "taken_down":
                yield to_case(turn, self._before(turn))

    def _before(self, turn: Turn) -> builtins.list[dict[str, str]]:
        rows = self._rows(
            "SELECT * FROM turn WHERE conversation = ? AND id < ? ORDER BY id", (turn.conversation, turn.id)
        )
        earlier = [_turn(r) for r in rows]
        return [{"question": t.question, "answer": t.answer.plain_text if t.answer.answered else ""} for t in earlier]

    # -- takedown ------------------------------------------------------------------

    def forget(self, article_ids: Collection[str]) -> int:
        """Remove from every answer what rests on these articles; no file holds those words afterwards.

        The rating of an answer whose text changes is deleted. A later question that was rewritten with words of the
        conversation is put back as it was asked.

        Args:
            article_ids: Ids of article versions.

        Returns:
            How many answers changed.
        """
        if not self._there or not article_ids:
            return 0
        with self._writing(purge=True) as db:
            affected = [
                (r["conversation"], r["id"])
                for r in db.execute("SELECT id, conversation, answer FROM turn ORDER BY id")
                if any(i in r["answer"] for i in article_ids)
            ]
            changed = sum(_redact_turn(db, turn, article_ids) for _, turn in affected)
            for conversation, first in dict(reversed(affected)).items():
                changed += _undo_rewrites(db, conversation, first, {t for _, t in affected})
        return changed

    # -- helpers -----------------------------------------------------------------------

    @staticmethod
    def _owned(db: sqlite3.Connection, conversation: str, user: str) -> sqlite3.Row:
        found: sqlite3.Row | None = db.execute(
            'SELECT * FROM conversation WHERE id = ? AND "user" = ?', (conversation, _clean(user))
        ).fetchone()
        if found is None:
            raise _missing(conversation)
        return found

    def _rows(self, query: str, values: Collection[Any] = ()) -> builtins.list[sqlite3.Row]:
        if not self._there:
            return []
        with self._translating_errors():
            return self._db.execute(query, tuple(values)).fetchall()

    @contextmanager
    def _writing(self, *, purge: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction.

        Args:
            purge: It deletes words: afterwards the write-ahead log is emptied, which would still hold them.
        """
        if not self._there:
            self._create()
        with self._translating_errors():
            with transaction(self._db) as db:
                yield db
                if purge and self._server is None:
                    db.execute("UPDATE meta SET value = '1' WHERE name = 'purge'")
            if purge and self._server is None:
                _purge(db)

    @property
    def _db(self) -> Connection:
        return cast(Connection, self._connections.current())

    def _prepare(self, db: Connection) -> None:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA foreign_keys=ON")
        db.execute("PRAGMA secure_delete=ON")  # what is deleted leaves no words in free pages
        if not _tables(db):  # just created, by this process or another
            with transaction(db):
                if not _tables(db):
                    for statement in _SCHEMA.split(";\n"):
                        db.execute(statement)
        if not {"meta", "conversation", "turn"} <= _tables(db):
            raise ArchiveDamaged(
                f"{self.file} holds no conversations. Move it away, and a new one is made at the next question."
            )
        with suppress(sqlite3.OperationalError):  # another process is writing: the next to open the file does it
            db.execute("PRAGMA journal_mode=WAL")
        facts = {r["name"]: r["value"] for r in db.execute("SELECT name, value FROM meta")}
        if int(facts.get("schema", 0)) > SCHEMA_VERSION:
            raise ArchiveMismatch(
                f"{self.file} was written by a newer OnRecord (schema {facts['schema']}, this one knows "
                f"{SCHEMA_VERSION}). Upgrade: pip install -U onrecord"
            )
        if facts.get("purge") == "1":  # the process that deleted was stopped before the log was empty
            _purge(db)

    def make_tables(self) -> None:
        """Make the file with all tables, those among them that else are made at their first use."""
        self._create()
        with self._writing() as db:
            for statement in SHARING:
                db.execute(statement)

    def _create(self) -> None:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.file, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite gives its other files the same mode
        except OSError as e:
            raise UsageError(f"{self.file} can't be written ({e.strerror}). Check the folder's permissions.") from e

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        """Raises SQLite's errors as errors of an archive."""
        try:
            yield
        except sqlite3.OperationalError as e:
            if "locked" in str(e) or "busy" in str(e):
                raise ArchiveLocked(
                    f"Another process is writing to {self.file}. Wait until it is done, then try again."
                ) from e
            raise ArchiveDamaged(
                f"{self.file} can't be used ({e}). Check the folder's permissions and free space."
            ) from e
        except sqlite3.DatabaseError as e:
            raise ArchiveDamaged(
                f"{self.file} can't be read ({e}). Restore it from a backup, or move it away: articles are not in it."
            ) from e


def _tables(db: sqlite3.Connection) -> set[str]:
    return {r["name"] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _redact_turn(db: sqlite3.Connection, turn: int, article_ids: Collection[str]) -> bool:
    before = _answer(db.execute("SELECT answer FROM turn WHERE id = ?", (turn,)).fetchone()["answer"])
    after = redact(before, article_ids)
    if after == before:
        return False
    db.execute("UPDATE turn SET answer = ? WHERE id = ?", (after.model_dump_json(), turn))
    if after.text != before.text:
        db.execute("UPDATE turn SET good = NULL, why = '', rated = NULL WHERE id = ?", (turn,))
    return True


def _undo_rewrites(db: sqlite3.Connection, conversation: str, first: int, counted: Collection[int]) -> int:
    """Undo the rewriting of questions after an answer that changed, since they may hold its words."""
    changed = 0
    rows = db.execute("SELECT id, answer FROM turn WHERE conversation = ? AND id > ?", (conversation, first)).fetchall()
    for row in rows:
        answer = _answer(row["answer"])
        if answer.query.standalone != answer.query.text:
            query = answer.query.model_copy(update={"standalone": answer.query.text})
            again = answer.model_copy(update={"query": query})
            db.execute("UPDATE turn SET answer = ? WHERE id = ?", (again.model_dump_json(), row["id"]))
            changed += row["id"] not in counted
    return changed


def _purge(db: sqlite3.Connection) -> None:
    """Write the write-ahead log back into the file and empty it, so that deleted words are in neither.

    Where a reader keeps it busy for longer than the timeout, the next process to open or delete does it.
    """
    busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if not busy:
        db.execute("UPDATE meta SET value = '0' WHERE name = 'purge'")


def _conversation(row: sqlite3.Row) -> Conversation:
    return Conversation(**{k: row[k] for k in ("id", "user", "title", "created", "updated", "turns")})


def _turn(row: sqlite3.Row) -> Turn:
    feedback = None
    if row["good"] is not None:
        feedback = Feedback(good=bool(row["good"]), why=row["why"], given=row["rated"])
    return Turn(
        id=row["id"],
        conversation=row["conversation"],
        question=row["question"],
        answer=_answer(row["answer"]),
        asked=row["asked"],
        feedback=feedback,
    )


def _answer(column: str) -> Answer:
    try:
        return Answer.model_validate_json(column)
    except ValidationError as e:
        raise ArchiveMismatch(
            "A stored answer has a form that this OnRecord does not know. Upgrade: pip install -U onrecord"
        ) from e


def _missing(conversation: str) -> ConversationMissing:
    return ConversationMissing(
        f"There is no conversation {_clean(conversation)[:80]!r}. List those there are, or start another."
    )


def _turn_missing(turn: int) -> ConversationMissing:
    return ConversationMissing(f"There is no turn {turn}. List the conversation's turns again.")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _clean(text: str) -> str:
    """Without what SQLite can't store: lone surrogates and NULs."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def _line(text: str) -> str:
    line = " ".join(_clean(text).split())
    if len(line) > _LONGEST:
        raise UsageError(f"That is {count(len(line), 'character')}; {_LONGEST:,} is the most. Shorten it.")
    return line
