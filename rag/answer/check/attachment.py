"""What a word of a sentence hangs on: the verbs it belongs to, the sentence it stands in, the preposition before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rag.answer.check.governors import children, predicate_of, verbal
from rag.answer.check.matching import Text
from rag.text.calendar_names import ENGLISH_CALENDAR
from rag.text.names import is_role
from rag.text.numbers import is_year
from rag.text.parser import Tree

_SHARING = ("conj", "advcl", "xcomp")
"""Of a verb that may have its subject from the one it hangs on: "came from behind to beat", "was named, succeeding"."""
_LEADS = ("nsubj", "nsubjpass", "poss", "compound", "appos", "dobj")
_SUBJECTS = ("nsubj", "nsubjpass", "csubj")
_PERSONS = ("he", "she", "it", "they")
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
        if (
            any(tree[c].dep in _SUBJECTS for c in below[verb])
            or tree[verb].dep not in _SHARING
            or not verbal(tree, verb)
        ):
            return False
        verb = tree[verb].head
        subjects = [c for c in below[verb] if tree[c].dep in _SUBJECTS]
        if subjects:
            return any(at == c or c in above(tree, at) for c in subjects)
    return False


def aside(tree: Tree, at: int, other: int) -> bool:
    """Whether one of two words is in a clause about the other's subject: X and "left", of "who was hit by X left"."""
    for verb, n in ((at, other), (other, at)):
        while n != verb and tree[n].head != n:
            if tree[n].dep == "relcl" and tree[tree[n].head].dep in _SUBJECTS and tree[tree[n].head].head == verb:
                return True
            n = tree[n].head
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


def leads(tree: Tree, at: int) -> bool:
    """Whether a pronoun behind a word may well mean it: what a clause is of, or whom that is of.

    "A spokesman for the ministry said it had …".
    """
    if tree[at].dep in _LEADS:
        return True
    return tree[at].dep == "pobj" and tree[tree[tree[at].head].head].dep in ("nsubj", "nsubjpass")


def tells_apart(mine: Text, theirs: Text, n: int) -> bool:
    """Whether a word tells two things of one name apart in the cited words: "electric" of "electric cars"."""
    word = mine.tree[n]
    if word.dep not in ("amod", "compound") or word.head == n or mine.tree[word.head].tag[:2] != "NN":
        return False
    return theirs.stems.count(mine.stems[word.head]) > 1


def instead(mine: Text, theirs: Text, pairs: Mapping[int, int], n: int) -> bool:
    """Whether a phrase behind a verb is another verb's there, and that verb has another one in this place.

    "Sentenced for fraud" of "cleared of fraud but sentenced for perjury".
    """
    phrase = mine.tree[n].head
    anchor, low = mine.tree[phrase].head, mine.tree[phrase].text.lower()
    while anchor not in pairs and not verbal(mine.tree, anchor) and mine.tree[anchor].head != anchor:
        anchor = mine.tree[anchor].head  # "to four years for fraud": of the sentence
    if mine.tree[n].dep != "pobj" or mine.tree[phrase].dep != "prep" or low == "of" or anchor not in pairs:
        return False
    wanted, held = pairs[anchor], set(pairs.values())
    if not verbal(theirs.tree, wanted):
        wanted = predicate_of(theirs.tree, wanted)
    alike = [p for p, w in enumerate(theirs.tree) if w.dep == "prep" and w.text.lower() == low]
    own = {d for p in alike if predicate_of(theirs.tree, p) == wanted for d in theirs.below[p]}
    if any(theirs.tree[w].tag[:3] == "PRP" for d in own for w in (d, *theirs.below[d])):
        return False  # "over its soil": whose, is told before
    mentions = (e for e, stem in enumerate(theirs.stems) if stem == mine.stems[n])
    return bool(own) and not held & own and not any(belongs(theirs.tree, e, wanted) for e in (pairs[n], *mentions))


def meant(tree: Tree, at: int, verb: int) -> bool:
    """Whether a verb's subject is a pronoun that can only mean a name: "When she left, Holt was mayor".

    The name is the subject of what the verb's clause hangs on, and nobody else is named beside it there.
    """
    below = children(tree)
    subjects = [c for c in below[verb] if tree[c].dep in _SUBJECTS]
    if not any(tree[c].text.lower() in _PERSONS for c in subjects):
        return False
    while tree[at].dep == "compound" and tree[at].head != at:
        at = tree[at].head
    up = tree[at].head
    if tree[at].dep not in _SUBJECTS or up not in above(tree, verb) or any(tree[c].dep == "conj" for c in below[at]):
        return False
    others = [c for c in below[up] if tree[c].dep in ("dobj", "dative", "iobj", "agent")]
    return not any(tree[c].tag[:3] == "NNP" or is_role(tree[c].text) for c in others)


def named_before(text: Text, at: int, owned: Collection[int]) -> bool:
    """Whether a noun is told with "its" or "her", which may mean a name: the subject of a verb above it."""
    own = [w for w in owned if text.tree[w].tag == "PRP$"]
    head = at
    while text.tree[head].dep == "compound" and text.tree[head].head != head:
        head = text.tree[head].head
    return text.tree[head].dep in _SUBJECTS and any(text.tree[head].head in above(text.tree, w) for w in own)


def strays(mine: Text, theirs: Text, pairs: Mapping[int, int], n: int) -> bool:
    """Whether an adjective or a name before a noun stands before another noun there: "a Greek firm" of "the firm sold
    it to a Greek buyer"."""
    word, head = mine.tree[n], mine.tree[n].head
    if word.dep not in ("amod", "compound") or head not in pairs or mine.tree[head].tag != "NN" or word.tag[:2] != "JJ":
        return False
    there, wanted = pairs[n], pairs[head]
    up = theirs.tree[there].head
    if theirs.tree[there].dep not in ("amod", "compound") or theirs.tree[up].tag != "NN" or up == wanted:
        return False
    return theirs.tree[up].head != wanted and theirs.tree[wanted].head != up and mine.stems[head] != theirs.stems[up]


def apart(mine: Text, theirs: Text, pairs: Mapping[int, int]) -> int:
    """Numbers and times of a claim that stand apart there, each beside another: "fell to 4.1 in May from 4.4 in April".

    Looked at where a claim has one number and one time, and the cited words have more of either.
    """
    numbers = [n for n in pairs if mine.values[n] is not None and not _time(mine, n)]
    times = [n for n in pairs if _time(mine, n)]
    if len(numbers) != 1 or len(times) != 1:
        return 0
    number, time = pairs[numbers[0]], pairs[times[0]]
    others = [
        e for e, v in enumerate(theirs.values) if v is not None and v != theirs.values[number] and not _time(theirs, e)
    ]
    elsewhen = [e for e in range(len(theirs.tree)) if _time(theirs, e) and theirs.stems[e] != theirs.stems[time]]
    far = abs(number - time)
    return int(any(abs(e - time) < far for e in others) and any(abs(e - number) < far for e in elsewhen))


def _time(text: Text, n: int) -> bool:
    value = text.values[n]
    return text.tree[n].text.casefold() in ENGLISH_CALENDAR or (value is not None and is_year(value))


def of_whole(text: Text, n: int) -> bool:
    """Whether a number counts that of which another is a part: "five" of "two of the five climbers"."""
    at = n - 1
    while at > 0 and text.tree[at].tag in ("DT", "PRP$"):
        at -= 1
    return at > 0 and text.tree[at].text.lower() == "of" and text.values[at - 1] is not None


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


__all__ = [
    "above",
    "apart",
    "aside",
    "behind",
    "belongs",
    "headed",
    "instead",
    "leads",
    "meant",
    "modifiers",
    "named_before",
    "of_whole",
    "root",
    "shares",
    "spans",
    "strays",
    "tells_apart",
    "whole",
    "within",
]
