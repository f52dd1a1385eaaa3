"""``onrecord stats``, ``doctor``, ``backup``, ``restore``, ``export``, ``models`` and ``config``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.cli.app import app
from rag.cli.options import ArchiveOption, JsonOption
from rag.cli.terminal import Exit, open_archive, print_json, progress_bar, rich_console
from rag.errors import UsageError
from rag.text.counting import count
from rag.text.normalize import printable


@app.command()
def stats(archive: ArchiveOption = None, as_json: JsonOption = False) -> None:
    """Count articles, passages, outlets and languages.

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
        "articles": f"{found.articles:,} ({count(found.older_versions, 'older version')} kept)",
        "passages": f"{found.passages:,}",
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
        typer.Option("--rebuild", help="Split and embed all articles again, with the embedding model of the settings"),
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
        healed = opened.healed()
    if as_json:
        print_json(json.dumps([p.model_dump() for p in problems], indent=2))
    elif not problems:
        print("All three stores agree.")
    for problem in problems if not as_json else ():
        print(f"{problem.store}: {printable(problem.what)}")
    for event in healed if not as_json else ():
        print(f"mended at {event['when']}: {printable(event['why'])}")
    if problems:
        rich_console(stderr=True).print("Run: onrecord doctor --repair", style="yellow")
        raise typer.Exit(Exit.ERROR)


@app.command()
def backup(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A folder that is not there yet")],
    archive: ArchiveOption = None,
) -> None:
    """Copy the archive as it is at one moment; it stays in use meanwhile.

    Example: onrecord backup /backups/news-2026-03-01
    """
    with open_archive(archive) as opened:
        told = opened.backup(out)
    print(f"{count(told['articles'], 'article')} backed up. To have them back: onrecord restore {out} --archive NEW")


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="A folder that `onrecord backup` made")],
    archive: ArchiveOption = None,
) -> None:
    """Make an archive of a backup, in a folder that is not there yet. Nothing is embedded again.

    Example: onrecord restore /backups/news-2026-03-01 --archive news
    """
    from rag.settings import load_settings
    from rag.upkeep import restore

    settings = load_settings(archive=archive)
    print(f"{count(restore(source, settings), 'article')} restored to {settings.archive}")


@app.command()
def migrate(
    to_vectors: Annotated[
        str | None,
        typer.Option(
            "--to-vectors",
            metavar="URL",
            help="chroma+http://host:port, postgresql://user@host/database, qdrant+http://host:port, or embedded",
        ),
    ] = None,
    to_catalog: Annotated[
        str | None,
        typer.Option("--to-catalog", metavar="URL", help="postgresql://user@host/database, or embedded"),
    ] = None,
    archive: ArchiveOption = None,
    leave_old: Annotated[
        bool, typer.Option("--leave-old", help="Leave the old place alone, whose server may be gone for good")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Move the catalog or the vectors to a server, or back. The old ones stay until the new ones are compared.

    Example: onrecord migrate --to-catalog postgresql://ann@db.example/news
    """
    if (to_vectors is None) == (to_catalog is None):
        raise UsageError("Say what is moved, and where to: --to-catalog URL, or --to-vectors URL.")
    if to_catalog is not None and leave_old:
        raise UsageError("--leave-old is for vectors. To keep the old catalog, copy it first: onrecord backup, pg_dump")
    if to_vectors is None:
        assert to_catalog is not None
        _migrate_catalog(to_catalog, archive, as_json)
        return
    with open_archive(archive) as opened:
        total = opened.stats().passages
        with progress_bar("passages", lambda: total) as step:
            moved = opened.migrate(to_vectors, leave_old=leave_old, progress=step)
    if as_json:
        print_json(json.dumps({"at": moved.at, "passages": moved.passages, "digest": moved.digest, "left": moved.left}))
        return
    print(f"{count(moved.passages, 'vector')} moved and compared: {moved.digest}")
    print(f"Set from now on: ONRECORD_VECTORS={moved.at or ''}" + (" (with its user and password)" if moved.at else ""))
    if moved.left:
        rich_console(stderr=True).print(f"The old ones are still there: {printable(moved.left)}", style="yellow")


def _migrate_catalog(to: str, archive: Path | None, as_json: bool) -> None:
    with open_archive(archive) as opened, progress_bar("rows", lambda: None) as step:
        moved = opened.migrate_catalog(to, progress=step)
    if as_json:
        print_json(json.dumps({"at": moved.at, "rows": moved.rows, "digest": moved.digest}))
        return
    rows = count(sum(moved.rows.values()), "row")
    print(f"{count(moved.rows['version'], 'version')} of articles, {rows} in all, moved and compared:")
    print(moved.digest)
    print(f"Set from now on: ONRECORD_CATALOG=postgresql://USER@{moved.at}" if moved.at else "Unset ONRECORD_CATALOG.")


@app.command()
def export(
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="A file that is not there yet, as in articles.jsonl; - for stdout")
    ],
    archive: ArchiveOption = None,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Look through the pages of a catalog that can't be read any more")
    ] = False,
) -> None:
    """Write all current articles as JSON Lines, which can be ingested again. Exit code 5: some are lost.

    Example: onrecord export articles.jsonl
    """
    printed = str(out) == "-"
    if printed and salvage:
        raise UsageError("--salvage writes a file. Name one, as in articles.jsonl.")
    with open_archive(archive) as opened:
        if not salvage:
            done = f"{count(opened.export(sys.stdout if printed else out), 'article')} written"
            print(done if printed else f"{done} to {out}", file=sys.stderr if printed else sys.stdout)
            return
        found = opened.salvage(out)
    from rag.index.salvage import told

    for line in told(found, out):
        print(line)
    if found.damaged or found.pages_lost:
        raise typer.Exit(Exit.INCOMPLETE)


@app.command()
def models(
    archive: ArchiveOption = None,
    verify: Annotated[bool, typer.Option("--verify", help="Read the weights and compare their hashes")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the models on this machine, and where they are.

    Example: onrecord models --verify
    """
    from rag import weights
    from rag.extras import install_command
    from rag.settings import load_settings

    cache = load_settings(archive=archive).cache.expanduser()
    rows: list[dict[str, Any]] = []
    in_place = [("embedding", weights.find_in_place(file, cache)) for file in (weights.MINILM, weights.E5)]
    for role, status in (*in_place, ("language", weights.find(cache))):
        installed = status.usable
        if verify and installed:
            if role == "language":
                path = weights.ensure(cache)
                weights.verify(path)
                status = weights.find(cache)
            else:
                weights.verify(status.path, status.file)
                weights.ensure_in_place(status.file, cache)
                status = weights.find_in_place(status.file, cache)
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
                "extra": status.file.extra,
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
            print(f"{'':<10} to install it: {install_command(row['extra'])}")
    print("none shows quotes alone; other models by name, such as openai:gpt-5, with their extra installed")


@app.command()
def config(archive: ArchiveOption = None, as_json: JsonOption = False) -> None:
    """Print the settings in force, and where each can be set.

    Example: onrecord config
    """
    from rag.missetting import shown
    from rag.settings import Settings, load_settings, settings_file

    settings = load_settings(archive=archive)
    if as_json:
        print_json(settings.model_dump_json(indent=2))
        return
    for name, field in Settings.model_fields.items():
        print(f"{name:<16} {printable(shown(name, getattr(settings, name)))}")
        print(f"{'':<16} {field.description}; ONRECORD_{name.upper()}")
    there = "" if settings_file().exists() else " (not there)"
    print(f"\nsettings file: {settings_file()}{there}")


def _tally(counts: Any) -> str:
    shown = [f"{name or '(none)'} {n}" for name, n in list(counts.items())[:8]]
    return ", ".join(shown) + (f" and {len(counts) - 8} more" if len(counts) > 8 else "")
