"""How fast exports of many articles are read, and in how much memory: a generated file of each form, each in a process.

    python -m benchmarks.forms --articles 10000
    python -m benchmarks.forms --only mbox warc --articles 200000

Read is what an ingest reads up to cleaning; the seconds are those of the processor, so that neighbours don't count. The growth is of the peak of memory between a tenth of the articles and all
of them: a form that streams grows by no more than what a reader's own buffers take.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from rag.ingest.load import find
from rag.ingest.preview import name_of
from rag.types import RawArticle

SENTENCE = "The council of Kellmouth said on Tuesday that the harbour bridge will be closed to lorries from June {n}. "
PARAGRAPHS = 6
TITLE = "Bridge closed to lorries {n}"


def _text(n: int) -> list[str]:
    return [SENTENCE.format(n=n * 10 + p) * 4 for p in range(PARAGRAPHS)]


def _plain(n: int) -> str:
    return "\n\n".join(_text(n))


def _html(n: int) -> str:
    return "".join(f"<p>{p}</p>" for p in _text(n))


class Made(NamedTuple):
    """How a file of a form is made: what stands around its articles, and each of them by number, from 1."""

    ending: str
    head: str
    article: Callable[[int], str]
    tail: str = ""


def _json_row(n: int) -> str:
    row = {"title": TITLE.format(n=n), "text": _plain(n), "url": f"https://k.example/{n}", "date": "2024-03-05"}
    return json.dumps(row)


def _ninjs(n: int) -> str:
    row = {"uri": f"tag:coast:{n}", "type": "text", "versioncreated": "2024-03-05T09:30:00Z", "body_xhtml": _html(n),
           "headline": TITLE.format(n=n), "pubstatus": "usable"}  # fmt: skip
    return json.dumps(row)


def _ghost(n: int) -> str:
    row = {"id": str(n), "title": TITLE.format(n=n), "html": _html(n), "type": "post", "status": "published",
           "published_at": "2024-03-05T08:30:00Z"}  # fmt: skip
    return ("," if n > 1 else "") + json.dumps(row)


def _warc(n: int) -> str:
    page = (f"<html><head><title>{TITLE.format(n=n)}</title></head><body><article><h1>{TITLE.format(n=n)}</h1>{_html(n)}"
            "</article></body></html>")  # fmt: skip
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{page}"
    return (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{n}>\r\nWARC-Date: 2024-03-09T00:00:00Z\r\n"
        f"WARC-Target-URI: https://k.example/{n}\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(answer)}\r\n\r\n{answer}\r\n\r\n"
    )


def _wet(n: int) -> str:
    text = f"{TITLE.format(n=n)}\n{_plain(n)}"
    return (
        f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Record-ID: <urn:uuid:{n}>\r\nWARC-Date: 2024-03-09T00:00:00Z\r\n"
        f"WARC-Target-URI: https://k.example/{n}\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n\r\n"
        f"{text}\r\n\r\n"
    )


_LETTER = (
    "From post@k.example Tue Mar  5 09:30:00 2024\nFrom: Ann Lee <post@k.example>\nSubject: Bridge closed {n}\n"
    "Date: Tue, 05 Mar 2024 09:30:00 +0100\nMessage-ID: <{n}@k.example>\nContent-Type: text/plain; charset=utf-8\n\n"
)
_NEWER = (
    "Bridge closed {n}\nThe Kellmouth Post\nMarch 5, 2024 Tuesday\n\nCopyright 2025 Kellmouth Post Ltd\nSection:\xa0NEWS\n"
    "Length:\xa016 words\nByline:\xa0Ann Lee\nBody\n\n{text}\n\nClassification\n\nLanguage:\xa0ENGLISH\n"
    "Load-Date:\xa0March 9, 2024\n\nEnd of Document\n"
)


def _factiva(n: int) -> str:
    cells = {"HD": TITLE.format(n=n), "PD": "5 March 2024", "SN": "The Kellmouth Post", "LA": "English",
             "LP": _html(n), "AN": f"Document KELLPO0020240305ek{n:09}"}  # fmt: skip
    rows = "".join(f"<tr><td><b>{code}</b></td><td>{value}</td></tr>" for code, value in cells.items())
    return f'<div class="article enArticle"><table>{rows}</table></div>\n'


def _cell(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


FORMS: dict[str, Made] = {
    "nexis-text": Made(
        ".txt", "Documents (2)\n1. Bridge\n2. Bridge\n\n", lambda n: _NEWER.format(n=n, text=_plain(n)),
    ),
    "nexis-rtf": Made(
        ".rtf", "{\\rtf1\\ansi\\ansicpg1252 Documents (2)\\par\n",
        lambda n: _NEWER.format(n=n, text=_plain(n)).replace("\xa0", "\\'a0").replace("\n", "\\par\n"), "}",
    ),
    "factiva-html": Made(".html", "<html><head><title>Factiva</title></head><body>", _factiva, "</body></html>"),
    "integrum": Made(
        ".html", "<html><head><title>Report 12.05.2021 15:50:05</title></head><body>",
        lambda n: f"<div><table><tr><td>^ИС: Вестник<br>^ДТ: 05.03.2024<br>^ЗГ: Мост {n}<br></td></tr></table>"
                  f"<pre>\n     {_plain(n)}\n</pre></div>", "</body></html>",
    ),
    "newsml-g2": Made(
        ".xml", '<newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/"><itemSet>',
        lambda n: f'<newsItem guid="tag:coast:{n}"><itemMeta><itemClass qcode="ninat:text"/><versionCreated>'
                  f"2024-03-05T09:30:00+01:00</versionCreated></itemMeta><contentMeta><headline>Bridge {n}</headline>"
                  f"</contentMeta><contentSet><inlineXML><html><body>{_html(n)}</body></html></inlineXML></contentSet>"
                  "</newsItem>\n", "</itemSet></newsMessage>",
    ),
    "ninjs-json": Made(".jsonl", "", lambda n: _ninjs(n) + "\n"),
    "wordpress-wxr": Made(
        ".xml", '<?xml version="1.0"?><rss xmlns:wp="http://wordpress.org/export/1.2/" '
                'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Post</title>',
        lambda n: f"<item><title>Bridge {n}</title><link>https://k.example/{n}</link><wp:post_type>post</wp:post_type>"
                  f"<wp:status>publish</wp:status><wp:post_id>{n}</wp:post_id><wp:post_date_gmt>2024-03-05 08:30:00"
                  f"</wp:post_date_gmt><content:encoded><![CDATA[{_plain(n)}]]></content:encoded></item>\n",
        "</channel></rss>",
    ),
    "feed": Made(
        ".rss", '<?xml version="1.0"?><rss version="2.0"><channel><title>Post</title>',
        lambda n: f"<item><title>Bridge {n}</title><link>https://k.example/{n}</link><pubDate>Tue, 05 Mar 2024 09:30:00 "
                  f"+0100</pubDate><description><![CDATA[{_html(n)}]]></description></item>\n", "</channel></rss>",
    ),
    "mediawiki": Made(
        ".xml", '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/"><siteinfo><sitename>W</sitename></siteinfo>',
        lambda n: f"<page><title>Bridge {n}</title><ns>0</ns><id>{n}</id><revision><timestamp>2024-03-09T00:00:00Z"
                  f"</timestamp><text>{_plain(n)}</text></revision></page>\n", "</mediawiki>",
    ),
    "ghost": Made(".json", '{"db":[{"data":{"posts":[', _ghost, '],"settings":[]}}]}'),
    "newsletter-csv": Made(
        ".csv", "id,web_title,status,url,content_html,created_at\n",
        lambda n: f"{n},Bridge {n},confirmed,https://k.example/p/{n},{_cell(_html(n))},2024-03-05 08:30:00\n",
    ),
    "warc": Made(".warc", "", _warc),
    "wet": Made(".wet", "", _wet),
    "mbox": Made(".mbox", "", lambda n: _LETTER.format(n=n) + _plain(n) + "\n\n"),
    "trec": Made(
        ".txt", "", lambda n: f"<DOC>\n<DOCNO> K-{n} </DOCNO>\n<HEADLINE>Bridge</HEADLINE>\n<TEXT>\n{_plain(n)}\n</TEXT>\n"
                              "</DOC>\n",
    ),
    "reuters-21578": Made(
        ".sgm", "<!DOCTYPE lewis>\n",
        lambda n: f'<REUTERS NEWID="{n}">\n<DATE> 5-MAR-2024 09:30:00.10</DATE>\n<TEXT>\n<TITLE>B</TITLE>\n<BODY>{_plain(n)}'
                  "\n</BODY></TEXT>\n</REUTERS>\n",
    ),
    "ris": Made(".ris", "", lambda n: f"TY  - NEWS\nTI  - Bridge {n}\nDA  - 2024/03/05\nAB  - {' '.join(_text(n))}\nER  - \n"),
    "bibtex": Made(
        ".bib", "", lambda n: f"@article{{b{n},\n title = {{Bridge}},\n date = {{2024-03-05}},\n abstract = "
                              f"{{{' '.join(_text(n))}}}\n}}\n",
    ),
    "swissdox": Made(
        ".tsv", "id\tpubtime\tmedium_name\thead\tcontent_id\tcontent\n",
        lambda n: f"{n}\t2024-03-05 00:00:00+01\tPost\tBridge {n}\t{n}\t<tx>{_html(n)}</tx>\n",
    ),
    "jsonl": Made(".jsonl", "", lambda n: _json_row(n) + "\n"),
    "json": Made(".json", "[", lambda n: ("," if n > 1 else "") + _json_row(n), "]"),
    "csv": Made(".csv", "title,text,date\n", lambda n: f"Bridge {n},{_cell(_plain(n))},2024-03-05\n"),
}  # fmt: skip


def write(form: str, articles: int, folder: Path) -> Path:
    """A file of a form with so many articles."""
    if form == "zip":
        path = folder / "all.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for n in range(1, articles + 1):
                packed.writestr(f"{n}.txt", f"{TITLE.format(n=n)}\n\n{_plain(n)}\n")
        return path
    if form == "parquet":
        return _parquet(articles, folder)
    made = FORMS[form]
    path = folder / f"export{made.ending}"
    with path.open("w", encoding="latin-1" if form == "nexis-rtf" else "utf-8", newline="") as out:
        out.write(made.head)
        for n in range(1, articles + 1):
            out.write(made.article(n))
        out.write(made.tail)
    return path


def _parquet(articles: int, folder: Path) -> Path:
    import pyarrow
    import pyarrow.parquet

    path = folder / "export.parquet"
    schema = pyarrow.schema([("title", pyarrow.string()), ("text", pyarrow.string())])
    with pyarrow.parquet.ParquetWriter(path, schema) as out:
        for first in range(1, articles + 1, 1000):
            numbers = range(first, min(first + 1000, articles + 1))
            columns = [[TITLE.format(n=n) for n in numbers], [_plain(n) for n in numbers]]
            out.write_table(pyarrow.table(columns, schema=schema))
    return path


ALL = (*FORMS, "parquet", "zip")


class Reading(NamedTuple):
    """What reading one file took: seconds of one core, and the process's peak of memory."""

    articles: int
    form: str
    seconds: float
    peak_mb: float
    file_mb: float


def read(path: Path) -> Reading:
    """Read a file in this process, holding no article."""
    gc.collect()
    started, found, form = time.process_time(), 0, ""
    for item in find([path]):
        found += isinstance(item.item, RawArticle)
        form = form or (name_of(item.reader) if item.reader is not None else "")
    seconds = time.process_time() - started
    return Reading(found, form, seconds, _peak() / 1e6, path.stat().st_size / 1e6)


def _peak() -> int:
    """The peak of this process's memory in bytes. What ``getrusage`` tells on Linux is that of the parent, if larger."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    unit = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def measure(form: str, articles: int) -> Reading:
    """Read a file of a form in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(form, articles, Path(folder))
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.forms", "--read", str(path)], capture_output=True, text=True, check=True
        )
        return Reading(**json.loads(done.stdout))


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forms", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--articles", type=int, default=10_000, help="articles in each file [%(default)s]")
    parser.add_argument("--only", nargs="+", choices=ALL, default=ALL, metavar="FORM", help=f"of {', '.join(ALL)}")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.read:
        print(json.dumps(read(args.read)._asdict()))
        return 0
    print("| form | file, MB | articles/s of one core | peak, MB | growth, MB |\n|---|---|---|---|---|")
    for form in args.only:
        few, all_ = measure(form, max(args.articles // 10, 1)), measure(form, args.articles)
        if all_.articles != args.articles:
            print(f"{form}: {all_.articles} of {args.articles} articles were read", file=sys.stderr)
            return 1
        print(f"| {all_.form} | {all_.file_mb:.0f} | {all_.articles / all_.seconds:,.0f} | {all_.peak_mb:.0f} | "
              f"{all_.peak_mb - few.peak_mb:.0f} |", flush=True)  # fmt: skip
    return 0


__all__ = ["ALL", "FORMS", "Made", "Reading", "main", "measure", "read", "write"]

if __name__ == "__main__":
    raise SystemExit(main())
