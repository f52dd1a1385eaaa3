"""Objects of JSON as articles, a function for each kind. ``None`` is an object that was counted and passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rag.ingest.forms.base import Source
from rag.ingest.forms.markup import fragment_words
from rag.ingest.forms.newsml import byline, held
from rag.ingest.values import one_line
from rag.text.urls import canonical, is_web
from rag.types import RawArticle, Skipped

Json = Mapping[str, Any]

_CUT = re.compile(r"\s*(?:…|\.\.\.)?\s*\[\+?\s*\d+\s*(?:chars|characters|words)\]\s*$")
"""The mark of a beginning: "… [+12252 chars]"."""


def _get(row: Any, path: str) -> Any:
    """A value by its dotted path; None where there is none."""
    for name in path.split("."):
        if isinstance(row, list):
            row = row[0] if row else None
        row = row.get(name) if isinstance(row, Mapping) else None
    return row


def _line(row: Any, *paths: str) -> str | None:
    return next((told for path in paths if (told := one_line(_get(row, path)))), None)


def _html(value: object) -> str:
    return fragment_words(value) if isinstance(value, str) else ""


def teaser(text: str) -> tuple[str, dict[str, Any]]:
    """A text without the mark that it goes on elsewhere, and what to tell of it."""
    cut = _CUT.search(text)
    return (text[: cut.start()].rstrip(" …"), {"teaser": True}) if cut else (text, {})


def ninjs(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """Ninjs 1 to 3, and AP's Media API and Superdesk's items, which resemble it."""
    kind = str(row.get("type") or "text")
    if kind not in ("text", "composite"):
        source.pass_over(f"item of the type {kind}")
        return None
    state = (_line(row, "state") or "published").casefold()  # Superdesk's; "pubstatus" is of all of them
    if state in _UNFINISHED:
        source.pass_over(f"item in the state {state}")
        return None
    url = _line(row, "uri", "url")
    ident = _line(row, "altids.itemid", "guid", "uri", "altIds.value")
    changed = row.get("versioncreated") or row.get("versionCreated")
    status = state if state in _WITHDRAWN else _line(row, "pubstatus", "pubStatus")
    if why := held(status, row.get("embargoed") or row.get("embargo")):
        ids = [ident, row.get("_id"), canonical(url) if url and is_web(url) else None]
        return source.held(why, number, withdraws=ids, as_of=changed)
    # The sample addresses of an API with a key in them are no addresses of an article.
    web = url if url and "?" not in url and kind in ("text", "composite") else None
    text = _ninjs_text(row)
    if not text and (row.get("renditions") or kind == "composite"):
        return source.skipped("its text is not in this file, only links to it", number)
    return source.article(
        number,
        title=_line(row, "headline", "title") or _role(row.get("headlines"), "main"),
        text=text,
        outlet=_line(row, "source", "provider", "infosources.name", "infoSources.name", "copyrightholder",
                     "copyrightHolder"),
        hosted=False,  # the uri identifies an item; no standard says that its host published it
        author=byline(_line(row, "byline", "by")),
        published=row.get("firstpublished") or row.get("firstcreated") or row.get("firstCreated") or changed,
        url=web,
        language=row.get("language"),
        mark=ident,
        aliases=[ident, row.get("_id")],
        supersedes=[_line(row, "evolvedfrom", "evolvedFrom")] if _corrects(row) else (),
        metadata={"modified": changed, "version": row.get("version"), "section": _line(row, "service")},
    )  # fmt: skip


_UNFINISHED = frozenset("draft ingested routed fetched submitted in_progress spiked scheduled correction".split())
"""States of Superdesk's items that are not published."""
_WITHDRAWN = frozenset({"killed", "recalled", "unpublished"})


def _corrects(row: Json) -> bool:
    """Whether an item says of itself that it corrects the one it evolved from; an update does not."""
    told = (row.get("correction_sequence"), row.get("signals"), row.get("editorialtypes"), row.get("state"))
    return bool(row.get("correction_sequence")) or "correct" in str(told).casefold()


def _role(values: object, *roles: str) -> str | None:
    listed = [v for v in values if isinstance(v, Mapping)] if isinstance(values, list) else []
    for role in roles:
        for value in listed:
            if value.get("role") == role:
                return str(value.get("value") or "")
    return str(listed[0].get("value") or "") if listed else None


def _ninjs_text(row: Json) -> str:
    for name in ("body_xhtml", "body_html"):
        if text := _html(row.get(name)):
            return text
    if isinstance(plain := row.get("body_text"), str):
        return plain
    bodies = [b for b in row.get("bodies") or () if isinstance(b, Mapping)]
    marked = [b for b in bodies if "html" in str(b.get("contentType") or b.get("contenttype") or b.get("role"))]
    for body in (*marked, *bodies):
        value = str(body.get("value") or "")
        if text := _html(value) if body in marked else value:
            return text
    return ""


def guardian(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """The Guardian's Open Platform; a live blog's entries each with its time."""
    fields = row.get("fields") if isinstance(row.get("fields"), Mapping) else {}
    assert isinstance(fields, Mapping)
    blocks = _get(row, "blocks.body")
    text = _html(fields.get("body")) or str(fields.get("bodyText") or "")
    if not text and isinstance(blocks, list):
        text = "\n\n".join(_entries(blocks, live=len(blocks) > 1))
    if not text:
        return source.skipped("no text; ask the API for show-fields=body", number)
    return source.article(
        number,
        title=fields.get("headline") or row.get("webTitle"),
        text=text,
        outlet=fields.get("publication") or "The Guardian",
        author=fields.get("byline"),
        published=row.get("webPublicationDate"),
        url=row.get("webUrl"),
        language=fields.get("lang"),
        aliases=[row.get("id")],
        metadata={"section": row.get("sectionName"), "page": fields.get("newspaperPageNumber")},
    )


def _entries(blocks: list[Any], *, live: bool) -> Iterator[str]:
    for block in blocks:
        if not isinstance(block, Mapping) or block.get("published") is False:
            continue
        text = _html(block.get("bodyHtml")) or str(block.get("bodyTextSummary") or "")
        when = block.get("firstPublishedDate") or block.get("publishedDate")
        if text:
            yield f"{when}\n\n{text}" if live and when else text


def nyt(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """The New York Times' Article Search: never more than an abstract or the lead."""
    text = _line(row, "lead_paragraph", "abstract", "snippet") or ""
    return source.article(
        number,
        title=_line(row, "headline.main", "headline"),
        text=text,
        outlet=_line(row, "source"),
        author=byline(_line(row, "byline.original", "byline")),
        published=row.get("pub_date"),
        url=row.get("web_url"),
        aliases=[row.get("_id")],
        metadata={"teaser": True, "section": row.get("section_name"), "page": row.get("print_page")},
    )


def ans(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """Arc's ANS."""
    kind = str(row.get("type") or "story")
    if kind != "story":
        source.pass_over(f"item of the type {kind}")
        return None
    parts = [part for element in row.get("content_elements") or () for part in _ans_parts(element)]
    site = _line(row, "website_url")
    url = _line(row, "canonical_url") or site
    if url and not url.startswith("http"):
        base = _line(row, "websites_base", "site_url")
        url = f"{base}{url}" if base else None
    return source.article(
        number,
        title=_line(row, "headlines.basic"),
        text="\n\n".join(parts),
        outlet=_line(row, "credits.by.org", "distributor.name", "owner.name"),
        author=", ".join(n for p in _get(row, "credits.by") or () if isinstance(p, dict) and (n := _line(p, "name"))),
        published=row.get("first_publish_date") or row.get("publish_date") or row.get("display_date"),
        url=url,
        language=row.get("language"),
        mark=_line(row, "_id"),
        aliases=[row.get("_id")],
        metadata={"address": row.get("canonical_url"), "modified": row.get("last_updated_date"),
                  "section": _line(row, "taxonomy.primary_section.name", "taxonomy.primary_site.name")},
    )  # fmt: skip


def _ans_parts(element: object, depth: int = 0) -> Iterator[str]:
    """The words of one element; a reported correction belongs to the article."""
    if not isinstance(element, Mapping) or depth > 5:
        return
    kind = element.get("type")
    if kind in ("text", "header", "blockquote"):
        if text := _html(element.get("content")):
            yield text
    elif kind == "correction":
        if text := _html(element.get("text")):
            yield f"{str(element.get('correction_type') or kind).capitalize()}: {text}"
    elif kind in ("list", "quote", "element_group"):
        for name in ("items", "content_elements"):
            for inner in element.get(name) or ():
                yield from _ans_parts(inner, depth + 1)


def wordpress(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """A post of WordPress's REST interface."""
    kind, status = str(row.get("type") or "post"), str(row.get("status") or "publish")
    if kind not in ("post", "page") or status != "publish":
        source.pass_over(kind if kind not in ("post", "page") else f"{kind} with the status {status}")
        return None
    date = row.get("date_gmt")
    names = [one_line(a) for a in _get(row, "_embedded.author") or () if isinstance(a, dict)]
    return source.article(
        number,
        title=_html(_get(row, "title.rendered")),
        text=_html(_get(row, "content.rendered")) or _html(_get(row, "excerpt.rendered")),
        author=[n for n in names if n],
        published=f"{date}Z" if isinstance(date, str) and not date.endswith("Z") else row.get("date"),
        url=row.get("link"),
        aliases=[_get(row, "guid.rendered")],
        metadata={"modified": row.get("modified_gmt")},
    )


def webz(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """Webz.io: posts with their thread."""
    return source.article(
        number,
        title=_line(row, "title", "thread.title_full", "thread.title"),
        text=str(row.get("text") or ""),
        outlet=_line(row, "thread.site"),
        author=row.get("author"),
        published=row.get("published"),
        url=_line(row, "url", "thread.url"),
        language=row.get("language"),
        aliases=[row.get("uuid")],
    )


def eventregistry(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """Event Registry (newsapi.ai)."""
    return source.article(
        number,
        title=row.get("title"),
        text=str(row.get("body") or ""),
        outlet=_line(row, "source.title", "source.uri"),
        author=row.get("authors"),
        published=row.get("dateTimePub") or row.get("dateTime"),
        url=row.get("url"),
        language=row.get("lang"),
        mark=_line(row, "uri"),
        aliases=[row.get("uri")],
    )


def newsapi(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """NewsAPI.org: beginnings of articles."""
    text, more = teaser(str(row.get("content") or ""))
    if not text.strip():
        text, more = str(row.get("description") or ""), {"teaser": True}
    return source.article(
        number,
        title=row.get("title"),
        text=text,
        outlet=_line(row, "source.name"),
        author=row.get("author"),
        published=row.get("publishedAt"),
        url=row.get("url"),
        metadata=more,
    )


def mediacloud(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """Media Cloud's stories."""
    text = str(row.get("story_text") or row.get("text") or "")
    if not text.strip():
        text = " ".join(str(s.get("sentence") or "") for s in row.get("story_sentences") or () if isinstance(s, dict))
    return source.article(
        number,
        title=row.get("title"),
        text=text,
        outlet=_line(row, "media_name", "media.name"),
        published=row.get("publish_date"),
        url=row.get("url"),
        language=row.get("language"),
        aliases=[row.get("guid")],
    )


def wapo(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """The Washington Post collection of TREC News."""
    parts, kicker = [], None
    for piece in row.get("contents") or ():
        if not isinstance(piece, Mapping):
            continue
        if piece.get("type") == "kicker":
            kicker = piece.get("content")
        elif piece.get("type") == "sanitized_html" and (text := _html(piece.get("content"))):
            parts.append(text)
    return source.article(
        number,
        title=row.get("title"),
        text="\n\n".join(parts),
        outlet=row.get("source"),
        author=row.get("author"),
        published=row.get("published_date"),
        url=row.get("article_url"),
        aliases=[row.get("id")],
        metadata={"section": kicker},
    )


def neuclir(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """NeuCLIR's documents: pages of CC-News."""
    return source.article(
        number,
        title=row.get("title"),
        text=str(row.get("text") or ""),
        published=row.get("time"),
        url=row.get("url"),
        aliases=[row.get("id")],
    )


def newsplease(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """news-please."""
    domain = _line(row, "source_domain")
    return source.article(
        number,
        title=row.get("title"),
        text=str(row.get("maintext") or row.get("text") or ""),
        outlet=domain.removeprefix("www.") if domain else None,
        author=row.get("authors"),
        published=row.get("date_publish"),
        url=row.get("url"),
        language=row.get("language"),
    )


def chorus(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """Vox Media's Chorus. Many entries tell only when they were made and changed: they are undated."""
    parts = [
        text
        for part in _get(row, "body.components") or ()
        if isinstance(part, Mapping) and (text := _html(_get(part, "contents.html")) or _list_items(part))
    ]
    return source.article(
        number,
        title=row.get("title"),
        text="\n\n".join(parts),
        author=_line(row, "author.fullOrUserName", "authorProfile.name"),
        published=row.get("publishedAt") or row.get("publishDate"),
        url=row.get("url"),
        aliases=[row.get("uid")],
        metadata={"created": row.get("createdAt"), "modified": row.get("updatedAt")},
    )


def _list_items(part: Json) -> str:
    items = part.get("items")
    listed = items if isinstance(items, list) else []
    return "\n\n".join(t for i in listed if isinstance(i, Mapping) and (t := _html(_get(i, "line.html"))))


def tinynews(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """News Catalyst's Tiny News."""
    told = next((t for t in row.get("translations") or () if isinstance(t, Mapping) and t.get("published")), None)
    if told is None:
        source.pass_over("unpublished article")
        return None
    names = [" ".join(filter(None, (_line(a, "author.first_names"), _line(a, "author.last_name"))))
             for a in row.get("author") or ()]  # fmt: skip
    parts = ["".join(_tiny_words(block)) for block in told.get("content") or () if isinstance(block, Mapping)
             and block.get("type") in ("text", "list")]  # fmt: skip
    return source.article(
        number,
        title=told.get("headline"),
        text="\n\n".join(part for part in parts if part.strip()),
        author=told.get("custom_byline") or [n for n in names if n],
        published=told.get("first_published_at"),
        url=row.get("live_url"),
        language=told.get("locale_code"),
        aliases=[row.get("id")],
    )


def squarespace(source: Source, number: int | None, row: Json) -> RawArticle | Skipped | None:
    """An entry of a Squarespace collection ("?format=json" behind a page's address); its address has no host."""
    if row.get("workflowState") not in (None, 1):
        source.pass_over("entry that is not published")
        return None
    author = _line(row, "author.displayName")
    return source.article(
        number,
        title=row.get("title"),
        text=_html(row.get("body")),
        author=author,
        published=row.get("publishOn"),
        url=row.get("sourceUrl"),
        mark=_line(row, "id"),
        aliases=[row.get("id")],
        metadata={"address": row.get("fullUrl"), "modified": row.get("updatedOn")},
    )


def _tiny_words(node: object, depth: int = 0) -> Iterator[str]:
    if isinstance(node, Mapping) and depth < 20:
        if isinstance(node.get("content"), str):
            yield str(node["content"])
        for child in node.get("children") or node.get("items") or ():
            yield from _tiny_words(child, depth + 1)
