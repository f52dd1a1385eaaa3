"""Full-text search: the articles that match a query, with the places of its words marked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, Unpack, get_args

from rag.errors import UsageError
from rag.finding import Excerpt, Findings, Found
from rag.protocols import FilterArgs, refuse_unknown
from rag.retrieve import collected
from rag.retrieve.days import period, whole
from rag.retrieve.query import language_code
from rag.text.boolean import All, Dated, Either, Language, No, Node, Phrase, Word, parse, positives
from rag.text.tokens import places, stems

if TYPE_CHECKING:
    from rag.index.fulltext import Matches
    from rag.index.stores import Stores
    from rag.types import ArticleSummary, Sentence

Order = Literal["relevance", "newest", "oldest"]
_EXCERPTS = 3
_LONG = 320  # characters of an excerpt
_Place = tuple[int, int, str]
_Span = tuple[int, int]


def find(
    stores: Stores,
    query: str,
    *,
    order: Order = "relevance",
    limit: int = 20,
    offset: int = 0,
    **filters: Unpack[FilterArgs],
) -> Findings:
    """Search the whole articles; see ``Archive.find``."""
    refuse_unknown(filters, FilterArgs)
    if order not in get_args(Order):
        raise UsageError(f"`order` is {order!r}; it is one of {', '.join(get_args(Order))}.")
    whole("limit", limit, 0, 1000)
    whole("offset", offset, 0, 100_000)
    began = time.perf_counter()
    node = parse(query)
    if node is None:
        raise UsageError('The search is empty. Write words, "a phrase", AND, OR, NOT, begin*, or outlet:name.')
    stores.require()
    stores.require_full_text()
    matches = _matches(stores, _filtered(node, filters), order, limit, offset, filters)
    summaries = stores.catalog.summaries([ident for ident, _ in matches.page])
    leaves = positives(node)
    found = [_found(stores, summaries[ident], score, leaves) for ident, score in matches.page if ident in summaries]
    return Findings(
        query=query,
        total=matches.total,
        found=tuple(found),
        sources=matches.outlets,
        months=matches.months,
        took_ms=(time.perf_counter() - began) * 1000,
    )


def _filtered(node: Node, filters: FilterArgs) -> Node:
    """A query with the filters that are part of its language."""
    parts: list[Node] = [node]
    after, before = period(filters)
    if after or before:
        within = Dated(after, before)
        parts.append(Either((within, No(Dated()))) if filters.get("undated", True) else within)
    if language := language_code(filters.get("language")):
        parts.append(Language(language))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _matches(stores: Stores, node: Node, order: str, limit: int, offset: int, filters: FilterArgs) -> Matches:
    from rag.index.catalog import StoreClosed

    catalog = stores.catalog
    sources = [catalog.resolve_outlet(s) or s for s in filters.get("sources", ())]
    ids, _ = collected.within(stores, filters.get("collection"), filters.get("articles") or ())
    while True:
        with suppress(StoreClosed):  # a rebuild has just put another in its place
            _, lexical = stores.indexes()
            return lexical.find(node, order=order, limit=limit, offset=offset, only=ids or None, sources=sources)


def _found(stores: Stores, summary: ArticleSummary, score: float, leaves: Sequence[Word | Phrase]) -> Found:
    text = stores.catalog.text_of(summary.id)
    in_text = marks(text, [x for x in leaves if not x.field])
    in_title = marks(summary.title, [x for x in leaves if x.field in ("", "title")])
    chosen = excerpts(text, stores.catalog.sentences(summary.id), in_text)
    return Found(article=summary, score=score, title_marks=tuple(in_title), excerpts=tuple(chosen), places=len(in_text))


def marks(text: str, leaves: Sequence[Word | Phrase]) -> list[_Span]:
    """Where words and phrases of a query stand in a text: (start, end), in order, none overlapping."""
    words = [leaf.word for leaf in leaves if isinstance(leaf, Word)]
    # A stem begins as its word does, so most of a long text need not be looked at; a phrase needs every word.
    there = list(places(text, {word[0] for word in words} if len(words) == len(leaves) else None))
    roots = stems([word for _, _, word in there])
    spans: set[_Span] = set()
    for leaf in leaves:
        if isinstance(leaf, Word):
            root = "" if leaf.prefix else stems([leaf.word])[0]
            spans |= {
                (start, end)
                for (start, end, word), stem in zip(there, roots, strict=True)
                if (word.startswith(leaf.word) if leaf.prefix else stem == root)
            }
        else:
            spans |= set(_phrases(there, leaf))
    joined: list[_Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _phrases(there: Sequence[_Place], leaf: Phrase) -> list[_Span]:
    """Where a phrase begins and ends."""

    def same(word: str, n: int, wanted: Sequence[str]) -> bool:
        return word.startswith(wanted[n]) if leaf.prefix and n == len(leaf.words) - 1 else word == wanted[n]

    orders = [leaf.words, leaf.words[::-1]] if leaf.within and len(leaf.words) == 2 else [leaf.words]
    found: list[_Span] = []
    for wanted in orders:
        for at, (start, end, word) in enumerate(there):
            if not same(word, 0, wanted):
                continue
            last, left = at, leaf.within
            for n in range(1, len(wanted)):
                window = range(last + 1, min(len(there), last + 2 + left))
                step = next((i for i in window if same(there[i][2], n, wanted)), None)
                if step is None:
                    break
                left -= step - last - 1
                last, end = step, there[step][1]
            else:
                found.append((start, end))
    return found


def excerpts(text: str, sentences: Sequence[Sentence], spans: Sequence[_Span]) -> list[Excerpt]:
    """The sentences with most of the marked words, three at most, in the order of the text; long ones are cut."""
    holding: dict[int, list[_Span]] = {}
    at = 0
    for span in spans:
        while at < len(sentences) and sentences[at].end <= span[0]:
            at += 1
        if at < len(sentences) and sentences[at].start <= span[0]:
            holding.setdefault(at, []).append(span)
    different = {n: len({text[a:b].casefold() for a, b in held}) for n, held in holding.items()}
    best = sorted(holding, key=lambda n: (-different[n], -len(holding[n]), n))[:_EXCERPTS]
    return [_cut(text, sentences[n], holding[n]) for n in sorted(best)]


def _cut(text: str, sentence: Sentence, held: Sequence[_Span]) -> Excerpt:
    start, end = sentence.start, sentence.end
    if end - start > _LONG:  # around the first word, at spaces
        start = max(start, held[0][0] - _LONG // 3)
        end = min(end, start + _LONG)
        if start > sentence.start:
            start = text.find(" ", start, held[0][0]) + 1 or start
        if end < sentence.end:
            end = max(text.rfind(" ", start, end), held[0][1])
    inside = tuple((a, b) for a, b in held if start <= a and b <= end)
    return Excerpt(start=start, end=end, text=text[start:end], marks=inside)


__all__ = ["Order", "excerpts", "find", "marks"]
