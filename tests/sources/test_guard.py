"""The guard: every kind of address that is not public is refused before a byte is sent, however it is come by."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources.site import Answer, Site

from rag.errors import AddressRefused, FetchError, UsageError
from rag.sources.guard import Guard, Rules, public, shown

INTERNAL = {
    "loopback": "127.0.0.1",
    "loopback, another": "127.8.9.10",
    "this network": "0.0.0.0",
    "private, large": "10.1.2.3",
    "private, middle": "172.20.0.1",
    "private, small": "192.168.1.1",
    "shared by carriers": "100.64.3.4",
    "link-local": "169.254.10.10",
    "protocol assignments": "192.0.0.8",
    "documentation": "192.0.2.10",
    "benchmarking": "198.18.0.1",
    "multicast": "224.0.0.251",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "IPv6 link-local": "fe80::1",
    "IPv6 link-local with its zone": "fe80::1%2",
    "IPv6 unique local": "fd00::1234",
    "IPv6 site-local": "fec0::1",
    "IPv6 multicast": "ff02::1",
    "IPv6 documentation": "2001:db8::1",
    "IPv4 mapped": "::ffff:127.0.0.1",
    "IPv4 mapped, private": "::ffff:10.0.0.1",
    "IPv4 compatible": "::127.0.0.1",
    "IPv4 by NAT64": "64:ff9b::7f00:1",
    "IPv4 by 6to4": "2002:7f00:1::",
    "IPv4 by Teredo": "2001:0:7f00:1::1",
}
"""A harmless address of each kind that is refused."""


@pytest.mark.parametrize("address", INTERNAL.values(), ids=INTERNAL.keys())
def test_each_kind_is_refused_before_a_byte_is_sent(site: Site, address: str) -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        return [address] if host == "news.example" else ["127.0.0.1"]

    refused = pytest.raises(AddressRefused, match=r"not a public address.*fetch_allow")
    with site.fetcher(resolve, rules=Rules.of([], [site.port])) as fetcher, refused:
        fetcher.get(f"http://news.example:{site.port}/")
    assert site.connections == 0


@pytest.mark.parametrize(
    "spelling",
    ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost",
     "127.0.0.1."],
)  # fmt: skip
def test_spellings_of_this_machine_are_refused(site: Site, spelling: str) -> None:
    with site.fetcher(rules=Rules.of([], [site.port])) as fetcher, pytest.raises(FetchError):
        fetcher.get(f"http://{spelling}:{site.port}/")
    assert site.connections == 0


def test_one_internal_address_among_public_ones_is_enough() -> None:
    guard = Guard(Rules(), lambda host, port: ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        guard.addresses("news.example", 443)


def test_a_name_is_looked_up_once_and_the_checked_address_is_used(site: Site) -> None:
    """A name that leads elsewhere the second time reaches nothing by it."""
    site.pages["/robots.txt"] = Answer("", 404)
    site.pages["/"] = Answer("<p>here</p>", headers={"Connection": "close"})
    told = iter([["127.0.0.1"], ["127.0.0.1"], ["10.0.0.1"]])
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return next(told)

    with site.fetcher(resolve, rules=Rules.of(["127.0.0.1"], [site.port])) as fetcher:
        assert fetcher.get(f"http://news.example:{site.port}/").body == b"<p>here</p>"
        looked_up = len(asked)
        assert looked_up == site.connections, "one look-up for each connection"
        assert dict(site.requests[-1][1])["host"] == f"news.example:{site.port}"


def test_a_redirect_to_an_internal_address_is_refused(site: Site) -> None:
    site.pages["/page"] = Answer("", 302, headers={"Location": f"http://inner.example:{site.port}/secret"})

    def resolve(host: str, port: int) -> Sequence[str]:
        return ["10.9.9.9"] if host == "inner.example" else ["127.0.0.1"]

    refused = pytest.raises(AddressRefused, match=r"10\.9\.9\.9")
    with site.fetcher(resolve, rules=Rules.of(["127.0.0.1"], [site.port])) as fetcher, refused:
        fetcher.get(f"http://news.example:{site.port}/page")
    assert [path for path, _ in site.requests] == ["/robots.txt", "/page"]


@pytest.mark.parametrize(
    "target", ["file:///etc/hostname", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "//127.0.0.1:1/", "data:text/html,x"]
)
def test_a_redirect_to_another_scheme_or_port_is_refused(site: Site, target: str) -> None:
    site.pages["/page"] = Answer("", 302, headers={"Location": target})
    with site.fetcher() as fetcher, pytest.raises(FetchError):
        fetcher.get(f"{site.url}/page")
    assert site.asked() == ["/page"]


def test_robots_txt_goes_through_the_guard_too(site: Site) -> None:
    site.pages["/robots.txt"] = Answer("", 301, headers={"Location": f"http://inner.example:{site.port}/robots.txt"})

    def resolve(host: str, port: int) -> Sequence[str]:
        return ["192.168.7.7"] if host == "inner.example" else ["127.0.0.1"]

    with site.fetcher(resolve) as fetcher, pytest.raises(AddressRefused):
        fetcher.get(f"{site.url}/page")
    assert site.asked() == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://news.example/a", "only http and https"),
        ("file:///etc/hostname", "only http and https"),
        ("news.example/a", "only http and https"),
        ("http://", "not a web address"),
        ("http://[::1/", "not a web address"),
        ("http://ada:secret@news.example/", "name or password"),
        ("http://news.example:8080/", "fetch_ports"),
        ("http://news.example:22/", "fetch_ports"),
        ("http://news.example\\@10.0.0.1/", "not a web address"),
    ],
)
def test_what_an_address_says_by_itself_can_be_enough(url: str, why: str) -> None:
    with pytest.raises(AddressRefused, match=why) as refused:
        Guard().check_url(url)
    assert "secret" not in str(refused.value)


def test_internal_hosts_and_ranges_are_allowed_by_a_setting() -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        return ["10.1.2.3"]

    guard = Guard(Rules.of(["Intranet.Example", "192.168.0.0/24"]), resolve)
    assert guard.addresses("intranet.example", 443) == ["10.1.2.3"]
    with pytest.raises(AddressRefused):
        guard.addresses("other.example", 443)
    ranged = Guard(Rules.of(["10.1.0.0/16"]), resolve)
    assert ranged.addresses("other.example", 443) == ["10.1.2.3"]
    with pytest.raises(UsageError, match="fetch_allow"):
        Rules.of(["http://intranet/"])


@given(st.ip_addresses())
def test_what_python_calls_internal_is_never_public(address: object) -> None:
    address = ip_address(str(address))
    if address.is_private or address.is_loopback or address.is_multicast or address.is_link_local:
        assert not public(address)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_as_what_it_is(address: object) -> None:
    guard = Guard(Rules(), lambda host, port: [f"::ffff:{address}"])
    if public(ip_address(str(address))):
        assert guard.addresses("news.example", 80) == [str(address)]
    else:
        with pytest.raises(AddressRefused):
            guard.addresses("news.example", 80)


def test_what_is_told_of_an_address_holds_no_password_and_one_line() -> None:
    assert shown("http://ada:secret@news.example/\r\nx") == "http://news.example/ x"
