"""Notes of articles on themselves, and opinion pieces by what they say of themselves."""

from __future__ import annotations

from typing import Any

import pytest

from rag.text import notes
from rag.text.opinion import view
from rag.types import Article


@pytest.mark.parametrize(
    ("text", "note", "former"),
    [
        ("An earlier version gave the cost as £84 million.", True, True),
        ("In a previous version of this story, the year was misstated.", True, True),
        ("A previous version of this article misstated her age; she is 34.", True, False),
        ("The plant will create 120 jobs, not 210 as this article first reported.", True, False),
        ("This article was amended on 14 March 2024.", True, False),
        ("Correction: The match was on Sunday.", True, False),
        ("BA.2 copies itself faster than the original version of Omicron.", False, False),
        ("The earlier version of the House bill would have paid for it.", False, False),
        ("The first reported death was on Monday.", False, False),
        ("The report was wrong.", False, False),
    ],
)
def test_notes(text: str, note: bool, former: bool) -> None:
    assert (notes.is_note(text), notes.tells_former(text)) == (note, former)


@pytest.mark.parametrize(
    ("more", "whose"),
    [
        ({"title": "Opinion: A monument to vanity", "author": "Carla Jessup"}, "Carla Jessup"),
        ({"metadata": {"section": "Opinion"}}, "opinion"),
        ({"metadata": {"type": "OpinionNewsArticle"}}, "opinion"),
        ({"url": "https://example.org/opinion/2024/07/17/stadium"}, "opinion"),
        ({"author": "Carla Jessup", "text": "Sell it.\n\nCarla Jessup is a columnist."}, "Carla Jessup"),
        ({"text": "Editor’s Note: The views expressed in this commentary are her own.\n\nSell it."}, "opinion"),
        ({"title": "Opinion polls open", "url": "https://example.org/news/opinion"}, ""),
        ({"text": "The mayor said the columnist was wrong. She is a columnist.", "author": "Jo Lind"}, ""),
    ],
)
def test_opinion(more: dict[str, Any], whose: str) -> None:
    given = {"key": "a", "id": "a", "title": "Stadium", "text": "The stadium is open.", "language": "en"}
    assert view(Article(**(given | more))) == whose
