"""Questions with known answers, from our own files and from others' formats."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rag.errors import SourceError, UsageError
from rag.evaluation.formats.beir import beir_cases
from rag.evaluation.formats.clapnq import clapnq_cases
from rag.evaluation.formats.convert import CaseOrSkipped
from rag.evaluation.formats.files import Kind, read_rows
from rag.evaluation.formats.general import FIELD_NAMES, general_cases
from rag.evaluation.formats.newsroom import newsroom_cases
from rag.evaluation.formats.realtimeqa import realtimeqa_cases
from rag.evaluation.formats.squad import squad_cases
from rag.evaluation.values import EvalCase
from rag.ingest.readers.rows import Row
from rag.text.counting import count
from rag.types import Skipped

_KINDS: Mapping[str, Kind] = {"jsonl": "jsonl", "json": "json", "csv": "csv", "tsv": "tsv"}
_REALTIMEQA = ("realtimeqa", "realtimeqa-generation", "realtimeqa-closed", "realtimeqa-generation-closed")

FORMATS = (*_KINDS, "squad", "beir", "clapnq", "newsroom", *_REALTIMEQA)
"""What ``format`` may be."""


class Cases(tuple[EvalCase, ...]):
    """Cases in the order of their file, each id once."""

    path: Path
    format: str
    """One of ``FORMATS``: what was read."""
    problems: tuple[Skipped, ...]
    """What was left out and why, with its place in the file."""

    def __new__(
        cls,
        cases: Iterable[EvalCase] = (),
        *,
        path: Path = Path(),
        format: str = "",
        problems: Iterable[Skipped] = (),
    ) -> Cases:
        self = super().__new__(cls, cases)
        self.path, self.format, self.problems = path, format, tuple(problems)
        return self


def load_cases(path: str | Path, *, fields: Mapping[str, str] | None = None, format: str | None = None) -> Cases:
    """Read questions with what is known about their answers.

    The format is seen from the content. Rows of JSON Lines, JSON, CSV and TSV may call their fields by many names; a
    choice is given by its index from 0, its text or its letter. In tables, several texts in a cell are a JSON list or
    are separated by " | ". A row without an id is called after its place, as in ``row-12``.

    Args:
        path: A file, plain or gzipped, or a folder in BEIR's form.
        fields: Our field name → its name in the file, for those the known names miss, as in
            ``{"question": "prompt"}``; the file is then read as rows.
        format: One of ``FORMATS``, where the content leaves a choice. RealTimeQA's quiz is multiple choice unless
            ``-generation`` is asked for; with ``-closed``, only the articles retrieved for a question may be used.

    Returns:
        The cases, with what was left out as ``problems``. The place of each is "file:line", in a JSON list
        "file:item", in SQuAD "file:article.paragraph.question".

    Raises:
        SourceError: There is nothing at the path, it can't be read, it holds no case at all, or a pattern of a rubric
            is no regular expression.
        UsageError: No such format or field, or one that does not go with the file.
    """
    where, named = Path(os.path.expanduser(str(path))), dict(fields or {})
    _check(named, format)
    name, found = _read(where, named, format)
    cases, problems = _apart(found)
    if not cases:
        if not problems:
            raise SourceError(f"{where} holds no question: it is empty, or has a header alone. Give another file.")
        raise SourceError(
            f"{where} holds no question. {problems[0].origin}: {problems[0].reason}. Say which field is which, as in "
            "--field question=prompt, or give another file."
        )
    return Cases(cases, path=where, format=name, problems=problems)


def sample(cases: Sequence[EvalCase], n: int, seed: int = 0) -> tuple[EvalCase, ...]:
    """Draw cases at random, the same ones every time.

    A case's place in the draw hangs on the seed and its id alone, so that a smaller sample is part of a larger one
    and stays mostly the same when cases are added.

    Args:
        cases: To draw from.
        n: How many; all of them if there are fewer.
        seed: Another one draws others.

    Returns:
        The drawn ones, in the order of ``cases``.

    Raises:
        UsageError: n is negative.
    """
    if n < 0:
        raise UsageError(f"A sample of {count(n, 'case')} can't be drawn. Give 0 or more.")
    lots = [hashlib.sha256(f"{seed}\n{case.id}".encode()).digest() for case in cases]
    drawn = sorted(range(len(cases)), key=lambda i: (lots[i], i))[:n]
    return tuple(cases[i] for i in sorted(drawn))


def digest(cases: Iterable[EvalCase]) -> str:
    """SHA-256 in hex of the cases in their order: canonical JSON, without ``origin`` and what is left at default."""
    total = hashlib.sha256()
    for case in cases:
        value = case.model_dump(mode="json", exclude={"origin"}, exclude_defaults=True)
        total.update(json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return total.hexdigest()


def _check(fields: Mapping[str, str], format: str | None) -> None:
    if format is not None and format not in FORMATS:
        raise UsageError(f"There is no format {format!r}. Use one of: {', '.join(FORMATS)}.")
    if fields and format is not None and format not in _KINDS:
        raise UsageError(f"The fields of {format} are known. Leave out either the fields or the format.")
    for name in fields:
        if name not in FIELD_NAMES:
            raise UsageError(f"A case has no field {name!r}. Use one of: {', '.join(FIELD_NAMES)}.")


def _read(path: Path, fields: Mapping[str, str], format: str | None) -> tuple[str, Iterator[CaseOrSkipped]]:
    """The format, and what is found in it."""
    if not os.path.lexists(path):
        raise SourceError(f"There is no file or folder {path}. Check the path.")
    if path.is_dir():
        if fields or format not in (None, "beir"):
            raise UsageError(f"{path} is a folder, and only one in BEIR's form is read. Name the file in it.")
        return "beir", beir_cases(path)
    if format == "beir":
        raise UsageError(f"{path} is a file. For BEIR, name the folder that holds queries.jsonl and the qrels.")
    kind, rows = read_rows(path, _KINDS.get(format or ""))
    if fields:
        _all_there(path, rows, fields)
    name = format or (kind if fields else _seen(rows) or kind)
    if name == "squad":
        return name, squad_cases(rows)
    if name == "clapnq":
        return name, clapnq_cases(path, rows)
    if name == "newsroom":
        return name, newsroom_cases(path, rows)
    if name in _REALTIMEQA:
        return name, realtimeqa_cases(path, rows, generation="-generation" in name, closed=name.endswith("-closed"))
    return name, general_cases(rows, fields, table=kind in ("csv", "tsv"))


def _seen(rows: Iterable[Row]) -> str | None:
    """Whose format the first row is in; None: anyone's."""
    row = next((row for _, row in rows if not isinstance(row, Skipped)), {})
    if isinstance(row.get("paragraphs"), list):
        return "squad"
    if "question_sentence" in row and isinstance(row.get("choices"), list):
        return "realtimeqa"
    if "input" in row and "passages" in row and isinstance(row.get("output"), list):
        return "clapnq"
    if "gold_mode" in row and isinstance(row.get("must"), list):
        return "newsroom"
    return None


def _all_there(path: Path, rows: Iterable[Row], fields: Mapping[str, str]) -> None:
    """A name that no row has is a slip of the pen, not a blank."""
    names = {name: None for _, row in rows if not isinstance(row, Skipped) for name in row}
    for theirs in fields.values():
        if names and theirs not in names:
            raise UsageError(f"{path} has no field {theirs!r}. Use one of: {', '.join(list(names)[:20])}.")


def _apart(found: Iterable[CaseOrSkipped]) -> tuple[list[EvalCase], list[Skipped]]:
    """Cases, each id once, and problems."""
    cases: dict[str, EvalCase] = {}
    problems: list[Skipped] = []
    for item in found:
        if isinstance(item, Skipped):
            problems.append(item)
        elif item.id in cases:
            reason = f"the id {item.id[:80]!r} is taken by {cases[item.id].origin}"
            problems.append(Skipped(origin=item.origin, reason=reason))
        else:
            cases[item.id] = item
    return list(cases.values()), problems
