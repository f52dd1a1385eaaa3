"""How likely it is that cited words support a sentence, as far as words and vectors tell.

A logistic regression over nine signs of nearness. They come from the literature on attribution and on alignment of
texts: covered content words, neighbouring words that stay neighbours, the longest common subsequence (ROUGE-L; Lin
2004), cosines with sentence, window and whole. Fitted on open data by
``benchmarks/fit/support.py``; the weights, with what they were fitted on and how well they did on claims left
out, stand in ``support.json``.

How long the cited words are is no sign on purpose: in the data people have cut references to what supports a claim,
so that their length alone tells much of the label, and nobody does that in an archive.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

from rag.answer.check import exact, regression
from rag.answer.evidence import Embed
from rag.text import numbers
from rag.text.tokens import query_terms, terms

_APART = 4
"""Words between which two neighbours of the claim still count as neighbours."""
_FITTED = "support.json"
_EXCERPT = 1600
"""Letters of the cited words that a model reads."""
INSTRUCTION = "You check whether a text supports a sentence."
"""What a model is told before it is asked ``question``."""


@dataclass(frozen=True)
class SupportFeatures:
    """How near cited words are to a sentence. Shares and cosines are 0 to 1 and -1 to 1, counts are log(1 + n)."""

    window: float
    """Share of the sentence's content words in the best two neighbouring cited sentences."""
    pairs: float
    """Share of its neighbouring content words that stand near each other in a cited sentence."""
    order: float
    """Longest common subsequence with the sentence that has most of it, as share of its words."""
    gap: float
    """Longest run of content words that aren't there; a count."""
    sentence: float
    """Cosine with the likest cited sentence."""
    about: float
    """Cosine with the sentence that has most of its words, and its neighbours."""
    whole: float
    """Cosine with all cited words."""
    figures: float
    """Figures that the cited words don't give; a count."""
    names: float
    """Names that stand nowhere near; a count."""


def support_features(claim: str, texts: Sequence[str], near: str, *, embed: Embed) -> SupportFeatures:
    """Compare a sentence with the words it cites.

    Args:
        claim: The sentence, without citation marks.
        texts: The cited sentences, in the article's order; at least one.
        near: They, and what may explain them: title, dates, the sentences around.
        embed: Texts to unit vectors: of the claim, each cited sentence, all of them together, and the best three.
    """
    content = query_terms(claim)
    stems = terms(claim)
    told = [terms(t) for t in texts]
    sets = [set(t) for t in told]
    shares = [_share(content, s) for s in sets]
    best = max(range(len(texts)), key=shares.__getitem__)
    said, beside = " ".join(texts), " ".join(texts[max(0, best - 1) : best + 2])
    vectors = embed([claim, said, beside, *texts])
    cosines = vectors[1:] @ vectors[0]
    opener = exact.opener(claim)
    return SupportFeatures(
        window=max(_share(content, set().union(*sets[n : n + 2])) for n in range(max(1, len(sets) - 1))),
        pairs=_pairs(stems, set(content), told),
        order=_subsequence(stems, told[best]) / max(1, len(stems)),
        gap=math.log1p(_gap(stems, set(content), set().union(*sets))),
        sentence=float(cosines[2:].max()),
        about=float(cosines[1]),
        whole=float(cosines[0]),
        figures=math.log1p(len(numbers.values(claim) - numbers.all_values(near))),
        names=math.log1p(len(exact.missing_names([n for n in exact.names(claim) if n != opener], near))),
    )


def feature_values(found: SupportFeatures) -> dict[str, float]:
    """What the regression looks at."""
    return asdict(found)


def p_supported(found: SupportFeatures, told: float | None = None) -> float:
    """Probability that the cited words support the sentence, 0 to 1, where half of all sentences are supported.

    Args:
        found: How near they are.
        told: A model's probability of "yes" to ``question``, where one was asked.
    """
    fitted = regression.fitted(_FITTED)
    odds = regression.log_odds(feature_values(found), fitted["words"])
    if told is not None:
        odds = regression.log_odds({"words": odds, "model": logit(told)}, fitted["model"])
    return regression.probability(odds)


def premise(claim: str, texts: Sequence[str], *, title: str = "") -> str:
    """What a model reads of an article to judge a sentence; arguments as those of ``question``."""
    return f"{title}\n{_excerpt(claim, texts)}" if title else _excerpt(claim, texts)


def question(claim: str, texts: Sequence[str], *, title: str = "", asked: str = "") -> str:
    """What a model is asked about a sentence; to be answered by Yes or No.

    Args:
        claim: The sentence.
        texts: The cited sentences; of more than 1,600 letters those around the one with most of the claim's words.
        title: Of the article.
        asked: The question that the sentence answers.
    """
    about = f"Question: {asked}\n" if asked else ""
    return (
        f"Text:\n{premise(claim, texts, title=title)}\n\n{about}Sentence: {claim}\n\n"
        "Does the text say everything that the sentence says? Answer Yes or No."
    )


def p_yes(told: Mapping[str, float]) -> float:
    """Probability of "yes", against "no", of a reply's first token.

    Args:
        told: Token → natural logarithm of its probability; one beyond the likeliest counts as very unlikely.
    """
    odds = {"yes": -regression.SURE, "no": -regression.SURE}
    for token, value in told.items():
        word = token.strip().casefold()
        if word in odds:
            odds[word] = max(odds[word], value)
    return 1 / (1 + math.exp(odds["no"] - odds["yes"]))


def logit(p: float) -> float:
    """Log-odds of a probability, bounded."""
    return regression.logit(p, 1e-5)


def _share(wanted: Sequence[str], there: set[str]) -> float:
    """Share of the terms that are there; all, where none is wanted."""
    return sum(w in there for w in wanted) / len(wanted) if wanted else 1.0


def _pairs(stems: Sequence[str], content: set[str], told: Sequence[Sequence[str]]) -> float:
    kept = [w for w in stems if w in content]
    pairs = list(pairwise(kept))
    if not pairs:
        return max(_share(kept, set(t)) for t in told)
    near: set[tuple[str, str]] = set()
    for sentence in told:
        places = [(n, w) for n, w in enumerate(sentence) if w in content]
        near |= {(a, b) for i, a in places for j, b in places if i != j and abs(i - j) <= _APART}
    return sum(p in near for p in pairs) / len(pairs)


def _subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for a in one:
        before = row
        row = [0]
        for n, b in enumerate(other, 1):
            row.append(before[n - 1] + 1 if a == b else max(before[n], row[-1]))
    return row[-1]


def _gap(stems: Sequence[str], content: set[str], there: set[str]) -> int:
    longest = run = 0
    for word in stems:
        if word in content:
            run = 0 if word in there else run + 1
            longest = max(longest, run)
    return longest


def _excerpt(claim: str, texts: Sequence[str]) -> str:
    """Neighbouring sentences, as many as fit, that have most of a claim's words."""
    wanted = set(terms(claim))
    found = [len(wanted & set(terms(t))) for t in texts]
    low = high = max(range(len(texts)), key=found.__getitem__)
    room = _EXCERPT - len(texts[low])
    while True:
        fit = [(found[n], n) for n in (low - 1, high + 1) if 0 <= n < len(texts) and len(texts[n]) <= room]
        if not fit:
            return " ".join(texts[low : high + 1])
        _, n = max(fit)
        room -= len(texts[n])
        low, high = min(low, n), max(high, n)


__all__ = [
    "INSTRUCTION",
    "SupportFeatures",
    "feature_values",
    "logit",
    "p_supported",
    "p_yes",
    "premise",
    "question",
    "support_features",
]
