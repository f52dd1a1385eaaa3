"""What is wrong with the fields that somebody sent, in sentences, never in words of the library that checks them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, get_args

from rag.text.counting import count

DAY = "a day, as in 2023-06-18, 18 June 2023 or last week"
LANGUAGE = "^[A-Za-z]{2,3}$"
"""The pattern of a language's code."""

_SHOWN = 8
"""Fields that are told one by one."""
_PLACES = ("body", "query", "path", "header")
"""Where in a request a field stands, as FastAPI puts it before the field's name."""
_SAME = (
    ("question", "query", "q", "input", "about", "search"),
    ("sources", "source", "outlet", "outlets", "publisher"),
    ("published", "date", "publish_date", "publication_date"),
    ("after", "from", "since"),
    ("before", "to", "until"),
    ("title", "headline"),
    ("text", "content", "body", "page_content"),
    ("author", "authors", "byline"),
    ("url", "link", "address"),
    ("language", "lang"),
    ("section", "rubric", "category"),
    ("k", "limit", "top_k"),
    ("key", "id"),
)
"""What one thing is called by our interfaces, and by others': for hints alone."""
_FORMS = {LANGUAGE: "a language's code of two or three letters, as in en"}
"""What the patterns ask for."""
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "string": "a text",
    "bytes": "a text",
    "url": "a web address",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen": "a list",
    "iterable": "a list",
    "dict": "an object with named fields",
    "mapping": "an object with named fields",
    "model": "an object with named fields",
    "dataclass": "an object with named fields",
    "datetime": DAY,
    "date": DAY,
    "timezone": DAY,
    "path": "a path",
    "finite": "a number",
    "none": "left out",
}
"""What a field has to be, by the beginning of the name that pydantic gives to the mistake."""


def _number(told: float) -> str:
    return f"{int(told):,}" if told == int(told) else f"{told:g}"


def _least(told: Mapping[str, Any]) -> str:
    return (
        "is empty"
        if told.get("min_length") == 1
        else f"has to have at least {count(told.get('min_length', 0), 'character')}"
    )


_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
"""What pydantic calls a field that there is not."""
_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "is missing",
    "missing_argument": lambda _: "is missing",
    **dict.fromkeys(_UNKNOWN, lambda _: "is no field that there is here"),
    "string_too_short": _least,
    "string_too_long": lambda told: f"may have at most {count(told['max_length'], 'character')}",
    "too_short": lambda told: f"has to have at least {count(told['min_length'], 'entry', 'entries')}",
    "too_long": lambda told: f"may have at most {count(told['max_length'], 'entry', 'entries')}",
    "greater_than_equal": lambda told: f"has to be at least {_number(told['ge'])}",
    "greater_than": lambda told: f"has to be more than {_number(told['gt'])}",
    "less_than_equal": lambda told: f"may be at most {_number(told['le'])}",
    "less_than": lambda told: f"has to be less than {_number(told['lt'])}",
    "int_from_float": lambda _: "has to be a whole number",
    "string_pattern_mismatch": lambda told: f"has to be {_FORMS.get(told['pattern'], 'written as the documents say')}",
    "string_unicode": lambda _: "has characters that no text has",
    "literal_error": lambda told: f"has to be {told['expected']}",
    "enum": lambda told: f"has to be {told['expected']}",
    "own_words": lambda told: str(told["told"]),
}
"""What is said behind a field's name, by pydantic's name of the mistake."""


def meant(name: str, known: Collection[str]) -> str | None:
    """Which of the names that there are somebody meant: one for the same thing, else one spelt nearly so."""
    plain = name.strip().lower().replace("-", "_")
    for same in _SAME:
        if plain in same and (found := next((other for other in same if other in known), None)):
            return found
    near = difflib.get_close_matches(plain, known, 1, 0.75)
    return near[0] if near else None


def hint(name: str, known: Collection[str]) -> str:
    """A question behind a sentence on a name that there is not: empty where no other is likely."""
    found = meant(name, known)
    return f" Did you mean `{found}`?" if found else ""


def fields_at(model: Any, place: Sequence[Any]) -> Collection[str]:
    """The fields of a model of pydantic, or of one within it at some place; empty where that is none."""
    for part in place:
        if isinstance(part, str):
            field = getattr(model, "model_fields", {}).get(part)
            inner = () if field is None else (field.annotation, *get_args(field.annotation))
            model = next((one for one in inner if hasattr(one, "model_fields")), None)
    return tuple(getattr(model, "model_fields", ()))


def wrong_fields(
    mistakes: Iterable[Mapping[str, Any]], known: Callable[[Sequence[Any]], Collection[str]] | None = None
) -> list[str]:
    """Sentences that name each wrong field once, and what is accepted there.

    Args:
        mistakes: As pydantic's ``errors()`` lists them; of what was sent nothing is told, but by a mistake of the type
            ``own_words``, whose ``told`` is the rest of its sentence.
        known: The fields that there are at a place, for a hint behind one that there is not.
    """
    told: dict[str, str] = {}
    for one in mistakes:
        place = tuple(one["loc"])
        if len(place) > 1 and place[0] in _PLACES:  # alone it is a field of this name
            place = place[1:]
        name = ".".join(map(str, place))
        what = _what(str(one["type"]), one.get("ctx") or {}, str(one.get("msg", "")))
        sentence = f"`{name}` {what}." if name else f"What was sent {what}."
        if known is not None and place and one["type"] in _UNKNOWN:
            sentence += hint(str(place[-1]), known(place[:-1]))
        told.setdefault(name, sentence)
    sentences = list(told.values())
    if len(sentences) > _SHOWN:
        sentences[_SHOWN:] = [f"{count(len(sentences) - _SHOWN, 'more field is', 'more fields are')} wrong."]
    return sentences


def _what(kind: str, told: Mapping[str, Any], message: str) -> str:
    if kind in _SENTENCES:
        try:
            return _SENTENCES[kind](told)
        except (KeyError, ValueError, TypeError):  # another release of the library may tell other things
            return "is not as it has to be"
    if kind in ("value_error", "assertion_error"):  # words of our own checks
        own = message.partition(", ")[2]
        return own if own.startswith(("is", "has", "may")) else f"is wrong: {own}"
    wanted = _KINDS.get(kind.partition("_")[0])
    return f"has to be {wanted}" if wanted else "is not as it has to be"


__all__ = ["DAY", "LANGUAGE", "fields_at", "hint", "meant", "wrong_fields"]
