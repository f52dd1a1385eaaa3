"""Quotes put into an archive by hand, so that a test needs no parser to find them."""

from __future__ import annotations

from typing import Any

from rag import Archive
from rag.types import QuoteSpan


def said(text: str, words: str, speaker: str, *, direct: bool = True, **more: Any) -> QuoteSpan:
    """``words``, which have to stand in ``text``, as somebody's."""
    start = text.index(words)
    return QuoteSpan(
        start=start, end=start + len(words), direct=direct, speaker=speaker, mention=(start, start + 1), **more
    )


def put_quotes(archive: Archive, ident: str, *quotes: tuple[str, str, dict[str, Any]]) -> None:
    """Make these (words, speaker, more fields) all the quotes of an article."""
    article = archive.get(ident)
    found = [said(article.text, words, speaker, **more) for words, speaker, more in quotes]
    archive.stores.catalog.set_quotes([(article.id, found)])


def forget_quotes(archive: Archive) -> None:
    """Leave the articles as a program does that has looked through none of them."""
    with archive.stores.catalog._transaction() as db:
        db.execute("DELETE FROM quote")
        db.execute("UPDATE version SET quoted = 0")
