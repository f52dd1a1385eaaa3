"""Names of a question that nothing searched has: told beside the answer or the refusal, and no reason for one.

Of questions that newsrooms ask, one in thirty has such a name, and most of these are answered all the same: the article
writes "Royal Pharmaceutical Society" where the question has "RPS" (docs/answers.md). So nothing is withheld for it,
and who asks for somebody whom no article mentions is told that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from rag.answer.check import exact
from rag.text.detect import detect_question
from rag.types import Hit, Query

_SHORTEST = 3
"""Letters of a name that can be told from an abbreviation of something else."""
_ALIKE = 0.8
"""Share of letters in the same order that makes two spellings of one name: "Zelensky" and "Zelenskyy"."""
_EVERY_NOUN = ("de",)
"""Languages that write every noun with a capital."""


def unheard(query: Query, hits: Sequence[Hit], known: Callable[[str], bool]) -> tuple[str, ...]:
    """The names of a question that are in nothing that was searched, in any form or spelling.

    Args:
        query: The question.
        hits: The passages found for it; only in the languages that they are in a name is looked for.
        known: Whether a word is anywhere in what was searched.
    """
    question = query.standalone
    language = detect_question(question)
    if language in _EVERY_NOUN or language not in {h.passage.language for h in hits}:
        return ()
    texts = [f"{h.passage.title} {h.passage.text} {h.passage.source or ''}" for h in hits]
    names = exact.asked_names(question, language != "en")
    lacking = {n for n in exact.missing_names(names, "\n".join(texts)) if len(n) >= _SHORTEST and not known(n)}
    there = {w for t in texts for w in re.findall(r"\b[^\W\d_]{3,}\b", t) if w[0].isupper()} if lacking else set()
    return tuple(_as_written(question, [n for n in names if n in lacking and not _spelt_alike(n, there)]))


def _spelt_alike(name: str, words: set[str]) -> bool:
    """Whether a name is one of some words, but for a letter or two."""
    one = SequenceMatcher(b=name.casefold(), autojunk=False)
    for word in words:
        one.set_seq1(word.casefold())
        if one.real_quick_ratio() >= _ALIKE and one.quick_ratio() >= _ALIKE and one.ratio() >= _ALIKE:
            return True
    return False


def _as_written(question: str, names: Sequence[str]) -> Iterator[str]:
    """Names as the question has them, those that stand side by side as one: "Vladimir Putin"."""
    run = "|".join(sorted(map(re.escape, set(names)), key=len, reverse=True))
    if run:
        yield from dict.fromkeys(m[0] for m in re.finditer(rf"\b(?:{run})(?:\s+(?:{run}))*\b", question))


__all__ = ["unheard"]
