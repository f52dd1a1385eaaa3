"""One function per group of figures."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from benchmarks import data
from benchmarks.child import LONG_WORK
from benchmarks.process import ROOT, WORK, ChildFailed, child, run, say
from benchmarks.table import Group

if TYPE_CHECKING:
    from collections.abc import Iterator

_EVERY = 7252  # articles that the target for memory speaks of
_PIECE = 300  # articles taken in at once while the large archive is built
_QUESTIONS = 50
_BATCHES = 12  # of passages embedded, from which on growth is judged
_FLAT = 0.10  # growth of resident memory, first to last quarter, that still counts as flat


@dataclass
class Bench:
    """What all measurements share."""

    env: Mapping[str, str]
    source: data.Source
    runs: int
    ingest_runs: int
    passages: int
    large_passages: int
    memory_articles: int
    given: Path | None
    _sample: Path | None = None
    _large: tuple[Path, int] | None = None

    def sample(self) -> Path:
        """An archive of the sample corpus."""
        if self._sample is None:
            folder = WORK / "sample"
            _drop_stranger(folder, self)
            child("build", self.env, argument={"archive": str(folder), "files": [str(data.CORPUS)]})
            self._sample = folder
        return self._sample

    def large(self) -> tuple[Path, int]:
        """An archive of ``large_passages`` or more, and how many it has; built once, which takes a while."""
        if self._large is None:
            self._large = self._given() if self.given else self._built()
        return self._large

    def any_archive(self) -> tuple[Path, int]:
        """The large archive if it is there already, else the sample."""
        if self._large or self.given:
            return self.large()
        if (held := _inspect(WORK / "large", self)) and held["fits"] and held["passages"] >= self.large_passages:
            return self.large()
        sample = self.sample()
        return sample, int(_inspect(sample, self)["passages"])

    def _given(self) -> tuple[Path, int]:
        assert self.given is not None
        held = _inspect(self.given, self)
        if not held:
            raise ChildFailed(f"There is no archive in {self.given}.")
        if not held["fits"]:
            raise ChildFailed(
                f"The archive in {self.given} was built with {held['fingerprint']}: not today's settings."
            )
        return self.given, held["passages"]

    def _built(self) -> tuple[Path, int]:
        folder = WORK / "large"
        _drop_stranger(folder, self)
        note = WORK / "large.json"
        path = self.source.path
        of = {"data": self.source.name, "bytes": path.stat().st_size if path else 0}
        if folder.exists() and _json(note) != of:
            shutil.rmtree(folder)
        note.write_text(json.dumps(of), "utf-8")
        held = int(_inspect(folder, self).get("passages", 0))
        if held < self.large_passages:
            say(f"building an archive of {self.large_passages:,} passages in {_near(folder)} (kept for later runs)")
            with _temporary() as pieces:
                for file in self.source.pieces(pieces, _PIECE):
                    built = child("build", self.env, argument={"archive": str(folder), "files": [str(file)]})
                    held = built.result["passages"]
                    file.unlink()
                    say(f"  {held:,} passages")
                    if held >= self.large_passages:
                        break
        return folder, held


def startup(bench: Bench) -> Group:
    """``import rag`` in fresh processes."""
    group = Group("Import")
    python = sys.executable
    inside = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"
    took: dict[str, list[float]] = {"rag": [], "whole": [], "archive": []}
    for n in range(bench.runs + 1):  # the first brings the files into memory and isn't counted
        some = {
            "rag": float(run([python, "-c", inside.format("import rag")], bench.env).stdout),
            "whole": run([python, "-c", "import rag"], bench.env).seconds
            - run([python, "-c", "pass"], bench.env).seconds,
            "archive": float(run([python, "-c", inside.format("from rag import Archive")], bench.env).stdout),
        }
        for name, seconds in some.items():
            if n:
                took[name].append(seconds)
    group.add("`import rag`", took["rag"], "s", 3, below=0.3, note="inside the process")
    group.add("`import rag`, process", took["whole"], "s", 3, note="start to end, less that of a bare Python")
    group.add("`from rag import Archive`", took["archive"], "s", 3, note="inside the process; what a program does next")
    group.raw = dict(took)
    return group


def search_fresh(bench: Bench) -> Group:
    """``onrecord search``, from the start of the process to the first line on the terminal."""
    archive, passages = bench.any_archive()
    group = Group(f"Search from a fresh process ({passages:,} passages)")
    first, whole = [], []
    for n, question in enumerate(data.questions(bench.source, bench.runs + 1)[: bench.runs + 1]):
        ended = run([*_onrecord(), "search", question, "--archive", str(archive)], bench.env, terminal=True)
        say(f"  search: {ended.first_output or 0:.2f} s")
        if n and ended.first_output is not None:  # the first warms the disk
            first.append(ended.first_output)
            whole.append(ended.seconds)
    group.add("search, fresh process to first evidence", first, "s", below=2.5, note="`onrecord search`, warm disk")
    group.add("search, fresh process to its end", whole, "s")
    group.raw = {"first": first, "whole": whole, "passages": passages}
    return group


def evidence(bench: Bench) -> Group:
    """Question to evidence in a process that runs already."""
    archive, passages = bench.large()
    group = Group(f"Evidence in a running process ({passages:,} passages)")
    asked = data.questions(bench.source, _QUESTIONS * bench.runs + 5)
    warm, asked = asked[:5], asked[5:]
    # Each run asks others, so that nothing kept from before can help; neighbours go to different runs.
    runs = [asked[n :: bench.runs][:_QUESTIONS] for n in range(bench.runs)]
    runs = [r for r in runs if r]
    got = child("evidence", bench.env, argument={"archive": str(archive), "warm": warm, "runs": runs}).result
    middle = [median(r) for r in got["millis"]]
    late = [quantiles(r, n=20)[-1] if len(r) > 1 else r[0] for r in got["millis"]]
    enough = passages >= 20_000
    note = f"{len(runs[0])} questions a run, {passages:,} passages"
    group.add("evidence, p50", middle, "ms", 1, below=40, judge=enough, note=note)
    group.add("evidence, p95", late, "ms", 1)
    if not enough:
        group.notes.append("The target speaks of 20,000 passages or more: not judged.")
    group.raw = {**got, "questions": runs}
    return group


def first_token(bench: Bench) -> Group:
    """The local model's first token and the first sentence shown, warm and from a fresh process."""
    archive = bench.sample()
    group = Group("First token (sample corpus, local model, default context)")
    asked = data.sample_questions()
    warming, asked = asked[0], asked[1:]
    questions = asked[: max(bench.runs * 2, 2)]
    say(f"  warm: {len(questions)} questions")
    argument = {"archive": str(archive), "warm": warming, "questions": questions}
    answers = child("warm", bench.env, argument=argument).result["answers"]
    written = [a["millis"] for a in answers if "first_token" in a["millis"]]
    shown = [m for m in written if "first_sentence" in m]
    before = [(m["retrieve"] + m["read"]) / 1000 for m in written]
    group.add(
        "first token, warm",
        [b + m["first_token"] / 1000 for b, m in zip(before, written, strict=True)],
        "s",
        below=5,
        note="from the question on",
    )
    group.add(
        "of it, before the model is asked",
        before,
        "s",
        note="retrieving, and reading: the quotes are shown",
    )
    group.add(
        "first sentence shown, warm",
        [(m["retrieve"] + m["read"] + m["first_sentence"]) / 1000 for m in shown],
        "s",
        note="from the question on",
    )
    group.notes.append(_refused("warm", len(questions), len(written), sum(a["answered"] for a in answers)))
    tokens: list[float] = []
    sentences: list[float] = []
    raw = []
    answered = 0
    used = questions[: bench.runs]
    with _temporary() as folder:
        for n, question in enumerate([warming, *used]):  # the first warms the disk
            result = folder / "ask.json"
            argument = {"archive": str(archive), "question": question, "result": str(result)}
            ended = child("ask", bench.env, argument=argument, terminal=True)
            got = _json(result)
            if got["code"] not in (0, 3):
                raise ChildFailed(f"onrecord ask ended with {got['code']}: {ended.stdout[-500:]}")
            token = got["marks"].get("writing")
            say(f"  fresh: first token {token or 0:.2f} s, exit code {got['code']}")
            raw.append({"question": question, **got, "first_output": ended.first_output, "counted": n > 0})
            if n:
                tokens += [token] if token is not None else []
                if got["code"] == 0 and ended.first_output is not None:
                    answered += 1
                    sentences.append(ended.first_output)
    group.add("first token, fresh process", tokens, "s", below=12, note="from the start of `onrecord ask`, warm disk")
    group.add("first sentence shown, fresh process", sentences, "s", note="on the terminal, `onrecord ask`")
    group.notes.append(_refused("fresh", len(used), len(tokens), answered))
    group.raw = {"warm": answers, "fresh": raw}
    return group


def ingest(bench: Bench) -> Group:
    """Words a second beside a plain LangChain pipeline, in turns."""
    with _temporary() as folder:
        say(f"  cutting text worth {bench.passages:,} passages")
        text = bench.source.cut(folder / "articles.jsonl", passages=bench.passages)
        amount = f"{text.articles:,} articles, {text.words:,} words, {text.passages:,} passages"
        group = Group(f"Ingest ({amount} of {bench.source.name})")
        # First, so that no run pays for choosing the way, or finds torch on a cold disk.
        speeds = child("ways", bench.env, argument={"file": str(text.path)}).result["passages_per_second"]
        took: dict[str, list[dict[str, Any]]] = {"ours": [], "plain": []}
        for n in range(bench.ingest_runs):
            for name in took:
                archive = folder / f"{name}-{n}"
                argument = {"file": str(text.path), "archive": str(archive), "passages": text.passages}
                ended = child(name, bench.env, argument=argument, watch=True)
                got = {**ended.result, "process": ended.seconds, "peak_mb": ended.peak_mb}
                took[name].append(got)
                shutil.rmtree(archive, ignore_errors=True)
                work = text.words / got["work"]
                say(f"  {name} {n + 1}: {work:,.0f} words/s, {got['loading']:.1f} s of loading before")

    def rates(name: str, *parts: str) -> list[float]:
        return [text.words / sum(r[p] for p in parts) for r in took[name]]

    ours, plain = rates("ours", "work"), rates("plain", "work")
    all_ours, all_plain = rates("ours", "loading", "work"), rates("plain", "loading", "work")
    group.add("OnRecord", ours, "words/s", 0, note="models loaded before")
    group.add("plain LangChain pipeline", plain, "words/s", 0, note="models loaded before")
    group.add(
        "ingest, beside the plain pipeline",
        [a / b for a, b in zip(ours, plain, strict=True)],
        "×",
        atleast=1.5,
        judge=text.passages >= LONG_WORK,
        note="each run beside the plain one that followed it",
    )
    group.add("OnRecord, with start-up", all_ours, "words/s", 0)
    group.add("plain LangChain pipeline, with start-up", all_plain, "words/s", 0)
    group.add(
        "ingest, beside the plain pipeline, with start-up",
        [a / b for a, b in zip(all_ours, all_plain, strict=True)],
        "×",
    )
    group.add("start-up of OnRecord", [r["loading"] for r in took["ours"]], "s")
    group.add("start-up of the plain pipeline", [r["loading"] for r in took["plain"]], "s")
    group.notes += [
        f"OnRecord embedded {took['ours'][0]['passages']:,} passages by {took['ours'][0]['way']}; "
        f"the plain pipeline {took['plain'][0]['chunks']:,} chunks by torch-fp32.",
        "Each way of embedding before these runs, 64 passages: "
        + ", ".join(f"{way} {speed:g}/s" for way, speed in speeds.items())
        + ".",
    ]
    way = took["ours"][0]["way"]
    best = max(speeds, key=speeds.__getitem__)
    if text.passages < LONG_WORK:
        group.notes.append(
            f"Fewer than {LONG_WORK} passages are embedded by onnx, however fast the others: not judged."
        )
    elif speeds[best] > 1.15 * speeds[way]:
        group.notes.append(f"{best} is faster than the way on record: it was perhaps chosen on a busy machine.")
    group.raw = {**took, "words": text.words, "articles": text.articles, "ways": speeds}
    return group


def memory(bench: Bench) -> Group:
    """Resident memory of an ingest, whether it grows, and of answering with the local model."""
    with _temporary() as folder:
        text = bench.source.cut(folder / "articles.jsonl", articles=bench.memory_articles)
        say(f"  ingesting {text.articles:,} articles")
        argument = {"archive": str(folder / "archive"), "file": str(text.path)}
        ended = child("memory", bench.env, argument=argument, watch=True)
    got = ended.result
    group = Group(f"Memory ({got['articles']:,} articles, {got['passages']:,} passages)")
    group.add("ingest, peak", [ended.peak_mb / 1000], "GB", below=3, note="resident, whole process")
    first, last = _quarters(got["batches"])
    if first and last:
        growth = (last - first) / first
        ends = got["batches"][-1][0]
        slope = (last - first) / max(1.0, 0.75 * (ends - got["batches"][0][0]))  # MB an article
        group.add("ingest, first quarter", [first / 1000], "GB", note="median after each batch embedded")
        group.add("ingest, last quarter", [last / 1000], "GB")
        enough = len(got["batches"]) >= _BATCHES
        note = "first to last quarter"
        group.add("ingest, growth", [growth * 100], "%", 1, below=_FLAT * 100, judge=enough, note=note)
        if enough:
            whole = (ended.peak_mb + max(slope, 0) * max(0, _EVERY - ends)) / 1000
            group.add(f"ingest, peak if it grew on like this to {_EVERY:,} articles", [whole], "GB")
        else:
            group.notes.append(
                f"{len(got['batches'])} batches show how the process settles, not whether it is flat: "
                f"{_BATCHES} or more do (--memory-articles)."
            )
    else:
        group.notes.append("Too few batches to tell whether it is flat; take more articles (--memory-articles).")
    if got["hundreds"]:
        group.notes.append(
            "MB after each hundred articles: " + " ".join(f"{mb:.0f}" for _, mb in _thinned(got["hundreds"]))
        )
    archive, passages = bench.any_archive()
    say(f"  answering from {passages:,} passages")
    asked = data.sample_questions()[:4]
    answering = child(
        "warm", bench.env, argument={"archive": str(archive), "warm": asked[0], "questions": asked[1:]}, watch=True
    )
    note = f"local model, {passages:,} passages, {len(asked)} questions"
    group.add("answering, peak", [answering.peak_mb / 1000], "GB", below=4, note=note)
    group.raw = {**got, "peak_mb": ended.peak_mb, "answering_peak_mb": answering.peak_mb}
    return group


GROUPS = {
    "import": startup,
    "evidence": evidence,  # before search-fresh and memory, which use its archive
    "search-fresh": search_fresh,
    "first-token": first_token,
    "ingest": ingest,
    "memory": memory,
}
"""In the order in which they are measured."""


def _quarters(samples: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Medians of the first and the last quarter by article; zeros when there are fewer than three samples."""
    if len(samples) < 3:
        return 0.0, 0.0
    start, end = samples[0][0], samples[-1][0]
    edge = (end - start) / 4
    first = [mb for at, mb in samples if at <= start + edge]
    last = [mb for at, mb in samples if at >= end - edge]
    return median(first), median(last)


def _thinned(samples: Sequence[Sequence[float]]) -> Sequence[Sequence[float]]:
    return samples[:: max(1, len(samples) // 24)]


def _refused(where: str, asked: int, written: int, answered: int) -> str:
    text = f"{where}: {asked} questions, {answered} answered"
    if answered < asked:
        text += f", {asked - answered} refused (no sentence to time)"
    if written < asked:
        text += f", {asked - written} of them without asking the model"
    return text


def _inspect(folder: Path, bench: Bench) -> dict[str, Any]:
    """What is in an archive; empty when there is none."""
    if not (folder / "catalog.sqlite").exists():
        return {}
    found: dict[str, Any] = child("inspect", bench.env, argument={"archive": str(folder)}).result
    return found


def _drop_stranger(folder: Path, bench: Bench) -> None:
    """Remove an archive of ours that today's model and splitter would not have built."""
    try:
        stranger = folder.exists() and not _inspect(folder, bench).get("fits")
    except ChildFailed:  # of an older schema, or damaged
        stranger = True
    if stranger:
        shutil.rmtree(folder)


def _onrecord() -> list[str]:
    script = Path(sys.executable).with_name("onrecord")
    return [str(script)] if script.exists() else [sys.executable, "-m", "rag.cli"]


@contextmanager
def _temporary() -> Iterator[Path]:
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=WORK, ignore_cleanup_errors=True) as name:
        yield Path(name)


def _near(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
