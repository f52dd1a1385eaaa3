"""Bodies of answers, unpacked as they come, never further than their bound: a few bytes can unpack to gigabytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import Any

from rag.errors import FetchError

_PIECE = 65_536
_WINDOW = 1 << 23
"""Bytes of memory that a zstd frame may ask for (RFC 9659)."""


def accepted() -> str:
    """What a request says it can unpack."""
    more = [name for name, module in (("br", "brotli"), ("zstd", "zstandard")) if find_spec(module)]
    return ", ".join(["gzip", "deflate", *more])


def unpacked(chunks: Iterable[bytes], coding: str, largest: int) -> bytes:
    """A body without its content codings.

    Args:
        chunks: The bytes as they were sent.
        coding: The header Content-Encoding.
        largest: Bytes that it may have, packed and unpacked.

    Raises:
        FetchError: It is larger, broken, or packed in a way that is not known.
    """
    names = [name.strip().lower() for name in coding.split(",") if name.strip().lower() not in ("", "identity")]
    if len(names) > 2:
        raise FetchError("the answer is packed more than twice")
    pieces = _bounded(chunks, largest)
    for name in reversed(names):
        if name not in _CODINGS:
            raise FetchError(f"the answer is packed in a way that is not known: {name[:40]}")
        pieces = _bounded(_CODINGS[name](pieces), largest)
    try:
        return b"".join(pieces)
    except _broken() as e:
        raise FetchError(f"the answer is broken: {', '.join(names)} can't be unpacked ({e})"[:200], again=True) from e


def _bounded(pieces: Iterable[bytes], largest: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > largest:
            raise FetchError(f"the answer has more than {largest / 1_000_000:g} MB")
        yield piece


def _inflated(chunks: Iterable[bytes], wbits: int) -> Iterator[bytes]:
    state = zlib.decompressobj(wbits)
    begun = False
    for chunk in chunks:
        rest = chunk
        while rest:
            try:
                piece = state.decompress(rest, _PIECE)
            except zlib.error:
                if begun or wbits != zlib.MAX_WBITS:
                    raise
                state = zlib.decompressobj(-zlib.MAX_WBITS)  # "deflate" without its header, as some servers send it
                piece = state.decompress(rest, _PIECE)
            begun = True
            yield piece
            rest = state.unconsumed_tail
            if state.eof:
                rest = state.unused_data if wbits > zlib.MAX_WBITS and state.unused_data.strip(b"\0") else b""
                if rest:
                    state = zlib.decompressobj(wbits)  # gzip may have several members
    while piece := state.decompress(state.unconsumed_tail, _PIECE) if state.unconsumed_tail else b"":
        yield piece
    if begun and not state.eof:
        raise zlib.error("it ends too early")


def _gzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield from _inflated(chunks, zlib.MAX_WBITS + 16)


def _deflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield from _inflated(chunks, zlib.MAX_WBITS)


def _brotli(chunks: Iterable[bytes]) -> Iterator[bytes]:
    import brotli

    state = brotli.Decompressor()
    for chunk in chunks:
        yield state.process(chunk, output_buffer_limit=_PIECE)
        while not state.can_accept_more_data():
            yield state.process(b"", output_buffer_limit=_PIECE)
    if not state.is_finished():
        raise brotli.error("it ends too early")


class _Reader:
    """Chunks as a file to read from."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = b""

    def read(self, size: int) -> bytes:
        if not self._held:
            self._held = next(self._chunks, b"")
        piece, self._held = self._held[:size], self._held[size:]
        return piece


def _zstd(chunks: Iterable[bytes]) -> Iterator[bytes]:
    import zstandard

    reader: Any = _Reader(chunks)
    unpacking = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    with unpacking.stream_reader(reader, read_size=_PIECE, read_across_frames=True) as stream:
        while piece := stream.read(_PIECE):
            yield piece


_CODINGS = {"gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd}


def _broken() -> tuple[type[Exception], ...]:
    kinds: list[type[Exception]] = [zlib.error]
    if find_spec("brotli"):
        import brotli

        kinds.append(brotli.error)
    if find_spec("zstandard"):
        import zstandard

        kinds.append(zstandard.ZstdError)
    return tuple(kinds)


def gunzipped(raw: bytes, largest: int) -> bytes:
    """A file that is itself gzipped, such as sitemap.xml.gz, unpacked; others as they are.

    Raises:
        FetchError: It unpacks to more than ``largest`` bytes, or is broken.
    """
    return unpacked([raw], "gzip", largest) if raw.startswith(b"\x1f\x8b") else raw


__all__ = ["accepted", "gunzipped", "unpacked"]
