"""Spoilt files of every form: none may end a run, hang, take too much memory, or be passed over without a reason.

    python -m benchmarks.stress.fuzz --files 300
    python -m benchmarks.stress.fuzz --minutes 3 --seed 7
    python -m benchmarks.stress.fuzz --form csv --only 17 --keep spoilt.csv

Valid files are made at run time (tests/form_samples.py and here) and spoilt by the rules of ``mutate``. Each is read as
an ingest reads it, and what is read is cleaned and split as an ingest does. The same seed makes the same files.

A hang is counted in seconds of a processor, here and in the process that reads, so that what else a machine does is no
file's fault; a file that brings nothing for six times as long by the clock is one too.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import resource
import sys
import tarfile
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.stress.mutate import spoilt
from rag.ingest import apart
from rag.ingest.clean import clean
from rag.ingest.load import find
from rag.ingest.packed import LIMITS, Limits
from rag.ingest.pipeline import split
from rag.ingest.preview import formats
from rag.types import RawArticle

ROOT = Path(__file__).parents[2]
BOUNDS = LIMITS._replace(seconds=20, megabytes=1000)
_EACH = 0.01
"""Seconds that each article of a file of very many may take on top."""
PATIENCE = 6
"""How many times the seconds of a processor that a file may take it may be silent."""
_METS = (
    '<?xml version="1.0"?><mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink"><fileSec>'
    '<fileGrp><file ID="p1"><FLocat LOCTYPE="URL" xlink:href="p1.xml"/></file></fileGrp></fileSec></mets>'
)
Made = tuple[str, Callable[[], bytes]]


def samples() -> dict[str, Made]:
    """Ending and maker of a valid file of each form."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        from form_samples import SAMPLES, TITLE, WORDS
    finally:
        sys.path.remove(str(ROOT / "tests"))
    from benchmarks.typeset import Style, pdf

    rows = [{"id": str(n), "title": f"{TITLE} {n}", "text": WORDS, "published": "2024-03-05", "tags": ["a", "b"]}
            for n in range(12)]  # fmt: skip

    def table(delimiter: str) -> bytes:
        names = ["id", "title", "text", "published"]
        return "\n".join(delimiter.join(line) for line in [names, *([r[n] for n in names] for r in rows)]).encode()

    def word() -> bytes:
        import docx

        made, out = docx.Document(), io.BytesIO()
        made.add_heading(TITLE, 0)
        made.add_paragraph(WORDS)
        grid = made.add_table(2, 2)
        grid.cell(0, 0).text = "Pier"
        made.save(out)
        return out.getvalue()

    def packed() -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as files:
            files.writestr("a.md", f"# {TITLE}\n\n{WORDS}\n")
            files.writestr(
                "b/page.html", f"<html><body><article><h1>{TITLE}</h1><p>{WORDS * 5}</p></article></body></html>"
            )
        return out.getvalue()

    def tarred() -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as files:
            for name in ("a.txt", "b.txt"):
                entry = tarfile.TarInfo(name)
                entry.size = len(WORDS)
                files.addfile(entry, io.BytesIO(WORDS.encode()))
        return out.getvalue()

    import gzip
    import json

    page = (
        f'<!DOCTYPE html><html lang="en"><head><title>{TITLE} | The Kellmouth Post</title><meta name="author" '
        'content="Ann Lee"><meta property="article:published_time" content="2024-03-05T09:30:00+01:00"><script '
        f'type="application/ld+json">{{"@type":"NewsArticle","headline":"{TITLE}","datePublished":"2024-03-05"}}</script>'
        f"</head><body><nav><a href=/>Home</a></nav><article><h1>{TITLE}</h1>{f'<p>{WORDS}</p>' * 6}<table><tr><th>Pier"
        "<th>State<tr><td>1<td>sound</table></article><footer>(c)</footer></body></html>"
    )
    front = f"---\ntitle: {TITLE}\ndate: 2024-03-05\ntags: [a, b]\n---\n\n"
    letter = f"{front}# {TITLE}\n\n{WORDS}\n\n- one\n- *two*\n\n> {WORDS}\n"
    lines = "\n".join(json.dumps(row) for row in rows)
    return {
        **SAMPLES,
        "text": (".txt", lambda: f"{TITLE}\n\n{WORDS}\n\n{WORDS}\n".encode()),
        "markdown": (".md", letter.encode),
        "html": (".html", page.encode),
        "pdf": (".pdf", lambda: pdf(TITLE, [WORDS] * 8, Style())),
        "docx": (".docx", word),
        "jsonl": (".jsonl", lines.encode),
        "json": (".json", lambda: json.dumps(rows).encode()),
        "csv": (".csv", lambda: table(",")),
        "tsv": (".tsv", lambda: table("\t")),
        "zip of files": (".zip", packed),
        "tar of files": (".tar", tarred),
        "mets": (".xml", lambda: _METS.encode()),
        "packed rows": (".jsonl.gz", lambda: gzip.compress(lines.encode())),
    }


@dataclass
class Tally:
    """What came of the files of one form."""

    files: int = 0
    articles: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    """Files by what is wrong: "crash", "hang", "memory", "death", "failure", "no reason"; and "skipped"."""
    slowest: float = 0.0
    told: list[str] = field(default_factory=list)
    """What was wrong with which file."""


WRONG = ("crash", "hang", "memory", "failure", "no reason")
"""What must not be; a death of the process apart is told with its reason, and counted."""


def one(form: str, made: Made, number: int, seed: int) -> tuple[str, bytes]:
    """The name and bytes of a spoilt file."""
    ending, make = made
    rng = random.Random(f"{seed}/{form}/{number}")
    return f"{number:04}{ending}", spoilt(rng, make(), "." + ending.split(".")[1])


def _processor() -> float:
    """Seconds of a processor that this process and its children have taken."""
    import psutil

    here = os.times()
    took = sum(here[:4])
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            took += sum(child.cpu_times()[:2])
    return took


def judged(path: Path, limits: Limits = BOUNDS) -> tuple[int, set[str], str]:
    """How many articles a file gave, what was wrong, and a line about it."""
    wrong: set[str] = set()
    told, articles, items = "", 0, 0
    try:
        began = _processor()
        for found in find([path], None, limits._replace(seconds=limits.seconds * PATIENCE)):
            items += 1
            if items % 20 == 0 and 0 < limits.seconds < _processor() - began - items * _EACH:  # for how long?
                wrong.add("hang")
                told = f"{path}: {items} articles and reasons so far"
                break
            item = found.item
            if isinstance(item, RawArticle):
                articles += 1
                if articles <= 200:
                    _taken_in(item)
                continue
            wrong.add("skipped")
            reason = item.reason.strip()
            kind = _kind(reason)
            if kind:
                wrong.add(kind)
                told = f"{item.origin}: {reason}"
        if not items:
            wrong.add("no reason")
    except Exception:
        wrong.add("crash")
        told = traceback.format_exc().strip()
    return articles, wrong, told


def _taken_in(item: RawArticle) -> None:
    """What an ingest does with an article before it is stored."""
    cleaned = clean(item)
    if isinstance(cleaned, RawArticle):
        split(cleaned)
        cleaned.model_dump_json().encode("utf-8")


def _kind(reason: str) -> str | None:
    if not reason:
        return "no reason"
    for start, kind in (("reading took", "hang"), ("reading needed", "memory"), ("the reader died", "death"),
                        ("the reader failed", "failure")):  # fmt: skip
        if reason.startswith(start):
            return kind
    return None


def run(
    chosen: dict[str, Made], *, files: int, seed: int, until: float, limits: Limits = BOUNDS
) -> Iterator[tuple[str, Tally]]:
    """Read so many files of each form, a form at a time where there is time for all; yields each form's tally."""
    tallies = {form: Tally() for form in chosen}
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, files, 10):
            for form, made in chosen.items():
                tally = tallies[form]
                for number in range(start, min(start + 10, files)):
                    if time.monotonic() > until:
                        break
                    name, raw = one(form, made, number, seed)
                    path = Path(folder) / name
                    path.write_bytes(raw)
                    began = _processor()
                    articles, wrong, told = judged(path, limits)
                    took = _processor() - began
                    path.unlink()
                    if took > limits.seconds + articles * _EACH:
                        wrong.add("hang")
                    tally.files += 1
                    tally.articles += articles
                    tally.slowest = max(tally.slowest, took)
                    tally.counts.update(wrong)
                    if bad := wrong & {*WRONG, "death"}:
                        tally.told.append(f"{form} {number} ({', '.join(sorted(bad))}, {took:.1f} s): {told}")
                        print(tally.told[-1].splitlines()[0], file=sys.stderr, flush=True)
                print(
                    f"{form}: {tally.files} files, {sum(tally.counts[w] for w in WRONG)} wrong",
                    file=sys.stderr,
                    flush=True,
                )
    yield from tallies.items()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the files, print the table; 1 where something was wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stress.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=300, help="files of each form")
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after these")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=BOUNDS.seconds, help="that a file may take")
    parser.add_argument("--form", action="append", help="only this form; can be repeated")
    parser.add_argument("--only", type=int, help="only the file of this number, told in full")
    parser.add_argument("--keep", type=Path, help="with --only: write the file there")
    given = parser.parse_args(arguments)
    limits = BOUNDS._replace(seconds=given.seconds)
    every = samples()
    chosen = {form: made for form, made in every.items() if not given.form or form in given.form}
    if given.only is not None:
        for form, made in chosen.items():
            name, raw = one(form, made, given.only, given.seed)
            path = given.keep or Path(tempfile.mkdtemp()) / name
            path.write_bytes(raw)
            print(form, path, f"{len(raw):,} bytes", *judged(path), sep="\n")
        return 0
    print(f"seed {given.seed}, {given.files} files of each of {len(chosen)} forms, {limits.seconds:g} s and "
          f"{BOUNDS.megabytes:,} MB for each")  # fmt: skip
    if missing := sorted({f.name for f in formats() if not f.package} - set(every)):
        print("no valid file is made of:", ", ".join(missing))
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    total: Counter[str] = Counter()
    lines: list[str] = []
    print(
        f"{'form':20}{'files':>7}{'articles':>9}{'skipped':>8}"
        + "".join(f"{w:>10}" for w in (*WRONG, "death"))
        + "  slowest"
    )
    until = time.monotonic() + given.minutes * 60
    for form, tally in run(chosen, files=given.files, seed=given.seed, until=until, limits=limits):
        counts = tally.counts
        wrong = "".join(f"{counts[w]:>10}" for w in (*WRONG, "death"))
        print(
            f"{form:20}{tally.files:>7}{tally.articles:>9}{counts['skipped']:>8}{wrong}{tally.slowest:>8.1f} s",
            flush=True,
        )
        total.update(counts)
        total["files"] += tally.files
        lines += tally.told
    apart.close()
    here = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1000
    there = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    print(f"{total['files']:,} files: " + ", ".join(f"{total[w]} {w}" for w in (*WRONG, "death")))
    print(f"peak memory: +{here:.0f} MB in the process that asks, {there:.0f} MB in all of the one that reads")
    for line in lines:
        print(line)
    return 1 if any(total[w] for w in WRONG) else 0


if __name__ == "__main__":
    raise SystemExit(main())
