"""A catalog moves from its folder to a real PostgreSQL server and back: row for row, whatever happens meanwhile."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from forked import Forked
from helpers import command_line, files_with, many, row
from index import migrating
from postgres import PASSWORD, PostgresServer, database, found, machine, postgres, rows, url

from rag import Archive
from rag.errors import ArchiveDamaged, ArchiveError, ArchiveLocked, ArchiveMismatch, ArchiveMissing, UsageError
from rag.index.server_copy import ServerRows
from rag.testing import FakeChat, FakeEmbeddings

pytestmark = pytest.mark.slow
__all__ = ["machine", "postgres", "url"]


def plain(folder: Path, chat: Any = "none") -> Archive:
    return Archive.open(folder, chat_model=chat, embeddings=FakeEmbeddings())


def everything(tmp_path: Path) -> dict[str, list[Any]]:
    """An archive in the folder ``a`` that has something in every table; what all of them hold."""
    chat = FakeChat(replies=["The harbour of Port 1 was closed on Monday. [1]"])
    with plain(tmp_path / "a", chat) as archive:
        said = 'Mayor Ann Lee said: "The harbour is closed." The mayor denied that the storm had damaged 11 boats.'
        archive.ingest(rows(tmp_path, *many(40), row("copy", said, source="Post", author="Ann")))
        archive.ingest(rows(tmp_path, row("copy", f"{said} Nobody was hurt.", source="Post"), *many(2, first=60)))
        archive.delete("story-61")  # which had the highest numbers
        archive.collections.make("Kept", note="ä \u2028 '%s' \\N \t")
        archive.collections.add("kept", "copy", "story-1")
        folder = tmp_path / "articles"
        folder.mkdir()
        (folder / "1.txt").write_text("Story\n\nThe lighthouse of Port 1 was painted on Monday.")
        archive.sources.add(str(folder), remove=True)
        archive.sources.sync()
        catalog = archive.stores.catalog
        catalog.add_aliases("copy", ["urn:x:copy1"])
        catalog.withdraw(["urn:news:0001"], None)
        catalog.group_speakers([[("Ann Lee", None), ("Lee", "mayor")]])
        archive.mend("story-2", source="Herald")
        talk = archive.conversations.create("ann")
        answer = archive.ask("Which harbour was closed?")
        archive.conversations.append(talk.id, "ann", answer.question, answer)
        archive.conversations.share(talk.id, "ann")
        turn = archive.conversations.turns(talk.id, "ann")[0]
        archive.conversations.rate(turn.id, "ann", True)
        archive.conversations.note_coverage(turn.id, "4 articles")
        archive.conversations.delete(archive.conversations.create("bob").id, "bob")
    with closing(sqlite3.connect(tmp_path / "a" / "catalog.sqlite")) as db, db:
        for statement in (  # what other libraries would find
            "INSERT INTO quote VALUES (1, 0, 9, 1, 'Ann Lee', 'mayor', NULL, 2, 5)",
            "INSERT INTO quote VALUES (2, 0, 7, 0, 'Lee', NULL, 'say', 1, 3)",
            "INSERT INTO change VALUES (1, 0, 9), (1, 0, 9)",
            "INSERT INTO link VALUES (1, 0, 9, 2, 0, 8, 'denied', 0.1)",
            "INSERT INTO source_removed VALUES ('an%2Fold \\ key')",
            "INSERT INTO source_document SELECT id, 'https://x.org/', '', NULL, NULL, 'h', '[]' FROM source",
        ):
            db.execute(statement)
    return dump(tmp_path / "a")


def dump(folder: Path) -> dict[str, list[Any]]:
    """All rows of both files; of facts those that say something of the archive."""
    held: dict[str, list[Any]] = {}
    for name in ("catalog.sqlite", "conversations.sqlite"):
        if not (folder / name).exists():
            continue
        with closing(sqlite3.connect(folder / name)) as db:
            for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                held[f"{name} {table}"] = sorted(map(repr, db.execute(f'SELECT * FROM "{table}"')))
    return held


def indexes(folder: Path) -> dict[str, int]:
    """The files of the indexes, by their inodes: those that are written anew have others."""
    return {
        f.name: f.stat().st_ino for f in [*folder.glob("vectors-*/chroma.sqlite3"), *folder.glob("lexical-*/*.json")]
    }


def test_there_and_back_row_for_row(
    machine: Callable[..., Archive],
    postgres: PostgresServer,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
    chat: Any,
) -> None:
    """By the command line; the indexes stay as they are, and numbers that were given are not given again."""
    before, were = everything(tmp_path), indexes(tmp_path / "a")
    assert {name.split()[1] for name, held in before.items() if not held} == {"tombstone", "taken_down"}
    run = command_line(monkeypatch, capsys, chat)
    monkeypatch.setenv("ONRECORD_ARCHIVE", str(tmp_path / "a"))
    there = run("migrate", "--to-catalog", url, "--json")
    assert there.code == 0 and PASSWORD not in there.out + there.err, there.err
    told = json.loads(there.out)
    assert told["rows"]["version"] == 45 and told["rows"]["turn"] == 1 and told["at"].endswith(database(url))
    for name, held in before.items():
        table = name.split()[1]
        if table not in ("meta", "tombstone", "sqlite_sequence"):
            assert told["rows"][table] == len(held)
            assert postgres.execute(f"SELECT count(*) FROM {table}", database(url)) == [(len(held),)], name
    assert not list((tmp_path / "a").glob("*c*at*.sqlite*"))
    assert "ONRECORD_CATALOG" in run("stats").err, "the new place has to be named"
    monkeypatch.setenv("ONRECORD_CATALOG", url)
    archive = machine("a")
    assert indexes(tmp_path / "a") == were
    assert archive.doctor() == [] and found(archive, "storm0007") == ["story-7"]
    assert archive.get("story-2").source == "Herald" and archive.get("urn:x:copy1").key == "copy"
    assert len(archive.conversations.list("ann")) == 1
    archive.close()

    back = run("migrate", "--to-catalog", "embedded", "--json")
    assert back.code == 0, back.err
    assert json.loads(back.out) == {**told, "at": ""}
    assert postgres.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database(url)) == [
        ("onrecord_schema",)
    ]
    gone = machine("other")
    with pytest.raises(ArchiveMismatch, match=r"was moved away \(onrecord migrate\)"):
        gone.ingest(rows(tmp_path, *many(1)))
    monkeypatch.delenv("ONRECORD_CATALOG")
    after = dump(tmp_path / "a")
    meta = "catalog.sqlite meta"
    before[meta].remove("('purge', '0')")  # as where there is none
    assert after == before
    assert indexes(tmp_path / "a") == were
    with plain(tmp_path / "a") as archive:
        assert archive.doctor() == [] and found(archive, "storm0007") == ["story-7"]
        archive.ingest(rows(tmp_path, *many(1, first=70)))
        highest = archive.stores.catalog.last_version()
    assert highest == 1 + max(int(line.split(",")[1].strip(" ()")) for line in before["catalog.sqlite sqlite_sequence"]
                              if "version" in line)  # fmt: skip

    again = run("migrate", "--to-catalog", url)
    assert again.code == 0 and "rows in all, moved and compared" in again.out, "also where it was before"
    assert found(machine("a"), "storm0070") == ["story-70"]


ROOM = "rag.index.moving_catalog"


def killed(folder: Path, to: str, where: str, then: str = "before", nth: int = 1, **env: str) -> None:
    moving = Forked(migrating.main, folder, to, where, then, str(nth), env=env)
    _, err = moving.communicate(timeout=120)
    assert moving.returncode == -signal.SIGKILL, err


@pytest.mark.parametrize(
    ("where", "then", "nth", "usable"),
    [
        (f"{ROOM}:_hash", "before", 60, False),  # while rows go there
        (f"{ROOM}:_write_replica", "after", 1, True),  # the new place is complete, and the old one is still there
    ],
)
def test_a_move_to_the_server_that_is_killed(
    machine: Callable[..., Archive], postgres: PostgresServer, url: str, tmp_path: Path,
    where: str, then: str, nth: int, usable: bool,
) -> None:  # fmt: skip
    with plain(tmp_path / "a") as archive:
        archive.ingest(rows(tmp_path, *many(50)))
        archive.conversations.create("ann")
    before = dump(tmp_path / "a")
    killed(tmp_path / "a", url, where, then, nth)
    assert dump(tmp_path / "a") == before
    with plain(tmp_path / "a") as archive:
        assert found(archive, "storm0007") == ["story-7"] and archive.doctor() == []
        if not usable:
            with pytest.raises(ArchiveMissing):
                machine("other").search("storm")
        moved = archive.migrate_catalog(url)
        assert moved.rows["version"] == 50 and moved.rows["conversation"] == 1
        assert found(archive, "storm0008") == ["story-8"], "the object goes on with the new place"
        assert archive.doctor() == []
    assert found(machine("a"), "storm0007") == ["story-7"]


def test_a_move_that_is_killed_at_its_last_step(machine: Callable[..., Archive], url: str, tmp_path: Path) -> None:
    """The files are retired, and not yet removed: the next to use the new place does so."""
    with plain(tmp_path / "a") as archive:
        archive.ingest(rows(tmp_path, *many(5)))
        archive.conversations.create("ann")
    killed(tmp_path / "a", url, f"{ROOM}:finish")
    with plain(tmp_path / "a") as archive, pytest.raises(ArchiveMissing, match=r"was moved to .*ONRECORD_CATALOG"):
        archive.search("storm")
    archive = machine("a")
    assert found(archive, "storm0003") == ["story-3"] and archive.doctor() == []
    assert not list((tmp_path / "a").glob("c*.sqlite*"))


@pytest.mark.parametrize("where", [f"{ROOM}:_require_same", "rag.index.server_copy:ServerRows.remove"])
def test_a_move_to_the_folder_that_is_killed(
    machine: Callable[..., Archive], url: str, tmp_path: Path, where: str
) -> None:
    """The second one leaves both places there."""
    archive = machine("a")
    archive.ingest(rows(tmp_path, *many(50), row("witness", "The witness Zorblatt lives in Quixendale.")))
    archive.conversations.create("ann")
    archive.close()
    killed(tmp_path / "a", "embedded", where, ONRECORD_CATALOG=url)
    assert found(machine("b"), "storm0007") == ["story-7"], "the old place is there"
    machine("b").close()
    if "same" in where:
        assert files_with(tmp_path / "a" / ".moving", ["Quixendale"])
        machine("a").delete("witness")
        assert files_with(tmp_path / "a", ["Quixendale"]) == [], "words of a move that was killed are not kept"
    with machine("a") as again:
        assert again.migrate_catalog("embedded").rows["passage"] == (50 if "same" in where else 51)
        assert found(again, "storm0009") == ["story-9"]
    with plain(tmp_path / "a") as archive:
        assert found(archive, "storm0007") == ["story-7"] and archive.doctor() == []
        assert len(archive.conversations.list("ann")) == 1
    assert not (tmp_path / "a" / ".moving").exists()


def test_what_comes_out_otherwise_changes_nothing(
    machine: Callable[..., Archive], postgres: PostgresServer, url: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """One byte of one vector is enough, either way."""
    with plain(tmp_path / "a") as archive:
        archive.ingest(rows(tmp_path, *many(6)))
        before = dump(tmp_path / "a")
        true = ServerRows.rows

        def bent(self: ServerRows, table: str, columns: Any) -> Any:
            for n, one in enumerate(true(self, table, columns)):
                yield [v[:-1] + b"\x07" if n == 3 and isinstance(v, bytes) else v for v in one]

        monkeypatch.setattr(ServerRows, "rows", bent)
        with pytest.raises(ArchiveDamaged, match=r"table passage .*Nothing was changed"):
            archive.migrate_catalog(url)
        monkeypatch.setattr(ServerRows, "rows", true)
        assert dump(tmp_path / "a") == before and archive.doctor() == []
        assert postgres.execute("SELECT * FROM pg_tables WHERE schemaname = 'public'", database(url)) == []
        archive.migrate_catalog(url)
        put = f"{ROOM}._Files.put"
        monkeypatch.setattr(put, lambda self, table, rows: list(rows))
        with pytest.raises(ArchiveDamaged, match="Nothing was changed"):
            archive.migrate_catalog("embedded")
        assert found(archive, "storm0002") == ["story-2"] and archive.doctor() == []


def test_moves_that_are_refused(
    machine: Callable[..., Archive], postgres: PostgresServer, url: str, tmp_path: Path
) -> None:
    with plain(tmp_path / "a") as archive:
        with pytest.raises(ArchiveMissing):
            archive.migrate_catalog(url)
        archive.ingest(rows(tmp_path, *many(3)))
        before = dump(tmp_path / "a")
        with pytest.raises(UsageError, match="already"):
            archive.migrate_catalog("embedded")
        for wrong, kind, told in (
            ("mysql://host/db", UsageError, "postgresql://"),
            (postgres.url("nowhere"), ArchiveError, "createdb"),
            (postgres.url(password="guessed"), ArchiveError, "lets this user not in"),
            ("postgresql://ann@127.0.0.1:1/db", ArchiveError, "can't be reached"),
        ):
            with pytest.raises(kind, match=told) as e:
                archive.migrate_catalog(wrong)
            assert "guessed" not in str(e.value)
        other = postgres.new_database()
        machine("b", at=other).ingest(rows(tmp_path, *many(2)))
        with pytest.raises(UsageError, match=r"has a catalog already, which is another .*empty"):
            archive.migrate_catalog(other)
        foreign = postgres.new_database()
        postgres.execute("CREATE TABLE version (song TEXT)", database(foreign))
        with pytest.raises(ArchiveDamaged, match="another program's"):
            archive.migrate_catalog(foreign)
        postgres.execute("CREATE TABLE mending (song TEXT)", database(url))
        with pytest.raises(ArchiveError, match="mending"):
            archive.migrate_catalog(url)
        postgres.execute("DROP TABLE mending", database(url))
        with plain(tmp_path / "a") as writer, writer.stores.writing("ingest"), pytest.raises(ArchiveLocked):
            archive.migrate_catalog(url)
        assert dump(tmp_path / "a") == before

    served = machine("b", at=other)
    with pytest.raises(UsageError, match="by way of the folder"):
        served.migrate_catalog(url)
    name = database(other)
    postgres.execute(f"CREATE ROLE guest_{name} LOGIN PASSWORD 'small'", name)
    postgres.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO guest_{name}", name)
    served.close()
    guest = machine("b", at=other.replace(f"tester:{PASSWORD}", f"guest_{name}:small"))
    with pytest.raises(ArchiveError, match="only their owner"):
        guest.migrate_catalog("embedded")
    assert machine("b", at=other).doctor() == []


def test_whoever_has_the_old_place_open_is_told(machine: Callable[..., Archive], url: str, tmp_path: Path) -> None:
    """A service that was not stopped writes into nothing that is lost."""
    with plain(tmp_path / "a") as archive, plain(tmp_path / "a") as service:
        archive.ingest(rows(tmp_path, *many(3)))
        service.search("storm")
        service.conversations.create("ann")
        archive.migrate_catalog(url)
        for call in (
            lambda: service.conversations.create("bob"),
            lambda: service.collections.make("late"),
            lambda: service.search("storm"),
        ):
            with pytest.raises(ArchiveError):
                call()
    served = machine("b")
    assert found(served, "storm0001") == ["story-1"]
    served.close()
    service = machine("b")
    service.search("storm")
    machine("a").migrate_catalog("embedded")
    for call in (lambda: service.conversations.create("bob"), lambda: service.search("storm")):
        with pytest.raises(ArchiveError, match="moved away"):
            call()
    with plain(tmp_path / "a") as archive:
        assert [len(archive.conversations.list(user)) for user in ("ann", "bob")] == [1, 0]
