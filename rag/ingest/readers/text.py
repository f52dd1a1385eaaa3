"""Plain text, with lines above it that say of which outlet and day it is, where there are any."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rag.ingest.readers.rows import SYNONYMS, plain_name
from rag.ingest.readers.single import SingleArticleReader, decode_file, stem, title_line
from rag.ingest.values import as_written, language_code, one_line, short_fields
from rag.text.dates import parse_date
from rag.text.urls import canonical, host, is_web
from rag.types import RawArticle, Skipped

_LABELLED = re.compile(r"([^\W\d_][\w -]{1,24}):[ \t]+(\S.{0,400})")
_KEPT = frozenset({"section", "category", "categories", "keywords", "tags", "subject", "edition", "page"})
"""Further names that such lines go by, whose values are kept with the article."""
_NAMES = {name: ours for ours, names in SYNONYMS.items() if ours not in ("key", "text", "id") for name in names} | {
    "by": "author",
    **dict.fromkeys(("titel", "überschrift", "titre", "título", "titolo", "başlık"), "title"),
    **dict.fromkeys(("quelle", "zeitung", "fuente", "medio", "fonte", "kaynak", "gazete"), "source"),
    **dict.fromkeys(("autor", "autorin", "auteur", "autora", "autore", "yazar"), "author"),
    **dict.fromkeys(("datum", "veröffentlicht", "publié", "fecha", "publicado", "data", "tarih"), "published"),
}
"""What such lines are called: as a table's columns are, and in some languages more."""


class TextReader(SingleArticleReader):
    """Plain text; a short first line followed by a blank one is the title, and "Published: 4 March 2024" the day."""

    endings: Sequence[str] = (".txt", ".text")

    def article(self, path: Path, raw: bytes) -> RawArticle | Skipped:
        """The article in a text file."""
        decoded = decode_file(path, raw)
        if isinstance(decoded, Skipped):
            return decoded
        fields, text = _above(decoded.text)
        url = fields.pop("url", None)
        published = parse_date(fields.pop("published", None))
        # A day that can't be read stands under its own name.
        unread = next((value for name, value in fields.items() if _NAMES.get(plain_name(name)) == "published"), None)
        source = one_line(fields.pop("source", None))
        return RawArticle(
            key=canonical(url) if url else path.resolve().as_posix(),
            title=one_line(fields.pop("title", None)) or title_line(text) or stem(path),
            text=text,
            url=url,
            source=source or host(url),
            author=one_line(fields.pop("author", None)),
            published=published,
            unread_date=as_written(unread),
            language=language_code(fields.pop("language", None)),
            metadata=short_fields(fields | ({"decoding": decoded.note} if decoded.note else {})),
            origin=str(path),
        )


def _above(text: str) -> tuple[dict[str, str], str]:
    """Fields that labelled lines above the text give, and the text without these lines.

    They are lines that stand together, at the top or below a title, each with a name that a column of a table goes by;
    a blank line ends them. Where one has another name they are text: "Venue: town hall" tells of what the article
    announces, and a "Date:" alone may do so too. A value that its field can't hold, such as a day that may be one of
    two, stays as it is written, under its own name.
    """
    lines = text.lstrip("\ufeff \t\r\n").split("\n")
    start = next((n for n, line in enumerate(lines) if _LABELLED.fullmatch(line.strip())), len(lines))
    before = [line for line in lines[:start] if line.strip()]
    end = next((n for n in range(start, len(lines)) if not lines[n].strip()), len(lines))
    if len(before) > 1 or end == len(lines):
        return {}, text
    fields: dict[str, str] = {}
    own = False  # whether a name says that it is an article's, and not of what is told
    for line in lines[start:end]:
        match = _LABELLED.fullmatch(line.strip())
        name = plain_name(match[1]) if match else ""
        field = _NAMES.get(name) or (name if name in _KEPT else "")
        if not match or not field or field in fields:
            return {}, text
        fields[field if _holds(field, match[2]) else match[1]] = match[2]
        own |= field in ("title", "source", "author", "url") or name.startswith(("publi", "veröff"))
    if not own:
        return {}, text
    body = "\n".join(lines[end:]).lstrip("\r\n")
    return fields, f"{before[0]}\n\n{body}" if before else body


def _holds(field: str, value: str) -> bool:
    """Whether a field can have this value."""
    if field == "published":
        return parse_date(value) is not None
    return field != "url" or is_web(value)


__all__ = ["TextReader"]
