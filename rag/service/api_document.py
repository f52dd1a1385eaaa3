"""The OpenAPI document: FastAPI's, with the answers that middleware gives, and examples of what is returned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from fastapi import FastAPI

from rag.finding import Excerpt, Findings, Found
from rag.index.collections import Collection
from rag.mending import Change, Mending
from rag.service.schemas import ArticleList, DeleteResponse, NewArticle, ServiceStats
from rag.timelines import Timeline, TimelineEntry
from rag.types import (
    Answer,
    Article,
    ArticleSummary,
    Citation,
    Hit,
    IngestReport,
    Passage,
    Query,
    Quote,
    Sentence,
    Stats,
)

_EVERYWHERE = {
    "401": "No token, no user, or a wrong one",
    "403": "Another site's page asked, or the user's role may not do that",
    "421": "The service does not go by this name",
    "429": "Too many wrong tokens or passwords; Retry-After says when to try again",
    "500": "Something went wrong that should not; the log says what",
    "503": "The archive can't be read now, or too many are waiting; Retry-After says when to try again",
}
_WITH_BODY = {"413": "Too large"}
_OPEN_PATHS = ("/healthz",)
_METHODS = ("get", "post", "put", "patch", "delete")
_OURS, _OPENAI = "ErrorResponse", "OpenAIErrorResponse"


def complete(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """What makes the application's OpenAPI document, once."""
    plain = app.openapi
    made: list[dict[str, Any]] = []

    def openapi() -> dict[str, Any]:
        if not made:
            document = plain()
            document["components"]["schemas"]["NewArticle"] = NewArticle.model_json_schema()
            for path, method, call in _calls(document):
                _add_failures(path, call)
                if example := _EXAMPLES.get((method, path)):
                    content = call["responses"]["200"]["content"]
                    content.setdefault("application/json", {}).setdefault("example", example())
            _forget_unused(document["components"]["schemas"])
            made.append(document)
        return made[0]

    return openapi


def _calls(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            if method in _METHODS:
                yield path, method, call


def _add_failures(path: str, call: dict[str, Any]) -> None:
    """What may be answered before a route is reached, and beside what it declares."""
    if path in _OPEN_PATHS:
        return
    openai = path.startswith("/v1/")
    responses = call["responses"]
    if openai and "HTTPValidationError" in str(responses.get("422")):
        responses["400"] = responses.pop("422") | {"description": "Something about the request makes no sense"}
    for status, told in (_EVERYWHERE | (_WITH_BODY if "requestBody" in call else {})).items():
        responses.setdefault(status, {"description": told})
    for status, response in responses.items():
        if status[0] in "45":
            schema = {"$ref": f"#/components/schemas/{_OPENAI if openai else _OURS}"}
            if path == "/readyz" and status == "503":
                schema = {"$ref": "#/components/schemas/Readiness"}
            response["content"] = {"application/json": {"schema": schema}}
    call["responses"] = dict(sorted(responses.items()))


def _forget_unused(schemas: dict[str, Any]) -> None:
    """FastAPI's own forms of errors are nowhere returned."""
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)


# -- examples ------------------------------------------------------------------------------

_TEXT = "The talks in Beijing lasted seven hours. Qin Gang called for stable relations."
_WHERE: dict[str, Any] = {
    "title": "Talks in Beijing",
    "source": "Harbour Post",
    "published": datetime(2023, 6, 18, tzinfo=UTC),
    "url": "https://example.com/talks",
}
_ID = "0f3a9c1d2b4e5f60"


def _json(value: Any) -> Any:
    return value.model_dump(mode="json")


def _hit() -> Hit:
    sentences = (Sentence(start=0, end=40), Sentence(start=41, end=len(_TEXT)))
    passage = Passage(id=f"{_ID}:0", article_id=_ID, start=0, end=len(_TEXT), text=_TEXT, sentences=sentences, **_WHERE)
    return Hit(passage=passage, score=0.031, rank=1, found_by="hybrid")


def _answer() -> Answer:
    quote = _TEXT[:40]
    cited = Citation(
        number=1, article_id=_ID, quote=quote, start=0, end=40, claim=(0, 40), support="verbatim", **_WHERE
    )
    question = "How long did the talks last?"
    return Answer(
        question=question,
        query=Query(text=question, standalone=question),
        text=f"{quote} [1]",
        citations=(cited,),
        hits=(_hit(),),
        answered=True,
        model="none",
        fingerprint="all-MiniLM-L6-v2",
    )


def _quote() -> Quote:
    sentence = _TEXT[41:]
    words = "stable relations"
    start = _TEXT.index(words)
    return Quote(
        speaker="Qin Gang",
        verb="called",
        direct=False,
        quote=words,
        article_id=_ID,
        start=start,
        end=start + len(words),
        sentence=sentence,
        **_WHERE,
    )


def _timeline() -> Timeline:
    day = date(2023, 6, 18)
    event = TimelineEntry(
        first=day, last=day, named="on Sunday", quote=_TEXT[:40], article_id=_ID, start=0, end=40, **_WHERE
    )
    return Timeline(about="Qin Gang", entries=(event,), articles=1)


def _page() -> ArticleList:
    added = datetime(2023, 6, 19, 8, tzinfo=UTC)
    item = ArticleSummary(
        id=_ID, key="https://example.com/talks", language="en", characters=len(_TEXT), added=added, **_WHERE
    )
    return ArticleList(articles=(item,), total=1)


def _stats() -> ServiceStats:
    archive = Stats(
        path="news",
        fingerprint="all-MiniLM-L6-v2",
        bytes=1_000_000,
        articles=1,
        older_versions=0,
        passages=1,
        pending=0,
        tombstones=0,
        first=_WHERE["published"],
        last=_WHERE["published"],
        undated=0,
        sources={"Harbour Post": 1},
        languages={"en": 1},
    )
    return ServiceStats(archive=archive, model="none", running=0, waiting=0)


def _article() -> Article:
    return Article(key="https://example.com/talks", id=_ID, text=_TEXT, language="en", **_WHERE)


def _findings() -> Findings:
    summary = ArticleSummary(
        id=_ID,
        key="https://example.com/talks",
        language="en",
        characters=len(_TEXT),
        added=_WHERE["published"],
        **_WHERE,
    )
    excerpt = Excerpt(start=0, end=40, text=_TEXT[:40], marks=((4, 9),))
    hit = Found(article=summary, score=2.5, title_marks=((0, 5),), excerpts=(excerpt,), places=1)
    return Findings(
        query="talk* AND Beijing",
        total=1,
        found=(hit,),
        sources=(("Harbour Post", 1),),
        months=(("2023-06", 1),),
        took_ms=4.2,
    )


def _collection() -> Collection:
    return Collection(id=1, name="The talks", note="for Sunday", made=_WHERE["published"], articles=12)


def _mending() -> Mending:
    change = Change(key=_WHERE["url"], title=_WHERE["title"], field="published", before=None, after="2023-06-19")
    return Mending(number=1, by="ann", at=_WHERE["published"], articles=1, changes=(change,))


_EXAMPLES: dict[tuple[str, str], Callable[[], Any]] = {
    ("post", "/api/ask"): lambda: _json(_answer()),
    ("post", "/api/search"): lambda: {"hits": [_json(_hit())]},
    ("get", "/api/search"): lambda: {"hits": [_json(_hit())]},
    ("get", "/api/quotes"): lambda: {"quotes": [_json(_quote())]},
    ("get", "/api/find"): lambda: _json(_findings()),
    ("get", "/api/collections"): lambda: {"collections": [_json(_collection())]},
    ("get", "/api/timeline"): lambda: _json(_timeline()),
    ("get", "/api/articles"): lambda: _json(_page()),
    ("post", "/api/articles"): lambda: _json(IngestReport(added=1, passages=1)),
    ("post", "/api/articles/files"): lambda: _json(IngestReport(added=1, passages=1)),
    ("get", "/api/articles/{id}"): lambda: _json(_article()),
    ("delete", "/api/articles/{id}"): lambda: _json(DeleteResponse(deleted=("https://example.com/talks",))),
    ("get", "/api/mendings"): lambda: {"mendings": [_json(_mending())]},
    ("post", "/api/mendings"): lambda: _json(_mending()),
    ("delete", "/api/mendings/{number}"): lambda: _json(_mending()),
    ("get", "/api/stats"): lambda: _json(_stats()),
    ("get", "/healthz"): lambda: {"status": "alive"},
    ("get", "/readyz"): lambda: {"status": "ready"},
}


def streamed(names: Iterable[str]) -> dict[int | str, dict[str, Any]]:
    """What POST /api/ask answers as events of these names, as OpenAPI tells it."""
    told = {"evidence": '"query": …, "hits": […]', "quotes": '"quotes": […]', "text": '"text": …, "citations": […]'}
    example = "".join(f"event: {name}\ndata: {{{data}}}\n\n" for name, data in told.items())
    event = {"event": {"type": "string", "enum": [*names, "error"]}, "data": {"type": "string"}}
    each = {"type": "object", "properties": event, "required": list(event), "description": "Each event; data is JSON"}
    events = {"schema": each, "example": example}
    return {200: {"description": "The answer, or the events", "content": {"text/event-stream": events}}}


def articles_body() -> dict[str, Any]:
    """What POST /api/articles takes, as OpenAPI tells it."""
    one = {"$ref": "#/components/schemas/NewArticle"}
    schema = {"anyOf": [one, {"type": "array", "items": one, "title": "NewArticles"}]}
    example = NewArticle.model_json_schema()["examples"][0]
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def files_body() -> dict[str, Any]:
    """What POST /api/articles/files takes, as OpenAPI tells it."""
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    form = {"type": "object", "properties": {"files": files}, "required": ["files"]}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}}}


__all__ = ["articles_body", "complete", "files_body", "streamed"]
