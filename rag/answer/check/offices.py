"""Whom a sentence calls by an office: a claim may not give it to somebody whom the cited words call otherwise.

"The captain reported a failure, said Harbour master Fennick" has a captain and has Fennick, so that a claim that
Fennick was the captain shares all its words with it, and is false. Only claims that say who somebody is ("the captain
was Fennick", "Fennick is the captain") are looked at; who will be something is left to the rest of the check.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.answer.check.governors import governed
from rag.answer.check.matching import Text
from rag.text import parser
from rag.text.names import is_role
from rag.text.tokens import terms

_LONG = 2000
"""Letters of cited words that are looked at."""
_STEPS = 4
"""Words between a name and an office in a chain of nouns: "Finance Minister and Deputy Prime Minister Maren Holt"."""


@dataclass(frozen=True)
class Called:
    """Somebody who is called by an office, or by any other word for what they are."""

    office: str
    """Its stem."""
    word: str
    """As it is written."""
    names: frozenset[str]
    """Stems of the name."""
    listed: bool = False
    """Whether an "and" stands between the two, which may begin somebody else: "the captain, Holt, and the mate"."""


def misgiven(claim: str, said: str) -> str:
    """An office that a claim gives to somebody, and the cited words to nobody or to another; empty where none is.

    Args:
        claim: A sentence.
        said: The words that it cites.
    """
    if not parser.available() or len(said) > _LONG:
        return ""
    mine = Text.read(claim)
    given, beside = list(_given(mine)), [c for c in _apposed(mine) if not c.listed]
    if not given and not beside:
        return ""
    theirs = Text.read(said)
    offices = {stem for n, stem in enumerate(theirs.stems) if is_role(theirs.tree[n].text)}
    named = {theirs.stems[n] for n, word in enumerate(theirs.tree) if word.tag.startswith("NNP")}
    apposed = _own(list(_apposed(theirs)))
    held = {*apposed, *_given(theirs), *_made(theirs)}
    meant = any(word.tag.startswith("PRP") for word in theirs.tree)
    for one in given:
        if any(h.office == one.office and h.names & one.names for h in held):
            continue
        if one.names & named:
            wrong = one.office in offices or _is_anothers(one, apposed)
        else:  # the name is from what stands around, and "he" or "the captain" may mean it
            wrong = not meant and one.office not in offices and is_role(one.word)
        if wrong:
            return one.word
    return next((one.word for one in beside if _is_anothers(one, apposed)), "")


def _is_anothers(one: Called, apposed: Sequence[Called]) -> bool:
    """Whether somebody else is called so, and whom a claim calls so is called otherwise."""
    holders = [c for c in apposed if c.office == one.office]
    own = [c for c in apposed if c.names & one.names]
    return bool(holders and own) and not any(c.names & one.names for c in holders)


def _own(found: Sequence[Called]) -> list[Called]:
    """Without those across an "and" where both the office and the name have one of their own."""
    direct = [c for c in found if not c.listed]
    return [
        c
        for c in found
        if not c.listed or not any(d.office == c.office for d in direct) or not any(d.names & c.names for d in direct)
    ]


def _called(text: Text, at: int, names: frozenset[str], *, listed: bool = False) -> Called:
    """Somebody called by a word; one in the plural is of all of a list."""
    return Called(text.stems[at], text.tree[at].text, names, listed and text.tree[at].tag != "NNS")


def _given(text: Text) -> Iterator[Called]:
    """ "The captain was Fennick", "Fennick is the captain": who is told to be something, now or then."""
    for at, word in enumerate(text.tree):
        if word.lemma != "be":
            continue
        how = governed(text.tree, text.below, at)
        if how.future or how.plans or how.negative or how.conditions or how.unsure:
            continue
        subjects = [c for c in text.below[at] if text.tree[c].dep == "nsubj"]
        if word.dep == "relcl":  # "Qin, who was minister"
            subjects = [word.head if text.tree[c].tag in ("WP", "WDT") else c for c in subjects]
        for attr in (c for c in text.below[at] if text.tree[c].dep == "attr"):
            for subject in subjects:
                for office, who in ((attr, subject), (subject, attr)):
                    noun = text.tree[office].tag == "NN" and office == attr
                    if (noun or _office(text, office)) and (names := _names(text, who)):
                        yield _called(text, office, names)


def _apposed(text: Text) -> Iterator[Called]:
    """ "Harbour master Oda Fennick", "Weide, the finance director", "Weide as director"."""
    for at in range(len(text.tree)):
        if not (_office(text, at) or text.tree[at].tag in ("NN", "NNS")):
            continue
        up, listed = at, False
        for _ in range(_STEPS):  # up to the name that it stands before or behind
            word = text.tree[up]
            if word.dep not in ("compound", "nmod", "amod", "appos", "conj", "poss", "nn") or word.head == up:
                break
            up, listed = word.head, listed or word.dep == "conj"
            beside = (
                c for c in text.below[up] if text.tree[c].dep == "appos" and c < at
            )  # "the poet Holt, head of it"
            for who in (up, *beside):
                if names := _names(text, who):
                    yield _called(text, at, names, listed=listed)
        for c, listed in _below(text, at):
            if names := _names(text, c):
                yield _called(text, at, names, listed=listed)
        if text.tree[at].tag.startswith("NNP") and (names := _names(text, at)):
            yield _called(text, at, names)


def _below(text: Text, at: int, *, listed: bool = False) -> Iterator[tuple[int, bool]]:
    """The words in apposition to one, or in a name with it, and whether an "and" stands between."""
    for c in text.below[at]:
        dep = text.tree[c].dep
        if dep in ("appos", "compound", "flat", "conj"):
            if dep != "conj" or listed or text.tree[at].tag.startswith("NNP"):
                yield c, listed or dep == "conj"
            yield from _below(text, c, listed=listed or dep == "conj")


def _made(text: Text) -> Iterator[Called]:
    """ "Named Weide director", "Weide was elected director", "serves as director", "became director"."""
    for at in range(len(text.tree)):
        if not _office(text, at):
            continue
        up = text.tree[at].head
        if text.tree[up].dep == "prep":
            up = text.tree[up].head
        if text.tree[up].tag[:2] != "VB":
            continue
        for c in text.below[up]:
            if c != at and text.tree[c].dep in ("nsubj", "nsubjpass", "dobj", "agent"):
                for d in (c, *text.below[c]):
                    if names := _names(text, d):
                        yield _called(text, at, names)


def _office(text: Text, at: int) -> bool:
    return text.tree[at].tag[:2] == "NN" and is_role(text.tree[at].text)


def _names(text: Text, at: int) -> frozenset[str]:
    """The stems of the name that a word is the head of; none where it is no name."""
    word = text.tree[at]
    if not word.tag.startswith("NNP") or is_role(word.text):
        return frozenset()
    inside = (at, *(c for c in text.below[at] if text.tree[c].dep in ("compound", "flat")))
    parts = (text.tree[n] for n in inside)
    return frozenset(s for p in parts if p.tag.startswith("NNP") and not is_role(p.text) for s in terms(p.text))


__all__ = ["misgiven"]
