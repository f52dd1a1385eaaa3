"""Rows with a case's fields, called by any of many names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rag.evaluation.formats import convert
from rag.evaluation.formats.files import parse_json
from rag.evaluation.values import EvalCase
from rag.ingest.readers.rows import Row, is_blank, plain_name
from rag.text.normalize import tidy

FIELD_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "questionid", "qid", "caseid"),
    "question": ("question", "questiontext", "questionsentence", "query", "prompt", "input"),
    "answers": (
        "answers", "answer", "referenceanswers", "referenceanswer", "reference", "goldanswers", "goldanswer", "gold",
        "groundtruth", "expectedanswer", "expected",
    ),
    "choices": ("choices", "options"),
    "choice": ("choice", "correctchoice", "rightchoice", "answerindex", "answerkey", "correct"),
    "evidence": ("evidence", "evidencesentences", "goldevidence", "supportingsentences"),
    "relevant": ("relevant", "relevantids", "relevantdocs", "relevantdocids", "qrels", "golddocs", "goldids"),
    "answerable": ("answerable", "isanswerable"),
    "as_of": ("asof",),
    "today": ("today",),
    "history": ("history", "conversation", "chathistory"),
    "within": ("within",),
    "tags": ("tags", "tag", "category"),
}  # fmt: skip
"""What a case's fields are called elsewhere, best first, in lower case without punctuation."""


def general_cases(rows: Iterable[Row], fields: Mapping[str, str], *, table: bool) -> Iterator[convert.CaseOrSkipped]:
    """Rows whose fields are named like a case's, or as ``fields`` says.

    Args:
        rows: As ``read_rows`` gives them.
        fields: Our field name → its name in the file.
        table: Whether values are cells: several texts in one are a JSON list or are separated by " | ".
    """

    def case(origin: str, row: dict[str, Any]) -> EvalCase:
        given = _rename(row, fields)
        if table:
            given = {name: _cell(value, name) for name, value in given.items()}
        return make_case(origin, row, given)

    return convert.to_cases(rows, case)


def _rename(row: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """The row's values under our names; a blank one gives way to the next name."""
    plain = {plain_name(name): name for name in reversed(list(row))}
    taken: dict[str, Any] = {}
    for ours, names in FIELD_NAMES.items():
        known = [fields[ours]] if ours in fields else [plain[name] for name in names if name in plain]
        name = next((name for name in known if not is_blank(row.get(name))), None)
        if name is not None:
            taken[ours] = row[name]
    return taken


def _cell(value: Any, name: str) -> Any:
    """A cell of a table: a field of several texts holds a JSON list, or texts separated by " | "."""
    if name not in ("answers", "choices", "evidence", "relevant", "history", "within", "tags"):
        return value
    value = str(value)
    if value.lstrip().startswith(("[", "{")) and isinstance(parsed := parse_json(value), (list, dict)):
        return parsed
    return [part for part in value.split(" | ") if part.strip()]


def make_case(origin: str, row: Mapping[str, Any], given: Mapping[str, Any]) -> EvalCase:
    """A case of values under our field names.

    Args:
        origin: The row's place in its file.
        row: As it was read, to name its fields where the question is missing.
        given: Our field name → value.

    Raises:
        NotACase: There is no question, or a value isn't what its field needs.
    """
    if "question" not in given:
        raise convert.NotACase(f"no question; the fields are: {', '.join(tidy(str(name)) for name in list(row)[:20])}")
    question = convert.line(given["question"], "question")
    if not question:
        raise convert.NotACase("the question is empty")
    choices = given.get("choices")
    if choices is not None and not isinstance(choices, list):
        raise convert.NotACase(f"choices: {convert.type_name(choices)} where a list should be")
    named = tuple(convert.line(item, "choices") for item in choices or ())
    answerable = convert.flag(given.get("answerable", True), "answerable")
    answers, choice = convert.right_choice(
        named, given.get("choice"), convert.texts(given.get("answers"), "answers"), answerable
    )
    return EvalCase(
        id=convert.case_id(given.get("id"), origin),
        question=question,
        answers=answers,
        choices=named,
        choice=choice,
        evidence=convert.texts(given.get("evidence"), "evidence"),
        relevant=convert.grades(given.get("relevant")),
        answerable=answerable,
        as_of=convert.day(given.get("as_of"), "as_of"),
        today=convert.day(given.get("today"), "today"),
        history=convert.turns(given.get("history")),
        within=convert.texts(given.get("within"), "within"),
        tags=convert.texts(given.get("tags"), "tags"),
        origin=origin,
    )
