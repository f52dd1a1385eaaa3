"""Reports of Integrum: one page with a list of contents and, behind it, each article under a table of marked fields."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.ingest.forms.base import FormReader, Head, Source, blocks_of
from rag.ingest.forms.markup import html_tree, line
from rag.types import RawArticle, Skipped

_FIELD = re.compile(r"\^(\w{2}):\s*([^^]*)")
"""A field of the table: "^ДТ: 09.02.1994"."""


class IntegrumHtml(FormReader):
    """Integrum reports as HTML."""

    name = "integrum"
    what = "Integrum report (HTML)"
    endings = (".html", ".htm")

    def recognises(self, head: Head) -> bool:
        """By its title and the anchors of its list, or by the marks of its fields."""
        return head.is_page and (
            re.search(r"<title>Report \d\d\.\d\d\.\d{4}", head.text) is not None or "^ИС:" in head.text
        )

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each anchor's table with the text that follows it; the list of contents has no such table."""
        number = 0
        for table in html_tree(source.text).iter("table"):
            fields = {m[1]: " ".join(m[2].split()) for m in _FIELD.finditer("".join(table.itertext()))}
            if "ЗГ" not in fields and "ИС" not in fields:
                continue
            number += 1
            holder = table.getparent()
            text = "\n".join("".join(pre.itertext()) for pre in holder.iter("pre"))
            heading = next((line(h) for h in holder.iter("h3")), None)
            yield source.article(
                number,
                title=fields.get("ЗГ") or heading,
                text=_paragraphs(text),
                outlet=fields.get("ИС"),
                author=fields.get("АВ"),
                published=fields.get("ДТ"),
                metadata={"section": fields.get("РБ"), "issue": fields.get("НР")},
            )
        if not number:
            yield source.skipped("looks like an Integrum report, but no article in it can be told from the next")


def _paragraphs(text: str) -> str:
    """Paragraphs begin with spaces; lines are broken at the width of the page."""
    marked = re.sub(r"\n[ \t]{2,}(?=\S)", "\n\n", text)
    return "\n\n".join(" ".join(" ".join(group).split()) for group in blocks_of(marked))
