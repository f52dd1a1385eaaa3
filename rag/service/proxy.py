"""What stands before the service: a proxy's headers, believed from named addresses only, and the prefix of the path."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from rag.errors import UsageError
from rag.service.asgi import client_address, redirect

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
# Others read these too, such as Gradio, and don't ask who sent them.
_HEADERS = {
    b"forwarded",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-port",
    b"x-forwarded-prefix",
    b"x-forwarded-proto",
    b"x-gradio-server",
    b"x-real-ip",
}


def parse_prefix(text: str) -> str:
    """A path prefix as it is used: empty, or beginning with a slash and not ending with one.

    Raises:
        UsageError: It holds what is no plain path.
    """
    prefix = "/" + text.strip().strip("/")
    if prefix == "/":
        return ""
    if not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/")):
        raise UsageError(f"The path prefix {text!r} is no plain path. Write it as /news, in letters, digits and ._~-")
    return prefix


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks, as in 10.0.0.7 and 10.0.0.0/8.

    Raises:
        UsageError: One can't be read.
    """
    found: list[Network] = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError as e:
            raise UsageError(f"{text!r} is no address or network ({e}). Write it as 10.0.0.7 or 10.0.0.0/8.") from e
    return tuple(found)


class Proxy:
    """The middleware that tells the others who really asks, by which scheme, and strips the prefix from the path.

    What a proxy says is believed where its address is trusted; from anybody else those headers are removed, so that
    no library behind believes them either.
    """

    def __init__(self, app: ASGIApp, *, prefix: str = "", trusted: Sequence[Network] = ()) -> None:
        """Take the application.

        Args:
            app: What is behind.
            prefix: The path under which a browser finds the service, where the proxy does not say it; from
                ``parse_prefix``.
            trusted: Addresses and networks of proxies, from ``parse_networks``.
        """
        self.app = app
        self._prefix = prefix
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as the browser sent it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        said = {n: v.decode("latin-1") for n, v in scope["headers"] if n in _HEADERS}
        scope = {**scope, "headers": [(n, v) for n, v in scope["headers"] if n not in _HEADERS]}
        prefix = self._prefix
        if said and self._is_trusted(client_address(scope)):
            prefix = self._believe(scope, said)
        if scope["type"] == "http" and prefix and scope["path"] == prefix:
            query = b"?" + scope["query_string"] if scope["query_string"] else b""
            await redirect(send, f"./{prefix.rpartition('/')[2]}/{query.decode('latin-1')}")
            return
        if prefix and scope["path"].startswith(prefix + "/"):  # a proxy may have stripped it already
            scope["path"] = scope["path"][len(prefix) :]
            scope["raw_path"] = quote(scope["path"]).encode()
        scope["onrecord.prefix"] = prefix
        host = next((v for n, v in scope["headers"] if n == b"host"), b"")
        if host and scope["type"] == "http":  # Gradio makes addresses of files with it
            scope["headers"].append((b"x-gradio-server", f"{scope['scheme']}://".encode() + host + prefix.encode()))
        await self.app(scope, receive, send)

    def _believe(self, scope: Scope, said: dict[bytes, str]) -> str:
        """Put what a trusted proxy says into the scope; returns the prefix."""
        # Each proxy adds whom it heard from at the end: the last one that is no proxy of ours is who asked.
        hops = [h.strip() for h in said.get(b"x-forwarded-for", "").split(",") if h.strip()]
        for hop in reversed(hops):
            if not _is_address(hop):
                break
            scope["client"] = (hop, 0)
            if not self._is_trusted(hop):
                break
        scheme = _last(said, b"x-forwarded-proto").lower()
        if scheme in ("http", "https"):
            web = scope["type"] == "http"
            scope["scheme"] = scheme if web else {"http": "ws", "https": "wss"}[scheme]
        host = _last(said, b"x-forwarded-host")
        if _HOST.fullmatch(host):
            kept = [(n, v) for n, v in scope["headers"] if n != b"host"]
            scope["headers"] = [*kept, (b"host", host.encode())]
        try:
            return parse_prefix(_last(said, b"x-forwarded-prefix")) or self._prefix
        except UsageError:
            return self._prefix

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        plain = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(plain in network for network in self._trusted)


def relative(path: str, target: str) -> str:
    """An address on this service, relative to the page that is asked for: it holds under every prefix.

    Args:
        path: The path that was asked for, without a prefix, as in "/docs/a".
        target: Where to go, a path of the service that begins with a slash.
    """
    # Never without dots: a first part with a colon would be read as a scheme.
    return ("../" * (path.count("/") - 1) or "./") + target.lstrip("/\\")


def _last(said: dict[bytes, str], name: bytes) -> str:
    """What the nearest proxy wrote, where several did."""
    return said.get(name, "").rpartition(",")[2].strip()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


__all__ = ["Proxy", "parse_networks", "parse_prefix", "relative"]
