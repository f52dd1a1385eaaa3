"""How a refusal reads, and what stands beside an answer, in the question's language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from rag.text.detect import detect_question
from rag.text.lexicon import having
from rag.text.timespan import day
from rag.text.word_lists import AnswerLabels, ArchiveSize, Refusals
from rag.types import Reason


def refusal(reason: Reason, language: str) -> str:
    """The text of a refusal; in English where the language's lexicon has none.

    Args:
        reason: Why there is no answer.
        language: ISO 639-1.
    """
    texts = having(Refusals)
    written: tuple[str, ...] = getattr(texts.get(language, texts["en"]), reason)
    return written[0]


def language_of(question: str) -> str:
    """The language in which a question is refused: its own, where we have words of it, else English."""
    found = detect_question(question)
    return found if found in having(Refusals) else "en"


class Label(StrEnum):
    """What stands beside an answer or a refusal; ``told`` has the words."""

    SUMMARY = "summary"
    BY_MODEL = "by_model"
    SUMMARY_OF = "summary_of"
    SUMMARY_PLAIN = "summary_plain"
    QUOTES = "quotes"
    TIMELINE = "timeline"
    NEAREST = "nearest"
    NONE_ANSWERS = "none_answers"
    DISAGREE = "disagree"
    NEWER = "newer"
    OLDER = "older"
    UNANSWERED = "unanswered"
    UNHEARD = "unheard"
    WITHHELD = "withheld"
    ALSO_PRINTED = "also_printed"
    OPINION = "opinion"
    SOURCES = "sources"
    SPEAKER = "speaker"
    SAID_BY = "said_by"


def told(label: Label, language: str) -> str:
    """A label's words; in English where the language's lexicon has none.

    Args:
        label: Which.
        language: ISO 639-1.
    """
    texts = having(AnswerLabels)
    words: tuple[str, ...] = getattr(texts.get(language, texts["en"]), label.value)
    return words[0]


def in_every_language(label: Label) -> tuple[str, ...]:
    """A label's words in every language that has them."""
    return tuple(told(label, language) for language in having(AnswerLabels))


def labels(question: str) -> Callable[[Label], str]:
    """The words beside the answer to a question, in the language that it is refused in."""
    language = language_of(question)
    return lambda label: told(label, language)


def archive_size(language: str, articles: int, undated: int, first: datetime | None, last: datetime | None) -> str:
    """How large an archive is, which stands below a refusal; in English where the language's lexicon has no words.

    Args:
        language: Of the question, ISO 639-1.
        articles: How many there are.
        undated: How many of them have no date.
        first, last: The earliest and the latest date.
    """
    texts = having(ArchiveSize)
    words: ArchiveSize = texts.get(language, texts["en"])
    if not first or not last:
        return words.plain[0].format(n=f"{articles:,}")
    if words is texts["en"]:
        told = words.dated[0].format(n=f"{articles:,}", first=day(first), last=day(last))
    else:  # a day that needs no names of months
        told = words.dated[0].format(n=f"{articles:,}", first=f"{first:%Y-%m-%d}", last=f"{last:%Y-%m-%d}")
    return f"{told} {words.undated[0].format(n=f'{undated:,}')}" if undated else told
