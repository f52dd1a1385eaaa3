"""Answers for tests of what is stored, shown and redacted, made without a model."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rag.types import Answer, Citation, Hit, Passage, Query, Sentence


def hit(article: str, text: str, rank: int = 1, twins: tuple[str, ...] = ()) -> Hit:
    passage = Passage(
        id=f"{article}:0",
        article_id=article,
        start=0,
        end=len(text),
        text=text,
        sentences=(Sentence(start=0, end=len(text)),),
        title=f"Title of {article}",
    )
    return Hit(passage=passage, score=1 / rank, rank=rank, found_by="hybrid", duplicates=twins)


def answered(
    *claims: tuple[str, tuple[str, ...]], question: str = "What happened?", sep: str = " ", **more: Any
) -> Answer:
    """An answer of (sentence, articles it cites), written as the pipeline writes it."""
    text, citations = "", []
    numbers: dict[tuple[str, str], int] = {}
    places: dict[tuple[str, str], int] = {}  # an article's quotes stand in it one behind the other
    lengths: Counter[str] = Counter()
    for claim, articles in claims:
        text += sep if text else ""
        place = (len(text), len(text) + len(claim))
        marks = ""
        for article in articles:
            quote = f"Said by {article}: {claim}"
            number = numbers.setdefault((article, quote), len(numbers) + 1)
            marks += f"[{number}]"
            start = places.setdefault((article, quote), lengths[article])
            lengths[article] = max(lengths[article], start + len(quote))
            citations.append(
                Citation(
                    number=number,
                    article_id=article,
                    title=f"Title of {article}",
                    quote=quote,
                    start=start,
                    end=start + len(quote),
                    claim=place,
                    support="supported",
                )
            )
        text += f"{claim} {marks}"
    articles = list(dict.fromkeys(c.article_id for c in citations))
    given: dict[str, Any] = {
        "question": question,
        "query": Query(text=question, standalone=question),
        "text": text,
        "citations": tuple(citations),
        "hits": tuple(hit(a, f"Passage of {a}.", n) for n, a in enumerate(articles, start=1)),
        "answered": True,
        "model": "fake",
        "fingerprint": "x",
    }
    return Answer(**given | more)


def refused(question: str = "Who won?", **more: Any) -> Answer:
    given = {
        "text": "Nothing in the archive clearly answers this question.",
        "answered": False,
        "reason": "not_in_archive",
    }
    return answered(question=question, **given | more)


BRIDGE = ("The bridge reopened in May.", ("bridge",))
