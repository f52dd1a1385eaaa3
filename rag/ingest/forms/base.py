"""What the readers of forms share: what they see of a file, how they make articles and tell what they left out.

A form is known by its content, so two forms may have one ending. ``FormReader`` keeps the promise that nothing a file
holds makes a reader raise: what fails becomes one line.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from rag.errors import ExtraMissing
from rag.ingest.values import as_written, language_code, one_line, short_fields
from rag.text.dates import parse_date
from rag.text.decode import decode, sniff
from rag.text.urls import canonical, host, is_web
from rag.types import RawArticle, Skipped

HEAD = 65_536
"""Bytes of a file's beginning by which its form is known."""

LARGEST = 200_000_000
"""Bytes that a file may have whose form can only be read whole."""


class Unreadable(ValueError):
    """Why a file can't be read, in our own words; what libraries say is not passed on."""


class Head:
    """The beginning of a file, which says what form it has."""

    def __init__(self, ending: str, raw: bytes, stream: BinaryIO | None = None) -> None:
        """Take the ending of the file's name, its first bytes, and its stream, which stands at its beginning."""
        self.ending = ending
        self.raw = raw
        self._stream = stream

    @cached_property
    def text(self) -> str:
        """The beginning as text; empty for binary files."""
        encoding = sniff(self.raw)
        if encoding is None:
            return ""
        name = "utf-8" if encoding == "mixed" else encoding
        text = self.raw.decode(name, "replace").lstrip("\ufeff \t\r\n")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def is_xml(self) -> bool:
        """Whether it begins like an XML document, not like a page."""
        start = self.text[:400].lower()
        return start.startswith("<") and "<!doctype html" not in start and "<html" not in start[:200]

    @cached_property
    def root(self) -> str:
        """The name of an XML document's root, without its prefix: what stands behind declarations and comments."""
        text = self.text
        while text.startswith(("<?", "<!")):
            closing = "?>" if text.startswith("<?") else "-->" if text.startswith("<!--") else ">"
            _, found, text = text.partition(closing)
            if not found:
                return ""
            text = text.lstrip()
        name = text[1:200].split(">")[0].split("/")[0].split() if text.startswith("<") else []
        return name[0].rpartition(":")[2] if name else ""

    @cached_property
    def is_page(self) -> bool:
        """Whether it begins like a web page or a fragment of one."""
        return self.text.startswith("<") and not self.text.startswith("<?xml")

    @cached_property
    def is_json(self) -> bool:
        """Whether it begins like JSON or JSON Lines."""
        return self.text[:1] in ("{", "[")

    @cached_property
    def members(self) -> tuple[str, ...]:
        """Names of the files in a ZIP; none for other files."""
        if not self.raw.startswith(b"PK\x03\x04") or self._stream is None:
            return ()
        try:
            with zipfile.ZipFile(self._stream) as packed:
                return tuple(packed.namelist()[:10_000])
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return ()
        finally:
            self._stream.seek(0)

    def member(self, name: str, largest: int = 4_000_000) -> bytes:
        """The beginning of one file of a ZIP."""
        if name not in self.members or self._stream is None:
            return b""
        try:
            with zipfile.ZipFile(self._stream) as packed, packed.open(name) as opened:
                return opened.read(largest)
        except Exception:  # a broken archive, of which the reader tells more
            return b""
        finally:
            self._stream.seek(0)


class Source:
    """One file that is being read: its bytes, and what its articles have in common."""

    def __init__(self, path: Path, stream: BinaryIO, fields: Mapping[str, str]) -> None:
        """Take what ``rag.protocols.Reader.read`` was given."""
        self.path = path
        self.stream = stream
        self.fields = fields
        self.key = path.resolve().as_posix()
        self.passed: Counter[str] = Counter()

    @cached_property
    def raw(self) -> bytes:
        """The whole file."""
        return self.stream.read()

    @cached_property
    def text(self) -> str:
        """The whole file as text; empty where it is none."""
        decoded = decode(self.raw)
        return decoded.text.lstrip("\ufeff") if decoded else ""

    def place(self, number: int | None) -> str:
        """Where an article stands: ``path:number``."""
        return str(self.path) if number is None else f"{self.path}:{number}"

    def skipped(self, reason: str, number: int | None = None) -> Skipped:
        """What is told of something that can't be read."""
        return Skipped(origin=self.place(number), reason=" ".join(reason.split())[:400])

    def held(self, why: str, number: int | None, *, withdraws: Iterable[object] = (), as_of: object = None) -> Skipped:
        """What is told of an item that may not enter.

        Args:
            why: As ``rag.ingest.forms.held.held`` says it.
            number: Its place in the file.
            withdraws: Keys and ids of the items that it takes down, its own earlier versions among them. What is
                still under embargo takes nothing down.
            as_of: When that was.
        """
        embargoed = why.startswith("under embargo")
        kind = "under embargo" if embargoed else why
        ids = () if embargoed else tuple(dict.fromkeys(str(one) for one in withdraws if one))
        told = {"passed": {kind: 1}, "withdraws": ids, "as_of": parse_date(as_of)}
        return self.skipped(why, number).model_copy(update=told)

    def pass_over(self, kind: str) -> None:
        """Count something that is no article; ``told`` says what there was."""
        self.passed[kind] += 1

    def told(self) -> Iterator[Skipped]:
        """One line with the kinds and counts of what was passed over."""
        if self.passed:
            kinds = ", ".join(f"{count} {kind}" for kind, count in self.passed.most_common())
            told = self.skipped(f"passed over, being no articles: {kinds}")
            yield told.model_copy(update={"passed": dict(self.passed)})

    def article(
        self,
        number: int | None,
        *,
        title: object,
        text: str,
        outlet: object = None,
        hosted: bool = True,
        author: object = None,
        published: object = None,
        url: object = None,
        language: object = None,
        mark: str | None = None,
        key: str | None = None,
        aliases: Iterable[object] = (),
        supersedes: Iterable[object] = (),
        metadata: Mapping[str, Any] | None = None,
    ) -> RawArticle | Skipped:
        """An article of this file.

        Args:
            number: Its place in the file, from 1; None where the file is one article.
            title: One line, or a value that has one.
            text: Its words; empty ones make it a Skipped.
            outlet: Where it appeared.
            hosted: Whether the host of its address may stand for an outlet that is not told: not where the address is
                an identifier.
            author: One line, or a list of names; a database's "Anonymous" is none.
            published: A datetime, or a value that ``parse_date`` can read for certain.
            url: Its own address on the web, not that of a database.
            language: A code, or a language's own or English name.
            mark: What tells it from the others in the file; its words where there is no such thing.
            key: Its key, where that is neither address nor path.
            aliases: Ids that it has elsewhere.
            supersedes: Ids of other articles that it corrects.
            metadata: What else is known; values of None are left out.
        """
        if not text.strip():
            return self.skipped("no text", number)
        address = one_line(url)
        address = address if address and is_web(address) else None
        line = one_line(title) or ""
        if key is None and address:
            key = canonical(address)
        if key is None and number is None:
            key = self.key
        if key is None:
            words = "\0".join((line, str(published or ""), str(one_line(outlet) or ""), text))
            key = f"{self.key}#{mark or hashlib.sha256(words.encode('utf-8', 'replace')).hexdigest()[:16]}"
        day = published if isinstance(published, datetime) else parse_date(published)
        known = {name: value for name, value in (metadata or {}).items() if value not in (None, "", [], ())}
        return RawArticle(
            key=key,
            title=line,
            text=text.strip(),
            url=address,
            source=one_line(outlet) or (host(address) if hosted else None),
            author=_author(author),
            published=day,
            unread_date=None if day else as_written(published),
            language=language_of(language),
            aliases=tuple(dict.fromkeys(str(alias) for alias in aliases if alias)),
            supersedes=tuple(dict.fromkeys(str(one) for one in supersedes if one)),
            metadata=short_fields(known),
            origin=self.place(number),
        )


def _author(value: object) -> str | None:
    line = (one_line(value) or "").strip(" ,;")
    return line if line and line.casefold() != "anonymous" else None


class FormReader(ABC):
    """Reads the files of one form; see ``rag.protocols.Reader``. Which files have the form, their content says."""

    name: str = ""
    """What it is called in reports, as in "nexis-text"."""
    what: str = ""
    """What it reads, in a few words."""
    endings: Sequence[str] = ()
    """Endings that such files usually have."""
    max_bytes: int | None = LARGEST
    many: bool = True
    """Whether a file may hold more than one article."""

    @abstractmethod
    def recognises(self, head: Head) -> bool:
        """Whether a file that begins so has this form."""

    @abstractmethod
    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """The articles of a file; may raise anything, which becomes one line."""

    def read(self, path: Path, stream: BinaryIO, fields: Mapping[str, str]) -> Iterator[RawArticle | Skipped]:
        """Read the articles of one file; see ``rag.protocols.Reader.read``."""
        source = Source(path, stream, fields)
        found = 0
        try:
            for item in self.articles(source):
                found += 1
                yield item
        except ExtraMissing as error:  # the other files of the same run may not need that library
            yield source.skipped(str(error))
        except MemoryError:
            raise
        except Exception as error:  # a parser fed with anything may fail in any way
            rest = f"; the rest of the file is left out after {found}" if found else ""
            line = str(error) if isinstance(error, Unreadable) else "it is broken, or cut off"
            yield source.skipped(f"not a whole {self.what}: {line}{rest}")
        else:
            yield from source.told()
            if not found and not source.passed:
                yield source.skipped(f"no article in this {self.what}")


_LANGUAGES = {
    "ar": "arabic العربية", "zh": "chinese 中文", "cs": "czech čeština", "da": "danish dansk",
    "nl": "dutch nederlands", "en": "english englisch anglais inglés inglese engels",
    "fi": "finnish suomi", "fr": "french français französisch francés francese frans",
    "de": "german deutsch allemand alemán tedesco duits", "el": "greek ελληνικά", "he": "hebrew עברית",
    "hi": "hindi हिन्दी", "hu": "hungarian magyar", "id": "indonesian", "it": "italian italiano italienisch italien",
    "ja": "japanese 日本語", "ko": "korean 한국어", "no": "norwegian norsk", "pl": "polish polski",
    "pt": "portuguese português portugiesisch portugais portugués", "ro": "romanian română",
    "ru": "russian русский russisch russe", "es": "spanish español spanisch espagnol spagnolo castellano",
    "sv": "swedish svenska", "tr": "turkish türkçe", "uk": "ukrainian українська", "vi": "vietnamese",
}  # fmt: skip
_BY_NAME = {name: code for code, names in _LANGUAGES.items() for name in names.split()}
_THREE = {"eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "rus": "ru", "zho": "zh",
          "chi": "zh", "fas": "fa", "per": "fa", "ita": "it", "por": "pt", "nld": "nl", "dut": "nl", "ara": "ar",
          "jpn": "ja", "tur": "tr", "ukr": "uk", "pol": "pl", "swe": "sv", "kor": "ko", "fin": "fi"}  # fmt: skip


def language_of(value: object) -> str | None:
    """ISO 639-1 of a code of two or three letters, or of a language's name in a few languages; else None."""
    line = (one_line(value) or "").casefold()
    return language_code(line) or _THREE.get(line) or _BY_NAME.get(line.partition(";")[0].split(" ")[0].strip(" ,"))


def pages(text: str) -> io.StringIO:
    """A text as lines, whatever ends them."""
    return io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))


def paragraphs(text: str) -> str:
    """Running text of a text with hard line breaks: lines joined, paragraphs kept."""
    blocks = ("\n".join(part) for part in blocks_of(text))
    return "\n\n".join(" ".join(block.split()) for block in blocks)


def blocks_of(text: str) -> list[list[str]]:
    """Lines of a text in groups between blank lines."""
    groups: list[list[str]] = [[]]
    for line in pages(text):
        if line.strip():
            groups[-1].append(line.rstrip())
        elif groups[-1]:
            groups.append([])
    return [group for group in groups if group]
