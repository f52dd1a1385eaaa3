"""Answers, passages and quotes as lines of a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rag.cli.terminal import rich_console
from rag.text.normalize import printable
from rag.text.refusals import Label, labels

if TYPE_CHECKING:
    from rich.console import Console

    from rag.retrieve.explain import Explained
    from rag.types import Answer, Citation, Conflict, Delta, Hit, Quote, Quoted, Time


def print_time(err: Console, time: Time | None) -> None:
    """Say what the question's words of when were taken as, and how to do without."""
    if time is None:
        return
    from rag.text import timespan

    what, dating = timespan.describe_time(time, "to"), timespan.dating(time)
    told = f"Taken as {what}" if time.kind == "as_of" else f"{what[:1].upper()}{what[1:]}"
    otherwise = "looks at all dates" if time.kind == "as_of" else "leaves dates aside"
    line = f"{f'{told}, {dating}' if dating else told} (“{time.phrase}”); --any-time {otherwise}."
    err.print(printable(line), style="dim")


class AnswerPrinter:
    """Prints an answer as it comes: the quotes, then a summary, and what there is to say of them in the end."""

    def __init__(self, question: str = "") -> None:
        """Take the question, whose language the words around its answer are in."""
        self.out = rich_console()
        self._told_as = labels(question)
        self.quotes: dict[int, Citation] = {}
        """Those printed so far, by number."""
        self._text = ""
        self._citations: list[Citation] = []
        self._told = ""
        """As much of the summary as is printed."""
        self._telling = False
        """Whether the cursor stands at the end of the summary."""

    def show(self, event: Quoted | Delta) -> None:
        """Print what came: quotes at once; a summary's sentence once there are quotes that it points to."""
        from rag import shown
        from rag.types import Quoted

        if isinstance(event, Quoted):
            self._print_quotes(event.quotes)
            return
        self._text += event.text
        self._citations += event.citations
        if self.quotes:
            self._tell(shown.summary_text(self._text, self._citations))

    def finish(self, answer: Answer) -> None:
        """Print the rest of it, or that there is none."""
        from rag import shown

        err = rich_console(stderr=True)
        if not answer.answered:
            self._refuse(answer)
        else:
            if not self._told:
                self._print_quotes(answer.quotes)
            self._tell(shown.summary_text(answer.text, answer.citations))
            self._print_quotes(answer.quotes)  # what the summary cites beside them
            self._end_summary()
            if older := shown.older(answer):
                self.out.print(printable(older), style="yellow")
            if answer.timeline:
                of_a_time = answer.query.time is not None and answer.timeline == answer.query.time.phrase
                more = "" if of_a_time else ": onrecord timeline"
                err.print(printable(f"{shown.head(answer)}{more}"), style="dim")
            for conflict in answer.conflicts:
                _print_conflict(self.out, conflict, self._told_as)
            for question in answer.unanswered:
                self.out.print(f"\n{self._told_as(Label.UNANSWERED)}: {printable(question)}", style="yellow")
            if answer.unheard:
                print()
            self._tell_unheard(answer)
        for sentence in answer.withheld:
            err.print(
                f"{self._told_as(Label.WITHHELD)}: {printable(sentence.text)} ({printable(sentence.why)})", style="dim"
            )

    def _print_quotes(self, quotes: Sequence[Citation]) -> None:
        """Those that are not there yet."""
        for quote in quotes:
            if quote.number not in self.quotes:
                self._end_summary()
                if self.quotes:
                    print()
                self.quotes[quote.number] = quote
                _print_citation(self.out, quote, self._told_as)

    def _tell(self, summary: str) -> None:
        """Print what is not there yet of a summary, under a heading."""
        if not summary.startswith(self._told) or summary == self._told:
            return
        more = summary[len(self._told) :]
        if not self._telling:
            self.out.print(f"\n{self._told_as(Label.SUMMARY)}", style="bold")
            more = more.lstrip()
        print(printable(more), end="", flush=True)
        self._told, self._telling = summary, True

    def _end_summary(self) -> None:
        if self._telling:
            print()
            self._telling = False

    def _refuse(self, answer: Answer) -> None:
        if self.quotes:
            print()
        self.out.print(printable(answer.text), style="yellow")
        self._tell_unheard(answer)
        if answer.hits:
            print(f"\n{self._told_as(Label.NEAREST)}:\n")
            for hit in answer.hits[:3]:
                print_hit(hit, told=self._told_as)

    def _tell_unheard(self, answer: Answer) -> None:
        if answer.unheard:
            names = printable(", ".join(answer.unheard))
            self.out.print(f"{self._told_as(Label.UNHEARD)}: {names}", style="yellow")


def _print_citation(out: Console, citation: Citation, told_as: Callable[[Label], str]) -> None:
    """A quote with its number, the words that answer in bold, and where it stands."""
    from rich.text import Text

    from rag import shown

    before, words, after = (printable(piece) for piece in shown.pieces(citation))
    out.print(Text.assemble((f"[{citation.number}] ", "bold cyan"), before, (words, "bold underline"), after))
    if citation.speaker:
        out.print(f"    {told_as(Label.SAID_BY)} {printable(citation.speaker)}")
    if told := shown.days(citation):
        out.print(f"    {printable(told)}", style="dim")
    if view := shown.view(citation, told_as(Label.OPINION)):
        out.print(f"    {printable(view)}", style="yellow")
    if told := shown.standing_line(citation):
        out.print(f"    {printable(told)}", style="yellow")
    out.print(f"    {_origin(citation.title, citation.source, citation.published, citation.url)}", style="dim")
    if told := shown.by_hand(citation):
        out.print(f"    {printable(told)}", style="dim")
    if citation.also_published_by:
        out.print(f"    {told_as(Label.ALSO_PRINTED)} {printable(', '.join(citation.also_published_by))}", style="dim")
    out.print(f"    onrecord show {citation.article_id}", style="dim")


def _print_conflict(out: Console, conflict: Conflict, told_as: Callable[[Label], str]) -> None:
    age = "" if conflict.newer is None else f" ({told_as(Label.NEWER if conflict.newer else Label.OLDER)})"
    out.print(f"\n{told_as(Label.DISAGREE)}: {printable(conflict.about)}", style="yellow")
    out.print(f"    {printable(' '.join(conflict.quote.split()))}")
    out.print(f"    {_origin(conflict.title, conflict.source, conflict.published, conflict.url)}{age}", style="dim")
    out.print(f"    onrecord show {conflict.article_id}", style="dim")


def print_hit(hit: Hit, why: Explained | None = None, told: Callable[[Label], str] | None = None) -> None:
    from rich.text import Text

    out, p = rich_console(), hit.passage
    origin = _origin(p.title, p.source, p.published, p.url)
    out.print(Text.assemble((f"{hit.rank}. ", "bold"), (origin, "bold"), (f"  {hit.score:.4f} {hit.found_by}", "dim")))
    out.print(f"   {printable(' '.join(p.text.split()))}")
    if p.also_published_by:
        also = (told or labels(""))(Label.ALSO_PRINTED)
        out.print(f"   {also} {printable(', '.join(p.also_published_by))}", style="dim")
    if why is not None:
        for one in why.arms:
            own = "" if one.score is None else f" ({'cosine' if one.arm == 'dense' else 'BM25'} {one.score:.3f})"
            out.print(f"   {one.added:+.4f} {one.arm}: rank {one.rank}{own}", style="dim")
        if abs(why.beside) > 0.00005:
            out.print(f"   {why.beside:+.4f} whole article, and the question's time", style="dim")
    out.print(f"   onrecord show {p.id}", style="dim")
    out.print()


def print_quote(quote: Quote) -> None:
    from rich.text import Text

    from rag import quote_files

    out, words = rich_console(), quote_files.words(quote)
    who = ", ".join(x for x in (quote.speaker, quote.role) if x)
    how = " · ".join(x for x in (quote.how, f"in {quote.place}" if quote.place else "") if x)
    out.print(Text.assemble((printable(who), "bold"), (f"  {printable(how)}", "dim")))
    out.print(f"   {printable(f'“{words}”' if quote_files.alone(quote) else f'reported: {words}')}")
    out.print(f"   {_origin(quote.title, quote.source, quote.published, quote.url)}", style="dim")
    if quote.also_published_by:
        out.print(f"   also printed by {printable(', '.join(quote.also_published_by))}", style="dim")
    out.print(f"   onrecord show {quote.article_id}", style="dim")
    out.print()


def _origin(title: str, source: str | None, published: datetime | None, url: str | None) -> str:
    when = f"{published.day} {published:%B %Y}" if published else None
    return printable(" · ".join(x for x in (title, source, when, url) if x))
