"""Who followed whom in an office, by the grammar of an English sentence: "Marsh is succeeded by Tallis".

The verb says who goes and who comes by the places of its nouns, so that no office need be named beside it: the article
says elsewhere which it was. "Who held the post", "until a successor is found" and names alone tell no succession.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rag.answer.check.governors import children, governed, verbal
from rag.text.parser import Tree

_FOLLOWING = ("succeed", "replace")
"""Verbs of whose subject and object one follows the other."""
POSTS = frozenset("post job role position office portfolio brief duty command seat".split())
"""Nouns that mean an office without saying which."""
_LOSING = frozenset("lose leave quit vacate relinquish forfeit".split())
_APART = ("of", "from")


class Succession(NamedTuple):
    """Somebody gives way to somebody else; each by the index of a word of the sentence."""

    verb: int
    gone: int
    comes: int


def successions(tree: Tree) -> list[Succession]:
    """Who gives way to whom in a sentence; nothing of what is denied, possible, or still to come."""
    below = children(tree)
    found = []
    for at in range(len(tree)):
        if verbal(tree, at) and not _open(tree, below, at):
            found += [Succession(at, *pair) for pair in _pair(tree, below, at)]
    return found


def parted(tree: Tree, below: list[list[int]], at: int) -> Iterator[tuple[int, int]]:
    """Who loses a post by a verb, and the noun that means the post: "was stripped of her post", "lost his job".

    Args:
        tree: Of a sentence.
        below: As ``children`` gives it.
        at: Of the verb.
    """
    object_ = next((c for c in below[at] if tree[c].dep in ("dobj", "nsubjpass")), None)
    for c in (*below[at], *(below[object_] if object_ is not None else ())):
        if tree[c].dep == "prep" and tree[c].text.lower() in _APART:
            posts = [d for d in below[c] if tree[d].dep == "pobj" and is_post(tree[d].lemma)]
            who = object_ if object_ is not None else _subject(tree, below, at)
            if posts and who is not None and (object_ is not None or tree[c].text.lower() == "from"):
                yield who, posts[0]
    if tree[at].lemma in _LOSING and object_ is not None and is_post(tree[object_].lemma):
        own = any(tree[d].dep in ("poss", "det") for d in below[object_])
        who = _subject(tree, below, at)
        if own and who is not None and tree[object_].dep == "dobj":
            yield who, object_


def bearer(tree: Tree, at: int) -> list[int]:
    """The words of a name, by one of them or by the noun that it stands beside: "her deputy, Ravi Thorne".

    Args:
        tree: Of a sentence.
        at: Of the noun.
    """
    below = children(tree)
    if not tree[at].tag.startswith("NNP"):
        at = next((c for c in below[at] if tree[c].dep == "appos" and tree[c].tag.startswith("NNP")), at)
    own = {at, *(c for c in below[at] if c < at and tree[c].dep == "compound" and tree[c].tag.startswith("NNP"))}
    return list(range(min(own), at + 1))


def is_post(lemma: str) -> bool:
    """Whether a noun means an office: "post", "governorship"."""
    return lemma.lower() in POSTS or lemma.lower().endswith("orship")


def _pair(tree: Tree, below: list[list[int]], at: int) -> Iterator[tuple[int, int]]:
    lemma = tree[at].lemma.lower()
    if lemma in _FOLLOWING:
        by = [d for c in below[at] if tree[c].text.lower() == "by" for d in below[c] if _name(tree, below, d)]
        if by:
            gone = _subject(tree, below, at)
            if gone is None and tree[at].dep in ("acl", "advcl") and tree[at].tag == "VBN":
                gone = tree[at].head
            comes: int | None = by[0]
        else:
            gone = next((c for c in below[at] if tree[c].dep == "dobj"), None)
            by = [d for c in below[at] if tree[c].text.lower() == "with" for d in below[c] if _name(tree, below, d)]
            comes = by[0] if by else _subject(tree, below, at)
    elif any(tree[c].text.lower() == "over" for c in below[at]) and lemma == "take":
        gone = next(
            (d for c in below[at] if tree[c].text.lower() == "from" for d in below[c] if tree[d].dep == "pobj"), None
        )
        comes = _subject(tree, below, at)
    else:
        return
    if gone is not None and comes is not None and _name(tree, below, gone) and _name(tree, below, comes):
        yield gone, comes


def _subject(tree: Tree, below: list[list[int]], at: int) -> int | None:
    """A verb's subject, or that of the verb it goes on from: "resigned and was replaced"."""
    for _ in range(4):
        own = next((c for c in below[at] if tree[c].dep in ("nsubj", "nsubjpass")), None)
        if own is not None:
            if tree[own].tag in ("WP", "WDT") and tree[at].dep == "relcl":
                return tree[at].head
            return own
        if tree[at].dep not in ("conj", "xcomp") or tree[at].head == at:
            return None
        at = tree[at].head
    return None


def _name(tree: Tree, below: list[list[int]], at: int) -> bool:
    """Whether a noun is a name, or has one beside it: "her deputy, Ravi Thorne"."""
    return tree[at].tag.startswith("NNP") or any(
        tree[c].dep == "appos" and tree[c].tag.startswith("NNP") for c in below[at]
    )


def _open(tree: Tree, below: list[list[int]], at: int) -> bool:
    how = governed(tree, below, at)
    infinitive = any(tree[c].dep == "aux" and tree[c].tag == "TO" for c in below[at])
    return bool(how.negative or how.conditions or how.unsure or how.plans or how.future or infinitive)


__all__ = ["POSTS", "Succession", "bearer", "is_post", "parted", "successions"]
