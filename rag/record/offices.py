"""Which office somebody left, where the sentence that tells it names none: the article calls them by it elsewhere.

"Transport minister Edwin Marsh … Marsh, 62, is succeeded by Gwen Tallis." A change of office reaches further than a
story, too: whoever was called by it in any older article is looked for by full name, not by the likeness of the texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rag.answer.check.exact import names
from rag.answer.check.governors import children
from rag.record.between import States
from rag.record.frames import (
    Offices,
    Told,
    changes,
    fits,
    held_before,
    may_change,
    may_tell_of_leaving,
    new_offices,
    told,
    unplaced,
)
from rag.text import parser
from rag.text.names import is_role
from rag.text.tokens import terms

_LONGEST = 500
"""Letters of a sentence that is looked at."""
_LONG_NAME = 3
"""Words of a name at most: what the parser takes for a longer one has something else in it."""
_FULL = 2
"""Words of a full name."""
_NEW = re.compile(r"\bnew\b", re.IGNORECASE)


def bare(texts: Sequence[str]) -> list[str]:
    """The sentences of an article that may tell of somebody's leaving without the office, which another one has.

    Args:
        texts: All its sentences.
    """
    found: list[str] = []
    called: set[str] | None = None
    for text in texts:
        if len(text) <= _LONGEST and not may_change(text) and may_tell_of_leaving(text):
            if called is None:
                called = {n for t in texts if _has_role(t) for n in _named(t)}
            if _named(text) & called or any(_NEW.search(t) and _has_role(t) for t in texts):
                found.append(text)
    return found


def completed(texts: Sequence[str], states: States) -> States:
    """What the sentences of an article tell, each change of an office with the office, and with the fullest name.

    Args:
        texts: All its sentences.
        states: What is told by those that were parsed.

    Returns:
        Of the sentences that change something.
    """
    mine = {text: states[text] for text in dict.fromkeys(texts) if text in states}
    leaving = [state for some in mine.values() for state in some if state.frame == "leaving"]
    if not leaving:
        return {text: kept for text, some in mine.items() if (kept := [s for s in some if changes(s)])}
    named = {n for state in leaving for n in state.who.names}
    follows = any(state.followed and unplaced(state) for state in leaving)
    telling = [
        t
        for t in dict.fromkeys(texts)
        if len(t) <= _LONGEST and _has_role(t) and (named & set(terms(t)) or (follows and _NEW.search(t)))
    ]
    trees = [(tree, children(tree)) for tree in parser.trees(telling)]
    called = [state for tree, below in trees for state in (*told(tree), *held_before(tree, below))]
    new = frozenset(office for tree, below in trees for office in new_offices(tree, below))
    called = [state for state in called if state.office and state.who.names]
    return {text: kept for text, some in mine.items() if (kept := list(_complete(some, called, new)))}


def fully_named(states: Iterable[Told]) -> list[Told]:
    """Those by which somebody with a full name left an office: they are looked for in any article."""
    return [s for s in states if s.frame == "leaving" and len(s.who.names) >= _FULL and s.office]


def _complete(states: Iterable[Told], called: Sequence[Told], new: Offices) -> Iterator[Told]:
    for state in states:
        if state.frame == "leaving":
            same = [c for c in called if state.who.names and state.who.names <= c.who.names]
            fullest = max(
                (c.who for c in same if len(c.who.names) <= _LONG_NAME),
                key=lambda who: len(who.names),
                default=state.who,
            )
            offices = [c.office for c in same if fits(state, c.office)]
            if unplaced(state) and offices and all(o == offices[0] or _alike(o, offices[0]) for o in offices):
                state = replace(state, office=max(offices, key=lambda o: max(len(which) for _, which in o)))
            elif unplaced(state) and state.followed and not same and len({role for role, _ in new}) == 1:
                state = replace(state, office=new)
            if {c.who.names for c in same if len(c.who.names) >= _FULL} <= {fullest.names}:  # no namesake
                state = replace(state, who=replace(state.who, names=fullest.names))
        if changes(state):
            yield state


def _alike(one: Offices, other: Offices) -> bool:
    return any(a == b and (x <= y or y <= x) for a, x in one for b, y in other)


def _has_role(text: str) -> bool:
    return any(is_role(w) for w in text.split())


def _named(text: str) -> set[str]:
    return {s for n in names(text) if not is_role(n) for s in terms(n)}


_FULL_NAME = re.compile(r"\b(?=([A-Z][\w’'-]+) ([A-Z][\w’'-]+))")


def full_names(text: str) -> frozenset[str]:
    """Names of two words of a text, each as its stems; "Prime Minister" is none."""
    return frozenset(
        " ".join(terms(f"{m[1]} {m[2]}"))
        for m in _FULL_NAME.finditer(text)
        if not is_role(m[1]) and not is_role(m[2]) and m[1].lower() != "prime"
    )


def everybody(states: Iterable[Told]) -> str:
    """The names of some states, as they are searched for."""
    return " ".join(sorted({n for s in states for n in s.who.names}))


__all__ = ["bare", "completed", "everybody", "full_names", "fully_named"]
