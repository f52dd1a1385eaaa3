"""Mending what an archive says of its articles: title, outlet, author, date, language, section and address.

What is set by hand is kept apart from what the articles' files say: a later ingest doesn't overwrite it, and it can be
undone. Everything follows at once, as if the file had said so: filters, searches, quotes, timelines, links.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from rag.errors import MendingMissing, UsageError
from rag.index.mending import FIELDS, TOLD, Change, Mending, record_mending, record_undo
from rag.ingest.amending import Stored
from rag.protocols import Day, FilterArgs, naming_mistakes, refuse_unknown
from rag.text.counting import count

if TYPE_CHECKING:
    from rag.index.stores import Stores

MOST = 10_000
"""Articles that can be mended at once."""
_LONGEST = {"title": 2000, "source": 200, "author": 500, "section": 500, "url": 2000}
_BLANK = "`{}` has nothing but blanks. To say that there is none, give an empty text: ''."
_LANGUAGES = frozenset(
    """aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo
    es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg
    ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn
    no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw
    ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu""".split()
)
"""ISO 639-1."""


class Mends:
    """The part of ``Archive`` that mends what is said of its articles."""

    stores: Stores

    @naming_mistakes
    def mend(
        self,
        *idents: str,
        where: FilterArgs | None = None,
        lacking: str | Sequence[str] = (),
        title: str | None = None,
        source: str | None = None,
        author: str | None = None,
        published: Day | None = None,
        language: str | None = None,
        section: str | None = None,
        url: str | None = None,
        by: str = "",
        dry_run: bool = False,
    ) -> Mending:
        """Set by hand what is said of articles; ingesting their files again doesn't overwrite it.

        A value left out stays as it is; an empty text means that there is none, but for title and language. A text of
        blanks alone is refused.

        Args:
            idents: Ids, keys, addresses or aliases of articles.
            where: Articles by filters, in place of ``idents`` or to narrow them.
            lacking: Only those that have none of these fields: "published", or several.
            title: What it is called.
            source: The outlet that published it.
            author: Who wrote it.
            published: One day, or a datetime: "2023-06-03", "3 June 2023".
            language: As in "en" (ISO 639-1).
            section: As in "Opinion".
            url: Its address.
            by: Who mends, for the log.
            dry_run: Only tell what would change.

        Returns:
            What was changed; its ``number`` undoes it (0 of a dry run).

        Raises:
            UsageError: A value makes no sense, no article is meant, or nothing would change.
            TypeError: There is no such argument; the message says which is likely meant.
            ArticleMissing: One of the articles is not there; nothing has been changed then.
            ArchiveLocked: Another process is writing.
        """
        self.stores.require()
        values = _checked(
            title=title, source=source, author=author, published=published, language=language, section=section, url=url
        )
        if not values:
            raise UsageError(f"Nothing to change. Give at least one of {', '.join(FIELDS)}.")
        lacks = _fields(lacking)
        if not (idents or where or lacks):
            raise UsageError("No article is named. Give ids, or filters.")
        if dry_run:
            changes, changed = self._changes(self._meant(idents, where, lacks), values)
            return _tried(changes, len(changed))
        with self.stores.writing("mend"):
            changes, changed = self._changes(self._meant(idents, where, lacks), values)
            numbers: list[int] = []
            self._store(changed, lambda db: numbers.append(record_mending(db, by, changes)))
            found = self.stores.catalog.mending(numbers[0])
        assert found is not None
        return found

    def mending_log(self, ident: str | None = None, *, limit: int = 50, offset: int = 0) -> list[Mending]:
        """What was set by hand, the latest first; what was taken down is not in it.

        Args:
            ident: Only of this article: an id, key, address or alias.
            limit: How many, 0 to 1000.
            offset: How many to pass over.

        Raises:
            ArticleMissing: There is no such article.
            UsageError: ``limit`` or ``offset`` is out of range.
        """
        from rag.retrieve.days import whole

        whole("limit", limit, 0, 1000)
        whole("offset", offset, 0, 10**9)
        self.stores.require()
        key = self.stores.article(ident).key if ident is not None else None
        return self.stores.catalog.mendings(key=key, limit=limit, offset=offset)

    def undo_mending(self, number: int, *, by: str = "") -> Mending:
        """Take back what a mending set: what an earlier one set counts again, else what the file says.

        Args:
            number: The mending's.
            by: Who undoes it, for the log.

        Raises:
            MendingMissing: There is no such mending.
            UsageError: It is undone already.
            ArchiveLocked: Another process is writing.
        """
        self.stores.require()
        with self.stores.writing("mend"):
            catalog = self.stores.catalog
            found = catalog.mending(number) if isinstance(number, int) and 0 < number < 2**63 else None
            if found is None:
                raise MendingMissing(f"There is no mending {number!r}. The log of mendings has their numbers.")
            if found.undone_at is not None:
                raise UsageError(f"Mending {number} is undone already. To have it again, set the values anew.")
            changed = []
            for key in catalog.keys_of_mending(number):
                if (stored := catalog.stored(key)) is not None:
                    changed.append((stored, catalog.in_force(key, without=number)))
            self._store(changed, partial(record_undo, number=number, who=by))
            found = catalog.mending(number)
        assert found is not None
        return found

    def _meant(self, idents: Sequence[str], where: FilterArgs | None, lacking: Sequence[str]) -> list[str]:
        """Keys of the articles that are meant."""
        from rag.retrieve import collected
        from rag.retrieve.days import period
        from rag.retrieve.query import language_code

        filters = where or FilterArgs()
        refuse_unknown(filters, FilterArgs)
        stores = self.stores
        named = [*idents, *(filters.get("articles") or ())]
        ids, _ = collected.within(stores, filters.get("collection"), named)
        after, before = period(filters)
        found = stores.catalog.keys_where(
            keys=list(dict.fromkeys(stores.article(i).key for i in ids)),
            sources=[stores.catalog.resolve_outlet(s) or s for s in filters.get("sources") or ()],
            language=language_code(filters.get("language")),
            after=after,
            before=before,
            undated=filters.get("undated", True),
            lacking=lacking,
            limit=MOST + 1,
        )
        if not found:
            raise UsageError("No article is like that. Nothing was changed.")
        if len(found) > MOST:
            raise UsageError(f"More than {MOST:,} articles are like that. Narrow the filters, and mend them in parts.")
        return found

    def _changes(
        self, keys: Sequence[str], values: dict[str, str | None]
    ) -> tuple[list[Change], list[tuple[Stored, dict[str, str | None]]]]:
        """What changes, and the articles that do, each with all that is set by hand of it from now on."""
        catalog = self.stores.catalog
        changes: list[Change] = []
        changed: list[tuple[Stored, dict[str, str | None]]] = []
        for key in keys:
            if (stored := catalog.stored(key)) is None:
                continue
            new = {f: v for f, v in values.items() if (stored.shown[f] or None) != v}
            if new:
                title = values.get("title") or stored.shown["title"] or ""
                changes += [Change(key=key, title=title, field=f, before=stored.shown[f], after=new[f]) for f in new]
                changed.append((stored, {**catalog.in_force(key), **new}))
        if not changes:
            some = "The article says" if len(keys) == 1 else f"All of {count(len(keys), 'article')} say"
            raise UsageError(f"{some} so already. Nothing was changed.")
        return changes, changed

    def _store(self, changed: Sequence[tuple[Stored, dict[str, str | None]]], also: Any) -> None:
        """Store articles as they are to be shown, and have everything follow."""
        from rag.ingest.backfill import backfill_quotes, find_quotes
        from rag.ingest.mending import prepared
        from rag.record.linker import link

        stores = self.stores
        stores.claim_fingerprint()
        stores.catalog.store(prepared(changed, embed=stores.embed, quotes=find_quotes), also)
        stores.index_pending()
        backfill_quotes(stores.catalog)
        link(stores)


def _tried(changes: Sequence[Change], articles: int) -> Mending:
    return Mending(number=0, at=datetime.now(UTC), articles=articles, changes=tuple(changes[:TOLD]))


def _fields(lacking: str | Sequence[str]) -> list[str]:
    named = [lacking] if isinstance(lacking, str) else list(lacking)
    for name in named:
        if name not in FIELDS:
            raise UsageError(f"`lacking` is {name!r}; it is one of {', '.join(FIELDS)}.")
    return named


def _checked(**given: Any) -> dict[str, str | None]:
    """Values as they are stored.

    Raises:
        UsageError: One of them makes no sense; the message names it.
    """
    from rag.text.urls import is_web

    values: dict[str, str | None] = {}
    for name, value in given.items():
        if value is None:
            continue
        if name == "published":
            values[name] = _day(value)
            continue
        if not isinstance(value, str):
            raise UsageError(f"`{name}` is {value!r}; it has to be a text.")
        text = " ".join(value.encode("utf-8", "replace").decode().split())
        if name == "language":
            if (text := text.lower()) not in _LANGUAGES:
                raise UsageError(f"`language` is {value!r}, which is no language. Write it in two letters, as in en.")
        elif len(text) > _LONGEST[name]:
            raise UsageError(
                f"`{name}` has {count(len(text), 'character')}; it has to be at most {_LONGEST[name]:,} long."
            )
        elif name == "title" and not text:
            raise UsageError("`title` is empty; an article needs one. Leave it out to keep the title it has.")
        elif value and not text:
            raise UsageError(_BLANK.format(name))
        elif name == "url" and text and not is_web(text):
            raise UsageError(f"`url` is {value!r}, which is no address. Write it with https://.")
        values[name] = text or None
    return values


def _day(value: Any) -> str | None:
    from rag.retrieve.days import day
    from rag.text.dates import parse_date

    if value == "":
        return None
    if isinstance(value, str) and not value.strip():
        raise UsageError(_BLANK.format("published"))
    if not isinstance(value, str | date):
        raise UsageError(f"`published` is {value!r}; it has to be a day: a date, or a text such as 2023-06-18.")
    found = day("published", value)  # tells what is no date, and what may be one of two
    if found is None or (isinstance(value, str) and parse_date(value) is None):
        raise UsageError(f"`published` is {value!r}, which is no single day. Write it as 2023-06-18.")
    return found.isoformat()


__all__ = ["FIELDS", "MOST", "Change", "Mending", "Mends"]
