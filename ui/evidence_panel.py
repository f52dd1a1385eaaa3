"""What stands beside the talk: the evidence, or an article with the cited words marked. Pure, everything escaped."""

from __future__ import annotations

from collections.abc import Sequence

from rag.ui.markup import attrs, button, byline, citation_text, copy_button, day, esc, link, number, opener

from rag.types import Article, Citation, Hit

_OWN_WORDS = "Found because the speaker you ask about is quoted here, not by the words or the meaning of the question"


def evidence(hits: Sequence[Hit], talk: int, citations: Sequence[Citation] = ()) -> str:
    """The passages found for a question, best first; those that the answer cites say so."""
    if not hits:
        return nothing()
    articles = len({h.passage.article_id for h in hits})
    head = f"{number(len(hits), 'passage')} from {number(articles, 'article')}"
    cards = "".join(hit_card(h, citations) for h in hits)
    return (
        f'<section class="evidence" aria-label="Evidence" data-talk="{talk}"><h2>Evidence</h2><p class="muted">{esc(head)}</p>'
        f'<ul class="hits">{cards}</ul></section>'
    )


def hit_card(hit: Hit, citations: Sequence[Citation] = ()) -> str:
    """A passage, with the words marked that an answer cites."""
    p = hit.passage
    inside = [c for c in citations if c.article_id == p.article_id and p.start <= c.start and c.end <= p.end]
    text = _marked(p.text, [(c.start - p.start, c.end - p.start, str(c.number)) for c in inside])
    also = f"also printed by {', '.join(p.also_printed_by)}" if p.also_printed_by else None
    open_ = opener("Open article", p.article_id, p.start, p.end, name=f"Open {p.title}")
    found = (
        f"<span {attrs(class_='badge', title=_OWN_WORDS)}>quotes whom you ask about</span>"
        if hit.found_by == "quotes"
        else ""
    )
    return (
        f'<li class="hit"><h3 dir="auto">{esc(p.title)}</h3><small dir="auto">{esc(byline(p.source, p.published, also))}</small>'
        f'<p class="passage" dir="auto">{text}</p><div class="row">{found}{open_}</div></li>'
    )


def nothing() -> str:
    """The side before anything was asked."""
    return (
        '<section class="evidence" aria-label="Evidence"><h2>Evidence</h2>'
        '<p class="muted">The passages found for a question stand here, before the answer is written. '
        "A number in an answer opens the article at the cited words.</p></section>"
    )


def article_view(
    article: Article, start: int, end: int, cited: str = "", newest: str | None = None, back: str = "Back to evidence"
) -> str:
    """An article with the words from ``start`` to ``end`` marked, readable around them.

    Args:
        article: The version that was cited.
        start: Of the marked words, in code points.
        end: Their end.
        cited: The citation's number; empty for a passage.
        newest: Id of the version that has replaced this one, if one has.
        back: What the button says that closes it.
    """
    start, end = max(0, start), min(end, len(article.text))
    quote = article.text[start:end]
    facts = [article.source, article.author, day(article.published)]
    changed = ""
    if newest is not None:
        changed = (
            '<p class="notice">The article has changed since it was cited. This is the version that was cited. '
            f"{opener('Show the newest', newest, 0, 0)}</p>"
        )
    also = ""
    if article.also_printed_by:
        also = f'<p class="muted">The same words also at {", ".join(link(k, k) for k in article.also_printed_by)}</p>'
    copy = (
        copy_button("Copy quote", citation_text(quote, article.title, article.source, article.published, article.url))
        if quote.strip()
        else ""
    )
    return (
        f"<section {attrs(class_='reading', aria_label='Article', data_article=article.id, data_start=start, data_end=end)}>"
        f'<div class="row bar">{button(back, "back", kind="quiet")}{copy}</div>'
        f'<h2 dir="auto">{esc(article.title)}</h2><p class="muted" dir="auto">{esc(" · ".join(f for f in facts if f))}</p>'
        f"{f'<p>{link(article.url, article.url)}</p>' if article.url else ''}{also}{changed}"
        f"<div {attrs(class_='text', lang=article.language, dir='auto')}>{_paragraphs(article.text, start, end, cited)}</div></section>"
    )


def _paragraphs(text: str, start: int, end: int, cited: str) -> str:
    """Paragraphs with the marked range cut at their borders; the first piece is where the page scrolls to."""
    found, at, first = [], 0, True
    for line in text.split("\n"):
        stop = at + len(line)
        a, b = max(start, at), min(end, stop)
        if line.strip():
            if a < b:
                attributes = attrs(
                    id="cited" if first else None, tabindex="-1" if first else None, data_number=cited or None
                )
                piece = f"{esc(text[at:a])}<mark {attributes}>{esc(text[a:b])}</mark>{esc(text[b:stop])}"
                first = False
            else:
                piece = esc(line)
            found.append(f'<p dir="auto">{piece}</p>')
        at = stop + 1
    return "".join(found)


def _marked(text: str, places: Sequence[tuple[int, int, str]]) -> str:
    """A passage's text with places marked; overlapping ones are taken once."""
    found, at = [], 0
    for start, end, n in sorted(set(places)):
        if start < at:
            continue
        found.append(f'{esc(text[at:start])}<mark data-number="{esc(n)}">{esc(text[start:end])}</mark>')
        at = end
    return "".join([*found, esc(text[at:])])


def gone(message: str) -> str:
    """The side when an article can't be shown."""
    return (
        f'<section class="reading" aria-label="Article"><div class="row bar">{button("Back to evidence", "back", kind="quiet")}</div>'
        f'<p class="notice">{esc(message)}</p></section>'
    )
