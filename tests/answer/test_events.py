"""Events as sentences tell them: which days count, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer.events import LONGEST, events
from rag.text import parser

TUESDAY = datetime(2023, 6, 20, tzinfo=UTC)

needs_parser = pytest.mark.skipif(not parser.available(), reason="the parser is not installed")


def told(text: str, language: str = "en", published: datetime | None = TUESDAY, spoken: str = "") -> list[str]:
    """Days of the events; ``spoken`` is the part of the sentence that stands in somebody's own words."""
    start = text.find(spoken) if spoken else len(text)
    found = events(text, published, language, lambda at: start <= at < start + len(spoken))
    return [
        f"{t.named.days.first}" + (f"..{t.named.days.last}" if t.named.days.last != t.named.days.first else "")
        for t in found
    ]


@needs_parser
@pytest.mark.parametrize(
    ("sentence", "days"),
    [
        ("The talks began on Monday.", ["2023-06-19"]),
        ("Thursday, police arrested two men.", ["2023-06-15"]),
        ("He was arrested Monday at his home.", ["2023-06-19"]),
        ("He resigned on Sunday, the minister said on Monday.", ["2023-06-18"]),
        ("It rained in May.", ["2023-05-01..2023-05-31"]),
        ("The dam broke on the night of June 6 and flooded two villages.", ["2023-06-06"]),
        ("She travelled between 2 May and 5 May.", ["2023-05-02..2023-05-05"]),
        ("The schools were shut on Monday and Tuesday.", ["2023-06-19..2023-06-20"]),
        # the sentence's own event, and what it reminds of
        ("On Monday, sixteen states sued over the emergency that began on May 3.", ["2023-06-19", "2023-05-03"]),
        ("The vote was to end on June 1, but on May 30 it was put off by a week.", ["2023-05-30"]),
        ("In an advisory issued yesterday, the centre called it a hurricane.", ["2023-06-19"]),
        ("In an advisory released on Monday (0000 UTC Tuesday), the centre called it a hurricane.", ["2023-06-19"]),
        ("When he landed on Sunday, he was met by the mayor.", ["2023-06-18"]),
        ("A girl who had been missing since Friday was found safe on Sunday in a barn, police said.", ["2023-06-18"]),
        # what came of it is denied, and that is what came about
        ("Holt was found not guilty on Monday of robbing the bank, but was jailed for fraud.", ["2023-06-19"]),
        ("Holt pleaded not guilty on Monday.", ["2023-06-19"]),
        ("The bridge was not safe on Monday.", []),
        # no events
        ("The fair, planned for 17 August, has been cancelled, the mayor said on Monday.", ["2023-06-19"]),
        ("Voters go to the polls on Sunday.", []),
        ("Police arrested Holt on Monday, and he appears in court on Thursday.", ["2023-06-19"]),
        ("She was elected in May and takes office on Friday.", ["2023-05-01..2023-05-31"]),
        ("The mayor, who resigned on Friday, faces trial in March.", ["2023-06-16"]),
        ("She will call for a review at Thursday’s meeting.", []),
        ("The match on Saturday has been called off.", []),
        ("Monday’s vote means that the plan is dead.", ["2023-06-19"]),
        ("Police say that two men were arrested on Monday.", ["2023-06-19"]),
        ("When he lands in Rome on Sunday, he will be met by the mayor.", []),
        ("He will be met by the mayor when he lands on Monday.", []),
        ("It rained last year.", []),
        ("The talks begin on 3 August.", []),
        ("The council was to meet Monday to discuss it.", []),
        ("The storm was expected to reach the coast late on Monday.", []),
        ("The talks did not begin on Monday.", []),
        ("He may have left on Monday.", []),
        ("As of Monday, two people were missing.", []),
        ("Protesters had given the government until Monday.", []),
        ("Did the talks begin on Monday?", []),
        ("Tuesday, 20 June 2023", []),
        ("Black Friday sales rose.", []),
        ("The valley was settled on 1 June 1890.", []),  # which is no day of this century
    ],
)
def test_which_days_a_sentence_tells_of(sentence: str, days: list[str]) -> None:
    assert told(sentence) == days


@needs_parser
def test_what_only_reminds_is_told_so() -> None:
    sentence = "The minister was sworn in on Monday following the June 2 resignation of her predecessor."
    (sworn, resigned) = events(sentence, TUESDAY, "en", lambda _: False)
    assert sworn.main and not resigned.main
    assert "resignation" in resigned.clause and "sworn" not in resigned.clause


@pytest.mark.parametrize("language", ["en", "de"])
def test_today_in_somebodys_words_is_the_day_of_speaking(language: str) -> None:
    sentence = {"en": "“We won today,” he said.", "de": "„Wir haben heute gewonnen“, sagte er."}[language]
    word = {"en": "We won today", "de": "Wir haben heute gewonnen"}[language]
    assert told(sentence, language) == ["2023-06-20"]
    assert told(sentence, language, spoken=word) == []
    assert told("He said “we met on 3 May 2023 in Rome”.", spoken="we met on 3 May 2023 in Rome") == ["2023-05-03"]


@pytest.mark.parametrize(
    ("language", "sentence", "days"),
    [
        ("de", "Der Damm brach am Montag.", ["2023-06-19"]),
        ("fr", "Le barrage a cédé le 6 juin 2023.", ["2023-06-06"]),
        ("es", "La presa se rompió ayer.", ["2023-06-19"]),
        ("tr", "Baraj dün yıkıldı.", ["2023-06-19"]),
        ("zh", "大坝于2023年6月6日决堤。", ["2023-06-06"]),
        ("de", "Er kam am 3. Mai und ging am 9. Juni.", []),  # two, and no grammar to tell them apart
        ("fi", "Pato murtui 6.6.2023.", []),  # no grammar of days
    ],
)
def test_other_languages(language: str, sentence: str, days: list[str]) -> None:
    assert told(sentence, language) == days


def test_without_a_date_only_what_names_its_year() -> None:
    assert told("The dam broke on Monday.", published=None) == []
    assert told("The dam broke on 6 June 2023.", published=None) == ["2023-06-06"]


@needs_parser
@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            "the dam broke on Monday , 3 June 2022 and he said would resign last week ( yesterday ) in May “ ”".split()
        ),
        max_size=14,
    )
)
def test_events_are_past_short_and_where_the_sentence_names_them(words: list[str]) -> None:
    text = " ".join(words)
    for event in events(text, TUESDAY, "en", lambda _: False):
        assert event.named.days.first <= TUESDAY.date()
        assert event.named.days.end - event.named.days.first <= LONGEST
        assert text[event.named.start : event.named.end] == event.named.text
