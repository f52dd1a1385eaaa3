"""How likely it is that a sentence answers the question: what refusing is decided by, and what an answer says.

A logistic regression over what retrieval and check compute anyway, fitted on open data by
``benchmarks/fit/confidence.py``; ``confidence.json`` has the weights, what they were fitted on, and how well they did
on questions left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rag.answer.check import regression
from rag.answer.check.verify import Relevance
from rag.answer.evidence import Embed
from rag.index.catalog import Catalog
from rag.index.lexical import query_words, words
from rag.types import Hit

_REST = slice(3, 8)
"""The hits that any question brings up: the fourth to eighth nearest."""
_FITTED = "confidence.json"


@dataclass(frozen=True)
class RetrievalFeatures:
    """What retrieval says of a question, before anything is answered; all between 0 and 1."""

    ahead: float
    """How much nearer the nearest passage is to the question than the second (cosines)."""
    above: float
    """How much nearer it is than the fourth to eighth on average: those that any question brings up."""
    covered: float
    """Share of the question's content words in the first passage and its title."""


def retrieval_features(question: str, hits: Sequence[Hit], *, embed: Embed, catalog: Catalog) -> RetrievalFeatures:
    """What retrieval says of a question.

    Args:
        question: What was looked for.
        hits: What was found, best first.
        embed: Texts to unit vectors.
        catalog: Where the passages' vectors are.
    """
    if not hits:
        return RetrievalFeatures(0.0, 0.0, 0.0)
    asked = embed([question])[0]
    near = sorted((float(v @ asked) for v in catalog.vectors([h.passage.id for h in hits]).values()), reverse=True)
    rest = near[_REST]
    first = hits[0].passage
    there = set(words(f"{first.title} {first.text}"))
    terms = query_words(question)
    return RetrievalFeatures(
        ahead=near[0] - near[1] if len(near) > 1 else 0.0,
        above=near[0] - sum(rest) / len(rest) if rest else 0.0,
        covered=sum(t in there for t in terms) / max(1, len(terms)),
    )


def feature_values(retrieval: RetrievalFeatures, relevance: Relevance) -> dict[str, float]:
    """What the regression looks at."""
    return asdict(retrieval) | {
        "likeness": relevance.likeness,
        "share": relevance.share,
        "missing": float(bool(relevance.missing)),
    }


def with_llm(odds: float, p_refusal: float, extractive: bool) -> dict[str, float]:
    """What the regression over a language model's answer looks at, ``odds`` being those of the evidence."""
    return {"evidence": odds, "doubt": logit(p_refusal), "quoted": float(extractive)}


def p_answers(
    retrieval: RetrievalFeatures, relevance: Relevance, p_refusal: float | None = None, *, extractive: bool = False
) -> float:
    """Probability that a sentence answers the question, 0 to 1.

    Args:
        retrieval: What retrieval says of the question.
        relevance: How relevant the cited words are to the question.
        p_refusal: The language model's probability of a refusal, where it reports one.
        extractive: Whether the sentence is the article's own, because nothing that the model wrote passed.
    """
    fitted = regression.fitted(_FITTED)
    odds = regression.log_odds(feature_values(retrieval, relevance), fitted["evidence"])
    if p_refusal is not None:
        odds = regression.log_odds(with_llm(odds, p_refusal, extractive), fitted["model"])
    return regression.probability(odds)


def p_correct(p: float, *, by_llm: bool = False) -> float:
    """Probability that a sentence which is shown is the right answer: what ``Answer.confidence`` says.

    Args:
        p: That it answers the question at all, as of ``p_answers``.
        by_llm: Whether a language model's probability of a refusal went into that.
    """
    fitted = regression.fitted(_FITTED)
    return regression.probability(regression.log_odds({"odds": logit(p)}, fitted["model_right" if by_llm else "right"]))


def logit(p: float) -> float:
    """Log-odds of a probability, bounded."""
    return regression.logit(p, 1e-4)
