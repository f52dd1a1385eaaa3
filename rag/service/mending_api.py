"""Mending what the archive says of its articles, over HTTP: by editors and admins, told in the audit log."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Path, Query, Request
from pydantic import ConfigDict, Field

from rag.mending import FIELDS, Mending
from rag.service.routes import MISSING, READING, SECURITY, WRITING, Routes
from rag.service.schemas import Filters, MendingList
from rag.types import Value

if TYPE_CHECKING:
    from rag.protocols import FilterArgs

Number = Annotated[int, Path(ge=1, le=2**53, description="As the log has it")]


class Values(Value):
    """What is set; a value left out stays as it is, an empty text means that there is none."""

    title: str | None = Field(None, max_length=2000)
    source: str | None = Field(None, max_length=200, description="The outlet")
    author: str | None = Field(None, max_length=500)
    published: str | None = Field(None, max_length=60, description="One day: 2023-06-03, 3 June 2023")
    language: str | None = Field(None, max_length=10, description="As in en (ISO 639-1)")
    section: str | None = Field(None, max_length=500)
    url: str | None = Field(None, max_length=2000)


class Mend(Value):
    """Which articles, and what is set of them."""

    articles: tuple[str, ...] = Field((), max_length=10_000, description="Ids, keys or addresses")
    where: Filters | None = Field(None, description="Articles by filters, in place of `articles` or to narrow them")
    lacking: tuple[str, ...] = Field((), max_length=7, description=f"Only those without these: {', '.join(FIELDS)}")
    values: Values
    dry_run: bool = Field(False, description="Only tell what would change")

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"lacking": ["section"], "values": {"section": "News"}}]},
    )

    def filters(self) -> FilterArgs | None:
        """As ``Archive.mend`` takes them; None where no filter is given."""
        return self.where.filters() if self.where else None


class MendingRoutes:
    """The routes for mending."""

    def __init__(self, routes: Routes) -> None:
        """Take the service's other routes, whose scheduler and threads these use."""
        self._routes = routes
        self._desk = routes.scheduler.desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes to the application."""
        path, reading, writing = "/api/mendings", READING | MISSING, WRITING | MISSING
        options: dict[str, Any] = {"dependencies": SECURITY}
        app.add_api_route(path, self.log, methods=["GET"], responses=reading, summary="What was set by hand", **options)
        app.add_api_route(
            path,
            self.mend,
            methods=["POST"],
            responses=writing,
            summary="Set by hand what is said of articles",
            **options,
        )
        app.add_api_route(
            f"{path}/{{number}}", self.undo, methods=["DELETE"], responses=writing, summary="Undo a mending", **options
        )

    async def mend(self, request: Request, body: Mend) -> Mending:
        """Title, outlet, author, date, language, section or address; a later ingest doesn't overwrite it."""
        mend = partial(
            self._desk.mend,
            self._routes.access.user(request),
            body.articles,
            where=body.filters(),
            lacking=body.lacking,
            dry_run=body.dry_run,
            **body.values.model_dump(exclude_none=True),
        )
        return await self._routes.write(mend)

    async def log(
        self,
        request: Request,
        article: Annotated[str | None, Query(max_length=2000, description="Only of this article")] = None,
        limit: Annotated[int, Query(ge=0, le=1000)] = 50,
        offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
    ) -> MendingList:
        """The latest first, those that were undone among them; what was taken down is not there."""
        user = self._routes.access.user(request)
        read = partial(self._desk.mendings, user, article, limit=limit, offset=offset)
        return MendingList(mendings=tuple(await self._routes.read(read)))

    async def undo(self, request: Request, number: Number) -> Mending:
        """What an earlier mending set counts again, else what the article's file says."""
        return await self._routes.write(partial(self._desk.undo_mending, self._routes.access.user(request), number))


__all__ = ["Mend", "MendingRoutes"]
