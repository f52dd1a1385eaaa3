"""Several replicas of the service over one archive, behind nginx; one is killed under load."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers import many, write_rows
from integration.replicas import NGINX, TOKEN, Replica, replicas
from postgres import PostgresServer, postgres
from vector_servers import ChromaProcess

from rag import Archive
from rag.settings import load_settings
from rag.testing import FakeEmbeddings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
]

HEADERS = {"authorization": f"Bearer {TOKEN}"}
SECRET = {"ONRECORD_SESSION_SECRET": "a secret that all replicas share, long enough"}


def ask(at: str, number: int, **more: Any) -> httpx.Response:
    body = {"question": f"How many boats had storm{number:04} damaged?", **more}
    post = partial(httpx.post, f"{at}/api/ask", json=body, headers=HEADERS, timeout=60)
    try:
        return post()
    except httpx.RemoteProtocolError:  # cut off in its middle: for the client to ask again (docs/deploy.md)
        return post()


def under_load(at: str, two: list[Replica], questions: int = 18, killed_after: int = 5) -> list[httpx.Response]:
    """Answers to questions asked six at a time, while the first replica is killed with some of them in its hands."""
    done = threading.Semaphore(0)

    def one(number: int) -> httpx.Response:
        answer = ask(at, number % 20)
        done.release()
        return answer

    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(one, number) for number in range(questions)]
        for _ in range(killed_after):
            assert done.acquire(timeout=60)
        two[0].process.send_signal(signal.SIGSTOP)  # what it is sent from now on is surely unanswered when it dies
        while done.acquire(timeout=1):
            pass
        two[0].process.send_signal(signal.SIGKILL)
        return [future.result() for future in asked]


def check(at: str, two: list[Replica], folder: Path, put: Callable[[str], None]) -> None:
    """What holds for two replicas, wherever their archive is."""
    # Signed in at one, known by the other.
    form = httpx.post(f"{two[0].at}/login", data={"secret": TOKEN}, headers={"origin": two[0].at})
    assert form.status_code == 303, form.text
    assert httpx.get(f"{two[1].at}/api/stats", cookies=form.cookies).status_code == 200
    assert httpx.get(f"{two[1].at}/api/stats").status_code == 401
    # Taken in at one, found by the other.
    put("The ferry to Kellmouth sails again on Friday.")
    asked = {"question": "ferry to Kellmouth"}
    found = httpx.get(f"{two[1].at}/api/search", params=asked, headers=HEADERS).json()["hits"]
    assert found[0]["passage"]["text"].startswith("The ferry to Kellmouth")
    # Killed under load: nobody who asks notices.
    answers = under_load(at, two)
    assert [a.status_code for a in answers] == [200] * len(answers), [a.text for a in answers if a.status_code != 200]
    assert all(a.json()["answered"] for a in answers)
    assert two[0].process.wait(10) == -signal.SIGKILL
    assert "while reading response header from upstream" in (folder / "error.log").read_text(), "one was asked again"
    assert ask(at, 3).status_code == 200
    # Numbers are of one replica, and not for the outside.
    assert httpx.get(f"{at}/metrics", headers=HEADERS).status_code == 404
    assert "onrecord_questions_total" in httpx.get(f"{two[1].at}/metrics", headers=HEADERS).text


def test_two_replicas_of_one_folder(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(20)))
    with replicas([tmp_path / "archive"] * 2, tmp_path / "nginx", env=SECRET, slow=0.03) as (at, two):

        def put(text: str) -> None:
            done = httpx.post(f"{two[0].at}/api/articles", json={"text": text}, headers=HEADERS, timeout=60)
            assert done.status_code == 200, done.text

        check(at, two, tmp_path / "nginx", put)


__all__ = ["postgres"]


def test_two_replicas_over_servers(tmp_path: Path, postgres: PostgresServer, chroma_server: ChromaProcess) -> None:
    """Catalog on PostgreSQL, vectors on a Chroma server, a folder for each replica; this process takes articles in."""
    env = {**SECRET, "ONRECORD_CATALOG": postgres.new_database(), "ONRECORD_VECTORS": chroma_server.url}

    def put(text: str) -> None:
        with Archive.open(settings=settings, embeddings=FakeEmbeddings()) as archive:
            archive.add({"text": text})

    where = {"catalog": env["ONRECORD_CATALOG"], "vectors": env["ONRECORD_VECTORS"]}
    settings = load_settings(archive=tmp_path / "writer", **where)
    with Archive.open(settings=settings, embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", *many(20)))
    folders = (tmp_path / "one", tmp_path / "two")
    with replicas(folders, tmp_path / "nginx", env=env, slow=0.03) as (at, two):
        check(at, two, tmp_path / "nginx", put)
