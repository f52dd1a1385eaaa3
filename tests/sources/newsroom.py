"""A news site of several outlets' structure: pages, feed, sitemaps, robots.txt, and pages that change or go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

from sources.site import Answer, Site

FIRST_DAY = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


class Newsroom:
    """Articles on a site, each in one of four structures; ``publish`` writes all pages and listings anew."""

    def __init__(self, site: Site, count: int, *, whole_feed: int = 20) -> None:
        """Publish articles.

        Args:
            site: Where.
            count: How many.
            whole_feed: How many of the newest the feed lists.
        """
        self.site, self._listed = site, whole_feed
        self.texts = {n: paragraphs(n) for n in range(count)}
        self.corrected: dict[int, datetime] = {}
        self.publish()

    def path(self, n: int) -> str:
        """Where an article is."""
        return f"/2026/03/story-{n}.html"

    def url(self, n: int) -> str:
        """Its whole address."""
        return self.site.url + self.path(n)

    def time(self, n: int) -> datetime:
        """When it appeared."""
        return FIRST_DAY + timedelta(hours=n)

    def title(self, n: int) -> str:
        """Its title."""
        return f"Storm number {n} reaches the harbour of Port {n}"

    def publish(self) -> None:
        """Write pages and listings as the articles are now."""
        pages = self.site.pages
        for n in self.texts:
            page = STRUCTURES[n % len(STRUCTURES)](self, n)
            pages[self.path(n)] = Answer(page, headers={"ETag": f'"{hash(page) & 0xFFFFFFFF:x}"'})
        newest = sorted(self.texts, reverse=True)[: self._listed]
        pages["/feed.xml"] = self._tagged(self.rss(newest), "application/rss+xml")
        pages["/sitemap.xml"] = self._tagged(self.sitemap(sorted(self.texts)), "application/xml")
        pages["/news-sitemap.xml"] = self._tagged(self.news_sitemap(newest), "application/xml")
        pages["/robots.txt"] = Answer(
            f"User-agent: *\nDisallow: /inner/\nSitemap: {self.site.url}/sitemap.xml\n"
            f"Sitemap: {self.site.url}/news-sitemap.xml\n",
            type="text/plain",
        )
        pages["/"] = Answer(
            '<html><head><title>Harbour Post</title><meta property="og:type" content="website">'
            '<link rel="alternate" type="application/rss+xml" href="/feed.xml"></head><body><p>News</p></body></html>'
        )

    def correct(self, n: int, text: str) -> None:
        """Replace an article's words, and publish."""
        self.texts[n] = [text, *self.texts[n][1:]]
        self.corrected[n] = datetime.now(UTC)
        self.publish()

    def add(self, n: int) -> None:
        """One more article."""
        self.texts[n] = paragraphs(n)
        self.publish()

    def withdraw(self, n: int, status: int = 410) -> None:
        """Take an article off."""
        del self.texts[n]
        self.publish()
        self.site.pages[self.path(n)] = Answer("<title>Gone</title>", status)

    @staticmethod
    def _tagged(body: str, kind: str) -> Answer:
        return Answer(body, type=kind, headers={"ETag": f'"{hash(body) & 0xFFFFFFFF:x}"'})

    def rss(self, numbers: list[int]) -> str:
        """A feed with teasers."""
        items = "".join(
            f"<item><title>{self.title(n)}</title><link>{self.url(n)}</link><guid>story:{n}</guid>"
            f"<pubDate>{format_datetime(self.time(n))}</pubDate><dc:creator>Reporter {n}</dc:creator>"
            f"<description>{escape(self.texts[n][0][:60])}…</description></item>"
            for n in numbers
        )
        return (
            '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
            f"<title>Harbour Post</title><link>{self.site.url}/</link>{items}</channel></rss>"
        )

    def sitemap(self, numbers: list[int]) -> str:
        """A sitemap with times of change."""
        urls = "".join(
            f"<url><loc>{self.url(n)}</loc><lastmod>{self.corrected.get(n, self.time(n)).isoformat()}</lastmod></url>"
            for n in numbers
        )
        return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'

    def news_sitemap(self, numbers: list[int]) -> str:
        """A news sitemap."""
        urls = "".join(
            f"<url><loc>{self.url(n)}</loc><news:news><news:publication><news:name>Harbour Post</news:name>"
            f"<news:language>en</news:language></news:publication><news:publication_date>{self.time(n).isoformat()}"
            f"</news:publication_date><news:title>{self.title(n)}</news:title></news:news></url>"
            for n in numbers
        )
        return (
            '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
            f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>'
        )


def paragraphs(n: int) -> list[str]:
    """The words of an article."""
    return [
        f"The harbour of Port {n} was closed on Monday after storm number {n} had damaged {n + 10} boats at the quay.",
        f"Engineers said that repairs at Port {n} would take {n + 2} weeks, and that no ship could leave before then.",
        f"The mayor of Port {n} called the damage the worst in {n + 20} years and asked the government for help.",
    ]


def _words(room: Newsroom, n: int) -> str:
    return "".join(f"<p>{escape(text)}</p>" for text in room.texts[n])


def _plain(room: Newsroom, n: int) -> str:
    return (
        f"<!DOCTYPE html><html lang='en'><head><title>{room.title(n)}</title></head><body><nav><a href='/'>Home</a>"
        f"</nav><main><article><h1>{room.title(n)}</h1>{_words(room, n)}</article></main><footer>Imprint</footer>"
        "</body></html>"
    )


def _described(room: Newsroom, n: int) -> str:
    return (
        f"<!DOCTYPE html><html lang='en'><head><title>{room.title(n)} | Harbour Post</title>"
        f"<meta property='og:title' content='{room.title(n)}'><meta property='og:type' content='article'>"
        f"<meta property='og:site_name' content='Harbour Post'><link rel='canonical' href='{room.url(n)}'>"
        f"<meta property='article:published_time' content='{room.time(n).isoformat()}'></head>"
        f"<body><div class='content'><h1>{room.title(n)}</h1>{_words(room, n)}</div></body></html>"
    )


def _structured(room: Newsroom, n: int) -> str:
    return (
        f"<!DOCTYPE html><html lang='en'><head><title>{room.title(n)}</title><script type='application/ld+json'>"
        f'{{"@context": "https://schema.org", "@type": "NewsArticle", "headline": "{room.title(n)}", '
        f'"datePublished": "{room.time(n).isoformat()}", "author": {{"@type": "Person", "name": "Ada Quay"}}}}'
        f"</script></head><body><section><h1>{room.title(n)}</h1><div>{_words(room, n)}</div></section></body></html>"
    )


def _old(room: Newsroom, n: int) -> str:
    return (
        f"<html><head><title>{room.title(n)}</title></head><body><table><tr><td><h2>{room.title(n)}</h2>"
        f"{_words(room, n)}</td></tr></table></body></html>"
    )


STRUCTURES: list[Callable[[Newsroom, int], str]] = [_plain, _described, _structured, _old]
