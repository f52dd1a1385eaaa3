"""Moving an archive's catalog from its folder to a PostgreSQL server, and back: copied, compared, and only then used.

All rows keep their numbers, so that the indexes in the folder stay as they are. While it is copied others may read, and
nobody may write. A move that is killed leaves the source as it was; what it had copied can't be used by anybody, and
the next one begins anew. If it is killed in the very moment in which the two change places, both are there for once:
the same command run again compares them, and goes on.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rag.errors import ArchiveDamaged, ArchiveLocked, UsageError
from rag.index import collections, quote_store, withdrawals
from rag.index.keeping import HALF
from rag.index.moving import Sum
from rag.index.native import require_room
from rag.index.replica import FILE, Replica
from rag.index.schema import MOVED_TO, set_meta
from rag.index.server import ServerConnections, clean
from rag.index.server_catalog import LOCAL
from rag.index.sqlite import BUSY_S
from rag.text.counting import count

if TYPE_CHECKING:
    from rag.index.server_copy import ServerRows
    from rag.index.stores import Stores

ARTICLES = (
    "version", "alias", "passage", "taken_down", "quote", "speaker_person", "change", "link", "withdrawn", "collection",
    "collected", "source", "source_document", "source_entry", "source_article", "source_removed", "source_run",
    "mending", "amendment",
)  # fmt: skip
"""Tables of ``catalog.sqlite``; what others refer to comes first."""
TALK = ("conversation", "turn", "share", "turn_archive")
"""Those of ``conversations.sqlite``."""
_OF_THE_PLACE = {"meta", "tombstone"}
"""Facts are looked through one by one; and indexes that are up to date have nothing left to remove."""
_FACTS = {*LOCAL, "schema", "identity", "purge", MOVED_TO}
"""Those which say something of the place, and not of the archive."""
_FILES = ("conversations.sqlite", "catalog.sqlite")
_BATCH = 500

Progress = Callable[[int, str], None]


class CatalogMoved(NamedTuple):
    """What ``onrecord migrate --to-catalog`` has done."""

    at: str
    """Where the catalog is now, without user and password; "" for the archive's folder."""
    rows: dict[str, int]
    """How many of each table were there, and are now here."""
    digest: str
    """Of all rows: the same in the old place and in the new one."""


class _Tally:
    """Counts and hashes rows, in whatever order they come."""

    def __init__(self) -> None:
        self.count = self._total = 0

    def through(self, rows: Iterable[Sequence[Any]], step: Callable[[], None] | None = None) -> Iterator[list[Any]]:
        """The rows, each counted as it passes."""
        for row in rows:
            values = [_plain(v) for v in row]
            self.count += 1
            self._total += int.from_bytes(_hash(values))
            yield values
            if step:
                step()

    def all(self, rows: Iterable[Sequence[Any]]) -> Sum:
        """What the rows come to."""
        for _ in self.through(rows):
            pass
        return self.sum

    @property
    def sum(self) -> Sum:
        """What has passed."""
        return Sum(self.count, f"{self._total % 2**256:064x}")


def _plain(value: Any) -> Any:
    """As both databases would give it: a truth value is a number, and a text has no NUL."""
    return int(value) if isinstance(value, bool) else bytes(value) if isinstance(value, memoryview) else clean(value)


def _hash(values: Sequence[Any]) -> bytes:
    hashed = sha256()
    for value in values:
        kind = type(value).__name__
        data = value if isinstance(value, bytes) else (value if isinstance(value, str) else repr(value)).encode()
        hashed.update(f"{kind} {len(data)} ".encode())
        hashed.update(data)
    return hashed.digest()


# -- the files ---------------------------------------------------------------------------


class _Files:
    """Both files of a folder's catalog, each with a connection of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opened: dict[str, sqlite3.Connection] = {}
        for name in reversed(_FILES):
            if (folder / name).exists():
                db = sqlite3.connect(folder / name, timeout=BUSY_S, isolation_level=None)
                self._opened[name] = db
                db.execute("PRAGMA secure_delete=ON")
        self.columns = {table: self._columns(table) for table in (*ARTICLES, *TALK)}

    def close(self) -> None:
        for db in self._opened.values():
            db.close()

    def _of(self, table: str) -> sqlite3.Connection | None:
        return self._opened.get(_FILES[0] if table in TALK else _FILES[1])

    def _columns(self, table: str) -> list[str]:
        db = self._of(table)
        named = db.execute(f'PRAGMA table_info("{table}")').fetchall() if db else []
        return sorted(row[1] for row in named if (table, row[1]) != ("passage", "indexed"))

    def require_known(self) -> None:
        """Check that no table would be left behind."""
        for db in self._opened.values():
            there = {r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if odd := sorted(t for t in there - {*ARTICLES, *TALK} - _OF_THE_PLACE if not t.startswith("sqlite_")):
                raise ArchiveDamaged(
                    f"The catalog in {self.folder} has a table that this OnRecord doesn't know ({odd[0]}), and which "
                    "would not be moved. Nothing was changed. Upgrade: pip install -U onrecord"
                )

    def hold(self) -> None:
        """Keep others from writing; they may read."""
        for db in self._opened.values():
            db.execute("BEGIN IMMEDIATE")

    def rows(self, table: str) -> Iterator[Sequence[Any]]:
        if self.columns[table] and (db := self._of(table)):
            yield from db.execute(f'SELECT {_names(self.columns[table])} FROM "{table}"')

    def put(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        db = self._of(table)
        names = self.columns[table]
        into, marks = _names(names), ", ".join("?" * len(names))
        if table == "passage":
            into, marks = f'{into}, "indexed"', f"{marks}, 1"
        left = iter(rows)
        while some := list(islice(left, _BATCH)):
            assert db is not None
            require_room(self.folder)
            with _transaction(db):
                db.executemany(f'INSERT INTO "{table}" ({into}) VALUES ({marks})', some)

    def facts(self) -> dict[str, str]:
        """All of the catalog's file."""
        return dict(self._opened[_FILES[1]].execute("SELECT name, value FROM meta"))

    def set_facts(self, facts: dict[str, str]) -> None:
        with _transaction(self._opened[_FILES[1]]) as db:
            for name, value in facts.items():
                set_meta(db, name, value)

    def highest(self, table: str) -> int:
        """The highest number of a table's rows."""
        return int(self._opened[_FILES[1]].execute(f'SELECT coalesce(max(number), 0) FROM "{table}"').fetchone()[0])

    def last(self, table: str) -> int:
        """The highest number that a table's rows were ever given."""
        if db := self._of(table):
            with suppress(sqlite3.OperationalError):  # no table there has such numbers
                row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
                return int(row[0]) if row else 0
        return 0

    def number_above(self, table: str, last: int) -> None:
        db = self._of(table)
        if db is None or not last:
            return
        made = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        if made and "AUTOINCREMENT" in made[0] and self.last(table) < last:
            with _transaction(db):
                db.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
                db.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, last))

    def written(self) -> None:
        """Have all of it on the disk, each in one file."""
        for name, db in self._opened.items():
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            with (self.folder / name).open("rb") as opened:
                os.fsync(opened.fileno())

    def retire(self, to: str) -> None:
        """Make both files useless, also for a process that has them open, and remove them."""
        for name in reversed(_FILES):
            if (db := self._opened.get(name)) is None:
                continue
            tables = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            if "meta" in tables:  # else nothing was ever kept there
                set_meta(db, MOVED_TO, to)
            for table in tables:
                if table != "meta" and not table.startswith("sqlite_"):
                    db.execute(f'ALTER TABLE "{table}" RENAME TO "moved_{table}"')
            db.execute("COMMIT")
        self.close()
        finish(self.folder)


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{c}"' for c in columns)


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def finish(folder: Path) -> bool:
    """Remove the files of a catalog that was moved to a server, if they are still there.

    Returns:
        Whether there is no catalog in the folder any more.
    """
    file = folder / _FILES[1]
    if file.exists():
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as db, suppress(sqlite3.Error):
            if not db.execute("SELECT 1 FROM meta WHERE name = ?", (MOVED_TO,)).fetchone():
                return False
        for name in _FILES:
            for end in ("", "-wal", "-shm"):
                (folder / f"{name}{end}").unlink(missing_ok=True)
    return True


# -- moving ----------------------------------------------------------------------------------


def move_catalog(
    stores: Stores, url: str, make_tables: Callable[[Path], None], progress: Progress | None = None
) -> CatalogMoved:
    """Move the catalog and the conversations. The old ones stay until the new ones are compared.

    Args:
        stores: The archive's; their settings still name the old place. They are closed.
        url: "postgresql://user@host/database"; "embedded" for the archive's folder.
        make_tables: Makes, in a catalog's file, the tables of those who keep something there of their own.
        progress: Called with the number of rows copied so far, and the name of the table.

    Raises:
        UsageError: It is no such address, the catalog is there already, or another one is.
        ArchiveDamaged: What came to the new place is not what is in the old one. Nothing has been changed then.
        ArchiveLocked: Others write in one of the two places.
        ArchiveError: The server can't be reached, or refuses.
        DiskFull: There is no room.
    """
    try:
        if url == "embedded":
            return _to_folder(stores, make_tables, progress)
        return _to_server(stores, url, progress)
    except sqlite3.OperationalError as e:
        if "locked" not in str(e) and "busy" not in str(e):
            raise
        raise ArchiveLocked(
            f"Another process has been writing to {stores.path} for {BUSY_S:.0f} s. Wait until it is done, or stop it, "
            "then run this again."
        ) from e


def _to_server(stores: Stores, url: str, progress: Progress | None) -> CatalogMoved:
    from rag.index import server_copy

    target = ServerConnections(url)
    if stores.server:
        where = ServerConnections(stores.server).where
        raise UsageError(
            f"The catalog is on {where} already. To another server it goes by way of the folder: "
            "onrecord migrate --to-catalog embedded"
        )
    stores.require()
    with ExitStack() as stack:
        stack.callback(target.close)
        stack.enter_context(stores.writing("migrate"))
        stack.enter_context(target.lock("write", "migrate"))
        files = _Files(stores.path)
        stack.callback(files.close)
        files.require_known()
        files.hold()
        sums: dict[str, Sum] = {}

        def fill(there: ServerRows) -> None:
            step = _stepping(progress)
            for table in (*ARTICLES, *TALK):
                tally = _Tally()
                if names := files.columns[table]:
                    there.put(table, names, tally.through(files.rows(table), partial(step, table)))
                sums[table] = tally.sum
            there.put("meta", ("name", "value"), _lasting(files.facts()))
            for table, column in there.sequences().items():
                there.number_above(table, column, files.last(table))
            _require_same(_sums(there), sums, target.where)

        with server_copy.reading(target) as already:
            if already is not None:
                sums = {t: _Tally().all(files.rows(t)) for t in (*ARTICLES, *TALK)}
                _require_finished(_sums(already), sums, f"The database {target.where}")
        if already is None:
            server_copy.make(target, fill)
        with server_copy.reading(target) as made:
            assert made is not None
            identity = made.meta("identity") or ""
        facts = files.facts()
        done = {"catalog": identity, "upto": str(files.highest("passage")), "buried": "0", "purged": "0"}
        _write_replica(stores.path, {**facts, **done})
        stores.close()
        files.retire(target.where)
    return CatalogMoved(target.where, {t: s.count for t, s in sums.items()}, _digest(sums))


def _write_replica(folder: Path, facts: dict[str, str]) -> None:
    """Write down that the folder's indexes have all of the catalog on the server."""
    _remove_replica(folder)
    replica = Replica(folder)
    named = {name: value for name, value in facts.items() if name in {*LOCAL, "catalog", "upto", "buried", "purged"}}
    replica.set(**named)
    replica.close()


def _remove_replica(folder: Path) -> None:
    for end in ("", "-wal", "-shm"):
        (folder / f"{FILE}{end}").unlink(missing_ok=True)


def _to_folder(stores: Stores, make_tables: Callable[[Path], None], progress: Progress | None) -> CatalogMoved:
    from rag.index import server_copy
    from rag.index.lock import write_lock

    if not stores.server:
        raise UsageError("The catalog is in the archive's folder already. Give the address of a server.")
    source = ServerConnections(stores.server)
    again = not finish(stores.path)
    if not again:
        stores.require()
    with ExitStack() as stack:
        stack.callback(source.close)
        if again:  # the last move was killed when the new place was in use and the old one not yet gone
            stack.enter_context(write_lock(stores.path, "migrate"))
            stack.enter_context(source.lock("write", "migrate"))
        else:
            stack.enter_context(stores.writing("migrate"))
        with server_copy.reading(source) as there:
            if there is None:
                _remove_replica(stores.path)
                raise UsageError(f"There is no catalog on {source.where}, and one in {stores.path}: use that.")
            there.require_owner(source.where)
            there.hold()
            if again:
                sums = _sums(there)
                files = _Files(stores.path)
                stack.callback(files.close)
                found = {t: _Tally().all(files.rows(t)) for t in (*ARTICLES, *TALK)}
                _require_finished(found, sums, f"The folder {stores.path}")
            else:
                sums = _copy_to_folder(stores, there, make_tables, progress)
            stores.close()
            there.remove()
    _remove_replica(stores.path)
    return CatalogMoved("", {t: s.count for t, s in sums.items()}, _digest(sums))


def _copy_to_folder(
    stores: Stores, there: ServerRows, make_tables: Callable[[Path], None], progress: Progress | None
) -> dict[str, Sum]:
    half = stores.path / HALF
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    sums: dict[str, Sum] = {}
    try:
        _make_files(half, make_tables, talk=next(iter(there.rows("conversation", ["id"])), None) is not None)
        files = _Files(half)
        try:
            step = _stepping(progress)
            for table in (*ARTICLES, *TALK):
                tally = _Tally()
                if names := files.columns[table]:
                    files.put(table, tally.through(there.rows(table, names), partial(step, table)))
                sums[table] = tally.sum
            for table, column in there.sequences().items():
                if table in (*ARTICLES, *TALK):
                    files.number_above(table, there.last(table, column))
            local = {name: stores.catalog.meta(name) for name in LOCAL}
            lasting = dict(_lasting(dict(map(tuple, there.rows("meta", ["name", "value"])))))
            files.set_facts({**lasting, **{name: value for name, value in local.items() if value is not None}})
            found = {table: _Tally().all(files.rows(table)) for table in sums}
            _require_same(found, sums, str(stores.path))
            files.written()
        finally:
            files.close()
        for name in _FILES:
            if (half / name).exists():
                os.replace(half / name, stores.path / name)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return sums


def _make_files(folder: Path, make_tables: Callable[[Path], None], *, talk: bool) -> None:
    """Empty files with all tables."""
    from rag.index.catalog import Catalog
    from rag.index.conversations import Conversations

    catalog = Catalog(folder / _FILES[1], create=True)
    try:
        catalog.make_tables((*collections.TABLES, *quote_store.PEOPLE, *withdrawals.TABLES))
    finally:
        catalog.close()
    make_tables(folder / _FILES[1])
    if talk:
        conversations = Conversations(folder / _FILES[0])
        conversations.make_tables()
        conversations.close()


# -- comparing -----------------------------------------------------------------------------------


def _lasting(facts: dict[str, str]) -> list[tuple[str, str]]:
    """What the catalog says of the archive, wherever it is."""
    return [(name, value) for name, value in facts.items() if name not in _FACTS]


def _sums(there: ServerRows) -> dict[str, Sum]:
    """Of all tables on a server."""
    return {t: _Tally().all(there.rows(t, there.columns(t))) for t in (*ARTICLES, *TALK)}


def _require_same(found: dict[str, Sum], truth: dict[str, Sum], where: str) -> None:
    for table, sum_ in truth.items():
        if found[table] != sum_:
            raise ArchiveDamaged(
                f"What came to table {table} in {where} is not what was sent "
                f"({count(found[table].count, 'row')} with digest {found[table].digest[:12]}, "
                f"of {sum_.count} with {sum_.digest[:12]}). Nothing was changed. Try again."
            )


def _require_finished(found: dict[str, Sum], truth: dict[str, Sum], where: str) -> None:
    if found != truth:
        raise UsageError(f"{where} has a catalog already, which is another than this archive's. Name an empty place.")


def _digest(sums: dict[str, Sum]) -> str:
    return sha256("\n".join(f"{t} {s.count} {s.digest}" for t, s in sorted(sums.items())).encode()).hexdigest()


def _stepping(progress: Progress | None) -> Callable[[str], None]:
    done = 0

    def step(table: str) -> None:
        nonlocal done
        done += 1
        if progress and done % _BATCH == 0:
            progress(done, table)

    return step


__all__ = ["ARTICLES", "TALK", "CatalogMoved", "finish", "move_catalog"]
