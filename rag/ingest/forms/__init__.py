"""Forms: exports of databases, agency files, site exports, mailboxes, web archives. What a file is, its content says.

``recognise`` is asked before a file's ending is: an export of fifty articles in a .txt must not become one.
A further form is a ``FormReader`` in ``FORMS``.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from rag.ingest.forms.base import HEAD, FormReader, Head
from rag.ingest.forms.europresse import EuropresseHtml
from rag.ingest.forms.factiva import FactivaHtml, FactivaText, FactivaXml
from rag.ingest.forms.integrum import IntegrumHtml
from rag.ingest.forms.mail import Letter, Mailbox, SavedPage
from rag.ingest.forms.newsml import NewsMl1, NewsMlG2, Nitf
from rag.ingest.forms.nexis import NexisHtml, NexisRtf, NexisText, NexisWord
from rag.ingest.forms.objects import SHAPES, JsonObjects
from rag.ingest.forms.office import Epub, Excel, OpenDocument, Rtf, Subtitles
from rag.ingest.forms.proquest import ProquestHtml, ProquestText
from rag.ingest.forms.records import Alto, Bibtex, Mets, Ris
from rag.ingest.forms.sgml import Reuters21578, Trec
from rag.ingest.forms.siterows import Ghost, JsonFeed, Medium, NewsletterTable, SubstackLetter, beside_table
from rag.ingest.forms.sites import Feed, MediaWikiDump, WordPressExport
from rag.ingest.forms.tables import Parquet, Swissdox
from rag.ingest.forms.webarchive import Wacz, Warc
from rag.ingest.forms.wire import Anpa1312, WireText
from rag.ingest.packed import is_packed

FORMS: tuple[FormReader, ...] = (
    NexisText(),
    NexisHtml(),
    NexisRtf(),
    NexisWord(),
    FactivaHtml(),
    FactivaXml(),
    EuropresseHtml(),
    IntegrumHtml(),
    ProquestHtml(),
    ProquestText(),
    Nitf(),
    NewsMlG2(),
    NewsMl1(),
    Anpa1312(),
    WireText(),
    WordPressExport(),
    Feed(),
    MediaWikiDump(),
    Alto(),
    Mets(),
    Medium(),
    Ghost(),
    JsonFeed(),
    *map(JsonObjects, SHAPES),
    NewsletterTable(),
    Warc(),
    Wacz(),
    SavedPage(),
    Mailbox(),
    Letter(),
    Trec(),
    Reuters21578(),
    Ris(),
    Bibtex(),
    Swissdox(),
    Parquet(),
    Subtitles(),
    OpenDocument(),
    Epub(),
    Excel(),
    Rtf(),
    FactivaText(),
)
"""All forms, in the order in which they are tried: those known by more certain signs come first."""


PACKED = frozenset({".gz", ".xz", ".bz2"})
"""Endings of packed files, which stand behind the ending of the format."""


def recognise(path: Path, stream: BinaryIO) -> FormReader | None:
    """The form of a file; None where nothing but its ending says what it is.

    Args:
        path: Its name; endings decide between forms that begin alike.
        stream: Its bytes, unpacked; it is put back to its beginning.
    """
    if beside_table(path):
        return SubstackLetter()
    raw = stream.read(HEAD)
    stream.seek(0)
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in PACKED]
    head = Head(suffixes[-1] if suffixes else "", raw, stream)
    return next((form for form in FORMS if form.recognises(head)), None)


def form_named(name: str) -> FormReader | None:
    """The form of that name."""
    return next((form for form in (*FORMS, SubstackLetter()) if form.name == name), None)


def is_archive(stream: BinaryIO) -> bool:
    """Whether a file is an archive of files (ZIP, TAR); the stream is put back to its beginning."""
    raw = stream.read(HEAD)
    stream.seek(0)
    return is_packed(raw, Head("", raw, stream).members)


__all__ = ["FORMS", "FormReader", "Head", "form_named", "is_archive", "recognise"]
