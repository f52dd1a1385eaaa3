"""Counts with their nouns, as every text for people tells them: "1 article", "1,200 articles"."""

from __future__ import annotations


def count(n: int, one: str, many: str | None = None) -> str:
    """A number and what it counts.

    Args:
        n: How many.
        one: The noun, or words that begin with it, for one.
        many: The same for every other number; by default ``one`` with an s.
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


__all__ = ["count"]
