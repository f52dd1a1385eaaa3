"""Sentences and the passages around them, for the tests of conflicts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rag.answer.conflicts import find as conflicts
from rag.types import Citation, Conflict, Hit, Passage, Sentence


class Said(NamedTuple):
    """A sentence of an article of its own."""

    text: str
    title: str = ""
    published: str | None = None


def near(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """All alike: what tells sentences apart has to be read off them."""
    return np.ones((len(texts), 1), np.float32)


def passage(ident: str, said: Said) -> Passage:
    return Passage(
        id=f"{ident}:0",
        article_id=ident,
        start=0,
        end=len(said.text),
        text=said.text,
        sentences=(Sentence(start=0, end=len(said.text)),),
        title=said.title,
        published=datetime.fromisoformat(said.published).replace(tzinfo=UTC) if said.published else None,
    )


def between(question: str, answer: Said, other: Said, embed: Any = near) -> list[Conflict]:
    """What an answer that says the one sentence is told of the other."""
    return beside(question, answer, passage("b", other), embed)


def beside(question: str, answer: Said, two: Passage, embed: Any = near) -> list[Conflict]:
    """The same, of a passage."""
    one = passage("a", answer)
    cited = Citation(
        number=1,
        article_id="a",
        title=one.title,
        published=one.published,
        quote=answer.text,
        start=0,
        end=len(answer.text),
        claim=(0, len(answer.text)),
        support="verbatim",
    )
    hits = [Hit(passage=p, score=1.0, rank=n, found_by="dense") for n, p in enumerate((one, two), 1)]
    return conflicts.find(question, f"{answer.text} [1]", [cited], [], hits, embed=embed)
