"""The lexical index: BM25 over passages and articles, in tantivy, and the full-text index beside them.

Its words are those of ``rag.text.tokens``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.index.native import check_seal, damaged, guarded, seal, sealed_at, unseal
from rag.index.schema import IndexRow, StoreClosed
from rag.text.local_clock import clock
from rag.text.tokens import query_terms, terms
from rag.types import Query

if TYPE_CHECKING:
    from rag.index.fulltext import FullText, Matches
    from rag.text.boolean import Node

# Two indexes, since tantivy takes an average length and rarity over all documents of one.
_PASSAGES, _ARTICLES, _FULL_TEXT = "", "articles", "fulltext"
_EVER = 10**12  # seconds; tantivy wants both ends of a half-open range


class LexicalIndex:
    """BM25 (tantivy's, k1 1.2, b 0.75) over title and text of passages, and of whole articles in a second index.

    A passage seldom has all words of a question: the whole text tells better which article answers it, and the passages
    tell where in the article. Safe to use from several threads; the contract of its methods is that of ``VectorIndex``,
    except that opening it for a search creates an empty index. What is open is searched while another thread writes.
    """

    def __init__(self, folder: Path) -> None:
        """Use the index in ``folder``; it is created at the first use."""
        self._folder = folder
        self._turn = threading.RLock()
        """Held while files are written or sealed, which takes seconds; before ``_lock``, never after it."""
        self._lock = threading.RLock()
        """Held while files are opened, or let go of."""
        self._indexes: dict[str, Any] = {}
        self._full_text: FullText | None = None
        self._generation = -1
        self._changed = False
        self._closed = False

    def close(self) -> None:
        """Close the files; the object can't be searched any more."""
        with self._turn, self._lock:
            self._seal()
            self._indexes, self._full_text = {}, None
            self._closed = True

    def _seal(self, generation: int | None = None) -> None:
        if self._changed or (generation is not None and sealed_at(self._folder) != generation):
            self._changed = False
            seal(self._folder, generation)

    def refresh(self, generation: int) -> None:
        """Reopen the files if another process has written to them.

        Args:
            generation: The catalog's; nothing happens if it is the one of the last call.
        """
        with self._lock:
            if self._generation != generation:
                self._indexes, self._full_text = {}, None
                self._generation = generation

    def mark_current(self, generation: int) -> None:
        """Record that this process itself has brought the index to ``generation``, and seal it."""
        with self._turn:
            self._seal(generation)
        self.refresh(generation)

    def add(self, rows: Sequence[IndexRow]) -> None:
        """Add passages and their articles; those that are there already are replaced."""
        self._write(rows, ())

    def remove(self, ids: Sequence[str]) -> None:
        """Remove passages by id, and their articles; unknown ids are ignored."""
        self._write((), ids)

    def _write(self, rows: Sequence[IndexRow], gone: Sequence[str]) -> None:
        # All passages of a version are added, or removed, together.
        articles = {r.article_id: r for r in rows}
        left = {g.partition(":")[0] for g in gone}
        with self._turn, guarded("lexical", self._folder):
            with self._lock:
                for part in (_PASSAGES, _ARTICLES):
                    self._opened(part)
                self._opened_full_text()
                self._changed = True
            unseal(self._folder)
            self._put(_PASSAGES, [*gone, *(r.id for r in rows)], [_document(r, r.id, r.text) for r in rows])
            whole = [_document(r, r.article_id, r.article_text) for r in articles.values()]
            self._put(_ARTICLES, [*articles, *left], whole)
            self._opened_full_text().write(list(articles.values()), sorted(left))
            with self._lock:
                self._indexes = {}

    def purge(self, rows: Callable[[Sequence[str]], list[IndexRow]]) -> None:
        """Leave nothing in the files of what was removed, or replaced; what is in the index stays.

        Args:
            rows: All passages of some articles, by version id.
        """
        from rag.index import expunge

        def rewrite(folder: Path) -> None:
            for one in expunge.segments(folder):
                if one.deleted:
                    expunge.rewrite(folder, one.ident)
            expunge.collect(folder)

        with self._turn, guarded("lexical", self._folder):
            self._write((), ())  # whatever isn't there yet is made
            folders = {part: self._folder / part for part in (_PASSAGES, _ARTICLES, _FULL_TEXT)}
            for part, folder in folders.items():
                few = [s.ident for s in expunge.segments(folder) if s.deleted and s.left <= expunge.SMALL]
                if few:
                    self._put_anew(part, expunge.ids_left(folder, few), rows)
            with ThreadPoolExecutor(len(folders), "expunge") as side_by_side:
                list(side_by_side.map(rewrite, folders.values()))
            with self._lock:
                self._indexes, self._full_text = {}, None

    def _put_anew(self, part: str, ids: Sequence[str], rows: Callable[[Sequence[str]], list[IndexRow]]) -> None:
        """Take some documents out of a part of the index, and add them again."""
        there = rows(sorted({ident.partition(":")[0] for ident in ids}))
        articles = list({r.article_id: r for r in there}.values())
        if part == _PASSAGES:
            wanted = set(ids)
            self._put(part, ids, [_document(r, r.id, r.text) for r in there if r.id in wanted])
        elif part == _ARTICLES:
            self._put(part, ids, [_document(r, r.article_id, r.article_text) for r in articles])
        else:
            self._opened_full_text().write(articles, ids)

    def _put(self, part: str, gone: Sequence[str], documents: Sequence[Any]) -> None:
        # With more threads each would write a segment of its own at every commit, and Python provides the words anyway.
        writer = self._opened(part).writer(heap_size=64_000_000, num_threads=1)
        for ident in gone:
            writer.delete_documents_by_term("id", ident)
        for document in documents:
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()

    def search(
        self,
        question: str,
        n: int,
        filters: Query | None = None,
        only: Sequence[str] | None = None,
    ) -> list[tuple[str, float]]:
        """The ``n`` best passages for the words of ``question`` that pass the filters of a query.

        Args:
            question: In natural language; stop words don't count.
            n: How many at most.
            filters: Dates, outlets and language that a passage has to match.
            only: Ids of passages to choose from, unknown ones among them ignored; None: all.

        Returns:
            (passage id, BM25 score), best first.

        Raises:
            StoreClosed: The index was closed.
            ArchiveDamaged: The index can't be read.
        """
        return self._find(_PASSAGES, question, n, filters, only)

    def articles(
        self,
        question: str,
        n: int,
        filters: Query | None = None,
        only: Sequence[str] | None = None,
    ) -> list[tuple[str, float]]:
        """The ``n`` best articles, by version id; as ``search``, with ids of articles in ``only``."""
        return self._find(_ARTICLES, question, n, filters, only)

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
        """Search whole articles by exact words; see ``FullText.find``.

        Raises:
            StoreClosed: The index was closed.
            ArchiveDamaged: The index can't be read.
        """
        full_text = self._opened_full_text()
        with guarded("lexical", self._folder):
            return full_text.find(node, order=order, limit=limit, offset=offset, only=only, sources=sources)

    def _opened_full_text(self) -> FullText:
        if (there := self._full_text) is not None:
            return there
        with self._lock:
            if self._closed:
                raise StoreClosed
            if self._full_text is None:
                from rag.index.fulltext import FullText

                if not self._changed:
                    check_seal("lexical", self._folder)
                with guarded("lexical", self._folder):
                    self._full_text = FullText(self._folder / _FULL_TEXT)
            return self._full_text

    def _find(
        self, part: str, question: str, n: int, filters: Query | None, only: Sequence[str] | None
    ) -> list[tuple[str, float]]:
        import tantivy

        wanted = query_terms(question)
        if not wanted or not n or (only is not None and not only):
            return []
        index = self._opened(part)
        with guarded("lexical", self._folder):
            schema = index.schema
            query, must, should = tantivy.Query, tantivy.Occur.Must, tantivy.Occur.Should
            parts = [(should, query.term_query(schema, "body", t, "freq")) for t in wanted]
            whole = query.boolean_query(parts)
            rules = []
            if only is not None:
                rules.append(query.term_set_query(schema, "id", list(only)))
            if filters and filters.sources:
                rules.append(
                    query.boolean_query([(should, query.term_query(schema, "source", s)) for s in filters.sources])
                )
            if filters and filters.language:
                rules.append(query.term_query(schema, "language", filters.language))
            if filters and (filters.after or filters.before):
                low = int(clock(filters.after).timestamp()) if filters.after else -_EVER
                high = int(clock(filters.before).timestamp()) if filters.before else _EVER
                within = query.range_query(
                    schema, "published", tantivy.FieldType.Integer, low, high, include_lower=True, include_upper=False
                )
                dated = query.boolean_query([(must, within), (must, query.term_query(schema, "has_date", True))])
                without = query.term_query(schema, "has_date", False)
                rules.append(query.boolean_query([(should, dated), (should, without)]) if filters.undated else dated)
            if rules:
                required = [(must, query.const_score_query(r, 0.0)) for r in rules]
                whole = query.boolean_query([(must, whole), *required])
            searcher = index.searcher()
            hits = searcher.search(whole, n).hits
            return [(searcher.doc(address)["id"][0], float(score)) for score, address in hits]

    def ids(self) -> set[str]:
        """Ids of all passages in the index."""
        with guarded("lexical", self._folder):
            check_seal("lexical", self._folder, thorough=True)
            return _ids(self._opened(_PASSAGES).searcher())

    def article_ids(self) -> tuple[set[str], set[str]]:
        """Version ids of all articles in the index of their words, and in that of their full texts."""
        with guarded("lexical", self._folder):
            return _ids(self._opened(_ARTICLES).searcher()), _ids(self._opened_full_text().searcher())

    def check(self, passages: int | None = None, articles: int | None = None) -> None:
        """Open the index as a search would, and count.

        Args:
            passages: How many it should hold; None: any number.
            articles: As ``passages``.

        Raises:
            ArchiveDamaged: It can't be read, or holds another number.
        """
        with guarded("lexical", self._folder):
            searchers = [self._opened(part).searcher() for part in (_PASSAGES, _ARTICLES)]
            searchers.append(self._opened_full_text().searcher())
            wanted = (("passages", passages), ("articles", articles), ("full texts", articles))
            for searcher, (what, n) in zip(searchers, wanted, strict=True):
                if n is not None and searcher.num_docs != n:
                    raise damaged("lexical", self._folder, f"{searcher.num_docs} {what} are there, of {n}")

    def _opened(self, part: str) -> Any:
        if (there := self._indexes.get(part)) is not None:
            return there
        with self._lock:
            if self._closed:
                raise StoreClosed
            if part not in self._indexes:
                if not self._changed:
                    check_seal("lexical", self._folder)
                with guarded("lexical", self._folder):
                    self._indexes[part] = _open(self._folder / part)
            return self._indexes[part]


def _open(folder: Path) -> Any:
    """The index in a folder; it is created where there is none."""
    import tantivy

    folder.mkdir(parents=True, exist_ok=True)
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("body", stored=False, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("source", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("language", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_boolean_field("has_date", indexed=True)
    builder.add_integer_field("published", indexed=True, fast=True)
    # An existing index keeps the fields it was built with; older programs had fewer.
    there = tantivy.Index.exists(str(folder))
    return tantivy.Index.open(str(folder)) if there else tantivy.Index(builder.build(), path=str(folder))


def _ids(searcher: Any) -> set[str]:
    import tantivy

    hits = searcher.search(tantivy.Query.all_query(), max(1, searcher.num_docs)).hits
    return {searcher.doc(address)["id"][0] for _, address in hits}


def _document(row: IndexRow, ident: str, text: str) -> Any:
    """A passage or an article as tantivy stores it, with what filters need."""
    import tantivy

    document = tantivy.Document()
    document.add_text("id", ident)
    document.add_text("body", " ".join(terms(f"{row.title}\n{text}")))
    document.add_text("source", row.source or "")
    document.add_text("language", row.language)
    document.add_boolean("has_date", row.published is not None)
    document.add_integer("published", int(clock(row.published).timestamp()) if row.published else 0)
    return document
