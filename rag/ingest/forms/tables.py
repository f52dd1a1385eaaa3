"""Tables of articles that are no plain CSV: Swissdox's TSV, and Parquet by pyarrow. A row is an article."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping

from rag.extras import require
from rag.ingest.forms.base import FormReader, Head, Source
from rag.ingest.forms.markup import every, html_tree, line, words
from rag.ingest.readers.rows import LONGEST_ROW, FieldMapper
from rag.types import RawArticle, Skipped

_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[ T]00:00:00(?:\.0+)?(?:[+-]\d\d(?::?\d\d)?|Z)?$")
_CAPTIONS = frozenset({"lg", "au"})
_BATCH = 256
"""Rows that are held at once."""


class Swissdox(FormReader):
    """Tables of Swissdox@LiRI."""

    name = "swissdox"
    what = "Swissdox table (TSV)"
    endings = (".tsv",)
    max_bytes = None

    def recognises(self, head: Head) -> bool:
        """By the names of its columns."""
        names = head.text.split("\n", 1)[0].split("\t")
        return {"pubtime", "head", "content"} <= set(names) and bool({"medium_name", "medium_code"} & set(names))

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each row. Printed articles are given at midnight: that is a day, no time."""
        csv.field_size_limit(LONGEST_ROW)
        text = io.TextIOWrapper(source.stream, encoding="utf-8-sig", errors="replace", newline="")
        for number, row in enumerate(csv.DictReader(text, delimiter="\t"), 1):
            if None in row or row.get("content") is None:
                yield source.skipped("a row with another number of columns than the first", number)
                continue
            yield _swissdox(source, number, row)
        text.detach()


def _swissdox(source: Source, number: int, row: Mapping[str, str]) -> RawArticle | Skipped:
    tree = html_tree(f"<div>{row['content']}</div>") if row["content"].strip() else None
    when = _MIDNIGHT.match((row.get("pubtime") or "").strip())
    ident = row.get("content_id") or row.get("id")
    return source.article(
        number,
        title=line(html_tree(f"<div>{row['head']}</div>")) if (row.get("head") or "").strip() else None,
        text=_swissdox_words(row["content"]) if tree is not None else "",
        outlet=row.get("medium_name") or row.get("medium_code"),
        author=[found for e in every(tree, "au") if (found := line(e))] if tree is not None else None,
        published=when[1] if when else row.get("pubtime"),
        url=row.get("article_link"),
        language=row.get("language"),
        mark=ident,
        aliases=[f"swissdox:{ident}" if ident else None],
        metadata={"section": row.get("rubric"), "subtitle": row.get("subhead"), "dateline": row.get("dateline")},
    )


def _swissdox_words(content: str) -> str:
    """Words of an article without its captions; lead and intermediate headings are paragraphs of their own."""
    marked = re.sub(r"<(/?)(ld|zt|tx|nt)\b[^>]*>", r"<\1div>", content)
    return words(html_tree(f"<div>{marked}</div>"), _CAPTIONS)


class Parquet(FormReader):
    """Parquet files with an article in each row, read a few rows at a time."""

    name = "parquet"
    what = "Parquet table"
    endings = (".parquet",)
    max_bytes = None

    def recognises(self, head: Head) -> bool:
        """By its first bytes."""
        return head.raw.startswith(b"PAR1")

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each row."""
        require("pyarrow.parquet", extra="parquet", what="Reading Parquet files")
        import pyarrow.parquet

        table = pyarrow.parquet.ParquetFile(source.stream)
        mapper = FieldMapper(source.path, source.fields)
        names = [str(name) for name in table.schema_arrow.names]
        if not mapper.has_text(names):
            yield source.skipped(f"no column of texts; the columns are: {', '.join(names[:20])}")
            return
        number = 0
        for batch in table.iter_batches(batch_size=_BATCH):
            for row in batch.to_pylist():
                number += 1
                yield mapper.article(source.place(number), row)


__all__ = ["Parquet", "Swissdox"]
