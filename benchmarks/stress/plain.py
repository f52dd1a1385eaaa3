"""Damage that any file may have, and damage of texts: the rules that know no structure."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Mutator = Callable[[random.Random, bytes], bytes]

WORDS = "The ferry to Kellmouth sails again on Monday, said Ann Lee. "


def at_random(rng: random.Random, raw: bytes) -> int:
    return rng.randrange(len(raw) + 1)


def put(rng: random.Random, raw: bytes, piece: bytes) -> bytes:
    at = at_random(rng, raw)
    return raw[:at] + piece + raw[at:]


def many(rng: random.Random, *least_and_most: int) -> int:
    return int(2 ** rng.uniform(*(n.bit_length() for n in least_and_most)))


# -- anything ----------------------------------------------------------------------------


def flipped(rng: random.Random, raw: bytes) -> bytes:
    """Some bits are others."""
    out = bytearray(raw)
    for _ in range(min(len(out), many(rng, 1, 60))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def cut(rng: random.Random, raw: bytes) -> bytes:
    """It ends too early, or begins too late."""
    at = at_random(rng, raw)
    return raw[:at] if rng.random() < 0.8 else raw[at:]


def holed(rng: random.Random, raw: bytes) -> bytes:
    """A part is missing, or twice there."""
    a, b = sorted((at_random(rng, raw), at_random(rng, raw)))
    return raw[:a] + raw[b:] if rng.random() < 0.5 else raw[:b] + raw[a:b] + raw[b:]


def noised(rng: random.Random, raw: bytes) -> bytes:
    """Random bytes in between."""
    return put(rng, raw, rng.randbytes(many(rng, 1, 4000)))


def repeated(rng: random.Random, raw: bytes) -> bytes:
    """A short part many times."""
    at = at_random(rng, raw)
    piece = raw[at : at + many(rng, 1, 200)]
    return raw[:at] + piece * min(many(rng, 2, 50_000), 2_000_000 // (len(piece) + 1)) + raw[at:]


def nulled(rng: random.Random, raw: bytes) -> bytes:
    """Zeros, or one byte over and over."""
    return put(rng, raw, bytes([rng.choice((0, 0, 255, 32, 10, 34, 60, 123, 91, 40))]) * many(rng, 1, 1_000_000))


ANY: list[Mutator] = [flipped, cut, holed, noised, repeated, nulled]


# -- text ---------------------------------------------------------------------------------


def long_line(rng: random.Random, raw: bytes) -> bytes:
    """A line without end, at the beginning or within."""
    piece = WORDS.encode() * many(rng, 100, 40_000)
    return piece + raw if rng.random() < 0.5 else put(rng, raw, piece)


def shuffled(rng: random.Random, raw: bytes) -> bytes:
    """Lines in another order."""
    lines = raw.split(b"\n")
    rng.shuffle(lines)
    return b"\n".join(lines)


def encoded(rng: random.Random, raw: bytes) -> bytes:
    """Another encoding, or two in one file."""
    text = raw.decode("utf-8", "replace")
    name = rng.choice(("utf-16", "utf-16-le", "utf-32", "cp1251", "latin-1", "utf-7", "gb18030", "shift_jis", "cp037"))
    other = text.encode(name, "replace")
    return other if rng.random() < 0.6 else raw + other


def odd_characters(rng: random.Random, raw: bytes) -> bytes:
    """Characters that turn, join, hide or are none."""
    odd = "\u202e\u200d\ufeff\u0000\ufffe\u2028\u0085\u0301\U000e0041\U0001f468\u200f\x1a\x1b[2J\x0c\x0b"
    return put(rng, raw, "".join(rng.choices(odd, k=many(rng, 1, 5000))).encode("utf-8", "surrogatepass"))


def half_characters(rng: random.Random, raw: bytes) -> bytes:
    """Bytes that are no UTF-8: halves of pairs, too long forms, beginnings without an end."""
    return put(
        rng, raw, rng.choice((b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xc0\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x82"))
    )


def other_ends(rng: random.Random, raw: bytes) -> bytes:
    """Other ends of lines."""
    return raw.replace(b"\n", rng.choice((b"\r", b"\r\n", b"\n\n\n", b"\x0b", b"\xe2\x80\xa8", b"")))


def digits(rng: random.Random, raw: bytes) -> bytes:
    """A number becomes another: huge, negative, none."""
    new = rng.choice(
        (b"0", b"-1", b"4294967295", b"9" * 30, b"9" * 5000, b"1e999", b"NaN", b"2147483648", b"", b"\xd9\xa3")
    )
    found = list(re.finditer(rb"\d+", raw[:200_000]))
    if not found:
        return raw
    for one in sorted(rng.sample(found, min(len(found), rng.choice((1, 1, 3)))), key=lambda m: -m.start()):
        raw = raw[: one.start()] + new + raw[one.end() :]
    return raw


TEXT: list[Mutator] = [long_line, shuffled, encoded, odd_characters, half_characters, other_ends, digits]
