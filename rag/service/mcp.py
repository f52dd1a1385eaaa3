"""The archive as tools for language models: ``ask``, ``search`` and ``quotes`` over the Model Context Protocol."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import anyio
from pydantic import Field

from rag.errors import ModelMissing, OnRecordError
from rag.service.access import Access
from rag.service.scheduler import RequestScheduler
from rag.types import Answer, Finished, Progress, Waiting

try:
    from mcp.server.fastmcp import Context, FastMCP
    from mcp.server.transport_security import TransportSecuritySettings
except ImportError as e:  # this file is imported only where the tools are wanted
    raise ModelMissing(f'The tools need the package mcp ({e}). Run: pip install "onrecord[mcp]"') from e

if TYPE_CHECKING:
    from fastapi import FastAPI

PATH = "/mcp"

_ABOUT = "Answers from an archive of news articles. Every sentence of an answer cites the exact words of an article."


def mount(app: FastAPI, scheduler: RequestScheduler, access: Access) -> Callable[[], AbstractAsyncContextManager[None]]:
    """Add the tools to the application, as a route that its middleware stands before.

    Returns:
        What has to run for as long as the application does.
    """
    server = make_server(scheduler, access)
    inner = server.streamable_http_app()
    app.router.routes.extend(inner.routes)
    return server.session_manager.run


def make_server(scheduler: RequestScheduler, access: Access) -> FastMCP:
    """The tools; each call is answered on its own, with plain JSON."""
    server = FastMCP(
        "onrecord",
        instructions=_ABOUT,
        streamable_http_path=PATH,
        stateless_http=True,
        log_level="ERROR",
        # Host and Origin were looked at before: rag/service/access.py.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )

    async def ask(
        question: Annotated[str, Field(min_length=1, max_length=4000, description="The question, in any words")],
        ctx: Context[Any, Any, Any],
        after: Annotated[datetime | None, Field(description="Only articles from this date on")] = None,
        before: Annotated[datetime | None, Field(description="Only articles before this date")] = None,
        sources: Annotated[list[str], Field(description="Only these outlets")] = [],  # noqa: B006
    ) -> dict[str, Any]:
        """Answer a question from the archive. Each sentence carries a number; the citation of that number holds the
        exact words of the article that support it. answered is false where the archive does not say."""
        given = {"after": after, "before": before, "sources": sources}
        return _told(await _answer(scheduler, question, _user(access, ctx), ctx, **given))

    async def search(
        query: Annotated[str, Field(min_length=1, max_length=4000, description="What to look for, in any words")],
        ctx: Context[Any, Any, Any],
        k: Annotated[int, Field(ge=1, le=50, description="How many passages")] = 5,
        after: Annotated[datetime | None, Field(description="Only articles from this date on")] = None,
        before: Annotated[datetime | None, Field(description="Only articles before this date")] = None,
        sources: Annotated[list[str], Field(description="Only these outlets")] = [],  # noqa: B006
    ) -> dict[str, Any]:
        """Find the passages of the archive nearest to a query, best first, word for word."""
        given = {"k": k, "after": after, "before": before, "sources": sources}
        hits = await anyio.to_thread.run_sync(partial(scheduler.search, query, user=_user(access, ctx), **given))
        passages = [h.passage.model_dump(mode="json", exclude={"sentences"}) for h in hits]
        return {"passages": passages}

    async def quotes(
        ctx: Context[Any, Any, Any],
        speaker: Annotated[
            str | None, Field(max_length=200, description="Whose words: a name, or what somebody is called")
        ] = None,
        about: Annotated[str | None, Field(max_length=4000, description="What they are to be about")] = None,
        after: Annotated[datetime | None, Field(description="Only articles from this date on")] = None,
        before: Annotated[datetime | None, Field(description="Only articles before this date")] = None,
        sources: Annotated[list[str], Field(description="Only these outlets")] = [],  # noqa: B006
        limit: Annotated[int, Field(ge=1, le=100, description="How many at most")] = 10,
    ) -> dict[str, Any]:
        """Find who said what, word for word. direct is false where the article reports the words in its own."""
        given = {"after": after, "before": before, "sources": sources, "limit": limit}
        look = partial(scheduler.quotes, user=_user(access, ctx), speaker=speaker, about=about, **given)
        return {"quotes": [q.model_dump(mode="json") for q in await anyio.to_thread.run_sync(look)]}

    for tool in (ask, search, quotes):
        server.add_tool(tool, structured_output=True)
    return server


def _user(access: Access, ctx: Context[Any, Any, Any]) -> str:
    return access.user(ctx.request_context.request)


async def _answer(
    scheduler: RequestScheduler, question: str, user: str, ctx: Context[Any, Any, Any], **options: Any
) -> Answer:
    """The scheduler's answer; the client's cancelling reaches the scheduler, and a sign of life the client."""
    cancel = threading.Event()
    events = scheduler.stream(question, user=user, cancel=cancel, **options)
    try:
        while (event := await anyio.to_thread.run_sync(next, events, None)) is not None:
            if isinstance(event, Finished):
                return event.answer
            if isinstance(event, Waiting):
                await ctx.report_progress(0, message=f"waiting, place {event.position}")
            elif isinstance(event, Progress):
                await ctx.report_progress(event.done, event.total or None, event.stage)
    finally:
        events.close()  # type: ignore[attr-defined]
    raise OnRecordError("The question was stopped. Ask again.")


def _told(answer: Answer) -> dict[str, Any]:
    """What a model needs of an answer."""
    fields = {"text", "answered", "reason", "citations", "conflicts", "model"}
    told = answer.model_dump(mode="json", include=fields)
    if not answer.answered:
        told["nearest"] = [h.passage.model_dump(mode="json", include={"text", "title", "url"}) for h in answer.hits[:3]]
    return told


__all__ = ["PATH", "make_server", "mount"]
