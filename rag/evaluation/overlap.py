"""How near a text comes to the answers that are accepted: the largest value over them, 0 to 1.

Words are compared as SQuAD's official script does (Rajpurkar et al. 2016): lower case, without punctuation and the
articles a, an, the. Beyond ASCII, all of Unicode's punctuation goes and every Chinese or Japanese character is a word,
as in MLQA's script (Lewis et al. 2020); letters written in two code points count as one.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from rag.text.scripts import CJK_LETTERS

_CHARACTER = re.compile(f"([{CJK_LETTERS}])")
_WORD = re.compile(rf"[{CJK_LETTERS}]|[^\W_{CJK_LETTERS}]+")
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_RUN = 20
"""Letters and digits that two sentences need in common to be more than alike by chance."""
_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)


def exact_match(text: str, accepted: Sequence[str]) -> float:
    """1 where the text has the words of an accepted answer and no others, in their order, else 0 (SQuAD)."""
    said = tokens(text)
    return float(any(said == tokens(answer) for answer in accepted))


def f1(text: str, accepted: Sequence[str]) -> float:
    """Harmonic mean of the share of the text's words that an answer has and of the answer's that the text has (SQuAD).

    Where one of the two has no words, it is 1 if the other has none either, as in SQuAD 2.0's script.
    """
    said = tokens(text)
    return max((_overlap(said, tokens(answer)) for answer in accepted), default=0.0)


def contains(text: str, accepted: Sequence[str]) -> float:
    """1 where the words of an accepted answer stand in the text side by side, else 0.

    ALCE's STR-EM (Gao et al. 2023) for one group of alternatives, in whole words: "art" is not in "party".
    """
    said = tokens(text)
    return float(any(_within(tokens(answer), said) for answer in accepted))


def rouge_l(text: str, accepted: Sequence[str]) -> float:
    """F-measure of the longest common subsequence of words (Lin 2004), without stemming."""
    said = words(text)
    return max((_longest(said, words(answer)) for answer in accepted), default=0.0)


def tokens(text: str) -> list[str]:
    """A text's words as SQuAD and MLQA compare them."""
    text = unicodedata.normalize("NFC", text.lower()).translate(_ASCII_PUNCTUATION)
    if not text.isascii():
        text = "".join(c for c in text if not unicodedata.category(c).startswith("P"))
    return _CHARACTER.sub(r" \1 ", _ARTICLE.sub(" ", text)).split()


def words(text: str) -> list[str]:
    """A text's words for ROUGE: runs of letters and digits, case-folded; Chinese and Japanese characters singly."""
    return _WORD.findall(unicodedata.normalize("NFC", text.casefold()))


def letters_and_digits(text: str) -> str:
    """A text's letters and digits, case-folded, so that white space, quotation marks and dashes make no difference."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def same_sentence(quote: str, gold: str) -> bool:
    """Whether one of two sentences, both as ``letters_and_digits``, has the other in it; short ones must be equal."""
    short, long = sorted((quote, gold), key=len)
    return short == long or (len(short) >= _RUN and short in long)


def shares_most(quote: str, gold: str) -> bool:
    """Whether two passages, both as ``letters_and_digits``, have most of one of them in common, in one run.

    The run has to be longer than half of the shorter one, and of 20 letters or more unless the two are equal: a quote
    may be a part of the other, or begin in the middle of it.
    """
    if quote == gold:
        return bool(gold)
    run = SequenceMatcher(None, quote, gold, autojunk=False).find_longest_match().size
    return run >= _RUN and 2 * run > min(len(quote), len(gold))


def _overlap(said: list[str], wanted: list[str]) -> float:
    if not said or not wanted:
        return float(said == wanted)
    common = (Counter(said) & Counter(wanted)).total()
    return 2 * common / (len(said) + len(wanted))


def _within(wanted: list[str], said: list[str]) -> bool:
    # Without words, "The" would be in every text.
    if not wanted:
        return not said
    return any(said[i : i + len(wanted)] == wanted for i in range(len(said) - len(wanted) + 1))


def _longest(said: list[str], wanted: list[str]) -> float:
    if not said or not wanted:
        return 0.0
    from rapidfuzz.distance import LCSseq

    return 2 * LCSseq.similarity(said, wanted) / (len(said) + len(wanted))
