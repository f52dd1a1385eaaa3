"""Whether a sentence of a newer article changes what one of an older article says: the decision over two sentences.

Both are of one story already (``linker.py``). What they tell is compared by grammar (``frames.py``): who, which office,
which event, which charge. Where anything is open there is no link: a link that is not made costs
nothing, and a wrong one tells a reporter that a fact no longer holds.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from rag.answer.check.exact import names
from rag.index.links import Link, Span
from rag.record.frames import Phrase, Told, changes, may_change, told, unplaced
from rag.text import numbers, parser
from rag.text.changing import called_off
from rag.text.lexicon import alternation, lexicon
from rag.text.names import is_role
from rag.text.notes import is_note
from rag.text.tokens import query_terms, terms
from rag.text.told_days import named_days
from rag.text.word_lists import Record
from rag.types import Passage, Status

_WORDS = lexicon("en").section(Record)
_SEASON = 270
"""Days after which an event of one name is likely another year's."""
_CASE = 1500
"""Days within which a charge and its end are likely of one case."""
_DENIED = 0.75
"""Share of the words of what is denied that a sentence has which says so."""
_ROOT = 4
"""Letters that a verb and its noun begin with at least."""
_LONGEST = 500
"""Letters of a sentence that is looked at."""


def _forms(*verbs: Sequence[str]) -> str:
    return alternation(rf"{verb.removesuffix('e')}\w*" for some in verbs for verb in some if " " not in verb)


_COUNTERPART = re.compile(
    rf"\b(?:{_forms(_WORDS.taking_verbs, _WORDS.accusing_verbs, _WORDS.holding_verbs)}|"
    rf"{alternation(_WORDS.irregular_office, _WORDS.irregular_off, _WORDS.irregular_quashing)}|"
    r"denie[ds]|is|will|guilty|held|took|met|began|went)\b",
    re.IGNORECASE,
)


_TAKING = frozenset(stem for verb in _WORDS.taking_verbs for stem in terms(verb)[:1])
_HELD_FOR = re.compile(rf"\b(?:{alternation(_WORDS.held_for)})\b", re.IGNORECASE)


@cache
def _sole() -> frozenset[str]:
    return frozenset(terms(" ".join(_WORDS.sole_offices)))


@dataclass(frozen=True)
class Side:
    """A sentence with what it stands in."""

    text: str
    place: Span
    passage: Passage

    @property
    def published(self) -> datetime | None:
        return self.passage.published

    @property
    def near(self) -> str:
        return f"{self.passage.title} {self.passage.text}"


def sides(passage: Passage, among: Container[str] | None = None) -> Iterator[Side]:
    """The sentences of a passage that are looked at.

    Args:
        passage: Any.
        among: Their words, where only some are wanted.
    """
    for s in passage.sentences:
        text = passage.text[s.start - passage.start : s.end - passage.start]
        if among is not None and text not in among:
            continue
        if len(text) <= _LONGEST and not text.rstrip().endswith("?") and not is_note(text):
            yield Side(text, (passage.article_id, s.start, s.end), passage)


States = Mapping[str, Sequence[Told]]
"""Sentences that may change what older ones say, with what they tell to have begun or ended."""


def states(texts: Iterable[str], also: Container[str] = ()) -> States:
    """Those of some sentences that may change what older ones say; all that need it are parsed together.

    Args:
        texts: The sentences.
        also: Those that are looked at though they name no office (``offices.bare``); it stands open which it is.
    """
    cued = [t for t in dict.fromkeys(texts) if len(t) <= _LONGEST and (t in also or may_change(t))]
    found = {
        text: [state for state in told(tree) if changes(state) or unplaced(state)]
        for text, tree in zip(cued, parser.trees(cued), strict=True)
    }
    return {text: mine for text, mine in found.items() if mine}


def candidates(newer: Side, mine: Sequence[Told], older: Sequence[Side]) -> list[Side]:
    """Those of some sentences that may be changed by another one: they share a name and tell a state; no parse."""
    taking = any(state.frame == "taking" for state in mine)
    named = _named(newer.near if taking else newer.text)  # a successor's sentence names nobody else
    named |= {w for state in mine if state.frame == "calling_off" for w in state.who.words if w.isdigit()}
    deny = any(state.frame == "denying" for state in mine)
    leaving = any(state.frame == "leaving" for state in mine)
    some = [o for o in older if named & _marked(o.text)]
    return [
        o
        for o in some
        if ((deny or leaving or _COUNTERPART.search(o.text)) and _may_be_changed(mine, set(terms(o.text))))
        or (taking and _may_be_held(mine, set(terms(o.text))))
    ]


def naming(mine: Sequence[Told], older: Sequence[Side]) -> list[Side]:
    """Those of some sentences, of whatever story, that have the full name of who left an office, and the office."""
    return [
        o
        for o in older
        if any(
            now.who.names <= there and any(role in there for role, _ in now.office)
            for there in [set(terms(o.text))]
            for now in mine
        )
    ]


def _may_be_held(mine: Sequence[Told], there: set[str]) -> bool:
    """Whether a sentence, by its stems, may call somebody by an office that somebody new is in."""
    offices = (office for now in mine if now.frame == "taking" for office in now.office)
    return any(role in there and which and which <= there for role, which in offices)


def _may_be_changed(mine: Sequence[Told], there: set[str]) -> bool:
    """Whether a sentence of some stems has what one of some states has to be told of: its office, event or person."""
    for now in mine:
        if now.frame in ("leaving", "taking"):
            found = any(role in there for role, _ in now.office)
        elif now.frame == "calling_off":
            found = any(_noun_of(now.who.head, word) for word in there)
        elif now.frame == "denying":
            found = _as_denied(now, there)
        else:
            found = bool(now.who.names & there)
        if found:
            return True
    return False


def decide(newer: Side, mine: Sequence[Told], older: Sequence[Side]) -> list[Link]:
    """The links from a sentence to older ones.

    Args:
        newer: The sentence that may change what others say.
        mine: What it tells to have begun or ended.
        older: What it may change.
    """
    found = []
    for other, tree in zip(older, parser.trees([o.text for o in older]), strict=True):  # parsed together
        theirs = told(tree)
        for now in sorted(mine, key=lambda told: not told.followed):
            if now.frame == "leaving" and _to_come(now, newer):
                continue
            if kind := _changed(now, theirs, newer, other):
                found.append(Link(other.place, newer.place, kind[0], round(kind[1], 3)))
                break
            held = next(
                (
                    w
                    for w in theirs
                    if (w.frame == "holder" and (_left(now, w) or _followed(now, w, newer, other)))
                    or (w.frame == "leaving" and now.followed and not w.followed and _left(now, w))
                ),
                None,
            )
            if held is not None and (_days(newer, other) or 0) > 0:
                found += _called(other, newer, held.who.names, now)
                break
    return found


def held(newer: Side, mine: Sequence[Told], beside: Iterable[Side]) -> list[Link]:
    """The names of who has left an office, where other sentences of the same article still call them by it.

    Args:
        newer: The sentence that tells of it.
        mine: What it tells to have begun or ended.
        beside: Sentences of the same article.
    """
    found: list[Link] = []
    for now in mine:
        if now.frame == "leaving" and not _to_come(now, newer):
            for other in beside:
                there = set(terms(other.text))
                if (
                    other.place != newer.place
                    and now.who.names & there
                    and any(role in there for role, _ in now.office)
                ):
                    found += _called(other, newer, now.who.names, now)
    return found


def _left(now: Told, was: Told) -> bool:
    return now.frame == "leaving" and _person(now.who, was.who) and _same_office(now, was)


def _followed(now: Told, was: Told, newer: Side, older: Side) -> bool:
    """Whether somebody else is told to be in the very office that an older sentence calls somebody by.

    The office has to be that of the same body, by name, and one that a single person holds; or the newer article names
    the one before.
    """
    if now.frame != "taking" or now.verb not in _TAKING or now.who.names & was.who.names:
        return False
    bodies = _named(newer.text) & _named(older.text)
    mine, yours = ({(role, which - told.who.names) for role, which in told.office} for told in (now, was))
    for role, which in mine & yours:
        if which & bodies and not _HELD_FOR.search(newer.text) and not _HELD_FOR.search(older.text):
            return role in _sole() or was.who.names <= set(terms(newer.near))
    return False


def _to_come(now: Told, newer: Side) -> bool:
    """Whether somebody leaves on a day ahead, told as of now: "Tallis takes over from Marsh on 1 June"."""
    if not now.present or newer.published is None:
        return False
    return any(n.days.first > newer.published.date() for n in named_days(newer.text, newer.published, "en"))


def _called(older: Side, newer: Side, named: Container[str], now: Told) -> Iterator[Link]:
    """Over a name alone: what else its sentence tells stands, only who holds the office has changed.

    Of several sentences that tell it, one that says who comes next counts most.
    """
    words = [m for m in re.finditer(r"\w+(?:['’]\w+)*", older.text) if any(stem in named for stem in terms(m[0]))]
    runs: list[list[re.Match[str]]] = []
    for word in words:
        if runs and older.text[runs[-1][-1].end() : word.start()] == " ":
            runs[-1].append(word)
        else:
            runs.append([word])
    if runs:
        ident, start, _ = older.place
        name = max(runs, key=len)
        yield Link(
            (ident, start + name[0].start(), start + name[-1].end()),
            newer.place,
            "overtaken",
            0.92 if now.followed else 0.91,
        )


def _changed(now: Told, before: Sequence[Told], newer: Side, older: Side) -> tuple[Status, float] | None:
    apart = _days(newer, older)
    if apart is None or apart < 0 or (apart == 0 and newer.published == older.published):
        return None
    for was in before:
        if now.frame == "leaving" and was.frame == "taking" and _person(now.who, was.who):
            if _same_office(now, was):
                return "overtaken", 0.95
        elif now.frame == "taking" and was.frame == "taking" and not now.who.names & was.who.names:
            if _same_office(now, was, exact=True) and was.who.names <= set(terms(newer.near)):
                return "overtaken", 0.92
        elif now.frame == "calling_off" and was.frame == "holding" and _event(now.who, was.who):
            known = called_off(older.text) or _years_apart(newer.text, older.text) or _over(newer, older)
            if was.ahead and apart <= _SEASON and not known:
                return "overtaken", 0.93
        elif now.frame == "calling_off" and was.ahead and was.verb and apart <= _SEASON:
            known = called_off(older.text) or _years_apart(newer.text, older.text) or _over(newer, older)
            if _told_by_verb(now.who, was) and not known:
                return "overtaken", 0.92
        elif now.frame == "reversing" and was.ahead and was.verb not in ("", now.verb) and apart <= _SEASON:
            if now.who.head == was.who.head and now.who.names <= set(terms(older.text)) and not _over(newer, older):
                return "overtaken", 0.92
        elif now.frame == "clearing" and was.frame == "accusing" and apart <= _CASE and _person(now.who, was.who):
            if len(_content(newer.text, now) & _content(older.near, was)) >= 2:
                return "overtaken", 0.93
    if now.frame == "denying" and now.clause:
        return _denial(now, before, newer, older)
    return None


def _denial(now: Told, before: Sequence[Told], newer: Side, older: Side) -> tuple[Status, float] | None:
    """A denial of what an older sentence says, which is no denial itself."""
    if not _as_denied(now, set(terms(older.text))):
        return None
    if any(b.frame == "denying" for b in before) or re.search(r"\bden(?:y|ie)|\bnot\b|n['’]t\b", older.text):
        return None
    return "denied", 0.92


def _as_denied(now: Told, there: set[str]) -> bool:
    """Whether a sentence of some stems says what is denied, of whom it is denied."""
    denied = {w for w in query_terms(" ".join(now.clause)) if len(w) > 1}
    return len(denied) >= 3 and len(denied & there) >= _DENIED * len(denied) and bool(now.who.names & there)


def _person(one: Phrase, other: Phrase) -> bool:
    """Whether two phrases name one person: one name has all of the other's, and the last one is the same."""
    a, b = one.names, other.names
    return bool(a & b) and (a <= b or b <= a) and (one.head == other.head or one.head in b or other.head in a)


def _event(one: Phrase, other: Phrase) -> bool:
    """Whether two phrases name one event: the same noun, of the same name, and no name or number parts them."""
    mine, yours = one.names | one.words, other.names | other.words
    return one.head == other.head and bool(one.names & other.names) and (mine <= yours or yours <= mine)


def _told_by_verb(off: Phrase, was: Told) -> bool:
    """Whether what is called off is what a verb tells of something: "the closure of line 4", "line 4 will close"."""
    if not _noun_of(off.head, was.verb):
        return False
    mine, yours = (off.names | off.words) - {off.head}, was.who.names | was.who.words
    marks = off.names | was.who.names | {w for w in mine if w.isdigit()}
    return len(mine & yours) >= 2 and bool(mine & yours & marks) and (mine <= yours or yours <= mine)


def _noun_of(noun: str, verb: str) -> bool:
    """Whether a noun's stem is a verb's, or made of it: "closur" of "close", "demolit" of "demolish"."""
    alike = next((n for n, (a, b) in enumerate(zip(noun, verb, strict=False)) if a != b), min(len(noun), len(verb)))
    return noun == verb or (alike >= _ROOT and alike >= len(verb) - 2)


def _same_office(now: Told, was: Told, *, exact: bool = False) -> bool:
    for role, which in now.office:
        for other, of in was.office:
            if role == other and (which == of if exact else (which <= of or of <= which)) and (which or not exact):
                return True
    return False


def _content(text: str, told: Told) -> set[str]:
    return {w for w in query_terms(text) if w not in told.who.names and w not in _common()}


def _common() -> frozenset[str]:
    return frozenset(terms("police court judge said told people man woman year day charge case arrest"))


def _years_apart(one: str, other: str) -> bool:
    mine, yours = ({n.value for n in numbers.find(t) if numbers.is_year(n.value)} for t in (one, other))
    return bool(mine and yours and not mine & yours)


def _over(newer: Side, older: Side) -> bool:
    """Whether the days that an older sentence names had passed when the newer one was published."""
    if newer.published is None or older.published is None:
        return False
    first, last = older.published.date(), newer.published.date()
    # The day of publication is mostly that on which it was said.
    named = [n.days for n in named_days(older.text, older.published, "en") if n.days.first > first]
    return bool(named) and all(days.end <= last for days in named)


def _days(newer: Side, older: Side) -> int | None:
    if newer.published is None or older.published is None:
        return None
    return (newer.published.date() - older.published.date()).days


def _marked(text: str) -> set[str]:
    """The names and numbers of a text."""
    return _named(text) | {word for word in terms(text) if word.isdigit()}


def _named(text: str) -> set[str]:
    return {s for n in names(text) if not is_role(n) for s in terms(n)}


__all__ = ["Side", "States", "candidates", "decide", "held", "naming", "sides", "states"]
