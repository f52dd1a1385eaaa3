"""HTML of what stands around the talk: masthead, conversations, filters, the archive's articles, results of an upload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rag.ui.markup import attrs, button, byline, day, esc, link, number

from rag.types import ArticleSummary, Conversation, IngestReport, Stats

PAGE = 25
"""Articles on a page of the list."""


@dataclass(frozen=True)
class Filters:
    """What the user keeps to."""

    sources: tuple[str, ...] = ()
    after: date | None = None
    before: date | None = None
    language: str | None = None


def masthead(stats: Stats | None, model: str, remote: bool) -> str:
    """The name, what the archive covers, and where text goes when it leaves the machine."""
    if stats is None or not stats.articles:
        facts = "The archive is empty"
    else:
        span = f", {day(stats.first)} to {day(stats.last)}" if stats.first and stats.last else ""
        facts = (
            f"{number(stats.articles, 'article')} from {number(len([s for s in stats.sources if s]), 'outlet')}{span}"
        )
    where = (
        f'<p class="remote" role="note">Questions and passages are sent to <strong>{esc(model)}</strong>.</p>'
        if remote
        else '<p class="offline">Nothing leaves this machine.</p>'
    )
    return f'<header class="masthead"><h1>OnRecord</h1><p class="facts">{esc(facts)}</p>{where}</header>'


def first_run() -> str:
    """What an empty archive says."""
    return (
        '<section class="hero"><h2>Ask your articles, and see the words that answer</h2>'
        "<p>Every sentence of an answer cites the exact words of an article. What the articles don’t say is refused. "
        "The archive is empty as yet.</p>"
        f'<div class="row">{button("Load the sample articles", "sample", kind="primary")}'
        '<span class="muted">or upload your own under <strong>Archive</strong>.</span></div></section>'
    )


def welcome(examples: Sequence[str], stats: Stats | None) -> str:
    """What stands where the talk will be: questions to begin with."""
    rows = "".join(f"<li>{button(q, 'example', kind='example', question=q)}</li>" for q in examples)
    body = f'<ul class="examples" aria-label="Example questions">{rows}</ul>' if rows else ""
    size = number(stats.articles, "article") if stats else "the archive"
    return (
        f'<section class="hero"><h2>What do you want to know?</h2><p>Answers come from {esc(size)}, '
        f"word for word.</p>{body}</section>"
    )


def working(what: str, done: int, total: int | None) -> str:
    """A sign of life of something that takes a while."""
    value = {"max": str(total), "value": str(done)} if total else {}
    count = f"{done:,} of {total:,}" if total else f"{done:,}"
    return (
        f'<section class="hero"><p class="alive" role="status"><span class="dot" aria-hidden="true"></span>'
        f"<span>{esc(what)} ({count})</span><progress {attrs(aria_label=what, **value)}></progress></p></section>"
    )


def conversations(found: Sequence[Conversation], current: str | None, search: str) -> str:
    """The list of conversations, newest change first."""
    if not found:
        empty = "No conversation has these words." if search.strip() else "Conversations are kept here."
        return f'<p class="muted">{empty}</p>'
    rows = []
    for c in found:
        here = c.id == current
        rows.append(
            f"<li {attrs(class_='here' if here else None)}>"
            f"<button {attrs(type='button', class_='open', data_event='open', data_id=c.id, dir='auto', aria_current='true' if here else None)}>"
            f"{esc(c.title or 'Untitled')}<small>{number(c.turns, 'question')} · {esc(day(c.updated))}</small></button>"
            f"{button('Rename', 'rename', kind='quiet', name=f'Rename {c.title}', id=c.id, title=c.title)}"
            f"{button('Delete', 'remove', kind='quiet', name=f'Delete {c.title}', id=c.id, confirm=f'Delete “{c.title}” for good?')}</li>"
        )
    return f'<ul class="conversations">{"".join(rows)}</ul>'


def exports(current: str | None, rated: bool) -> str:
    """Links to take a conversation, or one's feedback, away."""
    parts = []
    if current:
        parts += [
            f"<a {attrs(href=f'export/{current}.{kind}', download=True)}>{label}</a>"
            for kind, label in (("md", "Markdown"), ("html", "HTML"))
        ]
    if rated:
        parts.append(f"<a {attrs(href='export/feedback.jsonl', download=True)}>Feedback as evaluation cases</a>")
    return f'<p class="exports"><span>Export</span> {" ".join(parts)}</p>' if parts else ""


def chips(filters: Filters, editing: str = "") -> str:
    """The filters in force, each with a way to take it off."""
    found = [(f"Outlet: {s}" if s else "Without an outlet", "source", s) for s in filters.sources]
    if filters.after:
        found.append((f"From {day(filters.after)}", "after", ""))
    if filters.before:
        found.append((f"Before {day(filters.before)}", "before", ""))
    if filters.language:
        found.append((f"Language: {filters.language}", "language", ""))
    rows = "".join(
        f"<li>{button(f'{label} ×', 'unfilter', kind='chip', name=f'Remove filter {label}', what=what, value=value)}</li>"
        for label, what, value in found
    )
    if editing:
        again = button("Cancel", "unfilter", kind="chip", name="Cancel editing", what="editing", value="")
        rows += f'<li class="editing"><span>Editing: what follows the question is replaced.</span> {again}</li>'
    return f'<ul class="chips" aria-label="Filters in force">{rows}</ul>' if rows else ""


# -- the archive tab ----------------------------------------------------------------


def articles(found: Sequence[ArticleSummary], total: int, offset: int, search: str) -> str:
    """A page of the archive's articles."""
    if not found:
        return f'<p class="muted">{"No article matches." if search.strip() or offset else "The archive is empty."}</p>'
    rows = "".join(_article_row(a) for a in found)
    last = min(offset + PAGE, total)
    back = button("Newer", "turnpage", kind="quiet", offset=max(0, offset - PAGE)) if offset else ""
    on = button("Older", "turnpage", kind="quiet", offset=offset + PAGE) if last < total else ""
    return (
        f'<p class="muted">{offset + 1:,}–{last:,} of {number(total, "article")}</p>'
        f'<ul class="articles">{rows}</ul><div class="row">{back}{on}</div>'
    )


def _article_row(a: ArticleSummary) -> str:
    read = f"<button {attrs(type='button', class_='open', data_event='read', data_article=a.id, dir='auto')}>{esc(a.title or a.key)}</button>"
    facts = byline(a.source, a.published, a.author, a.language)
    delete = button(
        "Delete", "takedown", kind="quiet", name=f"Delete {a.title}", article=a.id,
        confirm=f"Delete “{a.title or a.key}” for good, everywhere? Conversations that cite it lose those sentences.",
    )  # fmt: skip
    where = f'<small class="where" dir="auto">{link(a.url, a.url or "")}</small>' if a.url else ""
    return f'<li><div>{read}<small dir="auto">{esc(facts)}</small>{where}</div>{delete}</li>'


def intake(files: Sequence[str], report: IngestReport) -> str:
    """What an upload did, with a result for each file."""
    skipped: dict[str, list[str]] = {}
    for s in report.skipped:
        skipped.setdefault(s.origin.partition(":")[0], []).append(
            f"{s.origin.partition(':')[2]}: {s.reason}".removeprefix(": ") if ":" in s.origin else s.reason
        )
    rows = []
    for name in files:
        bad = skipped.pop(name, None)
        tone, word = (
            ("bad", f"skipped: {'; '.join(bad[:3])}" + (f" and {len(bad) - 3} more" if len(bad) > 3 else ""))
            if bad
            else ("good", "taken in")
        )
        rows.append(f'<li><span dir="auto">{esc(name)}</span> <span class="{tone}">{esc(word)}</span></li>')
    rows += [
        f'<li><span dir="auto">{esc(n)}</span> <span class="bad">skipped: {esc("; ".join(w[:3]))}</span></li>'
        for n, w in skipped.items()
    ]
    head = (
        f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged, {len(report.skipped)} skipped, "
        f"in {report.seconds:.1f} s"
    )
    return (
        f'<section class="intake" role="status"><p><strong>{esc(head)}</strong></p><ul>{"".join(rows)}</ul></section>'
    )


def failed(message: str) -> str:
    """An error, where its result would have stood."""
    return (
        f'<div class="failed" role="alert"><strong>That failed.</strong> <span dir="auto">{esc(message)}</span></div>'
    )
