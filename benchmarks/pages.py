"""Pages: title, outlet, authors, times and text of real article pages, beside other extractors, in one run.

python -m benchmarks.pages ../shared/data/newspages ../shared/data/html --newspaper .peers/bin/python

A folder has ``gold.jsonl`` (page, url, title, authors, published, text) or ``ground_truth.json`` (text alone) beside
``pages/``.
trafilatura is run by itself; newspaper4k needs an environment of its own, as its requirements are not ours:

    python -m venv .peers && .peers/bin/pip install newspaper4k==0.9.6

How each figure is judged:

text      F1 of runs of four words, as in Zyte's article-extraction-benchmark, by page (a
          Chinese or Japanese character is a word); the mean
title     the same letters and digits, whatever their case; a site's name behind it counts as wrong, unless gold has it
outlet    one of the names that ``outlets.toml`` lists, again by letters and digits. "one spelling": outlets that are
          called the same on all of their pages
authors   the same set of names; none where gold has none
instant   less than a minute apart, of pages whose gold has a clock and an offset
day       the same day by gold's clock, of all pages whose gold has a day
later     pages that are given a later time than gold's, or a later day where one of the two is only a day
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import subprocess
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rag.ingest.clean import clean
from rag.ingest.readers.html import HtmlReader
from rag.types import RawArticle

OUTLETS: Mapping[str, list[str]] = tomllib.loads(Path(__file__).with_name("outlets.toml").read_text("utf-8"))
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


@dataclass(frozen=True)
class Told:
    """What an extractor tells of a page."""

    title: str = ""
    outlet: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    clock: bool = False
    """Whether the time has a clock and an offset."""
    text: str = ""


@dataclass(frozen=True)
class Case:
    """A page with what is true of it."""

    path: Path
    url: str
    outlet: str
    """The key of ``outlets.toml``; "" where it isn't known."""
    gold: Told
    told: bool
    """Whether more than the text is known."""

    @property
    def half(self) -> str:
        """Which half of the set it is in: rules are made by looking at "a" alone."""
        return "ab"[hashlib.sha256(self.path.name.encode()).digest()[0] % 2]

    def html(self) -> bytes:
        """The page."""
        return gzip.decompress(self.path.read_bytes())


def cases(folder: Path) -> list[Case]:
    """The pages of a folder.

    Raises:
        SystemExit: It is not such a folder.
    """
    if (folder / "gold.jsonl").is_file():
        rows = [json.loads(line) for line in (folder / "gold.jsonl").read_text("utf-8").splitlines()]
        return [_case(folder, row) for row in rows]
    if (folder / "ground_truth.json").is_file():
        rows_by_id = json.loads((folder / "ground_truth.json").read_text("utf-8"))
        return [
            Case(folder / "pages" / f"{name}.html.gz", row["url"], "", Told(text=row["articleBody"]), told=False)
            for name, row in rows_by_id.items()
        ]
    raise SystemExit(f"{folder} has neither gold.jsonl nor ground_truth.json")


def _case(folder: Path, row: Mapping[str, Any]) -> Case:
    written = row["published"] or ""
    published = datetime.fromisoformat(written) if written else None
    clock = published is not None and published.tzinfo is not None
    return Case(
        folder / "pages" / row["page"],
        row["url"],
        row["page"].split("_")[0],
        Told(row["title"] or "", "", tuple(row["authors"] or ()), published, clock, row["text"]),
        told=True,
    )


def ours(page: Case) -> Told:
    """This program: reader and cleaning."""
    found = HtmlReader().article(page.path.with_suffix(""), page.html())
    found = clean(found) if isinstance(found, RawArticle) else found
    if not isinstance(found, RawArticle):
        return Told()
    names = tuple((found.author or "").split(", ")) if found.author else ()
    return Told(found.title, found.source or "", names, found.published, True, found.text)


def trafilatura(page: Case) -> Told:
    """trafilatura by itself, with its own defaults."""
    from trafilatura import bare_extraction

    found: Any = bare_extraction(page.html(), with_metadata=True, url=page.url)
    if found is None:
        return Told()
    day = datetime.fromisoformat(found.date) if found.date else None
    authors = tuple(found.author.split("; ")) if found.author else ()
    return Told(found.title or "", found.sitename or "", authors, day, False, found.text or "")


_NEWSPAPER = """
import gzip, json, sys
import newspaper
for line in sys.stdin:
    path, url = json.loads(line)
    told = {}
    try:
        article = newspaper.Article(url, fetch_images=False)
        article.download(input_html=gzip.open(path).read())
        article.parse()
        told = {"title": article.title, "outlet": article.meta_site_name, "authors": article.authors,
                "published": article.publish_date and article.publish_date.isoformat(), "text": article.text}
    except Exception as error:
        print(type(error).__name__, error, file=sys.stderr)
    print(json.dumps(told), flush=True)
"""


def newspaper(python: Path) -> Callable[[Sequence[Case]], Iterator[Told]]:
    """newspaper4k, in the environment whose Python is named."""

    def run(pages: Sequence[Case]) -> Iterator[Told]:
        asked = "".join(json.dumps([str(page.path), page.url]) + "\n" for page in pages)
        done = subprocess.run([str(python), "-c", _NEWSPAPER], input=asked, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"newspaper4k failed:\n{done.stderr[-2000:]}")
        for line in done.stdout.splitlines():
            row = json.loads(line)
            when = datetime.fromisoformat(row["published"]) if row.get("published") else None
            clock = when is not None and when.tzinfo is not None
            yield Told(row.get("title") or "", row.get("outlet") or "", tuple(row.get("authors") or ()), when, clock,
                       row.get("text") or "")  # fmt: skip

    return run


def _each(one: Callable[[Case], Told]) -> Callable[[Sequence[Case]], Iterator[Told]]:
    return lambda pages: map(one, pages)


def letters(text: str) -> str:
    """What is compared of a name or title."""
    return "".join(c for c in text.casefold() if c.isalnum())


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Runs of four words; of a shorter text the whole."""
    words = _WORD.findall(text.casefold())
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3))) if words else Counter()


def f1(gold: str, found: str) -> float:
    """F1 of runs of four words."""
    wanted, got = shingles(gold), shingles(found)
    both = (wanted & got).total()
    return 2 * both / (wanted.total() + got.total()) if both else 0.0


def same_instant(gold: Told, found: Told) -> bool:
    """Whether two times are less than a minute apart: many pages tell seconds in one place and none in another."""
    if gold.published is None or found.published is None or not found.clock:
        return False
    apart = _aware(gold.published) - _aware(found.published)
    return abs(apart) < timedelta(minutes=1)


def _aware(when: datetime) -> datetime:
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)


def same_day(gold: Told, found: Told) -> bool:
    """Whether two times are of one day, by gold's clock where both have one."""
    if gold.published is None or found.published is None:
        return False
    if gold.clock and found.clock:
        return _aware(found.published).astimezone(gold.published.tzinfo).date() == gold.published.date()
    return found.published.date() == gold.published.date()


def is_later(gold: Told, found: Told) -> bool:
    """Whether a page is given a time later than its own: a later day where one of the two is only a day."""
    if gold.published is None or found.published is None:
        return False
    if gold.clock and found.clock:
        return _aware(found.published) - _aware(gold.published) >= timedelta(minutes=1)
    return found.published.date() > gold.published.date()


@dataclass
class Judged:
    """The verdicts on an extractor's pages, by measure."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    spellings: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    wrong: list[str] = field(default_factory=list)

    def add(self, page: Case, found: Told) -> None:
        """Judge one page."""
        gold, name = page.gold, page.path.name.removesuffix(".html.gz")
        score = f1(gold.text, found.text)
        self.values["text F1"].append(score)
        if score < 0.9:
            self.wrong.append(f"{name}: text {score:.2f}")
        if not page.told:
            return
        self._say(name, "title", letters(gold.title) == letters(found.title), gold.title, found.title)
        known = OUTLETS.get(page.outlet, [])
        self._say(name, "outlet", letters(found.outlet) in map(letters, known), known, found.outlet)
        self.spellings[page.outlet].add(found.outlet)
        right = set(map(letters, gold.authors)) == set(map(letters, found.authors))
        self._say(name, "authors", right, gold.authors, found.authors)
        if gold.clock:
            self._say(name, "instant", same_instant(gold, found), gold.published, found.published)
        if gold.published is None:
            return
        self._say(name, "day", same_day(gold, found), gold.published, found.published)
        late = is_later(gold, found)
        self._say(name, "later", late, gold.published, found.published, wrong=late)

    def _say(self, name: str, what: str, yes: bool, gold: object, found: object, wrong: bool | None = None) -> None:
        self.values[what].append(float(yes))
        if (not yes) if wrong is None else wrong:
            self.wrong.append(f"{name}: {what} {found!s} instead of {gold!s}")

    def figure(self, what: str) -> str:
        """A figure as it is printed."""
        got = self.values.get(what)
        if what == "one spelling":
            return f"{sum(len(s) == 1 for s in self.spellings.values())} of {len(self.spellings)}"
        if not got:
            return ""
        return f"{sum(got):.0f}" if what == "later" else f"{sum(got) / len(got):.3f} ({len(got)})"


MEASURES = ("instant", "day", "later", "outlet", "one spelling", "authors", "title", "text F1")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table for each folder."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help="pages with gold, as ../shared/data/newspages")
    parser.add_argument("--newspaper", type=Path, metavar="PYTHON", help="a Python that has newspaper4k")
    parser.add_argument("--ours-only", action="store_true", help="nothing beside it")
    parser.add_argument("--wrong", choices=["a", "b", "all"], help="list what this program gets wrong in that half")
    options = parser.parse_args(arguments)
    ways = {"OnRecord": _each(ours)}
    if not options.ours_only:
        ways["trafilatura"] = _each(trafilatura)
        if options.newspaper:
            ways["newspaper4k"] = newspaper(options.newspaper)
    for folder in options.folders:
        _measure(folder, ways, options.wrong)
    return 0


def _measure(folder: Path, ways: Mapping[str, Callable[[Sequence[Case]], Iterator[Told]]], listed: str | None) -> None:
    pages = cases(folder)
    columns: dict[str, Judged] = {}
    seconds: dict[str, float] = {}
    for way, run in ways.items():
        started = time.perf_counter()
        parts = ("", "half a", "half b") if way == "OnRecord" else ("",)
        judged = {name: columns.setdefault(f"{way}, {name}" if name else way, Judged()) for name in parts}
        for page, found in zip(pages, run(pages), strict=True):
            judged[""].add(page, found)
            if half := judged.get(f"half {page.half}"):
                half.add(page, found)
        seconds[way] = (time.perf_counter() - started) / len(pages)
    print(
        f"{folder.name}: {len(pages)} pages; seconds a page: " + ", ".join(f"{w} {s:.2f}" for w, s in seconds.items())
    )
    print("| | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for what in MEASURES:
        row = [judged.figure(what) for judged in columns.values()]
        if any(row) and (what in columns["OnRecord"].values or columns["OnRecord"].spellings):
            print(f"| {what} | " + " | ".join(row) + " |")
    print()
    if listed:
        print("\n".join(columns["OnRecord" if listed == "all" else f"OnRecord, half {listed}"].wrong), "\n")


if __name__ == "__main__":
    sys.exit(main())
