"""Who holds an office of which body: "the chief executive of Haldane Lines" is nobody else's.

A sentence answers who holds an office as long as it calls somebody by that office and is of that body. Which body it is
of, its own words tell ("the chief executive of Northmoor Hospital"), else what is spoken of before it ("Its chief
executive"). English only, by grammar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.answer.check.governors import children
from rag.answer.reader import Reading
from rag.answer.sides.calling import inside, office, role_above
from rag.index.catalog import Catalog
from rag.text import parser
from rag.text.lexicon import alternation, lexicon
from rag.text.names import is_role
from rag.text.tokens import terms
from rag.text.word_lists import Record

_WHO = re.compile(r"\bwho\b", re.IGNORECASE)
_FOR_ANOTHER = re.compile(rf"\b(?:{alternation(lexicon('en').section(Record).held_for)})\b", re.IGNORECASE)
_FOR_NOW = re.compile(r"\b(?:acting|interim|caretaker)\b", re.IGNORECASE)
"""Who holds an office for the time being answers where nobody else does."""
_BEFORE = 3
"""Sentences before one that may name the body that "its" means."""
_LONGEST = 80


@dataclass(frozen=True)
class Asked:
    """An office whose holder a question asks for."""

    role: str
    """Its stem: "minist"."""
    which: frozenset[str]
    """Stems of what stands before it, but for the body: "transport"."""
    body: tuple[str, ...]
    """Stems of whose office it is, in order; none where the question doesn't say."""
    initials: str
    """Of the body's name: "ECB"."""
    for_another: bool
    """Whether a deputy is asked for, or may be a former one: "who was …"."""


@lru_cache(maxsize=256)
def asked(question: str) -> Asked | None:
    """Which office a question asks the holder of; None where it asks something else.

    Args:
        question: Standing alone, in English.
    """
    if not _WHO.search(question) or not parser.available():
        return None
    (tree,) = parser.trees([question])
    below = children(tree)
    be = next((n for n, w in enumerate(tree) if w.lemma == "be" and w.tag[:2] == "VB"), None)
    if be is None or not any(tree[c].text.lower() == "who" for c in below[be]):
        return None
    roles = [c for c in below[be] if tree[c].dep in ("attr", "nsubj") and is_role(tree[c].text)]
    if len(roles) != 1:
        return None
    (at,) = roles
    of = [d for c in below[at] if tree[c].dep == "prep" and tree[c].text.lower() in ("of", "at") for d in below[c]]
    own = [c for c in below[at] if tree[c].dep == "poss"]
    named = [c for c in below[at] if tree[c].dep in ("compound", "nmod") and tree[c].tag.startswith("NNP")]
    words = sorted(
        {n for top in (*of, *own, *named) for n in inside(tree, below, top) if tree[n].tag[:2] in ("NN", "JJ")}
    )
    words = [n for n in words if not is_role(tree[n].text)]
    body = tuple(dict.fromkeys(t for n in words for t in terms(tree[n].text)))
    before = {c for c in below[at] if c < at and c not in words and tree[c].tag[:2] in ("NN", "JJ")}
    which = frozenset(t for n in before for t in terms(tree[n].text)) - {"current", "new", "present"}
    initials = "".join(tree[n].text[0] for n in words if tree[n].text[:1].isupper())
    return Asked(
        (terms(tree[at].text) or [""])[0],
        which,
        body,
        initials,
        bool(_FOR_ANOTHER.search(question) or re.search(r"\bw(?:as|ere)\b", question)),
    )


def is_of(question: str, text: str, name: tuple[int, int]) -> bool:
    """Whether the office that a sentence calls somebody by is the one that a question asks the holder of.

    Args:
        question: Standing alone.
        text: The sentence.
        name: Where the name stands in it.

    Returns:
        True too where either can't be told.
    """
    wanted = asked(question)
    if wanted is None or not wanted.which:
        return True
    (tree,) = parser.trees([text])
    below, places = children(tree), parser.places(tree, text)
    for at in range(len(tree)):
        if name[0] <= places[at][0] < name[1] and tree[at].tag.startswith("NNP"):
            above = role_above(tree, at)
            called = [*office(tree, below, at), *(office(tree, below, above) if above is not None else ())]
            mine = [which for role, which in called if role == wanted.role and which]
            if mine:
                return any(wanted.which & which for which in mine)
    return True


def fitting(question: str, readings: Sequence[Reading], catalog: Catalog) -> Callable[[Reading], int]:
    """How well sentences fit the office that a question asks for.

    Args:
        question: Standing alone.
        readings: Any; English ones are judged.
        catalog: For the articles.

    Returns:
        Of a reading 2 where it is of that office and body, 1 where it can't be told, 0 where it names another office
        or body, -1 where it is a deputy's, or nothing in its article is of the body.
    """
    wanted = asked(question)

    @lru_cache(maxsize=256)
    def fits(text: str, article: str, start: int) -> int:
        return _fit(wanted, text, article, start, catalog) if wanted else 1

    def of(reading: Reading) -> int:
        if wanted is None or reading.hit.passage.language != "en":
            return 1
        return fits(reading.text, reading.place[0], reading.place[1])

    return of


def _fit(wanted: Asked, text: str, article: str, start: int, catalog: Catalog) -> int:
    (tree,) = parser.trees([text])
    if len(tree) > _LONGEST:
        return 1
    below = children(tree)
    told = [n for n, w in enumerate(tree) if terms(w.text)[:1] == [wanted.role]]
    if not told:
        called = any(role_above(tree, n) is not None for n in range(len(tree)))
        return 0 if called else 1
    if not wanted.for_another and all(_of_another(text, tree[n].text) for n in told):
        return 0 if _FOR_NOW.search(text) else -1
    levels = [_level(wanted, tree, below, n, text, article, start, catalog) for n in told]
    return max(levels)


def _level(
    wanted: Asked,
    tree: parser.Tree,
    below: list[list[int]],
    at: int,
    text: str,
    article: str,
    start: int,
    catalog: Catalog,
) -> int:
    which = frozenset(w for role, own in office(tree, below, at) if role == wanted.role for w in own)
    before = frozenset(
        t for c in below[at] if c < at and tree[c].dep in ("compound", "amod", "nmod") for t in terms(tree[c].text)
    )
    body = frozenset(wanted.body)
    if wanted.which and not wanted.which & (which | before) and before - body:
        return 0  # the foreign minister, where the transport minister is asked for
    if not body:
        return 2 if wanted.which <= which | before else 1
    if body & (which | before):
        return 2
    of = [d for c in below[at] if tree[c].text.lower() in ("of", "at") for d in below[c]]
    own = [c for c in below[at] if tree[c].dep == "poss"]
    named = int(not any(tree[n].tag.startswith("NNP") for n in (*of, *own)))
    if body <= set(terms(text)) and named:
        return 2
    found = catalog.article(article)
    near = [found.text[s.start : s.end] for s in catalog.sentences(article) if s.end <= start][-_BEFORE:]
    if named and body <= set(terms(" ".join((found.title, *near)))):
        return 2
    everything = f"{found.title} {found.text} {found.source or ''}"
    known = wanted.body[0] in terms(everything) or (len(wanted.initials) > 1 and wanted.initials in everything)
    if known or not named or not any(tree[n].tag == "PRP$" or tree[n].dep == "poss" for n in own):
        return named
    return -1


def _of_another(text: str, role: str) -> bool:
    """Whether every place of a role in a sentence is a deputy's, or a former or acting one's."""
    places = [m.start() for m in re.finditer(rf"\b{re.escape(role)}\b", text)]
    return all(_FOR_ANOTHER.search(" ".join(text[:at].split()[-2:])) for at in places) if places else False


__all__ = ["Asked", "asked", "fitting", "is_of"]
