"""What is listed: feeds, sitemaps, the APIs of sites, and which of them an address stands for."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources.newsroom import Newsroom
from sources.site import Answer, Site
from sources.test_sync import opened

from rag.errors import AddressRefused, FetchError, SourceError
from rag.sources import sites
from rag.sources.feeds import is_feed, read_feed
from rag.sources.listing import find
from rag.sources.sitemaps import is_sitemap, read_sitemap

BASE = "https://news.example/"


def rss(*items: str, head: str = "") -> bytes:
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">'
        f"<channel><title>Harbour Post</title>{head}{''.join(items)}</channel></rss>"
    ).encode()


def test_an_entry_has_its_link_its_time_and_its_words() -> None:
    (entry,) = read_feed(
        rss(
            "<item><title>Tide &amp;amp; Time</title><link>/a?x=1#top</link><guid isPermaLink='false'>7</guid>"
            "<pubDate>Sat, 28 Nov 2026 12:00:00 EST</pubDate>"
            "<description>&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;"
            "</description></item>"
        ),
        BASE,
    ).entries
    assert (entry.url, entry.title, entry.guid, entry.outlet) == (
        "https://news.example/a?x=1", "Tide & Time", "7", "Harbour Post",
    )  # fmt: skip
    assert entry.content == "One.\n\nTwo."
    assert entry.published is not None and entry.published.utcoffset().total_seconds() == -5 * 3600  # type: ignore[union-attr]


def test_episodes_of_podcasts_are_passed_over_and_pictures_are_not_articles() -> None:
    listed = read_feed(
        rss(
            "<item><title>Episode</title><link>https://news.example/e</link><itunes:duration>30:00</itunes:duration>"
            "<enclosure url='https://news.example/e.mp3' type='audio/mpeg' length='1'/></item>",
            "<item><title>With a picture</title><link>https://news.example/p</link>"
            "<enclosure url='https://news.example/p.jpg' type='image/jpeg' length='1'/></item>",
            "<item><title>Nowhere</title></item>",
        ),
        BASE,
    )
    assert [entry.title for entry in listed.entries] == ["With a picture"]
    assert listed.passed == {"episode of a podcast": 1, "entry without an address": 1}


def test_atom_and_json_feed_are_feeds_too() -> None:
    atom = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>Post</title><entry><title>A</title><id>urn:1</id>'
        b'<link rel="self" href="/self"/><link href="/a"/><updated>2026-11-28T12:00:00Z</updated>'
        b"<author><name>Ada</name></author><author><name>Ben</name></author></entry></feed>"
    )
    assert is_feed(atom)
    (entry,) = read_feed(atom, BASE).entries
    assert (entry.url, entry.author) == ("https://news.example/a", "Ada, Ben")
    value = {
        "version": "https://jsonfeed.org/version/1.1", "title": "Post", "next_url": "https://news.example/2.json",
        "items": [{"id": "1", "url": "/a", "content_html": "<p>One.</p>", "date_published": "2026-11-28T12:00:00Z",
                   "authors": [{"name": "Ada"}]}, 7, {"id": "x"}],
    }  # fmt: skip
    raw = json.dumps(value).encode()
    assert is_feed(raw)
    listed = read_feed(raw, BASE)
    assert next((e.url, e.content, e.author) for e in listed.entries) == ("https://news.example/a", "One.", "Ada")
    assert listed.more == [("https://news.example/2.json", "")]


def test_entities_are_not_expanded() -> None:
    deep = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    bomb = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "x">{deep}]>'
    listed = read_feed(
        f"{bomb}<rss><channel><item><title>&e8;</title><link>https://news.example/a</link></item></channel></rss>".encode(),
        BASE,
    )
    assert all(len(entry.title or "") < 1000 for entry in listed.entries)
    sitemap = f"{bomb}<urlset><url><loc>https://news.example/&e8;</loc></url></urlset>".encode()
    assert all(len(entry.url) < 1000 for entry in read_sitemap(sitemap, BASE).entries)
    outside = (
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
        b"<urlset><url><loc>https://news.example/&f;</loc></url></urlset>"
    )
    assert [e.url for e in read_sitemap(outside, BASE).entries] in ([], ["https://news.example/"])


def test_a_news_sitemap_has_times_titles_and_the_outlet() -> None:
    raw = (
        b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        b'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
        b'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><loc>https://news.example/a</loc>'
        b"<image:image><image:loc>https://news.example/p.jpg</image:loc><image:title>Picture</image:title></image:image>"
        b"<news:news><news:publication><news:name>Post</news:name><news:language>de</news:language></news:publication>"
        b"<news:publication_date>2026-11-28T12:00:00+01:00</news:publication_date><news:title>A title</news:title>"
        b"</news:news></url></urlset>"
    )
    assert is_sitemap(raw)
    (entry,) = read_sitemap(raw, BASE).entries
    assert (entry.url, entry.title, entry.outlet, entry.language) == ("https://news.example/a", "A title", "Post", "de")
    assert entry.published is not None and entry.published.isoformat() == "2026-11-28T12:00:00+01:00"


@given(st.binary(max_size=300), st.sampled_from([b"", b"<rss><channel><item>", b"<urlset><url><loc>", b"{", b"["]))
def test_nothing_that_is_served_makes_a_listing_fail(raw: bytes, head: bytes) -> None:
    read_feed(head + raw, BASE)
    read_sitemap(head + raw, BASE)
    sites.offered(head + raw, BASE)
    sites.read_wordpress(head + raw, BASE)
    sites.read_ghost(head + raw, BASE)


# -- what an address stands for --------------------------------------------------------


def test_an_address_is_what_its_content_says(site: Site) -> None:
    room = Newsroom(site, 3)
    site.pages["/map.xml.gz"] = Answer(gzip.compress(room.sitemap([0, 1]).encode()), type="application/gzip")
    site.pages["/odd"] = Answer(room.rss([1]), type="text/plain")
    with site.fetcher() as fetcher:
        for path, kind, entries in (
            ("/", "feed", 3), ("/feed.xml", "feed", 3), ("/sitemap.xml", "sitemap", 3), ("/odd", "feed", 1),
            ("/map.xml.gz", "sitemap", 2), (room.path(0), "page", 0), (room.path(2), "page", 0),
        ):  # fmt: skip
            found = find(fetcher, site.url + path)
            assert (path, found.kind, len(found.listed.entries)) == (path, kind, entries)
        with pytest.raises(SourceError, match="is no ghost, and names none"):
            find(fetcher, f"{site.url}{room.path(0)}", kind="ghost")


def test_a_home_page_without_a_feed_stands_for_the_news_sitemap_of_robots_txt(site: Site) -> None:
    Newsroom(site, 3)
    site.pages["/"] = Answer("<html><body><p>News</p></body></html>")
    with site.fetcher() as fetcher:
        found = find(fetcher, f"{site.url}/")
    assert (found.kind, found.address) == ("sitemap", f"{site.url}/news-sitemap.xml")


POST = {
    "date_gmt": "2026-03-01T08:30:00", "modified_gmt": "2026-03-01T09:00:00", "guid": {"rendered": "https://x/?p=1"},
    "title": {"rendered": "Harbour &amp; Storm"}, "content": {"rendered": "<p>The harbour was closed.</p>"},
    "_embedded": {"author": [{"name": "Ada Quay"}]},
}  # fmt: skip


def test_wordpress_is_read_by_its_api_and_only_changes_later(site: Site, tmp_path: Path) -> None:
    site.pages["/"] = Answer('<html><head><link rel="https://api.w.org/" href="/wp-json/"></head><body>x</body></html>')
    posts = [POST | {"link": f"{site.url}/p{n}"} for n in range(130)]
    asked: list[str] = []

    def answer(path: str, _: Any) -> Answer | None:
        if not path.startswith("/wp-json/wp/v2/posts"):
            return None
        asked.append(path)
        page = 2 if "page=2" in path.replace("per_page", "") else 1
        return Answer(json.dumps(posts[(page - 1) * 100 : page * 100]), type="application/json")

    usual = site.answer
    site.answer = lambda path, headers: answer(path, headers) or usual(path, headers)  # type: ignore[method-assign]
    with opened(tmp_path / "archive", site) as archive:
        assert archive.sources.add(f"{site.url}/").kind == "wordpress"
        (told,) = archive.sources.sync().sources
        assert (told.new, told.failed) == (130, 0)
        article = archive.get(f"{site.url}/p0")
        assert (article.title, article.author, article.text) == (
            "Harbour & Storm",
            "Ada Quay",
            "The harbour was closed.",
        )
        assert article.published is not None and article.published.isoformat() == "2026-03-01T08:30:00+00:00"
        asked.clear()
        posts[3] = posts[3] | {"modified_gmt": "2026-03-02T00:00:00", "content": {"rendered": "<p>It was open.</p>"}}
        (told,) = archive.sources.sync().sources
        assert (told.new, told.changed) == (0, 1)


def test_ghost_is_read_by_its_api(site: Site) -> None:
    raw = json.dumps({
        "posts": [{"uuid": "u1", "title": "Tide", "html": "<p>High.</p>", "url": "https://news.example/tide/",
                   "published_at": "2026-03-01T08:30:00.000+00:00", "updated_at": "x", "authors": [{"name": "Ada"}]}],
        "meta": {"pagination": {"page": 1, "next": 2}},
    }).encode()  # fmt: skip
    assert sites.api_kind(raw) == "ghost"
    listed = sites.read_ghost(raw, "https://news.example/ghost/api/content/posts/?key=1")
    assert listed.more == [("https://news.example/ghost/api/content/posts/?key=1&page=2", "")]
    (entry,) = listed.entries
    assert (entry.title, entry.author, entry.content, entry.whole) == ("Tide", "Ada", "High.", True)
    page = b'<html><script data-ghost="https://news.example/" data-key="abc" src="x.js"></script></html>'
    assert sites.offered(page, BASE).ghost == (
        "https://news.example/ghost/api/content/posts/?key=abc&include=authors&limit=50&order=updated_at+desc"
    )


# -- ingested once ---------------------------------------------------------------------


def test_addresses_are_ingested_as_files_are(site: Site, tmp_path: Path) -> None:
    room = Newsroom(site, 4)
    site.pages["/note.txt"] = Answer(
        "A note.\n\nThe harbour master wrote that the quay is safe again.", type="text/plain"
    )
    with opened(tmp_path / "archive", site) as archive:
        assert archive.ingest(room.url(1)).added == 1
        assert archive.ingest(f"{site.url}/", f"{site.url}/note.txt").added == 4
        assert archive.ingest(f"{site.url}/feed.xml").unchanged == 4
        assert archive.get(f"{site.url}/note.txt").text.startswith("A note.")
        with pytest.raises(FetchError, match=r"/gone can't be fetched: .*HTTP 404"):
            archive.ingest(f"{site.url}/gone")
        with pytest.raises(AddressRefused):
            archive.ingest("http://10.1.2.3/")
        with pytest.raises(SourceError, match="not fetched"):
            archive.ingest("ftp://news.example/a")


def test_a_page_cannot_pass_for_another_sites(site: Site, tmp_path: Path) -> None:
    words = "<p>The harbour was closed on Monday, says somebody who is not the Harbour Post at all.</p>"
    site.pages["/a"] = Answer(
        f"<html><head><title>A</title><link rel='canonical' href='https://other.example/story'></head><body><article>"
        f"{words}{words}</article></body></html>"
    )
    site.pages["/rows.jsonl"] = Answer(
        json.dumps({"url": "https://other.example/story", "title": "B", "text": "The harbour was closed."}),
        type="application/x-ndjson",
    )
    feed = rss(
        "<item><title>C</title><link>https://other.example/story</link><description>Closed.</description></item>"
    )
    site.pages["/feed"] = Answer(feed, type="application/rss+xml")
    with opened(tmp_path / "archive", site) as archive:
        report = archive.ingest(f"{site.url}/a", f"{site.url}/rows.jsonl", f"{site.url}/feed")
        assert report.added == 2
        assert {a.url for a in archive.articles()} == {f"{site.url}/a", f"{site.url}/rows.jsonl"}
        assert not any("other.example" in a.key for a in archive.articles())


def test_a_charset_that_only_the_server_tells_is_read(site: Site, tmp_path: Path) -> None:
    words = "Порт закрыли в понедельник после шторма, который повредил двенадцать лодок у причала. " * 3
    page = f"<html><head><title>Шторм</title></head><body><article><p>{words}</p></article></body></html>"
    site.pages["/a"] = Answer(page.encode("koi8-r"), type="text/html; charset=koi8-r")
    with opened(tmp_path / "archive", site) as archive:
        archive.ingest(f"{site.url}/a")
        assert archive.get(f"{site.url}/a").text.startswith("Порт закрыли в понедельник")


def test_a_page_that_has_to_be_paid_for_is_told_to_be_a_teaser(site: Site, tmp_path: Path) -> None:
    room = Newsroom(site, 1)
    page = room.site.pages[room.path(0)]
    assert isinstance(page, Answer) and isinstance(page.body, str)
    data = '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": false}</script></head>'
    site.pages["/paid"] = Answer(page.body.replace("</head>", data))
    with opened(tmp_path / "archive", site) as archive:
        archive.ingest(f"{site.url}/paid")
        assert archive.get(f"{site.url}/paid").metadata["teaser"] is True
