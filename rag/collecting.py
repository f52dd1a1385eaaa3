"""Collections of an archive: named sets of articles and outlets that questions and searches can be restricted to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from rag.arguments import checks_texts
from rag.errors import UsageError
from rag.index.collections import Collection
from rag.protocols import Day, FilterArgs

if TYPE_CHECKING:
    from rag.index.stores import Stores

_LONGEST = 100  # characters of a name
_AT_ONCE = 1000


@checks_texts
class Collections:
    """The collections of one archive: ``archive.collections``. Safe to use from several threads.

    A collection is seen by everybody, or by its ``owner`` alone. ``user`` says who looks: None sees all, as the person
    does whose archive it is. Where somebody has a collection of their own and there is a shared one of the same name,
    the name means their own.
    """

    def __init__(self, stores: Stores) -> None:
        """Take the stores of an archive; nothing is opened yet."""
        self._stores = stores

    def all(self, user: str | None = None) -> list[Collection]:
        """Those that a user sees, by name."""
        if not self._stores.exists:
            return []
        return [c for c in self._stores.catalog.collections() if user is None or c.owner in ("", user)]

    def get(self, name: str, user: str | None = None) -> Collection:
        """One by name, in any case, or by ``#ID``.

        Raises:
            CollectionMissing: There is none, or not for this user.
        """
        seen = self.all(user)
        found = [c for c in seen if name == f"#{c.id}" or c.name.casefold() == name.strip().casefold()]
        if not found:
            from rag.retrieve.collected import missing

            raise missing(name, [c.name for c in seen])
        own = [c for c in found if user is not None and c.owner == user]
        return (own or found)[0]

    def named(self, name: str, user: str | None = None) -> str:
        """``#ID`` of the one that a name means for a user, without counting what it has; see ``get``."""
        found = self._stores.catalog.collection_named(name, user) if self._stores.exists else None
        return f"#{found[0]}" if found else f"#{self.get(name, user).id}"  # which tells what there is

    def make(self, name: str, *, owner: str = "", note: str = "") -> Collection:
        """Make one, still empty.

        Args:
            name: Up to 100 characters; letters of any case are the same.
            owner: The one user who is to see it; empty: everybody.
            note: Anything to remember of it.

        Raises:
            UsageError: The name is empty, too long, begins with "#", or taken.
            ArchiveMissing: There is no archive.
        """
        self._stores.require()
        name = _checked(name)
        ident = self._stores.catalog.make_collection(name, owner, note)
        if ident is None:
            raise UsageError(f"There is a collection {name!r} already. Choose another name, or add to it.")
        return self.get(f"#{ident}")

    def change(
        self,
        name: str,
        *,
        to: str | None = None,
        note: str | None = None,
        owner: str | None = None,
        user: str | None = None,
    ) -> Collection:
        """Rename one, note something else of it, or change who sees it.

        Args:
            name: The collection's.
            to: Its new name.
            note: Anything to remember of it.
            owner: The one user who is to see it from now on; empty: everybody.
            user: Who does it.

        Raises:
            CollectionMissing: There is no such collection.
            UsageError: The new name is empty, too long or taken.
        """
        one = self.get(name, user)
        new = one.name if to is None else _checked(to)
        if not self._stores.catalog.change_collection(
            one.id,
            name=new,
            note=one.note if note is None else note,
            owner=one.owner if owner is None else owner,
        ):
            raise UsageError(f"There is a collection {new!r} already. Choose another name.")
        return self.get(f"#{one.id}")

    def drop(self, name: str, user: str | None = None) -> Collection:
        """Forget one, and return what it was; its articles stay.

        Raises:
            CollectionMissing: There is no such collection.
        """
        one = self.get(name, user)
        self._stores.catalog.drop_collection(one.id)
        return one

    def add(self, name: str, *idents: str, sources: Sequence[str] = (), user: str | None = None) -> int:
        """Put articles into one, and outlets with all they have and will have.

        Args:
            name: The collection's.
            idents: Ids, keys, addresses or aliases of articles.
            sources: Outlets, in any case.
            user: Who does it.

        Returns:
            How many were not in it.

        Raises:
            CollectionMissing: There is no such collection.
            ArticleMissing: One of the articles is not there; nothing has been added then.
            UsageError: One of the outlets has no article.
        """
        one = self.get(name, user)
        keys, named = self._keys(idents), self._sources(sources)
        catalog = self._stores.catalog
        return catalog.collect(one.id, "article", keys) + catalog.collect(one.id, "outlet", named)

    def add_found(self, name: str, query: str, *, user: str | None = None, **filters: Unpack[FilterArgs]) -> int:
        """Put all articles into one that a full-text search finds now; see ``Archive.find``.

        Returns:
            How many were not in it.

        Raises:
            CollectionMissing: There is no such collection.
            UsageError: The search can't be read.
        """
        from rag.retrieve import fulltext

        one = self.get(name, user)
        keys: list[str] = []
        while True:
            page = fulltext.find(self._stores, query, order="oldest", limit=_AT_ONCE, offset=len(keys), **filters)
            keys += [hit.article.key for hit in page.found]
            if not page.found or len(keys) >= page.total:
                return self._stores.catalog.collect(one.id, "article", keys)

    def add_listed(
        self,
        name: str,
        search: str = "",
        *,
        sources: Sequence[str] = (),
        after: Day | None = None,
        before: Day | None = None,
        user: str | None = None,
    ) -> int:
        """Put all articles into one that a list has now: by words of their titles, authors and addresses, by outlet
        and by day; see ``Archive.list_articles``.

        Returns:
            How many were not in it.

        Raises:
            CollectionMissing: There is no such collection.
            UsageError: A day makes no sense.
        """
        from rag import listing

        one = self.get(name, user)
        keys: list[str] = []
        while True:
            page, total = listing.page(
                self._stores, search, sources=sources, language=None, after=after, before=before, collection=None,
                order="newest", limit=_AT_ONCE, offset=len(keys),
            )  # fmt: skip
            keys += [article.key for article in page]
            if not page or len(keys) >= total:
                return self._stores.catalog.collect(one.id, "article", keys)

    def remove(self, name: str, *idents: str, sources: Sequence[str] = (), user: str | None = None) -> int:
        """Take articles and outlets out of one, and return how many were in it.

        Raises:
            CollectionMissing: There is no such collection.
            ArticleMissing: One of the articles is not there.
            UsageError: An article is in it by its outlet.
        """
        one = self.get(name, user)
        catalog = self._stores.catalog
        keys = self._keys(idents)
        by_hand = catalog.collected_by_hand(one.id, keys)
        for key in keys:
            article = self._stores.article(key)
            if key not in by_hand and article.source in one.sources:
                raise UsageError(
                    f"{article.title!r} is in {one.name!r} with all of {article.source}. Remove the outlet."
                )
        return catalog.uncollect(one.id, "article", keys) + catalog.uncollect(one.id, "outlet", sources)

    def articles(self, name: str, user: str | None = None) -> list[str]:
        """Ids of the current articles of one, in the order they came.

        Raises:
            CollectionMissing: There is no such collection.
        """
        return self._stores.catalog.collected(self.get(name, user).id)

    def _keys(self, idents: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(self._stores.article(i).key for i in idents))

    def _sources(self, sources: Sequence[str]) -> list[str]:
        named = []
        for outlet in sources:
            if (found := self._stores.catalog.resolve_outlet(outlet)) is None:
                raise UsageError(f"No article of this archive is from {outlet!r}. See: onrecord stats")
            named.append(found)
        return named


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST or name.startswith("#"):
        raise UsageError(f"A collection needs a name of 1 to {_LONGEST} characters that doesn't begin with #.")
    return name


__all__ = ["Collection", "Collections"]
