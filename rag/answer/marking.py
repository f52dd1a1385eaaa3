"""Which words of a sentence are marked as the answer, where its grammar tells it better than the reader.

The reader marks the words that answer. Where a sentence tells several figures of one kind it may mark the wrong one
("How many were injured?" of "Three died and 14 were injured"), and then one source seems to contradict another that
says the same; where it says in passing who somebody is it may mark what it says besides. It may mark a figure that
counts something else than is asked; and of "denied that he saw it" what answers "Did he see it?" as if it were so.
English only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice, pairwise

from rag.answer import introductions, wanted
from rag.answer.check.governors import children, governed
from rag.answer.conflicts import figures
from rag.answer.conflicts.quantities import Counted, counted, quantities, whoever
from rag.answer.reader import Reading
from rag.text import numbers, parser
from rag.text.tokens import terms

_OF = re.compile(r"\sof\s(?:(?:the|its|his|her|their|these|those)\s)?")
_POLAR = re.compile(
    r"\W*(?:(?:and|so|but) )?"
    r"(?:is|was|are|were|did|does|do|has|have|had|will|would|can|could|should|must)(?:n['’]t)?\b",
    re.IGNORECASE,
)
"""How a question begins that is answered by yes or no."""
_MODIFIERS = ("nummod", "quantmod", "compound", "amod", "nmod", "advmod")
_FAR = 12
"""Words between what is marked and what governs it, at most, for both to be marked."""
_LOOKED_AT = 12
"""Sentences that are parsed at most, the likeliest first."""
_OTHERS = 4.0
"""What it costs a sentence, in log-odds, that its figures are of others than those asked for, as what lacks figures."""
_FIGURES = ("money", "share")
_WIDER = 2.0
"""The same where it counts whoever it was and some of them are asked for: people, of children. They may be all."""


def toll(question: str) -> Callable[[Reading], bool] | None:
    """Where a question asks how many were killed, hurt or are missing: whether a sentence tells it; None elsewhere.

    Args:
        question: Standing alone.
    """
    asked = counted(question)
    if asked is None or not asked.role or not parser.available():
        return None

    def tells(reading: Reading) -> bool:
        english = reading.hit.passage.language == "en" and bool(figures.read(reading.text))
        return english and any(asked.is_of(q) for q in quantities(reading.text))

    return tells


def marked(question: str, readings: Sequence[Reading]) -> list[Reading]:
    """Readings with the words marked that a question asks for, where their grammar tells which these are.

    Args:
        question: Standing alone. Where it is none of "how many …", "how much …", "who is NAME" and one that is answered
            by yes or no, in English, nothing changes.
        readings: Best first.

    Returns:
        As many, best first. One whose figures are of people to whom something else happened than asked, or of
        something else, has no words marked, and is that much less likely.
    """
    found = list(readings)
    name, asked, polar = introductions.asked(question), counted(question), _POLAR.match(question) is not None
    kind = wanted.kind_of(question)
    if not (name or asked or polar or kind in _FIGURES) or not parser.available():
        return found
    noun = _noun_asked(question) if asked else ""
    least = 0 if name or not asked else 1
    english = (i for i, r in enumerate(found) if r.words is not None and r.hit.passage.language == "en")
    for i in islice((i for i in english if not least or len(numbers.find(found[i].text, "en")) >= least), _LOOKED_AT):
        if name:
            found[i] = _introduction(found[i], name)
        elif asked:
            found[i] = _of_noun(_figure(found[i], asked), asked, noun)
        elif polar:
            found[i] = _governed(found[i])
        else:
            found[i] = _of_kind(found[i], question)
    return sorted(found, key=lambda r: -r.odds)


def _introduction(reading: Reading, name: str) -> Reading:
    said = introductions.introduced(name, reading.text)
    at = reading.place[1]
    return replace(reading, words=(at + said[0], at + said[1])) if said else reading


def _noun_asked(question: str) -> str:
    """What is counted: "child" of "How many young children died?"; empty where the grammar doesn't tell."""
    (tree,) = parser.trees([" ".join(question.split())])
    at = next((n for n, w in enumerate(tree) if w.text.lower() == "many"), None)
    if at is None or tree[tree[at].head].tag[:2] != "NN":
        return ""
    return tree[tree[at].head].lemma


def _of_noun(reading: Reading, asked: Counted, word: str) -> Reading:
    """With the figure marked that counts what is asked for, and none that plainly counts something else."""
    noun = (terms(word) or [""])[0]
    text, at = reading.text, reading.place[1]
    if not noun or noun in whoever() or reading.words is None or " ".join(text.split()) != text:
        return reading
    (tree,) = parser.trees([text])
    places = parser.places(tree, text)
    start, end = (place - at for place in reading.words)
    counts = {n: _noun_of(tree, n) for n, w in enumerate(tree) if w.tag == "CD"}
    mine = [n for n in counts if places[n][0] < end and start < places[n][1]]
    stems = {n: (terms(tree[of].lemma) or [""])[0] if of is not None else "" for n, of in counts.items()}
    if not mine or noun in [stems[n] for n in mine]:
        return reading
    if (
        all(stems[n] for n in mine)
        and len(others := {counts[n] for n in counts if stems[n] == noun}) == 1
        and (of := others.pop()) is not None
    ):
        first = min(places[n][0] for n in counts if counts[n] == of)
        return replace(reading, words=(at + first, at + places[of][1]))
    nouns = [of for n in mine if (of := counts[n]) is not None]
    if len(nouns) == len(mine) and not _lasts(word) and all(_lasts(tree[of].lemma) for of in nouns):
        return replace(reading, words=None, odds=reading.odds - _OTHERS)
    people = asked.role and not figures.role_of([], [noun], figures.PEOPLE)
    if people and all(not stems[n] or stems[n] in whoever() for n in mine):
        return replace(reading, words=None, odds=reading.odds - _WIDER)
    return reading


def _lasts(noun: str) -> bool:
    """Whether it is a span of time, which is told of much else than of what is counted: "after 58 minutes"."""
    return not wanted.lacks("How long did it last?", f"{noun}s")


def _noun_of(tree: parser.Tree, at: int) -> int | None:
    """The noun that a number counts; None where it stands alone."""
    for _ in range(4):
        if tree[at].dep not in _MODIFIERS or tree[at].head == at:
            break
        at = tree[at].head
    of = next((n for n, w in enumerate(tree) if w.head == at and w.dep == "prep" and w.text.lower() == "of"), None)
    if tree[at].tag == "CD" and of is not None:  # "four of its patients"
        at = next((n for n, w in enumerate(tree) if w.head == of and w.dep == "pobj"), at)
    return at if tree[at].tag[:2] == "NN" else None


def _governed(reading: Reading) -> Reading:
    """With what denies or supposes the marked words, or else reports them: "denied that he had seen it"."""
    text, at = reading.text, reading.place[1]
    if reading.words is None or " ".join(text.split()) != text:
        return reading
    (tree,) = parser.trees([text])
    places = parser.places(tree, text)
    start, end = (place - at for place in reading.words)
    inside = [n for n, (a, b) in enumerate(places) if a < end and start < b]
    if not inside:
        return reading
    top = next((n for n in inside if tree[n].head not in inside or tree[n].head == n), inside[0])
    how = governed(tree, children(tree), top)
    over = how.unsure | how.conditions | how.plans | how.denied or how.said
    over = {n for n in over if n not in inside and min(abs(n - inside[0]), abs(n - inside[-1])) <= _FAR}
    first, last = (min([start, *(places[n][0] for n in over)]), max([end, *(places[n][1] for n in over)]))
    return replace(reading, words=(at + first, at + last))


def _of_kind(reading: Reading, question: str) -> Reading:
    """With the only sum or share of the sentence marked, where one is asked for and other words were."""
    text, at = reading.text, reading.place[1]
    if reading.words is None or not wanted.lacks(question, text[reading.words[0] - at : reading.words[1] - at]):
        return reading
    told = [figures.phrase(text, f) for f in figures.read(text)]
    told = [(a, b) for a, b in told if not wanted.lacks(question, text[a:b])]
    return replace(reading, words=(at + told[0][0], at + told[0][1])) if len(told) == 1 else reading


def _part(text: str, counts: Counted, marked_at: tuple[int, int]) -> tuple[int, int] | None:
    """The number of a part where that of the whole is marked and what is asked is told of the part.

    "How many patients fell ill?" of "four of its 212 patients fell ill".
    """
    found = numbers.find(text, "en")
    for part, whole in pairwise(found):
        if not _OF.fullmatch(text, part.end, whole.start) or not marked_at[0] < whole.end <= marked_at[1]:
            continue
        behind = set(terms(text[whole.end :])[1:])  # past the noun that both count
        if marked_at[0] >= part.end and behind & set(counts.stems[1:]):
            return part.start, part.end
    return None


def _figure(reading: Reading, counts: Counted) -> Reading:
    text, at = reading.text, reading.place[1]
    if reading.words and (part := _part(text, counts, (reading.words[0] - at, reading.words[1] - at))):
        return replace(reading, words=(at + part[0], at + part[1]))
    told = quantities(text)
    if reading.words is None or not told or " ".join(text.split()) != text:
        return reading
    start, end = (place - at for place in reading.words)
    mine = [q for q in told if start < q.figure.end and q.figure.start < end]
    asked = [q for q in told if counts.is_of(q)]
    if len(asked) > 1 and not counts.role:
        asked = [q for q in asked if q.what in counts.stems]
    if not mine or (len(mine) == 1 and mine[0] in asked):
        return reading
    if len(asked) == 1:
        first, last = figures.phrase(text, asked[0].figure)
        return replace(reading, words=(at + first, at + last))
    if counts.role and not asked and all(q.what in figures.PEOPLE for q in mine):
        return replace(reading, words=None, odds=reading.odds - _OTHERS)
    return reading


__all__ = ["marked", "toll"]
