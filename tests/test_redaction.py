"""Redaction: what an answer says without some of its articles."""

from __future__ import annotations

import re

from answers import BRIDGE, answered, hit, refused
from hypothesis import given
from hypothesis import strategies as st

from rag.redaction import redact
from rag.text.refusals import refusal
from rag.types import Conflict, RejectedSentence


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
    assert after.text == "Beta was second. [1] Gamma was third. [2][3] Delta was fourth. [4][5]"
    assert [(c.number, c.article_id, after.text[slice(*c.claim)]) for c in after.citations] == [
        (1, "b", "Beta was second."),
        (2, "c", "Gamma was third."),
        (3, "b", "Gamma was third."),
        (4, "c", "Delta was fourth."),
        (5, "d", "Delta was fourth."),
    ]
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


WORD = st.text("abcdeé桥🙂 ", min_size=1, max_size=8).map(lambda t: "w" + t.strip())
CLAIMS = st.lists(
    st.tuples(WORD, st.lists(st.sampled_from("pqrs"), min_size=1, max_size=3, unique=True).map(tuple)), max_size=6
)


@given(CLAIMS, st.sets(st.sampled_from("pqrs")), st.sampled_from([" ", "\n"]))
def test_citations_stay_consistent(claims: list[tuple[str, tuple[str, ...]]], gone: set[str], sep: str) -> None:
    claims = [(f"{n}{text}{n}.", articles) for n, (text, articles) in enumerate(claims)]
    before = answered(*claims, sep=sep)
    after = redact(before, gone)
    kept = [(text, articles) for text, articles in claims if not gone & {*articles}]
    assert [(after.text[slice(*c.claim)], c.article_id) for c in after.citations] == [
        (text, a) for text, articles in kept for a in articles
    ]
    seen = 0
    for c in after.citations:
        assert re.match(rf"[ \[\]0-9]*\[{c.number}\]", after.text[c.claim[1] :])
        assert c.number == (seen := seen + 1)
    if kept:
        assert after.text == answered(*kept, sep=sep).text
    if not gone & {a for _, articles in claims for a in articles}:
        assert after is before
    else:
        assert after.answered == bool(kept)
        assert not gone & set(re.findall(r'"article_id":"(\w+)"', after.model_dump_json()))
    assert redact(after, gone) == after
