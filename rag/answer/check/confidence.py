"""How likely it is that a sentence answers the question: what refusing is decided by, and what an answer says.

A logistic regression over what the reader and the search say of a sentence, fitted on open data by
``benchmarks/fit/confidence.py``; ``confidence.json`` has the weights, what they were fitted on, and how well they did
on questions left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rag.answer.check import exact, regression
from rag.answer.evidence import Embed
from rag.answer.reader import Reading
from rag.index.catalog import Catalog
from rag.retrieve.tongues import Fit
from rag.text.detect import detect_question
from rag.text.tokens import query_terms, terms
from rag.types import Hit

_REST = slice(3, 8)
"""The hits that any question brings up: the fourth to eighth nearest."""
_FITTED = "confidence.json"
_NAMED: dict[Fit, str] = {"english": "", "across": "_across", "any": "_without_cosines"}
_ODDS, _LEAD = 12.0, 6.0
"""Bounds of log-odds, and of their differences."""


@dataclass(frozen=True)
class RetrievalFeatures:
    """What retrieval says of a question, before anything is read."""

    ahead: float
    """How much nearer the nearest passage is to the question than the second (cosines)."""
    above: float
    """How much nearer it is than the fourth to eighth on average: those that any question brings up."""


@dataclass(frozen=True)
class Signs:
    """What speaks for a sentence answering a question."""

    odds: float
    """The reader's log-odds, within 12."""
    share: float
    """The probability it has among its passage's sentences and none."""
    lead: float
    """Its log-odds less those of the best sentence of another article, within 6."""
    rank: float
    """1 / the rank of its passage."""
    covered: float
    """Share of the question's content words in its passage and headline."""
    here: float
    """The same in the sentence itself."""
    missing: float
    """1 where its passage and headline lack a name of the question, else 0."""
    likeness: float
    """Cosine of the sentence and the question; 0 where the embedding model wasn't fitted for."""
    ahead: float
    """Of ``RetrievalFeatures``."""
    above: float
    """Of ``RetrievalFeatures``."""


def retrieval_features(question: str, hits: Sequence[Hit], *, embed: Embed, catalog: Catalog) -> RetrievalFeatures:
    """What retrieval says of a question.

    Args:
        question: What was looked for.
        hits: What was found, best first.
        embed: Texts to unit vectors.
        catalog: Where the passages' vectors are.
    """
    if not hits:
        return RetrievalFeatures(0.0, 0.0)
    asked = embed([question])[0]
    near = sorted((float(v @ asked) for v in catalog.vectors([h.passage.id for h in hits]).values()), reverse=True)
    rest = near[_REST]
    return RetrievalFeatures(
        ahead=near[0] - near[1] if len(near) > 1 else 0.0,
        above=near[0] - sum(rest) / len(rest) if rest else 0.0,
    )


def signs(
    question: str,
    tries: Sequence[Reading],
    readings: Sequence[Reading],
    retrieval: RetrievalFeatures | None,
    likeness: Sequence[float],
) -> list[Signs]:
    """What speaks for each of some sentences.

    Args:
        question: What was searched for.
        tries: The sentences.
        readings: All that was read, for comparison.
        retrieval: What retrieval says of the question; None where the embedding model wasn't fitted for.
        likeness: Of each sentence, its cosine with the question.
    """
    wanted = query_terms(question)
    foreign = detect_question(question) != "en"
    names = exact.asked_names(question, foreign)
    found = []
    for reading, like in zip(tries, likeness, strict=True):
        passage = reading.hit.passage
        there = f"{passage.title} {passage.text}"
        known, own = set(terms(there)), set(terms(reading.text))
        other = max((r.odds for r in readings if r.hit.passage.article_id != passage.article_id), default=-_ODDS)
        found.append(
            Signs(
                odds=_within(reading.odds, _ODDS),
                share=reading.share,
                lead=_within(reading.odds - other, _LEAD),
                rank=1 / reading.hit.rank,
                covered=sum(t in known for t in wanted) / max(1, len(wanted)),
                here=sum(t in own for t in wanted) / max(1, len(wanted)),
                missing=float(bool(exact.missing_names(names, there))),
                likeness=like if retrieval else 0.0,
                ahead=retrieval.ahead if retrieval else 0.0,
                above=retrieval.above if retrieval else 0.0,
            )
        )
    return found


def rank_score(found: Signs, *, fit: Fit) -> float:
    """What a sentence is ranked by among those of one question: log-odds that it is one that answers."""
    return regression.log_odds(asdict(found), _weights("sentence", fit))


def p_answers(found: Signs, *, fit: Fit) -> float:
    """Probability that the archive answers the question, by what speaks for its best sentence, 0 to 1.

    Args:
        found: Of the best sentence.
        fit: Of the embedding model and the languages.
    """
    return regression.probability(regression.log_odds(asdict(found), _weights("answers", fit)))


def _weights(name: str, fit: Fit) -> dict[str, object]:
    found: dict[str, object] = regression.fitted(_FITTED)[name + _NAMED[fit]]
    return found


def _within(value: float, bound: float) -> float:
    return max(-bound, min(bound, value))


__all__ = ["Fit", "RetrievalFeatures", "Signs", "p_answers", "rank_score", "retrieval_features", "signs"]
