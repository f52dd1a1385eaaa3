"""What a document of markup is, by the name of its first element; what servers call it is often wrong."""

from __future__ import annotations

import re

_BEFORE = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_NAME = re.compile(rb"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)")
_HEAD = 65_536


def root(raw: bytes) -> str:
    """The name of a document's first element, lower case and without its prefix; empty where there is none.

    Args:
        raw: The document, in any encoding that keeps or widens ASCII.
    """
    head = raw[:_HEAD]
    if b"\0" in head[:64]:  # UTF-16 and UTF-32
        head = head.replace(b"\0", b"")
    head = head.lstrip(b"\xef\xbb\xbf\xff\xfe")
    at = 0
    while found := _BEFORE.match(head, at):
        at = found.end()
    name = _NAME.match(head, at)
    return name[1].decode("ascii").lower() if name else ""
