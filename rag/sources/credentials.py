"""Names and passwords of sources: kept in the environment or the keyring; the archive holds only where they are.

A value is a whole header ("Authorization: Bearer …", "X-Api-Key: …"), or NAME:PASSWORD for HTTP Basic.
"""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rag.errors import UsageError
from rag.extras import require
from rag.sources.guard import Guard

_SERVICE = "onrecord"
"""What the keyring keeps our entries under."""


@dataclass(frozen=True)
class Credentials:
    """What is sent to one host. Never shown: not in ``repr``, messages, logs or exports."""

    host: str
    """Host and port as in an address."""
    headers: dict[str, str] = field(repr=False)

    def fit(self, url: str, guard: Guard) -> bool:
        """Whether they may be sent there: to their own host, encrypted or within the house."""
        parts = urlsplit(url)
        if parts.netloc.lower() != self.host.lower():
            return False
        return parts.scheme == "https" or guard.internal(parts.hostname or "")


def check_place(place: str) -> str:
    """The place of credentials, as it may be kept in an archive.

    Raises:
        UsageError: It is neither env:NAME nor keyring:NAME, so it may be the secret itself.
    """
    if not re.fullmatch(r"env:[A-Za-z_]\w*|keyring:[\w.@-]+", place):
        raise UsageError("--auth: name where the credentials are, env:VARIABLE or keyring:NAME, never the value.")
    return place


def credentials(place: str | None, url: str) -> Credentials | None:
    """The credentials of a source, read where they are kept.

    Args:
        place: "env:NAME", "keyring:NAME" or None.
        url: The source's address; they are for its host.

    Raises:
        UsageError: Nothing is kept there.
        ExtraMissing: The keyring's library is not installed.
    """
    if not place:
        return None
    kind, _, name = check_place(place).partition(":")
    if kind == "env":
        value = os.environ.get(name)
    else:
        require("keyring", extra="keyring", what="Reading credentials from the keyring")
        import keyring

        value = keyring.get_password(_SERVICE, name)
    if not value:
        where = f"the environment variable {name}" if kind == "env" else f"the keyring entry {_SERVICE}/{name}"
        raise UsageError(f"The credentials of {urlsplit(url).hostname} are not there: set {where}.")
    return Credentials(urlsplit(url).netloc, _headers(value.strip()))


def _headers(value: str) -> dict[str, str]:
    header = re.fullmatch(r"([A-Za-z][A-Za-z0-9-]*):\s+([^\r\n]+)", value)
    if header:
        return {header[1]: header[2]}
    return {"Authorization": "Basic " + base64.b64encode(value.encode()).decode("ascii")}


__all__ = ["Credentials", "check_place", "credentials"]
