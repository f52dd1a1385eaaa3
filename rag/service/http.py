"""The HTTP API: routes, typed errors, and what happens when a client goes away."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import math
import os
import sqlite3
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar

import anyio
from fastapi import Depends, FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from fastapi.security import HTTPBasic, HTTPBearer
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from rag import errors
from rag.service.access import Access, Guard
from rag.service.api_docs import reference_page
from rag.service.body_limit import BodyLimit
from rag.service.request_log import RequestLog
from rag.service.scheduler import RequestScheduler
from rag.service.schemas import (
    ArticlePage,
    DeleteResponse,
    ErrorResponse,
    NewArticle,
    Question,
    Quotes,
    Search,
    ServiceStats,
)
from rag.types import Answer, Article, Delta, Event, Finished, Hit, IngestReport, Progress, Quote, Retrieved, Waiting

STATUS: dict[type[Exception], int] = {
    errors.UsageError: 422,
    errors.SourceError: 422,
    errors.ArticleMissing: 404,
    errors.ConversationMissing: 404,
    errors.ArchiveMissing: 409,
    errors.ArchiveLocked: 409,
    errors.ArchiveMismatch: 409,
    errors.ServiceBusy: 503,
    errors.ModelMissing: 503,
    errors.ModelCorrupt: 503,
    errors.ModelFailed: 502,
    errors.OnRecordError: 500,
}
"""The status of an error is that of its nearest ancestor here."""

_RETRY: dict[type[Exception], int] = {errors.ArchiveLocked: 5, errors.ServiceBusy: 5}
"""Seconds after which to try again."""
_NAMES = {Retrieved: "evidence", Waiting: "waiting", Progress: "progress", Delta: "text", Finished: "answer"}
_PLAIN = {404: "There is nothing here. Look at /docs.", 405: "This address takes another method. Look at /docs."}
_KINDS = {404: "NotFound", 405: "MethodNotAllowed", 413: "TooLarge"}
_READERS = 8
_MOST_FILES = 1000
_ABOUT = """Ask an archive of news articles. Every sentence of an answer cites the exact words of an article:
article.text[c.start:c.end] == c.quote.

A question that the archive does not answer is no error: answered is false then, and reason says why.

Send the token as "Authorization: Bearer TOKEN", or name and password by HTTP Basic, where the service asks for them.
Every error is {"error": {"type", "message", "request_id"}}; with 429, 503 and a locked archive, Retry-After says
when to try again. Dates are ISO 8601."""

T = TypeVar("T")
V = TypeVar("V", bound=BaseModel)


class _Gone(Exception):
    """The client has gone."""


class _TimedOut(Exception):
    """The question took longer than a request may."""


def create_app(
    desk: RequestScheduler,
    access: Access,
    *,
    page: bool = True,
    mcp: bool = False,
    timeout: float = 300.0,
    max_upload: int = 100_000_000,
) -> FastAPI:
    """The service as an ASGI application.

    Args:
        desk: Answers; closed by whoever made it.
        access: Who may come in; stands before every route.
        page: Whether the page for people is at /.
        mcp: Whether the tools for language models are at /mcp.
        timeout: Seconds a question may take, waiting included.
        max_upload: Bytes that articles may have in one request.

    Raises:
        ModelMissing: ``mcp`` is true and its package is not installed.
    """
    from rag import __version__

    _offline()
    running: list[Callable[[], Any]] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for run in running:
                await stack.enter_async_context(run())
            yield

    app = FastAPI(
        title="OnRecord",
        version=__version__,
        description=_ABOUT,
        docs_url=None,  # theirs load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    _handle_errors(app)
    _Routes(desk, access, timeout).add_to(app)

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(reference_page(app.openapi()))

    if mcp:
        from rag.service.mcp import mount as mount_tools

        running.append(mount_tools(app, desk, access))
    app.add_middleware(BodyLimit, largest=max_upload)
    app.add_middleware(Guard, access=access)
    app.add_middleware(RequestLog)  # the outermost
    if page:
        from rag.ui.app import mount

        mount(app, desk, access)
    return app


def _offline() -> None:
    """Nobody is told that the service runs."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["ANONYMIZED_TELEMETRY"] = "False"


# -- errors ------------------------------------------------------------------------------


def _handle_errors(app: FastAPI) -> None:
    async def ours(request: Request, e: Exception) -> Response:
        return _failed(request, e)

    for kind in (errors.OnRecordError, RequestValidationError, HTTPException, sqlite3.Error, _Gone, _TimedOut):
        app.add_exception_handler(kind, ours)


def _failed(request: Request, e: Exception) -> Response:
    status, body, headers = _told(request, e)
    return JSONResponse(body, status, headers)


def _told(request: Request, e: Exception) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers for an error."""
    headers: dict[str, str] = {}
    if isinstance(e, errors.OnRecordError):
        status = next(STATUS[kind] for kind in type(e).__mro__ if kind in STATUS)
        kind, message = type(e).__name__, str(e)
        if after := _RETRY.get(type(e)):
            headers["retry-after"] = str(after)
    elif isinstance(e, RequestValidationError | ValidationError):
        status, kind, message = 422, "UsageError", _invalid(e)
    elif isinstance(e, HTTPException):
        status, kind = e.status_code, _KINDS.get(e.status_code, "UsageError")
        # FastAPI's own say nothing of what to do.
        message = _PLAIN.get(status) or f"{str(e.detail).rstrip('.')}. Look at /docs."
        headers = dict(e.headers or {})
    elif isinstance(e, _TimedOut):
        status, kind = 504, "TimedOut"
        message = f"The question took longer than {e.args[0]:g} s. Try a shorter one, or again when less is going on."
    elif isinstance(e, _Gone):
        status, kind, message = 499, "ClientGone", "The client has gone."
    else:
        assert isinstance(e, sqlite3.Error)
        status, kind, headers = 503, "ArchiveBusy", {"retry-after": "5"}
        message = "The archive's catalog can't be read now. Try again, or run: onrecord doctor"
    ident = getattr(request.state, "request_id", "")
    return status, {"error": {"type": kind, "message": message, "request_id": ident}}, headers


def _invalid(e: RequestValidationError | ValidationError) -> str:
    """Where the first mistake is and what is wrong; never what was sent."""
    first = e.errors()[0]
    where = ".".join(str(p) for p in first["loc"] if p not in ("body", "query", "path"))
    what = str(first["msg"])
    return f"{where}: {what}. Look at /docs." if where else f"{what}. Look at /docs."


# -- routes ------------------------------------------------------------------------------

_SECURITY = [
    Depends(HTTPBearer(auto_error=False, description="The service's token")),
    Depends(HTTPBasic(auto_error=False, description="A user's name and password")),
]  # told in the document; the middleware does it
_ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": ErrorResponse, "description": "No token, no user, or a wrong one"},
    422: {"model": ErrorResponse, "description": "Something about the request makes no sense"},
}
_READING = _ERRORS | {409: {"model": ErrorResponse, "description": "There is no archive yet, or it fits no settings"}}
_WRITING = _ERRORS | {
    409: {"model": ErrorResponse, "description": "Another process is writing; Retry-After says when to try again"},
    413: {"model": ErrorResponse, "description": "Too large"},
}
_ASKING = _READING | {
    503: {"model": ErrorResponse, "description": "Too many are waiting, or the model is not there"},
    504: {"model": ErrorResponse, "description": "It took too long"},
}
_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": ErrorResponse, "description": "There is no such article"}}
After = Annotated[datetime | None, Query(description="Only articles from then on")]
Before = Annotated[datetime | None, Query(description="Only articles before then")]
Outlets = Annotated[list[str], Query(description="Only this outlet; can be repeated", max_length=100)]
Language = Annotated[str | None, Query(description="Only articles in this language, as in en")]
Undated = Annotated[bool, Query(description="Whether a date filter lets undated articles through")]
Ident = Annotated[str, Path(description="Its id, URL or key", max_length=2000)]


class _Routes:
    """What the routes share."""

    def __init__(self, desk: RequestScheduler, access: Access, timeout: float) -> None:
        self.desk = desk
        self.access = access
        self.timeout = timeout
        # Threads that stay, since each keeps a connection to the catalog.
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="reading")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writing")
        self._followers: anyio.CapacityLimiter | None = None

    def add_to(self, app: FastAPI) -> None:
        add = partial(app.add_api_route, dependencies=_SECURITY)
        add("/api/ask", self.ask, methods=["POST"], response_model=Answer, responses=_ask_answers(), summary="Ask")
        add("/api/search", self.search, methods=["POST"], responses=_ASKING, summary="Search")
        add("/api/search", self.search_by_address, methods=["GET"], responses=_ASKING, summary="Search")
        add("/api/quotes", self.quotes, methods=["GET"], responses=_ASKING, summary="Who said what")
        add("/api/articles", self.articles, methods=["GET"], responses=_READING, summary="List articles")
        add(
            "/api/articles",
            self.add,
            methods=["POST"],
            responses=_WRITING,
            summary="Take articles in",
            openapi_extra=_add_body(),
        )
        add("/api/articles/{ident:path}", self.article, methods=["GET"], responses=_READING | _MISSING, summary="Show")
        add(
            "/api/articles/{ident:path}",
            self.delete,
            methods=["DELETE"],
            responses=_WRITING | _MISSING,
            summary="Take an article down",
        )
        add("/api/stats", self.stats, methods=["GET"], responses=_READING, summary="Numbers")
        add("/healthz", self.alive, methods=["GET"], summary="Alive")
        add("/readyz", self.ready, methods=["GET"], summary="Ready")

    # -- asking --------------------------------------------------------------------------

    async def ask(self, request: Request, body: Question) -> Response:
        """The answer as JSON, or events as they come, where ``stream`` is true or text/event-stream is accepted.

        Events are ``waiting`` (the position), ``evidence`` (the passages found), ``progress`` (a sign of life at
        least twice a second), ``text`` (a sentence that passed the check, with its citations) and last ``answer`` or
        ``error``. A client that goes away stops the work.
        """
        events = self._events(request, body)
        if not (body.stream or "text/event-stream" in request.headers.get("accept", "")):
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, Finished):
                        return _json(event.answer)
            raise errors.ServiceBusy("The question was stopped. Try again in a little while.")
        first = await anext(events)  # an error that comes at once has a status of its own

        async def told() -> AsyncIterator[str]:
            try:
                async with aclosing(events):
                    yield _sse(first)
                    async for event in events:
                        yield _sse(event)
            except _Gone:
                return
            except (errors.OnRecordError, sqlite3.Error, _TimedOut) as e:
                yield f"event: error\ndata: {json.dumps(_told(request, e)[1])}\n\n"

        return StreamingResponse(
            told(),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},  # proxies are not to collect it
        )

    async def _events(self, request: Request, body: Question) -> AsyncGenerator[Waiting | Event, None]:
        """The desk's events, for as long as the client is there and the time lasts."""
        own = self.desk.archive.model
        if body.model not in (None, "extractive", own):
            raise errors.UsageError(f'There is no such model here. Leave it out, or use "extractive" or "{own}".')
        events = self.desk.stream(
            body.question,
            user=self.access.user(request),
            chat_model=None if body.model == own else body.model,
            history=[(h.question, h.answer) for h in body.history],
            temperature=body.temperature,
            **body.options(),
        )
        until = time.monotonic() + self.timeout
        try:
            while (event := await self._follow(_next, events)) is not None:
                if await request.is_disconnected():
                    raise _Gone
                if time.monotonic() > until and not isinstance(event, Finished):
                    raise _TimedOut(self.timeout)
                yield event
        finally:
            events.close()  # type: ignore[attr-defined]

    async def search(self, request: Request, body: Search) -> list[Hit]:
        """The passages nearest to a question, best first; no language model is asked."""
        search = partial(self.desk.search, body.question, user=self.access.user(request), **body.options())
        hits: list[Hit] = await self._follow(search)
        return hits

    async def search_by_address(
        self,
        request: Request,
        question: Annotated[str, Query(min_length=1, max_length=4000, description="In any words")],
        k: Annotated[int | None, Query(ge=1, le=100, description="Passages to retrieve")] = None,
        after: After = None,
        before: Before = None,
        source: Outlets = [],  # noqa: B006
        language: Language = None,
        undated: Undated = True,
        today: Annotated[datetime | None, Query(description='The day that "last week" counts from')] = None,
        times: Annotated[bool, Query(description="Whether what the question says of when counts")] = True,
    ) -> list[Hit]:
        """The same with everything in the address."""
        kept = {"after": after, "before": before, "sources": source, "language": language, "undated": undated}
        body = _sent(Search, question=question, k=k, today=today, times=times, **kept)
        return await self.search(request, body)

    async def quotes(
        self,
        request: Request,
        speaker: Annotated[str | None, Query(max_length=200, description="A name, or what somebody is called")] = None,
        about: Annotated[str | None, Query(max_length=4000, description="What the words are to be about")] = None,
        after: After = None,
        before: Before = None,
        source: Outlets = [],  # noqa: B006
        language: Language = None,
        undated: Undated = True,
        limit: Annotated[int, Query(ge=1, le=1000, description="How many at most")] = 20,
    ) -> list[Quote]:
        """Who said what: the words, speaker and article of each; without a speaker and a subject the newest ones."""
        kept = {"after": after, "before": before, "sources": source, "language": language, "undated": undated}
        body = _sent(Quotes, speaker=speaker, about=about, limit=limit, **kept)
        look = partial(self.desk.quotes, user=self.access.user(request), **body.options())
        found: list[Quote] = await self._follow(look)
        return found

    async def _follow(self, wait: Callable[..., T], *args: Any) -> T:
        """Call what waits at the desk, in one of many threads: none of them touches the archive."""
        if self._followers is None:
            self._followers = anyio.CapacityLimiter(math.inf)  # the desk's own bound holds
        return await anyio.to_thread.run_sync(wait, *args, limiter=self._followers)

    # -- articles ------------------------------------------------------------------------

    async def articles(
        self,
        search: Annotated[str, Query(max_length=500, description="Words in title, author or key")] = "",
        source: Annotated[str | None, Query(description="Only this outlet")] = None,
        language: Annotated[str | None, Query(description="Only this language, as in en")] = None,
        after: Annotated[datetime | None, Query(description="Only articles from then on")] = None,
        before: Annotated[datetime | None, Query(description="Only articles before then")] = None,
        limit: Annotated[int, Query(ge=0, le=1000)] = 50,
        offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
    ) -> ArticlePage:
        """A page of the articles, newest first, without their texts."""
        items, total = await self._read(
            partial(
                self.desk.archive.list,
                search,
                source=source,
                language=language,
                after=after,
                before=before,
                limit=limit,
                offset=offset,
            )
        )
        return ArticlePage(items=tuple(items), total=total)

    async def article(self, ident: Ident) -> Article:
        """An article with its text, also an older version by its id."""
        return await self._read(partial(self.desk.archive.get, ident))

    async def add(self, request: Request) -> IngestReport:
        """One article or a list of them as JSON, or files as multipart/form-data. Doing it again changes nothing."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data":
            async with request.form(max_files=_MOST_FILES) as form:
                sent = [(f.filename or "article", f.file) for f in form.getlist("files") if isinstance(f, UploadFile)]
                if not sent:
                    raise errors.UsageError("No file was sent. Send files in fields named `files`.")
                return await self._write(partial(self.desk.upload, sent))
        rows = "".join(_row(a) for a in _articles(await request.body()))
        sent = [("articles.jsonl", io.BytesIO(rows.encode("utf-8", "replace")))]
        return await self._write(partial(self.desk.upload, sent))

    async def delete(self, ident: Ident) -> DeleteResponse:
        """All versions, everywhere in the archive. There is no way back."""
        return DeleteResponse(deleted=tuple(await self._write(partial(self.desk.delete, [ident]))))

    # -- state -----------------------------------------------------------------------------

    async def stats(self) -> ServiceStats:
        """Numbers about the archive and the service."""
        desk = self.desk
        stats = await self._read(desk.archive.stats)
        return ServiceStats(archive=stats, model=desk.archive.model, running=desk.running, waiting=desk.waiting)

    async def alive(self) -> dict[str, str]:
        """Whether the process answers; asks for no token."""
        return {"status": "alive"}

    async def ready(self) -> Response:
        """Whether questions can be answered: 200, or 503 with what is in the way."""
        why = await self._read(self.desk.obstacle)
        if why is None:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "not ready", "why": why}, 503, {"retry-after": "5"})

    async def _read(self, read: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, read)

    async def _write(self, write: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, write)


# -- small things ------------------------------------------------------------------------


def _next(events: Iterator[Waiting | Event]) -> Waiting | Event | None:
    return next(events, None)


def _json(value: Answer) -> Response:
    return Response(value.model_dump_json(), media_type="application/json")


def _sse(event: Waiting | Event) -> str:
    value = event.answer if isinstance(event, Finished) else event
    return f"event: {_NAMES[type(event)]}\ndata: {value.model_dump_json()}\n\n"


def _sent(kind: type[V], **given: Any) -> V:
    """What an address says, as the body that says the same."""
    try:
        return kind.model_validate(given)
    except ValidationError as e:
        raise errors.UsageError(_invalid(e)) from None


_ARTICLES: TypeAdapter[list[NewArticle]] = TypeAdapter(list[NewArticle])


def _articles(body: bytes) -> list[NewArticle]:
    try:
        if body.lstrip()[:1] == b"{":
            return [NewArticle.model_validate_json(body)]
        articles = _ARTICLES.validate_json(body)
    except ValidationError as e:
        raise errors.UsageError(_invalid(e)) from None
    if not articles:
        raise errors.UsageError("No article was sent. Send at least one.")
    return articles


def _row(article: NewArticle) -> str:
    """A line of JSON Lines; without a URL, an article is known by its words."""
    row = article.model_dump(mode="json", exclude_none=True)
    if article.url is None:
        words = f"{article.title}\n{article.text}".encode("utf-8", "replace")
        row["key"] = f"posted/{hashlib.sha256(words).hexdigest()[:16]}"
    return json.dumps(row) + "\n"


def _ask_answers() -> dict[int | str, dict[str, Any]]:
    example = 'event: evidence\ndata: {"query": …, "hits": […]}\n\nevent: text\ndata: {"text": …, "citations": […]}\n\n'
    streamed = {"schema": {"type": "string"}, "example": example}
    return _ASKING | {200: {"description": "The answer, or the events", "content": {"text/event-stream": streamed}}}


def _add_body() -> dict[str, Any]:
    one = NewArticle.model_json_schema()
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    json_body = {"schema": {"anyOf": [one, {"type": "array", "items": one}]}, "example": one["examples"][0]}
    form = {"schema": {"type": "object", "properties": {"files": files}, "required": ["files"]}}
    return {"requestBody": {"required": True, "content": {"application/json": json_body, "multipart/form-data": form}}}


__all__ = ["STATUS", "create_app"]
