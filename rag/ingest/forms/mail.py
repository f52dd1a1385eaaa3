"""Mail: single letters, mailboxes, and pages that browsers saved as mail (MHTML).

A letter's time is that of its own header, with the offset. A newsletter's address is what its headers say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.policy import EmailPolicy
from functools import lru_cache
from typing import Any

from rag.ingest.forms.base import FormReader, Head, Source
from rag.ingest.forms.markup import fragment_words
from rag.ingest.forms.page import page_article
from rag.ingest.forms.proquest import html_articles
from rag.types import RawArticle, Skipped

_HEADER = re.compile(r"(?:[A-Za-z][\w-]+:[ \t][^\n]*\n(?:[ \t][^\n]*\n)*){3,}")
_KNOWN = re.compile(r"^(?:From|Subject|Date|MIME-Version|Message-ID|Received):", re.MULTILINE | re.IGNORECASE)
_LONGEST = 50_000_000
"""Bytes that one letter may have."""
_ADDRESS = re.compile(r"<(https?://[^>\s]+)>")
_OLDER = re.compile(r"_{20,}\s*$|-{3,}\s?Original Message\s?-{3,}")
"""The line above an older letter that is quoted whole."""
_BRACKETED = re.compile(r"[ \t]*\[\s*https?://\S+\s*\]|[ \t]*<https?://\S+>")


_LONG = 10_000
"""Characters of a header that are parsed: for each thing in it the library looks at all that comes after."""
_REGISTRY = HeaderRegistry()
_few = lru_cache(maxsize=256)(_REGISTRY)


def _header(name: str, value: str) -> Any:
    """A parsed header. The library parses one each time that it is asked for, and letters share most of theirs."""
    return _few(name, value) if len(value) < 500 else _REGISTRY(name, value[:_LONG])


_POLICY = EmailPolicy(header_factory=_header)


class SavedPage(FormReader):
    """Pages saved as MHTML."""

    name = "mhtml"
    what = "saved page (MHTML)"
    endings = (".mhtml", ".mht")
    many = False

    def recognises(self, head: Head) -> bool:
        """By headers that name the page."""
        top = head.text[:4000]
        return bool(_KNOWN.search(top)) and bool(
            re.search(r"^(?:Snapshot-)?Content-Location:", top.partition("\n\n")[0], re.MULTILINE | re.IGNORECASE)
        )

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """The article of the page; pictures and frames are left out."""
        message = message_from_bytes(source.raw, policy=_POLICY)
        address = str(message["Snapshot-Content-Location"] or message["Content-Location"] or "")
        for part in message.walk():
            if part.get_content_type() == "text/html":
                yield page_article(source, None, _bytes(part), address)
                return
        yield source.skipped("no page in it")


def _bytes(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


class Letter(FormReader):
    """Single letters."""

    name = "letter"
    what = "letter"
    endings = (".eml",)

    def recognises(self, head: Head) -> bool:
        """By its headers."""
        match = _HEADER.match(head.text)
        return match is not None and len(set(_KNOWN.findall(match[0].title()))) >= 3

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """The letter, or the export that it brings."""
        yield from letter_articles(source, None, source.raw)


class Mailbox(FormReader):
    """Mailboxes in the form mbox; one letter is held at a time."""

    name = "mbox"
    what = "mailbox (mbox)"
    endings = (".mbox",)
    max_bytes = None

    def recognises(self, head: Head) -> bool:
        """By the line before its first letter."""
        return re.match(r"From \S+.*\d{4}[^\n]*\n[A-Za-z][\w-]+:", head.text) is not None

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each letter."""
        for number, raw in enumerate(_letters(source), 1):
            if len(raw) > _LONGEST:
                yield source.skipped("a letter of more than 50 MB", number)
            else:
                yield from letter_articles(source, number, raw)


def _letters(source: Source) -> Iterator[bytes]:
    held: list[bytes] = []
    size, blank = 0, True
    for text in source.stream:
        if blank and text.startswith(b"From ") and b":" in text:
            if held:
                yield b"".join(held)
            held, size = [], 0
        elif size <= _LONGEST:
            held.append(text[1:] if text.startswith(b">From ") else text)
            size += len(text)
        blank = not text.strip()
    if held:
        yield b"".join(held)


def letter_articles(source: Source, number: int | None, raw: bytes) -> Iterator[RawArticle | Skipped]:
    """What a letter holds: an export of ProQuest, a newsletter, or words."""
    message = message_from_bytes(raw, policy=_POLICY)
    html = message.get_body(("html",))
    plain = message.get_body(("plain",))
    for _ in message.iter_attachments() if message.is_multipart() else ():
        source.pass_over("attachment")
    page = html.get_content() if html is not None else ""
    if 'name="DocID_' in page:
        yield from html_articles(source, page)
        return
    ident = str(message["Message-ID"] or "").strip("<> ") or None
    author, outlet = _sender(message)
    text = _plain(str(plain.get_content())) if plain is not None else ""
    address = _ADDRESS.search(str(message["List-Post"] or ""))
    yield source.article(
        number,
        title=str(message["Subject"] or ""),
        text=text or fragment_words(page),
        outlet=outlet,
        author=author,
        published=message["Date"].datetime if message["Date"] is not None else None,
        url=address[1] if address else None,
        mark=ident,
        aliases=[ident],
    )


def _plain(text: str) -> str:
    """A letter's text without the addresses in brackets behind its links, and without the line that links to it."""
    kept: list[str] = []
    for told in text.replace("\r\n", "\n").split("\n"):
        if _OLDER.match(told):
            break
        told = _BRACKETED.sub("", told).rstrip()
        # What others wrote is theirs, not the sender's; a line that leads to it, or to an address, goes with it.
        if told.startswith(">") or re.fullmatch(r".{0,60}?https?://\S+", told):
            while kept and not kept[-1]:
                kept.pop()
            if kept and kept[-1].endswith(":"):
                kept.pop()
        else:
            kept.append(told)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _sender(message: EmailMessage) -> tuple[str | None, str | None]:
    """Author and outlet: of a newsletter that a service sends for others, both are in the sender's name."""
    address = message["From"].addresses if message["From"] is not None else ()
    name = address[0].display_name if address else ""
    listed = re.search(r"^\s*\"?([^<\"]*)\"?\s*<([^>]+)>", str(message["List-Id"] or ""))
    author, joined, outlet = name.rpartition(" from ")
    if joined and listed:
        return author or None, outlet
    if listed:
        return name or None, listed[1].strip() or listed[2]
    return name or None, None
