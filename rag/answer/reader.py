"""Reads the passages found for a question: which sentences answer it, which of their words, and how sure that is.

    question, [Hit] --read--> [Reading], best first

A passage is read once for all its sentences, with its headline, by the trained network (``models/network.py``). What a
sentence scores is how much likelier the network holds it that this sentence answers than that none of the passage does.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rag.answer.models import network
from rag.types import Hit, Passage

LENGTH = 256
"""Most pieces of a piece of a passage with its question: what the network was trained on."""
QUESTION, HEADLINE, SENTENCE = 64, 32, 120
"""Most pieces of each, as in training."""
SPAN = 0.3
"""What counts, beside a sentence's score, the log of its share of where the words that answer begin and end."""
_WORDS = 24
"""Most pieces of the words that answer."""


@dataclass(frozen=True)
class Reading:
    """What the reader makes of a sentence."""

    hit: Hit
    """With the passage it stands in."""
    n: int
    """Which of the passage's sentences it is, from 0."""
    odds: float
    """Log-odds that it answers, against none of its passage's sentences doing so."""
    share: float
    """Probability that it is the one of its passage that answers, 0 to 1; the rest is the others' and none's."""
    words: tuple[int, int] | None
    """(start, end) in the article of the words that answer; None where they can't be told from the rest."""

    @property
    def text(self) -> str:
        """The sentence."""
        return sentence(self.hit.passage, self.n)

    @property
    def place(self) -> tuple[str, int, int]:
        """(article id, start, end)."""
        place = self.hit.passage.sentences[self.n]
        return self.hit.passage.article_id, place.start, place.end


@dataclass
class Chunk:
    """Sentences of a passage that are read together."""

    hit: Hit
    ids: list[int]
    """As the network reads them, with the question and the headline."""
    numbers: list[int]
    """Which of the passage's sentences they are."""
    marks: list[int]
    """Where each begins in ``ids``."""
    offsets: list[list[tuple[int, int]]]
    """Of each sentence, (start, end) in it of each piece."""


def read(question: str, hits: Sequence[Hit], states: Callable[[Passage, int], bool]) -> list[Reading]:
    """Read passages for a question.

    Args:
        question: Standing alone, in any language the network knows.
        hits: The passages.
        states: Whether a sentence may be evidence at all, by its passage and its number there; others are read as
            what stands around, and never returned.

    Returns:
        The sentences that may be evidence, by falling ``odds``.

    Raises:
        ModelCorrupt: The network's files are missing or damaged.
        ExtraMissing: onnxruntime is not installed.
    """
    model = network.shared()
    head = [network.BOS, *model.encode(as_written(question)).ids[:QUESTION]]
    read_as = [chunk for hit in hits for chunk in chunks(model, head, hit)]
    found: list[Reading] = []
    for chunk, out in zip(read_as, model.run([c.ids for c in read_as]), strict=True):
        scores = _scores(chunk, out)
        shares = np.exp(scores - scores.max())
        shares /= shares.sum() + math.exp(out.none - float(scores.max()))
        for i, n in enumerate(chunk.numbers):
            if not states(chunk.hit.passage, n):
                continue
            odds = float(scores[i]) - out.none
            found.append(Reading(chunk.hit, n, odds, float(shares[i]), _words(chunk, i, out)))
    return sorted(found, key=lambda r: -r.odds)


def as_written(question: str) -> str:
    """A question as it is written with care: a capital first, and a question mark where there is none.

    The network has learnt from such questions, and reads "who is mayor of marl" otherwise.
    """
    asked = question.strip()
    asked = asked[:1].upper() + asked[1:]
    return asked if re.search(r"[?？؟\u037e]", asked) else f"{asked}?"


def read_best(questions: Sequence[str], hits: Sequence[Hit], states: Callable[[Passage, int], bool]) -> list[Reading]:
    """Read passages for a question that may be put in several ways: of each sentence the likelier reading.

    Args:
        questions: The ways to put it, at least one; each costs as much time.
        hits: As for ``read``.
        states: As for ``read``.
    """
    if len(questions) == 1:
        return read(questions[0], hits, states)
    best: dict[tuple[str, int, int], Reading] = {}
    for question in questions:
        for reading in read(question, hits, states):
            known = best.get(reading.place)
            if known is None or reading.odds > known.odds:
                best[reading.place] = reading
    return sorted(best.values(), key=lambda r: -r.odds)


def chunks(model: network.Network, head: Sequence[int], hit: Hit) -> Iterator[Chunk]:
    """A passage in pieces that fit, each with the question and the headline; a piece begins with the last sentence
    of the one before, so that "he" is understood."""
    passage = hit.passage
    start = list(head)
    if passage.title:
        start += [network.EOS, *model.encode(passage.title).ids[:HEADLINE]]
    chunk = Chunk(hit, list(start), [], [], [])
    last: tuple[list[int], list[tuple[int, int]]] | None = None
    for n in range(len(passage.sentences)):
        coded = model.encode(sentence(passage, n))
        ids, offsets = coded.ids[:SENTENCE], coded.offsets[:SENTENCE]
        if chunk.numbers and len(chunk.ids) + len(ids) + 2 > LENGTH:
            yield _closed(chunk)
            chunk = Chunk(hit, list(start), [], [], [])
            if last and len(start) + len(last[0]) + len(ids) + 3 <= LENGTH:
                chunk.ids += [network.EOS, *last[0]]
        chunk.numbers.append(n)
        chunk.marks.append(len(chunk.ids))
        chunk.ids += [network.EOS, *ids]
        chunk.offsets.append(offsets)
        last = ids, offsets
    if chunk.numbers:
        yield _closed(chunk)


def _closed(chunk: Chunk) -> Chunk:
    chunk.ids.append(network.EOS)
    return chunk


def _scores(chunk: Chunk, out: network.Outputs) -> network.Floats:
    """What each sentence scores, shape (sentences,): the mean over its pieces, and its share of the answer."""
    ends = [*chunk.marks[1:], len(chunk.ids) - 1]
    means = [out.sentence[a:b].mean() for a, b in zip(chunk.marks, ends, strict=True)]
    return np.array(means, np.float32) + SPAN * np.log(np.maximum(_shares(chunk, out), 1e-6)).astype(np.float32)


def _shares(chunk: Chunk, out: network.Outputs) -> list[float]:
    """The probability of each sentence that the words which answer stand in it, given that they stand in one."""
    first, last = chunk.marks[0], len(chunk.ids)
    begins, ends = (np.exp(line - line.max()) for line in out.span[first:last].T)
    weights = []
    for mark, offsets in zip(chunk.marks, chunk.offsets, strict=True):
        at = slice(mark - first, mark - first + 1 + len(offsets))
        weights.append(float(np.sum(np.cumsum(begins[at]) * ends[at])) + 1e-12)
    total = sum(weights)
    return [w / total for w in weights]


def _words(chunk: Chunk, i: int, out: network.Outputs) -> tuple[int, int] | None:
    """The likeliest run of pieces within a sentence, as a place in the article."""
    first = chunk.marks[i] + 1
    offsets = chunk.offsets[i]
    if not offsets:
        return None
    begins, ends = out.span[first : first + len(offsets), 0], out.span[first : first + len(offsets), 1]
    sums = begins[:, None] + ends[None, :]
    far = np.arange(len(offsets))[None, :] - np.arange(len(offsets))[:, None]
    sums = np.where((far >= 0) & (far < _WORDS), sums, -np.inf)
    a, b = np.unravel_index(int(sums.argmax()), sums.shape)
    text = sentence(chunk.hit.passage, chunk.numbers[i])
    start, end = offsets[int(a)][0], offsets[int(b)][1]
    while start < end and text[start].isspace():
        start += 1
    if start >= end:
        return None
    while start and _sticks(text[start - 1], text[start]):
        start -= 1
    while end < len(text) and _sticks(text[end - 1], text[end]):
        end += 1
    at = chunk.hit.passage.sentences[chunk.numbers[i]].start
    return at + start, at + end


def _sticks(one: str, other: str) -> bool:
    """Whether two characters are of one word or amount: pieces of the network cut through "£84" and "12%"."""
    if one > "\u2e80" or other > "\u2e80":
        return False  # scripts without spaces
    if one.isalnum() and other.isalnum():
        return True
    return (unicodedata.category(one) == "Sc" and other.isdigit()) or (one.isdigit() and other in "%‰°")


def sentence(passage: Passage, n: int) -> str:
    """The text of a passage's sentence."""
    place = passage.sentences[n]
    return passage.text[place.start - passage.start : place.end - passage.start]


__all__ = [
    "HEADLINE",
    "LENGTH",
    "QUESTION",
    "SENTENCE",
    "SPAN",
    "Chunk",
    "Reading",
    "as_written",
    "chunks",
    "read",
    "read_best",
    "sentence",
]
