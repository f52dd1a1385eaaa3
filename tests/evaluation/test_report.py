"""The report: whole without anything else, escaped to the last field, the worst first."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from helpers import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from rag.errors import SourceError, UsageError
from rag.evaluation import labels, plots, report, report_view, statistics
from rag.evaluation.values import (
    CalibrationBin,
    Claim,
    Comparison,
    Context,
    Difference,
    EvalCase,
    Flip,
    Found,
    LatencySummary,
    Report,
    Row,
    Run,
    Score,
    Turn,
)
from rag.types import Answer, Choice, Citation, Hit, Passage, Query, RejectedSentence, Usage

TEXT = "The harbour was closed on Monday. A storm had damaged eleven boats. Repairs will take a month."
QUOTE = "A storm had damaged eleven boats."


def make_run(**more: Any) -> Run:
    known: dict[str, Any] = {
        "id": "0123456789abcdef",
        "cases": "cases/storm.jsonl",
        "cases_digest": "d1",
        "chosen": 3,
        "of": 3,
        "archive": "my-archive",
        "articles": 4,
        "passages": 9,
        "generation": 1,
        "fingerprint": "f1",
        "model": "local",
        "prompts": ("answer@1",),
        "settings": {"k": 8, "brief": True},
        "version": "0.1.0",
        "code": "c1",
        "started": datetime(2026, 11, 23, 21, 58, tzinfo=UTC),
    }
    return Run(**{**known, **more})


def make_hit(words: str = "", **more: Any) -> Hit:
    text = TEXT + words
    known: dict[str, Any] = {"title": f"Storm{words}", "source": f"Post{words}", "url": "https://post.example/storm"}
    passage = Passage(id="p1", article_id="a1", start=0, end=len(text), text=text, sentences=(), **{**known, **more})
    return Hit(passage=passage, score=0.5, rank=1, found_by="hybrid")


def make_row(
    ident: str = "boats", words: str = "", *, answered: bool = True, url: str | None = None, **case: Any
) -> Row:
    """A row with something in every field, ``words`` at the end of each."""
    claim = f"Eleven boats were damaged{words}."
    text = f"{claim} [1]" if answered else f"The archive does not say{words}."
    start = TEXT.index(QUOTE)
    citation = Citation(
        number=1,
        article_id="a1",
        title=f"Storm{words}",
        source=f"Post{words}",
        published=datetime(2023, 6, 18, tzinfo=UTC),
        url=url or f"https://post.example/storm{words}",
        quote=QUOTE + words,
        start=start,
        end=start + len(QUOTE + words),
        claim=(0, len(claim)),
        support="supported",
        also_published_by=(f"Wire{words}",),
    )
    question = f"How many boats were damaged?{words}"
    known: dict[str, Any] = {
        "id": ident + words,
        "question": question,
        "answers": (f"eleven{words}",),
        "evidence": (QUOTE + words,),
        "relevant": {f"storm{words}": 2},
        "as_of": date(2023, 7, 1),
        "history": (Turn(question=f"Was there a storm?{words}", answer=f"Yes{words}"),),
        "within": (f"storm{words}",),
        "tags": (f"how-many{words}",),
        "origin": f"storm.jsonl:1{words}",
    }
    return Row(
        case=EvalCase(**{**known, **case}),
        answer=Answer(
            question=question,
            query=Query(text=question, standalone=question),
            text=text,
            citations=(citation,) if answered else (),
            hits=(make_hit(words, language=f"en{words}"),),
            answered=answered,
            reason=None if answered else "not_in_archive",
            confidence=0.8 if answered else None,
            withheld=(RejectedSentence(text=f"Twelve boats sank{words}.", why=f"it doesn’t say so{words}"),),
            model=f"local{words}",
            prompt=f"answer@1{words}",
            fingerprint="f1",
            usage=Usage(input_tokens=700, output_tokens=20, cached_tokens=500),
            brief=f"eleven{words}",
        ),
        found=(
            Found(passage="p1", article=f"storm{words}", title=f"Storm{words}"),
            Found(passage="p2", article=f"other{words}", twins=(f"twin{words}",)),
        ),
        relevant={f"storm{words}": 2, f"gone{words}": 1},
        absent=(f"gone{words}",),
        claims=(Claim(text=claim, supported=True, needed=(True,), gold=(True,)),) if answered else (),
        contexts=(Context(before=words + TEXT[:start], after=f" After.{words}", verbatim=True),) if answered else (),
        gold_cited=(answered,),
        millis={"search": 12.0, "total": 2400.0, f"stage{words}": 1.0},
    )


def wrong(row: Row, **case: Any) -> Row:
    return row.model_copy(update={"case": row.case.model_copy(update=case)})


def failed(ident: str, error: str = "ModelFailed: it broke") -> Row:
    return Row(case=EvalCase(id=ident, question=f"About {ident}?", answers=("x",)), error=error)


def choice_row(words: str = "") -> Row:
    choices = (f"two{words}", f"eleven{words}", f"twelve{words}")
    question = f"How many?{words}"
    return Row(
        case=EvalCase(id=f"choice{words}", question=question, choices=choices, choice=1, answers=(choices[1],)),
        choice=Choice(
            question=question,
            query=Query(text=question, standalone=question),
            choices=choices,
            choice=2,
            probabilities=(0.1, 0.3, 0.6),
            hits=(make_hit(words),),
            model="local",
            fingerprint="f1",
        ),
        found=(Found(passage="p1", article="storm", title="Storm"),),
    )


def searched(row: Row) -> Row:
    empty: dict[str, Any] = {"answer": None, "claims": (), "contexts": (), "gold_cited": ()}
    return row.model_copy(update=empty)


def make_report(rows: list[Row], **run: Any) -> Report:
    return statistics.report(make_run(**run), rows, resamples=50)


def page(rows: list[Row], *, detailed: int = 200, **run: Any) -> str:
    return report.html(make_report(rows, **run), rows, detailed=detailed)


def mixed() -> list[Row]:
    return [
        make_row("right"),
        make_row("refused-rightly", answered=False, answerable=False, answers=(), evidence=()),
        make_row("wrong", answers=("twelve",)),
        make_row("should-refuse", answerable=False, answers=(), evidence=()),
        failed("broken"),
        make_row("refused", answered=False),
        choice_row(),
    ]


def every_kind() -> dict[str, list[Row]]:
    return {
        "mixed": mixed(),
        "none": [],
        "errors": [failed("a"), failed("b")],
        "retrieval": [searched(make_row(f"case-{n}")) for n in range(3)],
        "choices": [choice_row()],
        "one": [make_row()],
    }


KINDS = pytest.mark.parametrize("kind", sorted(every_kind()))
_HTML_VOID = {"meta", "link", "br", "input"}


def balanced(text: str) -> None:
    """Every element that is opened is closed, in order; lxml would mend it in silence."""
    from html.parser import HTMLParser

    class Parser(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            if tag not in _HTML_VOID:
                self.open.append(tag)

        def handle_startendtag(self, tag: str, attrs: Any) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            assert self.open and self.open.pop() == tag, (tag, self.getpos())

    parser = Parser()
    parser.feed(text)
    parser.close()
    assert parser.open == []


def assert_whole(text: str) -> Any:
    """What holds for every page: well-formed, one file, nothing from elsewhere, ids once, links that lead somewhere."""
    balanced(text)
    root = lxml_html.document_fromstring(text)
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    for href in root.xpath("//@href"):
        if href.startswith("#"):
            assert href[1:] in ids, href
        else:
            assert href == "data:," or re.match(r"https?://", href), href
    assert not root.xpath("//@src | //@srcset | //@style[contains(., 'url(')]")
    assert not root.xpath("//*[@*[starts-with(name(), 'on')]]")
    for element in root.xpath("//a[not(starts-with(@href, '#'))]"):
        assert element.get("rel") == "noopener noreferrer nofollow"
    assert not re.search(r"url\((?!#)|@import", "".join(root.xpath("//style/text()")))
    (policy,) = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    levels = [int(h.tag[1]) for h in root.xpath("//h1 | //h2 | //h3 | //h4 | //h5")]
    assert levels[0] == 1 and all(b <= a + 1 for a, b in pairwise(levels)), levels
    assert root.get("lang") == "en"
    return root


# -- the page -------------------------------------------------------------------------


@KINDS
def test_every_kind_of_run_is_a_whole_page(kind: str) -> None:
    rows = every_kind()[kind]
    root = assert_whole(page(rows, model=None if kind == "retrieval" else "local"))
    assert len(root.xpath("//details[contains(@class, 'case')]")) == len(rows)


@KINDS
def test_the_same_run_gives_the_same_page(kind: str) -> None:
    rows = every_kind()[kind]
    assert page(rows) == page(rows)


def test_what_was_run_is_said() -> None:
    text = lxml_html.document_fromstring(
        page(mixed(), commit="abc1234+", machine="A processor, 2 cores")
    ).text_content()
    for words in ("storm.jsonl", "local", "4 articles", "answer@1", "abc1234+", "0.1.0", "23 November 2026", "2 cores"):
        assert words in text


def test_worst_first() -> None:
    rows = mixed()
    ordered = [v.result.id for v in report_view.views(make_report(rows), rows)]
    assert ordered[:2] == ["broken", "should-refuse"]
    assert set(ordered[2:4]) == {"wrong", "choice"}
    assert ordered[4] == "refused"
    assert set(ordered[5:]) == {"right", "refused-rightly"}


def test_within_a_verdict_the_lowest_measures_come_first() -> None:
    low = searched(make_row("low")).model_copy(update={"found": ()})
    rows = [searched(make_row("high")), low]
    assert [v.result.id for v in report_view.views(make_report(rows, model=None), rows)] == ["low", "high"]


def test_the_first_failures_are_open() -> None:
    rows = [make_row("right"), *(failed(f"broken-{n}") for n in range(5))]
    root = lxml_html.document_fromstring(page(rows))
    assert [d.get("open") is not None for d in root.xpath("//details[@data-verdict]")] == [True] * 3 + [False] * 3


def test_causes_lead_to_their_cases() -> None:
    root = lxml_html.document_fromstring(page(mixed()))
    links = {a.text: a.get("href")[1:] for a in root.xpath("//ul[@class='causes']//a")}
    assert set(links) >= {"Ended in an error", "Should have refused", "Wrong answer"}
    for label, anchor in links.items():
        assert root.get_element_by_id(anchor).text.strip() == label


def test_many_cases_are_cut_short_and_it_is_said() -> None:
    rows = [make_row(f"case-{n}") for n in range(7)]
    root = assert_whole(page(rows, detailed=4))
    assert len(root.xpath("//details[@data-verdict]")) == 4
    assert len(root.xpath("//tr[@data-verdict]")) == 3
    assert "rows.jsonl" in root.get_element_by_id("rest").getnext().text
    assert len(assert_whole(page(rows, detailed=0)).xpath("//tr[@data-verdict]")) == 7


def test_a_case_without_its_row_is_still_there() -> None:
    rows = mixed()
    root = assert_whole(report.html(make_report(rows), []))
    assert len(root.xpath("//details[@data-verdict]")) == len(rows)


# -- an answer and its citations --------------------------------------------------------


def test_marked_words_are_the_quote() -> None:
    root = lxml_html.document_fromstring(page([make_row()]))
    (mark,) = root.xpath("//mark")
    assert mark.text_content() == QUOTE
    assert mark.getparent().text_content() == f"{TEXT[: TEXT.index(QUOTE)]}{QUOTE} After."
    (ref,) = root.xpath("//p[@class='text']/a[@class='ref']")
    assert ref.text == "[1]" and ref.get("href") == f"#{mark.get('id')}"


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


# -- hostile words --------------------------------------------------------------------

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


# -- files ----------------------------------------------------------------------------


def test_write_and_read(tmp_path: Path) -> None:
    rows = mixed()
    made = make_report(rows)
    report.write(tmp_path / "a" / "b", made, rows)
    assert sorted(p.name for p in (tmp_path / "a" / "b").iterdir()) == ["report.html", "report.json"]
    assert report.read(tmp_path / "a" / "b") == made
    assert report.read(tmp_path / "a" / "b" / "report.json") == made
    assert (tmp_path / "a" / "b" / "report.html").read_text("utf-8") == report.html(made, rows)


def test_write_replaces_whole_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = mixed()
    report.write(tmp_path, make_report(rows), rows)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(UsageError, match="No space left"):
        report.write(tmp_path, make_report([]), [])
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_write_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="--out DIR"):
        report.write(tmp_path / "file", make_report([]), [])


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "{}", '{"schema_version": "x"}', "\ud800", '{"run": {}}'])
def test_read_what_is_no_report(tmp_path: Path, content: str) -> None:
    (tmp_path / "report.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(SourceError, match=r"report\.json is not"):
        report.read(tmp_path)


def test_read_nothing(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(SourceError, match="onrecord eval"):
            report.read(path)


def test_read_a_newer_schema(tmp_path: Path) -> None:
    made = make_report([]).model_copy(update={"schema_version": 99})
    (tmp_path / "report.json").write_text(made.model_dump_json())
    with pytest.raises(UsageError, match=r"newer version .*Update"):
        report.read(tmp_path)


# -- two runs ---------------------------------------------------------------------------


def make_comparison(words: str = "") -> Comparison:
    def difference(name: str, by: float, wide: float) -> Difference:
        return Difference(name=name, a=0.5, b=0.5 + by, difference=by, low=by - wide, high=by + wide, p=0.0004, cases=9)

    return Comparison(
        a=make_run(id=f"a{words}"),
        b=make_run(id=f"b{words}", version=f"0.2.0{words}", settings={"k": 9, f"brief{words}": True}),
        differences=(
            difference("recall@5", 0.2, 0.1),
            difference(f"f1{words}", -0.2, 0.1),
            difference("hit@1", 0, 0.1),
        ),
        gained=(Flip(id=f"g{words}", question=f"Gained?{words}", cause="wrong answer"),),
        lost=(Flip(id=f"l{words}", question=f"Lost?{words}", cause=None),),
        only_a=1,
        only_b=2,
        notes=(f"A note{words}",),
    )


def test_comparison() -> None:
    root = assert_whole(report.comparison_html(make_comparison()))
    assert [td.text_content() for td in root.xpath("//td[@data-label='b is']")] == ["better", "worse", "within chance"]
    text = root.text_content()
    for words in ("+0.200", "−0.200", "< 0.001", "Gained?", "Lost?", "was: Wrong answer", "1 case only in a", "0.2.0"):
        assert words in text
    assert not root.xpath("//script")


def test_comparison_of_nothing() -> None:
    assert_whole(report.comparison_html(Comparison(a=make_run(), b=make_run(), differences=())))


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_comparison(words: str) -> None:
    root = assert_whole(report.comparison_html(make_comparison(words)))
    plain = lxml_html.document_fromstring(report.comparison_html(make_comparison("x")))
    assert [e.tag for e in root.iter()] == [e.tag for e in plain.iter()]


# -- plots ------------------------------------------------------------------------------

TAGS = {
    t: Score(name="f1", value=v, low=v / 2, high=min(1, v + 0.2), cases=9) for t, v in (("who", 0.2), ("为何", 0.7))
}
PLOTS: dict[str, Callable[[], str]] = {
    "by_tag": lambda: plots.by_tag(TAGS, Score(name="f1", value=0.4, cases=18)),
    "latency": lambda: plots.latency(
        {"total": LatencySummary(p50=900, p95=4000, cases=3)}, {"total": [0.0, 900.0, 4000.0]}
    ),
    "reliability": lambda: plots.reliability([CalibrationBin(low=0.8, high=0.9, confidence=0.85, right=0.7, cases=11)]),
    "depth": lambda: plots.depth([(1, 0.5), (5, 0.7), (50, 0.9)], given=8),
}


@pytest.mark.parametrize("name", sorted(PLOTS))
def test_a_plot_is_one_element_that_needs_nothing(name: str) -> None:
    svg = PLOTS[name]()
    assert svg == PLOTS[name]()
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("}svg") and root.get("width") == "100%" and root.get("role") == "img"
    assert root.get("aria-label") and root.get("viewBox")
    assert not re.search(r"#[0-9a-fA-F]{6}|font-family: '|<\?xml|<style|<metadata|xlink", svg)
    assert set(re.findall(r"url\((.*?)\)|href=\"(.*?)\"", svg)) <= {(f"#{i.get('id')}", "") for i in root.iter()} | {
        ("", f"#{i.get('id')}") for i in root.iter()
    }


def test_plots_say_their_data_in_words() -> None:
    assert "who 0.20 (95 % 0.10 to 0.40) over 9" in PLOTS["by_tag"]()
    assert "为何" in PLOTS["by_tag"]()
    assert "half within 900 ms, 95 % within 4 s" in PLOTS["latency"]()
    assert "confidence 0.85: 0.70 right, 11 cases" in PLOTS["reliability"]()
    assert "first 50: 0.90" in PLOTS["depth"]()


def test_nothing_to_plot() -> None:
    none = Score(name="f1", value=None)
    assert [plots.by_tag({"a": none}), plots.latency({}), plots.reliability([]), plots.depth([])] == [""] * 4


def test_plots_from_many_threads_are_the_same() -> None:
    from concurrent.futures import ThreadPoolExecutor

    import matplotlib

    before = dict(matplotlib.rcParams)
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: PLOTS["reliability"](), range(8)))) == 1
    assert dict(matplotlib.rcParams) == before


def test_many_tags_and_depths_are_cut() -> None:
    tags = {f"tag {n}": Score(name="f1", value=n / 99, cases=n) for n in range(1, 60)}
    svg = plots.by_tag(tags)
    assert "35 tags with fewer cases are not drawn" in svg and "tag 59" in svg and "tag 2<" not in svg
    assert plots.depth([(k, k / 200) for k in range(1, 101)])
    assert plots.depth([(3, 0.5)])


@pytest.mark.parametrize(
    ("millis", "said"),
    [(0.0, "0 ms"), (7.23, "7.2 ms"), (124.0, "124 ms"), (1234.0, "1.2 s"), (9990.0, "10 s"), (240_000.0, "4 min")],
)
def test_durations(millis: float, said: str) -> None:
    assert labels.duration(millis) == said


def test_every_measure_of_a_report_has_a_definition() -> None:
    from rag.evaluation import measures

    assert [name for name in measures.DEFAULT if not labels.measure(name)[1]] == []
