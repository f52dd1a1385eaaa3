"""The archive as tools for language models, over the Model Context Protocol: at /mcp, and on standard input and output.

Arguments and results have the names that the HTTP API has. Nothing here changes the archive.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import anyio
from pydantic import Field, ValidationError

from rag.arguments import unknown_filters
from rag.errors import CollectionMissing, OnRecordError
from rag.extras import require
from rag.finding import Findings
from rag.protocols import FilterArgs, ListOrder
from rag.retrieve.fulltext import Order
from rag.retrieve.quote_search import Order as QuoteOrder
from rag.service.access import Access
from rag.service.scheduler import RequestScheduler
from rag.service.schemas import ArticleList, CollectionList, Day, HitList, Language, QuoteList
from rag.text.mistakes import wrong_fields
from rag.timelines import Timeline
from rag.types import Answer, Article, Citation, Conflict, Finished, Hit, Progress, Reason, Waiting
from rag.value import Value

require("mcp", extra="mcp", what="The endpoint /mcp")  # imported only where they are wanted
from mcp.server.fastmcp import Context, FastMCP  # noqa: E402
from mcp.server.fastmcp.exceptions import ToolError  # noqa: E402
from mcp.server.transport_security import TransportSecuritySettings  # noqa: E402
from mcp.types import ToolAnnotations  # noqa: E402

if TYPE_CHECKING:
    from fastapi import FastAPI

PATH = "/mcp"

Asked = Annotated[str, Field(min_length=1, max_length=4000, description="In any words")]
Today = Annotated[Day | None, Field(description='The day that "last week" counts from; by default now')]
After = Annotated[Day | None, Field(description="Only articles from this day on: 2023-06-18, 18 June 2023, last week")]
Before = Annotated[Day | None, Field(description="Only articles before this day, written likewise")]
Limit = Annotated[int, Field(ge=0, le=1000, description="How many at most")]
Offset = Annotated[int, Field(ge=0, le=100_000, description="How many to pass over")]
Sources = Annotated[list[str], Field(description="Only these outlets")]
Tongue = Annotated[Language | None, Field(description="Only articles in this language, as in en")]
Within = Annotated[str | None, Field(max_length=100, description="Only articles of this collection")]
Times = Annotated[bool, Field(description="Whether what the question says of when counts")]
Undated = Annotated[bool, Field(description="Whether a date filter lets articles without a date through")]

_ABOUT = "Answers from an archive of news articles, in their exact words. A summary cites them sentence by sentence."
_READ_ONLY = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}
_NEAREST = 3
"""Passages that go with a refusal."""

UserOf = Callable[[Context[Any, Any, Any]], str]
"""The user whom a call comes from."""


class ToolAnswer(Value):
    """The parts of an ``Answer`` that a language model needs, by the same names."""

    text: str
    answered: bool
    reason: Reason | None = None
    confidence: float | None = None
    summarized: bool = False
    citations: tuple[Citation, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    unanswered: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()
    """The nearest passages, of a refusal alone."""
    model: str
    warnings: tuple[str, ...] = ()
    """Which filters nothing can pass, since the archive has no such outlet or language."""


class _Warned(Value):
    """What HTTP returns, with what it says in a header."""

    warnings: tuple[str, ...] = ()
    """As of an answer."""


class ToolHits(HitList, _Warned):
    """Passages, best first."""


class ToolQuotes(QuoteList, _Warned):
    """Who said what."""


class ToolTimeline(Timeline, _Warned):
    """A timeline."""


class ToolFindings(Findings, _Warned):
    """A page of the articles that match, and counts over all of them."""


class ToolArticles(ArticleList, _Warned):
    """A page of the list of articles."""


def mount(app: FastAPI, scheduler: RequestScheduler, access: Access) -> Callable[[], AbstractAsyncContextManager[None]]:
    """Add the tools to the application, as a route behind its middleware.

    Returns:
        A context manager that has to be open for as long as the application runs.
    """
    server = make_server(scheduler, lambda ctx: access.user(ctx.request_context.request))
    inner = server.streamable_http_app()
    app.router.routes.extend(inner.routes)
    return server.session_manager.run


def run_stdio(scheduler: RequestScheduler, user: str = "local") -> None:
    """Answer one client on standard input and output, until it closes them."""
    try:
        anyio.run(make_server(scheduler, lambda _: user).run_stdio_async)
    except* (BrokenPipeError, ConnectionResetError):
        pass  # the client has gone while it was being answered


class _Tools(FastMCP):
    """Tools whose errors are ours: without the library's words around them, or for what is wrong with the arguments."""

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> Any:
        """Call a tool.

        Raises:
            ToolError: In words for the model that called it, and for the person who reads what it did.
        """
        tool = self._tool_manager.get_tool(name)
        if tool is None:
            known = ", ".join(one.name for one in self._tool_manager.list_tools())
            raise ToolError(f"There is no tool {name!r}. There are {known}.")
        takes = tool.parameters["properties"]
        unknown: list[dict[str, Any]] = [
            {"type": "extra_forbidden", "loc": (given,)} for given in arguments if given not in takes
        ]
        try:
            if unknown:
                tool.fn_metadata.arg_model.model_validate(tool.fn_metadata.pre_parse_json(arguments))
                raise ToolError(_wrong(unknown, takes))
            return await super().call_tool(name, arguments)
        except ValidationError as e:
            raise ToolError(_wrong([*e.errors(), *unknown], takes)) from None
        except ToolError as e:
            if isinstance(e.__cause__, ValidationError):
                raise ToolError(_wrong(e.__cause__.errors(), takes)) from None
            if isinstance(e.__cause__, OnRecordError):
                missing = isinstance(e.__cause__, CollectionMissing)
                remedy = " The tool list_collections lists them." if missing else ""
                raise ToolError(f"{e.__cause__}{remedy}") from None
            raise


def _wrong(mistakes: Sequence[Mapping[str, Any]], takes: Iterable[str]) -> str:
    return " ".join((*wrong_fields(mistakes, lambda _: tuple(takes)), f"The arguments are {', '.join(takes)}."))


def make_server(scheduler: RequestScheduler, user_of: UserOf) -> FastMCP:
    """The tools; each call is answered on its own."""
    from rag import __version__

    server = _Tools(
        "onrecord",
        instructions=_ABOUT,
        streamable_http_path=PATH,
        stateless_http=True,
        log_level="ERROR",
        # Host and Origin are checked before, in rag/service/access.py.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    server._mcp_server.version = __version__  # else clients are told that of the package mcp

    async def warnings(sources: list[str], language: str | None) -> tuple[str, ...]:
        return tuple(
            await anyio.to_thread.run_sync(unknown_filters, scheduler.archive.stores, tuple(sources), language)
        )

    async def ask(
        question: Asked,
        ctx: Context[Any, Any, Any],
        k: Annotated[int | None, Field(ge=1, le=100, description="Passages to read; by default the setting")] = None,
        today: Today = None,
        after: After = None,
        before: Before = None,
        sources: Sources = [],  # noqa: B006
        language: Tongue = None,
        undated: Undated = True,
        collection: Within = None,
        times: Times = True,
    ) -> ToolAnswer:
        """Answer a question from the archive. The citations are the exact words of articles that answer, best first by
        their number. Where summarized is true, text is a model's summary of them, each sentence with the numbers of
        what supports it; else text is the quotes themselves. answered is false where the archive does not say."""
        filters = _filters(today, after, before, sources, language, undated, collection)
        answer = await _answer(scheduler, question, user_of(ctx), ctx, k=k, times=times, **filters)
        return _told(answer, await warnings(sources, language))

    async def search(
        question: Asked,
        ctx: Context[Any, Any, Any],
        k: Annotated[int, Field(ge=1, le=50, description="How many passages")] = 5,
        today: Today = None,
        after: After = None,
        before: Before = None,
        sources: Sources = [],  # noqa: B006
        language: Tongue = None,
        undated: Undated = True,
        collection: Within = None,
        times: Times = True,
    ) -> ToolHits:
        """Find the passages of the archive nearest to a question, best first, word for word."""
        filters = _filters(today, after, before, sources, language, undated, collection)
        find = partial(scheduler.search, question, user=user_of(ctx), k=k, times=times, **filters)
        hits = await anyio.to_thread.run_sync(find)
        return ToolHits(hits=tuple(hits), warnings=await warnings(sources, language))

    async def quotes(
        ctx: Context[Any, Any, Any],
        speaker: Annotated[
            str | None, Field(max_length=200, description="Whose words: a name, or what somebody is called")
        ] = None,
        about: Annotated[str | None, Field(max_length=4000, description="What they are to be about")] = None,
        today: Today = None,
        after: After = None,
        before: Before = None,
        sources: Sources = [],  # noqa: B006
        language: Tongue = None,
        undated: Undated = True,
        collection: Within = None,
        order: Annotated[
            QuoteOrder | None, Field(description="By default best, or newest where there is no subject")
        ] = None,
        limit: Annotated[int, Field(ge=1, le=100, description="How many at most")] = 10,
    ) -> ToolQuotes:
        """Find who said what, word for word. direct is false where the article reports the words in its own."""
        filters = _filters(today, after, before, sources, language, undated, collection)
        of = {"speaker": speaker, "about": about, "order": order, "limit": limit}
        find = partial(scheduler.quotes, user=user_of(ctx), **of, **filters)
        said = await anyio.to_thread.run_sync(find)
        return ToolQuotes(quotes=tuple(said), warnings=await warnings(sources, language))

    async def timeline(
        about: Annotated[str, Field(min_length=1, max_length=4000, description="A name, or a story in a few words")],
        ctx: Context[Any, Any, Any],
        today: Today = None,
        after: Annotated[Day | None, Field(description="Only events from this day on")] = None,
        before: Annotated[Day | None, Field(description="Only events before this day")] = None,
        sources: Sources = [],  # noqa: B006
        language: Tongue = None,
        undated: Undated = True,
        collection: Within = None,
        newest_first: Annotated[bool, Field(description="The order; else the oldest first")] = False,
        limit: Annotated[int, Field(ge=1, le=200, description="How many at most")] = 50,
    ) -> ToolTimeline:
        """The course of events about a person, a place or a story: dated sentences of articles, word for word, each
        with the day it tells of, which is not that of publication."""
        filters = _filters(today, after, before, sources, language, undated, collection)
        user = user_of(ctx)
        find = partial(scheduler.timeline, about, user=user, newest_first=newest_first, limit=limit, **filters)
        told = await anyio.to_thread.run_sync(find)
        return ToolTimeline(**dict(told), warnings=await warnings(sources, language))

    async def find(
        query: Annotated[str, Field(min_length=1, max_length=1000, description="Words, phrases, AND, OR, NOT ...")],
        ctx: Context[Any, Any, Any],
        order: Annotated[Order, Field(description="Undated articles come last")] = "relevance",
        today: Today = None,
        after: After = None,
        before: Before = None,
        sources: Sources = [],  # noqa: B006
        language: Tongue = None,
        undated: Undated = True,
        collection: Within = None,
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> ToolFindings:
        """Find the articles that hold some words, with their places, and counts by outlet and month over all that do:
        words in any of their forms, "a phrase", AND, OR, NOT, brackets, begin*, port NEAR/5 strike, title:word. To have
        a question answered, use ask."""
        filters = _filters(today, after, before, sources, language, undated, collection)
        how = {"order": order, "limit": limit, "offset": offset}
        found = await anyio.to_thread.run_sync(partial(scheduler.find, query, user=user_of(ctx), **how, **filters))
        return ToolFindings(**dict(found), warnings=await warnings(sources, language))

    async def list_articles(
        ctx: Context[Any, Any, Any],
        search: Annotated[str, Field(max_length=500, description="Words in title, author or key")] = "",
        order: Annotated[ListOrder, Field(description="Undated articles come last")] = "newest",
        today: Today = None,
        after: After = None,
        before: Before = None,
        sources: Sources = [],  # noqa: B006
        language: Tongue = None,
        collection: Within = None,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> ToolArticles:
        """A page of the list of articles, without their texts; those without a date are left out where dates filter."""
        filters = FilterArgs(
            today=today, after=after, before=before, sources=sources, language=language, collection=collection
        )
        how = {"order": order, "limit": limit, "offset": offset}
        page = partial(scheduler.desk.listed, user_of(ctx), search, **how, **filters)
        found, total = await anyio.to_thread.run_sync(page)
        return ToolArticles(articles=tuple(found), total=total, warnings=await warnings(sources, language))

    async def list_collections(ctx: Context[Any, Any, Any]) -> CollectionList:
        """The collections there are: named sets of articles and outlets, to which other tools can be restricted."""
        see = partial(scheduler.archive.collections.all, user_of(ctx))
        return CollectionList(collections=tuple(await anyio.to_thread.run_sync(see)))

    async def read_article(
        id: Annotated[str, Field(min_length=1, max_length=2000, description="Its id, URL or key")],
        ctx: Context[Any, Any, Any],
    ) -> Article:
        """Read an article whole. A citation's article_id, start and end are places in its text."""
        user_of(ctx)
        return await anyio.to_thread.run_sync(scheduler.archive.get, id)

    titles: dict[Callable[..., Any], str] = {
        ask: "Ask the archive",
        search: "Search passages",
        quotes: "Who said what",
        timeline: "Timeline",
        find: "Full-text search",
        list_articles: "List articles",
        list_collections: "List collections",
        read_article: "Read an article",
    }
    for tool, title in titles.items():
        annotations = ToolAnnotations(title=title, **_READ_ONLY)
        server.add_tool(tool, title=title, annotations=annotations, structured_output=True)

    @server.resource(
        "onrecord://article/{id}",
        name="article",
        title="An article",
        description="An article with its text, by its id, as GET /api/articles gives it",
        mime_type="application/json",
    )
    async def article(id: str) -> str:
        found = await anyio.to_thread.run_sync(scheduler.archive.get, id)
        return found.model_dump_json()

    return server


def _filters(
    today: Day | None,
    after: Day | None,
    before: Day | None,
    sources: list[str],
    language: str | None,
    undated: bool,
    collection: str | None,
) -> FilterArgs:
    """Arguments of a tool as the archive takes them."""
    return FilterArgs(
        today=today,
        after=after,
        before=before,
        sources=sources,
        language=language,
        undated=undated,
        collection=collection,
    )


async def _answer(
    scheduler: RequestScheduler, question: str, user: str, ctx: Context[Any, Any, Any], **options: Any
) -> Answer:
    """The answer to a question; cancelling the call cancels the question, and the client is told of progress."""
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


def _told(answer: Answer, warnings: tuple[str, ...]) -> ToolAnswer:
    """The parts of an answer that a language model needs."""
    same = {name: getattr(answer, name) for name in ToolAnswer.model_fields if name in Answer.model_fields}
    same["hits"] = () if answer.answered else answer.hits[:_NEAREST]
    return ToolAnswer(**same, warnings=warnings)


__all__ = ["PATH", "make_server", "mount", "run_stdio"]
