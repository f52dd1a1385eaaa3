"""What an outlet is called, in one spelling: the name on which most of a page's own statements agree."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rag.ingest.pages.linked import Linked, clean, name_of, types
from rag.ingest.pages.tree import Page
from rag.text.urls import host

_BEHIND = re.compile(r"\s*(?:\s[-–—|:·•»]\s|[|｜：]|--)\s*")
_ADDRESS = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,12}", re.IGNORECASE)
_LONGEST = 60
"""Characters that an outlet's name may have."""
_CAPTURERS = frozenset({"web.archive.org", "archive.org", "archive.ph", "archive.today", "archive.is"})


@dataclass(frozen=True)
class _Name:
    """A statement of the outlet's name."""

    text: str
    weight: int
    alone: bool = True
    """Whether it is a name without another statement that agrees."""


def outlet(page: Page, linked: Linked) -> str | None:
    """The outlet's name; None where only the address tells."""
    # Not headings: on many pages the first is the outlet's name.
    titles = {_key(title) for title in (page.window_title, *page.metas.get("ogtitle", ()))}
    told = [name for name in _statements(page, linked) if _usable(name.text) and _key(name.text) not in titles]
    told += [_Name(name, 1, alone=False) for name in _behind_titles(page)]
    label = _label(host(page.address) or "")
    best: tuple[int, int] | None = None
    chosen: str | None = None
    for at, name in enumerate(told):
        group = [other for other in told if _key(other.text) == _key(name.text)]
        at_home = 3 * (_key(name.text) == label) or int(len(label) > 3 and label in _key(name.text))
        if not (at_home or any(other.alone for other in group)):
            continue
        score = (sum(other.weight for other in group) + at_home, -at)
        if best is None or score > best:
            best, chosen = score, _spelt(group)
    # A mark, or a part of an address: who writes the name with capitals spells it out.
    if chosen and chosen.islower() and not _ADDRESS.fullmatch(chosen):
        longer = (name.text for name in told if name.weight > 1 and _key(chosen) in _key(name.text))
        chosen = next((text for text in longer if not text.islower() and not _ADDRESS.fullmatch(text)), chosen)
    return chosen


def _statements(page: Page, linked: Linked) -> list[_Name]:
    found: list[_Name] = []
    publishers = list(dict.fromkeys(linked.texts("publisher", pages=not linked.articles)))
    found += [_Name(name, 2) for name in publishers[:1]]
    found += [_Name(name, 2) for name in page.metas.get("ogsitename", ())[:1]]
    found += [_Name(name, 1) for name in page.metas.get("applicationname", ())[:1]]
    found += [_Name(name, 1) for name in page.metas.get("applemobilewebapptitle", ())[:1]]
    found += [_Name(name, 1, alone=False) for name in linked.texts("isPartOf", pages=False)[:1]]
    media = [
        node
        for node in linked.nodes
        if any(kind in ("newsmediaorganization", "website") for kind in types(node)) and name_of(node)
    ]
    names = list(dict.fromkeys(clean(name_of(node) or "") for node in media))
    found += [_Name(name, 1) for name in names[:2]]
    found += [_Name(name, 1) for name in page.metas.get("publisher", ())[:1]]
    return found


def _behind_titles(page: Page) -> list[str]:
    """What stands behind the last bar or dash of the window's title."""
    parts = _BEHIND.split(page.window_title)
    return [part for part in dict.fromkeys(parts[:0:-1]) if 1 < len(part) <= 40][:2]


def _usable(name: str) -> bool:
    return (
        1 < len(name) <= _LONGEST
        and not name.startswith(("@", "http://", "https://"))
        and host(f"https://{name.lower()}") not in _CAPTURERS
        and any(c.isalpha() for c in name)
    )


def _key(name: str) -> str:
    """What two spellings of a name have in common: its letters and digits; an address without its top-level domain."""
    if _ADDRESS.fullmatch(name):
        return _label(name.lower())
    return _letters(name)


def _label(address: str) -> str:
    """The name within an address: "example" of "www.example.co.uk"."""
    parts = address.removeprefix("www.").split(".")
    while len(parts) > 1 and (len(parts[-1]) <= 3 or len(parts) == 2):
        parts.pop()
    return _letters(parts[-1])


def _letters(text: str) -> str:
    whole = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in whole if c.isalnum())


def _spelt(group: Sequence[_Name]) -> str:
    """The spelling to show: capitals and small letters before either alone, a name before an address."""
    spellings = list(dict.fromkeys(name.text for name in group))
    return min(
        spellings,
        key=lambda text: (text.islower() or (text.isupper() and len(text) > 4), bool(_ADDRESS.fullmatch(text))),
    )
