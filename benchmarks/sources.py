"""Feeds and pages of others, served from this machine and synced; and whether fetching keeps ahead of embedding.

    python -m benchmarks.sources --pages 1000

Everything is served on 127.0.0.1, which the settings of this program alone allow; other hosts have no address here. The
libraries that were compared are measured where they are installed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import resource
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.process import ROOT
from rag import Archive
from rag.sources import feeds
from rag.sources.fetch import Limits
from rag.sources.guard import Rules
from rag.sources.manager import FetchOptions, Sources
from rag.sources.values import SyncReport
from rag.testing import FakeEmbeddings

SHARED = ROOT.parent / "shared/data"
LIMITS = Limits(connect=2.0, silence=5.0, whole=20.0, tries=1, first_wait=0.01)
ZONES = {
    "EST": -5, "EDT": -4, "CST": -6, "PDT": -7, "AKST": -9, "HST": -10, "BRT": -3, "GMT": 0, "WEST": 1, "CET": 1,
    "CEST": 2, "EET": 2, "MSK": 3, "PKT": 5, "IST": 5.5, "WIB": 7, "SGT": 8, "JST": 9, "KST": 9, "AEST": 10, "NZDT": 13,
}  # fmt: skip
"""Zones by name, with their hours before Greenwich, as a site of no particular country means them."""
_EXPECTED = re.compile(rb"entries\[0\]\['(?:published|updated|created)_parsed'\] == \((\d+(?:, \d+){5})")


# -- reading feeds ---------------------------------------------------------------------


def all_feeds() -> dict[str, bytes]:
    """The feeds by their names."""
    with tarfile.open(SHARED / "feeds/feedparser_feeds.tar.gz") as packed:
        found = {m.name: packed.extractfile(m) for m in packed if m.isfile() and m.name.endswith((".xml", ".json"))}
        return {name: file.read() for name, file in sorted(found.items()) if file is not None}


def _ours(raw: bytes) -> list[datetime | None]:
    import feedparser

    feeds.read_feed(raw, "https://news.example/")  # all that is done with a feed; here entries without a link count too
    return [feeds.published(entry, "https://news.example/") for entry in feedparser.parse(raw).entries]


def _feedparser(raw: bytes) -> list[datetime | None]:
    import feedparser

    parsed = feedparser.parse(raw).entries
    times = (e.get("published_parsed") or e.get("updated_parsed") or e.get("created_parsed") for e in parsed)
    return [datetime(*when[:6], tzinfo=UTC) if when else None for when in times]


def _fastfeedparser(raw: bytes) -> list[datetime | None]:
    import fastfeedparser

    times = (e.get("published") or e.get("updated") for e in fastfeedparser.parse(raw).entries)
    return [datetime.fromisoformat(when) if when else None for when in times]


def reading(found: Mapping[str, bytes]) -> Iterator[str]:
    """Lines of a table: how each way reads the feeds."""
    ways: dict[str, Callable[[bytes], list[datetime | None]]] = {"OnRecord": _ours, "feedparser": _feedparser}
    if find_spec("fastfeedparser"):
        ways["fastfeedparser"] = _fastfeedparser
    yield "| reads | feeds without an error | entries | instants told right | zones by name right | seconds |"
    yield "|---|---|---|---|---|---|"
    for name, read in ways.items():
        began, whole, entries, right, told = time.perf_counter(), 0, 0, 0, 0
        for raw in found.values():
            try:
                times = read(raw)
            except Exception:  # a feed that a library can't read is what is counted
                times = []
            else:
                whole += 1
            entries += len(times)
            if expected := _EXPECTED.search(raw):
                told += 1
                wanted = datetime(*(int(n) for n in expected[1].split(b", ")), tzinfo=UTC)  # type: ignore[arg-type]
                right += bool(times) and times[0] is not None and times[0].astimezone(UTC) == wanted
        seconds = time.perf_counter() - began
        zones = sum(_zone_right(read, zone, hours) for zone, hours in ZONES.items())
        times_right = f"{right} of {told} | {zones} of {len(ZONES)}"
        yield f"| {name} | {whole:,} of {len(found):,} | {entries:,} | {times_right} | {seconds:.1f} |"


def _zone_right(read: Callable[[bytes], list[datetime | None]], zone: str, hours: float) -> bool:
    item = (
        f"<item><title>A</title><link>https://news.example/a</link><pubDate>Tue, 10 Mar 2026 12:00:00 {zone}</pubDate>"
    )
    raw = f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{item}</item></channel></rss>'.encode()
    (when,) = read(raw)
    return (
        when is not None
        and when.astimezone(UTC).timestamp() == datetime(2026, 3, 10, 12, tzinfo=UTC).timestamp() - hours * 3600
    )


# -- serving and syncing ---------------------------------------------------------------


@contextmanager
def serving(pages: Mapping[str, tuple[bytes, str]]) -> Iterator[int]:
    """Serve (body, type) by path; the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body, kind = pages.get(self.path, (b"", ""))
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that has gone, as one that was cancelled has, is no error."""

    server = Quiet(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()


@contextmanager
def archive_for(port: int, embeddings: Any = None) -> Iterator[Archive]:
    """An empty archive that may fetch from this machine alone."""

    def resolve(host: str, _: int) -> list[str]:
        if host != "127.0.0.1":
            raise OSError("no such host here")
        return [host]

    with tempfile.TemporaryDirectory() as folder, Archive.open(Path(folder) / "a", embeddings=embeddings) as archive:
        options = FetchOptions(
            "OnRecordBenchmark/1.0", ("127.0.0.1",), (80, 443, port), delay=0.0, pages=1_000_000, limits=LIMITS
        )
        kept = Sources(archive.stores, options)
        usual = kept.fetcher

        def fetcher(cancel: threading.Event | None = None) -> Any:
            made = usual(cancel)
            made.guard.__init__(Rules.of(["127.0.0.1"], [80, 443, port]), resolve)  # type: ignore[misc]
            return made

        kept.fetcher = fetcher  # type: ignore[method-assign]
        archive.__dict__["sources"] = kept
        yield archive


def served_feeds(found: Mapping[str, bytes]) -> Iterator[str]:
    """Lines: every feed kept as a source, and synced twice."""
    pages = {f"/{name}": (raw, "application/xml") for name, raw in found.items()}
    with serving(pages) as port, archive_for(port, FakeEmbeddings()) as archive:
        store = archive.sources._opened(create=True)
        for name in found:
            store.add(name, f"http://127.0.0.1:{port}/{name}", "feed", remove=False, since=None, auth=None)
        for run in ("first", "second"):
            report = archive.sources.sync()
            yield f"| feeds, {run} sync | {_counts(report)} |"


def _counts(report: SyncReport) -> str:
    def total(name: str) -> int:
        return sum(getattr(source, name) for source in report.sources)

    read = sum(source.read for source in report.sources)
    entries = total("new") + total("changed") + total("unchanged") + total("failed") + total("skipped")
    figures = (len(report.sources), read, entries, total("new"), total("failed"), total("skipped"), total("pages"))
    return " | ".join(f"{n:,}" for n in figures) + f" | {report.seconds:.0f}"


def gold_pages() -> list[tuple[str, bytes, dict[str, Any]]]:
    """(path, page, what is true of it) of the real article pages."""
    lines = (SHARED / "newspages/gold.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    folder = SHARED / "newspages/pages"
    return [
        (f"/{at}{urlsplit(row['url']).path}", gzip.decompress((folder / row["page"]).read_bytes()), row)
        for at, row in enumerate(rows)
    ]


def _sitemap(paths: list[str], port: int) -> tuple[bytes, str]:
    urls = "".join(f"<url><loc>http://127.0.0.1:{port}{path.replace('&', '&amp;')}</loc></url>" for path in paths)
    return f"<urlset>{urls}</urlset>".encode(), "application/xml"


def served_pages(found: list[tuple[str, bytes, dict[str, Any]]]) -> Iterator[str]:
    """Lines: the real pages listed in a sitemap, and synced twice."""
    pages = {path: (raw, "text/html") for path, raw, _ in found}
    with serving(pages) as port, archive_for(port, FakeEmbeddings()) as archive:
        pages["/sitemap.xml"] = _sitemap([path for path, _, _ in found], port)
        archive.sources.add(f"http://127.0.0.1:{port}/sitemap.xml")
        for run in ("first", "second"):
            yield f"| pages, {run} sync | {_counts(archive.sources.sync())} |"


def ahead(found: list[tuple[str, bytes, dict[str, Any]]], number: int) -> Iterator[str]:
    """Lines: how long the embedder waits for pages, memory, and how soon a sync that is cancelled returns."""
    pages: dict[str, tuple[bytes, str]] = {}
    for at in range(number):
        path, raw, _ = found[at % len(found)]
        pages[f"/copy{at}{path}"] = (raw.replace(b"</p>", f" Copy {at}.</p>".encode()), "text/html")
    with serving(pages) as port, archive_for(port) as archive:
        pages["/sitemap.xml"] = _sitemap(list(pages), port)
        archive.sources.add(f"http://127.0.0.1:{port}/sitemap.xml")
        archive.stores.embed(["warm"])
        delays: list[float] = []
        for wait in (2.0, 6.0, 10.0):  # while pages are fetched, embedded and stored
            stop, told = threading.Event(), [0.0]
            timer = threading.Timer(wait, _stop, (stop, told))
            timer.start()
            archive.sources.sync(cancel=stop)
            delays.append(time.perf_counter() - told[0] if stop.is_set() else 0.0)
            timer.cancel()
        yield f"A sync that was cancelled returned within {max(delays):.1f} s."
        spans: list[tuple[float, float]] = []
        from rag.sources import sync

        flush = sync.Sync._flush

        def timed(self: sync.Sync, held: Any) -> Any:
            began = time.perf_counter()
            try:
                return flush(self, held)
            finally:
                if held:
                    spans.append((began, time.perf_counter()))

        sync.Sync._flush = timed  # type: ignore[method-assign]
        early: list[int] = []
        cancel = threading.Event()
        threading.Thread(target=_watch, args=(early, spans, cancel), daemon=True).start()
        report = archive.sources.sync()
        cancel.set()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        busy = sum(end - began for began, end in spans)
        whole = spans[-1][1] - spans[0][0]
        (source,) = report.sources
        yield (
            f"{source.new:,} of {number:,} pages stored in {report.seconds:.0f} s; from the first batch on the storing "
            f"thread (embedding, quotes, indexes) waited for pages {100 * (1 - busy / whole):.1f} % of the time. "
            f"Memory was {early[0] if early else peak} MB at its highest after three batches, {peak} MB by the end."
        )


def _stop(stop: threading.Event, told: list[float]) -> None:
    told[0] = time.perf_counter()
    stop.set()


def _watch(early: list[int], spans: list[tuple[float, float]], end: threading.Event) -> None:
    """Note the peak of memory while the run is young."""
    while not end.wait(0.2):
        if len(spans) >= 3 and not early:
            early.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def _print(part: str, wanted: list[str], lines: Callable[[], Iterator[str]]) -> None:
    if part in wanted:
        for line in lines():
            print(line, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sources", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--pages", type=int, default=1000, help="pages of the test of speed")
    parts = ("reading", "feeds", "pages", "ahead")
    parser.add_argument("--only", nargs="*", choices=parts, default=parts, help="parts to measure")
    options = parser.parse_args(arguments)
    _print("reading", options.only, lambda: reading(all_feeds()))
    if {"feeds", "pages"} & set(options.only):
        print("\n| | sources | read | entries looked at | new | failed | no article | answers | seconds |")
        print("|" + "---|" * 9)
    _print("feeds", options.only, lambda: served_feeds(all_feeds()))
    _print("pages", options.only, lambda: served_pages(gold_pages()))
    _print("ahead", options.only, lambda: ahead(gold_pages(), options.pages))
    return 0


if __name__ == "__main__":
    sys.exit(main())
