"""PDF: this program's reader beside pypdf, pdfminer.six and PDFium alone, on articles that are set like a newspaper's.

python -m benchmarks.pdfs ../shared/data/wikinews/articles.jsonl

Each article is typeset in one, two and three columns, with divided words, running heads and lines of copyright; title
and words have to come back. F1 of runs of four words, as in ``benchmarks.pages``. pypdf and pdfminer.six are left out
where they aren't installed.
"""

from __future__ import annotations

import argparse
import importlib
import io
import itertools
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.pages import f1
from benchmarks.typeset import Style, pdf
from rag.ingest.readers.pdf import PdfReader
from rag.types import RawArticle


def ours(raw: bytes) -> str:
    """This program."""
    found = PdfReader().article(Path("page.pdf"), raw)
    return found.text if isinstance(found, RawArticle) else ""


def pypdf(raw: bytes) -> str:
    """pypdf's ``extract_text``."""
    library = importlib.import_module("pypdf")
    return "\n".join(page.extract_text() for page in library.PdfReader(io.BytesIO(raw)).pages)


def pdfminer(raw: bytes) -> str:
    """pdfminer.six with its layout analysis."""
    library = importlib.import_module("pdfminer.high_level")
    return str(library.extract_text(io.BytesIO(raw)))


def pdfium(raw: bytes) -> str:
    """PDFium's text in the order in which the file holds it."""
    library = importlib.import_module("pypdfium2")
    return "\n".join(page.get_textpage().get_text_range() for page in library.PdfDocument(raw))


WAYS: Mapping[str, Callable[[bytes], str]] = {
    "OnRecord": ours,
    "pypdf": pypdf,
    "pdfminer.six": pdfminer,
    "PDFium alone": pdfium,
}
_MODULES = {"pypdf": "pypdf", "pdfminer.six": "pdfminer", "PDFium alone": "pypdfium2"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pdfs", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("articles", type=Path, help="JSON lines with title and text")
    parser.add_argument("--count", type=int, default=30, help="articles [30]")
    options = parser.parse_args(arguments)
    with options.articles.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in itertools.islice(lines, options.count)]
    ways = {way: run for way, run in WAYS.items() if way not in _MODULES or _there(_MODULES[way])}
    print(f"{len(rows)} articles\n\n| columns | lines in the file | " + " | ".join(ways) + " |")
    print("|---|---|" + "---|" * len(ways))
    seconds = dict.fromkeys(ways, 0.0)
    for columns, across in ((1, False), (2, False), (2, True), (3, False), (3, True)):
        figures = dict.fromkeys(ways, 0.0)
        for row in rows:
            parts = [" ".join(part.split()) for part in row["text"].split("\n") if part.strip()]
            raw = pdf(row["title"], parts, Style(columns=columns, across=across))
            gold = " ".join(parts).encode("cp1252", "replace").decode("cp1252")
            for way, run in ways.items():
                started = time.perf_counter()
                figures[way] += f1(f"{row['title']} {gold}", run(raw)) / len(rows)
                seconds[way] += time.perf_counter() - started
        order = "row by row" if across else "column by column"
        print(f"| {columns} | {order} | " + " | ".join(f"{figure:.3f}" for figure in figures.values()) + " |")
    made = 5 * len(rows)
    print("| ms a file | | " + " | ".join(f"{1000 * took / made:.0f}" for took in seconds.values()) + " |")
    return 0


def _there(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
