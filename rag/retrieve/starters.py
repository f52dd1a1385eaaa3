"""Questions that an archive can answer, made of sentences of its own articles: what to ask first.

Only sentences of a few plain forms are taken, so that a question is grammatical and its sentence answers it; most
articles give one or none. English only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from rag.text.calendar_names import ENGLISH_DAYS, ENGLISH_MONTHS
from rag.text.detect import detect_language
from rag.text.lexicon import alternation, lexicon
from rag.text.word_lists import Grammar, Starters
from rag.types import Sentence

_SHORTEST, _LONGEST = 30, 320
"""Characters of a sentence that is looked at."""

_MOST = 110
"""Characters of a question."""

_SENTENCES = 40
"""Sentences of an article that are looked at, from its beginning."""

_MONTHS = "|".join(ENGLISH_MONTHS)
_DAYS = "|".join(ENGLISH_DAYS)

_GRAMMAR = lexicon("en").section(Grammar)
_WORDS = lexicon("en").section(Starters)
_WORD = r"[A-Za-z][\w’'\-]*"
_CAPITAL = r"[A-Z][A-Za-zà-öø-ÿ’'\-]*[a-zà-öø-ÿ]"
_NAME = rf"(?:(?:{_CAPITAL}|[A-Z]\.|{alternation(_GRAMMAR.name_particles)})\s){{0,4}}{_CAPITAL}"
# What is spoken of, up to the verb that follows: "the tram extension", "the number of people in camps".
_THING = rf"(?:[Tt]he|[Aa]n?)\s(?:{_WORD}\s){{0,5}}?{_WORD}|(?:[A-Z][\w’'\-]+\s){{0,3}}[A-Z][\w’'\-]+"
_BE = rf"(?:{alternation(_WORDS.forms_of_be)})"
_HELPS = rf"(?:{_BE}|{alternation(_GRAMMAR.auxiliaries)})"
_VERB = rf"(?:{_HELPS}|{alternation(_WORDS.verbs)}|[a-z]{{3,}}ed)"
_SAYING = rf"(?:{alternation(_WORDS.say_verbs)})"
_ROLE = rf"(?:{alternation(_WORDS.roles)})"

_SAID = re.compile(
    rf"(?:^|[,;]\s|[”\"]\s|\b(?!from|with|near|into|over|that|when|while|after|about)[a-z]{{4,}}\s)({_NAME})"
    rf"(?:,\s[^“”\"]{{3,90}}?,)?\s(?:{_SAYING}|told\s(?:reporters|journalists|{_NAME}))"
    rf"(?:\son\s(?:{_DAYS}))?\s(?:(?:that\s)?[“\"]?({_THING})|that\s([a-z]{{4,}}(?:\s[a-z]+){{0,4}}?))(?<!ly)\s{_VERB}\b"
)
_QUOTED = re.compile(rf"^[“\"]({_THING})\s{_HELPS}\b[^“”\"]{{10,}}[”\"],?\s{_SAYING}\s({_NAME})(?=[,.;:]|$)")
_ANYTHING = re.compile(
    rf"^[“\"][^“”\"]{{25,}}[”\"],?\s{_SAYING}\s({_NAME})(?=[,.;:]|$)|"
    rf"^({_NAME})(?:,\s[^“”\"]{{3,90}}?,)?\s(?:{_SAYING}\b|told\s(?:reporters|{_NAME})\s(?:that|the|[“\"]))"
)
_BECAUSE = re.compile(rf"^({_THING})\s({_HELPS})\s([^,;:“”\"()]{{4,60}}?)\sbecause\s(?!of\b)")
_COST = re.compile(rf"^({_THING})\s(?:(will|would|could)\scost|(costs?))\s[^.]{{0,25}}?[\d£$€]")
_MANY = re.compile(
    r"^(?:(?:At least|About|Around|Some|More than|Nearly|Almost|Over|Up to)\s)?"
    r"(?:[\d,]+|[Tt]wo|[Tt]hree|[Ff]our|[Ff]ive|[Ss]ix|[Ss]even|[Ee]ight|[Nn]ine|[Tt]en|[Ee]leven|[Tt]welve)\s"
    rf"((?!{alternation(_WORDS.not_counted)})(?:[a-z][a-z\-]+\s)?"
    rf"(?:[a-z][a-z\-]+s|{alternation(_WORDS.counted)}))\s"
    r"(were|have been)\s([a-z]+(?:ed|lt|ne|en|wn)\b[^,;:“”\"()]{0,60}?)"
    r"(?=[,.]|\s(?:on|when|after|while|as|and|according|since|so far)\b)"
)
_DATE = rf"(?:in|on)\s(?:(?:early|late|mid)[\s-])?(?:\d{{1,2}}\s)?(?:{_MONTHS}|{_DAYS}|(?:1[89]|20)\d\d)\b"
_WHEN_WILL = re.compile(
    rf"^({_THING})\s(will|is to|is due to|are due to|is expected to|are expected to)\s"
    r"((?:re)?open|begin|start|end|close|be\s[a-z]+ed|be held|take (?:place|effect|office)|leave|return|launch)\b"
    rf"([^,;:“”\"()]{{0,40}}?)\s{_DATE}"
)
_WHEN_WAS = re.compile(
    rf"^({_THING})\s(was|were)\s((?:first\s)?(?:[a-z]+ed|held|built|born|shot|sold|begun|won|found|hit)"
    rf"(?:\s[^,;:“”\"()]{{2,45}}?)?)\s{_DATE}"
)
_WHO = re.compile(rf"({_NAME}),\s(?:the\s)?((?!an?\s)(?:[a-z]+\s)?{_ROLE}\sof\s[^,;:“”\"().]{{4,50}}),")

_LEANING = _WORDS.leaning
_SMALL = _WORDS.small
_OPENERS = _WORDS.openers
_WHERE = _WORDS.before_place
_TITLES = _GRAMMAR.forms_of_address | _GRAMMAR.titles
_PLACELESS = frozenset((*ENGLISH_MONTHS, *ENGLISH_DAYS))


def examples(articles: Iterable[tuple[str, str, Sequence[Sentence]]], n: int = 4) -> list[str]:
    """Questions that articles answer, each in one of its sentences. Args: articles: Title, text and sentences of
    each, those to be asked about first at the beginning. n: How many questions at most. Returns: Questions of
    several kinds and of different articles as far as there are any, in the order of the articles; the same
    for the same articles. None of articles in other languages than English."""
    left = [found for title, text, places in articles if (found := list(_of_article(title, text, places)))]
    chosen: list[str] = []
    kinds: Counter[str] = Counter()
    while left and len(chosen) < n:
        for found in left:
            kind, question = min(found, key=lambda f: kinds[f[0]])  # the first of those of the rarest kind
            found.remove((kind, question))
            if question not in chosen and len(chosen) < n:
                chosen.append(question)
                kinds[kind] += 1
        left = [found for found in left if found]
    return chosen


def _of_article(title: str, text: str, places: Sequence[Sentence]) -> Iterator[tuple[str, str]]:
    """(kind, question), those nearest to the title first."""
    if detect_language(text) != "en":
        return
    about = _content(title)
    found: dict[str, tuple[int, str]] = {}
    for place in places[:_SENTENCES]:
        sentence = text[place.start : place.end]
        if not _SHORTEST <= len(sentence) <= _LONGEST or "\n" in sentence or sentence[-1] not in '.”"':
            continue
        for kind, make in _KINDS.items():
            question = make(sentence, title, text)
            if question and len(question) <= _MOST and (near := len(about & _content(question))) + _named(question):
                found.setdefault(question, (-near - 2 * (kind == "said") + 2 * (" say?" in question), kind))
    for question, (_, kind) in sorted(found.items(), key=lambda f: f[1][0]):
        yield kind, question


def _said(sentence: str, title: str, text: str) -> str | None:
    thing: str | None = None
    if m := _SAID.search(sentence):
        speaker, thing = m.group(1), m.group(2) or m.group(3)
    elif m := _QUOTED.search(sentence):
        thing, speaker = m.groups()
    elif m := _ANYTHING.search(sentence):
        speaker = m.group(1) or m.group(2)
    else:
        return None
    if not (whole := _speaker(speaker, text)):
        return None
    if not (thing and _plain(thing, 1) and _proper(thing, text)):
        thing = _spoken_of(sentence, title)
    if thing and not {*re.split(r"[\s’']", thing)} & {*whole.split(), *speaker.split()}:
        return f"What did {whole} say about {_lower(thing)}?"
    return f"What did {whole} say?"


def _spoken_of(sentence: str, title: str) -> str | None:
    """A name of the article's title within a sentence, other than where or to whom something was said."""
    for m in re.finditer(rf"(?<![\w’'\-]){_NAME}", sentence):
        name = re.sub(r"[’']s?$", "", m.group())
        before = sentence[: m.start()].split()
        if not before or before[-1].casefold() in _WHERE or not before[-1].isalpha() or not before[-1].islower():
            continue
        if _PLACELESS & {*name.split()}:
            continue
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", title) and not re.search(r"(?:ese|ish|ian|ean|can)s?$", name):
            return name
    return None


def _why(sentence: str, title: str, text: str) -> str | None:
    if not (m := _BECAUSE.search(sentence)):
        return None
    thing, helps, rest = m.groups()
    return (
        f"Why {helps} {_lower(thing)} {rest}?"
        if _plain(thing, 1) and _proper(thing, text) and _plain(rest, verb=True)
        else None
    )


def _cost(sentence: str, title: str, text: str) -> str | None:
    if not (m := _COST.search(sentence)) or not _plain(m.group(1)) or not _proper(m.group(1), text):
        return None
    low = m.group(1).casefold().split()
    if len(low) > 4 and not _SMALL & set(low[1:]):  # probably with a verb: "the worker estimates retirement will cost"
        return None
    helps = m.group(2) or ("does" if m.group(3) == "costs" else "did")
    return f"How much {helps} {_lower(m.group(1))} cost?"


def _many(sentence: str, title: str, text: str) -> str | None:
    if not (m := _MANY.search(sentence)):
        return None
    counted, helps, rest = m.groups()
    return f"How many {counted} {helps} {rest}?" if _plain(rest, verb=True) else None


def _when(sentence: str, title: str, text: str) -> str | None:
    if m := _WHEN_WILL.search(sentence):
        thing, helps, verb, rest = m.groups()
        first, _, second = helps.partition(" ")
        done = " ".join(part for part in (second, verb, rest) if part)
    elif m := _WHEN_WAS.search(sentence):
        thing, first, done = m.groups()
    else:
        return None
    if " " not in thing and not (thing := _whole(thing, text) or ""):
        return None
    return (
        f"When {first} {_lower(thing)} {done}?"
        if _plain(thing) and _proper(thing, text) and _plain(done, verb=True)
        else None
    )


def _who(sentence: str, title: str, text: str) -> str | None:
    if not (m := _WHO.search(sentence)) or not _speaker(m.group(1), text):
        return None
    if not _plain(m.group(2)) or not _named(m.group(2)) or m.group(2).endswith(" time"):
        return None
    return f"Who is the {m.group(2)}?"


_KINDS: dict[str, Callable[[str, str, str], str | None]] = {
    "said": _said,
    "why": _why,
    "cost": _cost,
    "many": _many,
    "when": _when,
    "who": _who,
}


def _speaker(name: str, text: str) -> str | None:
    """A speaker's name in full, or None if it is none."""
    parts = name.split()
    if _PLACELESS & set(parts) or parts[0].casefold() in _LEANING | _SMALL | _OPENERS or "-year-old" in name:
        return None
    return name if len(parts) > 1 else _whole(name, text)


def _whole(name: str, text: str) -> str | None:
    """A surname with what stands before it elsewhere in the article; None where nothing does, or different things."""
    if " " in name:
        return None
    found = set(re.findall(rf"(?<=[a-z,]\s)({_CAPITAL}\s{re.escape(name)})(?![\w’'\-])", text))
    found |= set(re.findall(rf"(?m)^({_CAPITAL}\s{re.escape(name)})(?![\w’'\-])", text))
    found = {f for f in found if f.split()[0].casefold() not in _LEANING | _SMALL | _OPENERS | _TITLES}
    return found.pop() if len(found) == 1 else None


def _proper(thing: str, text: str) -> bool:
    """Whether what begins with a capital does so because it is a name: it does within a sentence, too."""
    first = thing.split()[0]
    return first.islower() or first in ("The", "A", "An") or bool(re.search(rf"[a-z,]\s{re.escape(first)}\b", text))


def _plain(part: str, least: int = 2, *, verb: bool = False) -> bool:
    """Whether a piece of a sentence means the same outside it, and has content words enough to be asked about."""
    low = part.casefold().split()
    if _LEANING & set(low) or _PLACELESS & set(part.split()) or low[-1] in _SMALL:
        return False
    return len([w for w in low if w not in _SMALL]) >= (1 if verb or _named(f"x {_lower(part)}") else least)


def _content(text: str) -> set[str]:
    return {w.strip("?.,:;‘’“”\"'") for w in text.casefold().split()} - _SMALL


def _named(question: str) -> int:
    """How many words with a capital a question has after its first."""
    return len(re.findall(r"\s[A-Z]", question))


def _lower(thing: str) -> str:
    """With a small first letter, unless it is a name's."""
    first, _, rest = thing.partition(" ")
    return f"{first.lower()} {rest}" if first in ("The", "A", "An") else thing
