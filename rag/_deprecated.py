"""Names that ``Archive`` had before; each still works for one release, with a DeprecationWarning."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.archive import Archive
    from rag.types import ArticleSummary


class FormerNames:
    """What ``Archive`` takes its former names from."""

    def list(self: Archive, search: str = "", **options: Any) -> tuple[list[ArticleSummary], int]:  # type: ignore[misc]
        """Use ``list_articles``."""
        _warn("list", "list_articles")
        return self.list_articles(search, **options)

    def standing(self: Archive, article_ids: Iterable[str]) -> dict[str, bool]:  # type: ignore[misc]
        """Use ``articles_exist``."""
        _warn("standing", "articles_exist")
        return self.articles_exist(article_ids)

    def check(self: Archive) -> Any:  # type: ignore[misc]
        """Use ``doctor``."""
        _warn("check", "doctor")
        return self.doctor()

    def repair(self: Archive, *, anew: bool = False, progress: Callable[[int, str], None] | None = None) -> None:  # type: ignore[misc]
        """Use ``reindex``."""
        _warn("repair", "reindex")
        self.reindex(embed_again=anew, progress=progress)


def _warn(former: str, name: str) -> None:
    warnings.warn(f"Archive.{former} is called Archive.{name} now.", DeprecationWarning, stacklevel=3)


__all__ = ["FormerNames"]
