"""The page's document and what it may run; uploads, which are never shown and don't stay. No browser is needed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import fill, many
from service.calls import client, failure
from starlette.testclient import TestClient

from rag import Archive
from rag.evaluation.cases import EvalCase
from rag.evaluation.run import evaluate
from rag.index import readonly, sqlite, stores
from rag.service.access import Access
from rag.service.audit import AuditLog
from rag.service.http import create_app
from rag.service.scheduler import RequestScheduler
from rag.service.spool import Spool
from rag.testing import FakeEmbeddings

pytestmark = pytest.mark.slow  # Gradio takes seconds to import


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("uploads")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "kept"))
        patch.setattr("tempfile.tempdir", str(folder))
        yield folder


@pytest.fixture(scope="module")
def page(uploads: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    from rag.ui.app import mount

    archive = Archive.open(
        tmp_path_factory.mktemp("page") / "archive", chat_model="extractive", embeddings=FakeEmbeddings()
    )
    fill(archive, *many(3))
    scheduler = RequestScheduler(archive)
    with client(create_app(scheduler, Access(), mount_page=mount, max_upload=2_000_000)) as web:
        yield web
    scheduler.close(0)
    archive.close()


def test_every_script_has_the_nonce_of_its_answer(page: TestClient) -> None:
    seen = set()
    for _ in range(2):
        answer = page.get("/")
        policy = answer.headers["content-security-policy"]
        (nonce,) = re.findall(r"'nonce-([\w-]{20,})'", policy)
        seen.add(nonce)
        scripts = re.findall(r"<script[^>]*>", answer.text)
        assert len(scripts) >= 4 and all(f'nonce="{nonce}"' in s for s in scripts)
        parts = dict(p.strip().split(" ", 1) for p in policy.split(";"))
        assert parts["script-src"] == f"'self' 'nonce-{nonce}'", "neither unsafe-inline nor unsafe-eval"
        assert parts["default-src"] == "'none'" and parts["frame-ancestors"] == "'self'"
        assert answer.headers["cache-control"] == "no-store"
        addresses = re.findall(r'(?:src|href)="([^"]+)"', answer.text.partition("</head>")[0])
        assert addresses and all(a.startswith("./") for a in addresses), addresses
    assert len(seen) == 2
    assert page.head("/").status_code == 200


def test_what_the_shell_knows_of_gradio_is_still_so(page: TestClient) -> None:
    # The stand-ins of shell.js are for these texts; a Gradio that makes other functions fails in the browser's tests.
    config = page.get("/config").json()
    ours = [c["props"] for c in config["components"] if c["type"] == "html"]
    assert ours
    for props in ours:
        assert re.fullmatch(r"onrecord\(element, trigger, watch\); //[^\n]*", props["js_on_load"])
        assert props["html_template"] == "${value}" and props["css_template"] == ""
    assert not [d for d in config["dependencies"] if d.get("js")], "a script as text would need eval"


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/run/predict", "/gradio_api/upload"])
def test_bodies_of_the_page_are_bounded_announced_or_not(page: TestClient, uploads: Path, path: str) -> None:
    most = 2_000_000 if path.endswith("upload") else 1_000_000
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
    upload = path.endswith("upload")
    kind = {"content-type": "multipart/form-data; boundary=x" if upload else "application/json"}

    def pieces(size: int) -> Iterator[bytes]:
        yield head if upload else b'{"data": ["'
        for _ in range(size // 10_000):
            yield b"y" * 10_000

    before = [p for p in uploads.rglob("*") if p.is_file()]
    failure(page.post(path, content=b"x" * (most + 1), headers=kind), 413, "TooLarge")
    failure(page.post(path, content=pieces(most + 50_000), headers=kind), 413, "TooLarge")
    failure(page.post(path, content=b"", headers={**kind, "content-length": "9" * 5000}), 413, "TooLarge")
    assert [p for p in uploads.rglob("*") if p.is_file()] == before, "nothing is left of what was begun"


def test_an_upload_is_downloaded_never_shown_and_goes_when_it_was_taken_in(page: TestClient) -> None:
    from rag.ui.tabs.archive import Uploads

    evil = b"<html><script>alert(document.domain)</script></html>"
    files: Any = [("files", (name, io.BytesIO(evil))) for name in ("a.html", "b.svg", "c.xml", "d.txt")]
    kept = page.post("/gradio_api/upload", files=files).json()
    assert len(kept) == 4
    for path in kept:
        answer = page.get(f"/gradio_api/file={path}")
        assert answer.status_code == 200 and answer.content == evil
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
    used = Uploads()
    with used.using(kept), used.using(kept[:1]):
        with used.using(kept[:1]):
            pass
        assert Path(kept[0]).exists(), "another still uses it"
    assert not any(Path(p).exists() for p in kept)


def test_a_file_elsewhere_is_not_deleted(page: TestClient, tmp_path: Path) -> None:
    from rag.ui.tabs.archive import Uploads

    other = tmp_path / "mine.txt"
    other.write_text("mine")
    with Uploads().using([str(other)]):
        pass
    assert other.exists()


def test_a_read_only_archive_is_served_and_nothing_is_written_to_it(
    uploads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.ui.app import mount

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    with Archive.open(folder := tmp_path / "x", embeddings=FakeEmbeddings()) as owner:
        fill(owner, *many(3))

    def content() -> dict[str, bytes]:
        # SQLite's log and its shared memory are made where they can be, also for readers; here they can.
        files = [f for f in folder.rglob("*") if f.is_file() and not f.name.endswith(("-shm", "-wal"))]
        return {str(f.relative_to(folder)): f.read_bytes() for f in files}

    before = content()
    for module in (readonly, sqlite, stores):  # root may write wherever it likes
        monkeypatch.setattr(module, "is_read_only", lambda file: file.exists() and folder in file.parents)
    archive = Archive.open(folder, chat_model="extractive", embeddings=FakeEmbeddings())
    scheduler = RequestScheduler(archive)
    scheduler.spool = Spool(tmp_path / "spool")
    app = create_app(scheduler, Access(), mount_page=mount, max_upload=2_000_000, audit=AuditLog.of(archive.settings))
    with client(app) as web:
        assert web.get("/").status_code == web.get("/config").status_code == 200
        asked = web.post("/api/ask", json={"question": "How many boats had storm0001 damaged?"}).json()
        assert asked["answered"] and "11 boats" in asked["text"]
        assert len(web.get("/api/search", params={"question": "storm boats harbour"}).json()["hits"]) == 3
        assert web.get("/api/articles").json()["total"] == 3
        assert web.get("/readyz").status_code in (200, 404)
        article = {"title": "Storm", "text": "The harbour is closed.", "url": "https://news.example/a"}
        for answer in (
            web.post("/api/articles", json=article),
            web.delete("/api/articles/story-1"),
            web.post("/api/mendings", json={"articles": ["story-1"], "values": {"author": "Ann Lee"}}),
        ):
            assert "read-only" in failure(answer, 409, "ArchiveReadOnly")
    case = EvalCase(id="1", question="How many boats had storm0001 damaged?", answers=("11",))
    evaluate(archive, [case], out=tmp_path / "eval")
    assert "11 boats" in (tmp_path / "eval/rows.jsonl").read_text()
    scheduler.close(0)
    archive.close()
    assert content() == before
    (noted,) = (tmp_path / "home").rglob("audit.jsonl")
    assert '"asked"' in noted.read_text()
