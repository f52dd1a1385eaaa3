"""A real PostgreSQL server for tests: Debian's, in a temporary folder, on 127.0.0.1 and a free port.

A test module takes the fixture by importing it: ``from postgres import postgres``.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from helpers import write_rows

if TYPE_CHECKING:
    from rag import Archive

PASSWORD = "of-the-tests"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "autovacuum": "off",
    "logging_collector": "off",
}


def programs() -> Path | None:
    """The folder of the newest server's programs; None where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    return Path(on_path).resolve().parent if on_path else None


class PostgresServer:
    """A server with one superuser, ``tester``, who signs in with ``PASSWORD``."""

    def __init__(self, bin_folder: Path) -> None:
        """Make its files and start it."""
        self._bin = bin_folder
        # Root may not run it, and another user can't look into the folders of a test.
        self._as = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid} if os.getuid() == 0 else {}
        # Always in /tmp or on a memory disk, never in a folder of pytest's, which nobody else may enter.
        self.folder = Path(tempfile.mkdtemp(prefix="onrecord-pg-", dir="/dev/shm" if _room() else None))
        if self._as:
            os.chown(self.folder, pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)
        self.data = self.folder / "data"
        (self.folder / "password").write_text(PASSWORD)
        (self.folder / "password").chmod(0o644)
        self._run(
            "initdb", "-D", self.data, "-U", "tester", "-A", "scram-sha-256", "--pwfile", self.folder / "password",
            "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
        )  # fmt: skip
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def _run(self, program: str, *args: str | Path) -> None:
        done = subprocess.run([self._bin / program, *args], capture_output=True, text=True, cwd=self.folder, **self._as)  # type: ignore[call-overload]
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    def start(self) -> None:
        """Start it (again), and wait until it answers."""
        options = [f"-c{name}={value}" for name, value in {**_SETTINGS, "port": str(self.port)}.items()]
        self._run(
            "pg_ctl", "start", "-w", "-s", "-D", self.data, "-l", self.folder / "log", "-o", " ".join(_quoted(options))
        )

    def stop(self, how: str = "fast") -> None:
        """Stop it. ``how``: "fast" ends connections, "immediate" is a crash."""
        self._run("pg_ctl", "stop", "-w", "-s", "-m", how, "-D", self.data)

    def url(self, database: str = "postgres", *, user: str = "tester", password: str = PASSWORD) -> str:
        """The address of a database."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The address of a database that was just made."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as superuser, outside a transaction."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as db:
            found = db.execute(statement)
            return list(found.fetchall()) if found.description else []

    def has_extension(self, name: str) -> bool:
        """Whether an extension, such as ``vector``, can be made."""
        return bool(self.execute(f"SELECT 1 FROM pg_available_extensions WHERE name = '{name}'"))

    def remove(self) -> None:
        """Stop it and delete its files."""
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


def _quoted(options: list[str]) -> list[str]:
    return [f"'{o}'" if o.endswith("=") or " " in o else o for o in options]


def _room() -> bool:
    memory = Path("/dev/shm")
    return memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1_000_000_000


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server for all tests of the session; each makes a database of its own: ``postgres.new_database()``."""
    if (found := programs()) is None:
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    server = PostgresServer(found)
    yield server
    server.remove()


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """The address of a database that was just made."""
    return postgres.new_database()


@pytest.fixture
def machine(url: str, tmp_path: Path) -> Iterator[Callable[..., Archive]]:
    """Opens the archive as a machine does that has a folder of its own."""
    from rag import Archive, Settings
    from rag.testing import FakeChat, FakeEmbeddings

    opened: list[Archive] = []

    def open_(name: str = "a", *, at: str = url, chat: Any = None) -> Archive:
        settings = Settings(archive=tmp_path / name, catalog=at)  # type: ignore[arg-type]
        opened.append(Archive.open(settings=settings, chat_model=chat or FakeChat(), embeddings=FakeEmbeddings()))
        return opened[-1]

    yield open_
    for archive in opened:
        archive.close()


def rows(tmp_path: Path, *articles: dict[str, Any]) -> Path:
    """Another file of articles."""
    return write_rows(tmp_path / "rows" / f"{len(list(tmp_path.glob('rows/*')))}.jsonl", *articles)


def database(url: str) -> str:
    """The name of an address's database."""
    return url.rpartition("/")[2]


def found(archive: Archive, word: str) -> list[str]:
    """Keys of the articles that hold a word, by words; passages are found by their vectors as well."""
    by_words = [i.article.key for i in archive.find(word).found]
    near = {h.passage.article_id for h in archive.search(word, k=20) if word.lower() in h.passage.text.lower()}
    assert {archive.get(i).key for i in near} == set(by_words)
    return by_words
