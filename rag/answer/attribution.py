"""Whose words evidence is: told to the model, preferred where a question asks for them, and checked in the answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rag.answer.check import exact
from rag.text.names import is_role
from rag.text.speech import speaks
from rag.text.tokens import terms
from rag.types import QuoteSpan


class Attribution:
    """Who says what in the articles that evidence is taken from."""

    def __init__(self, said: Mapping[str, Sequence[QuoteSpan]], asked: Collection[tuple[str, str | None]] = ()) -> None:
        """Take quotes by article id, and whom the question asks for, as (speaker, role)."""
        self._said = said
        self._asked = frozenset(asked)

    def within(self, article_id: str, start: int, end: int) -> list[QuoteSpan]:
        """Quotes that overlap a piece of an article, in reading order."""
        return [q for q in self._said.get(article_id, ()) if q.start < end and start < q.end]

    def asked_for(self, article_id: str, start: int, end: int) -> bool:
        """Whether a piece has words of whom the question asks for."""
        return any((q.speaker, q.role) in self._asked for q in self.within(article_id, start, end))

    def introduction(self, article_id: str, start: int, text: str) -> str:
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
                continue  # a description, which tells no more than the sentence
            first, last = q.mention[0] - start, q.mention[1] - start
            mention = text[first:last] if 0 <= first < last <= len(text) else ""
            known = set(terms(text))
            told = [p for p in (q.speaker, q.role) if p and not set(terms(p)) <= known]
            if not told:
                continue
            who = f"{q.speaker}, {q.role}" if q.role and q.role in told else q.speaker
            return f"{mention[:1].upper()}{mention[1:]} is {who}" if mention else f"Said by {who}"
        return ""

    def others(self, claim: str, places: Sequence[tuple[str, int, int]]) -> str:
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

    def instead(self, places: Sequence[tuple[str, int, int]], texts: Sequence[str]) -> str:
        """Why the cited pieces are not the words that the question asks for; nothing where they may be.

        Where nobody whom it asks for is known to speak in these articles, anything may be.

        Args:
            places: (article id, start, end) of what is cited.
            texts: Their words.
        """
        if not self._asked or any(self.asked_for(*place) for place in places):
            return ""
        theirs = self._in(places)
        if not theirs:
            return "" if any(speaks(text) for text in texts) else "nobody speaks in the cited words"
        whose = _named(theirs)
        return f"the cited words are those of {whose}" if whose else ""

    def _in(self, places: Sequence[tuple[str, int, int]]) -> list[QuoteSpan]:
        return [q for place in places for q in self.within(*place)]


def _named(said: Sequence[QuoteSpan]) -> str:
    """The first speaker, where all are called by a name; else nothing, as of "the ministry" and "First Minister"."""
    named = all(q.speaker[:1].isupper() and not is_role(q.speaker.split()[-1]) for q in said)
    return said[0].speaker if said and named else ""
