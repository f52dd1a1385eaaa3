"""From what is asked, in any words and with filters, to a ``Query``; or to an error that says what makes no sense."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rag.errors import UsageError
from rag.types import Query

_LONGEST = 4000  # characters


def make(
    question: str,
    *,
    k: int,
    after: datetime | None = None,
    before: datetime | None = None,
    sources: Sequence[str] = (),
    undated: bool = True,
    language: str | None = None,
    history: Sequence[tuple[str, str]] = (),
) -> Query:
    """A query, checked; for what the arguments are, see ``Archive.search``.

    Raises:
        UsageError: One of them makes no sense.
    """
    # Lone surrogates can't be stored, sent or printed.
    text = " ".join(question.encode("utf-8", "replace").decode().split())
    if not text:
        raise UsageError("The question is empty.")
    if len(text) > _LONGEST:
        raise UsageError(f"The question has {len(text)} characters; {_LONGEST} is the most.")
    if not 1 <= k <= 1000:
        raise UsageError(f"k is {k}; it goes from 1 to 1000.")
    after, before = aware(after), aware(before)
    if after and before and after >= before:
        raise UsageError(f"`after` ({after:%Y-%m-%d}) is not before `before` ({before:%Y-%m-%d}).")
    language = language_code(language)
    standalone = text
    if history:
        from rag.retrieve import followup

        standalone = followup.standalone(text, history)
    return Query(
        text=text,
        standalone=standalone,
        k=k,
        after=after,
        before=before,
        sources=tuple(sources),
        undated=undated,
        language=language,
    )


def language_code(code: str | None) -> str | None:
    """A language as articles have it: "EN" as "en".

    Raises:
        UsageError: It is not two or three letters.
    """
    if code is None:
        return None
    if not (2 <= len(code) <= 3 and code.isascii() and code.isalpha()):
        raise UsageError(f"{code!r} is not a language. Write it in two or three letters, as in en.")
    return code.lower()


def aware(when: datetime | None) -> datetime | None:
    """A datetime that says its offset: UTC where it said none."""
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when
