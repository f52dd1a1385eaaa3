"""Who holds an office of which body, who followed whom, and the newest toll."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import row, write_rows

from rag import Archive
from rag.answer.reader import Reading
from rag.answer.sides import holders
from rag.answer.sides.succession import bearer, successions
from rag.answer.standing import settle
from rag.composing import cite
from rag.text import parser
from rag.types import Citation, Hit, Passage, Query

pytestmark = pytest.mark.skipif(not parser.available(), reason="the parser is not installed")

WATER = "Brackwell Water will raise its prices in April. Its chief executive, Odile Marsden, said that bills were low."
WARDS = "Northmoor Hospital has shut two wards. Its chief executive, Piers Langton, said that patients were moved."


def passage(archive: Archive, key: str) -> Passage:
    ident = archive.get(key).id
    return next(iter(archive.stores.catalog.passages(archive.stores.catalog.passages_of([ident])).values()))


def reading(archive: Archive, key: str, sentence: int) -> Reading:
    return Reading(Hit(passage=passage(archive, key), score=0.0, rank=1, found_by="other"), sentence, 1.0, 0.5, None)


@pytest.mark.parametrize(
    ("question", "fits"),
    [
        ("Who is the chief executive of Brackwell Water?", [2, -1, 0, -1]),
        ("Who is Brackwell Water's chief executive?", [2, -1, 0, -1]),
        ("Who is the chief executive of Northmoor Hospital?", [-1, 2, 0, -1]),
        ("Who is the mayor of Vask?", [0, 0, 0, -1]),
        ("Who is the deputy mayor of Vask?", [0, 0, 0, 2]),
        ("Who was killed in Vask?", [1, 1, 1, 1]),
    ],
)
def test_an_office_is_of_a_body(archive: Archive, tmp_path: Path, question: str, fits: list[int]) -> None:
    rows = [
        row("a", WATER, "Bills", published="2026-03-02"),
        row("b", WARDS, "Wards", published="2026-03-03"),
        row("c", "The chief executive of Tarrick Energy, Hans Orr, objects.", "Wind", published="2026-03-03"),
        row("d", "The deputy mayor of Vask, Ilmar Soo, was sacked.", "Vask", published="2026-03-04"),
    ]
    archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    some = [reading(archive, "a", 1), reading(archive, "b", 1), reading(archive, "c", 0), reading(archive, "d", 0)]
    fit = holders.fitting(question, some, archive.stores.catalog)
    found = [fit(r) for r in some]
    assert [f for f, want in zip(found, fits, strict=True) if want in (2, 1)] == [w for w in fits if w in (2, 1)]
    assert all(f <= 0 for f, want in zip(found, fits, strict=True) if want <= 0), found


@pytest.mark.parametrize(
    ("text", "gone", "comes"),
    [
        ("Marsh, 62, who held the post for three years, is succeeded by Gwen Tallis.", "Marsh", "Gwen Tallis"),
        ("Gregor Haldane resigned and was replaced by Petra Lindqvist.", "Gregor Haldane", "Petra Lindqvist"),
        ("Hanno Beck took over from Edda Krol as director.", "Edda Krol", "Hanno Beck"),
        ("The board replaced Edda Krol with Hanno Beck.", "Edda Krol", "Hanno Beck"),
        ("Edda Krol was not succeeded by Hanno Beck.", "", ""),
        ("Edda Krol may be succeeded by Hanno Beck.", "", ""),
        ("Hanno Beck will take over from Edda Krol.", "", ""),
    ],
)
def test_who_follows_whom(text: str, gone: str, comes: str) -> None:
    (tree,) = parser.trees([text])
    found = [[" ".join(tree[n].text for n in bearer(tree, at)) for at in (s.gone, s.comes)] for s in successions(tree)]
    assert found == ([[gone, comes]] if gone else [])


def settled(
    archive: Archive, question: str, *keys: str, near: tuple[str, ...] = ()
) -> list[tuple[str, str, str | None]]:
    def cited(key: str) -> Citation:
        p = passage(archive, key)
        s = p.sentences[0]
        return cite(p, p.text[s.start - p.start : s.end - p.start], s.start, s.end)

    asked = Query(text=question, standalone=question)
    found = settle([cited(k) for k in keys], [reading(archive, k, 0) for k in near], asked, archive.stores.catalog)
    keyed = {archive.get(k).id: k for k in (*keys, *near)}
    return [
        (keyed[c.article_id], c.status, archive.get(c.article_id).text[slice(*c.words)] if c.words else None)
        for c in found.quotes
    ]


FIRST = "Four people died and 17 were injured in a fire at the Kaldor hotel in Vask, police said."
SECOND = "Doctors in Vask said that 26 people had been injured in the fire at the Kaldor hotel."
RISEN = "The number of people injured in the Kaldor hotel fire in Vask has risen to 29."
HURT = "How many people were injured in the Kaldor hotel fire?"


@pytest.mark.parametrize(
    ("last", "newest"),
    [
        (RISEN, "29"),
        ("Sixty-one people were injured in a fire at the Mirna hotel in Vask on Wednesday.", "26 people"),
        ("Two people injured in the Kaldor hotel fire in Vask were taken to Ostmere.", "26 people"),
    ],
)
def test_the_newest_toll_of_the_same_event_leads(archive: Archive, tmp_path: Path, last: str, newest: str) -> None:
    rows = [
        row("a", FIRST, "Hotel burns", published="2026-06-01", source="Herald"),
        row("b", SECOND, "More hurt", published="2026-06-02", source="Post"),
        row("c", last, "Fire", published="2026-06-04", source="Echo"),
    ]
    archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    found = settled(archive, HURT, "a", "b", near=("c",))
    assert found[0][1:] == ("stands", newest)
    assert {key for key, status, _ in found if status == "overtaken"} == ({"a", "b"} if newest == "29" else {"a"})


def test_another_office_in_the_sentence_changes_nothing(archive: Archive, tmp_path: Path) -> None:
    text = "Prime minister Helena Voss dismissed her transport minister, Edwin Marsh, on Monday. "
    text += "Marsh, 62, is succeeded by Gwen Tallis."
    archive.ingest(write_rows(tmp_path / "a.jsonl", row("a", text, "Reshuffle", published="2026-11-09")))
    found = settled(archive, "Who is the prime minister?", "a")
    assert [status for _, status, _ in found] == ["stands"]
    found = settled(archive, "Who is the transport minister?", "a")
    assert [(status, words) for _, status, words in found] == [("stands", "Gwen Tallis"), ("overtaken", None)]
