"""Questions that ask for a course of events: "how did the strike unfold?", "give me a chronology", in six languages.

Which words ask for it is learnt (``benchmarks/fit/course.py``): a logistic regression over a question's words, trained
with forms of questions of both kinds, in which stories change, so that they weigh nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from rag.text import parser
from rag.text.detect import detect_question
from rag.text.lexicon import having, lexicon
from rag.text.names import is_start
from rag.text.normalize import strip_accents
from rag.text.scripts import CJK
from rag.text.word_lists import Detection, Grammar, Times

LIKELY = 0.5
"""How likely a question has to ask for a course of events."""
_WORD = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+(?:['’-][^\W_{CJK}]+)*")
_ALL_CJK = re.compile(rf"[{CJK}]+")
_BEGINNING = 5
"""Letters by which forms of a word are told to be the same: "unfold" and "unfolded", "kronoloji" and "kronolojisi"."""
_RUNS = (1, 2, 3)
_ASKS = 0.4
"""What a word weighs at least that asks, and is none of what is asked about."""
_STOP = frozenset(lexicon("en").section(Grammar).question_words) | frozenset(lexicon("en").section(Grammar).auxiliaries)


@dataclass(frozen=True)
class _Model:
    bias: float
    weights: Mapping[str, float]


def asks_for_course(question: str) -> bool:
    """Whether a question asks for what happened in its course, and for no single fact."""
    return probability(question) >= LIKELY


@dataclass(frozen=True)
class Topic:
    """What a question for a course of events is about."""

    words: str
    """Its words that don't ask."""
    names: str
    """Those that are written as names are; empty where there are none, or no others."""
    since: str
    """The event it begins with, as in "what happened after he was killed?"; empty where it names none."""
    until: str = ""
    """The event it ends with, as in "what happened before the ferry sank?"; empty where it names none."""


def topic(question: str) -> Topic:
    """What a question for a course of events is about."""
    known = having(Detection).get(detect_question(question))
    stop = frozenset(known.stop_words) if known else frozenset()
    since, until, link = _sides(question)
    kept: list[str] = []
    names: list[str] = []
    for n, m in enumerate(_WORD.finditer(question)):
        if m.start() in link:
            continue
        if _ALL_CJK.fullmatch(m[0]):
            kept += _not_asking(m[0])
            continue
        word = re.sub(r"['’]s?$", "", m[0])
        if word.casefold() not in stop and word.casefold() not in _STOP and _weight(_words(word)) < _ASKS:
            kept.append(word)
            if n and word[0].isupper() and not is_start(word):
                names.append(word)
    if (since or until) and not names:
        kept = _nouns(question, kept)  # of "after the strike began": the strike
    return Topic(" ".join(kept), " ".join(names) if names != kept else "", since, until)


def _nouns(question: str, words: list[str]) -> list[str]:
    """The nouns among some words of an English question; all of them where the parser doesn't know the language."""
    if detect_question(question) != "en" or not parser.available():
        return words
    nouns = {word.text for word in parser.trees([question])[0] if word.tag.startswith("NN")}
    return [word for word in words if word in nouns and not is_start(word)] or words


def _sides(question: str) -> tuple[str, str, range]:
    """The event that a course begins with, the one it ends with, and the place of the word that says "before" it."""
    times = having(Times).get(detect_question(question))
    if times is None:
        return "", "", range(0)
    if m := _event(question, (*times.after, *times.since)):
        return m["event"].strip(), "", range(0)
    if m := _event(question, (*times.before, *times.until)):
        return "", m["event"].strip(), range(m.start(), m.start("event"))
    return "", "", range(0)


def _event(question: str, patterns: Sequence[str]) -> re.Match[str] | None:
    for pattern in patterns:
        end = r"\W*$" if pattern.endswith("{time}") else ""
        if m := re.search(rf"(?<!\w){pattern}".replace("{time}", "(?P<event>.{3,}?)") + end, question, re.IGNORECASE):
            return m
    return None


def _weight(words: list[str]) -> float:
    """How much some words by themselves speak for a course of events."""
    weights = _model().weights
    return max((weights.get(piece, 0.0) for word in words for piece in _pieces(word)), default=0.0)


def _not_asking(run: str) -> list[str]:
    """What is left of Chinese words without those that ask."""
    weights = _model().weights
    kept = [True] * len(run)
    for n in _RUNS[1:]:
        for i in range(len(run) - n + 1):
            if weights.get(run[i : i + n], 0.0) >= _ASKS:
                kept[i : i + n] = [False] * n
    told = "".join(c if k else " " for c, k in zip(run, kept, strict=True))
    return [piece for piece in told.split() if len(piece) > 1]


def probability(question: str) -> float:
    """How likely it does, 0 to 1."""
    import math

    model = _model()
    score = model.bias + sum(model.weights.get(f, 0.0) for f in features(question))
    return 1 / (1 + math.exp(-score))


def features(question: str) -> frozenset[str]:
    """What the model sees of a question: its words and their beginnings, pairs of them, the first and the last."""
    words = _words(question)
    ends = [f"^{words[0]}", f"{words[-1]}$"] if words else []
    pairs = [f"{a} {b}" for a, b in pairwise(words)]
    return frozenset((*ends, *pairs, *(piece for word in words for piece in _pieces(word))))


def _words(question: str) -> list[str]:
    found: list[str] = []
    for m in _WORD.finditer(question):
        found.append(m[0] if _ALL_CJK.fullmatch(m[0]) else strip_accents(m[0].casefold().replace("ı", "i")))
    return found


def _pieces(word: str) -> Iterator[str]:
    """A word and its beginning; of Chinese all short runs of characters."""
    if _ALL_CJK.fullmatch(word):
        for n in _RUNS:
            yield from (word[i : i + n] for i in range(len(word) - n + 1))
        return
    yield word
    yield f"{word[:_BEGINNING]}-"


@cache
def _model() -> _Model:
    read = json.loads((files("rag.retrieve") / "course.json").read_text("utf-8"))
    return _Model(read["bias"], read["weights"])


__all__ = ["LIKELY", "Topic", "asks_for_course", "features", "probability", "topic"]
