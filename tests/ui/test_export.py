"""Conversations as files: Markdown and HTML that show what was said, and run nothing."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rag.ui import export
from rag.ui.document import _source, document
from turns import NASTY, QUOTES, SUMMARY, WHEN, answer, assert_harmless, citation, read

from rag.composing import NO_CLAIM
from rag.text.normalize import printable
from rag.text.refusals import labels
from rag.types import Turn


@pytest.mark.parametrize("nasty", NASTY)
def test_an_exported_conversation_is_text(nasty: str) -> None:
    cited = citation(
        1, nasty, (0, len(nasty) + 9), title=nasty, url=f"https://e.org/{nasty}", words=(1, len(nasty)), speaker=nasty
    )
    told = answer(f"{nasty} and more [1]", citations=(cited,), model=nasty, summarized=True)
    turn = Turn(id=1, conversation="c", question=nasty, answer=told, asked=WHEN)
    page = export.html(nasty, [turn], WHEN, {})
    assert_harmless(page.partition("<main>")[2].partition("</main>")[0])
    assert "default-src 'none'" in page
    from markdown_it import MarkdownIt

    drawn = MarkdownIt("commonmark", {"html": True}).render(export.markdown(document(nasty, [turn], WHEN)))
    reader = assert_harmless(drawn)
    assert all(tag in {"h1", "h2", "p", "ul", "li", "strong", "em", "br", "a", "blockquote"} for tag, _ in reader.tags)
    assert " ".join(nasty.replace("\x00", "\ufffd").split()) in " ".join(
        " ".join(reader.words).replace("\x00", "\ufffd").split()
    )


def test_an_answer_that_is_a_timeline_says_so() -> None:
    told = answer("Words [1]", citations=(citation(1, "Words", (0, 5)),)).model_copy(
        update={"timeline": "the *strike*"}
    )
    turn = Turn(id=1, conversation="c", question="How did it unfold?", answer=told, asked=WHEN)
    assert "*Timeline: the \\*strike\\*:*" in export.markdown(document("t", [turn], WHEN))
    assert "<h4>Timeline: the *strike*</h4>" in export.html("t", [turn], WHEN, {})


@given(st.text(st.sampled_from("ab1 .)#+-=>*_`~[]()<&!|\\\n:\t") | st.characters(codec="utf-8"), max_size=40))
def test_markdown_shows_a_text_as_it_is(text: str) -> None:
    from markdown_it import MarkdownIt

    words = " ".join("".join(printable(text, carriage_returns=True).split("\ufffd")).split())
    drawn = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(export._md(words))
    assert re.sub("<p>(.*)</p>\n", r"\1", drawn, flags=re.DOTALL) == html.escape(words, quote=False).replace(
        '"', "&quot;"
    )


def test_exports_have_the_summary_and_the_quotes_with_the_words_that_answer() -> None:
    turns = [
        Turn(id=n, conversation="c", question="Does it rain?", answer=a, asked=WHEN)
        for n, a in enumerate((QUOTES, SUMMARY))
    ]
    first, second = export.markdown(document("Rain", turns, WHEN)).split("## Does it rain?\n\n")[1:]
    quote = "- **1** “It **rains** and pours.”  \n  "
    asked = "*Asked on 18 June 2023.*\n\n"
    assert first.startswith(f"{asked}{quote}Speaker: Qin Gang, foreign minister  \n  Title · Harbour Post")
    assert "Summary" not in first
    told = "*Summary by fake of the quotes below:*\n\nThe weather is bad. \\[1\\]\n\n"
    assert second.startswith(f"{asked}{told}{quote}Title")
    page = export.html("Rain", turns, WHEN, {})
    assert page.count("It <mark>rains</mark> and pours.") == 2 and page.count('class="summary"') == 1


@given(st.text(st.sampled_from("ab1 .*_“$”桥"), max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_words_in_bold_are_read_as_such(text: str, start: int, end: int) -> None:
    from markdown_it import MarkdownIt

    c = citation(1, text, NO_CLAIM, words=(start, end))
    drawn = MarkdownIt("commonmark", {"html": True}).render(export._quote(_source(c, lambda _: None, labels(""))))
    assert " ".join(text.split()) in " ".join("".join(read(drawn).words).split())
