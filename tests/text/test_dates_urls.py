"""Dates that are certain, and addresses in one form."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.dates import parse_date
from rag.text.urls import canonical, host, original


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("2023-06-19", "2023-06-19T00:00:00+00:00"),
        ("Fri Apr 28 19:20:36 CEST 2023", "2023-04-28T19:20:36+02:00"),
        ("2023-06-19T08:30:00Z", "2023-06-19T08:30:00+00:00"),
        ("2023-06-19 08:30:00+03:00", "2023-06-19T08:30:00+03:00"),
        ("2022/11/19", "2022-11-19T00:00:00+00:00"),
        ("2022/11/19 10:15", "2022-11-19T10:15:00+00:00"),
        ("20221119", "2022-11-19T00:00:00+00:00"),
        ("Mon, 19 Jun 2023 08:30:00 GMT", "2023-06-19T08:30:00+00:00"),
        ("Mon, 19 Jun 2023 08:30:00 EDT", "2023-06-19T08:30:00-04:00"),
        ("June 19, 2023", "2023-06-19T00:00:00+00:00"),
        ("Jun. 19, 2023 8:30 AM EDT", "2023-06-19T08:30:00-04:00"),
        ("19 June 2023", "2023-06-19T00:00:00+00:00"),
        ("Monday, June 19, 2023", "2023-06-19T00:00:00+00:00"),
        ("19 Haziran 2023", "2023-06-19T00:00:00+00:00"),
        ("19 KASIM 2022", "2022-11-19T00:00:00+00:00"),
        ("19. Juni 2023", "2023-06-19T00:00:00+00:00"),
        ("19 de junio de 2023", "2023-06-19T00:00:00+00:00"),
        ("19 juin 2023", "2023-06-19T00:00:00+00:00"),
        ("2023年6月19日", "2023-06-19T00:00:00+00:00"),
        ("12 avr. 2023", "2023-04-12T00:00:00+00:00"),
        ("3. Okt. 2023", "2023-10-03T00:00:00+00:00"),
        ("5 ago 2023", "2023-08-05T00:00:00+00:00"),
        ("1 dic 2022", "2022-12-01T00:00:00+00:00"),
        ("14 Eki 2023", "2023-10-14T00:00:00+00:00"),
        ("7 set 2023", "2023-09-07T00:00:00+00:00"),
        ("5 ene 2023", "2023-01-05T00:00:00+00:00"),
        ("19 июня 2023 г.", "2023-06-19T00:00:00+00:00"),
        ("19 June 2023 | Updated 20 June 2023 10:15", "2023-06-19T00:00:00+00:00"),
        ("1er janvier 2023", "2023-01-01T00:00:00+00:00"),
        ("2023-Jun-19", "2023-06-19T00:00:00+00:00"),
        ("Mon Jun 19 08:30:00 EDT 2023", "2023-06-19T08:30:00-04:00"),
        ("19 juin 2023 à 14h30", "2023-06-19T14:30:00+00:00"),
        ("19 June 2023 at 8.30 pm", "2023-06-19T20:30:00+00:00"),
        ("June 19, 2023 | 12 a.m.", "2023-06-19T00:00:00+00:00"),
        ("19.06.2023", "2023-06-19T00:00:00+00:00"),
        ("19/06/2023", "2023-06-19T00:00:00+00:00"),
        ("06/19/2023", "2023-06-19T00:00:00+00:00"),
        (1687161600, "2023-06-19T08:00:00+00:00"),
        (1687161600000, "2023-06-19T08:00:00+00:00"),
        ({"$date": "2023-06-19"}, "2023-06-19T00:00:00+00:00"),
        (date(2023, 6, 19), "2023-06-19T00:00:00+00:00"),
        (datetime(2023, 6, 19, 8), "2023-06-19T08:00:00+00:00"),
    ],
)
def test_dates(value: Any, iso: str) -> None:
    found = parse_date(value)
    assert found is not None
    assert found.isoformat() == iso


@pytest.mark.parametrize(
    "value",
    [None, "", "yesterday", "Monday", "10", "2023", "June 2023", "03/04/2023", "2023-13-45", "19 Foo 2023", "n/a",
     "99999999", "0001-01-01", "9999-12-31", True, 5, [], {}, "May I come in 2023, please?", "1e400", float("nan"),
     10**400],
)  # fmt: skip
def test_what_is_not_certain_stays_unknown(value: Any) -> None:
    assert parse_date(value) is None


@given(st.one_of(st.text(max_size=90), st.integers(), st.floats(), st.text("0123456789-/.: TZ+年月日", max_size=30)))
def test_any_value_gives_an_aware_date_or_none(value: Any) -> None:
    found = parse_date(value)
    assert found is None or found.tzinfo is not None


@pytest.mark.parametrize(
    ("url", "result"),
    [
        ("HTTP://WWW.Example.COM:80/A/b/?utm_source=x&id=5&fbclid=1#top", "https://www.example.com/A/b?id=5"),
        ("https://example.com/", "https://example.com"),
        ("https://example.com/a?b=1&a=%20x&c", "https://example.com/a?b=1&a=%20x&c"),
        (" https://example.com/a\n", "https://example.com/a"),
        ("http://example.com:8080/a", "https://example.com:8080/a"),
        ("https://user:pw@example.com/a", "https://example.com/a"),
        ("http://[::1]/a/", "https://[::1]/a"),
        ("http://[broken/a", "http://[broken/a"),
        ("not a url", "notaurl"),
    ],
)
def test_canonical(url: str, result: str) -> None:
    assert canonical(url) == result


@given(st.text())
def test_canonical_is_stable(text: str) -> None:
    once = canonical("https://" + text)
    assert canonical(once) == once


@pytest.mark.parametrize(
    ("url", "result"),
    [
        ("https://www.bbc.co.uk/x", "bbc.co.uk"),
        ("http://X.y", "x.y"),
        (None, None),
        ("/a/b", None),
        ("https://[x", None),
    ],
)
def test_host(url: str | None, result: str | None) -> None:
    assert host(url) == result


@pytest.mark.parametrize(
    ("text", "day"),
    [("19 يونيو 2023", (2023, 6, 19)), ("12 मार्च 2023", (2023, 3, 12)), ("12 ožu 2023", (2023, 3, 12))],
)
def test_months_of_other_languages_are_dateparsers(text: str, day: tuple[int, int, int]) -> None:
    assert parse_date(text) == datetime(*day, tzinfo=UTC)


@pytest.mark.parametrize("text", ["12 year 2023", "12 foo 2023", "5 people in 2023", "10 days 2023", "31 ožu 2023 g"])
def test_no_date_is_made_of_what_names_no_month(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("url", "result"),
    [
        ("https://web.archive.org/web/20230618101112id_/http://a.example/x?y=1", "http://a.example/x?y=1"),
        ("https://web.archive.org/web/2023/a.example/x", "http://a.example/x"),
        ("https://archive.example/20230618101112/https://a.example/x", "https://a.example/x"),
        ("https://archive.example/2023.06.18-101112/https://a.example/x", "https://a.example/x"),
        ("https://archive.example/all/20230618101112mp_/https://a.example/x", "https://a.example/x"),
        ("https://www.google.com/amp/s/a.example/x", "https://a.example/x"),
        ("https://a-example.cdn.ampproject.org/c/s/a.example/x", "https://a.example/x"),
        ("https://share.example/to/https://a.example/x", "https://share.example/to/https://a.example/x"),
        ("https://a.example/20230618/news", "https://a.example/20230618/news"),
    ],
)
def test_the_original_of_captures_and_caches(url: str, result: str) -> None:
    assert original(url) == result
