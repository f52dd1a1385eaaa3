"""Sources in the archive's catalog: what each is, its entries with their state, and its runs.

An entry is one page, file or letter of a source. It is written down as waiting when a listing tells of it, in the same
transaction that records the listing as read; and as read only once its articles are stored. So a run may be killed at
any moment: what is waiting is read by the next one, and an article that is stored already is not stored twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from rag.errors import SourceError, UsageError
from rag.index.sqlite import Connection, Connections, transaction
from rag.sources.tables import make_tables, set_up
from rag.sources.values import Hints, Kind, Source, SourceReport
from rag.text.urls import canonical, is_web

if TYPE_CHECKING:
    from rag.index.server import ServerConnections

_RUNS = 500
"""Runs of a source that are kept."""
_TRIES = 8
"""After that many failures an entry waits for its listing to say that it has changed."""
_FIRST_LOOK = timedelta(hours=1)
_LAST_LOOK = timedelta(days=30)
"""A page is looked at again when its age has doubled, first after an hour, and not after a month."""

State = Literal["waiting", "read", "none", "failed", "gone", "removed"]


@dataclass(frozen=True)
class Entry:
    """One page, file or letter of a source."""

    id: int
    source: int
    key: str
    address: str
    state: State
    stamp: str
    hints: Hints | None
    etag: str | None
    modified: str | None
    hash: str | None
    first: datetime | None
    tries: int
    keys: tuple[str, ...]
    """Of its articles."""


@dataclass
class Outcome:
    """What came of an entry."""

    entry: Entry
    result: Literal["read", "same", "none", "failed", "gone", "removed"]
    keys: Sequence[str] = ()
    etag: str | None = None
    modified: str | None = None
    hash: str | None = None
    why: str = ""
    again: bool = False
    """Of a failure: whether a later try may succeed."""
    wait: float | None = None
    """Seconds after which it may be tried again, where that is told."""
    look_again: bool = True
    """Whether its page is to be looked at again by itself."""


@dataclass
class Document:
    """One document of a listing, as it was last read."""

    address: str
    stamp: str = ""
    etag: str | None = None
    modified: str | None = None
    hash: str | None = None
    more: list[tuple[str, str]] = field(default_factory=list)


class SourceStore:
    """Reads and writes the sources of one catalog. Safe to use from several threads and processes."""

    def __init__(self, path: Path, server: ServerConnections | None = None) -> None:
        """Open the tables in a catalog's file, which is there; they are made where they are missing.

        Args:
            path: The file.
            server: Where the catalog is instead, its tables with it.
        """
        self._connections = Connections(path, set_up) if server is None else server
        if server is None:
            make_tables(self._db)

    @property
    def _db(self) -> Connection:
        return cast(Connection, self._connections.current())

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    # -- sources -------------------------------------------------------------------------

    def add(
        self, name: str, address: str, kind: Kind, *, remove: bool, since: datetime | None, auth: str | None
    ) -> Source:
        """Keep a source.

        Raises:
            UsageError: Its name or address is kept already.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with transaction(self._db) as db:
            made = db.execute(
                """INSERT INTO source (name, address, kind, remove, since, auth, added) VALUES (?, ?, ?, ?, ?, ?, ?)
                   ON CONFLICT DO NOTHING RETURNING id""",
                (name, address, kind, remove, since.isoformat() if since else None, auth, now),
            )
            if not made.fetchall():
                # Of the two, the address: the name may be one that was made up for this call.
                has = db.execute("SELECT name FROM source WHERE address = ?", (address,)).fetchone()
                if has is not None:
                    raise UsageError(f"The source {has[0]!r} has this address already: {address}")
                raise UsageError(f"There is a source named {name!r} already. Choose another name with --name.")
        return self.source(name)

    def sources(self) -> list[Source]:
        """All sources, by name."""
        rows = self._db.execute(
            """SELECT s.*,
                 (SELECT report FROM source_run r WHERE r.source = s.id ORDER BY r.id DESC LIMIT 1) AS last,
                 (SELECT count(*) FROM source_entry e WHERE e.source = s.id AND e.state = 'waiting') AS waiting,
                 (SELECT count(DISTINCT a.key) FROM source_article a JOIN source_entry e ON e.id = a.entry
                  JOIN version v ON v.key = a.key AND v.current WHERE e.source = s.id) AS articles
               FROM source s ORDER BY s.name"""
        ).fetchall()
        return [_source(row) for row in rows]

    def source(self, name: str) -> Source:
        """A source by its name or address.

        Raises:
            SourceError: There is none.
        """
        found = [s for s in self.sources() if name in (s.name, s.address)]
        if not found:
            raise SourceError(f"There is no source {name!r}. Look at: onrecord sources list")
        return found[0]

    def pause(self, source: Source, paused: bool) -> None:
        """Leave a source out of syncs, or take it in again."""
        with transaction(self._db) as db:
            db.execute("UPDATE source SET paused = ? WHERE id = ?", (paused, source.id))

    def remove(self, source: Source) -> None:
        """Forget a source; its articles stay."""
        with transaction(self._db) as db:
            db.execute("DELETE FROM source WHERE id = ?", (source.id,))

    # -- listings ------------------------------------------------------------------------

    def document(self, source: Source, address: str) -> Document:
        """A document of a listing as it was last read; an empty one where it never was."""
        row = self._db.execute(
            "SELECT * FROM source_document WHERE source = ? AND address = ?", (source.id, address)
        ).fetchone()
        if row is None:
            return Document(address)
        more = [(str(a), str(s)) for a, s in json.loads(row["more"])]
        return Document(address, row["stamp"], row["etag"], row["modified"], row["hash"], more)

    def rest(self, source: Source) -> list[tuple[str, str, int]]:
        """Documents of a listing that are still to be read: (address, stamp, depth)."""
        row = self._db.execute("SELECT rest FROM source WHERE id = ?", (source.id,)).fetchone()
        return [(str(a), str(s), int(d)) for a, s, d in json.loads(row["rest"])] if row else []

    def listed(
        self,
        source: Source,
        entries: Iterable[Hints],
        *,
        document: Document | None = None,
        rest: Sequence[tuple[str, str, int]] | None = None,
    ) -> int:
        """Write down what a document lists, and that it has been read, in one transaction.

        Args:
            source: Whose document it is.
            entries: What it lists.
            document: What is remembered of it.
            rest: What is to be read after it.

        Returns:
            How many of the entries are new, or have changed.
        """
        fresh = 0
        now = _now()
        with transaction(self._db) as db:
            for hints in entries:
                newest = hints.newest
                if source.since is not None and newest is not None and newest < source.since:
                    continue
                key = canonical(hints.url) if is_web(hints.url) else hints.url
                address = hints.url if is_web(hints.url) else hints.guid or hints.url
                known = db.execute(
                    "SELECT id, stamp, state, address FROM source_entry WHERE source = ? AND key = ?", (source.id, key)
                ).fetchone()
                told = (
                    address,
                    hints.stamp,
                    hints.model_dump_json(),
                    newest.astimezone(UTC).isoformat() if newest else None,
                )
                if known is None:
                    fresh += 1
                    db.execute(
                        """INSERT INTO source_entry (address, stamp, hints, newest, source, key, state, due)
                           VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?)""",
                        (*told, source.id, key, now),
                    )
                elif (known["stamp"] != hints.stamp or known["state"] == "gone") and known["state"] != "removed":
                    fresh += 1
                    db.execute(
                        """UPDATE source_entry SET address = ?, stamp = ?, hints = ?, newest = ?, state = 'waiting',
                             due = ?, tries = 0 WHERE id = ?""",
                        (*told, now, known["id"]),
                    )
                elif known["address"] != address:  # a letter that was read has another name
                    db.execute("UPDATE source_entry SET address = ? WHERE id = ?", (address, known["id"]))
            if document is not None:
                db.execute(
                    "DELETE FROM source_document WHERE source = ? AND address = ?", (source.id, document.address)
                )
                db.execute(
                    "INSERT INTO source_document VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (source.id, document.address, document.stamp, document.etag, document.modified, document.hash,
                     json.dumps(document.more)),
                )  # fmt: skip
            if rest is not None:
                db.execute("UPDATE source SET rest = ? WHERE id = ?", (json.dumps(list(rest)), source.id))
        return fresh

    def knows(self, source: Source, hints: Hints) -> bool:
        """Whether an entry is there as the listing tells it now."""
        key = canonical(hints.url) if is_web(hints.url) else hints.url
        row = self._db.execute(
            "SELECT 1 FROM source_entry WHERE source = ? AND key = ? AND stamp = ?", (source.id, key, hints.stamp)
        ).fetchone()
        return row is not None

    def ids(self, source: Source) -> list[int]:
        """Ids of all entries."""
        return [r["id"] for r in self._db.execute("SELECT id FROM source_entry WHERE source = ?", (source.id,))]

    def vanished(self, source: Source, keys: Iterable[str]) -> list[int]:
        """Entries that a complete listing of a folder no longer has."""
        rows = self._db.execute(
            "SELECT id, key FROM source_entry WHERE source = ? AND state NOT IN ('gone', 'removed')", (source.id,)
        ).fetchall()
        there = set(keys)
        return [r["id"] for r in rows if r["key"] not in there]

    # -- entries -------------------------------------------------------------------------

    def due(self, source: Source, *, all_read: bool = False) -> list[int]:
        """Ids of the entries to look at now, newest first; those that wait come before those that are looked at again.

        Args:
            source: Whose.
            all_read: Look at all that have been read once more.
        """
        again = "OR state = 'read'" if all_read else ""
        rows = self._db.execute(
            f"""SELECT id FROM source_entry WHERE source = ? AND ((due IS NOT NULL AND due <= ?) {again})
                ORDER BY state = 'waiting' DESC, newest DESC, id""",
            (source.id, _now()),
        ).fetchall()
        return [r["id"] for r in rows]

    def entry(self, ident: int) -> Entry:
        """An entry by its id."""
        row = self._db.execute("SELECT * FROM source_entry WHERE id = ?", (ident,)).fetchone()
        if row is None:
            raise SourceError("The source was removed meanwhile.")
        keys = self._db.execute("SELECT key FROM source_article WHERE entry = ?", (ident,)).fetchall()
        return Entry(
            id=row["id"],
            source=row["source"],
            key=row["key"],
            address=row["address"],
            state=row["state"],
            stamp=row["stamp"],
            hints=Hints.model_validate_json(row["hints"]) if row["hints"] else None,
            etag=row["etag"],
            modified=row["modified"],
            hash=row["hash"],
            first=datetime.fromisoformat(row["first"]) if row["first"] else None,
            tries=row["tries"],
            keys=tuple(r["key"] for r in keys),
        )

    def told(self, entry: Entry) -> Hints | None:
        """What listings tell of an entry's page: its own first, then those of other sources."""
        rows = self._db.execute(
            """SELECT hints FROM source_entry WHERE source IN (SELECT id FROM source) AND key = ? AND id <> ?
               AND hints IS NOT NULL ORDER BY id""",
            (entry.key, entry.id),
        ).fetchall()
        told = entry.hints
        for row in rows:
            other = Hints.model_validate_json(row["hints"]).without_words()
            told = other if told is None else told.filled(other)
        return told

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Write down what came of entries, in one transaction; their articles are stored."""
        now = datetime.now(UTC)
        with transaction(self._db) as db:
            for outcome in outcomes:
                _record(db, outcome, now)

    def others_with(self, entry: int, keys: Sequence[str]) -> set[str]:
        """Those of an entry's articles that other entries have as well."""
        rows = self._db.execute(
            f"""SELECT DISTINCT a.key FROM source_article a JOIN source_entry e ON e.id = a.entry
                WHERE a.entry <> ? AND e.state IN ('read', 'waiting') AND a.key IN ({",".join("?" * len(keys))})""",
            [entry, *keys],
        ).fetchall()
        return {r["key"] for r in rows}

    def keys_in_use(self, keys: Sequence[str]) -> set[str]:
        """Those of some articles that an entry of a source has."""
        rows = (self._db.execute("SELECT 1 FROM source_article WHERE key = ?", (key,)).fetchone() for key in keys)
        return {key for key, row in zip(keys, rows, strict=True) if row}

    def taken_down(self, keys: Sequence[str]) -> set[str]:
        """Those of some articles that a person has taken down."""
        found: set[str] = set()
        for at in range(0, len(keys), 500):
            some = list(keys[at : at + 500])
            rows = self._db.execute(f"SELECT key FROM source_removed WHERE key IN ({','.join('?' * len(some))})", some)
            found |= {r["key"] for r in rows.fetchall()}
        return found

    def articles_of(self, source: Source) -> list[str]:
        """Keys of all articles that came from a source."""
        rows = self._db.execute(
            "SELECT DISTINCT a.key FROM source_article a JOIN source_entry e ON e.id = a.entry WHERE e.source = ?",
            (source.id,),
        ).fetchall()
        return [r["key"] for r in rows]

    # -- runs ----------------------------------------------------------------------------

    def ran(self, source: Source, report: SourceReport) -> None:
        """Keep what came of a run."""
        with transaction(self._db) as db:
            db.execute("INSERT INTO source_run (source, report) VALUES (?, ?)", (source.id, report.model_dump_json()))
            db.execute(
                """DELETE FROM source_run WHERE source = ? AND id <= (SELECT id FROM source_run WHERE source = ?
                   ORDER BY id DESC LIMIT 1 OFFSET ?)""",
                (source.id, source.id, _RUNS),
            )

    def runs(self, source: Source | None, limit: int) -> list[SourceReport]:
        """Runs of one source or of all, newest first."""
        rule, values = ("WHERE source = ?", [source.id]) if source else ("", [])
        rows = self._db.execute(f"SELECT report FROM source_run {rule} ORDER BY id DESC LIMIT ?", (*values, limit))
        return [SourceReport.model_validate_json(r["report"]) for r in rows.fetchall()]

    def waiting(self, source: Source) -> int:
        """How many entries are still to be read."""
        row = self._db.execute(
            "SELECT count(*) AS n FROM source_entry WHERE source = ? AND state = 'waiting'", (source.id,)
        ).fetchone()
        return int(row["n"])

    def daily(self, since: str) -> list[tuple[str, str, int]]:
        """(day, source's name, articles that came that day), in order, from a day on ("2026-11-01")."""
        rows = self._db.execute(
            """SELECT substr(v.added, 1, 10) AS day, s.name, count(DISTINCT v.key) AS n
               FROM source s JOIN source_entry e ON e.source = s.id JOIN source_article a ON a.entry = e.id
               JOIN version v ON v.key = a.key AND v.current WHERE v.added >= ? GROUP BY 1, 2 ORDER BY 1, 2""",
            (since,),
        ).fetchall()
        return [(r["day"], r["name"], r["n"]) for r in rows]


def _record(db: Connection, outcome: Outcome, now: datetime) -> None:
    entry = outcome.entry
    first = entry.first or now
    if outcome.result == "failed":
        tries = entry.tries + 1
        lost = not outcome.again or tries >= _TRIES
        pause = timedelta(seconds=outcome.wait or 0) + timedelta(minutes=min(15 * 2**entry.tries, 1440))
        db.execute(
            "UPDATE source_entry SET state = ?, tries = ?, why = ?, due = ? WHERE id = ?",
            (
                "failed" if lost else "waiting",
                tries,
                outcome.why[:500],
                None if lost else (now + pause).isoformat(),
                entry.id,
            ),
        )
        return
    if outcome.result == "gone":
        db.execute(
            """UPDATE source_entry SET state = 'gone', why = ?, hints = NULL, due = NULL, tries = 0, etag = NULL,
                 modified = NULL, hash = NULL WHERE id = ?""",
            (outcome.why[:500], entry.id),
        )
        # Withdrawn by the source, not taken down by a person: it may come back.
        db.executemany("DELETE FROM source_removed WHERE key = ?", [(key,) for key in outcome.keys])
        return
    state: State = "read" if outcome.result == "same" else outcome.result
    if outcome.result == "same" and not entry.keys:
        state = "none"
    age = now - first
    due = None
    if state == "read" and outcome.look_again and age <= _LAST_LOOK:
        due = (now + max(_FIRST_LOOK, age)).isoformat()
    db.execute(
        """UPDATE source_entry SET state = ?, tries = 0, why = ?, due = ?, first = ?, hints = ?,
             etag = coalesce(?, etag), modified = coalesce(?, modified), hash = coalesce(?, hash) WHERE id = ?""",
        (
            state,
            outcome.why[:500] or None,
            due,
            first.isoformat(),
            # Its page is looked at again, and may lack then what its listing told.
            entry.hints.without_words().model_dump_json() if entry.hints and state == "read" else None,
            outcome.etag,
            outcome.modified,
            outcome.hash,
            entry.id,
        ),
    )
    if outcome.result in ("read", "none"):
        db.execute("DELETE FROM source_article WHERE entry = ?", (entry.id,))
        db.executemany("INSERT OR IGNORE INTO source_article VALUES (?, ?)", [(entry.id, key) for key in outcome.keys])


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _source(row: Any) -> Source:
    return Source(
        id=row["id"],
        name=row["name"],
        address=row["address"],
        kind=row["kind"],
        paused=bool(row["paused"]),
        remove=bool(row["remove"]),
        since=datetime.fromisoformat(row["since"]) if row["since"] else None,
        auth=row["auth"],
        added=datetime.fromisoformat(row["added"]),
        last=SourceReport.model_validate_json(row["last"]) if row["last"] else None,
        articles=row["articles"],
        waiting=row["waiting"],
    )


__all__ = ["Document", "Entry", "Outcome", "SourceStore", "State"]
