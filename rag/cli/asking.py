"""``onrecord ask``, ``search`` and ``quotes``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, cast

import typer

from rag.cli.app import app
from rag.cli.conversing import converse
from rag.cli.options import (
    ArchiveOption,
    JsonOption,
    KOption,
    TimesOption,
    known_outlets,
    takes_filters,
)
from rag.cli.printing import AnswerPrinter, print_hit, print_quote, print_time
from rag.cli.terminal import Exit, open_archive, print_json, rich_console, status_line
from rag.errors import OnRecordError, UsageError
from rag.protocols import AskOptions, FilterArgs
from rag.text.counting import count
from rag.text.normalize import printable

if TYPE_CHECKING:
    from rag.types import Answer, Event, Progress


@app.command()
@takes_filters
def ask(
    question: Annotated[
        str | None, typer.Argument(help="The question, in any words; without it, a conversation", show_default=False)
    ] = None,
    archive: ArchiveOption = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="local, local:/path/to.gguf, none, openai:… [default: local]", show_default=False),
    ] = None,
    k: KOption = None,
    *,
    filters: FilterArgs,
    times: TimesOption = True,
    as_json: JsonOption = False,
) -> None:
    """Answer a question in the articles' own words, and sum them up where there is a model. Exit code 3: no answer.

    Without a question, a conversation: a question a line, which may lean on the ones before; Ctrl-D ends it. From a
    pipe, every line is one; with --json, every answer is a line, and so is what went wrong with a question.

    Example: onrecord ask "what did Qin Gang say about relations?"
    """
    how = {"k": k, "times": times}
    options = cast(AskOptions, {**filters, **how})
    with open_archive(archive, model=model) as opened:
        known_outlets(opened, filters)
        if question is not None:
            answered = _answer(opened.stream(question, **options), opened.settings.model, as_json, question)
        else:
            chat = opened.chat(**options)
            opened.stores.require()

            def answer(asked: str, again: bool) -> bool:
                if not (as_json or sys.stdin.isatty()):
                    rich_console().print(f"{chr(10) if again else ''}? {printable(asked)}", style="bold")
                told = None if again else opened.settings.model
                try:
                    return _answer(chat.stream(asked), told, as_json, asked, lines=True)
                except OnRecordError as e:
                    if as_json:  # a line for each question, so that who reads them can tell which failed
                        error = {"type": type(e).__name__, "message": str(e)}
                        print_json(json.dumps({"question": asked, "error": error}, ensure_ascii=False))
                        sys.stdout.flush()
                    raise

            answered = converse(chat, answer)
    if not answered:
        raise typer.Exit(Exit.REFUSED)


def _answer(events: Iterator[Event], model: str | None, as_json: bool, question: str, *, lines: bool = False) -> bool:
    """Print an answer as it comes; whether it is one.

    Args:
        events: Of the answer.
        model: Whose; it is told where that is elsewhere. None: it has been told.
        as_json: Print it as JSON in the end.
        question: Whose language the words around the answer are in.
        lines: On one line.
    """
    from rag.answer.models.chat import is_remote
    from rag.types import Delta, Finished, Progress, Quoted, Retrieved

    err = rich_console(stderr=True)
    answer: Answer | None = None
    printer = AnswerPrinter(question)
    with status_line(err) as tell:
        tell("looking for evidence")
        for event in events:
            if isinstance(event, Retrieved):
                print_time(err, event.query.time)
                if event.query.leans:
                    err.print(f"Searched for: {printable(event.query.standalone)}", style="dim")
                if model is not None and is_remote(model):
                    err.print(f"Passages of the archive are sent to {model}.", style="yellow")
                tell(f"{count(len(event.hits), 'passage')} found")
            elif isinstance(event, Progress):
                tell(_status(event, bool(printer.quotes)))
            elif isinstance(event, Quoted | Delta):
                tell(None)
                if not as_json:
                    printer.show(event)
            elif isinstance(event, Finished):
                answer = event.answer
    assert answer is not None
    if as_json:
        print_json(answer.model_dump_json(indent=None if lines else 2))
        sys.stdout.flush()
    else:
        printer.finish(answer)
    return answer.answered


def _status(event: Progress, quoted: bool) -> str:
    """What the line on a terminal says while nothing else comes."""
    if event.stage == "writing":
        return "writing a summary" if quoted else "writing"
    what = f"reading {event.done} of {event.total} tokens" if event.stage == "reading" else "loading the model"
    return f"writing a summary: {what}" if quoted else what


@app.command()
@takes_filters
def search(
    question: Annotated[str, typer.Argument(help="What to look for")],
    archive: ArchiveOption = None,
    k: KOption = None,
    *,
    filters: FilterArgs,
    times: TimesOption = True,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what each way of searching makes of a passage, and what it adds")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Find the passages nearest to a question; no language model is needed. Exit code 3: nothing found.

    Example: onrecord search "chip export rules" -k 5 --after 2023-06-01
    """
    with open_archive(archive) as opened:
        known_outlets(opened, filters)
        found = opened.retrieve(question, k=k, times=times, **filters)
        why = opened.retriever.explain(found.query, found.hits) if explain else []
    err = rich_console(stderr=True)
    print_time(err, found.query.time)
    if as_json:
        rows = [h.model_dump(mode="json") for h in found.hits]
        for row, one in zip(rows, why, strict=False):
            row["explained"] = one.model_dump(mode="json", exclude={"passage", "score"})
        print_json(json.dumps({"hits": rows}, indent=2, ensure_ascii=False))
    else:
        for n, hit in enumerate(found.hits):
            print_hit(hit, why[n] if why else None)
    if not found.hits:
        err.print("Nothing found.")
        raise typer.Exit(Exit.REFUSED)


@app.command()
@takes_filters
def quotes(
    speaker: Annotated[
        str | None, typer.Option("--speaker", help="Who spoke: a name, a part of one, or a role")
    ] = None,
    about: Annotated[str | None, typer.Option("--about", help="What the quotes are about, in any words")] = None,
    archive: ArchiveOption = None,
    limit: Annotated[int, typer.Option("--limit", help="How many at most")] = 20,
    *,
    filters: FilterArgs,
    order: Annotated[
        str | None,
        typer.Option("--order", help="best, newest or oldest first [default: best with --about]", show_default=False),
    ] = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on stdout")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Markdown on stdout")] = False,
) -> None:
    """Find quotes and their speakers; without --speaker and --about, the newest. Exit code 3: nothing found.

    Example: onrecord quotes --speaker "Qin Gang" --about relations
    """
    from rag import quote_files
    from rag.retrieve.quote_search import MOST_QUOTES, ORDERS

    if as_json + as_csv + as_markdown > 1:
        raise UsageError("--json, --csv and --markdown: choose one.")
    by = next((o for o in ORDERS if o == order), None)
    if order is not None and by is None:
        raise UsageError(f"--order {order}: take {', '.join(ORDERS)}.")
    with open_archive(archive) as opened:
        known_outlets(opened, filters)
        one_more = limit + (1 <= limit < MOST_QUOTES)
        found = opened.quotes(speaker=speaker, about=about, limit=one_more, order=by, **filters)
    found, more = found[:limit], len(found) > limit
    if as_json:
        print_json(quote_files.as_json(found).rstrip("\n"))
    elif as_csv or as_markdown:
        title = f"Quotes of {speaker}" if speaker else "Quotes"
        text = quote_files.as_csv(found) if as_csv else quote_files.as_markdown(found, title)
        typer.echo(printable(text), nl=False)
    else:
        for quote in found:
            print_quote(quote)
    if more:
        rich_console(stderr=True).print(
            f"There are more; these are the first {limit}. --limit shows others, too.", style="dim"
        )
    if not found:
        rich_console(stderr=True).print("Nothing found.")
        raise typer.Exit(Exit.REFUSED)
