"""Which sentences change what others say: within an article, between articles, and what is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import row, write_rows

from rag import Archive
from rag.testing import FakeEmbeddings
from rag.text import parser

CASES = json.loads((Path(__file__).parent / "cases.json").read_text("utf-8"))
needs_parser = pytest.mark.skipif(not parser.available(), reason="the parser is not installed")


def linked(archive: Archive) -> list[tuple[str, str, str]]:
    """(kind, words that are changed, words that change them) of all links."""
    return [
        (k.kind, archive.get(k.of[0]).text[k.of[1] : k.of[2]], archive.get(k.by[0]).text[k.by[1] : k.by[2]])
        for k in archive.stores.catalog.links()
    ]


@needs_parser
@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_real_events(archive: Archive, tmp_path: Path, case: dict[str, str]) -> None:
    title = case.get("title", case["name"])
    old = row("old", case["old"], title=title, published=case["old_day"], source=case.get("source"))
    new = row("new", case["new"], title=title, published=case["new_day"], source=case.get("source"))
    archive.ingest(write_rows(tmp_path / "a.jsonl", old, new))
    assert [kind for kind, _, _ in linked(archive)] == ([case["kind"]] if case["kind"] else [])


@needs_parser
@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
def test_whichever_comes_first_into_the_archive(archive: Archive, tmp_path: Path, order: tuple[str, str]) -> None:
    rows = {
        "old": row("old", "Ana Reyes was sworn in as mayor of Porto Novo on Friday.", "Mayor", published="2023-01-06"),
        "new": row("new", "Mayor Ana Reyes resigned on Monday.", "Mayor", published="2023-09-04"),
    }
    for name in order:
        archive.ingest(write_rows(tmp_path / f"{name}.jsonl", rows[name]))
    assert linked(archive) == [("overtaken", rows["old"]["text"], rows["new"]["text"])]


BRIDGE = (
    "Mayor Ines Holt opened the bridge over the Tarn on Monday. The bridge cost 4.2 million euros, the council said."
)
APART = (
    "Correction: An article of 4 March misstated the cost of the bridge over the Tarn that Mayor Ines Holt opened. The "
    "bridge cost 5.1 million euros, not 4.2 million euros, the council said."
)


def corrected_apart(new: str, *, title: str = "Tarn bridge", source: str = "Gazette") -> tuple[dict[str, str], ...]:
    old = row("old", BRIDGE, title="Tarn bridge opens", published="2024-03-04", source="Gazette")
    return old, row("new", new, title=title, published="2024-03-06", source=source)


@needs_parser
def test_a_correction_that_is_an_article_of_its_own_says_what_is_right_and_what_is_not(
    archive: Archive, tmp_path: Path
) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", *corrected_apart(APART)))
    ((kind, old, new),) = linked(archive)
    assert (kind, old) == ("corrected", "The bridge cost 4.2 million euros, the council said.")
    assert new.startswith("The bridge cost 5.1 million")


@needs_parser
def test_names_are_put_right_by_an_article_of_its_own(archive: Archive, tmp_path: Path) -> None:
    told = "The mayor who opened the Tarn bridge was Paula Holt, not Ines Holt."
    archive.ingest(write_rows(tmp_path / "a.jsonl", *corrected_apart(told, title="Correction: Tarn bridge")))
    assert [(kind, old[:16]) for kind, old, _ in linked(archive)] == [("corrected", "Mayor Ines Holt ")]


@needs_parser
@pytest.mark.parametrize(
    ("new", "source"),
    [
        (APART, "Courier"),  # another outlet's correction is of its own article
        (APART.replace("4.2", "3.9"), "Gazette"),  # of another figure
        ("The bridge cost 5.1 million euros, not 4.2 million euros, its critics said.", "Gazette"),  # no correction
        (APART.replace("The bridge cost", "\n\nThe bridge cost"), "Gazette"),  # what follows a note is an article
    ],
)
def test_what_no_correction_of_its_outlet_says_changes_nothing(
    archive: Archive, tmp_path: Path, new: str, source: str
) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", *corrected_apart(new, source=source)))
    assert linked(archive) == []


@needs_parser
def test_a_day_and_an_outlet_set_by_hand_let_an_article_be_corrected(archive: Archive, tmp_path: Path) -> None:
    old, new = corrected_apart(APART)
    del old["published"], old["source"]
    archive.ingest(write_rows(tmp_path / "a.jsonl", old, new))
    assert linked(archive) == []
    archive.mend("old", published="2024-03-04", source="Gazette")
    assert [kind for kind, _, _ in linked(archive)] == ["corrected"]


CORRECTED = (
    "Correction, 5 April 2024: The plant will create 120 jobs, not 210 as this article first reported.\n\n"
    "A solar panel plant at Tarrick will create 210 jobs, its owner said on Tuesday.\n\nIt opens in May."
)
MENDED = (
    "The council will build a bridge over the Orrin. The bridge will cost £48 million.\n\n"
    "This article was amended on 14 March. An earlier version gave the cost of the bridge as £84 million."
)


def test_a_correction_on_top(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("a", CORRECTED)))
    ((kind, old, new),) = linked(archive)
    assert (kind, "210 jobs, its owner" in old, new.startswith("Correction, 5 April")) == ("corrected", True, True)


def test_a_body_that_was_mended_stands(archive: Archive, tmp_path: Path) -> None:
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("a", MENDED)))
    ((kind, old, new),) = linked(archive)
    assert (kind, old.startswith("An earlier version"), new) == ("corrected", True, "The bridge will cost £48 million.")


@pytest.mark.parametrize(
    "note",
    [
        "Corrections and clarifications: The Daily Post did not publish the comic strip.",
        "This story has been updated with additional reporting.",
        "An earlier version of this story misspelled a name.",
        "Editor's note: This page recaps the news of Sunday, 10 April.",
    ],
)
def test_a_note_that_tells_no_former_fact_changes_nothing(archive: Archive, tmp_path: Path, note: str) -> None:
    body = "The Daily Post stopped printing the comic strip on 10 April. Three newspapers dropped it."
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("a", f"{body}\n\n{note}")))
    assert linked(archive) == []


def test_a_withdrawn_article_is_withdrawn_as_a_whole(archive: Archive, tmp_path: Path) -> None:
    text = "This article has been retracted.\n\nThe vaccine caused fever in 40 of 100 patients, doctors said."
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("a", text), row("b", text[34:], title="Retracted: Fever")))
    assert [(kind, len(old), new) for kind, old, new in linked(archive)] == [
        ("retracted", len(text), "This article has been retracted."),
        ("retracted", len(text) - 34, ""),
    ]


@needs_parser
def test_what_is_right_stands_by_itself_behind_a_correction(archive: Archive, tmp_path: Path) -> None:
    old = "The bakery in Ostmere sells about 300 loaves a day. It opened in 1990."
    new = (
        "An article of 11 May said that the bakery in Ostmere sells about 300 loaves a day. It sells 500 loaves a day."
    )
    rows = [
        row("old", old, "The bakery", published="2024-05-11", source="Star"),
        row("new", new, "Correction: bakery", published="2024-05-15", source="Star"),
    ]
    archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    assert linked(archive) == [("corrected", old[:51], "It sells 500 loaves a day.")]


ABOARD = "Ferry Calypso runs aground, 3 injured"
VOTED = "Council approves Lorne dam at cost of 84 million pounds"
HEADLINES = {
    "in our own voice": (
        (ABOARD, "Three passengers were injured.", "There were 212 people on board."),
        f'Correction: In "{ABOARD}" of 10 May we wrote that there were 212 people on board.',
        "There were 121 people on board.",
    ),
    "of an article": (
        (VOTED, "The dam will cost 84 million pounds.", "Fourteen members voted for it and nine against it."),
        f'Correction: An article published on 10 May, "{VOTED}", said that fourteen members of the Lorne council voted '
        "for the dam and nine against it.",
        "In fact, thirteen members voted for it and ten against it.",
    ),
}


@needs_parser
@pytest.mark.parametrize("case", HEADLINES)
def test_a_correction_names_the_article_by_its_headline(archive: Archive, tmp_path: Path, case: str) -> None:
    (title, body, wrong), note, right = HEADLINES[case]
    text = f"{title} on Sunday. {body} {wrong}"
    rows = [
        row("old", text, title, published="2026-05-10", source="Post"),
        row("new", f"{note} {right} We apologise for the error.", "Correction", published="2026-05-12", source="Post"),
        row("other", f"Another story. {wrong}", "Another headline", published="2026-05-09", source="Post"),
    ]
    archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    assert linked(archive) == [("corrected", wrong, right)]
    assert not [e for e in archive.timeline("Calypso Lorne").entries if "Correction" in e.quote]
    assert not [q for q in archive.quotes() if "article" in (q.speaker or "").casefold()]


@needs_parser
def test_a_changed_or_deleted_side_takes_its_links_along(archive: Archive, tmp_path: Path) -> None:
    old = row("old", "Ana Reyes was sworn in as mayor of Porto Novo on Friday.", "Mayor", published="2023-01-06")
    new = row("new", "Mayor Ana Reyes resigned on Monday.", "Mayor", published="2023-09-04")
    archive.ingest(write_rows(tmp_path / "a.jsonl", old, new))
    archive.ingest(write_rows(tmp_path / "b.jsonl", {**new, "text": "Mayor Ana Reyes opened a bridge on Monday."}))
    assert linked(archive) == []
    archive.ingest(write_rows(tmp_path / "a.jsonl", new))
    assert len(linked(archive)) == 1
    archive.reindex()
    assert len(linked(archive)) == 1, "the repair finds it again"
    archive.delete("old")
    db = archive.stores.catalog._db
    assert [db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("link", "change")] == [0, 1]


def test_undated_articles_are_not_set_against_each_other(archive: Archive, tmp_path: Path) -> None:
    old = row("old", "Ana Reyes was sworn in as mayor of Porto Novo on Friday.", "Mayor")
    archive.ingest(write_rows(tmp_path / "a.jsonl", old, row("new", "Mayor Ana Reyes resigned on Monday.", "Mayor")))
    assert linked(archive) == []


def test_an_archive_of_an_older_program_is_linked_by_the_next_writer(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as archive:
        archive.ingest(write_rows(tmp_path / "a.jsonl", row("a", CORRECTED)))
        catalog = archive.stores.catalog
        with catalog._transaction() as db:
            for table in ("link", "change", "amendment", "mending"):
                db.execute(f"DROP TABLE {table}")
            for column in ("linked", "as_read"):
                db.execute(f"ALTER TABLE version DROP COLUMN {column}")
            db.execute("UPDATE meta SET value = '3' WHERE name = 'schema'")
    with Archive.open(tmp_path / "x", embeddings=FakeEmbeddings()) as archive:
        assert archive.stores.catalog.count_without_links() == 1
        archive.ingest(tmp_path / "a.jsonl")
        assert len(linked(archive)) == 1


@needs_parser
def test_a_name_that_is_half_of_another_is_not_the_corrected_one(archive: Archive, tmp_path: Path) -> None:
    right = "Police had dug in Hampton Township, which is in Oakland County, after a tip.\n\n"
    other = "They had dug under a barn in Oakland Township as well, north of the police station of Hampton.\n\n"
    note = "Correction: Police dug in Hampton Township, which is in Bay County, not Oakland County."
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("a", right + other + note)))
    assert [(kind, of) for kind, of, _ in linked(archive)] == [("corrected", right.strip())]
