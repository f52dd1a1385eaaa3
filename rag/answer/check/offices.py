"""Whom a sentence calls by an office: a claim may not give it to somebody whom the cited words call otherwise.

"The captain reported a failure, said Harbour master Fennick" has a captain and has Fennick, so that a claim that
Fennick was the captain shares all its words with it, and is false. Only claims that say who somebody is ("the captain
was Fennick", "Fennick is the captain") are looked at; who will be something is left to the rest of the check.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rag.answer.check.governors import governed, subtree
from rag.answer.check.matching import Text
from rag.text import parser
from rag.text.names import is_role
from rag.text.split import sentences
from rag.text.tokens import terms

_LONG = 2000
"""Letters of cited words that are looked at."""
_STEPS = 4
"""Words between a name and an office in a chain of nouns: "Finance Minister and Deputy Prime Minister Maren Holt"."""


@dataclass(frozen=True)
class Called:
    """Somebody who is called by an office."""

    office: str
    """Its stem."""
    names: frozenset[str]
    """Stems of the name."""


def misgiven(claim: str, said: str) -> str:
    """An office that a claim gives to somebody, and the cited words to nobody or to another; empty where none is.

    Args:
        claim: A sentence.
        said: The words that it cites.
    """
    if not any(is_role(word) for word in claim.split()) or not parser.available() or len(said) > _LONG:
        return ""
    given = list(_given(_read(claim)))
    if not given:
        return ""
    theirs = _read(said)
    offices = {stem for n, stem in enumerate(theirs.stems) if is_role(theirs.tree[n].text)}
    named = {theirs.stems[n] for n, word in enumerate(theirs.tree) if word.tag.startswith("NNP")}
    held = {*_apposed(theirs), *_given(theirs), *_made(theirs)}
    meant = any(word.tag.startswith("PRP") for word in theirs.tree)
    for one in given:
        if one.names & named:
            wrong = one.office in offices and not any(h.office == one.office and h.names & one.names for h in held)
        else:  # the name is from what stands around, and "he" or "the captain" may mean it
            wrong = not meant and one.office not in offices
        if wrong:
            return one.office
    return ""


def _read(text: str) -> Text:
    return Text.of(parser.trees([text[s.start : s.end] for s in sentences(text, "en")]))


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
                    if _office(text, office) and (names := _names(text, who)):
                        yield Called(text.stems[office], names)


def _apposed(text: Text) -> Iterator[Called]:
    """ "Harbour master Oda Fennick", "Weide, the finance director", "Weide as director"."""
    for at in range(len(text.tree)):
        if not _office(text, at):
            continue
        up = at
        for _ in range(_STEPS):  # up to the name that it stands before or behind
            word = text.tree[up]
            if word.dep not in ("compound", "nmod", "amod", "appos", "conj", "poss", "nn") or word.head == up:
                break
            up = word.head
            if names := _names(text, up):
                yield Called(text.stems[at], names)
        for c in subtree(text.tree, text.below, at):
            if text.tree[c].dep in ("appos", "compound", "flat") and (names := _names(text, c)):
                yield Called(text.stems[at], names)
        if text.tree[at].tag.startswith("NNP") and (names := _names(text, at)):
            yield Called(text.stems[at], names)


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
                        yield Called(text.stems[at], names)


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
