"""The text of a page's article, by trafilatura, with its tables in words and its corrections kept."""

from __future__ import annotations

import re
from collections import Counter
from copy import deepcopy
from typing import Any

from rag.extras import require
from rag.ingest.pages.linked import Linked, clean
from rag.ingest.pages.live import live_text
from rag.ingest.pages.tables import put_into_words
from rag.ingest.pages.tree import Page, tokens
from rag.ingest.values import running_text

SHORTEST = 25
"""Characters an article has at least; less is a menu."""
_CORRECTION = re.compile(
    r"(?:^|[\s_-])(?:correction|corrections|clarification|erratum|editors?-?note|retraction)(?:$|[\s_-])"
)
_LONGEST_NOTE = 1500
_MOST_NOTES = 10
_REPEATED = 150
"""Characters of a line that an article doesn't say three times."""
_LEAD = 40
"""Letters that a lead has at least."""


def text_of(page: Page, linked: Linked) -> str:
    """The article's text, a blank line between paragraphs; "" where the page has none."""
    require("trafilatura", extra="documents", what="Reading HTML")
    text = live_text(page, linked)
    if text is None:
        tree = deepcopy(page.tree)
        put_into_words(tree)
        lines = _without_repeats(_extracted(tree))
        whole = _declared(linked)
        lines = _within(lines, whole)
        if whole and len(" ".join(lines)) < max(SHORTEST, len(whole) / 2):
            lines = whole.split("\n\n")
        text = "\n\n".join([*_standfirst(page, linked, lines), *lines])
    return _with_corrections(text, page, linked)


def _extracted(tree: Any) -> list[str]:
    from trafilatura import bare_extraction

    found = bare_extraction(tree, with_metadata=False, include_comments=False, include_tables=False, deduplicate=False)
    text = found.text if found is not None and not isinstance(found, dict) else None
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def _without_repeats(lines: list[str]) -> list[str]:
    """The lines without long ones that stand there three times: what a page says in place of each thing it embeds."""
    often = {line for line, count in Counter(lines).items() if count >= 3 and len(line) >= _REPEATED}
    return [line for line in lines if line not in often]


def _within(lines: list[str], whole: str) -> list[str]:
    """The lines from the first to the last that stand in the text of the page's data, if nearly all of it is there.

    What stands before and behind is the page's: teasers, sign-ups.
    """
    known = _letters(whole)
    own = [at for at, line in enumerate(lines) if len(line) > 20 and _letters(line) in known]
    covered = sum(len(_letters(lines[at])) for at in own)
    if not own or covered < 0.9 * len(known) or covered < 0.6 * len(_letters(" ".join(lines))):
        return lines  # they hold only a beginning, or another version
    return lines[own[0] : own[-1] + 1]


def _standfirst(page: Page, linked: Linked, lines: list[str]) -> list[str]:
    """The lead that the page shows above its text and declares as its description, where extraction has dropped it."""
    kept = _letters(" ".join(lines))
    for told in (*linked.texts("description", pages=False), *map(clean, page.metas.get("ogdescription", ())),
                 *map(clean, page.metas.get("description", ()))):  # fmt: skip
        letters = _letters(told)
        if len(letters) < _LEAD or letters in kept:
            continue
        for element in page.tree.iter("p", "div", "h2", "h3", "span", "strong", "em"):
            if len(element) <= 3 and letters == _letters(line := " ".join(element.text_content().split())):
                return [line]
    return []


def _declared(linked: Linked) -> str:
    """The text that the page's data hold."""
    for node in linked.articles:
        body = node.get("articleBody")
        if isinstance(body, str) and body.strip():
            lines = (" ".join(line.split()) for line in running_text(body).splitlines())
            return "\n\n".join(clean(line) for line in lines if line)
    return ""


def _with_corrections(text: str, page: Page, linked: Linked) -> str:
    """The text with the corrections that the page reports, at top or foot, where extraction has dropped them."""
    if not text:
        return text
    kept = _letters(text)
    top: list[str] = []
    foot: list[str] = []
    body_seen = False
    first = _letters(text.split("\n\n", 1)[0])[:80]
    for element in page.tree.iter("p", "div", "section", "aside", "span", "footer", "em"):
        if len(top) + len(foot) >= _MOST_NOTES:
            break
        line = ""
        if _CORRECTION.search(tokens(element)):
            line = " ".join(" ".join(element.itertext()).split())
        elif not body_seen and element.tag == "p" and first and first in _letters(element.text_content()):
            body_seen = True
        if 20 < len(line) <= _LONGEST_NOTE and _letters(line) not in kept:
            (foot if body_seen else top).append(line)
            kept += _letters(line)
    for told in linked.texts("correction", pages=False):
        if len(told) > 20 and _letters(told) not in kept:
            foot.append(told)
            kept += _letters(told)
    return "\n\n".join([*top, text, *foot])


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
