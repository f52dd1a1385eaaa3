"""Archives that a bench makes of its own articles, and the answers from them, kept as they come.

For the benches of attacks and of disagreement: they ask what they have planted themselves, go on where they stopped,
and count with intervals.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchmarks import machine
from benchmarks.quality.runs import WORK, say
from rag import Archive, Settings
from rag.answer import prompts
from rag.errors import ArchiveError, ModelMissing
from rag.evaluation.provenance import RUN_SETTINGS, code_digest
from rag.settings import load_settings
from rag.text.split import SPLITTER
from rag.types import Answer

_TOLERATED = 5  # cases that may fail in a run

Fields = Mapping[str, str]
"""A row of an article file: key, title, text and so on, as ``Archive.ingest`` reads it."""


@dataclass(frozen=True)
class Ask:
    """A question put to an archive, or to a part of it."""

    id: str
    question: str
    articles: tuple[str, ...] = ()
    """Keys; empty: all."""
    sources: tuple[str, ...] = ()


def archive_of(name: str, articles: Sequence[Fields]) -> Path:
    """The folder of an archive of these articles; made when it is not there, not whole, or of others.

    Args:
        name: Below ``.bench/quality``.
        articles: What it is to hold.
    """
    folder = WORK / name
    mark = folder.with_suffix(".whole")
    wanted = _digest([SPLITTER, *map(dict, articles)])
    if mark.exists() and mark.read_text("utf-8") == wanted:
        return folder
    say(f"ingesting {len(articles)} articles into {folder} ...")
    mark.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as there:
        file = Path(there) / "articles.jsonl"
        file.write_text("".join(json.dumps(dict(a)) + "\n" for a in articles), "utf-8")
        with Archive.open(settings=Settings(archive=folder)) as archive:
            report = archive.ingest(file)
    if report.skipped:
        say(f"  skipped {len(report.skipped)}, the first since: {report.skipped[0].reason}")
    say(f"  {report.passages} passages, {report.seconds:.0f} s")
    mark.write_text(wanted, "utf-8")
    return folder


def answers(
    name: str,
    system: str,
    folder: Path,
    asks: Sequence[Ask],
) -> dict[str, Answer]:
    """Ask what has not been asked of this program yet, and give every answer there is.

    Args:
        name: Of the bench; rows are kept in ``.bench/quality/<name>-<system>.jsonl``.
        system: A model's name.
        folder: The archive.
        asks: What to ask.

    Returns:
        Answers by the ask's id; one that failed is missing, and is asked again by the next run.
    """
    WORK.mkdir(parents=True, exist_ok=True)
    file = WORK / f"{name}-{re.sub(r'[/:]', '-', system)}.jsonl"
    mark = folder.with_suffix(".whole").read_text("utf-8")
    settings = Settings(archive=folder)
    decides = [code_digest(), mark, system, _told(settings), prompts.load("answer").label]
    digests = {a.id: _digest([*decides, asdict(a)]) for a in asks}
    found = _kept(file, digests)
    todo = [a for a in asks if a.id not in found]
    if not todo:
        return found
    if found:
        say(f"  {name} {system}: {len(found)} of {len(asks)} are there already")
    started, failed = time.time(), 0
    _end_line(file)
    with Archive.open(settings=settings, chat_model=system) as archive, file.open("a", encoding="utf-8") as rows:
        archive.prepare()
        for done, ask in enumerate(todo, 1):
            try:
                found[ask.id] = archive.ask(ask.question, articles=ask.articles, sources=ask.sources)
            except (ArchiveError, ModelMissing):
                raise  # would befall every case alike
            except Exception as e:
                say(f"  {ask.id} failed: {type(e).__name__}: {e}")
                failed += 1
                if failed == _TOLERATED:
                    raise  # it is not the case
                continue
            row = {"case": ask.id, "digest": digests[ask.id], "answer": found[ask.id].model_dump(mode="json")}
            rows.write(json.dumps(row) + "\n")
            rows.flush()
            if done % max(1, len(todo) // 10) == 0 or done == len(todo):
                say(f"  {name} {system}: {done} of {len(todo)}, {time.time() - started:.0f} s")
    return found


def _told(settings: Settings) -> dict[str, Any]:
    """The settings that decide answers."""
    return settings.model_dump(mode="json", include=set(RUN_SETTINGS))


def _kept(file: Path, digests: Mapping[str, str]) -> dict[str, Answer]:
    """Answers of an earlier start that hold for this program; a line cut short, or of older types, counts as none."""
    found: dict[str, Answer] = {}
    if file.exists():
        for line in file.read_text("utf-8").splitlines():
            try:
                row = json.loads(line)
                if digests.get(row["case"]) == row["digest"]:
                    found[row["case"]] = Answer.model_validate(row["answer"])
            except (ValueError, KeyError, TypeError, ValidationError):
                continue
    return found


def _end_line(file: Path) -> None:
    """After a run that was killed in a line, the next row begins on one of its own."""
    if file.exists() and (had := file.read_bytes()) and not had.endswith(b"\n"):
        with file.open("ab") as rows:
            rows.write(b"\n")


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def keys(folder: Path, some: Iterable[Answer]) -> dict[str, str]:
    """Keys of the articles that answers cite or found, by their ids."""
    ids = {i for a in some for i in (*(c.article_id for c in a.citations), *(h.passage.article_id for h in a.hits))}
    with Archive.open(settings=Settings(archive=folder)) as archive:
        return {i: archive.get(i).key for i in ids}


def shown(answer: Answer) -> str:
    """The sentences that an answer shows, without marks; nothing of a refusal."""
    return answer.plain_text if answer.answered else ""


def share(hits: int, of: int) -> str:
    """A share with its 95 % interval (Wilson 1927), as a cell of a table."""
    if not of:
        return "none to count"
    low, high = wilson(hits, of)
    return f"{hits} of {of}: {hits / of:.1%} ({low:.1%}–{high:.1%})"


def wilson(hits: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's score interval of a share (JASA 22, 1927).

    Args:
        hits: Successes.
        of: Trials; at least 1.
        z: Quantile of the normal distribution; by default that of 95 %.
    """
    p = hits / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def told(count: Iterable[bool]) -> str:
    """``share`` of what is true in a list."""
    values = list(count)
    return share(sum(values), len(values))


def footer(asked: Sequence[Answer]) -> list[str]:
    """What was run, and on which machine."""
    seconds = sorted(a.timings_ms.get("total", 0.0) / 1000 for a in asked)
    middle = f"{seconds[len(seconds) // 2]:.2f} s an answer (median)" if seconds else "nothing answered"
    about = [a.model + (f", {a.prompt}" if a.prompt else "") for a in asked[:1]]
    here = machine.lines(machine.describe(load_settings().cache.expanduser()))
    return ["", "; ".join([*about, middle, f"program {code_digest()}"]), *here]


def parser(name: str, doc: str, default_cases: int) -> argparse.ArgumentParser:
    """The options that these benches share."""
    made = argparse.ArgumentParser(prog=f"python -m benchmarks.quality.{name}", description=doc.splitlines()[0])
    made.add_argument("path", type=Path, help="the file of the attacks")
    made.add_argument("--system", default="extractive", help="a model's name, as in local [default: extractive]")
    made.add_argument("--cases", type=int, default=default_cases, help=f"how many [default: {default_cases}, all]")
    return made


def missing(*files: Path) -> bool:
    """Whether a file is not there, which is said."""
    gone = [f for f in files if not f.is_file()]
    for f in gone:
        say(f"Skipped: there is no file {f}. Name one.")
    return bool(gone)


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
