"""Whose words evidence is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.answer.attribution import Attribution
from rag.types import QuoteSpan

TEXT = "Qin told Blinken that relations are at the lowest point. “We hope for better,” Blinken replied."
QIN = QuoteSpan(
    start=TEXT.index("relations"),
    end=TEXT.index(". “"),
    direct=False,
    speaker="Qin Gang",
    role="foreign minister",
    verb="told",
    mention=(0, 3),
)
BLINKEN = QuoteSpan(
    start=TEXT.index("We hope"),
    end=TEXT.index(",” B"),
    direct=True,
    speaker="Antony Blinken",
    role=None,
    verb="replied",
    mention=(TEXT.rindex("Blinken"), TEXT.rindex("Blinken") + 7),
)
FIRST, SECOND = (0, TEXT.index(" “We")), (TEXT.index("“We"), len(TEXT))
VOICES = Attribution({"a": [QIN, BLINKEN]}, [("Qin Gang", "foreign minister")])


def test_words_of_whom_the_question_asks_for_are_known() -> None:
    assert VOICES.asked_for("a", *FIRST)
    assert not VOICES.asked_for("a", *SECOND)
    assert not VOICES.asked_for("another", *FIRST)


def test_a_surname_is_introduced_once_and_a_full_name_is_not() -> None:
    assert VOICES.introduce("a", 0, TEXT[slice(*FIRST)]) == "Qin is Qin Gang, foreign minister"
    assert VOICES.introduce("a", SECOND[0], TEXT[slice(*SECOND)]) == "Blinken is Antony Blinken"
    full = "Qin Gang, the foreign minister, spoke of relations."
    assert Attribution({"a": [QIN]}).introduce("a", 0, full) == ""


def test_words_whose_speaker_stands_elsewhere_are_given_one() -> None:
    said = BLINKEN.model_copy(update={"mention": (0, 4)})
    at = TEXT.index("We hope")
    assert Attribution({"a": [said]}).introduce("a", at, "We hope for better") == "Said by Antony Blinken"


def test_a_description_introduces_nobody() -> None:
    said = QIN.model_copy(update={"speaker": "a spokesman", "role": "of the ministry"})
    assert Attribution({"a": [said]}).introduce("a", 0, TEXT[slice(*FIRST)]) == ""


def test_an_office_may_be_whom_the_question_asks_for() -> None:
    said = QIN.model_copy(update={"speaker": "Foreign Minister", "role": None})
    asked = Attribution({"a": [said]}, [("Qin Gang", "foreign minister")])
    assert asked.wrong_speaker([("a", *FIRST)], [TEXT[slice(*FIRST)]]) == ""
    assert "Antony Blinken" in VOICES.wrong_speaker([("a", *SECOND)], [TEXT[slice(*SECOND)]])


def test_words_given_to_somebody_else_are_found_out() -> None:
    assert VOICES.misattributed("Blinken said that relations are at the lowest point.", [("a", *FIRST)]) == "Qin Gang"
    assert VOICES.misattributed("Qin said that relations are at the lowest point.", [("a", *FIRST)]) == ""
    assert VOICES.misattributed("Relations are at the lowest point.", [("a", *FIRST)]) == ""
    assert VOICES.misattributed("Wang said that they hope.", [("a", 0, 3)]) == "", "no quote stands there"


@given(st.integers(-5, 120), st.text(max_size=120), st.text(max_size=80))
def test_any_place_and_any_text_can_be_asked_about(start: int, text: str, claim: str) -> None:
    VOICES.introduce("a", start, text)
    assert VOICES.misattributed(claim, [("a", start, start + len(text))]) in ("", "Qin Gang", "Antony Blinken")


def test_words_that_are_plainly_anothers_are_no_answer() -> None:
    assert VOICES.wrong_speaker([("a", *FIRST)], [TEXT[slice(*FIRST)]]) == ""
    assert (
        VOICES.wrong_speaker([("a", *SECOND)], [TEXT[slice(*SECOND)]]) == "the cited words are those of Antony Blinken"
    )
    both = [("a", *FIRST), ("a", *SECOND)]
    assert VOICES.wrong_speaker(both, [TEXT, TEXT]) == ""


def test_the_reader_decides_where_whose_words_they_are_is_not_plain() -> None:
    declined = "Mr Qin declined to comment."
    assert VOICES.wrong_speaker([("b", 0, len(declined))], [declined]) == "", "nobody's words, and an answer"
    unknown = Attribution({"a": [QIN, BLINKEN]})
    assert unknown.wrong_speaker([("a", *SECOND)], [TEXT[slice(*SECOND)]]) == "", "nobody is known to be asked for"
    named = Attribution({"a": [QIN, BLINKEN]}, [("Qin Gang", "foreign minister")], "Qin Gang")
    told = "Blinken replied that Mr Gang was right."
    assert named.wrong_speaker([("a", *SECOND)], [told]) == "", "they name him"
    group = BLINKEN.model_copy(update={"speaker": "The delegation"})
    asked = Attribution({"a": [QIN, group]}, [("Qin Gang", "foreign minister")], "Qin Gang")
    assert asked.wrong_speaker([("a", *SECOND)], [TEXT[slice(*SECOND)]]) == "", "he may be one of them"
