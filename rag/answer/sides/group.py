"""Which sources agree, which say otherwise of the same thing, and who leads.

    [Voice] --groups--> what is said --opposed--> [Group], the leading one first

Two voices that say different things may just as well be of two things of one name. They are taken to be of one only
where that shows: one is the other's sentence with other words in the answer's place; or their passages have most of
their words in common, beside the question's; or four sources or more, independent of each other, say the same thing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rag.answer.conflicts import apart
from rag.answer.sides.values import differ, same
from rag.answer.sides.voices import Voice
from rag.retrieve.twins import same_story
from rag.text.tokens import terms

SEVERAL = 4
"""Independent sources that make what another says a disagreement, whatever else their texts have in common."""
SHARED = 0.5
"""Least share of the shorter passage's words, the question's left out, that two passages of one thing have."""
LIKE = 0.7
"""Least cosine of two passages of one thing."""
ANSWERS = 0.5
"""Least log-odds of the reader, of both of two that are taken to be of one thing because their passages are alike. An
article about the same story has other names and figures besides, and what hardly answers is mostly one of these."""
_AGREE = 2
"""Independent sources that say the same, from which on further ones are looked for."""
_OVERTAKEN = timedelta(days=45)
"""How much newer a side's newest article is than the other's where the present state is asked for and has changed."""

Likeness = Callable[[str, str], float]
"""Ids of two passages to the cosine of their vectors."""


@dataclass(frozen=True)
class Group:
    """Sources that say the same."""

    voices: tuple[Voice, ...]
    """Best first."""

    @property
    def sources(self) -> int:
        """How many of them are independent of each other."""
        return independent(self.voices)

    @property
    def newest(self) -> datetime | None:
        """When the newest of them came out."""
        return max((_aware(p) for v in self.voices if (p := v.passage.published)), default=None)


def weigh(
    question: str, voices: Sequence[Voice], shown: Sequence[str], likeness: Likeness, *, newest_first: bool = False
) -> list[Group]:
    """The sides of a disagreement about what an answer says.

    Args:
        question: What was searched for.
        voices: Of all sources, in any order.
        shown: Ids of the articles that are to be quoted, best first: sides are those of the first that is disputed.
        likeness: Of passages.
        newest_first: Whether the present state is asked for: what is 45 days newer then counts more than numbers.

    Returns:
        The sides, the leading one first: what more independent sources say, of as many the newer ones, of these what
        ranks better. Empty where nobody says otherwise.
    """
    grouped = groups(voices)
    asked, named = frozenset(terms(question)), _named(question)
    sides: list[Group] = []
    for article in shown:
        own = next((g for g in grouped if any(v.article_id == article for v in g.voices)), None)
        others = [g for g in grouped if own is not None and g is not own and opposed(own, g, asked, likeness, named)]
        if own is not None and others:
            sides = [own, *others]
            break
    latest = max((g.newest for g in sides if g.newest), default=None)

    def leads(group: Group) -> tuple[bool, int, datetime, int]:
        when = group.newest or datetime.min.replace(tzinfo=UTC)
        overtaken = newest_first and latest is not None and group.newest is not None and latest - when > _OVERTAKEN
        return (not overtaken, group.sources, when, -group.voices[0].rank)

    return sorted(sides, key=leads, reverse=True)


def groups(voices: Sequence[Voice]) -> list[Group]:
    """Voices by what they say, whatever order they come in; one that names two different answers is with neither."""
    left = sorted((v for v in voices if not _between(v, voices)), key=lambda v: (v.rank, v.article_id))
    found: list[Group] = []
    while left:
        group, left = _closure(left[0], left[1:], lambda a, b: same(a.value, b.value))
        found.append(Group(tuple(sorted(group, key=lambda v: (v.rank, v.article_id)))))
    return found


def independent(voices: Sequence[Voice]) -> int:
    """How many sources are independent: the most of them of which no two are one outlet's, or copies of one story.

    Adding a source never makes it less.
    """
    linked = {
        i: {j for j, b in enumerate(voices) if i != j and _one_source(a, b)} for i, a in enumerate(voices)
    }  # fmt: skip
    return _most(frozenset(linked), linked)


def opposed(
    one: Group, other: Group, asked: frozenset[str], likeness: Likeness, named: frozenset[str] = frozenset()
) -> bool:
    """Whether two groups say different things of the same one.

    Args:
        one: A side.
        other: Another.
        asked: The terms of the question.
        likeness: Of passages.
        named: Those that name what it is about: a source that lacks one of them where the other side has it speaks of
            something else, as one report of a series of the same make does.
    """
    pairs = [
        (a, b) for a in one.voices for b in other.voices
        if _names(a, named) == _names(b, named) and not _of_two(a, b, asked)
    ]  # fmt: skip
    if any(_forms(a, b) for a, b in pairs):
        return True
    apart = [(a, b) for a, b in pairs if differ(a.value, b.value)]
    if any(a.value.kind != "other" and _one_thing(a, b, asked, likeness) for a, b in apart):
        return True
    return bool(apart) and max(one.sources, other.sources) >= SEVERAL


def doubtful(voices: Sequence[Voice]) -> bool:
    """Whether what some independent sources agree on differs from what another says.

    More of them would make a disagreement of it (``SEVERAL``), so that it is worth looking what further ones say. Two
    voices that differ by themselves are mostly of two things, and there further ones were never seen to decide.
    """
    return any(
        g.sources >= _AGREE and any(differ(a.value, b.value) for a in g.voices for b in voices)
        for g in groups(voices)
    )  # fmt: skip


def _named(question: str) -> frozenset[str]:
    """The terms of a question that name something: with a capital, its first word aside, or with a figure."""
    words = [m for m in re.finditer(r"\w+", question) if (m.start() and m[0][0].isupper()) or re.search(r"\d", m[0])]
    return frozenset(t for m in words for t in terms(m[0]))


def _names(voice: Voice, named: frozenset[str]) -> frozenset[str]:
    return named & frozenset(terms(f"{voice.passage.title} {voice.passage.text}")) if named else named


def _of_two(one: Voice, other: Voice, asked: frozenset[str]) -> bool:
    """Whether two voices are plainly of two things, or one tells what the other says as what was before."""
    mine, yours = one.reading.text, other.reading.text
    if apart.placed_apart(asked, *(f"{v.passage.title} {v.passage.text}" for v in (one, other))):
        return True
    if not one.passage.language == other.passage.language == "en":
        return False
    if apart.tells_change(mine, other.value.numbers) or apart.tells_change(yours, one.value.numbers):
        return True
    return apart.of_two(mine, yours)


def _between(voice: Voice, voices: Sequence[Voice]) -> bool:
    """Whether a voice says the same as each of two that differ."""
    near = [v for v in voices if same(v.value, voice.value)]
    return any(differ(a.value, b.value) for n, a in enumerate(near) for b in near[:n])


def _forms(one: Voice, other: Voice) -> bool:
    """Whether one voice's sentence is the other's with other words where the answer stands."""
    return (one.beside == other.article_id or other.beside == one.article_id) and not same(one.value, other.value)


def _one_thing(one: Voice, other: Voice, asked: frozenset[str], likeness: Likeness) -> bool:
    if min(one.odds, other.odds) < ANSWERS:
        return False
    mine, yours = (frozenset(terms(v.passage.text)) - asked for v in (one, other))
    if len(mine & yours) < SHARED * max(1, min(len(mine), len(yours))):
        return False
    return likeness(one.passage.id, other.passage.id) >= LIKE


def _one_source(one: Voice, other: Voice) -> bool:
    if one.passage.source and one.passage.source == other.passage.source:
        return True
    return same_story(one.passage.text, other.passage.text) or same_story(one.reading.text, other.reading.text)


def _closure(
    first: Voice, rest: Sequence[Voice], linked: Callable[[Voice, Voice], bool]
) -> tuple[list[Voice], list[Voice]]:
    """What hangs together with a voice, and what does not."""
    group, left, at = [first], list(rest), 0
    while at < len(group):
        joined = [v for v in left if linked(group[at], v)]
        left = [v for v in left if v not in joined]
        group += joined
        at += 1
    return group, left


def _most(nodes: frozenset[int], linked: dict[int, set[int]]) -> int:
    """Size of the largest set of nodes without a link between two of them, exactly: there are few."""
    free = [n for n in nodes if not linked[n] & nodes]
    rest = nodes.difference(free)
    if not rest:
        return len(free)
    n = max(rest, key=lambda n: (len(linked[n] & rest), n))
    if len(linked[n] & rest) == len(rest) - 1:  # linked with all others: it is one of them, or none
        return len(free) + max(1, _most(rest - {n}, linked))
    return len(free) + max(1 + _most(rest - {n} - linked[n], linked), _most(rest - {n}, linked))


def _aware(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=UTC)


__all__ = ["Group", "doubtful", "groups", "independent", "opposed", "weigh"]
