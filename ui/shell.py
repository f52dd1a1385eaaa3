"""The page's outer document: a strict content security policy, and addresses that hold under every path prefix.

Gradio writes the document for its own needs: absolute addresses, inline scripts, and functions made of text. Here each
script that was sent with the document gets a nonce, and the browser runs no other; ``shell.js`` stands in for the
functions, and ``places.js`` gives tabs and conversations addresses. Styles may be inline: Gradio's components write
style elements and attributes themselves.
"""

from __future__ import annotations

import re
import secrets
from functools import cache
from typing import TYPE_CHECKING

from rag.ui.tabs.common import page_file

if TYPE_CHECKING:
    from rag.ui.visits import Visits
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; media-src 'self' blob:; "
    "form-action 'self'; base-uri 'self'; frame-ancestors 'self'; object-src 'none'"
)
_HEARTBEAT = "/gradio_api/heartbeat/"
_FILE = {b"content-disposition": b"attachment", b"content-security-policy": b"default-src 'none'; sandbox"}
# The address of the document is the one thing that is right behind every proxy.
_ROOT = "window.gradio_config.root = location.origin + location.pathname.replace(/\\/+$/, '');"
_CONFIG = re.compile(rb"<script>window\.gradio_config = .*?</script>", re.DOTALL)
# For pages within other pages, and for previews of links; some of it would be asked for without a prefix.
_UNUSED = re.compile(
    rb'<link rel="manifest"[^>]*>|<meta\s+(?:property|name)="(?:og|twitter):[^>]*>'
    rb"|<script>\s*\(\(\) => \{\s*const root = .*?</script>",
    re.DOTALL,
)


class PageShell:
    """The middleware that rewrites the page's document, and has files that were uploaded downloaded, never shown."""

    def __init__(self, app: ASGIApp, visits: Visits) -> None:
        """Take the application with the page at /, and who is told of tabs that come and go."""
        self.app = app
        self.visits = visits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with what the module says changed."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"].startswith(_HEARTBEAT):  # open for as long as the tab is
            tab = scope["path"].removeprefix(_HEARTBEAT)
            self.visits.connect(tab)
            try:
                await self.app(scope, receive, send)
            finally:
                self.visits.disconnect(tab)
        elif scope["path"].startswith("/gradio_api/file"):
            await self.app(scope, receive, _with_headers(send))
        elif scope["path"] == "/":
            await self.app(scope, receive, _Document(send, scope["method"] == "HEAD"))
        else:
            await self.app(scope, receive, send)


class _Document:
    """Collects the document, and sends it on when it is whole."""

    def __init__(self, send: Send, bodiless: bool) -> None:
        self._send = send
        self._bodiless = bodiless
        self._start: Message | None = None
        self._body: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kinds = [v for n, v in message["headers"] if n.lower() == b"content-type"]
            if kinds and kinds[0].startswith(b"text/html"):
                self._start = message
                return
        if self._start is None or message["type"] != "http.response.body":
            await self._send(message)
            return
        self._body.append(message.get("body", b""))
        if message.get("more_body"):
            return
        nonce = secrets.token_urlsafe(18)
        body = b"" if self._bodiless else document(b"".join(self._body), nonce)
        dropped = {b"content-length", b"content-security-policy", b"cache-control"}
        headers = [(n, v) for n, v in self._start["headers"] if n.lower() not in dropped]
        headers.append((b"content-security-policy", _POLICY.format(nonce=nonce).encode()))
        headers.append((b"cache-control", b"no-store"))
        if not self._bodiless:
            headers.append((b"content-length", str(len(body)).encode()))
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def document(html: bytes, nonce: str) -> bytes:
    """The page's document with our scripts first, a nonce for each script, and relative addresses.

    Args:
        html: As Gradio wrote it.
        nonce: Of this answer alone.
    """
    html = _UNUSED.sub(b"", html)
    html = html.replace(b"<head>", b"<head><script>" + _scripts() + b"</script>", 1)
    html = _CONFIG.sub(lambda m: m[0] + f"<script>{_ROOT}</script>".encode(), html, count=1)
    # Gradio writes "<" in its data as an escape, so that these are the document's own.
    return re.sub(rb"<script(?=[\s>])", f'<script nonce="{nonce}"'.encode(), html)


@cache
def _scripts() -> bytes:
    inner = f"window.onrecord = function (element, trigger, watch) {{\n{page_file('page.js')}\n}};"
    return f"{page_file('shell.js')}\n{page_file('places.js')}\n{inner}".replace("</script", "<\\/script").encode()


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(n, v) for n, v in message["headers"] if n.lower() not in _FILE]
            message = {**message, "headers": [*kept, *_FILE.items()]}
        await send(message)

    return sending


__all__ = ["PageShell", "document"]
