"""Files of one article: plain text, Markdown, PDF, Word."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rag.ingest.readers.html import read_html
from rag.ingest.values import id_list, language_code, one_line, short_fields
from rag.text.dates import parse_date
from rag.text.decode import Decoded, decode
from rag.text.urls import canonical, host, is_web
from rag.types import RawArticle, Skipped

_EXTRA = 'needs another package. Run: pip install "onrecord[documents]"'
_UNPACKED = 300_000_000
"""Bytes a Word file may unpack to."""


def read_text(path: Path, raw: bytes) -> RawArticle | Skipped:
    """Plain text; a short first line followed by a blank one is the title."""
    decoded = _decoded(path, raw)
    if isinstance(decoded, Skipped):
        return decoded
    return RawArticle(
        key=path.resolve().as_posix(),
        title=_first_line(decoded.text) or stem(path),
        text=decoded.text,
        metadata={"decoding": decoded.note} if decoded.note else {},
        origin=str(path),
    )


def stem(path: Path) -> str:
    """The file's name without its endings."""
    name = path.name.removesuffix(".gz")
    return name.rsplit(".", 1)[0] or name


def _decoded(path: Path, raw: bytes) -> Decoded | Skipped:
    if not raw.strip():
        return Skipped(origin=str(path), reason="empty")
    decoded = decode(raw)
    if decoded is None:
        return Skipped(origin=str(path), reason="not text")
    if not decoded.text.strip():
        return Skipped(origin=str(path), reason="empty")
    return decoded


def _first_line(text: str) -> str | None:
    """A first line that looks like a title: short, a blank line and more text after it."""
    lines = text.lstrip("\ufeff \t\r\n").split("\n", 2)
    first = " ".join(lines[0].split())
    if len(lines) < 3 or lines[1].strip() or not lines[2].strip() or not 2 < len(first) <= 200:
        return None
    return None if first.endswith((".", "。", ":", ",")) and not first.endswith(("...", "…")) else first


def read_markdown(path: Path, raw: bytes) -> RawArticle | Skipped:
    """Markdown with optional YAML front matter."""
    decoded = _decoded(path, raw)
    if isinstance(decoded, Skipped):
        return decoded
    head, body = _front_matter(decoded.text)
    text, heading = _plain_markdown(body)
    if not text.strip():
        return Skipped(origin=str(path), reason="no text")
    plain = {str(name).lower(): value for name, value in head.items()}

    def take(*names: str) -> Any:
        return next(
            (plain.pop(name) for name in names if plain.get(name) not in (None, "", [])),
            None,
        )

    url = one_line(take("url", "link", "canonical_url"))
    url = url if url and is_web(url) else None
    ids = tuple(dict.fromkeys([*id_list(take("id", "doc_id")), *id_list(take("aliases", "alias"))]))
    title, source = (
        one_line(take("title", "headline")),
        one_line(take("source", "outlet", "publisher", "site")),
    )
    author, published = (
        one_line(take("author", "authors", "byline")),
        take("published", "date", "publish_date"),
    )
    language = language_code(take("language", "lang"))
    return RawArticle(
        key=canonical(url) if url else path.resolve().as_posix(),
        title=title or heading or stem(path),
        text=text,
        url=url,
        source=source or host(url),
        author=author,
        published=parse_date(published),
        language=language,
        aliases=ids,
        metadata=short_fields(plain | ({"decoding": decoded.note} if decoded.note else {})),
        origin=str(path),
    )


_FRONT = re.compile(
    r"\A\ufeff?---[ \t]*\r?\n(.{0,65536}?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_PAIR = re.compile(r"^([A-Za-z_]\w*):[ \t]+(.+?)[ \t]*$", re.MULTILINE)


def _front_matter(text: str) -> tuple[Mapping[str, Any], str]:
    """The fields before the text, and the text. Broken YAML is read line by line."""
    match = _FRONT.match(text)
    if match is None:
        return {}, text
    import yaml  # type: ignore[import-untyped, unused-ignore]

    try:
        fields = yaml.safe_load(match[1])
    except (yaml.YAMLError, RecursionError, ValueError):
        fields = {name: value.strip("'\"") for name, value in _PAIR.findall(match[1])}
    if not isinstance(fields, dict):
        return {}, text[match.end() :] if fields is None else text
    return fields, text[match.end() :]


def _plain_markdown(body: str) -> tuple[str, str | None]:
    """Readable text, and the first top heading."""
    from markdown_it import MarkdownIt

    blocks: list[str] = []
    heading: str | None = None
    tokens = MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(body)
    for at, token in enumerate(tokens):
        if token.type == "inline":
            piece = _inline(token.children or [])
            if at and tokens[at - 1].type == "heading_open" and tokens[at - 1].tag == "h1" and heading is None:
                heading = " ".join(piece.split()) or None
            if at and tokens[at - 1].type in ("td_open", "th_open") and tokens[at - 2].type != "tr_open" and blocks:
                blocks[-1] += " | " + piece
            else:
                blocks.append(piece)
        elif token.type in ("fence", "code_block"):
            blocks.append(token.content.rstrip())
        elif token.type == "html_block":
            blocks.append(_TAG.sub("", token.content))
    return "\n\n".join(block.strip() for block in blocks if block.strip()), heading


_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?:script|style)\b.*?(?:</(?:script|style)>|\Z)|</?[A-Za-z][^<>]*>",
    re.DOTALL | re.IGNORECASE,
)


def _inline(children: list[Any]) -> str:
    parts: list[str] = []
    for child in children:
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type == "softbreak":
            parts.append(" ")
        elif child.type == "hardbreak" or (child.type == "html_inline" and child.content.lower().startswith("<br")):
            parts.append("\n")
    return "".join(parts)


def read_pdf(path: Path, raw: bytes) -> RawArticle | Skipped:
    """A PDF with a text layer."""
    try:
        import pypdf
    except ImportError:
        return Skipped(origin=str(path), reason=f"PDF {_EXTRA}")
    try:
        reader = pypdf.PdfReader(io.BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            return Skipped(origin=str(path), reason="encrypted; save a copy without a password")
        pages = [page.extract_text() for page in reader.pages]
        info = reader.metadata
        title, author = (info.title, info.author) if info else (None, None)
    except Exception as error:  # a parser fed with anything may fail in any way
        return Skipped(
            origin=str(path),
            reason=f"not a readable PDF: {type(error).__name__}: {error}"[:200],
        )
    text = "\n\n".join(page.strip() for page in pages if page.strip())
    if not text:
        return Skipped(
            origin=str(path),
            reason="no text in the PDF, only images; run it through OCR first",
        )
    return RawArticle(
        key=path.resolve().as_posix(),
        title=one_line(title) or _first_line(text) or stem(path),
        text=text,
        author=one_line(author),
        metadata={"pages": len(pages)},
        origin=str(path),
    )


def read_docx(path: Path, raw: bytes) -> RawArticle | Skipped:
    """A Word document: its paragraphs and the cells of its tables."""
    try:
        import docx
        from docx.table import Table
    except ImportError:
        return Skipped(origin=str(path), reason=f"Word {_EXTRA}")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _UNPACKED:
                return Skipped(origin=str(path), reason="unpacks to more than 300 MB")
        document = docx.Document(io.BytesIO(raw))
        blocks: list[str] = []
        heading = None
        for item in document.iter_inner_content():
            if isinstance(item, Table):
                blocks.extend(" | ".join(dict.fromkeys(cell.text.strip() for cell in row.cells)) for row in item.rows)
                continue
            blocks.append(item.text.strip())
            style = (item.style.name or "") if item.style is not None else ""
            if heading is None and style in ("Title", "Heading 1") and item.text.strip():
                heading = item.text
        properties = document.core_properties
        title, author = properties.title, properties.author
    except Exception as error:  # a parser fed with anything may fail in any way
        return Skipped(
            origin=str(path),
            reason=f"not a readable Word document: {type(error).__name__}"[:200],
        )
    text = "\n\n".join(block for block in blocks if block)
    if not text:
        return Skipped(origin=str(path), reason="no text")
    return RawArticle(
        key=path.resolve().as_posix(),
        title=one_line(title) or one_line(heading) or _first_line(text) or stem(path),
        text=text,
        author=None if author == "python-docx" else one_line(author),
        origin=str(path),
    )


READERS: Mapping[str, Callable[[Path, bytes], RawArticle | Skipped]] = {
    ".txt": read_text,
    ".text": read_text,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
}
"""Ending → reader of one article."""
