"""References to articles in a citation style, by the patterns in ``citation_styles.toml``; and as CSL JSON.

Of the libraries that read Citation Style Language, the one for Python repeats the title of an unsigned article in
APA and adds a stray "Edition." in Chicago. So three styles are kept as patterns, and the sources can be had as CSL
JSON, which Zotero and other programs turn into any style.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from rag.ui.text import is_web, one_line

from rag.errors import UsageError

PLAIN = "plain"
Runs = list[tuple[str, bool]]
"""Text in pieces, each with whether it is in italics."""

_FIELD = re.compile(r"\{(\w+)\}")
_STOP = re.compile(r"([?!…])\.|\.{2}(?!\.)")
_NAME = re.compile(r"[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){1,3}")
_BETWEEN = re.compile(r",? (?:and|&) |, |; ")
_FAMILY_FIRST = ("zh", "ja", "ko", "vi", "hu")
"""Languages that write a person's family name first."""
_PARTICLES = ("van", "von", "de", "del", "der", "den", "di", "da", "la", "le", "bin", "al", "el", "ten", "ter")


@dataclass(frozen=True)
class Reference:
    """An article as a source."""

    id: str
    title: str
    outlet: str | None = None
    author: str | None = None
    published: datetime | None = None
    url: str | None = None
    language: str = "en"


def styles() -> dict[str, str]:
    """The styles' names, each with what it is called."""
    return {name: str(style["label"]) for name, style in _styles().items()}


def written(reference: Reference, style: str) -> Runs:
    """A reference in a style.

    Raises:
        UsageError: There is no such style.
    """
    if style not in _styles():
        raise UsageError(f"There is no citation style {style!r}. Take {', '.join(_styles())}.")
    rules = _styles()[style]
    when = reference.published
    day = rules["date"].format(d=when.day, month=f"{when:%B}", year=when.year) if when else rules["undated"]
    values = {
        "author": _authors(reference, rules),
        "title": one_line(reference.title) or reference.id,
        "outlet": one_line(reference.outlet or ""),
        "date": day,
        "url": (reference.url or "") if is_web(reference.url) else "",
    }
    pattern = rules["signed" if values["author"] else "unsigned"]
    parts = [p for p in pattern if all(values[name] for name in _FIELD.findall(p))]
    runs: Runs = []
    for n, part in enumerate(parts):
        if n:
            runs.append((" ", False))
        for at, piece in enumerate(part.split("*")):
            if piece:
                runs.append((_FIELD.sub(lambda m: values[m[1]], piece), at % 2 == 1))
    return _tidy(runs)


def plain_text(runs: Runs) -> str:
    """A reference without italics."""
    return "".join(text for text, _ in runs)


def csl(references: Sequence[Reference], accessed: datetime) -> str:
    """Sources as CSL JSON, which reference managers read.

    Args:
        references: Each once.
        accessed: The day on which they were looked at.
    """
    rows = []
    for r in references:
        row: dict[str, Any] = {"id": r.id, "type": "article-newspaper", "title": one_line(r.title)}
        if r.outlet:
            row["container-title"] = r.outlet
        if r.author:
            row["author"] = [
                {"family": p[1], "given": p[0]} if p[0] else {"literal": p[1]} for p in _people(r.author, r.language)
            ]
        if r.published:
            row["issued"] = _parts(r.published)
        if is_web(r.url):
            row |= {"URL": r.url, "accessed": _parts(accessed)}
        rows.append(row | {"language": r.language})
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


@cache
def _styles() -> dict[str, dict[str, Any]]:
    return tomllib.loads((resources.files("rag.ui") / "citation_styles.toml").read_text("utf-8"))


def _parts(when: datetime) -> dict[str, list[list[int]]]:
    return {"date-parts": [[when.year, when.month, when.day]]}


def _authors(reference: Reference, rules: dict[str, Any]) -> str:
    """The authors as a style has them; a byline that is not plainly a list of names stays as it is written."""
    byline = _without_by(reference.author or "")
    if not byline or rules["authors"] == "as written":
        return byline
    initials = rules["authors"] == "initials"
    names = []
    for n, (given, family) in enumerate(_people(byline, reference.language)):
        if not given:
            names.append(f"{family}." if initials else family)
        elif initials:
            names.append(f"{family}, {' '.join(f'{g[0]}.' for g in given.split())}")
        else:
            names.append(f"{family}, {given}" if n == 0 else f"{given} {family}")
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])}{rules['join']}{names[-1]}"


def _people(byline: str, language: str) -> Iterator[tuple[str, str]]:
    """(given names, family name) of each author; (empty, name) for one that can't be told apart."""
    byline = _without_by(byline)
    parts = [p for p in _BETWEEN.split(byline) if p]
    if language in _FAMILY_FIRST or not all(_NAME.fullmatch(p) and p.istitle() | _cased(p) for p in parts):
        yield "", byline
        return
    for part in parts:
        words = part.split()
        first = len(words) - 1
        while first > 1 and words[first - 1].lower() in _PARTICLES:
            first -= 1
        yield " ".join(words[:first]), " ".join(words[first:])


def _without_by(byline: str) -> str:
    return one_line(byline).removeprefix("By ").removeprefix("by ")


def _cased(name: str) -> bool:
    """Whether all words of a name begin with a capital, particles aside, in a script that has capitals."""
    return all(w[0].isupper() or w.lower() in _PARTICLES for w in name.split())


def _tidy(runs: Runs) -> Runs:
    """Without a full stop behind another mark that ends a sentence, also across pieces."""
    whole = "".join(text for text, _ in runs)
    dropped = {m.end() - 1 for m in _STOP.finditer(whole)}
    found, at = [], 0
    for text, italic in runs:
        kept = "".join(c for n, c in enumerate(text, at) if n not in dropped)
        at += len(text)
        if kept:
            found.append((kept, italic))
    return found


__all__ = ["PLAIN", "Reference", "Runs", "csl", "plain_text", "styles", "written"]
