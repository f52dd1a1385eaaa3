"""The API's routes that look around in the archive: quotes, timelines, full-text search, lists of articles and more."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request, Response

from rag.finding import Findings
from rag.protocols import ListOrder
from rag.retrieve.fulltext import Order
from rag.retrieve.quote_search import Order as QuoteOrder
from rag.service.routes import ASKING, READING, SECURITY, QueryFilters, Routes, from_query
from rag.service.schemas import ArticleList, CollectionList, DayText, Language, QuoteList, Quotes
from rag.timelines import Timeline


class LookingRoutes:
    """The routes that look around."""

    def __init__(self, routes: Routes) -> None:
        """Take the service's other routes, whose scheduler and threads these use."""
        self._routes = routes
        self._scheduler = routes.scheduler

    def add_to(self, app: FastAPI) -> None:
        """Add the routes to the application."""
        add = partial(app.add_api_route, methods=["GET"])
        look = partial(add, responses=ASKING, dependencies=[*SECURITY, Depends(self._routes.warn)])
        look("/api/quotes", self.quotes, summary="Who said what")
        look("/api/timeline", self.timeline, summary="A timeline")
        look("/api/find", self.find, summary="Full-text search")
        read = partial(add, dependencies=SECURITY)
        read("/api/collections", self.collections, responses=READING, summary="List collections")
        read("/api/articles", self.articles, responses=READING | {404: ASKING[404]}, summary="List articles")

    async def quotes(
        self,
        request: Request,
        filters: QueryFilters,
        speaker: Annotated[str | None, Query(max_length=200, description="A name, or what somebody is called")] = None,
        about: Annotated[str | None, Query(max_length=4000, description="What the words are to be about")] = None,
        order: Annotated[
            QuoteOrder | None, Query(description="By default best, or newest where there is no subject")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=1000, description="How many at most")] = 20,
    ) -> QuoteList:
        """Who said what: the words, speaker and article of each; without a speaker and a subject the newest ones."""
        body = from_query(Quotes, speaker=speaker, about=about, order=order, limit=limit, **filters.filters())
        search = partial(self._scheduler.quotes, user=self._routes.access.user(request), **body.options())
        return QuoteList(quotes=tuple(await self._routes.wait_for(search)))

    async def timeline(
        self,
        request: Request,
        filters: QueryFilters,
        about: Annotated[str, Query(min_length=1, max_length=4000, description="A name, or a story in a few words")],
        newest_first: Annotated[bool, Query(description="The order; else the oldest first")] = False,
        limit: Annotated[int, Query(ge=1, le=1000, description="How many at most")] = 100,
    ) -> Timeline:
        """Dated events about something, a verbatim sentence each; after and before are of the events' days."""
        find = partial(
            self._scheduler.timeline,
            about,
            user=self._routes.access.user(request),
            newest_first=newest_first,
            limit=limit,
            **filters.filters(),
        )
        found: Timeline = await self._routes.wait_for(find)
        return found

    async def find(
        self,
        request: Request,
        filters: QueryFilters,
        query: Annotated[str, Query(min_length=1, max_length=1000, description="Words, phrases, AND, OR, NOT ...")],
        order: Annotated[Order, Query(description="Undated articles come last")] = "relevance",
        limit: Annotated[int, Query(ge=0, le=1000, description="How many articles")] = 20,
        offset: Annotated[int, Query(ge=0, le=100_000, description="How many to pass over")] = 0,
    ) -> Findings:
        """The articles that hold some words, with their places, and counts by outlet and month over all that do.

        Words (in any of their forms), "a phrase" as it is written, AND, OR, NOT or a minus, brackets, begin*, port
        NEAR/5 strike, and title:, author:, outlet:, section:, language:, date:2023-06, after:, before:.
        """
        find = partial(
            self._scheduler.find,
            query,
            user=self._routes.access.user(request),
            order=order,
            limit=limit,
            offset=offset,
            **filters.filters(),
        )
        found: Findings = await self._routes.wait_for(find)
        return found

    async def collections(self, request: Request) -> CollectionList:
        """The collections that the user sees: named sets of articles and outlets."""
        see = partial(self._scheduler.archive.collections.all, self._routes.access.user(request))
        return CollectionList(collections=tuple(await self._routes.read(see)))

    async def articles(
        self,
        request: Request,
        response: Response,
        search: Annotated[str, Query(max_length=500, description="Words in title, author or key")] = "",
        sources: Annotated[list[str], Query(description="Only this outlet; can be repeated", max_length=100)] = [],  # noqa: B006
        source: Annotated[list[str], Query(description="The same as sources", max_length=100)] = [],  # noqa: B006
        language: Annotated[Language | None, Query(description="Only this language, as in en")] = None,
        after: Annotated[DayText | None, Query(description="Only articles from then on")] = None,
        before: Annotated[DayText | None, Query(description="Only articles before then")] = None,
        today: Annotated[DayText | None, Query(description='The day that "last week" counts from')] = None,
        collection: Annotated[str | None, Query(description="Only articles of this collection", max_length=100)] = None,
        order: Annotated[ListOrder, Query(description="Undated articles come last")] = "newest",
        limit: Annotated[int, Query(ge=0, le=1000)] = 50,
        offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
    ) -> ArticleList:
        """A page of the articles, without their texts; those without a date are left out where dates filter."""
        user, names = self._routes.access.user(request), [*sources, *source]
        filters: dict[str, Any] = {
            "sources": names,
            "language": language,
            "after": after,
            "before": before,
            "today": today,
            "collection": collection,
        }
        found = await self._routes.read(
            partial(self._scheduler.desk.listed, user, search, order=order, limit=limit, offset=offset, **filters)
        )
        response.headers.update(await self._routes.warning(names, language))
        return ArticleList(articles=tuple(found[0]), total=found[1])


__all__ = ["LookingRoutes"]
