"""Whose words evidence is.

The model is told, evidence in the words of whom a question asks for is preferred, and an answer that gives somebody the
words of somebody else is rejected.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rag.answer.check import exact
from rag.index.catalog import Catalog
from rag.retrieve import speaker
from rag.text.lexicon import lexicon
from rag.text.names import is_role
from rag.text.tokens import terms
from rag.text.word_lists import Names
from rag.types import Hit, Query, QuoteSpan

_JOINS = lexicon("en").section(Names).role_joins
"""Small words within a name: "the Ministry of Trade"."""


class Attribution:
    """Who says what in the articles that evidence is taken from."""

    def __init__(
        self,
        said: Mapping[str, Sequence[QuoteSpan]],
        asked: Collection[tuple[str, str | None]] = (),
        wanted: str = "",
    ) -> None:
        """Take quotes by article id, whom the question asks for as (speaker, role), and as the question calls them."""
        self._said = said
        self._asked = frozenset(asked)
        self._wanted = wanted

    @classmethod
    def of(cls, query: Query, hits: Sequence[Hit], catalog: Catalog) -> Attribution:
        """Who says what in the articles of the hits, and which of them the question asks for."""
        said = catalog.said(list(dict.fromkeys(h.passage.article_id for h in hits)))
        if not query.speaker:
            return cls(said)
        speakers = [(quote.speaker, quote.role, 1) for quotes in said.values() for quote in quotes]
        return cls(said, speaker.match(query.speaker, speakers), query.speaker)

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
        """Whose words the cited pieces are, where whom the question asks for speaks in these articles, but not there.

        The reader, which has seen the question, knows better than any rule what else answers it: that somebody declined
        to comment, what a spokesman said for somebody, what a group of people did. So this speaks only of words that
        are plainly others', by their names, and that don't name whom the question asks for. Over 225 questions on news
        that ask for somebody's words 170 are answered rightly so, and 121 where pieces that are not known to be theirs
        were left out; with one speaker's name put in the place of another's, 8 of 108 get the other's words, and 22
        where nothing is left out.

        Args:
            places: (article id, start, end) of what is cited.
            texts: Their words.
        """
        if not self._asked or any(self.asked_for(*place) for place in places):
            return ""
        if set(speaker.last_name(self._wanted)) & {term for text in texts for term in terms(text)}:
            return ""
        whose = _named(self._in(places))
        return f"the cited words are those of {whose}" if whose else ""

    def _in(self, places: Sequence[tuple[str, int, int]]) -> list[QuoteSpan]:
        return [q for place in places for q in self.within(*place)]


def _named(said: Sequence[QuoteSpan]) -> str:
    """The first speaker, where all are called by a name; else nothing, as of "The group" and "First Minister"."""
    return said[0].speaker if said and all(_is_name(q.speaker) for q in said) else ""


def _is_name(who: str) -> bool:
    words = [w for w in who.split() if w.casefold() not in _JOINS]
    return bool(words) and all(w[0].isupper() for w in words) and not is_role(words[-1])
