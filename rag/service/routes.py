"""The API's routes: asking, searching passages, taking articles in, and the state of the service."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import math
import sqlite3
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any, TypeVar

import anyio
from fastapi import Depends, FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.security import HTTPBasic, HTTPBearer
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.datastructures import UploadFile

from rag import errors
from rag.answer.models.chat import WITHOUT_MODEL
from rag.arguments import unknown_filters
from rag.service import metrics
from rag.service.access import Access
from rag.service.api_document import articles_body, files_body, streamed
from rag.service.error_responses import ClientGone, TimedOut, error_response, mistakes_in
from rag.service.scheduler import RequestScheduler
from rag.service.schemas import (
    HISTORY_READ,
    DayText,
    DeleteResponse,
    ErrorResponse,
    Filters,
    HitList,
    Language,
    NewArticle,
    Question,
    Readiness,
    Search,
    ServiceStats,
)
from rag.types import (
    Answer,
    Article,
    Delta,
    Event,
    Finished,
    IngestReport,
    Progress,
    Quoted,
    Retrieved,
    Waiting,
)

_NAMES = {
    Waiting: "waiting",
    Retrieved: "evidence",
    Quoted: "quotes",
    Progress: "progress",
    Delta: "text",
    Finished: "answer",
}
_READERS = 8
WARNING = "x-onrecord-warning"  # the header that says which filters nothing can pass
_MOST_FILES = 1000

T = TypeVar("T")
V = TypeVar("V", bound=BaseModel)

SECURITY = [
    Depends(HTTPBearer(auto_error=False, description="The service's token")),
    Depends(HTTPBasic(auto_error=False, description="A user's name and password")),
]
"""For the OpenAPI document only; the middleware checks."""
_ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": ErrorResponse, "description": "No token, no user, or a wrong one"},
    422: {"model": ErrorResponse, "description": "Something makes no sense, or there is no such field or parameter"},
}
READING = _ERRORS | {409: {"model": ErrorResponse, "description": "There is no archive yet, or it fits no settings"}}
WRITING = _ERRORS | {
    409: {"model": ErrorResponse, "description": "Another process is writing; Retry-After says when to try again"},
    413: {"model": ErrorResponse, "description": "Too large"},
    507: {"model": ErrorResponse, "description": "The disk is full"},
}
ASKING = READING | {
    404: {"model": ErrorResponse, "description": "There is no such collection"},
    503: {"model": ErrorResponse, "description": "Too many are waiting, or the model is not there"},
    504: {"model": ErrorResponse, "description": "It took too long"},
}
MISSING: dict[int | str, dict[str, Any]] = {404: {"model": ErrorResponse, "description": "There is no such article"}}
Ident = Annotated[str, Path(alias="id", description="Its id, URL or key", max_length=2000)]


async def query_filters(
    after: Annotated[DayText | None, Query(description="Only articles from then on")] = None,
    before: Annotated[DayText | None, Query(description="Only articles before then")] = None,
    today: Annotated[DayText | None, Query(description='The day that "last week" counts from; by default now')] = None,
    sources: Annotated[list[str], Query(description="Only this outlet; can be repeated", max_length=100)] = [],  # noqa: B006
    source: Annotated[list[str], Query(description="The same as sources", max_length=100)] = [],  # noqa: B006
    language: Annotated[Language | None, Query(description="Only articles in this language, as in en")] = None,
    undated: Annotated[bool, Query(description="Whether a date filter lets undated articles through")] = True,
    collection: Annotated[str | None, Query(description="Only articles of this collection", max_length=100)] = None,
) -> Filters:
    """Filters from query parameters."""
    return from_query(
        Filters,
        today=today,
        after=after,
        before=before,
        sources=[*sources, *source],
        language=language,
        undated=undated,
        collection=collection,
    )


QueryFilters = Annotated[Filters, Depends(query_filters)]


class Routes:
    """The routes, with what they share: the scheduler, and threads that read and write."""

    def __init__(self, scheduler: RequestScheduler, access: Access, timeout: float) -> None:
        self.scheduler = scheduler
        self.access = access
        self.timeout = timeout
        self.numbers = metrics.Metrics(scheduler)
        # Threads of our own that stay, since each keeps a connection to the catalog.
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="reading")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writing")
        self._waiters: anyio.CapacityLimiter | None = None

    def add_to(self, app: FastAPI) -> None:
        """Add the routes to the application."""
        add = partial(app.add_api_route, dependencies=SECURITY)
        warned = [*SECURITY, Depends(self.warn)]
        look = partial(app.add_api_route, methods=["GET"], responses=ASKING, dependencies=warned)
        add(
            "/api/ask",
            self.ask,
            methods=["POST"],
            response_model=Answer,
            responses=ASKING | streamed(_NAMES.values()),
            summary="Ask",
        )
        add("/api/search", self.search, methods=["POST"], responses=ASKING, summary="Search")
        look("/api/search", self.search_by_address, summary="Search")
        post = partial(add, methods=["POST"], responses=WRITING)
        post("/api/articles", self.add, summary="Take articles in", openapi_extra=articles_body())
        post("/api/articles/files", self.add_files, summary="Take files in", openapi_extra=files_body())
        add("/api/articles/{id:path}", self.article, methods=["GET"], responses=READING | MISSING, summary="Show")
        add(
            "/api/articles/{id:path}",
            self.delete,
            methods=["DELETE"],
            responses=WRITING | MISSING,
            summary="Take an article down",
        )
        add("/api/stats", self.stats, methods=["GET"], responses=READING, summary="Numbers")
        add(metrics.PATH, self.metrics, methods=["GET"], include_in_schema=False)
        add("/healthz", self.alive, methods=["GET"], summary="Alive")
        unready: dict[int | str, dict[str, Any]] = {503: {"model": Readiness, "description": "Not ready, and why"}}
        add("/readyz", self.ready, methods=["GET"], response_model=Readiness, responses=unready, summary="Ready")

    # -- asking --------------------------------------------------------------------------

    async def ask(self, request: Request, body: Question) -> Response:
        """The answer as JSON, or events as they come, where ``stream`` is true or text/event-stream is accepted.

        Events are ``waiting`` (the position), ``evidence`` (the passages found), ``quotes`` (the words that answer,
        before any model has written; none of a refusal), ``progress`` (a heartbeat at least twice a second), ``text``
        (a sentence of the summary that passed the check, with its citations, or a quote where there is no summary) and
        last ``answer`` or ``error``. A client that goes away stops the work. Of a conversation longer than is read, the
        header ``x-history-dropped`` says how many exchanges were left out.
        """
        events = self.events(request, body)
        dropped = max(0, len(body.history) - HISTORY_READ)
        told = {"x-history-dropped": str(dropped)} if dropped else {}
        told |= await self.warning(body.sources, body.language)
        if not (body.stream or "text/event-stream" in request.headers.get("accept", "")):
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, Finished):
                        return _json(event.answer, told)
            raise errors.ServiceBusy("The question was stopped. Try again in a little while.")
        first = await anext(events)  # an error before the first event still gets its own status

        async def stream() -> AsyncIterator[str]:
            try:
                async with aclosing(events):
                    yield _sse(first)
                    async for event in events:
                        yield _sse(event)
            except ClientGone:
                return
            except (errors.OnRecordError, sqlite3.Error, TimedOut) as e:
                yield f"event: error\ndata: {json.dumps(error_response(request, e)[1])}\n\n"

        return StreamingResponse(
            stream(),
            media_type="text/event-stream",
            # The second keeps proxies from buffering the events.
            headers={"cache-control": "no-store", "x-accel-buffering": "no", **told},
        )

    async def events(self, request: Request, body: Question) -> AsyncGenerator[Waiting | Event, None]:
        """The scheduler's events, until the client disconnects or the time is up."""
        own = self.scheduler.archive.model
        if body.model not in (None, *WITHOUT_MODEL, own):
            raise errors.UsageError(f'There is no such model here. Leave it out, or use "none" or "{own}".')
        events = self.scheduler.stream(
            body.question,
            user=self.access.user(request),
            chat_model=None if body.model == own else body.model,
            temperature=body.temperature,
            **body.options(),
        )
        until = time.monotonic() + self.timeout
        try:
            while (event := await self.wait_for(_next, events)) is not None:
                if await request.is_disconnected():
                    raise ClientGone
                if time.monotonic() > until and not isinstance(event, Finished):
                    raise TimedOut(self.timeout)
                yield event
        finally:
            events.close()  # type: ignore[attr-defined]

    async def warning(self, sources: Sequence[str], language: str | None) -> dict[str, str]:
        """A header, in ASCII, that says which filters nothing can pass; none where there are none of that kind."""
        if not (sources or language):
            return {}
        told = await self.read(partial(unknown_filters, self.scheduler.archive.stores, sources, language))
        return {WARNING: " ".join(told).encode("ascii", "backslashreplace").decode()} if told else {}

    async def warn(self, response: Response, filters: QueryFilters) -> None:
        response.headers.update(await self.warning(filters.sources, filters.language))

    async def search(self, request: Request, body: Search, response: Response) -> HitList:
        """The passages nearest to a question, best first; no language model is asked."""
        response.headers.update(await self.warning(body.sources, body.language))
        search = partial(self.scheduler.search, body.question, user=self.access.user(request), **body.options())
        return HitList(hits=tuple(await self.wait_for(search)))

    async def search_by_address(
        self,
        request: Request,
        response: Response,
        question: Annotated[str, Query(min_length=1, max_length=4000, description="In any words")],
        filters: QueryFilters,
        k: Annotated[int | None, Query(ge=1, le=100, description="Passages to retrieve")] = None,
        times: Annotated[bool, Query(description="Whether what the question says of when counts")] = True,
    ) -> HitList:
        """The same with everything in query parameters."""
        body = from_query(Search, question=question, k=k, times=times, **filters.filters())
        return await self.search(request, body, response)

    async def wait_for(self, wait: Callable[..., T], *args: Any) -> T:
        """Call what waits in the scheduler's queue, in a thread of its own; that thread never touches the archive."""
        if self._waiters is None:
            self._waiters = anyio.CapacityLimiter(math.inf)  # the scheduler has its own bound
        return await anyio.to_thread.run_sync(wait, *args, limiter=self._waiters)

    # -- articles ------------------------------------------------------------------------

    async def article(self, ident: Ident) -> Article:
        """An article with its text, also an older version by its id."""
        return await self.read(partial(self.scheduler.archive.get, ident))

    async def add(self, request: Request) -> IngestReport:
        """One article or a list of them as JSON. Doing it again changes nothing. Files go to /api/articles/files.

        Files sent here as multipart/form-data are taken too.
        """
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data":
            return await self.add_files(request)
        user = self._uploader(request)
        rows = "".join(_json_line(a) for a in _parse_articles(await request.body()))
        sent = [("articles.jsonl", io.BytesIO(rows.encode("utf-8", "replace")))]
        return await self.write(partial(self.scheduler.desk.upload, user, sent))

    async def add_files(self, request: Request) -> IngestReport:
        """Files with articles, in fields named `files`. Sending one again changes nothing."""
        user = self._uploader(request)
        async with request.form(max_files=_MOST_FILES) as form:
            sent = [(f.filename or "article", f.file) for f in form.getlist("files") if isinstance(f, UploadFile)]
            if not sent:
                raise errors.UsageError("No file was sent. Send files in fields named `files`.")
            return await self.write(partial(self.scheduler.desk.upload, user, sent))

    def _uploader(self, request: Request) -> str:
        """The user, who may upload; asked before anything is read."""
        user = self.access.user(request)
        self.scheduler.desk.check(user, "upload")
        return user

    async def delete(self, request: Request, ident: Ident) -> DeleteResponse:
        """All versions, everywhere in the archive. There is no way back."""
        user = self.access.user(request)
        return DeleteResponse(deleted=tuple(await self.write(partial(self.scheduler.desk.delete, user, [ident]))))

    # -- state -----------------------------------------------------------------------------

    async def stats(self, request: Request) -> ServiceStats:
        """Numbers about the archive and the service; the archive's path is told to admins alone."""
        scheduler = self.scheduler
        stats = await self.read(scheduler.archive.stats)
        if scheduler.desk.role(self.access.user(request)) != "admin":
            stats = stats.model_copy(update={"path": ""})
        return ServiceStats(
            archive=stats, model=scheduler.archive.model, running=scheduler.running, waiting=scheduler.waiting
        )

    async def metrics(self, request: Request) -> Response:
        """Numbers for Prometheus: questions, stages, refusals, the queue, the archive. For admins, by default."""
        access = self.access
        if access.metrics != "open":
            metrics.require_allowed(access, access.user(request), access.metrics)
        return Response(await self.read(self.numbers.page), media_type=metrics.CONTENT_TYPE)

    async def alive(self) -> dict[str, str]:
        """Whether the process answers; asks for no token."""
        return {"status": "alive"}

    async def ready(self) -> Response:
        """Whether questions can be answered: 200, or 503 with what is in the way."""
        why = await self.read(self.scheduler.readiness_problem)
        if why is None:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "not ready", "why": why}, 503, {"retry-after": "5"})

    async def read(self, read: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, read)

    async def write(self, write: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, write)


# -- bodies ------------------------------------------------------------------------------


def _next(events: Iterator[Waiting | Event]) -> Waiting | Event | None:
    return next(events, None)


def _json(value: Answer, headers: dict[str, str]) -> Response:
    return Response(value.model_dump_json(), media_type="application/json", headers=headers)


def _sse(event: Waiting | Event) -> str:
    value = event.answer if isinstance(event, Finished) else event
    return f"event: {_NAMES[type(event)]}\ndata: {value.model_dump_json()}\n\n"


def from_query(kind: type[V], **values: Any) -> V:
    """Query parameters as the body that says the same, with its checks."""
    try:
        return kind.model_validate(values)
    except ValidationError as e:
        raise errors.UsageError(mistakes_in(e, kind)) from None


_ARTICLES: TypeAdapter[list[NewArticle]] = TypeAdapter(list[NewArticle])


def _parse_articles(body: bytes) -> list[NewArticle]:
    try:
        if body.lstrip()[:1] == b"{":
            return [NewArticle.model_validate_json(body)]
        articles = _ARTICLES.validate_json(body)
    except ValidationError as e:
        raise errors.UsageError(mistakes_in(e, NewArticle)) from None
    if not articles:
        raise errors.UsageError("No article was sent. Send at least one.")
    return articles


def _json_line(article: NewArticle) -> str:
    """An article as a line of JSON Lines; one without a URL is identified by its words."""
    row = article.model_dump(mode="json", exclude_none=True)
    if article.url is None:
        words = f"{article.title}\n{article.text}".encode("utf-8", "replace")
        row["key"] = f"posted/{hashlib.sha256(words).hexdigest()[:16]}"
    return json.dumps(row) + "\n"


__all__ = ["SECURITY", "Routes", "from_query"]
