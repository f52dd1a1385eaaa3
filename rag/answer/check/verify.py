"""The support check of answers: do the cited words say what the sentence says?

``supports`` is the judge of ``judge.py`` as the rest of the program takes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rag.answer.check.judge import judge
from rag.answer.check.objections import Cited
from rag.answer.evidence import Embed
from rag.types import Support


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
    """Check one sentence of an answer against the words it cites; arguments as those of ``judge``."""
    found = judge(claim, cited, embed=embed, asked=asked, llm_verdict=llm_verdict, entails=entails)
    return Verdict(found.ok, found.why, found.support, found.p)


__all__ = ["Cited", "Verdict", "supports"]
