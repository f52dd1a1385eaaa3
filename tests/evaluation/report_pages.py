"""Runs, rows and pages of reports, and what makes a page whole."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

from lxml import html as lxml_html

from rag.evaluation import report, statistics
from rag.evaluation.values import (
    Claim,
    Comparison,
    Context,
    Difference,
    EvalCase,
    Flip,
    Found,
    Report,
    Row,
    Run,
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
            Found(passage="p2", article=f"other{words}", duplicates=(f"twin{words}",)),
        ),
        relevant={f"storm{words}": 2, f"gone{words}": 1},
        absent=(f"gone{words}",),
        claims=(Claim(text=claim, supported=True, needed=(True,), gold=(True,)),) if answered else (),
        contexts=(Context(before=words + TEXT[:start], after=f" After.{words}", verbatim=True),) if answered else (),
        gold_cited=(answered,),
        timings_ms={"search": 12.0, "total": 2400.0, f"stage{words}": 1.0},
    )


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
