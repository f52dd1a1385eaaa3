"""The grammar of changes: what a sentence says has begun or ended, and whom or what it is of.

A verb belongs to a frame (``rag/lexicon/en.toml``, after the frames of FrameNet), and its place in the sentence tells
the rest: who is affected, which office, which event; whether it is denied, planned, only possible or under a condition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Literal

from rag.answer.check.governors import WORDS as SUPPORT
from rag.answer.check.governors import children, governed, verbal
from rag.answer.sides.calling import LIGHT, inside, office, role_above
from rag.answer.sides.succession import POSTS, parted, successions
from rag.text.calendar_names import ENGLISH_CALENDAR
from rag.text.changing import OFF, forms, whole
from rag.text.lexicon import alternation, lexicon
from rag.text.names import is_role
from rag.text.parser import Tree
from rag.text.tokens import terms
from rag.text.word_lists import Record

Frame = Literal[
    "leaving", "taking", "calling_off", "holding", "planned", "reversing", "holder", "clearing", "accusing", "denying"
]

_WORDS = lexicon("en").section(Record)
_FRAMES: dict[str, Frame] = {
    **dict.fromkeys(_WORDS.holding_verbs, "holding"),
    **dict.fromkeys(_WORDS.leaving_verbs, "leaving"),
    **dict.fromkeys(_WORDS.taking_verbs, "taking"),
    **dict.fromkeys(_WORDS.calling_off_verbs, "calling_off"),
    **dict.fromkeys(_WORDS.clearing_verbs, "clearing"),
    **dict.fromkeys(_WORDS.accusing_verbs, "accusing"),
    **dict.fromkeys(_WORDS.denying_verbs, "denying"),
}  # fmt: skip


_CUES = (
    forms(_WORDS.leaving_verbs, _WORDS.removing_verbs, _WORDS.taking_verbs, also=_WORDS.irregular_office),
    OFF,
    forms(_WORDS.clearing_verbs),
    forms(_WORDS.quashing_verbs, also=_WORDS.irregular_quashing),
    tuple(rf"{verb[:-1]}ie[sd]" for verb in _WORDS.denying_verbs),
)
"""Forms of the verbs that end a state, or begin one."""
_LEFT = whole((*forms(_WORDS.leaving_verbs), "stepped down", "stood down", "stepped aside", "left office"))
_OFFICE, _OFF, _CLEARED, _QUASHED, _DENIED = map(whole, _CUES)
_CHARGE = whole(rf"{noun}(?:e?s)?" for noun in _WORDS.charge_nouns)
_POST = re.compile(
    rf"\b(?:of|from|the|his|her|their|its|as) (?:\w+ ){{0,2}}(?:{alternation(POSTS)}|\w+orship)\b", re.IGNORECASE
)
_NO_LONGER = re.compile(r"\b(?:is|was|are|were) no longer\b")
_OVER = re.compile(r"\b(?:tak(?:es?|en|ing)|took) over from\b|\bsucce\w+|\breplac\w+", re.IGNORECASE)
_AFTER_ALL = re.compile(r"\w,? after all\b", re.IGNORECASE)
"""Otherwise than was planned: "will stay open after all"."""
_FIRST = re.compile(alternation(re.split("[ -]", form)[0] for forms in _CUES for form in forms))
"""How one of them begins: nearly all sentences have no such word, and it is looked up, not searched."""
_WORD = re.compile(r"\w+")
_BY_SUBJECT = frozenset(("resign", "quit", "retire", "step down", "stand down", "step aside", "leave office", "become",
                         "take office"))  # fmt: skip
"""Verbs of leaving and taking whose subject does so; of the others it is their object."""


Offices = frozenset[tuple[str, frozenset[str]]]
"""Offices: the stem of the role, and of what says which."""


@dataclass(frozen=True)
class Phrase:
    """A noun with what hangs on it."""

    head: str
    """Its stem."""
    names: frozenset[str]
    """Stems of the names in it, roles and days left out."""
    words: frozenset[str]
    """Stems of its other content words."""


@dataclass(frozen=True)
class Told:
    """A state that a sentence tells to have begun or ended."""

    frame: Frame
    who: Phrase
    """Who is affected: the person, or the event."""
    office: Offices
    """Those named with it."""
    clause: frozenset[str] = frozenset()
    """Of a denial, the stems of what is denied."""
    ahead: bool = False
    """Whether it is still to come."""
    said: bool = False
    """Whether somebody is said to say so."""
    verb: str = ""
    """Stem of the verb that tells it: "close" of what a "closure" is called off of."""
    followed: bool = False
    """Whether it is said who comes next."""
    elsewhere: bool = False
    """Whether it is said what somebody left, and that is no office: "retired from live performances"."""
    present: bool = False
    """Whether it is told as of now, which with a day ahead means that day: "takes over on 1 June"."""


def may_change(text: str) -> bool:
    """Whether a sentence has a verb that may change what others say; costs no parse."""
    if _AFTER_ALL.search(text) or (
        (_POST.search(text) or _NO_LONGER.search(text)) and any(is_role(w) for w in text.split())
    ):
        return True
    return any(map(_cue, _WORD.findall(text))) and bool(
        (_OFFICE.search(text) and any(is_role(w) for w in text.split()))
        or _OFF.search(text)
        or _CLEARED.search(text)
        or (_QUASHED.search(text) and _CHARGE.search(text))
        or _DENIED.search(text)
    )


def may_tell_of_leaving(text: str) -> bool:
    """Whether a sentence has words that may say that somebody left an office, named or not; costs no parse."""
    return bool(_OVER.search(text) or _POST.search(text) or _LEFT.search(text))


@lru_cache(1 << 15)
def _cue(word: str) -> bool:
    """Whether a word may be one of the verbs that are searched for, or begin one."""
    return _FIRST.fullmatch(word.lower()) is not None


def changes(told: Told) -> bool:
    """Whether a state may change what others say: one that ends, or that somebody new is in."""
    if told.frame in ("leaving", "taking"):
        return bool(told.office)
    return told.frame in ("calling_off", "reversing", "clearing") or (told.frame == "denying" and bool(told.clause))


def unplaced(told: Told) -> bool:
    """Whether somebody is told to leave an office that the sentence doesn't name: "Marsh was sacked on Monday"."""
    return told.frame == "leaving" and not told.office and told.who.head in told.who.names and not told.elsewhere


def told(tree: Tree) -> list[Told]:
    """The states that a parsed sentence tells to have begun or ended; what is denied or only possible is none."""
    below = children(tree)
    found: list[Told] = []
    followed = successions(tree)
    for at in range(len(tree)):
        if not verbal(tree, at):
            continue
        if own := list(_gone(tree, below, at, [s.gone for s in followed if s.verb == at])):
            found += own
            continue
        frame, verb = _frame(tree, below, at)
        if frame is None and tree[at].lemma == "be":
            found += [*_is(tree, below, at), *_no_longer(tree, below, at)]
            continue
        how = governed(tree, below, at)
        if _after_all(tree, below, at) and not (how.negative or how.conditions or how.unsure):
            found += _planned(tree, below, at, "reversing")
            continue
        if frame is None:
            if (how.future or how.plans) and not (how.negative or how.conditions or how.unsure):
                found += _planned(tree, below, at)
            continue
        ahead = how.future or bool(how.plans) or _to_be(tree, below, at)
        doing = frame == "leaving" and any(  # "retired from playing chess"
            tree[c].text.lower() == "from" and any(tree[d].dep == "pcomp" and tree[d].lemma != "be" for d in below[c])
            for c in below[at]
        )
        unsure = (
            how.negative or how.conditions or how.unsure or doing or (frame != "holding" and _asked(tree, below, at))
        )
        if unsure or (ahead and frame != "holding"):
            if not unsure and frame == "calling_off":
                found += _planned(tree, below, at)
            continue
        for who in _affected(tree, below, at, frame, verb):
            meant = _bearer(tree, below, who) if frame == "leaving" else who
            phrase = _phrase(tree, below, meant)
            if not (phrase.names or (frame in ("calling_off", "holding") and _numbered(phrase))):
                continue
            clause = (
                frozenset(terms(" ".join(tree[w].text for w in _clause(tree, below, at))))
                if frame == "denying"
                else frozenset()
            )
            found.append(
                Told(
                    frame,
                    phrase,
                    _offices(tree, below, at, who)
                    if meant == who
                    else _without(_offices(tree, below, at, who), phrase),
                    clause,
                    ahead,
                    bool(how.said),
                    _stem(tree, at),
                    elsewhere=any(tree[c].text.lower() in ("from", "of") for c in below[at]),
                    present=tree[at].tag in ("VBZ", "VBP", "VBG"),
                )
            )
    found += _holders(tree, below)
    return [_placed(state, found) if unplaced(state) else state for state in found]


def _placed(state: Told, beside: list[Told]) -> Told:
    """Somebody's leaving, with the office that the same sentence calls them by."""
    same = [
        t.office
        for t in beside
        if t.frame in ("leaving", "holder") and t.office and t.who.names == state.who.names and fits(state, t.office)
    ]
    return replace(state, office=same[0]) if same else state


def fits(state: Told, office: Offices) -> bool:
    """Whether somebody may be told to leave an office: players and programmes are replaced by others, too."""
    return state.verb != "replac" or any(({role} | which) & sole() for role, which in office)


def _gone(tree: Tree, below: list[list[int]], at: int, followed: list[int]) -> Iterator[Told]:
    """Who is followed by somebody, or parted from a post; with the office, where it is named."""
    present = tree[at].tag in ("VBZ", "VBP") or any(
        tree[c].dep == "auxpass" and tree[c].tag in ("VBZ", "VBP") for c in below[at]
    )
    as_what = [d for c in below[at] if tree[c].text.lower() == "as" for d in below[c]]
    for who in followed:
        phrase = _phrase(tree, below, _bearer(tree, below, who))
        offices = {o for d in as_what for o in office(tree, below, d)}
        if not offices and tree[at].lemma == "replace":  # a player replaces another in a match
            offices = {(role, which) for role, which in office(tree, below, who) if ({role} | which) & sole()}
        elif not offices:
            offices = set(office(tree, below, who))
        if phrase.names:
            yield Told(
                "leaving", phrase, _without(offices, phrase), verb=_stem(tree, at), followed=True, present=present
            )
    if followed:
        return
    for who, post in parted(tree, below, at):
        how = governed(tree, below, at)
        phrase = _phrase(tree, below, _bearer(tree, below, who))
        named = [d for c in below[post] if tree[c].dep == "prep" for d in below[c]] or as_what
        offices = {o for d in named for o in office(tree, below, d)}
        ahead = how.future or how.plans or _asked(tree, below, at)
        if phrase.names and not (how.negative or how.conditions or how.unsure or ahead):
            yield Told("leaving", phrase, frozenset(offices), verb=_stem(tree, at), present=present)


@cache
def sole() -> frozenset[str]:
    """Stems of the offices that one person holds."""
    return frozenset(terms(" ".join((*_WORDS.sole_offices, "executive"))))


def _holders(tree: Tree, below: list[list[int]]) -> Iterator[Told]:
    """ "Foreign Minister Qin Gang", "Qin Gang, the foreign minister": who is called by an office, whatever is told."""
    for at, word in enumerate(tree):
        if word.tag.startswith("NNP") and word.dep != "compound" and not is_role(word.text):
            phrase, offices = _phrase(tree, below, at), set(office(tree, below, at))
            role = role_above(tree, at)
            if role is not None:  # "its chief executive, Odile Marsden"
                offices |= set(office(tree, below, role))
            if phrase.names and offices:
                yield Told("holder", phrase, _without(offices, phrase))


def _without(offices: Iterable[tuple[str, frozenset[str]]], who: Phrase) -> Offices:
    """Offices without the names of who holds them, which stand beside: "the mayor of Vask, Peeter Laan"."""
    return frozenset((role, which - who.names) for role, which in offices)


def _bearer(tree: Tree, below: list[list[int]], at: int) -> int:
    """Who is meant by an office with a name beside it: "the company's chairman, Hans Orr"."""
    if not is_role(tree[at].text) or tree[at].tag.startswith("NNP"):
        return at
    return next((n for n in range(at + 1, len(tree)) if role_above(tree, n) == at), at)


def _after_all(tree: Tree, below: list[list[int]], at: int) -> bool:
    """Whether "after all" stands with a verb; "after all votes are counted" does not."""
    for n in range(1, len(tree)):
        if tree[n].text.lower() == "all" and tree[n - 1].text.lower() == "after":
            as_phrase = tree[n - 1].head == at and tree[n].dep == "pobj" and not below[n]
            if as_phrase or (tree[n].dep == "advmod" and tree[n].head == at):
                return True
    return False


def _planned(tree: Tree, below: list[list[int]], at: int, frame: Frame = "planned") -> Iterator[Told]:
    """ "Line 4 will close", "the council will close Mill Lane": what is to happen, by whatever verb."""
    whose = next((_phrase(tree, below, c) for c in below[at] if tree[c].dep == "nsubj"), None)
    for c in below[at]:
        if tree[c].dep in ("nsubj", "nsubjpass", "dobj"):
            phrase = _phrase(tree, below, c)
            if whose and tree[c].dep == "dobj" and any(tree[d].tag == "PRP$" for d in below[c]):  # "its ward"
                phrase = Phrase(phrase.head, phrase.names | whose.names, phrase.words | whose.words)
            if phrase.names or _numbered(phrase):
                yield Told(frame, phrase, frozenset(), ahead=True, verb=_stem(tree, at))


def _numbered(phrase: Phrase) -> bool:
    """Whether a number says which it is: "line 4"."""
    return any(word.isdigit() for word in phrase.words)


def _stem(tree: Tree, at: int) -> str:
    return (terms(tree[at].lemma) or [""])[0]


def _frame(tree: Tree, below: list[list[int]], at: int) -> tuple[Frame | None, str]:
    """The frame of a verb, with its particle or object where that makes it: "step down", "quash a conviction"."""
    lemma = tree[at].lemma.lower()
    for c in below[at]:
        if tree[c].dep in ("prt", "dobj", "advmod") and (f := _FRAMES.get(f"{lemma} {tree[c].lemma.lower()}")):
            return f, f"{lemma} {tree[c].lemma.lower()}"
    quashing = lemma in _WORDS.quashing_verbs or any(
        f"{lemma} {tree[c].lemma}" in _WORDS.quashing_verbs for c in below[at] if tree[c].dep == "prt"
    )
    if quashing and any(
        tree[c].dep in ("dobj", "nsubjpass") and tree[c].lemma.lower() in _WORDS.charge_nouns for c in below[at]
    ):
        return "clearing", "quash"
    if lemma in _WORDS.removing_verbs and any(
        tree[c].dep == "prep" and tree[c].text.lower() == "as" and any(is_role(tree[d].text) for d in below[c])
        for c in below[at]
    ):
        return "leaving", lemma
    found = _FRAMES.get(lemma)
    if lemma == "find" and not any(tree[c].lemma == "guilty" for c in below[at]):
        return None, lemma
    return found, lemma


def _affected(tree: Tree, below: list[list[int]], at: int, frame: Frame, verb: str) -> Iterator[int]:
    """Whom or what a verb's frame is of."""
    passive = any(tree[c].dep in ("nsubjpass", "auxpass") for c in below[at])
    for c in below[at]:
        dep = tree[c].dep
        if verb == "quash":
            if dep in ("dobj", "nsubjpass"):
                yield from _owners(tree, below, c)
        elif frame in ("leaving", "taking") and verb in _BY_SUBJECT:
            if dep == "nsubj":
                yield c
        elif frame == "denying":
            if dep == "nsubj" and not passive:
                yield c
        elif frame == "holding":
            if dep in ("nsubjpass", "nsubj", "dobj"):
                yield c
        elif dep == "nsubjpass" or (dep in ("dobj", "appos") and not passive):
            yield c
    if tree[at].dep in ("relcl", "acl") and (tree[at].tag == "VBN" or tree[at].dep == "relcl"):
        if verb in _BY_SUBJECT or passive or tree[at].tag == "VBN":
            yield tree[at].head
    if tree[at].dep in ("xcomp", "conj") and not any(tree[c].dep in ("nsubj", "nsubjpass") for c in below[at]):
        up = tree[at].head
        yield from (c for c in below[up] if tree[c].dep in ("nsubj", "nsubjpass"))


def _owners(tree: Tree, below: list[list[int]], at: int) -> Iterator[int]:
    """Whose charge it is: "the conviction of the banker", "the charges against Lind", "Lind's conviction"."""
    for c in below[at]:
        if tree[c].dep == "poss":
            yield c
        elif tree[c].dep == "prep" and tree[c].text.lower() in ("of", "against", "for"):
            yield from (d for d in below[c] if tree[d].dep == "pobj")


def _is(tree: Tree, below: list[list[int]], at: int) -> Iterator[Told]:
    """ "Pia Holm is prime minister": a state that is told to hold."""
    how = governed(tree, below, at)
    if how.negative or how.conditions or how.unsure or how.plans or how.future or tree[at].tag not in ("VBZ", "VBP"):
        return
    for s in (c for c in below[at] if tree[c].dep == "nsubj"):
        who = _phrase(tree, below, s)
        offices = frozenset(o for a in below[at] if tree[a].dep == "attr" for o in office(tree, below, a))
        if who.names and offices:
            yield Told("taking", who, offices, said=bool(how.said))


def new_offices(tree: Tree, below: list[list[int]]) -> Offices:
    """ "Brackwell Water has a new chief executive": offices that somebody new is in."""
    new = [n for n, w in enumerate(tree) if is_role(w.text) and any(tree[c].lemma.lower() == "new" for c in below[n])]
    return frozenset((role, which - {"new"}) for n in new for role, which in office(tree, below, n))


def _no_longer(tree: Tree, below: list[list[int]], at: int) -> Iterator[Told]:
    """ "Marsh is no longer transport minister": a state that is told to have ended."""
    if any(tree[c].text.lower() == "longer" and tree[c - 1].text.lower() == "no" for c in below[at] if c):
        how = governed(tree, below, at)
        offices = frozenset(o for a in below[at] if tree[a].dep == "attr" for o in office(tree, below, a))
        for who in (c for c in below[at] if tree[c].dep == "nsubj"):
            phrase = _phrase(tree, below, who)
            if phrase.names and offices and not (how.conditions or how.unsure or how.plans or how.future):
                yield Told("leaving", phrase, offices, verb="be")


def held_before(tree: Tree, below: list[list[int]]) -> Iterator[Told]:
    """ "Alt had been coach for two years": what somebody is told to have been, as who is called by it."""
    for at, word in enumerate(tree):
        if word.lemma == "be" and word.tag in ("VBD", "VBN"):
            offices = frozenset(o for a in below[at] if tree[a].dep == "attr" for o in office(tree, below, a))
            for who in (c for c in below[at] if tree[c].dep == "nsubj"):
                yield Told("holder", _phrase(tree, below, who), offices)


def _phrase(tree: Tree, below: list[list[int]], at: int) -> Phrase:
    within = list(inside(tree, below, at))
    names, words = set(), set()
    role = max((n for n in within if is_role(tree[n].text) and n < at), default=-1)  # "Prime minister Pia Holm"
    for n in within:
        word = tree[n]
        for stem in terms(word.text):
            named = word.tag.startswith("NNP") and not is_role(word.text) and n > role
            if named and word.text.casefold() not in ENGLISH_CALENDAR:
                names.add(stem)
            elif word.tag[:2] in ("NN", "JJ", "CD") and word.text.lower() not in LIGHT:
                words.add(stem)
    head = (terms(tree[at].text) or [""])[0]
    return Phrase(head, frozenset(names), frozenset(words))


def _offices(tree: Tree, below: list[list[int]], at: int, who: int) -> frozenset[tuple[str, frozenset[str]]]:
    found = set(office(tree, below, who))
    for c in below[at]:
        if tree[c].dep in ("prep", "oprd", "attr", "dobj", "xcomp", "advcl") and c != who:
            for d in (c, *(below[c] if tree[c].dep == "prep" else ())):
                if tree[c].dep != "prep" or tree[c].text.lower() in ("as", "from", "to"):
                    found |= set(office(tree, below, d))
    return frozenset(found)


def _clause(tree: Tree, below: list[list[int]], at: int) -> Iterator[int]:
    """What is denied: a clause, or that of "a report that …". "Denied the appeal" refuses, and denies nothing."""
    for c in below[at]:
        if tree[c].dep in ("ccomp", "pcomp") or (tree[c].dep == "xcomp" and tree[c].tag == "VBG"):
            yield from _all(below, c)
        elif tree[c].dep == "dobj" and tree[c].lemma.lower() in SUPPORT.saying_nouns:
            yield from (w for d in below[c] if tree[d].dep in ("acl", "relcl", "ccomp") for w in _all(below, d))


def _all(below: list[list[int]], at: int) -> Iterator[int]:
    yield at
    for c in below[at]:
        yield from _all(below, c)


def _to_be(tree: Tree, below: list[list[int]], at: int) -> bool:
    """Whether it "is to" come about, or "is" to in the present continuous: "is to be held"."""
    infinitive = any(tree[c].dep == "aux" and tree[c].tag == "TO" for c in below[at])
    return infinitive and tree[at].dep == "xcomp" and tree[tree[at].head].lemma in ("be", "due", "set")


def _asked(tree: Tree, below: list[list[int]], at: int) -> bool:
    """Whether it is only asked for: "calls on her to resign"."""
    up = tree[at].head
    return (
        tree[at].dep in ("xcomp", "acl", "advcl", "ccomp")
        and any(tree[c].dep == "aux" and tree[c].tag == "TO" for c in below[at])
        and up != at
    )


__all__ = [
    "Frame",
    "Phrase",
    "Told",
    "changes",
    "fits",
    "held_before",
    "may_change",
    "may_tell_of_leaving",
    "new_offices",
    "sole",
    "told",
    "unplaced",
]
