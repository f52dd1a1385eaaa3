"""Exports of Nexis and LexisNexis: many articles in one file of text, HTML, RTF or Word.

Two layouts exist in each. The older numbers its articles ("3 of 10 DOCUMENTS") and labels fields in capitals. The newer
(Nexis Uni, Lexis Advance) puts title, outlet and day in three lines, then fields, then the body under a heading, and
closes each article with a line that says so. Load dates and copyright years are never dates of publication.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence

from rag.extras import require
from rag.ingest.forms.base import FormReader, Head, Source, blocks_of
from rag.ingest.forms.markup import html_tree, words
from rag.ingest.forms.rtf import rtf_text
from rag.text.counting import count
from rag.text.dates import parse_date
from rag.types import RawArticle, Skipped

_NUMBERED = re.compile(
    r"^[ \t]*(?:[^\W\d]+[ \t]+)?(\d+)[ \t]+(?:of|von|de|sur|di|van)[ \t]+([\d.,]+)(?:[ \t]+[^\W\d_]{4,})?[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
"""The line before an article of the older layout: "3 of 10 DOCUMENTS", "Dokument 3 von 10"."""

_LABELS: Mapping[str, str] = {
    "author": "BYLINE AUTHOR AUTOR AUTEUR",
    "section": "SECTION RUBRIK RUBRIQUE SECCIÓN SEZIONE",
    "length": "LENGTH LÄNGE LONGUEUR LONGITUD LUNGHEZZA LENGTE",
    "dateline": "DATELINE DATUMSZEILE",
    "highlight": "HIGHLIGHT",
    "series": "SERIES",
    "language": "LANGUAGE SPRACHE LANGUE IDIOMA LINGUA TAAL",
    "tail": "LOAD-DATE UPDATE DATE-CHARGEMENT GRAPHIC GRAFIK GRAPHIQUE PUBLICATION-TYPE PUBLIKATIONSART PUB-TYPE "
    "TYPE-PUBLICATION JOURNAL-CODE ZEITSCHRIFTEN-CODE CODE-REVUE SUBJECT ORGANIZATION PERSON COMPANY TICKER INDUSTRY "
    "GEOGRAPHIC COUNTRY STATE CITY DOCUMENT-TYPE ACC-NO NAME CORRECTION-DATE DISTRIBUTION NOTES TYPE CUSIP",
}
"""Labels of the older layout. In text nothing else tells a label from a place in capitals that begins a report."""
_LABEL_OF = {label: field for field, labels in _LABELS.items() for label in labels.split()}
_LABELLED = re.compile(r"^\s*([A-ZÀ-Þ][A-ZÀ-Þ-]+):(?:[ \t\xa0]+|$)(.*)", re.DOTALL)

_END = re.compile(
    r"^[^\S\n]*(?:End of Document|Ende des Dokuments?|Fin du document|Fine? del documento|Einde van document)[^\S\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""The line that closes an article of the newer layout."""
_FIELD = re.compile(r"^\s*([^\n:]{2,40}):(?:\xa0+ *|[ \t]+)(\S.*)?$", re.DOTALL)
_AFTER = ("Classification", "Graphic", "Klassifizierung", "Grafik", "Classificação", "Clasificación")
"""Headings after the body in the newer layout."""
_RIGHTS = re.compile(r"^\s*(?:copyright\b|©|\(c\))", re.IGNORECASE)
_ANNOUNCED = re.compile(
    r"^[^\S\n]*(?:Documents|Dokumente|Documentos|Documenti|Documenten)[^\S\n]*\((\d+)\)[^\S\n]*$", re.MULTILINE
)


class NexisText(FormReader):
    """Nexis exports as text."""

    name = "nexis-text"
    what = "Nexis export (text)"
    endings = (".txt",)

    def recognises(self, head: Head) -> bool:
        """By the line before or after the first article; fields have to follow."""
        text = head.text
        if head.is_page or text.startswith("{\\rtf"):
            return False
        return _older(text) or bool(_END.search(text) and _ANNOUNCED.search(text))

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each article between two numbered lines, or up to each closing one."""
        yield from _text_articles(source, source.text)


class NexisRtf(FormReader):
    """Nexis exports as RTF."""

    name = "nexis-rtf"
    what = "Nexis export (RTF)"
    endings = (".rtf",)

    def recognises(self, head: Head) -> bool:
        """By the lines of the newer layout, or those of the older one."""
        if not head.text.startswith("{\\rtf"):
            return False
        plain = re.sub(r"\\[a-z]+-?\d* ?|[{}]", " ", head.text)
        flat = " ".join(plain.split())
        return "End of Document" in flat or re.search(r"\b\d+ of \d+ DOCUMENTS\b", flat) is not None

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """As in text."""
        yield from _text_articles(source, rtf_text(source.raw))


class NexisHtml(FormReader):
    """Nexis exports as HTML, which fence each article with comments and label fields in bold."""

    name = "nexis-html"
    what = "Nexis export (HTML)"
    endings = (".html", ".htm")

    def recognises(self, head: Head) -> bool:
        """By the comments around its articles."""
        return "<DOCFULL>" in head.text and "<DOC NUMBER=" in head.text

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each article between two comments."""
        pieces = source.text.split("<DOCFULL> -->")[1:]
        for number, piece in enumerate(pieces, 1):
            inner, closed, _ = piece.partition("<!-- Hide XML section")
            if not closed:
                yield source.skipped(f"article {number} is cut off at the end of the file", number)
                continue
            groups = []
            for block in html_tree(f"<div>{inner}</div>").iter("div"):
                if block.get("class") and (text := words(block)):
                    groups.append(text.split("\n\n"))
            yield _older_article(source, number, groups)


class NexisWord(FormReader):
    """Nexis exports as Word documents."""

    name = "nexis-word"
    what = "Nexis export (Word)"
    endings = (".docx",)

    def recognises(self, head: Head) -> bool:
        """By its closing lines together with its bookmarks."""
        document = head.member("word/document.xml", 40_000_000)
        return b'"Bookmark_1"' in document and _END.search(_tags_off(document)) is not None

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each article from its bookmark to its closing line; the cover sheet and what was searched for stay out."""
        require("docx", extra="forms", what="Reading Word documents", package="python-docx")
        import docx

        bookmark = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}bookmarkStart"
        name = bookmark.replace("bookmarkStart", "name")
        lines: list[str] = []
        number, announced, inside = 0, 0, False
        for paragraph in docx.Document(io.BytesIO(source.raw)).paragraphs:
            marks = [mark.get(name) or "" for mark in paragraph._p.iter(bookmark)]
            if any(re.fullmatch(r"Bookmark_\d+", mark) for mark in marks):
                if inside:
                    number += 1
                    yield source.skipped(f"article {number} is not closed", number)
                lines, inside = [], True
            if inside and _END.match(paragraph.text.strip()):
                number += 1
                yield _newer_article(source, number, lines)
                inside = False
            elif inside:
                lines.append(paragraph.text)
            elif not number and (told := _ANNOUNCED.match(paragraph.text.strip())):
                announced = int(told[1])
        if inside:
            yield source.skipped(f"article {number + 1} is not closed: the file is cut off", number + 1)
        yield from _fewer(source, number, announced)


def _tags_off(document: bytes) -> str:
    return re.sub(rb"</w:p>|<w:br/>|<[^>]*>", lambda m: b"" if m[0][:4] not in (b"</w:", b"<w:b") else b"\n",
                  document).decode("utf-8", "replace")  # fmt: skip


def _older(text: str) -> bool:
    """Whether a text has the older layout: a numbered line, and a labelled one behind it."""
    first = _NUMBERED.search(text)
    return first is not None and any(
        (m := _LABELLED.match(line)) and m[1] in _LABEL_OF for line in text[first.end() :].split("\n")
    )


def _text_articles(source: Source, text: str) -> Iterator[RawArticle | Skipped]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    starts = list(_NUMBERED.finditer(text))
    if starts and _older(text):
        ends = [m.start() for m in starts[1:]] + [len(text)]
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1):
            yield _older_article(source, number, blocks_of(text[start.end() : end]))
        return
    closings = list(_END.finditer(text))
    begin = 0
    if (cover := _ANNOUNCED.search(text)) and closings:
        begin = _after_cover(text, cover.end())
    for number, closing in enumerate(closings, 1):
        yield _newer_article(source, number, text[begin : closing.start()].split("\n"))
        begin = closing.end()
    if not closings:
        yield source.skipped("looks like a Nexis export, but no article in it can be told from the next")
    elif len(text[begin:].split()) > 30:
        yield source.skipped("the last article is cut off", len(closings) + 1)
    yield from _fewer(source, len(closings), int(cover[1]) if cover else 0)


def _label(line: str) -> bool:
    """Whether a line of text begins with a label that only stands after the body."""
    name, colon, _ = line.partition(":")
    return bool(colon) and _LABEL_OF.get(name.strip().upper()) == "tail"


def _after_cover(text: str, begin: int) -> int:
    """Where the first article begins behind the cover sheet: at the last three lines before the first fields' day."""
    lines = list(re.finditer(r"[^\n]+", text[begin:]))
    for at, line in enumerate(lines[2:], 2):
        if re.match(r"\s*\d+\.\s", lines[at - 2][0]):
            continue
        if parse_date(_day(line[0])) is not None:
            return begin + lines[at - 2].start()
    return begin


def _fewer(source: Source, found: int, announced: int) -> Iterator[Skipped]:
    if announced > found:
        yield source.skipped(f"the file announces {count(announced, 'article')} and holds {found}: it may be cut off")


def _day(line: str) -> str:
    """The beginning of a day's line, without the edition behind it."""
    return " ".join(line.replace("\xa0", " ").split())[:80]


def _older_article(source: Source, number: int, groups: Sequence[Sequence[str]]) -> RawArticle | Skipped:
    """An article of the older layout: outlet, day and title, a group each, then labelled fields, body, fields."""
    at, dates = 0, None
    while at < len(groups) and at < 6:
        if at and (dates := parse_date(_day(groups[at][0]))) is not None:
            break
        at += 1
    if dates is None or not at:
        return source.skipped(f"article {number} has no line with a day behind its outlet, so it can't be told", number)
    outlet = " ".join(" ".join(groups[at - 1]).split())
    edition = " ".join(" ".join(groups[at][1:]).split())
    fields: dict[str, str] = {}
    title = ""
    body: list[str] = []
    tail = False
    for group in groups[at + 1 :]:
        labelled = _LABELLED.match("\n".join(group))
        field = _LABEL_OF.get(labelled[1]) if labelled else None
        if labelled and field and (tail or field in ("tail", "language") or not body):
            fields.setdefault(field, " ".join(labelled[2].split()))
            tail = tail or field == "tail" or bool(body)
        elif labelled and labelled[1] == "CORRECTION":  # what the outlet itself put right belongs to the article
            body.append(" ".join(" ".join(group).split()))
        elif tail and not (body and body[-1].startswith("CORRECTION:")):
            continue
        elif not title and not body and not fields:
            title = " ".join(" ".join(group).split())
        elif not _RIGHTS.match(group[0]) or len(" ".join(group)) > 300:
            body.append("\n\n".join(" ".join(line.split()) for line in group) if not _wrapped(group) else
                        " ".join(" ".join(group).split()))  # fmt: skip
    return source.article(
        number,
        title=title,
        text="\n\n".join(body),
        outlet=outlet,
        author=_by(fields.get("author")),
        published=dates,
        language=fields.get("language"),
        metadata={"section": fields.get("section"), "edition": edition, "dateline": fields.get("dateline")},
    )


def _wrapped(group: Sequence[str]) -> bool:
    """Whether lines of a group are one paragraph, broken at the width of the page."""
    return len(group) > 1 and all(len(line) > 50 for line in group[:-1])


def _by(line: str | None) -> str | None:
    """A byline without the word before it, which is "by" in English alone: other languages print names only."""
    return re.sub(r"^by\s+", "", line, flags=re.IGNORECASE) if line else None


def _newer_article(source: Source, number: int, lines: Sequence[str]) -> RawArticle | Skipped:
    """An article of the newer layout."""
    rest = iter([(raw, raw.strip()) for raw in lines if raw.strip()])
    head = [line for _, line in (next(rest, ("", "")), next(rest, ("", "")), next(rest, ("", "")))]
    published = parse_date(_day(head[2]))
    if published is None:  # a second line of the title, or of the outlet
        head.append(next(rest, ("", ""))[1])
        published = parse_date(_day(head[3]))
        head = [f"{head[0]} {head[1]}", head[2], head[3]]
    if published is None:
        return source.skipped(f"article {number} has no line with a day behind its outlet, so it can't be told", number)
    fields: list[tuple[str, str]] = []
    body: list[str] = []
    started = ended = False
    for raw, line in rest:
        # A label is set off by a space that doesn't break, which no sentence with a colon has. Text has lost it.
        labelled = _FIELD.match(raw) if "\xa0" in raw[:60] or not started or _label(line) else None
        if not started:
            if labelled:
                fields.append((labelled[1].strip(), (labelled[2] or "").strip()))
            elif fields and not _RIGHTS.match(line):
                started = True  # the heading "Body", in whatever language
            continue
        # What follows the body begins with a break of its own in Word, or is one of a few headings and labels.
        ended = ended or (raw.startswith("\n") and bool(labelled or len(line) < 40)) or line in _AFTER or _label(line)
        if ended:
            if labelled:
                fields.append((labelled[1].strip(), (labelled[2] or "").strip()))
        else:
            body.append(" ".join(line.split()))
    if {"ABSTRACT", "FULL TEXT"} <= set(body):  # headings of the database, not of the outlet
        body = [part for part in body if part not in ("ABSTRACT", "FULL TEXT")]
    known = {name.casefold(): value for name, value in reversed(fields)}

    def take(field: str) -> str | None:
        return next((known[n.casefold()] for n in _LABELS[field].split() if known.get(n.casefold())), None)

    return source.article(
        number,
        title=head[0],
        text="\n\n".join(body),
        outlet=head[1].rstrip("."),
        author=_by(take("author")),
        published=published,
        language=take("language"),
        metadata={"section": take("section"), "dateline": take("dateline")},
    )


__all__ = ["NexisHtml", "NexisRtf", "NexisText", "NexisWord"]
