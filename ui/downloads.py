"""What can be downloaded from the page: conversations, timelines, and one's feedback as evaluation cases."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from rag.ui import citing, document, export
from rag.ui.quotes import Asked
from rag.ui.session import TabSession
from rag.ui.timeline import Asked as AskedTimeline

from rag import quote_files, timelines
from rag.errors import ArticleMissing, UsageError
from rag.finding import as_csv
from rag.service.asgi import page_policy
from rag.types import Article, Quote

_MOST = 1000
"""Events of a timeline, or articles of a search, as a file."""
_QUOTED = 10_000
"""Quotes of a list as a file."""
_QUOTES: dict[str, tuple[str, Callable[[Sequence[Quote], str], str]]] = {
    "csv": ("text/csv", lambda found, _: quote_files.as_csv(found)),
    "json": ("application/json", lambda found, _: quote_files.as_json(found)),
    "md": ("text/markdown", quote_files.as_markdown),
}
_KINDS = ("md", "html", "docx", "pdf", "csl")
"""What a conversation can become."""
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
        collection: str = "",
    ) -> Response:
        if kind not in _TIMELINES:
            raise UsageError(f"There is no timeline as {kind!r}. Take {', '.join(_TIMELINES)}.")
        last = before - timedelta(days=1) if before else None
        found = session_of(request).find_timeline(AskedTimeline(about, after, last, newest_first, collection), _MOST)
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

    @router.get("/quotes/{kind}")
    def quotes(
        request: Request,
        kind: str,
        speaker: str = "",
        about: str = "",
        after: date | None = None,
        last: date | None = None,
        source: Annotated[Sequence[str], Query()] = (),
        language: str = "",
        order: Literal["best", "newest", "oldest"] | None = None,
        person: str = "",
        collection: str = "",
    ) -> Response:
        asked = Asked(speaker, about, after, last, tuple(source), language, order, person, collection)
        if kind not in _QUOTES:
            raise UsageError(f"There are no quotes as {kind!r}. Take {', '.join(_QUOTES)}.")
        title = f"Quotes of {speaker}" if speaker else "Quotes"
        found = session_of(request).find_quotes(asked, _QUOTED)
        media, made = _QUOTES[kind]
        return _file(f"{export.filename(title)}.{kind}", media, made(found, title))

    @router.get("/{conversation}.{kind}")
    def conversation(request: Request, conversation: str, kind: str, style: str = citing.PLAIN) -> Response:
        session = session_of(request)
        session.conversation = conversation
        return _conversation(session, kind, style)

    return router


def shared(session_of: Callable[[Request], TabSession]) -> APIRouter:
    """The routes of conversations that are shared by a link: read only, for whoever may use the service.

    Args:
        session_of: Makes a session for the user that a request comes from.
    """
    router = APIRouter(prefix="/shared", include_in_schema=False)

    def reading(request: Request, token: str) -> TabSession:
        session = session_of(request)
        # As its owner sees it, and nothing else of theirs: the session lives as long as this request.
        session.conversation, session.user = session.archive.conversations.shared_by(token)
        return session

    @router.get("/{token}.{kind}")
    def file(request: Request, token: str, kind: str, style: str = citing.PLAIN) -> Response:
        return _conversation(reading(request, token), kind, style)

    @router.get("/{token}")
    def page(request: Request, token: str) -> Response:
        session = reading(request, token)
        turns = session.turns()
        links = [(label, f"{token}.{kind}") for label, kind in (("Markdown", "md"), ("Word", "docx"), ("PDF", "pdf"))]
        body = export.html(_title(session), turns, datetime.now(UTC), session.citation_status(turns), links)
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": page_policy(body),
            "Referrer-Policy": "same-origin",
            "X-Robots-Tag": "noindex",
        }
        return Response(body, media_type="text/html; charset=utf-8", headers=headers)

    return router


def _conversation(session: TabSession, kind: str, style: str) -> Response:
    """A session's conversation as a file."""
    if kind not in _KINDS:
        raise UsageError(f"There is no export as {kind!r}. Take {', '.join(_KINDS)}.")
    title = _title(session)
    turns, now, name = session.turns(), datetime.now(UTC), export.filename(title)
    if kind == "html":
        return _file(f"{name}.html", "text/html", export.html(title, turns, now, session.citation_status(turns)))

    def article(ident: str) -> Article | None:
        try:
            return session.archive.get(ident)
        except ArticleMissing:
            return None

    doc = document.document(title, turns, now, style=style, article=article)
    if kind == "csl":
        return _file(f"{name}-sources.json", "application/json", citing.csl(document.references(doc.sections), now))
    if kind == "docx":
        from rag.ui.word import word

        return _file(
            f"{name}.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", word(doc)
        )
    if kind == "pdf":
        from rag.ui.pdf import pdf

        return _file(f"{name}.pdf", "application/pdf", pdf(doc))
    return _file(f"{name}.md", "text/markdown", export.markdown(doc))


def _title(session: TabSession) -> str:
    assert session.conversation is not None
    return session.archive.conversations.get(session.conversation, session.user).title or "Conversation"


def _file(name: str, kind: str, body: str | bytes) -> Response:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(body, media_type=f"{kind}; charset=utf-8" if isinstance(body, str) else kind, headers=headers)


__all__ = ["downloads", "shared"]
