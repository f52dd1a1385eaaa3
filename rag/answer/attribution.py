"""Whose words evidence is.

The model is told, evidence in the words of whom a question asks for is preferred, and an answer that gives somebody the
words of somebody else is rejected.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rag.answer.check import exact
from rag.index.catalog import Catalog
from rag.retrieve import speaker
from rag.text.names import is_role
from rag.text.speech import speaks
from rag.text.tokens import terms
from rag.types import Hit, Query, QuoteSpan


class Attribution:
    """Who says what in the articles that evidence is taken from."""

    def __init__(
        self,
        said: Mapping[str, Sequence[QuoteSpan]],
        asked: Collection[tuple[str, str | None]] = (),
        wanted: str | None = None,
    ) -> None:
        """Take quotes by article id, whom the question asks for as (speaker, role), and as the question calls them."""
        self._said = said
        self._asked = frozenset(asked)
        self._wanted = wanted if wanted and wanted[0].isupper() else None  # "the boss" may well be called otherwise

    @classmethod
    def of(cls, query: Query, hits: Sequence[Hit], catalog: Catalog) -> Attribution:
        """Who says what in the articles of the hits, and which of them the question asks for."""
        said = catalog.said(list(dict.fromkeys(h.passage.article_id for h in hits)))
        if not query.speaker:
            return cls(said)
        speakers = [(quote.speaker, quote.role, 1) for quotes in said.values() for quote in quotes]
        known = bool(speakers)  # without the extra "quotes", or before an archive is looked through, nobody is
        return cls(said, speaker.match(query.speaker, speakers), query.speaker if known else None)

    def within(self, article_id: str, start: int, end: int) -> list[QuoteSpan]:
        """Quotes that overlap a piece of an article, in reading order."""
        return [q for q in self._said.get(article_id, ()) if q.start < end and start < q.end]

    def asked_for(self, article_id: str, start: int, end: int) -> bool:
        """Whether a piece has words of whom the question asks for."""
        return any((q.speaker, q.role) in self._asked for q in self.within(article_id, start, end))

    def introduce(self, article_id: str, start: int, text: str) -> str:
        """Who is meant by "he" or a surname beside the words in a sentence: "He is Qin Gang, foreign minister".

        Args:
            article_id: Where the sentence is from.
            start: Where it starts there.
            text: The sentence.

        Returns:
            Nothing where the sentence says it itself.
        """
        for q in self.within(article_id, start, start + len(text)):
            if not q.speaker[:1].isupper():
                continue  # a description, which says no more than the sentence
            first, last = q.mention[0] - start, q.mention[1] - start
            mention = text[first:last] if 0 <= first < last <= len(text) else ""
            known = set(terms(text))
            new = [p for p in (q.speaker, q.role) if p and not set(terms(p)) <= known]
            if not new:
                continue
            who = f"{q.speaker}, {q.role}" if q.role and q.role in new else q.speaker
            return f"{mention[:1].upper()}{mention[1:]} is {who}" if mention else f"Said by {who}"
        return ""

    def speaker(self, article_id: str, start: int, end: int) -> str | None:
        """Whose words a piece holds, with their role: the first one's that the article names; None where nobody's."""
        for q in self.within(article_id, start, end):
            if q.speaker[:1].isupper():
                return f"{q.speaker}, {q.role}" if q.role else q.speaker
        return None

    def misattributed(self, claim: str, places: Sequence[tuple[str, int, int]]) -> str:
        """Whose words the cited pieces are, where a sentence gives them to somebody else; else nothing.

        Args:
            claim: A sentence of an answer.
            places: (article id, start, end) of what it cites.
        """
        who = exact.speakers(claim)
        if not who:
            return ""
        theirs = self._in(places)
        for q in theirs:
            if who & set(f"{q.speaker} {q.role or ''}".casefold().split()):
                return ""
        return _named(theirs)

    def wrong_speaker(self, places: Sequence[tuple[str, int, int]], texts: Sequence[str]) -> str:
        """Why the cited pieces are not the words that the question asks for; nothing where they may be.

        Where nobody whom it asks for by name is known to speak in these articles, only a piece that names them and in
        which somebody speaks may be.

        Args:
            places: (article id, start, end) of what is cited.
            texts: Their words.
        """
        if any(self.asked_for(*place) for place in places) or not (self._asked or self._wanted):
            return ""
        theirs = self._in(places)
        if not theirs:
            if not any(speaks(text) for text in texts):
                return "nobody speaks in the cited words"
            named = self._asked or set(terms(self._wanted or "")) <= set(terms(" ".join(texts)))
            return "" if named else f"the cited words are not those of {self._wanted}"
        whose = _named(theirs)
        if not whose and not self._asked:
            return f"the cited words are not those of {self._wanted}"
        return f"the cited words are those of {whose}" if whose else ""

    def _in(self, places: Sequence[tuple[str, int, int]]) -> list[QuoteSpan]:
        return [q for place in places for q in self.within(*place)]


def _named(said: Sequence[QuoteSpan]) -> str:
    """The first speaker, where all are called by a name; else nothing, as of "the ministry" and "First Minister"."""
    named = all(q.speaker[:1].isupper() and not is_role(q.speaker.split()[-1]) for q in said)
    return said[0].speaker if said and named else ""
