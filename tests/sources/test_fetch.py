"""Fetching: bounded in size and time, polite, and patient with what fails for a moment."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import threading
import time
import zlib
from collections.abc import Iterator, Mapping

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from sources.site import QUICK, Answer, Site

from rag.errors import FetchCancelled, FetchError, UsageError
from rag.sources.bodies import unpacked
from rag.sources.credentials import Credentials, check_place, credentials
from rag.sources.fetch import Budget

TEXT = "Der Hafen wurde am Montag geschlossen. " * 50
PACKED = {
    "gzip": gzip.compress(TEXT.encode()),
    "deflate": zlib.compress(TEXT.encode()),
    "br": brotli.compress(TEXT.encode()),
    "zstd": zstandard.ZstdCompressor().compress(TEXT.encode()),
}


@pytest.mark.parametrize("coding", PACKED)
def test_packed_answers_are_unpacked(site: Site, coding: str) -> None:
    site.pages["/a"] = Answer(PACKED[coding], headers={"Content-Encoding": coding})
    with site.fetcher() as fetcher:
        assert fetcher.get(f"{site.url}/a").body.decode() == TEXT


@pytest.mark.parametrize("coding", PACKED)
def test_what_unpacks_without_end_is_cut_off_within_its_bound(coding: str) -> None:
    large = b"\0" * 30_000_000
    packed = {
        "gzip": lambda: gzip.compress(large),
        "deflate": lambda: zlib.compress(large),
        "br": lambda: brotli.compress(large, quality=5),
        "zstd": lambda: zstandard.ZstdCompressor().compress(large),
    }[coding]()
    assert len(packed) < 100_000
    with pytest.raises(FetchError, match="more than 1 MB"):
        unpacked([packed], coding, 1_000_000)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_packed_answer_that_is_cut_off_is_told(coding: str) -> None:
    with pytest.raises(FetchError, match="broken"):
        unpacked([PACKED[coding][:-9]], coding, 1_000_000)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br", "odd", ""]))
def test_no_bytes_make_unpacking_fail_otherwise(raw: bytes, coding: str) -> None:
    with contextlib.suppress(FetchError):
        assert len(unpacked([raw], coding, 10_000)) <= 10_000


def endless(pause: float) -> Iterator[bytes]:
    for _ in itertools.count():
        time.sleep(pause)
        yield b"x" * 10


def test_an_answer_without_end_is_cut_off_by_size_or_by_time(site: Site) -> None:
    site.pages["/large"] = Answer(b"x" * 10_000 for _ in itertools.count())
    site.pages["/slow"] = lambda _: Answer(endless(0.05))
    with site.fetcher(limits=QUICK._replace(tries=1)) as fetcher:
        with pytest.raises(FetchError, match=r"more than 0\.3 MB"):
            fetcher.get(f"{site.url}/large")
        began = time.monotonic()
        with pytest.raises(FetchError, match="in time"):
            fetcher.get(f"{site.url}/slow")
        assert 2.5 < time.monotonic() - began < 4.5


def test_cancelling_ends_a_slow_answer_at_once(site: Site) -> None:
    site.pages["/slow"] = Answer(endless(0.05))
    cancel = threading.Event()
    with site.fetcher(cancel=cancel, limits=QUICK._replace(whole=60.0, silence=30.0)) as fetcher:
        threading.Timer(0.3, cancel.set).start()
        began = time.monotonic()
        with pytest.raises(FetchCancelled):
            fetcher.get(f"{site.url}/slow")
        assert time.monotonic() - began < 1.5


def test_what_fails_for_a_moment_is_tried_again(site: Site) -> None:
    states = iter([500, 503, 200])
    site.pages["/a"] = lambda _: Answer("<p>here</p>", next(states))
    with site.fetcher() as fetcher:
        assert fetcher.get(f"{site.url}/a").body == b"<p>here</p>"
    assert site.asked() == ["/a"] * 3


@pytest.mark.parametrize("status", [401, 402, 403, 404, 410, 451])
def test_what_is_refused_is_asked_for_once(site: Site, status: int) -> None:
    site.pages["/a"] = Answer("", status)
    with site.fetcher() as fetcher, pytest.raises(FetchError, match=f"HTTP {status}") as told:
        fetcher.get(f"{site.url}/a")
    assert told.value.status == status
    assert not told.value.again
    assert site.asked() == ["/a"]


def test_retry_after_is_waited_for(site: Site) -> None:
    states = iter([Answer("", 429, headers={"Retry-After": "1"}), Answer("here")])
    times: list[float] = []

    def page(_: Mapping[str, str]) -> Answer:
        times.append(time.monotonic())
        return next(states)

    site.pages["/a"] = page
    with site.fetcher(limits=QUICK._replace(longest_wait=2.0)) as fetcher:
        fetcher.get(f"{site.url}/a")
    assert times[1] - times[0] >= 1.0


def test_a_site_that_asks_for_long_rest_is_left_alone(site: Site) -> None:
    site.pages["/a"] = Answer("", 429, headers={"Retry-After": "600"})
    site.pages["/b"] = Answer("here")
    with site.fetcher() as fetcher:
        for path in ("/a", "/b"):
            with pytest.raises(FetchError) as told:
                fetcher.get(site.url + path)
            assert told.value.wait is not None and told.value.wait > 590
    assert site.asked() == ["/a"]


def test_robots_txt_is_kept(site: Site) -> None:
    site.pages["/robots.txt"] = Answer("User-agent: *\nDisallow: /inner/\nCrawl-delay: 0.3\n", type="text/plain")
    site.pages["/a"] = site.pages["/b"] = Answer("here")
    with site.fetcher() as fetcher:
        with pytest.raises(FetchError, match=r"robots\.txt asks not to"):
            fetcher.get(f"{site.url}/inner/a")
        began = time.monotonic()
        fetcher.get(f"{site.url}/a")
        fetcher.get(f"{site.url}/b")
        assert time.monotonic() - began > 0.3
    assert [path for path, _ in site.requests] == ["/robots.txt", "/a", "/b"]


def test_rules_for_our_name_win_over_those_for_all(site: Site) -> None:
    site.pages["/robots.txt"] = Answer("User-agent: *\nDisallow:\n\nUser-agent: OnRecordTests\nDisallow: /\n")
    with site.fetcher() as fetcher, pytest.raises(FetchError, match=r"robots\.txt"):
        fetcher.get(f"{site.url}/a")


@pytest.mark.parametrize(("status", "fetched"), [(404, True), (403, True), (500, False), (429, False)])
def test_a_robots_txt_that_is_not_there_allows_all_one_that_fails_nothing(
    site: Site, status: int, fetched: bool
) -> None:
    site.pages["/robots.txt"] = Answer("", status)
    site.pages["/a"] = Answer("here")
    with site.fetcher() as fetcher:
        if fetched:
            assert fetcher.get(f"{site.url}/a").body == b"here"
        else:
            with pytest.raises(FetchError, match=r"robots\.txt can't be read"):
                fetcher.get(f"{site.url}/a")
            assert site.asked() == []


def test_one_connection_a_host_and_a_pause_between_requests(site: Site) -> None:
    running, most, lock, times = 0, 0, threading.Lock(), list[float]()

    def page(_: Mapping[str, str]) -> Answer:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            times.append(time.monotonic())
        time.sleep(0.02)
        with lock:
            running -= 1
        return Answer("here")

    site.pages |= {f"/{n}": page for n in range(6)}
    site.pages["/robots.txt"] = Answer("", type="text/plain")
    with site.fetcher(delay=0.05) as fetcher:
        threads = [threading.Thread(target=fetcher.get, args=(f"{site.url}/{n}",)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == 1
    assert min(b - a for a, b in itertools.pairwise(sorted(times))) > 0.05
    assert site.connections == 1


def test_redirects_are_followed_so_far_and_told_when_they_are_for_good(site: Site) -> None:
    site.pages |= {
        "/old": Answer("", 301, headers={"Location": "/new#part"}),
        "/new": Answer("here"),
        "/now": Answer("", 302, headers={"Location": "/new"}),
        "/round": Answer("", 302, headers={"Location": "/round"}),
    }
    with site.fetcher() as fetcher:
        found = fetcher.get(f"{site.url}/old")
        assert (found.url, found.moved) == (f"{site.url}/new", f"{site.url}/new")
        assert fetcher.get(f"{site.url}/now").moved is None
        with pytest.raises(FetchError, match="redirects"):
            fetcher.get(f"{site.url}/round")


def test_a_copy_that_is_there_is_not_sent_again(site: Site) -> None:
    site.pages["/a"] = Answer("here", headers={"ETag": '"1"'})
    with site.fetcher() as fetcher:
        found = fetcher.get(f"{site.url}/a")
        again = fetcher.get(f"{site.url}/a", etag=found.etag)
    assert (found.status, again.status, again.body) == (200, 304, b"")


def test_the_user_agent_names_the_project(site: Site) -> None:
    site.pages["/a"] = Answer("here")
    with site.fetcher(agent="OnRecord/0.1 (desk@news.example)") as fetcher:
        fetcher.get(f"{site.url}/a")
    assert {headers["user-agent"] for _, headers in site.requests} == {"OnRecord/0.1 (desk@news.example)"}


def test_a_budget_ends_a_run(site: Site) -> None:
    site.pages |= {f"/{n}": Answer("here") for n in range(3)}
    with site.fetcher(budget=Budget(pages=2)) as fetcher:
        fetcher.get(f"{site.url}/0")
        fetcher.get(f"{site.url}/1")
        with pytest.raises(FetchError, match="budget"):
            fetcher.get(f"{site.url}/2")
    assert site.asked() == ["/0", "/1"]


def test_credentials_reach_their_own_host_and_nobody_else(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK", "ada:open sesame")
    site.pages["/a"] = Answer("", 302, headers={"Location": f"http://localhost:{site.port}/b"})
    site.pages["/b"] = Answer("here")
    given_for = credentials("env:DESK", f"{site.url}/feed")
    assert "sesame" not in repr(given_for)
    with site.fetcher(rules=site.rules("localhost")) as fetcher:
        fetcher.get(f"{site.url}/a", credentials=given_for)
    sent = {path: headers.get("authorization") for path, headers in site.requests if path != "/robots.txt"}
    assert sent == {"/a": "Basic YWRhOm9wZW4gc2VzYW1l", "/b": None}


def test_credentials_are_not_sent_in_the_open_to_a_public_host(site: Site) -> None:
    held = Credentials("news.example", {"X-Key": "1"})
    with site.fetcher() as fetcher:
        assert held.fit("https://news.example/a", fetcher.guard)
        assert not held.fit("http://news.example/a", fetcher.guard)


def test_a_secret_is_never_taken_for_its_place() -> None:
    with pytest.raises(UsageError, match="never the value"):
        check_place("ada:open sesame")
