"""The part of the archive for asyncio that mends what is said of articles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from rag.protocols import Day, FilterArgs, naming_mistakes

if TYPE_CHECKING:
    from rag.archive import Archive
    from rag.mending import Mending

P = ParamSpec("P")
R = TypeVar("R")


class AsyncMends:
    """``AsyncArchive``'s methods of ``Archive.mend`` and what belongs to it."""

    sync: Archive

    if TYPE_CHECKING:

        async def _call(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R: ...

        def _alone(self, call: Callable[[], R]) -> R: ...

    @naming_mistakes
    async def mend(
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
        """As ``Archive.mend``: set by hand what is said of articles, apart from what their files say."""
        work = partial(
            self.sync.mend, *idents, where=where, lacking=lacking, title=title, source=source, author=author,
            published=published, language=language, section=section, url=url, by=by, dry_run=dry_run,
        )  # fmt: skip
        return await self._call(self._alone, work)

    async def mending_log(self, ident: str | None = None, *, limit: int = 50, offset: int = 0) -> list[Mending]:
        """As ``Archive.mending_log``: what was set by hand, the latest first."""
        return await self._call(self.sync.mending_log, ident, limit=limit, offset=offset)

    async def undo_mending(self, number: int, *, by: str = "") -> Mending:
        """As ``Archive.undo_mending``: take back what a mending set."""
        return await self._call(self._alone, partial(self.sync.undo_mending, number, by=by))


__all__ = ["AsyncMends"]
