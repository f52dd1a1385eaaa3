"""``onrecord sources``: feeds, sitemaps, pages, folders, mailboxes and buckets that are read again and again."""

from __future__ import annotations

import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.cli.options import ArchiveOption, JsonOption, parse_day
from rag.cli.terminal import Exit, open_archive, print_json, rich_console
from rag.errors import OnRecordError, UsageError
from rag.text.counting import count
from rag.text.normalize import printable

if TYPE_CHECKING:
    from rag.archive import Archive
    from rag.sources.values import Source, SourceReport, SyncReport

group = typer.Typer(
    name="sources",
    help="Sources that keep coming: feeds, sitemaps, pages, folders, mailboxes and buckets (docs/sources.md).",
    no_args_is_help=True,
)


class Stopped(SystemExit):
    """A sync was stopped, and everything is in order; threads inside a model must not keep the process alive."""


NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name or address of a source")]
NamesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Names or addresses of sources [default: all]")
]
_LOGGED = 3600.0
"""Seconds between two lines of a loop whose stderr is no terminal."""


@group.command()
def add(
    address: Annotated[
        str, typer.Argument(help="A page, feed, sitemap or home page; a folder, a Maildir, or a bucket such as s3://…")
    ],
    archive: ArchiveOption = None,
    name: Annotated[str | None, typer.Option("--name", help="What to call it [default: its host or folder]")] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", help="page, feed, sitemap, wordpress, ghost, folder, maildir or bucket [default: seen]"),
    ] = None,
    remove_withdrawn: Annotated[
        bool,
        typer.Option("--remove-withdrawn", help="Delete here what the source withdraws (410, files that are removed)"),
    ] = False,
    since: Annotated[
        str | None, typer.Option("--since", help="Pass over articles dated before, as in 2026-01-01")
    ] = None,
    auth: Annotated[
        str | None, typer.Option("--auth", help="Where its credentials are: env:VARIABLE or keyring:NAME")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Keep a source. Nothing is ingested yet; a web address is fetched once, to see what it is.

    Example: onrecord sources add https://news.example/ --archive news
    """
    day = parse_day("--since", since)
    with open_archive(archive) as opened:
        source = opened.sources.add(address, name=name, kind=kind, remove=remove_withdrawn, since=day, auth=auth)
    if as_json:
        print_json(source.model_dump_json(indent=2))
        return
    print(f"added {printable(source.name)}: {source.kind} {printable(source.address)}")
    print("Read it now: onrecord sources sync")


@group.command("list")
def list_sources(archive: ArchiveOption = None, as_json: JsonOption = False) -> None:
    """List the sources, each with its last run.

    Example: onrecord sources list
    """
    with open_archive(archive) as opened:
        found = opened.sources.all()
        if not found:  # sources can be kept before anything is ingested
            opened.stores.require()
    if as_json:
        print_json('{"sources": [' + ",\n".join(s.model_dump_json(indent=2) for s in found) + "]}")
        return
    if not found:
        print("No sources. Add one: onrecord sources add ADDRESS")
    for source in found:
        print(_line(source))


@group.command()
def sync(
    names: NamesArgument = None,
    archive: ArchiveOption = None,
    every: Annotated[
        str | None, typer.Option("--every", help="Go on, once in 15m, 2h or 90s, until Ctrl-C or SIGTERM")
    ] = None,
    recheck: Annotated[
        bool, typer.Option("--recheck", help="Look again at every page that was read before, not only at those due")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch what is new or has changed. Exit code 0 only if every source was read.

    Example: onrecord sources sync --every 15m --archive news
    """
    pause = _seconds(every) if every is not None else None
    with open_archive(archive) as opened, _stopping() as cancel:
        if not opened.sources.all():
            opened.stores.require()
            raise UsageError("No sources to sync. Add one: onrecord sources add ADDRESS")
        complete = _loop(opened, names or [], pause, recheck, as_json, cancel)
    if cancel.is_set():
        raise Stopped(Exit.DONE if complete else Exit.ERROR)
    if not complete:
        raise typer.Exit(Exit.ERROR)


@group.command()
def pause(name: NameArgument, archive: ArchiveOption = None) -> None:
    """Leave a source out of syncs until it is resumed.

    Example: onrecord sources pause news.example
    """
    with open_archive(archive) as opened:
        print(f"paused {printable(opened.sources.pause(name).name)}")


@group.command()
def resume(name: NameArgument, archive: ArchiveOption = None) -> None:
    """Take a paused source into syncs again.

    Example: onrecord sources resume news.example
    """
    with open_archive(archive) as opened:
        print(f"resumed {printable(opened.sources.pause(name, paused=False).name)}")


@group.command()
def remove(
    name: NameArgument,
    archive: ArchiveOption = None,
    articles: Annotated[
        bool, typer.Option("--articles", help="Delete its articles too, for good, unless another source has them")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for confirmation")] = False,
) -> None:
    """Forget a source. Its articles stay, unless --articles is given.

    Example: onrecord sources remove news.example
    """
    with open_archive(archive) as opened:
        source = opened.sources.get(name)
        if articles and not yes:
            if not sys.stdin.isatty():
                raise UsageError("Nobody is there to confirm. Add --yes.")
            if not typer.confirm(f"Delete {count(source.articles, 'article')} for good?", err=True):
                raise typer.Exit(Exit.ERROR)
        gone = opened.sources.remove(name, articles=articles)
    print(f"removed {printable(source.name)}" + (f" and {count(gone, 'article')}" if articles else ""))


@group.command()
def log(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Name or address of a source")] = None,
    archive: ArchiveOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many runs")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show what came of past runs, newest first.

    Example: onrecord sources log --limit 5
    """
    with open_archive(archive) as opened:
        runs = opened.sources.log(name, limit)
        if not runs and not opened.sources.all():
            opened.stores.require()
    if as_json:
        print_json('{"runs": [' + ",\n".join(r.model_dump_json(indent=2) for r in runs) + "]}")
        return
    for run in runs:
        print(f"{run.began:%Y-%m-%d %H:%M}  {told(run)}")
        for error in run.errors:
            print(f"    {printable(error)}")


def _line(source: Source) -> str:
    state = "paused" if source.paused else "never read" if source.last is None else told(source.last, named=False)
    told_of = (printable(source.name), source.kind, count(source.articles, "article"), printable(source.address))
    return f"{'  '.join(told_of)}\n    {state}"


def told(report: SourceReport, *, named: bool = True) -> str:
    """What came of a source, on one line."""
    counts = ("new", "changed", "unchanged", "gone", "failed", "skipped", "waiting")
    figures = ", ".join(f"{getattr(report, n)} {n}" for n in counts if getattr(report, n) or n == "new")
    removed = f" ({report.removed} deleted here)" if report.removed else ""
    unread = "" if report.read else ", the source could not be read"
    return f"{printable(report.source) + ': ' if named else ''}{figures}{removed}{unread}, {report.seconds:.1f} s"


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", text.strip().lower())
    if match is None or not float(match[1]):
        raise UsageError(f"--every {text!r}: write it as 15m, 2h or 90s.")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2]]


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, so that what is being stored is ended in order."""
    cancel = threading.Event()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, lambda *_: cancel.set())
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _loop(
    opened: Archive, names: list[str], pause: float | None, recheck: bool, as_json: bool, cancel: threading.Event
) -> bool:
    """Sync once, or again and again; whether every source was read in the last run."""
    tally = _Tally()
    while True:
        began = time.monotonic()
        try:
            with _shown() as progress:
                report = opened.sources.sync(names, look_at_all=recheck, cancel=cancel, progress=progress)
        except OnRecordError as e:
            if pause is None:
                raise
            rich_console(stderr=True).print(f"onrecord: {printable(str(e))}", style="red")
            complete = False
        else:
            complete = report.complete
            _print(report, as_json, loop=pause is not None, tally=tally)
        if pause is None or cancel.is_set():
            return complete or (pause is not None and cancel.is_set())
        cancel.wait(max(0.0, pause - (time.monotonic() - began)))
        if cancel.is_set():
            return True


class _Tally:
    """What a loop has done since its last line."""

    def __init__(self) -> None:
        self.since = time.monotonic()
        self.counts: dict[str, int] = {}

    def add(self, report: SyncReport) -> str | None:
        """Count a run; once an hour, a line."""
        for name in ("new", "changed", "gone", "failed"):
            self.counts[name] = self.counts.get(name, 0) + sum(getattr(s, name) for s in report.sources)
        self.counts["runs"] = self.counts.get("runs", 0) + 1
        if time.monotonic() - self.since < _LOGGED:
            return None
        line = ", ".join(f"{n} {name}" for name, n in self.counts.items())
        self.since, self.counts = time.monotonic(), {}
        return line


def _print(report: SyncReport, as_json: bool, *, loop: bool, tally: _Tally) -> None:
    if as_json:
        print_json(report.model_dump_json() if loop else report.model_dump_json(indent=2))
        sys.stdout.flush()
        return
    err = rich_console(stderr=True)
    if loop and not err.is_terminal:
        if (line := tally.add(report)) is not None:
            err.print(f"{time.strftime('%Y-%m-%d %H:%M')} {line}")
        for source in report.sources:
            if not source.read:
                err.print(printable(f"{time.strftime('%Y-%m-%d %H:%M')} {told(source)}: {' '.join(source.errors[:1])}"))
        return
    for source in report.sources:
        print(told(source))
        for error in source.errors[:10]:
            err.print(f"    {printable(error)}", style="yellow")
    if report.stopped:
        err.print("stopped; the next sync goes on from here", style="yellow")


@contextmanager
def _shown() -> Iterator[Callable[[SourceReport], None] | None]:
    """Sources that are being read, a line each on stderr, where that is a terminal."""
    console = rich_console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn

    with Progress(SpinnerColumn(), TextColumn("{task.description}"), console=console, transient=True) as progress:
        tasks: dict[str, Any] = {}

        def show(report: SourceReport) -> None:
            if report.source not in tasks:
                tasks[report.source] = progress.add_task("", total=None)
            progress.update(tasks[report.source], description=told(report.model_copy(update={"read": True})))

        yield show


__all__ = ["Stopped", "group", "told"]
