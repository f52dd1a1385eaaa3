"""A conversation as text to keep or send: Markdown or a page of HTML, with every citation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import resources

from markupsafe import Markup
from rag.ui import render
from rag.ui.citing import Runs
from rag.ui.document import Document, Source
from rag.ui.html import fill

from rag.text.timespan import day
from rag.types import Turn

_SPECIAL = re.compile(r"([\\`*_\[\]|~])")
_FIRST = re.compile(r"^(\d{1,9})([.)])|^([#+\-=>])")
"""What begins a heading, a list or a quotation where it stands first in a line."""


def markdown(doc: Document) -> str:
    """A conversation as Markdown; text from articles and models stays text, whatever it looks like."""
    parts = [f"# {_md(doc.title)}", doc.made]
    for section in doc.sections:
        parts += [f"## {_md(section.question)}", f"*{section.asked}*"]
        parts += [f"*{_md(line)}*" for line in section.refused]
        if section.head:
            parts.append(f"*{_md(section.head)}:*")
        parts += [_md(line) for line in section.told]
        if section.sources:
            parts.append("\n".join(_quote(s) for s in section.sources))
        parts += [f"> {_md(line)}" for line in section.against]
    if doc.references:
        parts += ["## Sources", "\n".join(f"- {_reference(runs)}" for runs in doc.references)]
    return "\n\n".join(parts) + "\n"


def _quote(source: Source) -> str:
    """A quote with its number, the words that answer in bold, and where it stands."""
    before, words, after = source.pieces
    if words and _may_be_bold(before, words, after):
        told = f"{_md_part(before)}**{_md_part(words)}**{_md_part(after)}"
    else:
        told = _md_part(before + words + after)
    lines = [f"“{told}”", *(_md(line) for line in source.notes)]
    url = f" · <{_url(source.url)}>" if _url(source.url) else ""
    return f"- **{source.number}** " + "  \n  ".join([*lines, f"{_md(source.where)}{url}"])


def _reference(runs: Runs) -> str:
    """A reference; its address, which comes last, as a link."""
    parts = []
    for text, italic in runs:
        if italic and text.strip() == text:
            parts.append(f"*{_md_part(text)}*")
            continue
        before, found, address = text.partition("http")
        bare = (found + address).rstrip(".")
        if not before and found and _url(bare) == bare:
            parts.append(f"<{bare}>{address[len(bare) - 4 :]}")
        else:
            parts.append(_md_part(text))
    return "".join(parts)


def _may_be_bold(before: str, words: str, after: str) -> bool:
    """Whether Markdown reads the asterisks around some words as such: at letters, or with nothing else beside them."""
    opens = words[0].isalnum() or not before or before[-1].isspace()
    closes = words[-1].isalnum() or not after or after[0].isspace()
    return opens and closes


def html(
    title: str,
    turns: Sequence[Turn],
    when: datetime,
    status: Mapping[str, render.CitationStatus],
    links: Sequence[tuple[str, str]] = (),
) -> str:
    """A conversation as one page that needs no network and runs no script.

    Args:
        title: Of the conversation.
        turns: Its questions and answers.
        when: Now.
        status: Which of the cited articles have changed or are gone, by id.
        links: (label, address) of the same as files, where it is read within the service.
    """
    css = Markup((resources.files("rag.ui") / "page.css").read_text("utf-8"))  # noqa: S704 - our own file
    views = [
        render.TurnView(
            question=t.question, number=n, query=t.answer.query, hits=t.answer.hits, text=t.answer.text,
            citations=t.answer.citations, answer=t.answer, citation_status=status,
            asked=t.asked,
        )
        for n, t in enumerate(turns, 1)
    ]  # fmt: skip
    pieces = [Markup(render.turn_html(turn, None)) for turn in views]  # noqa: S704 - escaped by its template
    return fill("export", "page", title, day(when), css, pieces, links)


def filename(title: str) -> str:
    """A file name made of a title: letters, digits and hyphens."""
    return "-".join(re.findall(r"\w+", title.casefold()))[:60] or "conversation"


def _md_part(text: str) -> str:
    """Text within a line."""
    return _SPECIAL.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;"))


def _md(text: str) -> str:
    text = _md_part(" ".join(text.split()))
    return _FIRST.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", text)


def _url(url: str) -> str:
    """An address that may stand between < and >; empty where it is none of the web."""
    return re.sub(r"[<>\s\\]", "", url) if re.match(r"https?://", url, re.IGNORECASE) else ""
