"""Sentences that tell of somebody without the name: "A girl of nine was found safe. Ada Birk had left …".

A report often begins with what somebody is and gives the name in what follows; and after a sentence about somebody
"she" is the same. English only, by grammar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.answer.check.governors import children, speaks, subtree
from rag.text import parser
from rag.text.names import is_role
from rag.text.parser import Tree

_SUBJECTS = ("nsubj", "nsubjpass")
_PERSONAL = ("he", "she")
_OF_PEOPLE = (*_PERSONAL, "his", "her", "him")


def subject_of(sentence: str, before: str, following: Sequence[str], named: Callable[[str], bool]) -> str:
    """The subject by which a sentence means somebody whom it doesn't name; empty where it means somebody else.

    Args:
        sentence: Of an English article; it lacks the name.
        before: The sentence before it; empty for the first.
        following: Those after it in which the name may come; only those after the first one are looked at.
        named: Whether words are the name.
    """
    begins = sentence.split(maxsplit=1)[:1]
    if not begins or not parser.available():
        return ""
    if not before and begins[0].lower() in ("a", "an") and any(map(named, following)):
        return _described(sentence, following, named)
    if before and begins[0].lower() in _PERSONAL and named(before):
        own, other = parser.trees([sentence, before])
        of_before = _subject(other)
        if of_before is not None and named(_words(other, of_before)) and _subject(own) == 0:
            return own[0].text
    return ""


def _described(sentence: str, following: Sequence[str], named: Callable[[str], bool]) -> str:
    """Whom an article begins with by what they are, where the next name that does something is the one sought."""
    first, *others = parser.trees([sentence, *following])
    who = _subject(first, spoken=True)
    if who is None or not _is_person(first, who):
        return ""
    for tree in others:
        subject = _subject(tree)
        if subject is not None and tree[subject].tag.startswith("NNP"):
            verb = tree[subject].head
            reports = speaks(tree, verb) and any(w.dep == "ccomp" and w.head == verb for w in tree)
            return first[who].text if named(_words(tree, subject)) and not reports else ""
    return ""


def _subject(tree: Tree, *, spoken: bool = False) -> int | None:
    """The subject of a sentence; with ``spoken`` that of what it says somebody said."""
    root = next((n for n, w in enumerate(tree) if w.head == n), None)
    if spoken and root is not None and speaks(tree, root):
        root = next((n for n, w in enumerate(tree) if w.head == root and w.dep == "ccomp"), root)
    return next((n for n, w in enumerate(tree) if w.head == root and w.dep in _SUBJECTS), None)


def _is_person(tree: Tree, at: int) -> bool:
    """Whether a noun is somebody: by "who", "his" or "her" with it, or by what it says that they are."""
    if tree[at].tag != "NN" or is_role(tree[at].text):
        return tree[at].tag == "NN"
    for n in range(at + 1, len(tree)):
        low = tree[n].text.lower()
        nearest = next(m for m in range(n - 1, -1, -1) if tree[m].tag.startswith("NN") or m == at)
        if low in _OF_PEOPLE or (low == "who" and nearest == at):
            return True
    return False


def _words(tree: Tree, at: int) -> str:
    return " ".join(tree[n].text for n in sorted(subtree(tree, children(tree), at)))


__all__ = ["subject_of"]
