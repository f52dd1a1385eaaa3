"""What is seen of a sentence when claims are made of it, and the list of ways to make them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain
from typing import Any

from benchmarks.fit import wording as w
from benchmarks.fit.near_words import REPORTING, SAME_LEMMAS, SAME_WORDS
from benchmarks.fit.wording import Edits, Forms

Kind = Callable[["Sight"], Iterator["Made"]]
KINDS: list[Kind] = []
_NO_NAME = re.compile(r"\b(?:Center|Pub|Sacred|University|Johns|House|Park|Street|Inc|Office|County|City|School)\b")


@dataclass(frozen=True)
class Made:
    """A claim of a sentence."""

    kind: str
    y: str
    claim: str
    question: str = ""
    both: bool = False
    """The claim cites the sentence before, too."""


@dataclass
class Sight:
    """A parsed sentence where it stands."""

    doc: Any
    last: Any
    """The sentence before, parsed; None if it is not well-formed."""
    others: Sequence[Any]
    """Further sentences of the article, nearest first."""
    date: str
    forms: Forms
    rng: random.Random

    @cached_property
    def root(self) -> Any:
        return next(t for t in self.doc if t.dep_ == "ROOT")

    @cached_property
    def short(self) -> list[Edits]:
        return w.shortenings(self.doc)

    @cached_property
    def reported(self) -> bool:
        """Somebody is said to have said it, or to think so."""
        return any(t.lemma_ in REPORTING or t.lower_ in ("according", "reportedly", "allegedly") for t in self.doc)

    @cached_property
    def same(self) -> list[Edits]:
        """Words that others can stand for, outside quotation marks."""
        found: list[Edits] = []
        for t in self.doc:
            if t.i in self.quoted or t.ent_type_ in ("ORG", "WORK_OF_ART", "FAC", "EVENT", "PERSON"):
                continue
            if t.pos_ == "VERB" and t.is_lower and t.lemma_ in SAME_LEMMAS and w.child(t, "prt") is None:
                form = self.forms.of(SAME_LEMMAS[t.lemma_], t.tag_)
                found += [{t.i: form}] if form else []
            elif t.lower_ in SAME_WORDS and (t.lower_ != t.text) == (not t.is_lower):
                found.append({t.i: self.rng.choice(SAME_WORDS[t.lower_])})
        return found

    @cached_property
    def quoted(self) -> set[int]:
        """Places between quotation marks."""
        inside, found = False, set()
        for t in self.doc:
            inside = not inside if t.text == '"' else t.text == "“" or (inside and t.text != "”")
            if inside:
                found.add(t.i)
        return found

    @property
    def written(self) -> date:
        return date.fromisoformat(self.date)

    def tell(self, kind: str, y: str, edits: Edits, *, ask: float = 0.25, shorter: bool = True) -> Iterator[Made]:
        """The sentence after a change, perhaps shortened and in other words besides; perhaps as an answer."""
        merged = {**w.lead_in(self.doc), **edits}
        for piece in self.short if shorter else ():
            if not piece.keys() & merged.keys() and self.rng.random() < 0.6:
                merged |= piece
        for piece in self.same:
            if not piece.keys() & merged.keys() and self.rng.random() < 0.5:
                merged |= piece
        for i in [i for i in merged if i and i - 1 not in merged and self.doc[i - 1].lower_ in ("a", "an")]:
            behind = next((merged.get(j, self.doc[j].text) for j in range(i, len(self.doc)) if merged.get(j, "x")), "")
            merged[i - 1] = w.article(self.doc[i - 1].text, behind.strip())
        claim = w.stopped(w.render(self.doc, merged))
        asked = ""
        if self.rng.random() < ask:
            asked = w.question(self.root, merged, w.clause_places(self.root))
            if asked:
                claim = "Yes, " + w.lowered(self.doc, merged, range(len(self.doc)), claim)
        yield Made(kind, y, claim, asked)

    def named(self, kind: str) -> list[Any]:
        """Names of a type, of this sentence."""
        return [e for e in self.doc.ents if e.label_ == kind]


def kind(made: Kind) -> Kind:
    """Puts a way to make claims on the list."""
    KINDS.append(made)
    return made


def others(s: Sight, kind: str, known: str) -> list[str]:
    """Names of a type, in this sentence and then in others, that share no word with what is known."""
    mine = set(re.findall(r"\w+", known.lower()))
    every = [e for e in chain(s.doc.ents, *(d.ents for d in s.others)) if e.label_ == kind]
    found = {}
    for e in every:
        text = re.sub(r"[’']s$", "", e.text)
        words = set(re.findall(r"\w+", text.lower()))
        if text in known or text.lower().startswith("the ") or _NO_NAME.search(text):
            continue
        initials = "".join(x[0] for x in text.split()).lower()
        if not words & mine and initials not in mine and not text.isupper() and text[:1].isupper() | text[:1].isdigit():
            if kind != "PERSON" or (2 <= len(text.split()) <= 3 and text.istitle()):
                found.setdefault(text, None)
    return list(found)
