"""Errors of the API: each exception's status, and the one shape of body that all of them have."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from rag import errors
from rag.service.asgi import error_body, speaks_openai
from rag.text.mistakes import fields_at, wrong_fields

STATUS: dict[type[Exception], int] = {
    errors.UsageError: 422,
    errors.SourceError: 422,
    errors.ArticleMissing: 404,
    errors.MendingMissing: 404,
    errors.CollectionMissing: 404,
    errors.ConversationMissing: 404,
    errors.ArchiveMissing: 409,
    errors.ArchiveLocked: 409,
    errors.ArchiveMismatch: 409,
    errors.ArchiveClosed: 503,
    errors.ArchiveForked: 503,
    errors.ArchiveUnreachable: 503,
    errors.ArchiveReadOnly: 409,
    errors.DiskFull: 507,
    errors.NotAllowed: 403,
    errors.ServiceBusy: 503,
    errors.ModelMissing: 503,
    errors.ModelCorrupt: 503,
    errors.ModelFailed: 502,
    errors.OnRecordError: 500,
}
"""The status of an error is that of its nearest ancestor here."""

_RETRY: dict[type[Exception], int] = {errors.ArchiveLocked: 5, errors.ArchiveUnreachable: 5, errors.ServiceBusy: 5}
"""Seconds after which to try again."""
_REMEDY: dict[type[Exception], str] = {
    errors.CollectionMissing: " Leave `collection` out, or take one that GET /api/collections lists."
}
"""What to do over HTTP, where the error itself can't say it, since elsewhere it is done otherwise."""
_TOOLS = "/mcp"
_NO_TOOLS = "The tools for language models are offered at this address where the service is started with --mcp."
_ADVICE = {404: "There is nothing here. Look at /docs.", 405: "This address takes another method. Look at /docs."}
_KINDS = {404: "NotFound", 405: "MethodNotAllowed", 413: "TooLarge"}


class UnknownModel(errors.UsageError):
    """A program that speaks OpenAI's protocol asks for a model that is not here."""


class ClientGone(Exception):
    """The client has disconnected."""


class TimedOut(Exception):
    """The question took longer than a request may; the argument is that many seconds."""


def handle_missing(app: FastAPI) -> None:
    """Have applications that are mounted on this one answer as it does where there is nothing, or another method.

    What is mounted at / takes all that no route takes whole: also what is asked of a route by a wrong method.
    """

    async def missing(request: Request, e: Exception) -> Response:
        assert isinstance(e, HTTPException)
        if e.status_code not in (404, 405):
            return await http_exception_handler(request, e)
        if methods := _methods(app, request):
            e = HTTPException(405, headers={"Allow": ", ".join(sorted(methods))})
        status, body, headers = error_response(request, e)
        return JSONResponse(body, status, headers)

    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, FastAPI):
            route.app.add_exception_handler(HTTPException, missing)


def _methods(app: FastAPI, request: Request) -> set[str]:
    """The methods of the application's own routes that have a request's path, where its method is none of them."""
    found: set[str] = set()
    for route in app.routes:
        if not isinstance(route, Mount) and route.matches(request.scope)[0] is Match.PARTIAL:
            found |= set(getattr(route, "methods", None) or ())
    return found


def handle_errors(app: FastAPI) -> None:
    """Have the application answer exceptions with typed errors."""

    async def handle(request: Request, e: Exception) -> Response:
        if isinstance(e, HTTPException) and e.status_code == 405:
            # Starlette names the methods of the first of the routes that have this path.
            e = HTTPException(405, headers={"Allow": ", ".join(sorted(_methods(app, request)))})
        status, body, headers = error_response(request, e)
        return JSONResponse(body, status, headers)

    for kind in (errors.OnRecordError, RequestValidationError, HTTPException, sqlite3.Error, ClientGone, TimedOut):
        app.add_exception_handler(kind, handle)


def error_response(request: Request, e: Exception) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers of the answer to an exception."""
    headers: dict[str, str] = {}
    if isinstance(e, errors.OnRecordError):
        status = next(STATUS[kind] for kind in type(e).__mro__ if kind in STATUS)
        kind, message = type(e).__name__, str(e) + _REMEDY.get(type(e), "")
        if after := _RETRY.get(type(e)):
            headers["retry-after"] = str(after)
    elif isinstance(e, RequestValidationError | ValidationError):
        status, kind, message = 422, "UsageError", mistakes_in(e, _body_of(request))
    elif isinstance(e, HTTPException):
        status, kind = e.status_code, _KINDS.get(e.status_code, "UsageError")
        # FastAPI's own messages don't say what to do.
        message = _ADVICE.get(status) or f"{str(e.detail).rstrip('.')}. Look at /docs."
        if status == 404 and request.url.path.rstrip("/").endswith(_TOOLS):
            message = _NO_TOOLS
        headers = dict(e.headers or {})
    elif isinstance(e, TimedOut):
        status, kind = 504, "TimedOut"
        message = f"The question took longer than {e.args[0]:g} s. Try a shorter one, or again when less is going on."
    elif isinstance(e, ClientGone):
        status, kind, message = 499, "ClientGone", "The client has gone."
    else:
        assert isinstance(e, sqlite3.Error)
        status, kind, headers = 503, "ArchiveBusy", {"retry-after": "5"}
        message = "The archive's catalog can't be read now. Try again, or run: onrecord doctor"
    if speaks_openai(request.scope):
        # OpenAI's clients know a wrong request by 400, and ask again unless they are told that it is of no use.
        status = 404 if isinstance(e, UnknownModel) else 400 if status == 422 else status
        if "retry-after" not in headers:
            headers["x-should-retry"] = "false"
    return status, error_body(request.scope, status, kind, message), headers


def _body_of(request: Request) -> Any:
    """What the request's route takes as its body; None where that is nothing, or there is no route."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    bodies: list[Any] = getattr(dependant, "body_params", None) or []
    return bodies[0].field_info.annotation if len(bodies) == 1 else None


def mistakes_in(e: RequestValidationError | ValidationError, model: Any = None) -> str:
    """Which fields are wrong, and what is accepted there; of what was sent, days alone are told.

    Args:
        e: What the library says of them.
        model: What was to be sent, for hints at the fields that are meant.
    """
    begins = 1 if isinstance(e, RequestValidationError) else 0  # its places begin with "body" and the like
    mistakes: list[dict[str, Any]] = [{**one, "loc": list(one["loc"])[begins:]} for one in e.errors()]
    first = e.errors()[0]
    kind, place = first["type"], mistakes[0]["loc"]
    if kind == "json_invalid":
        # FastAPI tells the place; pydantic tells it in its message.
        where = f" (at character {place[0]})" if place and isinstance(place[0], int) else ""
        return f"The body is not valid JSON{where}. Mend it, and send it again."
    if not place and "body" in first["loc"]:
        if kind == "missing":
            return "There is no body. Send a JSON object, with the header Content-Type: application/json."
        if isinstance(e.body if isinstance(e, RequestValidationError) else None, bytes):
            return "The body was not read as JSON. Send it with the header Content-Type: application/json."
    return " ".join((*wrong_fields(mistakes, partial(fields_at, model)), "All fields are told at /docs."))


__all__ = [
    "STATUS",
    "ClientGone",
    "TimedOut",
    "UnknownModel",
    "error_response",
    "handle_errors",
    "handle_missing",
    "mistakes_in",
]
