"""Bytes to text: which encoding, and whether it is text at all."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from rag.text.counting import count
from rag.text.detect import detect_language


class Decoded(NamedTuple):
    """Text, and a note for the reader when it could not be decoded cleanly."""

    text: str
    encoding: str
    note: str = ""


_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"PK\x03\x04", b"PK\x05\x06", b"%PDF-", b"\x1f\x8b",
    b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\xd0\xcf\x11\xe0", b"SQLite format 3", b"\x28\xb5\x2f\xfd",
    b"OggS", b"fLaC", b"ID3", b"\x00\x00\x01\x00", b"\xca\xfe\xba\xbe", b"wOFF", b"wOF2", b"OTTO", b"II*\x00",
)  # fmt: skip
_GUESSES = [
    "cp1252", "cp1254", "cp1250", "cp1251", "cp1253", "cp1255", "cp1256", "cp1257", "koi8_r",
    "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr",
]  # fmt: skip
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\x80-\x84\x86-\x9f\ufffd]")
_SAMPLE = 65_536


def decode(raw: bytes) -> Decoded | None:
    """Decode the bytes of a text file.

    A byte order mark decides; else strict UTF-8; else UTF-16 by where its NULs
    stand; else, line by line, UTF-8 where it fits and the likeliest one-byte or
    Asian encoding elsewhere.

    Returns:
        None when this is not text: a known binary signature, NULs, or many
        control or undecodable characters.
    """
    encoding = sniff(raw[:_SAMPLE])
    if encoding is None:
        return None
    if encoding != "mixed":
        try:
            decoded = Decoded(raw.decode(encoding), encoding)
        except UnicodeDecodeError:
            decoded = _by_line(raw) if encoding.startswith("utf-8") else _replaced(raw, encoding)
    else:
        decoded = _by_line(raw)
    return None if _garbage(decoded.text) else decoded


def sniff(head: bytes) -> str | None:
    """Guess the encoding from the first bytes (64 KiB are plenty) of a file.

    Returns:
        A codec's name, "mixed" when no single one fits, None for binary data.
    """
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    if head.startswith(_SIGNATURES):
        return None
    if b"\x00" in head:
        return _utf16(head)
    if _is_utf8(head):
        return None if _garbage(head.decode("utf-8", "ignore")) else "utf-8"
    good = [line for line in head.split(b"\n") if not line.isascii() and _is_utf8(line)]
    return "mixed" if good else guess(head)


def guess(raw: bytes) -> str:
    """The likeliest encoding of bytes that are not Unicode; cp1252 when nothing fits."""
    from charset_normalizer import from_bytes

    sample = raw[:_SAMPLE]
    best = from_bytes(sample, cp_isolation=_GUESSES).best()
    name = best.encoding if best is not None else "cp1252"
    if name not in _LATIN:
        return name
    # These differ in a few letters only, which statistics of bytes get wrong; words don't.
    for other, languages in _LATIN.items():
        if languages and detect_language(sample.decode(other, "replace")) in languages:
            return other
    return "cp1252"


_LATIN: dict[str, tuple[str, ...]] = {
    "cp1252": (),
    "cp1254": ("tr",),
    "cp1250": ("pl", "cs", "hu", "ro"),
    "cp1257": (),
}


def _is_utf8(raw: bytes) -> bool:
    """Strict UTF-8, but for a character cut off at the very end."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(raw)
    except UnicodeDecodeError:
        return False
    return True


def _utf16(head: bytes) -> str | None:
    """UTF-16 without a byte order mark: its NULs stand on one side only."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) / 2
    if odd > 20 * even and odd > half / 20:
        name = "utf-16-le"
    elif even > 20 * odd and even > half / 20:
        name = "utf-16-be"
    else:
        return None
    text = head[: len(head) // 2 * 2].decode(name, "replace")
    return None if _garbage(text) else name


def _replaced(raw: bytes, encoding: str) -> Decoded:
    text = raw.decode(encoding, "replace")
    lost = text.count("\ufffd")
    return Decoded(
        text,
        encoding,
        f"{count(lost, 'character')} could not be decoded as {encoding}" if lost else "",
    )


def _by_line(raw: bytes) -> Decoded:
    """Each line as UTF-8 where it is, else as what the other lines are together."""
    lines = raw.split(b"\n")
    bad = [line for line in lines if not _is_strict(line)]
    other = guess(b"\n".join(bad))
    text = "\n".join(line.decode("utf-8") if _is_strict(line) else line.decode(other, "replace") for line in lines)
    note = f"mixed encodings: {len(bad):,} of {count(len(lines), 'line')} read as {other}, the others as utf-8"
    return Decoded(text, "mixed", note)


def _is_strict(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _garbage(text: str) -> bool:
    """Whether more than 1 in 20 characters is a control or an undecodable one."""
    sample = text[:_SAMPLE]
    return len(_CONTROL.findall(sample)) > len(sample) / 20
