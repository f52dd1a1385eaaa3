"""By which office a sentence calls somebody: the noun, what says which, and the name beside it."""

from __future__ import annotations

from collections.abc import Iterator

from rag.text.names import is_role
from rag.text.parser import Tree
from rag.text.tokens import terms

CLAUSES = frozenset("relcl acl advcl ccomp punct cc conj appos parataxis".split())
LIGHT = frozenset("the a an his her their its this that new former".split())


def role_above(tree: Tree, at: int) -> int | None:
    """The office that a name stands beside: "the mayor, Peeter Laan", "the mayor of Vask, Peeter Laan"."""
    if tree[at].dep != "appos" or not tree[at].tag.startswith("NNP"):
        return None
    up = tree[at].head
    while tree[up].dep == "pobj" and tree[tree[up].head].text.lower() in ("of", "at") and not is_role(tree[up].text):
        up = tree[tree[up].head].head
    return up if is_role(tree[up].text) and not tree[up].tag.startswith("NNP") else None


def inside(tree: Tree, below: list[list[int]], at: int) -> Iterator[int]:
    """A noun, what hangs on it before any clause, and another name of the same."""
    yield at
    for c in below[at]:
        if tree[c].dep not in CLAUSES or (tree[c].dep == "appos" and tree[c].tag.startswith("NNP")):
            if tree[c].dep != "prep" or tree[c].text.lower() in ("of", "at", "in"):
                yield from inside(tree, below, c)


def office(tree: Tree, below: list[list[int]], at: int) -> Iterator[tuple[str, frozenset[str]]]:
    """The offices in a phrase: a role with what stands before it and "of" what."""
    within = [*inside(tree, below, at), *(c for c in below[at] if tree[c].dep == "appos")]
    for n in within:
        word = tree[n]
        if word.tag[:2] != "NN" or not is_role(word.text):
            continue
        near = list(inside(tree, below, n)) if n != at else within
        before = [m for m in range(max(0, n - 3), n) if tree[m].tag[:2] in ("NN", "JJ") and m in {*near, *within}]
        after = [m for m in near if m > n and any(tree[a].text.lower() == "of" for a in range(n + 1, m))]
        if any(tree[m].lemma.lower() in ("former", "then", "ex", "late") for m in before):
            continue
        before = [
            m for m in before if tree[m].dep != "poss" or tree[m].tag.startswith("NNP")
        ]  # "the company's chairman"
        which = frozenset(
            s for m in (*before, *after) if tree[m].text.lower() not in LIGHT for s in terms(tree[m].text)
        )
        yield (terms(word.text) or [""])[0], which


__all__ = ["CLAUSES", "LIGHT", "inside", "office", "role_above"]
