"""Runs the service: binds the port, serves until a signal comes, and ends without cutting answers off."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import uvicorn

from rag.errors import UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from rag.service.scheduler import RequestScheduler

_LAST_WORDS = 0.5
"""Seconds in which the last events of stopped answers go out."""


def bind(host: str, port: int) -> socket.socket:
    """A socket on that address; port 0 takes any that is free.

    Raises:
        UsageError: The port is taken, or the address is none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as e:
        raise UsageError(f"{host!r} is no address to listen on ({e}). Use 127.0.0.1 or 0.0.0.0.") from e
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)  # two servers can both bind a port; only one can listen
    except OSError as e:
        listening.close()
        if e.errno == errno.EADDRINUSE:
            raise UsageError(f"Port {port} is in use. Choose another with --port, or stop what listens there.") from e
        raise UsageError(f"Can't listen on {host}:{port} ({e.strerror}). Choose another with --host or --port.") from e
    return listening


def address(listening: socket.socket) -> str:
    """Where a browser finds it."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{host}:{port}"


def run(
    app: FastAPI,
    desk: RequestScheduler,
    listening: socket.socket,
    *,
    grace: float,
    started: Callable[[], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then let what was accepted be finished or told, and close the desk.

    Args:
        app: From ``create_app``.
        desk: Its desk.
        listening: From ``bind``; closed at the end.
        grace: Seconds to finish in.
        started: Called when requests are answered.
    """
    server = Server(app, desk, grace, started)
    if threading.current_thread() is threading.main_thread():
        # uvicorn raises the signal again when it is done, for whoever had it before: that is us, and all is well.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, server.stop)
    server.run(sockets=[listening])
    desk.close(0)


class Server(uvicorn.Server):
    """uvicorn, with the desk closed while the last answers go out."""

    def __init__(
        self, app: FastAPI, desk: RequestScheduler, grace: float, started: Callable[[], None] | None = None
    ) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,  # rag/service/request_log.py writes ours
                server_header=False,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=int(grace) + 5,
                h11_max_incomplete_event_size=64_000,
                lifespan="on",
            )
        )
        self._desk = desk
        self._grace = grace
        self._tell = started

    def stop(self, *_: Any) -> None:
        """Stop as a signal would."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started and self._tell is not None:
            self._tell()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting; finish or tell; then cut what is left, such as a page's connection that never ends."""
        for server in self.servers:
            server.close()

        async def close() -> None:
            await asyncio.to_thread(self._desk.close, self._grace)
            await asyncio.sleep(_LAST_WORDS)
            for connection in list(self.server_state.connections):
                if (transport := getattr(connection, "transport", None)) is not None:
                    transport.close()  # whoever writes there is told that the client has gone

        closing = asyncio.create_task(close())
        await super().shutdown(sockets)
        closing.cancel()


__all__ = ["Server", "address", "bind", "run"]
