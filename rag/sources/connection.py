"""Connections of the fetcher: made to addresses that the guard has checked, bounded in time, and stopped at once.

httpcore is handed a network backend of ours. It connects to the checked address, while the name in the TLS handshake
and in the Host header stays that of the URL. Waiting is cut into slices, so that a cancelled run never waits for a
server, and there is a deadline for the whole exchange, which a server that sends a byte now and then can't move.
"""

from __future__ import annotations

import errno
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rag.errors import FetchCancelled, FetchError
from rag.extras import require
from rag.sources.guard import Guard

require("httpx", extra="sources", what="Fetching web addresses")
import httpcore  # noqa: E402
import httpx  # noqa: E402

_SLICE = 0.25
"""Seconds after which a wait looks whether it is still wanted."""


class Watch:
    """Until when the exchange of the calling thread may last, and whether it has been cancelled."""

    def __init__(self, cancel: threading.Event) -> None:
        """Take what is set to cancel."""
        self.cancel = cancel
        self._local = threading.local()

    def until(self, deadline: float) -> None:
        """Set the deadline of what this thread does next, by ``time.monotonic``."""
        self._local.deadline = deadline

    def slices(self, seconds: float | None, late: Callable[[], Exception]) -> Iterator[float]:
        """Waits of at most a slice each, which end by an error when there is no time left."""
        latest = getattr(self._local, "deadline", float("inf"))
        if seconds is not None:
            latest = min(latest, time.monotonic() + seconds)
        while True:
            if self.cancel.is_set():
                raise FetchCancelled("stopped")
            if (left := latest - time.monotonic()) <= 0:
                raise late()
            yield min(left, _SLICE)


class GuardedStream(httpcore.NetworkStream):
    """A connection, read and written in slices of time."""

    def __init__(self, connected: socket.socket, watch: Watch) -> None:
        """Take a connected socket."""
        self._socket = connected
        self._watch = watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there; see ``httpcore.NetworkStream``."""
        for wait in self._watch.slices(timeout, httpcore.ReadTimeout):
            try:
                self._socket.settimeout(wait)
                return self._socket.recv(max_bytes)
            except (TimeoutError, ssl.SSLWantReadError):
                continue
            except OSError as e:
                raise httpcore.ReadError(str(e)) from e
        raise AssertionError("slices end by an error")

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it; see ``httpcore.NetworkStream``."""
        rest = memoryview(buffer)
        for wait in self._watch.slices(timeout, httpcore.WriteTimeout):
            if not rest:
                return
            try:
                self._socket.settimeout(wait)
                rest = rest[self._socket.send(rest) :]
            except (TimeoutError, ssl.SSLWantWriteError):
                continue
            except OSError as e:
                raise httpcore.WriteError(str(e)) from e

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Begin TLS under the name of the URL; see ``httpcore.NetworkStream``."""
        try:
            self._socket.settimeout(0)
            secured = ssl_context.wrap_socket(
                self._socket, server_hostname=server_hostname, do_handshake_on_connect=False
            )
            for wait in self._watch.slices(timeout, httpcore.ConnectTimeout):
                try:
                    secured.settimeout(0)
                    secured.do_handshake()
                    return GuardedStream(secured, self._watch)
                except ssl.SSLWantReadError:
                    select.select([secured], [], [], wait)
                except ssl.SSLWantWriteError:
                    select.select([], [secured], [], wait)
        except (OSError, ValueError) as e:
            self._socket.close()
            raise httpcore.ConnectError(str(e)) from e
        raise AssertionError("slices end by an error")

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks of a connection: its TLS state, and whether it is still open."""
        if info == "ssl_object" and isinstance(self._socket, ssl.SSLSocket):
            return self._socket
        if info == "server_addr":
            return self._socket.getpeername()
        if info == "socket":
            return self._socket
        if info == "is_readable":
            return self._socket.fileno() < 0 or bool(select.select([self._socket], [], [], 0)[0])
        return None


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to nothing that the guard has not checked."""

    def __init__(self, guard: Guard, watch: Watch) -> None:
        """Take the guard, and what bounds the time."""
        self._guard = guard
        self._watch = watch

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to one of the addresses of a host; the name is looked up here, and nowhere else.

        Raises:
            AddressRefused: The guard refuses it; nothing has been sent.
        """
        problem: OSError | None = None
        for address in self._guard.addresses(host, port):
            try:
                return GuardedStream(self._connect(address, port, timeout), self._watch)
            except OSError as e:
                problem = e
        raise httpcore.ConnectError(str(problem))

    def _connect(self, address: str, port: int, timeout: float | None) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connecting = socket.socket(family, socket.SOCK_STREAM)
        try:
            connecting.setblocking(False)
            connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            state = connecting.connect_ex((address, port))
            if state not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", 0)):
                raise OSError(state, "no connection")
            for wait in self._watch.slices(timeout, httpcore.ConnectTimeout):
                if select.select([], [connecting], [], wait)[1]:
                    break
            if state := connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(state, "no connection")
        except BaseException:
            connecting.close()
            raise
        return connecting

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Never: a fetcher has nothing to ask there."""
        raise FetchError("Unix sockets are not fetched from.")

    def sleep(self, seconds: float) -> None:
        """Wait, unless cancelled."""
        self._watch.cancel.wait(seconds)


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        self._stream.close()


class GuardedTransport(httpx.BaseTransport):
    """What httpx sends its requests by: httpcore with the guarded backend. No proxy: it would look names up."""

    def __init__(self, guard: Guard, watch: Watch) -> None:
        """Take the guard, and what bounds the time."""
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=30.0,
            http2=True,
            network_backend=GuardedBackend(guard, watch),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; see ``httpx.BaseTransport``. Errors are httpcore's."""
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def client(guard: Guard, watch: Watch) -> httpx.Client:
    """An httpx client without cookies kept, proxies, redirects or credentials of the environment."""
    return httpx.Client(transport=GuardedTransport(guard, watch), follow_redirects=False, trust_env=False)


__all__ = ["GuardedBackend", "GuardedTransport", "Watch", "client", "httpcore", "httpx"]
