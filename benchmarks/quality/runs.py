"""Running a set: the archive once, then each system over its questions; what is done is not done again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process import ROOT
from benchmarks.quality.sets import Set
from rag import Archive, IngestReport, Settings
from rag.evaluation.rows import read_rows
from rag.evaluation.run import evaluate, output_dir
from rag.evaluation.values import EvalCase, Report, Row
from rag.index.embed import DEFAULT

WORK = ROOT / ".bench/quality"
ARMS = ("dense", "lexical", "hybrid")


@dataclass(frozen=True)
class Figure:
    """One measure of one system on one set."""

    set: str
    system: str
    measure: str
    value: float | None
    low: float | None
    high: float | None
    cases: int


def say(text: str) -> None:
    """Progress, to stderr."""
    print(text, file=sys.stderr, flush=True)


def archive_of(task: Set, data: Path) -> Path:
    """The set's archive, made when it is not there or not whole."""
    return filled(task.archive, lambda archive: archive.ingest(data / task.corpus), embeddings=task.embeddings)


def filled(name: str, fill: Callable[[Archive], IngestReport], *, embeddings: str = DEFAULT) -> Path:
    """An archive of this folder, filled when it is not there or not whole."""
    folder = WORK / name
    whole = folder.with_suffix(".whole")
    if not whole.exists():
        say(f"ingesting {name} ...")
        with Archive.open(folder, embeddings=embeddings) as archive:
            report = fill(archive)
        say(f"  {report.added + report.unchanged + report.updated} articles, {report.seconds:.0f} s")
        whole.touch()
    return folder


def run(task: Set, system: str, data: Path) -> tuple[Report, list[Row]]:
    """Run one system over a set, or take its rows from last time.

    Args:
        task: The set.
        system: An arm of the retrieval, or a model's name.
        data: The data folder.
    """
    folder = archive_of(task, data)
    cases: Sequence[EvalCase] = task.cases(data) if system in (*ARMS, "extractive") else task.some(data)
    settings = Settings(archive=folder, embeddings=task.embeddings)
    if task.retrieval:
        settings = settings.model_copy(update={"retriever": system})
    out = WORK / "runs" / f"{task.name}-{system.replace('/', '-').replace(':', '-')}-{{run}}"
    started = time.time()

    def tell(done: int, total: int, row: Row | None) -> None:
        if row is not None and (done % max(1, total // 10) == 0 or done == total):
            say(f"  {task.name} {system}: {done} of {total}, {time.time() - started:.0f} s")

    with Archive.open(settings=settings, chat_model=None if task.retrieval else system) as archive:
        report = evaluate(archive, cases, out=out, retrieval=task.retrieval, progress=tell)
    return report, read_rows(output_dir(out, report.run))


def figures(task: Set, system: str, report: Report, rows: Sequence[Row]) -> list[Figure]:
    """What is shown of a run."""
    scores = {s.name: s for s in report.scores}
    found = []
    for name in task.measures:
        if name.startswith("nota"):
            found.append(_nota(task, system, name, rows))
        elif (s := scores[name]).value is not None:
            found.append(Figure(task.name, system, name, s.value, s.low, s.high, s.cases))
    return found


def _nota(task: Set, system: str, name: str, rows: Sequence[Row]) -> Figure:
    """How often "none of the above" is chosen: where it is right (recall), and where it is not (false)."""
    wanted = name == "nota_recall"
    chosen = []
    for row in rows:
        case = row.case
        nota = next((n for n, c in enumerate(case.choices) if c.casefold().startswith("none of the above")), None)
        if nota is not None and (case.choice == nota) == wanted:
            chosen.append(float(row.choice is not None and row.choice.choice == nota))
    return Figure(task.name, system, name, sum(chosen) / len(chosen) if chosen else None, None, None, len(chosen))
