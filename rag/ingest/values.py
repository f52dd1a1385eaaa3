"""Values of fields as files hold them, converted to the types of an article's fields."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.types import RawArticle

_MARKUP = re.compile(r"</(?:p|div|span|a|li|h[1-6]|em|strong|b|i)>|<br\s*/?>", re.IGNORECASE)
_BLOCKS = frozenset("""p div br li ul ol h1 h2 h3 h4 h5 h6 blockquote tr section article figure table pre""".split())
_HIDDEN = frozenset("head script style noscript iframe figcaption".split())
_UNFINISHED = re.compile(r"<[A-Za-z/!?][^<>]*\Z")
"""The beginning of a tag at the end of a text that was cut short."""


def running_text(value: object) -> str:
    """A text from a string or a list of paragraphs; markup is removed from a string."""
    if isinstance(value, list):
        return "\n\n".join(part for part in value if isinstance(part, str))
    if not isinstance(value, str):
        return ""
    return _without_markup(value) if _MARKUP.search(value) else value


class _FragmentText(HTMLParser):
    """Collects the text of an HTML fragment, a blank line between its blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        # Blocks, and elements whose text is left out; inline elements don't matter.
        self._open: list[str] = []
        self._count: Counter[str] = Counter()
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _BLOCKS:
            self._break()
        if tag != "br" and (tag in _BLOCKS or tag in _HIDDEN):
            self._open.append(tag)
            self._count[tag] += 1
            self._hidden += tag in _HIDDEN

    def handle_endtag(self, tag: str) -> None:
        while self._count[tag]:  # also closes what was left open within it
            closed = self._open.pop()
            self._count[closed] -= 1
            self._hidden -= closed in _HIDDEN
            if closed == tag:
                if tag in _BLOCKS:
                    self._break()
                return

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)

    def _break(self) -> None:
        self.handle_data("\n\n")


def _without_markup(text: str) -> str:
    """The text of an HTML fragment, a blank line between its blocks."""
    parser = _FragmentText()
    try:
        parser.feed(_UNFINISHED.sub("", text.replace("\x00", "")))
        parser.close()
    except AssertionError:  # html.parser's, for declarations that make no sense
        return text
    return "".join(parser.parts).strip()


def one_line(value: object, depth: int = 3) -> str | None:
    """One line from a string, a number, an object with a name, or a list of those; lists in lists up to a depth."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("title")
    if isinstance(value, list):
        parts = [part for part in (one_line(v, depth - 1) for v in value[:20]) if part] if depth else []
        return ", ".join(dict.fromkeys(parts)) or None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    return (" ".join(value.split()) or None) if isinstance(value, str) else None


def id_list(value: object) -> list[str]:
    """Ids from one value or a list of them, each as one line."""
    parts = value if isinstance(value, list) else [value]
    return [found for found in map(one_line, parts) if found]


def as_written(value: object) -> str | None:
    """A value as it is told where it can't be read: one line of 80 characters at most; None where there is none."""
    return " ".join(str(value).split())[:80] or None if value is not None else None


def unread_day(draft: RawArticle) -> str | None:
    """Where an article was read whose day can't be read for certain, and what is written there; None for others."""
    return f"{draft.origin}: {draft.unread_date!r}" if draft.published is None and draft.unread_date else None


def language_code(value: object) -> str | None:
    """ISO 639-1 of "en", "en-US" or "EN_us"; None for anything else."""
    if not isinstance(value, str):
        return None
    code = value.strip().lower().replace("_", "-").split("-")[0]
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None


def short_fields(fields: Mapping[Any, Any]) -> dict[str, Any]:
    """The fields short enough to keep: 30 scalars, or lists of them, of 500 characters at most."""
    kept: dict[str, Any] = {}
    for name, value in fields.items():
        scalar = isinstance(value, (int, float, bool)) or (isinstance(value, str) and 0 < len(value) <= 500)
        listed = (
            isinstance(value, list)
            and 0 < len(value) <= 20
            and all(isinstance(v, (str, int, float)) and len(str(v)) <= 100 for v in value)
        )
        if (scalar or listed) and len(kept) < 30 and len(str(name)) <= 100:
            kept[str(name)] = value
    return kept
