"""A conversation as a file one can keep or send: Markdown or a page of HTML, with every citation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import resources

from rag.ui import render
from rag.ui.markup import byline, day, esc

from rag.types import Turn

_SPECIAL = re.compile(r"([\\`*_\[\]|~])")
_FIRST = re.compile(r"^(\d{1,9})([.)])|^([#+\-=>])")
"""What begins a heading, a list or a quotation where it stands first in a line."""


def markdown(title: str, turns: Sequence[Turn], when: datetime) -> str:
    """A conversation as Markdown; text from articles and models stays text, whatever it looks like."""
    parts = [f"# {_md(title)}", f"Exported from OnRecord on {day(when)}."]
    for turn in turns:
        answer = turn.answer
        parts += [f"## {_md(turn.question)}", *(_md(line) for line in answer.text.splitlines() if line.strip())]
        if not answer.answered:
            parts[-1] = f"*{parts[-1]}*"
        rows = []
        for c in answer.numbered:
            where = _md(f"{c.title} · {byline(c.source, c.published)}")
            url = f" · <{_url(c.url)}>" if c.url and _url(c.url) else ""
            rows.append(f"- **{c.number}** ({c.support}) “{_md(' '.join(c.quote.split()))}”  \n  {where}{url}")
        if rows:
            parts.append("\n".join(rows))
        parts += [
            f"> Another source disagrees ({_md(c.about)}): “{_md(' '.join(c.quote.split()))}” — "
            f"{_md(f'{c.title} · {byline(c.source, c.published)}')}"
            for c in answer.conflicts
        ]
    return "\n\n".join(parts) + "\n"


def html(title: str, turns: Sequence[Turn], when: datetime, fates: Mapping[str, render.CitationStatus]) -> str:
    """A conversation as one page that needs no network and runs no script."""
    css = (resources.files("rag.ui") / "page.css").read_text("utf-8")
    talks = "".join(
        render.talk_html(
            render.TurnView(
                question=t.question, number=n, query=t.answer.query, hits=t.answer.hits, text=t.answer.text,
                citations=t.answer.citations, answer=t.answer, fates=fates,
            ),
            None,
        )
        for n, t in enumerate(turns, 1)
    )  # fmt: skip
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{esc(title)}</title><style>{css}</style></head>"
        f'<body class="exported onrecord"><main><h1 dir="auto">{esc(title)}</h1>'
        f'<p class="muted">Exported from OnRecord on {esc(day(when))}.</p>{talks}</main></body></html>\n'
    )


def filename(title: str) -> str:
    """A file name made of a title: letters, digits and hyphens."""
    return "-".join(re.findall(r"\w+", title.casefold()))[:60] or "conversation"


def _md(text: str) -> str:
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    text = _SPECIAL.sub(r"\\\1", text)
    return _FIRST.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", text)


def _url(url: str) -> str:
    """An address that may stand between < and >; empty where it is none of the web."""
    return re.sub(r"[<>\s\\]", "", url) if re.match(r"https?://", url, re.IGNORECASE) else ""
