"""Markdown, with YAML or TOML front matter where there is any."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rag.ingest.readers.single import SingleArticleReader, decode_file, stem
from rag.ingest.values import as_written, id_list, language_code, one_line, short_fields
from rag.text.dates import parse_date
from rag.text.urls import canonical, host, is_web
from rag.types import RawArticle, Skipped

_FRONT = re.compile(
    r"\A\ufeff?---[ \t]*\r?\n(.{0,65536}?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_TOML = re.compile(r"\A\ufeff?\+\+\+[ \t]*\r?\n(.{0,65536}?)^\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML_PAIR = re.compile(r"^(\w+)[ \t]*=[ \t]*(.+?)[ \t]*$", re.MULTILINE)
_PAIR = re.compile(r"^([A-Za-z_]\w*):[ \t]+(.+?)[ \t]*$", re.MULTILINE)
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)-\S")
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?:script|style)\b.*?(?:</(?:script|style)>|\Z)|</?[A-Za-z][^<>]*>",
    re.DOTALL | re.IGNORECASE,
)


class MarkdownReader(SingleArticleReader):
    """Markdown with optional YAML front matter; the first top heading is the title where that has none."""

    endings: Sequence[str] = (".md", ".markdown")

    def article(self, path: Path, raw: bytes) -> RawArticle | Skipped:
        """The article in a Markdown file."""
        decoded = decode_file(path, raw)
        if isinstance(decoded, Skipped):
            return decoded
        head, body = _front_matter(decoded.text)
        if head.get("draft") is True:
            return Skipped(origin=str(path), reason="a draft")
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
        day = parse_date(published) or (_named_day(path) if head else None)
        return RawArticle(
            key=canonical(url) if url else path.resolve().as_posix(),
            title=title or heading or stem(path),
            text=text,
            url=url,
            source=source or host(url),
            author=author,
            published=day,
            unread_date=None if day else as_written(published),
            language=language,
            aliases=ids,
            metadata=short_fields(plain | ({"decoding": decoded.note} if decoded.note else {})),
            origin=str(path),
        )


def _named_day(path: Path) -> datetime | None:
    """The day in a post's name, which is where Jekyll has it: "2021-08-23-bridge-closed.md"."""
    named = _DAY.match(path.name)
    return parse_date(named[1]) if named else None


def _front_matter(text: str) -> tuple[Mapping[str, Any], str]:
    """The fields before the text, and the text. Broken YAML is read line by line."""
    match = _FRONT.match(text)
    if match is None and (toml := _TOML.match(text)):  # Hugo's other front matter
        try:
            return tomllib.loads(toml[1]), text[toml.end() :]
        except (tomllib.TOMLDecodeError, RecursionError):
            return {name: value.strip("'\"") for name, value in _TOML_PAIR.findall(toml[1])}, text[toml.end() :]
    if match is None:
        return {}, text
    import yaml  # type: ignore[import-untyped, unused-ignore]

    class Loader(yaml.SafeLoader):  # type: ignore[misc, unused-ignore]
        """Of what is named, only single values may be meant again: lists could hold themselves, or each other often."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            again = self.check_event(yaml.AliasEvent)
            node = super().compose_node(parent, index)
            if again and not isinstance(node, yaml.ScalarNode):
                raise yaml.YAMLError("a list or mapping is meant again")
            return node

    try:
        fields = yaml.load(match[1], Loader)  # noqa: S506 - a safe one
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
