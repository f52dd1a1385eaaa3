"""XML and HTML as forms hold them: parsed without network and entities; their words, a blank line between blocks."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from rag.extras import require

_BLOCKS = frozenset(
    "p div br li ul ol dl dt dd h1 h2 h3 h4 h5 h6 hl1 hl2 blockquote tr section article figure table pre hr body "
    "block header footer aside paragraph".split()
)
_HIDDEN = frozenset("head script style noscript iframe template svg button form select figcaption nav".split())
_SPACED = frozenset("td th".split())


def html_tree(text: str | bytes, encoding: str | None = None) -> Any:
    """A page or a fragment, parsed leniently."""
    require("lxml.html", extra="forms", what="Reading this form")
    from lxml import html

    if isinstance(text, str):
        text, encoding = text.encode("utf-8", "replace"), "utf-8"
    return html.document_fromstring(text, parser=html.HTMLParser(encoding=encoding, huge_tree=True, no_network=True))


def xml_tree(raw: bytes) -> Any:
    """An XML document; entities are not resolved and nothing is fetched."""
    require("lxml.etree", extra="forms", what="Reading this form")
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, load_dtd=False, remove_pis=True)
    return etree.fromstring(raw.lstrip(b"\xef\xbb\xbf \t\r\n"), parser)


def xml_elements(stream: BinaryIO, *names: str, also: tuple[str, ...] = (), lenient: bool = False) -> Iterator[Any]:
    """Elements of some names (without their namespace), one at a time.

    Args:
        stream: The document, from its beginning.
        names: Of the records; each is let go, with what stands before it, once the next element is asked for.
        also: Of elements that are yielded as well, and kept.
        lenient: Whether to read on behind what is not well-formed.
    """
    require("lxml.etree", extra="forms", what="Reading this form")
    from lxml import etree

    head = stream.read(65_536)
    stream.seek(0)
    events = etree.iterparse(
        stream,
        events=("end",),
        tag=[f"{{*}}{name}" for name in (*names, *also)],
        encoding=declared_wrongly(head),
        resolve_entities=False,
        no_network=True,
        huge_tree=True,
        load_dtd=False,
        remove_pis=True,
        recover=lenient,
    )
    for _, element in events:
        yield element
        if local(element) not in names:
            continue
        element.clear(keep_tail=False)
        while element.getprevious() is not None and element.getparent() is not None:
            del element.getparent()[0]


def declared_wrongly(head: bytes) -> str | None:
    """ "utf-8" where a document declares something else and is not that; else None."""
    declared = re.match(rb"\s*<\?xml[^>]*encoding=[\"']([\w-]+)", head)
    if declared is None or declared[1].lower() in (b"utf-8", b"utf8") or head.isascii():
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return None
    return "utf-8"


def local(element: Any) -> str:
    """An element's name without its namespace; "" for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def words(element: Any, leave_out: frozenset[str] = frozenset()) -> str:
    """The text of an element, a blank line between its blocks; what is hidden or named is left out."""
    parts: list[str] = []
    _collect(element, parts, leave_out)
    blocks = ("".join(parts)).split("\n\n")
    return "\n\n".join(line for line in (" ".join(block.split()) for block in blocks) if line)


def _collect(element: Any, parts: list[str], leave_out: frozenset[str]) -> None:
    """Walk without recursion: pages nest as deep as they like."""
    stack: list[tuple[Any, bool]] = [(element, False)]
    while stack:
        node, closing = stack.pop()
        name = local(node).lower()
        if closing:
            if name in _BLOCKS:
                parts.append("\n\n")
            elif name in _SPACED:
                parts.append(" ")
            if node is not element and node.tail:
                parts.append(node.tail)
            continue
        if not name or name in _HIDDEN or name in leave_out:
            if node is not element and node.tail:
                parts.append(node.tail)
            continue
        if name in _BLOCKS:
            parts.append("\n\n")
        if node.text:
            parts.append(node.text)
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(node))


def fragment_words(fragment: str) -> str:
    """The text of an HTML fragment."""
    return words(html_tree(f"<div>{fragment}</div>")) if fragment.strip() else ""


def first(element: Any, *paths: str) -> Any:
    """The first element on one of these paths of names, whatever their namespaces: ``first(item, "head/title")``."""
    for path in paths:
        steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
        if found := element.xpath(f".//{steps}"):
            return found[0]
    return None


def every(element: Any, name: str) -> list[Any]:
    """All elements of a name below an element, whatever their namespaces."""
    found: list[Any] = element.xpath(f".//*[local-name()='{name}']")
    return found


def line(element: Any) -> str | None:
    """The words of an element on one line; None without any."""
    return " ".join(words(element).split()) or None if element is not None else None


def line_at(element: Any, *paths: str) -> str | None:
    """The words at the first of these paths that has some."""
    for path in paths:
        if found := line(first(element, path)):
            return found
    return None


__all__ = ["every", "first", "fragment_words", "html_tree", "line", "line_at", "local", "words", "xml_elements",
           "xml_tree"]  # fmt: skip
