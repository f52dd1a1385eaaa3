"""Answers that middleware gives by itself, below the level of FastAPI."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


_OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


async def send_error(
    scope: Scope, send: Send, status: int, kind: str, message: str, headers: Mapping[str, str] | None = None
) -> None:
    """Answer a request with a typed error; close a WebSocket."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": message[:100]})
        return
    body = error_body(scope, status, kind, message)
    await send_response(
        send, status, json.dumps(body).encode(), {"content-type": "application/json", **(headers or {})}
    )


def error_body(scope: Scope, status: int, kind: str, message: str) -> dict[str, Any]:
    """The body of every error: ours, or below /v1 the one that OpenAI's clients read."""
    request_id = scope.get("state", {}).get("request_id", "")
    if not speaks_openai(scope):
        return {"error": {"type": kind, "message": message, "request_id": request_id}}
    theirs = _OPENAI_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    code = "model_not_found" if kind == "UnknownModel" else kind
    return {"error": {"message": message, "type": theirs, "param": None, "code": code, "request_id": request_id}}


def speaks_openai(scope: Scope) -> bool:
    """Whether a request was sent to one of the addresses that OpenAI's clients know."""
    return f"{scope['path'].removeprefix(scope.get('root_path', ''))}/".startswith("/v1/")


async def send_response(
    send: Send, status: int, body: bytes, headers: Mapping[str, str], cookies: Sequence[str] = ()
) -> None:
    """Answer a request with a whole body."""
    raw = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers.items()]
    raw += [(b"set-cookie", cookie.encode("latin-1")) for cookie in cookies]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def page_policy(page: str, *, forms: bool = False) -> str:
    """A content security policy for a page without scripts: its own style elements, and nothing from anywhere.

    Args:
        page: The page as HTML.
        forms: Whether it has a form that is sent to this service.
    """
    digests = [
        hashlib.sha256(style.encode()).digest() for style in re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    ]
    styles = " ".join(f"'sha256-{base64.b64encode(d).decode()}'" for d in digests) or "'none'"
    target = "'self'" if forms else "'none'"
    return f"default-src 'none'; style-src {styles}; form-action {target}; frame-ancestors 'none'; base-uri 'none'"


async def redirect(send: Send, location: str, headers: Mapping[str, str] | None = None) -> None:
    """Send the browser to another address, which it opens with GET."""
    await send_response(send, 303, b"", {"location": location, **(headers or {})})


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """The request's body; None when it is longer than ``limit`` bytes or the client disconnects."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += bytes(message.get("body", b""))
        if len(body) > limit:
            return None
        if not message.get("more_body"):
            return body


def client_address(scope: Scope) -> str:
    """The client's IP address; empty where the server does not know it."""
    return str((scope.get("client") or ("",))[0])


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


__all__ = [
    "client_address",
    "error_body",
    "is_loopback",
    "page_policy",
    "read_body",
    "redirect",
    "send_error",
    "send_response",
    "speaks_openai",
]
