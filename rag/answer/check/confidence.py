"""How likely it is that a sentence answers the question: what refusing is decided by, and what an answer says.

A logistic regression over what retrieval and check know anyway, fitted on open data by
``benchmarks/fit/confidence.py``; the weights, with what they were fitted on and how well they did on questions
left out, stand in ``confidence.json``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rag.answer.check import regression
from rag.answer.check.verify import Relevance
from rag.answer.evidence import Embed
from rag.index.catalog import Catalog
from rag.text.tokens import query_terms, terms
from rag.types import Hit

_REST = slice(3, 8)  # of the hits: the passages that are there for any question
_FITTED = "confidence.json"


@dataclass(frozen=True)
class RetrievalFeatures:
    """What retrieval tells of a question, before anything is answered; all between 0 and 1."""

    ahead: float
    """How much nearer the nearest passage is to the question than the second (cosines)."""
    above: float
    """How much nearer it is than the fourth to eighth on average: those that any question brings up."""
    covered: float
    """Share of the question's content words in the first passage and its title."""


def retrieval_features(question: str, hits: Sequence[Hit], *, embed: Embed, catalog: Catalog) -> RetrievalFeatures:
    """What retrieval tells of a question.

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
    there = set(terms(f"{first.title} {first.text}"))
    asked = query_terms(question)
    return RetrievalFeatures(
        ahead=near[0] - near[1] if len(near) > 1 else 0.0,
        above=near[0] - sum(rest) / len(rest) if rest else 0.0,
        covered=sum(t in there for t in asked) / max(1, len(asked)),
    )


def feature_values(found: RetrievalFeatures, bears: Relevance) -> dict[str, float]:
    """What the regression looks at."""
    return asdict(found) | {
        "likeness": bears.likeness,
        "share": bears.share,
        "missing": float(bool(bears.missing)),
    }


def with_llm(odds: float, doubt: float, quoted: bool) -> dict[str, float]:
    """What the regression over a language model's answer looks at, ``odds`` being those of the evidence."""
    return {"evidence": odds, "doubt": logit(doubt), "quoted": float(quoted)}


def p_answers(found: RetrievalFeatures, bears: Relevance, doubt: float | None = None, *, quoted: bool = False) -> float:
    """Probability that a sentence answers the question, 0 to 1.

    Args:
        found: What retrieval tells.
        bears: How the cited words bear on the question.
        doubt: The language model's probability of a refusal, where it told it.
        quoted: Whether the sentence is the article's own, because nothing stood that the model wrote.
    """
    fitted = regression.fitted(_FITTED)
    odds = regression.log_odds(feature_values(found, bears), fitted["evidence"])
    if doubt is not None:
        odds = regression.log_odds(with_llm(odds, doubt, quoted), fitted["model"])
    return regression.probability(odds)


def p_correct(p: float, *, heard: bool = False) -> float:
    """Probability that a sentence which is shown is the right answer: what ``Answer.confidence`` says.

    Args:
        p: That it answers the question at all, as of ``chance``.
        heard: Whether a language model's doubt went into that.
    """
    fitted = regression.fitted(_FITTED)
    return regression.probability(regression.log_odds({"odds": logit(p)}, fitted["model_right" if heard else "right"]))


def logit(p: float) -> float:
    """Log-odds of a probability, bounded."""
    return regression.logit(p, 1e-4)
