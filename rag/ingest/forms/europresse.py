"""Exports of Europresse: saved HTML with many articles, in the layouts of several years."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from typing import Any

from rag.ingest.forms.base import FormReader, Head, Source
from rag.ingest.forms.markup import html_tree, line, local, words
from rag.text.dates import parse_date
from rag.types import RawArticle, Skipped

_NUMBER = re.compile(r"\b((?:news|public|web|radio|tv)[·:.]\d{8}[·:.][\w·:.-]+)")
_PAGE = re.compile(r"^[,\s]*p{1,2}\.\s*(.+)$")
_YEAR = re.compile(r"\d{4}")


class EuropresseHtml(FormReader):
    """Europresse exports as HTML."""

    name = "europresse"
    what = "Europresse export (HTML)"
    endings = (".html", ".htm")

    def recognises(self, head: Head) -> bool:
        """By the classes that only its articles have."""
        return head.is_page and ("DocPublicationName" in head.text or "docOcurrContainer" in head.text)

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each block with an outlet and a title of its own."""
        tree = html_tree(source.raw, "utf-8" if _is_utf8(source.raw) else "cp1252")
        found = 0
        outlets = tree.xpath("//*[contains(concat(' ', @class, ' '), ' DocPublicationName ')]")
        shared = _shared(outlets)
        for outlet in outlets:
            found += 1
            holder = _holder(outlet, shared)
            yield _article(source, found, holder, outlet)
        if not found:
            yield source.skipped("looks like a Europresse export, but no article in it can be told from the next")


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _shared(outlets: Sequence[Any]) -> set[Any]:
    """The elements that hold the names of several outlets. Each is come to twice at most, however deep they nest."""
    met: set[Any] = set()
    shared: set[Any] = set()
    for outlet in outlets:
        for above in outlet.iterancestors():
            if above in shared:
                break  # so are all above it
            (shared if above in met else met).add(above)
    return shared


def _holder(outlet: Any, shared: Set[Any]) -> Any:
    """The largest element around an outlet's name that holds no other one."""
    holder = outlet
    for above in outlet.iterancestors():
        if above in shared or above.tag == "body":
            break
        holder = above
    return holder


def _article(source: Source, number: int, holder: Any, outlet: Any) -> RawArticle | Skipped:
    headers = [told for h in holder.xpath(".//*[contains(@class, 'DocHeader')]") if (told := line(h))]
    titles = holder.xpath(".//*[contains(@class, 'TitreArticle') or contains(@class, 'titreArticle')]")
    title = line(titles[0]) if titles else None
    day = next((d for told in headers if _YEAR.search(told) and (d := _day(told))), None)
    section = next((t.strip(" ,") for t in headers if t.rstrip().endswith(",") and not _YEAR.search(t)), None)
    page = next((m[1] for told in headers if (m := _PAGE.match(told))), None)
    newer = holder.xpath(".//*[contains(@class, 'docOcurrContainer') or contains(@class, 'DocText')]")
    if newer:
        body, author = words(newer[0]), line(next(iter(holder.xpath(".//*[@class='sm-margin-bottomNews']")), None))
    else:
        body, author = _after_title(titles[0]) if titles else ("", None)
    mark = _NUMBER.search(line(holder) or "")
    name, _, issue = (line(outlet) or "").partition(", no.")
    return source.article(
        number,
        title=title,
        text=body,
        outlet=name,
        author=author,
        published=day,
        mark=mark[1] if mark else None,
        aliases=[mark[1] if mark else None],
        metadata={"section": section, "page": page, "issue": issue.strip()},
    )


def _day(told: str) -> Any:
    """The day in a line of the header, which may hold section and page as well."""
    for part in (told, *told.split(" - "), *told.split(", ")):
        if (found := parse_date(part.strip(" ,"))) is not None:
            return found
    return None


def _after_title(title: Any) -> tuple[str, str | None]:
    """Body and byline in the older layout, where the body follows the title up to the line of rights."""
    cell = title.getparent()
    place = list(cell).index(title)
    parts: list[list[str]] = [[]]
    byline: str | None = None
    for at, node in enumerate(cell):
        if at < place:
            continue
        name = local(node)
        if at > place:
            if name == "table" or (name == "b" and (line(node) or "").startswith("©")):
                break
            if name in ("p", "br"):
                parts.append([])
                if name == "p":
                    parts.append(["\0"])
                    parts.append([])
            parts[-1].append("".join(node.itertext()) if name else "")
        parts[-1].append(node.tail or "")
    lines = [" ".join("".join(p).split()) for p in parts]
    lines = [told for told in lines if told]
    if "\0" in lines and len(lines) > 2 and lines.index("\0") == 1 and _ends_with_break(cell, place):
        byline = lines[0]
        lines = lines[1:]
    body = [told for told in lines if told != "\0"]
    return "\n\n".join(body), byline


def _ends_with_break(cell: Any, place: int) -> bool:
    """Whether the first line after the title is closed by a line break before the first paragraph: a byline is."""
    seen = ""
    for node in list(cell)[place:]:
        if local(node) == "p":
            return seen == "br"
        if local(node) in ("br", "font", "b", "i", "span"):
            seen = "br" if local(node) == "br" and not (node.tail or "").strip() else local(node)
    return False
