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
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.process import ROOT
from rag import Archive
from rag.index.catalog import Catalog
from rag.index.lexical import LexicalIndex
from rag.ingest import pipeline
from rag.ingest.clean import clean
from rag.ingest.load import load
from rag.retrieve.query import build_query
from rag.retrieve.retriever import Retriever
from rag.retrieve.timeref import find
from rag.types import RawArticle

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


Search = Callable[[Asked, bool], list[str]]
"""From a question, and whether times count, to the ids of the articles found."""


def measure(search: Search, asked: Sequence[Asked], *, times: bool) -> list[tuple[float, float]]:
    """Recall and hit among the first ten of each question."""
    values = []
    for question in asked:
        there = len(question.right & set(search(question, times)))
        values.append((there / len(question.right), float(there > 0)))
    return values


def by_all(archive: Archive) -> Search:
    """A whole archive's search."""

    def search(question: Asked, times: bool) -> list[str]:
        hits = archive.search(question.text, k=K, today=question.today, times=times)
        found = [archive.get(h.passage.article_id) for h in hits]
        return [ident for article in found for ident in (article.key, *article.aliases)]

    return search


def by_words(folder: Path, articles: Path) -> Search:
    """Search by words alone: nothing is embedded, which takes most of the time."""
    catalog = Catalog(folder / "catalog.sqlite", create=True)
    batcher = pipeline.Batcher(catalog, lambda texts: np.ones((len(texts), 2), np.float32), lambda: None, None)
    for draft in load([articles]):
        cleaned = clean(draft) if isinstance(draft, RawArticle) and draft.text.strip() else None
        if isinstance(cleaned, RawArticle):
            batcher.flush_if_pending(cleaned.key)
            batcher.add(cleaned)
    batcher.flush()
    lexical = LexicalIndex(folder / "words")
    lexical.add(catalog.rows(limit=10**6))
    stores: Any = SimpleNamespace(
        catalog=catalog,
        indexes=lambda: (None, lexical),
        settings=SimpleNamespace(retriever="lexical"),
        require=lambda: None,
        require_fingerprint=lambda: None,
    )
    retriever = Retriever(stores)

    def search(question: Asked, times: bool) -> list[str]:
        hits = retriever.search(build_query(question.text, k=K, today=question.today, times=times))
        found = [catalog.article(h.passage.article_id) for h in hits]
        return [ident for article in found for ident in (article.key, *article.aliases)]

    return search


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
    parser.add_argument("--words", action="store_true", help="search by words alone: nothing is embedded")
    options = parser.parse_args(arguments)
    asked, articles = pool(questions(options.data), options.articles)
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "articles.jsonl"
        with gzip.open(options.data / "articles.jsonl.gz", "rt", encoding="utf-8") as every:
            rows.write_text("".join(line for line in every if json.loads(line)["doc_id"] in articles), "utf-8")
        with Archive.open(Path(folder) / "archive", chat_model="none") as archive:
            if options.words:
                search = by_words(Path(folder), rows)
            else:
                archive.ingest(rows)
                search = by_all(archive)
            values = {name: measure(search, asked, times=name == "with") for name in ("with", "without")}
    print("\n".join(table(asked, values)))
    return 0


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


if __name__ == "__main__":
    sys.exit(main())
