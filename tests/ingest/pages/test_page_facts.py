"""What pages tell of their articles: each kind of statement, on small pages, and what must not be taken for one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trafilatura")

from rag.ingest.pages.names import names
from rag.ingest.readers.html import HtmlReader
from rag.types import RawArticle, Skipped

WORDS = (
    "<p>The ferry to Holm was cancelled on Friday because of ice in the harbour, the operator said in a statement.</p>"
    "<p>Travellers were asked to go by bus, which takes two hours longer and has to be booked a day before.</p>"
)


def read(head: str = "", body: str = "", *, title: str = "", address: str = "") -> RawArticle:
    page = (
        f"<!doctype html><html lang='en'><head><title>{title}</title>{head}</head>"
        f"<body><article>{body}{WORDS}</article></body></html>"
    )
    found = HtmlReader().article(Path("/p/page.html"), page.encode(), address)
    assert isinstance(found, RawArticle), found
    return found


def linked(value: Any, kind: str = "application/ld+json") -> str:
    return f'<script type="{kind}">{json.dumps(value)}</script>'


def when(article: RawArticle) -> str:
    return article.published.isoformat() if article.published else ""


ARTICLE = {
    "@type": "NewsArticle",
    "headline": "Ferry to Holm cancelled",
    "datePublished": "2024-01-12T16:05:30+01:00",
    "dateModified": "2024-01-12T18:00:00+01:00",
    "author": [{"@type": "Person", "name": "Ann Lee"}, {"@type": "Person", "name": "Bo Rask (bor)"}],
    "publisher": {"@type": "Organization", "name": "Holm Herald"},
}


@pytest.mark.parametrize("kind", ["application/ld+json", "application/ld+json; charset=utf-8", "Application/LD+JSON"])
def test_linked_data(kind: str) -> None:
    article = read(linked(ARTICLE, kind), title="Ferry to Holm cancelled | Holm Herald")
    assert (article.title, article.source, article.author) == (
        "Ferry to Holm cancelled",
        "Holm Herald",
        "Ann Lee, Bo Rask",
    )
    assert when(article) == "2024-01-12T16:05:30+01:00"
    assert article.metadata["modified"] == "2024-01-12T18:00:00+01:00"


def test_a_graph_whose_nodes_name_one_another() -> None:
    graph = {
        "@graph": [
            {"@type": "WebSite", "@id": "#site", "name": "Holm Herald", "publisher": {"@id": "#us"}},
            {"@type": "NewsMediaOrganization", "@id": "#us", "name": "Holm Herald"},
            {"@type": "Person", "@id": "#ann", "name": "Ann Lee"},
            ARTICLE | {"publisher": {"@id": "#us"}, "author": {"@id": "#ann"}},
        ]
    }
    article = read(linked(graph))
    assert (article.source, article.author) == ("Holm Herald", "Ann Lee")


def test_references_in_headlines_and_slips_in_scripts() -> None:
    article = read(linked(ARTICLE | {"headline": "Ferry &amp; bus: &#8216;no way&#8217; to Holm"}))
    assert article.title == "Ferry & bus: ‘no way’ to Holm"
    slip = json.dumps(ARTICLE)[:-1] + ",}"
    assert read(f'<script type="application/ld+json">//<![CDATA[\n{slip}\n//]]></script>').source == "Holm Herald"
    two = json.dumps({"@type": "WebSite", "name": "x"}) + "\n" + json.dumps(ARTICLE)
    assert read(f'<script type="application/ld+json">{two}</script>').author == "Ann Lee, Bo Rask"
    assert read('<script type="application/ld+json">{broken</script>').published is None


def test_articles_that_the_page_recommends_are_not_its_own() -> None:
    others = [
        {
            "@type": "NewsArticle",
            "headline": f"Other {n}",
            "datePublished": f"2020-01-0{n}",
            "url": f"https://h.example/{n}",
        }
        for n in (1, 2, 3)
    ]
    article = read(linked(others) + '<link rel="canonical" href="https://h.example/ferry">', title="Ferry cancelled")
    assert (article.title, article.published, article.author) == ("Ferry cancelled", None, None)
    listed = {"@type": "ItemList", "itemListElement": others}
    assert read(linked([listed, ARTICLE])).title == "Ferry to Holm cancelled"
    own = ARTICLE | {"url": "https://h.example/ferry", "headline": "Quite other words"}
    article = read(linked([*others, own]) + '<link rel="canonical" href="https://h.example/ferry">')
    assert when(article) == "2024-01-12T16:05:30+01:00"


def test_meta_elements() -> None:
    article = read(
        '<meta property="og:title" content="Ferry cancelled - Holm Herald"><meta name="author" content="By Ann Lee and Bo Rask">'
        '<meta property="og:site_name" content="Holm Herald"><meta property="article:published_time" content="2024-01-12T15:05Z">'
        '<meta property="article:modified_time" content="2024-01-13T08:00:00Z">'
        '<meta property="og:url" content="https://www.holm.example/ferry?utm_source=x">'
    )
    assert (article.title, article.source, article.author) == ("Ferry cancelled", "Holm Herald", "Ann Lee, Bo Rask")
    assert when(article) == "2024-01-12T15:05:00+00:00"
    assert article.key == "https://www.holm.example/ferry"


def test_microdata_of_the_article_alone() -> None:
    article = read(
        body='<div itemscope itemtype="https://schema.org/VideoObject"><meta itemprop="datePublished" content="2019-05-05">'
        '<span itemprop="author">Cameraman</span></div>'
        '<h1 itemprop="headline">Ferry cancelled</h1><meta itemprop="datePublished" content="2024-01-12T16:05:00+01:00">'
        '<span itemprop="author"><span itemprop="name">Ann Lee</span>, reporter</span>'
    )
    assert (article.title, article.author, when(article)) == ("Ferry cancelled", "Ann Lee", "2024-01-12T16:05:00+01:00")


def test_what_is_shown_beside_the_headline() -> None:
    article = read(
        body='<header><h1>Ferry cancelled</h1><span class="byline">By Ann Lee</span>'
        '<time datetime="2024-01-12T16:05:00+01:00">12 Jan</time></header>'
    )
    assert (article.author, when(article)) == ("Ann Lee", "2024-01-12T16:05:00+01:00")
    many = "".join(f'<time datetime="2020-01-0{n}">x</time>' for n in (1, 2, 3))
    assert read(body=f"<h1>Ferry cancelled</h1>{many}").published is None  # of which of them?


@pytest.mark.parametrize(
    "body",
    [
        "<footer>© 2019 Holm Herald</footer>",
        "<p>Everything began on 3 May 2021, when the harbour froze for the first time in forty years.</p>",
        '<aside><a href="/2018/04/05/other"><time datetime="2018-04-05">5 April 2018</time></a></aside>',
        '<img src="/2017/06/07/harbour.jpg">',
    ],
)
def test_no_day_is_taken_from_elsewhere(body: str) -> None:
    assert read(body=f"<h1>Ferry cancelled</h1>{body}").published is None


def test_a_day_takes_its_clock_from_a_statement_that_agrees() -> None:
    day = linked(ARTICLE | {"datePublished": "2024-01-12"})
    clock = '<meta property="article:published_time" content="2024-01-12T16:05:30+01:00">'
    other = '<meta property="article:published_time" content="2024-01-14T16:05:30+01:00">'
    assert when(read(day + clock)) == "2024-01-12T16:05:30+01:00"
    assert when(read(day + other)) == "2024-01-12T00:00:00+00:00"
    bare = linked(ARTICLE | {"datePublished": "2024-01-12T16:05:30"})
    assert when(read(bare + clock)) == "2024-01-12T16:05:30+01:00"


def test_the_name_on_which_most_statements_agree_is_the_outlet() -> None:
    site = '<meta property="og:site_name" content="Security">'
    article = read(
        site + linked(ARTICLE) + '<meta name="application-name" content="Holm Herald">', title="A | Holm Herald"
    )
    assert article.source == "Holm Herald"
    article = read(linked(ARTICLE | {"publisher": {"name": "holmherald.example"}}), title="Ferry - Holm Herald",
                   address="https://www.holmherald.example/x")  # fmt: skip
    assert article.source == "Holm Herald"
    logo = read(site.replace("Security", "Holm Herald"), "<h1>Holm Herald</h1><h1>Ferry</h1>", title="Ferry")
    assert (logo.source, logo.title) == ("Holm Herald", "Ferry")
    assert read(address="https://www.holm.example/x").source == "holm.example"
    assert read().source is None


def test_the_outlet_is_no_author_where_somebody_is_named() -> None:
    metas = '<meta property="og:site_name" content="Holm Herald"><meta name="author" content="Holm Herald">'
    assert read(metas, '<p class="byline">Ann Lee</p>').author == "Ann Lee"
    assert read(metas).author == "Holm Herald"


def test_addresses_of_captures_and_caches_are_those_of_the_page() -> None:
    live = read('<link rel="canonical" href="https://www.holm.example/ferry">')
    for address in (
        "https://web.archive.org/web/20240113000000/http://www.holm.example/ferry",
        "https://archive.ph/20240113000000/https://www.holm.example/ferry",
        "https://www.google.com/amp/s/www.holm.example/ferry",
    ):
        captured = read(address=address)
        assert (captured.key, captured.source) == (live.key, "holm.example")
        linked_there = read(f'<link rel="canonical" href="{address}">')
        assert linked_there.key == live.key
    amp = read('<link rel="canonical" href="/ferry">', address="https://www.holm.example/ferry/amp")
    assert amp.key == live.key
    front = read('<link rel="canonical" href="https://www.holm.example/">', address="https://www.holm.example/ferry")
    assert front.key == live.key


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("By Ann Lee and Bo Rask, dpa", ["Ann Lee", "Bo Rask", "dpa"]),
        ("Von Ann Lee und Bo Rask", ["Ann Lee", "Bo Rask"]),
        ("Ann Lee og Bo Rask", ["Ann Lee", "Bo Rask"]),
        ("Ann Lee; Bo Rask | Cy Dee", ["Ann Lee", "Bo Rask", "Cy Dee"]),
        ("Ann Lee, Chief Correspondent", ["Ann Lee"]),
        ("José Ortega y Gasset", ["José Ortega y Gasset"]),
        ("Martin Luther King, Jr.", ["Martin Luther King, Jr"]),
        ("배윤경,이상현", ["배윤경", "이상현"]),
        ("ann@holm.example", []),
        ("https://holm.example/ann", []),
        ("105092", []),
    ],
)
def test_names_of_a_byline(line: str, expected: list[str]) -> None:
    assert names([line]) == expected


def test_what_is_no_page_gets_one_line() -> None:
    for raw, reason in ((b"\x89PNG\r\n\x1a\n" + bytes(500), "not text"), (b"just words", "no article found in the page"),
                        (b"<p>x</p>" * 60_000, "more than 50,000 elements")):  # fmt: skip
        found = HtmlReader().article(Path("/p/a.html"), raw)
        assert isinstance(found, Skipped)
        assert reason in found.reason
