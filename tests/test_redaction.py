"""Redaction: what an answer says without some of its articles."""

from __future__ import annotations

import re

from answers import BRIDGE, answered, hit, refused
from hypothesis import given
from hypothesis import strategies as st

from rag.composing import NO_CLAIM
from rag.redaction import redact
from rag.text.refusals import refusal
from rag.types import Answer, Citation, Conflict, RejectedSentence, Side


def test_a_takedown_cuts_out_what_rested_on_it() -> None:
    before = answered(
        ("Alpha was first.", ("a",)),
        ("Beta was second.", ("b",)),
        ("Both agree.", ("a", "b")),
        ("Gamma was third.", ("c", "b")),
        ("Delta was fourth.", ("c", "d")),
        brief="Alpha",
        withheld=(RejectedSentence(text="Alpha was a fish.", why="not supported"),),
    )
    conflicts = tuple(
        Conflict(claim=before.citations[n].claim, about="x", article_id=a, title="t", quote="q", start=0, end=1)
        for n, a in ((0, "d"), (1, "c"), (1, "a"))
    )
    after = redact(before.model_copy(update={"conflicts": conflicts}), {"a"})
    assert after.text == "Beta was second. [1] Gamma was third. [3][4] Delta was fourth. [5][6]"
    assert [(c.number, c.article_id, after.text[slice(*c.claim)]) for c in after.citations] == [
        (1, "b", "Beta was second."),
        (3, "c", "Gamma was third."),
        (4, "b", "Gamma was third."),
        (5, "c", "Delta was fourth."),
        (6, "d", "Delta was fourth."),
        (2, "b", ""),  # its sentence is gone, and it stays as a quote
    ]
    assert [c.number for c in after.quotes] == [1, 2, 3, 4, 5, 6]
    assert [(c.article_id, after.text[slice(*c.claim)]) for c in after.conflicts] == [("c", "Beta was second.")]
    assert [(h.rank, h.passage.article_id) for h in after.hits] == [(1, "b"), (2, "c"), (3, "d")]
    assert (after.brief, after.withheld, after.answered) == (None, (), True)


def test_nothing_left_is_said() -> None:
    before = answered(BRIDGE, brief="May", confidence=0.9)
    after = redact(before, ["bridge"])
    assert (after.answered, after.reason, after.text) == (False, "taken_down", refusal("taken_down", "en"))
    assert (after.citations, after.hits, after.brief, after.confidence) == ((), (), None, None)
    assert redact(after, ["bridge"]) is after


def test_nothing_left_is_said_in_the_questions_language() -> None:
    before = answered(BRIDGE).model_copy(update={"question": "Wann wird die neue Brücke über den Fluss eröffnet?"})
    assert redact(before, ["bridge"]).text == refusal("taken_down", "de")


def test_an_answer_that_has_nothing_of_it_is_left_alone() -> None:
    before = answered(BRIDGE, brief="May", withheld=(RejectedSentence(text="x", why="y"),))
    assert redact(before, {"elsewhere"}) is before
    assert redact(before, ()) is before


def test_a_passage_nobody_cited_and_a_twin_go_too() -> None:
    hits = (hit("gone", "Secret.", 1), hit("bridge", "Open.", 2, twins=("gone", "other")))
    before = answered(BRIDGE, hits=hits, brief="May", withheld=(RejectedSentence(text="Secret?", why="no"),))
    after = redact(before, {"gone"})
    assert (after.text, after.citations, after.answered) == (before.text, before.citations, True)
    assert [(h.rank, h.duplicates) for h in after.hits] == [(1, ("other",))]
    assert (after.brief, after.withheld) == (None, ())


def test_a_refusal_stays_the_refusal_it_was() -> None:
    before = refused(hits=(hit("gone", "Secret."),), withheld=(RejectedSentence(text="Secret!", why="no"),))
    after = redact(before, {"gone"})
    assert (after.reason, after.text, after.hits, after.withheld) == (before.reason, before.text, (), ())


def summarized(*claims: tuple[str, tuple[str, ...]], beside: tuple[str, ...] = (), **more: object) -> Answer:
    """A model's summary, and quotes of other articles that it does not cite."""
    told = answered(*claims, **more)
    quotes = [
        Citation(
            number=len(told.quotes) + n, article_id=a, title=f"Title of {a}", quote=f"Said by {a}.", start=90,
            end=100 + len(a), claim=NO_CLAIM, support="verbatim", words=(93, 95), speaker="Qin Gang, foreign minister",
        )
        for n, a in enumerate(beside, start=1)
    ]  # fmt: skip
    return told.model_copy(update={"citations": (*told.citations, *quotes), "summarized": True})


def test_quotes_of_a_deleted_article_go_and_the_others_close_up() -> None:
    before = summarized(("Beta was second.", ("b",)), beside=("a", "c", "a", "d"))
    after = redact(before, {"a"})
    assert (after.text, after.summarized) == ("Beta was second. [1]", True)
    assert [(c.number, c.article_id) for c in after.quotes] == [(1, "b"), (2, "c"), (3, "d")]
    assert (after.quotes[1].words, after.quotes[1].speaker) == ((93, 95), "Qin Gang, foreign minister")


def test_a_summary_that_loses_all_its_sentences_leaves_the_quotes() -> None:
    before = summarized(("Alpha was first.", ("a",)), ("Both agree.", ("a", "b")), beside=("c",))
    after = redact(before, {"a"})
    assert after.text == "Said by b: Both agree. [1]\nSaid by c. [2]"
    assert (after.answered, after.summarized) == (True, False)
    assert [after.text[slice(*c.claim)] for c in after.citations] == ["Said by b: Both agree.", "Said by c."]
    assert {c.support for c in after.citations} == {"verbatim"}
    gone = redact(after, {"b", "c"})
    assert (gone.answered, gone.reason, gone.citations) == (False, "taken_down", ())


def test_a_summary_and_all_quotes_gone_is_a_refusal() -> None:
    after = redact(summarized(("Alpha was first.", ("a",)), beside=("b",)), {"a", "b"})
    assert (after.answered, after.reason, after.citations, after.summarized) == (False, "taken_down", (), False)


WORD = st.text("abcdeé桥🙂 ", min_size=1, max_size=8).map(lambda t: "w" + t.strip())
CLAIMS = st.lists(
    st.tuples(WORD, st.lists(st.sampled_from("pqrs"), min_size=1, max_size=3, unique=True).map(tuple)), max_size=6
)


@given(
    CLAIMS,
    st.sets(st.sampled_from("pqrs")),
    st.sampled_from([" ", "\n"]),
    st.lists(st.sampled_from("pqrs"), unique=True),
)
def test_citations_stay_consistent(
    claims: list[tuple[str, tuple[str, ...]]], gone: set[str], sep: str, beside: list[str]
) -> None:
    claims = [(f"{n}{text}{n}.", articles) for n, (text, articles) in enumerate(claims)]
    before = summarized(*claims, beside=tuple(beside), sep=sep)
    after = redact(before, gone)
    kept = [(text, articles) for text, articles in claims if not gone & {*articles}]
    left = [c for c in before.quotes if c.article_id not in gone]
    assert [(c.quote, c.start, c.end, c.words) for c in after.quotes] == [
        (c.quote, c.start, c.end, c.words) for c in left
    ]
    assert [c.number for c in after.quotes] == [*range(1, len(left) + 1)]
    told = [(after.text[slice(*c.claim)], c.article_id) for c in after.citations if c.claim != NO_CLAIM]
    assert not kept or told == [(text, a) for text, articles in kept for a in articles]
    for c in after.citations:
        if c.claim != NO_CLAIM:
            assert re.match(rf"[ \[\]0-9]*\[{c.number}\]", after.text[c.claim[1] :])
    if not gone & {c.article_id for c in before.citations}:
        assert after is before
    else:
        assert (after.answered, after.summarized) == (bool(left), bool(kept))
        if left and not kept:
            assert after.text.splitlines() == [
                f"{' '.join(c.quote.split())} [{n}]" for n, c in enumerate(left, start=1)
            ]
        assert not gone & set(re.findall(r'"article_id":"(\w+)"', after.model_dump_json()))
    assert redact(after, gone) == after


def test_a_side_goes_with_its_sources_and_one_side_alone_is_none() -> None:
    before = answered(("Alpha was first.", ("a",)))
    quote = before.citations[0]

    def cited(article: str) -> Citation:
        return quote.model_copy(update={"article_id": article, "words": (quote.start, quote.end), "number": 0})

    sides = (
        Side(says="x", sources=2, citations=(quote, cited("b"))),
        Side(says="y", sources=2, citations=(cited("c"), cited("d"))),
    )
    before = before.model_copy(update={"sides": sides})
    after = redact(before, {"c"})
    assert [(s.sources, [c.article_id for c in s.citations]) for s in after.sides] == [(2, ["a", "b"]), (1, ["d"])]
    assert after.sides[1].says == " ".join(quote.quote.split())
    assert redact(before, {"c", "d"}).sides == ()
