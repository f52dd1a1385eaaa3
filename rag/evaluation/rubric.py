"""Whether an answer is right by the patterns that a case comes with, and whether it cites what the case names.

A pattern is a regular expression, searched anywhere in a text, in any case; ``(?-i:...)`` in it heeds the case.
``must`` and ``correct`` are sought in the answer's words and in each of its quotes, with the days that are told beside
it ("Wednesday, 27 May 2020"), ``must_not`` in its words alone: a quoted sentence may well say more than was asked. The
words are those of ``Answer.plain_text``, without citation marks.

    answerable      right: answered, every ``must`` is there and no ``must_not``
    unanswerable    right: refused
    false premise   right: refused; or ``correct`` is there and no ``must_not``

``docs/evaluation.md`` says what the measures make of it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rag.composing import without_marks
from rag.evaluation.values import EvalCase, Row, Rubric
from rag.shown import days
from rag.types import Answer


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern as it is searched.

    Raises:
        re.error, OverflowError, RecursionError: It is no regular expression.
    """
    return re.compile(pattern, re.IGNORECASE)


def is_right(case: EvalCase, answer: Answer) -> bool:
    """Whether an answer or a refusal is right by the case's rubric.

    Args:
        case: With a rubric.
        answer: Of its question.
    """
    rubric = _rubric(case)
    if not answer.answered:
        return not case.answerable
    if not case.answerable and not rubric.false_premise:
        return False
    wanted = rubric.must if case.answerable else (rubric.correct,) if rubric.correct else ()
    quotes = tuple(f"{c.quote} ({days(c)})" for c in answer.citations)
    return bool(wanted) and _passes(rubric, wanted, answer.plain_text, quotes)


def is_withheld_though_right(case: EvalCase, answer: Answer) -> bool:
    """Whether what is shown is not right, and a sentence that the check rejected is: it alone has every ``must``.

    Args:
        case: Answerable, with a rubric.
        answer: Of its question.
    """
    rubric = _rubric(case)
    if is_right(case, answer):
        return False
    return any(_passes(rubric, rubric.must, without_marks(s.text)) for s in answer.withheld)


def cites_gold(row: Row) -> bool:
    """Whether an answer cites the case's gold: one of the sentences, or all of them where the mode is "all".

    Args:
        row: Answered, of a case whose rubric has gold.
    """
    enough = all if _rubric(row.case).gold_mode == "all" else any
    return bool(row.gold_quoted) and enough(row.gold_quoted)


def has_gold(case: EvalCase) -> bool:
    """Whether a case names sentences that an answer should cite."""
    return case.rubric is not None and bool(case.rubric.gold) and case.rubric.gold_mode != "none"


def _rubric(case: EvalCase) -> Rubric:
    assert case.rubric is not None, "only cases with a rubric are judged by one"
    return case.rubric


def _passes(rubric: Rubric, wanted: tuple[str, ...], said: str, quotes: tuple[str, ...] = ()) -> bool:
    there = all(any(compiled(p).search(text) for text in (said, *quotes)) for p in wanted)
    return there and not any(compiled(p).search(said) for p in rubric.must_not)
