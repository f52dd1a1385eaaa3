"""The support check: do the cited words say what the sentence says?

First what can be checked exactly (numbers and what they are of, names, quoted
words, negation, the speaker): each of these checks can only reject. Then how
likely it is that the words support the sentence (``support``), by features and,
where one is asked, by a model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rag.answer.check import exact, support
from rag.answer.evidence import Embed
from rag.text import numbers
from rag.text.normalize import contains
from rag.text.tokens import query_terms, terms
from rag.types import Support

_SHOWN = 0.5
"""Least probability that the cited words support a sentence for it to be shown."""
_NEWS = 1 / 3
"""Share of the words that a sentence adds to the question; the cited words have to have more of them."""


@dataclass(frozen=True)
class Cited:
    """The words a sentence is checked against."""

    texts: Sequence[str]
    """The cited sentences: what the article says."""
    around: str
    """What stands around them in the article and at its beginning: whom "he" and "the minister" mean."""
    label: str
    """The article's title and outlet."""
    dates: Sequence[datetime] = ()
    """When it was published."""

    @property
    def said(self) -> str:
        """The cited words in one text."""
        return " ".join(self.texts)

    @property
    def near(self) -> str:
        """The label, the dates, what stands around, and the cited words, in one text."""
        return " ".join([self.label, *(f"{d:%A %d %B %Y}" for d in self.dates), self.around, self.said])


@dataclass(frozen=True)
class Verdict:
    """What the check found."""

    ok: bool
    why: str
    """The reason when not ok, else empty."""
    support: Support
    score: float
    """How likely it is, 0 to 1, that the words support it, by features or a model; 0 where an exact check rejects."""


def supports(
    claim: str,
    cited: Cited,
    *,
    embed: Embed,
    asked: str = "",
    llm_verdict: Callable[[str], float] | None = None,
    entails: Callable[[str, str], float] | None = None,
) -> Verdict:
    """Check one sentence of an answer against the words it cites.

    Args:
        claim: The sentence, without its citation marks.
        cited: The evidence.
        embed: Texts to unit vectors.
        asked: The question. What the sentence takes over from it adds nothing; the rest has to be in the cited words.
        llm_verdict: A language model: ``support.question`` → its probability of "yes", which joins the features.
            Costs seconds; asked only where no exact check rejects the sentence.
        entails: A model trained on entailment: text, sentence → its probability, which then decides in place of the
            features.
    """
    claim = exact.without_bullet(claim)
    said, near = cited.said, cited.near
    if contains(said, claim):
        if exact.hedged(said, claim):
            return _no("the cited words deny it, or only suppose it")
        return Verdict(True, "", "verbatim", 1.0)
    # A figure has to stand in the cited words; only a date may be the article's.
    if odd := numbers.values(exact.without_dates(claim, cited.dates)) - numbers.all_values(said):
        return _no(f"the cited words don't give {_figures(odd)}")
    if (figure := exact.unit_mismatch(claim, said)) is not None:
        return _no(f"the cited words give {_figures({figure})} of something else")
    if lost := [q for q in exact.spoken(claim) if not any(contains(t, q) for t in cited.texts)]:
        return _no(f"the quoted words “{lost[0]}” are not in the cited sentence")
    if strange := _strangers(claim, cited, asked):
        return _no(f"the cited words don't name {strange[0]}")
    who, theirs = exact.speakers(claim), exact.speakers(said)
    if who and theirs and not who & theirs:
        return _no(f"the cited words are not those of {' '.join(sorted(who)).title()}")
    if exact.denies(claim, said):
        return _no("the sentence denies something that the cited words don't deny")
    if exact.denied(cited.texts, claim):
        return _no("the cited words deny it")
    if (word := exact.antonym(claim, said)) or (word := exact.roles_swapped(claim, said)):
        return _no(f"the cited words say otherwise about “{word}”")
    if asked and _adds(claim, asked, said):
        return _no("the cited words don't say what the sentence adds to the question")
    if entails:
        score = entails(support.premise(claim, cited.texts, title=cited.label), claim)
    else:
        prompt = support.question(claim, cited.texts, title=cited.label, asked=asked)
        llm_yes = llm_verdict(prompt) if llm_verdict else None
        score = support.p_supported(support.support_features(claim, cited.texts, near, embed=embed), llm_yes)
    if score < _SHOWN:
        return _no(f"the cited words say something else (probability of support {score:.2f})", score)
    return Verdict(True, "", "supported", score)


def _adds(claim: str, asked: str, said: str) -> bool:
    """Whether most of what a sentence adds to the question is not in the cited words; a single word may be a synonym.

    Features fitted on claims without a question can't show that: words taken from it make any sentence look covered.
    """
    known = set(terms(f"{asked} {' '.join(exact.names(claim))}"))  # names have been looked at
    news = [w for w in query_terms(claim) if w not in known]
    there = set(terms(said))
    return len(news) > 1 and sum(w in there for w in news) <= _NEWS * len(news)


def _strangers(claim: str, cited: Cited, asked: str) -> list[str]:
    """Names of a claim that its evidence doesn't hold.

    A sentence that says "he" or "the talks" may mean whom the sentences before
    it name. One that names its people itself means them, so that "Wang's talks
    lasted" is not supported by how long Qin's did; but "Qin Gang" may be said
    of "Qin", and what the article's title or first words name may be added.
    What comes first is no name if the question has it small ("Where are wild
    horses found in the US?": "Wild horses are found in …").
    """
    said = cited.said
    opener = exact.opener(claim)
    named = [n for n in exact.names(exact.without_dates(claim, cited.dates)) if n != opener]
    if named and claim.startswith(named[0]) and _small(named[0], asked):
        del named[0]
    strange = exact.missing_names(named, f"{cited.label} {said}")
    if not strange:
        return []
    if exact.has_anaphora(said) or not exact.names(said):
        return exact.missing_names(strange, cited.near)
    return [n for n in strange if not _fuller(n, claim, cited)]


def _small(name: str, asked: str) -> bool:
    """Whether a question has a word without a capital, and is not written without them altogether."""
    return any(c.isupper() for c in asked[1:]) and bool(re.search(rf"\b{re.escape(name.lower())}\b", asked))


def _fuller(name: str, claim: str, cited: Cited) -> bool:
    """Whether a name belongs to one that the evidence has in part, as "Antony" does to "Blinken"."""
    for part in exact.names(cited.said):
        for pair in (f"{name} {part}", f"{part} {name}"):
            if contains(cited.near, pair) and contains(claim, pair):
                return True
    return False


def _figures(odd: set[float]) -> str:
    return ", ".join(f"{n:,.10g}" for n in sorted(odd))


def _no(why: str, score: float = 0.0) -> Verdict:
    return Verdict(False, why, "supported", score)


__all__ = ["Cited", "Verdict", "supports"]
