"""Values of fields as files hold them, brought to the types a draft has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_MARKUP = re.compile(r"</(?:p|div|span|a|li|h[1-6]|em|strong|b|i)>|<br\s*/?>", re.IGNORECASE)
_BLOCKS = (
    "p", "div", "br", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "tr", "section", "article",
    "figure", "table", "pre",
)  # fmt: skip


def running_text(value: object) -> str:
    """Text as a string or as a list of paragraphs; markup is taken off."""
    if isinstance(value, list):
        return "\n\n".join(part for part in value if isinstance(part, str))
    if not isinstance(value, str):
        return ""
    return _without_markup(value) if _MARKUP.search(value) else value


def _without_markup(text: str) -> str:
    """The text of an HTML fragment, a blank line between its blocks."""
    from lxml import etree, html  # type: ignore[import-untyped, unused-ignore]

    try:
        tree = html.fragment_fromstring(text.replace("\x00", ""), create_parent="div")
    except (etree.LxmlError, ValueError, AssertionError):
        return text
    for element in list(tree.iter("script", "style", "noscript", "iframe", "figcaption")):
        element.drop_tree()
    for element in tree.iter(*_BLOCKS):
        element.text = "\n\n" + (element.text or "")
        element.tail = "\n\n" + (element.tail or "")
    return str(tree.text_content()).strip()


def one_line(value: object) -> str | None:
    """One line from a string, a number, an object with a name, or a list of those."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("title")
    if isinstance(value, list):
        parts = [part for part in map(one_line, value[:20]) if part]
        return ", ".join(dict.fromkeys(parts)) or None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    return (" ".join(value.split()) or None) if isinstance(value, str) else None


def id_list(value: object) -> list[str]:
    parts = value if isinstance(value, list) else [value]
    return [found for found in map(one_line, parts) if found]


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
