"""A process killed at any moment leaves an archive that opens, answers, and completes when it is run again."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
import writer
from forked import Forked
from helpers import assert_cited, assert_sound, files_with, many, python, row, write_rows

from rag import Archive
from rag.errors import ArticleMissing
from rag.testing import FakeEmbeddings

pytestmark = pytest.mark.slow

SECRET = "The witness Zorblatt lives in Quixendale."
WORDS = ["Zorblatt", "Quixendale"]


def start(*args: str | Path) -> Forked:
    process = Forked(writer.main, *args)
    assert process.stdout.readline() == "ready\n", process.communicate()[1]
    return process


def kill_after(process: Forked, seconds: float) -> bool:
    """Whether it was still at work."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode in (0, -signal.SIGKILL)
    return process.returncode != 0


def how_long(*args: str | Path) -> float:
    process = start(*args)
    started = time.monotonic()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return time.monotonic() - started


def opened(folder: Path, dim: int = 64) -> Archive:
    return Archive.open(folder, embeddings=FakeEmbeddings(dim=dim))


def assert_holds(archive: Archive, rows: list[dict[str, str]]) -> None:
    """Exactly these articles, each once in the catalog and once in both indexes."""
    assert {a.key: a.text for a in archive.articles()} == {r["key"]: r["text"] for r in rows}
    assert_sound(archive)
    catalog = archive.stores.catalog
    vectors, lexical = archive.stores.indexes()
    assert vectors.ids() == lexical.ids() == catalog.passage_ids()
    assert vectors._index._handle.collection().count() == len(catalog.passage_ids())
    counts = catalog.counts()
    assert (counts["pending"], counts["tombstones"]) == (0, 0)


def assert_answers(archive: Archive) -> None:
    """It opens and answers from what it has, whatever that is."""
    if not archive.exists:
        return
    for article in archive.articles():
        assert all(article.text[s.start : s.end].strip() for s in archive.sentences(article.id))
    hits = archive.search("harbour storm boats", k=20)
    for hit in hits:
        p = hit.passage
        assert archive.get(p.article_id).text[p.start : p.end] == p.text
    answer = archive.ask("How many boats had storm0001 damaged?", chat_model="extractive")
    assert_cited(archive, answer)


ROWS = [*many(70), row("witness", SECRET, title="Witness")]
CHANGED = [{**r, "text": r["text"].replace("Monday", "Tuesday")} if i % 2 else r for i, r in enumerate(many(70))]


def moments(n: int, seed: int) -> list[float]:
    """Shares of a run's time, one in each nth part of it."""
    chance = random.Random(seed)
    return [(i + chance.random()) / n for i in range(n)]


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """How long the writers take on this machine when nobody kills them."""
    folder = tmp_path_factory.mktemp("usual")
    source = write_rows(folder / "a.jsonl", *ROWS)
    changed = write_rows(folder / "b.jsonl", *CHANGED)
    return {
        "ingest": how_long("ingest", folder / "x", source),
        "update": how_long("ingest", folder / "x", changed),
        "repair": how_long("repair", folder / "x"),
        "delete": how_long("delete", folder / "x", "witness", "story-3"),
        "rebuild": how_long("rebuild", folder / "x", "32"),
    }


def rounds(n: int) -> pytest.MarkDecorator:
    """Some in every run, more of them with --all."""
    few = moments(max(1, n // 2), seed=1)
    more = [pytest.param(m, marks=pytest.mark.slow) for m in moments(3 * n, seed=2)]
    return pytest.mark.parametrize("moment", [*few, *more], ids=lambda m: f"{m:.2f}")


@rounds(4)
def test_killed_while_ingesting(tmp_path: Path, usual: dict[str, float], moment: float) -> None:
    source = write_rows(tmp_path / "a.jsonl", *ROWS)
    kill_after(start("ingest", tmp_path / "x", source), usual["ingest"] * moment)
    with opened(tmp_path / "x") as archive:
        assert_answers(archive)
        report = archive.ingest(source)
        assert report.added + report.unchanged == len(ROWS)
        assert report.updated == 0
        assert_holds(archive, ROWS)
        assert archive.stats().older_versions == 0
        assert archive.ingest(source).unchanged == len(ROWS)


@rounds(3)
def test_killed_again_and_again(tmp_path: Path, usual: dict[str, float], moment: float) -> None:
    source = write_rows(tmp_path / "a.jsonl", *ROWS)
    for _ in range(4):
        if not kill_after(start("ingest", tmp_path / "x", source), usual["ingest"] * moment):
            break
    with opened(tmp_path / "x") as archive:
        assert_answers(archive)
        archive.ingest(source)
        assert_holds(archive, ROWS)


@rounds(4)
def test_killed_while_updating(tmp_path: Path, usual: dict[str, float], moment: float) -> None:
    old, new = write_rows(tmp_path / "a.jsonl", *many(70)), write_rows(tmp_path / "b.jsonl", *CHANGED)
    with opened(tmp_path / "x") as archive:
        archive.ingest(old)
    kill_after(start("ingest", tmp_path / "x", new), usual["update"] * moment)
    with opened(tmp_path / "x") as archive:
        assert_answers(archive)
        texts = {a.key: a.text for a in archive.articles()}
        before = {r["key"]: r["text"] for r in many(70)}
        after = {r["key"]: r["text"] for r in CHANGED}
        assert all(text in (before[key], after[key]) for key, text in texts.items())
        assert texts.keys() == before.keys()
        archive.ingest(new)
        assert_holds(archive, CHANGED)
        assert archive.stats().older_versions == 35


@rounds(4)
def test_killed_while_deleting(tmp_path: Path, usual: dict[str, float], moment: float) -> None:
    with opened(tmp_path / "x") as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *ROWS))
    kill_after(start("delete", tmp_path / "x", "witness", "story-3"), usual["delete"] * moment)
    with opened(tmp_path / "x") as archive:
        assert_answers(archive)
        gone = {"witness", "story-3"} - {a.key for a in archive.articles()}
        assert len(gone) in (0, 2), "all or nothing"
        if not gone:
            archive.delete("witness", "story-3")
        else:
            with pytest.raises(ArticleMissing):
                archive.get("witness")
            assert not any("Zorblatt" in h.passage.text for h in archive.search("Zorblatt witness", k=20))
            archive.ingest(write_rows(tmp_path / "b.jsonl", *many(1)))  # any writer completes what was begun
        assert_holds(archive, [r for r in ROWS if r["key"] not in ("witness", "story-3")])
    assert files_with(tmp_path / "x", WORDS) == []


MAYORS = [
    row("sworn", "Ana Reyes was sworn in as mayor of Porto Novo on Friday.", title="Mayor", published="2019-01-04"),
    row("gone", "Mayor Ana Reyes of Porto Novo resigned on Friday.", title="Mayor", published="2023-09-04"),
]


@rounds(3)
def test_no_link_outlives_a_side_that_was_deleted(tmp_path: Path, usual: dict[str, float], moment: float) -> None:
    with opened(tmp_path / "x") as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(20), *MAYORS))
        assert len(archive.stores.catalog.links()) == 1
    kill_after(start("delete", tmp_path / "x", "gone"), usual["delete"] * moment)
    with opened(tmp_path / "x") as archive:
        there = {a.key for a in archive.articles()}
        assert len(archive.stores.catalog.links()) == ("gone" in there)
        if "gone" in there:
            archive.delete("gone")
        db = archive.stores.catalog._db
        assert [tuple(r) for r in db.execute("SELECT count(*) FROM link UNION ALL SELECT count(*) FROM change")] == [
            (0,),
            (1,),
        ]
        archive.ingest(write_rows(tmp_path / "b.jsonl", MAYORS[1]))
        assert len(archive.stores.catalog.links()) == 1, "what comes back is compared again"


@rounds(3)
@pytest.mark.parametrize("action", ["repair", "rebuild"])
def test_killed_while_repairing(tmp_path: Path, usual: dict[str, float], moment: float, action: str) -> None:
    with opened(tmp_path / "x") as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *ROWS))
    kill_after(start(action, tmp_path / "x", "32"), usual[action] * moment)
    with opened(tmp_path / "x", dim=32 if action == "rebuild" else 64) as archive:
        if action == "repair":
            assert_answers(archive)
            assert len(list(archive.articles())) == len(ROWS)
        archive.reindex(embed_again=action == "rebuild")
        assert_holds(archive, ROWS)
        assert len(archive.search("harbour storm boats", k=20)) == 20
        archive.delete("witness")
    names = sorted(f.name.partition("-")[0] for f in (tmp_path / "x").iterdir() if f.is_dir())
    assert names == ["lexical", "vectors"], "no folder is left over"
    assert files_with(tmp_path / "x", WORDS) == []


def test_what_is_left_of_a_killed_process_does_not_lock(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "a.jsonl", *many(3))
    process = start("hold", tmp_path / "x", source)
    assert process.stdout.readline() == "holding\n"
    process.kill()
    process.communicate()
    with opened(tmp_path / "x") as archive:
        assert archive.ingest(source).added == 3
        assert_holds(archive, many(3))


# -- memory that was never cleared -----------------------------------------------------

# One heap for all threads, of which nothing goes back to the system (with glibc; others may pass without a cure).
HAUNTED = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "999999999", "MALLOC_MMAP_THRESHOLD_": "999999999"}
FILLED = """
import sys
from rag import Archive
from rag.testing import FakeEmbeddings

def fill():
    blocks = [bytearray(b"Zorblatt" * 500) for _ in range(9000)]
    del blocks

def opened(folder):
    return Archive.open(folder, embeddings=FakeEmbeddings(dim=64), chat_model="extractive")
"""


def haunted(code: str, *args: str | Path) -> None:
    done = python(FILLED + code, *args, env=HAUNTED)
    assert done.returncode == 0, done.stderr


def test_memory_of_the_process_does_not_get_into_the_files(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "a.jsonl", *many(3), row("witness", SECRET, title="Witness"))
    code = """
with opened(sys.argv[1]) as archive:
    fill()
    archive.ingest(sys.argv[2])
    fill()
    archive.search("Zorblatt")
    fill()
    archive.delete("witness")
    fill()
"""
    haunted(code, tmp_path / "x", source)
    assert files_with(tmp_path / "x", WORDS) == []
    code = """
with opened(sys.argv[1]) as archive:
    fill()
    archive.reindex()
    fill()
"""
    haunted(code, tmp_path / "x")
    assert files_with(tmp_path / "x", WORDS) == []


def test_nor_does_that_of_a_process_that_only_reads(tmp_path: Path) -> None:
    with opened(tmp_path / "x") as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *ROWS))
        archive.delete("witness")
        code = """
import chromadb, tantivy
with opened(sys.argv[1]) as archive:
    fill()
    assert archive.search("storm boats harbour")
    fill()
    assert archive.ask("How many boats had storm0001 damaged?").answered
"""
        haunted(code, tmp_path / "x")
        assert files_with(tmp_path / "x", WORDS) == []
        assert len(archive.search("storm boats harbour", k=5)) == 5
