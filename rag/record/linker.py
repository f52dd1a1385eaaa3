"""Finds the links of articles that have not been compared yet; the archive calls it after ingest.

Articles of one story are found by the vectors that the store holds already. Of a new article the sentences that may
change something are compared with older articles near it, and its other sentences with such sentences of newer ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rag.index.links import Link, Span
from rag.record import between, offices, reports, within
from rag.record.frames import Told, may_tell_of_leaving
from rag.text import parser
from rag.types import Article, Passage, Sentence

if TYPE_CHECKING:
    from rag.index.catalog import Catalog
    from rag.index.stores import Stores

BOUND = 0.9
"""Least confidence of a link that is kept."""
_STEP = 256
"""Articles compared and recorded in one transaction."""
_NEAREST = 32
"""Passages near a sentence's own that are looked at."""
_NAMED = 200
"""Passages that are looked at of those with the name of somebody who left an office."""
LIKE = 0.5
"""Least cosine of two passages of one story."""


def link(stores: Stores, *, like: float = LIKE) -> int:
    """Compare what has not been compared; the caller holds the write lock, and the indexes are up to the catalog.

    Args:
        stores: Of the archive.
        like: Least cosine of two passages of one story.

    Returns:
        How many links were found.
    """
    catalog = stores.catalog
    count = 0
    while some := catalog.without_links(_STEP):
        changes: list[Span] = []
        links: list[Link] = []
        places = [stores.catalog.sentences(a.id) for a in some]
        earlier = _Told(catalog, like)
        english = [(a, own) for a, own in zip(some, places, strict=True) if a.language == "en" and parser.available()]
        texts = {a.id: [a.text[s.start : s.end] for s in own] for a, own in english}
        bare = {text for own in texts.values() for text in offices.bare(own)}
        mine = between.states((text for own in texts.values() for text in own), bare)
        for article, sentences in zip(some, places, strict=True):
            told = offices.completed(texts.get(article.id, []), mine)
            found, cued = _links(stores, article, sentences, told, earlier)
            links += found
            changes += cued
        kept = [k for k in links if k.confidence >= BOUND]
        catalog.set_linked([a.id for a in some], changes, kept)
        count += len(kept)
    return count


class _Told:
    """The sentences of earlier runs that may change something, with the vectors of their passages."""

    def __init__(self, catalog: Catalog, like: float) -> None:
        self.like = like
        self.places = catalog.changes()
        ids = sorted({passage for _, passage in self.places})
        known = {i: v for at in range(0, len(ids), 500) for i, v in catalog.vectors(ids[at : at + 500]).items()}
        self.passages = sorted(known)
        self.matrix = np.stack([known[i] for i in self.passages]) if known else np.zeros((0, 0), np.float32)
        self.of: dict[str, list[Span]] = {}
        for place, passage in self.places:
            self.of.setdefault(passage, []).append(place)
        self.catalog = catalog

    def near(self, vector: npt.NDArray[np.float32]) -> list[str]:
        """Passages with such sentences near a vector."""
        return [self.passages[n] for n in np.flatnonzero(self.matrix @ vector >= self.like)] if self.passages else []

    def naming(self, text: str) -> list[str]:
        """Passages with such sentences that have a full name of a text which has an office."""
        return sorted({p for name in offices.full_names(text) for p in self._by_name.get(name, ())})

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for at in range(0, len(self.passages), 500):
            for ident, passage in self.catalog.passages(self.passages[at : at + 500]).items():
                if may_tell_of_leaving(passage.text):
                    for name in offices.full_names(f"{passage.title} {passage.text}"):
                        found.setdefault(name, []).append(ident)
        return found


def _links(
    stores: Stores, article: Article, sentences: Sequence[Sentence], states: between.States, earlier: _Told
) -> tuple[list[Link], list[Span]]:
    """The links of an article, and its sentences that may change something."""
    if article.language != "en":
        return [], []
    catalog = stores.catalog
    found: list[Link] = []
    if within.noted(article):
        found += within.links(article, sentences)
    if not parser.available():
        return found, []
    ids = catalog.passages_of([article.id])
    passages, vectors = catalog.passages(ids), catalog.vectors(ids)
    back = reports.told(article, sentences)
    cued: list[Span] = [said.by for said in back]
    for ident in ids:
        passage = passages[ident]
        telling = [(side, states[side.text]) for side in between.sides(passage, states)]
        taken = [said for said in back if passage.start <= said.by[1] < passage.end]
        cued += [side.place for side, _ in telling]
        for side, told in telling:
            if any(state.frame == "leaving" for state in told):
                beside = (s for i in ids for s in between.sides(passages[i]))
                # What says who comes next stands, whatever else says that somebody went.
                found += between.held(
                    side, told, [s for s in beside if not any(state.followed for state in states.get(s.text, ()))]
                )
        if passage.published is None:
            continue
        if telling or taken:
            found += _forward(stores, article, passage, vectors[ident], telling, taken, earlier.like)
        found += _back(catalog, passage, vectors[ident], earlier)
    return found, cued


def _forward(
    stores: Stores,
    article: Article,
    passage: Passage,
    vector: npt.NDArray[np.float32],
    telling: Sequence[tuple[between.Side, Sequence[Told]]],
    taken: Sequence[reports.Mistake],
    like: float,
) -> list[Link]:
    """What an article changes in older ones."""
    vectors, lexical = stores.indexes()
    near = [i for i, cosine in vectors.search(vector, _NEAREST) if cosine >= like]
    gone = {side.place: offices.fully_named(states) for side, states in telling}
    who = {offices.everybody(states) for states in gone.values() if states}
    named = [i for names in sorted(who) for i, _ in lexical.search(names, _NAMED) if i not in near]
    older = stores.catalog.passages([*near, *named])
    found: list[Link] = []
    for ident in dict.fromkeys((*near, *named)):
        other = older.get(ident)
        if other is None or other.article_id == article.id or not _before(other, passage):
            continue
        theirs = list(between.sides(other))
        for side, states in telling:
            if ident in named:
                found += between.decide(side, gone[side.place], between.naming(gone[side.place], theirs))
            else:
                found += between.decide(side, states, between.candidates(side, states, theirs))
        if ident in named:
            continue
        for said in taken:
            lengths = {other.article_id: len(stores.catalog.article(other.article_id).text)}
            words = article.text[said.by[1] : said.by[2]]
            found += reports.links(said, words, article.source, theirs, lengths)
    return found


def _back(catalog: Catalog, passage: Passage, vector: npt.NDArray[np.float32], earlier: _Told) -> list[Link]:
    """What newer articles that were there before change in an article."""
    near = earlier.near(vector)
    named = [i for i in earlier.naming(passage.text) if i not in near]
    if not near and not named:
        return []
    newer = catalog.passages([*near, *named])
    mine = list(between.sides(passage))
    found: list[Link] = []
    for ident in (*near, *named):
        other = newer.get(ident)
        if other is None or other.article_id == passage.article_id or not _before(passage, other):
            continue
        places = {place[1:]: place for place in earlier.of[ident]}
        theirs = [s for s in between.sides(other) if s.place[1:] in places]
        article = catalog.article(other.article_id)
        texts = [article.text[s.start : s.end] for s in catalog.sentences(article.id)]
        cued = [s.text for s in theirs]
        told = offices.completed(texts, between.states(cued, cued))
        for side in theirs:
            states = told.get(side.text, ())
            if ident in named:
                gone = offices.fully_named(states)
                found += between.decide(side, gone, between.naming(gone, mine))
            else:
                found += between.decide(side, states, between.candidates(side, states, mine))
        if ident in named:
            continue
        lengths = {passage.article_id: len(catalog.article(passage.article_id).text)}
        for said in reports.told(article, catalog.sentences(article.id)):
            if said.by in earlier.of[ident]:
                words = article.text[said.by[1] : said.by[2]]
                found += reports.links(said, words, article.source, mine, lengths)
    return found


def _before(one: Passage, other: Passage) -> bool:
    return one.published is not None and other.published is not None and one.published < other.published


__all__ = ["BOUND", "link"]
