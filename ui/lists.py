"""HTML around the conversation: masthead, conversations, filters, the archive's articles, results of an upload."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from rag.ui import citing
from rag.ui.html import fill

from rag.ingest.preview import Preview, grouped, told_of
from rag.intake import FileResult
from rag.protocols import FilterArgs
from rag.text.counting import count
from rag.text.timespan import day
from rag.types import ArticleSummary, Conversation, IngestReport, Stats

PAGE = 25
"""Articles on a page of the list."""
_REASONS = 3
"""Reasons shown for a file of which rows were skipped."""


def masthead(stats: Stats | None, model: str, remote: bool, user: str = "") -> str:
    """The name, what the archive covers, and where text goes when it leaves the machine.

    Args:
        stats: Of the archive, where there is one.
        model: Which writes.
        remote: Whether it is elsewhere.
        user: Who has signed in, and may sign out; empty where nobody has.
    """
    if stats is None or not stats.articles:
        facts = "The archive is empty"
    else:
        span = f", {day(stats.first)} to {day(stats.last)}" if stats.first and stats.last else ""
        outlets = count(len([s for s in stats.sources if s]), "outlet")
        facts = f"{count(stats.articles, 'article')} from {outlets}{span}"
    return fill("lists", "masthead", facts, model, remote, user)


def first_run() -> str:
    """The welcome of an empty archive."""
    return fill("lists", "first_run")


def welcome(examples: Sequence[str], stats: Stats | None) -> str:
    """What stands where the conversation will be: example questions."""
    return fill("lists", "welcome", examples, count(stats.articles, "article") if stats else "the archive")


def working(what: str, done: int, total: int | None) -> str:
    """Progress of something that takes a while; ``total`` is None while it is not known."""
    count = f"{done:,} of {total:,}" if total else f"{done:,}"
    return fill("lists", "working", what, count, done, total)


def conversations(found: Sequence[Conversation], current: str | None, search: str, pending: str = "") -> str:
    """The list of conversations, latest change first.

    Args:
        found: Those that are kept.
        current: The id of the one that is shown.
        search: The words that they were searched for.
        pending: The first question of one that is still being answered.
    """
    if not found and not pending:
        empty = "No conversation has these words." if search.strip() else "Conversations are kept here."
        return fill("lists", "muted", empty)
    return fill("lists", "conversations", found, current, pending)


def exports(current: str | None, rated: bool, link: str | None = None) -> str:
    """Links that download a conversation, or one's feedback, and the link by which others may read it.

    Args:
        current: The conversation's id.
        rated: Whether there is feedback.
        link: The token of the link, where there is one.
    """
    styles = [(name, label) for name, label in citing.styles().items() if name != citing.PLAIN]
    return fill("lists", "exports", current, rated, link, styles)


def chips(filters: FilterArgs, editing: bool = False, only: str = "", wrong: str = "") -> str:
    """The filters in force, each with a button that removes it; and that a question is being edited.

    Args:
        filters: Those in force.
        editing: Whether a question is being edited.
        only: Title of the one article that is asked.
        wrong: What is wrong with a field.
    """
    sources = filters.get("sources", ())
    found = [(f"Outlet: {s}" if s else "Without an outlet", "source", s) for s in sources]
    if after := filters.get("after"):
        found.append((f"From {_said(after)}", "after", ""))
    if before := filters.get("before"):
        found.append((f"Before {_said(before)}", "before", ""))
    if language := filters.get("language"):
        found.append((f"Language: {language}", "language", ""))
    if collection := filters.get("collection"):
        found.append((f"Within: {collection}", "collection", ""))
    if only:
        found.append((f"Only: {only}", "only", ""))
    return fill("lists", "chips", found, editing, wrong)


def _said(when: date | str) -> str:
    return when if isinstance(when, str) else day(when)


# -- the archive tab ----------------------------------------------------------------


def articles(
    found: Sequence[ArticleSummary],
    total: int,
    offset: int,
    search: str,
    kept: Collection[str] = (),
    ticks: bool = False,
) -> str:
    """A page of the archive's articles; those in ``kept`` (ids) can't be deleted by who sees it.

    With ``ticks`` they can be ticked, to be set by hand.
    """
    if not found:
        return fill("lists", "muted", "No article matches." if search.strip() or offset else "The archive is empty.")
    last = min(offset + PAGE, total)
    newer = max(0, offset - PAGE) if offset else None
    older = offset + PAGE if last < total else None
    return fill("lists", "articles", found, total, f"{offset + 1:,}", f"{last:,}", newer, older, kept, ticks)


def ingest_result(files: Sequence[str], report: IngestReport) -> str:
    """What an upload did, with a result for each file."""
    skipped: dict[str, list[str]] = {}
    refused: set[str] = set()
    for s in report.skipped:
        name, colon, row = s.origin.partition(":")
        place = f"no. {row}" if row.isdigit() else row
        skipped.setdefault(name, []).append(f"{place}: {s.reason}" if colon and row else s.reason)
        if not s.passed:
            refused.add(name)
    results = []
    outcomes = [*map(_outcome, report.files), *["taken in"] * len(files)]
    for name, outcome in zip(files, outcomes, strict=False):
        reasons = skipped.pop(name, [])
        more = f" and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
        told = f"{'; '.join(reasons[:_REASONS])}{more}"
        result = f"skipped: {told}" if name in refused else told or outcome
        results.append((name, name not in refused, result))
    results += [(name, False, f"skipped: {'; '.join(reasons[:_REASONS])}") for name, reasons in skipped.items()]
    head = (
        f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged, {len(report.refused)} skipped, "
        f"in {report.seconds:.1f} s"
    )
    if report.unread_dates:
        told = count(report.unread_dates, "date that can't be read", "dates that can't be read")
        head += f"; {told}, as in {report.unread_date}"
    return fill("lists", "ingest_result", head, results)


def _outcome(file: FileResult) -> str:
    """What became of a file of which everything was read: "taken in", "unchanged", "2 added, 1 unchanged"."""
    counts = {"added": file.added, "updated": file.updated, "unchanged": file.unchanged}
    several = [name for name, count in counts.items() if count]
    if len(several) == 1 and several != ["added"]:
        return several[0]
    return ", ".join(f"{counts[name]} {name}" for name in several) if len(several) > 1 else "taken in"


def preview(told: Preview) -> str:
    """What each uploaded file is taken for, and what is read of it."""
    rows = [
        (name, group[0].what, f"{sum(file.articles for file in group):,}", told_of(group))
        for name, group in grouped(told.files, PAGE)
    ]
    return fill("lists", "preview", rows)


def failed(message: str) -> str:
    """An error, in the place of its result."""
    return fill("macros", "failed", message)
