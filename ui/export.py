"""A conversation as a file to keep or send: Markdown or a page of HTML, with every citation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import resources

from markupsafe import Markup
from rag.ui import render
from rag.ui.html import fill
from rag.ui.text import byline, one_line

from rag import shown
from rag.text.timespan import day
from rag.types import Citation, Turn

_SPECIAL = re.compile(r"([\\`*_\[\]|~])")
_FIRST = re.compile(r"^(\d{1,9})([.)])|^([#+\-=>])")
"""What begins a heading, a list or a quotation where it stands first in a line."""


def markdown(title: str, turns: Sequence[Turn], when: datetime) -> str:
    """A conversation as Markdown; text from articles and models stays text, whatever it looks like."""
    parts = [f"# {_md(title)}", f"Exported from OnRecord on {day(when)}."]
    for turn in turns:
        answer = turn.answer
        parts.append(f"## {_md(turn.question)}")
        if not answer.answered:
            parts += [f"*{_md(line)}*" for line in answer.text.splitlines() if line.strip()]
        elif summary := shown.summary_text(answer.text, answer.citations):
            parts += [f"*{_md(render.summary_head(answer))}:*", *(_md(line) for line in summary.splitlines())]
        if answer.timeline:
            parts.append(f"*{_md(shown.head(answer))}:*")
        if rows := [_quote(c) for c in answer.quotes]:
            parts.append("\n".join(rows))
        parts += [
            f"> Another source disagrees ({_md(c.about)}): “{_md(one_line(c.quote))}” — "
            f"{_md(f'{c.title} · {byline(c.source, c.published)}')}"
            for c in answer.conflicts
        ]
    return "\n\n".join(parts) + "\n"


def _quote(c: Citation) -> str:
    """A quote with its number, the words that answer in bold, and where it stands."""
    before, words, after = shown.pieces(c)
    if words and _may_be_bold(before, words, after):
        told = f"{_md_part(before)}**{_md_part(words)}**{_md_part(after)}"
    else:
        told = _md_part(before + words + after)
    who = f"  \n  Speaker: {_md(c.speaker)}" if c.speaker else ""
    told = f"{told}”  \n  {_md(days)}" if (days := shown.days(c)) else f"{told}”"
    told += "".join(f"  \n  {_md(line)}" for line in (shown.view(c), shown.standing_line(c)) if line)
    where = _md(f"{c.title} · {byline(c.source, c.published)}")
    url = f" · <{_url(c.url)}>" if c.url and _url(c.url) else ""
    return f"- **{c.number}** “{told}{who}  \n  {where}{url}"


def _may_be_bold(before: str, words: str, after: str) -> bool:
    """Whether Markdown reads the asterisks around some words as such: at letters, or with nothing else beside them."""
    opens = words[0].isalnum() or not before or before[-1].isspace()
    closes = words[-1].isalnum() or not after or after[0].isspace()
    return opens and closes


def html(title: str, turns: Sequence[Turn], when: datetime, status: Mapping[str, render.CitationStatus]) -> str:
    """A conversation as one page that needs no network and runs no script."""
    css = Markup((resources.files("rag.ui") / "page.css").read_text("utf-8"))  # noqa: S704 - our own file
    views = [
        render.TurnView(
            question=t.question, number=n, query=t.answer.query, hits=t.answer.hits, text=t.answer.text,
            citations=t.answer.citations, answer=t.answer, citation_status=status,
        )
        for n, t in enumerate(turns, 1)
    ]  # fmt: skip
    pieces = [Markup(render.turn_html(turn, None)) for turn in views]  # noqa: S704 - escaped by its template
    return fill("export", "page", title, day(when), css, pieces)


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
