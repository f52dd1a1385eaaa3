"""Example questions: grammatical, answered by their sentence, of several articles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieve.starters import examples
from rag.text.split import sentences
from rag.types import Sentence

Taken = tuple[str, str, list[Sentence]]
FILLER = " It was the talk of the town for the rest of that week, and nobody at the harbour said what it was for."


def article(text: str, title: str = "") -> Taken:
    text += FILLER
    return title, text, sentences(text, "en")


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("Maren Holt said the bridge would reopen in May.", "What did Maren Holt say about the bridge?"),
        ("Maren Holt, the mayor, said on Friday the bridge was safe.", "What did Maren Holt say about the bridge?"),
        ("Qin Gang told Blinken that relations between both were at a low point.", "What did Qin Gang say?"),
        ("Qin Gang said that relations with Washington are at a low.", "What did Qin Gang say?"),
        ("Qin Gang said that relations are at a low point again.", "What did Qin Gang say about relations?"),
        ("“The bridge is as safe as a house can be,” said Maren Holt.", "What did Maren Holt say about the bridge?"),
        ("“We stopped pretending that this was good enough,” said Maren Holt, the mayor.", "What did Maren Holt say?"),
        ("Maren Holt said she had been promised compensation by the town.", "What did Maren Holt say?"),
        ("The ferry to Velle was cancelled because a storm was near.", "Why was the ferry to Velle cancelled?"),
        ("The tram extension to Velle will cost £84 million.", "How much will the tram extension to Velle cost?"),
        ("The bridge to Velle cost £84 million.", "How much did the bridge to Velle cost?"),
        ("At least 12 people were injured in Velle on Monday.", "How many people were injured in Velle?"),
        ("The tram extension to Velle will open in June 2027.", "When will the tram extension to Velle open?"),
        ("The tram extension to Velle is due to open in 2027.", "When is the tram extension to Velle due to open?"),
        ("The Maritime Museum was founded in 1920.", "When was the Maritime Museum founded?"),
        ("It was Anna Berg, the director of the Old Library, who objected.", "Who is the director of the Old Library?"),
    ],
)  # fmt: skip
def test_a_question_of_a_sentence(sentence: str, question: str) -> None:
    assert examples([article(sentence)]) == [question]


@pytest.mark.parametrize(
    "sentence",
    [
        "She said the bridge would reopen in May.",
        "The ministry said the bridge would reopen in May.",
        "On Friday Holt said the bridge would reopen in May.",
        "He was late because a storm had damaged the pier.",
        "The ferry was cancelled because of a storm off Velle.",
        "The average worker estimates retirement costs £84 million.",
        "The two of them were arrested in 2019.",
        "The other bridge there will cost £84 million.",
        "It will open in June 2027 and that will be a day to remember.",
        "Twelve thousand people were there.",
        "Protests were held in Velle in 2019.",
        "It was Anna Berg, a director of the Maritime Museum, who objected.",
        "It was Anna Berg, the former director of the Maritime Museum, who objected.",
        "Tram 4 was late again, as ever, and nobody at all complained.",
    ],
)
def test_no_question_rather_than_a_broken_one(sentence: str) -> None:
    assert examples([article(sentence)]) == []


def test_a_surname_is_given_in_full_where_the_article_has_it() -> None:
    text = "A plan by Maren Holt was rejected. “The new bridge is safe, whatever some may think,” said Holt."
    assert examples([article(text)]) == ["What did Maren Holt say about the new bridge?"]


def test_a_name_of_the_title_is_what_was_spoken_of() -> None:
    text = "Maren Holt said: “I have seen nothing like what Velle has been through.”"
    assert examples([article(text)]) == ["What did Maren Holt say?"]
    assert examples([article(text, "Storm over Velle")]) == ["What did Maren Holt say about Velle?"]


def test_each_article_comes_once_before_any_comes_twice_and_kinds_change() -> None:
    both = "Maren Holt said the bridge would reopen in May. The Maritime Museum was founded in 1920."
    said = "Olaf Berg said the pier would reopen in May."
    assert examples([article(said), article(both)], 3) == [
        "What did Olaf Berg say about the pier?",
        "When was the Maritime Museum founded?",
        "What did Maren Holt say about the bridge?",
    ]
    assert examples([article(said), article(both)], 1) == ["What did Olaf Berg say about the pier?"]
    assert examples([article(said), article(said)]) == ["What did Olaf Berg say about the pier?"]
    assert examples([article(said)], 0) == []
    assert examples([]) == []


@pytest.mark.parametrize(
    "text",
    [
        "Maren Holt sagte, die Brücke werde im Mai wieder geöffnet, und das sei eine gute Nachricht für die Stadt.",
        "秦刚说两国关系处于建交以来的最低点。布林肯星期日抵达北京。",
        "Merkez Bankası Başkanı faizin bir süre daha yüksek kalacağını ve bunun için adım atılacağını söyledi.",
        "",
    ],
)
def test_other_languages_give_none(text: str) -> None:
    assert examples([("", text, sentences(text, "de"))]) == []


def test_the_sample_corpus_gives_questions() -> None:
    taken = []
    for file in sorted((Path(__file__).parents[2] / "corpus").glob("*.md")):
        _, head, text = file.read_text("utf-8").split("---\n", 2)
        title = re.search(r'^title: "?(.+?)"?$', head, re.MULTILINE)
        assert title
        taken.append((title[1], text, sentences(text, "en")))
    found = examples(taken, 8)
    assert len(found) == 8
    assert found == examples(taken, 8)
    assert examples(taken, 4) == found[:4]


@given(st.text(max_size=200) | st.from_regex(r'([A-Z][a-z]+ |said |the |“|”|"|, |will cost |was |in 2020|\. ){0,20}'))
def test_any_text_is_taken(text: str) -> None:
    for question in examples([("Title", text, sentences(text, "en"))]):
        assert question[0].isupper() and question.endswith("?") and "\n" not in question
