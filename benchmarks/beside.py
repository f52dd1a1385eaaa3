"""The service beside a sync: how much longer answers take meanwhile, and how soon a new article is found.

    python -m benchmarks.beside --pages 500

A real ``onrecord serve`` over a copy of the archive that ``python -m benchmarks`` builds. It syncs by itself from a
site on 127.0.0.1, which lists nothing at first; when some questions have been answered it lists real article pages, and
the same number of questions is asked while these are fetched, read and stored. Then one more article appears.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from benchmarks import data, machine
from benchmarks.figures import Bench
from benchmarks.process import WORK, environment, say
from benchmarks.service import Times, crowd, evidence, served
from benchmarks.sources import _sitemap, gold_pages, serving
from rag import Archive
from rag.settings import load_settings

_SOON = 120.0
"""Seconds for which something that has to come is waited for."""
_SYNCED = 1800.0
"""The same for what a sync writes once it has stored all that was listed before."""
_LAST = "Quellborn lighthouse"
"""A name that no article has but the last one."""


def _page(title: str, words: str) -> tuple[bytes, str]:
    body = f"<article><h1>{title}</h1><p>{words}</p></article>"
    return f"<html lang='en'><head><title>{title}</title></head><body>{body}</body></html>".encode(), "text/html"


def _found(at: str, words: str) -> bool:
    found = httpx.get(f"{at}/api/search", params={"question": words, "k": 5}, timeout=60).raise_for_status().json()
    return any(words in hit["passage"]["text"] for hit in found["hits"])


def appearing(at: str, archive: Archive, ending: str) -> float:
    """Seconds from an article's being in the catalog until the service finds it.

    Raises:
        SystemExit: It never came.
    """
    until = time.monotonic() + _SYNCED
    written: float | None = None
    while time.monotonic() < until:
        if written is None and any((a.url or "").endswith(ending) for a in archive.articles()):
            written = time.monotonic()
            until = written + _SOON
        if written is not None and _found(at, _LAST):
            return time.monotonic() - written
        time.sleep(0.1)
    raise SystemExit("The new article was never found." if written else "The new article was never written.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print.

    Returns:
        1 where a request failed, or the sync was over before the questions were.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beside", description=(__doc__ or "").split("\n")[0])
    add = parser.add_argument
    add("--archive", type=Path, metavar="DIR", help="an existing archive instead of our own")
    add("--passages", type=int, default=20_000, help="size of the archive [%(default)s]")
    add("--pages", type=int, default=500, help="pages that are synced meanwhile [%(default)s]")
    add("--clients", type=int, default=2, help="at once [%(default)s]")
    add("--rounds", type=int, default=50, help="questions of each client, before and meanwhile [%(default)s]")
    options = parser.parse_args(arguments)
    WORK.mkdir(exist_ok=True)
    cache = load_settings().cache.expanduser().resolve()
    env = environment(cache)
    about = machine.describe(cache)
    source = data.source(None)
    given = options.archive.resolve() if options.archive else None
    built, passages = Bench(env, source, 1, 1, 1, options.passages, 1, given).large()
    questions = data.questions(source, options.clients * options.rounds)
    gold = gold_pages()
    pages: dict[str, tuple[bytes, str]] = {"/front.html": _page("Front", "The site opened on Monday, its owner said.")}
    with tempfile.TemporaryDirectory() as folder, serving(pages) as port:
        path = Path(folder) / "archive"
        shutil.copytree(built, path)
        pages["/sitemap.xml"] = _sitemap(["/front.html"], port)
        env |= {
            "ONRECORD_FETCH_ALLOW": '["127.0.0.1"]',
            "ONRECORD_FETCH_PORTS": f"[{port}]",
            "ONRECORD_FETCH_DELAY": "0",
            "ONRECORD_SYNC_EVERY": "0.05",
        }
        settings = load_settings(archive=path, fetch_allow=("127.0.0.1",), fetch_ports=(port,), fetch_delay=0.0)
        with Archive.open(settings=settings) as archive, served(path, env) as at:
            archive.sources.add(f"http://127.0.0.1:{port}/sitemap.xml", name="site")
            evidence(at, questions[:3])  # loads the embedding model
            before_all = archive.stats().articles
            say("questions without a sync ...")
            before, wrong = crowd(at, questions, options.clients, options.rounds)
            for n in range(options.pages):
                where, raw, _ = gold[n % len(gold)]
                copy = raw.replace(b"</p>", f" Copy {n}.</p>".encode())
                pages[f"/copy{n}{where}"] = (copy, "text/html")
            listed = ["/front.html", *(name for name in pages if name.startswith("/copy"))]
            pages["/sitemap.xml"] = _sitemap(listed, port)
            until = time.monotonic() + _SOON
            while archive.stats().articles <= before_all + 1 and time.monotonic() < until:
                time.sleep(0.2)
            say("questions beside the sync ...")
            meanwhile, failed = crowd(at, questions, options.clients, options.rounds)
            stored = archive.stats().articles - before_all
            pages["/new.html"] = _page("Light", f"The {_LAST} was lit again on Friday after a year of darkness.")
            pages["/sitemap.xml"] = _sitemap(["/new.html", *listed], port)
            say("a new article ...")
            waited = appearing(at, archive, "/new.html")
    figures = [Times.of("answers without a sync", before), Times.of("answers beside a sync", meanwhile)]
    print("\n".join(machine.lines(about)))
    print(f"\n{options.clients} clients, {passages:,} passages of {source.name}. Milliseconds.\n")
    for f in figures:
        print(f"{f.what:<30} p50 {f.p50:>8}   p95 {f.p95:>8}   most {f.most:>8}   ({f.number})")
    print(f"p95 beside a sync, divided by that without (target: 1.2): {figures[1].p95 / figures[0].p95:.2f}")
    print(f"pages stored by the end of the questions: {stored:,} of {options.pages:,}")
    print(f"a new article is found {waited:.1f} s after it was written (target: 5)")
    print(f"errors: {len(wrong) + len(failed)}")
    if stored >= options.pages:
        print("The sync was over before the questions were: name more --pages.")
    return 1 if wrong or failed or stored >= options.pages else 0


if __name__ == "__main__":
    sys.exit(main())
