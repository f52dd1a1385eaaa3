"""Whom and what a conversation speaks of: the names in its questions and answers, and of what kind they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from rag.text.calendar_names import ENGLISH_CALENDAR
from rag.text.lexicon import alternation, lexicon
from rag.text.word_lists import Grammar, Rewrite

Kind = Literal["person", "thing", "unknown"]

_GRAMMAR = lexicon("en").section(Grammar)
_WORDS = lexicon("en").section(Rewrite)
_CAPITAL = r"(?:[^\W\d_a-z](?:\.[^\W\d_a-z])*\.?(?=\s)|[^\W\d_a-z][\w\-]*(?:['’](?!s\b)\w+)*)"
_SMALL = alternation(_GRAMMAR.name_particles, _WORDS.joins)
PHRASE = rf"(?<![\w'’\-]){_CAPITAL}(?:\s(?:(?:{_SMALL})\s)?{_CAPITAL}|\s\d+(?=\s|$))*"
"""A run of capitalised words, small ones of names among them; a part of a regular expression."""
_PHRASE = re.compile(PHRASE)
_ADJECTIVE = re.compile(rf"(?:{alternation(_WORDS.adjective_endings)})$")
_TITLED = re.compile(r"“([^“”]{2,60})”|\"([^\"]{2,60})\"")
AUXILIARIES = rf"(?:{alternation(_GRAMMAR.auxiliaries)})"
"""A part of a regular expression."""
_WHO = re.compile(r"(?:[^:?]{1,80}: )?who\b(?!\s+(?:do|does|did|else)\b)", re.IGNORECASE)
"""A question for somebody, be it put under its subject ("Linnet: who is in command?")."""
_SPEAKS = re.compile(rf"\s+(?:{alternation(_WORDS.person_verbs)})\b")

PLAIN = _WORDS.plain | _GRAMMAR.sentence_openers
_NO_NAME = ENGLISH_CALENDAR - {"may", "april", "june", "august"}  # James May
TITLES = _GRAMMAR.forms_of_address | _GRAMMAR.titles
_THINGS = _WORDS.things
_AFTER = rf"\b(?:{alternation(_WORDS.prepositions)}) (?:the )?"
_OF_A_PLACE = rf"\b(?:in|near|(?:{alternation(_WORDS.places)}) of) (?:the )?"


@dataclass(frozen=True)
class Mention:
    """A name in a question or an answer."""

    text: str
    kind: Kind
    speaks: bool = False
    """Whether a verb of people follows it, which makes a person likely, though a company speaks too."""

    @property
    def likely(self) -> bool:
        """Whether it is a person, or likely one."""
        return self.kind == "person" or (self.speaks and self.kind == "unknown")


@dataclass
class Conversation:
    """A conversation so far, as its questions stand alone."""

    questions: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    meant: list[Mention] = field(default_factory=list)
    """Whom pronouns have stood for, the latest last."""
    aside: set[str] = field(default_factory=set)
    """Those of them that an answer named without being asked who: people of the story, which goes on without them."""

    def names(self) -> Iterator[Mention]:
        """Names by how near they are: the last question's, its answer's where it asked who, earlier ones, answers'."""
        if self.questions and asks_who(self.questions[-1]):
            yield from self.answered()
        yield from self.asked()
        for answer in reversed(self.answers):
            yield from self.known(mentions(answer, prose=True))

    def asked(self) -> Iterator[Mention]:
        """Names of the questions, the last question's first."""
        for question in reversed(self.questions):
            yield from self.known(mentions(question))

    def answered(self) -> Iterator[Mention]:
        """Names of the last answer."""
        yield from self.known(mentions(self.answers[-1], prose=True))

    def moved_on(self) -> bool:
        """Whether the last question speaks of what none before it does, and its answer not of whom one spoke till then.

        What a question has after a preposition is where or when, rather than what it speaks of.
        """
        asked, before = self.questions[-1], " ".join(self.questions[:-1]).casefold()
        named = [n for n in mentions(asked) if not re.search(rf"{_AFTER}{re.escape(n.text)}(?!\w)", asked)]
        if any(n.text.split()[-1] in self.answers[-1] for n in self.meant if n.kind == "person"):
            return False
        return any(n.text.casefold() not in before for n in named)

    def known(self, names: Iterable[Mention]) -> Iterator[Mention]:
        """Names with what pronouns have told of them, and places and things known by what stands before them."""
        told = {n.text.casefold(): n.kind for n in self.meant}
        said = " ".join((*self.questions, *self.answers))
        for name in names:
            kind = told.get(name.text.casefold(), name.kind)
            if kind == "unknown" and re.search(rf"{_OF_A_PLACE}{re.escape(name.text)}\b(?!['’])", said):
                kind = "thing"
            if (
                kind == "unknown"
                and not name.speaks
                and re.search(rf"\b[Tt]he {re.escape(name.text)}(?![\w'’-])", said)
            ):
                kind = "thing"  # people have no article: "the Linnet"
            yield replace(name, kind=kind)

    def subject(self) -> str | None:
        """What the conversation is about: whom a pronoun stood for last, else the first name of the last question."""
        of_pronouns = (n.text for n in reversed(self.meant))
        named = (n.text for n in self.asked())
        found = list(dict.fromkeys((*of_pronouns, *named)))
        return next((name for name in found if name not in self.aside), found[0] if found else None)

    def full_name(self, name: str) -> str:
        """A person's name in full, where the questions have it so and it is one person's."""
        if " " in name:
            return name
        longer = {n.text for n in self.asked() if n.kind == "person" and " " in n.text and name in n.text.split()}
        return longer.pop() if len(longer) == 1 else name


def asks_who(question: str) -> bool:
    """Whether a question asks who somebody is or was."""
    return _WHO.match(question) is not None


@lru_cache(maxsize=256)
def mentions(text: str, *, prose: bool = False) -> tuple[Mention, ...]:
    """Names of a text, in order.

    Args:
        text: A question, or sentences.
        prose: They are sentences: a single word at the beginning of one is a name only before a verb, or where it
            stands capitalised elsewhere too.
    """
    found: list[tuple[int, Mention]] = []
    if not prose:
        for m in _TITLED.finditer(text):
            found.append((m.start(), Mention(m.group(1) or m.group(2), "thing")))
    for m in _PHRASE.finditer(text):
        words, start = m.group().split(), m.start()
        while words and words[0].strip(".").casefold() in PLAIN | ENGLISH_CALENDAR:
            start += len(words[0]) + 1
            words = words[1:]
        while words and (words[-1].casefold() in _NO_NAME or words[-1].islower() or words[-1].isdigit()):
            words = words[:-1]
        if not words or (len(words) == 1 and words[0].strip(".").casefold() in TITLES):
            continue
        if len(words) == 1 and _ADJECTIVE.search(words[0]) and re.match(r"\s+[a-z]", text[m.end() :]):
            continue
        if any(s <= start < s + len(n.text) + 2 for s, n in found):
            continue
        if prose and len(words) == 1 and _begins(text, start) and not _known_name(text, words[0], m.end()):
            continue
        name = " ".join(words)
        speaks = bool(_SPEAKS.match(text, start + len(name)))
        found.append((start, Mention(name, _kind(words, text[max(0, start - 5) : start]), speaks)))
    return tuple(name for _, name in sorted(found, key=lambda f: f[0]))


def _begins(text: str, start: int) -> bool:
    return bool(re.search(r"(?:^|[.!?:…]['’”\"»]*\s*|\n)[\"“'‘«(]?$", text[max(0, start - 6) : start]))


def _known_name(text: str, word: str, end: int) -> bool:
    verb = rf"(?:['’]s)?\s+(?:{AUXILIARIES}|said|says|told|also|\w+ed)\b"
    return bool(re.match(verb, text[end:])) or bool(re.search(rf"[a-z,]\s{re.escape(word)}\b", text))


def _kind(words: Sequence[str], before: str) -> Kind:
    low = [w.strip(".").casefold() for w in words]
    if low[0] in TITLES and len(words) > 1:
        return "person"
    if _THINGS & set(low) or {"of", "the"} & set(low) or any(w.isupper() and len(w.strip(".")) > 1 for w in words):
        return "thing"
    if re.search(r"\bthe\s$", before, re.IGNORECASE) or any(any(c.isdigit() for c in w) for w in words):
        return "thing"
    return "person" if 2 <= len(words) <= 4 else "unknown"
