"""Which words are marked as the answer where grammar tells it: the figure asked for, and who somebody is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from turns import passage

from rag.answer.introductions import asked, introduced, introduces
from rag.answer.marking import marked, toll
from rag.answer.reader import Reading
from rag.text import parser
from rag.types import Hit

pytestmark = pytest.mark.skipif(not parser.available(), reason="the parser is not installed")

TRAM = "Three people were killed and 14 injured when a tram struck a lorry in Norbury on Monday."


def read(text: str, words: str | None) -> Reading:
    whole = passage(text)
    at = None if words is None else (whole.start + text.index(words), whole.start + text.index(words) + len(words))
    return Reading(Hit(passage=whole, score=1.0, rank=1, found_by="hybrid"), 0, 1.0, 0.9, at)


def words_of(reading: Reading) -> str | None:
    if reading.words is None:
        return None
    start = reading.hit.passage.start
    return reading.hit.passage.text[reading.words[0] - start : reading.words[1] - start]


@pytest.mark.parametrize(
    ("question", "text", "first", "then"),
    [
        ("How many people were injured in the crash?", TRAM, "Three people", "14"),
        ("How many were hurt?", TRAM, "Three people were killed and 14 injured", "14"),
        ("How many people died in the crash?", TRAM, "14", "Three people"),
        ("How many people were killed?", TRAM, "Three people were killed", "Three people were killed"),
        ("How many were wounded?", "The blast killed 12 people and wounded at least 40.", "12 people", "at least 40"),
        ("How many people were wounded?", "Two killed the dog; 12 people died.", "12 people", None),
        ("How many schools has the town?", "The town has 12 schools and 4 halls.", "4 halls", "12 schools"),
        (
            "How many officers were hurt?",
            "Police held 14 people and 30 officers were hurt.",
            "14 people",
            "30 officers",
        ),
        ("How many patients fell ill?", "Four of its 212 patients fell ill after the trial.", "212 patients", "Four"),
        ("How many patients took part?", "Four of its 212 patients fell ill.", "212 patients", "212 patients"),
        ("How many seats did it win?", "It won 41 of the 83 seats.", "41 of the 83 seats", "41 of the 83 seats"),
        ("When did it happen?", TRAM, "Monday", "Monday"),
        ("How many daughters has she?", "She has two daughters and five horses.", "five horses", "two daughters"),
        ("How many goals did Lind score?", "Lind pulled one back after 58 minutes.", "58 minutes", None),
        ("How many minutes did it take?", "Lind pulled one back after 58 minutes.", "58 minutes", "58 minutes"),
        ("How many children died?", "Twelve people are now known to have died.", "Twelve people", None),
        (
            "How many children died?",
            "Twelve people, four of them children, died.",
            "Twelve people",
            "four of them children",
        ),
        ("How many victims were there?", "Twelve people are now known to have died.", "Twelve people", "Twelve people"),
        ("How many jobs will go?", "In fact it will cut 120 posts.", "120 posts", "120 posts"),
        ("How many jobs will go?", "It will cut 100 of the 460 jobs.", "100", "100"),
        ("How many points has Lund?", "Orre have 29 points, two more than Lund.", "two", "two"),
        ("How much did it earn?", "The firm, which earned £3m, is glad of it.", "is glad of it", "£3m"),
        ("How much did it earn?", "It earned £3m, and £2m before.", "before", "before"),
        ("How many of them were children?", TRAM, "14", "14"),
    ],
)
def test_the_figure_asked_for_is_marked(question: str, text: str, first: str, then: str | None) -> None:
    (found,) = marked(question, [read(text, first)])
    assert words_of(found) == then


def test_what_has_no_words_marked_stays_without() -> None:
    assert marked("How many were injured?", [read(TRAM, None)])[0].words is None


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Ines Caldeira", "Festival director Ines Caldeira said the town expected many.", "Festival director"),
        ("Mary Oduya", "Prosecutor Mary Oduya told the court that he had lied.", "Prosecutor"),
        ("Ellen Strand", "“I felt strong,” said Strand, a nurse at the infirmary.", "a nurse at the infirmary"),
        ("Martin Oakes", "Its driver, Martin Oakes, 52, of Tilling, escaped.", "Its driver"),
        ("Alan Moss", "The contractor Alan Moss and the accountant Jane Pugh pleaded guilty.", "The contractor"),
        ("Priya Holt", "Ms Holt was a teacher until 2019.", "a teacher"),
        ("Antony Blinken", "U.S. Secretary of State Antony Blinken arrived.", "U.S. Secretary of State"),
        ("Adam Fry", "Daniel Kipruto finished first, ahead of Adam Fry.", None),
        ("Tom Barlow", "Yesterday Tom Barlow resigned.", None),
        ("Ellen Strand", "The chemist Paul Strand said no.", None),
        ("Ellen Strand", "Nobody came.", None),
        ("Norbury Transit", "It will stay closed until Friday, the operator Norbury Transit said.", "the operator"),
        ("Norbury Transit", "Norbury Transit said so.", None),
    ],
)
def test_who_somebody_is(name: str, text: str, said: str | None) -> None:
    at = introduced(name, text)
    assert (text[at[0] : at[1]] if at else None) == said


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Who is Ines Caldeira?", "Ines Caldeira"),
        ("And who was Qin Gang", "Qin Gang"),
        ("Who is the mayor?", None),
        ("Who is suing whom?", None),
        ("What is Norbury Transit?", "Norbury Transit"),
        ("What is the population of Norbury?", None),
    ],
)
def test_whose_name_is_asked_about(question: str, name: str | None) -> None:
    assert asked(question) == name


def test_another_language_is_left_alone() -> None:
    assert introduces("Who is Karin Voss?", "Mayor Karin Voss spoke.", "en")
    assert not introduces("Who is Karin Voss?", "Mayor Karin Voss spoke.", "de")


def test_the_words_that_introduce_are_marked() -> None:
    (found,) = marked("Who is Mary Oduya?", [read("Prosecutor Mary Oduya said he had lied.", "he had lied")])
    assert words_of(found) == "Prosecutor"


def test_which_sentences_tell_a_toll() -> None:
    tells = toll("How many people died in the crash?")
    assert tells is not None
    assert tells(read(TRAM, None)) and tells(read("The death toll has risen to 38.", None))
    assert not tells(read("Four people are missing and 262 were injured.", None))
    assert not tells(read("The crash was at noon.", None))
    assert toll("How many houses were destroyed?") is None and toll("Who died?") is None


def test_figures_of_others_make_a_sentence_less_likely() -> None:
    told, others = read(TRAM, "14"), read("Four people are missing and 262 were injured.", "Four people")
    first, second = marked("How many people were killed?", [replace(others, odds=2.0), replace(told, odds=1.0)])
    assert words_of(first) == "Three people" and second.words is None and second.odds < 0


@pytest.mark.parametrize(
    ("text", "first", "then"),
    [
        ("Berg never saw the report.", "saw the report", "never saw the report"),
        ("Berg denied that he had seen the report.", "he had seen the report", "denied that he had seen the report"),
        ("Berg had seen the report, she said.", "had seen the report", "had seen the report, she said"),
        ("Berg may have seen the report.", "seen the report", "may have seen the report"),
        ("There is no sign that Berg saw the report.", "Berg saw the report", "no sign that Berg saw the report"),
        ("Berg saw the report on Monday.", "saw the report", "saw the report"),
    ],
)
def test_what_answers_yes_or_no_is_marked_with_what_governs_it(text: str, first: str, then: str) -> None:
    (found,) = marked("Did Berg see the report?", [read(text, first)])
    assert words_of(found) == then
    (found,) = marked("What did Berg see?", [read(text, first)])
    assert words_of(found) == first


def test_a_sentence_that_counts_what_is_asked_for_comes_before_one_that_counts_people() -> None:
    people, children = "Twelve people are now known to have died.", "Four children died in the fire."
    found = marked(
        "How many children died?", [read(people, "Twelve people"), replace(read(children, "Four"), odds=0.0)]
    )
    assert [words_of(r) for r in found] == ["Four", None]
