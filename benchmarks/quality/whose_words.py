"""``python -m benchmarks.quality.whose_words ../shared/data``: questions that ask for somebody's own words.

Of ``benchmarks/fit/news_questions.jsonl`` those that ask for what somebody said, over the articles they were written
for: whether a sentence that answers is quoted, and whether nothing is where no article has it. Then each question that
has an answer is asked with the name of another whom the same article quotes in the speaker's place: the first one's
words must not come first. Most of the questions are among those that the reader learnt from; "left aside" are those
that it has not seen.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.fit import news
from benchmarks.quality.runs import say
from rag import Archive, Settings
from rag.ingest import quotes
from rag.retrieve.speaker import parse_speaker
from rag.text.split import sentences
from rag.types import Answer

ASIDE = ("confidence", "held out")
NONE = 200
"""Questions without an answer that are asked."""
SEED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.whose_words", description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with realtimeqa-2023")
    parser.add_argument("--most", type=int, default=1000, help="questions of each kind, at most [1000]")
    options = parser.parse_args(arguments)
    texts = news.archived(options.data)
    rows = [r for part in ("reader", "later", "further", *ASIDE) for r in news.asked(part) if _asks(r)]
    chance = random.Random(SEED)
    chance.shuffle(rows)
    told = [r for r in rows if r["gold"]][: options.most]
    untold = [r for r in rows if not r["gold"]][: min(NONE, options.most)]
    counts: Counter[tuple[str, str]] = Counter()
    with Archive.open(settings=Settings(archive=news.ARCHIVE, model="extractive")) as archive:
        for n, row in enumerate([*told, *untold], 1):
            came = _ended(archive.ask(row["question"]), _gold(row, texts))
            for kind in ("all", *(["left aside"] if row["part"] in ASIDE else [])):
                counts[f"{kind}, {'answered there' if row['gold'] else 'answered nowhere'}", came] += 1
            if n % 50 == 0:
                say(f"  {n} of {len(told) + len(untold)}")
        for row in told:
            if question := _of_another(row, texts, chance):
                answer = archive.ask(question)
                first = bool(answer.citations) and _has(answer.citations[0].quote, _gold(row, texts))
                counts["asked of another", "the first one's words first" if first else "not"] += 1
    for (kind, came), many in sorted(counts.items()):
        print(f"{kind:36}{came:32}{many:6}")
    return 0


def _asks(row: Mapping[str, Any]) -> bool:
    return "history" not in row and parse_speaker(row["question"]) is not None


def _gold(row: Mapping[str, Any], texts: Mapping[str, str]) -> list[str]:
    return [" ".join(texts[row["article"]][start:end].split()) for start, end in row["gold"]]


def _has(quote: str, gold: Sequence[str]) -> bool:
    words = " ".join(quote.split())
    return any(g in words or (len(words) > len(g) // 2 and words in g) for g in gold)


def _ended(answer: Answer, gold: Sequence[str]) -> str:
    if not answer.citations:
        return "refused"
    return "quoted" if any(_has(c.quote, gold) for c in answer.citations) else "something else quoted"


def _of_another(row: Mapping[str, Any], texts: Mapping[str, str], chance: random.Random) -> str | None:
    """The question with the name of another whom its article quotes; None where there is nobody, or no gold quote."""
    asked, text = parse_speaker(row["question"]), texts[row["article"]]
    (said,) = quotes.find([("", text, sentences(text, "en"))])
    own = {q.speaker for q in said if any(q.start < end and start < q.end for start, end in row["gold"])}
    words = {w for name in (*own, asked.speaker if asked else "") for w in name.split()}
    others = sorted({q.speaker for q in said if q.speaker[:1].isupper() and not words & set(q.speaker.split())})
    if asked is None or not own or not others:
        return None
    return str(row["question"]).replace(asked.speaker, chance.choice(others))


if __name__ == "__main__":
    sys.exit(main())
