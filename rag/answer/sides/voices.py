"""What each source says to a question: the words of its that answer, one voice an article.

Two kinds of article speak: those that were read, and those that stood aside in retrieval because they have nearly the
same words. Of the latter only the sentences that answer are looked at, word by word beside those of the article they
stood aside for: a copy that differs just where the answer stands is no copy.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from rag.answer.reader import Reading, sentence
from rag.answer.sides.values import Value, value
from rag.index.catalog import Catalog
from rag.types import Passage

SPEAKS = -2.25
"""Log-odds of the reader from which on an article is taken to answer. Less than what is quoted has: to be counted, a
source need not say it in the question's words."""
_ARTICLES, _PASSAGES = 8, 24
"""Most articles that stood aside, and passages of these, that are looked at."""
_PARALLEL = 0.6
"""Share of their words in the same order that makes two sentences forms of one."""
_WORD = re.compile(r"\w+(?:[.,]\w+)*")


@dataclass(frozen=True)
class Voice:
    """What one article says."""

    reading: Reading
    """The sentence, with its words that answer; a copy's has the odds of what it was compared with."""
    words: tuple[int, int]
    """(start, end) in the article of the words that answer."""
    rank: int
    """Place among the question's voices, 0 the best."""
    beside: str | None = None
    """Id of the article whose sentence this is another form of; None where it was read by itself."""

    @property
    def passage(self) -> Passage:
        return self.reading.hit.passage

    @property
    def article_id(self) -> str:
        return self.passage.article_id

    @property
    def odds(self) -> float:
        """Of the reader."""
        return self.reading.odds

    @property
    def said(self) -> str:
        """The words that answer."""
        start, end = (at - self.passage.start for at in self.words)
        return self.passage.text[start:end]

    @property
    def value(self) -> Value:
        """What they come to."""
        return value(self.said)


def gather(readings: Sequence[Reading], catalog: Catalog) -> list[Voice]:
    """The voices of a question.

    Args:
        readings: What the reader made of the evidence, best first.
        catalog: For the articles that stood aside.

    Returns:
        At most one voice an article; those that are only forms of another's sentence come last.
    """
    own: dict[str, Voice] = {}
    tried: list[Reading] = []
    for reading in readings:
        if reading.odds <= SPEAKS or reading.words is None:
            continue
        article = reading.place[0]
        tried.append(reading)
        voice = Voice(reading, reading.words, len(own))
        if article not in own and not voice.value.empty:
            own[article] = voice
    for article, passages in _aside(tried, own, catalog).items():
        if (found := _other_form(article, passages, tried, len(own))) is not None:
            own[article] = found
    return list(own.values())


def _aside(tried: Sequence[Reading], known: Collection[str], catalog: Catalog) -> dict[str, list[Passage]]:
    """Passages of the articles that stood aside for those that answer, by article."""
    names = dict.fromkeys(t for r in tried for t in r.hit.duplicates if t not in known)
    found: dict[str, list[Passage]] = {}
    for passage in catalog.passages(catalog.passages_of(list(names)[:_ARTICLES])[:_PASSAGES]).values():
        found.setdefault(passage.article_id, []).append(passage)
    return found


def _other_form(article: str, passages: Sequence[Passage], tried: Sequence[Reading], rank: int) -> Voice | None:
    """What an article that stood aside says where the one it stood aside for answers; None where that is the same."""
    for reading in tried:
        if article not in reading.hit.duplicates:
            continue
        if (found := _parallel(reading, passages)) is not None:
            passage, n, words = found
            hit = reading.hit.model_copy(update={"passage": passage, "duplicates": ()})
            voice = Voice(replace(reading, hit=hit, n=n, words=words), words, rank, reading.place[0])
            if not voice.value.empty:
                return voice
    return None


def _parallel(reading: Reading, passages: Sequence[Passage]) -> tuple[Passage, int, tuple[int, int]] | None:
    """The sentence that is another form of one that was read, with what it has in place of the words that answer."""
    assert reading.words is not None
    mine = list(_WORD.finditer(reading.text))
    at = reading.place[1]
    asked = [i for i, m in enumerate(mine) if reading.words[0] < at + m.end() and at + m.start() < reading.words[1]]
    if not asked:
        return None
    best: tuple[float, Passage, int] | None = None
    for passage in passages:
        for n in range(len(passage.sentences)):
            text = sentence(passage, n)
            theirs = _WORD.findall(text)
            if abs(len(theirs) - len(mine)) > len(mine):
                continue
            ratio = SequenceMatcher(None, [m[0] for m in mine], theirs, autojunk=False).ratio()
            if ratio >= _PARALLEL and (best is None or ratio > best[0]):
                best = ratio, passage, n
    if best is None:
        return None
    _, passage, n = best
    found = list(_WORD.finditer(sentence(passage, n)))
    matcher = SequenceMatcher(None, [m[0] for m in mine], [m[0] for m in found], autojunk=False)
    places: list[int] = []
    changed = False
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if i1 > asked[-1] or i2 <= asked[0]:
            continue
        if tag == "equal":
            places += range(j1 + max(asked[0] - i1, 0), j1 + min(asked[-1] + 1 - i1, i2 - i1))
        elif tag == "replace":
            places += range(j1, j2)
            changed = True
    if not places or not changed:
        return None
    start = passage.sentences[n].start
    return passage, n, (start + found[places[0]].start(), start + found[places[-1]].end())


__all__ = ["SPEAKS", "Voice", "gather"]
