"""Values of fields: markup that rows bring along is removed, without any library."""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.ingest.values import running_text


@pytest.fixture(autouse=True)
def _without_lxml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lxml", None)


def paragraphs(text: str) -> list[str]:
    return [" ".join(p.split()) for p in running_text(text).split("\n\n") if p.strip()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>One <b>two</b>.</p><p>Three.</p>", ["One two.", "Three."]),
        ("<p>One.<p>Two.<div>Three.</div>Four.", ["One.", "Two.", "Three.", "Four."]),
        ("One.<br>Two.<br/>Three.", ["One.", "Two.", "Three."]),
        ("<ul><li>One.</li><li>Two.</li></ul>", ["One.", "Two."]),
        ("<p>a &amp; b &lt;c&gt; d&nbsp;e &#8217;</p>", ["a & b <c> d e ’"]),
        ("<p>One.</p><script>x('<p>y</p>')</script><style>p {}</style><!-- <p>no</p> --><p>Two.</p>", ["One.", "Two."]),
        ("<figure><img src=a><figcaption>Caption</figure><p>One.</p>", ["One."]),  # a caption that was left open
        ("<p>One.</p><noscript><p>no</p></noscript><iframe src=x></iframe>Two.", ["One.", "Two."]),
        ("<p>5 < 6 & 7 > 6.</p>", ["5 < 6 & 7 > 6."]),
        ("One </div> two <b>three</b>.", ["One two three."]),  # closes nothing
        ('<p>One.</p><a href="x>y">Two.</a>', ["One.", "Two."]),
        ("<p>One.</p><a href='https://exam", ["One."]),  # cut short
        ("<li>One.</li></…", ["One."]),
        ("<html><head><title>T</title></head><body><p>One.</p></body></html>", ["One."]),
        ("A < B and B > C", ["A < B and B > C"]),  # no markup: left alone
    ],
)
def test_markup_is_removed_and_blocks_stand_apart(text: str, expected: list[str]) -> None:
    assert paragraphs(text) == expected


PIECES = st.sampled_from(
    "<p> </p> <br> <div> </div> <b> </b> <script> </script> <figcaption> <!-- --> <![ <? </ < & &# words 5<6 <a ".split(
        " "
    )
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=12).map("".join))
def test_no_markup_is_an_error(text: str) -> None:
    assert isinstance(running_text(text + "</p>"), str)


@pytest.mark.parametrize("piece", ["<p>", "<div><figcaption>", "<", "<a ", "<!--", "<![", "&#"])
def test_time_grows_with_length_only(piece: str) -> None:
    started = time.perf_counter()
    running_text(piece * 50_000 + "</p>")
    assert time.perf_counter() - started < 5
