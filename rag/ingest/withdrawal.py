"""What publishers say of articles that are there already: withdrawn, corrected, changed.

The pipeline asks before it stores. A kill takes down what it names, and keeps older copies out for good. A correction
that names another article becomes its newer version. An older version, read late, doesn't replace a newer one,
nor does a teaser the whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rag.text.dates import parse_date
from rag.types import RawArticle, Skipped

if TYPE_CHECKING:
    from rag.index.catalog import Catalog

_OLDER = "an older version of an article that is there"
_PART = "a beginning of an article that is there whole"
_PARTS = ("teaser", "abstract")
"""What metadata call an article of which a file holds a part alone."""
_GONE = "withdrawn by its publisher"


class Withdrawal:
    """The state of one run: what is withdrawn, in this archive and so far."""

    def __init__(self, catalog: Catalog) -> None:
        """Read what earlier runs have withdrawn."""
        self._catalog = catalog
        self._gone = catalog.withdrawn()
        self.taken_down = 0
        """Articles that this run has deleted."""

    def take_down(self, kill: Skipped) -> None:
        """Delete what an item withdraws, but for versions that are newer than the withdrawal."""
        idents = self._catalog.withdraw(kill.withdraws, kill.as_of)
        self._gone.update(dict.fromkeys(idents, kill.as_of))
        gone = [key for key in self._catalog.keys_of(idents) if not self._outlives(key, kill.as_of)]
        if gone:
            self._catalog.delete(gone)
            self.taken_down += len(gone)

    def _outlives(self, key: str, at: datetime | None) -> bool:
        when = _changed(json.loads(self._catalog.metadata_of(key) or "{}"))
        return at is not None and when is not None and when > _instant(at)

    def settled(self, draft: RawArticle) -> RawArticle | Skipped:
        """An article under the key that it belongs to; a Skipped where it must not replace what is there, or enter."""
        when = _changed(draft.metadata) or (_instant(draft.published) if draft.published else None)
        for ident in (draft.key, *draft.aliases):
            if ident in self._gone:
                at = self._gone[ident]
                if at is None or when is None or when <= _instant(at):
                    return _left_out(draft, _GONE)
        if draft.supersedes and (others := self._catalog.keys_of(draft.supersedes)):
            aliases = (draft.key, *draft.aliases)
            draft = draft.model_copy(update={"key": others[0], "aliases": aliases})
        if {"modified", "version", *_PARTS} & draft.metadata.keys():
            there = self._catalog.metadata_of(draft.key)
            if there is not None and (known := json.loads(there)) is not None:
                if _older(draft.metadata, known):
                    return _left_out(draft, _OLDER)
                if _is_part(draft.metadata) and not _is_part(known):
                    return _left_out(draft, _PART)
        return draft


def _is_part(metadata: Mapping[str, Any]) -> bool:
    return any(metadata.get(name) for name in _PARTS)


def _left_out(draft: RawArticle, why: str) -> Skipped:
    return Skipped(origin=draft.origin, reason=why, passed={why: 1})


def _older(one: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    """Whether the metadata of one version says that it is older than another; False where that can't be told."""
    mine, theirs = _changed(one), _changed(there)
    if mine is not None and theirs is not None and mine != theirs:
        return mine < theirs
    numbers = [str(told.get("version") or "") for told in (one, there)]
    return all(number.isdigit() for number in numbers) and int(numbers[0]) < int(numbers[1])


def _changed(metadata: Mapping[str, Any]) -> datetime | None:
    found = parse_date(metadata.get("modified"))
    return _instant(found) if found is not None else None


def _instant(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=UTC)
