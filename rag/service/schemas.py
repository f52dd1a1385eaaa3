"""Bodies of the API's requests, and of the responses that are the service's own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from rag.collecting import Collection
from rag.errors import UsageError
from rag.index.mending import Mending
from rag.protocols import FilterArgs
from rag.retrieve.days import day
from rag.retrieve.quote_search import Order
from rag.text.mistakes import LANGUAGE
from rag.types import ArticleSummary, Hit, Key, Quote, Stats, Value

HISTORY_READ = 50
"""Earlier exchanges that a question is understood by: the last ones of those that are sent."""

Outlets = Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=100)]
Language = Annotated[str, Field(pattern=LANGUAGE)]


def _read_day(given: Any, info: ValidationInfo) -> Any:
    """A day as ``rag.retrieve.days.day`` reads it; whole numbers are seconds since 1970.

    "Last week" counts from the field ``today``, where there is one before this one.
    """
    if given is None or isinstance(given, date):
        return given
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    try:
        return day("it", given, (info.data or {}).get("today"))
    except UsageError as e:
        raise PydanticCustomError("own_words", "{told}", {"told": str(e).removeprefix("`it` ").rstrip(".")}) from None


def _checked_day(given: str, info: ValidationInfo) -> str:
    """A text that is a day, as it was written."""
    _read_day(given, info)
    return given


Day = Annotated[
    datetime,
    BeforeValidator(_read_day),
    WithJsonSchema({"type": "string", "examples": ["2023-06-18", "18 June 2023", "2023-06-18T09:30:00+02:00"]}),
]
"""A day as people write it, the same way as on the command line and in Python."""
DayText = Annotated[
    str,
    AfterValidator(_checked_day),
    WithJsonSchema({"type": "string", "examples": ["2023-06-18", "18 June 2023", "2023-06-18T09:30:00+02:00"]}),
]
"""The same in an address, as it was written: it is read where the day is known that "last week" counts from."""


class Filters(Value):
    """Which articles are searched."""

    today: Day | None = Field(None, description='The day that "last week" counts from; by default now')
    after: Day | None = Field(None, description="Only articles from then on: 2023-06-18, 18 June 2023, last week")
    before: Day | None = Field(None, description="Only articles before then, written likewise")
    sources: Outlets = Field((), description="Only these outlets")
    language: Language | None = Field(None, description="Only articles in this language, as in en")
    undated: bool = Field(True, description="Whether a date filter lets articles without a date through")
    collection: str | None = Field(None, max_length=100, description="Only articles of this collection")

    def filters(self) -> FilterArgs:
        """As every method of ``Archive`` that filters takes them."""
        return FilterArgs(
            after=self.after,
            before=self.before,
            today=self.today,
            sources=self.sources,
            language=self.language,
            undated=self.undated,
            collection=self.collection,
        )


class Exchange(Value):
    """An earlier question of the conversation, and its answer."""

    question: str = Field(min_length=1, max_length=4000)
    answer: str = Field(max_length=20_000, description="The answer's text")


class Search(Filters):
    """A search for passages."""

    question: str = Field(min_length=1, max_length=4000, description="In any words")
    k: int | None = Field(None, ge=1, le=100, description="Passages to retrieve; by default the service's setting")
    times: bool = Field(True, description="Whether what the question says of when counts")
    history: tuple[Exchange, ...] = Field(
        (), description=f"The conversation so far, oldest first; of a longer one the last {HISTORY_READ} are read"
    )

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"question": "Qin Gang relations", "k": 3}]}
    )

    def options(self) -> dict[str, Any]:
        """As ``Archive.search`` and ``Archive.stream`` take them."""
        talk = [(h.question, h.answer) for h in self.history[-HISTORY_READ:]]
        return {**self.filters(), "k": self.k, "times": self.times, "history": talk}


class Quotes(Filters):
    """A search for quotes."""

    speaker: str | None = Field(None, max_length=200, description="A name, a part of one, or what somebody is called")
    about: str | None = Field(None, max_length=4000, description="What the words are to be about, in any words")
    order: Order | None = Field(None, description="By default best, or newest where there is no subject")
    limit: int = Field(20, ge=1, le=1000, description="How many at most")

    def options(self) -> dict[str, Any]:
        """As ``Archive.quotes`` takes them."""
        how = {"order": self.order, "limit": self.limit}
        return {**self.filters(), "speaker": self.speaker, "about": self.about, **how}


class Question(Search):
    """A question to answer."""

    model: str | None = Field(None, max_length=200, description='"none" (quotes alone), or the service\'s own model')
    temperature: float | None = Field(None, ge=0, le=2, description="Of the model; by default the service's setting")
    stream: bool = Field(False, description="Whether to send events as they come")

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"question": "What did Qin Gang say about relations?", "sources": ["Harbour Post"]}]
        },
    )


class NewArticle(Value):
    """An article to ingest."""

    title: str = Field("", max_length=2000)
    text: str = Field(min_length=1, max_length=20_000_000)
    url: str | None = Field(None, max_length=2000, description="Which article it is: the same one again replaces it")
    source: str | None = Field(None, max_length=200, description="The outlet")
    author: str | None = Field(None, max_length=500)
    published: Day | None = Field(None, description="A date alone is midnight UTC")
    language: Language | None = None
    section: str | None = Field(None, max_length=500, description="As in Opinion")

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "title": "Ferry to Kellmouth back in service",
                    "text": "The ferry to Kellmouth sails again from Monday. Repairs had taken three weeks.",
                    "url": "https://example.com/ferry",
                    "source": "Harbour Post",
                    "published": "2023-06-18",
                }
            ]
        },
    )


class HitList(Value):
    """Passages, best first."""

    hits: tuple[Hit, ...]


class QuoteList(Value):
    """Who said what."""

    quotes: tuple[Quote, ...]


class CollectionList(Value):
    """Named sets of articles and outlets."""

    collections: tuple[Collection, ...]


class MendingList(Value):
    """What was set by hand, the latest first."""

    mendings: tuple[Mending, ...]


class ArticleList(Value):
    """A page of the list of articles."""

    articles: tuple[ArticleSummary, ...]
    total: int
    """How many articles match in all."""


class DeleteResponse(Value):
    """Which articles were deleted."""

    deleted: tuple[Key, ...]
    """Their keys."""


class ServiceStats(Value):
    """Numbers about the archive and the service."""

    archive: Stats
    model: str
    """The model that writes answers."""
    running: int
    """Questions being answered now."""
    waiting: int
    """Questions waiting for their turn."""


class Readiness(Value):
    """Whether questions can be answered."""

    status: str
    """ready, or not ready."""
    why: str | None = None
    """What is in the way."""


class ErrorDetail(Value):
    """What went wrong, and what to do about it."""

    type: str
    message: str
    request_id: str

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "type": "ServiceBusy",
                    "message": "64 questions are waiting already. Try again in a little while.",
                    "request_id": "5a1c",
                }
            ]
        },
    )


class ErrorResponse(Value):
    """The body of every error."""

    error: ErrorDetail


class OpenAIErrorDetail(Value):
    """What went wrong, in the form that OpenAI's clients read."""

    message: str
    type: str
    """As OpenAI names it, such as invalid_request_error."""
    param: str | None = None
    code: str | None = None
    """As the API's other errors name it."""
    request_id: str


class OpenAIErrorResponse(Value):
    """The body of an error below /v1."""

    error: OpenAIErrorDetail


__all__ = [
    "HISTORY_READ",
    "ArticleList",
    "CollectionList",
    "Day",
    "DeleteResponse",
    "ErrorDetail",
    "ErrorResponse",
    "Exchange",
    "Filters",
    "HitList",
    "Language",
    "MendingList",
    "NewArticle",
    "OpenAIErrorDetail",
    "OpenAIErrorResponse",
    "Question",
    "QuoteList",
    "Quotes",
    "Readiness",
    "Search",
    "ServiceStats",
]
