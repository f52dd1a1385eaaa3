"""The text that is measured on: real articles where they are, else synthetic ones."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from benchmarks.process import ROOT
from rag.ingest.clean import clean
from rag.ingest.load import load
from rag.ingest.pipeline import split
from rag.text.detect import detect_language
from rag.types import RawArticle

REAL = ROOT.parent / "shared/data/realtimeqa-2023/articles.jsonl.gz"
QUESTIONS = ROOT.parent / "shared/data/realtimeqa-2023/questions.jsonl"
CORPUS = ROOT / "corpus"


@dataclass(frozen=True)
class Slice:
    """A JSONL file of articles, one row each with url, title and text."""

    path: Path
    articles: int
    words: int
    """Of titles and texts as they were read, divided at white space."""
    passages: int
    """What OnRecord makes of them."""


@dataclass(frozen=True)
class Source:
    """Where articles come from."""

    name: str
    path: Path | None
    """None: synthetic."""

    def articles(self) -> Iterator[RawArticle]:
        """Articles with text, each key once; synthetic ones never end."""
        if self.path is None:
            yield from _synthetic()
            return
        seen: set[str] = set()
        for item in load([self.path]):
            if isinstance(item, RawArticle) and item.text.strip() and item.key not in seen:
                seen.add(item.key)
                yield item

    def cut(self, to: Path, *, passages: int | None = None, articles: int | None = None) -> Slice:
        """Write as many articles as make so many passages, or so many articles, to a JSONL file."""
        to.parent.mkdir(parents=True, exist_ok=True)
        number = total_words = total_passages = 0
        with to.open("w", encoding="utf-8") as out:
            for draft in self.articles():
                cleaned = clean(draft)
                if not isinstance(cleaned, RawArticle):
                    continue
                total_passages += len(split(cleaned)[2])
                total_words += len(f"{draft.title} {draft.text}".split())
                out.write(_row(draft))
                number += 1
                if number == articles or (passages is not None and total_passages >= passages):
                    break
        return Slice(to, number, total_words, total_passages)

    def pieces(self, folder: Path, size: int) -> Iterator[Path]:
        """All articles, in files of ``size`` that are written when they are asked for."""
        folder.mkdir(parents=True, exist_ok=True)
        found = self.articles()
        for n in count():
            rows = [_row(draft) for draft in islice(found, size)]
            if not rows:
                return
            path = folder / f"{n:04d}.jsonl"
            path.write_text("".join(rows), "utf-8")
            yield path

    def titles(self, number: int) -> list[str]:
        """Titles of articles."""
        return [d.title for d in islice((d for d in self.articles() if d.title), number)]


def source(given: Path | None) -> Source:
    """The real articles if they are there, else those given, else synthetic ones."""
    if given is not None:
        return Source(given.name, given.resolve())
    if REAL.exists():
        return Source("realtimeqa-2023", REAL)
    return Source("SYNTHETIC: the sample corpus again and again, with words changed", None)


def questions(of: Source, number: int) -> list[str]:
    """Varied questions for the archive; titles of its articles where nobody has asked any."""
    if of.path == REAL and QUESTIONS.exists():
        rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines() if line.strip()]
        every = max(1, len(rows) // number)
        return [row["question_sentence"] for row in rows[::every]][:number]
    return [f"What is known about {title}?" for title in of.titles(number)]


def sample_questions() -> list[str]:
    """Questions that the sample corpus answers; of varied kinds side by side."""
    rows = [json.loads(x) for x in (CORPUS / "questions.jsonl").read_text("utf-8").splitlines() if x.strip()]
    asked = [r["question"] for r in rows if r["answerable"] and not r.get("history")]
    english = [q for q in asked if detect_language(q) == "en"]
    random.Random(2).shuffle(english)
    return english


def _row(draft: RawArticle) -> str:
    row = {
        "url": draft.url or draft.key,
        "title": draft.title,
        "text": draft.text,
        "source": draft.source,
        "published": draft.published.isoformat() if draft.published else None,
    }
    return json.dumps({name: value for name, value in row.items() if value}, ensure_ascii=False) + "\n"


def _synthetic() -> Iterator[RawArticle]:
    """The English sample articles, with every fourth word replaced by another of the corpus."""
    drafts = [d for d in load([CORPUS]) if isinstance(d, RawArticle) and detect_language(d.text) == "en"]
    vocabulary = sorted({w for d in drafts for w in d.text.split() if w.isalpha()})
    for copy in count():
        for n, draft in enumerate(drafts):
            dice = random.Random(copy * 1000 + n)
            paragraphs = [
                " ".join(dice.choice(vocabulary) if w.isalpha() and dice.random() < 0.25 else w for w in p.split())
                for p in draft.text.split("\n\n")
            ]
            key = f"https://synthetic.example/{copy}/{n}"
            yield draft.model_copy(
                update={"key": key, "url": key, "title": f"{draft.title} {copy}", "text": "\n\n".join(paragraphs)}
            )
