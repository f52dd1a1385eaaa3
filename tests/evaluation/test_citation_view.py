"""An answer in the report: its citations, its checks, its ranking."""

from __future__ import annotations

import pytest
from lxml import html as lxml_html

from rag.evaluation import report_view
from rag.evaluation.values import (
    Context,
)

from .report_pages import (
    QUOTE,
    TEXT,
    assert_whole,
    choice_row,
    make_report,
    make_row,
    page,
)


def test_marked_words_are_the_quote() -> None:
    root = lxml_html.document_fromstring(page([make_row()]))
    (mark,) = root.xpath("//mark")
    assert mark.text_content() == QUOTE
    assert mark.getparent().text_content() == f"{TEXT[: TEXT.index(QUOTE)]}{QUOTE} After."
    (ref,) = root.xpath("//p[@class='text']/a[@class='ref']")
    assert ref.text == "[1]" and ref.get("href") == f"#{mark.get('id')}"


def test_the_words_that_answer_and_quotes_that_no_sentence_cites_are_shown() -> None:
    row = make_row()
    assert row.answer is not None
    (cited,) = row.answer.citations
    told = cited.model_copy(update={"words": (cited.start + 20, cited.end - 1), "speaker": "Odd Berg, harbour master"})
    beside = cited.model_copy(update={"number": 2, "quote": "Repairs will take a month.", "claim": (0, 0), "start": 62})
    answer = row.answer.model_copy(update={"citations": (told, beside)})
    contexts = (*row.contexts, Context(before="", after="", verbatim=True))
    root = lxml_html.document_fromstring(page([row.model_copy(update={"answer": answer, "contexts": contexts})]))
    marks = root.xpath("//ol[@class='sources']//mark")
    assert [m.text_content() for m in marks] == [QUOTE, "Repairs will take a month."]
    assert [b.text for b in root.xpath("//mark/strong")] == [QUOTE[20:-1]]
    first, second = (" ".join(p.text_content().split()) for p in root.xpath("//ol[@class='sources']//p"))
    assert "Odd Berg, harbour master" in first and "check: supported" in first
    assert "check" not in second


def test_a_mark_inside_a_sentence_is_no_citation() -> None:
    row = make_row()
    claim = "As note [1] says, eleven boats were damaged."
    assert row.answer is not None
    citation = row.answer.citations[0].model_copy(update={"claim": (0, len(claim))})
    answer = row.answer.model_copy(update={"text": f"{claim} [1]", "citations": (citation,)})
    pieces = report_view.views(make_report([row]), [row.model_copy(update={"answer": answer})])[0].pieces
    assert [(p.text, p.number) for p in pieces] == [(claim, None), (" ", None), ("[1]", 1)]


def test_odd_places_of_claims_lose_no_words() -> None:
    row = make_row()
    assert row.answer is not None
    citation = row.answer.citations[0]
    for claim in ((0, 10_000), (9, 3), (5, 9), (-4, 2)):
        answer = row.answer.model_copy(update={"citations": (citation, citation.model_copy(update={"claim": claim}))})
        (view,) = report_view.views(make_report([row]), [row.model_copy(update={"answer": answer})])
        assert "".join(p.text for p in view.pieces) == answer.text


def test_what_the_check_says_is_said() -> None:
    row = make_row()
    claim = row.claims[0].model_copy(update={"supported": False, "gold": (False,)})
    moved = row.contexts[0].model_copy(update={"verbatim": False})
    text = page([row.model_copy(update={"claims": (claim,), "contexts": (moved,)})])
    assert "not supported" in text and "doesn’t have these words" in text and 'class="doubted"' in text
    assert "check: supported" in page([row])


def test_cut_context_ends_at_a_word() -> None:
    row = make_row()
    cut = Context(before="rmer words that were cut. ", after=" And those that foll", verbatim=True)
    (view,) = report_view.views(make_report([row]), [row.model_copy(update={"contexts": (cut,)})])
    assert (view.sources[0].before, view.sources[0].after) == ("…words that were cut. ", " And those that…")


def test_refusals_give_their_reason() -> None:
    assert "A refusal: the passages found don’t say." in page([make_row(answered=False)])


def test_choices_show_which_is_right_and_which_was_chosen() -> None:
    root = lxml_html.document_fromstring(page([choice_row()]))
    shown = [" ".join(li.text_content().split()) for li in root.xpath("//ul[@class='options']/li")]
    assert shown == ["two0.10", "eleven right0.30", "twelve chosen0.60"]


def test_what_is_relevant_in_the_ranking_is_marked() -> None:
    (view,) = report_view.views(make_report([make_row()]), [make_row()])
    assert [(p.rank, p.grade) for p in view.places] == [(1, 2), (2, 0)]
    twin = make_row().model_copy(update={"relevant": {"twin": 1}, "absent": ()})
    (view,) = report_view.views(make_report([twin]), [twin])
    assert [(p.grade, p.through) for p in view.places] == [(0, ""), (1, "twin")]
    assert view.missing == []


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "//evil.example/x",
        "file:///etc/passwd",
        "https:evil.example",
        "https://",
        "https://post.example/\u202egpj.exe",
        "java\nscript:alert(1)",
        "http://[::1",
        "/relative",
    ],
)
def test_only_http_becomes_a_link(url: str) -> None:
    root = assert_whole(page([make_row(url=url)]))
    assert not root.xpath("//a[not(starts-with(@href, '#'))]")


def test_http_becomes_a_link() -> None:
    root = lxml_html.document_fromstring(page([make_row(url="https://post.example/a?b=1&c='2'")]))
    assert root.xpath("//a[not(starts-with(@href, '#'))]/@href") == ["https://post.example/a?b=1&c='2'"]
