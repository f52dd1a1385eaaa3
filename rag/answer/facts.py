"""What can be read off a sentence exactly: its numbers, names, quoted words, negations and speaker."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from rag.index.lexical import words

QUOTED = re.compile(r"“([^“”]+)”|«([^«»]+)»|「([^「」]+)」|\"([^\"]+)\"")
"""Words between quotation marks; apostrophes are left out, since they are mostly not quotes."""

_ONES = dict(
    zip(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen".split(),
        range(20),
        strict=True,
    )
)
_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
_SCALES = {
    "hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9, "tn": 1e12, "bin": 1e3, "milyon": 1e6, "milyar": 1e9,
}  # fmt: skip
_NUMBER = re.compile(
    r"(?<![A-Za-z]-)(?<![A-Za-z0-9.])(\d[\d,]*(?:\.\d+)?)(?:\s?(hundred|thousand|million|billion|trillion|bn|mn|tn|k|m|bin|milyon|milyar)\b)?",
    re.IGNORECASE,
)
_SPELT = re.compile(
    r"\b(" + "|".join([*_TENS, *_ONES]) + r")(?:[-\s](" + "|".join(list(_ONES)[1:10]) + r"))?"
    r"(?:\s(hundred|thousand|million|billion|trillion))?\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<![\w'’])[^\W\d_a-z][\w'’\-]*(?:\.(?=\w))?[\w]*")
_NEGATION = re.compile(r"\b(?:not|no|never|neither|nor|none|nobody|nothing|without|cannot)\b|n[’']t\b", re.IGNORECASE)
_SAYING = (
    r"(?:said|says|told|tells|called|calls|described|describes|warned|warns|added|adds|argued|argues|claimed|claims|"
    r"insisted|insists|urged|urges|stressed|stresses|declared|declares|announced|stated|states|remarked|complained|"
    r"accused|blamed|rejected|dismissed|replied|answered|explained|acknowledged|admitted|noted|promised|asked|pledged)"
)
_PERSON = r"((?:[A-Z][\w'’\-]+\s){0,3}[A-Z][\w'’\-]+)"
_SPEAKS = re.compile(
    rf"{_PERSON}(?:,[^,.“”]{{2,60}},)?\s(?:has\s|had\s|was\s(?:quoted|reported)\sas\s)?(?:{_SAYING}|saying)\b"
)
_SPOKEN = re.compile(rf"\b{_SAYING}\s(?:the\s(?:[a-z]+\s){{1,4}})?{_PERSON}")

_ANAPHOR = re.compile(
    r"\b(?:he|him|his|she|her|they|them|their|it|its|both|this|these|those|here|there|then)\b|"
    r"\b(?:the|that) (?:talks|meeting|visit|trip|session|exchange|conversation|discussions?|two|pair|minister|president|"
    r"secretary|chair|company|bank|club|team|court|government|report|deal|agreement|plan|trial|study|island|country|city)\b|"
    r"\b(?:o|onun|bu|bunun)\b|[他她它这此该其]",
    re.IGNORECASE,
)
_TOPIC = re.compile(
    r"\b(?:about|regarding|concerning|on the (?:subject|topic|question) of)\s+(.+?)\s*[?.!]*$", re.IGNORECASE
)

# Words that stand capitalised at a sentence's beginning without being a name.
_PLAIN = frozenset(
    """a about according after all also although an and another are as at because before both but by did during each earlier
    either even every few first following for four from has have he her here his how however i if in instead is it its
    last later many meanwhile more most mr mrs ms much neither no nor not now of on one only or other our out over she
    since so some still such than that the their then there these they this those three through to two under until up
    was we were what when where whether which while who whose why will with without yes yet you your question answer
    today yesterday tomorrow""".split()
)
CALENDAR = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december""".split()
)
"""Names of days and months: names for what an article says, but not what a question is about."""
_ALIASES = (
    {"us", "usa", "america", "american", "washington", "states", "united"},
    {"uk", "britain", "british", "kingdom", "united", "london"},
    {"china", "chinese", "beijing", "prc"},
    {"russia", "russian", "moscow", "kremlin"},
    {"eu", "european", "europe", "union", "brussels"},
    {"un", "united", "nations"},
)


def numbers(text: str) -> set[float]:
    """The numbers of a text, spelt ones from three on too ("two" and "one" are mostly not figures).

    "1.2 million", "1,200,000" and "1.2m" are one number; a percent sign or a currency changes nothing.
    """
    found = set()
    for digits, scale in _NUMBER.findall(text):
        # "8,5" is a decimal where a comma is the decimal sign; "8,500" is thousands.
        whole, comma, part = digits.rpartition(",")
        if comma and len(part) in (1, 2) and "." not in part:
            digits = f"{whole.replace(',', '')}.{part}"
        value = float(digits.replace(",", "") or "nan")
        found.add(round(value * _SCALES.get(scale.lower(), 1.0), 6))
    for first, second, scale in _SPELT.findall(text):
        value = _TENS.get(first.lower(), _ONES.get(first.lower(), 0)) + _ONES.get(second.lower(), 0)
        if value > 2 or scale:
            found.add(float(value * _SCALES.get(scale.lower(), 1.0)))
    return found


def is_year(number: float) -> bool:
    """Whether a number is probably a year."""
    return number == int(number) and 1800 <= number <= 2100


def leans(text: str) -> bool:
    """Whether a sentence speaks of someone or something that an earlier one named ("he", "the talks", "both")."""
    return bool(_ANAPHOR.search(text))


def topic(question: str) -> str:
    """What a question asks *about* ("… about the price of soybeans?"), or an empty text."""
    m = _TOPIC.search(question)
    return m.group(1).strip() if m else ""


def names(text: str) -> list[str]:
    """Capitalised words that are likely names, in order; plain words at the beginning are left out."""
    found = []
    for m in _NAME.finditer(text):
        word = _bare(m.group())
        if not word[:1].isupper() or word.casefold() in _PLAIN or (len(word) == 1 and word != "X"):
            continue
        found.append(word)
    return found


def unnamed(wanted: Iterable[str], text: str) -> list[str]:
    """Those of the names that a text doesn't hold, as such or by another form ("China" by "Chinese")."""
    there = {_bare(w).casefold() for w in re.findall(r"[\w'’.\-]+", text)}
    there |= {part for w in there for part in w.split("-")}
    stems = set(words(text))
    missing = []
    for name in wanted:
        low = name.casefold()
        parts = [p for p in low.split("-") if p]
        if low in there or all(p in there for p in parts) or set(words(low)) <= stems:
            continue
        if any(low in group and there & group for group in _ALIASES):
            continue
        # Demonyms and inflections: Turkey/Turkish, İstanbul/İstanbul’da, Berlin/Berliner.
        if len(low) >= 5 and any(w[:5] == low[:5] and abs(len(w) - len(low)) <= 4 for w in there):
            continue
        missing.append(name)
    return missing


def quoted(text: str) -> list[str]:
    """What stands between quotation marks."""
    return [next(g for g in groups if g) for groups in QUOTED.findall(text)]


def plain(text: str) -> str:
    """A text for comparing words: one kind of quote, dash and space, folded case."""
    text = re.sub(r"[‘’‚‛`´]", "'", text)
    text = re.sub(r"[“”„‟«»「」]", '"', text)
    text = re.sub(r"[‐-―−]", "-", text)
    return " ".join(text.split()).casefold()


def holds(text: str, quote: str) -> bool:
    """Whether a text holds the quoted words; a comma or full stop that the quote's end took in doesn't count."""
    return plain(quote).strip(" .,;:!?。，…") in plain(text)


def negated(text: str) -> bool:
    """Whether a text has a negation."""
    return bool(_NEGATION.search(text))


def negated_words(text: str) -> list[set[str]]:
    """For each negation, the index terms of the three content words after it."""
    found = []
    for m in _NEGATION.finditer(text):
        after = [w for w in words(text[m.end() : m.end() + 60]) if len(w) > 2 and w not in _light()]
        found.append(set(after[:3]))
    return found


def speakers(text: str) -> set[str]:
    """All name words, folded, of those whom a text plainly says to have said something."""
    found = set()
    for pattern in (_SPEAKS, _SPOKEN):
        for m in pattern.finditer(text):
            found |= {_bare(p).casefold() for p in m.group(1).split()}
    return found - _PLAIN


@cache
def _light() -> frozenset[str]:
    return frozenset(words("the a an that which and or of to in on for with as by any been be have has had make made"))


def _bare(word: str) -> str:
    word = word.strip(".'’\"“”")
    return re.sub(r"['’]s?$", "", word.replace(".", "")) if word else word
