"""Who said what: direct and indirect quotes of English articles, with their speakers.

What stands between quotation marks is taken out first and a short word put in its place, so that the parser sees
"QUOTE, said the minister" whatever was said. Only sentences with such a place or with a reporting verb are parsed.
Names and roles come from the whole article by their shape (``rag/ingest/people.py``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rag.ingest import interviews
from rag.ingest.people import People
from rag.ingest.quote_frames import STAND_IN, Frame, frames
from rag.ingest.quote_grammar import (
    apposed_name,
    apposed_role,
    capital_run,
    clause_around,
    describes_person,
    is_main,
    leads_to,
    noun_phrase,
    phrase_role,
    reported_clause,
    role_beside,
    subject_of,
)
from rag.text import parser
from rag.text.calendar_names import ENGLISH_DAYS, ENGLISH_MONTHS
from rag.text.lexicon import alternation, lexicon
from rag.text.names import ROLE, bare, is_address, is_role, own_name, without_starts
from rag.text.speech import DIRECT_ONLY, REPORTING_VERBS
from rag.text.word_lists import Grammar, Quotes, Record
from rag.types import QuoteSpan, Sentence

_GRAMMAR = lexicon("en").section(Grammar)
_WORDS = lexicon("en").section(Quotes)
_PERSONAL = _GRAMMAR.pronouns_person | _GRAMMAR.owners_person
_HE_OR_SHE = re.compile(rf"\b(?:{alternation(_PERSONAL)})\b", re.IGNORECASE)
_PLURAL = _GRAMMAR.pronouns_many | {"we"}
_FIRST_PERSON = ("i", "we")
_NO_PERSON = ("ORG", "GPE", "NORP", "FAC", "LOC")
_BEGINS = re.compile(rf"(?:(?:[A-Z][\w.'’-]+|{ROLE.pattern}) )*[A-Z][\w.'’-]+")
"""A name that a sentence begins with, and what stands before it: "Harrow United captain Leo Marsh"."""
_OFFICE_OF = re.compile(
    r" (?:of|for) (?:the )?(?:[A-Z][\w’'-]+ (?:(?:and|of|the) )*)+(?P<name>[A-Z][\w’'-]+ [A-Z][\w’'-]+)$"
)
"""Behind an office, where its place runs into the name: "of Scotland Nicola Sturgeon"."""
_NOBODY = re.compile(rf"(?:(?:{alternation(_WORDS.nobody_before)}) )?(?:{alternation(_WORDS.nobody)})", re.IGNORECASE)
_OF_A_DAY = re.compile(
    rf"(?:an?|the|our) (?:\w+ )?(?:{alternation(lexicon('en').section(Record).own_nouns)})s?"
    rf"(?: published| dated)? (?:of|on|from)(?: |,|\d|{alternation(ENGLISH_DAYS, ENGLISH_MONTHS)})+",
    re.IGNORECASE,
)
"""What nobody says, but a correction of it tells: "an article of 11 May"."""
_NAMED = re.compile(rf"\b(?:{alternation(_WORDS.naming)}) ((?:[A-Z][\w'’-]+ ?)+)")
_BEFORE_NAME = re.compile(rf"^(?:{alternation(_WORDS.before_names)}) (?=[A-Z])")
_GAP = 2  # line breaks between a quote and one that goes on: a paragraph's


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
    framed = [list(frames(text, sentences)) for _, text, sentences in articles]
    wanted = [f for of in framed for f in of if f.wanted]
    leading = [f for of in framed for f in _leading(of)]
    for frame, parsed in zip([*wanted, *leading], _parsed(wanted, leading), strict=True):
        frame.parsed = parsed
    return [_Reading(title, text, of).all_quotes() for (title, text, _), of in zip(articles, framed, strict=True)]


def _leading(frames: Sequence[Frame]) -> Iterator[Frame]:
    """Sentences in which nobody speaks, before one in which he or she does: who that is, they may tell."""
    for before, frame in pairwise(frames):
        if frame.wanted and _HE_OR_SHE.search(frame.text) and before.readable and not before.wanted:
            yield before


def _parsed(frames: Sequence[Frame], leading: Sequence[Frame]) -> list[Any]:
    """Frames as the parser reads them, with names where somebody speaks, and in those that lead to such a one."""
    quoting = {f.text for f in frames if f.inner}
    led = {f.text for f in frames if f.introduced} | {f.text for f in leading}

    def speaks(doc: Any) -> bool:
        quotes = doc.text in quoting
        return doc.text in led or any(
            (t.lower_ in REPORTING_VERBS and (quotes or subject_of(t) is not None)) or t.lower_ == "according"
            for t in doc
        )

    return parser.documents([f.text for f in (*frames, *leading)], named=speaks)


# -- one article -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Who:
    """A speaker as a sentence has them."""

    speaker: str
    role: str | None
    start: int
    end: int
    person: bool
    many: bool = False
    """Whether it is a phrase of several, which "it" doesn't mean."""


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

    def __init__(self, title: str, text: str, frames: Sequence[Frame]) -> None:
        self._title, self._text = title, text
        self._frames = frames
        self._starts = [f.places[0] for f in frames]
        self._people = People(title, text)
        self._person: _Who | None = None
        self._group: _Who | None = None
        self._one: _Who | None = None
        """The last group that is one: what "it" means."""

    def all_quotes(self) -> list[QuoteSpan]:
        """The quotes of its sentences, and the answers of an interview that is printed as question and answer."""
        answered = interviews.answers(self._title, self._text, self._people)
        if not answered:
            return self.quotes()
        kept = [q for q in self.quotes() if not any(self._of_himself(q, a) for a in answered)]
        return sorted((*kept, *answered), key=lambda q: (q.start, q.end))

    def _of_himself(self, quote: QuoteSpan, answer: QuoteSpan) -> bool:
        """Whether it is what the one who answers says that he or she said: "I have said I would think about it"."""
        by = self._text[slice(*quote.mention)].lower()
        return quote.start < answer.end and answer.start < quote.end and by in _FIRST_PERSON

    def quotes(self) -> list[QuoteSpan]:
        found: list[QuoteSpan] = []
        before: tuple[int, _Told] | None = None  # paragraph, and who spoke in it last
        for n, frame in enumerate(self._frames):
            told = list(self._told(frame)) if frame.parsed is not None else []
            if not told and frame.introduced and frame.parsed is not None:
                told = list(self._led(frame))
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
                if (by := _speaks(told, place, frame.text)) is not None:
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

    def _told(self, frame: Frame) -> Iterator[_Told]:
        doc = frame.parsed
        for token in doc:
            word = token.lower_
            if word == "according" and token.i + 2 < len(doc) and doc[token.i + 1].lower_ == "to":
                if (who := self._after_to(frame, token)) is not None:
                    yield self._noted(_Told(who, "according to", clause_around(token), token.idx))
            elif word in REPORTING_VERBS:
                if token.tag_[:2] not in ("VB", "NN", "JJ") or any(c.dep_ == "neg" for c in token.children):
                    continue
                subject = subject_of(token)
                if subject is None or subject.i == token.i:
                    continue
                clause = reported_clause(token, subject)
                if (who := self._who(frame, subject, clause)) is None:
                    continue
                if token.tag_.startswith(("NN", "JJ")) and clause is None and not frame.inner:
                    continue
                wide = word in DIRECT_ONLY
                subtree = (subject.left_edge.idx, subject.right_edge.idx + len(subject.right_edge))
                yield self._noted(_Told(who, token.text, clause, token.idx, wide, subtree))

    def _led(self, frame: Frame) -> Iterator[_Told]:
        """Who leads up to quotes without a verb of saying: somebody named, a group by name, or he, she and they."""
        for place in sorted(frame.introduced):
            found = leads_to(frame.parsed, place)
            if found is None or found[0].lower_ == "i" or (who := self._who(frame, found[0])) is None:
                continue
            head, verb = found
            if who.person or not place or head.ent_type_ == "ORG" or head.lower_ in _PLURAL:
                yield self._noted(_Told(who, verb.text, None, place, wide=True))

    def _noted(self, told: _Told) -> _Told:
        if told.who.person:
            self._person = told.who
        else:
            self._group = told.who
            if not told.who.many:
                self._one = told.who
        return told

    def _after_to(self, frame: Frame, token: Any) -> _Who | None:
        to = token.doc[token.i + 1]
        head = next((c for c in to.children if c.dep_ == "pobj"), None)
        return self._who(frame, head) if head is not None else None

    def _who(self, frame: Frame, head: Any, clause: tuple[int, int] | None = None) -> _Who | None:
        """A speaker from the head of a noun phrase, and where what they say stands in the frame."""
        word = head.lower_
        start, end = frame.span(head.idx, head.idx + len(head))
        if word in _PERSONAL or word in ("i",):
            known = self._last_person(frame, head, clause)
            return known and _Who(known.speaker, known.role, start, end, True)
        if word in _PLURAL or word == "it":
            known = self._one if word == "it" else self._group or self._person
            return known and _Who(known.speaker, known.role, start, end, known.person, known.many)
        if head.tag_ in ("WP", "WDT", "DT", "EX", "CD", "PRP", "PRP$") and word != STAND_IN.lower():
            if head.tag_ == "CD" and any(c.dep_ == "prep" and c.lower_ == "of" for c in head.children):
                return _Who(frame.text[slice(*noun_phrase(head))], None, start, end, False)  # "one of the users"
            if word in ("who", "which", "that") and head.head.head.tag_.startswith("NN"):
                return self._who(frame, head.head.head)
            return None
        if word == STAND_IN.lower() or not re.search(r"\w", word):
            return None
        left, right = noun_phrase(head)
        phrase = frame.text[left:right]
        if (person := self._named(frame, left, right, head)) is not None:
            return person
        if m := _NAMED.search(frame.text[right : right + 60]):
            if frame.text[right : right + m.start()].strip() == "" and STAND_IN not in m[1]:
                return _Who(
                    m[1].strip(),
                    self._people.whose(phrase_role(phrase)),
                    *frame.span(right + m.start(1), right + m.end(1)),
                    True,
                )
        if (
            phrase.split()[0].lower() in REPORTING_VERBS
            or _NOBODY.fullmatch(phrase)
            or _OF_A_DAY.match(frame.text, left)
            or STAND_IN in phrase
        ):
            return None
        name = _BEFORE_NAME.sub("", re.split(r", | \(", phrase)[0])
        place = frame.span(left, right)
        described = describes_person(head)
        if described and (known := self._described(head, phrase)) is not None:
            return _Who(known.speaker, known.role, *place, True)
        many = head.tag_ in ("NNS", "NNPS") and head.ent_type_ not in _NO_PERSON
        return _Who(" ".join(name.split()), None, *place, described, many)

    def _named(self, frame: Frame, left: int, right: int, head: Any) -> _Who | None:
        """The person that a phrase names, with what it calls them."""
        doc = head.doc
        names = [
            e for e in doc.ents
            if e.label_ == "PERSON" and e.start_char >= left and e.end_char <= right
            and frame.text[e.end_char : e.end_char + 2] not in ("'s", "’s") and not e.text.endswith(("'s", "’s"))
            and STAND_IN not in e.text
        ]  # fmt: skip
        run, addressed = None, False
        apposed = apposed_name(head)
        if apposed is not None and not names:
            run = capital_run(frame.text, apposed.idx, apposed.idx + len(apposed), left, right)
        elif head.tag_ == "NNP":
            run = capital_run(frame.text, head.idx, head.idx + len(head), left, right)
            addressed = run is not None and is_address(frame.text[slice(*run)].split()[0])
            if (
                run
                and not addressed
                and any(e.label_ == "ORG" and e.start <= head.i < e.end and e.end_char > run[1] for e in doc.ents)
            ):
                run = None  # the name goes on: "the Department of Defense"
        inside = [e for e in names if e.start <= head.i < e.end]
        if names and not inside and addressed:
            names = []  # others: "Dr Lee, who is not employed by the maker, Corvane"
        if names:
            ent = inside[0] if inside else names[-1]
            first, last = ent.start_char, ent.end_char
        elif run and (
            (apposed is not None or apposed_role(head))
            or " " in self._people.full(frame.text[slice(*run)].split()[-1])
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
        person = bool(names) or " " in full or apposed_role(head)
        role = role_beside(frame.text, left, right, first, last) or self._people.role(full) or self._people.role(name)
        role = role and (role.removesuffix(f" {full.removesuffix(f' {name}')}") if full.endswith(f" {name}") else role)
        return _Who(full, self._people.whose(role), *frame.span(first, first + len(name)), person)

    def _known_person(self, name: str) -> bool:
        return self._person is not None and name.split()[-1] in self._person.speaker.split()

    def _described(self, head: Any, phrase: str) -> _Who | None:
        """Who was named last, where the phrase may stand for them: "the inventor", "the professor"."""
        if not re.match(r"(?:the|this|that) ", phrase, re.IGNORECASE) or self._person is None or head.tag_ == "NNS":
            return None
        role = (self._person.role or "").lower()
        return self._person if head.lower_ in role or len(phrase.split()) == 2 else None

    def _last_person(self, frame: Frame, head: Any, clause: tuple[int, int] | None) -> _Who | None:
        """Whom "he" means: the person named before it in the sentence as a subject, else the last named or heard.

        Nobody whom he speaks of: in "Captain Strachan is a witness, she said" she is another.
        """
        doc, (first, last) = head.doc, clause or (0, 0)
        earlier = [
            e for e in doc.ents
            if e.label_ == "PERSON" and e.end_char <= head.idx and not e.text.endswith(("'s", "’s"))
            and not first <= e.start_char < last
        ]  # fmt: skip
        for ent in reversed(earlier):
            if ent.root.dep_ in ("nsubj", "nsubjpass") or (
                len(earlier) == 1 and ent.root.dep_ in ("appos", "conj", "ROOT")
            ):
                who = self._named(frame, ent.start_char, ent.end_char, ent.root)
                if who is not None:
                    return who
        return self._subject_before(frame.places[0]) or self._person or self._only_before(frame.places[0])

    def _subject_before(self, start: int) -> _Who | None:
        """The person that the sentence before begins with, where that is nearer than who spoke last."""
        at = bisect_right(self._starts, start) - 2
        if at >= 0 and self._person is not None and self._person.start >= self._frames[at].places[0]:
            return None  # who speaks in it goes on: "Lee said Holt had left. He had been tired, she said"
        if at >= 0 and (named := self._subject_of(self._frames[at])) is not None:
            return named
        if at < 0 or not (m := _BEGINS.match(self._frames[at].text)):
            return None
        return self._introduced(at, m)

    def _only_before(self, start: int) -> _Who | None:
        """The only person that the sentence before names with what they are, where nobody has been heard yet."""
        at = bisect_right(self._starts, start) - 2
        if at < 0:
            return None
        found = [who for m in _BEGINS.finditer(self._frames[at].text) if (who := self._introduced(at, m)) is not None]
        return found[0] if len(found) == 1 else None

    def _introduced(self, at: int, m: re.Match[str]) -> _Who | None:
        """Who is named at a place of a sentence, of the next one's paragraph, and known by a role or better."""
        if self._frames[at].paragraph != self._frames[at + 1].paragraph:
            return None
        name = " ".join(bare(without_starts(m[0].split())))
        full = self._people.full(name.removesuffix(".")) if name else ""  # it may end the sentence
        if " " not in full or re.search(r"\bI\b", full) or (full == name and self._people.role(full) is None):
            return None
        return _Who(full, self._people.role(full), *self._frames[at].span(m.start(), m.end()), True)

    def _subject_of(self, frame: Frame) -> _Who | None:
        """The person that a parsed sentence is about: its last subject that is one.

        Of a sentence in which nobody speaks only the main clause counts: not Ann in "There is the pier where Ann fell".
        """
        if frame.parsed is None:
            return None
        for ent in reversed(frame.parsed.ents):
            root = ent.root.head if ent.root.dep_ == "appos" else ent.root  # "his deputy, Ann Lee"
            if (
                ent.label_ == "PERSON"
                and root.dep_ in ("nsubj", "nsubjpass")
                and not ent.text.endswith(("'s", "’s"))
                and (frame.wanted or is_main(root.head))
            ):
                if (who := self._named(frame, ent.start_char, ent.end_char, ent.root)) is not None:
                    return who
        return None


def _speaks(told: Sequence[_Told], place: int, text: str) -> _Told | None:
    """Who says the direct quote at a place of the frame: the nearest verb that isn't said of it."""
    goes_on = text[:place].rstrip().endswith(",")  # "…," said Lee, "…": parsers take the second for another name of Lee

    def of_it(t: _Told) -> bool:
        return t.subject[0] <= place < t.subject[1] and not (goes_on and t.at < t.subject[0])

    there = [t for t in told if not of_it(t)]
    governing = [t for t in there if t.clause and t.clause[0] <= place < t.clause[1]]
    if governing:
        return max(governing, key=lambda t: t.at if t.at < place else -t.at)
    return min(
        there, key=lambda t: abs(t.at - place) + (40 if t.at > place and t.at - place > 120 else 0), default=None
    )


def _is_tail(frame: Frame) -> bool:
    """Whether a sentence is only "Minnis said." behind a quote."""
    return not frame.inner and len(frame.text.split()) <= 6


__all__ = ["find"]
