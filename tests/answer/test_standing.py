"""What an answer cites where later words changed its quotes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from helpers import assert_cited, files_with, row, write_rows

from rag import Archive, shown
from rag.answer.standing import settle
from rag.composing import cite, fate, lead, recomposed
from rag.index.links import Link
from rag.redaction import redact
from rag.text import parser
from rag.types import Citation, Query, Time

SWORN = "Ana Reyes was sworn in as mayor of Porto Novo on Friday."
RESIGNED = "Mayor Ana Reyes resigned on Monday."
NEXT = "Luis Prado was sworn in as mayor of Porto Novo on Tuesday."


@pytest.fixture
def mayors(archive: Archive, tmp_path: Path) -> Archive:
    """Three articles, linked by hand, so that what is tested is not what finds links."""
    rows = [
        row("a", SWORN, "Mayor", published="2019-01-04", source="Post"),
        row("b", RESIGNED, "Mayor goes", published="2023-09-04", source="Post"),
        row("c", NEXT, "New mayor", published="2023-09-12", source="Herald"),
    ]
    archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    catalog = archive.stores.catalog
    catalog.forget_all_links()
    ids = {k: archive.get(k).id for k in "abc"}
    spans = {k: (ids[k], 0, len(t)) for k, t in (("a", SWORN), ("b", RESIGNED), ("c", NEXT))}
    catalog.set_linked(
        list(ids.values()),
        [],
        [Link(spans["a"], spans["b"], "overtaken", 0.95), Link(spans["b"], spans["c"], "overtaken", 0.95)],
    )
    return archive


def cited(archive: Archive, key: str) -> Citation:
    (passage,) = archive.stores.catalog.passages(archive.stores.catalog.passages_of([archive.get(key).id])).values()
    return cite(passage, passage.text, passage.start, passage.end)


def settled(archive: Archive, *keys: str, **query: object) -> list[tuple[str, str]]:
    asked = Query(text="Who is mayor?", standalone=str(query.pop("standalone", "Who is mayor?")), **query)  # type: ignore[arg-type]
    found = settle([cited(archive, k) for k in keys], [], asked, archive.stores.catalog)
    for c in found.quotes:
        assert archive.get(c.article_id).text[c.start : c.end] == c.quote
        if by := c.superseded_by:
            assert archive.get(by.article_id).text[by.start : by.end] == by.quote
        assert (c.status == "stands") == (c.superseded_by is None)
    return [(c.quote, c.status) for c in found.quotes]


def test_the_newest_state_stands_first_and_what_it_replaced_follows(mayors: Archive) -> None:
    assert settled(mayors, "a") == [(NEXT, "stands"), (SWORN, "overtaken")]


def test_a_question_of_a_day_before_takes_that_days(mayors: Archive) -> None:
    before = datetime(2020, 1, 1, tzinfo=UTC)
    assert settled(mayors, "a", before=before) == [(SWORN, "stands")], "as of a day: nothing newer counts"
    in_2019 = Time(phrase="in 2019", kind="within", after=datetime(2019, 1, 1, tzinfo=UTC), before=before)
    assert settled(mayors, "a", time=in_2019) == [(SWORN, "overtaken")]
    assert settled(mayors, "a", standalone="Who was mayor in 2019?") == [(SWORN, "overtaken")]


@pytest.mark.skipif(not parser.available(), reason="the parser is not installed")
def test_who_is_called_by_an_office_counts_as_its_holder_only_where_that_is_asked(
    archive: Archive, tmp_path: Path
) -> None:
    old = "Ann Lee spent seven hours in talks with Foreign Minister Omar Sund on Sunday."
    gone = "Ruritania removed Omar Sund as foreign minister on Tuesday and gave the post to Ivo Brandt."
    after = "Sund was the shortest-serving foreign minister of Ruritania."
    rows = [
        row("a", old, "Foreign minister Omar Sund of Ruritania", published="2023-06-19", source="Post"),
        row("b", f"{gone} {after}", "Foreign minister Omar Sund of Ruritania", published="2023-07-25", source="Post"),
    ]
    archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    links = archive.stores.catalog.links()
    assert sorted(archive.get(k.of[0]).text[k.of[1] : k.of[2]] for k in links) == ["Omar Sund", "Sund"]
    now = [(gone, "stands"), (old, "overtaken")]
    assert settled(archive, "a", standalone="Who is the foreign minister of Ruritania?") == now
    assert settled(archive, "a", standalone="How long did the talks with Omar Sund last?") == [(old, "stands")]


def test_only_chosen_articles_count(mayors: Archive) -> None:
    assert settled(mayors, "a", articles=(mayors.get("a").id,)) == [(SWORN, "stands")]


def test_a_circle_of_changes_ends(mayors: Archive) -> None:
    catalog = mayors.stores.catalog
    ids = {k: mayors.get(k).id for k in "ac"}
    catalog.set_linked([], [], [Link((ids["c"], 0, len(NEXT)), (ids["a"], 0, len(SWORN)), "overtaken", 0.95)])
    assert {quote for quote, _ in settled(mayors, "a")} <= {SWORN, RESIGNED, NEXT}


def test_what_is_denied_stays_with_the_denial_behind_it(mayors: Archive) -> None:
    catalog = mayors.stores.catalog
    catalog.forget_all_links()
    ids = {k: mayors.get(k).id for k in "ab"}
    catalog.set_linked([], [], [Link((ids["a"], 0, len(SWORN)), (ids["b"], 0, len(RESIGNED)), "denied", 0.95)])
    assert settled(mayors, "a") == [(SWORN, "denied"), (RESIGNED, "stands")]


def test_the_answer_says_what_it_replaced(mayors: Archive) -> None:
    answer = mayors.ask("When was Ana Reyes sworn in as mayor of Porto Novo?", chat_model="none", articles=())
    assert_cited(mayors, answer)
    old = next(c for c in answer.quotes if c.quote == SWORN)
    assert (old.status, old.superseded_by and old.superseded_by.quote) == ("overtaken", NEXT)
    assert answer.quotes[0].quote == NEXT
    assert f"Overtaken by later news on 12 September 2023; on 4 January 2019: {SWORN} [{old.number}]" in answer.text
    assert shown.standing_line(old).endswith(f": “{NEXT}” (New mayor · Herald · 12 September 2023)")
    assert shown.standing_line(answer.quotes[0]) == ""
    again, _ = recomposed(answer.text, answer.citations, lambda c: True)
    assert again.text == answer.text


def test_a_takedown_leaves_no_words_of_what_replaced_a_quote(mayors: Archive) -> None:
    answer = mayors.ask("When was Ana Reyes sworn in as mayor of Porto Novo?", chat_model="none")
    after = redact(answer, [mayors.get("c").id])
    assert NEXT not in after.model_dump_json() and "Prado" not in after.text
    old = next(c for c in after.quotes if c.quote == SWORN)
    assert (old.status, old.superseded_by) == ("stands", None)


def test_former_words_are_no_evidence(archive: Archive, tmp_path: Path) -> None:
    text = "The bridge will cost £48 million.\n\nAn earlier version gave the cost of the bridge as £84 million."
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("a", text, "Bridge")))
    answer = archive.ask("How much will the bridge cost?", chat_model="none")
    assert answer.quotes[0].quote == "The bridge will cost £48 million."
    assert all(c.status == "corrected" for c in answer.quotes if "84" in c.quote)


def test_a_correction_is_no_disagreement(archive: Archive, tmp_path: Path) -> None:
    old = "The storm killed 12 people in Port Amble on Sunday."
    new = "The storm killed 10 people in Port Amble on Sunday, not 12 as was reported."
    rows = [
        row("a", old, "Storm", published="2024-03-04", source="Post"),
        row("b", new, "Storm toll corrected", published="2024-03-06", source="Herald"),
        row("c", "The storm killed 10 people in Port Amble, the coast guard said.", published="2024-03-06"),
    ]
    archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    catalog = archive.stores.catalog
    ids = {k: archive.get(k).id for k in "abc"}
    asked = "How many people did the storm kill in Port Amble?"
    catalog.forget_all_links()
    assert archive.ask(asked, chat_model="none").sides, "nothing is known of the correction"
    catalog.set_linked(
        list(ids.values()), [], [Link((ids["a"], 0, len(old)), (ids["b"], 0, len(new)), "corrected", 0.95)]
    )
    answer = archive.ask(asked, chat_model="none")
    assert answer.sides == () == answer.conflicts
    assert [c.status for c in answer.quotes if c.quote == old] == ["corrected"]


def test_an_opinion_is_told_as_one(archive: Archive, tmp_path: Path) -> None:
    text = "The stadium will never pay for itself. Sell it."
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("a", text, "Opinion: A monument", author="Carla Jessup")))
    answer = archive.ask("Will the stadium pay for itself?", chat_model="none")
    assert {c.opinion for c in answer.quotes} == {"Carla Jessup"}
    assert "Opinion (Carla Jessup): The stadium will never pay for itself. [" in answer.text
    assert_cited(archive, answer)


def test_what_stands_has_no_lead() -> None:
    plain = Citation(
        number=1, article_id="a", title="t", quote="It rained.", start=0, end=10, claim=(0, 0), support="verbatim"
    )
    assert (lead("It rained.", [plain]), fate(plain), lead("It rained.", [])) == ("", "", "")
    withdrawn = plain.model_copy(update={"status": "retracted"})
    assert lead("It rained.", [withdrawn]) == "Withdrawn: "
    assert lead("It rained a lot.", [withdrawn]) == "", "a model's sentence is no quote"


@pytest.mark.skipif(not parser.available(), reason="the parser is not installed")
def test_links_hold_no_words(archive: Archive, tmp_path: Path) -> None:
    secret = row(
        "new", "Mayor Ana Reyes of Porto Novo resigned on Friday over Quixendale.", "Mayor", published="2023-09-04"
    )
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("a", SWORN, "Mayor", published="2019-01-04"), secret))
    assert len(archive.stores.catalog.links()) == 1
    archive.delete("new")
    assert archive.stores.catalog.links() == []
    assert files_with(archive.path, ["Quixendale"]) == []


@pytest.mark.parametrize(
    ("behind", "asked", "first"),
    [
        ("The dam had burst because of the rain.", "Why was the Velle trip called off?", 1),
        ("It had rained. The reason was a burst dam.", "Why was the Velle trip called off?", 2),
        ("The dam had burst because of the rain.", "When is the Velle trip?", 0),
        ("The museum is open.", "Why was the Velle trip called off?", 0),
        ("A. B. C. D. The dam had burst because of the rain.", "What is known of the Velle trip?", 0),
    ],
)
def test_asked_why_the_reason_stands_first(
    archive: Archive, tmp_path: Path, behind: str, asked: str, first: int
) -> None:
    old, off = "The Velle trip will be held on 12 June.", "The Velle trip was called off on Monday."
    rows = [
        row("a", old, "Velle trip", published="2023-05-02"),
        row("b", f"{off} {behind}", "Velle trip off", published="2023-05-20"),
    ]
    archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    catalog = archive.stores.catalog
    catalog.forget_all_links()
    ids = {k: archive.get(k).id for k in "ab"}
    catalog.set_linked(
        list(ids.values()), [], [Link((ids["a"], 0, len(old)), (ids["b"], 0, len(off)), "overtaken", 0.95)]
    )
    quotes = [quote for quote, _ in settled(archive, "a", standalone=asked)]
    sentences = list(catalog.sentences(ids["b"]))
    wanted = archive.get("b").text[sentences[first].start : sentences[first].end]
    assert quotes == list(dict.fromkeys([wanted, off, old]))
