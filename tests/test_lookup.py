"""An article by its names: file names, keys, aliases."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from helpers import many, row, write_rows

from rag import Archive
from rag.errors import ArticleMissing
from rag.testing import FakeEmbeddings


def test_an_article_by_its_file_name(archive: Archive, tmp_path: Path) -> None:
    for name, text in (
        ("north/ferry.txt", "The ferry sank off the coast."),
        ("south/ferry.txt", "The ferry was raised again."),
        ("south/tram.txt", "The tram stopped in the snow."),
        ("south/big tram.txt", "The big tram went on."),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{text}\n", "utf-8")
    archive.ingest(
        tmp_path / "north",
        tmp_path / "south",
        write_rows(tmp_path / "a.jsonl", row("https://example.org/news/eclipse", "An eclipse was seen."), *many(2)),
    )
    assert archive.get("tram.txt").text.startswith("The tram")
    assert archive.get("big tram.txt").text.startswith("The big tram")
    assert archive.get("eclipse").key == "https://example.org/news/eclipse"
    with pytest.raises(ArticleMissing, match="more than one"):
        archive.get("ferry.txt")
    for key in (archive.get("tram.txt").key, "story-1"):
        assert archive.get(key).key == key
    assert archive.get("south/tram.txt") == archive.get("./south/tram.txt") == archive.get("tram.txt")
    assert archive.get("north/ferry.txt").text.startswith("The ferry sank")
    for name in (
        "ram.txt",
        "outh/tram.txt",
        "/south/tram.txt",
        "TRAM.TXT",
        "%.txt",
        "tram.tx_",
        "",
        "/",
        ".txt",
        "news",
    ):
        with pytest.raises(ArticleMissing):
            archive.get(name)
    archive.delete(next(a.key for a in archive.articles() if a.key.endswith("north/ferry.txt")))
    assert archive.get("ferry.txt").text.startswith("The ferry was raised"), "one is left"


def test_keys_and_aliases_go_before_file_names(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("report", "The plain key."),
            row("https://example.org/report", "The key of a place.", id="memo"),
            row("https://example.org/memo", "Another place."),
        )
    )
    assert archive.get("report").text == "The plain key."
    assert archive.get("memo").text == "The key of a place."


def test_the_file_name_of_what_has_changed_is_its_newest_version(archive: Archive, tmp_path: Path) -> None:
    for text in ("The tram will cost 40 million.", "The tram will cost 45 million."):
        archive.ingest(write_rows(tmp_path / "a.jsonl", row("https://example.org/tram", text)))
    assert archive.get("tram").text == "The tram will cost 45 million."


def test_an_article_by_the_url_it_came_with(archive: Archive, tmp_path: Path) -> None:
    url = "http://www.example.org/news/t.html?utm_source=x#y"
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            {"title": "T", "text": "A tunnel was dug under the river.", "url": url},
            {"key": "own-key", "title": "U", "text": "A bridge spans it.", "url": "https://example.org/u"},
        )
    )
    assert archive.get(url).title == "T"
    assert archive.get("https://example.org/u").title == "U"
    with pytest.raises(ArticleMissing):
        archive.get("https://example.org/v")


def test_its_size_is_told_while_an_index_is_being_replaced(tmp_path: Path) -> None:
    """A soak of the page met it: whoever asked for the archive's figures got an error."""
    with Archive.open(tmp_path / "archive", embeddings=FakeEmbeddings()) as archive:
        archive.add([{"title": "Rain", "text": "It rains in the harbour today, and it will rain tomorrow."}])
        over = threading.Event()

        def replace() -> None:
            folder = archive.path / "lexical-next"
            while not over.is_set():
                (folder / "articles").mkdir(parents=True)
                for n in range(20):
                    (folder / "articles" / f"{n}.seg").write_bytes(b"x")
                shutil.rmtree(folder)

        thread = threading.Thread(target=replace)
        thread.start()
        try:
            assert all(archive.stats().bytes > 0 for _ in range(200))
        finally:
            over.set()
            thread.join()
