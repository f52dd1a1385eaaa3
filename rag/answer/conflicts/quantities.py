"""What a figure is of, by the grammar of its sentence: which verb or noun says it, of whom or what, where and when.

Two sentences give the same quantity only where nothing in their grammar tells them apart: the same verb with the same
subject, the same thing counted with the same adjectives, no name that the other article lacks, one time. A sentence
may hold several figures; its grammar says which of them is the one that another sentence gives otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from rag.answer.check.exact import names
from rag.answer.check.governors import children, governed, predicate_of, subtree, verbal
from rag.answer.conflicts import figures
from rag.answer.conflicts.figures import PEOPLE, Figure, read
from rag.answer.conflicts.values import SAME_TIME, SHARED, Claim, Said
from rag.text import numbers, parser
from rag.text.calendar_names import ENGLISH_CALENDAR
from rag.text.lexicon import lexicon
from rag.text.parser import Tree
from rag.text.tokens import query_terms, terms
from rag.text.told_days import named_days
from rag.text.word_lists import Figures

When = Literal["past", "ahead", "now", "any"]

_WORDS = lexicon("en").section(Figures)
_ARGUMENTS = frozenset("nsubj nsubjpass dobj attr npadvmod oprd dative".split())
_MODIFIERS = frozenset("nummod quantmod compound amod nmod".split())
_MARKS = frozenset(("amod", "compound", "nmod"))
_ASIDE = frozenset("relcl acl advcl ccomp punct cc conj appos parataxis".split())
_EACH = frozenset(("a", "an", "each", "every"))
_HOW_MANY = re.compile(r"\bhow many\b(?! of\b)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_LONGEST = 60
"""Words of a sentence that is looked at."""


@dataclass(frozen=True)
class Quantity:
    """A figure with what its sentence says it is of; words are stems."""

    figure: Figure
    what: str
    """The verb, or the noun, that says what is so many; a role where it tells one ("cost", "dead")."""
    counted: str
    """The thing counted; empty where it is money, a share, or people whoever they are."""
    marks: frozenset[str]
    """What stands before the thing counted and tells which: "confirmed", "pledged"."""
    core: frozenset[str]
    """The other arguments of the verb: who did it, to whom it was done, what it is of."""
    of: frozenset[str]
    """All nouns of its clause."""
    names: frozenset[str]
    """The names among these."""
    told: frozenset[str]
    """These nouns, and the verb."""
    when: When
    """"any" of a sum that is told beside its thing ("an £84 million extension"): whenever that is paid."""
    rate: bool = False
    """Whether it is so much "a year", which holds on the next day too."""


@dataclass(frozen=True)
class Counted:
    """What an English question counts: "How many people were injured in the crash?"."""

    role: str
    """Of people, what happened to them; empty where something else is counted."""
    stems: tuple[str, ...]
    """Of the words behind "how many", the first in the singular."""

    def is_of(self, quantity: Quantity) -> bool:
        """Whether a quantity is of what is counted: of people to whom the same happened, or of the same things."""
        if not self.role:
            return bool(self.stems) and quantity.counted == self.stems[0]
        first = self.stems[0]
        anyone = first in whoever() or figures.role_of([], [first], PEOPLE) != ""
        return quantity.what == self.role and (anyone or quantity.counted == first)


@lru_cache(maxsize=256)
def counted(question: str) -> Counted | None:
    """What a question counts; None where it asks for no number, or for a part of some ("how many of them").

    Args:
        question: Standing alone. One that is not English counts nothing.
    """
    if not (many := _HOW_MANY.search(question)):
        return None
    stems = list(query_terms(many["rest"]))
    role = figures.role_of([], stems, PEOPLE)
    if stems and parser.available():  # "children" is counted where a sentence's "child" is
        (tree,) = parser.trees([" ".join(question.split())])
        stems[0] = next((_stem(tree, n) for n, w in enumerate(tree) if stems[0] in terms(w.text)), stems[0])
    return Counted(role, tuple(stems))


def differing(
    claim: Claim, other: Said, shared: frozenset[str], apart: int | None, asked: Counted | None = None
) -> str | None:
    """Another figure for the same quantity, by the grammar of two English sentences.

    Args:
        claim: A sentence of an answer.
        other: One of another article.
        shared: Content words of both.
        apart: Days between their articles, where both have one.
        asked: What the question counts: two sentences that tell it need have little else in common.

    Raises:
        ModelMissing: The parser is not installed.
    """
    known, said = numbers.values(f"{claim.text} {claim.quotes}"), numbers.values(other.text)

    def apart_in_figures(one: Figure, two: Figure) -> bool:
        if not one.unit & two.unit or one.value in said or two.value in known:
            return False
        return not figures.agree(one, two, apart) and figures.of_one_time(claim.text, other.text, one, apart)

    if not any(apart_in_figures(a, b) for a in read(claim.text) for b in read(other.text)):
        return None  # costs no parse
    ours, theirs = quantities(claim.text), quantities(other.text)
    label = " ".join(c.title for c in claim.citations)
    near = frozenset(terms(f"{claim.text} {claim.quotes} {label}")), frozenset(terms(other.near))
    if apart is None or apart > SAME_TIME or not _named_alike(f"{claim.text} {claim.quotes} {label}", other.near):
        asked = None
    found = [
        (a, b)
        for a in ours
        for b in theirs
        if apart_in_figures(a.figure, b.figure)
        and _one(a, b, near, shared, asked)
        and _one_time(a, b, claim, other, apart)
    ]
    if len(found) != 1:
        return None  # none, or it can't be told which is meant
    return figures.against(found[0][0].figure, found[0][1].figure)


def of_two_days(claim: Claim, other: Said) -> bool:
    """Whether two sentences that differ in a figure alone tell what holds on two days, or a bound and what keeps to it.

    Raises:
        ModelMissing: The parser is not installed.
    """
    (mine, yours), (one, two) = (read(claim.text), read(other.text)), (claim.published, other.passage.published)
    if any(a.unit & b.unit and a.value != b.value and figures.agree(a, b, 0) for a in mine for b in yours):
        return True
    return bool(one and two and one.date() != two.date()) and any(q.when == "now" for q in quantities(claim.text))


def quantities(text: str) -> tuple[Quantity, ...]:
    """The figures of an English sentence that something is said to be; those that are only possible are none.

    Raises:
        ModelMissing: The parser is not installed.
    """
    return _quantities(" ".join(text.split()))


# -- whether two are of one thing ------------------------------------------------


def _named_alike(one: str, other: str) -> bool:
    """Whether two texts have a name in common that is no day's or month's."""
    return bool({n.casefold() for n in names(one)} & {n.casefold() for n in names(other)} - ENGLISH_CALENDAR)


def _one(
    one: Quantity,
    other: Quantity,
    near: tuple[frozenset[str], frozenset[str]],
    shared: frozenset[str],
    asked: Counted | None,
) -> bool:
    """Whether two quantities are one, whatever their figures."""
    if one.when == other.when == "any":
        return False  # "the $20 million prize", "the $30 million prize": each says which one it is
    if one.what != other.what or one.counted != other.counted or one.marks != other.marks:
        return False
    if one.names - near[1] or other.names - near[0]:
        return False  # of another, or of a part
    if one.of - near[1] and other.of - near[0]:
        return False
    if one.core and other.core:
        # One of the two may leave what it is of to the words around it: "the rebuilding", of a bridge.
        said = bool(one.core & other.told), bool(other.core & one.told)
        return all(said) or (
            any(said) and bool(one.core & (near[1] | other.told) and other.core & (near[0] | one.told))
        )
    if one.what in PEOPLE and (one.core or other.core):
        return bool(one.of & other.of)
    return len(shared) >= SHARED or bool(asked and asked.is_of(one) and (asked.role or one.what in asked.stems))


def _one_time(one: Quantity, other: Quantity, claim: Claim, said: Said, apart: int | None) -> bool:
    """Whether two quantities are of one time: what only holds now is another one on another day."""
    if "any" not in (one.when, other.when) and (one.when == "ahead") != (other.when == "ahead"):
        return False  # what was planned, and what came of it
    toll, rates = one.what in PEOPLE, one.rate and other.rate
    if "now" in (one.when, other.when) and apart and not ((toll or rates) and apart <= SAME_TIME):
        return False
    if "ahead" in (one.when, other.when):
        return True
    mine = [n.days for n in named_days(claim.text, claim.published, "en")]
    yours = [n.days for n in named_days(said.text, said.passage.published, "en")]
    if toll and "now" in (one.when, other.when):
        return True  # the day is that of the counting
    if mine and yours:
        return any(a.first < b.end and b.first < a.end for a in mine for b in yours)
    # What happened on a day may have happened again: an airline cancels flights in May, and in June.
    return not (mine or yours) or not apart or apart <= SAME_TIME or one.what in figures.ROLES


# -- reading a sentence ----------------------------------------------------------


@lru_cache(maxsize=1024)
def _quantities(text: str) -> tuple[Quantity, ...]:
    found = read(text)
    if not found:
        return ()
    (tree,) = parser.trees([text])
    if len(tree) > _LONGEST:
        return ()
    below, places = children(tree), parser.places(tree, text)
    return tuple(q for f in found if (q := _quantity(tree, below, places, f)) is not None)


def _quantity(tree: Tree, below: list[list[int]], places: list[tuple[int, int]], figure: Figure) -> Quantity | None:
    inside = [n for n, (start, end) in enumerate(places) if start < figure.end and end > figure.start]
    if (thing := _thing_of_sum(tree, inside, figure)) is not None:
        return _sum_of(tree, below, thing, inside, figure)
    noun = _counted(tree, below, inside, figure)
    where = None if noun is None else _said_by(tree, below, noun)
    if noun is None or where is None:
        return None
    measure, verb = where
    if not verbal(tree, verb) or (when := _when(tree, below, verb)) is None:
        return None
    arguments = list(_arguments(tree, below, verb, noun))
    what = _what(tree, below, verb, measure, arguments)
    role = figures.role_of([], [what], figures.ROLES)
    people = role in PEOPLE and figure.unit == frozenset(("people",))
    counted = "" if figure.counted == "" or numbers.CURRENCIES.get(figure.counted) else _stem(tree, noun)
    if people and counted in whoever():
        counted = ""
    if what == "" and not counted:
        return None
    taken = set(inside) | {noun}
    clause = [n for n in _clause(tree, below, verb, noun) if n not in taken]
    if not any(tree[n].tag[:2] == "NN" and not is_time(tree, n) for n in clause):
        taken |= _speaker(tree, below, verb)
        clause = [n for n in range(len(tree)) if n not in taken]  # "12 were killed when …"
    of = frozenset(s for n in clause if tree[n].tag[:2] == "NN" and not is_time(tree, n) for s in terms(tree[n].text))
    of = frozenset(s for s in of if not role or figures.role_of([], [s], figures.ROLES) != role)  # "price", "cost"
    named = frozenset(s for n in clause if _named(tree, n) for s in terms(tree[n].text))
    core = frozenset(_stem(tree, n) for a in arguments for n in _heads(tree, below, a) if n not in taken)
    return Quantity(
        figure,
        role or what,
        counted,
        frozenset(_stem(tree, c) for c in below[noun] if c not in inside and tree[c].dep in _MARKS),
        core - {what},
        of,
        named,
        of | {_stem(tree, verb)},
        when,
        _rate(tree, below, verb, noun),
    )


def _speaker(tree: Tree, below: list[list[int]], verb: int) -> set[int]:
    """Whoever says what a verb tells, with all that hangs on them: what it is of, they don't tell."""
    if tree[verb].dep not in ("ccomp", "parataxis"):
        return set()
    found = {c for c in below[tree[verb].head] if tree[c].dep == "nsubj"}
    while more := {d for n in found for d in below[n]} - found:
        found |= more
    return found


def _rate(tree: Tree, below: list[list[int]], verb: int, noun: int) -> bool:
    """Whether something is so many "a year", "per day"."""
    for n in range(len(tree)):
        if tree[n].lemma in _WORDS.times:
            each = any(tree[c].text.lower() in _EACH for c in below[n])
            if (each and tree[n].head in (verb, noun)) or tree[tree[n].head].text.lower() == "per":
                return True
    return False


def _thing_of_sum(tree: Tree, inside: list[int], figure: Figure) -> int | None:
    """The noun before which a sum of money stands: "an £84 million extension"."""
    if figure.counted or "%" in figure.unit or not inside:
        return None
    at = next((n for n in inside if tree[n].head not in inside or tree[n].head == n), inside[0])
    while tree[at].dep in _MODIFIERS and tree[at].head > at:
        at = tree[at].head
        if tree[at].tag in ("NN", "NNS") and at not in inside and tree[at].lemma not in numbers.CURRENCIES:
            return at
    return None


def _sum_of(tree: Tree, below: list[list[int]], thing: int, inside: list[int], figure: Figure) -> Quantity:
    """A sum as the cost of the thing that it stands before, or as what that is: a grant, a loan."""
    nouns = [n for n in range(len(tree)) if n not in inside and tree[n].tag[:2] == "NN" and not is_time(tree, n)]
    of = frozenset(s for n in nouns for s in terms(tree[n].text))
    return Quantity(
        figure,
        figures.role_of([], [_stem(tree, thing)], figures.ROLES) or "cost",
        "",
        frozenset(),
        frozenset(_stem(tree, n) for n in _heads(tree, below, thing)),
        of,
        frozenset(s for n in nouns if _named(tree, n) for s in terms(tree[n].text)),
        of,
        "any",
    )


def _counted(tree: Tree, below: list[list[int]], inside: list[int], figure: Figure) -> int | None:
    """The word that is so many: the thing counted, a currency, or the number itself; None for a part of something."""
    at = next((n for n in inside if tree[n].head not in inside or tree[n].head == n), None)
    if at is None:
        return None
    number = at
    for _ in range(3):
        if tree[at].dep not in _MODIFIERS or tree[at].head == at or not (tree[at].tag[:2] == "CD" or at in inside):
            break
        at = tree[at].head
    if any(tree[c].dep == "prep" and tree[c].text.lower() in ("of", "out") for c in below[number]):
        return None  # "8 of the 12"
    if figure.counted:
        return at if set(terms(figure.counted)) & set(terms(tree[at].text)) else None
    return at if at in inside or tree[at].tag[:2] == "CD" or tree[at].text in ("%", "percent") else None


def _said_by(tree: Tree, below: list[list[int]], at: int) -> tuple[int | None, int] | None:
    """The noun and the verb by which something is said to be so many: the noun of "a cost of 4 million", if any."""
    for _ in range(len(tree)):
        if tree[at].dep != "conj":
            break
        at = tree[at].head
    dep, up = tree[at].dep, tree[at].head
    if dep in _ARGUMENTS and verbal(tree, up):
        return None, up
    if dep != "pobj":
        return None
    preposition, governor = tree[up], tree[up].head
    if preposition.text.lower() in _WORDS.otherwise and preposition.dep != "agent":
        return None  # the former one, a part, a difference
    if verbal(tree, governor):
        return None, governor
    if tree[governor].tag[:2] == "NN" and preposition.text.lower() == "of":
        return governor, predicate_of(tree, governor)
    return None


def _when(tree: Tree, below: list[list[int]], verb: int) -> When | None:
    """Of which time a verb speaks; None where it is denied, possible or supposed."""
    how = governed(tree, below, verb)
    # "The council said it would cost": what was still to come when it was said.
    told = {n for n in how.unsure if tree[n].text.lower() == "would" and tree[verb].dep == "ccomp"}
    if how.negative or how.conditions or how.unsure - told:
        return None
    if how.future or how.plans or told:
        return "ahead"
    auxiliaries = {tree[c].text.lower() for c in below[verb] if tree[c].dep in ("aux", "auxpass")}
    if tree[verb].tag == "VBD" or auxiliaries & {"was", "were", "had", "did"}:
        return "past"
    return "now"


def _arguments(tree: Tree, below: list[list[int]], verb: int, noun: int) -> Iterator[int]:
    """The other arguments of a verb, those that it takes over from the verb above it among them."""
    mine = [c for c in below[verb] if tree[c].dep in ("nsubj", "nsubjpass", "dobj", "attr", "expl") and c != noun]
    mine += [d for c in below[verb] if tree[c].dep == "agent" for d in below[c] if tree[d].dep == "pobj" and d != noun]
    for n in mine:
        if tree[n].tag in ("WDT", "WP"):
            if tree[verb].dep == "relcl":
                yield tree[verb].head
        else:
            yield n
    subject = any(tree[c].dep in ("nsubj", "nsubjpass", "expl") for c in below[verb])
    if not subject and tree[verb].dep in ("xcomp", "conj", "advcl") and verbal(tree, tree[verb].head):
        for c in below[tree[verb].head]:
            if tree[c].dep in ("nsubj", "nsubjpass"):
                yield c


def _what(tree: Tree, below: list[list[int]], verb: int, measure: int | None, arguments: list[int]) -> str:
    """What says what is so many: a noun ("a cost of"), the subject of "rose to", or the verb."""
    if measure is None:
        if tree[verb].lemma not in _WORDS.light:
            return _stem(tree, verb)
        subject = next((a for a in arguments if tree[a].tag[:2] == "NN"), None)
        if subject is None:
            return ""
        measure = subject
    if tree[measure].lemma in _WORDS.totals:
        of = [d for c in below[measure] if tree[c].dep == "prep" for d in below[c] if tree[d].dep == "pobj"]
        measure = of[0] if of else measure
    return _stem(tree, measure)


def _heads(tree: Tree, below: list[list[int]], at: int) -> Iterator[int]:
    """A noun and those that its prepositions bring, places aside: "the collapse of the bridge"."""
    if tree[at].tag[:2] == "NN":
        yield at
    for c in below[at]:
        if tree[c].dep == "prep" and tree[c].text.lower() not in _WORDS.places:
            for d in below[c]:
                yield from _heads(tree, below, d)


def _clause(tree: Tree, below: list[list[int]], verb: int, noun: int) -> Iterator[int]:
    """The words of a verb's clause; of a relative one also what it is of."""
    for n in below[verb]:
        if tree[n].dep not in _ASIDE and tree[n].text.lower() != "according":
            yield from subtree(tree, below, n)
    for c in below[noun]:
        if tree[c].dep in ("acl", "relcl"):
            yield from subtree(tree, below, c)
    for a in _arguments(tree, below, verb, noun):
        yield from subtree(tree, below, a)


def _named(tree: Tree, at: int) -> bool:
    return tree[at].tag.startswith("NNP") and not is_time(tree, at)


def is_time(tree: Tree, at: int) -> bool:
    """Whether a word is a day, a month or a span of time."""
    return tree[at].text.casefold() in ENGLISH_CALENDAR or tree[at].lemma in _WORDS.times


def _stem(tree: Tree, at: int) -> str:
    return (terms(tree[at].lemma) or terms(tree[at].text) or [""])[0]


@cache
def whoever() -> frozenset[str]:
    """Stems of the words for people whoever they are: "people", "others"."""
    return frozenset(terms(" ".join(_WORDS.whoever)))


__all__ = ["Counted", "Quantity", "counted", "differing", "is_time", "of_two_days", "quantities", "whoever"]
