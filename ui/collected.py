"""Collections on the page: the list of them, one that is opened, its articles, and what is done to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from rag.ui.html import fill
from rag.ui.lists import PAGE

from rag.errors import NotAllowed
from rag.index.collections import Collection
from rag.text.counting import count

if TYPE_CHECKING:
    from rag.ui.session import TabSession


@dataclass(frozen=True)
class Wanted:
    """Which articles are listed, as it stands in the fields of the tab."""

    adding: bool = False
    """Whether articles of the whole archive are listed, to be added; else those of the collection."""
    words: str = ""
    outlet: str = ""
    after: date | None = None
    last: date | None = None
    """The last day that counts."""
    offset: int = 0

    @property
    def filters(self) -> dict[str, Any]:
        """As ``Archive.list_articles`` takes them."""
        before = self.last + timedelta(days=1) if self.last else None
        return {"sources": [self.outlet] if self.outlet else [], "after": self.after, "before": before}


def shelf(session: TabSession, opened: str | None, told: str = "") -> str:
    """The collections that a user sees, the opened one with what can be done to it.

    Args:
        session: Of the user.
        opened: ``#ID`` of one; None: none is opened.
        told: What has just been done; shown above them.
    """
    found = session.collections()
    one = next((c for c in found if f"#{c.id}" == opened), None)
    rows = [(c, f"#{c.id}", _facts(c)) for c in found]
    return fill("collected", "shelf", rows, one, f"#{one.id}" if one else "", not _shares(session), told)


def _facts(one: Collection) -> str:
    """ "12 articles · yours alone"."""
    seen = "yours alone" if one.owner else "shared"
    return f"{count(one.articles, 'article')} · {seen}"


def articles(session: TabSession, opened: str | None, wanted: Wanted) -> str:
    """A page of the opened collection's articles, or of all articles with those in it told apart."""
    if opened is None or not session.archive.exists:
        return ""
    one = session.archive.collections.get(opened, session.user)
    found, total = session.archive.list_articles(
        wanted.words, limit=PAGE, offset=wanted.offset, collection=None if wanted.adding else opened, **wanted.filters
    )
    if not found:
        narrowed = bool(wanted.words.strip() or wanted.outlet or wanted.after or wanted.last)
        return fill("collected", "nothing", wanted.adding or narrowed)
    inside = set(session.archive.collections.articles(opened, session.user)) if wanted.adding else set()
    last = wanted.offset + len(found)
    return fill(
        "collected",
        "articles",
        [(a, a.id in inside) for a in found],
        count(total, "article"),
        f"{wanted.offset + 1:,}–{last:,} of {count(total, 'article')}",
        one.name,
        wanted,
        max(0, wanted.offset - PAGE) if wanted.offset else None,
        last if last < total else None,
    )


def failed(message: str) -> str:
    """Why something can't be done, and what to do about it."""
    return fill("collected", "failed", message)


# -- changing -----------------------------------------------------------------------------


def make(session: TabSession, name: str) -> tuple[str, str]:
    """Make one: ``#ID``, and what was done. A reader's is their own; others share it with everybody.

    Raises:
        UsageError: The name won't do.
        ArchiveMissing: There is no archive.
    """
    made = session.archive.collections.make(name, owner="" if _shares(session) else session.user)
    return f"#{made.id}", f"Made {made.name}. It is empty as yet: choose “Add to it”."


def rename(session: TabSession, ident: str, name: str) -> str:
    """Rename one, and tell it.

    Raises:
        UsageError: The name won't do.
        CollectionMissing: It is gone.
        NotAllowed: It is shared, and the user only reads.
    """
    check(session, ident)
    return f"Renamed to {session.archive.collections.change(ident, to=name, user=session.user).name}."


def share(session: TabSession, ident: str, on: bool) -> str:
    """Show one to everybody, or to its user alone, and tell it.

    Raises:
        UsageError: There is one of that name already where it would go.
        CollectionMissing: It is gone.
        NotAllowed: The user only reads.
    """
    if not _shares(session):
        raise NotAllowed(_READS)
    one = session.archive.collections.change(ident, owner="" if on else session.user, user=session.user)
    return f"{one.name} is shared with everybody now." if on else f"{one.name} is seen by you alone now."


def drop(session: TabSession, ident: str) -> str:
    """Forget one, and tell it; its articles stay.

    Raises:
        CollectionMissing: It is gone already.
        NotAllowed: It is shared, and the user only reads.
    """
    check(session, ident)
    return (
        f"Deleted {session.archive.collections.drop(ident, session.user).name}. Its articles are still in the archive."
    )


def put(session: TabSession, ident: str, idents: Sequence[str]) -> str:
    """Put articles into one, and tell it.

    Raises:
        CollectionMissing: It is gone.
        ArticleMissing: One of the articles is; nothing has been added then.
        NotAllowed: It is shared, and the user only reads.
    """
    check(session, ident)
    return f"{count(session.archive.collections.add(ident, *idents, user=session.user), 'article')} added."


def put_all(session: TabSession, ident: str, wanted: Wanted) -> str:
    """Put all articles into one that the fields ask for, and tell it.

    Raises:
        CollectionMissing: It is gone.
        NotAllowed: It is shared, and the user only reads.
    """
    check(session, ident)
    added = session.archive.collections.add_listed(ident, wanted.words, user=session.user, **wanted.filters)
    return f"{count(added, 'article')} added."


def put_outlet(session: TabSession, ident: str, outlet: str) -> str:
    """Put an outlet into one with all it has and will have, and tell it.

    Raises:
        CollectionMissing: It is gone.
        UsageError: The outlet has no article any more.
        NotAllowed: It is shared, and the user only reads.
    """
    check(session, ident)
    session.archive.collections.add(ident, sources=[outlet], user=session.user)
    return f"All of {outlet} is in it, with what comes later."


def take_out(session: TabSession, ident: str, idents: Sequence[str], outlets: Sequence[str] = ()) -> str:
    """Take articles or outlets out of one, and tell it.

    Raises:
        CollectionMissing: It is gone.
        UsageError: An article is in it by its outlet.
        NotAllowed: It is shared, and the user only reads.
    """
    check(session, ident)
    removed = session.archive.collections.remove(ident, *idents, sources=outlets, user=session.user)
    return f"{outlets[0]} is taken out." if outlets else f"{count(removed, 'article')} taken out."


_READS = "Changing what is shared needs the role of an editor. You are a reader; collections of your own are yours."


def _shares(session: TabSession) -> bool:
    return session.scheduler.desk.role(session.user) != "reader"


def check(session: TabSession, ident: str) -> None:
    """Go on only where a user may change a collection.

    Raises:
        CollectionMissing: It is gone.
        NotAllowed: It is shared, and the user only reads.
    """
    if not session.archive.collections.get(ident, session.user).owner and not _shares(session):
        raise NotAllowed(_READS)


__all__ = [
    "Wanted", "articles", "check", "drop", "failed", "make", "put", "put_all", "put_outlet", "rename", "share", "shelf",
    "take_out",
]  # fmt: skip
