"""Newsroom questions: judged by patterns, with the sentences to be cited, some about what never happened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rag.errors import SourceError
from rag.evaluation.formats import convert
from rag.evaluation.formats.general import make_case
from rag.evaluation.rubric import compiled
from rag.evaluation.values import EvalCase, Gold, Rubric
from rag.ingest.readers.rows import Row

TYPES = ("single", "multi", "hedged", "followup", "language", "unanswerable", "false_premise")
"""What ``type`` may be; it becomes the case's tag."""
_MODES = ("any", "all", "none")


def newsroom_cases(path: Path, rows: Iterable[Row]) -> Iterator[convert.CaseOrSkipped]:
    """Questions with a rubric; the gold sentences are also the evidence, and their articles the relevant ones.

    ``today`` and ``history`` go into the question. ``about``, ``lang`` and ``note`` are for people and not read.

    Args:
        path: The file, for messages.
        rows: Its rows.

    Raises:
        SourceError: A pattern is no regular expression. Without it a case would be judged wrongly, so none is read.
    """

    def case(origin: str, row: dict[str, Any]) -> EvalCase:
        kind = _one_of(row.get("type"), "type", TYPES)
        answerable = convert.flag(row.get("answerable"), "answerable")
        if answerable == (kind in ("unanswerable", "false_premise")):
            raise convert.NotACase(f"answerable: {str(answerable).lower()}, and the type is {kind}")
        rubric = Rubric(
            false_premise=kind == "false_premise",
            must=_patterns(row, "must"),
            must_not=_patterns(row, "must_not"),
            correct=next(iter(_patterns(row, "correct")), None),
            gold=_gold(row.get("gold")),
            gold_mode=_one_of(row.get("gold_mode"), "gold_mode", _MODES),
        )
        if answerable and not rubric.must:
            raise convert.NotACase("must: empty, so that any answer would be right")
        if rubric.false_premise and rubric.correct is None:
            raise convert.NotACase("correct: missing, so that nothing tells what puts the premise right")
        _check(path, origin, row)
        known = {name: row[name] for name in ("id", "question", "today") if row.get(name) is not None}
        more = {
            "answerable": answerable,
            "history": _turns(row.get("history")),
            "evidence": [g.quote for g in rubric.gold],
            "relevant": [g.article for g in rubric.gold],
            "tags": [kind],
        }
        return make_case(origin, row, known | more).model_copy(update={"rubric": rubric})

    yield from convert.to_cases(rows, case)


def _one_of(value: Any, name: str, known: tuple[str, ...]) -> Any:
    if value not in known:
        raise convert.NotACase(f"{name}: {str(value)[:40]!r} is none of {', '.join(known)}")
    return value


def _patterns(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Patterns as they are written: tidying would change what they match."""
    value = row.get(name)
    given = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(pattern, str) and pattern for pattern in given):
        raise convert.NotACase(f"{name}: patterns are texts, and none is empty")
    return tuple(given)


def _check(path: Path, origin: str, row: Mapping[str, Any]) -> None:
    """Raise what names the place of the first pattern that is no regular expression."""
    for name in ("must", "must_not", "correct"):
        for pattern in _patterns(row, name):
            try:
                compiled(pattern)
            except (re.error, OverflowError, RecursionError) as error:
                line = origin.rpartition(":")[2]
                raise SourceError(
                    f"{path}, line {line}, question {convert.case_id(row.get('id'), origin)}: {pattern!r} in {name} "
                    f"is no regular expression ({error}). Correct it."
                ) from error


def _gold(value: Any) -> tuple[Gold, ...]:
    given = [] if value is None else value
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise convert.NotACase("gold: not a list of objects")
    found = tuple(
        Gold(article=convert.line(g.get("url"), "gold, url"), quote=convert.text(g.get("quote"), "gold, quote"))
        for g in given
    )
    if not all(g.article and g.quote for g in found):
        raise convert.NotACase("gold: an empty url or quote")
    return found


def _turns(value: Any) -> list[dict[str, Any]]:
    """Pairs of question and answer, as ``convert.turns`` takes them."""
    given = [] if value is None else value
    if not isinstance(given, list) or not all(isinstance(turn, list) and len(turn) == 2 for turn in given):
        raise convert.NotACase("history: not a list of pairs, question and answer")
    return [{"question": question, "answer": answer} for question, answer in given]
