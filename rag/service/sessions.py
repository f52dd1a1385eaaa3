"""Sessions of people who signed in: a cookie signed by itsdangerous, valid until it expires or the secret changes."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from rag.errors import UsageError

SESSION = 30 * 24 * 3600
"""Seconds that a sign-in holds."""

_KEY_BYTES = 32
_LEAST = 32
"""Characters of a secret that is shared."""


class Sessions:
    """Makes and reads the values of session cookies."""

    def __init__(self, key: bytes) -> None:
        """Take the key that cookies are signed with."""
        from itsdangerous import URLSafeTimedSerializer

        self._key = key
        self._serializer = URLSafeTimedSerializer(
            key, salt="onrecord session", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
        )

    def create(self, user: str, credential: str) -> str:
        """A cookie's value for a user.

        Args:
            user: Who has signed in.
            credential: The user's stored hash, or the token: the session ends when it changes.
        """
        value = self._serializer.dumps([user, self._digest(credential)])
        return value if isinstance(value, str) else value.decode()

    def read(self, value: str, credential_of: Callable[[str], str | None]) -> str | None:
        """The user of a cookie's value; None where it is not ours, expired, or the user's credential has changed.

        Args:
            value: As the browser sent it.
            credential_of: A user's present credential; None for nobody.
        """
        from itsdangerous import BadData

        try:
            user, digest = self._serializer.loads(value, max_age=SESSION)
        except (BadData, UnicodeError):
            return None
        credential = credential_of(user)
        return user if credential is not None and hmac.compare_digest(digest, self._digest(credential)) else None

    def _digest(self, credential: str) -> str:
        """Identifies a credential, and tells nothing of it without our key."""
        return hmac.new(self._key, credential.encode(), hashlib.sha256).hexdigest()


def secret_key(secret: str) -> bytes:
    """The key that several replicas of a service make of the secret that they share.

    Raises:
        UsageError: It is too short.
    """
    if len(secret) < _LEAST:
        raise UsageError(
            f"ONRECORD_SESSION_SECRET has fewer than {_LEAST} characters. Take a longer one: openssl rand -hex 32"
        )
    return hmac.new(secret.encode("utf-8", "surrogateescape"), b"onrecord sessions", hashlib.sha256).digest()


class Signed:
    """Writes and reads short-lived values that a browser keeps for us."""

    def __init__(self, key: bytes, purpose: str, seconds: int) -> None:
        """Take the key, what the values are for, and how long they hold."""
        from itsdangerous import URLSafeTimedSerializer

        self._seconds = seconds
        self._serializer = URLSafeTimedSerializer(
            key, salt=purpose, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
        )

    def write(self, value: list[str]) -> str:
        """The value as a cookie has it."""
        written = self._serializer.dumps(value)
        return written if isinstance(written, str) else written.decode()

    def read(self, text: str) -> list[str] | None:
        """The value of a cookie; None where it is not ours, or too old."""
        from itsdangerous import BadData

        try:
            return list(self._serializer.loads(text, max_age=self._seconds))
        except (BadData, UnicodeError):
            return None


def session_key(folder: Path, purpose: str) -> bytes:
    """A secret that outlives a restart: made from ``session.key`` in a folder, which is created if it is missing.

    Where the folder can't be written, it is a fresh one, and sessions end with the process.

    Args:
        folder: Only its owner can read the file there.
        purpose: Another purpose gives another key, such as another archive.
    """
    file = folder.expanduser() / "session.key"
    secret = b""
    try:
        folder.expanduser().mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            secret = secrets.token_bytes(_KEY_BYTES)
            out.write(secret)
    except OSError:  # it is there already, or can't be written
        if file.is_file():
            secret = file.read_bytes()
    if len(secret) < _KEY_BYTES:
        secret = secrets.token_bytes(_KEY_BYTES)
    return hmac.new(secret, purpose.encode("utf-8", "surrogateescape"), hashlib.sha256).digest()


__all__ = ["SESSION", "Sessions", "Signed", "secret_key", "session_key"]
