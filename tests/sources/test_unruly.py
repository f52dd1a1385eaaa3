"""200 pages of a site on which everything happens: what can be read is read, the rest told, nothing asked twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from sources.site import QUICK, Site
from sources.test_sync import opened
from sources.unruly import BEHAVIOUR, FAILED, FORBIDDEN, GONE, NONE, READ, WRITTEN, Unruly

from rag.sources.values import SourceReport

pytestmark = pytest.mark.slow
PAGES = 200


def test_a_whole_site(site: Site, tmp_path: Path) -> None:
    room = Unruly(site, PAGES)
    expected = {n: BEHAVIOUR[n][1] if n in BEHAVIOUR else READ for n in range(PAGES)} | {FORBIDDEN: FAILED}
    count = {what: sum(one == what for one in expected.values()) for what in (READ, FAILED, NONE, GONE)}
    with opened(tmp_path / "archive", site, limits=QUICK._replace(whole=1.2, tries=2)) as news:

        def sync(**options: bool) -> dict[str, SourceReport]:
            site.forget()
            return {one.source: one for one in news.sources.sync(**options).sources}

        for name, path in (("feed", "/"), ("news", "/news-sitemap.xml"), ("all", "/sitemap.xml")):
            news.sources.add(f"{site.url}{path}", name=name, remove=True)
        told = sync()
        assert all(one.read for one in told.values())
        assert sum(one.new for one in told.values()) == count[READ], "the same article by three ways is one"
        result = (told["all"].failed, told["all"].skipped, told["all"].gone)
        assert result == (count[FAILED], count[NONE], count[GONE]), told["all"].errors
        articles = {int(a.title.split()[2]): news.get(a.key) for a in news.articles()}
        assert sorted(articles) == [n for n, what in expected.items() if what == READ]
        assert not [path for path in site.asked() if path == room.path(FORBIDDEN)]
        for n, article in articles.items():
            port = f"Pörtø {n}" if n in WRITTEN else f"Port {n}"
            assert article.text.startswith(f"The harbour of {port} was closed on Monday after storm number {n} had"), n
            assert article.title == room.title(n)
            assert article.published == room.time(n) or (n < PAGES - 20 and n % 4 in (0, 3)), "those pages tell no time"

        told = sync()
        assert [one.new + one.changed + one.gone for one in told.values()] == [0, 0, 0]
        assert sorted(site.asked()) == ["/feed.xml", "/news-sitemap.xml", "/sitemap.xml"]

        room.add(PAGES)
        room.correct(150, "The harbour of Port 150 was open on Monday, unlike what an earlier version of this said.")
        room.withdraw(152)
        told = sync()
        assert (sum(one.new for one in told.values()), told["all"].changed) == (1, 1)
        due = {room.path(PAGES), room.path(150), *(room.path(n) for n, what in expected.items() if what == GONE)}
        assert set(site.asked()) == {"/feed.xml", "/news-sitemap.xml", "/sitemap.xml"} | due, "gone, and listed still"
        told = sync(look_at_all=True)
        assert (told["all"].gone, told["all"].removed) == (1, 1), told["all"]
        assert sum(one.new + one.changed for one in told.values()) == 0
        assert news.stats().articles == count[READ]  # one more, one less
