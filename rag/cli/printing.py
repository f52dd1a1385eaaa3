"""Answers, passages and quotes as lines of a terminal."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rag.cli.terminal import rich_console
from rag.text.normalize import printable

if TYPE_CHECKING:
    from rich.console import Console

    from rag.types import Answer, Citation, Conflict, Hit, Quote, Time


def print_time(err: Console, time: Time | None) -> None:
    """Say what the question's words of when were taken as, and how to do without."""
    if time is None:
        return
    from rag.text import timespan

    what, dating = timespan.describe_time(time, "to"), timespan.dating(time)
    told = f"Taken as {what}" if time.kind in ("within", "as_of") else f"{what[:1].upper()}{what[1:]}"
    otherwise = "leaves dates aside" if time.kind == "latest" else "looks at all dates"
    line = f"{f'{told}, {dating}' if dating else told} (“{time.phrase}”); --any-time {otherwise}."
    err.print(printable(line), style="dim")


def print_answer(answer: Answer, wrote: bool) -> None:
    out, err = rich_console(), rich_console(stderr=True)
    if wrote:
        print("\n")
    else:
        out.print(printable(answer.text), style="yellow")
    if answer.answered:
        for citation in answer.numbered:
            _print_citation(out, citation)
        for conflict in answer.conflicts:
            _print_conflict(out, conflict)
        for question in answer.unanswered:
            out.print(f"The archive does not answer: {printable(question)}", style="yellow")
    elif answer.hits:
        print("\nThe nearest passages:\n")
        for hit in answer.hits[:3]:
            print_hit(hit)
    for sentence in answer.withheld:
        err.print(f"withheld: {printable(sentence.text)} ({printable(sentence.why)})", style="dim")


def _print_citation(out: Console, citation: Citation) -> None:
    from rich.text import Text

    quote = " ".join(citation.quote.split())
    out.print(Text.assemble((f"[{citation.number}] ", "bold cyan"), printable(quote)))
    out.print(f"    {_origin(citation.title, citation.source, citation.published, citation.url)}", style="dim")
    if citation.also_published_by:
        out.print(f"    also printed by {printable(', '.join(citation.also_published_by))}", style="dim")
    out.print(f"    onrecord show {citation.article_id}", style="dim")


def _print_conflict(out: Console, conflict: Conflict) -> None:
    age = {True: " (newer)", False: " (older)", None: ""}[conflict.newer]
    out.print(f"\nSources disagree: {printable(conflict.about)}", style="yellow")
    out.print(f"    {printable(' '.join(conflict.quote.split()))}")
    out.print(f"    {_origin(conflict.title, conflict.source, conflict.published, conflict.url)}{age}", style="dim")
    out.print(f"    onrecord show {conflict.article_id}", style="dim")


def print_hit(hit: Hit) -> None:
    from rich.text import Text

    out, p = rich_console(), hit.passage
    origin = _origin(p.title, p.source, p.published, p.url)
    out.print(Text.assemble((f"{hit.rank}. ", "bold"), (origin, "bold"), (f"  {hit.score:.4f} {hit.found_by}", "dim")))
    out.print(f"   {printable(' '.join(p.text.split()))}")
    if p.also_published_by:
        out.print(f"   also printed by {printable(', '.join(p.also_published_by))}", style="dim")
    out.print(f"   onrecord show {p.id}", style="dim")
    out.print()


def print_quote(quote: Quote) -> None:
    from rich.text import Text

    out, words = rich_console(), " ".join(quote.quote.split())
    who = ", ".join(x for x in (quote.speaker, quote.role) if x)
    out.print(Text.assemble((printable(who), "bold"), (f"  {printable(quote.verb or '')}", "dim")))
    out.print(f"   {printable(f'“{words}”' if quote.direct else f'reported: {words}')}")
    out.print(f"   {_origin(quote.title, quote.source, quote.published, quote.url)}", style="dim")
    if quote.also_published_by:
        out.print(f"   also printed by {printable(', '.join(quote.also_published_by))}", style="dim")
    out.print(f"   onrecord show {quote.article_id}", style="dim")
    out.print()


def _origin(title: str, source: str | None, published: datetime | None, url: str | None) -> str:
    when = f"{published.day} {published:%B %Y}" if published else None
    return printable(" · ".join(x for x in (title, source, when, url) if x))
