"""Replicas of the service as plain processes, and nginx before them by the configuration that deploy/ has."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from forked import Forked
from helpers import ROOT

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CONFIG = ROOT / "deploy/nginx.conf"
TOKEN = "a token that is long enough"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def serve(archive: str, port: str, slow: str) -> None:
    """A replica's process: the service as `onrecord serve` runs it, with models that are stand-ins.

    Args:
        archive: The archive's folder; other settings come from the environment.
        port: To listen on.
        slow: Seconds that the language model takes before each word.
    """
    from rag import Archive
    from rag.service.access import Access
    from rag.service.http import create_app
    from rag.service.scheduler import RequestScheduler
    from rag.service.server import bind, run
    from rag.settings import load_settings
    from rag.testing import FakeChat, FakeEmbeddings

    settings = load_settings(archive=archive)
    chat = FakeChat(["The storm had damaged boats. [1]"], delay=float(slow))
    with (
        bind("127.0.0.1", int(port)) as listening,
        Archive.open(settings=settings, embeddings=FakeEmbeddings(), chat_model=chat) as opened,
    ):
        scheduler = RequestScheduler(opened, workers=4)
        access = Access.of(settings)
        run(create_app(scheduler, access), scheduler, listening, shutdown_grace=2)


class Replica:
    """One running replica."""

    def __init__(self, archive: Path, env: Mapping[str, str], slow: float) -> None:
        self.port = free_port()
        self.at = f"http://127.0.0.1:{self.port}"
        self.process = Forked(serve, archive, str(self.port), str(slow), env={"ONRECORD_TOKEN": TOKEN, **env})

    def ready(self) -> None:
        """Wait until it can answer."""
        wait_for(self.port)
        answer = httpx.get(f"{self.at}/readyz", headers={"authorization": f"Bearer {TOKEN}"}, timeout=60)
        assert answer.status_code == 200, answer.text


def wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < until, f"nothing listens on {port}"
            time.sleep(0.05)


def configured(folder: Path, ports: Sequence[int], port: int) -> str:
    """deploy/nginx.conf for replicas on this machine, and nothing else of it changed."""
    text = CONFIG.read_text("utf-8")
    for n, its in enumerate(ports, 1):
        text, count = re.subn(rf"\bonrecord-{n}:8000\b", f"127.0.0.1:{its}", text)
        assert count == 2
    for written, here in (
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
        ("pid /run/nginx.pid;", f"pid {folder}/pid; daemon off;"),
        ("worker_processes auto;", "worker_processes 1;"),
        ("error_log /dev/stderr warn;", f"error_log {folder}/error.log warn;"),
        (
            "  access_log off;",
            "  access_log off;\n"
            + "".join(f"  {of}_temp_path {folder}/{of};\n" for of in ("proxy", "fastcgi", "uwsgi", "scgi"))
            + f"  client_body_temp_path {folder}/body;",
        ),
    ):
        assert text.count(written) == 1, written
        text = text.replace(written, here)
    return text


@contextmanager
def nginx(folder: Path, ports: Sequence[int]) -> Iterator[str]:
    """nginx before replicas; its address."""
    assert NGINX is not None
    folder.mkdir()
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(configured(folder, ports, port), "utf-8")
    process = subprocess.Popen([NGINX, "-e", f"{folder}/error.log", "-p", str(folder), "-c", str(config)])
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def replicas(
    archives: Sequence[Path], folder: Path, *, env: Mapping[str, str], slow: float
) -> Iterator[tuple[str, list[Replica]]]:
    """Replicas with these folders, and nginx before them; its address, and the replicas."""
    with ExitStack() as stack:
        two = []
        for archive in archives:
            two.append(Replica(archive, env, slow))
            stack.callback(two[-1].process.kill)
        for replica in two:
            replica.ready()
        yield stack.enter_context(nginx(folder, [replica.port for replica in two])), two
