"""Addresses, brought to one form."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from rag.text.lexicon import alternation, lexicon
from rag.text.word_lists import Web

_TRACKING = re.compile(alternation(lexicon("web").section(Web).tracking), re.IGNORECASE)
_WEB = re.compile(r"https?://", re.IGNORECASE)
_WAYBACK = re.compile(r"https?://web\.archive\.org/web/\d{4,14}(?:[a-z]{2}_)?/(?:(https?):/+)?(.+)", re.IGNORECASE)
_CAPTURE = re.compile(
    r"https?://[^/\s]+/(?:[\w.-]+/){0,3}(?:\d{8,14}(?:[a-z]{2}_)?|\d{4}\.\d\d\.\d\d-\d{6})/(https?):/+(.+)",
    re.IGNORECASE,
)
"""What archives of the web have in common: the time of the capture, and behind it the whole address."""
_AMP = re.compile(
    r"https?://(?:www\.)?google\.[a-z.]+/amp/(s/)?(.+)|https?://[\w.-]+\.cdn\.ampproject\.org/[a-z]/(s/)?(.+)", re.I
)


def is_web(text: str) -> bool:
    """Whether this is an http(s) address."""
    return _WEB.match(text.strip()) is not None


def canonical(url: str) -> str:
    """One form for the many spellings of an address.

    Lower-case scheme and host, https for http, no fragment, no default port,
    no tracking parameters, no slash at the end. The rest of the query keeps
    its order. What is not an http(s) address comes back as it was, trimmed.
    """
    url = "".join(url.split())
    if not is_web(url):
        return url
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return url
    if not host:
        return url
    if ":" in host:
        host = f"[{host}]"
    if port is not None and port not in (80, 443):
        host = f"{host}:{port}"
    query = parts.query
    if query:
        pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
        kept = [(name, value) for name, value in pairs if not _TRACKING.fullmatch(name)]
        if len(kept) != len(pairs):
            query = urlencode(kept, quote_via=quote, errors="surrogateescape")
    return urlunsplit(("https", host, parts.path.rstrip("/"), query, ""))


def original(url: str) -> str:
    """The address of a page itself where that of a capture, or of an AMP cache, is given; else as it was."""
    url = url.strip()
    if capture := _WAYBACK.fullmatch(url) or _CAPTURE.fullmatch(url):
        return f"{capture[1] or 'http'}://{capture[2]}"
    if cached := _AMP.fullmatch(url):
        return f"{'https' if cached[1] or cached[3] else 'http'}://{cached[2] or cached[4]}"
    return url


def host(url: str | None) -> str | None:
    """The host of an http(s) address without "www."; None when there is none."""
    if url is None or not is_web(url):
        return None
    try:
        name = urlsplit(url.strip()).hostname
    except ValueError:
        return None
    return name.removeprefix("www.") or None if name else None
