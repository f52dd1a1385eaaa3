"""An archive whose catalog is on a real PostgreSQL server: alone, with several machines, and when things go wrong."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from helpers import files_with, many, row
from postgres import PostgresServer, database, found, machine, postgres, rows, url

from rag import Archive
from rag.errors import (
    ArchiveError,
    ArchiveLocked,
    ArchiveMissing,
    ArchiveUnreachable,
    ArticleMissing,
    UsageError,
)
from rag.index.server import ServerConnections, translate
from rag.testing import FakeChat, FakeEmbeddings

pytestmark = pytest.mark.slow
__all__ = ["machine", "postgres", "url"]

SECRET = "The witness Zorblatt lives in Quixendale."


# -- one machine ---------------------------------------------------------------------


def test_everything_is_as_in_a_folder(machine: Callable[..., Archive], tmp_path: Path) -> None:
    """Articles, passages, their order, lists, figures, hits, an answer; and nothing of it is in the folder."""
    articles = [
        row(
            "long", " ".join(f"Sentence {n} tells of harbour {n}." for n in range(60)), published="2023-05-01T10:00:00Z"
        ),
        row("copy", "The harbour of Port 1 was closed.", source="Post", author="Ann", language="en", section="World"),
        row("same", "The harbour of Port 1 was closed.", source="Other"),
        *many(8),
    ]
    plain = Archive.open(tmp_path / "plain", chat_model=FakeChat(), embeddings=FakeEmbeddings())
    with plain, machine() as served:
        for archive in (plain, served):
            archive.ingest(rows(tmp_path, *articles))
            archive.ingest(rows(tmp_path, row("copy", "The harbour of Port 1 is open again.", source="Post")))
            archive.delete("story-3")
        assert list(served.articles()) == list(plain.articles())
        for call in (
            lambda a: a.list_articles("PORT 1", limit=3, offset=1),
            lambda a: a.list_articles(order="title", limit=5),
            lambda a: a.months(),
            lambda a: a.versions("copy"),
            lambda a: a.stats().model_dump(exclude={"path", "bytes"}),
            lambda a: a.search("Which harbour was closed?", k=5),
            lambda a: a.find("harbour NEAR/3 closed").found,
            lambda a: a.get("copy"),
            lambda a: a.doctor(),
        ):
            told = [_timeless(call(a)) for a in (plain, served)]
            assert told[0] == told[1]
        assert [c.quote for c in served.ask("Which harbour was closed?").citations] == [
            c.quote for c in plain.ask("Which harbour was closed?").citations
        ]
    assert not (tmp_path / "a" / "catalog.sqlite").exists()


def _timeless(value: Any) -> str:
    import re

    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*|datetime\([^)]*\)", "", repr(value))


def test_takedowns_reach_conversations_and_all_tables(
    machine: Callable[..., Archive], postgres: PostgresServer, url: str, tmp_path: Path
) -> None:
    chat = FakeChat()
    archive = machine(chat=chat)
    archive.ingest(rows(tmp_path, row("witness", SECRET, title="Witness"), *many(3)))
    talk = archive.conversations.create("ann")
    chat.replies = [f"{SECRET} [1]"]
    answer = archive.ask("Where does the witness Zorblatt live?")
    archive.conversations.append(talk.id, "ann", answer.question, answer)
    assert archive.conversations.list("ann", "zorBLATT") == archive.conversations.list("ann")
    assert archive.conversations.list("ann", "nobody") == archive.conversations.list("bob") == []
    token = archive.conversations.share(talk.id, "ann")
    assert archive.conversations.shared_by(token) == (talk.id, "ann")
    turn = archive.conversations.turns(talk.id, "ann")[0]
    archive.conversations.rate(turn.id, "ann", True)
    archive.conversations.note_coverage(turn.id, "4 articles")
    archive.conversations.note_coverage(turn.id, "5 articles")
    assert archive.conversations.coverages(talk.id) == {turn.id: "5 articles"}
    archive.collections.make("Kept")
    with pytest.raises(UsageError, match="already"):
        archive.collections.make("kept")
    assert archive.collections.add("kept", "witness", "story-1") == 2
    archive.delete("witness")
    assert archive.collections.get("kept").articles == 1
    tables = postgres.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database(url))
    assert len(tables) > 20
    for (table,) in tables:
        held = str(postgres.execute(f"SELECT * FROM {table}", database(url)))
        assert "Quixendale" not in held.replace(answer.question, ""), table
    archive.close()
    assert files_with(tmp_path / "a", ["Quixendale"]) == []
    assert machine().conversations.turns(talk.id, "ann")[0].answer.reason == "taken_down"


def test_odd_words_are_kept(machine: Callable[..., Archive], tmp_path: Path) -> None:
    """A key that is longer than PostgreSQL's indexes take, percent signs, question marks, quotation marks."""
    archive = machine()
    key = "https://example.org/" + "x" * 5000
    archive.ingest(rows(tmp_path, row(key, "What's 100% of $1? It's :id, it's ?1 \\ \" ' %s %(a)s.", author="O'Neil")))
    assert archive.get(key).author == "O'Neil"
    assert "%(a)s" in archive.get(key).text
    assert archive.stores.catalog.keys_of([key]) == [key]
    with pytest.raises(ArticleMissing):
        archive.get("nul\x00nul")
    archive.delete(key)


def test_sources_are_kept_and_synced(machine: Callable[..., Archive], tmp_path: Path) -> None:
    """On any machine; what a person has taken down does not come again."""
    one, two = machine("a"), machine("b")
    folder = tmp_path / "articles"
    folder.mkdir()
    for n in range(3):
        (folder / f"{n}.txt").write_text(f"Story {n}\n\nThe harbour of Port {n} was closed on Monday.")
    made = one.sources.add(str(folder), remove=True)
    with pytest.raises(UsageError, match="already"):
        two.sources.add(str(folder))
    assert sum(r.new for r in two.sources.sync().sources) == 3
    (folder / "1.txt").unlink()
    (folder / "2.txt").write_text("Story 2\n\nThe harbour of Port 2 was open on Monday, as it turned out.")
    told = one.sources.sync().sources[0]
    assert (told.new, told.changed, told.gone, told.removed) == (0, 1, 1, 1)
    assert [s.articles for s in two.sources.all()] == [2] and len(two.sources.log()) == 2
    one.delete(next(a.key for a in one.articles() if "Port 0" in a.text))
    os.utime(folder / "0.txt", (0, 0))
    assert two.sources.sync().sources[0].new == 0 and two.stats().articles == 1
    assert two.sources.pause(made.name).paused
    two.sources.remove(made.name)
    assert one.sources.all() == []


# -- several machines ------------------------------------------------------------------


def test_every_machine_finds_what_another_has_written(machine: Callable[..., Archive], tmp_path: Path) -> None:
    one, two = machine("a"), machine("b")
    one.ingest(rows(tmp_path, *many(5), row("witness", SECRET)))
    assert found(two, "storm0003") == ["story-3"], "an empty folder is filled before it is searched"
    assert found(two, "Quixendale") == ["witness"]
    two.ingest(rows(tmp_path, *many(2, first=5), row("story-1", "A lighthouse named beacon0001 was painted.")))
    assert found(one, "storm0006") == ["story-6"]
    assert found(one, "beacon0001") == ["story-1"]
    assert found(one, "storm0001") == []
    two.delete("witness")
    assert found(one, "Quixendale") == []
    assert one.doctor() == two.doctor() == []
    assert files_with(tmp_path / "a", ["Quixendale", "quixendal"]) == [], "its index was written anew"
    one.ingest(rows(tmp_path, row("witness", SECRET)))
    one.delete("witness")
    one.ingest(rows(tmp_path, row("witness", SECRET)))
    assert found(two, "Quixendale") == ["witness"], "what was deleted comes back under the same id"
    assert two.doctor() == []


def test_a_folder_that_is_lost_is_filled_again(machine: Callable[..., Archive], tmp_path: Path) -> None:
    import shutil

    archive = machine()
    archive.ingest(rows(tmp_path, *many(4)))
    archive.close()
    shutil.rmtree(tmp_path / "a")
    assert found(machine(), "storm0002") == ["story-2"]


def test_a_folder_of_another_catalog_is_filled_anew(
    machine: Callable[..., Archive], postgres: PostgresServer, tmp_path: Path
) -> None:
    machine().ingest(rows(tmp_path, *many(4)))
    other = machine(at=postgres.new_database())
    with pytest.raises(ArchiveMissing, match="onrecord ingest"):
        other.search("storm")
    other.ingest(rows(tmp_path, *many(2, first=10)))
    assert found(other, "storm0011") == ["story-11"]
    assert found(other, "storm0002") == []
    assert other.doctor() == []


def test_data_that_were_put_back_from_a_copy_are_indexed_anew(
    machine: Callable[..., Archive], postgres: PostgresServer, url: str, tmp_path: Path
) -> None:
    machine().ingest(rows(tmp_path, *many(3)))
    name = database(url)
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    postgres.execute(end)
    postgres.execute(f"CREATE DATABASE {name}_copy TEMPLATE {name}")
    later = machine()
    later.ingest(rows(tmp_path, *many(3, first=3)))
    assert found(later, "storm0005") == ["story-5"]
    later.close()
    postgres.execute(end)
    postgres.execute(f"DROP DATABASE {name}")
    postgres.execute(f"ALTER DATABASE {name}_copy RENAME TO {name}")
    again = machine()
    assert found(again, "storm0005") == [] and found(again, "storm0001") == ["story-1"]
    again.ingest(rows(tmp_path, *many(1, first=8)))
    assert found(again, "storm0008") == ["story-8"]
    assert again.doctor() == []


def test_one_process_writes_at_a_time_on_whichever_machine(machine: Callable[..., Archive], tmp_path: Path) -> None:
    one, two = machine("a"), machine("b")
    one.ingest(rows(tmp_path, *many(1)))
    with one.stores.writing("ingest"):
        with pytest.raises(ArchiveLocked, match=rf"onrecord ingest {os.getpid()}@.*is writing to 127\.0\.0\.1"):
            two.ingest(rows(tmp_path, *many(2)))
        assert found(two, "storm0000") == ["story-0"], "readers are not kept out"
        two.collections.make("while another writes")
    with one.stores.syncing(), pytest.raises(ArchiveLocked, match="Another sync"), two.stores.syncing():
        pass
    with one.stores.writing("sync"):
        timer = threading.Timer(0, two.ingest, [rows(tmp_path, *many(2))])
        timer.start()
    timer.join()
    assert two.stats().articles == 2, "a sync, which writes for moments, is waited for"


def test_a_lock_is_free_as_soon_as_it_is_let_go(machine: Callable[..., Archive], tmp_path: Path) -> None:
    """And not only when the server has got round to closing the connection that held it."""
    archive = machine()
    archive.ingest(rows(tmp_path, *many(1)))
    connection = archive.stores.catalog.server.current()  # type: ignore[attr-defined]
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    for lock in (archive.stores.syncing, lambda: archive.stores.writing("ingest")) * 10:
        with lock():
            assert connection.plain(held).fetchone()[0] == 1
        assert connection.plain(held).fetchone()[0] == 0


# -- accidents ---------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from rag import Archive
from rag.index.vectors import VectorIndex
from rag.testing import FakeEmbeddings
folder, rows, how, at = sys.argv[1:]
if how == "index":  # after the catalog has the articles
    VectorIndex.add = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
def step(n, origin):
    if how == "articles" and n == int(at):
        os.kill(os.getpid(), signal.SIGKILL)
with Archive.open(folder, chat_model="none", embeddings=FakeEmbeddings()) as archive:
    archive.ingest(rows, progress=step)
"""


@pytest.mark.parametrize(("how", "at"), [("articles", 150), ("index", 0)])
def test_a_writer_that_is_killed_loses_nothing(
    machine: Callable[..., Archive], url: str, tmp_path: Path, how: str, at: int
) -> None:
    file = rows(tmp_path, *many(200))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "a", file, how, str(at)], env={**os.environ, "ONRECORD_CATALOG": url}
    )
    assert done.returncode == -signal.SIGKILL
    archive = machine()
    before = archive.stats().articles
    assert before == (200 if how == "index" else before)
    report = archive.ingest(file)
    assert report.added == 200 - before and report.unchanged == before
    assert archive.stats().articles == 200 and archive.doctor() == []
    assert found(archive, "storm0149") == ["story-149"]


def test_a_lost_connection_ends_writing_and_the_next_run_goes_on(
    machine: Callable[..., Archive], postgres: PostgresServer, tmp_path: Path
) -> None:
    archive = machine()
    file = rows(tmp_path, *many(150))

    def step(n: int, origin: str) -> None:
        if n == 100:
            postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'onrecord %'"
            )

    with pytest.raises(ArchiveError, match="was lost while this process was writing"):
        archive.ingest(file, progress=step)
    assert archive.ingest(file).skipped == ()
    assert archive.stats().articles == 150 and archive.doctor() == []


def test_a_server_that_was_restarted_is_asked_again(
    machine: Callable[..., Archive], postgres: PostgresServer, tmp_path: Path
) -> None:
    archive = machine()
    archive.ingest(rows(tmp_path, *many(3)))
    postgres.stop("immediate")
    try:
        with pytest.raises(ArchiveUnreachable, match=r"can't be reached .*ONRECORD_CATALOG"):
            archive.search("storm")
    finally:
        postgres.start()
    assert found(archive, "storm0001") == ["story-1"]
    assert archive.ingest(rows(tmp_path, *many(4))).added == 1


def test_both_catalogs_have_the_same_columns(
    machine: Callable[..., Archive], postgres: PostgresServer, url: str, tmp_path: Path
) -> None:
    """A step of one schema needs a step of the other."""
    theirs: dict[str, list[str]] = {}
    machine().ingest(rows(tmp_path, *many(1)))
    for table, column in postgres.execute(
        """SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
           ORDER BY table_name, ordinal_position""",
        database(url),
    ):
        theirs.setdefault(str(table), []).append(str(column))
    ours: dict[str, list[str]] = {}
    with Archive.open(tmp_path / "plain", chat_model="none", embeddings=FakeEmbeddings()) as plain:
        plain.ingest(rows(tmp_path, *many(2)))
        plain.collections.make("c")
        plain.sources.add(str(tmp_path), kind="folder")
        plain.stores.catalog.withdraw(["urn:news:0001"], None)
        plain.stores.catalog.group_speakers([[("Ann", None)]])
        talk = plain.conversations.create("ann")
        plain.conversations.share(talk.id, "ann")
    for name in ("catalog.sqlite", "conversations.sqlite"):
        with closing(sqlite3.connect(tmp_path / "plain" / name)) as db:
            for (table,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence'"
            ):
                ours[table] = [r[1] for r in db.execute(f"PRAGMA table_info({table})")]
    assert theirs.pop("onrecord_schema") == ["version_num"]
    ours["passage"].remove("indexed")  # the folder's own affair
    ours["tombstone"].insert(0, "number")
    assert theirs == ours


# -- beneath ---


def test_connections_end_with_their_threads(postgres: PostgresServer, url: str) -> None:
    connections = ServerConnections(url)
    thread = threading.Thread(target=lambda: connections.current().execute("SELECT 1"))
    thread.start()
    thread.join()
    connections.current()
    assert len(connections) == 1
    connections.close()
    (left,) = postgres.execute(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database(url)}'")
    assert left == (0,)


def test_statements_are_put_into_its_words() -> None:
    assert translate("SELECT a FROM t WHERE b = ? AND c IN (?, ?)")[0].endswith("b = $1 AND c IN ($2, $3)")
    assert translate("SELECT '?' WHERE a = ?1 OR b = ?1")[0] == "SELECT '?' WHERE a = $1 OR b = $1"
    assert translate("SELECT :b, :a, :b") == ("SELECT $1, $2, $1", ("b", "a"))
    assert translate("INSERT OR IGNORE INTO t VALUES (?)")[0] == "INSERT INTO t VALUES ($1) ON CONFLICT DO NOTHING"
    assert translate("x IN (SELECT value FROM json_each(?))")[0].endswith("json_array_elements_text($1::json))")
    assert translate("ORDER BY a DESC, b")[0] == "ORDER BY a DESC NULLS LAST, b"
