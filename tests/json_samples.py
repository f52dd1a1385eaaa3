"""Small files of every kind of JSON object that is known, made by rule; all but "created" times tell one day."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

WORDS = "The Harbour Bridge will close in June. Engineers found cracks in two of its nine piers."
TITLE, OUTLET = "Bridge closed", "The Kellmouth Post"
URL, WHEN = "https://kellmouth.example/bridge", "2024-03-05T09:30:00Z"
HTML = f"<p>{WORDS}</p>"

ROWS: dict[str, Any] = {
    "superdesk": {
        "_id": "urn:newsml:coast:1", "guid": "urn:newsml:coast:1", "type": "text", "state": "published",
        "pubstatus": "usable", "headline": TITLE, "body_html": HTML, "source": "Coast Wire", "byline": "Ann Lee",
        "firstpublished": "2024-03-05T09:30:00+0000", "versioncreated": "2024-03-05T10:00:00+0000",
        "unique_name": "#1", "family_id": "1",
    },
    "ninjs": {
        "uri": "tag:coast:1", "type": "text", "versioncreated": WHEN, "headline": TITLE, "body_xhtml": HTML,
        "copyrightholder": "Coast Wire", "byline": "By Ann Lee", "pubstatus": "usable",
    },
    "guardian": {
        "response": {"results": [{"id": "a/1", "webPublicationDate": WHEN, "webTitle": TITLE, "webUrl": URL,
                                  "fields": {"body": HTML}}]},
    },
    "nyt": {
        "response": {"docs": [{"web_url": URL, "pub_date": WHEN, "headline": {"main": TITLE}, "abstract": WORDS,
                               "source": OUTLET, "_id": "nyt://1"}]},
    },
    "ans": {
        "type": "story", "headlines": {"basic": TITLE}, "content_elements": [{"type": "text", "content": WORDS}],
        "first_publish_date": WHEN, "distributor": {"name": OUTLET}, "_id": "A1",
    },
    "wordpress": {
        "id": 7, "date": "2024-03-05T10:30:00", "date_gmt": "2024-03-05T09:30:00", "type": "post", "status": "publish",
        "title": {"rendered": TITLE}, "content": {"rendered": HTML}, "link": URL, "guid": {"rendered": URL},
    },
    "webz": {
        "posts": [{"thread": {"site": "kellmouth.example"}, "title": TITLE, "text": WORDS, "published": WHEN,
                   "url": URL, "uuid": "1"}],
    },
    "eventregistry": {
        "articles": {"results": [{"uri": "1", "title": TITLE, "body": WORDS, "dateTimePub": WHEN, "url": URL,
                                  "source": {"title": OUTLET}}]},
    },
    "newsapi": {
        "status": "ok", "articles": [{"source": {"id": None, "name": OUTLET}, "author": "Ann Lee", "title": TITLE,
                                      "urlToImage": None, "url": URL, "publishedAt": WHEN,
                                      "content": f"{WORDS}… [+12252 chars]"}],
    },
    "mediacloud": [
        {"stories_id": 1, "publish_date": "2024-03-05 09:30:00", "title": TITLE, "story_text": WORDS, "url": URL,
         "media_name": OUTLET},
    ],
    "wapo": {
        "id": "1", "article_url": URL, "title": TITLE, "author": "Ann Lee", "published_date": 1709631000000,
        "source": OUTLET, "contents": [{"type": "sanitized_html", "content": HTML}],
    },
    "neuclir": {"id": "1", "cc_file": "x.warc.gz", "time": WHEN, "title": TITLE, "text": WORDS, "url": URL},
    "newsplease": {
        "maintext": WORDS, "date_publish": "2024-03-05 09:30:00", "title": TITLE, "url": URL,
        "source_domain": "kellmouth.example", "date_download": "2024-03-09 00:00:00",
    },
    "chorus": {
        "uid": "Entry:1", "title": TITLE, "createdAt": WHEN, "url": URL, "contributors": [],
        "body": {"components": [{"contents": {"html": HTML}}]},
    },
    "squarespace": {
        "items": [{"id": "5e1f", "urlId": "bridge", "title": TITLE, "body": HTML, "publishOn": 1709631000000,
                   "workflowState": 1, "author": {"displayName": "Ann Lee"}, "sourceUrl": URL}],
    },
    "tinynews": [
        {"id": 1, "slug": "bridge", "live_url": URL, "translations": [
            {"published": True, "headline": TITLE, "first_published_at": WHEN,
             "content": [{"type": "text", "children": [{"content": WORDS}]}]}]},
    ],
}  # fmt: skip


def _made(kind: str) -> Callable[[], bytes]:
    return lambda: json.dumps(ROWS[kind], ensure_ascii=False).encode()


JSON_SAMPLES: dict[str, tuple[str, Callable[[], bytes]]] = {f"{kind}-json": (".json", _made(kind)) for kind in ROWS}
