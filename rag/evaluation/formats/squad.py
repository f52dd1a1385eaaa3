"""SQuAD 1.1 and 2.0."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rag.evaluation.formats import convert
from rag.evaluation.formats.general import make_case
from rag.evaluation.values import EvalCase
from rag.ingest.readers.rows import Row
from rag.text.detect import detect_language
from rag.text.normalize import tidy
from rag.text.split import sentences
from rag.types import Skipped


def squad_cases(rows: Iterable[Row]) -> Iterator[convert.CaseOrSkipped]:
    """SQuAD 1.1 and 2.0; places are "name:article.paragraph.question", each from 1."""
    for origin, row in rows:
        if isinstance(row, Skipped):
            yield row
        elif not isinstance(paragraphs := row.get("paragraphs"), list):
            yield Skipped(origin=origin, reason="an article without a list of paragraphs")
        else:
            for number, paragraph in enumerate(paragraphs, start=1):
                yield from _paragraph(f"{origin}.{number}", paragraph)


def _paragraph(origin: str, value: Any) -> Iterator[convert.CaseOrSkipped]:
    context, questions = (value.get("context"), value.get("qas")) if isinstance(value, dict) else (None, None)
    if not isinstance(context, str) or not isinstance(questions, list):
        yield Skipped(origin=origin, reason="a paragraph without a context or a list of questions")
        return
    stored = tidy(context)  # as the archive stores it
    cut = [(s.start, s.end) for s in sentences(stored, detect_language(stored))]
    document = next((value[name] for name in ("doc_id", "document_id", "id", "url") if value.get(name)), None)

    def case(origin: str, row: dict[str, Any]) -> EvalCase:
        given = row.get("answers")
        answers = [a for a in given if isinstance(a, dict)] if isinstance(given, list) else []
        if len(answers) != (len(given) if isinstance(given, list) else given is not None):
            raise convert.NotACase("answers: not a list of objects")
        impossible = convert.flag(row.get("is_impossible", False), "is_impossible")
        spans = [
            _answer_span(context, stored, convert.text(a.get("text"), "answers, text"), a.get("answer_start"))
            for a in answers
        ]
        inside = [stored[s:e] for s, e in cut if any(s < end and start < e for start, end in spans)]
        found = {"id": row.get("id"), "question": row.get("question"), "answers": [a["text"] for a in answers]}
        more = {"evidence": inside, "relevant": None if impossible else document, "answerable": not impossible}
        return make_case(origin, row, {name: v for name, v in (found | more).items() if v is not None})

    numbered = ((f"{origin}.{number}", item) for number, item in enumerate(questions, start=1))
    yield from convert.to_cases(
        ((o, q if isinstance(q, dict) else Skipped(origin=o, reason="not a JSON object")) for o, q in numbered), case
    )


def _answer_span(context: str, stored: str, answer: str, start: Any) -> tuple[int, int]:
    """Where an answer stands in the stored text: its occurrence nearest to where it was in the context."""
    known = isinstance(start, int) and 0 <= start <= len(context)
    at = len(tidy(context[:start] + "x")) - 1 if known else 0  # "x", lest the space before it be trimmed
    places = [match.start() for match in re.finditer(re.escape(answer), stored)] if answer else []
    nearest = min(places, key=lambda place: abs(place - at), default=-1)
    return (nearest, nearest + len(answer)) if nearest >= 0 else (0, 0)
