"""Exports of sites and newsletters in JSON, CSV and HTML: Ghost, JSON Feed, Substack, Beehiiv, Medium."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rag.ingest.forms.base import FormReader, Head, Source
from rag.ingest.forms.markup import fragment_words, html_tree, line, words
from rag.ingest.values import one_line
from rag.types import RawArticle, Skipped


class Ghost(FormReader):
    """Ghost's export."""

    name = "ghost"
    what = "Ghost export"
    endings = (".json",)

    def recognises(self, head: Head) -> bool:
        """By its envelope."""
        return head.is_json and re.match(r'\s*\{\s*"(?:db|meta)"', head.text) is not None and '"posts"' in head.text

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each published post with its authors; drafts and pages are passed over."""
        value = json.loads(source.text)
        data = value["db"][0]["data"] if "db" in value else value["data"]
        settings = {s.get("key"): s.get("value") for s in data.get("settings") or ()}
        names = {u.get("id"): u.get("name") for u in data.get("users") or ()}
        authors: dict[Any, list[str]] = {}
        for link in data.get("posts_authors") or ():
            authors.setdefault(link.get("post_id"), []).append(names.get(link.get("author_id")) or "")
        for number, post in enumerate(data.get("posts") or (), 1):
            kind, status = post.get("type") or ("page" if post.get("page") else "post"), post.get("status")
            if kind != "post" or status != "published":
                source.pass_over(kind if kind != "post" else f"post with the status {status}")
                continue
            theirs = authors.get(post.get("id")) or [names.get(post.get("author_id")) or ""]
            yield source.article(
                number,
                title=post.get("title"),
                text=fragment_words(post.get("html") or "") or str(post.get("plaintext") or "")
                or "\n\n".join(_lexical(post.get("lexical"))),
                outlet=settings.get("title"),
                author=[name for name in theirs if name],
                published=post.get("published_at"),
                url=post.get("canonical_url"),
                mark=str(post.get("id")),
                aliases=[post.get("id"), post.get("slug")],
            )  # fmt: skip


def _lexical(value: object) -> Iterator[str]:
    """Paragraphs of Ghost's newer editor."""
    if not isinstance(value, str):
        return
    for block in (json.loads(value).get("root") or {}).get("children") or ():
        if text := "".join(_leaves(block)).strip():
            yield text


def _leaves(node: object, depth: int = 0) -> Iterator[str]:
    if isinstance(node, Mapping) and depth < 30:
        if isinstance(node.get("text"), str):
            yield str(node["text"])
        elif node.get("type") == "html" and isinstance(node.get("html"), str):
            yield fragment_words(str(node["html"]))
        for child in node.get("children") or ():
            yield from _leaves(child, depth + 1)


class JsonFeed(FormReader):
    """JSON Feed."""

    name = "json-feed"
    what = "JSON feed"
    endings = (".json",)

    def recognises(self, head: Head) -> bool:
        """By its version."""
        return head.is_json and re.search(r'"version"\s*:\s*"https?:\\?/\\?/jsonfeed\.org', head.text) is not None

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each item."""
        feed = json.loads(source.text)
        everyone = feed.get("authors") or feed.get("author")
        for number, item in enumerate(feed.get("items") or (), 1):
            text = fragment_words(item.get("content_html") or "") or str(item.get("content_text") or "")
            short = not text
            yield source.article(
                number,
                title=item.get("title"),
                text=text or str(item.get("summary") or ""),
                outlet=feed.get("title"),
                author=item.get("authors") or item.get("author") or everyone,
                published=item.get("date_published"),
                url=item.get("url"),
                language=item.get("language") or feed.get("language"),
                mark=one_line(item.get("id")),
                aliases=[item.get("id")],
                metadata={"teaser": True if short else None},
            )


class NewsletterTable(FormReader):
    """The tables of Substack's and Beehiiv's exports."""

    name = "newsletter-csv"
    what = "newsletter export (CSV)"
    endings = (".csv",)

    def recognises(self, head: Head) -> bool:
        """By the names of its columns."""
        first = head.text.split("\n", 1)[0]
        return first.startswith("post_id,post_date,is_published") or ("web_title" in first and "content_html" in first)

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Each published letter; Substack's words stand in files beside the table."""
        csv.field_size_limit(20_000_000)
        for number, row in enumerate(csv.DictReader(io.StringIO(source.text)), 1):
            found = _substack(source, number, row) if "post_id" in row else _beehiiv(source, number, row)
            if found is not None:
                yield found


def _substack(source: Source, number: int, row: Mapping[str, str]) -> RawArticle | Skipped | None:
    kind = row.get("type") or "newsletter"
    if (row.get("is_published") or "").casefold() != "true":
        source.pass_over("draft")
        return None
    if kind in ("page", "thread"):
        source.pass_over(kind)
        return None
    ident = row["post_id"]
    folder = source.path.parent
    for name in (folder / "posts" / f"{ident}.html", folder / f"{ident}.html"):
        if re.fullmatch(r"[\w.-]+", ident) and name.is_file():
            page = name.read_text("utf-8", "replace")
            break
    else:
        return source.skipped(f"the words of {row.get('title')!r} are missing: posts/{ident}.html", number)
    return source.article(
        number,
        title=_text(row.get("title")),
        text=_letter_words(page),
        published=row.get("post_date"),
        mark=ident,
        aliases=[ident],
        metadata={"subtitle": _text(row.get("subtitle"))},
    )


def _letter_words(page: str) -> str:
    """Words of a letter without its buttons."""
    tree = html_tree(f"<div>{page}</div>")
    for button in tree.xpath("//*[contains(@class, 'button-wrapper') or contains(@class, 'subscription-widget')]"):
        button.drop_tree()
    return words(tree)


def _text(value: str | None) -> str | None:
    from html import unescape

    return unescape(value) if value else None


def _beehiiv(source: Source, number: int, row: Mapping[str, str]) -> RawArticle | Skipped | None:
    if (row.get("status") or "") not in ("confirmed", "published", "archived"):
        source.pass_over(f"letter with the status {row.get('status')}")
        return None
    return source.article(
        number,
        title=row.get("web_title"),
        text=fragment_words(row.get("content_html") or ""),
        published=row.get("published_at") or row.get("publish_date"),  # older exports tell only when it was created
        url=row.get("url"),
        aliases=[row.get("id")],
        metadata={"subtitle": row.get("web_subtitle"), "created": row.get("created_at")},
    )


class SubstackLetter(FormReader):
    """The files beside Substack's table: fragments without a mark of their own; their place tells what they are."""

    name = "substack-letter"
    what = "letter of a Substack export"
    endings = (".html",)

    def recognises(self, head: Head) -> bool:
        """Never by content; see ``beside_table``."""
        return False

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """Nothing: title and day stand in the table."""
        why = "a letter of a Substack export: its posts.csv, which tells title and day, reads it"
        yield source.skipped(why).model_copy(update={"passed": {"letter that posts.csv reads": 1}})


def beside_table(path: Path) -> bool:
    """Whether a file is a letter that Substack's table reads."""
    return re.fullmatch(r"\d+\.[\w-]+\.html", path.name) is not None and any(
        (folder / "posts.csv").is_file() for folder in (path.parent, path.parent.parent)
    )


class Medium(FormReader):
    """Posts of Medium's export."""

    name = "medium"
    what = "Medium post"
    endings = (".html",)
    many = False

    def recognises(self, head: Head) -> bool:
        """By the classes around a post."""
        return head.is_page and 'class="h-entry"' in head.text and "medium" in head.text

    def articles(self, source: Source) -> Iterator[RawArticle | Skipped]:
        """The post; one without a day of publication is a draft."""
        tree = html_tree(source.text)

        def found(path: str) -> Any:
            return next(iter(tree.xpath(path)), None)

        when = found("//time[contains(@class, 'dt-published')]")
        if when is None:
            source.pass_over("draft")
            return
        body = found("//section[@data-field='body']")
        link = found("//a[contains(@class, 'p-canonical')]")
        yield source.article(
            None,
            title=line(found("//h1[contains(@class, 'p-name')]")) or line(found("//title")),
            text=words(body, frozenset({"footer", "header"})) if body is not None else "",
            author=line(found("//a[contains(@class, 'p-author')]")),
            published=when.get("datetime"),
            url=link.get("href") if link is not None else None,
        )
