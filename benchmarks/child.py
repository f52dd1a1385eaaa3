"""The programs that are measured, each in a process of its own: ``python -m benchmarks.child NAME JSON``.

Each ends with a line that holds its result. Nothing heavy is imported before a
program needs it, so that a fresh process is as fast as a user's.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Argument = dict[str, Any]

_WAYS = ("onnx", "torch-fp32", "torch-bf16")  # of a program before there were more
LONG_WORK = 400  # texts from which on the archive looks for the fastest way to embed


def _age() -> float:
    """Seconds since this process was started."""
    return time.time() - float(os.environ["ONRECORD_BENCH_STARTED"])


def build(a: Argument) -> Argument:
    """Fill an archive from files until it holds enough passages; goes on where an earlier run stopped."""
    from rag import Archive

    with Archive.open(a["archive"], chat_model="extractive") as archive:
        for file in a["files"]:
            archive.ingest(file)
        return {"passages": archive.stats().passages, "fingerprint": archive.fingerprint}


def inspect(a: Argument) -> Argument:
    """What an archive holds, and whether it fits today's settings; fails when it can't be searched."""
    from rag import Archive

    with Archive.open(a["archive"], chat_model="extractive") as archive:
        archive.search("anything", k=1)
        stats = archive.stats()
        return {
            "passages": stats.passages,
            "articles": stats.articles,
            "fingerprint": stats.fingerprint,
            "fits": stats.fingerprint == archive.stores.current_fingerprint,
        }


def evidence(a: Argument) -> Argument:
    """Search again and again in one process; milliseconds per question and run."""
    from rag import Archive

    with Archive.open(a["archive"], chat_model="extractive") as archive:
        for question in a["warm"]:
            archive.search(question)
        runs = []
        found = 0
        for questions in a["runs"]:
            millis = []
            for question in questions:
                started = time.perf_counter()
                found += len(archive.search(question))
                millis.append((time.perf_counter() - started) * 1000)
            runs.append(millis)
        return {"millis": runs, "hits": found, "passages": archive.stats().passages}


def warm(a: Argument) -> Argument:
    """Ask different questions in one process, after one that isn't counted."""
    from rag import Archive

    with Archive.open(a["archive"], chat_model="local") as archive:
        archive.ask(a["warm"])
        answers = [archive.ask(question) for question in a["questions"]]
    return {
        "answers": [
            {
                "question": x.question,
                "answered": x.answered,
                "reason": x.reason,
                "millis": dict(x.timings_ms),
                "usage": x.usage.model_dump(),
            }
            for x in answers
        ]
    }


def ask(a: Argument) -> Argument:
    """The ``onrecord ask`` of a fresh process, with a note of when the model's first token came.

    Nothing but the note differs from the command; its answer goes to stdout as ever.
    """
    from rag import cli
    from rag.archive import Archive
    from rag.types import Event, Progress

    stream = Archive.stream
    marks: dict[str, float] = {}

    def noting(self: Archive, *args: Any, **options: Any) -> Iterator[Event]:
        for event in stream(self, *args, **options):
            if isinstance(event, Progress):
                marks.setdefault(event.stage, _age())
            yield event

    Archive.stream = noting  # type: ignore[method-assign]
    sys.argv = ["onrecord", "ask", a["question"], "--archive", a["archive"], "--model", "local"]
    code = 0
    try:
        cli.main()
    except SystemExit as e:
        code = e.code if isinstance(e.code, int) else int(bool(e.code))
    return {"code": code, "marks": marks}


def ours(a: Argument) -> Argument:
    """Ingest into a new archive; loading apart."""
    import chromadb  # noqa: F401  what ingest would import when it gets there
    import tantivy  # noqa: F401

    import rag.index.lexical
    import rag.index.vectors
    import rag.ingest.load
    import rag.ingest.pipeline  # noqa: F401
    from rag import Archive

    with Archive.open(a["archive"], chat_model="extractive") as archive:
        way = _loaded(archive, a["file"], a["passages"])
        ready = _age()
        report = archive.ingest(a["file"])
    done = _age()
    return {
        "loading": ready,
        "work": done - ready,
        "articles": report.added,
        "passages": report.passages,
        "skipped": len(report.skipped),
        "way": way,
    }


def plain(a: Argument) -> Argument:
    """The plain pipeline into a new Chroma folder; loading apart."""
    from benchmarks import plain as pipeline
    from rag.weights import MINILM, ensure_in_place

    model = pipeline.embeddings(str(ensure_in_place(MINILM, Path(os.environ["ONRECORD_CACHE"])).parent))
    model.embed_query("warm")
    ready = _age()
    chunks = pipeline.ingest(a["file"], a["archive"], model)
    done = _age()
    return {"loading": ready, "work": done - ready, "chunks": chunks}


def ways(a: Argument) -> Argument:
    """Passages per second by each way of embedding, now; first makes the archive's choice, if none is on record."""
    from rag.index.embed import BuiltInEmbedder

    embedder = BuiltInEmbedder(cache=Path(os.environ["ONRECORD_CACHE"]))
    embedder.measure(_texts(a["file"], LONG_WORK))
    texts = _texts(a["file"], 64)
    least = dict.fromkeys(getattr(embedder, "backends", _WAYS), float("inf"))
    for way in least:
        embedder.by(way, texts[:4])
    for _ in range(2):
        for way in least:
            started = time.perf_counter()
            embedder.by(way, texts)
            least[way] = min(least[way], time.perf_counter() - started)
    return {"passages_per_second": {way: round(len(texts) / seconds, 1) for way, seconds in least.items()}}


def memory(a: Argument) -> Argument:
    """Ingest, noting resident memory (MB) after every batch that was embedded and every hundred articles."""
    import psutil

    from rag import Archive

    process = psutil.Process()
    seen = 0
    batches: list[tuple[int, float]] = []
    hundreds: list[tuple[int, float]] = []

    def resident() -> float:
        return float(process.memory_info().rss) / 1e6

    def step(number: int, _: str) -> None:
        nonlocal seen
        seen = number
        if number % 100 == 0:
            hundreds.append((number, resident()))

    with Archive.open(a["archive"], chat_model="extractive") as archive:
        embed = archive.stores.embed

        def noting(texts: Any) -> Any:
            vectors = embed(texts)
            batches.append((seen, resident()))
            return vectors

        archive.stores.embed = noting  # type: ignore[method-assign]
        report = archive.ingest(a["file"], progress=step)
        way = getattr(archive.stores.embedder, "backend", "")
    return {
        "articles": report.added,
        "passages": report.passages,
        "batches": batches,
        "hundreds": hundreds,
        "way": way,
    }


def _loaded(archive: Any, file: str, passages: int) -> str:
    """Load the embedding model in the way that work of this size takes."""
    embedder = archive.stores.embedder
    if passages >= LONG_WORK:
        embedder.measure(_texts(file, LONG_WORK))
    embedder.embed(["warm"])
    return str(embedder.backend)


def _texts(file: str, number: int) -> list[str]:
    """Texts of about a passage's length."""
    texts: list[str] = []
    with Path(file).open(encoding="utf-8") as rows:
        for line in rows:
            words = json.loads(line)["text"].split()
            texts += [" ".join(words[at : at + 90]) for at in range(0, max(1, len(words) - 45), 90)]
            if len(texts) >= number:
                break
    return (texts * (number // len(texts) + 1))[:number]


_PROGRAMS: dict[str, Callable[[Argument], Argument]] = {
    f.__name__: f for f in (build, inspect, evidence, warm, ask, ours, plain, ways, memory)
}

if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    outcome = _PROGRAMS[sys.argv[1]](given)
    if "result" in given:  # stdout is the measured program's own
        with open(given["result"], "w", encoding="utf-8") as out:
            json.dump(outcome, out)
    else:
        print("RESULT " + json.dumps(outcome), flush=True)
