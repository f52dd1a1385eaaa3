"""What ``onrecord eval`` puts on a terminal: progress, a run's figures, a comparison."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rag.cli.terminal import rich_console
from rag.text.counting import count
from rag.text.normalize import printable

if TYPE_CHECKING:
    from rag.evaluation.values import Comparison, Report, Row


@contextmanager
def case_progress() -> Iterator[Callable[[int, int, Row | None], None]]:
    """A progress bar with the time left; where nobody sees a bar, a line for every tenth."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = rich_console(stderr=True)
    state = {"done": 0, "total": 0}

    def lines(done: int, total: int, row: Row | None) -> None:
        state.update(done=done, total=total)
        if row is None or done == total or done * 10 // total != (done - 1) * 10 // total:
            print(f"{done} of {count(total, 'case')}", file=sys.stderr, flush=True)

    columns = (
        TextColumn("cases"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}"),
    )
    try:
        if not console.is_terminal:
            yield lines
            return
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("cases", total=None, failed="")
            failed = 0

            def moved(done: int, total: int, row: Row | None) -> None:
                nonlocal failed
                failed += row is not None and row.error is not None
                state.update(done=done, total=total)
                progress.update(task, completed=done, total=total, failed=f"{failed} failed" if failed else "")

            yield moved
    except KeyboardInterrupt:
        print(
            f"Cases that are kept: {state['done']} of {state['total'] or '?'}. The same command goes on.",
            file=sys.stderr,
        )
        raise


def print_report(report: Report) -> None:
    from rich.table import Table

    from rag.evaluation.labels import measure as named
    from rag.evaluation.report_view import headline

    out = rich_console()
    run = report.run
    out.print(
        f"{run.chosen} of {count(run.of, 'case')} of {printable(run.cases)}, "
        f"{printable(run.model or 'retrieval only')}",
        style="bold",
    )
    if told := headline(report):
        out.print(told, style="bold")
    table = Table(box=None, pad_edge=False)
    for heading, side in (("measure", "left"), ("", "left"), ("value", "right"), ("95 %", "left"), ("cases", "right")):
        table.add_column(heading, justify=side)  # type: ignore[arg-type]
    for s in report.scores:
        if s.value is not None:
            interval = f"{s.low:.3f}-{s.high:.3f}" if s.low is not None and s.high is not None else ""
            table.add_row(s.name, named(s.name)[0], f"{s.value:.3f}", interval, str(s.cases))
    out.print(table)
    _print_outcomes(report)
    for stage in ("search", "first_sentence", "total"):
        if spread := report.latency.get(stage):
            out.print(f"{stage} p50 {spread.p50 / 1000:.2f} s, p95 {spread.p95 / 1000:.2f} s", style="dim")
    if report.causes:
        out.print("failed: " + ", ".join(f"{n} {cause}" for cause, n in report.causes.items()))
    for note in report.notes:
        out.print(printable(note), style="dim")


def _print_outcomes(report: Report) -> None:
    """How cases with a rubric came out, a line a type; nothing where there are none."""
    from rich.table import Table

    from rag.evaluation import labels, measures
    from rag.evaluation.report_view import outcomes

    if not (found := outcomes(report)):
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("type", no_wrap=True)
    for name in measures.RUBRIC:
        table.add_column(labels.measure(name)[0].lower(), justify="right")
    for row in found:
        cells = (f"{s.counted}\n{s.share}\n{s.interval.replace('–', '-')}" if s else "" for s in row.shares)
        table.add_row(printable(row.label), *cells)
    rich_console().print(table)


def print_comparison(found: Comparison) -> None:
    from rich.table import Table

    out = rich_console()
    table = Table(box=None, pad_edge=False)
    for heading in ("measure", "A", "B", "B - A", "95 %", "p", "cases", ""):
        table.add_column(heading, justify="left" if heading in ("measure", "95 %", "") else "right")
    for d in found.differences:
        word = "worse" if d.worse else "better" if d.better else ""
        table.add_row(
            d.name, f"{d.a:.3f}", f"{d.b:.3f}", f"{d.difference:+.3f}", f"{d.low:+.3f} to {d.high:+.3f}",
            f"{d.p:.3f}", str(d.cases), word, style="red" if d.worse else "green" if d.better else None,
        )  # fmt: skip
    out.print(table)
    for title, flips in (("right in B only", found.gained), ("right in A only", found.lost)):
        if flips:
            out.print(f"\n{title}: {len(flips)}", style="bold")
        for flip in flips[:20]:
            out.print(printable(f"  {flip.id}: {flip.question} ({flip.cause})"))
        if len(flips) > 20:
            out.print(f"  … and {len(flips) - 20} more; all of them with --json")
    for note in found.notes:
        out.print(printable(note), style="dim")
