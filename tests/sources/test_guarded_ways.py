"""Each way in which an address comes to point inside: none of them makes the fetcher connect, whatever leads there."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sources.site import Answer, Site
from sources.test_guard import INTERNAL
from sources.test_sync import opened

from rag.errors import FetchError
from rag.sources.connection import GuardedBackend
from rag.sources.guard import Guard, Rules

pytestmark = pytest.mark.slow

NAMES = {f"inner-{n}.example": address for n, address in enumerate(INTERNAL.values())}
"""A name for each kind of address; the news site's own is "news.example"."""
SPELT = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "localhost", "LOCALHOST.", "①②⑦.⓪.⓪.①",
]  # fmt: skip
"""This machine, as an address may spell it."""


def _feed(urls: list[str]) -> str:
    items = "".join(f"<item><title>A</title><link>{url}</link><enclosure url='{url}'/></item>" for url in urls)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{items}</channel></rss>'


def _sitemap(urls: list[str], whole: str = "urlset", part: str = "url") -> str:
    places = "".join(f"<{part}><loc>{url}</loc></{part}>" for url in urls)
    return f'<?xml version="1.0"?><{whole}>{places}</{whole}>'


def _redirects(site: Site, urls: list[str], status: int) -> list[str]:
    """Pages of the site that lead to each."""
    for n, url in enumerate(urls):
        site.pages[f"/{status}/{n}"] = Answer("", status, headers={"Location": url})
    return [f"http://news.example:{site.port}/{status}/{n}" for n in range(len(urls))]


def _wordpress(urls: list[str]) -> str:
    return json.dumps([{"link": url, "title": {"rendered": "A"}, "content": {"protected": True}} for url in urls])


WAYS: dict[str, Callable[[Site, list[str]], Answer]] = {
    "feed": lambda site, urls: Answer(_feed(urls), type="application/rss+xml"),
    "sitemap": lambda site, urls: Answer(_sitemap(urls), type="application/xml"),
    "index": lambda site, urls: Answer(_sitemap(urls, "sitemapindex", "sitemap"), type="application/xml"),
    "redirect": lambda site, urls: Answer(_feed(_redirects(site, urls, 302)), type="application/rss+xml"),
    "moved": lambda site, urls: Answer(_sitemap(_redirects(site, urls, 308)), type="application/xml"),
    "moved part": lambda site, urls: Answer(_sitemap(_redirects(site, urls, 301), "sitemapindex", "sitemap"),
                                            type="application/xml"),
    "wordpress": lambda site, urls: Answer(_wordpress(urls), type="application/json"),
}  # fmt: skip


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that a connection was tried to."""
    found: list[str] = []
    connect = GuardedBackend._connect

    def noted(self: GuardedBackend, address: str, port: int, timeout: float | None) -> Any:
        found.append(address)
        return connect(self, address, port, timeout)

    monkeypatch.setattr(GuardedBackend, "_connect", noted)
    return found


def _resolve(host: str, port: int) -> Sequence[str]:
    if host in NAMES:
        return [NAMES[host]]
    if host == "news.example":
        return ["127.0.0.1"]
    from rag.sources.guard import system_resolver

    return system_resolver(host, port)


@pytest.mark.parametrize("way", WAYS)
def test_what_a_listing_or_a_redirect_leads_to_is_refused(
    site: Site, tmp_path: Path, tried: list[str], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    inner = [f"http://{host}:{site.port}/secret" for host in (*NAMES, *SPELT)]
    site.pages["/list"] = WAYS[way](site, inner)
    site.pages["/secret"] = Answer("<html><body><article><h1>Secret</h1><p>Inside.</p></article></body></html>")
    monkeypatch.setattr(
        "rag.sources.manager.Guard",
        lambda rules: Guard(Rules.of(["news.example"], [site.port]), _resolve),
    )
    with opened(tmp_path / "archive", site) as news:
        news.sources.add(f"http://news.example:{site.port}/list")
        site.forget()
        (told,) = news.sources.sync().sources
        refusals = [error for error in told.errors if "not a public address" in error]
        assert len(refusals) >= len(NAMES) and told.new == 0, told
        assert set(tried) == {"127.0.0.1"} and "/secret" not in site.asked(), "no byte was sent there"
        assert {asked["host"] for _, asked in site.requests} == {f"news.example:{site.port}"}


@pytest.mark.parametrize("lead", ["feed", "sitemap", "api", "redirect"])
def test_what_a_home_page_offers_is_refused(site: Site, tried: list[str], lead: str) -> None:
    """An address that is looked at to see what it is leads inside by its head, its robots.txt or its own redirect."""
    for host in NAMES:
        url = f"http://{host}:{site.port}/secret"
        heads = {
            "feed": f'<link rel="alternate" type="application/rss+xml" href="{url}">',
            "api": f'<link rel="https://api.w.org/" href="{url}">',
        }
        site.pages["/robots.txt"] = Answer(f"Sitemap: {url}\n" if lead == "sitemap" else "", type="text/plain")
        site.pages["/"] = Answer(f"<html><head>{heads.get(lead, '')}</head><body><p>News</p></body></html>")
        if lead == "redirect":
            site.pages["/"] = Answer("", 301, headers={"Location": url})
        from rag.sources.listing import find

        with site.fetcher(_resolve, rules=Rules.of(["news.example"], [site.port])) as fetcher:
            try:
                found = find(fetcher, f"http://news.example:{site.port}/")
            except FetchError:
                found = None
            assert found is None or found.kind == "page"
    assert set(tried) == {"127.0.0.1"} and "/secret" not in site.asked()
