"""Users' passwords: kept as bcrypt hashes in htpasswd form, one ``NAME:$2b$...`` a line."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from rag.errors import UsageError

SHORTEST, LONGEST = 8, 72
"""Characters that a password has at least, and bytes that bcrypt reads at most."""
COST = 12
"""Binary logarithm of bcrypt's rounds for new hashes: about a quarter of a second."""

_HASH = re.compile(r"\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")
# Compared with when the user is unknown, so that an answer takes as long as for a known one.
_UNKNOWN = "$2b${cost}$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
_REMEMBERED, _MOST_REMEMBERED = 300.0, 1000


def hash_password(password: str, cost: int = COST) -> str:
    """A bcrypt hash of a password, as a password file holds it.

    Args:
        password: 8 characters or more, 72 bytes or fewer in UTF-8.
        cost: Binary logarithm of the rounds, 4 to 31.

    Raises:
        UsageError: The password is too short or too long.
    """
    import bcrypt

    if len(password) < SHORTEST:
        raise UsageError(f"The password has fewer than {SHORTEST} characters. Take a longer one.")
    if len(password.encode()) > LONGEST:
        raise UsageError(f"The password has more than {LONGEST} bytes, all that bcrypt reads. Take a shorter one.")
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


def is_hash(text: str) -> bool:
    """Whether a text is a bcrypt hash."""
    return _HASH.fullmatch(text) is not None


class Passwords:
    """Verifies users' passwords against their hashes. Safe to use from several threads."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        """Take the hashes by user name.

        Raises:
            UsageError: One of them is not a bcrypt hash.
        """
        for name, stored in hashes.items():
            if not is_hash(stored):
                raise UsageError(
                    f"The password of {name} is not stored as a bcrypt hash. Make one with: onrecord password {name}"
                )
        self.hashes = dict(hashes)
        self._unknown = _UNKNOWN.format(cost=max((h[4:6] for h in hashes.values()), default=f"{COST:02}"))
        self._key = secrets.token_bytes(32)
        self._verified: dict[bytes, float] = {}
        self._lock = threading.Lock()

    def verify(self, name: str, password: str) -> bool:
        """Whether this is the user's password. Takes as long as bcrypt does, for unknown users too.

        A right password is remembered for five minutes, as a digest under a
        key of this process, so that HTTP Basic does not cost a hash a request.
        """
        import bcrypt

        given = password.encode("utf-8", "replace")
        digest = hashlib.blake2b(f"{name}\0".encode("utf-8", "replace") + given, key=self._key).digest()
        if self._is_remembered(digest):
            return True
        if len(given) > LONGEST:  # bcrypt refuses these; nobody's password is so long
            given, name = given[:LONGEST], ""
        right = bcrypt.checkpw(given, self.hashes.get(name, self._unknown).encode()) and name in self.hashes
        if right:
            self._remember(digest)
        return right

    def _is_remembered(self, digest: bytes) -> bool:
        with self._lock:
            return self._verified.get(digest, 0.0) > time.monotonic()

    def _remember(self, digest: bytes) -> None:
        with self._lock:
            now = time.monotonic()
            if len(self._verified) >= _MOST_REMEMBERED:
                self._verified = {d: until for d, until in self._verified.items() if until > now}
            if len(self._verified) < _MOST_REMEMBERED:
                self._verified[digest] = now + _REMEMBERED


def read_users(file: Path, user: str | None = None) -> dict[str, str]:
    """Hashes by user name from a password file: ``NAME:HASH`` on every line, as ``htpasswd -B`` writes them.

    Args:
        file: Lines that are empty or begin with # are passed over.
        user: The only user to take; then the file may also hold that user's hash alone, on its first line.

    Raises:
        UsageError: The file can't be read, a line is not of that form, or a password stands there in clear.
    """
    try:
        lines = file.expanduser().read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        raise UsageError(f"The password file {file} can't be read ({e}). Check the path.") from e
    users: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        if user is not None and not users and is_hash(line.strip()):
            return {user: line.strip()}
        name, colon, stored = (part.strip() for part in line.partition(":"))
        if user is None and not (colon and name and stored):
            raise UsageError(f"Line {number} of {file} is not NAME:HASH. Make the line with: onrecord password NAME")
        if not is_hash(stored):
            # What stands before a colon may be part of a password where the file is one user's.
            raise UsageError(
                f"Line {number} of {file} holds a password in clear. Only hashes are read now; make the line with: "
                f"onrecord password {user or name}"
            )
        users[name] = stored
    if not users:
        raise UsageError(f"The password file {file} is empty. Make a line with: onrecord password {user or 'NAME'}")
    if user is None:
        return users
    if user not in users:
        raise UsageError(f"The password file {file} has no line for {user}. Make it with: onrecord password {user}")
    return {user: users[user]}


__all__ = ["COST", "Passwords", "hash_password", "is_hash", "read_users"]
