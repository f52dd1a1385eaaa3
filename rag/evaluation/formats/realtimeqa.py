"""RealTimeQA: a weekly multiple-choice quiz about the news."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rag.errors import SourceError
from rag.evaluation.formats import convert
from rag.evaluation.formats.files import read_rows
from rag.evaluation.formats.general import make_case
from rag.evaluation.values import EvalCase
from rag.ingest.readers.rows import Row
from rag.ingest.values import running_text
from rag.text.counting import count
from rag.text.dates import parse_date
from rag.types import Skipped

_NOTA = "none of the above"


def realtimeqa_cases(
    path: Path, rows: Iterable[Row], *, generation: bool, closed: bool
) -> Iterator[convert.CaseOrSkipped]:
    """RealTimeQA's quiz, with what ``silver_qrels.jsonl`` and ``retrieved.jsonl`` beside the file say.

    The date of a question is a tag and not ``as_of``: articles about a week's news are often dated a little later.

    Args:
        path: The file of questions.
        rows: Its rows.
        generation: Leave the choices out.
        closed: Hand each question only the articles that ``retrieved.jsonl`` names.

    Raises:
        SourceError: ``closed``, and ``retrieved.jsonl`` is not there.
    """
    relevant, problems = _documents_by_question(path.with_name("silver_qrels.jsonl"), "answer_doc_ids")
    yield from problems
    given: dict[str, tuple[str, ...]] = {}
    if closed:
        retrieved = path.with_name("retrieved.jsonl")
        if not retrieved.is_file():
            raise SourceError(f"There is no {retrieved}, which names each question's articles. Leave out -closed.")
        given, problems = _documents_by_question(retrieved, "doc_ids")
        yield from problems

    def case(origin: str, row: dict[str, Any]) -> EvalCase:
        name = convert.case_id(row.get("question_id"), origin)
        known = name.removesuffix("_nota")
        found = _quiz(origin, row, generation)
        documents = dict.fromkeys(relevant.get(known, ()), 1) if found.answerable else {}
        return found.model_copy(update={"id": name, "relevant": documents, "within": given.get(known, ())})

    without = 0
    for item in convert.to_cases(rows, case):
        if closed and isinstance(item, EvalCase) and not item.within:
            without += 1
        else:
            yield item
    if without:  # a case that names no articles may use them all
        yield Skipped(
            origin="retrieved.jsonl", reason=f"left out: {count(without, 'question')} without retrieved articles"
        )


def _documents_by_question(path: Path, field: str) -> tuple[dict[str, tuple[str, ...]], list[Skipped]]:
    """Question → documents, of a file that may not be there."""
    found: dict[str, tuple[str, ...]] = {}
    problems: list[Skipped] = []
    for origin, row in read_rows(path)[1] if path.is_file() else ():
        try:
            if isinstance(row, Skipped):
                problems.append(row)
            else:
                found[convert.line(row.get("question_id"), "question_id")] = convert.texts(row.get(field), field)
        except convert.NotACase as reason:
            problems.append(Skipped(origin=origin, reason=str(reason)))
    return found, problems


def _quiz(origin: str, row: Mapping[str, Any], generation: bool) -> EvalCase:
    """A question of the quiz, without what stands beside the file."""
    given, answer = row.get("choices"), row.get("answer")
    if not isinstance(given, list):
        raise convert.NotACase("choices: not a list")
    choices = [convert.line(running_text(convert.text(choice, "choices")), "choices") for choice in given]
    index = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
    if not re.fullmatch("[0-9]{1,4}", said := str(index)) or int(said) >= len(choices):
        raise convert.NotACase(f"answer: not the index of one of the {len(choices)} choices")
    right = choices[int(said)]
    nota = _NOTA in (choice.casefold() for choice in choices) and not generation
    if generation and right.casefold() == _NOTA:
        raise convert.NotACase(f"answer: {right!r} says nothing without the choices")
    asked = parse_date(row.get("question_date"))
    kinds = [*([] if generation else ["multiple-choice"]), *(["nota"] if nota else [])]
    found = {
        "question": running_text(convert.text(row.get("question_sentence"), "question_sentence")),
        "answers": [right],
        "answerable": right.casefold() != _NOTA,
        "tags": [*kinds, *([f"{asked:%Y-%m}"] if asked else [])],
    }
    return make_case(origin, row, found if generation else found | {"choices": choices, "choice": int(said)})
