"""Follow-up questions made to stand alone, against what people made of them (CANARD).

python -m benchmarks.quality.followups ../shared/data/canard/dev_first1000.json
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.machine import processor
from rag.retrieve.rewrite import condense
from rag.text.tokens import query_terms

History = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Asked:
    """A question of a conversation, and the same as a person made it stand alone."""

    question: str
    history: History
    """Question and answer of each turn before; the subject and section that all saw are the first of them."""
    rewrite: str


WAYS: dict[str, Callable[[str, History], str]] = {
    "rules": lambda question, history: condense(question, history),
    "unchanged": lambda question, history: question,
    "with the last question and answer": lambda question, history: " ".join([question, *history[-1]]),
}


def load(file: Path) -> list[Asked]:
    """The cases of a file of CANARD."""
    return [_asked(row) for row in json.loads(file.read_text("utf-8"))]


def _asked(row: dict[str, Any]) -> Asked:
    said = ["" if text == "I don't know." else text for text in row["History"]]
    return Asked(row["Question"], tuple(zip(said[::2], said[1::2], strict=True)), row["Rewrite"])


def table(cases: Sequence[Asked]) -> list[str]:
    """A Markdown table: recall, precision and F1 of index terms, averaged over cases; a way a line."""
    lines = [
        "| | cases | recall | precision | F1 | of the words people added | left alone |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, way in WAYS.items():
        made = [(way(c.question, c.history), c) for c in cases]
        scores = [_overlap(terms(m), terms(c.rewrite)) for m, c in made]
        recall, precision, f1 = (sum(column) / len(cases) for column in zip(*scores, strict=True))
        added = [(terms(m), new) for m, c in made if (new := terms(c.rewrite) - terms(c.question))]
        found = sum(len(m & new) / len(new) for m, new in added) / max(1, len(added))
        alone = [m == c.question for m, c in made if terms(c.rewrite) == terms(c.question)]
        lines.append(
            f"| {name} | {len(cases)} | {recall:.3f} | {precision:.3f} | {f1:.3f} | {found:.3f} ({len(added)} cases) "
            f"| {sum(alone)} of {len(alone)} |"
        )
    return lines


def terms(text: str) -> frozenset[str]:
    """What a text is searched by: the index's own words, without those that say nothing."""
    return frozenset(query_terms(text))


def _overlap(mine: frozenset[str], theirs: frozenset[str]) -> tuple[float, float, float]:
    both = len(mine & theirs)
    recall, precision = both / max(1, len(theirs)), both / max(1, len(mine))
    return recall, precision, 2 * recall * precision / (recall + precision) if both else 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print.

    Returns:
        0; 1 when there is nothing at the path.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.followups", description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path, help="a file of CANARD, as dev_first1000.json")
    file = parser.parse_args(arguments).path
    if not file.is_file():
        print(f"Skipped: there is no file {file}. Name a file of CANARD.")
        return 1
    cases = load(file)
    print("\n".join(table(cases)))
    started = time.perf_counter()
    for c in cases:
        condense(c.question, c.history)
    each = (time.perf_counter() - started) / len(cases) * 1e6
    print(f"\n{each:.0f} µs a question on {processor()}. Left alone: of the questions to which people added no word.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
