"""Who does what to whom in a sentence, what a number counts, what a noun is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rag.answer.check.governors import WORDS, subtree, verbal
from rag.answer.check.matching import Text
from rag.text.names import is_role

_NEAR_AS = 6
"""Words from the one "as" to the other, at most."""
_OBJECT = ("dobj", "nsubjpass")


def frame(text: Text, verb: int) -> dict[str, list[int]]:
    """Who does it and to whom it is done: the words of each, whichever voice it is told in."""
    if not verbal(text.tree, verb):  # "is ahead", "is the mayor": whoever is
        up = text.tree[verb].head
        verb = up if text.tree[verb].dep in ("acomp", "attr", "advmod", "prep") and verbal(text.tree, up) else verb
    doer: list[int] = []
    done: list[int] = []
    for c in text.below[verb]:
        dep = text.tree[c].dep
        if text.tree[c].tag in ("WP", "WDT") and dep in ("nsubj", *_OBJECT) and text.tree[verb].dep == "relcl":
            continue  # "who denies it": whom the clause hangs on
        if dep == "nsubj":
            (done if _participle(text, verb) else doer).extend(_phrase(text, c))
        elif dep in _OBJECT:
            done += _phrase(text, c)
        elif dep == "agent" and not _measured(text, c):
            doer += [w for p in text.below[c] for w in _phrase(text, p)]
    above = (
        [w for a in subject(text, verb) for w in subtree(text.tree, text.below, a)] if verbal(text.tree, verb) else []
    )
    if passive(text, verb):
        done = done or above
    else:
        doer = doer or above
    return {"doer": _nouns(text, doer), "done": _nouns(text, done)}


def _measured(text: Text, by: int) -> bool:
    """Whether "by" tells how much rather than who: "passed by 148 votes"."""
    of = [d for d in text.below[by] if text.tree[d].dep == "pobj"]
    return any(text.values[d] is not None for o in of for d in (o, *text.below[o])) and all(
        text.tree[o].lemma in WORDS.margins or text.values[o] is not None for o in of
    )


def another(mine: Text, theirs: Text, pairs: Mapping[int, int], verb: int) -> bool:
    """Whether whoever a claim's verb is told of stands to another verb there as to this one here.

    "The firm bought the plant" of "The firm sold the plant": whether the two verbs mean the same, or the contrary, its
    other words can't tell.

    Args:
        mine: The claim.
        theirs: The cited words.
        pairs: Matched words, from the claim to the cited words.
        verb: The claim's, which has no match.
    """
    if mine.tree[verb].tag in _COMPARED:  # "two years earlier" of "two years later"
        return any(_compares(theirs, e) and e not in pairs.values() for e in range(len(theirs.tree)))
    here = frame(mine, verb)
    wanted = {role: {pairs[w] for w in words if w in pairs} for role, words in here.items()}
    if not verbal(mine.tree, verb) or not any(wanted.values()):
        return False
    matched, least = set(pairs.values()), 1 if mine.tree[verb].dep == "ROOT" else 2
    for other in range(len(theirs.tree)):
        if other in matched or not verbal(theirs.tree, other):
            continue
        there = frame(theirs, other)
        fits = [bool(words & {*there[role]}) for role, words in wanted.items() if words]
        who = any(theirs.tree[w].tag == "PRP" for w in there["doer"])  # "He denies theft": who, is told before it
        if (all(fits) and len(fits) >= least) or (who and wanted["done"] and wanted["done"] & {*there["done"]}):
            return True
    return False


def _compares(text: Text, n: int) -> bool:
    return text.tree[n].tag in _COMPARED or text.tree[n].text.lower() in ("later", "earlier", "sooner")


def done_to_a_thing(text: Text, verb: int) -> bool:
    """Whether a verb has an object and no clause: "wrote a letter", not "wrote that it was late"."""
    below = {text.tree[c].dep for c in text.below[verb]}
    return "dobj" in below and "ccomp" not in below


def _phrase(text: Text, n: int) -> list[int]:
    """The words of a phrase, with those in apposition to it: "the former president, Maren Holt"."""
    found = list(subtree(text.tree, text.below, n))
    return found + [w for c in text.below[n] if text.tree[c].dep == "appos" for w in subtree(text.tree, text.below, c)]


def beside(text: Text, n: int) -> bool:
    """Whether a word stands beside a name and tells what its bearer is: "Booker, a sponsor", "the accountant Pugh"."""
    word, head = text.tree[n], text.tree[text.tree[n].head]
    before = word.dep in ("compound", "nmod") and (word.tag == "NN" or is_role(word.text))
    return word.dep == "appos" or (before and head.tag == "NNP")


def everyone(text: Text, at: int) -> Iterator[int]:
    """A word with whoever is named beside it: in apposition and in a list, not of whom they are."""
    yield at
    for c in text.below[at]:
        if text.tree[c].dep in ("appos", "conj", "compound", "flat", "nmod", "amod"):
            yield from everyone(text, c)


def listed(text: Text, n: int | None, phrase: Sequence[int]) -> bool:
    """Whether a word is told together with a phrase before it: "a woman", of "a man from Leeds and a woman"."""
    if n is not None and n + 1 < len(text.tree) and text.tree[n + 1].tag in ("DT", "PRP$", "CD"):
        return False  # "sold its ships and the bank its docks": who else does what
    for _ in range(len(text.tree)):
        if n is None or text.tree[n].dep != "conj" or text.tree[n].tag[:2] != "NN":
            return False
        up = text.tree[n].head
        between = [c for c in text.below[up] if text.tree[c].dep == "cc" and c < n]
        if any(text.tree[c].text.lower() not in ("and", "or", "&") for c in between):
            return False
        n = up
        if n in phrase:
            return True
    return False


def passive(text: Text, verb: int) -> bool:
    """Whether a verb is told of whom it is done to: "was opened", "the bridge, opened on Monday,"."""
    return _participle(text, verb) or any(text.tree[c].dep in ("auxpass", "nsubjpass") for c in text.below[verb])


def _participle(text: Text, verb: int) -> bool:
    """Whether a verb is one without "was" or "had" before it, of whom it is done to."""
    below = [text.tree[c].dep for c in text.below[verb]]
    return text.tree[verb].tag == "VBN" and not {"aux", "auxpass", "dobj"} & {*below}


def called(text: Text, n: int) -> list[int]:
    """What a speaker is called: the head of the phrase, the names in it, its appositions, and who wrote it."""
    found = [n, *(c for c in text.below[n] if text.tree[c].dep in ("compound", "flat"))]
    for c in text.below[n]:
        if text.tree[c].dep == "prep" and text.tree[c].text.lower() == "by":  # "a tweet by Holt"
            found += [w for d in text.below[c] for w in called(text, d)]
        if text.tree[c].dep == "appos":
            found += [c, *(d for d in text.below[c] if text.tree[d].dep in ("compound", "flat"))]
    return found + ([text.tree[n].head] if text.tree[n].dep == "appos" else [])


def owner(text: Text, n: int) -> tuple[int, str] | None:
    """The noun that a noun is said to be of, and how: "of", "for", "'s"."""
    word, up = text.tree[n], text.tree[n].head
    if word.dep == "poss" and text.tree[up].tag[:2] == "NN":
        return up, "'s"
    if word.dep == "pobj" and text.tree[text.tree[up].head].tag[:2] == "NN" and text.tree[up].dep == "prep":
        return text.tree[up].head, text.tree[up].text.lower()
    return None


def _nouns(text: Text, words: Sequence[int]) -> list[int]:
    tree = text.tree
    return [w for w in words if tree[w].tag[:2] in ("NN", "PR", "CD") or tree[w].text.lower() == "those"]


def subject(text: Text, verb: int) -> list[int]:
    """The subject that a verb shares with what it hangs on."""
    for _ in range(6):
        own = [c for c in text.below[verb] if text.tree[c].dep in ("nsubj", "nsubjpass")]
        if own and text.tree[own[0]].tag not in ("WDT", "WP"):
            return own
        dep, up = text.tree[verb].dep, text.tree[verb].head
        if dep == "acl" and any(text.tree[c].tag == "TO" for c in text.below[verb]):
            return []  # "plans to visit": the plans don't
        if dep in ("relcl", "acl"):
            return [up, *_among(text, up)]
        if dep not in ("conj", "xcomp", "advcl") or up == verb:
            return []
        verb = up
    return []


def _among(text: Text, n: int) -> list[int]:
    """Who is said to be one of several: Lund, of "Lund is among those arrested"; nobody where it is denied."""
    up = text.tree[n].head
    if text.tree[n].dep != "pobj" or text.tree[up].text.lower() not in ("among", "of"):
        return []
    verb = text.tree[up].head
    if text.tree[verb].dep == "attr":  # "is one of those arrested"
        verb = text.tree[verb].head
    if text.tree[verb].lemma != "be" or any(text.tree[c].dep == "neg" for c in text.below[verb]):
        return []
    return [c for c in text.below[verb] if text.tree[c].dep == "nsubj"]


def counts(text: Text, n: int) -> int | None:
    """The noun that a number is of, or the sign of its currency."""
    word = text.tree[n]
    at = n
    for up in (n, word.head):
        sign = [c for c in text.below[up] if text.tree[c].tag == "$" and c < n and text.values[up] is not None]
        if sign:
            return sign[0]
    while text.tree[at].dep in ("compound", "quantmod", "nummod") and text.tree[at].head != at:
        at = text.tree[at].head
        if text.tree[at].tag.startswith("NN") and text.values[at] is None:
            return at
    for c in text.below[n]:  # "two of the passengers"
        if text.tree[c].dep == "prep" and text.tree[c].text.lower() == "of":
            of = [d for d in text.below[c] if text.tree[d].dep == "pobj" and text.tree[d].tag != "PRP"]
            return of[0] if of else None
    if word.dep in ("nummod", "appos", "npadvmod") and text.tree[word.head].tag.startswith("NN"):
        return word.head
    return None


def multiplied(text: Text, n: int) -> str:
    """What stands before "as much as", of whose second "as" a place is asked: "twice"; empty where nothing does."""
    if text.tree[n].text.lower() != "as" or text.tree[n].tag != "IN":
        return ""
    first = next((e for e in range(n - 1, max(0, n - _NEAR_AS), -1) if text.tree[e].text.lower() == "as"), 0)
    word = text.tree[first - 1] if first else None
    return word.lemma if word and word.tag in ("RB", "NNS", "NN", "PDT", "DT") else ""


def difference(text: Text, n: int) -> bool:
    """Whether a number says by how much something is more than another: "1.1 million more", "three years older"."""
    at = n
    for _ in range(4):
        if any(text.tree[c].tag in _COMPARED and text.tree[c].dep == "amod" and c > at for c in text.below[at]):
            return text.values[at] is not None  # "18 more", the number itself
        up = text.tree[at].head
        if up == at or text.tree[at].dep not in ("compound", "quantmod", "nummod", "npadvmod"):
            return False
        if text.tree[at].dep == "npadvmod":
            return text.tree[up].tag in _COMPARED and up > at
        at = up
    return False


_COMPARED = ("JJR", "RBR")
__all__ = [
    "another",
    "beside",
    "called",
    "counts",
    "difference",
    "done_to_a_thing",
    "everyone",
    "frame",
    "listed",
    "multiplied",
    "owner",
    "passive",
    "subject",
]
