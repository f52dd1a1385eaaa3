"""Who left an office, though the sentence names none, or the older article is of another story."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import row, write_rows

from rag import Archive
from rag.text import parser

pytestmark = pytest.mark.skipif(not parser.available(), reason="the parser is not installed")

TUNNEL = "Transport minister Lars Ekwall opened the Sella tunnel on Saturday."
WATER = "Brackwell Water will raise its prices in April. Its chief executive, Odile Marsden, said that bills were low."


def overtaken(
    archive: Archive, tmp_path: Path, old: str, new: str, *, titles: tuple[str, str] = ("Old", "New")
) -> list:
    rows = [
        row("old", old, titles[0], published="2026-01-10", source="Post"),
        row("new", new, titles[1], published="2026-04-02", source="Herald"),
    ]
    archive.ingest(write_rows(tmp_path / "a.jsonl", *rows))
    ids = {archive.get(k).id: k for k in ("old", "new")}
    return sorted(
        (ids[k.of[0]], archive.get(k.of[0]).text[k.of[1] : k.of[2]], archive.get(k.by[0]).text[k.by[1] : k.by[2]])
        for k in archive.stores.catalog.links()
    )


@pytest.mark.parametrize(
    ("old", "new", "who"),
    [
        (TUNNEL, "Lars Ekwall lost his post as transport minister on Thursday.", "Lars Ekwall"),
        (TUNNEL, "The president stripped Lars Ekwall of his post as transport minister.", "Lars Ekwall"),
        (TUNNEL, "Lars Ekwall is no longer transport minister.", "Lars Ekwall"),
        (TUNNEL, "Mina Saarela took over from Lars Ekwall as transport minister on Thursday.", "Lars Ekwall"),
        (TUNNEL, "Lars Ekwall, the transport minister, was replaced by Mina Saarela on Thursday.", "Lars Ekwall"),
        (WATER, "Odile Marsden stepped down as chief executive of Brackwell Water on Monday.", "Odile Marsden"),
        (WATER, "The company's chief executive, Odile Marsden, resigned on Monday.", "Odile Marsden"),
        (
            "The director of the Vask Museum, Edda Krol, showed forty masks.",
            "Hanno Beck took over from Edda Krol as director of the Vask Museum on Tuesday.",
            "Edda Krol",
        ),
    ],
)
def test_an_office_that_was_left(archive: Archive, tmp_path: Path, old: str, new: str, who: str) -> None:
    assert [(k, name) for k, name, _ in overtaken(archive, tmp_path, old, new)] == [("old", who)]


def test_the_article_says_which_office_was_left(archive: Archive, tmp_path: Path) -> None:
    new = (
        "The prime minister thanked the former head of transport, Lars Ekwall, the transport minister since 2023. "
        "Ekwall, 58, is succeeded by Mina Saarela."
    )
    assert ("old", "Lars Ekwall", "Ekwall, 58, is succeeded by Mina Saarela.") in overtaken(
        archive, tmp_path, TUNNEL, new
    )


def test_whoever_follows_is_in_the_new_office(archive: Archive, tmp_path: Path) -> None:
    new = "Brackwell Water has a new chief executive. Jutta Brandvold succeeds Odile Marsden, the company said."
    assert [name for _, name, _ in overtaken(archive, tmp_path, WATER, new)] == ["Odile Marsden"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (TUNNEL, "Lars Ekwall kept his post as transport minister on Thursday."),
        (TUNNEL, "Lars Ekwall may lose his post as transport minister, a columnist wrote."),
        (TUNNEL, "Lars Ekwall will be succeeded as transport minister by Mina Saarela in June."),
        (TUNNEL, "Mina Saarela takes over from Lars Ekwall as transport minister on 1 June."),
        (TUNNEL, "Lars Ekwall has denied that he lost his post as transport minister."),
        (TUNNEL, "Lars Ekwall, the transport minister, retired from playing chess on Thursday."),
        (TUNNEL, "Transport minister Lars Ekwall thanked a judge. The judge dismissed an Ekwall lawsuit on Thursday."),
        (TUNNEL, "Transport minister Jon Ekwall of Narnia was sacked on Thursday."),
        (TUNNEL, "Lars Ekwall resigned as president of the chess club on Thursday."),
        ("Captain Tom Brierley scored for Rovers.", "Captain Tom Brierley was replaced by Luis Cobo at half-time."),
        ("The mayor of Vask, Peeter Laan, thanked workers.", "The deputy mayor of Vask, Ilmar Soo, was sacked."),
    ],
)
def test_an_office_that_was_not_left(archive: Archive, tmp_path: Path, old: str, new: str) -> None:
    assert overtaken(archive, tmp_path, old, new) == []


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
def test_of_any_story_whichever_comes_first(archive: Archive, tmp_path: Path, order: tuple[str, str]) -> None:
    rows = {
        "old": row("old", TUNNEL, "Tunnel opens", published="2026-01-10"),
        "new": row(
            "new", "Lars Ekwall was sacked as transport minister. A bad day for rail.", "Out", published="2026-04-02"
        ),
    }
    for name in order:
        archive.ingest(write_rows(tmp_path / f"{name}.jsonl", rows[name]))
    assert len(archive.stores.catalog.links()) == 1
