"""The same article from two forms: one article where its address tells, else one story with two keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import form_samples as samples
import pytest
from ingest.reading import drafts, write
from json_samples import ROWS, URL, WORDS

from rag import Archive
from rag.testing import FakeEmbeddings

LONG = " ".join([WORDS, "The council will decide on Tuesday who pays.", "Lorries take the coast road until then."])


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as opened:
        yield opened


def _rest(address: str) -> str:
    return json.dumps({**ROWS["wordpress"], "link": address, "content": {"rendered": f"<p>{LONG}</p>"}})


def _feed(address: str) -> bytes:
    return samples.feed().replace(b"<pubDate>", f"<link>{address}</link><pubDate>".encode())


def _page(address: str) -> str:
    return (
        f'<html><head><title>Bridge closed</title><link rel="canonical" href="{address}"></head><body><article>'
        f"<h1>Bridge closed</h1><p>{LONG}</p><p>{LONG}</p></article></body></html>"
    )


FORMS = {
    "site.json": _rest(URL),
    "page.html": _page(URL.replace("https:", "http:")),
    "wayback.html": _page(f"https://web.archive.org/web/20240309000000/{URL}"),
    "crawl.warc": samples.warc(),
    "letters.eml": samples.letter().replace(b"/p/bridge>", b"/bridge>"),
}


def test_an_address_makes_one_article_of_every_form(archive: Archive, tmp_path: Path) -> None:
    keys = {name: {a.key for a in drafts(write(tmp_path / "in" / name, made))} for name, made in FORMS.items()}
    assert set(map(frozenset, keys.values())) == {frozenset({URL})}, keys
    archive.ingest(tmp_path / "in")
    assert archive.list_articles()[1] == 1


@pytest.mark.parametrize("order", list(permutations(["a-feed.rss", "b-site.json"])))
def test_a_teaser_never_takes_the_place_of_the_whole(order: tuple[str, ...], archive: Archive, tmp_path: Path) -> None:
    made = {"a-feed.rss": _feed(URL.replace("https:", "http:")), "b-site.json": _rest(URL)}
    for _ in range(2):
        for name in order:
            report = archive.ingest(write(tmp_path / name, made[name]))
            assert report.refused == ()
    assert archive.list_articles()[1] == 1
    assert archive.get(URL).text == LONG
    assert report.skipped == () or report.skipped[0].passed == {"a beginning of an article that is there whole": 1}


def test_without_an_address_it_is_one_story_with_two_keys(archive: Archive, tmp_path: Path) -> None:
    write(tmp_path / "in/export.html", samples.factiva_html())
    write(tmp_path / "in/item.xml", samples.nitf())
    archive.ingest(tmp_path / "in")
    assert archive.list_articles()[1] == 2
    hits = archive.search("cracks in piers", k=5)
    assert len(hits) == 1
    assert len(hits[0].passage.also_published_by) == 1
