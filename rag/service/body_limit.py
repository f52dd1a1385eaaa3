"""How large a request may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.service.asgi import send_error

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_CALL = 1_000_000
"""Bytes of a request that brings no articles: a call to the API, or of the page to its server."""

_BRINGS_ARTICLES = {"/api/articles", "/api/articles/files", "/gradio_api/upload"}


class BodyLimit:
    """The middleware that refuses a body as soon as it is known to be too large, announced or not."""

    def __init__(self, app: ASGIApp, largest: int) -> None:
        """Take the application, and the most bytes that articles may have, by the API or by the page."""
        self.app = app
        self.largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        from starlette.formparsers import MultiPartException

        articles = scope["path"].rstrip("/") in _BRINGS_ARTICLES
        most = self.largest if articles else LARGEST_CALL
        told = f"A request here may have {most / 1e6:g} MB. Send less at once."
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and (len(announced) > 18 or int(announced) > most):
            await send_error(scope, send, 413, "TooLarge", told, {"connection": "close"})
            return
        seen, over, started = 0, False, False

        async def receiving() -> Message:
            nonlocal seen, over
            message = await receive()
            seen += len(message.get("body", b""))
            over = over or seen > most
            # The one error at which every reader of forms deletes the files that it has begun.
            if over or (articles and message["type"] == "http.disconnect" and not started):
                raise MultiPartException(told)
            return message

        async def sending(message: Message) -> None:
            nonlocal started
            if over and not started:  # whatever the application makes of it: the answer is ours
                return
            started = True
            await send(message)

        try:
            await self.app(scope, receiving, sending)
        except Exception:
            if not over:
                raise
        if over and not started:
            await send_error(scope, send, 413, "TooLarge", told, {"connection": "close"})


__all__ = ["LARGEST_CALL", "BodyLimit"]
