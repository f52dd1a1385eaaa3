"""This program beside its peers and another checkout of it, in turn on one machine: ingest, search, answers, room.

python -m benchmarks.versus ../other-checkout ../shared/data/realtimeqa-2023/articles.jsonl.gz --peers PYTHON --runs 3

Each checkout is run by the Python of its own ``.venv``; LangChain with Chroma, and txtai, by that of ``--peers``, an
environment of their own, and left out where they are not installed in it. Printed are medians of the runs, smallest and
largest, and how each system compares with this one.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT, ChildFailed, environment, run, say
from rag.machine import processor

_SCRIPT = ROOT / "benchmarks/peers.py"
_WARM = 5  # searches that are not counted
_FIRSTS = 4  # fresh processes of a run; the first warms the disk and isn't counted
_FIGURES = {
    "ingest, words/s": "more",
    "search, p50 ms": "less",
    "search, p95 ms": "less",
    "fresh process to first hit, s": "less",
    "disk, MB": "less",
    "peak memory of the ingest, MB": "less",
    "answer: first sentence or refusal, s": "less",
    "answer: whole, s": "less",
}


@dataclass(frozen=True)
class System:
    """One of those that are compared."""

    name: str
    kind: str
    """As ``peers.py`` calls it."""
    python: Path
    tree: Path
    """Where it is run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table."""
    args = _parser().parse_args(arguments)
    found: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "articles.jsonl"
        words = _write(args.data, file, args.articles)
        questions = _questions(args.questions, file, args.asked + _WARM)
        systems = [s for s in _systems(args) if _there(s)]
        for number in range(args.runs):
            for system in systems:
                figures = _measured(system, Path(place) / f"{system.name}-{number}", file, words, questions, args)
                found.setdefault(system.name, []).append(figures)
                say(f"run {number + 1} of {args.runs}, {system.name}: {figures}")
    print(f"{words} words, {args.runs} runs in turn, {args.asked} searches of {args.k} hits a run, {processor()}.\n")
    print(_table(found))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1), "utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.versus", description=__doc__.splitlines()[0])
    parser.add_argument("other", type=Path, help="the other checkout of this program")
    parser.add_argument("data", type=Path, help="JSON Lines with text, title and url, gzipped or not")
    parser.add_argument("--peers", type=Path, default=Path(sys.executable), help="Python of the peers' environment")
    parser.add_argument("--only", nargs="+", choices=["other", "this", "langchain", "txtai"], help="some of them alone")
    parser.add_argument("--articles", type=int, default=901, help="the first so many of the file")
    parser.add_argument(
        "--archive", type=Path, help="a large archive, which the two checkouts search in place of theirs"
    )
    parser.add_argument("--questions", type=Path, help="one a line; else the articles' titles")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--asked", type=int, default=50, help="searches of a run")
    parser.add_argument("-k", type=int, default=50, help="hits of a search")
    parser.add_argument("--model", default="none", help="who answers, as `local`; none: no answers are measured")
    parser.add_argument("--answers", type=int, default=4, help="asked of the model in each run")
    parser.add_argument("--json", type=Path, help="where every single figure is written")
    return parser


def _write(data: Path, to: Path, most: int) -> int:
    """Write the first articles as they are to be read by all systems; their number of words."""
    opened = partial(gzip.open, mode="rt") if data.suffix == ".gz" else open
    with opened(data, encoding="utf-8") as rows, to.open("w", encoding="utf-8") as out:
        kept = list(itertools.islice((line for line in rows if json.loads(line).get("text")), most))
        out.writelines(kept)
    return sum(len(json.loads(line)["text"].split()) for line in kept)


def _questions(file: Path | None, articles: Path, most: int) -> list[str]:
    lines: Iterator[str] | list[str]
    if file is not None:
        lines = file.read_text("utf-8").splitlines()
    else:
        lines = (json.loads(line).get("title") or "" for line in articles.read_text("utf-8").splitlines())
    some = [line.strip() for line in lines if line.strip()]
    if not some:
        raise SystemExit("There is nothing to ask: name a file of questions by --questions.")
    return list(itertools.islice(itertools.cycle(some), most))


def _systems(args: argparse.Namespace) -> list[System]:
    peers, other = args.peers.absolute(), args.other.resolve()
    every = [
        System("langchain", "langchain", peers, ROOT),
        System("txtai", "txtai", peers, ROOT),
        System("other", "onrecord", other / ".venv/bin/python", other),
        System("this", "onrecord", ROOT / ".venv/bin/python", ROOT),
    ]
    return [s for s in every if not args.only or s.name in args.only]


def _there(system: System) -> bool:
    if missing := _child(system, "there", {}).result["missing"]:
        say(f"{system.name} is left out: {system.python} has no {', '.join(missing)}")
    return not missing


def _measured(
    system: System, folder: Path, file: Path, words: int, questions: Sequence[str], args: argparse.Namespace
) -> dict[str, float]:
    """All figures of a system in one run."""
    given = {"folder": str(folder), "file": str(file), "k": args.k, "warm": _WARM, "model": str(_weights())}
    done = _child(system, "ingest", given).result
    figures = {
        "ingest, words/s": words / done["seconds"],
        "disk, MB": sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6,
        "peak memory of the ingest, MB": done["peak_mb"],
    }
    if args.archive and system.kind == "onrecord":
        given["folder"] = str(args.archive.resolve())
    asked = {**given, "questions": list(questions)}
    firsts = [_first_hit(system, asked, questions[n % len(questions)]) for n in range(_FIRSTS)]
    figures["fresh process to first hit, s"] = statistics.median(firsts[1:])
    millis = _child(system, "search", asked).result["millis"]
    figures["search, p50 ms"] = statistics.median(millis)
    figures["search, p95 ms"] = statistics.quantiles(millis, n=20)[-1] if len(millis) > 1 else millis[0]
    if args.model != "none" and system.kind == "onrecord":
        told = {**asked, "chat": args.model, "questions": list(questions[: args.answers + 1])}
        seconds = _child(system, "answers", told).result
        figures["answer: first sentence or refusal, s"] = statistics.median(seconds["firsts"])
        figures["answer: whole, s"] = statistics.median(seconds["wholes"])
    return figures


def _first_hit(system: System, given: Mapping[str, Any], question: str) -> float:
    """Seconds from the start of a process to the first words on its terminal: by the command that there is, if any."""
    if system.kind == "onrecord":
        command = [str(system.tree / ".venv/bin/onrecord"), "search", question, "--archive", given["folder"]]
        command += ["-k", str(given["k"])]
        ended = run(command, _environment(), terminal=True, cwd=system.tree)
    else:
        ended = _child(system, "first", {**given, "questions": [question]}, terminal=True)
    if ended.first_output is None:
        raise ChildFailed(f"{system.name} said nothing")
    return ended.first_output


def _child(system: System, what: str, given: Mapping[str, Any], *, terminal: bool = False) -> Any:
    command = [str(system.python), str(_SCRIPT), system.kind, what, json.dumps(dict(given))]
    return run(command, _environment(), terminal=terminal, cwd=system.tree)


def _cache() -> Path:
    from rag.settings import load_settings

    return load_settings().cache


def _environment() -> dict[str, str]:
    return {**environment(_cache()), "TOKENIZERS_PARALLELISM": os.environ.get("TOKENIZERS_PARALLELISM", "true")}


def _weights() -> Path:
    from rag.weights import MINILM, ensure_in_place

    return ensure_in_place(MINILM, _cache()).parent


def _table(found: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Medians with smallest and largest; beside those of others, how many times as good this one is."""
    lines = ["| | " + " | ".join(found) + " |", "|---|" + "---|" * len(found)]
    for figure, good in _FIGURES.items():
        cells = []
        mine = _median(found.get("this", ()), figure)
        for name, runs in found.items():
            theirs = _median(runs, figure)
            if theirs is None:
                cells.append("")
                continue
            told = [one[figure] for one in runs]
            cell = f"{theirs:.4g} ({min(told):.4g}–{max(told):.4g})"
            if name != "this" and mine:
                cell += f" · {mine / theirs if good == 'more' else theirs / mine:.2f} ×"
            cells.append(cell)
        if any(cells):
            lines.append(f"| {figure} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _median(runs: Sequence[Mapping[str, float]], figure: str) -> float | None:
    told = [one[figure] for one in runs if figure in one]
    return statistics.median(told) if told else None


if __name__ == "__main__":
    sys.exit(main())
