"""The fetcher: one address after the other, guarded, bounded and polite.

One connection a host at a time, with a pause between requests; robots.txt is kept; an answer that says "later" is
believed; what fails for a moment is tried again after growing pauses. Nothing that a server answers makes it hang or
fill the memory, and cancelling ends every wait.
"""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from rag.errors import AddressRefused, FetchCancelled, FetchError
from rag.extras import require
from rag.ingest import packed
from rag.sources.bodies import accepted, unpacked
from rag.sources.connection import Watch, client, httpcore, httpx
from rag.sources.credentials import Credentials
from rag.sources.guard import Guard, shown
from rag.sources.robots import LARGEST as LARGEST_ROBOTS
from rag.sources.robots import Robots

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PERMANENT = frozenset((301, 308))
_LATER = frozenset((408, 425, 429, 500, 502, 503, 504))
_ROBOTS_KEPT = 3600.0
"""Seconds for which a robots.txt is believed."""


class Limits(NamedTuple):
    """How much one exchange may take."""

    connect: float = 10.0
    """Seconds for connecting, and again for TLS."""
    silence: float = 20.0
    """Seconds without a byte."""
    whole: float = 60.0
    """Seconds for an answer, its redirects not counted."""
    size: int = 20_000_000
    """Bytes of an answer, packed and unpacked."""
    redirects: int = 5
    tries: int = 3
    longest_wait: float = 30.0
    """Seconds that a run waits where a server says "later"; what takes longer is left for the next run."""
    first_wait: float = 1.0
    """Seconds before the second try; they double, with jitter."""


@dataclass
class Budget:
    """What one run may still fetch; shared by threads."""

    pages: int = 1_000_000_000
    bytes: int = 1_000_000_000_000
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def spent(self) -> bool:
        """Whether nothing may be fetched any more."""
        return self.pages <= 0 or self.bytes <= 0

    def took(self, size: int) -> None:
        """Count an answer."""
        with self.lock:
            self.pages -= 1
            self.bytes -= size


@dataclass(frozen=True)
class Fetched:
    """An answer: 200 with its body, or 304 without."""

    asked: str
    url: str
    """Where it came from, after redirects."""
    status: int
    type: str
    """The media type, lower case, without parameters; empty where none is told."""
    charset: str
    body: bytes
    etag: str | None = None
    modified: str | None = None
    links: str = ""
    """The header Link."""
    moved: str | None = None
    """The new address, where all redirects say it is for good."""


class Hosts:
    """Whose turn it is: one request a host at a time, and a pause between two."""

    def __init__(self, delay: float, cancel: threading.Event) -> None:
        """Take the pause in seconds, and what is set to cancel."""
        self._delay, self._cancel = delay, cancel
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}
        self._next: dict[str, float] = {}

    @contextmanager
    def turn(self, host: str, delay: float = 0.0) -> Iterator[None]:
        """Wait for a host's turn, and hold it.

        Raises:
            FetchCancelled: Stopped while waiting.
        """
        with self._lock:
            busy = self._busy.setdefault(host, threading.Lock())
        while not busy.acquire(timeout=0.25):
            self._look()
        try:
            wait = self._next.get(host, 0.0) - time.monotonic()
            if wait > 0:
                self._cancel.wait(wait)
            self._look()
            yield
        finally:
            pause = max(self._delay, delay)
            self._next[host] = max(self._next.get(host, 0.0), time.monotonic() + pause)
            busy.release()

    def hold(self, host: str, seconds: float) -> None:
        """Ask a host nothing for a while."""
        self._next[host] = max(self._next.get(host, 0.0), time.monotonic() + seconds)

    def held(self, host: str) -> float:
        """Seconds for which a host asks for rest."""
        return max(0.0, self._next.get(host, 0.0) - time.monotonic())

    def _look(self) -> None:
        if self._cancel.is_set():
            raise FetchCancelled("stopped")


class Fetcher:
    """Fetches addresses for one run. Safe to use from several threads."""

    def __init__(
        self,
        guard: Guard,
        *,
        agent: str,
        delay: float = 1.0,
        limits: Limits | None = None,
        budget: Budget | None = None,
        cancel: threading.Event | None = None,
        reading: packed.Limits = packed.LIMITS,
    ) -> None:
        """Connect to nothing yet.

        Args:
            guard: Decides what may be fetched.
            agent: The User-Agent.
            delay: Seconds between two requests to one host; a robots.txt may ask for more.
            limits: How much one exchange may take.
            budget: How much all of them together may.
            cancel: Set it to stop everything.
            reading: How much reading a file that was fetched may take.
        """
        self.guard = guard
        self.agent = agent
        self.limits = limits or Limits()
        self.reading = reading
        self.budget = budget or Budget()
        self.cancel = cancel or threading.Event()
        self._hosts = Hosts(delay, self.cancel)
        self._watch = Watch(self.cancel)
        self._client = client(guard, self._watch)
        self._robots: dict[str, tuple[Robots | FetchError, float]] = {}
        self._reading: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- addresses ---------------------------------------------------------------------

    def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        modified: str | None = None,
        credentials: Credentials | None = None,
    ) -> Fetched:
        """Fetch an address.

        Args:
            url: What to fetch.
            etag: Of the copy that is there; an answer that is the same comes as 304 without a body.
            modified: The same by Last-Modified.
            credentials: Sent to the host that they are for, and to no other.

        Raises:
            AddressRefused: It, or one of its redirects, is no public address.
            FetchCancelled: Stopped.
            FetchError: It can't be had; ``again`` says whether a later try may succeed.
        """
        kept = {"If-None-Match": etag, "If-Modified-Since": modified}
        headers = {name: value for name, value in kept.items() if value}
        if self.budget.spent:
            raise FetchError("the budget of this run is spent; the rest is left for the next one", again=True)
        found = self._persistently(url, headers, credentials)
        self.budget.took(len(found.body))
        return found

    def robots(self, url: str) -> Robots:
        """The rules of an address's site.

        Raises:
            FetchError: The site can't tell now, and nothing of it is fetched until it can (RFC 9309).
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        with self._reading[origin]:
            known, until = self._robots.get(origin, (None, 0.0))
            if known is None or time.monotonic() > until:
                known = self._read_robots(f"{origin}/robots.txt")
                failed = isinstance(known, FetchError)
                self._robots[origin] = (known, time.monotonic() + (60.0 if failed else _ROBOTS_KEPT))
        if isinstance(known, FetchError):
            raise known
        return known

    def _read_robots(self, url: str) -> Robots | FetchError:
        try:
            found = self._persistently(url, {}, None, robots=True)
        except (AddressRefused, FetchCancelled):
            raise
        except FetchError as e:
            if e.status is not None and 400 <= e.status < 500 and e.status != 429:
                return Robots("", self.agent)  # there is none: everything is allowed
            # Longer than a run waits: the file itself has been tried often enough.
            wait = max(e.wait or 0.0, self.limits.longest_wait + 1)
            return FetchError(f"its robots.txt can't be read: {e}", wait=wait, again=True)
        return Robots(found.body.decode("utf-8", "replace"), self.agent)

    # -- persistence -------------------------------------------------------------------

    def _persistently(
        self, url: str, headers: Mapping[str, str], credentials: Credentials | None, *, robots: bool = False
    ) -> Fetched:
        """Fetch, and try again what fails for a moment."""
        require("tenacity", extra="sources", what="Fetching web addresses")
        import tenacity

        first, longest = self.limits.first_wait, self.limits.longest_wait

        def wanted(error: BaseException) -> bool:
            return isinstance(error, FetchError) and error.again and (error.wait or 0) <= longest

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            told = error.wait if isinstance(error, FetchError) else None
            growing = min(longest, first * float(2 ** (state.attempt_number - 1)))
            return max(told or 0.0, growing * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, not a secret

        trying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.limits.tries),
            wait=wait,
            retry=tenacity.retry_if_exception(wanted),
            sleep=self._rest,
            reraise=True,
        )
        found: Fetched = trying(self._through, url, headers, credentials, robots)
        return found

    def _rest(self, seconds: float) -> None:
        if self.cancel.wait(seconds):
            raise FetchCancelled("stopped")

    # -- redirects ---------------------------------------------------------------------

    def _through(self, url: str, headers: Mapping[str, str], credentials: Credentials | None, robots: bool) -> Fetched:
        """Fetch, and follow redirects, each of which is an address like any other."""
        at, permanent = url, True
        for _ in range(self.limits.redirects + 1):
            self.guard.check_url(at)
            delay = 0.0
            if not robots:
                rules = self.robots(at)
                if not rules.allows(at):
                    raise FetchError(f"{shown(at)} is not fetched: the site's robots.txt asks not to")
                delay = rules.delay
            sent = dict(headers)
            if credentials is not None and credentials.fit(at, self.guard):
                sent |= credentials.headers
            answer = self._once(at, sent, delay, LARGEST_ROBOTS if robots else self.limits.size)
            if isinstance(answer, Fetched):
                moved = at if permanent and at != url else None
                return _of(answer, asked=url, moved=moved)
            status, target = answer
            permanent &= status in _PERMANENT
            at = urljoin(at, target).partition("#")[0]
        raise FetchError(f"{shown(url)} leads on and on: more than {self.limits.redirects} redirects")

    # -- one exchange ------------------------------------------------------------------

    def _once(self, url: str, headers: Mapping[str, str], delay: float, largest: int) -> Fetched | tuple[int, str]:
        """One request; an answer, or status and target of a redirect."""
        host = urlsplit(url).netloc.lower()
        if (held := self._hosts.held(host)) > self.limits.longest_wait:
            raise FetchError(f"{host} asks for rest", wait=held, again=True)
        sent = {
            "User-Agent": self.agent,
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,application/json;q=0.9,*/*;q=0.8",
            "Accept-Encoding": accepted(),
            **headers,
        }
        limits = self.limits
        waits = httpx.Timeout(limits.silence, connect=limits.connect)
        with self._hosts.turn(host, delay):
            self._watch.until(time.monotonic() + limits.whole)
            try:
                with self._client.stream("GET", url, headers=sent, timeout=waits) as response:
                    return self._read(url, response, largest)
            except (httpcore.TimeoutException, httpx.TimeoutException) as e:
                raise FetchError(f"{host} doesn't answer in time", again=True) from e
            except (httpcore.ConnectError, httpcore.NetworkError, httpx.NetworkError) as e:
                raise FetchError(f"no connection to {host}: {_line(e)}", again=True) from e
            except (httpcore.ProtocolError, httpx.ProtocolError) as e:
                raise FetchError(f"{host} breaks off, or doesn't keep to HTTP: {_line(e)}", again=True) from e
            except (httpx.HTTPError, httpx.InvalidURL, httpcore.UnsupportedProtocol, UnicodeError, ValueError) as e:
                raise FetchError(f"{shown(url)} can't be fetched: {_line(e)}") from e

    def _read(self, url: str, response: httpx.Response, largest: int) -> Fetched | tuple[int, str]:
        headers, status = response.headers, response.status_code
        if status in _REDIRECTS and headers.get("location"):
            return status, headers["location"]
        if status not in (200, 203, 304):
            raise self._refusal(url, status, headers)
        coding = headers.get("content-encoding", "")
        told = headers.get("content-length", "")
        if told.isdigit() and int(told) > largest:
            raise FetchError(f"the answer has more than {largest / 1_000_000:g} MB")
        body = b"" if status == 304 else unpacked(response.iter_raw(), coding, largest)
        kind, _, rest = headers.get("content-type", "").partition(";")
        return Fetched(
            asked=url,
            url=url,
            status=status,
            type=kind.strip().lower(),
            charset=_charset(rest),
            body=body,
            etag=headers.get("etag"),
            modified=headers.get("last-modified"),
            links=headers.get("link", ""),
        )

    def _refusal(self, url: str, status: int, headers: httpx.Headers) -> FetchError:
        wait = _seconds(headers.get("retry-after"))
        host = urlsplit(url).netloc.lower()
        if status in (429, 503) and wait is not None:
            self._hosts.hold(host, wait)
        words = {
            401: "it asks for a name and password",
            402: "it has to be paid for",
            403: "the site doesn't give it out",
            404: "it is not there",
            410: "it has been withdrawn",
            429: "the site asks for fewer requests",
            451: "it is held back for legal reasons",
        }
        why = words.get(status) or ("the site has a problem" if status >= 500 else "the site answers with no page")
        return FetchError(f"{why} (HTTP {status})", status=status, wait=wait, again=status in _LATER)


def _of(answer: Fetched, *, asked: str, moved: str | None) -> Fetched:
    from dataclasses import replace

    return replace(answer, asked=asked, moved=moved)


def _charset(parameters: str) -> str:
    for part in parameters.split(";"):
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'").lower()
    return ""


def _seconds(value: str | None) -> float | None:
    """Retry-After in seconds: a number, or the time of day by which it counts."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(min(int(value.strip()), 7 * 86_400))
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return min(max(0.0, (when - datetime.now(UTC)).total_seconds()), 7 * 86_400.0)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


__all__ = ["Budget", "Fetched", "Fetcher", "Limits"]
