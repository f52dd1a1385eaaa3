"""What kind of words a question asks for, and whether a sentence has any."""

from __future__ import annotations

import pytest

from rag.answer.wanted import kind_of, lacks, things


@pytest.mark.parametrize(
    ("question", "kind", "gives", "without"),
    [
        ("How much was Lind paid for the race?", "money", "Lind got £300,000.", "Lind ran it in under two hours."),
        ("What will the spray sell for?", "money", "It is to cost four dollars.", "It lasts for 500 flushes."),
        ("How many votes did Reyes get?", "number", "Reyes got 220 votes.", "On 4 May 2019 Reyes won."),
        ("On what date did they land?", "day", "They landed on 2 August.", "They plan to return a flag."),
        ("When does the trial open?", "time", "It opens on Monday.", "The trial is to be held in Oslo."),
        ("How long had he been out of jail?", "duration", "He was freed a week ago.", "He was freed by a judge."),
        ("What share of the air is oxygen?", "share", "Only 0.145% is oxygen.", "The air is thin."),
        ("What was the name of the woman who died?", "person", "Ann Hughes died.", "A rescued woman died there."),
        ("Who was the captain of the boat?", "person", "Captain Reyes swam ashore.", "The boat sank off Oslo."),
    ],
)
def test_a_sentence_without_the_kind_of_words_that_is_asked_for_is_told(
    question: str, kind: str, gives: str, without: str
) -> None:
    assert kind_of(question) == kind
    assert not lacks(question, gives)
    assert lacks(question, without)


@pytest.mark.parametrize("question", ["Why did he join?", "Did she come back?", "Wie hieß das Schiff?", ""])
def test_of_other_questions_nothing_is_told(question: str) -> None:
    assert kind_of(question) is None
    assert not lacks(question, "The boat sank.")


def test_a_name_that_the_question_has_is_none() -> None:
    assert lacks("Who was the captain of the Ana Maria?", "The Ana Maria sank.")
    assert lacks("What was the name of the man?", "He worked at the Oslo Police Department.")


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("What two prison terms was he given?", 2),
        ("Which three towns were cut off?", 3),
        ("Who were the other two drivers?", 2),
        ("Name the four winners.", 4),
        ("What were the two causes?", 2),
        ("What did the two ministers say?", 1),
        ("How many drivers were hurt?", 1),
        ("What 2,000 people were moved?", 1),
        ("What three million people read?", 1),
        ("Who won?", 1),
    ],
)
def test_how_many_things_are_asked_for(question: str, number: int) -> None:
    assert things(question) == number


def test_a_day_is_nobodys_name() -> None:
    assert lacks("What is the name of the 66-year-old?", "On Saturday they arrested a man on suspicion of theft.")
    assert lacks("What is the name of the 66-year-old?", "Police arrested a 36-year-old Oslo man in May.")
    assert not lacks("What is the name of the suspect?", "Police arrested the suspect Holt in May.")
    assert not lacks("What is the name of the 66-year-old?", "They arrested Ana Holt, 66, on Saturday.")
