"""A small news site on 127.0.0.1: a real HTTP server that records every connection, and answers as tests tell it to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from rag.sources.fetch import Fetcher, Limits
from rag.sources.guard import Guard, Resolve, Rules, system_resolver

QUICK = Limits(connect=2.0, silence=1.0, whole=3.0, size=300_000, first_wait=0.01, longest_wait=1.0)


@dataclass
class Answer:
    """What the site answers with."""

    body: bytes | str | Iterator[bytes] = b""
    status: int = 200
    type: str | None = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        site = self.server.site
        headers = {name.lower(): value for name, value in self.headers.items()}
        with site.lock:
            site.requests.append((self.path, headers))
        answer = site.answer(self.path, headers)
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        if isinstance(body, bytes) and answer.status == 200 and (etag := answer.headers.get("ETag")):
            if headers.get("if-none-match") == etag:
                answer, body = Answer(status=304, headers={"ETag": etag}), b""
        with site.lock:
            site.answers.append((self.path, answer.status))
        try:
            self.send_response(answer.status)
            if answer.type:
                self.send_header("Content-Type", answer.type)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if isinstance(body, bytes):
                if "Content-Length" not in answer.headers and answer.status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            else:
                self.send_header("Connection", "close")
                self.close_connection = True
                self.end_headers()
                for piece in body:
                    self.wfile.write(piece)
                    self.wfile.flush()
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    site: Site

    def get_request(self) -> Any:
        with self.site.lock:
            self.site.connections += 1
        return super().get_request()


class Site:
    """The server, its pages by path, and what it has seen."""

    def __init__(self) -> None:
        """Start serving."""
        self.lock = threading.Lock()
        self.pages: dict[str, Answer | Callable[[Mapping[str, str]], Answer]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.answers: list[tuple[str, int]] = []
        self.connections = 0
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.site = self
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        """What is answered to a request."""
        page = self.pages.get(path)
        if page is None:
            return Answer("<title>Not found</title>", 404)
        return page if isinstance(page, Answer) else page(headers)

    def asked(self, *, without: tuple[str, ...] = ("/robots.txt",)) -> list[str]:
        """Paths of the requests so far, in order; robots.txt is left out."""
        return [path for path, _ in self.requests if path not in without]

    def forget(self) -> None:
        """Forget what was asked so far."""
        with self.lock:
            self.requests.clear()
            self.answers.clear()

    def rules(self, *more: str) -> Rules:
        """Rules that allow this site alone."""
        return Rules.of(["127.0.0.1", *more], [self.port])

    def fetcher(self, resolve: Resolve = system_resolver, **options: Any) -> Fetcher:
        """A fetcher that may ask this site."""
        options = {"agent": "OnRecordTests/1.0", "delay": 0.0, "limits": QUICK, **options}
        return Fetcher(Guard(options.pop("rules", None) or self.rules(), resolve), **options)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving() -> Iterator[Site]:
    """A site, as long as the block lasts."""
    site = Site()
    try:
        yield site
    finally:
        site.close()
