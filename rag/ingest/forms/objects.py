"""JSON of agencies, publishers, sites and monitoring services: each kind of object is known by the fields it has.

Envelopes of an API's answer are opened. What is streamed as an array or as lines is read row by row.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from rag.ingest.forms import shapes
from rag.ingest.forms.base import FormReader, Head, Source
from rag.ingest.readers.rows import json_rows, jsonl_rows
from rag.types import RawArticle, Skipped

Json = Mapping[str, Any]


class Shape(NamedTuple):
    """One kind of object."""

    name: str
    what: str
    """In a few words."""
    fields: str
    """Names of fields that it has all of, "a|b" for one of two."""
    article: Callable[[Source, int | None, Json], RawArticle | Skipped | None]


SHAPES: tuple[Shape, ...] = (
    Shape("superdesk", "Superdesk items",
          "versioncreated body_html unique_name|family_id|original_creator|_current_version",
          shapes.ninjs),
    Shape("ninjs", "ninjs, or AP's Media API",
          "versioncreated|versionCreated headline|headlines|body_text|body_xhtml|bodies|pubstatus|pubStatus",
          shapes.ninjs),
    Shape("guardian", "answer of the Guardian's Open Platform", "webPublicationDate webTitle", shapes.guardian),
    Shape("nyt", "answer of the New York Times' APIs", "web_url pub_date", shapes.nyt),
    Shape("ans", "Arc ANS", "content_elements headlines", shapes.ans),
    Shape("wordpress", "answer of WordPress's REST interface", "date_gmt content", shapes.wordpress),
    Shape("webz", "Webz.io", "thread text published", shapes.webz),
    Shape("eventregistry", "Event Registry (newsapi.ai)", "dateTimePub|dateTime body source", shapes.eventregistry),
    Shape("newsapi", "answer of NewsAPI.org", "publishedAt urlToImage", shapes.newsapi),
    Shape("mediacloud", "Media Cloud stories", "stories_id publish_date", shapes.mediacloud),
    Shape("wapo", "TREC's Washington Post collection", "contents article_url", shapes.wapo),
    Shape("neuclir", "NeuCLIR collection", "cc_file text", shapes.neuclir),
    Shape("newsplease", "news-please", "maintext date_publish", shapes.newsplease),
    Shape("chorus", "Chorus entries", "body createdAt contributors", shapes.chorus),
    Shape("squarespace", "Squarespace collection", "publishOn body urlId", shapes.squarespace),
    Shape("tinynews", "Tiny News export", "translations live_url|slug", shapes.tinynews),
)  # fmt: skip


def _fields(shape: Shape) -> tuple[tuple[str, ...], ...]:
    """Names of which an object of a kind has one each."""
    return tuple(tuple(part.split("|")) for part in shape.fields.split())


_WANTED = tuple((shape, _fields(shape)) for shape in SHAPES)


def shape_of(row: Json) -> Shape | None:
    """The kind of an object."""
    return next((shape for shape, wanted in _WANTED if all(any(n in row for n in names) for names in wanted)), None)


class JsonObjects(FormReader):
    """JSON and JSON Lines known by one kind of object; another kind among them is read as what it is."""

    endings = (".json", ".jsonl", ".jl", ".ndjson")
    max_bytes = None

    def __init__(self, shape: Shape) -> None:
        """Take the kind of object by which a file is known."""
        self.name, self.what = f"{shape.name}-json", f"{shape.what} (JSON)"
        self._wanted = _fields(shape)

    def recognises(self, head: Head) -> bool:
        """By the fields of the objects."""
        return head.is_json and all(any(f'"{name}"' in head.text for name in names) for names in self._wanted)

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each object, taken out of its envelope."""
        text = io.TextIOWrapper(source.stream, encoding="utf-8-sig", errors="replace", newline="")
        rows = _rows(source, text)
        number = 0
        for origin, row in rows:
            if isinstance(row, Skipped):
                yield row
                continue
            inner = list(opened(row))
            for item in inner:
                alone = len(inner) == 1 and origin == str(source.path)
                number += 1
                found = _article(source, None if alone else number, item)
                if found is not None:
                    yield found
        text.detach()


def _rows(source: Source, text: io.TextIOWrapper) -> Iterator[tuple[str, dict[str, Any] | Skipped]]:
    lines = source.path.name.lower().removesuffix(".gz").endswith((".jsonl", ".jl", ".ndjson"))
    return jsonl_rows(source.path, text) if lines else json_rows(source.path, text)


def _article(source: Source, number: int | None, item: Any) -> RawArticle | Skipped | None:
    if not isinstance(item, dict):
        return source.skipped("not a JSON object", number)
    shape = shape_of(item)
    if shape is None:
        return source.skipped(f"an object of an unknown kind; its fields are: {', '.join(list(item)[:20])}", number)
    return shape.article(source, number, item)


_ENVELOPES = ("response", "data", "item", "content", "articles", "results", "docs", "items", "posts", "stories", "hits",
              "_items", "_source")  # fmt: skip


def opened(row: Json, depth: int = 0) -> Iterator[Any]:
    """The objects in an envelope; an object of a known kind is none."""
    if shape_of(row) is not None or depth > 5:
        yield row
        return
    for name in _ENVELOPES:
        value = row.get(name)
        if isinstance(value, dict):
            yield from opened(value, depth + 1)
            return
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            for item in value:
                yield from opened(item, depth + 1)
            return
    yield row
