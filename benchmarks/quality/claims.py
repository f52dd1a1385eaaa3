"""Claims made by hand from news: how many false ones the check passes, how many right ones it withholds, kind by kind.

``python -m benchmarks.quality claims`` prints the table and, beside it, what each exact comparison would do by itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.quality.check import Embed, embedder
from benchmarks.quality.runs import Figure
from rag.answer.check import judge, objections
from rag.answer.check.objections import Cited
from rag.claims import Claim

OWN = Path(__file__).with_name("claims_own.jsonl")


@dataclass(frozen=True)
class Case:
    """A claim with what people found."""

    claim: Claim
    supported: bool
    kind: str

    @property
    def cited(self) -> Cited:
        """The cited words."""
        return self.claim.words


def dev(folder: Path) -> list[Case]:
    """150 claims on 34 articles, half of them right (claims/dev.jsonl)."""
    rows = [json.loads(line) for line in (folder / "claims/dev.jsonl").read_text("utf-8").splitlines() if line.strip()]
    return [_case(r, "supported") for r in rows]


def cases(folder: Path) -> list[Case]:
    """32 short claims, each of one way to go wrong (cases/claims.json)."""
    return [_case(r, "right") for r in json.loads((folder / "cases/claims.json").read_text("utf-8"))]


def own(*batches: int) -> list[Case]:
    """Claims in the words of one sentence of news each, written for this; what is nearest to them is often false.

    Args:
        batches: Of the three. The check was mended after reading what it made of the first two; the third was written
            afterwards, and nothing has been mended for it.
    """
    rows = [json.loads(line) for line in OWN.read_text("utf-8").splitlines()]
    return [Case(Claim(claim=r["claim"], cited=r["cited"]), r["right"], "") for r in rows if r["batch"] in batches]


def _case(row: dict[str, Any], label: str) -> Case:
    claim = Claim(claim=row["claim"], cited=row["cited"], question=row["question"], date=row.get("date"))
    return Case(claim, bool(row[label]), row["kind"])


def judged(found: Sequence[Case], embed: Embed) -> list[judge.Judgement]:
    """The judgement of each, with its question."""
    return [judge.judge(c.claim.claim, c.cited, embed=embed, asked=c.claim.question) for c in found]


def figures(folder: Path, embed: Embed | None = None) -> tuple[list[Figure], list[str]]:
    """False ones passed and right ones withheld, of each set; and the tables by kind and by comparison.

    Args:
        folder: Of the data sets.
        embed: Texts to unit vectors; by default the product's model.
    """
    embed = embed or embedder()
    told, lines = [], []
    sets = {"dev": dev(folder), "cases": cases(folder), "own, read before": own(1, 2), "own, read after": own(3)}
    for name, found in sets.items():
        judgements = judged(found, embed)
        wrong = [j.ok != c.supported for c, j in zip(found, judgements, strict=True)]
        for measure, supported in (("false_passed", False), ("right_withheld", True)):
            value = sum(w for w, c in zip(wrong, found, strict=True) if c.supported is supported)
            of = sum(c.supported is supported for c in found)
            told.append(Figure("claims", name, measure, float(value), None, None, of))
        lines += [*(_by_kind(name, found, wrong) if found[0].kind else ()), *_by_comparison(name, found)]
    return told, lines


def _by_kind(name: str, found: Sequence[Case], wrong: Sequence[bool]) -> list[str]:
    of = Counter((c.supported, c.kind) for c in found)
    missed = Counter((c.supported, c.kind) for c, w in zip(found, wrong, strict=True) if w)
    lines = ["", f"{name}: judged wrongly", "", "| kind | right withheld | false passed |", "|---|---|---|"]
    for kind in sorted({c.kind for c in found}):
        cells = [f"{missed[s, kind]} of {of[s, kind]}" if of[s, kind] else "" for s in (True, False)]
        lines.append(f"| {kind} | {cells[0]} | {cells[1]} |")
    return lines


def _by_comparison(name: str, found: Sequence[Case]) -> list[str]:
    """What each exact comparison rejects, asked alone."""
    lines = ["", f"{name}: rejected by", "", "| comparison | right | false | vetoes |", "|---|---|---|---|"]
    for check, ask in objections.CHECKS.items():
        hit = Counter(c.supported for c in found if ask(c.claim.claim, c.cited, c.claim.question))
        lines.append(f"| {check} | {hit[True]} | {hit[False]} | {'yes' if check in objections.VETOES else 'no'} |")
    return lines


__all__ = ["Case", "cases", "dev", "figures", "judged", "own"]
