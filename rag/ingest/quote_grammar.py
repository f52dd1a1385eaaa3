"""The grammar of saying: who says what in a parsed English sentence. Tokens are spaCy's."""

from __future__ import annotations

import re
from typing import Any

from rag.ingest.quote_frames import STAND_IN
from rag.text.lexicon import alternation, lexicon
from rag.text.names import is_role
from rag.text.word_lists import Grammar, Quotes

_PARTICLES = lexicon("en").section(Grammar).name_particles
_WORDS = lexicon("en").section(Quotes)
_BEING = lexicon("en").section(Grammar).auxiliaries | {"'m", "'s", "'re", "’m", "’s", "’re"}
_CAPITALS = re.compile(rf"[A-ZÀ-Þ][\w.'’\-]*(?: (?:(?:{alternation(_PARTICLES)}) )?[A-ZÀ-Þ][\w.'’\-]*)*")
_FINITE = ("VBD", "VBZ", "VBP")
_BEFORE_ROLE = re.compile(rf"^(?:{alternation(_WORDS.before_roles)})\s+", re.IGNORECASE)


def subject_of(verb: Any) -> Any:
    """The head of the phrase that says something, or None."""
    for child in reversed(list(verb.children)):
        if child.dep_ == "nsubj" and child.text != STAND_IN:
            return _before_place(verb, child)
    if verb.lower_ in ("read", "reads") and verb.dep_ == "acl":
        return verb.head  # "the decision read: ..."
    if verb.lower_ == "quoted":  # "was quoted as saying"
        return next((c for c in verb.children if c.dep_ == "nsubjpass"), None)
    if any(c.dep_ in ("nsubjpass", "auxpass") for c in verb.children):
        return None
    if verb.dep_ in ("conj", "advcl", "xcomp", "acl", "pcomp", "relcl") and verb.tag_.startswith("VB"):
        if verb.dep_ == "acl" and verb.head.tag_.startswith("NN"):
            return verb.head if verb.tag_ == "VBG" else None
        if verb.head.tag_.startswith("VB") and verb.head.i != verb.i:
            return subject_of(verb.head)
    if verb.dep_ == "pcomp" and verb.tag_ == "VBG":  # "closed the talk by saying"
        above = next((t for t in verb.ancestors if t.tag_ in _FINITE), None)
        return subject_of(above) if above is not None else None
    if (before := _apposed(verb)) is not None:
        return before
    after = list(verb.doc[verb.i + 1 : verb.i + 8])
    if (
        after
        and after[0].tag_ in ("NNP", "DT", "NN", "NNS", "JJ", "PRP", "PRP$", "CD")
        and verb.i
        and verb.doc[verb.i - 1].text in (",", STAND_IN, "—")
    ):
        head = next((t for t in after if t.tag_ in ("NNP", "NN", "NNS", "PRP") and t.i + 1 < len(verb.doc)), None)
        while head is not None and head.i + 1 < len(verb.doc) and verb.doc[head.i + 1].tag_ in ("NNP", "NN", "NNS"):
            head = verb.doc[head.i + 1]
        return head
    return None


def _before_place(verb: Any, subject: Any) -> Any:
    """The subject, or the person before it whose place was taken for it.

    As in "Ann Lee of Wye College, Leeds disagreed" and "Lee, also on the radio, disagreed".
    """
    first = subject.left_edge
    name = verb.head
    if subject.ent_type_ == "GPE" and first.i and first.nbor(-1).text == ",":
        earlier = [c for c in verb.children if c.dep_ == "nsubj" and c.i < first.i]
        if verb.dep_ == "parataxis" and name.tag_ == "NNP" and name.i < first.i:
            earlier.append(name)
        return earlier[-1] if earlier else subject
    if first.i and first.nbor(-1).tag_ == "IN" and first.nbor(-1).dep_ == "prep" and subject.tag_ == "NNP":
        people = [e for e in verb.doc.ents if e.label_ == "PERSON" and e.end < first.i and e.root.dep_ != "pobj"]
        return people[-1].root if people else subject
    return subject


def _apposed(verb: Any) -> Any:
    """The person before a verb that has no subject since a quote beside them was taken for it.

    As in "Calling it “…”, Ann Lee of the union told the paper “…”": no other verb of its own stands between.
    """
    if verb.tag_ not in _FINITE:
        return None
    taken = (c for s in verb.children if s.dep_ == "nsubj" and s.text == STAND_IN for c in s.children)
    for called in taken:  # "“…”, the company's director, Ann Lee, said": another name of what was said
        if called.dep_ == "appos" and describes_person(called):
            return called
    for ent in reversed(verb.doc.ents):
        if ent.label_ != "PERSON" or ent.end > verb.i or STAND_IN in ent.text:
            continue
        between = verb.doc[ent.end : verb.i]
        aside = ent.root.dep_ == "appos" and ent.root.head.text == STAND_IN
        return ent.root if aside and not any(t.tag_ in _FINITE for t in between) else None
    return None


def leads_to(doc: Any, place: int) -> tuple[Any, Any] | None:
    """Who leads up to a quote without a verb of saying, and by which verb; None where that is nobody.

    "Lee disagreed with the findings: “…”", "Lee turned to the net, writing there, “…”", "Lee defended the step as “…”".

    Args:
        doc: The sentence.
        place: Where the stand-in begins.

    Returns:
        The head of the noun phrase, and the verb.
    """
    at = next((t.i for t in doc if t.idx == place), 0)
    if not at:  # it begins the sentence, and who says it follows
        verb = next((t for t in doc if t.tag_ in _FINITE and t.dep_ in ("ROOT", "parataxis", "ccomp")), None)
        subject = subject_of(verb) if verb is not None else None
        return (subject, verb) if subject is not None and subject.i else None
    before = doc[at - 1]
    verbs = [t for t in doc[:at] if t.tag_.startswith("VB")]
    if before.lower_ == "as":
        verb = before.head
        while verb.dep_ in ("dobj", "pobj", "prep") and not verb.tag_.startswith("VB"):
            verb = verb.head
        verbs = [verb] if any(c.dep_ == "dobj" for c in verb.children) else []
    elif before.text == ":":  # what stands before it is the sentence's own verb, not a clause's
        verbs = sorted(verbs, key=lambda t: (t.dep_ != "ROOT", t.head.dep_ != "ROOT"))
    else:
        verbs.reverse()
    own = (v for v in verbs if (v.tag_ != "VBN" or v.dep_ in ("ROOT", "conj")) and v.lower_ not in _BEING)
    found = ((subject_of(v), v) for v in own if not any(c.dep_ == "neg" for c in v.children))
    return next((pair for pair in found if pair[0] is not None), None)


def is_main(verb: Any) -> bool:
    """Whether a verb is that of a main clause, or joined to one by "and"."""
    while verb.dep_ == "conj" and verb.head.i != verb.i:
        verb = verb.head
    return bool(verb.dep_ == "ROOT")


def noun_phrase(head: Any) -> tuple[int, int]:
    """The noun phrase of a head, without clauses that hang on it."""
    left, right = head.left_edge.i, head.right_edge.i
    for child in head.children:
        if child.dep_ in ("relcl", "acl", "advcl", "parataxis", "ccomp") and child.i > head.i:
            right = min(right, child.left_edge.i - 1)
    doc = head.doc
    while right > head.i and doc[right].text in (",", ";", "—", "-", "(", "and", "who", "which"):
        right -= 1
    while left < head.i and doc[left].text in (",", ";", "—", "and", "but", ":"):
        left += 1
    return doc[left].idx, doc[right].idx + len(doc[right])


def capital_run(text: str, start: int, end: int, left: int, right: int) -> tuple[int, int] | None:
    """The run of capitalised words around a place."""
    for m in _CAPITALS.finditer(text[left:right]):
        a, b = left + m.start(), left + m.end()
        if a <= start < b:
            return a, b
    return None


def role_beside(text: str, left: int, right: int, first: int, last: int) -> str | None:
    """What the phrase itself calls the name in it."""
    before = _BEFORE_ROLE.sub("", text[left:first].strip(" ,"))
    before = re.split(r",\s+|\b(?:from|by|with) ", before)[-1] if not re.search(r"['’]s\s+[\w ]+$", before) else before
    if before and any(is_role(w) for w in before.split()) and len(before.split()) <= 9:
        return " ".join(before.split())
    after = re.match(r"\s*,\s*(?:who (?:is|was) )?(?:an?|the|its)?\s*([^,;()]{3,90})", text[last:right])
    if after and any(is_role(w) for w in after[1].split()[:8]):
        return " ".join(after[1].split())
    return None


def phrase_role(phrase: str) -> str | None:
    """A description as a role: "a university student" as "university student"."""
    role = re.sub(r"^(?:an?|the) ", "", phrase, flags=re.IGNORECASE)
    return role if any(is_role(w) for w in role.split()) else None


def describes_person(head: Any) -> bool:
    return is_role(head.text) and head.tag_ == "NN"


def apposed_name(head: Any) -> Any:
    """The last word of the name behind a comma, where the head says what somebody is: "the director, Maren Holt"."""
    if not describes_person(head):
        return None
    behind = (c for c in head.children if c.dep_ == "appos" and c.tag_ == "NNP" and c.i > head.i)
    return next((c for c in behind if c.doc[c.left_edge.i - 1].text == ","), None)


def apposed_role(head: Any) -> bool:
    """Whether a name is told behind it to be somebody's: "Holt, the director of the port"."""
    if head.tag_ != "NNP":
        return False
    return any(c.dep_ == "appos" and c.i > head.i and describes_person(c) for c in head.children)


def reported_clause(verb: Any, subject: Any) -> tuple[int, int] | None:
    """What is said, as a place in the frame: the clause that the verb governs, or the one that it hangs on."""
    doc = verb.doc
    apart = next(
        (t.i for t in doc[verb.i :] if t.text == ";"), len(doc)
    )  # what follows is said by another, or by nobody
    for child in verb.children:
        if child.dep_ == "ccomp" and child.tag_[:2] in ("VB", "MD", "NN", "JJ", "RB"):
            left, right = child.left_edge.i, child.right_edge.i
            if left <= verb.i <= right or left > apart:
                continue
            if right < verb.i and subject.i < right:
                continue
            if doc[left].lower_ in ("so", "because", "to", "after", "while"):
                continue
            return _trimmed(doc, left, right)
    first = subject.left_edge.i
    if verb.dep_ == "ROOT" and apart < len(doc) and first > 1 and subject.i < verb.i and doc[first - 1].text == ",":
        since = max((t.i + 1 for t in doc[:first] if t.text == ";"), default=0)
        return _trimmed(doc, since, first - 1)  # "300 people protested, organisers said; police put it at 180"
    if verb.dep_ in ("parataxis", "ROOT") and verb.head.i != verb.i and verb.i > verb.head.i:
        edge = min(verb.left_edge.i, subject.left_edge.i)
        return _trimmed(doc, verb.head.left_edge.i, edge - 1)
    if verb.dep_ == "parataxis" and verb.i < verb.head.i:
        return _trimmed(doc, max(verb.right_edge.i, subject.right_edge.i) + 1, verb.head.right_edge.i)
    return None


def clause_around(token: Any) -> tuple[int, int] | None:
    """What is told according to somebody: the rest of the sentence, before it or behind."""
    doc = token.doc
    to = doc[token.i + 1]
    edge = max([t.i for t in to.subtree] or [to.i])
    if token.i <= 1 or (token.i and doc[token.i - 1].text in (";", ":")):
        comma = next(
            (t.i for t in doc[token.i : min(len(doc), edge + 12)] if t.text == "," and t.i >= token.i + 2), edge
        )
        return _trimmed(doc, max(comma, to.i + 1) + 1, doc[-1].i)
    start = max((t.i + 1 for t in doc[: token.i] if t.text in (";", ":")), default=0)
    return _trimmed(doc, start, token.i - 1)


def _trimmed(doc: Any, left: int, right: int) -> tuple[int, int] | None:
    while left <= right and (
        doc[left].text in (",", ".", ":", ";", "—", "-", "(")
        or doc[left].lower_ in ("that", "and", "but")
        or doc[left].is_space
    ):
        left += 1
    while right >= left and (doc[right].text in (",", ".", ";", ":", "—", "(") or doc[right].is_space):
        right -= 1
    for i in range(left + 2, right):
        if doc[i].text == "," and doc[i + 1].lower_ in ("with", "which", "who"):
            right = i - 1
            break
    if left > right:
        return None
    return doc[left].idx, doc[right].idx + len(doc[right])
