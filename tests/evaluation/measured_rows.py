"""Rows of a run to be measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag.evaluation.values import EvalCase, Found, Row
from rag.types import Answer, Choice, Citation, Hit, Query


def answer(*said: str, cites: Sequence[str] = ("a",), hits: Sequence[Hit] = (), **more: Any) -> Answer:
    """An answer of these sentences, each citing all of ``cites``; a refusal without sentences."""
    written, citations = "", []
    for sentence in said:
        start = len(written) + bool(written)
        marks = "".join(f"[{n}]" for n, _ in enumerate(cites, 1))
        written += f"{' ' if written else ''}{sentence} {marks}"
        citations += [
            Citation(
                number=n,
                article_id=article,
                title="T",
                quote="Words",
                start=0,
                end=5,
                claim=(start, start + len(sentence)),
                support="supported",
            )
            for n, article in enumerate(cites, 1)
        ]
    query = Query(text="?", standalone="?")
    known: dict[str, Any] = {"question": "?", "query": query, "model": "m", "fingerprint": "f", "hits": tuple(hits)}
    if not said:
        return Answer(**known, text="The archive does not say.", answered=False, **{"reason": "not_in_archive", **more})
    return Answer(**known, text=written, citations=tuple(citations), answered=True, **more)


def chosen(n: int, hits: Sequence[Hit] = ()) -> Choice:
    return Choice(
        question="?",
        query=Query(text="?", standalone="?"),
        choices=("x", "y"),
        choice=n,
        probabilities=(0.5, 0.5),
        hits=tuple(hits),
        model="m",
        fingerprint="f",
    )


def row(case: dict[str, Any] | None = None, **more: Any) -> Row:
    return Row(case=EvalCase(id="1", question="?", **(case or {})), **more)


def ranked(found: Sequence[str], relevant: dict[str, int], **more: Any) -> Row:
    return row(found=tuple(Found(passage=f"p{f}", article=f) for f in found), relevant=relevant, **more)
