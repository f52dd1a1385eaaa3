"""Choosing the sentences a model gets to read: few, since the prompt's length is the waiting time."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rag.answer.attribution import Attribution
from rag.answer.injection import is_instruction, is_question, puts_question
from rag.answer.reader import Reading, sentence
from rag.index.catalog import Catalog
from rag.text.calendar_names import is_bare_date
from rag.text.lexicon import alternation, having
from rag.text.notes import tells_former
from rag.text.tokens import query_terms, terms
from rag.text.word_lists import Evidence
from rag.types import Hit, Passage

Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]
"""Texts to float32 vectors of shape (len(texts), dim), rows of length 1."""
Alike = Callable[[str, Sequence[str]], npt.NDArray[np.float32]]
"""A question and texts in another language to their cosines, float32, shape (len(texts),)."""

_READ = 8  # passages whose sentences are weighed
_SAME = 0.95
"""Cosine of two sentences from which on the second says nothing new."""
_OWN_WORDS = 0.3
"""What it is worth that a sentence has words of whom the question asks for."""
_CHOICE = 0.2
"""What it is worth that a sentence has all the words of one of the given answers."""
_SHORT = 60
"""Letters of a sentence that is likely to lean on the one before it, such as an item of a list."""
_UNSPACED = ("zh",)
"""Languages that put no spaces between words."""


def _any_of(name: str, *also: str) -> re.Pattern[str]:
    """What has one of a list's words, of any language."""
    lists = having(Evidence)
    spaced = alternation(*(getattr(words, name) for code, words in lists.items() if code not in _UNSPACED))
    unspaced = (getattr(words, name) for code, words in lists.items() if code in _UNSPACED)
    return re.compile("|".join((*also, rf"\b(?:{spaced})\b", alternation(*unspaced))), re.IGNORECASE)


def _leaning() -> re.Pattern[str]:
    lists = having(Evidence)
    words = alternation(*(found.leaning for found in lists.values()))
    unspaced = alternation(*(lists[code].leaning for code in _UNSPACED))
    return re.compile(rf"^[\"'“‘«(]*(?:{words})\b|^(?:{unspaced})", re.IGNORECASE)


_LEANS = _leaning()
# What a kind of question looks for, and what a sentence that may answer it has.
_CUES = (
    (_any_of("speech_asked"), _any_of("speech_told", '[“”"«»「」]')),
    (_any_of("amount_asked"), _any_of("amount_told", r"\d")),
    (_any_of("reason_asked"), _any_of("reason_told")),
)


@dataclass(frozen=True)
class Numbered:
    """A sentence as the model sees it."""

    number: int
    """What the model cites it by; 1 is the first."""
    article_id: str
    start: int
    end: int
    text: str
    """``article.text[start:end]``."""
    passage: Passage
    score: float
    """How near it is to the question."""
    who: str = ""
    """Who is meant by "he" or a surname in it, where the sentence doesn't say: "He is Qin Gang, foreign minister"."""


def choose(
    question: str,
    hits: Sequence[Hit],
    *,
    embed: Embed,
    tokens: int,
    catalog: Catalog,
    closely: int = 20,
    attribution: Attribution | None = None,
    choices: Sequence[str] = (),
) -> list[Numbered]:
    """Pick the sentences of the best passages that are nearest to the question.

    A sentence is weighed by its own likeness to the question and its
    passage's (cosines), the share of the question's words in it and in it
    with the sentence before (rarer ones count more), and its passage's rank.
    One that leans on the sentence before it ("He said …") brings that along.

    Args:
        question: The standalone question.
        hits: Retrieved passages, best first.
        embed: Texts to unit vectors.
        tokens: About how many tokens the sentences may have together.
        catalog: Where the passages' vectors are.
        closely: How many sentences are embedded: those that come first by all that costs nothing. The others are
            left out. Over 120 questions to 24,842 passages, 20 kept the first sentence always and 97 % of all that
            were chosen with no such bound, 12 the first always and 91 % of the first five.
        attribution: Who says what in the hits' articles: words of whom the question asks for are preferred.
        choices: Given answers, one of which is to be found: sentences that hold one are preferred.

    Returns:
        Sentences numbered from 1, grouped by article, in reading order within each.
    """
    hits = hits[:_READ]
    pool = [(hit, n) for hit in hits for n in range(len(hit.passage.sentences)) if states(hit.passage, n, attribution)]
    if not pool:
        return []
    texts = [sentence(hit.passage, n) for hit, n in pool]
    asked = embed([question])[0]
    stored = catalog.vectors([hit.passage.id for hit in hits])
    of_passage = {i: float(v @ asked) for i, v in stored.items()}
    in_each = [set(terms(t)) for t in texts]
    counts = Counter(t for found in in_each for t in found)
    rarity = {t: math.log(1 + len(texts) / (counts[t] + 0.5)) for t in query_terms(question)}
    total = sum(rarity.values()) or 1.0
    answers = [own for c in choices if (own := set(query_terms(c)) - rarity.keys())]
    weights: dict[tuple[str, int], float] = {}
    for at, (hit, n) in enumerate(pool):
        here = in_each[at]
        before = in_each[at - 1] if at and pool[at - 1][0] is hit else set(terms(hit.passage.title))
        shared = sum(r for t, r in rarity.items() if t in here) / total
        with_before = sum(r for t, r in rarity.items() if t in here or t in before) / total
        weights[hit.passage.id, n] = (
            0.4 * of_passage.get(hit.passage.id, 0.0)
            + 0.25 * (shared + with_before)
            + 0.1 / hit.rank
            + 0.15 * any(wants.search(question) and has.search(texts[at]) for wants, has in _CUES)
            + _CHOICE * any(own <= here for own in answers)
        )
        if attribution:
            place = hit.passage.sentences[n]
            weights[hit.passage.id, n] += _OWN_WORDS * attribution.asked_for(
                hit.passage.article_id, place.start, place.end
            )
    text_of = {(hit.passage.id, n): text for (hit, n), text in zip(pool, texts, strict=True)}
    first = sorted(weights, key=lambda w: -weights[w])[:closely]
    near = dict(zip(first, embed([text_of[w] for w in first]), strict=True))
    for which, vector in near.items():
        weights[which] += 0.6 * float(vector @ asked)

    chosen: dict[tuple[str, int], None] = {}
    spent = 0
    by_id = {hit.passage.id: hit for hit in hits}
    for ident, n in sorted(first, key=lambda w: -weights[w]):
        if _said_already(near[ident, n], [v for w, v in near.items() if w in chosen]):
            continue
        wanted = [(ident, n)]
        if (ident, n - 1) in weights and _LEANS.search(sentence(by_id[ident].passage, n)):
            wanted.append((ident, n - 1))
        new = [w for w in wanted if w not in chosen]
        cost = sum(_tokens(sentence(by_id[i].passage, m)) for i, m in new)
        if spent + cost > tokens and chosen:
            if spent > 0.8 * tokens:
                break
            continue
        chosen.update(dict.fromkeys(new))
        spent += cost

    best_of: dict[str, float] = {}
    for ident, n in chosen:
        article = by_id[ident].passage.article_id
        best_of[article] = max(best_of.get(article, -9.0), weights[ident, n])
    ordered = sorted(
        chosen,
        key=lambda c: (
            -best_of[by_id[c[0]].passage.article_id],
            by_id[c[0]].passage.article_id,
            by_id[c[0]].passage.sentences[c[1]].start,
        ),
    )
    found = []
    for number, (ident, n) in enumerate(ordered, 1):
        passage = by_id[ident].passage
        place = passage.sentences[n]
        found.append(
            Numbered(
                number=number,
                article_id=passage.article_id,
                start=place.start,
                end=place.end,
                text=sentence(passage, n),
                passage=passage,
                score=weights[ident, n],
                who=attribution.introduce(passage.article_id, place.start, sentence(passage, n)) if attribution else "",
            )
        )
    return found


def numbered(
    shown: Sequence[Reading], nearest: Sequence[Reading], attribution: Attribution | None, tokens: int
) -> list[Numbered]:
    """The quotes as a model reads them, with what they lean on and what comes next to them.

    Args:
        shown: The quotes; all of them are taken.
        nearest: More sentences, best first; taken as far as there is room.
        attribution: Who says what in their articles.
        tokens: About how many tokens the sentences may have together.

    Returns:
        Sentences numbered from 1, articles in the order of their best quote, in reading order within each.
    """
    chosen: dict[tuple[str, int], Reading] = {}
    spent = 0
    for reading in (*shown, *nearest):
        passage = reading.hit.passage
        own = [(passage, reading.n)]
        leans = _LEANS.search(reading.text) or len(reading.text) < _SHORT
        if reading.n and leans and states(passage, reading.n - 1, attribution):
            own.append((passage, reading.n - 1))
        cost = sum(_tokens(sentence(p, n)) for p, n in own if (p.id, n) not in chosen)
        if spent + cost > tokens and reading not in shown:
            continue
        spent += cost
        for p, n in own:
            chosen.setdefault((p.id, n), replace(reading, n=n) if n != reading.n else reading)
    first = {r.hit.passage.article_id: i for i, r in reversed(list(enumerate(chosen.values())))}
    ordered = sorted(chosen.values(), key=lambda r: (first[r.hit.passage.article_id], r.place[1]))
    found: list[Numbered] = []
    for reading in ordered:
        article_id, start, end = reading.place
        if found and found[-1].article_id == article_id and found[-1].start == start:
            continue
        who = attribution.introduce(article_id, start, reading.text) if attribution else ""
        text, passage = reading.text, reading.hit.passage
        found.append(Numbered(len(found) + 1, article_id, start, end, text, passage, reading.odds, who))
    return found


def states(passage: Passage, n: int, attribution: Attribution | None = None) -> bool:
    """Whether a sentence can be evidence.

    Not one addressed to whoever reads it as a machine, nor what an earlier version of the article said, nor a mere
    question, or that one was asked; a question can where it is of whom the question asks for.
    """
    text, place = sentence(passage, n), passage.sentences[n]
    if is_instruction(text) or is_bare_date(text) or tells_former(text, passage.title):
        return False
    return not (is_question(text) or puts_question(text)) or bool(
        attribution and attribution.asked_for(passage.article_id, place.start, place.end)
    )


def _said_already(vector: npt.NDArray[np.float32], chosen: Sequence[npt.NDArray[np.float32]]) -> bool:
    """Whether a sentence only repeats a chosen one: what it adds is not worth the waiting."""
    return any(float(vector @ other) >= _SAME for other in chosen)


def _tokens(text: str) -> int:
    """A rough count: four characters of Latin script a token, one and a half of others."""
    wide = sum(c > "\u2e80" for c in text)
    return 4 + (len(text) - wide) // 4 + int(wide / 1.5)
