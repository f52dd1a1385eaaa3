"""The command: which figures, in which order, and the table at the end."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import data, machine, table
from benchmarks.figures import GROUPS, Bench
from benchmarks.process import WORK, ChildFailed, environment, say
from rag.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print.

    Returns:
        0 when everything was measured, whether it reached its target or not; 1 when something could not be.
    """
    options = _parse(arguments)
    WORK.mkdir(exist_ok=True)
    settings = load_settings()
    cache = settings.cache.expanduser().resolve()
    about = machine.describe(cache)
    source = data.source(options.articles)
    bench = Bench(
        env=environment(cache),
        source=source,
        runs=options.runs or 5,
        ingest_runs=options.runs or 3,
        passages=options.passages,
        large_passages=options.large_passages,
        memory_articles=options.memory_articles,
        given=options.archive.resolve() if options.archive else None,
    )
    started = time.time()
    groups: list[table.Group] = []
    failed: dict[str, str] = {}
    for name in [n for n in GROUPS if not options.only or n in options.only]:
        say(f"{name} ...")
        try:
            groups.append(GROUPS[name](bench))
        except ChildFailed as e:
            failed[name] = str(e)
            say(f"  failed: {e}")
    about["way"] = machine.describe(cache)["way"]  # the first ingest on a machine chooses it
    text = [
        f"OnRecord benchmark, {time.strftime('%Y-%m-%d', time.localtime(started))}, "
        f"{(time.time() - started) / 60:.0f} minutes. Text: {source.name}.",
        *machine.lines(about),
        *table.lines(groups),
        "",
        *table.verdicts(groups),
    ]
    if about["load"] > 0.5:
        text += ["", f"The machine was busy (load {about['load']}) when the run began: times are too long."]
    text += [f"{name} could not be measured: {why.splitlines()[0]}" for name, why in failed.items()]
    print("\n".join(text))
    if options.json:
        options.json.write_text(json.dumps(_raw(about, source, groups, failed), indent=1, ensure_ascii=False), "utf-8")
    return 1 if failed else 0


def _raw(
    about: dict[str, Any], source: data.Source, groups: Sequence[table.Group], failed: dict[str, str]
) -> dict[str, Any]:
    return {
        "machine": about,
        "text": source.name,
        "groups": [
            {**asdict(g), "figures": [{**asdict(f), "median": f.value.median} for f in g.figures]} for g in groups
        ],
        "failed": failed,
    }


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure OnRecord's speed and memory, beside a plain LangChain pipeline.",
    )
    add = parser.add_argument
    add("--articles", type=Path, metavar="PATH", help="text to measure on: anything `onrecord ingest` takes")
    add("--passages", type=_positive, default=3000, help="ingest: how much text, in our passages [3000]")
    add("--runs", type=_positive, help="runs of each measurement [5; ingest: 3]")
    add("--only", nargs="+", choices=list(GROUPS), metavar="NAME", help=f"only these: {', '.join(GROUPS)}")
    add("--archive", type=Path, metavar="DIR", help="for search and evidence: an existing archive instead of our own")
    add("--large-passages", type=_positive, default=20_000, help="size of the archive that is built for them [20000]")
    add("--memory-articles", type=_positive, default=300, help="memory: how many articles at most [300]")
    add("--json", type=Path, metavar="FILE", help="write every single number there")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
