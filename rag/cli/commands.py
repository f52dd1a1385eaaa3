"""The commands that ingest, ask, search and look after an archive."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.cli.terminal import (
    AfterOption,
    AnyTimeOption,
    ArchiveOption,
    BeforeOption,
    DatedOption,
    Exit,
    JsonOption,
    KOption,
    LanguageOption,
    SourceOption,
    TodayOption,
    open_archive,
    pair,
    print_json,
    printable,
    progress_bar,
    rich_console,
    signs_of_life,
)
from rag.errors import OnRecordError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from rag.types import Answer, Article, Citation, Conflict, Hit, Passage, Quote, Time

app = typer.Typer(
    name="onrecord",
    help="Questions to an archive of news articles, answered with the exact words that support every sentence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _top(version: Annotated[bool, typer.Option("--version", help="Print the version and exit")] = False) -> None:
    if version:
        from rag import __version__

        print(f"onrecord {__version__}")
        raise typer.Exit


@app.command()
def ingest(
    paths: Annotated[list[str] | None, typer.Argument(help="Files, folders and glob patterns")] = None,
    archive: ArchiveOption = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Take in the sample corpus that ships with OnRecord")
    ] = False,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", help="For JSONL and CSV: OURS=THEIRS, as in text=body; can be repeated"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take articles in. Doing it again changes nothing; what was interrupted is completed.

    Example: onrecord ingest articles/ 'more/*.html' --archive news
    """
    from rag.ingest.load import count

    sources: list[str | Path] = list(paths or [])
    if sample:
        from importlib import resources

        sources.append(Path(str(resources.files("rag.corpus"))))
    if not sources:
        raise UsageError(
            "Nothing to ingest. Name files or folders, or use --sample for the articles that ship with OnRecord."
        )
    fields = dict(pair(f) for f in field or [])
    with open_archive(archive) as opened, progress_bar("articles", lambda: count(sources)) as step:
        report = opened.ingest(*sources, fields=fields, progress=step)
    if as_json:
        print_json(report.model_dump_json(indent=2))
        return
    out = rich_console()
    out.print(
        f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged, {len(report.skipped)} skipped "
        f"({report.passages} passages, {report.words} words, {report.seconds:.1f} s)"
    )
    err = rich_console(stderr=True)
    for skip in report.skipped[:20]:
        err.print(printable(f"skipped {skip.origin}: {skip.reason}"), style="yellow")
    if len(report.skipped) > 20:
        err.print(f"… and {len(report.skipped) - 20} more; all of them with --json", style="yellow")


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in any words")],
    archive: ArchiveOption = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", help="local, local:/path/to.gguf, extractive, openai:… [default: local]", show_default=False
        ),
    ] = None,
    k: KOption = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    source: SourceOption = None,
    language: LanguageOption = None,
    dated: DatedOption = False,
    today: TodayOption = None,
    any_time: AnyTimeOption = False,
    as_json: JsonOption = False,
) -> None:
    """Answer a question; every sentence with the words that support it. Exit code 3 when the archive has no answer.

    Example: onrecord ask "what did Qin Gang say about relations?"
    """
    from rag.answer.models.chat import is_remote
    from rag.types import Delta, Finished, Progress, Retrieved

    err = rich_console(stderr=True)
    answer: Answer | None = None
    wrote = False
    with open_archive(archive, model=model) as opened, signs_of_life(err) as tell:
        name = opened.settings.model
        tell("looking for evidence")
        filters = _filters(after, before, source, language, dated)
        for event in opened.stream(question, k=k, today=_date("--today", today), times=not any_time, **filters):
            if isinstance(event, Retrieved):
                _print_time(err, event.query.time)
                if is_remote(name):
                    err.print(f"Passages of the archive are sent to {name}.", style="yellow")
                tell(f"{len(event.hits)} passages found")
            elif isinstance(event, Progress):
                tell(
                    f"reading {event.done} of {event.total} tokens"
                    if event.stage == "reading"
                    else "writing"
                    if event.stage == "writing"
                    else "loading the model"
                )
            elif isinstance(event, Delta):
                tell(None)
                if not as_json:
                    print(printable(event.text), end="", flush=True)
                    wrote = True
                tell("writing")
            elif isinstance(event, Finished):
                answer = event.answer
    assert answer is not None
    if as_json:
        print_json(answer.model_dump_json(indent=2))
    else:
        _print_answer(answer, wrote)
    if not answer.answered:
        raise typer.Exit(Exit.REFUSED)


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="What to look for")],
    archive: ArchiveOption = None,
    k: KOption = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    source: SourceOption = None,
    language: LanguageOption = None,
    dated: DatedOption = False,
    today: TodayOption = None,
    any_time: AnyTimeOption = False,
    as_json: JsonOption = False,
) -> None:
    """Find the passages nearest to a question; no language model is needed.

    Example: onrecord search "chip export rules" -k 5 --after 2023-06-01
    """
    with open_archive(archive) as opened:
        filters = _filters(after, before, source, language, dated)
        found = opened.retrieve(question, k=k, today=_date("--today", today), times=not any_time, **filters)
    err = rich_console(stderr=True)
    _print_time(err, found.query.time)
    if as_json:
        print_json(json.dumps([h.model_dump(mode="json") for h in found.hits], indent=2, ensure_ascii=False))
        return
    if not found.hits:
        err.print("Nothing found.")
    for hit in found.hits:
        _print_hit(hit)


@app.command()
def quotes(
    speaker: Annotated[
        str | None, typer.Option("--speaker", help="Whose words: a name, a part of one, or what somebody is called")
    ] = None,
    about: Annotated[str | None, typer.Option("--about", help="What they are to be about, in any words")] = None,
    archive: ArchiveOption = None,
    limit: Annotated[int, typer.Option("--limit", help="How many at most")] = 20,
    after: AfterOption = None,
    before: BeforeOption = None,
    source: SourceOption = None,
    language: LanguageOption = None,
    dated: DatedOption = False,
    as_json: JsonOption = False,
) -> None:
    """Find who said what, word for word; without a speaker and a subject the newest quotes.

    Example: onrecord quotes --speaker "Qin Gang" --about relations
    """
    with open_archive(archive) as opened:
        filters = _filters(after, before, source, language, dated)
        found = opened.quotes(speaker=speaker, about=about, limit=limit, **filters)
    if as_json:
        print_json(json.dumps([q.model_dump(mode="json") for q in found], indent=2, ensure_ascii=False))
        return
    if not found:
        rich_console(stderr=True).print("Nothing found.")
    for quote in found:
        _print_quote(quote)


@app.command()
def show(
    ident: Annotated[
        str, typer.Argument(metavar="ID", help="Id of an article or passage, or an article's URL or path")
    ],
    archive: ArchiveOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print an article or a passage.

    Example: onrecord show 3f2a9c
    """
    with open_archive(archive) as opened:
        found: Article | Passage
        is_passage = ":" in ident and ident.rpartition(":")[2].isdigit()
        if is_passage:
            try:
                found = opened.passage(ident)
            except OnRecordError:
                found, is_passage = opened.get(ident), False
        else:
            found = opened.get(ident)
        if as_json:
            print_json(found.model_dump_json(indent=2))
            return
        out = rich_console()
        article = opened.get(found.article_id) if is_passage else found  # type: ignore[union-attr]
        out.print(printable(article.title), style="bold")
        for name in ("source", "author", "published", "url", "language", "id", "key"):
            if value := getattr(article, name, None):
                out.print(f"{name:<10} {printable(str(value))}", style="dim")
        if not getattr(article, "current", True):
            newest = opened.versions(article.key)[0]  # type: ignore[union-attr]
            out.print(
                f"This is an older version; the article has changed since: onrecord show {newest}", style="yellow"
            )
        if twins := article.also_printed_by:
            out.print(f"also at    {', '.join(printable(t) for t in twins)}", style="dim")
        print()
        print(printable(found.text))


@app.command()
def delete(
    idents: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, URLs or paths of articles")],
    archive: ArchiveOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask")] = False,
) -> None:
    """Take articles down: all their versions, everywhere in the archive. There is no way back.

    Example: onrecord delete 3f2a9c --yes
    """
    with open_archive(archive) as opened:
        articles = [opened.get(i) for i in idents]
        if not yes:
            for article in articles:
                print(f"{article.id}  {printable(article.title)}", file=sys.stderr)
            if not sys.stdin.isatty():
                raise UsageError("Nobody is there to confirm. Add --yes.")
            if not typer.confirm(f"Delete {len(articles)} for good?", err=True):
                raise typer.Exit(Exit.ERROR)
        for key in opened.delete(*idents):
            print(f"deleted {printable(key)}")


@app.command()
def stats(archive: ArchiveOption = None, as_json: JsonOption = False) -> None:
    """Numbers about the archive.

    Example: onrecord stats --json
    """
    with open_archive(archive) as opened:
        found = opened.stats()
    if as_json:
        print_json(found.model_dump_json(indent=2))
        return
    span = f"{found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}" if found.first and found.last else "no dates"
    rows = {
        "archive": found.path,
        "articles": f"{found.articles} ({found.older_versions} older versions kept)",
        "passages": str(found.passages),
        "dates": f"{span}, {found.undated} without a date",
        "outlets": _tally(found.sources),
        "languages": _tally(found.languages),
        "size": f"{found.bytes / 1e6:.1f} MB",
        "built with": found.fingerprint,
    }
    for name, value in rows.items():
        print(f"{name:<11} {printable(value)}")


@app.command()
def doctor(
    archive: ArchiveOption = None,
    repair: Annotated[bool, typer.Option("--repair", help="Rebuild both indexes from the catalog")] = False,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Split and embed everything anew, with the embedding model of the settings"),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the three stores of an archive against each other. Exit code 1 when something is wrong and not repaired.

    Example: onrecord doctor --repair
    """
    with open_archive(archive) as opened:
        if repair or rebuild:
            total = opened.stats().articles if rebuild else None
            with progress_bar("articles", lambda: total) as step:
                opened.reindex(embed_again=rebuild, progress=step)
        problems = opened.doctor()
    if as_json:
        print_json(json.dumps([p.model_dump() for p in problems], indent=2))
    elif not problems:
        print("All three stores agree.")
    for problem in problems if not as_json else ():
        print(f"{problem.store}: {printable(problem.what)}")
    if problems:
        rich_console(stderr=True).print("Run: onrecord doctor --repair", style="yellow")
        raise typer.Exit(Exit.ERROR)


@app.command()
def models(
    archive: ArchiveOption = None,
    verify: Annotated[bool, typer.Option("--verify", help="Read the weights and compare their hashes")] = False,
    as_json: JsonOption = False,
) -> None:
    """Which models are on this machine, and where.

    Example: onrecord models --verify
    """
    from rag import weights
    from rag.settings import load_settings

    cache = load_settings(archive=archive).cache.expanduser()
    rows: list[dict[str, Any]] = []
    for role, status in (("embedding", weights.find_minilm(cache)), ("language", weights.find(cache))):
        installed = status.usable
        if verify and installed:
            if role == "language":
                path = weights.ensure(cache)
                weights.verify(path)
                status = weights.find(cache)
            else:
                weights.verify(status.path, weights.MINILM)
                weights.ensure_minilm(cache)
                status = weights.find_minilm(cache)
        state = (
            "not installed"
            if not installed
            else "verified"
            if status.verified
            else "ready"
            if status.joined
            else "installed"
        )
        rows.append(
            {
                "role": role,
                "model": status.file.model,
                "state": state,
                "path": str(status.path) if status.joined else None,
                "bytes": status.file.size,
                "sha256": status.file.sha256,
                "missing": list(status.missing),
            }
        )
    if as_json:
        print_json(json.dumps(rows, indent=2))
        return
    for row in rows:
        print(f"{row['role']:<10} {row['model']}  {row['bytes'] / 1e6:.0f} MB  {row['state']}")
        if row["path"]:
            print(f"{'':<10} {row['path']}")
        if row["state"] == "not installed":
            print(f'{"":<10} to install it: pip install "onrecord[local]"')
    print("extractive needs no language model; others by name, such as openai:gpt-5, with their extra installed")


@app.command()
def config(archive: ArchiveOption = None, as_json: JsonOption = False) -> None:
    """The settings in force, and where they can be set.

    Example: onrecord config
    """
    from rag.settings import Settings, load_settings, settings_file

    settings = load_settings(archive=archive)
    if as_json:
        print_json(settings.model_dump_json(indent=2))
        return
    for name, field in Settings.model_fields.items():
        print(f"{name:<16} {getattr(settings, name)}")
        print(f"{'':<16} {field.description}; ONRECORD_{name.upper()}")
    there = "" if settings_file().exists() else " (not there)"
    print(f"\nsettings file: {settings_file()}{there}")


# -- helpers ---------------------------------------------------------------------------


def _filters(
    after: str | None, before: str | None, source: list[str] | None, language: str | None, dated: bool
) -> dict[str, Any]:
    return {
        "after": _date("--after", after),
        "before": _date("--before", before),
        "sources": tuple(source or ()),
        "language": language,
        "undated": not dated,
    }


def _date(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    from rag.text.dates import parse_date

    when = parse_date(text)
    if when is None:
        raise UsageError(f"{option} {text!r} is not a date. Write it as 2023-06-18.")
    return when


def _print_time(err: Console, time: Time | None) -> None:
    """Say what the question's words of when were taken as, and how to do without."""
    if time is None:
        return
    from rag.text import timespan

    what, dating = timespan.describe_time(time, "to"), timespan.dating(time)
    told = f"Taken as {what}" if time.kind in ("within", "as_of") else f"{what[:1].upper()}{what[1:]}"
    otherwise = "leaves dates aside" if time.kind == "latest" else "looks at all dates"
    line = f"{f'{told}, {dating}' if dating else told} (“{time.phrase}”); --any-time {otherwise}."
    err.print(printable(line), style="dim")


def _print_answer(answer: Answer, wrote: bool) -> None:
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
            _print_hit(hit)
    for sentence in answer.withheld:
        err.print(f"withheld: {printable(sentence.text)} ({printable(sentence.why)})", style="dim")


def _print_citation(out: Console, citation: Citation) -> None:
    from rich.text import Text

    quote = " ".join(citation.quote.split())
    out.print(Text.assemble((f"[{citation.number}] ", "bold cyan"), printable(quote)))
    out.print(f"    {_origin(citation.title, citation.source, citation.published, citation.url)}", style="dim")
    if citation.also_printed_by:
        out.print(f"    also printed by {printable(', '.join(citation.also_printed_by))}", style="dim")
    out.print(f"    onrecord show {citation.article_id}", style="dim")


def _print_conflict(out: Console, conflict: Conflict) -> None:
    age = {True: " (newer)", False: " (older)", None: ""}[conflict.newer]
    out.print(f"\nSources disagree: {printable(conflict.about)}", style="yellow")
    out.print(f"    {printable(' '.join(conflict.quote.split()))}")
    out.print(f"    {_origin(conflict.title, conflict.source, conflict.published, conflict.url)}{age}", style="dim")
    out.print(f"    onrecord show {conflict.article_id}", style="dim")


def _print_hit(hit: Hit) -> None:
    from rich.text import Text

    out, p = rich_console(), hit.passage
    origin = _origin(p.title, p.source, p.published, p.url)
    out.print(Text.assemble((f"{hit.rank}. ", "bold"), (origin, "bold"), (f"  {hit.score:.4f} {hit.found_by}", "dim")))
    out.print(f"   {printable(' '.join(p.text.split()))}")
    if p.also_printed_by:
        out.print(f"   also printed by {printable(', '.join(p.also_printed_by))}", style="dim")
    out.print(f"   onrecord show {p.id}", style="dim")
    out.print()


def _print_quote(quote: Quote) -> None:
    from rich.text import Text

    out, words = rich_console(), " ".join(quote.quote.split())
    who = ", ".join(x for x in (quote.speaker, quote.role) if x)
    out.print(Text.assemble((printable(who), "bold"), (f"  {printable(quote.verb or '')}", "dim")))
    out.print(f"   {printable(f'“{words}”' if quote.direct else f'reported: {words}')}")
    out.print(f"   {_origin(quote.title, quote.source, quote.published, quote.url)}", style="dim")
    if quote.also_printed_by:
        out.print(f"   also printed by {printable(', '.join(quote.also_printed_by))}", style="dim")
    out.print(f"   onrecord show {quote.article_id}", style="dim")
    out.print()


def _origin(title: str, source: str | None, published: datetime | None, url: str | None) -> str:
    when = f"{published.day} {published:%B %Y}" if published else None
    return printable(" · ".join(x for x in (title, source, when, url) if x))


def _tally(counts: Any) -> str:
    shown = [f"{name or '(none)'} {n}" for name, n in list(counts.items())[:8]]
    return ", ".join(shown) + (f" and {len(counts) - 8} more" if len(counts) > 8 else "")
