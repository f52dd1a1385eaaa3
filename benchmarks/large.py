"""A large archive on this machine: what a search, memory, opening, an added article, a deletion and the disk come to.

    python -m benchmarks.large --passages 1000000           builds it, once, in .bench/large, and measures
    python -m benchmarks.large --passages 50000 --rebuild

The text is real, and there is not as much of it as that: some hundred articles are ingested as ever, and then repeated
with changes until there are enough passages. In a copy every tenth word is another one of the same length, and all
figures and the date are others. Its vectors are those of the passages it was made from with some noise added (cosine
about .9), so that nothing has to be embedded. Catalog and indexes are written by the product's own stores, in the
batches in which an ingest writes them. Building goes on where it was stopped.

Each figure is measured in a process of its own; words to search for are questions of the data where there are some.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks import data, machine
from benchmarks.process import RESULT, WORK, say
from rag import Archive
from rag.index.catalog import Catalog, Prepared, version_id
from rag.types import RawArticle

_BASE = 300
"""Articles that are repeated."""
_NOISE = 0.48
"""Length of what is added to a vector of length 1: the cosine of the two is .9."""
_STORED = 200  # articles in one transaction
_SETTLED = 2000  # articles between two times that the indexes are brought up to date
_WORD = re.compile(r"\b[a-z]{5,}\b")
_TARGETS = {
    "search_p50_ms": 60.0, "memory_mb": 3000.0, "opening_s": 2.0, "added_found_s": 5.0, "deleted_s": 5.0,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, measure and print."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m benchmarks.large", description=__doc__, formatter_class=form)
    parser.add_argument("--passages", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--articles", type=Path, help="JSON lines of articles; by default what benchmarks.data finds")
    parser.add_argument("--base", type=int, default=_BASE, metavar="N", help="articles that are repeated")
    parser.add_argument("--like", type=Path, help="an archive whose articles are repeated: nothing is ingested then")
    parser.add_argument("--folder", type=Path, help="by default .bench/large/N")
    parser.add_argument("--searches", type=int, default=200)
    parser.add_argument("--rebuild", action="store_true", help="begin anew")
    parser.add_argument("--build-only", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", metavar="FIGURE", help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    folder = (args.folder or WORK / "large" / str(args.passages)).resolve()
    if args.measure:
        told = _MEASURES[args.measure](folder, args.searches)
        print(RESULT + json.dumps(told))
        return 0
    if args.rebuild:
        shutil.rmtree(folder, ignore_errors=True)
    began = time.perf_counter()
    build(folder, args.passages, args.articles, base=args.base, like=args.like)
    if args.build_only:
        return 0
    say(f"built, or was there, in {time.perf_counter() - began:.0f} s")
    figures = measure(folder, args.searches)
    if args.json:
        print(json.dumps(figures))
        return 0
    print("\n".join(machine.lines(machine.describe(folder))))
    print("\n".join(table(figures)))
    return 0


# -- building -----------------------------------------------------------------------


def build(
    folder: Path,
    passages: int,
    articles: Path | None = None,
    *,
    base: int = _BASE,
    like: Path | None = None,
    embeddings: Any = None,
) -> None:
    """Make the archive, or what is missing of it.

    Args:
        folder: The archive's.
        passages: How many it is to have at least.
        articles: JSON lines of articles.
        base: How many of them are repeated.
        like: An archive of the same embedding model, whose articles are repeated.
        embeddings: In place of the built-in model.
    """
    with Archive.open(folder, chat_model="none", embeddings=embeddings) as archive:
        stores = archive.stores
        if like is not None:
            with Archive.open(like, chat_model="none", embeddings=embeddings) as other, stores.writing("ingest"):
                stores.claim_fingerprint()
                keys = [a.key for a in islice(other.articles(), base)]
                _store(stores.catalog, [_Original.of(other, k).item for k in keys if not stores.catalog.versions(k)])
        elif not stores.exists or archive.stats().articles < min(base, 8):
            archive.ingest(_cut(folder.with_name(f"{folder.name}-base.jsonl"), articles, base))
        with stores.writing("ingest"):
            catalog = stores.catalog
            originals = [_Original.of(archive, a.key) for a in archive.articles() if "#copy" not in a.key]
            words = _words(o.draft.text for o in originals)
            done = catalog.counts()["passages"]
            made = _last_copy(archive)
            began, first = time.perf_counter(), done
            while done < passages:
                batch: list[Prepared] = []
                for _ in range(_STORED):
                    made += 1
                    batch.append(originals[made % len(originals)].copy(made, words))
                    done += len(batch[-1].runs)
                    if done >= passages:
                        break
                _store(catalog, batch)
                if made % _SETTLED < _STORED or done >= passages:
                    stores.index_pending()
                    rate = (done - first) / (time.perf_counter() - began)
                    say(f"  {done} of {passages} passages, {rate:.0f} a second")


def _cut(to: Path, articles: Path | None, base: int) -> Path:
    source = data.source(articles)
    to.parent.mkdir(parents=True, exist_ok=True)
    source.cut(to, articles=base)
    return to


def _store(catalog: Catalog, batch: Sequence[Prepared]) -> None:
    """Store articles as ones that were looked through and compared."""
    catalog.store(batch)
    catalog.set_linked([version_id(item.draft) for item in batch], [], [])


def _last_copy(archive: Archive) -> int:
    """The number of the last copy that was stored."""
    catalog = archive.stores.catalog
    last = catalog.last_version()
    while last:
        for key in catalog.keys_since(last - 1, [""]):
            _, mark, number = key.partition("#copy")
            return int(number) if mark else 0
        last -= 1
    return 0


def _words(texts: Iterator[str]) -> dict[int, list[str]]:
    """Words of small letters, by length."""
    found: dict[int, set[str]] = {}
    for text in texts:
        for word in _WORD.findall(text):
            found.setdefault(len(word), set()).add(word)
    return {length: sorted(some) for length, some in found.items()}


class _Original:
    """An article that is repeated, as it is stored."""

    def __init__(self, draft: RawArticle, item: Prepared) -> None:
        self.draft, self.item = draft, item

    @classmethod
    def of(cls, archive: Archive, key: str) -> _Original:
        catalog = archive.stores.catalog
        article = catalog.article(key)
        ids = catalog.passages_of([article.id])
        passages, vectors = catalog.passages(ids), catalog.vectors(ids)
        sentences = catalog.sentences(article.id)
        place = {s.start: n for n, s in enumerate(sentences)}
        runs = [(place[p.sentences[0].start], place[p.sentences[-1].start] + 1) for p in passages.values()]
        draft = RawArticle(
            key=article.key, title=article.title, text=article.text, url=article.url, source=article.source,
            author=article.author, published=article.published, metadata=article.metadata, origin="benchmark",
        )  # fmt: skip
        matrix = np.stack([vectors[i] for i in passages]) if passages else np.zeros((0, 1), np.float32)
        return cls(
            draft,
            Prepared(draft, article.language, sentences, runs, matrix, catalog.said([article.id]).get(article.id, [])),
        )

    def copy(self, number: int, words: dict[int, list[str]]) -> Prepared:
        """A copy that differs from all others, of the same length, so that sentences and quotes stay where they are."""
        draw = random.Random(number)

        def other(found: re.Match[str]) -> str:
            word = found.group()
            return draw.choice(words.get(len(word), [word])) if draw.random() < 0.1 else word

        text = _WORD.sub(other, self.draft.text)
        text = re.sub(r"[1-9]", lambda _: draw.choice("123456789"), text)
        when = self.draft.published
        draft = self.draft.model_copy(
            update={
                "key": f"{self.draft.key}#copy{number}",
                "title": _WORD.sub(other, self.draft.title),
                "text": text,
                "url": None,
                "published": when - timedelta(days=draw.randrange(3650), minutes=number % 1440) if when else None,
            }
        )
        noise = np.random.default_rng(number).normal(size=self.item.vectors.shape)
        made = self.item.vectors + noise * (_NOISE / np.sqrt(noise.shape[1]))
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        item = self.item
        return Prepared(draft, item.language, item.sentences, item.runs, made.astype(np.float16), item.quotes)


# -- measuring -----------------------------------------------------------------------------


def measure(folder: Path, searches: int) -> dict[str, Any]:
    """All figures, each in a process of its own."""
    told: dict[str, Any] = {}
    for name in _MEASURES:
        command = [sys.executable, "-m", "benchmarks.large", "--measure", name, "--searches", str(searches)]
        done = subprocess.run([*command, "--folder", folder], stdout=subprocess.PIPE, text=True, check=True)
        told |= json.loads(done.stdout.rpartition(RESULT)[2])
        say(f"  {name}: {told}")
    return told


def questions(archive: Archive, number: int) -> list[str]:
    """Questions of the data, or else about what is in the archive; always the same ones."""
    if data.QUESTIONS.exists():
        return data.questions(data.source(None), number)
    some, _ = archive.list_articles(order="title", limit=number)
    return [f"What is known about {article.title}?" for article in some]


def _memory() -> float:
    """Of this process, what no other one shares, in millions of bytes."""
    return psutil.Process().memory_full_info().uss / 1e6


def _searching(folder: Path, searches: int) -> dict[str, Any]:
    """Opening until the first hit, then one search after another; beside the clock what this process worked."""
    began, busy = time.perf_counter(), time.process_time()
    with Archive.open(folder, chat_model="none", embeddings=_EMBEDDINGS) as archive:
        archive.search("Who said what about it?", k=50)
        until, until_busy = time.perf_counter() - began, time.process_time() - busy
        first = questions(archive, searches)
        took, worked = [], []
        for question in first:
            began, busy = time.perf_counter(), time.process_time()
            archive.search(question, k=50)
            took.append((time.perf_counter() - began) * 1000)
            worked.append((time.process_time() - busy) * 1000)
        size = archive.stats()
        return {
            "passages": size.passages,
            "articles": size.articles,
            "disk_mb": round(size.bytes / 1e6),
            "disk_kb_a_passage": round(size.bytes / 1e3 / size.passages, 2),
            "opening_s": round(until, 2),
            "opening_processor_s": round(until_busy, 2),
            "search_p50_ms": round(statistics.median(took), 1),
            "search_p95_ms": round(statistics.quantiles(took, n=20)[-1], 1),
            "search_processor_p50_ms": round(statistics.median(worked), 1),
            "memory_mb": round(_memory()),
        }


def _changing(folder: Path, searches: int) -> dict[str, Any]:
    """Articles are added and taken down by this process, while another one reads.

    Two are added, since with the first goes what a process reads before it can write at all, and taken down; then one
    that has been there as long as the archive, whose words are among those of very many others.
    """
    told: dict[str, Any] = {}
    with Archive.open(folder, chat_model="none", embeddings=_EMBEDDINGS) as archive:
        archive.search("Who said what about it?", k=5)
        for name in ("first_", ""):
            row = _row(word := f"zorblatt{name.strip('_')}{int(time.time())}")
            with _reader(folder, word) as reads:
                began, busy = time.time(), time.process_time()
                archive.add(row)
                told[f"{name}ingest_of_one_s"] = round(time.time() - began, 2)
                told[f"{name}ingest_of_one_processor_s"] = round(time.process_time() - busy, 2)
                told[f"{name}added_found_s"] = round(reads() - began, 2)
                began, busy = time.time(), time.process_time()
                archive.delete(word)
                done = time.time() - began
                told[f"{name}new_deleted_processor_s"] = round(time.process_time() - busy, 2)
                told[f"{name}new_deleted_s"] = round(max(done, reads() - began), 2)
        old = archive.list_articles(order="oldest", limit=1)[0][0].key
        began, busy = time.time(), time.process_time()
        archive.delete(old)
        told["deleted_s"] = round(time.time() - began, 2)
        told["deleted_processor_s"] = round(time.process_time() - busy, 2)
        began = time.time()
        told["problems"] = len(archive.doctor())
        told["doctor_s"] = round(time.time() - began, 1)
    return told


def _row(word: str) -> dict[str, str]:
    """An article with a word that no other one has."""
    text = f"The lighthouse keeper {word.title()} painted the harbour wall. The mayor thanked {word.title()}."
    return {"key": word, "title": f"{word.title()} paints", "text": text, "published": "2024-03-04T10:00:00Z"}


def _meanwhile(folder: Path, searches: int) -> dict[str, Any]:
    """The longest that a search takes while another thread of the process adds its first article and takes it down."""
    took, stop = [0.0], threading.Event()
    with Archive.open(folder, chat_model="none", embeddings=_EMBEDDINGS) as archive:
        some = questions(archive, 10)
        for question in some:
            archive.search(question, k=50)

        def search() -> None:
            for question in cycle(some):
                began = time.perf_counter()
                archive.search(question, k=50)
                took.append(time.perf_counter() - began)
                if stop.wait(0.02):
                    return

        with ThreadPoolExecutor(1) as pool:
            searching = pool.submit(search)
            word = f"zorblatt{int(time.time())}"
            archive.add(_row(word))
            archive.delete(word)
            stop.set()
            searching.result()
    return {"longest_search_meanwhile_s": round(max(took), 2)}


@contextmanager
def _reader(folder: Path, word: str) -> Iterator[Callable[[], float]]:
    """A process that searches for a word. What is yielded waits until it is found, and then until it isn't: when?"""
    watcher = subprocess.Popen(
        [sys.executable, "-c", _WATCH, folder, word], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    out = watcher.stdout
    assert out is not None
    try:
        out.readline()
        yield lambda: float(out.readline())
    finally:
        watcher.kill()
        watcher.wait()


_WATCH = """
import sys, time
from rag import Archive
from benchmarks import large
folder, word = sys.argv[1:]
with Archive.open(folder, chat_model="none", embeddings=large._EMBEDDINGS) as archive:
    archive.find(word)
    archive.search(word, k=5)
    print("ready", flush=True)
    for wanted in (True, False):
        while any(word in h.passage.text.lower() for h in archive.search(word, k=5)) != wanted:
            time.sleep(0.05)
        print(time.time(), flush=True)
"""
_EMBEDDINGS: Any = None
"""In place of the built-in model, for tests."""
_MEASURES = {"searching": _searching, "changing": _changing, "meanwhile": _meanwhile}


def table(figures: dict[str, Any]) -> list[str]:
    """The figures as a table."""
    rows = ["", "| figure | | target |", "|---|---|---|"]
    for name, value in figures.items():
        rows.append(f"| {name} | {value} | {f'≤ {_TARGETS[name]:g}' if name in _TARGETS else ''} |")
    return rows


if __name__ == "__main__":
    raise SystemExit(main())
