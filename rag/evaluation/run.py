"""Running: cases through an archive, a row each, written as it is done; a run that stopped goes on from its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from rag.archive import Archive
from rag.errors import UsageError
from rag.evaluation import cases as casebook
from rag.evaluation import measures, report, statistics
from rag.evaluation.case_runner import CaseRunner, storable
from rag.evaluation.libraries import require_libraries
from rag.evaluation.provenance import describe
from rag.evaluation.rows import RunRows
from rag.evaluation.values import EvalCase, Report, Row, Run

DEPTH = 50
"""Passages ranked for the retrieval measures, by default."""
DEEPEST = 1000
"""Passages that a search can rank."""

Progress = Callable[[int, int, Row | None], None]
"""Told (cases done, cases in all, the row just done; None for those taken over from an earlier start)."""


def evaluate(
    archive: Archive,
    cases: Sequence[EvalCase],
    *,
    out: str | Path | None = None,
    retrieval: bool = False,
    measure: Sequence[str] | None = None,
    depth: int = DEPTH,
    brief: bool = True,
    workers: int | None = None,
    limit: int | None = None,
    sample: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Report:
    """Ask every case and measure what comes of it.

    Args:
        archive: Asked with its own model and settings.
        cases: As ``load_cases`` gives them.
        out: A folder for ``rows.jsonl``, ``report.json`` and ``report.html``; "{run}" in it stands for the run's id.
            If rows of the same run are there, they are taken over, and only the rest (and what failed) is asked.
            None: nothing is written.
        retrieval: Only search; no language model is needed.
        measure: Names such as ``recall@5``; by default ``measures.DEFAULT``.
        depth: Passages ranked for the retrieval measures.
        brief: Where accepted answers are short, have the model say its answer again in a few words, and take that
            for ``exact_match`` and ``f1``.
        workers: Cases asked at once; by default 4 for a model of a service, else 1.
        limit: Only the first so many cases.
        sample: Only so many cases, drawn at random.
        seed: Of the draw.
        progress: Told of each row.

    Returns:
        The report; with ``out``, also written there.

    Raises:
        UsageError: No cases, an unknown measure or model, or a folder that holds another run.
        ExtraMissing: A library that only an evaluation needs is not installed.
        ArchiveMissing, ModelMissing, ...: What would make every case fail. A case that fails alone is a row
            with its error.
    """
    require_libraries()
    names = measures.parse(measure) if measure is not None else measures.DEFAULT
    _least_one(limit=limit, sample=sample, depth=depth, workers=workers)
    if depth > DEEPEST:
        raise UsageError(f"depth is {depth}; {DEEPEST} is the most.")
    chosen = _chosen(cases, limit, sample, seed)
    run = describe(archive, cases, chosen, retrieval=retrieval, depth=depth, brief=brief, seed=seed if sample else None)
    runner = CaseRunner(archive, retrieval=retrieval, depth=depth, brief=brief)
    folder = output_dir(out, run) if out is not None else None
    with RunRows.open(folder, run) as rows:
        run = rows.run
        todo = [c for c in chosen if not rows.has(c.id)]
        if todo and not retrieval:
            archive.prepare()  # a model that is not there is not to be met case by case
        done = len(chosen) - len(todo)
        if progress and done:
            progress(done, len(chosen), None)
        for row in _run_all(runner, todo, workers or (4 if runner.remote else 1)):
            rows.append(row)
            done += 1
            if progress:
                progress(done, len(chosen), row)
        found = [rows.by_case[c.id] for c in chosen]
        result = statistics.report(run, found, names)
        if folder is not None:
            report.write(folder, result, found)
    return result


def output_dir(out: str | Path, run: Run) -> Path:
    """The folder that ``out`` means for a run."""
    return Path(str(out).replace("{run}", run.id)).expanduser()


def _least_one(**numbers: int | None) -> None:
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise UsageError(f"{name} is {number}; 1 is the least.")


def _chosen(cases: Sequence[EvalCase], limit: int | None, sample: int | None, seed: int) -> list[EvalCase]:
    given = [storable(c) for c in cases]
    chosen = list(given if sample is None else casebook.sample(given, sample, seed))[:limit]
    if not chosen:
        raise UsageError("There are no cases. Give a file with at least one.")
    seen: set[str] = set()
    for case in chosen:
        if case.id in seen:
            raise UsageError(f"Two cases have the id {case.id!r}. Give each its own.")
        seen.add(case.id)
    return chosen


def _run_all(runner: CaseRunner, cases: Sequence[EvalCase], workers: int) -> Iterator[Row]:
    """Rows as they are done. Closing the iterator, or Ctrl-C, stops what is under way and loses nothing done."""
    waiting = iter(cases)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="onrecord-eval")
    running: set[Future[Row | None]] = set()
    try:
        while True:
            for case in waiting:
                running.add(pool.submit(runner.ask, case))
                if len(running) >= workers:
                    break
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda f: f.exception() is not None):  # what is done is kept first
                if (row := future.result()) is not None:
                    yield row
    finally:
        runner.stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


__all__ = ["DEPTH", "evaluate", "output_dir"]
