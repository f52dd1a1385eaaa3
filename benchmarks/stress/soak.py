"""``python -m benchmarks.stress.soak --minutes 60 --clients 20``: the service with its page, used by many at once.

A real ``onrecord serve`` with the extractive engine over an archive of its own. Each client, by a seed: opens
the page and closes it, asks by the page, asks by the API, uploads an article and deletes one, lists and searches; a
folder is synced beside. Told are the memory's growth in the last half, errors, and how long answers take. With
``--stand-in`` nothing is embedded by a real model, which leaves more to do for all the rest.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.process import say
from benchmarks.stress import served
from benchmarks.stress.visitor import Visitor

_ROOT = Path(__file__).parents[2]
_LOOK = 1.0
"""Seconds between looks at the memory."""
_TOLD = 60.0
"""Seconds between lines that say how far it is: what is ended early has told what it found."""


@dataclass
class Soak:
    """What is counted while it runs."""

    address: str
    ends: float
    seed: int
    patience: float = 180
    """Seconds that an answer may take before it counts as an error; more on a machine that others use."""
    each: int = 0
    """Things that each client does, in place of a time."""
    articles: int = 200
    """In the archive at the beginning."""
    over: threading.Event = field(default_factory=threading.Event)
    """Set when all clients are done."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    """(monotonic seconds, MB)."""

    def client(self, number: int) -> None:
        """One client, until the time is up."""
        rng = random.Random(f"{self.seed}/{number}")
        config: Any = None
        with httpx.Client(base_url=self.address, timeout=self.patience) as web:
            mine: list[str] = []
            done = 0
            while done < self.each if self.each else time.monotonic() < self.ends:
                done += 1
                what = rng.choice(("page", "page", "ask", "ask", "search", "list", "upload", "delete"))
                began = time.monotonic()
                try:
                    if what == "page":
                        config = self._visit(config, rng)
                    elif what == "delete" and not mine:
                        continue
                    else:
                        self._call(web, what, rng, number, mine)
                except (httpx.HTTPError, RuntimeError, KeyError, StopIteration) as e:
                    with self.lock:
                        self.errors.append(f"{what}: {type(e).__name__} {str(e)[:120]}")
                else:
                    with self.lock:
                        self.took[what].append(time.monotonic() - began)

    def _visit(self, config: Any, rng: random.Random) -> Any:
        visitor = Visitor(self.address, config, self.patience)
        try:
            if rng.random() < 0.5:
                visitor.ask(self._question(rng))
            else:
                visitor.look("archive")
        finally:
            visitor.close()
        return visitor.config

    def _call(self, web: httpx.Client, what: str, rng: random.Random, number: int, mine: list[str]) -> None:
        if what == "ask":
            answer = web.post("/api/ask", json={"question": self._question(rng)})
        elif what == "search":
            answer = web.get("/api/search", params={"question": self._question(rng), "k": 5})
        elif what == "list":
            answer = web.get("/api/articles", params={"search": "harbour", "limit": 20})
        elif what == "upload":
            url = f"https://soak.example/{number}/{rng.randrange(10**9)}"
            answer = web.post("/api/articles", json={**_article(rng.randrange(10**6)), "url": url})
            if answer.status_code == 200:
                mine.append(url)
        else:
            answer = web.delete(f"/api/articles/{mine.pop()}")
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.status_code} {answer.text[:100]}")

    def _question(self, rng: random.Random) -> str:
        return f"How many boats had storm{rng.randrange(self.articles):06} damaged?"

    def watch(self, process: psutil.Process) -> None:
        """Look at the memory until all is done."""
        began = told = time.monotonic()
        while not self.over.wait(_LOOK):
            self.memory.append((time.monotonic(), process.memory_info().rss / 1e6))
            if time.monotonic() - told >= _TOLD:
                told = time.monotonic()
                done, size = sum(map(len, self.took.values())), self.memory[-1][1]
                line = f"{(told - began) / 60:.0f} min: {done} done, {size:.0f} MB, {len(self.errors)} errors"
                print(line, file=sys.stderr, flush=True)

    def sync(self, folder: Path) -> None:
        """Put a file into the synced folder now and then, and take one away."""
        rng = random.Random(self.seed)
        while not self.over.wait(2):
            name = folder / f"wire-{rng.randrange(20)}.txt"
            if name.exists():
                name.unlink()
            else:
                name.write_text(_article(rng.randrange(10**6))["text"], "utf-8")

    def growth(self) -> float:
        """How much more memory there was at the end than in the middle, as a share; medians of a tenth each."""
        sizes = [size for _, size in self.memory]
        if len(sizes) < 20:
            return 0.0
        tenth, middle = len(sizes) // 10, len(sizes) // 2
        before = sorted(sizes[middle : middle + tenth])[tenth // 2]
        after = sorted(sizes[-tenth:])[tenth // 2]
        return after / before - 1


def _article(number: int) -> dict[str, str]:
    return {
        "title": f"Harbour report {number}",
        "text": f"The storm named storm{number:06} had damaged {number % 90 + 3} boats in the harbour, the harbour "
        f"master said. Repairs of pier {number % 12} begin in May and cost {number % 40 + 1} million crowns.",
        "source": ("City Herald", "Coast Radio", "Harbour Post")[number % 3],
        "published": f"2023-{number % 12 + 1:02}-{number % 28 + 1:02}",
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print.

    Returns:
        0; 1 when there was an error, or memory grew by more than 2 % in the last half.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stress.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="how long [60]")
    parser.add_argument("--clients", type=int, default=20, help="how many at once [20]")
    parser.add_argument("--seed", type=int, default=0, help="of what they do [0]")
    parser.add_argument("--patience", type=float, default=180, help="seconds that an answer may take [180]")
    parser.add_argument("--each", type=int, default=0, help="things that each client does, in place of minutes")
    parser.add_argument("--articles", type=int, default=200, help="in the archive at the beginning [200]")
    parser.add_argument("--stand-in", action="store_true", help="with a stand-in for the embedding model")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as there:
        return _run(options, Path(there))


def _run(options: argparse.Namespace, there: Path) -> int:
    from rag import Archive, Settings

    folder = there / "wire"
    folder.mkdir()
    (folder / "first.txt").write_text(_article(0)["text"], "utf-8")
    env = {**os.environ, "ONRECORD_SYNC_EVERY": "0.1", "GRADIO_TEMP_DIR": str(there / "uploads")}
    settings = Settings(archive=there / "archive", model="extractive")
    if options.stand_in:
        served.known()
        settings = settings.model_copy(update={"embeddings": served.NAME})
        env["ONRECORD_EMBEDDINGS"] = served.NAME
    with Archive.open(settings=settings) as archive:
        seeded = there / "seed.jsonl"
        seeded.write_text("".join(json.dumps(_article(n)) + "\n" for n in range(options.articles)), "utf-8")
        archive.ingest(seeded)
        archive.sources.add(str(folder))
    program = "benchmarks.stress.served" if options.stand_in else "rag.cli"
    command = [sys.executable, "-m", program, "serve", "--model", "extractive", "--port", "0", "--archive"]
    log = (there / "log").open("w")
    process = subprocess.Popen(
        [*command, str(there / "archive")], cwd=_ROOT, env=env, stdout=subprocess.PIPE, stderr=log, text=True
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found, "the service did not start"
        httpx.post(f"{found.group()}/api/ask", json={"question": "How many boats?"}, timeout=None)  # loads the models
        began = time.monotonic()
        soak = Soak(found.group(), began + options.minutes * 60, options.seed, options.patience)
        soak.each, soak.articles = options.each, options.articles
        clients = [threading.Thread(target=soak.client, args=(n,)) for n in range(options.clients)]
        beside = [threading.Thread(target=soak.watch, args=(psutil.Process(process.pid),))]
        beside += [threading.Thread(target=soak.sync, args=(folder,))]
        for thread in (*clients, *beside):
            thread.start()
        for thread in clients:
            thread.join()
        soak.over.set()
        for thread in beside:
            thread.join()
    finally:
        process.terminate()
        process.wait(60)
        log.close()
    return _tell(soak, options)


def _tell(soak: Soak, options: argparse.Namespace) -> int:
    growth = soak.growth()
    length = f"{options.each} things each" if options.each else f"{options.minutes:g} minutes"
    print(f"seed {options.seed}, {length}, {options.clients} clients{', stand-in' if options.stand_in else ''}")
    print("\n| what | done | median s | p99 s |\n|---|---|---|---|")
    for what, took in sorted(soak.took.items()):
        ordered = sorted(took)
        at = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.99)]
        print(f"| {what} | {len(took)} | {at[0]:.2f} | {at[1]:.2f} |")
    sizes = [size for _, size in soak.memory] or [0.0]
    print(f"\nmemory {sizes[0]:.0f} MB at first, {sizes[-1]:.0f} MB at the end, {growth:+.1%} in the last half")
    print(f"{len(soak.errors)} errors")
    for line in sorted(set(soak.errors))[:10]:
        say(f"  {line}")
    grown = growth > 0.02 and not options.each  # a few things do not show it
    return 1 if soak.errors or grown else 0


if __name__ == "__main__":
    sys.exit(main())
