"""What a question says of when, where that speaks for some articles: "last week", "as of 1 June", "latest".

It moves articles up and leaves none out (``rag/retrieve/prior.py``), but for "as of". Whatever is in doubt is left
alone: years in names ("the 2022 World Cup"), times to come, history, what happens every year, and durations.

An expression is a calendar span ("June 2023", "last week", "Monday") in a frame that says which side of it is meant
("in", "since", "as of"). dateparser is not asked to find them: ``dateparser.search`` takes "we" for Wednesday and
"the sun" for Sunday.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from rag.retrieve.timeref_english import ENGLISH, HINT
from rag.retrieve.timeref_foreign import FOREIGN, times_in
from rag.retrieve.timeref_frames import MentionedError, When
from rag.text.detect import detect_question

_OLDEST = 1990  # articles of before are hardly in an archive: such a time is what the question is about
_HANGING = re.compile(r"\s+(?:in|from|of|during|on|over|for|since|at|by)$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?:[.!?]['\"”’)]*\s+(?=[A-Z“\"'‘])|[。！？])(?P<rest>.*)", re.DOTALL)


def find(question: str, today: datetime, language: str = "en") -> When | None:
    """The time in a question, if it speaks for some articles more than for others.

    Days, weeks (from Monday), months, quarters and seasons (of the north, from the first of March, June, September and
    December) are whole ones in UTC, bounds half-open; the last that has begun is meant where a year is missing. "Last
    week" is the calendar week before this one, "two weeks ago" the one before that; "on Monday" is the last Monday,
    today included, "last Monday" never today. "In the past three days" begins three days ago at midnight and has no
    end. Early, mid and late are thirds of a month. "After 3 May" begins on the 4th, "after May" with May itself.
    "Until" and "as of" take in what they name. A span that is over gets grace at its end: ``DAY_GRACE`` for a day,
    ``GRACE`` up to a week, ``MONTHS_GRACE`` up to a month, ``QUARTERS_GRACE`` up to a quarter; bounds of one side get
    none.

    Silent by rule:

    - "This week", "this month", "today" and "now" are of kind ``latest``: they are how people ask for news, and
      articles that answer are often dated otherwise.
    - Years, decades and whatever else is longer than a year ("in 2022", "last year", "in the past ten years") filter
      only where words or coverage are asked for, as in "what did Powell say in 2022?", and only ``_MENTION`` years
      back: else they say when something happened, which is reported later too.
    - What is said in a statement before the question ("A train derailed two weeks ago. What was on it?").
    - Days and months without a year filter only in questions about the past: "when does it end in June?", "what is the
      weather like in June?" and "who will speak in June?" are not.

    Args:
        question: In any words.
        today: The question's own day; aware.
        language: ISO 639-1, as detected. Beside English, de, es, fr, tr and zh are known. Short questions are often
            taken for English, so what is taken for English is looked at again as a question.

    Returns:
        The first of the kinds within and as_of, else an event, else ``latest``; None where there is nothing.
    """
    day = today.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if language == "en":
        language = detect_question(question)
    found = times_in(language, question, day) if language in FOREIGN else _english(question, day)
    return next((when for when in found if _makes_sense(when, day) and not _is_background(when, question)), None)


def _english(question: str, day: datetime) -> Iterator[When]:
    """The times of an English question, first things first; none where one is a mere mention."""
    if not HINT.search(question):
        return
    for shape in ENGLISH:
        for m in shape.compiled.finditer(question):
            try:
                found = shape.meant(m, day)
            except (ValueError, OverflowError):  # 31 June, the year 0
                continue
            except MentionedError:
                return
            if found is not None:
                yield found


def without(question: str, when: When) -> str:
    """The question without what it says of when, for looking for what it asks; unchanged for latest and event.

    Args:
        question: The one that ``when`` was found in.
        when: What was found.
    """
    if when.kind in ("latest", "event"):
        return question
    head, tail = question[: when.start].rstrip(" ,"), question[when.end :].lstrip(" ,")
    if not re.match(r"\w", tail):
        head = _HANGING.sub("", head)
    rest = re.sub(r"\s+([?!.,;:])", r"\1", " ".join(f"{head} {tail}".split())).strip(" ,")
    return rest if re.search(r"\w", rest) else question


def _makes_sense(found: When, today: datetime) -> bool:
    """Neither to come nor history, and not the other way round."""
    edge = found.after or found.before
    if found.kind in ("latest", "event"):
        return True
    if edge is None or edge.year < _OLDEST or (found.after and found.after > today):
        return False
    if found.after is None and found.before and found.before > today + timedelta(days=1):
        return False  # "until 31 December": a deadline
    return not (found.after and found.before and found.after >= found.before)


def _is_background(found: When, question: str) -> bool:
    """Whether it stands in a statement before the question: "A train derailed two weeks ago. What was on it?" """
    end = _SENTENCE_END.search(question, found.end)
    return found.kind != "latest" and end is not None and end[0][0] != "?" and bool(re.search(r"\w", end["rest"]))
