"""Where a sentence says who or what somebody or something is: "festival director Ines Caldeira", "Strand, a nurse".

Asked "Who is Ines Caldeira?", the reader looks for a sentence that is about her; one that names her office in passing
tells who she is as well. English only, by grammar: what stands before a name and is no part of it, what is set beside
it, or what it is said to be.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rag.answer.check.governors import children, subtree
from rag.answer.conflicts.quantities import is_time
from rag.text import parser
from rag.text.names import is_address, is_role
from rag.text.parser import Tree
from rag.text.tokens import terms

_WHO = re.compile(
    r"\A\W*(?:(?i:and|so) )?(?:[Ww]ho|[Ww]hat)(?:['’]s| is| was)\s+"
    r"(?P<name>[A-Z][\w’'.-]*(?:\s+[\w’'.-]+){0,4}?)\s*\?*\s*\Z"
)
_LONGEST = 80


def asked(question: str) -> str | None:
    """Whose name a question asks about: "Ines Caldeira" of "Who is Ines Caldeira?"; None where it asks otherwise.

    Args:
        question: Standing alone, as it was written.
    """
    match = _WHO.match(question)
    return match["name"] if match else None


def introduces(question: str, text: str, language: str | None) -> bool:
    """Whether a question asks who somebody is, and a sentence says it.

    Args:
        question: Standing alone.
        text: The sentence.
        language: Of its article.
    """
    name = asked(question)
    return bool(name and language == "en" and parser.available() and introduced(name, text))


@lru_cache(maxsize=512)
def introduced(name: str, text: str) -> tuple[int, int] | None:
    """Where a sentence says who somebody is.

    Args:
        name: As it was asked for; its last word is looked for.
        text: An English sentence.

    Returns:
        (start, end) in the sentence of the words that say it; None where there are none.

    Raises:
        ModelMissing: The parser is not installed.
    """
    stems = terms(name)
    if not stems or stems[-1] not in terms(text):
        return None
    (tree,) = parser.trees([text])
    if len(tree) > _LONGEST:
        return None
    below, places = children(tree), parser.places(tree, text)
    for at, word in enumerate(tree):
        if not word.tag.startswith("NNP") or terms(word.text)[-1:] != stems[-1:] or _another(tree, at, stems):
            continue
        if words := _said_of(tree, below, at, frozenset(stems)):
            return places[min(words)][0], places[max(words)][1]
    return None


def _another(tree: Tree, at: int, stems: list[str]) -> bool:
    """Whether a family name stands behind another first name than the one asked for."""
    first = tree[at - 1] if at else None
    if first is None or len(stems) < 2 or first.head != at or not first.tag.startswith("NNP") or is_role(first.text):
        return False
    return not set(terms(first.text)) & set(stems)


def _said_of(tree: Tree, below: list[list[int]], at: int, name: frozenset[str]) -> list[int]:
    """The words that say who the bearer of a name is."""

    def own(n: int) -> bool:
        return bool(set(terms(tree[n].text)) & name)

    before = [
        n
        for c in below[at]
        if c < at and tree[c].dep in ("compound", "nmod", "amod") and not own(c) and _tells(tree, c)
        if not is_address(tree[c].text)
        for n in subtree(tree, below, c)
    ]
    if before:
        return before
    for c in below[at]:
        if c > at and tree[c].dep == "appos" and tree[c].tag[:2] == "NN" and not is_time(tree, c):
            return list(subtree(tree, below, c))
        if c > at and tree[c].dep == "relcl":
            return list(subtree(tree, below, c))
    up = tree[at].head
    if tree[at].dep == "appos" and tree[up].tag[:2] == "NN" and not own(up):
        return [n for n in subtree(tree, below, up) if n < at]
    if tree[at].dep == "nsubj" and tree[up].lemma == "be":
        attr = next((c for c in below[up] if tree[c].dep == "attr" and tree[c].tag[:2] == "NN"), None)
        return list(subtree(tree, below, attr)) if attr is not None else []
    return []


def _tells(tree: Tree, at: int) -> bool:
    """Whether a word before a name says what its bearer is: a noun that is no day, a word for an office."""
    return (tree[at].tag in ("NN", "NNS") and not is_time(tree, at)) or is_role(tree[at].text)


__all__ = ["asked", "introduced", "introduces"]
