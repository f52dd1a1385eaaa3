"""Which addresses may be fetched: public web servers, and internal ones that a setting names.

A name is looked up once. Its addresses are checked here, and the connection is made to the address that was checked
(``rag/sources/connection.py``), so that a name that changes its mind in between reaches nothing. Every request goes
through the guard: pages, feeds, robots.txt, sitemaps, and each step of a redirect.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

from rag.errors import AddressRefused, FetchError, UsageError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Sequence[str]]
"""(host, port) → its addresses as text. Raises OSError where the name is unknown."""

_WEB_PORTS = {"http": 80, "https": 443}
_PUBLIC_6 = IPv6Network("2000::/3")
"""The only part of IPv6 that has been given out (RFC 4291, IANA)."""
_NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as networks without IPv4 write them (RFC 6052)."""
_SPECIAL: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
)  # fmt: skip
"""Ranges of the IANA special-purpose registries within what else counts as public; Python's lists differ by version."""


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of a name, as the operating system knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def public(address: Address) -> bool:
    """Whether an address is one of the public internet."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _PUBLIC_6:
            return False
    special = (
        address.is_private, address.is_loopback, address.is_link_local, address.is_multicast, address.is_reserved,
        address.is_unspecified,
    )  # fmt: skip
    return not any(special) and not any(address in net for net in _SPECIAL if net.version == address.version)


@dataclass(frozen=True)
class Rules:
    """What is allowed beside public addresses at the usual ports. Settings make them, never a request."""

    ports: frozenset[int] = frozenset(_WEB_PORTS.values())
    hosts: frozenset[str] = frozenset()
    """Names, lower case, that may stand for internal addresses."""
    networks: tuple[Network, ...] = ()
    """Internal ranges that may be reached by any name."""

    @classmethod
    def of(cls, allow: Iterable[str] = (), ports: Iterable[int] = _WEB_PORTS.values()) -> Rules:
        """Rules of settings.

        Args:
            allow: Internal hosts, addresses and ranges: "intranet.example", "10.1.2.3", "10.0.0.0/8".
            ports: All ports that may be connected to.

        Raises:
            UsageError: An entry is neither a range nor a name.
        """
        hosts: set[str] = set()
        networks: list[Network] = []
        for entry in allow:
            text = entry.strip()
            try:
                networks.append(ipaddress.ip_network(text.strip("[]"), strict=False))
            except ValueError:
                if not re.fullmatch(r"[\w-]+(?:\.[\w-]+)*\.?", text):
                    raise UsageError(
                        f"fetch_allow: {entry!r} is neither a host's name nor a range. Write it as 10.0.0.0/8 or "
                        "intranet.example."
                    ) from None
                hosts.add(_name(text))
        return cls(frozenset(ports), frozenset(hosts), tuple(networks))


def _name(host: str) -> str:
    return host.casefold().rstrip(".")


class Guard:
    """Checks addresses, and gives those that may be connected to."""

    def __init__(self, rules: Rules | None = None, resolve: Resolve = system_resolver) -> None:
        """Take what is allowed, and what looks names up."""
        self.rules = rules if rules is not None else Rules()
        self._resolve = resolve

    def check_url(self, url: str) -> None:
        """Check what an address says by itself; nothing is looked up.

        Raises:
            AddressRefused: It is no web address, has a name and password in it, or names a port that is not allowed.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise AddressRefused(f"{shown(url)} is not a web address.") from None
        if parts.scheme.lower() not in _WEB_PORTS:
            raise AddressRefused(f"{shown(url)} is not fetched: only http and https addresses are.")
        if not host or re.search(r"[\x00-\x20\x7f\\]", url):
            raise AddressRefused(f"{shown(url)} is not a web address.")
        if parts.username is not None or parts.password is not None:
            raise AddressRefused(
                f"{shown(url)} is not fetched: it has a name or password in it. Keep them in the environment or the "
                "keyring (docs/sources.md)."
            )
        self._check_port(host, port or _WEB_PORTS[parts.scheme.lower()])

    def _check_port(self, host: str, port: int) -> None:
        if port not in self.rules.ports:
            raise AddressRefused(
                f"{host} is not asked at port {port}. Ports that may be used are named by the setting fetch_ports."
            )

    def addresses(self, host: str, port: int) -> list[str]:
        """Look a name up, once.

        Args:
            host: A name, or an address in any spelling.
            port: Where a connection is wanted.

        Returns:
            Addresses to connect to, as text, in the resolver's order.

        Raises:
            AddressRefused: One of its addresses is neither public nor allowed by a setting, or the port isn't.
            FetchError: The name is unknown.
        """
        self._check_port(host, port)
        try:
            told = self._resolve(host, port)
        except (OSError, UnicodeError):
            raise FetchError(f"there is no host {host}, or its name can't be looked up now", again=True) from None
        found = [_plain(ipaddress.ip_address(text.partition("%")[0])) for text in told]
        if not found:
            raise FetchError(f"the host {host} has no address", again=True)
        for address in found:
            if not self._allowed(host, address):
                raise AddressRefused(
                    f"{host} is not fetched: it leads to {address}, which is not a public address. Internal hosts and "
                    "ranges are allowed by the setting fetch_allow."
                )
        return [str(address) for address in dict.fromkeys(found)]

    def internal(self, host: str) -> bool:
        """Whether a setting names this very host."""
        try:
            address = _plain(ipaddress.ip_address(host.strip("[]")))
        except ValueError:
            return _name(host) in self.rules.hosts
        return any(address in net for net in self.rules.networks if net.version == address.version)

    def _allowed(self, host: str, address: Address) -> bool:
        if public(address) or _name(host) in self.rules.hosts:
            return True
        return any(address in net for net in self.rules.networks if net.version == address.version)


def _plain(address: Address) -> Address:
    """An IPv4 address that is written as an IPv6 one, as itself."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped if mapped is not None else address


def shown(url: str) -> str:
    """An address as it may be told: without a name and password in it, on one line, not endless."""
    line = re.sub(r"(?<=//)[^/?#@]*@", "", " ".join(url.split()))
    return line if len(line) <= 200 else line[:199] + "…"


__all__ = ["Guard", "Resolve", "Rules", "public", "shown", "system_resolver"]
