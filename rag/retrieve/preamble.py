"""How a question is opened: "Can you tell me …" and "Please explain …" say that one asks, not what."""

from __future__ import annotations

import re

from rag.text.lexicon import alternation, lexicon
from rag.text.word_lists import Grammar, Preamble

_GRAMMAR = lexicon("en").section(Grammar)
_WORDS = lexicon("en").section(Preamble)
_TO_ME = rf"(?>(?:\s(?:to )?(?:me|us)\b)?(?:\s(?:{alternation(_WORDS.after_ask)})\b)?)"
_YOU = rf"(?:{alternation(_WORDS.people)})"
_PLAIN = rf"(?:{alternation(_WORDS.ask_verbs)})"
_NOUNS = rf"(?:{alternation(_WORDS.noun_verbs)})"
_WHAT_FOLLOWS = rf"(?=\s(?:{alternation(_GRAMMAR.question_words, _WORDS.after_nouns)})\b)"
_ASK = rf"(?:{_PLAIN}|{_NOUNS}{_WHAT_FOLLOWS}){_TO_ME}"
_OPENINGS = tuple(
    re.compile(rf"^(?:{opening})(?:\s*[,:;!.]+\s*|\s+[–—-]\s+|\s+)(?=\S)", re.IGNORECASE)
    for opening in (
        rf"(?:{alternation(_WORDS.greetings)})(?=\s*[,!.])",
        alternation(_WORDS.fillers),
        rf"(?:can|could|would|will) {_YOU} (?:please |kindly )?(?:{_ASK}|help me find)",
        rf"what (?:can|could) you {_PLAIN}{_TO_ME}",
        rf"(?:do|does) {_YOU} (?:happen to )?know",
        r"(?:i(?:['’]d| would)? (?:want|like|love|need)|want|need) to (?:know|hear|find out|learn|understand)",
        r"i(?:['’]m| am| was) (?:wondering|curious|interested)",
        rf"(?:wondering|curious)(?=\s(?:{alternation(_GRAMMAR.question_words, _WORDS.wonders_about)})\b)",
        r"i wonder",
        r"is it (?:true|right|correct|the case) that",
        r"let me know",
        _ASK,
    )
)
_ABOUT = re.compile(
    r"^(?:everything |anything |something |more |all |a bit )*(?:about|regarding)\s+(?=\S)", re.IGNORECASE
)


def strip_preamble(question: str) -> str:
    """An English question without its opening: "Can you tell me how long they talked?" as "how long they talked?".

    What asks by itself stays ("Does …", "Who …"), and so does an opening with nothing behind it.
    """
    rest = question.strip()
    asked = False
    while True:
        shorter = next((s for opening in _OPENINGS if (s := opening.sub("", rest)) != rest), rest)
        if shorter == rest:
            break
        rest, asked = shorter, True
    if asked:
        rest = _ABOUT.sub("", rest)
    return rest if re.search(r"\w", rest) else question.strip()
