"""``onrecord ingest``, ``show`` and ``delete``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli.app import app
from rag.cli.options import ArchiveOption, JsonOption, pair
from rag.cli.terminal import Exit, open_archive, print_json, progress_bar, rich_console
from rag.errors import OnRecordError, UsageError
from rag.text.normalize import printable

if TYPE_CHECKING:
    from rag.types import Article, Passage


@app.command()
def ingest(
    paths: Annotated[list[str] | None, typer.Argument(help="Files, folders, glob patterns and web addresses")] = None,
    archive: ArchiveOption = None,
    sample: Annotated[bool, typer.Option("--sample", help="Ingest the sample corpus that ships with OnRecord")] = False,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", help="For JSONL and CSV: OURS=THEIRS, as in text=body; can be repeated"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Ingest articles. Running it again changes nothing; an interrupted run is completed.

    Example: onrecord ingest articles/ 'more/*.html' --archive news
    """
    sources: list[str | Path] = list(paths or [])
    if sample:
        from importlib import resources

        sources.append(Path(str(resources.files("rag.corpus"))))
    if not sources:
        raise UsageError(
            "Nothing to ingest. Name files or folders, or use --sample for the articles that ship with OnRecord."
        )
    fields = dict(pair(f) for f in field or [])
    with open_archive(archive) as opened, progress_bar("articles", lambda: _count(sources)) as step:
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


def _count(sources: list[str | Path]) -> int | None:
    """How many articles there are, about; None where web addresses are among them."""
    from rag.ingest.load import count
    from rag.text.urls import is_web

    return None if any(is_web(str(source)) for source in sources) else count(sources)


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
        if twins := article.also_published_by:
            out.print(f"also at    {', '.join(printable(t) for t in twins)}", style="dim")
        print()
        print(printable(found.text))


@app.command()
def delete(
    idents: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, URLs or paths of articles")],
    archive: ArchiveOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for confirmation")] = False,
) -> None:
    """Delete articles: all their versions, everywhere in the archive. This can't be undone.

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
