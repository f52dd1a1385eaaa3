"""The service as it runs: real processes and real connections on 127.0.0.1."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers import assert_cited, assert_sound, fill, many, onrecord, row, write_rows

from rag import Archive
from rag.service.access import Access
from rag.service.http import create_app
from rag.service.scheduler import RequestScheduler
from rag.service.server import Server, bind
from rag.testing import FakeChat, FakeEmbeddings
from rag.types import Answer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs/service.md"
QUESTION = "How many boats had storm0002 damaged?"
REPLY = "A storm named storm0002 had damaged 12 boats. [1]"
TOKEN = "the-right-token"


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


# -- a server in this process ---------------------------------------------------------------


@contextmanager
def live(
    scheduler: RequestScheduler, access: Access | None = None, *, shutdown_grace: float = 5, **options: Any
) -> Iterator[str]:
    """The address of a server in a thread."""
    with bind("127.0.0.1", 0) as listening:
        up = threading.Event()
        app = create_app(scheduler, access or Access(), **options)
        server = Server(app, scheduler, shutdown_grace, up.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        assert up.wait(20)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.stop()
            thread.join(30)
            assert not thread.is_alive()


@pytest.fixture
def filled(archive: Archive, chat: FakeChat, tmp_path: Path) -> Archive:
    chat.replies = [REPLY]
    fill(archive, *many(5))
    return archive


def sse(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_stops_the_work(filled: Archive, chat: FakeChat, stream: bool) -> None:
    chat.delay = 0.2
    chat.replies = ["word " * 200]
    scheduler = RequestScheduler(filled, workers=1)
    with live(scheduler) as at:
        host, port = at.removeprefix("http://").split(":")
        body = json.dumps({"question": QUESTION, "stream": stream}).encode()
        head = f"POST /api/ask HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        with socket.create_connection((host, int(port))) as client:
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            assert within(5, lambda: scheduler.running == 1 and bool(chat.seen))
            time.sleep(0.5)
        before = time.monotonic()
        assert within(5, lambda: scheduler.running == 0)
        assert time.monotonic() - before < 2


def test_a_client_that_goes_while_it_waits_is_not_answered(filled: Archive, chat: FakeChat) -> None:
    chat.delay = 0.3
    chat.replies = ["word " * 20]
    scheduler = RequestScheduler(filled, workers=1)
    with live(scheduler) as at, ThreadPoolExecutor(1) as pool:
        first = pool.submit(httpx.post, f"{at}/api/ask", json={"question": QUESTION}, timeout=30)
        assert within(5, lambda: scheduler.running == 1)
        ask = {"question": QUESTION, "stream": True}
        with httpx.stream("POST", f"{at}/api/ask", json=ask, timeout=30) as second:
            told = sse(second.iter_lines())
            assert next(told) == ("waiting", {"position": 1})
            assert next(told) == ("waiting", {"position": 1}), "a sign of life"
        assert within(2, lambda: scheduler.waiting == 0)
        assert first.result().status_code == 200
        assert len(chat.seen) == 1


def test_stopping_finishes_what_is_answered_and_tells_who_waits(filled: Archive, chat: FakeChat) -> None:
    chat.delay = 0.1
    scheduler = RequestScheduler(filled, workers=1)
    with ThreadPoolExecutor(2) as pool:
        with live(scheduler) as at:
            first = pool.submit(httpx.post, f"{at}/api/ask", json={"question": QUESTION}, timeout=30)
            assert within(5, lambda: scheduler.running == 1)
            second = pool.submit(httpx.post, f"{at}/api/ask", json={"question": QUESTION}, timeout=30)
            assert within(5, lambda: scheduler.waiting == 1)
        assert first.result().json()["answered"] is True
        assert second.result().status_code == 503
        assert "shutting down" in second.result().json()["error"]["message"]


def test_the_tools_answer_a_model(filled: Archive) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    scheduler = RequestScheduler(filled)

    async def talk(at: str, headers: dict[str, str]) -> None:
        async with (
            streamablehttp_client(f"{at}/mcp", headers=headers) as (reads, writes, _),
            ClientSession(reads, writes) as session,
        ):
            await session.initialize()
            tools = {t.name: t for t in (await session.list_tools()).tools}
            assert set(tools) > {"ask", "search", "find", "read_article", "quotes", "timeline"}
            assert all(t.description for t in tools.values())
            assert tools["ask"].inputSchema["required"] == ["question"]
            answer = (await session.call_tool("ask", {"question": QUESTION})).structuredContent
            assert answer is not None and answer["answered"]
            quote = answer["citations"][0]
            text = filled.get(quote["article_id"]).text
            assert text[quote["start"] : quote["end"]] == quote["quote"]
            refused = (await session.call_tool("ask", {"question": "Who won the regatta in Venice?"})).structuredContent
            assert refused is not None
            assert refused["answered"] or refused["hits"]
            found = (await session.call_tool("search", {"question": "storm0003", "k": 2})).structuredContent
            assert found is not None
            assert "storm0003" in found["hits"][0]["passage"]["text"] and len(found["hits"]) == 2
            wrong = await session.call_tool("search", {"question": "x", "k": 0})
            assert wrong.isError
            empty = await session.call_tool("ask", {"question": "   "})
            assert empty.isError and "empty" in str(empty.content)

    with live(scheduler, Access(token=TOKEN), mcp=True) as at:
        assert httpx.post(f"{at}/mcp", json={}).status_code == 401
        asyncio.run(asyncio.wait_for(talk(at, {"Authorization": f"Bearer {TOKEN}"}), 60))


# -- a process --------------------------------------------------------------------------------


class Service:
    """``onrecord serve`` in a process of its own."""

    def __init__(self, *args: str | Path, env: dict[str, str] | None = None, command: str = "serve") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rag.cli", command, "--port", "0", *map(str, args)],
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.told = self.process.stdout.readline()
        found = re.search(r"http://\S+", self.told)
        assert found, (self.told, self.process.communicate(timeout=30))
        self.at = found[0]

    def ask(self, question: str, **more: Any) -> httpx.Response:
        return httpx.post(f"{self.at}/api/ask", json={"question": question, **more}, timeout=120)

    def stop(self, number: int = signal.SIGTERM, timeout: float = 30) -> tuple[int, str]:
        """The exit code, and what was written to stderr."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=timeout)
        return self.process.returncode, err

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate(timeout=30)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Path:
    """An archive of the sample corpus; tests may add to it."""
    folder = tmp_path_factory.mktemp("served") / "archive"
    done = onrecord("ingest", "--sample", "--archive", folder, env={"ONRECORD_CACHE": str(shared_cache)})
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def served(sample: Path, shared_cache: Path) -> Iterator[Service]:
    """A server of it with the extractive engine and the tools."""
    env = {"ONRECORD_CACHE": str(shared_cache)}
    with Service("--archive", sample, "--model", "extractive", "--no-page", "--mcp", env=env) as service:
        yield service
        code, err = service.stop()
        assert code == 0, err
        for line in err.splitlines():
            assert {"id", "method", "path", "status", "took_ms", "user"} <= set(json.loads(line)), line


SAMPLE_QUESTION = "What did Qin Gang say about relations?"


@pytest.mark.models
def test_it_answers(served: Service, sample: Path) -> None:
    assert "open to this machine" in served.told
    assert httpx.get(f"{served.at}/readyz", timeout=60).json() == {"status": "ready"}
    answer = Answer.model_validate_json(served.ask(SAMPLE_QUESTION).content)
    assert answer.answered
    with Archive.open(sample) as archive:
        assert_cited(archive, answer)


@pytest.mark.models
@pytest.mark.slow
def test_twenty_clients_at_once(served: Service) -> None:
    def client(_: int) -> list[int]:
        return [served.ask(SAMPLE_QUESTION).status_code for _ in range(2)]

    assert served.ask(SAMPLE_QUESTION).status_code == 200
    with ThreadPoolExecutor(20) as pool:
        assert [s for statuses in pool.map(client, range(20)) for s in statuses] == [200] * 40
    stats = httpx.get(f"{served.at}/api/stats").json()
    assert stats["running"] == stats["waiting"] == 0


@pytest.mark.models
def test_a_second_terminal_takes_articles_in_while_it_runs(
    served: Service, sample: Path, tmp_path: Path, shared_cache: Path
) -> None:
    env = {"ONRECORD_CACHE": str(shared_cache)}
    source = write_rows(tmp_path / "b.jsonl", row("tram", "The tram to Kellmouth was approved on Friday."), *many(40))
    asked: list[int] = []
    done = threading.Event()

    def keep_asking() -> None:
        while not done.is_set():
            asked.append(served.ask(SAMPLE_QUESTION).status_code)

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        outcome = onrecord("ingest", source, "--archive", sample, env=env)
        # And one from each side at once: both end well, or with a clear message.
        more = write_rows(tmp_path / "c.jsonl", *many(40, first=100))
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(onrecord, "ingest", more, "--archive", sample, env=env)
            posted = []
            while not other.done():
                article = {"text": f"Ferry number {len(posted)} sails to Kellmouth again."}
                posted.append(httpx.post(f"{served.at}/api/articles", json=article, timeout=60))
    finally:
        done.set()
        asking.join(60)
    assert outcome.returncode == 0, outcome.stderr
    assert set(asked) == {200}
    assert {p.status_code for p in posted} <= {200, 409}
    assert all("is writing" in p.json()["error"]["message"] for p in posted if p.status_code == 409)
    if other.result().returncode:
        assert "is writing" in other.result().stderr
        assert onrecord("ingest", more, "--archive", sample, env=env).returncode == 0
    answer = served.ask("When was the tram to Kellmouth approved?").json()
    assert answer["citations"][0]["quote"] == "The tram to Kellmouth was approved on Friday."
    with Archive.open(sample) as archive:
        assert_sound(archive)
        assert archive.get("story-120").title == "Storm at Port 120"


@pytest.mark.models
def test_signals_end_it_well(sample: Path, shared_cache: Path) -> None:
    env = {"ONRECORD_CACHE": str(shared_cache)}
    for number in (signal.SIGINT, signal.SIGTERM):
        with Service("--archive", sample, "--model", "extractive", "--no-page", env=env) as service:
            assert service.ask(SAMPLE_QUESTION).status_code == 200
            code, err = service.stop(number)
            assert code == 0, err
            assert "Traceback" not in err


@pytest.mark.models
def test_a_taken_port_is_a_clear_error(served: Service, sample: Path) -> None:
    port = served.at.rpartition(":")[2]
    done = onrecord("serve", "--archive", sample, "--model", "extractive", "--no-page", "--port", port)
    assert done.returncode == 2
    assert f"Port {port} is in use. Choose another" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--host", "0.0.0.0"], "Set ONRECORD_TOKEN"),
        (["--host", "0.0.0.0", "--token", "short"], "fewer than 8"),
        (["--user", "ada"], "Give --password-file"),
        (["--password-file", "/nowhere"], "can't be read"),
        (["--host", "no such host", "--token", "long-enough"], "no address to listen on"),
        (["--host", "192.0.2.1", "--token", "long-enough"], "Can't listen"),
        (["--port", "70000"], "port"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(tmp_path: Path, args: Sequence[str], told: str) -> None:
    for command in ("serve", "ui"):
        done = onrecord(command, "--archive", tmp_path / "x", *args)
        assert done.returncode == 2
        assert told in done.stderr, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_the_token_covers_the_page_too(filled: Archive) -> None:
    """Every route there is, those of the page's framework among them."""
    from starlette.routing import Mount

    def paths(routes: Sequence[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
        for route in routes:
            path = prefix + re.sub(r"\{[^}]*\}", "x", getattr(route, "path", ""))
            if isinstance(route, Mount):
                yield from paths(getattr(route.app, "routes", []) or [], path)
                yield "GET", f"{path}/x"
            if (included := getattr(route, "original_router", None)) is not None:
                yield from paths(included.routes, prefix)
            for method in getattr(route, "methods", None) or ():
                yield method, path or "/"

    scheduler = RequestScheduler(filled)
    from rag.ui.app import mount

    app = create_app(scheduler, Access(token=TOKEN), mount_page=mount, mcp=True)
    with bind("127.0.0.1", 0) as listening:
        up = threading.Event()
        server = Server(app, scheduler, 0, up.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        assert up.wait(30)
        at = f"http://127.0.0.1:{listening.getsockname()[1]}"
        # The form that asks for it stands before these two.
        seen = sorted((m, p) for m, p in set(paths(app.routes)) if p not in ("/login", "/logout"))
        assert ("POST", "/gradio_api/upload") in seen and ("POST", "/gradio_api/queue/join") in seen
        with httpx.Client(base_url=at, timeout=20) as web:
            for method, path in seen:
                status = web.request(method, path).status_code
                assert status == (200 if path == "/healthz" else 401), (method, path, status)
            page = web.get("/", headers={"Authorization": f"Bearer {TOKEN}", "Accept": "text/html"})
            assert page.status_code == 200 and "gradio" in page.text.lower()
            assert web.get("/", headers={"Accept": "text/html"}).headers["location"] == "./login?next=/"
        server.stop()
        thread.join(30)


# -- the real model ---------------------------------------------------------------------------


@pytest.fixture
def local(sample: Path, shared_cache: Path) -> Iterator[Service]:
    with Service("--archive", sample, "--no-page", env={"ONRECORD_CACHE": str(shared_cache)}) as service:
        assert within(180, lambda: httpx.get(f"{service.at}/readyz", timeout=180).status_code == 200)
        yield service


def stats(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{service.at}/api/stats", timeout=30).json()
    return found


@pytest.mark.models
@pytest.mark.slow
def test_going_while_the_model_reads_stops_it(local: Service) -> None:
    body = {"question": SAMPLE_QUESTION, "stream": True}
    with httpx.stream("POST", f"{local.at}/api/ask", json=body, timeout=180) as answer:
        for name, value in sse(answer.iter_lines()):
            if name == "progress" and value["stage"] == "reading" and value["total"]:
                break
        else:
            pytest.fail("the model never read")
    before = time.monotonic()
    assert within(5, lambda: stats(local)["running"] == 0)
    assert time.monotonic() - before < 2
    # The model itself has stopped, too: the next question gets to it at once, and the queue shows its order.
    again = local.ask("How long did the talks with Qin Gang last?")
    assert again.status_code == 200 and again.json()["model"] == "local"
    assert local.stop()[0] == 0


@pytest.mark.models
@pytest.mark.slow
def test_a_signal_while_the_model_writes(sample: Path, shared_cache: Path) -> None:
    """With time enough the summary is written; without, the quotes are the answer. Nothing hangs."""
    for grace, stopped in ((60, False), (0, True)):
        env = {"ONRECORD_CACHE": str(shared_cache), "ONRECORD_GRACE": str(grace)}
        with Service("--archive", sample, "--no-page", env=env) as service, ThreadPoolExecutor(1) as pool:
            said: list[tuple[str, Any]] = []
            writing = threading.Event()

            def client(service: Service = service, said: Any = said, writing: Any = writing) -> None:
                body = {"question": SAMPLE_QUESTION, "stream": True}
                with httpx.stream("POST", f"{service.at}/api/ask", json=body, timeout=180) as answer:
                    for name, value in sse(answer.iter_lines()):
                        said.append((name, value))
                        if name == "quotes":
                            writing.set()

            asking = pool.submit(client)
            assert writing.wait(180)
            code, err = service.stop(timeout=90)
            assert code == 0, err
            asking.result(30)
            assert said[-1][0] == "answer"
            assert said[-1][1]["answered"] and said[-1][1]["summarized"] is not stopped, said[-1]


# -- the guide --------------------------------------------------------------------------------


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)


@pytest.mark.models
def test_the_guides_commands_run(served: Service, tmp_path: Path) -> None:
    (tmp_path / "ferry.txt").write_text("Ferry\n\nThe ferry to Kellmouth sails again from Monday.\n")
    shown = blocks("sh")
    assert len(shown) >= 4
    for block in shown:
        script = block.replace("http://127.0.0.1:8000", served.at)
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=tmp_path,
            env={**os.environ, "ONRECORD_TOKEN": TOKEN},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, (block, done.stderr)
        assert '"error"' not in done.stdout, done.stdout
        assert done.stdout.strip(), block


@pytest.mark.models
def test_the_guides_programs_run(
    served: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = blocks("python")
    assert len(shown) >= 2
    for block in shown:
        exec(compile(block.replace("http://127.0.0.1:8000", served.at), str(GUIDE), "exec"), {})
        assert capsys.readouterr().out.strip(), block


def test_the_guide_names_every_call() -> None:
    archive = Archive.open("nowhere", chat_model="extractive", embeddings=FakeEmbeddings())
    document = create_app(RequestScheduler(archive), Access()).openapi()
    guide = GUIDE.read_text("utf-8")
    for path, methods in document["paths"].items():
        for method in methods:
            told = path.replace("{id}", "ID").replace("{name}", "NAME").replace("{number}", "NUMBER")
            assert re.search(rf"{method.upper()}[^\n|]*`?{re.escape(told)}\b", guide), (method, path)
