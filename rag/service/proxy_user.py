"""Users whom a trusted proxy has signed in and names in a header."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from rag.service.asgi import client_address

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from rag.service.access import Access


class ProxyUser:
    """The middleware that reads the headers, from trusted proxies only, and takes them off every request.

    It stands before what rewrites the address of who asks by X-Forwarded-For.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        """Take the application, and who knows the headers' names and the proxies."""
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with the user that the proxy names as ``scope["state"]["proxy_user"]``."""
        if scope["type"] in ("http", "websocket") and self.access.user_header:
            names = [n.lower().encode() for n in (self.access.user_header, self.access.role_header) if n]
            said: dict[bytes, list[str]] = {}
            for name, value in scope["headers"]:
                if name in names:
                    said.setdefault(name, []).append(value.decode("utf-8", "replace").strip())
            scope = {**scope, "headers": [(n, v) for n, v in scope["headers"] if n not in names]}
            user, *more = said.get(names[0], [""])
            # Two of them: one may be the browser's own.
            if user and not more and _inside(client_address(scope), self.access.proxies):
                scope.setdefault("state", {})["proxy_user"] = self.access.from_proxy(user, said.get(names[-1], []))
        await self.app(scope, receive, send)


def _inside(address: str, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    plain = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(plain in network for network in networks)


__all__ = ["ProxyUser"]
