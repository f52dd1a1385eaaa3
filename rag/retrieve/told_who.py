"""Whom an answer names where a question asked who: the one that "she" of the next question means.

One sentence often names several. In English its grammar tells who did what the question asks for, and who has the
office it asks for; where it tells neither, the one named last is the nearest.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.retrieve.mentions import Mention
from rag.text import parser
from rag.text.parser import Tree
from rag.text.tokens import terms

_DOES = ("nsubj", "agent")
_SUFFERS = ("nsubjpass", "dobj")
_READ = 3
"""Lines of an answer that are read."""


def who(question: str, answer: str, names: Sequence[Mention]) -> Mention | None:
    """The one of several that a question with "who" is answered by; None where there are none.

    Args:
        question: Standing alone.
        answer: Its first sentence that names anybody counts.
        names: People of the answer, in order.
    """
    for line in answer.splitlines():
        here = [n for n in names if n.text in line]
        if here:
            break
    else:
        return names[-1] if names else None
    if len(here) == 1 or not parser.available():
        return here[-1]
    asked, told = parser.trees([question, line])
    heads = [(n, at) for n in here if (at := _head(told, line, n)) is not None]
    return _by_verb(asked, told, heads) or _by_office(question, told, heads) or here[-1]


def acting(answer: str, names: Sequence[Mention]) -> Mention | None:
    """The one of several of whom a sentence of an answer tells something, rather than who comes up in it; None: nobody.

    Args:
        answer: Its first sentences are read.
        names: People of the answer, in order.
    """
    if not names or not parser.available():
        return None
    lines = answer.splitlines()[:_READ]
    for line, told in zip(lines, parser.trees(lines), strict=True):
        for name in names:
            at = _head(told, line, name)
            if at is not None and told[at].dep in ("nsubj", "nsubjpass", "agent"):
                return name
    return None


def _by_verb(asked: Tree, told: Tree, names: Sequence[tuple[Mention, int]]) -> Mention | None:
    """Who did, or met with, what is asked about: "who replaced her?", "she was replaced by Petra Lindqvist"."""
    word = next((w for w in asked if w.text.lower() == "who"), None)
    if word is None or asked[word.head].lemma == "be":
        return None
    verb, roles = asked[word.head].lemma, _DOES if word.dep == "nsubj" else _SUFFERS
    for name, at in names:
        dep, up = told[at].dep, told[at].head
        if dep == "pobj":  # "by Petra Lindqvist"
            dep, up = told[up].dep, told[up].head
        if dep in roles and told[up].lemma == verb:
            return name
    return None


def _by_office(question: str, told: Tree, names: Sequence[tuple[Mention, int]]) -> Mention | None:
    """Whom the sentence calls what the question asks for: "the mayor, Ilsa Brandt", "Ilsa Brandt is mayor of Velle"."""
    wanted = set(terms(question))
    for name, at in names:
        word = told[at]
        called = [w for w in told if told[w.head] is word and w.dep in ("appos", "compound")]
        if word.dep == "appos":
            called.append(told[word.head])
        if word.dep == "nsubj":
            called += [w for w in told if w.dep == "attr" and w.head == word.head]
        if wanted & {t for w in called if w.text not in name.text for t in terms(w.text)}:
            return name
    return None


def _head(told: Tree, line: str, name: Mention) -> int | None:
    """The word of a name that its others depend on."""
    plain = " ".join(line.split())
    first = plain.find(name.text)
    inside = [
        n for n, (start, end) in enumerate(parser.places(told, plain)) if first <= start < end <= first + len(name.text)
    ]
    return next((n for n in inside if told[n].head not in inside or told[n].head == n), None)


__all__ = ["acting", "who"]
