"""A question that leans on a conversation is made to stand alone before anything is searched for.

By rules, in a few milliseconds: "and what did she say?" gets the name, "and in 2022?" the question before it. What
matters is that the words to search by are there, and few wrong ones; where the rules can't put a name into the
question, they put the subject or the last question before it. English is understood; of other languages only what is
plainly a fragment is completed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.retrieve.coreference import EMPTY_IT, PRONOUN, definite_phrase, full_names, resolve_pronouns, resolve_there
from rag.retrieve.mentions import AUXILIARIES, PHRASE, Conversation, Mention, mentions
from rag.text.calendar_names import ENGLISH_CALENDAR, ENGLISH_MONTHS
from rag.text.detect import detect_language
from rag.text.lexicon import alternation, lexicon
from rag.text.names import is_role
from rag.text.scripts import CJK
from rag.text.tokens import query_terms
from rag.text.word_lists import Grammar, Rewrite

LONGEST = 300
"""Characters that a question made to stand alone has at most; a longer one is left as it was asked."""

_TURNS = 30
"""Turns that are looked back on."""

_BEGINNING = 240
"""Of an answer, how much is looked for with the question after it, in characters."""
_ANSWER = 1500
"""Characters of an answer that are looked at."""

_GRAMMAR = lexicon("en").section(Grammar)
_WORDS = lexicon("en").section(Rewrite)
_CJK = re.compile(f"[{CJK}]")
_MARKS = re.compile(r"\s*\[\d+\]")
_LEAD = re.compile(rf"^(?:(?:{alternation(_WORDS.leads)})\b[\s,.!]*)+", re.IGNORECASE)
_ASKS = rf"(?:{alternation(_GRAMMAR.question_words)})"
_BARE = re.compile(
    rf"^(?:(?:{alternation(_WORDS.bare_prepositions)})\s+)?{_ASKS}(?:\s+(?:{alternation(_WORDS.bare_ends)}))*\s*[?.!]*$",
    re.IGNORECASE,
)
_SWAPPED = re.compile(rf"^(?:(?:when|where|why|how|how long|since when)\s+)?({AUXILIARIES}\b.+)$", re.IGNORECASE)
_WHAT_ABOUT = re.compile(r"^(?:what|how)\s+about\s+(.+?)\s*\?*$", re.IGNORECASE)
_TIME = re.compile(
    rf"^(?:{alternation(_WORDS.time_prepositions)})\s.*?"
    rf"(?:\d{{4}}|that|then|this|it|year|month|week|{alternation(ENGLISH_CALENDAR)})\b[^?]*\??$",
    re.IGNORECASE,
)
_MONTH = re.compile(rf"\b(?:{'|'.join(ENGLISH_MONTHS)})\b")
_YEAR = re.compile(rf"\b(?:(?:in|on|since|until)\s+)?(?:\d{{1,2}}\s+)?(?:{_MONTH.pattern}\s+)?(?:1[5-9]|20)\d\d\b")
_PREPOSITION = re.compile(rf"({alternation(_WORDS.prepositions)})\s+\S", re.IGNORECASE)
_SPEECH = re.compile(
    rf"^(?:what|why|when|where|how)\s+(?:else\s+)?{AUXILIARIES}\s+.+?\s"
    rf"(?:{alternation(_WORDS.speech_verbs)})(?:\s+(?:it|that|this|so))?\s*[?.!]*$",
    re.IGNORECASE,
)
_WORDS_OF = re.compile(
    rf"^what\s+(?:else\s+)?{AUXILIARIES}\s+.+?\s(?:{alternation(_WORDS.speech_verbs)})\b", re.IGNORECASE
)
"""A question for somebody's words."""
_OF_THEM = re.compile(
    r"(?<=\bof )(?:them|those|these)\b(?!\s+(?:who|that|which|on|in|at|from|with|under|over)\b)", re.IGNORECASE
)
_COUNTED = re.compile(
    r"^(?:and |so |but )?how many "
    r"(?P<what>(?:[\w'’-]+ ){0,2}?(?:people|men|women|children|persons|police|staff|crew|[\w'’-]{2,}s)) (?P<rest>\S.+?)"
    r"(?:,? (?:to begin with|to start with|at first|initially|in all|in total|altogether|overall|so far))?"
    r"\s*[?.!]*$",
    re.IGNORECASE,
)
"""What a question counts: "how many people caught it at the base" – "of them" are "the people who caught it …"."""
_ABOUT = re.compile(r"\b(?:about|regarding|concerning)\s+.+?(?=\s*[?.!]*$)", re.IGNORECASE)
_KNOWN = re.compile(
    rf"\b(?:the|this|that|these|those|such)\s+(?:\w+\s){{0,1}}?(?:{alternation(_WORDS.known_things)})\b"
    r"(?!\s+(?:of|about|between)\b)",  # "the story of the footbridge" says which
    re.IGNORECASE,
)
_GENERAL = frozenset(query_terms(" ".join(_WORDS.general)))


def condense(question: str, history: Sequence[tuple[str, str]]) -> str:
    """A question as it reads without the conversation it was asked in.

    Args:
        question: As it was asked.
        history: Question and answer of each turn so far, oldest first; the answer is empty where there was none, and
            may have citation marks.

    Returns:
        The question, completed where it leans on the conversation; unchanged where it stands alone, and where it
        would become longer than ``LONGEST``.
    """
    return _resolved(question, _so_far(history))


def before_it(history: Sequence[tuple[str, str]]) -> str:
    """The last question of a conversation, standing alone, with the beginning of its answer.

    Args:
        history: As for ``condense``, not empty.
    """
    talk = _so_far(history)
    return f"{talk.questions[-1]} {talk.answers[-1][:_BEGINNING]}".strip()


def _so_far(history: Sequence[tuple[str, str]]) -> Conversation:
    """A conversation, each of its questions standing alone."""
    talk = Conversation()
    for asked, answer in history[-_TURNS:]:
        talk.questions.append(_resolved(asked, talk)[:LONGEST])
        talk.answers.append(_MARKS.sub("", answer[:_ANSWER]))
    return talk


def _resolved(question: str, talk: Conversation) -> str:
    asked = " ".join(question.split())
    if not talk.questions or len(asked) > LONGEST or not re.search(r"\w", asked):
        return question
    made = _completed(asked, talk)
    return question if made == asked or len(made) > LONGEST else made[0].upper() + made[1:]


def _completed(asked: str, talk: Conversation) -> str:
    last = talk.questions[-1]
    if not _english(asked, last):
        return f"{last} {asked}" if _fragment(asked) else asked
    lead = _LEAD.match(asked)
    bare = asked[lead.end() :] if lead else asked
    if not re.search(r"\w", bare):
        return asked
    if (whole := _unfolded(bare, last, talk, joined=bool(lead))) is not None:
        return whole
    if counted := _counted(bare, last):
        return full_names(counted, talk)
    named, done = resolve_pronouns(bare, talk)
    named, placed = resolve_there(named, talk)
    done = done or placed
    if _SPEECH.match(named) and (done or lead) and not _ABOUT.search(named):
        if about := _ABOUT.search(last):
            return f"{named.rstrip(' ?.!')} {about.group()}?"
        if lead and not done:
            # Of somebody else's words: what those were about is not known to be what is asked now.
            return named if _WORDS_OF.match(last) else f"{last} {named}"
    if done:
        return full_names(named, talk)
    if _leans(bare, talk):
        return _under(bare, talk)
    return full_names(asked, talk)


# -- fragments --------------------------------------------------------------------------


def _english(asked: str, last: str) -> bool:
    if detect_language(asked) != "en" or not re.search("[A-Za-z]", asked):
        return False
    return detect_language(last) == "en" or bool(
        re.match(rf"(?:{_ASKS}|{AUXILIARIES}|and|the)\b", asked, re.IGNORECASE)
    )


def _fragment(asked: str) -> bool:
    """Whether a question of another language is too short to be one."""
    if _CJK.search(asked):
        return len(re.findall(r"\w", asked)) <= 5
    return len(asked.split()) <= 3 and len(asked) <= 24


def _unfolded(bare: str, last: str, talk: Conversation, *, joined: bool) -> str | None:
    """A fragment ("why?", "in 2022?", "what about Turkey?") with the last question; None where it is none."""
    if _BARE.match(bare):
        swapped = _SWAPPED.match(last)
        if swapped and re.match(r"(?:why|when|where|how)\s*[?.!]*$", bare, re.IGNORECASE):
            first = bare.rstrip(" ?.!")
            return f"{first} {swapped.group(1)[0].lower()}{swapped.group(1)[1:]}"
        return f"{last} {bare}"
    about = _WHAT_ABOUT.match(bare)
    part = about.group(1) if about else bare.rstrip(" ?.!")
    if re.match(rf"(?:{_ASKS}|{AUXILIARIES})\b", part, re.IGNORECASE) or len(part.split()) > 6:
        return None
    if _TIME.match(part):
        return _at(part, last)
    alone = _PREPOSITION.match(part) and not re.search(rf"\b(?:{_ASKS}|{AUXILIARIES})\b", part, re.IGNORECASE)
    if not about and not joined and not alone:
        return None
    role = part.startswith("the ") and is_role(part.split()[-1])  # "and the director?": somebody else is meant
    if PRONOUN.search(part) or (_KNOWN.search(part) and not role):
        return None
    if preposition := _PREPOSITION.match(part):
        word = re.escape(preposition.group(1))
        same = re.compile(rf"\b(?i:{word})\s+(?:the\s+)?(?:{PHRASE}|[a-z\s]+(?=\s*[?.!]*$))")
        part = part[0].lower() + part[1:]
        if same.search(last):
            return same.sub(lambda _: part, last, count=1)
        return f"{last.rstrip(' ?.!')} {part}?"
    new = mentions(part)
    old = _replaced(new[0], last, talk) if len(new) == 1 and _covers(new[0], part) else None
    if not new and part.startswith("the "):
        if role:
            old = _by_role(last) or _replaced(Mention(part, "person"), last, talk)
        elif (old := definite_phrase("thing", last)) is None and (topic := _ABOUT.search(last)):
            return f"{last[: topic.start()]}about {part}{last[topic.end() :]}"
    if old is None:
        return f"{last} {bare}"
    return re.sub(rf"(?:\b[Tt]he\s)?(?<!\w){re.escape(old)}(?!\w)", lambda _: part, last)


def _by_role(question: str) -> str | None:
    """The last person of a question who is called by what they are: "the captain"."""
    found = None
    for m in re.finditer(r"\bthe((?: [\w’'-]+){1,3})", question):
        words = m[1].split()
        if (role := next((n for n, w in enumerate(words) if is_role(w)), None)) is not None:
            found = f"the {' '.join(words[: role + 1])}"
    return found


def _counted(bare: str, last: str) -> str:
    """A question of some "of them", with what the last question counted; empty where there is no such thing."""
    if not (of := _OF_THEM.search(bare)) or not (m := _COUNTED.match(last)):
        return ""
    rest = re.sub(r"^(?:did|do|does)\s+", "", m["rest"], flags=re.IGNORECASE)
    asks_of = rest != m["rest"]  # "how many people did the police arrest"
    link = (
        "" if asks_of else "who " if re.search(r"(?:people|men|women|children|persons)$", m["what"], re.I) else "that "
    )
    return f"{bare[: of.start()]}the {m['what']} {link}{rest}{bare[of.end() :]}"


def _at(time: str, last: str) -> str:
    """The last question at another time: month for month, year for year."""
    month = _MONTH.search(time)
    if month and not _YEAR.search(time) and _MONTH.search(last):
        return _MONTH.sub(month.group(), last, count=1)
    if _YEAR.search(time):
        last = _YEAR.sub("", last)
    return f"{' '.join(last.split()).rstrip(' ?.!')} {time}?"


def _covers(name: Mention, part: str) -> bool:
    return len(part) - len(name.text) <= 4


def _replaced(new: Mention, last: str, talk: Conversation) -> str | None:
    """The name of the last question that another stands in for: the one of its kind, the last of several."""
    there = [n for n in talk.known(mentions(last)) if n.text.casefold() != new.text.casefold()]
    alike = [n for n in there if "unknown" in (n.kind, new.kind) or n.kind == new.kind]
    same = [n for n in alike if n.kind == new.kind]
    return (same or alike or [Mention("", "unknown")])[-1].text or None


# -- questions without a subject ----------------------------------------------------------


def _leans(bare: str, talk: Conversation) -> bool:
    """Whether a question that names nobody speaks of something known, or says hardly anything."""
    if mentions(bare) or _mentions(bare, talk):
        return False
    content = [w for w in query_terms(bare) if w not in _GENERAL and not w.isdigit()]
    return bool(_KNOWN.search(bare)) or len(content) <= 1 or bool(PRONOUN.search(EMPTY_IT.sub(" ", bare)))


def _mentions(bare: str, talk: Conversation) -> bool:
    """Whether a question has a name of the conversation in small letters."""
    low = set(re.findall(r"\w{4,}", bare.casefold()))
    return any(low & set(re.findall(r"\w{4,}", n.text.casefold())) for q in talk.questions for n in mentions(q))


def _under(bare: str, talk: Conversation) -> str:
    """A question under its subject; without one, after the last question."""
    last = talk.questions[-1]
    subject = talk.subject() or definite_phrase("thing", last)
    return f"{subject}: {bare}" if subject else f"{last} {bare}"
