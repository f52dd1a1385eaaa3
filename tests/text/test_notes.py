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
        ("Correction: An article of 11 May said that the bakery sells 300 loaves.", True, True),
        ("Correction: An article of 11 May said 300 loaves; in fact it is 500.", True, False),
        ("An article on Monday wrongly said that the bakery sells 300 loaves.", False, True),
        ("An article of 11 May said that the bakery sells 300 loaves.", False, False),
    ],
)
def test_notes(text: str, note: bool, former: bool) -> None:
    assert (notes.is_note(text), notes.tells_former(text)) == (note, former)


def test_a_title_may_say_that_a_sentence_tells_an_error() -> None:
    text = "An article of 11 May said that the bakery sells 300 loaves."
    assert notes.tells_former(text, "Correction: bakery sells 500 loaves")
    assert not notes.tells_former(text, "Bakery sells 500 loaves")


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
