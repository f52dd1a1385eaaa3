"""Backup and restore, export and salvage, archives of older programs."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from helpers import assert_sound, fill, many, row, write_rows

from rag import Archive
from rag.cli import main
from rag.errors import ArchiveDamaged, UsageError
from rag.index import schema, tables
from rag.settings import Settings
from rag.testing import FakeEmbeddings
from rag.upkeep import restore

LONG = " ".join(f"The harbour of Port {i} was closed on Monday by order {i}." for i in range(400))
ROWS = [*many(40), row("long", LONG, title="Orders", metadata={"desk": "foreign"}, docid=["a-1", "a-2"])]


def opened(folder: Path) -> Archive:
    return Archive.open(folder, embeddings=FakeEmbeddings())


def shown(archive: Archive) -> dict[str, Any]:
    return {a.key: (a.id, a.title, a.text, a.source, a.published, set(a.aliases)) for a in archive.articles()}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full") / "x"
    with opened(folder) as archive:
        fill(archive, *ROWS)
    return folder


# -- backup ----------------------------------------------------------------------------


def test_a_backup_is_the_archive_again(full: Path, tmp_path: Path) -> None:
    with opened(full) as archive:
        told = archive.backup(tmp_path / "b")
        before = shown(archive)
    assert told["articles"] == len(ROWS)
    assert {f.name for f in (tmp_path / "b").iterdir()} == {"catalog.sqlite", "backup.json"}
    assert restore(tmp_path / "b", Settings(archive=tmp_path / "y")) == len(ROWS)
    with opened(tmp_path / "y") as archive:
        assert shown(archive) == before
        assert_sound(archive)
        assert "Storm at Port 3" in {h.passage.title for h in archive.search("storm0003 boats")}
        assert archive.ingest(write_rows(tmp_path / "a.jsonl", *many(1, first=90))).added == 1
    assert [f.name for f in tmp_path.iterdir() if f.name.startswith(".")] == []


def test_nothing_is_overwritten(full: Path, tmp_path: Path) -> None:
    with opened(full) as archive:
        archive.backup(tmp_path / "b")
        with pytest.raises(UsageError, match="there already"):
            archive.backup(tmp_path / "b")
        for inside in (full, full / "b", full / "deep" / "b", full / ".." / full.name / "b"):
            with pytest.raises(UsageError, match="in the archive itself"):
                archive.backup(inside)
    with pytest.raises(UsageError, match="there already"):
        restore(tmp_path / "b", Settings(archive=full))
    with pytest.raises(UsageError, match="no backup"):
        restore(full, Settings(archive=tmp_path / "y"))


def test_a_damaged_backup_makes_no_archive(full: Path, tmp_path: Path) -> None:
    with opened(full) as archive:
        archive.backup(tmp_path / "b")
    with (tmp_path / "b/catalog.sqlite").open("r+b") as file:
        file.seek(5000)
        file.write(b"!")
    with pytest.raises(ArchiveDamaged, match="not what was backed up"):
        restore(tmp_path / "b", Settings(archive=tmp_path / "y"))
    assert not (tmp_path / "y").exists()


def test_backed_up_while_articles_come_and_go(tmp_path: Path) -> None:
    with opened(tmp_path / "x") as writer, opened(tmp_path / "x") as reader:
        fill(writer, *many(5))
        stop = threading.Event()

        def write() -> None:
            n = 10
            while not stop.is_set():
                writer.ingest(write_rows(tmp_path / "a.jsonl", *many(4, first=n)))
                writer.delete(f"story-{n}")
                n += 4

        thread = threading.Thread(target=write)
        thread.start()
        try:
            for n in range(3):
                reader.backup(tmp_path / f"b{n}")
        finally:
            stop.set()
            thread.join()
    for n in range(3):
        count = restore(tmp_path / f"b{n}", Settings(archive=tmp_path / f"y{n}"))
        with opened(tmp_path / f"y{n}") as archive:
            assert_sound(archive)
            assert len(shown(archive)) == count >= 5


# -- export and salvage ----------------------------------------------------------------


def test_what_is_exported_can_be_ingested_again(full: Path, tmp_path: Path) -> None:
    with opened(full) as archive:
        assert archive.export(tmp_path / "out.jsonl") == len(ROWS)
        found = archive.salvage(tmp_path / "salvaged.jsonl")
        before = shown(archive)
    assert (found.articles, found.damaged, found.pages_lost) == (len(ROWS), 0, 0)
    lines = [sorted(map(json.loads, (tmp_path / n).read_text().splitlines()), key=lambda r: r["key"])
             for n in ("out.jsonl", "salvaged.jsonl")]  # fmt: skip
    assert lines[0] == lines[1]
    with opened(tmp_path / "y") as archive:
        archive.ingest(tmp_path / "out.jsonl")
        again = shown(archive)
    assert {k: v[1:5] for k, v in again.items()} == {k: v[1:5] for k, v in before.items()}


def test_an_article_without_an_outlet_has_none_after_an_export(tmp_path: Path) -> None:
    lone = row("a", "A storm came.", url="https://news.example/a", publisher="Harbour Post")
    with opened(tmp_path / "x") as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", lone))
        assert archive.get("a").source == "Harbour Post"
        archive.mend("a", source="")
        archive.add({"text": "Another came.", "url": "https://news.example/b", "metadata": {"publisher": "Anchor"}})
        archive.export(tmp_path / "out.jsonl")
        before = shown(archive)
    with opened(tmp_path / "y") as archive:
        archive.ingest(tmp_path / "out.jsonl")
        assert {article.source for article in archive.articles()} == {None}
        assert archive.get("https://news.example/b").metadata == {"publisher": "Anchor"}
        assert {k: v[1:5] for k, v in shown(archive).items()} == {k: v[1:5] for k, v in before.items()}


@pytest.mark.parametrize("share", [0.1, 0.33])
def test_a_cut_catalog_gives_back_what_its_pages_hold(full: Path, tmp_path: Path, share: float) -> None:
    folder = tmp_path / "x"
    shutil.copytree(full, folder)
    file = folder / "catalog.sqlite"
    with file.open("r+b") as cut:
        cut.truncate(int(file.stat().st_size * (1 - share)))
    with opened(folder) as archive, pytest.raises(ArchiveDamaged, match=r"export --salvage OUT"):
        archive.search("storm")
    with opened(folder) as archive:
        found = archive.salvage(tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert found.articles == len(lines) >= 0.3 * len(ROWS)
    assert found.pages_lost
    texts = {r["key"]: r["text"] for r in ROWS}
    assert all(line["text"] == texts[line["key"]] for line in lines)


def test_a_changed_article_is_not_passed_off_as_sound(full: Path, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    shutil.copytree(full, folder)
    file = folder / "catalog.sqlite"
    content = file.read_bytes()
    assert content.count(b"storm0007") == 1
    file.write_bytes(content.replace(b"storm0007", b"storm9997"))
    with opened(folder) as archive:
        found = archive.salvage(tmp_path / "out.jsonl")
    assert (found.articles, found.damaged) == (len(ROWS) - 1, 1)


def test_a_deleted_article_does_not_come_back(full: Path, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    shutil.copytree(full, folder)
    with opened(folder) as archive:
        archive.delete("story-3", "long")
        archive.salvage(tmp_path / "out.jsonl")
    keys = {json.loads(line)["key"] for line in (tmp_path / "out.jsonl").read_text().splitlines()}
    assert keys == {r["key"] for r in ROWS} - {"story-3", "long"}


def test_the_log_of_a_killed_writer_is_read_too(full: Path, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    shutil.copytree(full, folder)
    with opened(folder) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(2, first=70)))
        copy = tmp_path / "y"
        shutil.copytree(folder, copy)  # as a kill leaves it
    assert (copy / "catalog.sqlite-wal").stat().st_size
    with opened(copy) as archive:
        assert archive.salvage(tmp_path / "out.jsonl").articles == len(ROWS) + 2


def test_by_command(full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def run(*args: str | Path) -> int:
        monkeypatch.setattr("sys.argv", ["onrecord", *map(str, args)])
        try:
            main()
        except SystemExit as e:
            return int(e.code or 0)
        return 0

    assert run("backup", tmp_path / "b", "--archive", full) == 0
    assert run("restore", tmp_path / "b", "--archive", tmp_path / "y") == 0
    assert run("export", tmp_path / "o.jsonl", "--archive", tmp_path / "y") == 0
    assert "41 articles written" in capsys.readouterr().out
    with (tmp_path / "y/catalog.sqlite").open("r+b") as file:
        file.truncate(60_000)
    assert run("search", "storm", "--archive", tmp_path / "y") == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "export --salvage" in told
    assert run("export", "--salvage", tmp_path / "s.jsonl", "--archive", tmp_path / "y") == 5


# -- archives of older programs ----------------------------------------------------------


def test_an_archive_of_the_first_schema_is_migrated_and_answers(full: Path, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    old = sqlite3.connect(folder / "catalog.sqlite")
    old.executescript(tables.SCHEMA)
    old.execute("ATTACH ? AS new", (str(full / "catalog.sqlite"),))
    for table in ("version", "alias", "passage"):
        columns = ", ".join(r[1] for r in old.execute(f"PRAGMA main.table_info({table})"))
        old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
    old.execute("UPDATE passage SET indexed = 0")
    old.execute("INSERT INTO meta SELECT name, value FROM new.meta WHERE name = 'fingerprint'")
    old.executemany("INSERT INTO meta VALUES (?, ?)", [("schema", "1"), ("generation", "0")])
    old.commit()
    old.close()
    with opened(folder) as archive:
        assert len(shown(archive)) == len(ROWS)
        assert archive.stores.catalog.meta("schema") == str(schema.SCHEMA_VERSION)
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(1, first=90)))
        assert_sound(archive)
        answer = archive.ask("How many boats had storm0003 damaged?", chat_model="extractive")
        assert any("13 boats" in c.quote for c in answer.citations)


# -- what a killed process left --------------------------------------------------------


@pytest.mark.parametrize("left", ["vectors-9", "vectors-9/202305", "lexical-9", "vectors-9/chroma.sqlite3"])
def test_what_a_killed_rebuild_had_begun_goes_with_the_next_one_who_writes(tmp_path: Path, left: str) -> None:
    with opened(tmp_path) as archive:
        archive.add([{"text": "The ferry was held in port."}])
    if left.endswith("3"):
        (tmp_path / left).parent.mkdir()
        (tmp_path / left).touch()
    else:
        (tmp_path / left).mkdir(parents=True)
    with opened(tmp_path) as archive:
        archive.add([{"text": "The ferry sails again."}])
    assert not (tmp_path / left.partition("/")[0]).exists()
