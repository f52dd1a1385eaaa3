"""Exports of Factiva: many articles in one file of HTML, XML, RTF or text.

With field codes ("HD", "PD", "SN") every value is told by its code. Without them the lines before the text stand in an
order: words, day, clock, outlet, code of the outlet, page, language, rights; what comes before the words is the byline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from rag.ingest.forms.base import FormReader, Head, Source, blocks_of, language_of
from rag.ingest.forms.markup import every, first, html_tree, line, line_at, local, words, xml_elements
from rag.ingest.forms.rtf import rtf_text
from rag.text.dates import parse_date
from rag.types import RawArticle, Skipped

_WORDS = re.compile(r"^[\d.,\s]+\s*(?:[^\W\d_]{2,}|字|語)$")
"""How many words an article has: "664 Wörter", "1,024 words"."""
_CLOCK = re.compile(r"^\d{1,2}:\d\d(?::\d\d)?$")
_CODE = re.compile(r"^[A-Z0-9]{2,8}$")
_RIGHTS = re.compile(r"^(?:copyright\b|©|\(c\))", re.IGNORECASE)
_DOCUMENT = re.compile(r"^\W*(?:[^\W\d_]+\s+)?([A-Za-z]{2,8}\d{4,}[A-Za-z0-9]{6,})\s*$")
"""The last line of an article: "Document PNP0000020010926du4i003v3"."""


class FactivaHtml(FormReader):
    """Factiva exports as HTML, with or without field codes."""

    name = "factiva-html"
    what = "Factiva export (HTML)"
    endings = (".html", ".htm")

    def recognises(self, head: Head) -> bool:
        """By its title and the classes of its articles."""
        return head.is_page and "<title>Factiva" in head.text

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each block of the class "article" that holds no other one."""
        tree = html_tree(source.text)
        found = tree.xpath("//div[contains(concat(' ', normalize-space(@class), ' '), ' article ')]")
        found = [
            a for a in found if not a.xpath(".//div[contains(concat(' ',normalize-space(@class),' '),' article ')]")
        ]
        for number, article in enumerate(found, 1):
            codes = _codes(article)
            yield _coded(source, number, codes) if "HD" in codes else _uncoded_html(source, number, article)


def _codes(article: Any) -> dict[str, Any]:
    """Cells of an article with field codes, by code."""
    cells: dict[str, Any] = {}
    for row in article.iter("tr"):
        pair = [cell for cell in row if local(cell) == "td"]
        if len(pair) == 2 and (code := line(pair[0])) and _CODE.match(code):
            cells.setdefault(code, pair[1])
    return cells


def _coded(source: Source, number: int, cells: dict[str, Any]) -> RawArticle | Skipped:
    text = "\n\n".join(words(cells[code]) for code in ("LP", "TD") if code in cells)
    day, clock = line(cells.get("PD")), line(cells.get("ET"))
    mark = _DOCUMENT.match(line(cells.get("AN")) or "")
    return source.article(
        number,
        title=line(cells.get("HD")),
        text=text,
        outlet=line(cells.get("SN")),
        author=line(cells.get("BY")),
        published=_moment(day, clock),
        language=line(cells.get("LA")),
        mark=mark[1] if mark else None,
        aliases=[mark[1] if mark else None],
        metadata={"section": line(cells.get("SE")), "page": line(cells.get("PG")), "edition": line(cells.get("ED"))},
    )


def _moment(day: str | None, clock: str | None) -> Any:
    """A day, with the clock where there is one; it is printed without a zone."""
    return (parse_date(f"{day} {clock}") if clock and _CLOCK.match(clock) else None) or parse_date(day)


def _uncoded_html(source: Source, number: int, article: Any) -> RawArticle | Skipped:
    title = article.xpath(".//*[contains(@class, 'eadline')]")
    text = [words(p) for p in article.xpath(".//p[contains(@class, 'articleParagraph')]")]
    lines = [told for block in article.xpath(".//div[not(div)]") if (told := line(block))]
    if title and (heading := line(title[0])) in lines:
        lines.remove(heading)
    closing = [m[1] for p in article.iter("p") if (m := _DOCUMENT.match(line(p) or ""))]
    return _from_lines(source, number, line(title[0]) if title else None, lines, "\n\n".join(text),
                       closing[-1] if closing else None)  # fmt: skip


def _from_lines(
    source: Source, number: int, title: str | None, lines: Sequence[str], text: str, mark: str | None
) -> RawArticle | Skipped:
    """An article without field codes, from the lines before its text."""
    counted = next((at for at, told in enumerate(lines) if _WORDS.match(told)), None)
    published = parse_date(lines[counted + 1]) if counted is not None and counted + 1 < len(lines) else None
    if counted is None or published is None:
        return source.skipped(
            f"article {number} has no count of words with a day behind it, so it can't be told", number
        )
    rest = list(lines[counted + 2 :])
    clock = rest.pop(0) if rest and _CLOCK.match(rest[0]) else None
    outlet = rest.pop(0) if rest and not _RIGHTS.match(rest[0]) else None
    language = next((code for told in rest if (code := language_of(told)) and len(told) > 2), None)
    page = next((told for told in rest if re.fullmatch(r"[A-Z]?\d{1,4}", told)), None)
    return source.article(
        number,
        title=title,
        text=text,
        outlet=outlet,
        author=lines[counted - 1] if counted else None,
        published=_moment(lines[counted + 1], clock),
        language=language,
        mark=mark,
        aliases=[mark],
        metadata={"page": page},
    )


class FactivaXml(FormReader):
    """Factiva's XML."""

    name = "factiva-xml"
    what = "Factiva export (XML)"
    endings = (".xml",)
    max_bytes = None

    def recognises(self, head: Head) -> bool:
        """By its root and its article elements."""
        return head.is_xml and ("<ppsarticle" in head.text or "<ppsArticleResponse" in head.text)

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each article element, one at a time."""
        for number, article in enumerate(xml_elements(source.stream, "article"), 1):
            parts = [
                _indented("".join(paragraph.itertext()))
                for name in ("leadParagraph", "tailParagraphs")
                for holder in every(article, name)
                for paragraph in (every(holder, "paragraph") or [holder])
            ]
            mark = line_at(article, "accessionNo")
            yield source.article(
                number,
                title=line_at(article, "headline"),
                text="\n\n".join(filter(None, parts)),
                outlet=line_at(article, "sourceName"),
                author=line_at(article, "byline"),
                published=_xml_day(article),
                language=line_at(article, "baseLanguage"),
                mark=mark,
                aliases=[mark],
                metadata={"section": line_at(article, "sectionName"), "page": line_at(article, "pages")},
            )


def _indented(text: str) -> str:
    """Paragraphs of a text that begins each with a few spaces, as wires do."""
    parts = re.split(r"\n[ \t]*\n|\n(?: {2,}|\t)(?=\S)", text)
    return "\n\n".join(told for told in (" ".join(part.split()) for part in parts) if told)


def _xml_day(article: Any) -> str | None:
    day = first(article, "publicationDate")
    return line(day) if day is not None else None


class FactivaText(FormReader):
    """Factiva exports as RTF or text."""

    name = "factiva-text"
    what = "Factiva export (RTF or text)"
    endings = (".rtf", ".txt")

    def recognises(self, head: Head) -> bool:
        """By the line that closes an article, with a count of words and a day before it."""
        text = head.text
        if text.startswith("{\\rtf"):
            return "Dow Jones" in text or "Factiva" in text
        lines = [told.strip() for told in text.split("\n")]
        return (
            not head.is_page
            and any(map(_DOCUMENT.match, lines))
            and any(_WORDS.match(a) and parse_date(b) for a, b in pairwise(lines))
        )

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each article up to its closing line."""
        text = rtf_text(source.raw) if source.raw.startswith(b"{\\rtf") else source.text
        number, held = 0, []
        for group in blocks_of(text.replace("\xa0", " ")):
            closing = _DOCUMENT.match(group[-1])
            held.append(group[:-1] if closing else group)
            if closing:
                number += 1
                yield _from_groups(source, number, [g for g in held if g], closing[1])
                held = []
        if not number:
            yield source.skipped("looks like a Factiva export, but no article in it can be told from the next")


def _from_groups(source: Source, number: int, groups: list[list[str]], mark: str) -> RawArticle | Skipped:
    lines = [told.strip() for group in groups for told in group]
    counted = next(
        (at for at, told in enumerate(lines) if _WORDS.match(told) and parse_date(lines[min(at + 1, len(lines) - 1)])),
        None,
    )
    if counted is None:
        return source.skipped(
            f"article {number} has no count of words with a day behind it, so it can't be told", number
        )
    rights = next((at for at in range(counted, len(lines)) if _RIGHTS.match(lines[at])), counted + 3)
    # Before the words: section, title, byline. The title is the longest of them.
    before = lines[:counted]
    title = max(before, key=len) if before else None
    after = before[before.index(title) + 1 :] if title else []
    head = [*after[:1], *lines[counted : rights + 1]]
    return _from_lines(source, number, title, head, "\n\n".join(lines[rights + 1 :]), mark)
