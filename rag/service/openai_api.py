"""The archive as a chat model for programs that speak OpenAI's protocol: /v1/chat/completions and /v1/models.

A question goes the same way as one to /api/ask. What such a program sends beyond it is passed over where that changes
nothing about the answer's meaning, and refused in a sentence where it does.
"""

from __future__ import annotations

import difflib
import json
import sqlite3
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any

from fastapi import FastAPI, Path, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import ConfigDict, Field

from rag import errors
from rag.answer.models.chat import NONE, WITHOUT_MODEL
from rag.service.error_responses import ClientGone, TimedOut, UnknownModel, error_response
from rag.service.openai_text import ChatText
from rag.service.routes import SECURITY, Routes, from_query
from rag.service.schemas import Exchange, Filters, OpenAIErrorResponse, Question
from rag.types import Answer, Delta, Event, Finished, Waiting
from rag.value import Value

_MOST_HISTORY = 50
_QUESTION_AT_MOST, _ANSWER_AT_MOST = 4000, 20_000
"""Characters of an earlier question and of an answer that are taken into account."""
_NEAR = 0.75
"""How alike a name is to a filter's that is taken for a slip: "aftre" and "source" are, "store" isn't."""
_ROLES = {"system", "developer", "user", "assistant", "tool", "function"}


class StreamOptions(Value):
    """What a stream brings beside its text."""

    include_usage: bool | None = Field(False, description="Whether the last chunk tells the tokens")

    model_config = ConfigDict(frozen=True, extra="ignore")


class ChatRequest(Filters):
    """A conversation; its last message of the user is the question. Fields that are not named here are passed over.

    One that is spelt nearly as a filter is refused: who misspells a filter would get an answer from all articles.
    """

    messages: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=1000,
        description="Messages with role and content, a text or parts of type text. Those of the system are not read: "
        "answers are the archive's words, whatever is asked of their form",
    )
    model: str | None = Field(None, max_length=200, description='One of /v1/models, or "none": quotes alone')
    stream: bool | None = Field(False, description="Whether to send chunks as they come")
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(None, ge=0, le=2, description="Of the model; by default the service's setting")
    n: int | None = Field(None, description="1: there is one answer")
    tools: list[Any] | None = Field(None, description="None: the archive calls no tools")
    tool_choice: Any = None
    functions: list[Any] | None = Field(None, description="None, as with tools")
    response_format: dict[str, Any] | None = Field(None, description="Text alone")
    logprobs: bool | None = Field(None, description="False: there are none")
    modalities: list[Any] | None = Field(None, description="Text alone")
    times: bool = Field(True, description="Whether what the question says of when counts; not among OpenAI's either")
    k: int | None = Field(None, ge=1, le=100, description="Passages to retrieve; not among OpenAI's fields, as filters")

    model_config = ConfigDict(
        frozen=True,
        extra="allow",  # so that their names can be looked at
        json_schema_extra={
            "examples": [
                {"model": NONE, "messages": [{"role": "user", "content": "What did Qin Gang say about relations?"}]}
            ]
        },
    )


class Model(Value):
    """Who answers."""

    id: str
    object: str
    created: int
    owned_by: str


class ModelList(Value):
    """Those who can answer."""

    object: str
    data: tuple[Model, ...]


_ERROR = {"model": OpenAIErrorResponse}
_FAILURES: dict[int | str, dict[str, Any]] = {
    401: _ERROR | {"description": "No token, no user, or a wrong one"},
    403: _ERROR | {"description": "Your role may not do that"},
}
_COMPLETING: dict[int | str, dict[str, Any]] = _FAILURES | {
    400: _ERROR | {"description": "Something about the request makes no sense, or can't be had here"},
    404: _ERROR | {"description": "There is no such model"},
    409: _ERROR | {"description": "There is no archive yet, or it fits no settings"},
    413: _ERROR | {"description": "Too large"},
    502: _ERROR | {"description": "The model failed"},
    503: _ERROR | {"description": "Too many are waiting (Retry-After), or the model is not there"},
    504: _ERROR | {"description": "It took too long"},
}


class OpenAIRoutes:
    """OpenAI's routes, over those of the API."""

    def __init__(self, routes: Routes) -> None:
        """Take the API's routes, which ask and keep the time."""
        self.routes = routes
        self._since = int(time.time())

    def add_to(self, app: FastAPI) -> None:
        """Add the routes to the application."""
        add = partial(app.add_api_route, dependencies=SECURITY)
        add(
            "/v1/chat/completions",
            self.complete,
            methods=["POST"],
            response_class=JSONResponse,
            responses=_COMPLETING | {200: _completion_example()},
            summary="Ask, as OpenAI's clients do",
        )
        add("/v1/models", self.models, methods=["GET"], responses=_FAILURES, summary="List who can answer")
        missing = _FAILURES | {404: _COMPLETING[404]}
        add("/v1/models/{name:path}", self.model, methods=["GET"], responses=missing, summary="Show who can answer")

    # -- models ------------------------------------------------------------------------

    async def models(self) -> ModelList:
        """The service's model, and "none": quotes without a summary."""
        names = dict.fromkeys((self.routes.scheduler.archive.model, NONE))
        return ModelList(object="list", data=tuple(self._model(name) for name in names))

    async def model(self, name: Annotated[str, Path(max_length=2000)]) -> Model:
        """One of them."""
        self._check_model(name)
        return self._model(name)

    def _model(self, name: str) -> Model:
        return Model(id=name, object="model", created=self._since, owned_by="onrecord")

    def _check_model(self, name: str | None) -> str | None:
        own = self.routes.scheduler.archive.model
        if name not in (None, "", *WITHOUT_MODEL, own):
            other = "" if own in WITHOUT_MODEL else f' or "{NONE}"'
            raise UnknownModel(f'There is no such model here. Use "{own}"{other}; GET /v1/models lists them.')
        return name or None

    # -- asking ------------------------------------------------------------------------

    async def complete(self, request: Request, body: ChatRequest) -> Response:
        """The answer to the last message of the user as a chat completion, or as chunks where ``stream`` is true.

        Sentences have the marks [1], [2] of what they cite; below stands where the words are from. The same is in
        annotations, from start_index to end_index of the content. Where the archive does not say, content and refusal
        both tell so. Filters of /api/ask (after, before, sources, language, undated,
        collection), k, times and today can be sent too.
        """
        _check_meaning(body)
        model = self._check_model(body.model)
        question = _question(body, model)
        told = ChatText(str(request.base_url))
        head = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": model or self.routes.scheduler.archive.model,
        }
        events = self.routes.events(request, question)
        warned = await self.routes.warning(body.sources, body.language)
        if not body.stream:
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, Finished):
                        return JSONResponse(_completion(head, told, event.answer), headers=warned)
            raise errors.ServiceBusy("The question was stopped. Try again in a little while.")
        first = await anext(events)  # an error before the first event still gets its own status
        usage = bool(body.stream_options and body.stream_options.include_usage)
        return StreamingResponse(
            _chunks(request, head, told, first, events, usage),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no", **warned},
        )


# -- what is asked -------------------------------------------------------------------------


def _check_meaning(body: ChatRequest) -> None:
    """Refuse what would be answered otherwise than was asked for.

    Raises:
        UsageError: Several answers, tools, a form other than text, or logarithms of probabilities are asked for, or a
            filter is misspelt.
    """
    for name in body.model_extra or {}:
        if near := difflib.get_close_matches(name.lower(), Filters.model_fields, 1, _NEAR):
            raise errors.UsageError(f"{name}: Did you mean `{near[0]}`? There is no filter of this name.")
    if body.n is not None and body.n != 1:
        raise errors.UsageError("n: There is one answer to a question. Leave n out, or ask for 1.")
    if (body.tools and body.tool_choice != "none") or body.functions:
        raise errors.UsageError("tools: The archive calls no tools. Leave tools and functions out.")
    if (body.response_format or {"type": "text"}).get("type") != "text":
        raise errors.UsageError("response_format: Answers are text. Leave response_format out, or use POST /api/ask.")
    if body.logprobs:
        raise errors.UsageError("logprobs: There are none here. Leave logprobs out.")
    if body.modalities and any(m != "text" for m in body.modalities):
        raise errors.UsageError('modalities: Answers are text. Leave modalities out, or send ["text"].')


def _question(body: ChatRequest, model: str | None) -> Question:
    """The last message of the user, with the exchanges before it.

    Raises:
        UsageError: There is none, or a message is not of a form that is known.
    """
    exchanges: list[list[str]] = []
    for at, message in enumerate(body.messages):
        role = message.get("role")
        if role not in _ROLES:
            raise errors.UsageError(f"messages.{at}: A message has a role: system, user or assistant.")
        if role == "user":
            exchanges.append([_text(message.get("content"), at), ""])
        elif role == "assistant" and exchanges:
            exchanges[-1][1] += ChatText.without_sources(_text(message.get("content") or "", at))
    if not exchanges:
        raise errors.UsageError("messages: No message is the user's. Send the question as one of role user.")
    *before, (question, _) = exchanges
    history = tuple(
        Exchange(question=q[:_QUESTION_AT_MOST], answer=a[:_ANSWER_AT_MOST])
        for q, a in before[-_MOST_HISTORY:]
        if q.strip()
    )
    return from_query(
        Question,
        question=question,
        history=history,
        model=model,
        temperature=body.temperature,
        k=body.k,
        times=body.times,
        **body.filters(),
    )


def _text(content: Any, at: int) -> str:
    """A message's text: as it is, or of its parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [None]
    given = [p.get("text") for p in parts if isinstance(p, Mapping) and p.get("type") in ("text", "input_text")]
    texts = [t for t in given if isinstance(t, str)]
    if len(texts) < len(parts):
        raise errors.UsageError(f"messages.{at}: Only text can be read. Send content as a text.")
    return "\n".join(texts)


# -- what is answered ----------------------------------------------------------------------


def _completion(head: Mapping[str, Any], told: ChatText, answer: Answer) -> dict[str, Any]:
    content = told.whole(answer)
    message = {
        "role": "assistant",
        "content": content,
        "refusal": None if answer.answered else answer.text,
        "annotations": told.annotations(answer, content),
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {**head, "object": "chat.completion", "choices": [choice], "usage": _usage(answer)}


def _usage(answer: Answer) -> dict[str, Any]:
    used = answer.usage
    return {
        "prompt_tokens": used.input_tokens,
        "completion_tokens": used.output_tokens,
        "total_tokens": used.input_tokens + used.output_tokens,
        "prompt_tokens_details": {"cached_tokens": used.cached_tokens},
    }


async def _chunks(
    request: Request,
    head: Mapping[str, Any],
    told: ChatText,
    first: Waiting | Event,
    events: AsyncGenerator[Waiting | Event, None],
    usage: bool,
) -> AsyncIterator[str]:
    """The answer as Server-Sent Events; comments keep the connection alive while nothing is told."""

    def line(delta: Mapping[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        value = {**head, "object": "chat.completion.chunk", "choices": [choice]}
        return _data(value | ({"usage": None} if usage else {}))

    async def following() -> AsyncIterator[Waiting | Event]:
        yield first
        async for event in events:
            yield event

    try:
        async with aclosing(events):
            yield line({"role": "assistant", "content": ""})
            async for event in following():
                if isinstance(event, Delta):
                    yield line({"content": told.add(event.text)})
                elif isinstance(event, Finished):
                    answer = event.answer
                    content = told.whole(answer)
                    if rest := told.rest(content):
                        yield line({"content": rest})
                    if not answer.answered:
                        yield line({"refusal": answer.text})
                    if annotations := told.annotations(answer, told.sent):
                        yield line({"annotations": annotations})
                    yield line({}, "stop")
                    if usage:
                        last = {**head, "object": "chat.completion.chunk", "choices": [], "usage": _usage(answer)}
                        yield _data(last)
                    yield "data: [DONE]\n\n"
                    return
                else:
                    yield ": working\n\n"
        raise errors.ServiceBusy("The question was stopped. Try again in a little while.")
    except ClientGone:
        return
    except (errors.OnRecordError, sqlite3.Error, TimedOut) as e:
        yield _data(error_response(request, e)[1])


def _data(value: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _completion_example() -> dict[str, Any]:
    content = "The talks lasted seven hours. [1]\n\nSources:\n\n[1] “The talks lasted seven hours.” — Harbour Post"
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    cited = {"start_index": 30, "end_index": 33, "title": "Talks", "url": "https://example.com/talks"}
    message["annotations"] = [{"type": "url_citation", "url_citation": cited}]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    example = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": NONE,
        "choices": [choice],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }
    required: Sequence[str] = ("id", "object", "created", "model", "choices", "usage")
    schema = {
        "type": "object",
        "required": list(required),
        "properties": {"choices": {"type": "array", "items": {"type": "object"}}},
    }
    chunk = {"type": "object", "properties": {"data": {"type": "string"}}, "description": "Each event; data is JSON"}
    return {
        "description": "The answer, or its chunks",
        "content": {
            "application/json": {"schema": schema, "example": example},
            "text/event-stream": {"schema": chunk, "example": "data: {…}\n\ndata: [DONE]\n\n"},
        },
    }


__all__ = ["ChatRequest", "OpenAIRoutes"]
