"""The archive as tools for language models: ask, search, quotes and timeline, over the Model Context Protocol."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import anyio
from pydantic import Field

from rag.errors import OnRecordError
from rag.extras import require
from rag.protocols import FilterArgs
from rag.service.access import Access
from rag.service.scheduler import RequestScheduler
from rag.types import Answer, Finished, Progress, Waiting

require("mcp", extra="mcp", what="The endpoint /mcp")  # imported only where they are wanted
from mcp.server.fastmcp import Context, FastMCP  # noqa: E402
from mcp.server.transport_security import TransportSecuritySettings  # noqa: E402

if TYPE_CHECKING:
    from fastapi import FastAPI

PATH = "/mcp"

After = Annotated[datetime | None, Field(description="Only articles from this date on")]
Before = Annotated[datetime | None, Field(description="Only articles before this date")]
Sources = Annotated[list[str], Field(description="Only these outlets")]

_ABOUT = "Answers from an archive of news articles, in their exact words. A summary cites them sentence by sentence."


def mount(app: FastAPI, scheduler: RequestScheduler, access: Access) -> Callable[[], AbstractAsyncContextManager[None]]:
    """Add the tools to the application, as a route behind its middleware.

    Returns:
        A context manager that has to be open for as long as the application runs.
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
        # Host and Origin are checked before, in rag/service/access.py.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )

    async def ask(
        question: Annotated[str, Field(min_length=1, max_length=4000, description="The question, in any words")],
        ctx: Context[Any, Any, Any],
        after: After = None,
        before: Before = None,
        sources: Sources = [],  # noqa: B006
    ) -> dict[str, Any]:
        """Answer a question from the archive. The citations are the exact words of articles that answer, best first by
        their number. Where summarized is true, text is a model's summary of them, each sentence with the numbers of
        what supports it; else text is the quotes themselves. answered is false where the archive does not say."""
        filters = FilterArgs(after=after, before=before, sources=sources)
        return _summary(await _answer(scheduler, question, _user(access, ctx), ctx, filters))

    async def search(
        query: Annotated[str, Field(min_length=1, max_length=4000, description="What to look for, in any words")],
        ctx: Context[Any, Any, Any],
        k: Annotated[int, Field(ge=1, le=50, description="How many passages")] = 5,
        after: After = None,
        before: Before = None,
        sources: Sources = [],  # noqa: B006
    ) -> dict[str, Any]:
        """Find the passages of the archive nearest to a query, best first, word for word."""
        filters = FilterArgs(after=after, before=before, sources=sources)
        find = partial(scheduler.search, query, user=_user(access, ctx), k=k, **filters)
        hits = await anyio.to_thread.run_sync(find)
        passages = [h.passage.model_dump(mode="json", exclude={"sentences"}) for h in hits]
        return {"passages": passages}

    async def quotes(
        ctx: Context[Any, Any, Any],
        speaker: Annotated[
            str | None, Field(max_length=200, description="Whose words: a name, or what somebody is called")
        ] = None,
        about: Annotated[str | None, Field(max_length=4000, description="What they are to be about")] = None,
        after: After = None,
        before: Before = None,
        sources: Sources = [],  # noqa: B006
        limit: Annotated[int, Field(ge=1, le=100, description="How many at most")] = 10,
    ) -> dict[str, Any]:
        """Find who said what, word for word. direct is false where the article reports the words in its own."""
        filters = FilterArgs(after=after, before=before, sources=sources)
        user = _user(access, ctx)
        find = partial(scheduler.quotes, user=user, speaker=speaker, about=about, limit=limit, **filters)
        return {"quotes": [q.model_dump(mode="json") for q in await anyio.to_thread.run_sync(find)]}

    async def timeline(
        about: Annotated[str, Field(min_length=1, max_length=4000, description="A name, or a story in a few words")],
        ctx: Context[Any, Any, Any],
        after: Annotated[datetime | None, Field(description="Only events from this day on")] = None,
        before: Annotated[datetime | None, Field(description="Only events before this day")] = None,
        sources: Sources = [],  # noqa: B006
        newest_first: Annotated[bool, Field(description="The order; else the oldest first")] = False,
        limit: Annotated[int, Field(ge=1, le=200, description="How many at most")] = 50,
    ) -> dict[str, Any]:
        """The course of events about a person, a place or a story: dated sentences of articles, word for word, each
        with the day it tells of, which is not that of publication."""
        filters = FilterArgs(after=after, before=before, sources=sources)
        user = _user(access, ctx)
        find = partial(scheduler.timeline, about, user=user, newest_first=newest_first, limit=limit, **filters)
        return (await anyio.to_thread.run_sync(find)).model_dump(mode="json")

    for tool in (ask, search, quotes, timeline):
        server.add_tool(tool, structured_output=True)
    return server


def _user(access: Access, ctx: Context[Any, Any, Any]) -> str:
    return access.user(ctx.request_context.request)


async def _answer(
    scheduler: RequestScheduler, question: str, user: str, ctx: Context[Any, Any, Any], filters: FilterArgs
) -> Answer:
    """The answer to a question; cancelling the call cancels the question, and the client is told of progress."""
    cancel = threading.Event()
    events = scheduler.stream(question, user=user, cancel=cancel, **filters)
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


def _summary(answer: Answer) -> dict[str, Any]:
    """The parts of an answer that a language model needs."""
    fields = {"text", "answered", "reason", "summarized", "citations", "conflicts", "model"}
    summary = answer.model_dump(mode="json", include=fields)
    if not answer.answered:
        shown = {"text", "title", "url"}
        summary["nearest"] = [h.passage.model_dump(mode="json", include=shown) for h in answer.hits[:3]]
    return summary


__all__ = ["PATH", "make_server", "mount"]
