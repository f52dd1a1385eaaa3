"""Whether a time in a question costs an answer: the quiz asked on its own day, with times and without, in one run.

    python -m benchmarks.times --articles 300

An archive is made of the articles that a web search gave for the first questions, those that name a time first, until
there are so many; the questions whose articles are all there are asked. Right are the articles in which the right
choice stands verbatim.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT
from rag import Archive
from rag.retrieve.timeref import find

DATA = ROOT.parent / "shared/data/realtimeqa-2023"
K = 10


@dataclass(frozen=True)
class Asked:
    """A question of the quiz."""

    text: str
    today: datetime
    offered: tuple[str, ...]
    """Ids of the articles that a web search gave."""
    right: frozenset[str]
    named: str
    """The kind of time it names; empty for none."""


def questions(data: Path) -> list[Asked]:
    """The questions that have right articles, those that name a time first."""
    days = {row["question_id"]: row["question_date"] for row in _rows(data / "questions.jsonl")}
    found = []
    for row in _rows(data / "silver_qrels.jsonl"):
        if row["answer_doc_ids"]:
            today = datetime.strptime(days[row["question_id"]], "%Y/%m/%d").replace(tzinfo=UTC)
            when = find(row["question"], today)
            found.append(
                Asked(
                    row["question"],
                    today,
                    tuple(row["retrieved"]),
                    frozenset(row["answer_doc_ids"]),
                    when.kind if when else "",
                )
            )
    return sorted(found, key=lambda q: (not q.named, q.named == "latest"))


def pool(asked: Sequence[Asked], most: int) -> tuple[list[Asked], set[str]]:
    """The first questions whose articles together are at most so many, and those articles."""
    chosen: list[Asked] = []
    articles: set[str] = set()
    for question in asked:
        more = articles | set(question.offered) | question.right
        if len(more) > most:
            break
        articles = more
        chosen.append(question)
    return chosen, articles


def measure(archive: Archive, asked: Sequence[Asked], *, times: bool) -> list[tuple[float, float]]:
    """Recall and hit among the first ten of each question."""
    values = []
    for question in asked:
        hits = archive.search(question.text, k=K, today=question.today, times=times)
        ids = {alias for h in hits for alias in _ids(archive, h.passage.article_id)}
        there = len(question.right & ids)
        values.append((there / len(question.right), float(there > 0)))
    return values


def _ids(archive: Archive, article: str) -> tuple[str, ...]:
    found = archive.get(article)
    return (found.key, *found.aliases)


def table(asked: Sequence[Asked], values: dict[str, list[tuple[float, float]]]) -> Iterator[str]:
    """The figures as lines: all questions, and those that name a time."""
    groups: dict[str, Callable[[Asked], bool]] = {
        "all": lambda _: True,
        "name a time": lambda q: bool(q.named),
        "name a span": lambda q: q.named == "within",
    }
    yield "| questions | n | times | recall@10 | hit@10 |"
    yield "|---|---|---|---|---|"
    for group, within in groups.items():
        rows = [n for n, q in enumerate(asked) if within(q)]
        for name, found in values.items():
            recall, hit = (sum(found[n][i] for n in rows) / max(1, len(rows)) for i in (0, 1))
            yield f"| {group} | {len(rows)} | {name} | {recall:.3f} | {hit:.3f} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.times", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the quiz")
    parser.add_argument("--articles", type=int, default=300, help="how many articles at most [300]")
    options = parser.parse_args(arguments)
    asked, articles = pool(questions(options.data), options.articles)
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "articles.jsonl"
        with gzip.open(options.data / "articles.jsonl.gz", "rt", encoding="utf-8") as every:
            rows.write_text("".join(line for line in every if json.loads(line)["doc_id"] in articles), "utf-8")
        with Archive.open(Path(folder) / "archive", chat_model="none") as archive:
            archive.ingest(rows)
            values = {name: measure(archive, asked, times=name == "with") for name in ("with", "without")}
    print("\n".join(table(asked, values)))
    return 0


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


if __name__ == "__main__":
    sys.exit(main())
