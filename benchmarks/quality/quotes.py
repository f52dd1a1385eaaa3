"""Who said what, against quotes that were annotated by hand.

    python -m benchmarks.quality.quotes ARTICLES           # of Wikinews; the part that the rules were made on
    python -m benchmarks.quality.quotes ARTICLES --test    # and the one that they were not
    python -m benchmarks.quality.quotes ARTICLES --direct  # direct quotes alone, in 20 articles drawn by a seed

``quotes_annotated.jsonl`` has the quotes of 37 articles (every fifth one up to position 185 that is under 3,800
characters and has a quotation mark or a reporting verb): offsets, speaker and role, no texts. 157 were annotated
before any rule was written. 12 more of the part "dev" had been overlooked and were added when the finder turned them
up, which flatters the figures of that part: its recall and precision lean upwards. The 54 of "test" are of the same
first reading and were left alone; nothing was changed for them, and quotes overlooked there count against the finder.

``quotes_direct.jsonl`` has every direct quote of 20 more articles: drawn by ``random.Random(21)`` from those of up to
5,000 characters that have a quotation mark and are not in the other list (``draw``), and read in full, all of them
before the finder had seen one. Words in quotation marks count where somebody is said to have said or written them: a
title, a nickname and what "reports" say don't. The first ten are the part "dev", the others "test". Each quote has a
hash of its words instead of the words.

A found quote is an annotated one where they share at least half of the longer of the two and are both direct or both
not. A speaker is right where the last words of the names are the same or one name is part of the other. Speaker
precision is over the quotes that were annotated; precision of quotes over all found, recall over all annotated.
Intervals: 95 %, bootstrap over articles.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sys
import time
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.ingest import quotes
from rag.ingest.clean import clean
from rag.ingest.load import load
from rag.machine import processor
from rag.text.split import sentences
from rag.text.tokens import count_words
from rag.types import QuoteSpan, RawArticle

ANNOTATED = Path(__file__).with_name("quotes_annotated.jsonl")
DIRECT = Path(__file__).with_name("quotes_direct.jsonl")
SEED, LONGEST = 21, 5000
_RESAMPLES = 1000


@dataclass(frozen=True)
class Compared:
    """What was found in an article beside what was annotated."""

    found: Sequence[QuoteSpan]
    gold: Sequence[dict[str, Any]]
    pairs: Sequence[tuple[QuoteSpan, dict[str, Any]]]


def _folded(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))


def same_person(one: str, other: str) -> bool:
    """Whether two names or descriptions mean the same."""
    a, b = (re.findall(r"[\w'’-]+", re.sub(r"['’]s\b", "", _folded(x))) for x in (one, other))
    a, b = ([w for w in x if w not in ("the", "a", "an", "some")] for x in (a, b))
    return bool(a and b) and (a == b or a[-1] == b[-1] or set(a) <= set(b) or set(b) <= set(a))


def compare(found: Sequence[QuoteSpan], gold: Sequence[dict[str, Any]]) -> Compared:
    """Pair what is found with what was annotated, each at most once."""
    pairs, free = [], list(gold)
    for q in found:
        for g in free:
            shared = min(q.end, g["end"]) - max(q.start, g["start"])
            if q.direct == g["direct"] and shared >= 0.5 * max(q.end - q.start, g["end"] - g["start"]):
                pairs.append((q, g))
                free.remove(g)
                break
    return Compared(found, gold, pairs)


def _share(hits: int, of: int) -> float | None:
    return hits / of if of else None


MEASURES: dict[str, Callable[[Sequence[Compared]], float | None]] = {
    "speaker, precision": lambda cs: _share(
        sum(same_person(q.speaker, g["speaker"]) for c in cs for q, g in c.pairs), sum(len(c.pairs) for c in cs)
    ),
    "quote and speaker, of all found": lambda cs: _share(
        sum(same_person(q.speaker, g["speaker"]) for c in cs for q, g in c.pairs), sum(len(c.found) for c in cs)
    ),
    "direct, recall": lambda cs: _share(
        sum(q.direct for c in cs for q, _ in c.pairs), sum(g["direct"] for c in cs for g in c.gold)
    ),
    "direct, precision": lambda cs: _share(
        sum(q.direct for c in cs for q, _ in c.pairs), sum(q.direct for c in cs for q in c.found)
    ),
    "indirect, recall": lambda cs: _share(
        sum(not q.direct for c in cs for q, _ in c.pairs), sum(not g["direct"] for c in cs for g in c.gold)
    ),
    "indirect, precision": lambda cs: _share(
        sum(not q.direct for c in cs for q, _ in c.pairs), sum(not q.direct for c in cs for q in c.found)
    ),
    "quote and speaker, of all annotated": lambda cs: _share(
        sum(same_person(q.speaker, g["speaker"]) for c in cs for q, g in c.pairs), sum(len(c.gold) for c in cs)
    ),
    "role, of those annotated": lambda cs: _share(
        sum(same_person(q.role or "", g["role"]) for c in cs for q, g in c.pairs if g["role"]),
        sum(bool(g["role"]) for c in cs for _, g in c.pairs),
    ),
}


OF_DIRECT = ("direct, recall", "direct, precision", "speaker, precision", "quote and speaker, of all annotated")


def draw(articles: Sequence[RawArticle], without: Collection[str], number: int = 20) -> list[RawArticle]:
    """Articles to read for direct quotes, in the order drawn.

    Args:
        articles: Cleaned ones.
        without: Keys of those that are known already.
        number: How many.
    """
    fit = [a for a in articles if a.key not in without and len(a.text) <= LONGEST and re.search('["“”]', a.text)]
    return random.Random(SEED).sample(sorted(fit, key=lambda a: a.key), number)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality.quotes", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("articles", type=Path, help="of Wikinews: data/wikinews/articles.jsonl")
    parser.add_argument("--test", action="store_true", help="the unseen part, too")
    parser.add_argument("--errors", action="store_true", help="what went wrong in the part that the rules were made on")
    parser.add_argument("--direct", action="store_true", help="direct quotes alone, in the 20 articles drawn for them")
    options = parser.parse_args(arguments)
    data = options.articles
    known = DIRECT if options.direct else ANNOTATED
    rows = {r["url"]: r for line in known.read_text("utf-8").splitlines() if (r := json.loads(line))}
    drafts = [d for d in load([data]) if isinstance(d, RawArticle) and d.key in rows]
    cleaned = [c for d in drafts if isinstance(c := clean(d), RawArticle)]
    for d in cleaned:
        if hashlib.sha256(d.text.encode()).hexdigest() != rows[d.key]["sha256"]:
            print(f"{d.key} is not the text that was annotated.", file=sys.stderr)
            return 1
    given = [(d.title, d.text, sentences(d.text, "en")) for d in cleaned]
    quotes.find(given[:2])  # the parser is loaded
    started = time.perf_counter()
    found = quotes.find(given)
    if options.direct:
        found = [[q for q in of if q.direct] for of in found]
    took = time.perf_counter() - started
    number = sum(count_words(d.text) for d in cleaned)
    print(f"{number} words, {took / number * 1e6:.0f} µs a word, {processor()}")
    for part in ("dev", "test") if options.test else ("dev",):
        compared = [
            compare(f, rows[d.key]["quotes"])
            for d, f in zip(cleaned, found, strict=True)
            if rows[d.key]["split"] == part
        ]
        print(f"\n{part}: {len(compared)} articles, {sum(len(c.gold) for c in compared)} quotes annotated")
        for name in OF_DIRECT if options.direct else MEASURES:
            value = MEASURES[name]
            dice = random.Random(0)
            drawn = sorted(
                v for _ in range(_RESAMPLES) if (v := value(dice.choices(compared, k=len(compared)))) is not None
            )
            low, high = drawn[int(0.025 * len(drawn))], drawn[int(0.975 * len(drawn)) - 1]
            print(f"  {name:<32} {value(compared) or 0:.3f} ({low:.2f}–{high:.2f})")
        if options.errors and part == "dev":
            _errors(cleaned, found, rows)
    return 0


def _errors(drafts: Sequence[RawArticle], found: Sequence[Sequence[QuoteSpan]], rows: dict[str, Any]) -> None:
    for d, f in zip(drafts, found, strict=True):
        if rows[d.key]["split"] != "dev":
            continue
        c = compare(f, rows[d.key]["quotes"])
        paired = [g for _, g in c.pairs]
        for g in c.gold:
            if g not in paired:
                print("  MISSED", "D" if g["direct"] else "I", g["speaker"], "|", d.text[g["start"] : g["end"]][:90])
        for q in c.found:
            if q not in [p for p, _ in c.pairs]:
                print("  EXTRA ", "D" if q.direct else "I", q.speaker, "|", d.text[q.start : q.end][:90])
        for q, g in c.pairs:
            if not same_person(q.speaker, g["speaker"]):
                print("  WRONG ", q.speaker, "is", g["speaker"], "|", d.text[q.start : q.end][:70])
            elif g["role"] and not same_person(q.role or "", g["role"]):
                print("  ROLE  ", q.speaker, q.role, "is", g["role"])


if __name__ == "__main__":
    sys.exit(main())
