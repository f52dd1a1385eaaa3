"""Questions that ask for two things at once, taken apart: each part is looked for and answered by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.retrieve import preamble, speaker
from rag.text.lexicon import alternation, lexicon
from rag.text.word_lists import Decompose, Grammar

_GRAMMAR = lexicon("en").section(Grammar)
_WORDS = lexicon("en").section(Decompose)
_NAME = r"(?:[Tt]he |a )?[A-Z0-9][\w.'’&-]*(?: (?:of |the )?[A-Z0-9][\w.'’&-]*)*"
_TWO = rf"(?P<one>{_NAME}),? and (?P<two>{_NAME})"
_PLAIN = r"(?P<one>(?:the )?[\w'’-]+) and (?P<two>(?:the )?[\w'’-]+)"  # typed without capitals
_AUX = rf"(?P<aux>(?i:{alternation(_GRAMMAR.auxiliaries)}))"
_BOTH = (re.compile(rf"^{_AUX} both {_TWO} (?P<rest>[a-z].*)$"), re.compile(rf"^{_AUX} both {_PLAIN} (?P<rest>.+)$"))
_BOTH_LATER = re.compile(
    rf"^(?P<lead>(?i:{alternation(_GRAMMAR.question_words, _WORDS.later_begins)})\b.*?) both {_TWO}(?P<rest>.*)$"
)
_FIRST = re.compile(
    rf"^(?:which|what) (?:one |event )?(?:{alternation(_WORDS.happening_verbs)})(?: (?:out|announced))? "
    r"(?P<end>first|earlier|last|later)\W+(?P<one>.+?),? or (?P<two>.+)$",
    re.IGNORECASE,
)
_SPEAKERS = re.compile(rf"^{_TWO}$")
_REPORTED = re.compile(
    rf"^{_AUX} (?P<who>{_NAME}|(?:the )?[\w'’-]+) (?i:{alternation(_WORDS.outlet_verbs)})(?:s|ed)?"
    rf"(?: (?:a |any )?(?:{alternation(_WORDS.story_nouns)}))?(?: (?:on|about|of|that))? (?P<what>.+)$"
)
_NEXT = re.compile(
    rf",? and (?=(?:(?:{alternation(_WORDS.before_question_words)}) )?(?:{alternation(_GRAMMAR.question_words)})\b)",
    re.IGNORECASE,
)
"""Between two questions in one sentence."""
_EITHER = re.compile(r"^(?P<lead>(?:which|who|what)\b[^,]*), (?P<one>[^,]+?),? or (?P<two>[^,]+)$", re.IGNORECASE)
_COMPARED = re.compile(rf"^(?i:compare|contrast)(?P<lead> .*?)?(?<= ){_TWO}(?P<rest> .*)?$")
_THING = re.compile(
    r"^(?:the|an?|this|that) (?:[\w'’-]+ )*?(?P<noun>[^\W\d_][\w'’-]*)(?= (?:in|of|on|at|from|by|for|off|near)\b|$)"
)
_ONE = re.compile(r"^(?P<before>(?:the|an?|this|that) (?:[\w'’-]+ )*?)ones?\b")
_SINGULAR = {"are": "is", "were": "was", "have": "has", "do": "does"}


@dataclass(frozen=True)
class Parts:
    """What a question is made of."""

    questions: tuple[str, ...]
    """Each stands alone; at least two."""
    earlier: bool | None = None
    """Whether it asks which of the two came first (True) or last (False); None where it doesn't."""
    named: tuple[str, ...] = ()
    """What is to be put in order, as the question names it."""


def split_question(question: str) -> Parts | None:
    """The parts of an English question; None where it asks for one thing.

    Taken apart are "did both A and B report it?", "what did A and B say about it?" and "which came first, A or B?":
    their halves may stand in two articles. Two questions that are only put in one sentence stay whole, since an
    article that answers one mostly answers the other.
    """
    text = preamble.strip_preamble(" ".join(question.split())).rstrip(" ?!.")
    if m := _FIRST.match(text):
        one, two = (_event(m[name]) for name in ("one", "two"))
        return Parts(
            (f"When was {one}?", f"When was {two}?"), earlier=m["end"].lower() in ("first", "earlier"), named=(one, two)
        )
    for shape in _BOTH:
        if m := shape.match(text):
            aux = m["aux"].lower()
            aux = _SINGULAR.get(aux, aux)
            return Parts(tuple(f"{aux.capitalize()} {m[name]} {m['rest']}?" for name in ("one", "two")))
    if m := _BOTH_LATER.match(text):
        return Parts(tuple(f"{m['lead']} {m[name]}{m['rest']}?" for name in ("one", "two")))
    whose = speaker.parse_speaker(text)
    if whose and (m := _SPEAKERS.match(whose.speaker)):
        before, after = text.split(whose.speaker, 1)
        return Parts(tuple(f"{before}{m[name]}{after}?" for name in ("one", "two")))
    return None


def asked_together(question: str) -> tuple[str, ...]:
    """What an English question asks in one breath, each to be read by itself; empty where it is one thing.

    "When did they first hope to fly, and when did it happen?", "Which was stronger, the May quake or the July one?",
    "Compare the times that Tola and Kosgei ran". An article that answers one mostly answers the other, so they are
    searched for as one question; what answers each of them has still to be read for. A later question keeps the first
    before it, since it leans on it.
    """
    text = preamble.strip_preamble(" ".join(question.split())).rstrip(" ?!.")
    if m := _COMPARED.match(text):
        parts = (f"{m['lead'] or ''} {m[name]}{m['rest'] or ''}?".split() for name in ("one", "two"))
        return tuple(" ".join(words) for words in parts)
    if m := _EITHER.match(text):
        one, two = m["one"], m["two"]
        if thing := _THING.match(one):
            two = _ONE.sub(rf"\g<before>{thing['noun']}", two)
        return tuple(f"{m['lead']}, {alternative}?" for alternative in (one, two))
    first, *later = _NEXT.split(text)
    later = [part for part in later if " " in part and not _goes_on(first, part)]
    if not later or " " not in first:
        return ()
    return (f"{first}?", *(f"{first}? {part[0].upper()}{part[1:]}?" for part in later))


def _goes_on(first: str, part: str) -> bool:
    """Whether it tells more of what the question named: "the man who won and who left"."""
    word = part.split()[0].casefold()
    return bool(re.search(rf"\S\s+{re.escape(word)}\b", first, re.IGNORECASE))


def reported_by(question: str) -> tuple[str, str] | None:
    """Who is asked to have reported what, in "did (or "what did") the Harbour Post report on the visit?"; else None."""
    m = _REPORTED.match(re.sub(r"^what ", "", " ".join(question.split()).rstrip(" ?!."), flags=re.IGNORECASE))
    return (m["who"], m["what"]) if m else None


def _event(words: str) -> str:
    return re.sub(r"^(?:was|is) (?:it )?", "", words.strip(" ,:;"), flags=re.IGNORECASE)
