"""Uploads: where they lie meanwhile, what a killed service leaves, and that one file is one article."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from filelock import FileLock
from rag.ui.lists import ingest_result
from starlette.testclient import TestClient

from rag import Archive
from rag.ingest import uploads
from rag.service.access import Access
from rag.service.http import create_app
from rag.service.scheduler import RequestScheduler
from rag.service.spool import Spool
from rag.types import RawArticle, Skipped

NOTE = b"Note of the day\n\nIt was a long day at the harbour, and the ferry sailed late."
OTHER = b"Note of the day\n\nThe bridge was closed, and nobody sailed."


@pytest.fixture
def scheduler(archive: Archive) -> RequestScheduler:
    return RequestScheduler(archive)


def upload(scheduler: RequestScheduler, **files: bytes) -> dict[str, int]:
    """What became of files named by the arguments, an underscore for the dot: the counts that are not 0."""
    report = scheduler.upload([(name.replace("_", "."), io.BytesIO(raw)) for name, raw in files.items()])
    assert not report.skipped
    return {name: n for name in ("added", "updated", "unchanged") if (n := getattr(report, name))}


@pytest.mark.parametrize("name", ["note.txt", "a note & more.txt"])
def test_a_file_read_from_a_folder_and_uploaded_is_one_article(
    scheduler: RequestScheduler, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "desk" / name
    path.parent.mkdir()
    path.write_bytes(OTHER)
    archive = scheduler.archive
    assert archive.ingest(path).added == 1
    titled = b"# Note\n\n" + NOTE
    for first in ("folder", "upload"):
        file = (tmp_path / f"{first}-{name}").with_suffix(".md")
        file.write_bytes(titled)
        for way in (first, {"folder": "upload", "upload": "folder"}[first]):
            if way == "folder":
                archive.ingest(file)
            else:
                scheduler.upload([(file.name, io.BytesIO(titled))])
    assert archive.list_articles()[1] == 3
    # The file in the folder changes: it is the article that was uploaded, in a newer version.
    file.write_bytes(titled + b"\n\nOne more line was added later on.")
    assert archive.ingest(file).updated == 1
    assert archive.list_articles()[1] == 3


def test_other_files_of_the_same_name_stay_others(scheduler: RequestScheduler, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(NOTE)
    assert scheduler.archive.ingest(path).added == 1
    assert upload(scheduler, note_txt=OTHER) == {"added": 1}
    assert upload(scheduler, note_txt=NOTE) == {"unchanged": 1}
    assert upload(scheduler, copy_txt=NOTE) == {"added": 1}, "another name may be another article"
    assert scheduler.archive.list_articles()[1] == 3


def test_rows_and_files_in_archives_are_known_too(scheduler: RequestScheduler, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("id,title,text\n1,Ferry,The ferry sails again.\n2,Tram,The tram was approved.\n")
    packed = tmp_path / "all.zip"
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("in/a.txt", NOTE)
        out.writestr("in/b.txt", OTHER)
    assert scheduler.archive.ingest(rows, packed).added == 4
    assert upload(scheduler, rows_csv=rows.read_bytes(), all_zip=packed.read_bytes()) == {"unchanged": 4}


def test_each_file_of_an_upload_is_told(scheduler: RequestScheduler) -> None:
    upload(scheduler, a_txt=NOTE)
    report = scheduler.upload(
        [("a.txt", io.BytesIO(NOTE)), ("b.txt", io.BytesIO(OTHER)), ("c.png", io.BytesIO(b"\x89"))]
    )
    assert [(f.file, f.added, f.unchanged) for f in report.files] == [("a.txt", 0, 1), ("b.txt", 1, 0), ("c.png", 0, 0)]
    assert [s.origin for s in report.skipped] == ["c.png"]
    from rag.ui import lists

    told = lists.ingest_result(["a.txt", "b.txt", "c.png"], report)
    assert told.count("unchanged") == 2 and told.count("taken in") == 1  # once in the heading


def test_a_date_that_cant_be_read_is_told_without_our_folders(scheduler: RequestScheduler) -> None:
    rows = b"title,date,text\nBridge,03/04/2023,The bridge is closed.\n"
    report = scheduler.upload([("rows.csv", io.BytesIO(rows))])
    assert (report.unread_dates, report.unread_date) == (1, "rows.csv:2: '03/04/2023'")
    assert "1 date that can't be read, as in rows.csv:2" in unescape(ingest_result(["rows.csv"], report))


@cache  # an archive tells when it was packed, and is to be the same each time
def of_each_kind() -> list[tuple[str, bytes]]:
    """A file of each kind whose articles are named in a way of its own, and some that can't be read."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("in/day.txt", b"The day's list\n\nThe market opens at nine, and the fair at noon.")
    rows = b"title,text\nBridge,The bridge is closed.\nTower,The tower stands.\n"
    good = [("note.txt", NOTE), ("rows.csv", rows), ("all.zip", packed.getvalue())]
    return [*good, ("bad.pdf", b"%PDF-1.7 broken"), ("bad.jsonl", b"{\n")]


def sent(scheduler: RequestScheduler) -> dict[str, int]:
    """Upload a file of each kind; what became of them."""
    report = scheduler.upload([(name, io.BytesIO(raw)) for name, raw in of_each_kind()])
    return {name: n for name in ("added", "updated", "unchanged") if (n := getattr(report, name))}


def test_no_answer_shows_a_folder_of_the_server(web: TestClient, scheduler: RequestScheduler) -> None:
    files = [("files", file) for file in [*of_each_kind(), ("copy.txt", NOTE)]]
    told = [web.post("/api/articles/files", files=files).text]
    told.append(web.post("/api/articles", json={"text": "Nobody came to the fair.", "title": "Fair"}).text)
    listed = web.get("/api/articles").json()["articles"]
    assert len(listed) == 6
    told += [web.get(f"/api/articles/{quote(a[name])}").text for a in listed for name in ("id", "key")]
    assert not any("ArticleMissing" in text for text in told)
    told += [web.get("/api/articles/nowhere.txt").text, web.get("/api/articles").text]
    told += [web.post("/api/search", json={"question": "Is the bridge closed?"}).text]
    told += [web.post("/api/ask", json={"question": "Is the bridge closed?"}).text]
    told += [web.get("/api/find", params={"query": "bridge"}).text]
    exported = io.StringIO()
    scheduler.archive.export(exported)
    told.append(exported.getvalue())
    told.append(web.delete(f"/api/articles/{quote(listed[0]['key'])}").text)
    assert "deleted" in told[-1]
    for folder in (scheduler.archive.path, scheduler.spool.root, scheduler.archive.settings.cache):
        assert [text for text in told if str(folder) in text] == []
    assert scheduler.archive.get("note.txt").key.endswith("/note.txt"), "known by the file's name"


def test_what_an_older_program_named_by_its_folder_is_known_and_shown_without_it(
    web: TestClient, scheduler: RequestScheduler
) -> None:
    archive = scheduler.archive
    was = f"{archive.path}/uploads/"

    def by_folder(*given: Any) -> Iterator[RawArticle | Skipped]:
        for item in named(*given):
            told = item.key.removeprefix("uploads/") if isinstance(item, RawArticle) else ""
            yield item.model_copy(update={"key": was + told}) if told else item

    named = uploads.named_by_content
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploads, "named_by_content", by_folder)
        assert sent(scheduler) == {"added": 4}
    assert all(a.key.startswith(was) for a in archive.articles())
    assert sent(scheduler) == {"unchanged": 4}
    items = web.get("/api/articles").json()["articles"]
    assert [i["key"] for i in items if not i["key"].startswith("uploads/")] == []
    for item in items:
        article = web.get(f"/api/articles/{quote(item['key'])}")
        assert article.status_code == 200 and str(archive.path) not in article.text
    gone = web.delete(f"/api/articles/{quote(items[0]['key'])}").json()["deleted"]
    assert gone == [items[0]["key"]] and archive.list_articles()[1] == 3
    out = io.StringIO()
    archive.export(out)
    assert out.getvalue().count('"key": "uploads/') == 3 and was not in out.getvalue()


def test_uploads_lie_in_a_folder_that_nobody_else_looks_into(scheduler: RequestScheduler) -> None:
    folder = scheduler.spool.folder()
    assert folder.is_relative_to(scheduler.archive.settings.cache) and str(os.getpid()) in folder.name
    assert folder.stat().st_mode & 0o077 == 0
    upload(scheduler, a_txt=NOTE)
    assert list(folder.iterdir()) == []
    scheduler.spool.sweep()
    assert folder.is_dir(), "a folder whose owner runs stays"
    scheduler.close()
    assert not folder.exists()


def test_what_nobody_holds_is_swept_when_a_service_starts(scheduler: RequestScheduler) -> None:
    root = scheduler.spool.root
    (root / "12345-abc").mkdir(parents=True)
    (root / "12345-abc" / "page").mkdir()
    (root / "12345-abc" / "page" / "left.txt").write_bytes(NOTE)
    former = scheduler.archive.path / "uploads" / "x"
    former.mkdir(parents=True)
    (root / "9-held").mkdir()
    held = FileLock(root / "9-held.lock")
    with held, TestClient(create_app(scheduler, Access())):
        assert {p.name for p in root.iterdir() if p.is_dir()} == {"9-held"}
        assert not former.parent.exists()


def test_a_place_that_cannot_be_written_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    spool = Spool(tmp_path / "file" / "uploads")
    assert spool.folder().is_relative_to(tmp_path)
    spool.close()


_SERVICE = """
import sys, threading, time
from pathlib import Path
from rag import Archive
from rag.service.access import Access
from rag.service.http import create_app
from rag.service.scheduler import RequestScheduler
from rag.service.server import bind, run
from rag.testing import FakeChat, FakeEmbeddings
from rag.ui.app import mount
import rag.ingest.pipeline as pipeline
slow = pipeline.clean
def clean(item):
    time.sleep(30 if "slow" in item.text else 0)
    return slow(item)
pipeline.clean = clean
fakes = {"chat_model": FakeChat(), "embeddings": FakeEmbeddings()}
with bind("127.0.0.1", 0) as listening, Archive.open(sys.argv[1], **fakes) as archive:
    scheduler = RequestScheduler(archive)
    app = create_app(scheduler, Access(), mount_page=mount)
    run(app, scheduler, listening, shutdown_grace=1, started=lambda: print(listening.getsockname()[1], flush=True))
"""


@pytest.mark.slow
def test_a_service_killed_during_uploads_leaves_nothing_after_the_next_start(tmp_path: Path) -> None:
    import httpx

    root = Path(os.environ["XDG_CACHE_HOME"]) / "onrecord" / "uploads"

    def start() -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-c", _SERVICE, str(tmp_path / "archive")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        return process, f"http://127.0.0.1:{int(process.stdout.readline())}"

    def files() -> list[str]:
        return [str(p) for p in root.rglob("*") if p.is_file() and p.suffix != ".lock"]

    service, address = start()
    try:
        with httpx.Client(timeout=5) as client:
            client.post(f"{address}/gradio_api/upload", files=[("files", ("page.txt", NOTE))]).raise_for_status()
            assert len(files()) == 1
            with pytest.raises(httpx.ReadTimeout):
                client.post(f"{address}/api/articles", files=[("files", ("a.txt", b"A slow\n\narticle."))], timeout=2)
        until = time.monotonic() + 10
        while len(files()) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(files()) == 2
    finally:
        service.send_signal(signal.SIGKILL)
        service.wait()
    assert len(files()) == 2
    service, address = start()
    try:
        assert files() == []
        report = httpx.post(f"{address}/api/articles", files=[("files", ("a.txt", NOTE))], timeout=30).json()
        assert report["added"] == 1 and files() == []
    finally:
        service.terminate()
        service.wait()
    assert list(root.iterdir()) == []
