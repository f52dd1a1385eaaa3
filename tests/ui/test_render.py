"""The page's HTML: nothing from articles, models or users becomes markup, and what is marked are the cited words."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html
from rag.ui import coverage, evidence_panel, export, lists, quotes, render
from rag.ui import text as texts
from rag.ui.render import TurnView
from rag.ui.session import after_event
from turns import (
    NASTY,
    QUOTES,
    SUMMARY,
    WHEN,
    answer,
    assert_harmless,
    citation,
    hit,
    quote,
    quoted,
    read,
    stats,
    taken,
    talk,
)  # fmt: skip

from rag.protocols import FilterArgs
from rag.retrieve.people import Person
from rag.text import timespan
from rag.text.normalize import printable
from rag.types import (
    Article,
    ArticleSummary,
    Conflict,
    Delta,
    Feedback,
    Finished,
    Progress,
    Query,
    Quoted,
    RejectedSentence,
    Retrieved,
    Time,
)


@pytest.mark.parametrize("nasty", NASTY)
def test_nothing_becomes_markup(nasty: str) -> None:
    text = f"{nasty} and more [1]"
    cited = citation(
        1, nasty, (0, len(nasty) + 9), title=nasty, source=nasty, url=f"javascript:{nasty}", also_published_by=(nasty,),
        words=(1, len(nasty) - 1), speaker=nasty,
    )  # fmt: skip
    disagrees = Conflict(
        claim=(0, 1),
        about=nasty,
        article_id=nasty,
        title=nasty,
        source=nasty,
        quote=nasty,
        start=0,
        end=len(nasty),
        newer=True,
    )
    whole = answer(
        text, question=nasty, query=Query(text=nasty, standalone=nasty + " again"), citations=(cited,), hits=(hit(nasty, nasty),),
        withheld=(RejectedSentence(text=nasty, why=nasty),), conflicts=(disagrees,), model=nasty,
    )  # fmt: skip
    shown = talk(whole, feedback=Feedback(good=False, why=nasty, given=WHEN))
    refused = answer(
        "No.", citations=(), answered=False, reason="not_in_archive", hits=(hit(nasty, nasty),), question=nasty
    )
    article = Article(
        key=nasty, id="a0", title=nasty, text=f"{nasty}\n{nasty}", source=nasty, author=nasty, language="en", url=f"javascript:{nasty}",
        also_published_by=(nasty,),
    )  # fmt: skip
    listed = ArticleSummary(
        id=nasty,
        key=nasty,
        title=nasty,
        source=nasty,
        author=nasty,
        language=nasty,
        url=nasty,
        characters=1,
        added=WHEN,
    )
    event = taken(phrase=nasty, kind="event", before=WHEN, event=nasty, side="before", dated_by=nasty)
    voices = [
        quote(nasty, nasty, direct=direct, role=nasty, verb=nasty, title=nasty, source=nasty, url=f"javascript:{nasty}",
              also_published_by=(nasty,), article_id=nasty)
        for direct in (True, False)
    ]  # fmt: skip
    pieces = [
        render.turn_html(talk(answer(query=event)), stats()),
        quotes.quotes(
            voices, quotes.Asked(nasty, nasty), [Person(nasty, nasty, ((nasty, nasty, 1), (nasty, None, 2)), True)] * 2
        ),
        quotes.failed(nasty),
        render.turn_html(shown, stats()),
        render.turn_html(talk(refused), stats()),
        render.turn_html(TurnView(question=nasty, number=1, error=nasty), None),
        render.turn_html(TurnView(question=nasty, number=1, status=nasty, share=0.5), None),
        render.turn_html(TurnView(question=nasty, number=1, quoted=(cited,)), None),
        evidence_panel.evidence([hit(nasty, nasty)], 1, [cited]),
        evidence_panel.article_view(article, 1, len(nasty) + 3, nasty, newest=nasty),
        evidence_panel.gone(nasty),
        lists.masthead(stats(), nasty, remote=True),
        lists.welcome([nasty], stats()),
        lists.articles([listed], 1, 0, nasty),
        lists.chips(FilterArgs(sources=(nasty,), language=nasty), editing=True),
        lists.failed(nasty),
        coverage.coverage_chart([("2023-06", nasty, 2)]),
        export.html(nasty, [], WHEN, {}).partition("<body")[2].partition(">")[2].partition("</body>")[0],
    ]
    for piece in pieces:
        reader = assert_harmless(piece)
        assert "\x00" not in piece
        assert "\x1b" not in piece
        assert all(tag not in ("b", "script") for tag, _ in reader.tags)


@given(st.text(max_size=60), st.data())
def test_the_marked_words_are_the_cited_words(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    article = Article(key="k", id="a", title="T", text=text, language="en")
    view = evidence_panel.article_view(article, start, end, "1")
    marked = "".join(html.unescape(m) for m in re.findall(r"<mark [^>]*>(.*?)</mark>", view, re.DOTALL))
    clean = printable(text[start:end], carriage_returns=True)
    lines = text.split("\n")  # paragraphs of nothing but space aren't shown
    if all(line.strip() or not line for line in lines):
        assert marked == clean.replace("\n", "")
    assert view.count('id="cited"') <= 1
    assert view.count('id="cited"') == (1 if marked else 0)


@given(
    st.lists(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20), min_size=1, max_size=5)
)
def test_every_claim_is_shown_with_its_sources(claims: list[str]) -> None:
    text, citations = "", []
    for n, claim in enumerate(claims, 1):
        lead = " " if text else ""
        citations.append(citation(n, "quote", (len(text) + len(lead), len(text) + len(lead) + len(claim))))
        text += f"{lead}{claim} [{n}]"
    shown = render.summary_text(text, citations)
    found = [
        html.unescape(c) for c in re.findall(r'<span class="claim">(.*?)</span><span class="marks">', shown, re.DOTALL)
    ]
    assert found == claims
    assert re.findall(r'data-number="(\d+)"', shown) == [str(n) for n in range(1, len(claims) + 1)]
    assert f"[{len(claims)}]" not in re.sub(r"<[^>]*>", "", shown) or any("[" in c for c in claims)


def test_a_refusal_looks_like_one() -> None:
    refused = answer(
        "Nothing in the archive clearly answers this question.", citations=(), answered=False, reason="not_in_archive"
    )
    shown = render.turn_html(talk(refused, turn_id=None), stats())
    assert 'class="refusal"' in shown
    assert 'class="cite"' not in shown
    assert "Articles in the archive: 3, published from 18 June 2023" in shown
    assert "Without a date: 1" in shown


def test_the_card_of_a_refusal_is_in_one_language_and_has_no_passages() -> None:
    german = answer(
        "Nichts im Archiv beantwortet diese Frage eindeutig.", citations=(), answered=False, reason="not_in_archive"
    )
    german = german.model_copy(update={"question": "Warum wurde die Brücke am Montag geschlossen?"})
    shown = render.turn_html(talk(german, turn_id=None), stats())
    card = shown.partition('<div class="refusal"')[2].partition("</div>")[0]
    assert card.startswith(' lang="de"') and "Artikel im Archiv: 3, erschienen vom 2023-06-18" in card
    assert " archive" not in card.lower() and "Not in" not in card
    assert 'class="hit"' not in shown, "they stand beside it"
    beside = evidence_panel.evidence(german.hits, 1, refused=True)
    assert "<h2>Nearest passages</h2>" in beside and "None of them clearly" in beside and "Evidence" not in beside


def test_an_answer_says_in_words_how_sure_it_is() -> None:
    assert render.confidence_words(None) == ""
    assert render.confidence_words(0.93).startswith("Very likely right: about 9 in 10")
    assert render.confidence_words(1.0).startswith("Very likely right: about 9 in 10"), "nothing is certain"
    assert render.confidence_words(0.7).startswith("Likely right: about 7 in 10")
    assert render.confidence_words(0.02).startswith("Unsure: about 1 in 10")
    assert "Likely right: about 7 in 10" in render.turn_html(talk(answer(confidence=0.7)), None)


def test_the_head_of_an_article_stays_with_its_buttons() -> None:
    article = Article(key="a", id="a", title="Bridge closed", text="Closed.", language="en", source="Herald")
    bar = evidence_panel.article_view(article, 0, 6).partition('class="bar"')[2].partition('class="text"')[0]
    assert bar.index("Bridge closed") < bar.rindex("</div>") and "Herald" in bar


def test_what_became_of_a_cited_article_is_said() -> None:
    changed = render.turn_html(talk(answer(), citation_status={"a0": "changed"}), None)
    assert "has changed since" in changed
    lost = render.turn_html(talk(answer(), citation_status={"a0": "gone"}), None)
    assert "no longer in the archive" in lost
    assert ">Open<" not in lost
    assert "has changed" not in render.turn_html(talk(answer()), None)


def test_one_source_cited_twice_is_listed_once() -> None:
    twice = answer(
        "It rains. [1] It pours. [1]",
        citations=(citation(1, "It rains and pours.", (0, 9)), citation(1, "It rains and pours.", (14, 23))),
    )
    shown = render.turn_html(talk(twice), None)
    assert shown.count('<li value="1">') == 1
    assert shown.count('class="cite"') == 2


# -- quotes, and a summary of them -------------------------------------------------------------


def test_quotes_stand_there_before_anything_is_written() -> None:
    turn = TurnView(question="Does it rain?", number=1, hits=(hit("It rains."),))
    turn = after_event(turn, Quoted(quotes=(quoted(1, speaker="Qin Gang"), quoted(2, "It is wet."))))
    for event, status in (
        (None, "Quotes found"),
        (Progress(stage="loading"), "Writing a summary"),
        (Progress(stage="reading", done=50, total=100), "Writing a summary"),
        (Progress(stage="writing"), "Writing a summary"),
    ):
        turn = after_event(turn, event)
        shown = render.turn_html(turn, None)
        assert f"<span>{status}</span>" in shown
        assert '<blockquote dir="auto">It <mark>rains</mark> and pours.</blockquote>' in shown
        assert '<blockquote dir="auto">It is wet.</blockquote>' in shown
        assert "Qin Gang" in shown and "Copy quote" in shown and ">Open<" in shown
        assert 'class="summary"' not in shown and 'class="badge' not in shown


def test_quotes_that_are_the_text_are_shown_once() -> None:
    turn = TurnView(question="Does it rain?", number=1)
    turn = after_event(turn, Quoted(quotes=(quoted(1), quoted(2, "It is wet."))))
    for text, c in zip(("It rains and pours. [1]", "\nIt is wet. [2]"), QUOTES.citations, strict=True):
        turn = after_event(turn, Delta(text=text, citations=(c,)))
    for seen in (turn, talk(QUOTES)):
        shown = render.turn_html(seen, None)
        text = "".join(read(shown.replace("data-copy", "data-x")).words)
        assert text.count("It rains and pours.") == text.count("It is wet.") == 1
        assert 'class="summary"' not in shown and 'class="cite"' not in shown
    assert "progress-line" not in render.turn_html(talk(QUOTES), None)


def test_a_summary_stands_above_the_quotes_and_points_to_them() -> None:
    shown = render.turn_html(talk(SUMMARY), None)
    assert shown.index("The weather is bad.") < shown.index('class="quoted"') < shown.index("It is wet.</blockquote>")
    assert "by the language model" in shown
    assert shown.count('class="cite"') == 1 and '<span class="badge supported"' in shown
    assert re.findall(r'<li value="(\d)">', shown) == ["1", "2"]
    word_for_word = SUMMARY.citations[0].model_copy(update={"support": "verbatim"})
    again = SUMMARY.model_copy(update={"citations": (word_for_word,)})
    assert '<span class="badge verbatim"' in render.turn_html(talk(again), None)


def test_what_is_on_the_page_keeps_its_place_as_an_answer_grows() -> None:
    quotes = Quoted(quotes=(quoted(1), quoted(2, "It is wet.")))
    events = (Retrieved(query=SUMMARY.query, hits=()), quotes, Progress(stage="reading", done=1, total=2),
              Delta(text=SUMMARY.text, citations=SUMMARY.citations[:1]), Finished(answer=SUMMARY))  # fmt: skip
    turn, seen = TurnView(question="Does it rain?", number=1), []
    for event in events:
        turn = after_event(turn, event)
        root = lxml_html.fragment_fromstring(render.turn_html(turn, None))
        seen.append([(child.tag, child.get("class")) for child in root])
    assert all(parts == seen[0] for parts in seen)


def test_quotes_stay_where_the_model_fails() -> None:
    turn = after_event(TurnView(question="Does it rain?", number=1), Quoted(quotes=(quoted(1),)))
    shown = render.turn_html(replace(turn, error="It broke."), None)
    assert "rains</mark>" in shown and "It broke." in shown and "progress-line" not in shown


def test_an_answer_is_ready_to_paste() -> None:
    assert render.plain(QUOTES) == (
        "[1] “It rains and pours.”\n    — Harbour Post, Title, 18 June 2023\n    https://example.org/a\n\n"
        "[2] “It is wet.”\n    — Harbour Post, Title, 18 June 2023\n    https://example.org/a"
    )
    first, *rest = render.plain(SUMMARY).split("\n\n")
    assert first == "Summary by fake of the quotes below:\nThe weather is bad. [1]"
    assert [r.partition("\n")[0] for r in rest] == ["[1] “It rains and pours.”", "[2] “It is wet.”"]


def test_a_new_line_is_a_paragraph() -> None:
    text = "It rains. [1]\nIt pours. [2]"
    shown = render.summary_text(text, (citation(1, "a", (0, 9)), citation(2, "b", (14, 23))))
    assert shown.count("<p>") == 2


def test_a_quote_is_ready_to_paste() -> None:
    text = texts.citation_text("It  rains\nhere.", "Rain", "Harbour Post", WHEN, "https://e.org/1")
    assert text == "“It rains here.”\n— Harbour Post, Rain, 18 June 2023\nhttps://e.org/1"
    assert texts.citation_text("“It rains.”", "Rain", None, None, None) == "“It rains.”\n— Rain"


# -- who said what, and of when a question asks ------------------------------------------------


@given(st.text(max_size=40), st.text(max_size=40), st.booleans())
def test_a_quote_is_shown_as_it_stands(words: str, speaker: str, direct: bool) -> None:
    reader = assert_harmless(quotes.quotes([quote(words, speaker, direct=direct)]))
    shown = printable(" ".join(words.split()), carriage_returns=True)
    text = "".join(reader.words)
    assert (texts.quoted(shown) if direct else shown) in text, "a sentence that is its words alone"
    assert printable(speaker, carriage_returns=True) in text.replace("\r", "\n") or "\r" in speaker
    assert ("word for word" in text) == direct
    (opened,) = [a for _, a in reader.tags if a.get("data-event") == "cite"]
    assert (opened["data-start"], opened["data-end"]) == ("3", str(3 + len(words)))


def test_a_speakers_words_are_ready_to_paste() -> None:
    assert quotes.quote_text(quote("It\nrains.")) == (
        "“It rains.”\n— Qin Gang, foreign minister; Harbour Post, Title, 18 June 2023\nhttps://example.org/a"
    )
    reported = quotes.quote_text(quote("that it rained", role=None, direct=False, url=None))
    assert reported == "Qin Gang, as reported: “that it rained”\n— Harbour Post, Title, 18 June 2023"


def test_a_copied_quote_can_not_turn_its_meaning() -> None:
    sentence = "Energy minister Kaja Storm denied on Thursday that she had met the lobbyist."
    denied = quote("she had met the lobbyist", "Kaja Storm", role="Energy minister", verb="denied", direct=False)
    denied = denied.model_copy(update={"sentence": sentence, "how": "denied on Thursday that", "plainly": False})
    assert quotes.quote_text(denied).splitlines()[0] == f"Kaja Storm, Energy minister, as reported: “{sentence}”"
    shown = quotes.quotes([denied])
    assert "denied on Thursday that</small>" in shown and "not plainly said" in shown
    assert "denied on Thursday that <mark>she had met the lobbyist</mark>." in shown
    own = quote("I met him", verb="denied").model_copy(
        update={"sentence": "She denied saying “I met him”.", "plainly": False}
    )
    assert "She denied saying “I met him”." in quotes.quote_text(own), "nor words in quotation marks"


def test_the_list_of_quotes_says_how_it_is_ordered_and_what_to_do_when_it_is_empty() -> None:
    assert "1 quote, newest first" in quotes.quotes([quote()])
    assert "2 quotes, best match first" in quotes.quotes([quote(), quote()], quotes.Asked(about="rain"))
    assert f"The first {quotes.SHOWN} quotes" in quotes.quotes([quote()] * quotes.SHOWN)
    assert "1 quote, oldest first" in quotes.quotes([quote()], quotes.Asked(about="rain", order="oldest"))
    assert "Try a surname" in quotes.quotes([], quotes.Asked("Nobody"))
    assert "under Archive" in quotes.quotes([], quotes.Asked(" "))


def test_the_same_list_can_be_had_as_files() -> None:
    asked = quotes.Asked("Qin & Co", after=date(2023, 1, 2), outlets=("A", "B"), order="oldest")
    links = [html.unescape(x) for x in re.findall(r'href="(export/quotes/[^"]*)"', quotes.quotes([quote()], asked))]
    assert [x.partition("?")[0].rpartition("/")[2] for x in links] == ["csv", "json", "md"]
    assert links[0].endswith("?speaker=Qin+%26+Co&after=2023-01-02&source=A&source=B&order=oldest")


def test_a_passage_found_by_its_quotes_says_so() -> None:
    found = hit("It rains.")
    assert "quotes whom you ask about" not in evidence_panel.hit_card(found)
    assert "quotes whom you ask about" in evidence_panel.hit_card(found.model_copy(update={"found_by": "quotes"}))


def test_a_time_is_shown_and_can_be_taken_off_once_the_answer_is_there() -> None:
    query = taken(phrase="last week", kind="within", after="2023-06-12T00:00Z", before="2023-06-19T00:00Z")
    writing = render.turn_html(TurnView(question="Does it rain?", number=1, query=query), None)
    assert "articles of 12–18 June 2023 first · “last week”" in writing
    assert 'data-times="off"' not in writing
    for done in (
        talk(answer(query=query)),
        TurnView(question="Does it rain?", number=1, query=query, error="It broke."),
    ):
        buttons = [a for _, a in read(render.turn_html(done, None)).tags if a.get("data-times") == "off"]
        (off,) = buttons
        assert off["data-event"] == "redo"
        assert off["data-question"] == "Does it rain?"
        assert off["aria-label"] == "Ask again, leaving aside “last week”"
    assert 'class="when"' not in render.turn_html(talk(answer()), None)


def test_retry_asks_as_it_was_asked() -> None:
    for counts, said in ((True, "on"), (False, "off")):
        query = Query(text="Does it rain?", standalone="Does it rain?", times=counts)
        for done in (
            talk(answer(query=query)),
            TurnView(question="Does it rain?", number=1, query=query, error="It broke."),
        ):
            (again,) = [a for _, a in read(render.turn_html(done, None)).tags if a.get("data-event") == "redo"]
            assert (again["data-question"], again["data-times"]) == ("Does it rain?", said)


def test_an_event_names_the_article_that_dates_it() -> None:
    query = taken(phrase="before the summit", kind="event", before=WHEN, side="before", dated_by="Summit opens")
    shown = html.unescape(render.turn_html(talk(answer(query=query)), None))
    assert "articles before 18 June 2023 first · “before the summit”" in shown
    assert "the date of “Summit opens”" in shown


@pytest.mark.parametrize(
    ("after", "before", "shown"),
    [
        ("2023-06-12", "2023-06-19", "12–18 June 2023"),
        ("2023-06-18", "2023-06-19", "18 June 2023"),
        ("2023-06-01", "2023-07-01", "June 2023"),
        ("2023-06-01", "2023-09-01", "June–August 2023"),
        ("2022-12-01", "2023-03-01", "December 2022 – February 2023"),
        ("2023-01-01", "2024-01-01", "2023"),
        ("2021-01-01", "2024-01-01", "2021–2023"),
        ("2023-05-28", "2023-06-04", "28 May – 3 June 2023"),
        ("2022-12-28", "2023-01-04", "28 December 2022 – 3 January 2023"),
        ("2023-06-01", "2023-06-02", "1 June 2023"),
        (None, "2023-06-18", "before 18 June 2023"),
        ("2023-06-18", None, "18 June 2023 or later"),
        (None, None, "all dates"),
    ],
)
def test_spans_of_days(after: str | None, before: str | None, shown: str) -> None:
    ends = [datetime.fromisoformat(d).replace(tzinfo=UTC) if d else None for d in (after, before)]
    assert timespan.span(*ends) == shown
    assert timespan.span(*ends, to="to") == re.sub(" ?– ?", " to ", shown)


def test_what_is_no_span_of_days() -> None:
    assert timespan.describe_time(Time(phrase="latest", kind="latest")) == "newer articles first"
    assert (
        timespan.describe_time(Time(phrase="as of 18 June", kind="as_of", before="2023-06-19T00:00Z"))
        == "articles up to 18 June 2023"
    )
    around = Time(phrase="during the talks", kind="event", after=WHEN, before=WHEN, side="during", dated_by="Talks")
    assert timespan.dating(around) == "around the date of “Talks”"


ASKED = {"phrase": "last week", "kind": "within", "day": "2026-11-29T00:00Z"}
LAST_WEEK = Time(**ASKED, after="2026-11-16T00:00Z", before="2026-11-23T00:00Z")


@pytest.mark.parametrize(
    ("published", "told"),
    [
        (["2024-11-12", "2023-07-10"], True),
        (["2024-11-12", "2026-11-17"], False),
        (["2026-11-25"], False),
        (["2024-11-12", None], False),
        ([], False),
    ],
)
def test_it_is_told_where_all_that_is_quoted_is_older_than_what_is_asked_of(
    published: list[str | None], told: bool
) -> None:
    days = [datetime.fromisoformat(d).replace(tzinfo=UTC) if d else None for d in published]
    line = "All that is quoted came out before 16–22 November 2026."
    assert timespan.outdated(LAST_WEEK, days) == (line if told else "")
    next_week = Time(**ASKED, after="2026-11-30T00:00Z", before="2026-12-07T00:00Z")
    assert timespan.outdated(next_week, days) == "", "what is planned is told before"


def test_every_event_of_the_page_is_known_to_its_script() -> None:
    from importlib import resources

    script = (resources.files("rag.ui") / "page.js").read_text("utf-8")
    known = set(re.findall(r"'(\w+)'", script.partition("const known = [")[2].partition("]")[0]))
    templates = [f for f in (resources.files("rag.ui") / "templates").iterdir() if f.name.endswith(".j2")]
    used = {e for f in templates for e in re.findall(r"""event=["'](\w+)""", f.read_text("utf-8"))}
    assert {"cite", "redo", "edit", "rate", "open", "takedown", "back"} <= used
    assert used <= known


def test_coverage_counts_every_article() -> None:
    months = [(f"2023-{m:02}", f"Outlet {o}", m + o) for m in range(1, 7) for o in range(9)]
    counts = coverage._counts(months)
    assert sum(counts.values()) == sum(n for _, _, n in months)
    assert len({o for _, o in counts}) == 7
    drawn = coverage.coverage_chart(months)
    assert drawn.count("<rect") == len(counts)
    long = coverage._counts([(f"{y}-05", "A", 1) for y in range(2000, 2020)])
    assert ("2004", "A") in long
    assert coverage.coverage_chart([]) == ""


def test_dates_between() -> None:
    assert coverage._between("2022-11", "2023-02") == ["2022-11", "2022-12", "2023-01", "2023-02"]
    assert coverage._between("2019", "2021") == ["2019", "2020", "2021"]


@pytest.mark.parametrize("nasty", NASTY)
def test_parts_without_an_answer_are_named_and_escaped(nasty: str) -> None:
    found = answer(unanswered=(f"Did {nasty} report it?",), unheard=(nasty,))
    html = render.turn_html(TurnView(question="q", number=1, text="It rains. [1]", answer=found), None)
    assert (
        "Not clearly answered in the archive:" in html
        and "Not in any article that was searched:" in html
        and "<script" not in html
        and "<svg" not in html
        and "<img" not in html
    )
    plain = render.turn_html(TurnView(question="q", number=1, text="x", answer=answer()), None)
    assert "unanswered" not in plain and "unheard" not in plain
