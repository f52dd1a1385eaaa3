"""Which of some texts are one story: near-identical ones, told by their word triples, all texts compared at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rag.text.scripts import CJK

_SAME_STORY = 0.8
"""Share of the shorter text's word triples that make two texts one story."""
_WORDS = re.compile(rf"[{CJK}]|\w+")
_MARKS = "\u2019\u201c\u201d\u2014\u2013\u2018\u00a0\u2026"
"""Marks between words that most of the texts have whose words are all spelt with a to z."""
_PLAIN = {n: chr(n).lower() if chr(n).isalnum() or chr(n) == "_" else " " for n in range(128)}
"""For ``str.translate``: small letters, and a space for what stands between words."""
_END, _NONE = "\n", "\x01"
"""In texts put one behind the other: the end of one, and a word that none has."""
_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
"""Odd numbers of 64 bits without a pattern: letters and words are multiplied by them, so that their order counts."""

_Numbers = npt.NDArray[np.uint64]
_Places = npt.NDArray[np.intp]


def same_story(one: str, other: str) -> bool:
    """Whether two texts are one story: they share 80 % of the shorter one's word triples.

    Words are single characters where a script has no spaces; of a text of one or two words these are the triple.
    """
    mine, yours = _triples(one), _triples(other)
    return bool(mine and yours) and len(mine & yours) >= _SAME_STORY * min(len(mine), len(yours))


def earlier_twins(texts: Sequence[str]) -> dict[int, list[int]]:
    """For each text the earlier ones that are the ``same_story``, first to last; texts without any are left out.

    Triples are told apart by hashes of some fifty bits, of all texts in one array. Few stand in two texts, so that most
    texts can be no twin of any: only one that shares 80 % of its own with all others together is compared with each.

    Args:
        texts: Some thousands at most.

    Returns:
        Places in ``texts``, by place.
    """
    hashes, of = _all_triples(texts)
    own = np.bincount(of, minlength=len(texts))
    begins = np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)]
    alone = begins & np.append(begins[1:], True)[: len(hashes)]
    triple, of = np.cumsum(begins)[~alone], of[~alone]
    likely = (np.bincount(of, minlength=len(texts)) >= _SAME_STORY * own) & (own > 0)
    here = np.zeros(len(hashes) + 1, np.bool_)
    found: dict[int, set[int]] = {}
    for one in np.flatnonzero(likely).tolist():
        here[:] = False
        here[triple[of == one]] = True
        shared = np.bincount(of[here[triple]], minlength=len(texts))
        enough = (shared >= _SAME_STORY * np.minimum(own, own[one])) & (shared > 0)
        for other in np.flatnonzero(enough).tolist():
            if other != one:
                found.setdefault(max(one, other), set()).add(min(one, other))
    return {place: sorted(earlier) for place, earlier in found.items()}


def _all_triples(texts: Sequence[str]) -> tuple[_Numbers, _Places]:
    """Hashes of the texts' triples, falling together where they are equal, and which text each is of, each once."""
    words, of = _all_words(texts)
    bits = np.uint64(len(texts).bit_length())
    hashes = (words[:-2] * _FIRST + words[1:-1]) * _SECOND + words[2:]
    both = (hashes >> bits << bits | of[2:])[of[:-2] == of[2:]]  # one number, which is far faster to sort than two
    both.sort()
    both = both[np.append(True, both[1:] != both[:-1])[: len(both)]]
    hashes = both >> bits
    return hashes, (both ^ hashes << bits).astype(np.intp)


def _all_words(texts: Sequence[str]) -> tuple[_Numbers, _Numbers]:
    """Hashes of the texts' words, one after the other, and which text each is of."""
    letters = np.frombuffer("".join([_spaced(text) + _END for text in texts]).encode(), np.uint8)
    inside = (letters != ord(" ")) & (letters != ord(_END))
    first = np.flatnonzero(inside & ~np.append(False, inside[:-1]))
    if not len(first):
        return np.zeros(2, np.uint64), np.arange(2, dtype=np.uint64)
    lengths = np.diff(first, append=len(letters))
    place = np.arange(first[0], len(letters)) - np.repeat(first, lengths)
    by_place = np.multiply.accumulate(np.full(int(lengths.max()), _FIRST))
    words = np.add.reduceat((letters * inside)[first[0] :] * by_place[place], first - first[0])
    many = np.diff(np.searchsorted(first, np.flatnonzero(letters == ord(_END))), prepend=0)
    return words, np.repeat(np.arange(len(texts), dtype=np.uint64), many)


def _spaced(text: str) -> str:
    """The words of a text with spaces between them, filled up to a triple where they are fewer."""
    plain = _plain(text)
    spaced = " ".join(_WORDS.findall(text.casefold())) if plain is None else plain
    few = spaced.split(None, 2)
    return " ".join([*few, _NONE, _NONE][:3]) if 0 < len(few) < 3 else spaced


@lru_cache(maxsize=256)
def _triples(text: str) -> frozenset[int]:
    # Hashes of triples: sets of tuples of words are a thousand objects for the garbage collector.
    found = _words(text)
    return frozenset(map(hash, zip(found, found[1:], found[2:], strict=False))) or frozenset(
        {hash(tuple(found))} if found else ()
    )


def _words(text: str) -> list[str]:
    """As ``_WORDS`` finds them in the text in small letters; three times as fast where letters are a to z."""
    plain = _plain(text)
    return _WORDS.findall(text.casefold()) if plain is None else plain.split()


def _plain(text: str) -> str | None:
    """A text whose words are spelt with a to z, its words in small letters and spaces between; None of any other."""
    if not text.isascii():
        for mark in _MARKS:
            text = text.replace(mark, " ")
    return text.translate(_PLAIN) if text.isascii() else None


__all__ = ["earlier_twins", "same_story"]
