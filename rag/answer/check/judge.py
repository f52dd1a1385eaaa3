"""The judge of claims: do the cited words support it, contradict it, or not tell? One function for answers and editors.

1. A whole cited sentence is supported as it stands; a part of one where nothing that governs it is left out.
2. What can be compared exactly may reject (``objections.py``); where another figure or day stands in its place, the
   cited words contradict it (``slots.py``).
3. What was left out that governs the rest rejects what is else nearly a copy (``align.py``).
4. How near the words are (``support.py``), and what was left out, changed or added, are weighed by a logistic
   regression (``claims.json``, which ``benchmarks/fit/claims.py`` fits).

Without the parser (extra ``quotes``), for claims that are not English, and where more is cited than a few sentences,
the nearness of the words decides alone; a near copy of one of many sentences is held to what governs it as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rag.answer.check import align, days, derived, exact, objections, regression, slots, support
from rag.answer.check.objections import Cited
from rag.answer.evidence import Embed
from rag.text import parser
from rag.text.detect import detect_language
from rag.text.normalize import contains
from rag.text.parser import Tree
from rag.text.split import sentences
from rag.text.tokens import terms
from rag.types import Support

Outcome = Literal["supported", "contradicted", "not_told"]

_SHOWN = 0.5
"""Least probability of support where the regression over differences has no say."""
_FITTED = "claims.json"
_SENTENCES = 4  # of the cited words, that are parsed for one claim
_LONGEST = 800  # letters of a sentence that is parsed
_TELLING = 0.3
"""Least log-odds that a difference has to take away to be named as the reason."""
_TURNED = frozenset(("negation", "bound_turned", "swapped", "turned", "exchanged"))
_COPY = 0.3
"""How nearly a claim has to be a copy for one of the differences in ``ALONE`` to reject it."""
_COPY_OF_MANY = 0.6
"""The same where not all that is cited was parsed."""
ALONE = (
    "said_root", "unsure_root", "condition", "plan_root", "negation", "bound", "bound_turned", "swapped",
    "speech_added", "cause", "speaker", "universal", "counted", "other_role", "partial", "private", "turned", "ordered",
    "present", "future", "instead",
)  # fmt: skip
"""Differences that reject a near copy by themselves; docs/benchmarks.md has how often each is right."""
_ATTACHED = 0.6
"""The same for those of ``ATTACHED``, which are sure only where little else was changed."""
ATTACHED = {"moved": 0.5, "placed": 0.5, "said": 0.9, "plan": 0.9, "unsure": 0.5}
"""With how much of each it takes."""
_SHORT = 7
"""Content words of a claim in which a single one of ``ATTACHED`` is sure, whatever their order."""
_REASONS = {
    "said": "the cited words only report somebody's saying so",
    "unsure": "the cited words only call it possible",
    "condition": "the cited words say so under a condition",
    "plan": "the cited words tell of something that has not come about yet",
    "future": "the cited words tell of something that has not come about yet",
    "negation": "the cited words say the opposite",
    "speaker": "the cited words are somebody else's",
    "speech": "nobody is said to say so",
    "swapped": "the cited words tell it the other way round",
    "other": "in the cited words somebody else does it",
    "placed": "the cited words tell it of another place or time",
    "moved": "the cited words say so of something else",
    "instead": "the cited words say so of something else",
    "counted": "the cited words give the number of something else",
    "universal": "the cited words say so of a part only",
    "partial": "the cited words say so of a part only",
    "bound": "the cited words give a limit or a difference, not the number itself",
    "private": "the cited words call it former, alleged or planned",
    "cause": "the cited words give no such cause",
    "present": "the cited words tell it of the past",
    "turned": "the cited words order or compare it otherwise",
    "exchanged": "the cited words tell it the other way round",
    "ordered": "the cited words order or compare it otherwise",
    "another": "the cited words have another verb for it",
    "added": "the cited words don't say all of it",
    "root": "the cited words don't say all of it",
    "close": "the cited words don't say all of it",
}


@dataclass(frozen=True)
class Judgement:
    """What was found about one claim."""

    verdict: Outcome
    p: float
    """How likely it is, 0 to 1, that the cited words support the claim; 0 where an exact comparison rejects it."""
    why: str
    """The reason where it is not supported, else empty."""
    support: Support = "supported"
    """Whether it is cited word for word."""

    @property
    def ok(self) -> bool:
        """Whether it is supported."""
        return self.verdict == "supported"


def judge(
    claim: str,
    cited: Cited,
    *,
    embed: Embed,
    asked: str = "",
    llm_verdict: Callable[[str], float] | None = None,
    entails: Callable[[str, str], float] | None = None,
) -> Judgement:
    """Judge a claim by the words it cites.

    Args:
        claim: One sentence or a few, without citation marks.
        cited: The evidence.
        embed: Texts to unit vectors.
        asked: The question. What the claim takes over from it adds nothing; that it presupposes something makes it no
            truer: what the claim says has to be in the cited words.
        llm_verdict: A language model: ``support.question`` → its probability of "yes", which joins the features.
            Costs seconds; asked only where no exact comparison rejects the claim.
        entails: A model trained on entailment: text, sentence → its probability, which then decides in place of the
            features.
    """
    claim = exact.without_bullet(claim)
    if not claim.strip() or not cited.said.strip():
        return Judgement("not_told", 0.0, "there is nothing to compare")
    if contains(cited.said, claim):
        if exact.hedged(cited.said, claim):
            return Judgement("not_told", 0.0, "the cited words deny it, or only suppose it")
        if any(contains(claim, t) for t in cited.texts if t.strip()) or not (why := held_back(claim, cited)):
            return Judgement("supported", 1.0, "", "verbatim")
        return Judgement("not_told", 0.0, why)
    if (found := objections.objection(claim, cited, asked)) is not None:
        name, why = found
        parsed = _parsed(claim, cited) if name in ("figures", "names") else None
        if parsed and (other := slots.otherwise(*parsed)):
            return _contradicted(*other)
        return Judgement("contradicted" if name in objections.CONTRADICTING else "not_told", 0.0, why)
    if entails:
        p = entails(support.premise(claim, cited.texts, title=cited.label), claim)
        return _by_probability(p)
    prompt = support.question(claim, cited.texts, title=cited.label, asked=asked)
    llm_yes = llm_verdict(prompt) if llm_verdict else None
    near = support.support_features(claim, cited.texts, cited.near, embed=embed)
    parsed = _parsed(claim, cited)
    if parsed is None:
        return _by_probability(support.p_supported(near, llm_yes))
    told = _differences(claim, cited, *parsed)
    partly = len(cited.texts) > _SENTENCES
    if hit := _alone(told, partly=partly):
        if hit == "moved" and (other := slots.misplaced(*parsed)):
            return _contradicted(*other)
        return Judgement("contradicted" if hit in _TURNED else "not_told", 0.0, _REASONS[hit.partition("_")[0]])
    if other := slots.misplaced(*parsed):
        return _contradicted(*other)
    if partly:  # what was changed or added may stand in a sentence that was not parsed
        return _by_probability(support.p_supported(near, llm_yes))
    words, heard = (regression.logit(support.p_supported(near, yes), 1e-5) for yes in (None, llm_yes))
    return weighed(features(words, told), heard - words)


def features(nearness: float, told: align.Differences | None) -> dict[str, float]:
    """What the regression looks at.

    Args:
        nearness: Log-odds of support by words and vectors.
        told: The differences; None where they are not known.
    """
    found = asdict(told or align.Differences())
    del found["length"]  # it tells nothing of support by itself
    return {"words": nearness, **found}


def weighed(found: Mapping[str, float], heard: float = 0.0) -> Judgement:
    """The judgement that features come to.

    Args:
        found: As ``features`` gives them.
        heard: Log-odds that a language model's answer adds to those of the words.
    """
    part = regression.fitted(_FITTED)["words"]
    odds = regression.log_odds(found, part["supported"]) + heard
    p = regression.probability(odds)
    if p >= part["threshold"]:
        return Judgement("supported", p, "")
    against = regression.probability(regression.log_odds(found, part["contradicted"]))
    why = _reason(found, part["supported"]["weights"]) or "the cited words say something else"
    return Judgement("contradicted" if against >= 0.5 else "not_told", p, f"{why} (probability of support {p:.2f})")


def compared(claim: str, cited: Cited) -> align.Differences | None:
    """How a claim differs from the cited words; None where the parser is missing or the claim is not English."""
    parsed = _parsed(claim, cited)
    return _differences(claim, cited, *parsed) if parsed else None


def _differences(claim: str, cited: Cited, mine: Sequence[Tree], theirs: Sequence[Tree]) -> align.Differences:
    claim = exact.without_yes_no(claim)
    figures = days.figures(cited.said, cited.dates) | {float(d.year) for d in cited.dates}
    figures |= derived.figures(claim, cited.said, cited.dates)
    return align.differences(
        mine,
        theirs,
        known=f"{cited.label} {cited.around}",
        days=figures,
        months=days.months(cited.said, cited.dates),
    )


def _contradicted(claimed: str, told: str) -> Judgement:
    return Judgement("contradicted", 0.0, f"the cited words give {told}, not {claimed}")


def _parsed(claim: str, cited: Cited) -> tuple[Sequence[Tree], Sequence[Tree]] | None:
    """The sentences of a claim and those it cites; None where the parser is missing or the claim is not English."""
    if not parser.available() or not _english(claim, cited):
        return None
    claim = exact.without_yes_no(claim)
    mine = [claim[s.start : s.end][:_LONGEST] for s in sentences(claim, "en")] or [claim[:_LONGEST]]
    theirs = [t[:_LONGEST] for t in _nearest(claim, cited.texts)]
    parsed = parser.trees([exact.shortened(t) for t in (*mine, *theirs)])
    return parsed[: len(mine)], parsed[len(mine) :]


def _alone(told: align.Differences, *, partly: bool = False) -> str:
    """The difference that rejects a claim by itself, if there is one.

    Args:
        told: The differences.
        partly: Whether not all that is cited was parsed.
    """
    if told.exchanged >= 0.5:
        return "exchanged"  # two places that have changed places are wrong in any words
    if told.copied >= (_COPY_OF_MANY if partly else _COPY):
        least = dict.fromkeys(ALONE, 0.5) | (ATTACHED if told.copied >= _ATTACHED else {})
        if hit := next((name for name, bound in least.items() if getattr(told, name) >= bound), ""):
            return hit
    if partly:
        return ""
    if not told.added and told.length <= _SHORT:  # every word is there, and one of them belongs elsewhere
        if hit := next((name for name in ("moved", "other_role") if getattr(told, name) >= 1), ""):
            return hit
    # And so is a number of another thing, or another verb in a claim that is else there.
    return next((name for name in ("counted", "another") if getattr(told, name) >= 0.5), "")


def _english(claim: str, cited: Cited) -> bool:
    """Whether a claim is English: names make a short one look like another language, but not its cited words."""
    if detect_language(claim) == "en":
        return True
    mine = set(terms(claim))
    return detect_language(cited.said) == "en" and 2 * len(mine & set(terms(cited.said))) >= len(mine)


_GOVERNING = (
    "negation", "said_root", "unsure_root", "condition", "plan_root", "universal", "partial", "bound", "counted",
    "other_role",
)  # fmt: skip
"""Differences that make a part of a sentence untrue by itself."""


def held_back(claim: str, cited: Cited) -> str:
    """Why a part of a cited sentence is not true by itself, as what governs it was left out; empty where it is."""
    told = compared(claim, cited)
    if told is None:
        return ""
    for name in _GOVERNING:
        if getattr(told, name) > 0:
            return _REASONS[name.partition("_")[0]]
    return ""


def _nearest(claim: str, texts: Sequence[str]) -> list[str]:
    """The cited sentences that have most of a claim's words, in order."""
    if len(texts) <= _SENTENCES:
        return list(texts)
    wanted = set(terms(claim))
    share = [len(wanted & set(terms(t))) for t in texts]
    best = sorted(range(len(texts)), key=lambda n: (-share[n], n))[:_SENTENCES]
    return [texts[n] for n in sorted(best)]


def _reason(found: Mapping[str, float], weights: Mapping[str, float]) -> str:
    """The difference that takes most from the odds, in words."""
    lost: dict[str, float] = {}
    for name, weight in weights.items():
        key = name.partition("_")[0]
        if key in _REASONS and weight * found.get(name, 0.0) < 0:
            lost[key] = lost.get(key, 0.0) - weight * found[name]
    worst = max(lost, key=lost.__getitem__, default="")
    return _REASONS[worst] if worst and lost[worst] >= _TELLING else ""


def _by_probability(p: float) -> Judgement:
    if p >= _SHOWN:
        return Judgement("supported", p, "")
    return Judgement("not_told", p, f"the cited words say something else (probability of support {p:.2f})")


def as_dict(found: Judgement) -> dict[str, Any]:
    """A judgement for a machine: ``verdict``, ``p``, ``why``."""
    return {"verdict": found.verdict, "p": round(found.p, 4), "why": found.why}


__all__ = ["Judgement", "Outcome", "as_dict", "compared", "features", "held_back", "judge", "weighed"]
