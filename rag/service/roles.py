"""What users may do: readers ask, editors also bring articles and take down their own, admins everything."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, get_args

from rag.errors import NotAllowed, UsageError

if TYPE_CHECKING:
    from rag.mending import Mending
    from rag.service.access import Access
    from rag.service.audit import AuditLog
    from rag.service.scheduler import RequestScheduler
    from rag.types import ArticleSummary, IngestReport

Role = Literal["reader", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
Deed = Literal["upload", "mend", "delete", "sources"]

_MAY: dict[Role, set[Deed]] = {
    "reader": set(),
    "editor": {"upload", "mend"},
    "admin": {"upload", "mend", "delete", "sources"},
}
_NEEDED: dict[Deed, str] = {
    "upload": "Bringing articles in needs the role of an editor.",
    "mend": "Setting by hand what is said of articles needs the role of an editor.",
    "delete": "Taking this article down needs the role of an admin, or of the editor who brought it in.",
    "sources": "Changing sources needs the role of an admin.",
}
OWNERS = "owners.json"
"""Beside an archive: who brought which article in. Articles stand there by the hash of their key, without words."""


def role_named(text: str) -> Role:
    """A role by its name.

    Raises:
        UsageError: There is none of that name.
    """
    for role in ROLES:
        if text.strip().lower() == role:
            return role
    raise UsageError(f"There is no role {text!r}. Use {', '.join(ROLES[:-1])} or {ROLES[-1]}.")


def with_article(role: Role) -> str:
    """A role in a sentence: "a reader", "an editor"."""
    return f"{'a' if role == 'reader' else 'an'} {role}"


class Desk:
    """Where articles come in and are taken down: checks roles, keeps who brought what, and writes the audit log."""

    def __init__(
        self, scheduler: RequestScheduler, access: Access | None = None, audit: AuditLog | None = None
    ) -> None:
        """Take who does the work, who knows users' roles (None: everybody may do everything), and the log."""
        self.scheduler = scheduler
        self.access = access
        self.audit = audit
        self._owners = Owners(scheduler.archive.path / OWNERS)

    def role(self, user: str) -> Role:
        """A user's role."""
        return self.access.role(user) if self.access is not None else "admin"

    def may(self, user: str, deed: Deed, key: str | None = None) -> bool:
        """Whether a user may do something; with ``key``, to that article."""
        role = self.role(user)
        own = deed == "delete" and role == "editor" and key is not None and self._owners.of(key) == user
        return own or deed in _MAY[role]

    def check(self, user: str, deed: Deed, key: str | None = None) -> None:
        """Go on only where a user may do something.

        Raises:
            NotAllowed: The user may not; the message says which role may.
        """
        if not self.may(user, deed, key):
            raise NotAllowed(f"{_NEEDED[deed]} You are {with_article(self.role(user))}. Ask whoever runs the service.")

    def upload(self, user: str, files: Sequence[tuple[str, BinaryIO]], **options: Any) -> IngestReport:
        """Ingest files for a user; see ``RequestScheduler.upload``.

        Raises:
            NotAllowed: The user's role may not.
        """
        self.check(user, "upload")
        archive = self.scheduler.archive
        before = archive.stores.catalog.last_version() if archive.exists else 0
        report = self.scheduler.upload(files, **options)
        # Of this upload alone, whatever else was taken in meanwhile: it has been read from one of these folders.
        folders = (archive.path / "uploads", archive.settings.cache.expanduser() / "uploads")
        if report.added and archive.exists:
            origins = [f"{folder}{os.sep}" for folder in folders]
            self._owners.add(user, archive.stores.catalog.keys_since(before, origins))
        counts = {name: getattr(report, name) for name in ("added", "updated", "unchanged")}
        self.note(user, "uploaded", **counts, skipped=len(report.skipped))
        return report

    def delete(self, user: str, idents: Sequence[str]) -> list[str]:
        """Take articles down for a user; see ``RequestScheduler.delete``.

        Raises:
            NotAllowed: The user's role may not, of one of them; nothing has been deleted then.
            ArticleMissing: One of them is not there; likewise.
        """
        role = self.role(user)
        if role == "reader":
            self.check(user, "delete")
        found = [self.scheduler.archive.get(ident) for ident in idents]
        for article in found:
            self.check(user, "delete", article.key)
        gone = self.scheduler.delete(idents)
        self._owners.forget(gone)
        self.note(user, "deleted", articles=[article.id for article in found])
        return gone

    def mend(
        self, user: str, idents: Sequence[str], *, where: Any = None, dry_run: bool = False, **options: Any
    ) -> Mending:
        """Set by hand what is said of articles; see ``Archive.mend``.

        Raises:
            NotAllowed: The user's role may not.
        """
        self.check(user, "mend")
        archive = self.scheduler.archive
        if where:
            where = self.scheduler.seen_by(user, where)  # a collection may be somebody else's
        if dry_run:
            return archive.mend(*idents, where=where, dry_run=True, **options)
        with self.scheduler.writing():
            found = archive.mend(*idents, where=where, by=user, **options)
        self.note(user, "mended", number=found.number, articles=found.articles)
        return found

    def undo_mending(self, user: str, number: int) -> Mending:
        """Take back what a mending set; see ``Archive.undo_mending``.

        Raises:
            NotAllowed: The user's role may not.
        """
        self.check(user, "mend")
        with self.scheduler.writing():
            found = self.scheduler.archive.undo_mending(number, by=user)
        self.note(user, "undid a mending", number=number, articles=found.articles)
        return found

    def listed(self, user: str, search: str, **options: Any) -> tuple[list[ArticleSummary], int]:
        """A page of the articles; see ``Archive.list_articles``.

        Raises:
            CollectionMissing: The user sees no such collection.
        """
        return self.scheduler.archive.list_articles(search, **self.scheduler.seen_by(user, options))

    def mendings(self, user: str, ident: str | None = None, *, limit: int = 50, offset: int = 0) -> list[Mending]:
        """What was set by hand; see ``Archive.mending_log``.

        Raises:
            NotAllowed: The user's role may not.
        """
        self.check(user, "mend")
        return self.scheduler.archive.mending_log(ident, limit=limit, offset=offset)

    def note(self, user: str, what: str, *, question: str = "", **more: Any) -> None:
        """Write a line of the audit log, where there is one."""
        if self.audit is not None:
            self.audit.note(user, what, question=question, **more)


class Owners:
    """Who brought which article in; a small file that is written whole. Safe to use from several threads and processes:
    replicas of a service over one folder share it."""

    def __init__(self, file: Path) -> None:
        """Take the file's path; it is read when it is needed, and made with the first entry."""
        self._file = file
        self._lock = threading.Lock()
        self._known: dict[str, str] = {}
        self._state: tuple[int, int] | None = None
        """Of the file when it was read: the time of its last change, and which file it is."""

    def of(self, key: str) -> str | None:
        """The user who brought an article in; None where nobody did over the service."""
        with self._lock:
            return self._read().get(_hash(key))

    def add(self, user: str, keys: Iterable[str]) -> None:
        """Record articles that were not there before."""
        with self._changing() as known:
            self._write({**known, **{_hash(key): user for key in keys}})

    def forget(self, keys: Iterable[str]) -> None:
        """Forget articles that are gone."""
        with self._changing() as known:
            gone = {_hash(key) for key in keys}
            if gone & set(known):
                self._write({key: user for key, user in known.items() if key not in gone})

    @contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        """What is known now; no other thread or process changes it meanwhile."""
        from filelock import FileLock

        if not self._file.parent.is_dir():  # no archive, so nobody has brought anything in
            yield {}
            return
        with self._lock, FileLock(self._file.with_suffix(".lock")):
            yield self._read()

    def _read(self) -> dict[str, str]:
        if (state := self._stat()) != self._state:
            try:
                found = json.loads(self._file.read_text("utf-8"))
            except FileNotFoundError:
                found = {}
            except ValueError as e:
                raise UsageError(
                    f"{self._file} is not valid JSON ({e}). Mend it, or delete it: then admins alone delete articles."
                ) from e
            self._known, self._state = {str(k): str(v) for k, v in found.items()}, state
        return self._known

    def _stat(self) -> tuple[int, int] | None:
        try:
            state = self._file.stat()
        except OSError:
            return None
        return state.st_mtime_ns, state.st_ino

    def _write(self, known: dict[str, str]) -> None:
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(known), "utf-8")
        part.replace(self._file)
        self._known, self._state = known, self._stat()


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]


__all__ = ["OWNERS", "ROLES", "Deed", "Desk", "Owners", "Role", "role_named", "with_article"]
