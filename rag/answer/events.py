"""The events that a sentence of an article tells, each with its days, counted from the article's own.

In English the grammar decides: a time belongs to the verb it hangs on, and what is denied, planned or only possible is
no event. Elsewhere a sentence that names one time tells one event. What is still to come is none yet, and neither is a
state "as of" a day. "Today" in somebody's words is the day of speaking, which the article's day doesn't tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from rag.answer.check.governors import children, governed, predicate_of, speaks, subtree, verbal
from rag.text import parser
from rag.text.changing import says_off
from rag.text.day_names import LANGUAGES, Days, Named, grammar
from rag.text.lexicon import lexicon
from rag.text.parser import Tree
from rag.text.speech import speaks as reports
from rag.text.tokens import terms
from rag.text.told_days import days_meant
from rag.text.word_lists import Times

LONGEST = timedelta(days=31)
"""What takes longer than a month is no event of a timeline."""
_DAY = timedelta(days=1)
_NO_EVENT = ("as_of", "until", "before")
"""Edges on which nothing happens: a state is told of that day, or something comes to be before it."""
_TIMES = lexicon("en").section(Times)
_EDGES = frozenset(
    said.partition(" ")[0] for side in (_TIMES.since, _TIMES.after, _TIMES.before, _TIMES.until) for said in side
)
"""What a phrase begins with that tells what came before, or comes after: "After Friday's vote, …"."""
_BETWEEN = 2
"""Words at most between two times that are the ends of one: "Monday and Tuesday", "between 2 May and 5 May"."""


@dataclass(frozen=True)
class Told:
    """An event as a sentence tells it."""

    named: Named
    """Its time, with its place in the sentence."""
    clause: str
    """The words that tell it: the sentence, or its own clause where the sentence tells more, or tells it in passing."""
    main: bool = True
    """Whether the sentence is there to tell it, rather than to remind of it."""


def events(text: str, published: datetime | None, language: str, spoken: Callable[[int], bool]) -> list[Told]:
    """The events of a sentence; none where it names no time, or only times of what didn't happen.

    Args:
        text: The sentence.
        published: Of its article; its own clock's day counts.
        language: ISO 639-1, of the article.
        spoken: Whether a place of the sentence stands in somebody's own words.
    """
    if language not in LANGUAGES or text.rstrip().endswith(("?", "？")):
        return []
    times = [t for t in _times(text, published, language, spoken) if not published or t.days.first <= published.date()]
    if not times or len(terms("".join(_without(text, times)))) < 2:  # a date line
        return []
    by_grammar = language == "en" and parser.available()
    return list((_parsed if by_grammar else _unparsed)(text, times))


def _times(text: str, published: datetime | None, language: str, spoken: Callable[[int], bool]) -> list[Named]:
    """The times that something may have happened at, in order; two that are the ends of one are one."""
    known = grammar(language)
    anchor = published.date() if published else date(2000, 1, 1)
    edges = [named for side, named in known.sides(text, anchor) if side in _NO_EVENT]
    otherwise = {n.start: n.days for n in known.find(text, anchor - 3 * _DAY, "near")}
    kept: list[Named] = []
    for n in known.find(text, anchor, "near"):
        if n.days.end - n.days.first > LONGEST or (n.relative and not published):
            continue
        if published is not None:
            # "When he lands on Sunday" is the next one. Where the words leave it open, the verb decides below.
            n = replace(n, days=days_meant(n, text, published, language) or n.days)
        if any(edge.start <= n.start < edge.end for edge in edges):
            continue
        if kept and text.rfind("(", 0, n.start) > text.rfind(")", 0, n.start):
            continue  # the same in another clock: "on Wednesday (0000 UTC Thursday morning)"
        if spoken(n.start) and otherwise.get(n.start) != n.days:
            continue
        kept.append(n)
        if len(kept) > 1 and (whole := _joined(text, kept[-2], n)):
            kept[-2:] = [whole]
    return kept


def _joined(text: str, one: Named, other: Named) -> Named | None:
    """The whole of two times that are its ends; None where they are two."""
    between = text[one.end : other.start]
    days = Days(one.days.first, other.days.end)
    if len(between.split()) > _BETWEEN or re.search(r"[.;:()]", between) or not one.days.end <= other.days.first:
        return None
    if days.end - days.first > LONGEST:
        return None
    return Named(one.start, other.end, text[one.start : other.end], days, one.relative or other.relative)


def _without(text: str, times: Sequence[Named]) -> Iterator[str]:
    at = 0
    for n in times:
        yield text[at : n.start]
        at = n.end
    yield text[at:]


# -- English: by grammar ---------------------------------------------------------


def _parsed(text: str, times: Sequence[Named]) -> Iterator[Told]:
    tree = parser.trees([text])[0]
    below, places = children(tree), parser.places(tree, text)
    held: dict[tuple[int, bool], list[Named]] = {}
    for n in times:
        inside = {i for i, (start, end) in enumerate(places) if start < n.end and end > n.start}
        if inside:
            held.setdefault(_holder(tree, inside), []).append(n)
    found = [
        (holder, one, in_passing)
        for (holder, in_passing), several in held.items()
        if (in_passing or _happened(tree, below, holder))
        and (one := _of_holder(_no_edges(text, several), places[holder][0])) is not None
        and not (one.ahead is not None and _to_come(tree, below, holder, in_passing))
    ]
    if any(not speaks(tree, holder) for holder, _, in_passing in found if not in_passing):
        found = [f for f in found if f[2] or not speaks(tree, f[0])]  # what was said counts, not when
    for holder, one, in_passing in found:
        main = not in_passing and _told_for_itself(tree, holder)
        if main and _whole(tree, below, holder):
            yield Told(one, text)
        else:
            words = sorted(subtree(tree, below, holder))
            yield Told(one, " ".join(tree[i].text for i in words), main)


def _holder(tree: Tree, inside: set[int]) -> tuple[int, bool]:
    """The word that a time belongs to, and whether it only reminds of it.

    A verb is told; "the August 2 resignation" and "the attack on Friday was condemned" remind of what their noun names.
    What opens a sentence frames its verb, however deep the time stands in it: "In a report issued on Friday, …".
    """
    at = min(inside, key=lambda i: (tree[i].head in inside and tree[i].head != i, i))
    if (framed := _framed(tree, at)) is not None:
        return framed, False
    predicate = predicate_of(tree, at)
    noun = tree[at].head
    while noun != predicate and tree[noun].head != noun:
        if tree[noun].tag[:2] == "NN" and tree[noun].dep != "npadvmod":  # that is a time, too: "Sunday night"
            if at < noun or tree[noun].dep in ("nsubj", "nsubjpass"):
                return noun, True
            break
        noun = tree[noun].head
    return predicate, False


def _framed(tree: Tree, at: int) -> int | None:
    """The verb whose sentence a phrase with a time opens; None where it stands elsewhere, or tells what came before."""
    for _ in range(len(tree)):
        up = tree[at].head
        if up == at:
            return None
        if tree[at].dep == "prep" and at < up and verbal(tree, up) and _told_for_itself(tree, up):
            return up if tree[at].text.lower() not in _EDGES else None
        at = up
    return None


def _happened(tree: Tree, below: list[list[int]], verb: int) -> bool:
    """Whether a verb tells what came about: nothing planned, possible, conditional or denied."""
    if not verbal(tree, verb):
        return True
    up = tree[verb].head
    if tree[verb].dep == "xcomp" and tree[up].lemma == "be" and any(tree[c].tag == "TO" for c in below[verb]):
        return False  # "was to meet"
    if tree[verb].dep == "advcl" and tree[verb].tag in ("VBZ", "VBP") and governed(tree, below, up).future:
        return False  # "when he lands on Sunday, he will have been …"
    by = governed(tree, below, verb)
    denied = [d for d in by.denied if not _outcome(tree, d)]
    return not (by.plans or by.unsure or by.conditions or by.future or len(denied) % 2)


def _outcome(tree: Tree, denial: int) -> bool:
    """Whether only what came of something is denied: "was found not guilty" came about, "was not safe" did not."""
    said = tree[tree[denial].head]
    return tree[denial].dep == "neg" and said.dep in ("acomp", "oprd") and tree[said.head].lemma != "be"


def _to_come(tree: Tree, below: list[list[int]], at: int, in_passing: bool) -> bool:
    """Whether a weekday or month by itself is the next one, or may be: "takes office on Friday" is what is arranged."""
    if not in_passing:
        finite = [at, *(c for c in below[at] if tree[c].dep in ("aux", "auxpass") and tree[c].lemma == "be")]
        return verbal(tree, at) and any(tree[w].tag in ("VBZ", "VBP") for w in finite) and not speaks(tree, at)
    verb = predicate_of(tree, at)
    if tree[at].dep == "nsubjpass" and says_off(" ".join(w.text for w in tree[at:])):
        return True  # "the match on Saturday has been called off"
    by = governed(tree, below, verb)
    return verbal(tree, verb) and bool(by.plans or by.unsure or by.future)  # "will raise it at Tuesday's meeting"


def _told_for_itself(tree: Tree, at: int) -> bool:
    """Whether a verb is the sentence's own, one beside it, what is said in it, or what went along with it."""
    for _ in range(len(tree)):
        up = tree[at].head
        if up == at:
            return True
        if tree[at].dep not in ("conj", "ccomp", "advcl") or (tree[at].dep == "ccomp" and not speaks(tree, up)):
            return False
        at = up
    return False


def _whole(tree: Tree, below: list[list[int]], at: int) -> bool:
    """Whether what is told of a verb is told of its sentence: not where it has a subject or a participle of its own."""
    for _ in range(len(tree)):
        deps = {tree[c].dep for c in below[at]}
        if tree[at].dep == "conj" and deps & {"nsubj", "nsubjpass"}:
            return False
        if tree[at].dep == "advcl" and "mark" not in deps and "advmod" not in deps:
            return False
        if tree[at].head == at:
            return True
        at = tree[at].head
    return True


# -- elsewhere: one time, one event ----------------------------------------------


def _unparsed(text: str, times: Sequence[Named]) -> Iterator[Told]:
    events = [n for n in times if not _of_speech(text, n)] or times
    if (one := _one(events)) is not None:
        yield Told(one, text)


def _of_speech(sentence: str, named: Named) -> bool:
    """Whether a time is that of saying: "he said on Sunday"."""
    if re.match(r"(?:said|statement)\b", named.text):
        return True
    return reports(" ".join(sentence[: named.start].split()[-2:]))


def _no_edges(text: str, times: Sequence[Named]) -> Sequence[Named]:
    """The times that a verb's event may be at: not Friday of "missing since Friday was found on Sunday"."""
    return [n for n in times if text[: n.start].lower().split()[-1:] not in [[edge] for edge in _EDGES]] or times


def _of_holder(times: Sequence[Named], verb: int) -> Named | None:
    """The one time of a verb; of several the one that stands before it, as what opens a sentence does."""
    before = [n for n in times if n.end <= verb]
    return _one(times) or (_one(before) if before else None)


def _one(times: Sequence[Named]) -> Named | None:
    """The one time among several names of it, a day rather than its month; None where they are several."""
    whole = [n for n in times if n.days.end - n.days.first == _DAY] or times
    return whole[0] if len({n.days for n in whole}) == 1 else None


__all__ = ["LONGEST", "Told", "events"]
