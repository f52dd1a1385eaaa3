"""Files spoilt by rule: a valid one in, one that is wrong in one to three ways out; the same for the same seed.

Where a format has structure, the structure is spoilt (values of JSON, elements of XML and HTML, cells of tables, parts
of letters, files of ZIPs, objects of PDFs), so that the damage gets past the first check of a parser.
"""

from __future__ import annotations

import io
import json
import random
import re
import struct
import zipfile
import zlib
from typing import Any

from benchmarks.stress.plain import ANY, TEXT, WORDS, Mutator, at_random, digits, flipped, holed, many, put


def spoilt(rng: random.Random, raw: bytes, ending: str) -> bytes:
    """A file with one to three kinds of damage.

    Args:
        rng: Decides.
        raw: A valid file.
        ending: Of its name, which tells tables from texts.
    """
    kinds = _kinds(raw, ending)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        mutators = rng.choice(kinds) if rng.random() < 0.75 else ANY
        raw = rng.choice(mutators)(rng, raw)
        if len(raw) > 6_000_000:
            break
    return raw


def _kinds(raw: bytes, ending: str) -> list[list[Mutator]]:
    head = raw.lstrip()[:200]
    if raw.startswith(b"PK\x03\x04"):
        return [ZIPS]
    if raw.startswith((b"%PDF", b"PAR1", b"\x1f\x8b")):
        return [OBJECTS]
    if head.startswith((b"{\\rtf",)):
        return [RTF, TEXT]
    if head.startswith((b"{", b"[")):
        return [JSON, JSON, TEXT]
    if head.startswith(b"<"):
        return [MARKUP, MARKUP, TEXT]
    if ending in (".csv", ".tsv"):
        return [TABLE, TABLE, TEXT]
    if ending in (".eml", ".mbox", ".mhtml", ".warc"):
        return [MAIL, MAIL, MARKUP, TEXT]
    if ending in (".md", ".markdown"):
        return [MARKDOWN, MARKDOWN, TEXT]
    return [TEXT]


# -- JSON ---------------------------------------------------------------------------------


def _odd_value(rng: random.Random) -> Any:
    return rng.choice((
        None, True, -1, 10**400, 1e308, float("nan"), float("inf"), "", " ", "\ud800", "x\udfffy", "\x00", "a" * 100_000,
        [], {}, [[]], [None], {"a": {"b": {"c": "d"}}}, [1, "two", None], "<p>x</p>" * 500, "9999-99-99", "0000-00-00",
        "2024-13-45T99:99:99Z", "https://", "http://[", "javascript:1", "//", "https://a.example:99999999/", {"": ""},
        253402300800, -62135596801, 10**18, "-1", "31 February", ["https://k.example/"] * 300, {str(n): n for n in range(500)},
    ))  # fmt: skip


def _places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        found.append((value, key))
        _places(inner, found)
    return found


def _nested(rng: random.Random) -> str:
    depth = many(rng, 100, 100_000)
    opening, inner, closing = rng.choice((("[", "1", "]"), ('{"a":', "1", "}"), ('{"articles":[', "", "]}")))
    return opening * depth + inner + closing * rng.choice((depth, 0))


def json_values(rng: random.Random, raw: bytes) -> bytes:
    """Values of other kinds, names that change or go, objects within others."""
    lines = raw.split(b"\n") if raw.count(b"\n{") else [raw]
    at = rng.randrange(len(lines))
    try:
        value = json.loads(lines[at])
    except (ValueError, RecursionError):
        return flipped(rng, raw)
    places = _places(value, [])
    for _ in range(min(len(places), rng.choice((1, 1, 2, 5)))):
        holder, key = rng.choice(places)
        try:
            what = rng.random()
            if what < 0.6:
                holder[key] = _odd_value(rng)
            elif what < 0.8:
                del holder[key]
            elif isinstance(holder, dict):
                holder[str(_odd_value(rng))[:200]] = holder.pop(key)
            else:
                holder.extend([holder[key]] * many(rng, 1, 2000))
        except (KeyError, IndexError):
            continue
    lines[at] = json.dumps(value, ensure_ascii=True).encode("ascii", "replace")
    return b"\n".join(lines)


def json_nested(rng: random.Random, raw: bytes) -> bytes:
    """Brackets in brackets, as the file or as one of its values."""
    deep = _nested(rng).encode()
    found = list(re.finditer(rb'"[^"\\]*"(?=\s*[,}])', raw[:100_000]))
    if not found or rng.random() < 0.3:
        return deep
    one = rng.choice(found)
    return raw[: one.start()] + deep + raw[one.end() :]


def json_many(rng: random.Random, raw: bytes) -> bytes:
    """Very many tiny entries."""
    piece = rng.choice((b"{}", b"[]", b"1", b'""', b'{"text":"x"}', b"null"))
    return b"[" + b",".join([piece] * many(rng, 1000, 10_000)) + (b"]" if rng.random() < 0.8 else b"")


def json_surrogates(rng: random.Random, raw: bytes) -> bytes:
    """Halves of pairs, escaped."""
    half = rng.choice((b"\\ud800", b"\\udfff", b"\\udc80", b"\\ud83d", b"\\u0000", b"\\uffff"))
    found = [m.end() - 1 for m in re.finditer(rb'"[^"\\]*"', raw[:100_000])]
    for at in sorted(rng.sample(found, min(len(found), rng.choice((1, 5, 50)))), reverse=True):
        raw = raw[:at] + half + raw[at:]
    return raw


JSON: list[Mutator] = [json_values, json_values, json_values, json_nested, json_many, json_surrogates]


# -- XML and HTML -------------------------------------------------------------------------


def _tags(raw: bytes) -> list[re.Match[bytes]]:
    return list(re.finditer(rb"<(/?)([A-Za-z][\w:.-]*)([^<>]*)>", raw[:300_000]))


def markup_nested(rng: random.Random, raw: bytes) -> bytes:
    """Elements in elements."""
    tags = _tags(raw)
    name = rng.choice(
        (b"div", b"p", b"b", b"table", b"tr", b"ul", b"font", b"blockquote", tags[0][2] if tags else b"x")
    )
    depth = many(rng, 100, 60_000)
    piece = (b"<" + name + b">") * depth + b"x" + (b"</" + name + b">") * rng.choice((depth, 0))
    at = rng.choice(tags).end() if tags else at_random(rng, raw)
    return raw[:at] + piece + raw[at:]


def markup_tags(rng: random.Random, raw: bytes) -> bytes:
    """Tags that are missing, twice there, another's, or another kind of thing."""
    for _ in range(rng.choice((1, 1, 3, 10))):
        tags = _tags(raw)
        if not tags:
            return raw
        one, other = rng.choice(tags), rng.choice(tags)
        new = rng.choice(
            (b"", one[0] * 2, other[0], b"<" + one[2], b"<!--", b"<![CDATA[", b"<?x", one[0] + b"</", b"]]>")
        )
        raw = raw[: one.start()] + new + raw[one.end() :]
    return raw


def markup_attributes(rng: random.Random, raw: bytes) -> bytes:
    """Attributes: many, long, empty, of other values."""
    tags = [t for t in _tags(raw) if not t[1]]
    if not tags:
        return raw
    one = rng.choice(tags)
    values = re.sub(
        rb'="[^"]*"', b'="' + str(_odd_value(rng)).encode("utf-8", "replace")[:5000].replace(b'"', b"") + b'"', one[3]
    )
    more = b"".join(b' a%d="%d"' % (n, n) for n in range(rng.choice((0, 0, 1, 20_000))))
    return raw[: one.start()] + b"<" + one[2] + values + more + b">" + raw[one.end() :]


def markup_text(rng: random.Random, raw: bytes) -> bytes:
    """The words of an element become odd ones: dates that are none, references to characters, much of something."""
    found = list(re.finditer(rb">[^<>]+<", raw[:300_000]))
    if not found:
        return raw
    one = rng.choice(found)
    new = rng.choice((
        b"", b"&#xd800;", b"&#0;&#x110000;", b"&nosuch;", b"&amp;" * 50_000, b"2024-99-99", b"9" * 5000, b"\x00\x01",
        b"<![CDATA[" + b"x" * 10_000, WORDS.encode() * 5000, b"&lt;p&gt;" * 5000, b"\xef\xbf\xbf",
    ))  # fmt: skip
    return raw[: one.start() + 1] + new + raw[one.end() - 1 :]


def markup_entities(rng: random.Random, raw: bytes) -> bytes:
    """Declared entities: in each other, from a file."""
    if rng.random() < 0.5:
        told = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 8}">' for n in range(1, rng.choice((3, 6, 9))))
        piece, use = f'<!DOCTYPE x [<!ENTITY e0 "ha">{told}]>'.encode(), b"&e2;"
    else:
        piece, use = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>', b"&e;"
    head = re.match(rb"\s*<\?xml[^>]*\?>", raw)
    at = head.end() if head else 0
    tags = _tags(raw[at:])
    inner = at + (rng.choice(tags).end() if tags else 0)
    return raw[:at] + piece + raw[at:inner] + use + raw[inner:]


def markup_many(rng: random.Random, raw: bytes) -> bytes:
    """One element very many times."""
    found = list(re.finditer(rb"<([A-Za-z][\w:.-]*)[^<>]*>[^<>]*</\1>", raw[:300_000]))
    if not found:
        return raw
    one = rng.choice(found)
    return raw[: one.end()] + one[0] * min(many(rng, 10, 100_000), 3_000_000 // len(one[0])) + raw[one.end() :]


MARKUP: list[Mutator] = [
    markup_nested,
    markup_tags,
    markup_tags,
    markup_attributes,
    markup_text,
    markup_entities,
    markup_many,
]


# -- tables ---------------------------------------------------------------------------------


def table_cells(rng: random.Random, raw: bytes) -> bytes:
    """Quotes and delimiters where none should be, columns that are missing, many, or without a name."""
    lines = raw.split(b"\n")
    at = rng.randrange(len(lines))
    odd = str(_odd_value(rng)).encode("utf-8", "replace")[:20_000].replace(b"\n", b" ")
    cells = re.split(rb"([,\t;])", lines[at])
    spot = rng.randrange(len(cells))
    what = rng.randrange(7)
    if what == 0:
        cells[spot] = odd
    elif what == 1:
        cells[spot] = b'"' + cells[spot]
    elif what == 2:
        cells[spot] += b'"'
    elif what == 3:
        cells.insert(spot, rng.choice((b",", b"\t", b";", b"|")) * many(rng, 1, 50_000))
    elif what == 4:
        del cells[spot:]
    elif what == 5:
        cells[spot] = b'"' + b'""' * many(rng, 1, 100_000)
    else:
        lines[at] = b""
        return b"\n".join(lines)
    lines[at] = b"".join(cells)
    return b"\n".join(lines)


def table_rows(rng: random.Random, raw: bytes) -> bytes:
    """Very many rows: empty ones, tiny ones, those there were; or none below the names."""
    head, _, rest = raw.partition(b"\n")
    row = rng.choice((b"", b",", b"\t\t", b'""', b"x", rest.split(b"\n")[0]))
    return (
        rng.choice((head, head + b"\n" + rest))
        + b"\n"
        + (row + b"\n") * min(many(rng, 1, 10_000), 3_000_000 // (len(row) + 1))
    )


TABLE: list[Mutator] = [table_cells, table_cells, table_cells, table_rows]


# -- letters and web archives -----------------------------------------------------------------


def mail_heads(rng: random.Random, raw: bytes) -> bytes:
    """Header lines that are long, folded, encoded, twice there, without an end."""
    lines = raw.split(b"\n")
    at = rng.randrange(min(len(lines), 12))
    name = lines[at].partition(b":")[0] or b"Subject"
    lines[at : at + rng.choice((0, 1))] = [rng.choice((
        name + b": " + b"x" * 200_000, name + b": " + b"\n ".join([b"folded"] * 20_000), name + b":", b":", name,
        name + b": =?utf-8?b?" + b"A" * 5001 + b"?=", name + b": =?no-such?q?=FF=?=", name + b": =?utf-8?q?=ED=A0=80?=",
        b"Content-Type: multipart/mixed; boundary=", b"Content-Type: text/html; charset=no-such",
        b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: x-uuencode", b"Content-Length: -5",
        b"Content-Length: 99999999999", b"Content-Type: message/rfc822", b"Date: Tue, 99 Foo 99999 99:99:99 +9999",
        b"Content-Type: multipart/mixed; boundary=\"" + b"y" * 5000 + b"\"", b"From: " + b"<" * 20_000,
        b"From: " + b"(" * 3000 + b" a@b.example", b"List-Post: <" + b"https://" * 2000, b"Content-Encoding: gzip",
    ))]  # fmt: skip
    return b"\n".join(lines)


def mail_nested(rng: random.Random, raw: bytes) -> bytes:
    """Parts in parts, or very many of them."""
    depth = many(rng, 10, 3000)
    if rng.random() < 0.5:
        parts = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
    else:
        parts = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: text/plain\n\nx\n" * depth
    head = re.sub(rb"(?im)^content-type:.*\n(?:[ \t].*\n)*", b"", raw.partition(b"\n\n")[0] + b"\n")
    return head + parts + b"Content-Type: text/plain\n\n" + WORDS.encode()


MAIL: list[Mutator] = [mail_heads, mail_heads, mail_nested]


# -- Markdown, RTF -----------------------------------------------------------------------------


def markdown_deep(rng: random.Random, raw: bytes) -> bytes:
    """Quotes in quotes, lists in lists, brackets, stars and underscores without an end."""
    piece = rng.choice(
        (b"> ", b"- ", b"[", b"![", b"*", b"_", b"**a ", b"`", b"<", b"](", b"\\", b"| a ", b"~", b"&", b"    ", b"1. ")
    )
    return put(rng, raw, b"\n" + piece * min(many(rng, 10, 100_000), 200_000 // len(piece)) + rng.choice((b"", b"x\n")))


def markdown_front(rng: random.Random, raw: bytes) -> bytes:
    """Fields in front that are odd: other kinds, anchors in anchors, tags, broken."""
    body = raw.partition(b"\n---\n")[2] or raw
    odd = json.dumps(_odd_value(rng)).encode("ascii", "replace")[:3000]
    front = rng.choice((
        b"title: " + odd, b"date: " + odd, b"aliases: " + odd, b"url: " + odd, odd, b"? " + odd, b"title: !!python/name:os.system",
        b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 9)),
        b"title: " + b"[" * 5000, b"title: " + b"{a: " * 3000, b"a: &a [*a]\ntitle: *a", b"date: 9999-12-31T23:59:59+99:99",
        b"date: 0001-01-01 00:00:00 +1400", b"title: \"\\ud800\"", b"draft: \"true\"", b"\t", b"title: |\n" + b" x\n" * 20_000,
    ))  # fmt: skip
    return b"---\n" + front + b"\n---\n" + body


MARKDOWN: list[Mutator] = [markdown_deep, markdown_deep, markdown_front]


def rtf_deep(rng: random.Random, raw: bytes) -> bytes:
    """Groups in groups, numbers without bounds, characters that are none."""
    piece = rng.choice(
        (
            b"{",
            b"}",
            b"{\\b ",
            b"\\u-10179?",
            b"\\u99999999999 ?",
            b"\\'zz",
            b"\\bin9999999 ",
            b"\\uc999999 ",
            b"{\\*\\x ",
        )
    )
    return put(rng, raw, piece * min(many(rng, 1, 100_000), 1_000_000 // len(piece)))


RTF: list[Mutator] = [rtf_deep]


# -- ZIP, PDF and other files of objects ---------------------------------------------------------


def zip_member(rng: random.Random, raw: bytes) -> bytes:
    """One file within is spoilt by the rules for what it is."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            files = [(entry, packed.read(entry)) for entry in packed.infolist()]
    except Exception:  # spoilt before
        return flipped(rng, raw)
    if not files:
        return raw
    spot = rng.randrange(len(files))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for n, (entry, content) in enumerate(files):
            new = spoilt(rng, content, "." + entry.filename.rpartition(".")[2]) if n == spot else content
            packed.writestr(entry.filename, new, zipfile.ZIP_STORED if entry.filename == "mimetype" else None)
    return out.getvalue()


def zip_names(rng: random.Random, raw: bytes) -> bytes:
    """Files with odd names, very many of them, or archives in archives."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            files = [(entry.filename, packed.read(entry)) for entry in packed.infolist()]
    except Exception:
        return flipped(rng, raw)
    what = rng.randrange(5)
    if what == 0:
        more = [(f"{n}.txt", b"x") for n in range(many(rng, 100, 20_000))]
    elif what == 1:
        odd = (
            "../../x.txt",
            "/etc/x.txt",
            "C:\\x.txt",
            "a\x00.txt",
            "a" * 5000 + ".txt",
            "\U0001f600.txt",
            "a//b/.txt",
        )
        more = [(rng.choice(odd), WORDS.encode())]
    elif what == 2:
        more = [("deep.zip", raw)]
    elif what == 3:
        more = [("large.txt", b" " * many(rng, 1_000_000, 100_000_000))]
    else:
        files, more = files[: rng.randrange(len(files) + 1)], []
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files + more:
            packed.writestr(zipfile.ZipInfo(name) if name != "mimetype" else name, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def zip_lies(rng: random.Random, raw: bytes) -> bytes:
    """Sizes, offsets, methods and flags that are declared wrongly."""
    out = bytearray(raw)
    marks = [m.start() for m in re.finditer(rb"PK\x01\x02|PK\x03\x04|PK\x05\x06", raw)]
    for _ in range(rng.choice((1, 1, 3))):
        if marks:
            at = rng.choice(marks) + rng.randrange(4, 44)
            value = struct.pack("<I", rng.choice((0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFF, rng.randrange(2**32))))
            width = rng.choice((2, 4))
            out[at : at + width] = value[:width]
    return bytes(out)


ZIPS: list[Mutator] = [zip_member, zip_member, zip_member, zip_names, zip_lies]


def object_streams(rng: random.Random, raw: bytes) -> bytes:
    """The words of a packed stream are spoilt and packed again."""
    found = list(re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", raw, re.DOTALL))
    if not found:
        return digits(rng, raw)
    one = rng.choice(found)
    try:
        inner, packed = zlib.decompress(one[1]), True
    except zlib.error:
        inner, packed = one[1], False
    new = rng.choice((*ANY, digits, object_nested))(rng, inner)
    return raw[: one.start(1)] + (zlib.compress(new) if packed else new) + raw[one.end(1) :]


def object_nested(rng: random.Random, raw: bytes) -> bytes:
    """Brackets in brackets, references to what refers back."""
    depth = many(rng, 100, 50_000)
    return put(
        rng,
        raw,
        rng.choice((b"[" * depth, b"<<" * depth, b"(" * depth, b"q " * depth, b"<</Kids[1 0 R 2 0 R 3 0 R]>>")),
    )


OBJECTS: list[Mutator] = [object_streams, object_streams, digits, digits, object_nested, flipped, holed]


__all__ = ["spoilt"]
