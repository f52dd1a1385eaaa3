"""Relative days of a quote, told as dates counted from its article's own day."""

from __future__ import annotations

import random
import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from rag.text.beginnings import look_ahead
from rag.text.calendar_names import names_in
from rag.text.day_names import _LETTER, LANGUAGES, grammar
from rag.text.told_days import told

SUNDAY = datetime(2023, 6, 4, 9, tzinfo=UTC)

TOLD = [
    ("The strike began yesterday.", {"yesterday": "3 June 2023"}),
    ("It closed on Friday.", {"on Friday": "2 June 2023"}),
    ("It opened on Sunday.", {"on Sunday": "4 June 2023"}),
    ("The vote will be held on Tuesday.", {"on Tuesday": "6 June 2023"}),
    ("The bank will close, he said on Tuesday.", {"on Tuesday": "30 May 2023"}),
    ("He said on Tuesday that the bank will close.", {"on Tuesday": "30 May 2023"}),
    ("On Tuesday the council will vote.", {"On Tuesday": "6 June 2023"}),
    ("His team said Thursday that he was well.", {"said Thursday": "1 June 2023"}),
    ("Prices rose last month.", {"last month": "May 2023"}),
    ("The rate was 5.1 per cent in December.", {"in December": "December 2022"}),
    ("The ferry starts in July.", {"in July": "July 2023"}),
    ("The road reopens in March.", {}),
    ("It will run buses until the road reopens in March.", {"in March": "March 2024"}),
    ("The road will reopen in March.", {"in March": "March 2024"}),
    ("The road is closed until March.", {"until March": "March 2024"}),
    ("The road is closed until Friday.", {"Friday": "9 June 2023"}),
    ("The road was closed until March.", {"until March": "March 2023"}),
    ("It will open in May.", {"in May": "May 2024"}),
    ("It has been closed since March.", {"since March": "March 2023"}),
    ("It has been closed since August.", {"since August": "August 2022"}),
    ("Rates rose at ten meetings in a row since March 2022.", {}),
    ("The fair, of May 2021, was the last.", {}),
    ("It stands open until December, 2021.", {}),
    ("It happened three days ago.", {"three days ago": "1 June 2023"}),
    ("It happened on 30 May.", {"30 May": "30 May 2023"}),
    ("Two men were arrested Thursday in Leeds.", {"Thursday": "1 June 2023"}),
    ("Thursday, two men were arrested.", {"Thursday": "1 June 2023"}),
    ("By May 22 the doses had arrived.", {"May 22": "22 May 2023"}),
    ("On the night of May 21 it rained.", {"May 21": "21 May 2023"}),
    ("The trial may begin on Tuesday, June 20.", {"June 20": "20 June 2023"}),
    ("Black Friday was busy, and so was every Monday.", {}),
    ("He watched Monday Night Football.", {}),
    ("The town was founded on 1 June 1890.", {}),
    ("It happened on 30 May 2023.", {}),
    ("Theresa May resigned in 2019.", {}),
    ("Those who may march for may do so.", {}),
    ("Nothing is told of when.", {}),
    ("When the envoy lands on Tuesday, she will meet the king.", {"on Tuesday": "6 June 2023"}),
    ("When the envoy landed on Tuesday, she said she will meet the king.", {"on Tuesday": "30 May 2023"}),
    ("The fair opens on Friday.", {}),
    ("The council is to vote on Tuesday.", {"on Tuesday": "6 June 2023"}),
    ("The council is going to meet on Tuesday.", {"on Tuesday": "6 June 2023"}),
    ("The two agreed to meet on Tuesday.", {}),
    ("They would meet on Tuesday, he added.", {}),
    ("On Tuesday he said the council will vote.", {"On Tuesday": "30 May 2023"}),
    ("The council has met since on Tuesday.", {"on Tuesday": "30 May 2023"}),
    ("The match held on Friday drew a crowd.", {"on Friday": "2 June 2023"}),
    ("Talks broke off on Friday after an hour.", {"on Friday": "2 June 2023"}),
    ("Officials said the bridge will open on Friday.", {"on Friday": "9 June 2023"}),
    ("They have been marching since Tuesday.", {"Tuesday": "30 May 2023"}),
    ("As of Friday evening, all four are stable.", {"Friday evening": "2 June 2023"}),
    ("It carries arms, according to a note on Monday by a minister.", {}),
    # a day of a month without its year
    ("The trial is to begin on 6 October.", {"6 October": "6 October 2023"}),
    ("Ten ships will visit the port from 20 August.", {"20 August": "20 August 2023"}),
    ("The fire broke out on 6 October.", {"6 October": "6 October 2022"}),
    ("He got immunity for his resignation on 21 July.", {}),  # of which year?
    ("The strike began on 3 May.", {"3 May": "3 May 2023"}),
    ("It is about the 6 October.", {}),
    ("The fair, planned for 17 August, has been cancelled.", {"17 August": "17 August 2023"}),
    ("The fair, which was planned for 6 April, was cancelled.", {"6 April": "6 April 2023"}),
    ("The work will be done by the end of July.", {"July": "July 2023"}),
]
ELSEWHERE = [
    ("de", "Der Streik begann gestern.", {"gestern": "3 June 2023"}),
    ("es", "La huelga empezó el viernes.", {"el viernes": "2 June 2023"}),
    ("fr", "La grève a commencé vendredi.", {"vendredi": "2 June 2023"}),
    ("tr", "Grev Cuma günü başladı.", {"Cuma günü": "2 June 2023"}),
    ("zh", "罢工昨天开始。", {"昨天": "3 June 2023"}),
    ("xx", "The strike began yesterday.", {}),
]


@pytest.mark.parametrize(("text", "days"), TOLD)
def test_relative_days_as_dates(text: str, days: dict[str, str]) -> None:
    assert told(text, SUNDAY, "en") == days


@pytest.mark.parametrize(("language", "text", "days"), ELSEWHERE)
def test_in_other_languages(language: str, text: str, days: dict[str, str]) -> None:
    assert told(text, SUNDAY, language) == days


def test_the_day_is_that_of_the_articles_own_clock() -> None:
    tokyo = datetime(2023, 6, 4, 0, 30, tzinfo=timezone(timedelta(hours=9)))  # the third in London
    assert told("It began yesterday.", tokyo, "en") == {"yesterday": "3 June 2023"}


def test_without_a_date_nothing_is_told() -> None:
    assert told("It began yesterday.", None, "en") == {}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_small_letters_find_what_ignoring_case_finds(language: str) -> None:
    """Texts are searched in small letters, which is faster, unless they change their length, as İ does."""
    names = [*names_in(language, "days"), *names_in(language, "months")]
    found = 0
    for said in (f.format(n) for n in names for f in ("on {}", "3 {} 2023", "in {} 2023", "{} 2023年", "last {}")):
        for text in (said, said.upper(), said.title()):
            times = list(grammar(language).find(text, date(2023, 6, 15), "near"))
            assert times == list(grammar(language).find(f"{text} İ", date(2023, 6, 15), "near"))
            found += len(times)
    assert found >= len(names)


def test_looking_at_how_a_time_can_begin_changes_nothing() -> None:
    """The same times are found with and without it, in texts made of pieces of times in six languages."""
    chance = random.Random(11)
    for language in LANGUAGES:
        made = grammar(language)
        assert "(?=" in made._small.pattern[:40]
        plain = re.compile(_LETTER.sub(lambda m: m[0].lower(), made._whole.pattern))
        words = [w for kind in ("months", "days") for w in names_in(language, kind)]
        words += re.findall(r"[^\W\d_]+", plain.pattern) + "1 3. 12 2023 1999 2023-05-03 3/5/2023 q2 1st 5月 年".split()
        joints = ["", " ", ", ", " of ", " on ", " in ", "\n", "-", " de ", " am "]
        for _ in range(300):
            text = "".join(f"{chance.choice(words)}{chance.choice(joints)}" for _ in range(12)).lower()
            assert [m.span() for m in made._small.finditer(text)] == [m.span() for m in plain.finditer(text)], text


@pytest.mark.parametrize(
    "pattern",
    [
        r"ab|cd*e",
        r"(?:x|[a-c])?d{2,3}",
        r"\d{1,2}(?:st|nd)?\s+may",
        r"(?!ab)a.c",
        r"[^a]b|q",
        r"a{6}b",
        r"(?i:AB)c",
        r"a*",
    ],
)
def test_a_look_ahead_holds_wherever_a_pattern_matches(pattern: str) -> None:
    chance = random.Random(pattern)
    for length in (1, 2, 3, 4):
        ahead = re.compile(look_ahead(pattern, length) + f"(?:{pattern})")
        for _ in range(400):
            text = "".join(chance.choices("abcdeqx12 3mysthnd\n", k=10))
            assert [m.span() for m in ahead.finditer(text)] == [m.span() for m in re.finditer(pattern, text)]
