"""Mistakes as sentences: each field by its name, what it may be, and no word of a library."""

from __future__ import annotations

import re
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from rag.text.mistakes import fields_at, hint, meant, wrong_fields

JARGON = re.compile(r"pydantic|input|valid (string|integer|date)|errors\.|value error|type=", re.IGNORECASE)


class Inner(BaseModel):
    name: str = Field(min_length=1)


class Sent(BaseModel):
    """One field of every kind that the service, the tools and the settings take."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=5)
    number: int = Field(1, ge=1, le=50)
    share: float = Field(0.5, gt=0, lt=1)
    whether: bool = True
    when: datetime | None = None
    listed: list[str] = Field([], max_length=2)
    inner: tuple[Inner, ...] = ()
    order: Literal["newest", "oldest"] = "newest"
    code: Annotated[str, Field(pattern="^[A-Za-z]{2,3}$")] = "en"
    own: int = 0
    mapping: dict[str, int] = {}

    @field_validator("own")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("has to be even")
        return value


def mistakes(**sent: Any) -> list[ErrorDetails]:
    try:
        Sent.model_validate(sent)
    except ValidationError as e:
        return e.errors()
    raise AssertionError("it is right")


def test_every_kind_of_mistake_is_a_sentence() -> None:
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "`text` is missing."),
        ({"text": ""}, "`text` is empty."),
        ({"text": "123456"}, "`text` may have at most 5 characters."),
        ({"text": 5}, "`text` has to be a text."),
        ({"text": "a", "number": "x"}, "`number` has to be a whole number."),
        ({"text": "a", "number": 2.5}, "`number` has to be a whole number."),
        ({"text": "a", "number": 0}, "`number` has to be at least 1."),
        ({"text": "a", "number": 51}, "`number` may be at most 50."),
        ({"text": "a", "share": "x"}, "`share` has to be a number."),
        ({"text": "a", "share": 1}, "`share` has to be less than 1."),
        ({"text": "a", "whether": "perhaps"}, "`whether` has to be true or false."),
        ({"text": "a", "when": "soon"}, "`when` has to be a day, as in 2023-06-18, 18 June 2023 or last week."),
        ({"text": "a", "listed": "x"}, "`listed` has to be a list."),
        ({"text": "a", "listed": ["a", "b", "c"]}, "`listed` may have at most 2 entries."),
        ({"text": "a", "inner": [{"name": ""}]}, "`inner.0.name` is empty."),
        ({"text": "a", "inner": [7]}, "`inner.0` has to be an object with named fields."),
        ({"text": "a", "order": "x"}, "`order` has to be 'newest' or 'oldest'."),
        ({"text": "a", "code": "x1"}, "`code` has to be a language's code of two or three letters, as in en."),
        ({"text": "a", "own": 3}, "`own` has to be even."),
        ({"text": "a", "mapping": 3}, "`mapping` has to be an object with named fields."),
        ({"text": "a", "more": 3}, "`more` is no field that there is here."),
    )
    for sent, told in wrong:
        assert wrong_fields(mistakes(**sent)) == [told]
        assert not JARGON.search(told)


def test_several_are_told_together_and_very_many_are_counted() -> None:
    assert wrong_fields(mistakes(number=0, order="x")) == [
        "`text` is missing.",
        "`number` has to be at least 1.",
        "`order` has to be 'newest' or 'oldest'.",
    ]
    told = wrong_fields(mistakes(text="a", **{f"more{n}": 1 for n in range(20)}))
    assert len(told) == 9 and told[-1] == "12 more fields are wrong."


def test_what_nobody_has_met_is_no_dump() -> None:
    (told,) = wrong_fields([{"type": "brand_new", "loc": ("body", "x"), "msg": "Input should be new"}])
    assert told == "`x` is not as it has to be."
    (told,) = wrong_fields([{"type": "too_long", "loc": (), "msg": "Input", "ctx": {}}])
    assert told == "What was sent is not as it has to be."


def test_a_field_is_named_also_where_it_is_called_as_a_place_is() -> None:
    assert wrong_fields(mistakes(text="a", query="b")) == ["`query` is no field that there is here."]
    (told,) = wrong_fields([{"type": "extra_forbidden", "loc": ("body", "query")}], lambda _: ("question", "k"))
    assert told == "`query` is no field that there is here. Did you mean `question`?"


def test_a_name_that_there_is_not_comes_with_the_one_that_is_meant() -> None:
    fields = ("title", "text", "source", "published", "inner")
    assert [meant(name, fields) for name in ("outlet", "Publish-Date", "titel", "source", "colour")] == [
        "source", "published", "title", "source", None
    ]  # fmt: skip
    assert (meant("source", ("outlet", "title")), meant("outlet", ("k", "sources"))) == ("outlet", "sources")
    assert hint("colour", fields) == "" and hint("titel", fields) == " Did you mean `title`?"
    sent = mistakes(text="a", numbr=1)
    assert wrong_fields(sent, partial(fields_at, Sent)) == [
        "`numbr` is no field that there is here. Did you mean `number`?"
    ]
    assert fields_at(Sent, ("inner", 0)) == ("name",)
    assert fields_at(Sent, ("nothing",)) == fields_at(Sent, ("number",)) == fields_at(None, ()) == ()
