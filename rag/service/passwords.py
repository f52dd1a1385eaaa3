"""Users' passwords: kept as bcrypt hashes in htpasswd form, one ``NAME:$2b$...`` a line."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from rag.errors import UsageError
from rag.service.roles import Role, role_named

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
        UsageError: The password is empty, too short or too long.
    """
    import bcrypt

    if not password:
        raise UsageError(f"The password is empty. Take one of {SHORTEST} characters or more.")
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

    A role may follow, as in ``NAME:HASH:editor``; see ``read_roles``.

    Args:
        file: Lines that are empty or begin with # are passed over.
        user: The only user to take; then the file may also hold that user's hash alone, on its first line.

    Raises:
        UsageError: The file can't be read, a line is not of that form, or a password stands there in clear.
    """
    lines = _lines(file)
    users: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        if user is not None and not users and is_hash(line.strip()):
            return {user: line.strip()}
        name, colon, stored = (part.strip() for part in line.partition(":"))
        stored = stored.partition(":")[0].strip() if is_hash(stored.partition(":")[0].strip()) else stored
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


def read_roles(file: Path) -> dict[str, Role]:
    """Roles by user name from a password file; users without one are left out: they may do everything.

    Raises:
        UsageError: A role is none, or the file can't be read.
    """
    lines = _lines(file)
    found: dict[str, Role] = {}
    for number, line in enumerate(lines, 1):
        name, *rest = (part.strip() for part in line.split(":"))
        if line.startswith("#") or len(rest) < 2 or not is_hash(rest[0]) or not rest[1]:
            continue
        try:
            found[name] = role_named(rest[1])
        except UsageError as e:
            raise UsageError(f"Line {number} of {file}: {e}") from None
    return found


def change_user(file: Path, name: str, *, hashed: str | None = None, role: Role | None = None) -> None:
    """Add a user to a password file, or change their hash or role; other lines stay as they are.

    Raises:
        UsageError: The name can't stand there, the file can't be read, or there is no such user to change.
    """
    check_name(name)
    lines = _lines(file) if hashed is None or file.expanduser().exists() else []
    at = _line_of(lines, name)
    if at is None and hashed is None:
        raise UsageError(f"{file} has no user {name!r}. Add one with: onrecord users add {name}")
    before = [part.strip() for part in lines[at].split(":")] if at is not None else []
    kept = role or (before[2] if len(before) > 2 else "")
    line = ":".join(x for x in (name, hashed or before[1], kept) if x)
    lines = [*lines, line] if at is None else [*lines[:at], line, *lines[at + 1 :]]
    _write_lines(file, lines)


def remove_user(file: Path, name: str) -> None:
    """Take a user out of a password file.

    Raises:
        UsageError: The file can't be read, or there is no such user.
    """
    lines = _lines(file)
    at = _line_of(lines, name)
    if at is None:
        raise UsageError(f"{file} has no user {name!r}. Look at: onrecord users list")
    _write_lines(file, [*lines[:at], *lines[at + 1 :]])


def check_name(name: str) -> None:
    """Go on only with a name that can stand in a password file.

    Raises:
        UsageError: It can't.
    """
    if not name or ":" in name or name != name.strip() or name.startswith("#") or not name.isprintable():
        raise UsageError(f"The name {name!r} can't stand in a password file. Leave out colons, spaces around it and #.")


def _lines(file: Path) -> list[str]:
    try:
        return file.expanduser().read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        raise UsageError(f"The password file {file} can't be read ({e}). Check the path.") from e


def _line_of(lines: list[str], name: str) -> int | None:
    named = [n for n, line in enumerate(lines) if not line.startswith("#") and line.partition(":")[0].strip() == name]
    return named[-1] if named else None  # of two lines, the later one counts


def _write_lines(file: Path, lines: list[str]) -> None:
    """Write the file whole, readable for its owner alone: a crash leaves the old one or the new one."""
    target = file.expanduser().resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in lines)
    part.replace(target)


__all__ = [
    "COST",
    "Passwords",
    "change_user",
    "check_name",
    "hash_password",
    "is_hash",
    "read_roles",
    "read_users",
    "remove_user",
]
