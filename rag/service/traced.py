"""Has the traces of questions go on where a client's or a proxy's began."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class Traced:
    """The middleware that reads ``traceparent``."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, in the trace that it belongs to."""
        from starlette.datastructures import Headers

        from rag import tracing

        if scope["type"] != "http" or "traceparent" not in (headers := Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        with tracing.within(headers):
            await self.app(scope, receive, send)


__all__ = ["Traced"]
