"""Exports of ProQuest: HTML and text with labelled fields; the e-mail that brings an export is opened as mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rag.ingest.forms.base import FormReader, Head, Source, blocks_of
from rag.ingest.forms.markup import html_tree, line, local, words
from rag.types import RawArticle, Skipped

_ANCHOR = re.compile(r"<a name=\"?DocID_")
_RULE = re.compile(r"^_{20,}\s*$", re.MULTILINE)
_LABEL = re.compile(r"^([A-Z][A-Za-z /]{2,40}):\s*(.*)$", re.DOTALL)


class ProquestHtml(FormReader):
    """ProQuest exports as HTML."""

    name = "proquest-html"
    what = "ProQuest export (HTML)"
    endings = (".html", ".htm")

    def recognises(self, head: Head) -> bool:
        """By the anchor before each document."""
        return head.is_page and ("<title>ProQuest Export" in head.text or _ANCHOR.search(head.text) is not None)

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each element with such an anchor; the table of contents has none."""
        yield from html_articles(source, source.text)


def html_articles(source: Source, page: str) -> Iterator[RawArticle | Skipped]:
    """The articles of an export's page."""
    anchors = html_tree(page).xpath("//a[starts-with(@name, 'DocID_')]")
    holders = [anchor.getparent() for anchor in anchors]
    documents = list(enumerate(holders, 1))
    if any(_holds(holder, after) for holder, after in zip(holders, anchors[1:], strict=False)):
        # Tags that were never closed put each document into the one before: from the last to the first, each is taken
        # out of the one around it, which would be read again and again with all that lies in it.
        inside_out = [
            _taken_out(source, number, holder)
            for number, holder in reversed(documents)
            if number == 1 or holders[number - 2] is not holder
        ]
        yield from reversed(inside_out)
    else:
        for number, holder in documents:
            yield _document(source, number, holder)
    if not anchors:
        yield source.skipped("looks like a ProQuest export, but no document in it can be told from the next")


def _holds(holder: Any, anchor: Any) -> bool:
    """Whether a document's element holds the next one's anchor too."""
    return any(above is holder for above in anchor.iterancestors())


def _document(source: Source, number: int, holder: Any) -> RawArticle | Skipped:
    title = next((told for p in holder.iter("p") if "bold" in (p.get("style") or "") and (told := line(p))), None)
    return _article(source, number, title, *_fields(holder))


def _taken_out(source: Source, number: int, holder: Any) -> RawArticle | Skipped:
    found = _document(source, number, holder)
    holder.clear(keep_tail=True)
    return found


def _fields(holder: Any) -> tuple[Mapping[str, str], str]:
    """Labelled fields of a document, and its full text."""
    fields: dict[str, str] = {}
    read: Any = None
    told = ""
    for label in holder.iter("strong"):
        name = (line(label) or "").rstrip(": ").casefold()
        if name in fields:
            continue
        if (parent := label.getparent()) is not read:
            read, told = parent, " ".join(words(parent).split())
        fields[name] = told.partition(":")[2].strip()
    for text in holder.iter("text"):
        return fields, words(text)
    # Without an element of its own the text is what follows the label, up to the next one.
    parts: list[str] = []
    inside = False
    for block in holder:
        labels = [line(s) or "" for s in block.iter("strong")]
        if any(told.casefold().startswith("full text") for told in labels):
            inside = True
            parts.append(words(block).partition(":")[2].strip())
        elif inside and labels and labels[0].rstrip().endswith(":"):
            break
        elif inside and local(block):
            parts.append(words(block))
    return fields, "\n\n".join(filter(None, parts))


class ProquestText(FormReader):
    """ProQuest exports as text."""

    name = "proquest-text"
    what = "ProQuest export (text)"
    endings = (".txt",)

    def recognises(self, head: Head) -> bool:
        """By the rule before each document, and two of its labels."""
        text = head.text
        return _RULE.search(text) is not None and "ProQuest document" in text and "Publication title:" in text

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each document between two rules."""
        number = 0
        for piece in _RULE.split(source.text):
            groups = blocks_of(piece)
            labelled = [_LABEL.match("\n".join(group)) for group in groups]
            if not any(m and m[1] == "Publication title" for m in labelled):
                continue  # the cover, the table of contents, the terms of use
            number += 1
            fields: dict[str, str] = {}
            text: list[str] = []
            inside = False
            for group, match in zip(groups, labelled, strict=True):
                if match and match[1].casefold() == "full text":
                    inside = True
                    text.append(" ".join(match[2].split()))
                elif match and (not inside or match[1].casefold() in _KNOWN):
                    inside = False
                    fields.setdefault(match[1].casefold(), " ".join(match[2].split()))
                elif inside:
                    text.append(" ".join(" ".join(group).split()))
            title = fields.get("title") or " ".join(" ".join(groups[0]).split())
            yield _article(source, number, title, fields, "\n\n".join(filter(None, text)))


_KNOWN = frozenset(
    ("subject", "location", "people", "company / organization", "classification", "identifier / keyword", "title",
     "publication title", "publication year", "publication date", "pages", "section", "publisher", "source type",
     "place of publication", "country of publication", "language of publication", "document type", "document url",
     "proquest document id", "copyright", "last updated", "database", "issn", "abstract", "links")
)  # fmt: skip
"""Fields that end the full text; other lines with a colon belong to it."""


def _article(
    source: Source, number: int, title: str | None, fields: Mapping[str, str], text: str
) -> RawArticle | Skipped:
    outlet = fields.get("publication title", "").partition(";")[0].strip()
    ident = fields.get("proquest document id")
    if not text:
        return source.skipped(f"no full text of {title!r} in the export, only its record", number)
    return source.article(
        number,
        title=title or fields.get("title"),
        text=text,
        outlet=outlet,
        author=fields.get("author"),
        published=fields.get("publication date"),
        language=fields.get("language of publication"),
        mark=ident,
        aliases=[f"proquest:{ident}" if ident else None],
        metadata={"section": fields.get("section"), "page": fields.get("pages")},
    )
