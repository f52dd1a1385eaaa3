"""What a word of a sentence hangs on: the verbs it belongs to, the sentence it stands in, the preposition before it."""

from __future__ import annotations

from collections.abc import Collection

from rag.answer.check.governors import children, verbal
from rag.answer.check.matching import Text
from rag.text.parser import Tree

_SUBJECTS = ("nsubj", "nsubjpass", "csubj")
_INSIDE = frozenset("in on at during within inside into over".split())


def above(tree: Tree, at: int) -> set[int]:
    """All that a word hangs on."""
    found: set[int] = set()
    while tree[at].head != at and len(found) < len(tree):
        at = tree[at].head
        found.add(at)
    return found


def root(tree: Tree, at: int) -> int:
    """What the sentence hangs on that a word stands in."""
    return max(above(tree, at) | {at}, key=lambda n: tree[n].head == n)


def spans(text: Text, places: Collection[int]) -> set[int]:
    """The roots of the sentences that words stand in."""
    return {root(text.tree, p) for p in places}


def whole(tree: Tree, at: int) -> set[int]:
    """The words of the sentence that a word stands in."""
    top = root(tree, at)
    return {n for n in range(len(tree)) if root(tree, n) == top}


def belongs(tree: Tree, at: int, verb: int) -> bool:
    """Whether a word belongs to a verb above it: not where another one is coordinated with it in between."""
    for _ in range(len(tree)):
        if at == verb:
            return True
        if tree[at].head == at or (tree[at].dep in ("conj", "parataxis") and verbal(tree, at)):
            return False
        at = tree[at].head
    return False


def shares(tree: Tree, at: int, verb: int) -> bool:
    """Whether a word is of the subject that a verb shares with one before it: "X will open and will cost Y"."""
    below = children(tree)
    for _ in range(len(tree)):
        if any(tree[c].dep in _SUBJECTS for c in below[verb]) or tree[verb].dep != "conj" or not verbal(tree, verb):
            return False
        verb = tree[verb].head
        subjects = [c for c in below[verb] if tree[c].dep in _SUBJECTS]
        if subjects:
            return any(at == c or c in above(tree, at) for c in subjects)
    return False


def within(tree: Tree, verb: int, other: int) -> bool:
    """Whether a verb stands in a phrase of what another one is about: either may have what comes after both."""
    for _ in range(len(tree)):
        if verb == other:
            return True
        if tree[verb].head == verb or (verbal(tree, verb) and tree[verb].dep not in ("acl", "xcomp", "pcomp")):
            return False
        verb = tree[verb].head
    return False


def headed(text: Text, n: int) -> int:
    """The head of the phrase that a word stands before, as "phones" of "84 million phones"; else the word itself."""
    while text.tree[n].dep in ("compound", "nummod", "quantmod", "amod", "nmod") and text.tree[n].head != n:
        n = text.tree[n].head
    return n


def behind(text: Text, n: int) -> str:
    """The preposition before a word; one for all that tell where or when something is."""
    n = headed(text, n)
    up = text.tree[n].head
    if text.tree[n].dep != "pobj" or text.tree[up].dep == "agent":
        return ""
    low = text.tree[up].text.lower()
    return "in" if low in _INSIDE else low


def modifiers(text: Text, n: int) -> set[str]:
    """What bounds a noun or stands before it: its determiners and adjectives, and "a quarter of" above it."""
    found = {
        form
        for c in text.below[n]
        if text.tree[c].dep in ("det", "amod", "compound", "predet", "nummod", "quantmod", "advmod", "nmod")
        for form in (text.tree[c].text.lower(), text.tree[c].lemma)
    }
    up = text.tree[n].head
    if text.tree[n].dep == "pobj" and text.tree[up].text.lower() == "of" and text.tree[up].head != up:
        found |= {text.tree[text.tree[up].head].lemma}
    return found


__all__ = ["above", "behind", "belongs", "headed", "modifiers", "root", "shares", "spans", "whole", "within"]
