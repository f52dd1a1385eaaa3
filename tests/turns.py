"""Answers, turns and quotes for tests of the page's HTML, and a reader of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

from rag.ui.render import TurnView

from rag.composing import NO_CLAIM
from rag.types import Answer, Citation, Hit, Passage, Query, Quote, Sentence, Stats, Time

NASTY = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[click](javascript:alert(1))",
    '"><svg onload=alert(1)>',
    "'; alert(1) //",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "<gradio-app src=x>",
    "&lt;b&gt;",
    "a\x00b\x1b[31m",
]
WHEN = datetime(2023, 6, 18, tzinfo=UTC)
VOID = {"input", "br", "img", "progress"}


class Reader(HTMLParser):
    """Elements, attributes and text of a piece of HTML; fails where an element isn't closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"input", "meta"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def assert_harmless(text: str) -> Reader:
    """No element and no attribute that runs anything, whatever was put in."""
    reader = read(text)
    for tag, attrs in reader.tags:
        assert tag not in {"script", "img", "svg", "iframe", "gradio-app", "object", "style", "form"} or tag == "svg"
        for name, value in attrs.items():
            assert not name.startswith("on")
            if name in ("href", "src"):
                assert re.match(r"https?://|export/", value or ""), value
    return reader


def passage(text: str, title: str = "Title", n: int = 0) -> Passage:
    return Passage(
        id=f"a{n}:0", article_id=f"a{n}", start=0, end=len(text), text=text, sentences=(Sentence(start=0, end=len(text)),),
        title=title, source="Harbour Post", published=WHEN, url="https://example.org/a",
    )  # fmt: skip


def hit(text: str, title: str = "Title", n: int = 0) -> Hit:
    return Hit(passage=passage(text, title, n), score=1.0, rank=n + 1, found_by="hybrid")


def citation(number: int, quote: str, claim: tuple[int, int], *, start: int = 0, **more: object) -> Citation:
    values = {
        "title": "Title", "source": "Harbour Post", "published": WHEN, "url": "https://example.org/a", "support": "supported",
        "article_id": "a0", **more,
    }  # fmt: skip
    return Citation(number=number, quote=quote, start=start, end=start + len(quote), claim=claim, **values)  # type: ignore[arg-type]


def answer(text: str = "It rains. [1]", **more: object) -> Answer:
    query = Query(text="Does it rain?", standalone="Does it rain?")
    values: dict[str, object] = {
        "question": "Does it rain?", "query": query, "text": text, "answered": True, "model": "fake", "fingerprint": "f",
        "citations": (citation(1, "It rains.", (0, 9)),), "hits": (hit("It rains."),), **more,
    }  # fmt: skip
    return Answer(**values)  # type: ignore[arg-type]


def talk(a: Answer, **more: object) -> TurnView:
    values: dict[str, object] = {
        "question": a.question, "number": 1, "query": a.query, "hits": a.hits, "text": a.text, "citations": a.citations, "answer": a,
        "turn_id": 7, **more,
    }  # fmt: skip
    return TurnView(**values)  # type: ignore[arg-type]


def stats(articles: int = 3) -> Stats:
    return Stats(
        path="/a", fingerprint="f", bytes=1, articles=articles, older_versions=0, passages=9, pending=0, tombstones=0, first=WHEN,
        last=WHEN, undated=1, sources={"Harbour Post": articles}, languages={"en": articles},
    )  # fmt: skip


def quote(words: str = "It rains.", speaker: str = "Qin Gang", **more: object) -> Quote:
    values: dict[str, object] = {
        "role": "foreign minister", "verb": "said", "direct": True, "article_id": "a0", "start": 3, "end": 3 + len(words),
        "sentence": words, "title": "Title", "source": "Harbour Post", "published": WHEN, "url": "https://example.org/a", **more,
    }  # fmt: skip
    return Quote(speaker=speaker, quote=words, **values)  # type: ignore[arg-type]


def taken(**time: object) -> Query:
    return Query(text="Does it rain?", standalone="Does it rain?", time=Time(**time))  # type: ignore[arg-type]


def quoted(number: int, quote: str = "It rains and pours.", **more: object) -> Citation:
    """A quote that no sentence cites; the words "rains" answer."""
    at = quote.find("rains")
    words = (at + 20, at + 25) if at >= 0 else None
    return citation(number, quote, NO_CLAIM, start=20, **{"support": "verbatim", "words": words, **more})


QUOTES = answer(
    "It rains and pours. [1]\nIt is wet. [2]",
    citations=(
        quoted(1, speaker="Qin Gang, foreign minister").model_copy(update={"claim": (0, 19)}),
        quoted(2, "It is wet.").model_copy(update={"claim": (24, 34)}),
    ),
)
SUMMARY = answer(
    "The weather is bad. [1]",
    citations=(citation(1, "It rains and pours.", (0, 19), start=20, words=(23, 28)), quoted(2, "It is wet.")),
    summarized=True,
)
