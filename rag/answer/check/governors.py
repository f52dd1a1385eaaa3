"""What governs a word: who is said to say it, whether it is denied, supposed, planned or past.

Leaving out what hangs below a word keeps a statement true; leaving out what governs it does not (natural logic:
MacCartney & Manning, "Natural logic for textual inference", 2007; on verbs whose clause is not thereby true: Kiparsky &
Kiparsky, "Fact", 1970; Karttunen, "Implicative verbs", 1971). Grammar tells it here; words are asked for where grammar
can't: data of the lexicon's section ``[support]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rag.text.calendar_names import ENGLISH_CALENDAR
from rag.text.lexicon import lexicon
from rag.text.parser import Tree
from rag.text.word_lists import Speech, Support

WORDS = lexicon("en").section(Support)
_SAYING = lexicon("en").section(Speech).say_verbs
_ARGUMENT = frozenset("nsubj nsubjpass dobj pobj attr dative oprd agent obj iobj".split())
_ASIDE = frozenset("relcl appos".split())
_QUOTES = frozenset("\"“”«»``''")
_HEARD = ("reportedly", "allegedly")
_IN_PLACE = (("rather", "than"), ("instead", "of"))
_PAUSES = (",", "–", "—", "-")
_CASES = ("event", "case", "condition")


@dataclass
class Governed:
    """What governs a word in its sentence."""

    said: set[int] = field(default_factory=set)
    """Verbs and nouns of saying, believing or according."""
    unsure: set[int] = field(default_factory=set)
    """Modals, adverbs and adjectives of what may be."""
    conditions: set[int] = field(default_factory=set)
    """If, unless, whether, as long as, in the event of."""
    plans: set[int] = field(default_factory=set)
    """Verbs and nouns of what is yet to come about."""
    denied: set[int] = field(default_factory=set)
    """Negations and verbs of denying; an even number affirms."""
    aside: set[int] = field(default_factory=set)
    """What sets it aside for another that is told in its place: "rather than", "instead of"."""
    future: bool = False

    @property
    def negative(self) -> bool:
        """Whether it is denied, once all negations are reckoned up."""
        return (len(self.denied) + len(self.aside)) % 2 == 1


def children(tree: Tree) -> list[list[int]]:
    """Of each word what depends on it, in order."""
    found: list[list[int]] = [[] for _ in tree]
    for n, word in enumerate(tree):
        if word.head != n:
            found[word.head].append(n)
    return found


def subtree(tree: Tree, below: list[list[int]], at: int) -> Iterator[int]:
    """A word and all that hangs on it, clauses aside."""
    yield at
    for c in below[at]:
        if tree[c].dep not in ("relcl", "acl", "advcl", "ccomp", "punct", "cc", "conj", "appos"):
            yield from subtree(tree, below, c)


def verbal(tree: Tree, at: int) -> bool:
    """Whether a word is a verb that says something of its own, or what stands as one: no auxiliary."""
    return tree[at].tag[:2] in ("VB", "MD") and tree[at].dep not in ("aux", "auxpass")


def predicate_of(tree: Tree, at: int) -> int:
    """The verb that a word belongs to: the nearest above; the topmost word where there is none."""
    seen = 0
    while tree[at].head != at and seen < len(tree):
        at = tree[at].head
        seen += 1
        if verbal(tree, at):
            return at
    return at


def governed(tree: Tree, below: list[list[int]], at: int) -> Governed:
    """What governs a word.

    Args:
        tree: Its sentence.
        below: As ``children`` gives it.
        at: Its index.
    """
    found = Governed()
    whole = True  # whether what stands beside the present word is about what it was asked of
    if _quoted(tree, at):
        found.said.add(-1)
    for _ in range(len(tree)):
        if whole:
            _beside(tree, below, at, found)
        _framed(tree, below, at, found)
        found.aside.update(_contrasted(tree, below, at))
        word, up = tree[at], tree[at].head
        if up == at or word.dep in _ASIDE:
            break
        if word.dep == "acl" and word.tag in ("VBN", "VBG") and not _infinitive(tree, below, at):
            if not any(tree[c].dep == "mark" for c in below[at]):  # "reports that soldiers had been sent"
                break
        if word.dep == "ccomp" and at < up and any(t.text == ";" for t in tree[at:up]):
            if not _says(tree, up) or any(c > up and tree[c].dep != "punct" for c in below[up]):
                end = next(n for n in range(at, up) if tree[n].text == ";")
                said = (c for c in below[up] if at < c < end and tree[c].dep == "ccomp" and _says(tree, c))
                found.said.update(said)  # "A won, officials say; B denies it"
                break  # two statements side by side: "A won; B has not been found"
        if word.dep == "ccomp" or (word.dep == "acl" and tree[up].tag[:2] == "NN"):
            _clause(tree, below, at, up, found)
        elif word.dep == "parataxis" and _says(tree, up):
            found.said.add(up)
        elif word.dep in ("xcomp", "acl", "pcomp", "advcl") and _infinitive(tree, below, at):
            _infinitival(tree, up, found)
        elif word.dep == "pcomp" and tree[up].text.lower() in WORDS.denying_prepositions:
            found.denied.add(up)  # "voted against closing"
        elif word.dep == "pcomp" and tree[up].dep == "prep" and (charge := _charging(tree, below, up)) is not None:
            found.plans.add(charge)
        elif word.dep in ("xcomp", "pcomp"):
            if tree[up].lemma in WORDS.denying_verbs:
                found.denied.add(up)
            elif verbal(tree, up) and word.dep == "xcomp" and tree[up].lemma not in WORDS.implicative_verbs:
                found.plans.add(up)
        elif word.dep in _ARGUMENT or word.dep == "prep":
            _object(tree, below, at, up, found)
        whole = word.dep not in ("conj", "advcl", "parataxis") or _complement(tree, below, at)
        at = up
    if len(found.denied) > 1:  # "has not ruled it out", "did not deny it": nor is it so
        found.unsure.update(d for d in found.denied if tree[d].lemma in WORDS.doubting_verbs)
    return found


def _charging(tree: Tree, below: list[list[int]], at: int) -> int | None:
    """The verb that tells, by a preposition, what somebody is or is not to have done.

    "Charged with stealing", "acquitted of stealing", "banned from stealing": none says that it was done.
    """
    verb, low = tree[at].head, tree[at].text.lower()
    if tree[verb].tag[:2] != "VB" or tree[verb].lemma in WORDS.implicative_verbs | WORDS.factive_verbs:
        return None
    about_whom = any(tree[c].dep in ("dobj", "nsubjpass") for c in below[verb]) or tree[verb].tag == "VBN"
    return verb if low == "of" or (low in ("with", "from") and about_whom) else None


def _complement(tree: Tree, below: list[list[int]], at: int) -> bool:
    """Whether a word is what somebody is called or counted as, "recorded as injured": what denies the one denies it."""
    return (
        tree[at].dep == "advcl"
        and not any(tree[c].dep.startswith("nsubj") for c in below[at])
        and any(tree[c].dep == "mark" and tree[c].text.lower() == "as" for c in below[at])
    )


def speaks(tree: Tree, at: int) -> bool:
    """Whether a word tells that somebody says or thinks something."""
    low = tree[at].text.lower()
    if low in ("according", "account", *_HEARD) or tree[at].lemma in ("accuse", "speak", "caution"):
        return True
    return _says(tree, at) and verbal(tree, at)


def _beside(tree: Tree, below: list[list[int]], at: int, found: Governed) -> None:
    """What hangs on a word and is about the whole of it: negations, modals, adverbs."""
    for c in below[at]:
        word = tree[c]
        low = word.text.lower()
        if word.dep == "advmod" and any(tree[d].dep == "neg" for d in below[c]):
            found.denied.add(c)  # "no longer"
        elif word.dep in ("acomp", "oprd") and any(tree[d].dep == "neg" for d in below[c]):
            found.denied.update(d for d in below[c] if tree[d].dep == "neg")  # "pleaded not guilty to"
        elif beside_another(tree, c):
            continue  # ", not the weather": about what stands behind it
        elif word.dep == "neg" or (
            word.dep in ("det", "preconj", "predet", "advmod", "nummod") and low in WORDS.negatives
        ):
            if not _only(tree, c) and not some(tree, c):
                found.denied.add(c)
        elif word.dep == "aux" and low in WORDS.unsure_modals:
            found.unsure.add(c)
        elif word.dep == "aux" and low in ("will", "shall", "'ll", "’ll", "wo"):
            found.future = True
        elif (
            word.dep in ("advmod", "acomp", "oprd")
            and (word.lemma in WORDS.unsure_adverbs or low in WORDS.unsure_adverbs)
        ) or (word.dep in ("amod", "compound", "acomp", "advmod") and low in WORDS.unsure_adjectives):
            found.unsure.add(c)
        elif word.dep in _ARGUMENT and verbal(tree, at):
            # "No injuries were recorded", "nobody came"
            if low in WORDS.negatives and not some(tree, c):
                found.denied.add(c)
            found.denied.update(
                d
                for d in below[c]
                if tree[d].dep in ("det", "neg")
                and tree[d].text.lower() in WORDS.negatives
                and not some(tree, d)
                and not beside_another(tree, d)
            )


def _framed(tree: Tree, below: list[list[int]], at: int, found: Governed) -> None:
    """What opens the clause: conditions, "according to"."""
    for c in below[at]:
        word = tree[c]
        low = word.text.lower()
        if (low in WORDS.conditions and (word.dep == "mark" or _provided(tree, below, c))) or _as_long(tree, below, c):
            found.conditions.add(c)
        elif low == "according" or (word.dep == "advmod" and low in _HEARD) or _by_report(tree, below, c):
            found.said.add(c)
        elif (
            word.dep == "advcl"
            and any(tree[d].dep == "mark" and tree[d].text.lower() in WORDS.conditions for d in below[c])
        ) or (word.dep == "prep" and low in ("in", "on") and any(tree[d].lemma in _CASES for d in below[c])):
            found.conditions.add(c)
        elif word.dep in ("ccomp", "parataxis") and verbal(tree, c) and _says(tree, c) and c != at:
            # "…, said the minister" where the saying hangs on what is said
            if not any(tree[d].dep in ("ccomp", "xcomp") and tree[d].tag[:2] == "VB" for d in below[c]):
                found.said.add(c)


def _by_report(tree: Tree, below: list[list[int]], at: int) -> bool:
    """Whether a phrase tells whose word something is taken on: "by some estimates", "in the view of the court"."""
    said = [d for d in below[at] if tree[d].dep == "pobj" and tree[d].lemma in WORDS.saying_nouns]
    if tree[at].dep != "prep" or at > tree[at].head or not said:
        return False
    return tree[at].text.lower() == "by" or (
        tree[at].text.lower() == "in" and any(_owned(tree, below, d) for d in said)
    )


def _owned(tree: Tree, below: list[list[int]], at: int) -> bool:
    """Whether a noun is told with whose it is: "the view of the court", "her view"; not "in an argument"."""
    return any(tree[c].dep == "poss" or tree[c].text.lower() == "of" for c in below[at])


def _as_long(tree: Tree, below: list[list[int]], at: int) -> bool:
    """Whether a clause of "as long as" is told in the present, and is a condition: "as long as the truce holds"."""
    return tree[at].text.lower() == "long" and any(
        tree[c].dep == "advcl" and tree[c].tag in ("VBZ", "VBP") and any(tree[d].dep == "mark" for d in below[c])
        for c in below[at]
    )


def _provided(tree: Tree, below: list[list[int]], at: int) -> bool:
    """Whether a participle opens a condition: "provided that the town agrees"."""
    return (
        tree[at].tag in ("VBN", "VBG")
        and tree[at].dep in ("prep", "advcl")
        and any(tree[c].dep in ("ccomp", "pcomp") for c in below[at])
    )


def _clause(tree: Tree, below: list[list[int]], at: int, up: int, found: Governed) -> None:
    """A clause below a verb or a noun: whose words, or thoughts, it is."""
    above = tree[up]
    if above.lemma in WORDS.denying_verbs:
        found.denied.add(up)
    elif above.text.lower() in WORDS.conditions:
        found.conditions.add(up)  # "provided that …"
    elif above.tag[:2] == "NN":
        (found.plans if above.lemma in WORDS.open_nouns or _infinitive(tree, below, at) else found.said).add(up)
    elif at < up and not _says(tree, up) and above.lemma not in WORDS.saying_nouns:  # "…, divers fear"
        pass  # two statements side by side: "A won; B lost"
    elif above.lemma not in WORDS.implicative_verbs | WORDS.factive_verbs:
        found.said.add(up)


def _infinitival(tree: Tree, up: int, found: Governed) -> None:
    above = tree[up]
    if yet_to(tree, up + 1):
        found.denied.add(up + 1)
    elif above.lemma in WORDS.denying_verbs:
        found.denied.add(up)
    elif above.tag == "VBN" and above.text.lower() in _SAYING:
        found.said.add(up)
    elif above.lemma in WORDS.arranging_verbs or above.lemma not in WORDS.implicative_verbs:
        found.plans.add(up)  # "is set to rise", "set money aside to repair"
    elif above.text.lower() in WORDS.unsure_adjectives:
        found.plans.add(up)


def _object(tree: Tree, below: list[list[int]], at: int, up: int, found: Governed) -> None:
    """What is governed as a thing: "denied the plot", "the risk of a plot", "demanded a plot"."""
    above = tree[up]
    if tree[at].dep in ("nsubj", "agent"):
        return
    if above.tag[:2] == "NN" and tree[at].dep == "prep" and tree[at].text.lower() in ("by", "from"):
        return  # "a statement by the king" is of him, not about him
    if above.tag[:2] == "NN" and tree[at].dep in ("prep",):
        if above.lemma in WORDS.open_nouns:
            found.plans.add(up)
        elif above.lemma in WORDS.saying_nouns:
            found.said.add(up)
    elif (
        above.tag[:2] == "VB"
        and tree[at].dep == "prep"
        and tree[at].text.lower() in ("of", "about")
        and _says(tree, up)
    ):
        found.said.add(up)  # "warned of floods", "spoke about a sale"
    elif above.tag[:2] == "VB" and tree[at].dep in ("dobj", "nsubjpass", "oprd") and above.lemma in WORDS.wishing_verbs:
        found.plans.add(up)
    elif tree[at].dep == "nsubjpass" and above.lemma in WORDS.arranging_verbs and _dated(tree, below, up):
        found.plans.add(up)  # "sentencing is set for 12 January"


def _dated(tree: Tree, below: list[list[int]], verb: int) -> bool:
    """Whether a verb is told with a day."""
    phrases = (n for c in below[verb] if tree[c].dep in ("prep", "npadvmod") for n in subtree(tree, below, c))
    return any(tree[n].text.casefold() in ENGLISH_CALENDAR for n in phrases)


def _infinitive(tree: Tree, below: list[list[int]], at: int) -> bool:
    return any(tree[c].dep == "aux" and tree[c].tag == "TO" for c in below[at])


def _says(tree: Tree, at: int) -> bool:
    return tree[at].text.lower() in _SAYING or tree[at].lemma in ("say", "tell", "think", "believe")


def _only(tree: Tree, at: int) -> bool:
    """Whether a negation is that of "not only"."""
    return at + 1 < len(tree) and tree[at + 1].text.lower() in ("only", "just", "merely", "least")


def _contrasted(tree: Tree, below: list[list[int]], at: int) -> list[int]:
    """What sets a word aside for another that is told in its place: "in the hall rather than in the yard"."""
    word = tree[at]
    start = min(subtree(tree, below, at))
    for n in (start, start - 1):
        if word.dep not in ("ROOT", "nsubj", "nsubjpass") and beside_another(tree, n):
            return [n]
    if word.dep in ("pobj", "pcomp", "prep") and _in_place(tree, word.head):
        return [word.head]
    if word.dep == "conj":
        return [c for c in below[word.head] if tree[c].dep == "cc" and word.head < c < at and _in_place(tree, c)]
    return []


def beside_another(tree: Tree, at: int) -> bool:
    """Whether a word is the "not" of ", not in the yard": it denies the phrase behind it, and nothing before."""
    if not 0 < at < len(tree) - 1 or tree[at].text.lower() != "not" or tree[at - 1].text not in _PAUSES:
        return False
    return tree[at + 1].tag in ("IN", "TO", "DT", "CD", "PRP$") or tree[at + 1].tag[:2] == "NN"


def _in_place(tree: Tree, at: int) -> bool:
    """Whether a word is the second of "rather than", "instead of"."""
    return at > 0 and (tree[at - 1].text.lower(), tree[at].text.lower()) in _IN_PLACE


def yet_to(tree: Tree, at: int) -> bool:
    """Whether a word is the "yet" of "has yet to sign", which denies it."""
    return 0 < at < len(tree) - 1 and [t.text.lower() for t in tree[at : at + 2]] == ["yet", "to"]


def some(tree: Tree, at: int) -> bool:
    """Whether "few" or "little" has "a" before it and denies nothing: "a few", "a little over 92,000"."""
    return tree[at].text.lower() in ("few", "little") and at > 0 and tree[at - 1].text.lower() == "a"


def _quoted(tree: Tree, at: int) -> bool:
    """Whether a word stands between quotation marks, with others: a word alone may be a term or a title."""
    opened = [n for n in range(at) if tree[n].text in _QUOTES]
    if len(opened) % 2 == 0 and not (opened and tree[opened[-1]].text in "“«"):
        return False
    close = next((n for n in range(at + 1, len(tree)) if tree[n].text in _QUOTES), len(tree))
    return close - opened[-1] > 4


__all__ = [
    "WORDS",
    "Governed",
    "beside_another",
    "children",
    "governed",
    "predicate_of",
    "some",
    "speaks",
    "subtree",
    "verbal",
    "yet_to",
]
