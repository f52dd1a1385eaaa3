"""Records of libraries: RIS with abstracts, and scanned newspapers in ALTO and METS."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.extras import require
from rag.ingest.forms.base import FormReader, Head, Source
from rag.ingest.forms.markup import every, xml_tree
from rag.ingest.readers.single import stem
from rag.text.dates import parse_date
from rag.types import RawArticle, Skipped


class Ris(FormReader):
    """RIS, as ProQuest, Factiva and library catalogues export it."""

    name = "ris"
    what = "RIS file"
    endings = (".ris", ".txt")

    def recognises(self, head: Head) -> bool:
        """By its first tag."""
        return re.match(r"(?:\d+\.\s*\n)?TY  ?- ?[A-Z]+", head.text) is not None

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each record with an abstract, which is told to be one; others have no words to cite."""
        require("rispy", extra="forms", what="Reading RIS")
        import rispy

        for number, record in enumerate(rispy.loads(source.text), 1):
            text = record.get("abstract") or record.get("notes_abstract") or ""
            if not text:
                source.pass_over("record without an abstract")
                continue
            day = str(record.get("date") or record.get("publication_year") or record.get("year") or "").strip("/")
            yield source.article(
                number,
                title=record.get("title") or record.get("primary_title"),
                text=text,
                outlet=record.get("journal_name") or record.get("secondary_title") or record.get("alternate_title3"),
                author="; ".join(record.get("authors") or record.get("first_authors") or ()),
                published=parse_date(day.replace("/", "-")),
                metadata={"abstract": True, "year": day[:4] if day[:4].isdigit() else None},
            )


class Alto(FormReader):
    """Pages of scanned newspapers (ALTO)."""

    name = "alto"
    what = "scanned page (ALTO)"
    endings = (".xml",)
    many = False

    def recognises(self, head: Head) -> bool:
        """By its root."""
        return head.is_xml and re.search(r"<(?:\w+:)?alto[\s>]", head.text[:2000]) is not None

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """The words of the page, a paragraph for each block; its articles and its day stand in the issue's METS."""
        tree = xml_tree(source.raw)
        blocks = []
        for block in every(tree, "TextBlock"):
            lines = [
                " ".join(s.get("CONTENT") or "" for s in every(told, "String")) for told in every(block, "TextLine")
            ]
            if text := " ".join(" ".join(lines).split()):
                blocks.append(text)
        yield source.article(None, title=stem(source.path), text="\n\n".join(blocks))


class Mets(FormReader):
    """Issues of scanned newspapers (METS): they point to pages and hold no words."""

    name = "mets"
    what = "issue of a scanned newspaper (METS)"
    endings = (".xml",)

    def recognises(self, head: Head) -> bool:
        """By its root."""
        return head.is_xml and re.search(r"<(?:\w+:)?mets[\s>]", head.text[:2000]) is not None

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """None."""
        source.pass_over("METS file that points to pages")
        yield from ()
