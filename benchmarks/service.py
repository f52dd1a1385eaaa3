"""``python -m benchmarks.service``: the service under twenty clients, and how soon evidence is there.

With ``--page`` also under twenty users of its page. A real ``onrecord serve`` with the extractive engine, over the
archive that ``python -m benchmarks`` builds (20,000 passages, kept in ``.bench``).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from benchmarks import data, machine, page_users
from benchmarks.figures import Bench
from benchmarks.process import WORK, environment, say
from rag.settings import load_settings


@dataclass(frozen=True)
class Times:
    """Milliseconds of several requests."""

    what: str
    p50: float
    p95: float
    most: float
    number: int

    @classmethod
    def of(cls, what: str, seconds: Sequence[float]) -> Times:
        """From seconds, one at least."""
        found = sorted(1000 * s for s in seconds)
        at = [found[min(len(found) - 1, int(share * len(found)))] for share in (0.5, 0.95, 1.0)]
        return cls(what, *(round(x, 1) for x in at), len(found))


@contextmanager
def served(archive: Path, env: Mapping[str, str], page: bool = False) -> Iterator[str]:
    """The address of a server process."""
    command = [sys.executable, "-m", "rag.cli", "serve", "--model", "extractive", "--port", "0"]
    process = subprocess.Popen(
        [*command, *([] if page else ["--no-page"]), "--archive", str(archive)],
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        if not found:
            raise SystemExit("The server did not start.")
        yield found[0].rstrip("/")
    finally:
        process.terminate()
        process.wait(30)


def evidence(at: str, questions: Sequence[str]) -> tuple[list[float], list[float]]:
    """One client: seconds to the ``evidence`` event as it sees them, and seconds the server took to retrieve."""
    seen, server = [], []
    with httpx.Client(timeout=120) as web:
        for question in questions:
            asked = time.perf_counter()
            with web.stream("POST", f"{at}/api/ask", json={"question": question, "stream": True}) as answer:
                event = ""
                for line in answer.iter_lines():
                    if line.startswith("event: "):
                        event = line.removeprefix("event: ")
                        if event == "evidence":
                            seen.append(time.perf_counter() - asked)
                    elif line.startswith("data: ") and event == "answer":
                        server.append(json.loads(line.removeprefix("data: "))["timings_ms"]["retrieve"] / 1000)
    return seen, server


def crowd(at: str, questions: Sequence[str], clients: int, rounds: int) -> tuple[list[float], list[str]]:
    """So many clients at once, each asking one question after another: seconds of each answer, and what went wrong."""

    def client(n: int) -> list[float | str]:
        told: list[float | str] = []
        with httpx.Client(timeout=120) as web:
            for i in range(rounds):
                question = questions[(n * rounds + i) % len(questions)]
                asked = time.perf_counter()
                try:
                    answer = web.post(f"{at}/api/ask", json={"question": question})
                except httpx.HTTPError as e:
                    told.append(type(e).__name__)
                    continue
                took = time.perf_counter() - asked
                told.append(took if answer.status_code == 200 else f"{answer.status_code} {answer.text[:200]}")
        return told

    with ThreadPoolExecutor(clients) as pool:
        told = [x for one in pool.map(client, range(clients)) for x in one]
    return [x for x in told if isinstance(x, float)], [x for x in told if isinstance(x, str)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print.

    Returns:
        0 when no request failed, 1 otherwise.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description="The service under load.")
    add = parser.add_argument
    add("--archive", type=Path, metavar="DIR", help="an existing archive instead of our own")
    add("--articles", type=Path, metavar="PATH", help="text to build it of")
    add("--passages", type=int, default=20_000, help="size of the archive [20000]")
    add("--clients", type=int, default=20, help="at once [20]")
    add("--rounds", type=int, default=10, help="questions of each client [10]")
    add("--single", type=int, default=50, help="questions of the single client [50]")
    add("--page", action="store_true", help="also as many users of the page at once, over its own endpoints")
    add("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args(arguments)
    WORK.mkdir(exist_ok=True)
    cache = load_settings().cache.expanduser().resolve()
    env = {**environment(cache), "ONRECORD_WAITING": str(max(64, 2 * options.clients))}
    about = machine.describe(cache)
    source = data.source(options.articles)
    given = options.archive.resolve() if options.archive else None
    archive, passages = Bench(env, source, 1, 1, 1, options.passages, 1, given).large()
    questions = data.questions(source, max(options.single, options.clients * options.rounds))
    page_took: list[float] = []
    with served(archive, env, options.page) as at:
        evidence(at, questions[:3])  # loads the embedding model
        say(f"one client, {options.single} questions ...")
        seen, server = evidence(at, questions[: options.single])
        say(f"{options.clients} clients, {options.rounds} questions each ...")
        took, wrong = crowd(at, questions, options.clients, options.rounds)
        if options.page:
            say(f"{options.clients} users of the page, {options.rounds} questions each ...")
            page_took, odd = page_users.crowd(at, questions, options.clients, options.rounds)
            wrong += [f"page: {told}" for told in odd]
    figures = [
        Times.of("evidence, in the server (target: p50 60)", server),
        Times.of("evidence, at the client", seen),
        *([Times.of(f"answers to {options.clients} clients at once (target: p95 2000)", took)] if took else []),
        *([Times.of(f"to {options.clients} users of the page (target: p95 1500)", page_took)] if page_took else []),
    ]
    print("\n".join(machine.lines(about)))
    print(f"\nThe service, extractive engine, {passages:,} passages of {source.name}. Milliseconds.\n")
    for f in figures:
        print(f"{f.what:<58} p50 {f.p50:>8}   p95 {f.p95:>8}   most {f.most:>8}   ({f.number})")
    print(f"{'errors':<58} {len(wrong)}")
    for told in sorted(set(wrong))[:10]:
        print(f"  {told}")
    if about["load"] > 0.5:
        print(f"\nThe machine was busy (load {about['load']}) when the run began: times are too long.")
    if options.json:
        raw = {"machine": about, "passages": passages, "figures": [asdict(f) for f in figures], "errors": wrong}
        options.json.write_text(json.dumps(raw, indent=1), "utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
