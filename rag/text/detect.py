"""The language of a text, by its script and its commonest words.

Detection libraries were tried: py3langid 0.4 costs 105 MB and 0.6 s to load and
calls one in ten Chinese questions Wu, lingua takes 96 MB of disk. Splitting
needs to tell languages apart only roughly, on texts of article length, where
script and stopwords are as good and cost nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, lru_cache

from rag.text.calendar_names import names_in
from rag.text.lexicon import having
from rag.text.scripts import BY_LANGUAGE
from rag.text.word_lists import Detection, Times

_OTHER = re.compile("|".join(f"(?P<{name}>[{span}]+)" for name, span in BY_LANGUAGE))
_LATIN = re.compile("[a-zà-öø-ÿā-ſș-ț]+")
_AFTER_A_WORD = re.compile(r"(?<=[^\W\d_])['’](?:s|t|d|m|re|ve|ll)\b", re.IGNORECASE)
"""What stands behind a word in English ("America's", "won't") and is none itself; in Czech "s" is one."""
_MET_OFTEN = "en tr de fr es it pt nl sv da no fi pl cs hu ro id vi".split()
"""Where two languages are as likely, the first of these is named."""
_WORD_OF_PATTERN = re.compile(r"[^\W\d_]{3,}")
_CYRILLIC = (("uk", "іїєґ"), ("be", "ў"), ("sr", "ђјљњћџ"), ("mk", "ѓќѕ"))
_ARABIC = (("ur", "ٹڈڑںےھ"), ("fa", "پچژگک"))
_SAMPLE = 4_000
_SURE = 0.06
"""Share of a text's words that are a language's stopwords, at least, to name that language."""


def detect_language(text: str) -> str:
    """Guess the language from a text's first 4,000 characters.

    Returns:
        ISO 639-1; "en" when unsure.
    """
    sample = text[:_SAMPLE]
    if not sample.isascii():
        language = _by_script(sample)
        if language is not None:
            return language
    scores, number = _scores(sample)
    best = max(scores, key=lambda language: (scores[language], language == "en"), default="en")
    return best if number and scores[best] >= max(1, _SURE * number) else "en"


@lru_cache(maxsize=256)  # a search asks several times
def detect_question(text: str) -> str:
    """Guess the language of a question, which has too few words for ``detect_language``.

    What questions are asked with, and the names of months and days, speak for a language as well.

    Returns:
        ISO 639-1; "en" when unsure.
    """
    if not text.isascii() and (language := _by_script(text)) is not None:
        return language
    scores, number = _scores(text)
    for word in set(_LATIN.findall(text.replace("İ", "i").lower())):
        owners = _asked_with().get(word, ())
        for owner in owners:
            scores[owner] += 2 if len(owners) == 1 else 1
    best = max(scores, key=lambda language: (scores[language], language == "en"), default="en")
    return best if number and scores[best] >= 1 else "en"


@cache
def _asked_with() -> dict[str, tuple[str, ...]]:
    """The languages that questions with a word are in."""
    owners: dict[str, tuple[str, ...]] = {}
    for language, known in having(Times).items():
        names = [name.lower() for kind in ("months", "days") for name in names_in(language, kind)]
        patterns = (pattern for one in known for pattern in one if one is not known.questions)
        told = (word.lower() for pattern in patterns for word in _WORD_OF_PATTERN.findall(pattern) if word != "time")
        for word in dict.fromkeys((*known.questions, *names, *told)):
            owners[word] = (*owners.get(word, ()), language)
    return owners


def certain_language(text: str) -> str | None:
    """The language of a text in Latin letters, where a sentence's words leave hardly a doubt; else None."""
    scores, number = _scores(text[:_SAMPLE])
    best = max(scores, key=lambda language: scores[language], default="en")
    return best if scores[best] >= max(3, 0.2 * number) and scores[best] >= 2 * scores["en"] * (best != "en") else None


def _scores(sample: str) -> tuple[Counter[str], int]:
    """What speaks for each language in a sample's words and letters; and how many words it has."""
    found = _LATIN.findall(_AFTER_A_WORD.sub("", sample.replace("İ", "i").lower()))
    scores: Counter[str] = Counter()
    for word, times in Counter(found).items():
        owners = _owners().get(word, ())
        for language in owners:
            scores[language] += times * (2 if len(owners) == 1 else 1)
    for language, letters in _letters():
        scores[language] += min(sum(sample.count(letter) for letter in letters), len(found) // 3)
    return scores, len(found)


@cache
def _known() -> list[tuple[str, Detection]]:
    """What each language is known by, those met often first."""
    known = having(Detection)
    return [(name, known[name]) for name in dict.fromkeys((*_MET_OFTEN, *known)) if name in known]


@cache
def _owners() -> dict[str, tuple[str, ...]]:
    """The languages that a stop word belongs to."""
    owners: dict[str, tuple[str, ...]] = {}
    for language, known in _known():
        for word in known.stop_words:
            owners[word] = (*owners.get(word, ()), language)
    return owners


@cache
def _letters() -> list[tuple[str, tuple[str, ...]]]:
    """Letters that hardly any other language has."""
    return [(language, known.letters) for language, known in _known() if known.letters]


def _by_script(sample: str) -> str | None:
    """The language of a script other than Latin that a third of the letters are in."""
    found: Counter[str] = Counter()
    for match in _OTHER.finditer(sample):
        found[str(match.lastgroup)] += len(match[0])
    if not found:
        return None
    latin = sum(map(len, _LATIN.findall(sample.lower())))
    total = sum(found.values())
    # A Chinese character says as much as two Latin letters.
    if total * (2 if found["zh"] + found["ja"] > total / 2 else 1) < (latin + total) / 3:
        return None
    best = found.most_common(1)[0][0]
    if best in ("zh", "ja"):
        return "ja" if found["ja"] > found["zh"] / 20 else "zh"
    for name, hints in (("ru", _CYRILLIC), ("ar", _ARABIC)):
        if best == name:
            return (
                max(
                    hints,
                    key=lambda hint: sum(map(sample.count, hint[1])),
                    default=(name, ""),
                )[0]
                if any(c in sample for _, letters in hints for c in letters)
                else name
            )
    return best
