"""One JSON line a request, with an id that the answer carries too. Never a question, never an article's text."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
import uuid
from typing import TYPE_CHECKING, Any

from rag.service.asgi import send_error

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOGGER = logging.getLogger("onrecord.service")

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECURITY = {
    b"x-content-type-options": b"nosniff",
    # For data and errors. What is made to be looked at, such as the page, brings a policy of its own.
    b"content-security-policy": b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    # Not "no-referrer": with that, browsers send our own forms with the origin "null".
    b"referrer-policy": b"same-origin",
}


class RequestLog:
    """The outermost middleware: ids, security headers, the log line, and an answer to what nobody expected."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        state: dict[str, Any] = scope.setdefault("state", {})
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        state["request_id"] = ident = given if _ID.fullmatch(given) else uuid.uuid4().hex
        status, gone, whole = 0, False, False

        async def sending(message: Message) -> None:
            nonlocal status, whole
            if message["type"] == "http.response.start":
                status = message["status"]
                there = {name.lower() for name, _ in message.get("headers", ())}
                more = [(name, value) for name, value in _SECURITY.items() if name not in there]
                more.append((b"x-request-id", ident.encode()))
                message = {**message, "headers": [*message.get("headers", ()), *more]}
            elif message["type"] == "http.response.body":
                whole = not message.get("more_body")
            await send(message)

        async def receiving() -> Message:
            nonlocal gone
            message = await receive()
            gone = gone or message["type"] == "http.disconnect"
            return message

        failed: dict[str, Any] = {}
        try:
            await self.app(scope, receiving, sending)
        except Exception as e:
            failed = _trace(e)
            if not status:
                message = f"Something went wrong that should not. The log says what, under {ident}."
                await send_error(scope, sending, 500, "InternalError", message)
        finally:
            line = {
                "id": ident,
                "method": scope["method"],
                "path": scope["path"],
                "status": status,
                "took_ms": round((time.perf_counter() - started) * 1000, 1),
                "user": state.get("user"),
                **({"gone": True} if gone and not whole else {}),
                **failed,
            }
            level = logging.ERROR if failed or status >= 500 else logging.INFO
            LOGGER.log(level, "%s", json.dumps(line, ensure_ascii=True))


def _trace(e: Exception) -> dict[str, Any]:
    """What was raised and where; not its message, which may quote an article."""
    frames = traceback.extract_tb(e.__traceback__)[-12:]
    return {"error": type(e).__name__, "at": [f"{f.filename.rpartition('/')[2]}:{f.lineno} {f.name}" for f in frames]}


def to_stderr(*, failures: bool = False) -> None:
    """Have the lines written to stderr, nothing before them.

    Args:
        failures: Only of what failed by no fault of who asked.
    """
    if not LOGGER.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        LOGGER.addHandler(handler)
        LOGGER.setLevel(logging.WARNING if failures else logging.INFO)
        LOGGER.propagate = False


__all__ = ["LOGGER", "RequestLog", "to_stderr"]
