"""Which quotes are about something, and whether any is: a list by fit alone has no end.

Measured on the 295 articles of ../shared/data/wikinews (all-MiniLM-L6-v2; a quote was taken to be about a topic where
its sentence or title has a word of it): of 30 topics that the articles have, 27 list 844 quotes in place of 1,852, 485
of the 584 that are about them among these; of 30 that they don't have, 23 list nothing, and the others 63 quotes in
place of 1,267, most of them about something near ("Icelandic volcano": a volcano of Hawaii's). At 0.38 for ``SURE`` one
more of these lists some, at 0.42 two fewer of the topics that are there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from rag.retrieve.speaker import CLOSELY, Vectors, rarities
from rag.text.tokens import query_terms, terms
from rag.types import Quote

SURE = 0.4
"""Cosine that the likest quote, or its passage, has at least where any is about it, or one has all of its words;"""
NEAR = 0.3
"""that each quote or its passage has then,"""
WORDS = 0.5
"""or the share of its words, rare ones counting more, that the quote has with its sentence and title."""


def only_about(
    quotes: Sequence[Quote],
    about: str,
    *,
    passage_of: Mapping[tuple[str, int], str],
    stored: Mapping[str, npt.NDArray[np.float32]],
    embed: Vectors,
) -> list[Quote]:
    """Those quotes that are about something, in their order; none where nothing is.

    Args:
        quotes: Best first.
        about: What they are to be about, in a language that the model knows.
        passage_of: (article id, offset) to the id of the passage there.
        stored: Vectors of passages, each of shape (dim,).
        embed: Texts to unit vectors.
    """
    if not quotes:
        return []
    wanted = set(query_terms(about))
    theirs = [wanted & set(terms(f"{q.title} {q.sentence} {q.quote}")) for q in quotes]
    rarity = rarities(wanted, theirs)
    total = sum(rarity.values()) or 1.0
    target = embed([about])[0]
    own = embed([q.sentence for q in quotes[:CLOSELY]]) @ target  # those that ranking has embedded already
    likeness = np.zeros(len(quotes))
    for n, q in enumerate(quotes):
        vector = stored.get(passage_of.get((q.article_id, q.start), ""))
        of_passage = float(vector @ target) if vector is not None else 0.0
        likeness[n] = max(of_passage, float(own[n]) if n < len(own) else 0.0)
    if likeness.max() < SURE and not any(wanted and found == wanted for found in theirs):
        return []
    shares = [sum(rarity[t] for t in found) / total for found in theirs]
    return [q for q, like, share in zip(quotes, likeness, shares, strict=True) if like >= NEAR or share >= WORDS]


__all__ = ["NEAR", "SURE", "WORDS", "only_about"]
