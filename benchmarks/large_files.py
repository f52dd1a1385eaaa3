"""A mailbox and a web archive of a gigabyte each, read without being held: as a dry run, and as an ingest does.

    python -m benchmarks.large_files --megabytes 1000

The files are made by rule: letters of some kilobytes, every tenth with a megabyte attached; pages of some kilobytes
among pictures of half a megabyte, as a crawl of a news site brings them. Memory is the highest of all processes
that take part together; seconds are those of a processor, so that neighbours don't count.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.forms import FORMS
from benchmarks.process import environment, run

MEGABYTE = 1_000_000


def letters() -> Iterator[bytes]:
    """Letters without end."""
    attached = base64.encodebytes(random.Random(18).randbytes(740_000)).decode()
    plain = FORMS["mbox"].article
    n = 0
    while True:
        n += 1
        letter = plain(n)
        if n % 10 == 0:
            head, _, words = letter.partition("\n\n")
            head = head.replace("text/plain; charset=utf-8", "multipart/mixed; boundary=parts")
            letter = (
                f"{head}\n\n--parts\nContent-Type: text/plain; charset=utf-8\n\n{words}\n--parts\n"
                "Content-Type: image/png\nContent-Disposition: attachment; filename=a.png\n"
                f"Content-Transfer-Encoding: base64\n\n{attached}\n"
                "--parts--\n\n"
            )
        yield letter.encode()


def records() -> Iterator[bytes]:
    """Records of a web archive without end: a page, then a picture."""
    page = FORMS["warc"].article
    picture = random.Random(18).randbytes(500_000)
    n = 0
    while True:
        n += 1
        yield page(n).encode()
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + picture
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:p{n}>\r\nWARC-Date: 2024-03-09T00:00:00Z\r\n"
            f"WARC-Target-URI: https://k.example/{n}.jpg\r\nContent-Type: application/http; msgtype=response\r\n"
            f"Content-Length: {len(answer)}\r\n\r\n"
        )
        yield head.encode() + answer + b"\r\n\r\n"


KINDS: dict[str, tuple[str, Callable[[], Iterator[bytes]]]] = {
    "mbox": (".mbox", letters),
    "warc": (".warc", records),
}


def make(kind: str, size: int, folder: Path) -> tuple[Path, int]:
    """A file of a kind of about so many bytes, and how many articles it holds."""
    ending, parts = KINDS[kind]
    path, written, articles = folder / f"large{ending}", 0, 0
    with path.open("wb") as out:
        for part in parts():
            out.write(part)
            written += len(part)
            articles += b"Bridge closed" in part[:2000]
            if written >= size:
                return path, articles
    raise AssertionError("parts don't end")


def up_to_cleaning(path: Path) -> int:
    """Read and clean a file as an ingest does, holding nothing; how many articles there were."""
    from rag.ingest.clean import clean
    from rag.ingest.load import load
    from rag.types import RawArticle

    return sum(isinstance(clean(item), RawArticle) for item in load([path], None) if isinstance(item, RawArticle))


def _dry_run(path: Path) -> Sequence[str]:
    ingest = ["ingest", "--dry-run", "--json", "--archive", str(path.parent / "none"), str(path)]
    return [sys.executable, "-m", "rag.cli", *ingest]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the files, read them, print a table.

    Returns:
        1 where not every article came.
    """
    about = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_files", description=about)
    parser.add_argument("--megabytes", type=int, default=1000, help="of each file [%(default)s]")
    parser.add_argument("--only", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--clean", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.clean:
        print(up_to_cleaning(options.clean))
        return 0
    complete = True
    print("| file | MB | articles | way | read | peak, MB | seconds of a processor |\n|" + "---|" * 7)
    for kind in options.only:
        for size in (options.megabytes // 10, options.megabytes):
            with tempfile.TemporaryDirectory() as folder:
                path, articles = make(kind, size * MEGABYTE, Path(folder))
                ways = {
                    "dry run": _dry_run(path),
                    "up to cleaning": [sys.executable, "-m", "benchmarks.large_files", "--clean", str(path)],
                }
                for way, command in ways.items():
                    before = os.times()
                    ended = run(command, environment(Path(folder)), watch=True)
                    after = os.times()
                    seconds = sum(after[2:4]) - sum(before[2:4])  # of processes that were waited for
                    told = json.loads(ended.stdout)
                    read = sum(file["articles"] for file in told["files"]) if way == "dry run" else told
                    complete &= read == articles
                    print(
                        f"| {kind} | {path.stat().st_size / MEGABYTE:,.0f} | {articles:,} | {way} | {read:,} | "
                        f"{ended.peak_mb:.0f} | {seconds:.0f} |",
                        flush=True,
                    )
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
