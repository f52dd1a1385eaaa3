"""What a site's robots.txt allows (RFC 9309), by protego."""

from __future__ import annotations

from typing import Any

from rag.extras import require

LARGEST = 512_000
"""Bytes of a robots.txt that are read (RFC 9309 asks for at least 500 KiB)."""


class Robots:
    """The rules of one site."""

    def __init__(self, text: str, agent: str) -> None:
        """Read rules.

        Args:
            text: The file; without any rules everything is allowed.
            agent: The User-Agent; its first word is what rules name.
        """
        require("protego", extra="sources", what="Reading robots.txt")
        from protego import Protego

        self._rules: Any = Protego.parse(text)
        self._agent = agent.split("/")[0].split()[0] if agent.strip() else "*"

    def allows(self, url: str) -> bool:
        """Whether an address may be fetched."""
        return bool(self._rules.can_fetch(url, self._agent))

    @property
    def delay(self) -> float:
        """Seconds that are asked for between two requests; 0 where nothing is said."""
        delay = self._rules.crawl_delay(self._agent)
        rate = self._rules.request_rate(self._agent)
        return max(float(delay or 0), rate.seconds / rate.requests if rate and rate.requests else 0)

    @property
    def sitemaps(self) -> list[str]:
        """Addresses of the site's sitemaps."""
        return [str(url) for url in self._rules.sitemaps]
