"""Interviews that are printed as question and answer: which words are the answers, and whose they are.

    Q: Why did you stay?                 NAME: …                 Why did you stay?   (a paragraph of its own)
    A: Because I was asked to.           OTHER NAME: …           Because I was asked to.

Nobody is said to say such answers, and no marks stand around them; the form alone tells it. So it is read only where
it is plain: some label asks again and again and others answer, and whom these mean is told by the article. English.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.ingest.people import People
from rag.text import parser
from rag.text.names import bare
from rag.types import QuoteSpan

_LABEL = re.compile(
    r"[^\w\n\"“”‘’']{0,4}(?P<label>[A-ZÀ-Þ][\w.'’-]*(?: [\w.'’-]+){0,4}?)"
    r"(?:[)\]*_]{1,4} ?:?|:[*_]{0,3}|(?<=\b[QA]\.)[*_]{0,3})\s+(?=\S)"
)
"""Who speaks, before a paragraph: "Q:", "ANN LEE:", "**Lee:**", "((Lee))"."""
_ASKS, _ANSWERS = frozenset(("q", "q.", "question")), frozenset(("a", "a.", "answer"))
_INITIALS = re.compile(r"(?:[A-Z]\.?){2,4}")
_I = re.compile(r"\b(?:I|[Mm]y|[Mm]e|[Mm]yself)\b")
_QUOTED = re.compile(r"[“\"][^“”\"]*[”\"]?")
_YOU = re.compile(r"\byour?\b", re.IGNORECASE)
_WHOLE = re.compile(r"[.!?…][\"”’')\]]*$")
_TURNS = 2
"""Questions and answers that there are at least, where labels tell them apart, and"""
_UNLABELLED = 3
"""where nothing does but the question mark."""
_INTRO = 12
"""Paragraphs before the first question that are looked through for who is asked."""


@dataclass(frozen=True)
class _Paragraph:
    start: int
    """Of its words, behind the label."""
    end: int
    label: str
    """Empty where it has none."""
    at: int
    """Where the label stands."""
    words: str

    @property
    def asks(self) -> bool:
        return self.words.rstrip("\"”’')] ").endswith("?")


def answers(title: str, text: str, people: People) -> list[QuoteSpan]:
    """What is said in an interview that is printed as question and answer.

    Args:
        title: Of an English article.
        text: Of it.
        people: Who is who in it.

    Returns:
        A direct quote for each paragraph of the answers, in order, with the label beside it as the mention or, where
        that is no name, the name where the text first has it; none where it is no such interview, or doesn't tell who
        answers.

    Raises:
        ModelMissing: The parser is not installed.
    """
    paragraphs = list(_paragraphs(text))
    asking = _asking(paragraphs)
    said = _labelled(paragraphs, asking) if asking else []
    if not said:
        said = _unlabelled(paragraphs, asking)
    if not said:
        return []
    who = _Who(title, text, people, paragraphs, asking)
    if not _is_spoken(said, who):
        said = [(label, p) for label, p in said if label.lower() not in _ANSWERS]
    turns = Counter(who.named(label) for label, p in said if p.label)
    found = []
    for label, p in said:
        speaker = who.named(label)
        if p.label and turns[speaker] < _TURNS:
            continue
        if speaker and (p.label or not _tells_of(speaker, p)):  # else the report goes on
            found.append(
                QuoteSpan(
                    start=p.start,
                    end=p.end,
                    direct=True,
                    speaker=speaker,
                    role=people.role(speaker),
                    mention=who.place(speaker, label, p),
                )
            )
    return found


def _is_spoken(said: Sequence[tuple[str, _Paragraph]], who: _Who) -> bool:
    """Whether what is only known as answers is somebody's: it says "I" of them and has not their name.

    Answers under a reporter's own questions are a report.
    """
    nameless = [(label, p) for label, p in said if label.lower() in _ANSWERS]
    nameless = [(label, p) for label, p in nameless if p.label] or nameless
    if not nameless:
        return True
    own = [bool(_I.search(_QUOTED.sub("", p.words))) for _, p in nameless]
    return sum(own) >= _TURNS and not any(_tells_of(who.named(label), p) for label, p in nameless)


def _tells_of(speaker: str, p: _Paragraph) -> bool:
    """Whether a paragraph is about somebody by name, and so is not what they say."""
    return bool(speaker) and speaker.split()[-1] in p.words and not _I.search(_QUOTED.sub("", p.words))


def _paragraphs(text: str) -> Iterator[_Paragraph]:
    for m in re.finditer(r"\S[^\n]*", text):
        line = m[0].rstrip()
        labelled = _LABEL.match(line)
        first = labelled.end() if labelled else 0
        label, at = (labelled["label"], m.start() + labelled.start("label")) if labelled else ("", m.start())
        yield _Paragraph(m.start() + first, m.start() + len(line), label, at, line[first:])


def _asking(paragraphs: Sequence[_Paragraph]) -> frozenset[str]:
    """The labels of whoever asks: Q, or one of whose paragraphs most are questions while others' are not."""
    of: dict[str, list[bool]] = {}
    for p in paragraphs:
        if p.label:
            of.setdefault(p.label, []).append(p.asks)
    found = {label for label, asks in of.items() if label.lower() in _ASKS or sum(asks) * 2 > len(asks)}
    return frozenset(found) if sum(len(of[label]) for label in found) >= _TURNS else frozenset()


def _labelled(paragraphs: Sequence[_Paragraph], asking: frozenset[str]) -> list[tuple[str, _Paragraph]]:
    """The answers where labels tell who speaks; what follows without one is the same speaker's until the next label."""
    turns = [n for n, p in enumerate(paragraphs) if p.label]
    found: list[tuple[str, _Paragraph]] = []
    answered: dict[str, int] = {}
    for at, n in enumerate(turns):
        own = paragraphs[n]
        if own.label in asking or (at == 0 and not (n and paragraphs[n - 1].asks)):
            continue
        before = paragraphs[n - 1]
        answered[own.label] = answered.get(own.label, 0) + (before.label in asking or before.asks)
        found.append((own.label, own))
        if at + 1 < len(turns):
            found += [
                (own.label, p) for p in paragraphs[n + 1 : turns[at + 1]] if _WHOLE.search(p.words) and not p.asks
            ]
    return found if max(answered.values(), default=0) >= _TURNS else []


def _unlabelled(paragraphs: Sequence[_Paragraph], asking: frozenset[str]) -> list[tuple[str, _Paragraph]]:
    """The answers where paragraphs that are questions to somebody stand between what somebody says of himself."""
    if any(p.label.lower() in _ANSWERS for p in paragraphs):
        return []
    asked = [n for n, p in enumerate(paragraphs) if p.label in asking or (p.asks and not p.label)]
    if len(asked) < _UNLABELLED:
        return []
    between = [paragraphs[a + 1 : b] for a, b in zip(asked, [*asked[1:], asked[-1] + 2], strict=True)]
    between = [[p for p in answer if _WHOLE.search(p.words)] for answer in between]
    first_person = sum(any(_I.search(_QUOTED.sub("", p.words)) for p in answer) for answer in between)
    to_you = sum(bool(_YOU.search(paragraphs[n].words)) for n in asked)
    if first_person < _UNLABELLED or min(first_person, to_you) * 2 < len(asked):
        return []
    if not any(_I.search(p.words) for p in between[-1]):
        between[-1] = []  # the report goes on
    return [("A", p) for answer in between for p in answer]


class _Who:
    """Whom the labels of an interview mean."""

    def __init__(
        self, title: str, text: str, people: People, paragraphs: Sequence[_Paragraph], asking: frozenset[str]
    ) -> None:
        self._text, self._people, self._asking = text, people, asking
        self._whole = f"{text}\n{title}"
        first = next((n for n, p in enumerate(paragraphs) if p.label in asking or p.asks), 0)
        self._beginning = [title, *(p.words for p in paragraphs[max(0, first - _INTRO) : first])]
        self._labels = {name for p in paragraphs if " " in (name := " ".join(bare(p.label.split())))}
        self._persons: list[list[str]] | None = None
        self._known: dict[str, str] = {}

    def named(self, label: str) -> str:
        """The full name; empty where the article doesn't tell it."""
        if label not in self._known:
            self._known[label] = self._find(label)
        return self._known[label]

    def place(self, speaker: str, label: str, p: _Paragraph) -> tuple[int, int]:
        """Where somebody is named: by the label, if it is a name, else where the text first has it."""
        spelt = p.label == label and not (label.lower() in _ANSWERS or _INITIALS.fullmatch(label))
        at = -1 if spelt else self._text.find(speaker)
        if at < 0:
            return (p.at, p.at + len(p.label)) if p.label else (p.start, p.start)
        return at, at + len(speaker)

    def _find(self, label: str) -> str:
        if label.lower() in _ANSWERS:
            return self._asked()
        if _INITIALS.fullmatch(label) and len(label.replace(".", "")) < 4:
            sought = label.replace(".", "")
            for names in (self._labels, *self._beginnings()):
                if len(found := {n for n in names if _initials(n) == sought}) == 1:
                    return found.pop()
        if " " in label:
            label = " ".join(bare(label.split()))
            written = re.search(rf"(?<!\w){re.escape(label)}(?!\w)(?!\s*[:)*])", self._whole, re.IGNORECASE)
            return written[0] if written and all(w[0].isupper() for w in written[0].split()) else ""
        full = self._people.full(label.capitalize() if label.isupper() else label)
        return full if any(full in names for names in (self._labels, *self._beginnings())) else ""

    def _asked(self) -> str:
        """Who is asked: the only person in the headline, or else in what stands before the first question."""
        for names in self._beginnings():
            if names:
                return names[0] if len(names) == 1 else ""
        return ""

    def _beginnings(self) -> list[list[str]]:
        """The persons of the headline, and those of the paragraphs before the first question, who don't ask."""
        if self._persons is None:
            docs = parser.documents(self._beginning, named=lambda _: True)
            found = [[self._people.full(e.text) for e in d.ents if e.label_ == "PERSON"] for d in docs]
            askers = {label.casefold() for label in self._asking}
            head, *intro = [[n for n in names if " " in n and n.casefold() not in askers] for names in found]
            self._persons = [list(dict.fromkeys(head)), list(dict.fromkeys(n for names in intro for n in names))]
        return self._persons


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split())


__all__ = ["answers"]
