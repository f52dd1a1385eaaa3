"""How large a request may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.service.asgi import send_error

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_CALL = 1_000_000
"""Bytes of a call to the API that brings no articles."""


class BodyLimit:
    """The middleware that refuses a body as soon as it is known to be too large, announced or not."""

    def __init__(self, app: ASGIApp, largest: int) -> None:
        """Take the application, and the most bytes that articles or a page's uploads may have."""
        self.app = app
        self.largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        from starlette.exceptions import HTTPException

        path = scope["path"]
        call = (
            path == "/mcp"
            or path.startswith("/v1/")
            or (path.startswith("/api/") and path.rstrip("/") != "/api/articles")
        )
        most = LARGEST_CALL if call else self.largest
        told = f"A request here may have {most / 1e6:g} MB. Send less at once."
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > most:
            await send_error(scope, send, 413, "TooLarge", told, {"connection": "close"})
            return
        seen = 0

        async def receiving() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413, told)
            return message

        await self.app(scope, receiving, send)


__all__ = ["LARGEST_CALL", "BodyLimit"]
