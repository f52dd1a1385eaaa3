"""Counts wrong passwords and tokens, by address and by account, so that guessing takes too long to be worth it."""

from __future__ import annotations

import hashlib
import ipaddress
import threading
import time
from collections import OrderedDict, deque

TRIES, WINDOW = 10, 60.0
"""Wrong tokens and passwords that an address may send in so many seconds."""
ACCOUNT_TRIES, ACCOUNT_WINDOW = 30, 600.0
"""Wrong passwords that an account may be sent in so many seconds, from all addresses where it never signed in."""

_MOST_KEPT = 10_000


class Tries:
    """Wrong tries in a sliding window, by a key. Safe to use from several threads; its memory is bounded."""

    def __init__(self, most: int, window: float) -> None:
        """Take how many wrong tries a key may have in so many seconds."""
        self._most = most
        self._window = window
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, key: str) -> float:
        """Seconds until a key may try again; 0: now."""
        with self._lock:
            times, now = self._failed.get(key), time.monotonic()
            if times is None:
                return 0.0
            if times[-1] <= now - self._window:
                del self._failed[key]
                return 0.0
            return max(0.0, times[0] + self._window - now) if len(times) == self._most else 0.0

    def record(self, key: str) -> None:
        """Count a wrong try."""
        with self._lock:
            times = self._failed.setdefault(key, deque(maxlen=self._most))
            times.append(time.monotonic())
            self._failed.move_to_end(key)
            while len(self._failed) > _MOST_KEPT:  # those that failed longest ago
                self._failed.popitem(last=False)


class Guesses:
    """Who has to wait before the next try. Safe to use from several threads."""

    def __init__(self) -> None:
        """Count from nothing."""
        self._by_address = Tries(TRIES, WINDOW)
        self._by_account = Tries(ACCOUNT_TRIES, ACCOUNT_WINDOW)
        # Somebody else's guesses must not lock out the owner, at the addresses where they were let in before.
        self._let_in: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, address: str, account: str = "") -> float:
        """Seconds until an address may try again; 0: now.

        Args:
            address: An IP address; of IPv6 the network that one customer has is counted.
            account: The user's name, known or not; empty for the token.
        """
        found = self._by_address.wait(_network(address))
        if account and _pair(address, account) not in self._let_in:
            found = max(found, self._by_account.wait(_digest(account)))
        return found

    def record(self, address: str, account: str = "") -> None:
        """Count a wrong try."""
        self._by_address.record(_network(address))
        if account:
            self._by_account.record(_digest(account))

    def let_in(self, address: str, account: str) -> None:
        """Remember that an account was used rightly from there."""
        with self._lock:
            self._let_in[_pair(address, account)] = None
            self._let_in.move_to_end(_pair(address, account))
            while len(self._let_in) > _MOST_KEPT:
                self._let_in.popitem(last=False)


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6 and (plain := parsed.ipv4_mapped) is None:
        return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return str(parsed if parsed.version == 4 else plain)


def _digest(account: str) -> str:
    """A name of bounded length, whatever was sent."""
    return hashlib.sha256(account.encode("utf-8", "surrogateescape")).hexdigest()


def _pair(address: str, account: str) -> str:
    return f"{_network(address)} {_digest(account)}"


__all__ = ["ACCOUNT_TRIES", "ACCOUNT_WINDOW", "TRIES", "WINDOW", "Guesses"]
