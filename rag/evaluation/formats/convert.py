"""Values as files give them to the values of a case; what can't be one is a ``NotACase`` with the reason."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from rag.evaluation.values import EvalCase, Turn
from rag.ingest.readers.rows import Row
from rag.text.dates import parse_date
from rag.text.normalize import tidy
from rag.types import Skipped

CaseOrSkipped = EvalCase | Skipped


class NotACase(Exception):
    """A row that is no case; the message is the reason."""


def to_cases(rows: Iterable[Row], case: Callable[[str, dict[str, Any]], EvalCase]) -> Iterator[CaseOrSkipped]:
    """Make a case of each row, or a Skipped with the reason where it is none.

    Args:
        rows: As ``files.read_rows`` gives them.
        case: Makes a case of a row, given the row's place; raises ``NotACase``.
    """
    for origin, row in rows:
        if isinstance(row, Skipped):
            yield row
            continue
        try:
            yield case(origin, row)
        except NotACase as reason:
            yield Skipped(origin=origin, reason=str(reason)[:300])


def text(value: Any, name: str) -> str:
    """A text, tidied as an article's is; numbers count as texts.

    Args:
        value: As the file has it.
        name: The field, for the reason.

    Raises:
        NotACase: It is neither.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise NotACase(f"{name}: {type_name(value)} where a text should be")
    return tidy(value).strip()


def type_name(value: Any) -> str:
    """What a JSON value is, in words."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    names = {list: "a list", dict: "an object", str: "a text"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "a number")


def line(value: Any, name: str) -> str:
    """A text on one line."""
    return " ".join(text(value, name).split())


def texts(value: Any, name: str) -> tuple[str, ...]:
    """One text or a list of them, without blank and repeated ones."""
    given = [] if value is None else value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(found for item in given if (found := text(item, name))))


def flag(value: Any, name: str) -> bool:
    """True or false, as JSON or as a word."""
    word = str(value).strip().lower() if isinstance(value, (bool, int, str)) else ""
    if word in ("true", "yes", "1"):
        return True
    if word in ("false", "no", "0"):
        return False
    raise NotACase(f"{name}: write true or false")


def day(value: Any, name: str) -> date | None:
    """A date; None where the value is blank."""
    if value is None or value == "":
        return None
    found = parse_date(value)
    if found is None:
        raise NotACase(f"{name}: not a date for certain; write it as 2023-06-18")
    return found.date()


def grades(value: Any) -> dict[str, int]:
    """Document → grade, from a mapping, a list of documents or one; grades below 1 are left out."""
    if not isinstance(value, dict):
        return dict.fromkeys(texts(value, "relevant"), 1)
    found = {line(name, "relevant"): grade(given) for name, given in value.items()}
    return {name: number for name, number in found.items() if name and number > 0}


def grade(value: Any) -> int:
    """A grade of relevance: a whole number."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (number.is_integer() and abs(number) < 1e9):
        raise NotACase("relevant: a grade must be a whole number")
    return int(number)


def turns(value: Any) -> tuple[Turn, ...]:
    """A conversation: objects with question and answer, or texts that take turns."""
    given = [] if value is None else value
    if not isinstance(given, list):
        raise NotACase(f"history: {type_name(given)} where a list should be")
    if not any(isinstance(turn, dict) for turn in given):
        said = [line(turn, "history") for turn in given]
        pairs = [(said[i], said[i + 1] if i + 1 < len(said) else "") for i in range(0, len(said), 2)]
    elif all(isinstance(turn, dict) for turn in given):
        pairs = [
            (line(t.get("question"), "history, question"), text(t.get("answer") or "", "history, answer"))
            for t in given
        ]
    else:
        raise NotACase("history: texts and objects are mixed")
    if not all(question for question, _ in pairs):
        raise NotACase("history: an empty question")
    return tuple(Turn(question=question, answer=answer) for question, answer in pairs)


def case_id(value: Any, origin: str) -> str:
    """A case's id; without one, made from its place in the file."""
    return (line(value, "id") if value is not None else "") or f"row-{origin.rpartition(':')[2]}"


def _choice_index(value: Any, choices: Sequence[str]) -> int:
    """Which choice is meant, from 0: by index, by its text, by its letter, in that order."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(choices):
        return value
    said = line(value, "choice")
    for one in (str, str.casefold):
        if one(said) in (alike := [one(choice) for choice in choices]):
            return alike.index(one(said))
    letter = re.fullmatch(r"\(?([A-Za-z])[.)]?", said)
    number = ord(letter[1].upper()) - 65 if letter else int(said) if re.fullmatch("[0-9]{1,4}", said) else -1
    if not 0 <= number < len(choices):
        raise NotACase(f"choice: {said[:80]!r} is none of the {len(choices)} choices")
    return number


def right_choice(
    choices: Sequence[str], choice: Any, answers: tuple[str, ...], answerable: bool
) -> tuple[tuple[str, ...], int | None]:
    """The accepted answers, and the index of the right choice: each is derived from the other where it is missing.

    Args:
        choices: Of a multiple-choice question, else empty.
        choice: What the file says of the right one: its index, text or letter; None: nothing.
        answers: What the file gives as accepted answers.
        answerable: Whether one of them has to be right.

    Raises:
        NotACase: They contradict each other, or none is right.
    """
    if not choices:
        if choice is not None:
            raise NotACase("choice: there are no choices")
        return answers, None
    if len(choices) < 2:
        raise NotACase("choices: one is not a choice")
    if choice is None and not answers:
        if answerable:
            raise NotACase("choices: none is said to be the right one")
        return (), None
    picked = _choice_index(answers[0] if choice is None else choice, choices)
    right = choices[picked]  # texts are compared, because two choices may have the same
    if choice is not None and answers and not any(_choice_named(answer, choices) == right for answer in answers):
        raise NotACase("choice: the answers name another choice")
    return (right,), picked


def _choice_named(answer: str, choices: Sequence[str]) -> str | None:
    """The choice that an answer means; None where it means none."""
    try:
        return choices[_choice_index(answer, choices)]
    except NotACase:
        return None
