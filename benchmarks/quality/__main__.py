"""The command: which sets, which systems, and the table."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.process import ROOT
from benchmarks.quality import check, claims, published, runs
from benchmarks.quality.runs import ARMS, WORK, Figure, say
from benchmarks.quality.sets import LOCAL, SETS, Published, Set
from rag.errors import ModelMissing, SourceError
from rag.evaluation import labels
from rag.evaluation.measures import RUBRIC
from rag.evaluation.provenance import code_digest
from rag.evaluation.report_view import outcomes
from rag.evaluation.values import Report
from rag.index.embed import DEFAULT
from rag.settings import load_settings

DATA = ROOT.parent / "shared/data"
CLAIMS = {"attributionbench": check.attributionbench, "wice": check.wice}
_CLAIMED = {
    "attributionbench": (Published("GPT-3.5 fine-tuned, on the test set", "macro_f1", 0.80),),
    "wice": (Published("GPT-4", "f1_supported", 0.610), Published("T5-3B, ANLI+WiCE", "f1_supported", 0.778)),
    "claims": (),
}
NAMES = (*(s.name for s in SETS), *CLAIMS, "claims")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print.

    Returns:
        0 when everything asked for was measured; 1 when data are not there, or a model is not installed.
    """
    options = _parse(arguments)
    if options.list:
        print("\n".join(NAMES))
        return 0
    if not options.data.is_dir():
        say(f"There are no data in {options.data}. Name their folder: --data PATH")
        return 1
    WORK.mkdir(parents=True, exist_ok=True)
    started, skipped = time.time(), 0
    about = machine.describe(load_settings().cache.expanduser())
    told: list[dict[str, Any]] = []
    for name in options.sets or NAMES:
        try:
            figures, facts, by_type = _measure(name, options.data, options.system)
        except (FileNotFoundError, SourceError, ModelMissing) as e:
            say(f"{name} is left out: {e}")
            skipped += 1
            continue
        told += [asdict(f) | facts.get(f.system, {}) for f in figures]
        print("\n".join([*_table(name, figures), *by_type, *_facts(facts)]), flush=True)
    print("\n".join(["", *machine.lines(about), f"{(time.time() - started) / 60:.0f} minutes in this run."]))
    if options.json:
        options.json.write_text(json.dumps({"machine": about, "figures": told}, indent=1), "utf-8")
    return 1 if skipped else 0


def _measure(
    name: str, data: Path, systems: Sequence[str] | None
) -> tuple[list[Figure], dict[str, dict[str, Any]], list[str]]:
    """A set's figures, what was run by system, and lines of what came out by type."""
    say(f"{name} ...")
    if name in CLAIMS:
        return _claims(name, data), {}, []
    if name == "claims":
        found, lines = claims.figures(data)
        return found, {}, lines
    task = next(s for s in SETS if s.name == name)
    if not (data / task.corpus).exists():
        raise FileNotFoundError(f"there is no {data / task.corpus}")
    figures: list[Figure] = []
    by_type: list[str] = []
    facts: dict[str, dict[str, Any]] = {}
    usual = ARMS if task.retrieval else ("extractive", "local")
    for system in [s for s in usual if not systems or s in systems]:
        report, rows = runs.run(task, system, data)
        figures += runs.figures(task, system, report, rows)
        spread = report.latency.get("search" if task.retrieval else "total")
        facts[system] = {
            "asked": report.cases,
            "of": len(task.cases(data)),
            "model": report.run.model,
            "prompts": report.run.prompts,
            "commit": report.run.commit,
            "machine": report.run.machine,
            "p50_ms": spread.p50 if spread else None,
            "errors": report.errors,
            "outcomes": [asdict(o) for o in outcomes(report)],
        }
        by_type += _by_type(system, report)
    folder = (data / task.corpus).parent
    default = task.embeddings == DEFAULT
    if task.retrieval and default and (folder / "queries.jsonl").exists() and not systems:
        figures += _kept(f"{name}-published", lambda: published.figures(name, folder))
    return figures, facts, by_type


def _claims(name: str, data: Path) -> list[Figure]:
    return _kept(name, lambda: check.figures(name, CLAIMS[name](data)))


def _kept(name: str, make: Any) -> list[Figure]:
    """Figures without rows are kept whole, and hold as long as the program is the same."""
    file = WORK / f"{name}.json"
    try:
        kept = json.loads(file.read_text("utf-8"))
        if kept["code"] == code_digest():
            return [Figure(**f) for f in kept["figures"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    figures: list[Figure] = make()
    file.write_text(json.dumps({"code": code_digest(), "figures": [asdict(f) for f in figures]}), "utf-8")
    return figures


def _table(name: str, figures: Sequence[Figure]) -> list[str]:
    """A Markdown table: a system a line, ours first, then what others have published."""
    task: Set | None = next((s for s in SETS if s.name == name), None)
    others = task.published if task else _CLAIMED[name]
    measures = list(dict.fromkeys(f.measure for f in figures))
    lines = ["", f"**{name}**" + (f": {task.note}" if task and task.note else ""), ""]
    lines += [f"| | cases | {' | '.join(measures)} |", f"|---|---|{'---|' * len(measures)}"]
    for system in dict.fromkeys(f.system for f in figures):
        own = {f.measure: f for f in figures if f.system == system}
        cases = max(f.cases for f in own.values())
        lines.append(f"| {system} | {cases} | {' | '.join(_cell(own.get(m)) for m in measures)} |")
    for who in dict.fromkeys(p.who for p in others):
        values = {p.measure: p.value for p in others if p.who == who}
        cells = [f"{values[m]:.3f}" if m in values else "" for m in measures]
        lines.append(f"| *published:* {who} | | {' | '.join(cells)} |")
    return lines


def _by_type(system: str, report: Report) -> list[str]:
    """A Markdown table of how cases with a rubric came out, a type a line; nothing where there are none."""
    if not (found := outcomes(report)):
        return []
    heads = " | ".join(labels.measure(name)[0].lower() for name in RUBRIC)
    lines = ["", f"{system}, by type:", "", f"| | {heads} |", f"|---|{'---|' * len(RUBRIC)}"]
    cells = ((o.label, [f"{s.counted}: {s.share} ({s.interval})" if s else "" for s in o.shares]) for o in found)
    return lines + [f"| {label} | {' | '.join(shares)} |" for label, shares in cells]


def _facts(facts: dict[str, dict[str, Any]]) -> list[str]:
    """A line of what was run of each system."""
    lines = [""]
    for system, told in facts.items():
        parts = [f"{told['asked']} of {told['of']} cases", *told["prompts"], f"commit {told['commit'] or 'unknown'}"]
        if told["p50_ms"]:
            parts.append(f"{told['p50_ms'] / 1000:.2f} s a case (median)")
        if told["errors"]:
            parts.append(f"{told['errors']} errors")
        lines.append(f"{system}: {', '.join(parts)}  ")
    return lines if facts else []


def _cell(f: Figure | None) -> str:
    if f is None or f.value is None:
        return ""
    return f"{f.value:.3f}" + (f" ({f.low:.2f}–{f.high:.2f})" if f.low is not None and f.high is not None else "")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality",
        description="How good OnRecord is on open data, beside published figures. What is done is not done again: "
        "archives and rows are kept in .bench/quality/. Retrieval and the extractive engine run in full, "
        f"the local model on {LOCAL} fixed cases of each set.",
    )
    parser.add_argument("sets", nargs="*", choices=[*NAMES, []], metavar="SET", help=f"one of: {', '.join(NAMES)}")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the sets [default: ../shared/data]")
    parser.add_argument("--system", action="append", help="only this arm or model, as in extractive; can be repeated")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("--list", action="store_true", help="print the sets' names and stop")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
