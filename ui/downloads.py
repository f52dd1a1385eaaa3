"""What can be downloaded from the page: conversations, timelines, and one's feedback as evaluation cases."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response
from rag.ui import export
from rag.ui.session import TabSession
from rag.ui.timeline import Asked

from rag import timelines
from rag.errors import UsageError
from rag.finding import as_csv

_MOST = 1000
"""Events of a timeline, or articles of a search, as a file."""
_TIMELINES: dict[str, tuple[str, Callable[[timelines.Timeline], str]]] = {
    "csv": ("text/csv", timelines.as_csv),
    "json": ("application/json", lambda found: found.model_dump_json(indent=2) + "\n"),
    "md": ("text/markdown", timelines.as_markdown),
}


def downloads(session_of: Callable[[Request], TabSession]) -> APIRouter:
    """The routes.

    Args:
        session_of: Makes a session for the user that a request comes from.
    """
    router = APIRouter(prefix="/export", include_in_schema=False)

    @router.get("/feedback.jsonl")
    def feedback(request: Request) -> Response:
        session = session_of(request)
        rows = session.archive.conversations.cases(session.user) if session.archive.exists else iter(())
        body = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
        return _file("feedback.jsonl", "application/x-ndjson", body)

    @router.get("/timeline/{kind}")
    def timeline(
        request: Request,
        kind: str,
        about: str,
        after: date | None = None,
        before: date | None = None,
        newest_first: bool = False,
    ) -> Response:
        if kind not in _TIMELINES:
            raise UsageError(f"There is no timeline as {kind!r}. Take {', '.join(_TIMELINES)}.")
        last = before - timedelta(days=1) if before else None
        found = session_of(request).find_timeline(Asked(about, after, last, newest_first), _MOST)
        media, made = _TIMELINES[kind]
        return _file(f"{export.filename(about)}-timeline.{kind}", media, made(found))

    @router.get("/find/{kind}")
    def find(
        request: Request,
        kind: str,
        query: str,
        order: str = "relevance",
        after: date | None = None,
        before: date | None = None,
        undated: bool = True,
        collection: str | None = None,
    ) -> Response:
        if kind not in ("csv", "json"):
            raise UsageError(f"There is no list of articles as {kind!r}. Take csv or json.")
        session = session_of(request)
        found = session.scheduler.find(
            query, user=session.user, order=order, limit=_MOST, after=after, before=before, undated=undated,
            collection=collection,
        )  # fmt: skip
        name = export.filename(query)
        if kind == "csv":
            return _file(f"{name}.csv", "text/csv", as_csv(found))
        return _file(f"{name}.json", "application/json", found.model_dump_json(indent=2) + "\n")

    @router.get("/{conversation}.{kind}")
    def conversation(request: Request, conversation: str, kind: str) -> Response:
        if kind not in ("md", "html"):
            raise UsageError(f"There is no export as {kind!r}. Take md or html.")
        session = session_of(request)
        title = session.archive.conversations.get(conversation, session.user).title or "Conversation"
        session.conversation = conversation
        turns, now = session.turns(), datetime.now(UTC)
        name = export.filename(title)
        if kind == "md":
            return _file(f"{name}.md", "text/markdown", export.markdown(title, turns, now))
        return _file(f"{name}.html", "text/html", export.html(title, turns, now, session.citation_status(turns)))

    return router


def _file(name: str, kind: str, body: str) -> Response:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(body, media_type=f"{kind}; charset=utf-8", headers=headers)
