"""Claims checked by themselves, without an archive: as an editor checks a text against its sources.

    from rag import check_claims

    check_claims([{"claim": "The dam will flood a village.", "cited": "Critics say the dam will flood a village."}])
    # [Judgement(verdict="not_told", p=…, why="the cited words only report somebody's saying so …")]

It is the judge that every sentence of an answer goes through (``rag/answer/check/judge.py``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError, field_validator

from rag.answer.check.judge import Judgement, judge
from rag.answer.check.objections import Cited
from rag.answer.evidence import Embed
from rag.errors import UsageError
from rag.protocols import Day
from rag.settings import Settings, load_settings
from rag.text.counting import count
from rag.text.dates import parse_date
from rag.text.mistakes import wrong_fields
from rag.text.split import sentences
from rag.types import Value

LONGEST_CLAIM = 4_000
"""Letters of a claim; what is longer is no sentence."""
LONGEST_CITED = 200_000
"""Letters of the words it cites, and of what stands around them."""


class Claim(Value):
    """A claim and the words it cites."""

    claim: str
    """One sentence or a few, without citation marks; 1 to 4,000 letters."""
    cited: tuple[str, ...]
    """The cited passages, in the text's order; one may be given as a string. At most 200,000 letters together."""
    question: str = ""
    """What the claim answers, if anything."""
    date: datetime | None = None
    """When the cited text was published: "on Saturday" is reckoned from it."""
    title: str = ""
    """The cited text's headline, and its outlet."""
    around: str = ""
    """What stands around the cited words: whom "he" and "the minister" mean."""

    if TYPE_CHECKING:  # as it may be made, for editors: one string for many, days as they are written

        def __init__(
            self,
            *,
            claim: str,
            cited: str | Sequence[str],
            question: str = "",
            date: Day | None = None,
            title: str = "",
            around: str = "",
        ) -> None: ...

    @field_validator("cited", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise ValueError("has to be a text, or a list of texts")
        return value

    @field_validator("date", mode="before")
    @classmethod
    def _readable(cls, value: Any) -> Any:
        if value is None or value == "":
            return None
        if (found := parse_date(value)) is None:
            raise ValueError("is no date that can be read for certain; write it as 2023-06-18")
        return found

    @field_validator("claim")
    @classmethod
    def _sized(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("is empty")
        if len(value) > LONGEST_CLAIM:
            raise ValueError(
                f"has {count(len(value), 'letter')}, and may have {LONGEST_CLAIM:,}; split it into sentences"
            )
        return value

    @field_validator("cited")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not any(t.strip() for t in value):
            raise ValueError("is empty")
        if (number := sum(map(len, value))) > LONGEST_CITED:
            raise ValueError(f"has {count(number, 'letter')}, and may have {LONGEST_CITED:,}; cite less")
        return value

    @field_validator("around")
    @classmethod
    def _short(cls, value: str) -> str:
        return value[:LONGEST_CITED]

    @property
    def words(self) -> Cited:
        """The cited words as the check takes them: in sentences."""
        texts = [t[s.start : s.end] for t in self.cited for s in sentences(t, "en")]
        return Cited(texts, self.around, self.title, [self.date] if self.date else [])


FIELDS = tuple(Claim.model_fields)


@dataclass(frozen=True)
class BadLine:
    """A line that holds no claim."""

    number: int
    """From 1."""
    why: str


def read_claims(lines: Iterable[str]) -> Iterator[tuple[int, Claim | BadLine, frozenset[str]]]:
    """Claims of JSON lines; empty lines are left out.

    Args:
        lines: A JSON object each, with the fields of ``Claim``.

    Yields:
        The line's number from 1; the claim, or why there is none; fields that no claim has, which are ignored.
    """
    for number, line in enumerate(lines, 1):
        text = line.strip().removeprefix("\ufeff")
        if not text:
            continue
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as e:
            yield number, BadLine(number, f"no JSON ({getattr(e, 'msg', 'nested too deeply')})"), frozenset()
            continue
        if not isinstance(found, dict):
            yield number, BadLine(number, "no JSON object"), frozenset()
            continue
        try:
            claim = Claim(**{k: v for k, v in found.items() if k in FIELDS})
            yield number, claim, frozenset(found) - frozenset(FIELDS)
        except ValidationError as e:
            yield number, BadLine(number, _first(e)), frozenset()


def check_claims(
    claims: Iterable[Claim | Mapping[str, Any]],
    *,
    settings: Settings | None = None,
    embed: Embed | None = None,
) -> list[Judgement]:
    """Judge claims by the words they cite, each by itself.

    Args:
        claims: Values, or mappings with their fields; ``claim`` and ``cited`` have to be there.
        settings: Which embedding model, and what the check asks (``check``); by default as everywhere. The language
            model is not asked.
        embed: Texts to unit vectors, in place of the settings' model.

    Returns:
        A judgement for each, in order.

    Raises:
        UsageError: A mapping is no claim; the message names its place, from 1.
        ModelMissing: The embedding model is not installed.
    """
    judge_one = judge_with(settings, embed=embed)
    return [judge_one(_as_claim(c, n)) for n, c in enumerate(claims, 1)]


def judge_with(
    settings: Settings | None = None,
    *,
    embed: Embed | None = None,
) -> Callable[[Claim], Judgement]:
    """The judge of single claims; arguments as those of ``check_claims``. Nothing heavy is loaded before the first."""
    from rag.answer.check import entailment
    from rag.index.embed import EmbeddingCache

    settings = settings or load_settings()
    if embed is None:
        from rag.index.embedding_model import make_embedder

        embed = EmbeddingCache(make_embedder(settings).embed)
    entails = entailment.chosen(settings.check)
    weigh: Embed = embed
    return lambda c: judge(c.claim, c.words, embed=weigh, asked=c.question, entails=entails)


def _as_claim(given: Claim | Mapping[str, Any], number: int) -> Claim:
    if isinstance(given, Claim):
        return given
    if not isinstance(given, Mapping):
        raise UsageError(f"Claim {number} is {given!r:.60}; it has to be a Claim, or a mapping with claim and cited.")
    try:
        return Claim.model_validate(dict(given))
    except ValidationError as e:
        raise UsageError(f"Claim {number}: {_first(e)}.") from e


def _first(error: ValidationError) -> str:
    """The first thing that is wrong, in a line."""
    found = error.errors()[0]
    told = wrong_fields([{**found, "loc": found["loc"][:1]}])[0].rstrip(".")
    known = f"; there are {', '.join(FIELDS)}" if found["type"] == "extra_forbidden" else ""
    return f"the field {told}{known}"


__all__ = ["FIELDS", "BadLine", "Claim", "check_claims", "judge_with", "read_claims"]
