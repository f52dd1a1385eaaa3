"""An answer as the message of a chat: its text, below it where the words are from, and where each mark stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from rag import shown
from rag.text.refusals import Label, in_every_language, labels
from rag.text.timespan import day
from rag.types import Answer, Citation

_MARKS = re.compile(r"\s*(?:\[\d+\])+")
_MARKDOWN = re.compile(r"!(?=\[)|\](?=\()|<(?=[A-Za-z/!?])")
"""What begins a picture, a link or a tag where a chat shows Markdown: an article must not bring any of them."""


class ChatText:
    """The message of one answer, as it grows."""

    def __init__(self, base: str) -> None:
        """Take the service's address, under which articles are that have none of their own."""
        self._base = base
        self.sent = ""
        """What has been handed out so far."""

    def add(self, text: str) -> str:
        """A piece of the answer's text as it stands in the message."""
        piece = _plain(text)
        self.sent += piece
        return piece

    def rest(self, content: str) -> str:
        """What is missing of the whole message after what was handed out."""
        piece = content[len(self.sent) :] if content.startswith(self.sent) else f"\n\n{content}"
        self.sent += piece
        return piece

    def whole(self, answer: Answer) -> str:
        """The text, what other articles say to the contrary, and the sources by number; a refusal's text alone."""
        told, told_as = _plain(answer.text), labels(answer.question)
        unheard = f"\n\n{told_as(Label.UNHEARD)}: {_plain(', '.join(answer.unheard))}" if answer.unheard else ""
        if not answer.answered:
            return told + unheard
        for conflict in answer.conflicts:
            told += f"\n\n{told_as(Label.DISAGREE)}: {_plain(f'“{_line(conflict.quote)}” — {self._origin(conflict)}')}"
        for question in answer.unanswered:
            told += f"\n\n{told_as(Label.UNANSWERED)}: {_plain(question)}"
        told += unheard
        return told + _head(answer) + "\n\n".join(self._sources(answer)) if answer.quotes else told

    def _sources(self, answer: Answer) -> Iterator[str]:
        opinion = labels(answer.question)(Label.OPINION)
        for quote in answer.quotes:
            # Quotes that are the text itself are not told twice.
            words = f"“{_line(quote.quote)}” — " if answer.summarized else ""
            notes = (
                quote.speaker,
                shown.view(quote, opinion),
                shown.days(quote),
                shown.standing_line(quote),
                shown.by_hand(quote),
            )
            note = "".join(f" ({n})" for n in notes if n)
            yield f"[{quote.number}] {_plain(f'{words}{self._origin(quote)}{note}')}"

    def _origin(self, words: Any) -> str:
        where = (words.source, day(words.published) if words.published else "", words.title)
        return ", ".join([*(_line(x) for x in where if x), self._url(words)])

    def _url(self, words: Any) -> str:
        return words.url or f"{self._base}api/articles/{words.article_id}"

    def annotations(self, answer: Answer, content: str) -> list[dict[str, Any]]:
        """A ``url_citation`` for each mark: ``content[start_index:end_index]`` is "[1]".

        Quotes that no sentence cites have the one in the list of sources.
        """
        if not answer.answered:
            return []
        found: list[dict[str, Any]] = []
        body, _, _ = content.partition(_head(answer))
        at = 0
        cited: dict[tuple[int, int], list[Citation]] = {}
        for citation in answer.citations:
            cited.setdefault(citation.claim, []).append(citation)
        for span, citations in sorted(cited.items()):
            if span == (0, 0):
                continue
            sentence = _plain(answer.text[slice(*span)])
            place = body.find(sentence, at)
            marks = _MARKS.match(body, place + len(sentence)) if place >= 0 else None
            if marks is None:
                continue
            at = marks.end()
            for citation in citations:
                start = body.find(f"[{citation.number}]", marks.start(), marks.end())
                if start >= 0:
                    found.append(self._annotation(citation, start))
        told = {a["url_citation"]["number"] for a in found}
        for quote in answer.quotes:
            start = content.find(f"\n[{quote.number}] ", len(body))
            if quote.number not in told and start >= 0:
                found.append(self._annotation(quote, start + 1))
        return found

    def _annotation(self, citation: Citation, start: int) -> dict[str, Any]:
        cited = {
            "start_index": start,
            "end_index": start + len(f"[{citation.number}]"),
            "title": citation.title or citation.source or "",
            "url": self._url(citation),
            # Beyond OpenAI's fields, by the API's names.
            "number": citation.number,
            "quote": citation.quote,
            "article_id": citation.article_id,
            "source": citation.source,
            "published": citation.published.isoformat() if citation.published else None,
        }
        return {"type": "url_citation", "url_citation": cited}

    @staticmethod
    def without_sources(content: str) -> str:
        """An earlier message without its list of sources, which is no part of what was said."""
        return _at_end().sub("", content, count=1)


@cache
def _at_end() -> re.Pattern[str]:
    """The list of sources at the end of a message, in whatever language."""
    words = "|".join(map(re.escape, in_every_language(Label.SOURCES)))
    return re.compile(rf"\n\n(?:{words}):\n\n.*", re.DOTALL)


def _head(answer: Answer) -> str:
    return f"\n\n{labels(answer.question)(Label.SOURCES)}:\n\n"


def _line(text: str) -> str:
    return " ".join(text.split())


def _plain(text: str) -> str:
    return _MARKDOWN.sub(lambda m: f"\\{m[0]}", text)


__all__ = ["ChatText"]
