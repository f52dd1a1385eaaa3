"""Records of libraries: RIS and BibTeX with abstracts, and scanned newspapers in ALTO and METS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

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


_ENTRY = re.compile(r"^\s*@(?!comment|string|preamble)\w+\s*[{(]\s*[^\s,{}]*\s*,", re.IGNORECASE | re.MULTILINE)


class Bibtex(FormReader):
    """BibTeX, as library catalogues and reference managers export it."""

    name = "bibtex"
    what = "BibTeX file"
    endings = (".bib", ".bibtex", ".txt")

    def recognises(self, head: Head) -> bool:
        """By its first entry."""
        return head.text.startswith(("@", "%")) and _ENTRY.search(head.text) is not None

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each entry with an abstract, which is told to be one. Year and month alone are no day."""
        require("bibtexparser", extra="forms", what="Reading BibTeX")
        import bibtexparser

        library = bibtexparser.parse_string(source.text)
        for number, entry in enumerate(library.entries, 1):
            told = {name.casefold(): _untexed(str(field.value)) for name, field in entry.fields_dict.items()}
            if not told.get("abstract"):
                source.pass_over("record without an abstract")
                continue
            yield source.article(
                number,
                title=told.get("title"),
                text=told["abstract"],
                outlet=told.get("journal") or told.get("journaltitle") or told.get("booktitle"),
                author="; ".join(re.split(r"\s+and\s+", told["author"])) if told.get("author") else None,
                published=_whole_day(told),
                url=told.get("url"),
                language=told.get("langid") or told.get("language"),
                mark=entry.key,
                aliases=[told.get("doi")],
                metadata={"abstract": True, "year": told.get("year") or (told.get("date") or "")[:4]},
            )
        for block in library.failed_blocks:
            yield source.skipped(f"an entry that can't be read begins in line {block.start_line + 1}")


def _whole_day(told: Mapping[str, str]) -> str | None:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", told.get("date", "")):
        return told["date"]
    parts = [told.get(name, "") for name in ("day", "month", "year")]
    return " ".join(parts) if all(parts) else None


def _untexed(value: str) -> str:
    """A value without TeX's braces and escapes."""
    from pylatexenc.latex2text import LatexNodes2Text

    return (
        " ".join(LatexNodes2Text(keep_comments=True).latex_to_text(value).split())
        if "\\" in value
        else " ".join(value.replace("{", "").replace("}", "").split())
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
