"""What a site offers beside its pages: feeds named in a page's head, and the public APIs of WordPress and Ghost."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from rag.ingest.forms.markup import fragment_words, html_tree
from rag.ingest.values import one_line
from rag.sources.feeds import Listed
from rag.sources.instants import read_instant
from rag.sources.values import Hints
from rag.text.urls import is_web

_FEEDS = re.compile(r"application/(?:rss\+xml|atom\+xml|feed\+json|json)", re.IGNORECASE)
_ARTICLE = re.compile(r'"@type"\s*:\s*\[?\s*"\w*(?:Article|BlogPosting)"')
_PAGE = 100
"""Posts that one request to WordPress asks for."""


@dataclass
class Offered:
    """What a page says of its site."""

    feeds: list[str] = field(default_factory=list)
    wordpress: str | None = None
    """Address of its posts."""
    ghost: str | None = None
    """The same, with the public key that its own scripts use."""
    article: bool = False
    """Whether the page calls itself an article."""
    front: bool = False
    """Whether it calls itself a site or a list."""


def offered(page: bytes, url: str, links: str = "") -> Offered:
    """What a page says of its site.

    Args:
        page: The page.
        url: Where it came from.
        links: The header Link that came with it.
    """
    found = Offered()
    try:
        tree = html_tree(page)
    except Exception:  # a parser fed with anything may fail in any way
        return found
    base = next(iter(tree.xpath("//base/@href")), "")
    at = _joined(url, base) or url
    for link in tree.iter("link"):
        rel = str(link.get("rel") or "").lower().split()
        address = _joined(at, str(link.get("href") or ""))
        if address is None:
            continue
        kind = str(link.get("type") or "")
        if "alternate" in rel and _FEEDS.match(kind) and not (kind.endswith("/json") and "/wp-json/" in address):
            found.feeds.append(address)
        elif "https://api.w.org/" in rel:
            found.wordpress = wordpress_posts(address)
    if found.wordpress is None and (told := re.search(r"<([^>]+)>;\s*rel=\"https://api\.w\.org/\"", links)):
        if (address := _joined(at, told[1])) is not None:
            found.wordpress = wordpress_posts(address)
    for script in tree.xpath("//script[@data-key]"):
        api = str(script.get("data-api") or script.get("data-ghost") or "")
        if (address := _joined(at, api)) is not None:
            root = address if "/ghost/api/content" in address else urljoin(address, "/ghost/api/content/")
            found.ghost = ghost_posts(root, str(script.get("data-key")))
            break
    kinds = {str(m.get("content") or "").lower() for m in tree.xpath("//meta[@property='og:type']")}
    data = "".join(tree.xpath("//script[@type='application/ld+json']/text()"))
    found.article = (
        "article" in kinds or re.search(r'"@type"\s*:\s*\[?\s*"\w*(?:Article|BlogPosting)"', data) is not None
    )
    found.front = bool(kinds & {"website", "blog"}) or urlsplit(url).path in ("", "/")
    return found


def _joined(base: str, address: str) -> str | None:
    try:
        joined = urljoin(base, address.strip())
    except ValueError:
        return None
    return joined if address.strip() and is_web(joined) else None


# -- WordPress -------------------------------------------------------------------------


def wordpress_posts(root: str) -> str:
    """The address of a WordPress site's posts, newest change first.

    Args:
        root: The address of its API: ".../wp-json/", or "...?rest_route=/".
    """
    wanted = {"per_page": str(_PAGE), "orderby": "modified", "order": "desc", "_embed": "author"}
    parts = urlsplit(root)
    query = dict(parse_qsl(parts.query))
    if "rest_route" in query:
        query["rest_route"] = "/wp/v2/posts"
        return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query | wanted), ""))
    path = parts.path.rstrip("/")
    path = path if path.endswith("/wp/v2/posts") else f"{path.removesuffix('/wp/v2')}/wp/v2/posts"
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query | wanted), ""))


def ghost_posts(root: str, key: str) -> str:
    """The address of a Ghost site's posts, newest change first."""
    wanted = {"key": key, "include": "authors", "limit": "50", "order": "updated_at desc"}
    return f"{root.rstrip('/')}/posts/?{urlencode(wanted)}"


def api_kind(raw: bytes) -> str | None:
    """Whether a JSON document is WordPress's or Ghost's list of posts; None for others."""
    value = _json(raw)
    if isinstance(value, list) and (not value or (isinstance(value[0], dict) and "link" in value[0])):
        first = value[0] if value else {}
        return "wordpress" if not value or isinstance(first.get("content"), dict) else None
    if isinstance(value, dict) and isinstance(value.get("posts"), list) and "meta" in value:
        return "ghost"
    return None


def read_wordpress(raw: bytes, url: str) -> Listed:
    """The posts of one page of WordPress's API, and the address of the next page."""
    listed, value = Listed(), _json(raw)
    posts = value if isinstance(value, list) else []
    for post in posts:
        link = str(post.get("link") or "") if isinstance(post, dict) else ""
        if not is_web(link):
            listed.passed["entry without an address"] += 1
            continue
        people = (post.get("_embedded") or {}).get("author") if isinstance(post.get("_embedded"), dict) else None
        protected = (post.get("content") or {}).get("protected") is True
        listed.entries.append(
            Hints(
                url=link,
                title=one_line(fragment_words(_rendered(post, "title"))),
                author=one_line(people),
                published=_greenwich(post.get("date_gmt"), link),
                updated=_greenwich(post.get("modified_gmt"), link),
                guid=_rendered(post, "guid") or None,
                content="" if protected else fragment_words(_rendered(post, "content")),
                whole=not protected,
                stamp=str(post.get("modified_gmt") or ""),
            )
        )
    if len(posts) >= _PAGE:
        listed.more.append((_next_page(url), ""))
    return listed


def read_ghost(raw: bytes, url: str) -> Listed:
    """The posts of one page of Ghost's API, and the address of the next page."""
    listed, value = Listed(), _json(raw)
    posts = value.get("posts") if isinstance(value, dict) else None
    for post in posts if isinstance(posts, list) else []:
        link = str(post.get("url") or "") if isinstance(post, dict) else ""
        if not is_web(link):
            listed.passed["entry without an address"] += 1
            continue
        words = fragment_words(str(post.get("html") or ""))
        listed.entries.append(
            Hints(
                url=link,
                title=one_line(post.get("title")),
                author=one_line(post.get("authors")),
                published=read_instant(post.get("published_at"), link),
                updated=read_instant(post.get("updated_at"), link),
                guid=one_line(post.get("uuid")),
                content=words,
                # A post for members comes without its words, or with a beginning of them.
                whole=bool(words) and post.get("access") is not False,
                stamp=str(post.get("updated_at") or ""),
            )
        )
    pagination = ((value.get("meta") or {}).get("pagination") or {}) if isinstance(value, dict) else {}
    if isinstance(pagination, dict) and pagination.get("next"):
        listed.more.append((_next_page(url), ""))
    return listed


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None


def _rendered(post: dict[str, Any], name: str) -> str:
    value = post.get(name)
    return str(value.get("rendered") or "") if isinstance(value, dict) else str(value or "")


def _greenwich(value: object, url: str) -> Any:
    """A time of WordPress, which it tells in Greenwich without saying so."""
    return read_instant(f"{value}+00:00", url) if isinstance(value, str) and value else None


def _next_page(url: str) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    query["page"] = str(int(query["page"]) + 1 if query.get("page", "").isdigit() else 2)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))


__all__ = ["Offered", "api_kind", "ghost_posts", "offered", "read_ghost", "read_wordpress", "wordpress_posts"]
