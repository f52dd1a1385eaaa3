"""Collections in SGML: TREC's documents and Reuters-21578, read one document at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape

from rag.ingest.forms.base import FormReader, Head, Source, Unreadable
from rag.text.calendar_names import MONTHS, fold
from rag.types import RawArticle, Skipped

_LONGEST = 20_000_000
_TAG = re.compile(r"<[^<>]*>")
_DATE = re.compile(r"\s*(\d{1,2})-([A-Za-z]{3})-(\d{4})\s+(\d\d):(\d\d):(\d\d)")


def _documents(source: Source, name: str) -> Iterator[str]:
    """Everything from each opening tag to its closing one."""
    opening, closing = re.compile(rf"<{name}[\s>]".encode(), re.IGNORECASE), f"</{name}>".encode()
    held: list[bytes] = []
    size = 0
    for text in source.stream:
        if held or opening.search(text):
            held.append(text)
            size += len(text)
            if size > _LONGEST:
                raise Unreadable(f"a document of more than {_LONGEST // 1_000_000} MB")
            if closing in text or closing.lower() in text:
                raw = b"".join(held)
                try:
                    yield raw.decode("utf-8")
                except UnicodeDecodeError:
                    yield raw.decode("cp1252", "replace")
                held, size = [], 0
    if held:
        raise Unreadable("the last document is cut off")


def _inner(document: str, *names: str) -> str:
    """What stands in the first of these elements that is there."""
    for name in names:
        if match := re.search(rf"<{name}(?:\s[^>]*)?>(.*?)</{name}>", document, re.DOTALL | re.IGNORECASE):
            return match[1]
    return ""


def _words(inner: str) -> str:
    """Words of an element; its paragraphs are those marked by <P>, by a blank line, or by spaces before them."""
    text = re.sub(r"</?P>", "\n\n", inner, flags=re.IGNORECASE)
    text = re.sub(r"\n(?: {2,}|\t)(?=\S)", "\n\n", _TAG.sub("", text))
    text = "".join(c for c in unescape(text) if c >= " " or c in "\n\t")
    parts = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return "\n\n".join(part for part in parts if part)


class Trec(FormReader):
    """TREC's documents."""

    name = "trec"
    what = "TREC collection (SGML)"
    endings = (".txt", ".sgml", ".trec")
    max_bytes = None

    def recognises(self, head: Head) -> bool:
        """By its first tags."""
        return re.match(r"<DOC(?:\s+id=[^>]*)?>\s*(?:<DOCNO>|<DOCID>|<TEXT>|<HEADLINE>)", head.text, re.I) is not None

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each document: its text, its headline, and its date where there is one."""
        for number, document in enumerate(_documents(source, "DOC"), 1):
            named = re.match(r"<DOC\s+id=\"?([^\s\">]+)", document.strip(), re.IGNORECASE)
            ident = " ".join(_inner(document, "DOCNO", "DOCID").split()) or (named[1] if named else None)
            yield source.article(
                number,
                title=_words(_inner(document, "HEADLINE", "HEAD", "TITLE", "HL")),
                text=_words(_inner(document, "TEXT")),
                author=_words(_inner(document, "BYLINE")),
                published=_words(_inner(document, "DATE_TIME", "DATE")),
                mark=ident,
                aliases=[ident],
                metadata={"dateline": _words(_inner(document, "DATELINE"))},
            )


class Reuters21578(FormReader):
    """Reuters-21578."""

    name = "reuters-21578"
    what = "Reuters-21578 collection"
    endings = (".sgm",)
    max_bytes = None

    def recognises(self, head: Head) -> bool:
        """By its elements."""
        return "<REUTERS " in head.text and "NEWID=" in head.text

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each story with a body; alerts of a headline alone are passed over."""
        for number, document in enumerate(_documents(source, "REUTERS"), 1):
            told = re.search(r"NEWID=\"(\d+)\"", document)
            text = _inner(document, "TEXT")
            body = _words(_inner(text, "BODY"))
            title = _words(_inner(text, "TITLE"))
            if not body and "<TITLE>" not in text:
                body = _words(text)  # unprocessed: its words stand without elements
            if not body:
                source.pass_over("alert of a headline alone")
                continue
            ident = f"reuters-21578:{told[1]}" if told else None
            yield source.article(
                number,
                title=" ".join(title.split()),
                text=body,
                outlet="Reuters",
                author=re.sub(r"^by\s+", "", _words(_inner(text, "AUTHOR")).strip(" ,"), flags=re.IGNORECASE),
                published=_clock(_inner(document, "DATE")),
                mark=told[1] if told else None,
                aliases=[ident],
                metadata={"dateline": _words(_inner(text, "DATELINE")).strip(" -")},
            )


def _clock(told: str) -> datetime | str | None:
    """ "26-FEB-1987 15:01:01.79" """
    match = _DATE.match(told)
    month = MONTHS.get(fold(match[2])) if match else None
    if match is None or month is None:
        return None
    return f"{match[3]}-{month:02d}-{int(match[1]):02d} {match[4]}:{match[5]}:{match[6]}"
