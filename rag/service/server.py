"""Runs the service: binds the port, serves until a signal comes, and shuts down without cutting answers off."""

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

_FLUSH_TIME = 0.5
"""Seconds in which the last events of cancelled answers are sent."""


def bind(host: str, port: int) -> socket.socket:
    """A socket on that address; port 0 takes any that is free.

    Raises:
        UsageError: The port is in use, or the address does not belong to this machine.
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
    """The URL that a browser opens."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{host}:{port}"


def run(
    app: FastAPI,
    scheduler: RequestScheduler,
    listening: socket.socket,
    *,
    shutdown_grace: float,
    started: Callable[[], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish or cancel what was accepted, and close the scheduler.

    Args:
        app: From ``create_app``.
        scheduler: The scheduler that the app asks.
        listening: From ``bind``; closed at the end.
        shutdown_grace: Seconds to finish answers in.
        started: Called once requests are accepted.
    """
    server = Server(app, scheduler, shutdown_grace, started)
    if threading.current_thread() is threading.main_thread():
        # uvicorn raises the signal again when it is done, for the previous handler: ours, which does nothing more.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, server.stop)
    server.run(sockets=[listening])
    scheduler.close(0)


class Server(uvicorn.Server):
    """uvicorn that closes the scheduler while the last answers are sent."""

    def __init__(
        self,
        app: FastAPI,
        scheduler: RequestScheduler,
        shutdown_grace: float,
        started: Callable[[], None] | None = None,
    ) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,  # rag/service/request_log.py writes one of ours
                server_header=False,
                proxy_headers=False,  # rag/service/proxy.py reads them, from trusted proxies alone
                timeout_keep_alive=30,
                timeout_graceful_shutdown=int(shutdown_grace) + 5,
                h11_max_incomplete_event_size=64_000,
                lifespan="on",
            )
        )
        self._scheduler = scheduler
        self._shutdown_grace = shutdown_grace
        self._on_started = started

    def stop(self, *_: Any) -> None:
        """Stop as a signal would."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call ``started``."""
        await super().startup(sockets)
        if self.started and self._on_started is not None:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, finish or cancel answers, then close what is left, such as a page's open event stream."""
        for server in self.servers:
            server.close()

        async def close() -> None:
            await asyncio.to_thread(self._scheduler.close, self._shutdown_grace)
            await asyncio.sleep(_FLUSH_TIME)
            for connection in list(self.server_state.connections):
                if (transport := getattr(connection, "transport", None)) is not None:
                    transport.close()  # code that writes to it then sees a disconnected client

        closing = asyncio.create_task(close())
        await super().shutdown(sockets)
        closing.cancel()


__all__ = ["Server", "address", "bind", "run"]
