"""Syncs over a site of our own: what is new comes, what hasn't changed is not fetched, nothing comes twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sources.newsroom import Newsroom
from sources.site import QUICK, Answer, Site

from rag import Archive
from rag.errors import SourceError, UsageError
from rag.settings import load_settings
from rag.sources.fetch import Limits
from rag.sources.manager import FetchOptions, Sources
from rag.sources.values import SourceReport
from rag.testing import FakeEmbeddings
from rag.text import parser


@pytest.fixture
def news(site: Site, tmp_path: Path) -> Iterator[Archive]:
    """An archive that may fetch from the site."""
    with opened(tmp_path / "archive", site) as archive:
        yield archive


def opened(path: Path, site: Site, pages: int = 1000, limits: Limits = QUICK) -> Archive:
    """An archive that may fetch from the site, with the waits of a test."""
    archive = Archive.open(path, embeddings=FakeEmbeddings())
    options = FetchOptions(
        "OnRecordTests/1.0", allow=("127.0.0.1",), ports=(site.port,), delay=0.0, pages=pages, limits=limits
    )
    archive.__dict__["sources"] = Sources(archive.stores, options)
    return archive


def sync(archive: Archive, **options: Any) -> SourceReport:
    report = archive.sources.sync(**options)
    (told,) = report.sources
    return told


def test_a_feed_brings_whole_pages_and_its_values_fill_what_they_lack(site: Site, news: Archive) -> None:
    room = Newsroom(site, 8)
    source = news.sources.add(f"{site.url}/")
    assert (source.kind, source.address) == ("feed", f"{site.url}/feed.xml")
    told = sync(news)
    assert (told.read, told.new, told.failed, told.skipped) == (True, 8, 0, 0), told
    article = news.get(room.url(0))
    assert article.text.startswith("The harbour of Port 0 was closed on Monday after storm number 0")
    assert "The mayor of Port 0" in article.text, "the page's text, not the feed's teaser"
    assert (article.title, article.author, article.source) == (room.title(0), "Reporter 0", "Harbour Post")
    assert article.published == room.time(0)
    assert news.get("story:0").key == article.key
    assert news.get(room.url(2)).author == "Ada Quay", "the page's own author wins"


def test_the_second_sync_fetches_nothing_and_a_change_exactly_what_is_new(site: Site, news: Archive) -> None:
    room = Newsroom(site, 40)
    news.sources.add(f"{site.url}/sitemap.xml")
    assert sync(news).new == 40
    site.forget()
    told = sync(news)
    assert (told.read, told.new, told.changed, told.pages, told.bytes) == (True, 0, 0, 0, 0)
    assert site.asked() == ["/sitemap.xml"]
    room.add(40)
    room.correct(7, "The harbour of Port 7 was open on Monday, unlike what an earlier version said.")
    site.forget()
    told = sync(news)
    assert (told.new, told.changed, told.failed) == (1, 1, 0)
    assert sorted(site.asked()) == sorted(["/sitemap.xml", room.path(40), room.path(7)])
    newest = news.get(room.url(7))
    assert "was open on Monday" in newest.text
    assert len(news.versions(newest.key)) == 2, "a correction is a new version of the same article"


def test_pages_are_looked_at_again_as_they_age_and_on_demand(site: Site, news: Archive) -> None:
    room = Newsroom(site, 4)
    news.sources.add(f"{site.url}/feed.xml")
    sync(news)
    before = site.pages["/feed.xml"]
    room.correct(1, "The harbour of Port 1 was open on Monday, which the feed doesn't tell of.")
    site.pages["/feed.xml"] = before
    site.forget()
    assert sync(news).changed == 0
    told = sync(news, look_at_all=True)
    assert (told.changed, told.unchanged) == (1, 3)
    assert [status for path, status in site.answers if path == room.path(2)] == [304]


def test_what_only_a_listing_told_stays_when_a_page_is_looked_at_again(site: Site, news: Archive) -> None:
    room = Newsroom(site, 1)
    news.sources.add(f"{site.url}/feed.xml")
    sync(news)
    before = site.pages["/feed.xml"]
    room.correct(0, "The harbour of Port 0 was open on Monday, which the feed doesn't tell of.")
    site.pages["/feed.xml"] = before
    assert sync(news, look_at_all=True).changed == 1
    article = news.get(room.url(0))
    assert "was open on Monday" in article.text
    assert (article.author, article.source) == ("Reporter 0", "Harbour Post"), "the page itself names neither"
    assert article.published == room.time(0)


def test_a_listing_that_tells_less_takes_nothing_away(site: Site, news: Archive) -> None:
    room = Newsroom(site, 1)
    news.sources.add(f"{site.url}/feed.xml", name="feed")
    sync(news)
    news.sources.add(f"{site.url}/sitemap.xml", name="sitemap")
    for _ in range(2):
        told = {one.source: one for one in news.sources.sync(look_at_all=True).sources}
        assert (told["sitemap"].changed, told["feed"].changed) == (0, 0)
    assert news.stats().older_versions == 0
    assert news.get(room.url(0)).published == room.time(0)


@pytest.mark.parametrize("remove", [True, False])
def test_what_is_withdrawn_is_taken_down_where_that_was_asked_for(site: Site, news: Archive, remove: bool) -> None:
    room = Newsroom(site, 5)
    news.sources.add(f"{site.url}/sitemap.xml", remove=remove)
    sync(news)
    room.withdraw(3)
    told = sync(news, look_at_all=True)
    assert (told.gone, told.removed) == (1, int(remove))
    assert news.stats().articles == (4 if remove else 5)


def test_a_page_that_is_only_missing_is_told_and_stays(site: Site, news: Archive) -> None:
    room = Newsroom(site, 3)
    news.sources.add(f"{site.url}/sitemap.xml", remove=True)
    sync(news)
    room.withdraw(1, status=404)
    told = sync(news, look_at_all=True)
    assert (told.gone, told.removed, news.stats().articles) == (1, 0, 3)


def test_what_a_person_has_taken_down_does_not_come_again(site: Site, news: Archive) -> None:
    room = Newsroom(site, 3)
    news.sources.add(f"{site.url}/sitemap.xml")
    sync(news)
    news.delete(room.url(1))
    room.correct(1, "The harbour of Port 1 was open on Monday, and this article has changed since.")
    told = sync(news, look_at_all=True)
    assert told.new == told.changed == 0
    assert sorted(a.key for a in news.articles()) == sorted(
        k.replace("http:", "https:") for k in (room.url(0), room.url(2))
    )


def test_failures_are_told_and_tried_again_later_and_do_not_stop_the_rest(site: Site, news: Archive) -> None:
    room = Newsroom(site, 6)
    site.pages[room.path(1)] = Answer("", 500)
    site.pages[room.path(2)] = Answer("", 403)
    site.pages[room.path(3)] = Answer(b"\x89PNG\r\n", type="image/png")
    site.pages[room.path(4)] = Answer("<html><body></body></html>")
    news.sources.add(f"{site.url}/sitemap.xml")
    told = sync(news)
    assert (told.read, told.new, told.failed, told.skipped, told.waiting) == (True, 2, 2, 2, 1), told
    assert any("HTTP 500" in error for error in told.errors) and any("HTTP 403" in error for error in told.errors)


def test_a_page_that_is_not_for_all_leaves_the_feeds_teaser(site: Site, news: Archive) -> None:
    room = Newsroom(site, 2)
    site.pages[room.path(1)] = Answer("<p>Subscribe</p>", 402)
    news.sources.add(f"{site.url}/feed.xml")
    assert sync(news).new == 2
    teaser = news.get(room.url(1))
    assert teaser.metadata == {"teaser": True}
    assert teaser.text.startswith("The harbour of Port 1 was closed")


def test_a_budget_ends_a_run_and_the_next_goes_on(site: Site, tmp_path: Path) -> None:
    Newsroom(site, 12)
    with opened(tmp_path / "archive", site, pages=6) as archive:
        archive.sources.add(f"{site.url}/sitemap.xml")
        told = sync(archive)
        assert (told.new, told.waiting) == (5, 7), "the sitemap counts, too"
        told = sync(archive)
        assert (told.new, told.waiting) == (5, 2)
        assert sync(archive).waiting == 0
        assert archive.stats().articles == 12


def test_a_source_that_cannot_be_read_is_told_and_the_others_are_read(site: Site, news: Archive) -> None:
    Newsroom(site, 3)
    news.sources.add(f"{site.url}/sitemap.xml", name="good")
    news.sources.add(f"{site.url}/feed.xml", name="bad")
    del site.pages["/feed.xml"]
    report = news.sources.sync()
    assert {s.source: s.read for s in report.sources} == {"good": True, "bad": False}
    assert not report.complete
    assert "HTTP 404" in news.sources.log("bad")[0].errors[0]


def test_pausing_and_removing(site: Site, news: Archive) -> None:
    Newsroom(site, 3)
    news.sources.add(f"{site.url}/feed.xml", name="post")
    for name in (None, "post", "another"):
        with pytest.raises(UsageError, match=r"The source 'post' has this address already: .*/feed\.xml"):
            news.sources.add(f"{site.url}/feed.xml", name=name)
    with pytest.raises(UsageError, match="a source named 'post' already"):
        news.sources.add(f"{site.url}/", name="post", kind="page")
    news.sources.pause("post")
    assert news.sources.sync().sources == ()
    news.sources.pause("post", paused=False)
    assert sync(news).new == 3
    assert news.sources.daily()[-1][1:] == ("post", 3)
    assert news.sources.remove("post", articles=True) == 3
    assert list(news.articles()) == [] and news.sources.all() == []
    with pytest.raises(SourceError, match="no source"):
        news.sources.get("post")


def test_sitemap_indexes_are_followed_and_unchanged_parts_left_alone(site: Site, news: Archive) -> None:
    room = Newsroom(site, 10)

    def index(second: str) -> Answer:
        parts = f"<sitemap><loc>{site.url}/a.xml</loc><lastmod>2026-03-01</lastmod></sitemap>"
        parts += f"<sitemap><loc>{site.url}/b.xml</loc><lastmod>{second}</lastmod></sitemap>"
        return Answer(f"<sitemapindex>{parts}</sitemapindex>", type="application/xml")

    site.pages["/index.xml"] = index("2026-03-01")
    site.pages["/a.xml"] = Answer(room.sitemap([0, 1, 2]), type="application/xml")
    site.pages["/b.xml"] = Answer(room.sitemap([3, 4]), type="application/xml")
    news.sources.add(f"{site.url}/index.xml")
    assert sync(news).new == 5
    site.pages["/index.xml"] = index("2026-03-02")
    site.pages["/b.xml"] = Answer(room.sitemap([3, 4, 5]), type="application/xml")
    site.forget()
    assert sync(news).new == 1
    assert site.asked() == ["/index.xml", "/b.xml", room.path(5)]


def test_stopping_returns_soon_and_the_next_sync_goes_on(site: Site, news: Archive) -> None:
    room = Newsroom(site, 30)
    for n in range(30):
        page = site.pages[room.path(n)]
        assert isinstance(page, Answer)
        site.pages[room.path(n)] = slowly(page)
    news.sources.add(f"{site.url}/sitemap.xml")
    cancel = threading.Event()
    threading.Timer(0.8, cancel.set).start()
    report = news.sources.sync(cancel=cancel)
    stopped = time.monotonic()
    assert report.stopped and report.seconds < 2.8
    assert 0 <= news.stats().articles < 30
    told = sync(news)
    assert news.stats().articles == 30
    assert told.new + sum(s.new for s in report.sources) == 30
    assert time.monotonic() - stopped < 30


def slowly(page: Answer) -> Callable[[Any], Answer]:
    def answer(_: Any) -> Answer:
        time.sleep(0.1)
        return page

    return answer


def test_a_new_article_is_found_while_the_sync_goes_on(site: Site, tmp_path: Path) -> None:
    room = Newsroom(site, 40)
    for n in range(40):
        page = site.pages[room.path(n)]
        assert isinstance(page, Answer)
        site.pages[room.path(n)] = slowly(page)
    with opened(tmp_path / "archive", site) as archive, opened(tmp_path / "archive", site) as reader:
        archive.sources.add(f"{site.url}/sitemap.xml")
        running = threading.Thread(target=archive.sources.sync)
        running.start()
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if reader.exists and reader.stats().articles and reader.search("storm number 39"):
                break
            time.sleep(0.1)
        else:
            pytest.fail("not found")
        assert running.is_alive(), "found before the sync was done"
        running.join()


@pytest.mark.skipif(not parser.available(), reason="the parser is not installed")
@pytest.mark.parametrize("model", ["embeds", "finds quotes"])
def test_others_write_while_a_model_is_at_work_for_a_sync(
    site: Site, news: Archive, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Newsroom(site, 3)
    news.sources.add(f"{site.url}/sitemap.xml")
    news.add({"title": "First", "text": "The ferry sails again.", "key": "first"})
    began, goes_on = threading.Event(), threading.Event()
    embed = FakeEmbeddings.embed_documents

    def held() -> None:
        began.set()
        assert goes_on.wait(30)

    def embed_slowly(self: FakeEmbeddings, texts: list[str]) -> list[list[float]]:
        if any("Storm number" in text for text in texts):
            held()
        return embed(self, texts)

    def find_slowly(articles: Any) -> list[list[Any]]:
        held()
        return [[] for _ in articles]

    if model == "embeds":
        monkeypatch.setattr(FakeEmbeddings, "embed_documents", embed_slowly)
    monkeypatch.setattr(
        "rag.sources.sync.find_quotes", find_slowly if model != "embeds" else lambda them: [[]] * len(them)
    )
    thread = threading.Thread(target=news.sources.sync)
    thread.start()
    try:
        assert began.wait(20)
        assert news.add({"title": "Second", "text": "The ferry is late.", "key": "second"}).added == 1
        assert news.delete("first") == ["first"]
        assert thread.is_alive() and news.stats().articles == 1, "the sync has stored nothing yet"
    finally:
        goes_on.set()
        thread.join(20)
    assert news.stats().articles == 4
    assert news.search("storm number 2")[0].passage.title == "Storm number 2 reaches the harbour of Port 2"
    assert not news.doctor()


def test_what_changes_while_a_sync_computes_is_computed_again(site: Site, news: Archive) -> None:
    """A title that was set by hand in between is what is embedded."""
    from rag.sources.ahead import Ahead

    room = Newsroom(site, 1)
    news.sources.add(f"{site.url}/sitemap.xml")
    sync(news)
    room.correct(0, "The harbour of Port 0 was open on Monday, unlike what an earlier version said.")
    prepare = Ahead.prepare

    def mended_meanwhile(self: Ahead, articles: Any, catalog: Any) -> Any:
        ready = prepare(self, articles, catalog)
        news.mend(room.url(0), title="Harbour open")
        return ready

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ahead, "prepare", mended_meanwhile)
        assert sync(news).changed == 1
    article = news.get(room.url(0))
    assert (article.title, "was open on Monday" in article.text) == ("Harbour open", True)
    (ident,) = news.stores.catalog.passages_of([article.id])
    stored = news.stores.catalog.vectors([ident])[ident]
    expected = news.stores.embed([f"Harbour open\n{news.stores.catalog.passages([ident])[ident].text}"])[0]
    assert float(stored @ expected) > 0.999


def test_what_comes_by_a_sync_changes_what_is_there(site: Site, tmp_path: Path) -> None:
    """Articles that are synced are compared with those that are there, as ingested ones are."""
    settings = load_settings(
        archive=tmp_path / "archive", fetch_allow=("127.0.0.1",), fetch_ports=(site.port,), fetch_delay=0.0
    )
    told = {
        "2023-01-06": "Ana Reyes was sworn in as mayor of Porto Novo on Friday.",
        "2023-09-04": "Mayor Ana Reyes resigned on Monday.",
    }
    for day, words in told.items():
        site.pages[f"/{day}.html"] = Answer(
            "<html lang='en'><head><title>Mayor</title><meta property='article:published_time' "
            f"content='{day}T09:00:00Z'></head><body><article><h1>Mayor</h1><p>{words}</p></article></body></html>"
        )
    with Archive.open(embeddings=FakeEmbeddings(), settings=settings) as archive:
        for day in told:
            archive.sources.add(f"{site.url}/{day}.html", name=day, kind="page")
        assert sum(one.new for one in archive.sources.sync().sources) == 2
        (link,) = archive.stores.catalog.links()
        changed, by = archive.get(link.of[0]), archive.get(link.by[0])
    assert (link.kind, changed.text, by.text) == ("overtaken", told["2023-01-06"], told["2023-09-04"])
