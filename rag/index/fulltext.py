"""The full-text index: whole articles by exact words and their places, in tantivy. For searching, not for answering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rag.index.schema import IndexRow
from rag.text.boolean import All, Dated, Either, Language, No, Node, Phrase, Word
from rag.text.local_clock import clock
from rag.text.tokens import places, stems

_BREAK = "¶"
"""Stands between title and text, so that no phrase runs over from one to the other."""
_EVER = 10**12  # seconds; tantivy wants both ends of a half-open range
_BUCKETS = 65_000  # values that are counted at most: outlets, months


@dataclass(frozen=True)
class Matches:
    """What a search found: one page of it, and counts over all of it."""

    total: int
    page: tuple[tuple[str, float], ...]
    """(version id, score; 0 where sorted by date)."""
    outlets: tuple[tuple[str, int], ...]
    """(outlet or "", articles), most first."""
    months: tuple[tuple[str, int], ...]
    """("2023-06" or "" where undated, articles), in order."""


class FullText:
    """One folder of whole articles. Its owner (``LexicalIndex``) locks, opens and lets go of it."""

    def __init__(self, folder: Path) -> None:
        """Open the index in ``folder``; it is created where there is none. What tantivy raises is not caught here."""
        import tantivy

        folder.mkdir(parents=True, exist_ok=True)
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        for name in ("words", "title", "author", "outlet", "section"):
            builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="position")
        for name in ("stems", *(f"{n}_stems" for n in ("title", "author", "outlet", "section"))):
            builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="freq")
        builder.add_text_field("language", stored=False, tokenizer_name="raw", index_option="basic")
        for name in ("source", "month"):  # as they are, to be counted and filtered by
            builder.add_text_field(name, stored=False, tokenizer_name="raw", index_option="basic", fast=True)
        builder.add_boolean_field("dated", indexed=True)
        for name in ("newest", "oldest"):  # differ where there is no date: such an article comes last either way
            builder.add_integer_field(name, indexed=True, fast=True)
        there = tantivy.Index.exists(str(folder))
        self._index = tantivy.Index.open(str(folder)) if there else tantivy.Index(builder.build(), path=str(folder))

    def write(self, rows: Sequence[IndexRow], gone: Sequence[str]) -> None:
        """Add articles, one row each, and remove others by version id; those that are there already are replaced."""
        writer = self._index.writer(heap_size=64_000_000, num_threads=1)
        for ident in [*gone, *(r.article_id for r in rows)]:
            writer.delete_documents_by_term("id", ident)
        for row in rows:
            writer.add_document(_document(row))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def searcher(self) -> Any:
        """Tantivy's own, of the last commit."""
        return self._index.searcher()

    def find(
        self,
        node: Node,
        *,
        order: str,
        limit: int,
        offset: int,
        only: Sequence[str] | None,
        sources: Sequence[str],
    ) -> Matches:
        """Search.

        Args:
            node: From ``rag.text.boolean.parse``.
            order: "relevance", "newest" or "oldest".
            limit: How many articles at most.
            offset: How many to pass over.
            only: Version ids to choose from; None: all.
            sources: Outlets as articles have them; empty: all.
        """
        import tantivy

        query, must = tantivy.Query, tantivy.Occur.Must
        rules = [(must, self._query(node))]
        if only is not None:
            rules.append(
                (must, query.const_score_query(query.term_set_query(self._index.schema, "id", list(only)), 0.0))
            )
        if sources:
            named = query.term_set_query(self._index.schema, "source", list(sources))
            rules.append((must, query.const_score_query(named, 0.0)))
        whole = query.boolean_query(rules)
        searcher = self._index.searcher()
        if order == "relevance":
            found = searcher.search(whole, limit, offset=offset)
        else:
            ascending = tantivy.Order.Asc if order == "oldest" else tantivy.Order.Desc
            found = searcher.search(whole, limit, offset=offset, order_by_field=order, order=ascending)
        counts = searcher.aggregate(
            whole,
            {n: {"terms": {"field": n, "size": _BUCKETS, "segment_size": _BUCKETS}} for n in ("source", "month")},
        )
        page = tuple((searcher.doc(a)["id"][0], float(s) if order == "relevance" else 0.0) for s, a in found.hits)
        by = {n: [(b["key"], int(b["doc_count"])) for b in counts[n]["buckets"]] for n in ("source", "month")}
        outlets = sorted(by["source"], key=lambda pair: (-pair[1], pair[0]))
        return Matches(int(found.count), page, tuple(outlets), tuple(sorted(by["month"])))

    def _query(self, node: Node) -> Any:
        """The query of tantivy for a part of ours."""
        import tantivy

        query, occur = tantivy.Query, tantivy.Occur
        if isinstance(node, All):
            return query.boolean_query([self._part(p) for p in node.parts] + self._everything_beside(node.parts))
        if isinstance(node, Either):
            return query.boolean_query([(occur.Should, self._query(p)) for p in node.parts])
        if isinstance(node, No):
            return query.boolean_query([(occur.Must, query.all_query()), (occur.MustNot, self._query(node.part))])
        if isinstance(node, Language):
            return query.const_score_query(query.term_query(self._index.schema, "language", node.code), 0.0)
        if isinstance(node, Dated):
            return query.const_score_query(self._dated(node), 0.0)
        return self._words(node)

    def _part(self, node: Node) -> tuple[Any, Any]:
        import tantivy

        if isinstance(node, No):
            return tantivy.Occur.MustNot, self._query(node.part)
        return tantivy.Occur.Must, self._query(node)

    @staticmethod
    def _everything_beside(parts: Sequence[Node]) -> list[tuple[Any, Any]]:
        """Where all parts say what must not be there, all else is meant."""
        import tantivy

        only_no = all(isinstance(p, No) for p in parts)
        return [(tantivy.Occur.Must, tantivy.Query.all_query())] if only_no else []

    def _words(self, node: Word | Phrase) -> Any:
        import tantivy

        query, schema = tantivy.Query, self._index.schema
        exact = node.field or "words"
        if isinstance(node, Word):
            if node.prefix:
                return query.regex_query(
                    schema, exact, f"{node.word}.*"
                )  # words have no characters but letters and digits
            in_stems = f"{node.field}_stems" if node.field else "stems"
            return query.term_query(schema, in_stems, stems([node.word])[0], "freq")
        words = list(node.words)
        if len(words) == 1:
            if node.prefix:
                return query.regex_query(schema, exact, f"{words[0]}.*")
            return query.term_query(schema, exact, words[0], "freq")
        if node.prefix:
            return query.phrase_prefix_query(schema, exact, words)
        if node.within and len(words) == 2:
            either = [words, words[::-1]]
            return query.boolean_query(
                [(tantivy.Occur.Should, query.phrase_query(schema, exact, w, node.within)) for w in either]
            )
        return query.phrase_query(schema, exact, words, node.within)

    def _dated(self, node: Dated) -> Any:
        import tantivy

        low = _seconds(node.after) if node.after else -_EVER
        high = _seconds(node.before) if node.before else _EVER
        within = tantivy.Query.range_query(
            self._index.schema, "newest", tantivy.FieldType.Integer, low, high, include_lower=True, include_upper=False
        )
        dated = tantivy.Query.term_query(self._index.schema, "dated", True)
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, within), (tantivy.Occur.Must, dated)])


def _document(row: IndexRow) -> Any:
    import tantivy

    document = tantivy.Document()
    document.add_text("id", row.article_id)
    title, text = _words(row.title), _words(row.article_text)
    document.add_text("words", " ".join([*title, _BREAK, *text]))
    document.add_text("stems", " ".join(stems([*title, *text])))
    for name, value in (("title", row.title), ("author", row.author), ("outlet", row.source), ("section", row.section)):
        words = _words(value or "")
        document.add_text(name, " ".join(words))
        document.add_text(f"{name}_stems", " ".join(stems(words)))
    document.add_text("language", row.language)
    document.add_text("source", row.source or "")
    document.add_text("month", f"{row.published:%Y-%m}" if row.published else "")
    document.add_boolean("dated", row.published is not None)
    document.add_integer("newest", _seconds(row.published) if row.published else -_EVER)
    document.add_integer("oldest", _seconds(row.published) if row.published else _EVER)
    return document


def _words(text: str) -> list[str]:
    return [word for _, _, word in places(text)]


def _seconds(when: datetime) -> int:
    return int(clock(when).timestamp())


__all__ = ["FullText", "Matches"]
