"""The formats questions come in, each turned into cases row by row; what can't be one is a Skipped with its place."""

from __future__ import annotations

import gzip
import io
import json
import math
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

from rag.errors import SourceError
from rag.evaluation.values import EvalCase, Turn
from rag.ingest.readers.rows import Row, _blank, _csv, _json, _jsonl, _plain
from rag.ingest.values import running_text
from rag.text.dates import parse_date
from rag.text.decode import decode
from rag.text.detect import detect_language
from rag.text.normalize import tidy
from rag.text.split import sentences
from rag.types import Skipped

LARGEST = 200_000_000
"""Bytes a file of questions may have, unpacked."""

Kind = Literal["jsonl", "json", "csv", "tsv"]
Found = EvalCase | Skipped

NAMES: Mapping[str, tuple[str, ...]] = {
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
    "history": ("history", "conversation", "chathistory"),
    "within": ("within",),
    "tags": ("tags", "tag", "category"),
}  # fmt: skip
"""What a case's fields are called elsewhere, best first, in lower case without punctuation."""

_INNER = ("questions", "cases", "data", "items", "examples", "rows", "results")
_NOTA = "none of the above"


class Bad(Exception):
    """A row that is no case; the message is the reason."""


# -- files to rows --------------------------------------------------------------------


def read_rows(path: Path, kind: Kind | None = None) -> tuple[Kind, list[Row]]:
    """Rows of a JSON Lines, JSON, CSV or TSV file, plain or gzipped.

    Args:
        path: The file; its name decides nothing.
        kind: What it is; None: seen from its content.

    Returns:
        What it is, and for each row its place ("name:line"; in a JSON list the number of the item) with the row,
        or a Skipped.

    Raises:
        SourceError: The file can't be read, or is no text.
    """
    content, name = read_text(path), Path(path.name)
    kind = kind or _kind(content)
    if kind == "json":
        return kind, list(_items(name, content))
    if kind == "jsonl":
        return kind, list(_jsonl(name, io.StringIO(content)))
    return kind, list(_csv(name, io.StringIO(content, newline=""), kind))


def read_text(path: Path) -> str:
    """A text file's content, unpacked and decoded, without NULs and a byte order mark."""
    if not path.is_file():
        raise SourceError(f"There is no file {path}. Check the path.")
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{path} can't be read: {error}. Check the file and its permissions.") from error
    if len(raw) > LARGEST:
        raise SourceError(f"{path} is larger than {LARGEST // 1_000_000} MB. Split it.")
    # A few NULs say nothing about the rest of a file of rows; an article would be left out for them.
    decoded = decode(raw) or decode(raw.replace(b"\x00", b""))
    if decoded is None:
        raise SourceError(f"{path} is not text. Give questions as JSON Lines, JSON, CSV or TSV.")
    return decoded.text.replace("\x00", "").lstrip("\ufeff")


def _kind(content: str) -> Kind:
    start = content.lstrip()[:1]
    if start == "[":
        return "json"
    if start == "{":
        value = _parsed(content)
        return "json" if isinstance(value, dict) and ("\n" in content.strip() or _inner(value) is not None) else "jsonl"
    header = content.split("\n", 1)[0]
    return "tsv" if header.count("\t") > max(header.count(mark) for mark in ",;|") else "csv"


def _parsed(content: str) -> Any:
    """The value of a JSON text; None when it is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _inner(value: Mapping[str, Any]) -> list[Any] | None:
    return next((value[name] for name in _INNER if isinstance(value.get(name), list)), None)


def _items(name: Path, content: str) -> Iterator[Row]:
    value = _parsed(content)
    if value is None:  # what stands before the break is still read
        yield from _json(name, io.StringIO(content))
        return
    inner = _inner(value) if isinstance(value, dict) else value if isinstance(value, list) else None
    for number, item in enumerate([value] if inner is None else inner, start=1):
        origin = f"{name}:{number}"
        yield origin, item if isinstance(item, dict) else Skipped(origin=origin, reason="not a JSON object")


# -- values ---------------------------------------------------------------------------


def _text(value: Any, name: str) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Bad(f"{name}: {_what(value)} where a text should be")
    return tidy(value).strip()


def _what(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    names = {list: "a list", dict: "an object", str: "a text"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "a number")


def _line(value: Any, name: str) -> str:
    return " ".join(_text(value, name).split())


def _texts(value: Any, name: str) -> tuple[str, ...]:
    """One text or a list of them, without blank ones and repetitions."""
    given = [] if value is None else value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(found for item in given if (found := _text(item, name))))


def _flag(value: Any, name: str) -> bool:
    word = str(value).strip().lower() if isinstance(value, (bool, int, str)) else ""
    if word in ("true", "yes", "1"):
        return True
    if word in ("false", "no", "0"):
        return False
    raise Bad(f"{name}: write true or false")


def _day(value: Any, name: str) -> date | None:
    if value is None or value == "":
        return None
    found = parse_date(value)
    if found is None:
        raise Bad(f"{name}: not a date for certain; write it as 2023-06-18")
    return found.date()


def _grades(value: Any) -> dict[str, int]:
    """Document → grade, from a mapping, a list of documents or one; grades below 1 are left out."""
    if not isinstance(value, dict):
        return dict.fromkeys(_texts(value, "relevant"), 1)
    found = {_line(name, "relevant"): _grade(grade) for name, grade in value.items()}
    return {name: grade for name, grade in found.items() if name and grade > 0}


def _grade(value: Any) -> int:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (number.is_integer() and abs(number) < 1e9):
        raise Bad("relevant: a grade must be a whole number")
    return int(number)


def _turns(value: Any) -> tuple[Turn, ...]:
    """A conversation: objects with question and answer, or texts that take turns."""
    given = [] if value is None else value
    if not isinstance(given, list):
        raise Bad(f"history: {_what(given)} where a list should be")
    if not any(isinstance(turn, dict) for turn in given):
        said = [_line(turn, "history") for turn in given]
        pairs = [(said[i], said[i + 1] if i + 1 < len(said) else "") for i in range(0, len(said), 2)]
    elif all(isinstance(turn, dict) for turn in given):
        pairs = [
            (_line(t.get("question"), "history, question"), _text(t.get("answer") or "", "history, answer"))
            for t in given
        ]
    else:
        raise Bad("history: texts and objects are mixed")
    if not all(question for question, _ in pairs):
        raise Bad("history: an empty question")
    return tuple(Turn(question=question, answer=answer) for question, answer in pairs)


def _ident(value: Any, origin: str) -> str:
    """A case's id; without one, made from its place in the file."""
    return (_line(value, "id") if value is not None else "") or f"row-{origin.rpartition(':')[2]}"


def _picked(value: Any, choices: Sequence[str]) -> int:
    """Which choice is meant, from 0: by index, by its text, by its letter, in that order."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(choices):
        return value
    said = _line(value, "choice")
    for one in (str, str.casefold):
        if one(said) in (alike := [one(choice) for choice in choices]):
            return alike.index(one(said))
    letter = re.fullmatch(r"\(?([A-Za-z])[.)]?", said)
    number = ord(letter[1].upper()) - 65 if letter else int(said) if re.fullmatch("[0-9]{1,4}", said) else -1
    if not 0 <= number < len(choices):
        raise Bad(f"choice: {said[:80]!r} is none of the {len(choices)} choices")
    return number


def _right(
    choices: Sequence[str], choice: Any, answers: tuple[str, ...], answerable: bool
) -> tuple[tuple[str, ...], int | None]:
    """Accepted answers and the right choice, each told from the other."""
    if not choices:
        if choice is not None:
            raise Bad("choice: there are no choices")
        return answers, None
    if len(choices) < 2:
        raise Bad("choices: one is not a choice")
    if choice is None and not answers:
        if answerable:
            raise Bad("choices: none is said to be the right one")
        return (), None
    picked = _picked(answers[0] if choice is None else choice, choices)
    right = choices[picked]  # texts are compared, because two choices may have the same
    if choice is not None and answers and not any(_names(answer, choices) == right for answer in answers):
        raise Bad("choice: the answers name another choice")
    return (right,), picked


def _names(answer: str, choices: Sequence[str]) -> str | None:
    try:
        return choices[_picked(answer, choices)]
    except Bad:
        return None


# -- rows with fields of any names ----------------------------------------------------


def each(rows: Iterable[Row], case: Callable[[str, dict[str, Any]], EvalCase]) -> Iterator[Found]:
    """A case for each row, or why it is none."""
    for origin, row in rows:
        if isinstance(row, Skipped):
            yield row
            continue
        try:
            yield case(origin, row)
        except Bad as reason:
            yield Skipped(origin=origin, reason=str(reason)[:300])


def general(rows: Iterable[Row], fields: Mapping[str, str], *, table: bool) -> Iterator[Found]:
    """Rows whose fields are named like a case's, or as ``fields`` says.

    Args:
        rows: As ``read_rows`` gives them.
        fields: Our field name → its name in the file.
        table: Whether values are cells: several texts in one are a JSON list or are separated by " | ".
    """

    def case(origin: str, row: dict[str, Any]) -> EvalCase:
        given = _taken(row, fields)
        if table:
            given = {name: _cell(value, name) for name, value in given.items()}
        return _general(origin, row, given)

    return each(rows, case)


def _taken(row: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """The row's values under our names; a blank one gives way to the next name."""
    plain = {_plain(name): name for name in reversed(list(row))}
    taken: dict[str, Any] = {}
    for ours, names in NAMES.items():
        known = [fields[ours]] if ours in fields else [plain[name] for name in names if name in plain]
        name = next((name for name in known if not _blank(row.get(name))), None)
        if name is not None:
            taken[ours] = row[name]
    return taken


def _cell(value: Any, name: str) -> Any:
    if name not in ("answers", "choices", "evidence", "relevant", "history", "within", "tags"):
        return value
    value = str(value)
    if value.lstrip().startswith(("[", "{")) and isinstance(parsed := _parsed(value), (list, dict)):
        return parsed
    return [part for part in value.split(" | ") if part.strip()]


def _general(origin: str, row: Mapping[str, Any], given: Mapping[str, Any]) -> EvalCase:
    if "question" not in given:
        raise Bad(f"no question; the fields are: {', '.join(tidy(str(name)) for name in list(row)[:20])}")
    question = _line(given["question"], "question")
    if not question:
        raise Bad("the question is empty")
    choices = given.get("choices")
    if choices is not None and not isinstance(choices, list):
        raise Bad(f"choices: {_what(choices)} where a list should be")
    named = tuple(_line(item, "choices") for item in choices or ())
    answerable = _flag(given.get("answerable", True), "answerable")
    answers, choice = _right(named, given.get("choice"), _texts(given.get("answers"), "answers"), answerable)
    return EvalCase(
        id=_ident(given.get("id"), origin),
        question=question,
        answers=answers,
        choices=named,
        choice=choice,
        evidence=_texts(given.get("evidence"), "evidence"),
        relevant=_grades(given.get("relevant")),
        answerable=answerable,
        as_of=_day(given.get("as_of"), "as_of"),
        history=_turns(given.get("history")),
        within=_texts(given.get("within"), "within"),
        tags=_texts(given.get("tags"), "tags"),
        origin=origin,
    )


# -- SQuAD ----------------------------------------------------------------------------


def squad(rows: Iterable[Row]) -> Iterator[Found]:
    """SQuAD 1.1 and 2.0; places are "name:article.paragraph.question", each from 1."""
    for origin, row in rows:
        if isinstance(row, Skipped):
            yield row
        elif not isinstance(paragraphs := row.get("paragraphs"), list):
            yield Skipped(origin=origin, reason="an article without a list of paragraphs")
        else:
            for number, paragraph in enumerate(paragraphs, start=1):
                yield from _paragraph(f"{origin}.{number}", paragraph)


def _paragraph(origin: str, value: Any) -> Iterator[Found]:
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
            raise Bad("answers: not a list of objects")
        impossible = _flag(row.get("is_impossible", False), "is_impossible")
        spans = [_span(context, stored, _text(a.get("text"), "answers, text"), a.get("answer_start")) for a in answers]
        inside = [stored[s:e] for s, e in cut if any(s < end and start < e for start, end in spans)]
        found = {"id": row.get("id"), "question": row.get("question"), "answers": [a["text"] for a in answers]}
        more = {"evidence": inside, "relevant": None if impossible else document, "answerable": not impossible}
        return _general(origin, row, {name: v for name, v in (found | more).items() if v is not None})

    numbered = ((f"{origin}.{number}", item) for number, item in enumerate(questions, start=1))
    yield from each(
        ((o, q if isinstance(q, dict) else Skipped(origin=o, reason="not a JSON object")) for o, q in numbered), case
    )


def _span(context: str, stored: str, answer: str, start: Any) -> tuple[int, int]:
    """Where an answer stands in the stored text: its occurrence nearest to where it was in the context."""
    known = isinstance(start, int) and 0 <= start <= len(context)
    at = len(tidy(context[:start] + "x")) - 1 if known else 0  # "x", lest the space before it be trimmed
    places = [match.start() for match in re.finditer(re.escape(answer), stored)] if answer else []
    nearest = min(places, key=lambda place: abs(place - at), default=-1)
    return (nearest, nearest + len(answer)) if nearest >= 0 else (0, 0)


# -- BEIR -----------------------------------------------------------------------------


def beir(folder: Path) -> Iterator[Found]:
    """A BEIR folder; ``relevant`` names its documents by the ids of its corpus.

    Raises:
        SourceError: It is none.
    """
    queries = next((p for n in ("queries.jsonl", "queries.jsonl.gz") if os.path.isfile(p := folder / n)), None)
    judged = _qrels(folder)
    if queries is None or judged is None:
        raise SourceError(
            f"{folder} is not a folder in BEIR's form: queries.jsonl, and qrels.tsv or qrels/test.tsv. Name a file."
        )
    relevant, problems = _judgements(judged, judged.relative_to(folder).as_posix())
    yield from problems
    named: set[str] = set()
    without = 0
    for item in general(read_rows(queries, "jsonl")[1], {"question": "text"}, table=False):
        if isinstance(item, Skipped):
            yield item
            continue
        named.add(item.id)
        if item.id in relevant:
            yield item.model_copy(update={"relevant": relevant[item.id]})
        else:
            without += 1
    if without:
        yield Skipped(origin=queries.name, reason=f"left out: {without} queries without a relevant document")
    if unknown := len(relevant.keys() - named):
        yield Skipped(origin=judged.name, reason=f"left out: judgements of {unknown} queries that are not there")


def _qrels(folder: Path) -> Path | None:
    named = [folder / "qrels.tsv", folder / "qrels/test.tsv", folder / "qrels/dev.tsv"]
    return next((p for p in [*named, *sorted((folder / "qrels").glob("*.tsv"))] if os.path.isfile(p)), None)


def _judgements(path: Path, name: str) -> tuple[dict[str, dict[str, int]], list[Skipped]]:
    """Query → document → grade, of those above 0; and the lines that say neither."""
    found: dict[str, dict[str, int]] = {}
    problems: list[Skipped] = []
    for number, written in enumerate(read_text(path).split("\n"), start=1):
        cells = [_line(c, "") for c in (written.split("\t") if "\t" in written else written.split())]
        try:
            if len(cells) not in (3, 4) or not (cells[0] and cells[-2]):  # 4: TREC's, with its unused second column
                raise Bad("")
            if (grade := _grade(cells[-1])) > 0:
                found.setdefault(cells[0], {})[cells[-2]] = grade
        except Bad:
            if number > 1 and any(cells):  # the first line may name the columns
                reason = "not a query, a document and a grade, separated by tabs"
                problems.append(Skipped(origin=f"{name}:{number}", reason=reason))
    return found, problems


# -- CLAPNQ ---------------------------------------------------------------------------


def clapnq(path: Path, rows: Iterable[Row]) -> Iterator[Found]:
    """CLAPNQ's annotations; ``relevant`` from ``dev_pool_beir`` where that stands beside the file."""
    judged = _qrels(path.with_name("dev_pool_beir"))
    relevant, problems = _judgements(judged, judged.name) if judged else ({}, [])
    yield from problems

    def case(origin: str, row: dict[str, Any]) -> EvalCase:
        outputs = row.get("output")
        if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
            raise Bad("output: not a list of objects")
        answers = _texts([o["answer"] for o in outputs if not _blank(o.get("answer"))], "output, answer")
        chosen = [s for o in outputs for s in _texts(o.get("selected_sentences"), "output, selected_sentences")]
        found = {
            "id": row.get("id"),
            "question": row.get("input"),
            "answers": list(answers),
            "evidence": [sentence.removesuffix("&") for sentence in chosen] if answers else [],
            "relevant": relevant.get(_ident(row.get("id"), origin)),
            "answerable": bool(answers),
        }
        return _general(origin, row, {name: value for name, value in found.items() if value is not None})

    yield from each(rows, case)


# -- RealTimeQA -----------------------------------------------------------------------


def realtimeqa(path: Path, rows: Iterable[Row], *, generation: bool, closed: bool) -> Iterator[Found]:
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
    relevant, problems = _listed(path.with_name("silver_qrels.jsonl"), "answer_doc_ids")
    yield from problems
    given: dict[str, tuple[str, ...]] = {}
    if closed:
        retrieved = path.with_name("retrieved.jsonl")
        if not retrieved.is_file():
            raise SourceError(f"There is no {retrieved}, which names each question's articles. Leave out -closed.")
        given, problems = _listed(retrieved, "doc_ids")
        yield from problems

    def case(origin: str, row: dict[str, Any]) -> EvalCase:
        name = _ident(row.get("question_id"), origin)
        known = name.removesuffix("_nota")
        found = _quiz(origin, row, generation)
        documents = dict.fromkeys(relevant.get(known, ()), 1) if found.answerable else {}
        return found.model_copy(update={"id": name, "relevant": documents, "within": given.get(known, ())})

    without = 0
    for item in each(rows, case):
        if closed and isinstance(item, EvalCase) and not item.within:
            without += 1
        else:
            yield item
    if without:  # a case that names no articles may use them all
        yield Skipped(origin="retrieved.jsonl", reason=f"left out: {without} questions without retrieved articles")


def _listed(path: Path, field: str) -> tuple[dict[str, tuple[str, ...]], list[Skipped]]:
    """Question → documents, of a file that may not be there."""
    found: dict[str, tuple[str, ...]] = {}
    problems: list[Skipped] = []
    for origin, row in read_rows(path)[1] if path.is_file() else ():
        try:
            if isinstance(row, Skipped):
                problems.append(row)
            else:
                found[_line(row.get("question_id"), "question_id")] = _texts(row.get(field), field)
        except Bad as reason:
            problems.append(Skipped(origin=origin, reason=str(reason)))
    return found, problems


def _quiz(origin: str, row: Mapping[str, Any], generation: bool) -> EvalCase:
    given, answer = row.get("choices"), row.get("answer")
    if not isinstance(given, list):
        raise Bad("choices: not a list")
    choices = [_line(running_text(_text(choice, "choices")), "choices") for choice in given]
    index = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
    if not re.fullmatch("[0-9]{1,4}", said := str(index)) or int(said) >= len(choices):
        raise Bad(f"answer: not the index of one of the {len(choices)} choices")
    right = choices[int(said)]
    nota = _NOTA in (choice.casefold() for choice in choices) and not generation
    if generation and right.casefold() == _NOTA:
        raise Bad(f"answer: {right!r} says nothing without the choices")
    asked = parse_date(row.get("question_date"))
    kinds = [*([] if generation else ["multiple-choice"]), *(["nota"] if nota else [])]
    found = {
        "question": running_text(_text(row.get("question_sentence"), "question_sentence")),
        "answers": [right],
        "answerable": right.casefold() != _NOTA,
        "tags": [*kinds, *([f"{asked:%Y-%m}"] if asked else [])],
    }
    return _general(origin, row, found if generation else found | {"choices": choices, "choice": int(said)})
