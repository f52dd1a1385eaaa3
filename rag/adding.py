"""Articles that are in memory: rows of a program's own and LangChain documents, made what a reader makes of a file."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Required, Self, TypedDict, Union, cast

from rag.errors import UsageError
from rag.settings import load_settings
from rag.text.mistakes import hint, meant
from rag.types import IngestReport, RawArticle, Skipped

if TYPE_CHECKING:
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from langchain_core.language_models import BaseChatModel

    from rag.protocols import Day
    from rag.settings import Settings


class NewArticle(TypedDict, total=False):
    """An article as ``Archive.add`` takes it; only ``text`` is needed. Other fields are kept as ``metadata``."""

    text: Required[str]
    title: str
    url: str | None
    source: str | None
    """The outlet."""
    author: str | None
    published: Day | None
    """A date or a datetime, or a text such as "2023-06-18" or "18 June 2023"."""
    language: str | None
    """ISO 639-1, as in "en"; found out where it is not given."""
    section: str | None
    """As in "Opinion"."""
    key: str | None
    """Which article it is: of the same key, the later one is the newer version. By default its address, else outlet,
    day and title, else its text."""
    aliases: Iterable[str]
    """Ids the article has elsewhere."""
    supersedes: Iterable[str]
    """Keys or ids of articles that this one corrects."""
    metadata: Mapping[str, Any]
    """What else is to be kept: short texts, numbers, lists of them."""


Addable = Union[NewArticle, Mapping[str, Any], RawArticle, "Document"]
"""What ``Archive.add`` takes articles as."""

_TEXTS = ("title", "text", "url", "source", "author", "language", "key")
_LISTS = ("aliases", "supersedes")
_FIELDS = (*_TEXTS, "published", "section", *_LISTS, "metadata")
_OF_DOCUMENTS = {
    "date": "published",
    "publish_date": "published",
    "publication_date": "published",
    "outlet": "source",
    "link": "url",
    "lang": "language",
    "id": "key",
}
"""What LangChain's loaders call our fields."""


class TakesMemory:
    """The part of ``Archive`` that takes in what is in memory, and lives there."""

    def add(
        self,
        articles: Iterable[Addable] | Addable,
        *,
        progress: Callable[[int, str], None] | None = None,
    ) -> IngestReport:
        """Take in articles that are in memory; as ``ingest``, through the same pipeline.

        Args:
            articles: Dictionaries with ``text``, and where known ``title``, ``url``, ``source``, ``author``,
                ``published``, ``language``, ``section``, ``key``, ``metadata`` (``NewArticle``), also as
                ``export`` writes them; LangChain Documents; or one alone.
            progress: As for ``ingest``; an article's place is "item 3".

        Returns:
            What was added, updated, unchanged and skipped, with reasons.

        Raises:
            UsageError: An item makes no sense: the message names it and the field, and nothing has been added.
            ArchiveLocked: Another process is writing.
            ArchiveMismatch: The archive was built with another embedding model or splitter.
        """
        return self._take_in(raw_articles(articles), progress)

    def _take_in(
        self, found: Iterable[RawArticle | Skipped], progress: Callable[[int, str], None] | None
    ) -> IngestReport:
        raise NotImplementedError

    @classmethod
    def in_memory(
        cls,
        *,
        chat_model: str | BaseChatModel | None = None,
        embeddings: str | Embeddings | None = None,
        settings: Settings | None = None,
    ) -> Self:
        """An archive for a while: in a temporary folder, which is deleted with all that is in it at ``close()``.

        Args:
            chat_model: As for ``open``.
            embeddings: As for ``open``.
            settings: As for ``open``.
        """
        folder = tempfile.mkdtemp(prefix="onrecord-")
        settings = (settings or load_settings()).model_copy(update={"catalog": None})
        archive: Any = cls.open(  # type: ignore[attr-defined]
            Path(folder) / "archive", chat_model=chat_model, embeddings=embeddings, settings=settings
        )
        # Also where nobody closes it, when it is forgotten or the program ends.
        archive._gone = weakref.finalize(archive, shutil.rmtree, folder, ignore_errors=True)
        return cast(Self, archive)


def raw_articles(given: Iterable[Addable] | Addable) -> list[RawArticle]:
    """Articles as they are to be ingested, all of them checked.

    Args:
        given: One article, or several.

    Raises:
        UsageError: One of them makes no sense; the message names it, counting from 1, and the field.
    """
    single = isinstance(given, Mapping | RawArticle) or hasattr(given, "page_content")
    if isinstance(given, str | bytes) or not (single or isinstance(given, Iterable)):
        raise UsageError(f"add takes articles such as {{'title': …, 'text': …}}, not {_a(given)}. Files: ingest.")
    made: list[RawArticle] = []
    derived: dict[str, tuple[int, str]] = {}
    items: Iterator[Any] = iter([given] if single else given)
    for number, item in enumerate(items, 1):
        article, own_key = _article(number, item)
        if not own_key and article.key in derived and derived[article.key][1] != article.text:
            raise UsageError(
                f"Item {number} has the outlet, day and title of item {derived[article.key][0]}, and another text. "
                "Give each of them a `key` or a `url`."
            )
        derived.setdefault(article.key, (number, article.text))
        made.append(article)
    if not made:
        raise UsageError("Nothing to add: the list is empty. Give articles such as {'title': …, 'text': …}.")
    return made


def _article(number: int, item: Any) -> tuple[RawArticle, bool]:
    """An article, and whether its key was given, or is its address."""
    if isinstance(item, RawArticle):
        return (item if item.origin else item.model_copy(update={"origin": f"item {number}"})), True
    if isinstance(item, Mapping):
        fields = dict(item)
    elif hasattr(item, "page_content"):
        fields = _of_document(item)
    else:
        raise UsageError(
            f"Item {number} is {_a(item)}; it has to be a dictionary such as {{'text': …}}, or a Document."
        )
    more = _more(number, fields)
    texts = {name: _text(number, name, fields.get(name)) for name in _TEXTS}
    if not (texts["text"] or "").strip():
        raise UsageError(f"Item {number}: `text` is empty or missing; an article has to have one.")
    lists = {name: _list(number, name, fields.get(name)) for name in _LISTS}
    metadata = fields.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping):
        raise UsageError(f"Item {number}: `metadata` is {_a(metadata)}; it has to be a dictionary.")
    return _made(number, texts, lists, _published(number, fields.get("published")), {**(metadata or {}), **more})


def _more(number: int, fields: Mapping[Any, Any]) -> dict[str, Any]:
    """The section, and fields that aren't ours, which the metadata keep, as those of a file's rows.

    Raises:
        UsageError: One of ours is meant by such a field, and isn't given beside it.
    """
    more: dict[str, Any] = {}
    for name, value in fields.items():
        if name in _FIELDS:
            continue
        if (ours := meant(str(name), _FIELDS)) and ours not in fields:
            told = hint(str(name), _FIELDS)
            raise UsageError(
                f"Item {number}: there is no field {name!r}; there are {', '.join(_FIELDS)}.{told} "
                "What is to be kept by this name goes into `metadata`."
            )
        more[str(name)] = value
    section = fields.get("section")
    if section not in (None, "", []):
        from rag.ingest.values import short_fields

        if not short_fields({"section": section}):
            raise UsageError(f"Item {number}: `section` is {_a(section)}; it has to be a text of 500 letters at most.")
        more["section"] = section
    return more


def _made(
    number: int,
    texts: dict[str, str | None],
    lists: dict[str, tuple[str, ...]],
    published: Any,
    metadata: Mapping[str, Any],
) -> tuple[RawArticle, bool]:
    from rag.ingest.values import language_code, short_fields
    from rag.text.urls import canonical, is_web

    url, language = texts["url"], texts["language"]
    if url and not is_web(url):
        raise UsageError(f"Item {number}: `url` is {url!r}, which is no address. Write it with https://.")
    if language and language_code(language) is None:
        raise UsageError(f"Item {number}: `language` is {language!r}. Write it in two letters, as in en.")
    title = texts["title"] or ""
    key = texts["key"] or (canonical(url) if url else None)
    article = RawArticle(
        key=key or _key(title, texts["source"], published, str(texts["text"])),
        title=title,
        text=str(texts["text"]),
        url=url,
        source=texts["source"],
        author=texts["author"],
        published=published,
        language=language_code(language) if language else None,
        aliases=lists["aliases"],
        supersedes=lists["supersedes"],
        metadata=short_fields(metadata),
        origin=f"item {number}",
    )
    return article, bool(key)


def _key(title: str, source: str | None, published: Any, text: str) -> str:
    """What an article without key and address is told by."""
    if not title.strip():
        return f"text {hashlib.blake2b(text.encode('utf-8', 'replace'), digest_size=10).hexdigest()}"
    day = f"{published:%Y-%m-%d}" if published else None
    return " · ".join(" ".join(part.split()) for part in (source, day, title) if part)


def _text(number: int, name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        # Half of a surrogate pair can't be stored.
        return value.encode("utf-8", "replace").decode() if value and value.strip() else None
    raise UsageError(f"Item {number}: `{name}` is {_a(value)}; it has to be a text.")


def _list(number: int, name: str, value: Any) -> tuple[str, ...]:
    from rag.retrieve.days import texts

    try:
        return texts(name, value)
    except UsageError as e:
        raise UsageError(f"Item {number}: {e}") from None


def _published(number: int, value: Any) -> Any:
    from rag.retrieve.days import day
    from rag.text.dates import parse_date

    if isinstance(value, int | float) and not isinstance(value, bool) and (known := parse_date(value)):
        return known  # seconds since 1970
    if value == "":
        return None
    try:
        return day("published", value if value is None or isinstance(value, date | str) else repr(value))
    except UsageError as e:
        raise UsageError(f"Item {number}: {e}") from None


def _of_document(document: Any) -> dict[str, Any]:
    """The fields of a LangChain document: its content, its id, and what its metadata has of ours."""
    from rag.text.urls import is_web

    fields: dict[str, Any] = {"text": document.page_content, "key": document.id}
    rest: dict[str, Any] = {}
    for name, value in document.metadata.items():
        ours = _OF_DOCUMENTS.get(name, name)
        if ours in ("metadata", "text", "section") or ours not in _FIELDS or fields.get(ours) is not None:
            rest[name] = value
        elif ours == "key" and value is not None:
            fields[ours] = str(value)
        else:
            fields[ours] = value
    place = fields.get("source")
    # Loaders call the address, or the file, that they read "source".
    if isinstance(place, str) and is_web(place):
        fields["url"] = fields.get("url") or place
        fields["source"] = None
    elif isinstance(place, str) and ("/" in place or "\\" in place):
        fields["key"] = fields["key"] or place
        fields["source"] = None
        rest["file"] = place
    return {**fields, "metadata": rest}


def _a(value: Any) -> str:
    """What a value is, for an error."""
    told = repr(value)
    return f"{type(value).__name__} {told if len(told) <= 40 else told[:40] + '…'}"


__all__ = ["Addable", "NewArticle", "TakesMemory", "raw_articles"]
