"""Words that point back in a question, replaced by what they stand for: pronouns, "there", a name cut short."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from rag.retrieve.mentions import (
    AUXILIARIES,
    PHRASE,
    PLAIN,
    TITLES,
    Conversation,
    Mention,
    asks_who,
    mentions,
)
from rag.retrieve.told_who import acting, who
from rag.text.calendar_names import ENGLISH_CALENDAR
from rag.text.lexicon import alternation, lexicon
from rag.text.word_lists import Grammar, Rewrite

_GRAMMAR = lexicon("en").section(Grammar)
_WORDS = lexicon("en").section(Rewrite)
_SUBJECT = {
    **dict.fromkeys(_GRAMMAR.pronouns_person, "person"),
    **dict.fromkeys(_GRAMMAR.pronouns_many, "many"),
    **dict.fromkeys(_GRAMMAR.pronouns_thing, "thing"),
}
_OWNER = {
    **dict.fromkeys(_GRAMMAR.owners_person, "person"),
    **dict.fromkeys(_GRAMMAR.owners_many, "many"),
    **dict.fromkeys(_GRAMMAR.owners_thing, "thing"),
}
PRONOUN = re.compile(rf"\b(?:{alternation(_SUBJECT, _OWNER)})\b(?!['’]s\b)", re.IGNORECASE)
# "It" that stands for nothing.
EMPTY_IT = re.compile(
    r"\bwho (?:is|was) it\b|\b(?:say|says|said|think|mean|make|made) it\b|\bhow long (?:did|does|will) it take\b|"
    r"\b(?:is|was) it (?:true|possible|clear|likely|known|said|because)\b|"
    r"\bit (?:rain|snow|rained|snowed|raining|snowing|cold|hot|warm|dark|late)\b|"
    r"\bit (?:is|was) (?:true|possible|clear|likely|known|said|because)\b|"
    r"\bit (?:costs?|takes?|took|be|is|was)\b(?: \w+){0,4}? to (?!the\b|an?\b|his\b|her\b|its\b|their\b)[a-z]|"
    r"\b(?:is|was) it \w+ (?:for|of) (?:[\w'’]+ ){1,6}to [a-z]",
    re.IGNORECASE,
)
_OBJECT_HER = re.compile(rf"\s*[?.!,]|\s+(?:{alternation(_WORDS.after_object)})\b|\s*$")
_PLACE = re.compile(rf"\b(?:in|at|to|from|near|into|visit(?:s|ed|ing)?)\s+(?:the\s+)?({PHRASE})")
_THERE = re.compile(
    r"(?<!is )(?<!are )(?<!was )(?<!were )(?<!be )(?<!been )(?<!will )\b(?:(?:up|over|down)\s+)?there\b"
    r"(?!\s+(?:is|are|was|were|be|been|will|any|a|an|other|more)\b)",
    re.IGNORECASE,
)
_TOWARDS = re.compile(rf"\b(?:{alternation(_WORDS.motion_verbs)})\s$")
_DEFINITE = re.compile(
    rf"(?:\b(?i:({AUXILIARIES}))\s+)?\b(?:[Tt]he|[Tt]his|[Tt]hat)\s+"
    r"([A-Za-z][a-z\-]*(?:\s[a-z][a-z\-]*){0,3})(?=[^\w]|$)"
)
_WHO_IS = re.compile(r"\bwho(?:['’]s| is| was)(?: the)? $", re.IGNORECASE)
_BEING = _WORDS.forms_of_be
_ENDS = PLAIN | _WORDS.particles
_OFFICES = TITLES | _WORDS.offices


def resolve_pronouns(text: str, talk: Conversation) -> tuple[str, bool]:
    """Each pronoun that nothing in the question explains, replaced by a name; the same one again is left."""
    seen: set[str] = set()
    used: list[str] = []
    out, at = "", 0
    for m in PRONOUN.finditer(text):
        word = m.group().lower()
        kind = _SUBJECT.get(word) or _OWNER[word]
        if kind in seen or _explained(text[: m.start()], kind, talk) or (word == "it" and EMPTY_IT.search(text)):
            continue
        seen.add(kind)
        name = _meant(kind, talk, used)
        if name is None:
            continue
        used.append(name)
        owner = word in _OWNER and not (word == "her" and _OBJECT_HER.match(text, m.end()))
        out += text[at : m.start()] + (_owning(name) if owner else name)
        at = m.end()
    return out + text[at:], bool(out)


def _explained(before: str, kind: str, talk: Conversation) -> bool:
    """Whether what stands before a pronoun in the question has whom it means."""
    if any(_fits(n, kind) for n in talk.known(mentions(before))):
        return True
    return kind != "person" and bool(re.search(r"\b(?:the|a|an)\s+\w+", before))


def _fits(name: Mention, kind: str) -> bool:
    return name.kind != ("thing" if kind == "person" else "person")


def _meant(kind: str, talk: Conversation, used: Collection[str]) -> str | None:
    """Whom a pronoun stands for, other than those that the question already has."""
    if kind == "many" and (pair := _pair(talk)):
        return " and ".join(pair)
    here = " and ".join(used)
    everyone = [n for n in talk.names() if n.text not in here]
    candidates = _persons(talk, everyone) if kind == "person" else _others(kind, talk, everyone)
    if not candidates:
        return None
    name = talk.full_name(candidates[0].text)
    asked_for = any(name in q for q in talk.questions) or (asks_who(talk.questions[-1]) and name in talk.answers[-1])
    if kind == "person" and not asked_for:
        talk.aside.add(name)
    if kind != "many":
        talk.meant.append(Mention(name, "person" if kind == "person" else "thing"))
    phrase = definite_phrase(kind, talk.questions[-1]) if kind == "thing" else None
    if phrase and (noun := re.match(rf"the {re.escape(name)} (\w+)", phrase)):
        # "the Kellmouth tram", not the town; but not "the Fed raise": an answer says which it is.
        if re.search(rf"(?:\bthe|{re.escape(name)}(?:['’]s)?) {noun.group(1)}\b", " ".join(talk.answers)):
            return phrase
    said = " ".join((*talk.questions, *talk.answers))
    return f"the {name}" if re.search(rf"\b[Tt]he {re.escape(name)}(?!\w)", said) else name


def _persons(talk: Conversation, everyone: Sequence[Mention]) -> list[Mention]:
    """Whom a pronoun of a person may stand for, the nearest first: never what is known to be a thing."""
    question = talk.questions[-1]
    last = [n for n in talk.known(mentions(question)) if n in everyone and n.kind != "thing"]
    named = [n for n in last if n.likely]
    meant = [n for n in reversed(talk.meant) if n.kind == "person"]
    told = [n for n in talk.answered() if n in everyone and n.likely and not _any_same(n, last)]
    it_was = None
    if asks_who(question):
        # "Who succeeded Gregor Haldane?" leads on to somebody else; "who were his parents?" goes on about him, and
        # "who is Petra Lindqvist?" about her.
        asked = [n for n in last if not question.startswith(f"{n.text}: ")]
        goes_on = any(_any_same(n, meant) or _WHO_IS.search(question[: question.find(n.text)]) for n in asked)
        it_was = None if goes_on else who(question, talk.answers[-1], told)
        if not (goes_on or it_was or last):
            return []  # whoever leads the inquiry, which nobody said
    elif talk.moved_on():
        it_was = None if named else acting(talk.answers[-1], told)
    phrase = definite_phrase("person", question)
    return [
        *([it_was] if it_was else []),
        *named,
        *meant,
        *last,
        *([Mention(phrase, "person")] if phrase else []),
        *(n for n in everyone if n.kind != "thing"),
    ]


def _any_same(name: Mention, others: Sequence[Mention]) -> bool:
    return any(set(name.text.split()) & set(o.text.split()) for o in others)


def _others(kind: str, talk: Conversation, everyone: Sequence[Mention]) -> list[Mention]:
    """What another pronoun may stand for, the nearest first."""
    question = talk.questions[-1]
    last = [n for n in talk.known(mentions(question)) if n in everyone]
    phrase = definite_phrase(kind, question) if kind != "many" else None
    asked = [n for n in talk.asked() if n in everyone]
    return [
        *(n for n in last if n.kind == "thing"),
        *(n for n in everyone[:1] if n.kind == kind and asks_who(question) and all(n.kind == "thing" for n in last)),
        *(n for n in last if _fits(n, kind)),
        *([Mention(phrase, "thing")] if phrase else []),
        *(n for n in (asked if kind == "thing" else everyone) if _fits(n, kind)),
        *(n for n in everyone if kind == "many"),
    ]


def definite_phrase(kind: str, question: str) -> str | None:
    """The last thing, or person by office, that a question speaks of as known: "the tram extension"."""
    found = None
    for m in _DEFINITE.finditer(question):
        words = m.group(2).split()
        words = words[: next((i for i, w in enumerate(words) if w.casefold() in _ENDS), len(words))]
        # Between an auxiliary and its verb stands the subject: "will the tram extension open".
        if (
            m.group(1)
            and len(words) > 1
            and (m.group(1).lower() not in _BEING or re.search(r"(?:ed|en|ing)$", words[-1]))
        ):
            words = words[:-1]
        if words and (words[-1].casefold() in _OFFICES) == (kind == "person"):
            found = f"the {' '.join(words)}"
    return found


def _pair(talk: Conversation) -> list[str]:
    """Two that the last question joins by "and"; else the one person in it with the first that its answer names."""
    question = talk.questions[-1]
    m = re.search(rf"({PHRASE}) and (?:the )?({PHRASE})", question)
    if m and m.group(1).casefold() not in PLAIN:
        return [m.group(1), m.group(2)]
    first = list(talk.known(mentions(question)))
    if len(first) != 1 or first[0].kind != "person":
        return []
    own = set(first[0].text.split())
    others = [n for n in talk.known(mentions(talk.answers[-1], prose=True)) if n.kind != "thing"]
    return next(([first[0].text, n.text] for n in others if not own & set(n.text.split())), [])


def _owning(name: str) -> str:
    return name + ("’" if name.endswith("s") else "’s")


def resolve_there(text: str, talk: Conversation) -> tuple[str, bool]:
    """A question with "there" replaced by the place named last, and whether it was."""
    m = _THERE.search(text)
    if not m or _PLACE.search(text[: m.start()]):
        return text, False
    for said in (talk.answers[-1], *reversed(talk.questions)):
        if places := [p for p in _PLACE.findall(said) if p.casefold() not in ENGLISH_CALENDAR]:
            towards = _TOWARDS.search(text[: m.start()])
            return f"{text[: m.start()]}{'to' if towards else 'in'} {places[-1]}{text[m.end() :]}", True
    return text, False


def full_names(text: str, talk: Conversation) -> str:
    """The names that a question cuts short, as the conversation has them in full."""
    for name in mentions(text):
        if (whole := talk.full_name(name.text)).casefold() not in text.casefold():
            text = re.sub(rf"(?<![\w\-]){re.escape(name.text)}(?![\w\-])", whole, text, count=1)
    return text
