"""Hostile words stay words in every field of the report."""

from __future__ import annotations

import pytest
from helpers import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from rag.evaluation import labels, report, statistics
from rag.evaluation.values import (
    Row,
    Score,
)

from .report_pages import (
    assert_whole,
    choice_row,
    failed,
    make_comparison,
    make_row,
    make_run,
)

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "]]>",
    "-->",
    "</style></script></svg></title>",
    "{{7*7}}{% raw %}",
    "javascript:alert(1)",
    "$\\frac{1}{2}$ \\alpha $",
    "&lt;b&gt;&amp;",
    "\x00\x07\x1b[31m\x7f\x85",
    "\u202eevil\u2066x\u2069\u200f",
    "w0w",
    "#040404",
    "url(https://evil.example/x)",
]


def hostile_rows(words: str) -> list[Row]:
    broken = failed("broken" + words, f"ModelFailed: it broke{words}")
    return [
        make_row("a", words),
        make_row("b", words, answers=("no",)),
        make_row("c", words, answered=False),
        choice_row(words),
        broken,
    ]


def hostile_page(words: str) -> str:
    rows = hostile_rows(words)
    said = dict.fromkeys(("cases", "archive", "fingerprint", "machine", "commit", "version", "id"), f"x{words}")
    run = make_run(**said, model=f"local{words}", prompts=(f"answer@1{words}",), settings={f"k{words}": words})
    made = statistics.report(run, rows, resamples=20)
    odd = Score(name=f"odd{words}", value=0.5, low=0.1, high=0.9, cases=len(rows))
    return report.html(
        made.model_copy(
            update={
                "scores": (*made.scores, odd),
                "notes": (f"A note{words}",),
                "by_tag": {f"t{words}": (odd,), "u": (odd,)},
            }
        ),
        rows,
    )


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_words(words: str) -> None:
    text = hostile_page(words)
    root = assert_whole(text)
    plain = lxml_html.document_fromstring(hostile_page("x"))
    assert {e.tag for e in root.iter()} == {e.tag for e in plain.iter()}
    for tag in ("script", "style", "svg", "title", "mark", "details", "input", "meta", "h4"):
        assert len(root.xpath(f"//{tag}")) == len(plain.xpath(f"//{tag}")), tag
    if labels.readable(words) == words and "\u200f" not in words:
        assert words in root.text_content()
        assert words in root.xpath("//mark")[0].text_content()


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(codec="utf-8"), max_size=12))
def test_any_words_leave_the_page_whole(words: str) -> None:
    root = assert_whole(hostile_page(words))
    assert len(root.xpath("//script")) == 1 and len(root.xpath("//mark")) == 2


@given(st.text(max_size=30))
def test_readable_text_has_nothing_that_commands(words: str) -> None:
    made = labels.readable(words)
    assert labels.readable(made) == made
    assert all(c in "\t\n" or (c >= " " and not "\x7f" <= c <= "\x9f") for c in made)
    made.encode("utf-8")


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_comparison(words: str) -> None:
    root = assert_whole(report.comparison_html(make_comparison(words)))
    plain = lxml_html.document_fromstring(report.comparison_html(make_comparison("x")))
    assert [e.tag for e in root.iter()] == [e.tag for e in plain.iter()]
