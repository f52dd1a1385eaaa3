"""From what the reader makes of the evidence to what is shown: whether anything answers, and which quotes.

Whether to refuse is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.answer import introductions, wanted
from rag.answer.check import confidence, plugins, regression
from rag.answer.check.exact import asked_names, missing_names, names
from rag.answer.check.verify import Cited
from rag.answer.evidence import Alike, Embed
from rag.answer.reader import Reading
from rag.answer.sides.group import Group
from rag.protocols import Check
from rag.text.calendar_names import ENGLISH_CALENDAR
from rag.text.detect import detect_question
from rag.text.tokens import terms
from rag.types import Hit

MOST = 3
"""Quotes that are shown for a question."""
_AT_HOME: confidence.Fit = "any"
_CLOSELY = 10
"""Sentences that are compared with the question by meaning: embedding them is a third of the time it takes."""
_ABROAD = 25
"""The same across languages, where the reader alone has the one that answers less often among the first ten."""
_NEAR = 1.85
"""How much less likely than the best another quote may be, in log-odds."""
_FURTHER = 4.5
"""The same where a question says that it asks for two things or more, of which a sentence mostly tells one, and across
languages: there the best of XQuAD's sentences answers .46 of the questions, one of the best three .63."""
_MANY = 5
"""Quotes that are shown where so many things are asked for."""
_OWN_WORDS = 1.0
"""What it is worth, in log-odds of the reader, that a sentence has words of whom the question asks for. Of 225 such
questions as many are answered rightly with 0, 1 and 4; with 4, as it was, more of those that nothing answers get their
words on something else."""
_IN_TIME = 2.5
"""What it is worth that a sentence is of the time the question names: more than what two quotes shown together may
differ by, so that the other month's figure is not shown beside it, and less than a plainly better answer."""
_LACKS = 4.0
"""What it costs a sentence, in log-odds, that it has no words of the kind asked for: no sum, no day, no person's name.
Of SQuAD 2.0's questions of such a kind the sentence that answers lacks them in 1 of 100, others in half."""


_NAMES_IN_COMMON = 2
"""Names that two passages of one event have in common at least."""
_TELLS = 1.5
"""What it is worth that by grammar a sentence says what is asked, who somebody is or how many were killed, in log-odds
of its being the one that answers, and of there being an answer."""


@dataclass(frozen=True)
class Chosen:
    """What is shown, and how sure it is."""

    readings: tuple[Reading, ...]
    """Best first; none where nothing answers well enough."""
    p: float
    """Probability that the archive answers, 0 to 1."""
    nearest: tuple[Reading, ...] = ()
    """The best sentences whether they are shown or not."""
    sides: tuple[Group, ...] = ()
    """Where sources disagree: what each side says, the leading one first."""


def choose(
    question: str,
    readings: Sequence[Reading],
    *,
    embed: Embed,
    retrieval: confidence.RetrievalFeatures | None,
    alike: Alike | None = None,
    fit: confidence.Fit,
    caution: float,
    allowed: Callable[[Reading], str],
    preferred: Callable[[Reading], bool],
    timely: Callable[[Reading], bool] | None = None,
    newest_first: bool = False,
    toll: Callable[[Reading], bool] | None = None,
    most: int = MOST,
    asks: int = 1,
) -> Chosen:
    """Choose the quotes that answer.

    Args:
        question: What was searched for.
        readings: What the reader made of the evidence.
        embed: Texts to unit vectors.
        retrieval: What retrieval says of the question; None where the embedding model and the language aren't those
            that the confidence was fitted for.
        alike: How near sentences are to the question, where it is in another language and asked by a bridge.
        fit: Which fit of the confidence holds; "any" where ``retrieval`` is None.
        caution: How likely an answer has to be for anything to be shown.
        allowed: Why a sentence must not be quoted here; empty where nothing is against it.
        preferred: Whether a sentence has words of whom the question asks for.
        timely: Whether a sentence is of the time that the question names; None: it names none.
        newest_first: Put the newer ones first, of those that are near the best.
        toll: Where a toll is asked for, whether a sentence tells it: such a one may be less likely than the best by
            more, and the newest comes first, since it changes by the day.
        most: How many at most.
        asks: Parts that the question is known to have; its words may tell of more.
    """
    readings = [replace(r, odds=r.odds + _OWN_WORDS) if preferred(r) else r for r in readings]
    ranked = sorted(readings, key=lambda r: -r.odds)
    tries = [r for r in ranked[: 4 * _CLOSELY] if not allowed(r)][: looked_at(alike)]
    if not tries:
        return Chosen((), 0.0)
    signs = signs_of(question, tries, readings, embed=embed, retrieval=retrieval, alike=alike)
    # A sentence in the question's own language is no answer from abroad, whatever the archive is in.
    asked_in = detect_question(question) if fit == "across" else ""
    fits = [_AT_HOME if r.hit.passage.language == asked_in else fit for r in tries]
    english = [r.hit.passage.language == "en" for r in tries]
    lost = [_LACKS * (ours and wanted.lacks(question, r.text)) for r, ours in zip(tries, english, strict=True)]
    scores = [confidence.rank_score(s, fit=own) for s, own in zip(signs, fits, strict=True)]
    scores = [score - less for score, less in zip(scores, lost, strict=True)]
    told = [_TELLS * _plainly(question, r, toll) for r in tries]
    scores = [score + more for score, more in zip(scores, told, strict=True)]
    if timely is not None:  # which of several answers is meant, not whether there is one
        scores = [score + (_IN_TIME if timely(r) else 0.0) for score, r in zip(scores, tries, strict=True)]
    order = sorted(range(len(tries)), key=lambda i: -scores[i])
    best = order[0]
    p = confidence.p_answers(signs[best], fit=fits[best])
    more = told[best]
    if kind := wanted.kind_of(question) if english[best] else None:
        more += -lost[best] or wanted.GIVEN[kind]
    if more:
        p = regression.probability(regression.logit(p, 1e-6) + more)
    nearest = tuple(tries[i] for i in order)
    if p < caution:
        return Chosen((), p, nearest)
    things = max(asks, wanted.things(question))
    most, near = max(most, min(things, _MANY)), _NEAR if things == 1 and fits[best] != "across" else _FURTHER
    kept: list[Reading] = []
    for i in order:
        if len(kept) == most or scores[i] < scores[best] - (_FURTHER if toll else near):
            break
        far = scores[i] < scores[best] - near
        if far and not (toll and toll(tries[i]) and _of_one(question, tries[i], tries[best])):
            continue
        if not any(_same(tries[i], other) for other in kept):
            kept.append(tries[i])
    if newest_first or (toll and all(_of_one(question, r, tries[best]) for r in kept)):
        kept.sort(key=lambda r: _age(r.hit))
    return Chosen(tuple(kept), p, nearest)


def joined(whole: Chosen, parts: Sequence[Chosen]) -> Chosen:
    """What is shown of a question that asks several things: what answers each, then what answers it as a whole.

    Args:
        whole: What was chosen for the question as it stands.
        parts: What was chosen for each thing that it asks.

    Returns:
        One quote more than for a question that asks one thing, at most. It is as sure as the surest of them: parts
        that nothing answers are no reason to withhold what answers the others.
    """
    answered = [part for part in parts if part.readings]
    if not answered:
        return whole
    order = [part.readings[0] for part in answered] + list(whole.readings)
    order += [reading for part in answered for reading in part.readings[1:]]
    kept: list[Reading] = []
    for reading in order:
        if len(kept) <= MOST and not any(_same(reading, other) for other in kept):
            kept.append(reading)
    p = max(chosen.p for chosen in (whole, *answered) if chosen.readings)
    return replace(whole, readings=tuple(kept), p=p)


def looked_at(alike: Alike | None) -> int:
    """How many of the likeliest sentences are compared with the question; ``alike`` as for ``choose``."""
    return _CLOSELY if alike is None else _ABROAD


def signs_of(
    question: str,
    tries: Sequence[Reading],
    readings: Sequence[Reading],
    *,
    embed: Embed,
    retrieval: confidence.RetrievalFeatures | None,
    alike: Alike | None = None,
) -> list[confidence.Signs]:
    """What speaks for each of some sentences.

    Args:
        question: What was searched for.
        tries: The sentences.
        readings: All that was read.
        embed: Texts to unit vectors.
        retrieval: As for ``choose``.
        alike: As for ``choose``.
    """
    likeness = [0.0] * len(tries)
    if alike is not None:  # with the headline: "He was 82" names nobody
        likeness = [float(c) for c in alike(question, [f"{r.hit.passage.title}\n{r.text}" for r in tries])]
    elif retrieval is not None:
        vectors = embed([question, *(r.text for r in tries)])
        likeness = [float(v @ vectors[0]) for v in vectors[1:]]
    return confidence.signs(question, tries, readings, retrieval, likeness)


def objection(checks: Mapping[str, Check], reading: Reading, question: str) -> str:
    """The first reason of another package's check not to show a quote; empty where there is none.

    Raises:
        PluginError: A check failed.
    """
    if not checks:
        return ""
    passage = reading.hit.passage
    dates = [passage.published] if passage.published else []
    cited = Cited([reading.text], passage.text, f"{passage.title} {passage.source or ''}", dates)
    return plugins.objection(checks, " ".join(reading.text.split()), cited, question)


def _same(one: Reading, other: Reading) -> bool:
    """Whether two sentences are the same words, as wire copy is."""
    return one.place == other.place or " ".join(one.text.split()) == " ".join(other.text.split())


def _plainly(question: str, reading: Reading, toll: Callable[[Reading], bool] | None) -> bool:
    """Whether by grammar a sentence says who somebody is, or the toll that is asked for, where the names are."""
    passage = reading.hit.passage
    if introductions.introduces(question, reading.text, passage.language):
        return True
    asked = asked_names(question) if toll else []
    return bool(toll and asked and not missing_names(asked, f"{passage.title} {passage.text}") and toll(reading))


def _of_one(question: str, one: Reading, other: Reading) -> bool:
    """Whether two sentences seem to be of one event: the names of the question are beside both, and other names too."""
    near = [f"{r.hit.passage.title} {r.hit.passage.text}" for r in (one, other)]
    asked = {t for name in asked_names(question) for t in terms(name)}
    mine, yours = (frozenset(terms(text)) for text in near)
    named = [{n.casefold() for n in names(text)} - ENGLISH_CALENDAR for text in near]
    return asked & yours <= mine and len(named[0] & named[1]) >= _NAMES_IN_COMMON


def _age(hit: Hit) -> float:
    return -(hit.passage.published.timestamp()) if hit.passage.published else 0.0


__all__ = ["MOST", "Chosen", "choose", "joined", "looked_at", "objection", "signs_of"]
