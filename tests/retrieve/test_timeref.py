"""Times in questions: which speak for some articles, and which are only mentioned."""

from __future__ import annotations

import timeit
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieve.timeref import find, without

TODAY = datetime(2023, 6, 20, 15, 30, tzinfo=UTC)  # a Tuesday

WITHIN = [
    ("what did Qin Gang say last week about relations?", "last week", "2023-06-12", "2023-06-21"),
    ("who won last week's match?", "last week's", "2023-06-12", "2023-06-21"),
    ("what happened in June 2023?", "in June 2023", "2023-06-01", "2023-07-15"),
    ("what happened in May?", "in May", "2023-05-01", "2023-06-15"),
    ("what happened in September?", "in September", "2022-09-01", "2022-10-15"),
    ("who resigned last May?", "last May", "2023-05-01", "2023-06-15"),
    ("what was announced on 18 June 2023", "on 18 June 2023", "2023-06-18", "2023-07-03"),
    ("what happened on June 18?", "on June 18", "2023-06-18", "2023-07-03"),
    ("who was hurt in Leeds June 18th?", "June 18th", "2023-06-18", "2023-07-03"),
    ("what happened on Sunday, June 18?", "on Sunday, June 18", "2023-06-18", "2023-07-03"),
    ("what happened on 18 December?", "on 18 December", "2022-12-18", "2023-01-02"),
    ("what happened on 2023-06-18?", "on 2023-06-18", "2023-06-18", "2023-07-03"),
    ("what happened in early May 2023?", "in early May 2023", "2023-05-01", "2023-05-25"),
    ("what was said in late May about trade?", "in late May", "2023-05-21", "2023-06-15"),
    ("what did Powell say in 2022?", "in 2022", "2022-01-01", "2023-01-01"),
    ("what happened in 2022?", "in 2022", "2022-01-01", "2023-01-01"),
    ("what did Powell say last year?", "last year", "2022-01-01", "2023-01-01"),
    ("what did papers say in the 2010s?", "in the 2010s", "2010-01-01", "2020-01-01"),
    ("what was decided in Q2 2022?", "in Q2 2022", "2022-04-01", "2022-08-15"),
    ("what was sold in the fourth quarter of 2022?", "in the fourth quarter of 2022", "2022-10-01", "2023-02-15"),
    ("what was decided this summer?", "this summer", "2023-06-01", None),
    ("what was decided last summer?", "last summer", "2022-06-01", "2022-10-16"),
    ("what was decided in the spring of 2022?", "in the spring of 2022", "2022-03-01", "2022-07-16"),
    ("who resigned yesterday?", "yesterday", "2023-06-19", "2023-07-04"),
    ("who resigned the day before yesterday?", "the day before yesterday", "2023-06-18", "2023-07-03"),
    ("who resigned two days ago?", "two days ago", "2023-06-18", "2023-07-03"),
    ("who resigned two weeks ago?", "two weeks ago", "2023-06-05", "2023-06-14"),
    ("who resigned fifteen days ago?", "fifteen days ago", "2023-06-05", "2023-06-20"),
    ("who was killed in the past twenty-five days?", "in the past twenty-five days", "2023-05-26", None),
    ("what happened over the weekend?", "over the weekend", "2023-06-17", "2023-06-21"),
    ("who was hurt on Friday?", "on Friday", "2023-06-16", "2023-07-01"),
    ("who was hurt on Tuesday?", "on Tuesday", "2023-06-20", "2023-07-05"),
    ("who was hurt last Tuesday?", "last Tuesday", "2023-06-13", "2023-06-28"),
    ("who was killed in the past three days?", "in the past three days", "2023-06-17", None),
    ("what happened the past two weeks?", "the past two weeks", "2023-06-06", None),
    ("between May and July 2022 who resigned?", "between May and July 2022", "2022-05-01", "2022-08-15"),
    ("what did Xi say between 13 and 15 June 2023?", "between 13 and 15 June 2023", "2023-06-13", "2023-06-18"),
    ("what has changed since March 2022?", "since March 2022", "2022-03-01", None),
    ("what has changed since March?", "since March", "2023-03-01", None),
    ("what has changed since last week?", "since last week", "2023-06-12", None),
    ("what was known before 3 May 2023?", "before 3 May 2023", None, "2023-05-03"),
    ("what was known before June 2023?", "before June 2023", None, "2023-06-01"),
    ("what was known until 3 May 2023?", "until 3 May 2023", None, "2023-05-04"),
    ("what was known until April 2022?", "until April 2022", None, "2022-05-01"),
    ("what came after 3 May 2023?", "after 3 May 2023", "2023-05-04", None),
    ("what came after May?", "after May", "2023-05-01", None),
    ("what was decided last month?", "last month", "2023-05-01", "2023-06-15"),
]
FOREIGN = [
    ("geçen hafta ne oldu?", "tr", "geçen hafta", "2023-06-12", "2023-06-21"),
    ("geçen hafta sonu ne oldu?", "tr", "geçen hafta sonu", "2023-06-17", "2023-06-21"),
    ("Haziran 2023'te ne oldu?", "tr", "Haziran 2023'te", "2023-06-01", "2023-07-15"),
    ("Haziran 2023'ten önce ne oldu?", "tr", "Haziran 2023'ten önce", None, "2023-06-01"),
    ("上周发生了什么？", "zh", "上周", "2023-06-12", "2023-06-21"),
    ("上周末发生了什么？", "zh", "上周末", "2023-06-17", "2023-06-21"),
    ("2023年6月发生了什么？", "zh", "2023年6月", "2023-06-01", "2023-07-15"),
    ("2023年6月18日发生了什么？", "zh", "2023年6月18日", "2023-06-18", "2023-07-03"),
    ("2023年3月以来发生了什么？", "zh", "2023年3月以来", "2023-03-01", None),
    ("最近3天发生了什么？", "zh", "最近3天", "2023-06-17", None),
    ("was geschah letzte Woche?", "de", "letzte Woche", "2023-06-12", "2023-06-21"),
    ("was geschah letzte Woche?", "en", "letzte Woche", "2023-06-12", "2023-06-21"),  # as it is detected
    ("Was geschah im Juni 2023?", "de", "im Juni 2023", "2023-06-01", "2023-07-15"),
    ("Was geschah vor dem 18. Juni 2023?", "de", "vor dem 18. Juni 2023", None, "2023-06-18"),
    ("Was geschah am 18.06.2023?", "de", "am 18.06.2023", "2023-06-18", "2023-07-03"),
    ("que s'est-il passé la semaine dernière ?", "fr", "la semaine dernière", "2023-06-12", "2023-06-21"),
    ("que s'est-il passé depuis le 3 mai 2023 ?", "fr", "depuis le 3 mai 2023", "2023-05-03", None),
    ("qui a démissionné hier ?", "fr", "hier", "2023-06-19", "2023-07-04"),
    ("¿qué pasó la semana pasada?", "es", "la semana pasada", "2023-06-12", "2023-06-21"),
    ("¿qué pasó antes del 3 de mayo de 2023?", "es", "antes del 3 de mayo de 2023", None, "2023-05-03"),
]
MENTIONED = [
    "who won the 2022 World Cup?",
    "who won the World Cup in 2018?",
    "what did Kane say in 2022 World Cup matches?",
    "what happened to the band in 2012?",
    "what did Arafat say in 1994?",
    "in 1945 what did Churchill say?",
    "what did Churchill say on 8 May 1945?",
    "what is the plan for 2050?",
    "what will they say in September?",
    "what is the weather like in January?",
    "when did the contract end in July?",
    "which airline will fly this autumn?",
    "what happens this autumn?",  # to come
    "what is on sale until 31 December?",
    "which policy expires on 11 July?",  # to come
    "what may happen in the march on Washington?",
    "how may 10 people be hired?",
    "Theresa May resigned when?",
    "what did Johnson say after May resigned?",
    "how long is a three-day strike?",
    "who was there for three days?",
    "what did he sell for the past three years?",
    "who scored in the second half?",
    "who scored in the fourth quarter?",
    "what happened at 9 am?",
    "how old is the 12-year-old?",
    "why did they choose this time?",
    "who was in Fast & Furious 10?",
    "how did Covid-19 spread?",
    "who spoke at the Sunday service?",
    "who was shot on Bloody Sunday?",
    "who won Super Tuesday?",
    "what was sold on Black Friday?",
    "what was the last word of the film The Last of Us?",
    "what happened in the last week of May?",
    "How much was produced last year?",
    "how much have prices risen over the past ten years?",
    "who clicked between Oct. 2006 and Sept. 2013?",
    "what was spent from October 1 to September 30?",
    "how did it grow from 10 to 2000 people?",
    "what happens every 16 January?",
    "how strong is El Niño 2023?",
    "who won Le Mans 2023?",
    "what did the January 6 committee find?",
    "who filmed the January 6, 2021, attack?",
    "On July 4, 1776, which city saw the declaration?",
    "A train derailed two weeks ago. What was on it?",
    "what happened on 31 June 2023?",  # no such day
    "what happened to prisoners during the war?",
    "who fought during the English Civil War?",
    "who fled two days after the earthquake?",
    "what did Qin Gang say about relations?",
    "",
]
MENTIONED_ELSEWHERE = [
    ("2022 Dünya Kupası'nı kim kazandı?", "tr"),
    ("Dünya Kupası 2022 kimin oldu?", "tr"),
    ("2022年世界杯谁赢了？", "zh"),
    ("这个词出现在哪里？", "zh"),
    ("Wer gewann die WM 2022?", "de"),
    ("Was steht im Plan 2023?", "de"),
    ("¿Quién ganó el Mundial de 2022?", "es"),
    ("Qui a gagné le Tour en France 2022 ?", "fr"),
]


def day(bound: datetime | None) -> str | None:
    return bound and f"{bound:%Y-%m-%d}"


@pytest.mark.parametrize(("question", "phrase", "after", "before"), WITHIN)
def test_a_time_that_filters(question: str, phrase: str, after: str | None, before: str | None) -> None:
    found = find(question, TODAY)
    assert found is not None and (found.kind, found.phrase) == ("within", phrase)
    assert (day(found.after), day(found.before)) == (after, before)
    assert phrase not in without(question, found)


@pytest.mark.parametrize(("question", "language", "phrase", "after", "before"), FOREIGN)
def test_the_commonest_in_other_languages(
    question: str, language: str, phrase: str, after: str | None, before: str | None
) -> None:
    found = find(question, TODAY, language)
    assert found is not None and (found.kind, found.phrase) == ("within", phrase)
    assert (day(found.after), day(found.before)) == (after, before)


@pytest.mark.parametrize(("question", "language"), MENTIONED_ELSEWHERE)
def test_names_with_a_year_in_other_languages(question: str, language: str) -> None:
    assert find(question, TODAY, language) is None


@pytest.mark.parametrize("question", MENTIONED)
def test_a_time_that_is_only_mentioned_is_left_alone(question: str) -> None:
    assert find(question, TODAY) is None


@pytest.mark.parametrize(
    ("question", "language", "before", "rest"),
    [
        ("As of 1 June, how many had died?", "en", datetime(2023, 6, 2, tzinfo=UTC), "how many had died?"),
        ("how many had died as of May?", "en", datetime(2023, 6, 1, tzinfo=UTC), "how many had died?"),
        ("1 Haziran 2023 itibarıyla kaç kişi öldü?", "tr", datetime(2023, 6, 2, tzinfo=UTC), "kaç kişi öldü?"),
        ("截至2023年6月1日有多少人？", "zh", datetime(2023, 6, 2, tzinfo=UTC), "有多少人？"),
    ],
)
def test_as_of_ends_with_its_day(question: str, language: str, before: datetime, rest: str) -> None:
    found = find(question, TODAY, language)
    assert found and (found.kind, found.after, found.before) == ("as_of", None, before)
    assert without(question, found) == rest


@pytest.mark.parametrize(
    "question",
    [
        "what is the latest on the strike?",
        "who is currently the prime minister?",
        "what did the bank decide this week?",
        "which team leads now?",
        "what is in today's news?",
        "what is the most recent poll?",
        "WHAT IS THE LATEST?",
    ],
)
def test_the_latest_is_a_preference(question: str) -> None:
    found = find(question, TODAY)
    assert found and found.kind == "latest" and found.after is None and found.before is None
    assert without(question, found) == question


@pytest.mark.parametrize(
    "question", ["who owns Russia Today?", "who drew for USA TODAY?", "what was Town Hall Tonight about?"]
)
def test_the_latest_in_a_name_is_none(question: str) -> None:
    assert find(question, TODAY) is None


@pytest.mark.parametrize(
    ("question", "event", "side"),
    [
        ("what did Biden say before the summit?", "the summit", "before"),
        ("who left after the Paris climate conference?", "the Paris climate conference", "after"),
        ("what closed during the strike?", "the strike", "during"),
        ("what did Biden say before the summit about Taiwan?", "the summit", "before"),
        ("who resigned after the earthquake in Turkey?", "the earthquake in Turkey", "after"),
    ],
)
def test_an_event_is_named_as_written(question: str, event: str, side: str) -> None:
    found = find(question, TODAY)
    assert found and (found.kind, found.event, found.side) == ("event", event, side)


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("what did Qin Gang say last week about relations?", "what did Qin Gang say about relations?"),
        ("who won last week's match?", "who won match?"),
        ("is there news of last week?", "is there news?"),
        ("In May 2023, who resigned?", "who resigned?"),
        ("last week", "last week"),  # nothing else to look for
    ],
)
def test_a_question_without_its_time(question: str, rest: str) -> None:
    found = find(question, TODAY)
    assert found and without(question, found) == rest


def test_days_are_whole_ones_in_utc() -> None:
    late = datetime(2023, 6, 20, 23, 30, tzinfo=timezone(timedelta(hours=-5)))  # the 21st in UTC
    found = find("who resigned yesterday?", late)
    assert found and found.after == datetime(2023, 6, 20, tzinfo=UTC)


def test_a_question_without_a_time_costs_little() -> None:
    question = "what did Qin Gang say about relations between China and the United States in Beijing?"
    fastest = min(timeit.repeat(lambda: find(question, TODAY), number=10, repeat=5)) / 10
    assert fastest < 0.002


def test_the_place_is_that_of_the_phrase() -> None:
    question = "and what did he say last week?"
    found = find(question, TODAY)
    assert found and question[found.start : found.end] == found.phrase


_WORDS = [
    *"last week in on June May 2023 2022 31 18 since the summit before between and said past two days latest ?".split(),
    *(
        "as of",
        "29 February",
        "between 30 and 31 June",
        "Q1",
        "this spring",
        "im Juni 2023",
        "Ocak 2023'e kadar",
        "2023-13-45",
        "0000",
        "上周",
        "9999",
    ),
]


@given(
    st.one_of(st.text(max_size=120), st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join)),
    st.datetimes(datetime(1995, 1, 1), datetime(2100, 1, 1)),
    st.sampled_from(["en", "tr", "zh", "de", "es", "fr", "xx"]),
)
def test_any_text_on_any_day(question: str, today: datetime, language: str) -> None:
    today = today.replace(tzinfo=UTC)
    found = find(question, today, language)
    if found is None:
        return
    assert question[found.start : found.end] == found.phrase
    for bound in (found.after, found.before):
        assert bound is None or bound.tzinfo is not None
    if found.after and found.before:
        assert found.after < found.before
    if found.after:
        assert found.after <= today + timedelta(days=1)
    assert without(question, found)
