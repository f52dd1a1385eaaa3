"""Words of a claim and their matches in the words it cites: by form, lemma, stem and number, in the likest company."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from string import ascii_uppercase

from rag.answer.check import exact
from rag.answer.check.governors import WORDS, Governed, children, governed, predicate_of, subtree, verbal
from rag.text import numbers, parser
from rag.text.names import is_role
from rag.text.parser import Tree, Word
from rag.text.split import sentences
from rag.text.tokens import terms

_CONTENT = ("NN", "VB", "JJ", "CD", "RB", "FW", "MD")
LIGHT = frozenset(
    "be have do get go make take year day people yes no so also then now there very well too not n't will would".split()
)
"""Words that say little by themselves."""
_FAMILY = 5
_NEAR_NUMBER = 4
_SIGNS = {"%": "percent", "$": "dollars", "€": "euros", "£": "pounds"}
_BESIDE = 0.5
"""Least company of two words that are matched by it: one neighbour."""
_ROUNDED = 0.06
"""How far a number said to be about another may be off."""


@dataclass
class Text:
    """Sentences with what hangs on each of their words."""

    tree: Tree
    below: list[list[int]]
    stems: list[str]
    values: list[float | None]

    @classmethod
    def of(cls, trees: Sequence[Tree]) -> Text:
        words: list[Word] = []
        for tree in trees:
            at = len(words)
            words += [Word(w.text, w.lemma, w.tag, w.dep, w.head + at) for w in mended(tree)]
        whole = tuple(words)
        return cls(whole, children(whole), [_stem(w.text) for w in whole], _numbers(whole))

    @classmethod
    def read(cls, text: str) -> Text:
        """An English text, its sentences parsed.

        Raises:
            ModelMissing: The parser is not installed.
        """
        return cls.of(parser.trees([text[s.start : s.end] for s in sentences(text, "en")]))

    def governed(self, at: int) -> Governed:
        return governed(self.tree, self.below, at)


def mended(tree: Tree) -> Tree:
    """A tree without two slips of the parser that grammar tells.

    Whoever is accused "of hiding it" has no hiding of his own: the phrase hangs on the verb. And a verb has one
    subject: of "a keeper who was fouled by the striker Meran left", what stands behind the clause is within it.
    """
    words, below = list(tree), children(tree)
    for n, word in enumerate(tree):
        up = tree[word.head]
        doing = any(tree[c].dep == "pcomp" and tree[c].tag == "VBG" for c in below[n])
        if doing and word.dep == "prep" and up.dep == "dobj" and (up.tag[:3] in ("NNP", "PRP") or is_role(up.text)):
            words[n] = replace(word, head=up.head)
        subjects = [c for c in below[n] if tree[c].dep in ("nsubj", "nsubjpass")]
        for first, second in pairwise(subjects):
            clause = [c for c in below[first] if tree[c].dep == "relcl" and first < c < second]
            before = min(subtree(tree, below, second)) - 1
            if clause and tree[before].tag[:2] == "NN":
                words[second] = replace(tree[second], dep="appos", head=before)
    return tuple(words)


def is_content(text: Text, n: int) -> bool:
    word = text.tree[n]
    if word.tag[:2] not in _CONTENT or word.dep in ("aux", "auxpass", "neg", "intj", "punct"):
        return False
    return word.lemma.lower() not in LIGHT and any(c.isalnum() for c in word.text)


def kind(text: Text, n: int) -> str:
    word = text.tree[n]
    if text.values[n] is not None or word.tag == "CD":
        return "numbers"
    if word.tag.startswith("NNP"):
        return "names"
    if word.tag.startswith("NN"):
        return "nouns"
    return "verbs" if word.tag.startswith("VB") else "rest"


def aligned(mine: Text, theirs: Text, content: Sequence[int]) -> dict[int, int]:
    """Each content word of the claim with its best match there: the likest word, in the likest company."""
    found: dict[int, int] = {}
    for _ in range(2):  # the second time with the company that the first has found
        for n in content:
            best = max(
                ((_likeness(mine, n, theirs, e), e) for e in range(len(theirs.tree))),
                default=(0.0, 0),
                key=lambda b: b[0],
            )
            if best[0] <= 0:
                continue
            scored = [
                (like + _company(mine, n, theirs, e, found), -e)
                for e in range(len(theirs.tree))
                if (like := _likeness(mine, n, theirs, e)) > 0
            ]
            found[n] = -max(scored)[1]
    return found


def light_verbs(mine: Text, theirs: Text, pairs: Mapping[int, int]) -> dict[int, int]:
    """Verbs that say little by themselves ("is", "gets"), each with that of the same statement there."""
    found = {}
    for n, word in enumerate(mine.tree):
        if n in pairs or not verbal(mine.tree, n) or word.lemma not in LIGHT:
            continue
        alike = (e for e, other in enumerate(theirs.tree) if other.lemma == word.lemma and verbal(theirs.tree, e))
        near, at = max(((_company(mine, n, theirs, e, pairs), -e) for e in alike), default=(0.0, 0))
        if near >= _BESIDE:
            found[n] = -at
    return found


def _likeness(mine: Text, n: int, theirs: Text, e: int) -> float:
    """How alike two words are: 0 not at all, 3 the same."""
    a, b = mine.tree[n], theirs.tree[e]
    if mine.values[n] is not None:
        value, other = mine.values[n], theirs.values[e]
        return (
            3.0
            if value == other
            else 2.0
            if other is not None and rounded(_before(mine, n), value or 0.0, other)
            else 0.0
        )
    if not (any(c.isalnum() for c in b.text) or b.text in _SIGNS) or b.dep in ("aux", "auxpass"):
        return 0.0
    if a.text.lower() == b.text.lower():
        return 3.0
    if a.lemma.lower() == b.lemma.lower():
        return 2.8
    if mine.stems[n] == theirs.stems[e]:
        return 2.5
    if a.text[:1].isupper() and b.text[:1].isupper() and _one_name(a.text, b.text):
        return 2.2
    return 1.5 if _kin(mine.stems[n], theirs.stems[e]) else 0.0


def _kin(one: str, other: str) -> bool:
    """Whether one stem begins as the other does: "sanction", "sanctioned"; "Cuba", "Cuban"."""
    short, long = sorted((one, other), key=len)
    return (len(short) >= _FAMILY and long.startswith(short)) or (
        len(short) >= 4 and long.startswith(short) and long[len(short) :] in ("n", "an", "ian", "i", "es", "er", "al")
    )


@lru_cache(1 << 14)
def _one_name(name: str, other: str) -> bool:
    """Whether two names are one: a country and its people or its capital, as the exact comparison of names has it."""
    return len(name) > 1 and not exact.missing_names([name], other)


def rounded(before: str, value: float, other: float) -> bool:
    """Whether a number is another one rounded, and says so.

    Args:
        before: The text before it.
        value: The number.
        other: The exact one.
    """
    limit, words = _limit(" " + " ".join(before.lower().replace(",", " ").split()[-_NEAR_NUMBER:]))
    if not limit or other == 0 or abs(value - other) > _ROUNDED * abs(other):
        return False
    if words in ("just under", "nearly", "almost", "less than", "under"):
        return other <= value
    return limit == "about" or (other >= value if limit == "at_least" else other <= value)


def _company(mine: Text, n: int, theirs: Text, e: int, found: Mapping[int, int]) -> float:
    """How many of a word's neighbours in the tree have their matches beside the other."""
    score = 0.0
    up = mine.tree[n].head
    near = {theirs.tree[e].head, *theirs.below[e]}
    if up in found and found[up] in near:
        score += 1.0
    score += 0.5 * sum(1 for c in mine.below[n] if c in found and found[c] in near)
    verb = predicate_of(mine.tree, n)
    if verb in found and predicate_of(theirs.tree, e) == found[verb]:
        score += 0.5
    return score + 0.2 * (mine.tree[n].dep == theirs.tree[e].dep)


def implied(mine: Text, n: int, around: set[str], days: Collection[float]) -> bool:
    """Whether a word is known from elsewhere: a day worked out, a name or a role that the neighbours give."""
    value = mine.values[n]
    if value is not None:
        return value in days
    if _pronoun(mine.tree, n):
        return True
    low = mine.tree[n].text.lower()
    return (low in around or mine.stems[n] in around) and mine.tree[n].tag.startswith("NN")


def _before(text: Text, n: int) -> str:
    """The words right before a number, without its currency and "a"."""
    while n and text.values[n] is not None and text.values[n - 1] == text.values[n]:
        n -= 1
    while n and (text.tree[n - 1].text in _SIGNS or text.tree[n - 1].text.lower() in ("a", "an", "us$")):
        n -= 1
    return " " + " ".join(w.text.lower() for w in text.tree[max(0, n - _NEAR_NUMBER) : n])


def bound(text: Text, n: int) -> str:
    """What is said of a number: that it is the least, the most, or about right."""
    return _limit(_before(text, n))[0]


def bounds(text: Text, n: int, pairs: Collection[int]) -> bool:
    """Whether a word belongs to what is said of a matched number behind it: "nearly" of "nearly 9,000"."""
    for e in range(n + 1, min(n + _NEAR_NUMBER, len(text.tree))):
        if text.values[e] is not None:
            words = _limit(_before(text, e))[1].split()
            return e in pairs and text.tree[n].text.lower() in words and e - n <= len(words)
    return False


_BETWEEN = re.compile(r"\bbetween(?: [\w.,$€£]+(?: \w+)? and)?\Z", re.IGNORECASE)
"""What makes a number one end of several that are possible: "between 40 and 60"."""


def _limit(before: str) -> tuple[str, str]:
    """What the words before a number say of it, and those words."""
    if ends := _BETWEEN.search(before):
        return "between", ends[0].strip()
    for kind, phrases in (("at_most", WORDS.at_most), ("at_least", WORDS.at_least), ("about", WORDS.about)):
        found = [w for w in phrases if before.endswith(f" {w}")]
        if found:
            return kind, max(found, key=len)
    return "", ""


def _pronoun(words: Tree, n: int) -> bool:
    """Whether "one" stands for a noun and counts nothing: "no one", "the Turkish one"."""
    if words[n].text.lower() not in ("one", "ones"):
        return False
    led = any(w.head == n and w.dep in ("det", "amod") for w in words[max(0, n - 4) : n])
    return words[n].tag.startswith("NN") or (led and words[n].dep not in ("nummod", "compound", "quantmod"))


@lru_cache(1 << 16)  # of any text: a service that runs for months meets more
def _stem(word: str) -> str:
    found = terms(_SIGNS.get(word.lstrip(ascii_uppercase) if len(word) < 5 else word, word))  # "US$" as "$"
    return found[0] if found else word.lower()


def _numbers(words: Tree) -> list[float | None]:
    """The number that each word is, on the last word of it: "3", "million" → 3,000,000 on both."""
    text, places = "", []
    for w in words:
        places.append(len(text))
        text += w.text + " "
    found: list[float | None] = [None] * len(words)
    for number in numbers.find(text, "en"):
        for n, at in enumerate(places):
            if number.start <= at < number.end and re.search(r"\w", words[n].text) and not _pronoun(words, n):
                found[n] = number.value
    return found


__all__ = [
    "LIGHT",
    "Text",
    "aligned",
    "bound",
    "bounds",
    "implied",
    "is_content",
    "kind",
    "light_verbs",
    "mended",
    "rounded",
]
