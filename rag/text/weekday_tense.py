"""Whether a weekday in an English sentence is past or to come: "lands on Sunday" is not the Sunday before.

The verb that the day hangs on tells. Most verbs of news are plainly past, which is seen without a parser; the others'
sentences are parsed, where the parser is installed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from rag.text import parser
from rag.text.parser import Tree, Word

Tense = Literal["past", "ahead"]
_CLAUSE = re.compile(r"[,;:—–()“”\"]")
_PLAINLY_PAST = re.compile(r"\b(?:was|were|had|did|said|told)\b(?! (?:be|going|due|to|set|expected|scheduled)\b)")
_NOT_YET = re.compile(r"\b(?:to|will|would|shall|should|may|might|can|could|must|is|are|be|has|have)\b|n['’]t\b")
_SINCE = ("since", "of")
"""Before a day from or up to which something is so: "as of Sunday"."""
_WILL = ("will", "shall", "'ll", "’ll", "wo")


def weekday_tense(text: str, start: int, end: int) -> Tense | None:
    """Whether a weekday is past or to come.

    Args:
        text: English, one sentence or some.
        start, end: The place of its words in the text.

    Returns:
        None where the words leave it open, or the parser, which would be needed, isn't installed.
    """
    before, after = _CLAUSE.split(text[:start])[-1], _CLAUSE.split(text[end:], maxsplit=1)[0]
    clause = before + after
    if _PLAINLY_PAST.search(clause) and not _NOT_YET.search(clause):
        return "past"
    if not parser.available():
        return None
    (tree,) = parser.trees([text])
    day = text[start:end].split()[-1].casefold()
    earlier = len(re.findall(rf"\b{re.escape(day)}\b", text[:start].casefold()))
    places = [i for i, word in enumerate(tree) if word.text.casefold() == day]
    return _of_verb(tree, places[earlier]) if earlier < len(places) else None


def _of_verb(tree: Tree, at: int) -> Tense | None:
    """The tense of the verb that a word hangs on, over whatever is between."""
    path: list[Word] = []
    while tree[at] not in path:
        word = tree[at]
        path.append(word)
        if word.dep == "prep" and word.text.casefold() in _SINCE:
            return "past"
        if word.tag.startswith("VB"):
            helpers = [w for i, w in enumerate(tree) if w.head == at and i != at and w.dep in ("aux", "auxpass")]
            if any(w.text.casefold() in _WILL for w in helpers):
                return "ahead"
            if any(w.tag == "MD" for w in helpers):
                return None
            if any(w.tag == "TO" for w in helpers):  # "is to meet", "plans to meet"; "agreed to meet" leaves it open
                return "ahead" if tree[word.head].tag in ("VBZ", "VBP") and word.head != at else None
            if word.tag == "VBD" or any(w.tag == "VBD" for w in helpers):
                return "past"
            if word.tag in ("VBZ", "VBP"):  # "a tweet on Monday says" leaves it open
                return None if _of_noun(path) else "ahead"
            if word.tag == "VBN":
                now = any(w.lemma == "be" and w.tag in ("VBZ", "VBP") for w in helpers)
                return "ahead" if now else "past"
            if word.tag == "VBG" and helpers:
                return "ahead"
            if word.tag == "VB":
                return None
        at = word.head
    return None


def _of_noun(path: Sequence[Word]) -> bool:
    """Whether a day hangs on a noun and that on the verb, by the words from the day to the verb."""
    own = next((n for n, word in enumerate(path) if word.dep in ("prep", "npadvmod")), 0)
    return any(word.tag.startswith("NN") for word in path[own + 1 :])


__all__ = ["Tense", "weekday_tense"]
