"""Vectors on servers: what goes wrong, each in a line that says what to do, and nothing is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import assert_sound, many, python, row, write_rows
from vector_servers import KINDS, archive_at, found, free_port, vector_rows

from rag.errors import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveLocked,
    ArchiveMismatch,
    ArchiveReadOnly,
    DiskFull,
    UsageError,
)  # fmt: skip
from rag.index.served import Owner, ServedVectors
from rag.index.vector_places import OnServer, server_of

slow = pytest.mark.slow


@contextmanager
def answering(answers: dict[str, tuple[int, Any]]) -> Iterator[int]:
    """A server that answers paths with a status and JSON; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, told = answers.get(self.path, answers["*"])
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    "url",
    [
        "chroma",
        "http://localhost:8000",
        "chroma+http://",
        "chroma+http://h:no",
        "qdrant+file:",
        "sqlite:///x",
        "mysql://x",
    ],
)
def test_what_is_no_place_is_a_line(tmp_path: Path, url: str) -> None:
    with archive_at(tmp_path / "x", url) as archive, pytest.raises(UsageError, match=r"^Setting 'vectors'"):
        archive.ingest(write_rows(tmp_path / "a.jsonl", row("a", "The bridge was closed.")))


@pytest.mark.parametrize("kind", ["chroma+http", "qdrant+http", "postgresql"])
def test_a_server_that_is_not_there(tmp_path: Path, kind: str) -> None:
    """Nothing is taken in then; doctor tells; no password is."""
    pytest.importorskip("qdrant_client", reason="qdrant-client is not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    url = f"{kind}://me:secret@127.0.0.1:{free_port()}/x"
    with archive_at(tmp_path / "x", url) as archive:
        with pytest.raises(ArchiveError, match=r"can't be reached.*Nothing is lost.*ONRECORD_VECTORS") as told:
            archive.ingest(write_rows(tmp_path / "a.jsonl", *many(2)))
        assert "secret" not in str(told.value) and "\n" not in str(told.value)
        assert archive.stats().articles == 0
        (problem,) = archive.doctor()
        assert problem.store == "vectors" and "can't be reached" in problem.what
        assert "me:secret" not in repr(archive.settings)


def test_servers_of_other_versions_and_others(tmp_path: Path) -> None:
    """Chroma before 1, Qdrant before 1.16, one that wants a password, one that is something else."""
    pytest.importorskip("qdrant_client", reason="qdrant-client is not installed")

    def said(kind: str, answers: dict[str, tuple[int, Any]]) -> str:
        with answering(answers) as port:
            server = server_of(f"{kind}://127.0.0.1:{port}")
            assert server is not None
            with pytest.raises(ArchiveError) as told:
                server.check()
            return str(told.value)

    old: dict[str, tuple[int, Any]] = {
        "/api/v2/version": (200, "0.6.3"),
        "/api/v2/auth/identity": (200, {"user_id": "", "tenant": "default_tenant", "databases": ["default"]}),
        "*": (
            200,
            {"name": "default_tenant", "id": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "tenant": "default_tenant"},
        ),
    }
    assert "is Chroma 0.6.3, and Chroma 1 is needed" in said("chroma+http", old)
    assert "refuses user or password" in said("chroma+http", {"*": (401, {"error": "Unauthorized", "message": "no"})})
    assert "no server that speaks Chroma's protocol" in said("chroma+http", {"*": (200, "hello")})
    about = {"title": "qdrant - vector search engine", "version": "1.9.4"}
    assert "is Qdrant 1.9.4, and Qdrant 1.16 is needed" in said("qdrant+http", {"*": (200, about)})
    assert "refuses user or password" in said("qdrant+http", {"*": (401, {"status": {"error": "forbidden"}})})


@slow
def test_postgresql_says_what_is_wrong(pgvector_server: Any, tmp_path: Path) -> None:
    """A wrong password, no database, no extension, an old one, no right."""
    url = pgvector_server.new_database()

    def said(url: str) -> str:
        server = server_of(url)
        assert server is not None
        with pytest.raises(ArchiveError) as told:
            server.create("onrecord_x_vectors_1", 4, {})
        server.close()
        assert "\n" not in str(told.value) and "of-the-tests" not in str(told.value)
        return str(told.value)

    assert "refuses user or password" in said(url.replace("of-the-tests", "wrong"))
    assert "does not exist" in said(url.rpartition("/")[0] + "/nothing")
    name = url.rpartition("/")[2]
    pgvector_server.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'of-the-tests'")
    plain_user = url.replace("tester", name)
    assert "CREATE EXTENSION vector" in said(plain_user)
    pgvector_server.execute("CREATE EXTENSION vector", name)
    assert "lacks a right" in said(plain_user)
    pgvector_server.execute("UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'", name)
    assert "is pgvector 0.7.4, and pgvector 0.8" in said(url)


@slow
def test_postgresql_that_takes_no_vectors(pgvector_server: Any, tmp_path: Path) -> None:
    """Read-only, or full (a trigger raises the server's own error): nothing is lost, and it goes on afterwards."""
    url = pgvector_server.new_database()
    name = url.rpartition("/")[2]
    with archive_at(tmp_path / "x", url) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(3)))
        before = found(archive)
    ((table,),) = pgvector_server.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'onrecord%'", name)
    full = """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
              BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"""
    trigger = f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION full_disk()"
    for spoil, mend, kind, told in (
        ((f"ALTER DATABASE {name} SET default_transaction_read_only = on",),
         (f"ALTER DATABASE {name} RESET default_transaction_read_only",), ArchiveReadOnly, "is read-only. Name one"),
        ((full, trigger), (f"DROP TRIGGER full_disk ON {table}",), DiskFull, "is full. Free some space there"),
    ):  # fmt: skip
        for statement in spoil:
            pgvector_server.execute(statement, name)
        with archive_at(tmp_path / "x", url) as archive:
            assert found(archive) == before
            with pytest.raises(kind, match=told) as e:
                archive.ingest(write_rows(tmp_path / "b.jsonl", *many(1, first=9)))
            assert "\n" not in str(e.value) and "of-the-tests" not in str(e.value)
        for statement in mend:
            pgvector_server.execute(statement, "postgres" if "RESET" in statement else name)
        with archive_at(tmp_path / "x", url) as archive:
            archive.ingest(tmp_path / "b.jsonl")
            assert_sound(archive)
            archive.delete("story-9")


@slow
def test_a_server_that_stops_and_starts_again(chroma_server: Any, pgvector_server: Any, tmp_path: Path) -> None:
    """Is told while it is away; then the same archive goes on."""
    for server, url in ((chroma_server, chroma_server.url), (pgvector_server, pgvector_server.new_database())):
        with archive_at(tmp_path / url[:6], url) as archive:
            archive.ingest(write_rows(tmp_path / "a.jsonl", *many(3)))
            before = found(archive)
            server.stop()
            try:
                with pytest.raises(ArchiveError, match="can't be reached"):
                    found(archive)
                with pytest.raises(ArchiveError, match="can't be reached"):
                    archive.ingest(write_rows(tmp_path / "b.jsonl", *many(1, first=9)))
            finally:
                server.start()
            assert found(archive) == before
            assert archive.ingest(tmp_path / "b.jsonl").added == 1
            assert_sound(archive)


@slow
@pytest.mark.parametrize("kind", KINDS)
def test_other_vectors_and_others_collections_are_refused(
    url_of: Callable[[str], str], tmp_path: Path, kind: str
) -> None:
    server = server_of(url_of(kind))
    assert server is not None
    owner = Owner("feedfeedfeedfeed", str(tmp_path), "onrecord doctor --repair")
    index = ServedVectors(server, owner, "vectors-1")
    index.add(vector_rows(5))
    with pytest.raises(ArchiveMismatch, match=r"have 24 numbers.*makes 4.*doctor --rebuild"):
        index.search(np.array([1, 0, 0, 0], np.float32), 3)
    with pytest.raises(ArchiveDamaged, match="vectors of 24 numbers"):
        index.add(vector_rows(1, dim=8))
    assert index.count() == 5
    foreign = owner.collection("vectors-2")
    server.create(foreign, 24, {"whose": "somebody's"})
    other = ServedVectors(server, owner, "vectors-2")
    for use in (lambda: other.add(vector_rows(1)), lambda: other.remove(["a:0"]), other.ids, other.check):
        with pytest.raises(ArchiveMismatch, match="is left as it is"):
            use()
    OnServer(server, owner).drop("vectors-2")
    assert server.count(foreign) == 0
    server.drop(foreign)
    OnServer(server, owner).drop("vectors-1")
    server.create(owner.collection("vectors-3"), 24, {"onrecord": "vectors", "archive": owner.archive, "format": 99})
    with pytest.raises(ArchiveMismatch, match="newer OnRecord"):
        ServedVectors(server, owner, "vectors-3").ids()
    server.drop(owner.collection("vectors-3"))
    server.close()


def test_the_store_in_a_folder_is_for_one_process(tmp_path: Path) -> None:
    """Archives of one process share it."""
    pytest.importorskip("qdrant_client", reason="qdrant-client is not installed")
    url = f"qdrant+file:{tmp_path / 'points'}"
    one, two = server_of(url), server_of(url)
    assert one is not None and two is not None
    one.check()
    two.check()
    one.close()
    two.check()
    code = "import sys; from rag.index.vector_places import server_of; server_of(sys.argv[1]).check()"
    assert ArchiveLocked.__name__ in python(code, url).stderr
    two.close()
    assert python(code, url).returncode == 0
