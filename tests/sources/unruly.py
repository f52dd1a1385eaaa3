"""A site of 200 pages on which everything happens that happens on the web."""

from __future__ import annotations

import gzip
import itertools
import time
import zlib
from collections.abc import Callable, Iterator, Mapping

import brotli
import zstandard
from sources.newsroom import Newsroom
from sources.site import Answer, Site

READ, FAILED, NONE, GONE = "read", "failed", "none", "gone"
Change = Callable[[Newsroom, int, Answer], "Answer | Callable[[Mapping[str, str]], Answer]"]


def _elsewhere(status: int, steps: int = 1) -> Change:
    """The page is at another address, some steps on."""

    def change(room: Newsroom, n: int, page: Answer) -> Answer:
        room.site.pages[f"/moved/{n}.html"] = page
        for step in range(1, steps):
            target = f"/step/{n}-{step + 1}" if step + 1 < steps else f"/moved/{n}.html"
            room.site.pages[f"/step/{n}-{step}"] = Answer("", status, headers={"Location": target})
        return Answer("", status, headers={"Location": f"/step/{n}-1" if steps > 1 else f"/moved/{n}.html"})

    return change


def _status(status: int) -> Change:
    return lambda room, n, page: Answer("<title>Not here</title>", status)


def _at_first(status: int, **headers: str) -> Change:
    """An answer that is given once, before the page is there."""

    def change(room: Newsroom, n: int, page: Answer) -> Callable[[Mapping[str, str]], Answer]:
        first = iter([Answer("", status, headers={k.replace("_", "-"): v for k, v in headers.items()})])
        return lambda asked: next(first, page)

    return change


def _slow(room: Newsroom, n: int, page: Answer) -> Callable[[Mapping[str, str]], Answer]:
    def pieces() -> Iterator[bytes]:
        body = str(page.body).encode()
        for at in range(0, len(body), 1 + len(body) // 4):
            yield body[at : at + 1 + len(body) // 4]
            time.sleep(0.05)

    return lambda asked: Answer(pieces())


def _endless(pause: float) -> Change:
    def pieces() -> Iterator[bytes]:
        for n in itertools.count():
            yield f"<p>Paragraph {n} of an article that has no end.</p>".encode() * (1 if pause else 100)
            time.sleep(pause)

    return lambda room, n, page: lambda asked: Answer(pieces())


def _typed(kind: str | None) -> Change:
    return lambda room, n, page: Answer(page.body, type=kind)


def _encoded(encoding: str, told: str | None, meta: str | None) -> Change:
    """Written in one encoding, called another by the server or by the page itself."""

    def change(room: Newsroom, n: int, page: Answer) -> Answer:
        text = str(page.body).replace("The harbour of Port", "The harbour of Pörtø")
        if meta:
            text = text.replace("<head>", f"<head><meta charset='{meta}'>")
        return Answer(text.encode(encoding), type=f"text/html; charset={told}" if told else "text/html")

    return change


def _packed(coding: str, pack: Callable[[bytes], bytes]) -> Change:
    return lambda room, n, page: Answer(pack(str(page.body).encode()), headers={"Content-Encoding": coding})


BEHAVIOUR: dict[int, tuple[Change, str]] = {
    10: (_elsewhere(301), READ),
    11: (_elsewhere(302), READ),
    12: (_elsewhere(307, steps=4), READ),
    13: (_elsewhere(302, steps=9), FAILED),
    20: (_status(404), FAILED),
    21: (_status(410), GONE),
    22: (_status(500), FAILED),
    23: (_status(403), FAILED),
    24: (_at_first(429, Retry_After="1"), READ),
    25: (_at_first(503, Retry_After="1"), READ),
    26: (_at_first(500), READ),
    30: (_slow, READ),
    31: (_endless(0.0), FAILED),
    32: (_endless(0.05), FAILED),
    40: (_typed("text/plain"), READ),
    41: (_typed("application/octet-stream"), READ),
    42: (_typed(None), READ),
    43: (_typed("application/rss+xml"), READ),
    44: (_typed("image/jpeg"), NONE),
    50: (_encoded("cp1252", "cp1252", None), READ),
    51: (_encoded("cp1252", "utf-8", "windows-1252"), READ),
    52: (_encoded("utf-8", "iso-8859-1", "utf-8"), READ),
    53: (_encoded("utf-8", "iso-8859-1", None), READ),
    54: (_encoded("cp1252", None, "windows-1252"), READ),
    60: (_packed("gzip", gzip.compress), READ),
    61: (_packed("deflate", zlib.compress), READ),
    62: (_packed("br", brotli.compress), READ),
    63: (_packed("zstd", lambda body: zstandard.ZstdCompressor().compress(body)), READ),
    64: (_packed("gzip", lambda body: gzip.compress(body)[:-9]), FAILED),
    65: (_packed("gzip", lambda body: body), FAILED),
}
"""What becomes of a page by its number, and what is to come of it; all others are plain."""
WRITTEN = range(50, 55)
"""Pages whose encoding is told wrongly or by one side alone."""
FORBIDDEN = 70
"""Its address is one that robots.txt forbids."""


class Unruly(Newsroom):
    """A newsroom, some of whose pages behave as told above."""

    def __init__(self, site: Site, count: int) -> None:
        """Publish."""
        self._kept: dict[int, object] = {}
        super().__init__(site, count)

    def path(self, n: int) -> str:
        """Where an article is."""
        return f"/inner/story-{n}.html" if n == FORBIDDEN else super().path(n)

    def publish(self) -> None:
        """Write pages and listings; what has been answered once is not answered again."""
        super().publish()
        for n, (change, _) in BEHAVIOUR.items():
            page = self.site.pages[self.path(n)]
            assert isinstance(page, Answer)
            if n not in self._kept:
                self._kept[n] = change(self, n, page)
            self.site.pages[self.path(n)] = self._kept[n]  # type: ignore[assignment]
