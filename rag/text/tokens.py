"""The words of a text: as index terms, and counted.

Words are found and stemmed here rather than in the index's library, so that a passage and a question are treated alike
in every script: Latin words are folded and stemmed, runs of Chinese and Japanese characters become overlapping pairs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

from rag.text.normalize import strip_accents
from rag.text.scripts import CJK, CJK_INDEXED

# A word with inner apostrophes, full stops (U.S.) or hyphens taken apart below; or a run of CJK.
_TERM = re.compile(rf"[{CJK_INDEXED}]+|(?:[^\W_](?<![{CJK_INDEXED}])[\u0300-\u036f]*)+(?:['’](?=s\b)s)?")
_PLACE = re.compile(rf"\b(?:[A-Za-z]\.){{2,}}|{_TERM.pattern}", re.IGNORECASE)
_UNUSUAL = re.compile(rf"[{CJK_INDEXED}\u0300-\u036f]")
_ONLY_CJK = re.compile(rf"[{CJK_INDEXED}]+")
_ACRONYM = re.compile(r"\b(?:[A-Za-z]\.){2,}")
# Chinese words that ask: taken out, or they would make pairs with what is asked about.
_ASKING = re.compile(
    "什么时候|什么|怎么样|怎样|怎么|如何|为什么|为何|多长时间|多长|多久|"
    "多少|是否|哪里|哪儿|哪个|哪些|哪位|谁|几|吗|呢|了|的|是|在|就|用"
)
_STOP = frozenset(
    """a about after all also am an and any are as at be been before being between both but by can could did do
    does doing during each for from further had has have having he her here hers him his how i if in into is it
    its just me more most my no nor not now of off on once only or other our out over own s said same say says
    she should so some such t than that the their them then there these they this those through to too under
    until up very was we were what when where which while who whom why will with would you your""".split()
)
_CJK = re.compile(f"[{CJK}]")
_WORD = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*")


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


def terms(text: str) -> list[str]:
    """Index terms of a text, in order: folded, stemmed, CJK in pairs."""
    text = _ACRONYM.sub(lambda m: m.group().replace(".", ""), text)
    if not text.isascii():
        text = strip_accents(text.replace("ı", "i").replace("İ", "i"))
    found: list[str] = []
    for m in _TERM.finditer(text.casefold()):
        word = m.group()
        if _ONLY_CJK.fullmatch(word):
            found += [word[i : i + 2] for i in range(len(word) - 1)] or [word]
        else:
            found.append(word[:-2] if word.endswith(("'s", "’s")) else word)
    stems: list[str] = _stemmer().stemWords(found)
    return stems


@lru_cache(maxsize=256)
def _plain_word(starts: frozenset[str]) -> re.Pattern[str]:
    """``_PLACE`` for texts without CJK and combining marks, in a third of the time.

    Args:
        starts: Only of words that begin with one of these letters, or with one outside ASCII; empty: of all.
    """
    begins = "".join(re.escape(s) for s in sorted(starts))
    inside = r"(?!(?<=[^\W_]['’])s\b)(?!(?<=\b[A-Za-z]\.)[A-Za-z]\.)"  # of "Qin's", and of "U.S."
    here = rf"(?<![^\W_])(?=[{begins}]|[^\x00-\x7f]){inside}" if starts else ""
    return re.compile(rf"{here}(?:\b(?:[A-Za-z]\.){{2,}}|[^\W_]+(?:['’](?=s\b)s)?)", re.IGNORECASE)


def places(text: str, starts: Collection[str] | None = None) -> Iterator[tuple[int, int, str]]:
    """The words of a text as they are written, with where they stand: (start, end, word folded but not stemmed).

    For finding words and phrases exactly. Runs of Chinese and Japanese characters become overlapping pairs, acronyms
    one word without their full stops ("U.S." as "us"), and "Qin's" is "qin".

    Args:
        text: Any.
        starts: Only words are wanted that begin with one of these letters, which are folded; the others are passed over
            as far as that is quickly told. None: all.
    """
    plain = _UNUSUAL.search(text) is None
    for m in (_plain_word(frozenset(starts or ())) if plain else _PLACE).finditer(text):
        word = m.group()
        if _ONLY_CJK.fullmatch(word):
            for i in range(max(1, len(word) - 1)):
                yield m.start() + i, m.start() + i + min(2, len(word)), word[i : i + 2]
            continue
        folded = word.replace(".", "").casefold()
        if not folded.isascii():
            folded = strip_accents(folded.replace("ı", "i").replace("i̇", "i"))
        kept = folded[:-2] if folded.endswith(("'s", "’s")) else folded
        if kept:
            yield m.start(), m.end() - (len(folded) - len(kept)), kept


def stems(words: Sequence[str]) -> list[str]:
    """The stems of folded words, as ``terms`` has them."""
    stemmed: list[str] = _stemmer().stemWords(list(words))
    return stemmed


def query_terms(text: str) -> list[str]:
    """Terms of a question: as ``terms``, each once, without stop words unless nothing else is left."""
    found = list(dict.fromkeys(terms(_ASKING.sub(" ", text)) or terms(text)))
    kept = [w for w in found if w not in _stopped()]
    return kept or found


@cache
def _stopped() -> frozenset[str]:
    return frozenset(_STOP) | frozenset(_stemmer().stemWords(sorted(_STOP)))


def count_words(text: str) -> int:
    """Count words; two Chinese or Japanese characters count as one, a begun pair too."""
    if text.isascii():
        return len(_WORD.findall(text))
    spaced, cjk = _CJK.subn(" ", text)
    return len(_WORD.findall(spaced)) + (cjk + 1) // 2
