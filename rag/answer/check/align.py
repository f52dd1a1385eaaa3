"""A claim laid beside the words it cites, word by word: what was left out, what was changed, what was added.

The words of both are matched by form, lemma and number; then what the matched ones depend on is compared: what governs
them (``governors.py``), who does what to whom, what a number counts, what a quantifier bounds. The method is that of
natural logic (MacCartney & Manning, "Natural logic for textual inference", 2007), with the differences counted rather
than proved: ``benchmarks/fit/claims.py`` fits what each is worth.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise

from rag.answer.check import attachment, scope
from rag.answer.check.difference import Differences
from rag.answer.check.governors import WORDS, Governed, predicate_of, speaks, subtree, verbal
from rag.answer.check.matching import LIGHT, Text, aligned, bound, bounds, implied, is_content, kind, light_verbs
from rag.answer.check.roles import (
    another,
    beside,
    called,
    counts,
    difference,
    done_to_a_thing,
    frame,
    listed,
    multiplied,
    owner,
    passive,
    subject,
)
from rag.text.numbers import is_year
from rag.text.parser import Tree
from rag.text.tokens import terms

_SUBJECT = ("nsubj",)
_YEARS = range(1000, 3000)
_PRONOUNS = frozenset("he she it they him her them his its their this that these those who which i we".split())


def differences(
    claim: Sequence[Tree],
    said: Sequence[Tree],
    *,
    known: str = "",
    days: Collection[float] = (),
    months: Collection[str] = (),
) -> Differences:
    """How a claim differs from the cited words.

    Args:
        claim: Its sentences, parsed.
        said: The cited sentences, parsed.
        known: What may stand for a name or a pronoun beside them: title, neighbours, dates.
        days: Numbers of days and years that the cited words imply.
        months: Months that they imply, in small letters.
    """
    mine, theirs = Text.of(claim), Text.of(said)
    if not mine.tree or not theirs.tree:
        return Differences(added=1.0, root=1.0)
    content = [n for n in range(len(mine.tree)) if is_content(mine, n)]
    pairs = aligned(mine, theirs, content)
    around = set(terms(known)) | set(months)
    free = {n for n in content if n not in pairs and (implied(mine, n, around, days) or bounds(mine, n, pairs))}
    lost = [n for n in content if n not in pairs and n not in free]
    kinds = [kind(mine, n) for n in lost]
    light = light_verbs(mine, theirs, pairs)
    told = _Told(mine, theirs, pairs | light)
    roots = [n for n in content if verbal(mine.tree, n)] + list(light)
    main = next((n for n in range(len(mine.tree)) if mine.tree[n].dep == "ROOT"), 0)
    shared = [n for n in pairs if kind(mine, n) != "names"]
    share = len(lost) / max(1, len(content))
    order = scope.in_order(mine, pairs, content)
    return Differences(
        added=share,
        **{f"added_{k}": float(kinds.count(k)) for k in ("verbs", "nouns", "names", "numbers", "rest")},
        root=float(main not in pairs and mine.tree[main].lemma not in LIGHT),
        another=float(
            (len(lost) == 1 and another(mine, theirs, pairs, lost[0]))
            or (mine.tree[main].lemma in LIGHT and any(told.plan(n) for n in subject(mine, main) if n in pairs))
        ),
        said=_share(told.said(n) for n in shared),
        said_root=_count(told.said(n) for n in told.matched(roots)),
        unsure=_share(told.unsure(n) for n in shared),
        unsure_root=_count(told.unsure(n) for n in told.matched(roots)),
        condition=_share(told.condition(n) for n in shared),
        plan=_share(told.plan(n) for n in shared),
        plan_root=_count(told.plan(n) for n in told.matched(roots)),
        negation=_count(told.negation(n) for n in told.matched(roots))
        or _count(told.aside(n) for n in pairs)
        or 0.5 * told.nouns_negated(shared),
        negation_other=told.negations_apart(),
        future=_count(told.future(n) for n in told.matched(roots)),
        speaker=told.speaker(),
        speech_added=told.speech_added(),
        **told.roles([n for n in content if kind(mine, n) in ("verbs", "rest", "nouns")] + list(light)),
        moved=told.moved(),
        instead=_count(attachment.instead(mine, theirs, told.pairs, n) for n in pairs),
        **told.placed(),
        **told.counted(),
        universal=_count(scope.new(mine, theirs, n, WORDS.universal) for n in range(len(mine.tree))),
        partial=_count(told.dropped(n, WORDS.partial) for n in shared) + told.excepted(),
        **told.bounds(),
        private=_count(told.dropped(n, told.private) for n in pairs),
        cause=float(scope.cause_added(mine, theirs, pairs)),
        present=_count(told.present(n) for n in range(len(mine.tree)) if verbal(mine.tree, n)),
        ordered=_count(scope.new(mine, theirs, n, _ORDER) for n in told.ordering()) * order,
        turned=told.turned(),
        copied=order * (1 - share),
        close=order * (1 - share) * share,
        length=float(len(content)),
    )


_BESIDE = frozenset("by over above below under beyond".split())
"""Before what something is measured against: "1.1 million over budget"."""
_ORDER = frozenset(
    """before after first last until since more less most least higher lower larger smaller than earlier later like
    unlike""".split()
)


class _Told:
    """What the matched words are told as, in the claim and there."""

    def __init__(self, mine: Text, theirs: Text, pairs: dict[int, int]) -> None:
        self._mine, self._theirs, self._pairs = mine, theirs, pairs
        self.pairs = pairs
        self._here = {n: mine.governed(n) for n in range(len(mine.tree)) if n in pairs or verbal(mine.tree, n)}
        self._there = {n: theirs.governed(pairs[n]) for n in pairs}
        self._speech = {v for g in self._here.values() for v in g.said} | {
            n for n in range(len(mine.tree)) if speaks(mine.tree, n)
        }
        self._hedges = any(g.unsure or (g.plans and not self._planned(n)) for n, g in self._here.items()) or any(
            w.lemma in WORDS.unsure_adverbs | WORDS.unsure_modals | WORDS.unsure_adjectives | WORDS.open_nouns
            for w in mine.tree
        )

    @property
    def private(self) -> frozenset[str]:
        """Words before a noun of what is not, or no longer, so; "then" the treasurer is right where it is past."""
        now = any(w.tag in ("VBZ", "VBP") for w in self._mine.tree)
        return WORDS.unsure_adjectives | WORDS.ended_adjectives - (frozenset() if now else {"then"})

    def _planned(self, n: int) -> bool:
        """Whether what is yet to come about here is so there too: no hedge that stands for another."""
        return n in self._there and bool(self._there[n].plans)

    def said(self, n: int) -> bool:
        """Whether more people stand between a word and the truth there than here."""
        there = self._there[n].said
        there = there - {-1} or there  # quoted words are those of whoever is said to say them
        sources = {v for v in there if v >= 0 and self._theirs.tree[v].text.lower() == "according"}
        own = {n} if done_to_a_thing(self._mine, n) else set()  # "wrote 37 cheques" is no word of anybody's
        return len(there - sources or sources) > len(self._speech - own)

    def unsure(self, n: int) -> bool:
        return bool(self._there[n].unsure) and not self._here.get(n, Governed()).unsure and not self._hedges

    def condition(self, n: int) -> bool:
        mine = self._here.get(n, Governed())
        return bool(self._there[n].conditions) and not mine.conditions and not mine.unsure

    def plan(self, n: int) -> bool:
        mine = self._here.get(n, Governed())
        there = {self._theirs.tree[p].lemma for p in self._there[n].plans}
        return bool(there) and not (mine.plans or mine.unsure or mine.future) and not self._has_word(there)

    def future(self, n: int) -> bool:
        mine = self._here.get(n, Governed())
        return self._there[n].future and not (mine.future or mine.unsure or mine.plans or mine.said)

    def negation(self, n: int) -> bool:
        return self._here[n].negative != self._there[n].negative

    def aside(self, n: int) -> bool:
        """Whether a word is told here, and set aside for another there; or the other way round."""
        return bool(self._here.get(n, Governed()).aside) != bool(self._there[n].aside)

    def matched(self, words: Iterable[int]) -> Iterator[int]:
        """Those of some words that have a match."""
        return (n for n in words if n in self._pairs)

    def nouns_negated(self, shared: Sequence[int]) -> float:
        rest = [n for n in shared if not verbal(self._mine.tree, n) and not self._told_alike(n)]
        return _share(self._here[n].negative != self._there[n].negative for n in rest if n in self._here)

    def _told_alike(self, n: int) -> bool:
        """Whether the predicate of a word is denied in both texts: "has yet to sign it" denies that the law is."""
        verb = predicate_of(self._mine.tree, n)
        return verb in self._pairs and self._here[verb].negative and self._there[verb].negative

    def negations_apart(self) -> float:
        """How many negations one text has more than the other, of those that bear on what both tell."""
        here = min(2, len(scope.negations(self._mine)))
        least = min(2, len(scope.bearing(self._theirs, self._pairs.values(), self._there.values())))
        most = min(2, len(scope.negations(self._theirs)))
        return float(max(least - here, here - most, 0))

    def _has_word(self, lemmas: Collection[str]) -> bool:
        return any(w.lemma in lemmas for w in self._mine.tree)

    def present(self, n: int) -> bool:
        """Whether a predicate is told in the present, and in the past there."""
        if self._mine.tree[n].tag not in ("VBZ", "VBP") or self._here[n].said:
            return False
        if n in self._pairs:
            return self._theirs.tree[self._pairs[n]].tag in ("VBD", "VBN")
        below = [self._pairs[c] for c in self._mine.below[n] if c in self._pairs]
        if any(beside(self._theirs, e) for e in below):
            return False  # "Booker, a sponsor of the bill, said": it holds at the time of the article
        near = [predicate_of(self._theirs.tree, e) for e in below]
        return bool(near) and all(self._theirs.tree[v].tag in ("VBD", "VBN") for v in near)

    def speaker(self) -> float:
        """Whether the claim gives words to somebody whom the cited words don't give them to."""
        for n, here in self._here.items():
            for verb in here.said - {-1} if n in self._pairs else ():
                if passive(self._mine, verb):
                    continue  # "were told to"
                mine = [m for m in self._doer(self._mine, verb) if m in self._pairs]
                sources = [self._doer(self._theirs, v) for v in self._there[n].said - {-1}]
                if not mine or not sources or not all(sources) or any(map(self._pronoun, sources)):
                    continue
                everyone = [s for source in sources for s in source]
                speakers = [v for v in range(len(self._theirs.tree)) if speaks(self._theirs.tree, v)]
                everyone += [s for v in speakers for s in self._doer(self._theirs, v)]
                named = {self._theirs.stems[w] for s in everyone for w in called(self._theirs, s)}
                if not any(self._mine.stems[m] in named for m in mine):
                    return 1.0
        return 0.0

    def speech_added(self) -> float:
        """Whether the claim makes somebody's words of what nobody is said to say."""
        mine = any(g.said - {-1} for n, g in self._here.items() if n in self._pairs)
        return float(mine and not any(g.said for g in self._there.values()))

    def _doer(self, text: Text, verb: int) -> list[int]:
        """The head words of who says something."""
        if text.tree[verb].lemma == "accord":
            return [d for c in text.below[verb] for d in text.below[c] if text.tree[d].dep == "pobj"]
        return [c for c in text.below[verb] if text.tree[c].dep in _SUBJECT] or subject(text, verb)

    def roles(self, roots: Sequence[int]) -> dict[str, float]:
        """Who does what to whom: turned round, and done by or to somebody else."""
        swapped = other = 0.0
        for n in roots:
            if n not in self._pairs:
                continue
            mine, theirs = frame(self._mine, n), frame(self._theirs, self._pairs[n])
            same_voice = passive(self._mine, n) == passive(self._theirs, self._pairs[n])
            for role, opposite in (("doer", "done"), ("done", "doer")):
                wanted = self._matched(mine[role])
                if not wanted or not theirs[role] or listed(self._theirs, self._head(mine[role]), theirs[role]):
                    continue
                replaced = self._replaced(mine[role], theirs[role])
                if wanted & set(theirs[role]) and not replaced:
                    continue
                if same_voice and any(self._copied(n, m) for m in mine[role][: 1 if replaced else None]):
                    continue  # the same words in the same place: what differs is the parse
                if wanted & set(theirs[opposite]):
                    swapped += 1
                elif self._pronoun(theirs[role]):
                    other += 0.5 * (not any(attachment.leads(self._theirs.tree, self._head_of_name(w)) for w in wanted))
                elif replaced or not self._same(mine[role], theirs[role]):
                    other += 1
        return {"swapped": swapped, "other_role": other}

    def _head(self, words: Sequence[int]) -> int | None:
        """The match of the first of a phrase's words, its head."""
        return self._pairs.get(words[0])

    def _replaced(self, mine: Sequence[int], theirs: Sequence[int]) -> bool:
        """Whether a phrase has another head, which stands elsewhere there: what hangs on it is no matter then."""
        here, there = mine[0], theirs[0]
        for text, at in ((self._mine, mine), (self._theirs, theirs)):
            if text.tree[at[0]].dep not in ("nsubj", "nsubjpass", "dobj") or text.tree[at[0]].tag[:2] != "NN":
                return False
        held = set(self._pairs.values())
        return here in self._pairs and self._pairs[here] not in theirs and there not in held

    def _copied(self, n: int, m: int) -> bool:
        """Whether two words stand to each other there as here: what differs between them is the parse.

        All that is between them here is there in the same order, and what is there besides has no verb, noun, name or
        number that either could belong to instead, but in a phrase of its own ("on Tuesday night").
        """
        first, last = sorted((n, m))
        inside = [self._pairs.get(w) for w in range(first, last + 1) if w in self._pairs or is_content(self._mine, w)]
        if any(e is None for e in inside) or n not in self._pairs or m not in self._pairs:
            return False
        places = [e for e in inside if e is not None]
        if any(b <= a for a, b in pairwise(places)) or attachment.aside(self._theirs.tree, *places[:: len(places) - 1]):
            return False
        here = {self._mine.tree[w].text.lower() for w in range(first, last + 1)}
        skipped = set(range(places[0], places[-1])) - set(places)
        skipped = {e for e in skipped if self._theirs.tree[e].text.lower() not in here}
        return not any(self._rival(e, skipped) for e in skipped)

    def _rival(self, e: int, skipped: Collection[int]) -> bool:
        """Whether a word that was left out could be what its neighbours belong to."""
        word = self._theirs.tree[e]
        if word.tag[:2] in ("VB", "MD"):
            return word.dep not in ("aux", "auxpass")
        if word.tag[:2] not in ("NN", "CD", "PR"):
            return False
        at = e
        while at in skipped and self._theirs.tree[at].head != at:
            if self._theirs.tree[at].dep in ("prep", "npadvmod"):
                return False
            at = self._theirs.tree[at].head
        return True

    def _head_of_name(self, e: int) -> int:
        """The word of a name that the others hang on: "Sanders" of "Bernie Sanders"."""
        while self._theirs.tree[e].dep == "compound" and self._theirs.tree[e].head != e:
            e = self._theirs.tree[e].head
        return e

    def _matched(self, words: Sequence[int]) -> set[int]:
        return {self._pairs[w] for w in words if w in self._pairs}

    def _same(self, mine: Sequence[int], theirs: Sequence[int]) -> bool:
        stems = {self._theirs.stems[t] for t in theirs}
        return any(self._mine.stems[m] in stems for m in mine)

    def _pronoun(self, words: Sequence[int]) -> bool:
        """Whether words mean somebody told before: not "those" of "those arrested", which says itself whom it means."""
        tree, below = self._theirs.tree, self._theirs.below
        told = (w for w in words if tree[w].text.lower() in _PRONOUNS)
        told = (w for w in told if tree[w].dep != "poss")  # "his brother" is not he
        return any(tree[w].tag != "DT" or not any(tree[c].dep in ("acl", "relcl") for c in below[w]) for w in told)

    def moved(self) -> float:
        """Names and numbers whose predicate, or noun, has a match that they don't belong to there."""
        count = attachment.apart(self._mine, self._theirs, self._pairs)
        for n, e in self._pairs.items():
            if kind(self._mine, n) in ("names", "numbers") or attachment.tells_apart(self._mine, self._theirs, n):
                verb = predicate_of(self._mine.tree, n)
                if verb in self._pairs and verb != n and not self._copied(n, verb):
                    real, wanted = predicate_of(self._theirs.tree, e), self._pairs[verb]
                    tree = self._theirs.tree
                    near = attachment.belongs(tree, e, wanted) or attachment.within(tree, wanted, real)
                    near = near or attachment.shares(tree, e, wanted)
                    away = real != wanted and not near and not self._also(n, wanted)
                    about = tree[wanted].dep == "relcl" and tree[wanted].head == self._head_of_name(e)
                    away = away and not about and not attachment.meant(tree, e, wanted)
                    count += away or self._later_year(n, e, wanted)
            count += self._of_another(n) or attachment.strays(self._mine, self._theirs, self._pairs, n)
        return float(count)

    def placed(self) -> dict[str, float]:
        """Names and years that stand behind another preposition: "in Barcelona" of "ten kilometres from Barcelona"."""
        count = 0
        changed: set[tuple[str, str]] = set()
        for n, e in self._pairs.items():
            value = self._mine.values[n]
            here, there = attachment.behind(self._mine, n), attachment.behind(self._theirs, e)
            named = kind(self._mine, n) == "names" or (value in _YEARS and counts(self._mine, n) is None)
            if not named and {here, there} != {"from", "to"}:
                continue
            if here and there and here != there and not self._likewise(n, here):
                count += 1
                changed.add((here, there))
        return {
            "placed": float(count),
            "exchanged": float(any(a == d for a, b in changed for c, d in changed if (a, b) != (c, d))),
        }

    def _likewise(self, n: int, preposition: str) -> bool:
        """Whether another mention of a word stands behind a preposition."""
        stem = self._mine.stems[n]
        return any(
            s == stem and attachment.behind(self._theirs, o) == preposition for o, s in enumerate(self._theirs.stems)
        )

    def _later_year(self, n: int, e: int, verb: int) -> bool:
        """Whether another year stands in between: "removed him in 2006, and his sister in 2014"."""
        if self._mine.values[n] not in _YEARS or counts(self._mine, n) is not None:
            return False
        return any(self._theirs.values[o] in _YEARS for o in range(verb + 1, e))

    def _of_another(self, n: int) -> bool:
        """Whether a noun stands by a noun, as in "Niger's president", that has another one in its place there."""
        of = owner(self._mine, n)
        if of is None or of[0] not in self._pairs:
            return False
        there = self._pairs[of[0]]
        places = [e for e in range(len(self._theirs.tree)) if owner(self._theirs, e) == (there, of[1])]
        stems = {self._theirs.stems[w] for e in places for w in subtree(self._theirs.tree, self._theirs.below, e)}
        told = self._mine.stems[n] in stems or attachment.named_before(self._theirs, self._pairs[n], places)
        return bool(places) and not told

    def _also(self, n: int, wanted: int) -> bool:
        """Whether another mention of a word belongs to a predicate."""
        stem = self._mine.stems[n]
        return any(
            self._theirs.stems[o] == stem and attachment.belongs(self._theirs.tree, o, wanted)
            for o in range(len(self._theirs.tree))
        )

    def counted(self) -> dict[str, float]:
        """Numbers that count something else there."""
        other = new = 0.0
        for n, value in enumerate(self._mine.values):
            digits = self._mine.tree[n].text.isdigit()
            if value is None or n not in self._pairs or (is_year(value) if digits else value == 1):
                continue  # "the 2016 Games" are not so many
            head = counts(self._mine, n)
            if head is None:
                continue
            places = [e for e, v in enumerate(self._theirs.values) if v == value]
            heads = {h for e in places if (h := counts(self._theirs, e)) is not None}
            stems = {self._theirs.stems[h] for h in heads}
            if places and all(attachment.of_whole(self._theirs, e) for e in places):
                other += not attachment.of_whole(self._mine, n)
                continue
            if not heads or self._mine.stems[head] in stems:
                continue
            beside = set().union(*(attachment.whole(self._theirs.tree, e) for e in places))
            if any(self._mine.stems[head] == self._theirs.stems[e] for e in beside):
                other += 1
            else:
                new += 1
        return {"counted": other, "counted_new": new}

    def dropped(self, n: int, words: Collection[str]) -> bool:
        """Whether a matched word has a modifier there that the claim doesn't have."""
        e = self._pairs[n]
        here, there = (
            {v for c in text.below[at] if (v := text.values[c]) is not None}
            for text, at in ((self._mine, n), (self._theirs, e))
        )
        if words is WORDS.partial and here - there:
            return False  # "six schools", of "half of the 60 schools"
        if words is WORDS.partial and bound(self._theirs, e):
            return False  # "as many as thirty" is not many of them
        lost = attachment.modifiers(self._theirs, e) & set(words)
        known = {w.text.lower() for w in self._mine.tree} | {w.lemma for w in self._mine.tree}
        return bool(lost) and not known & (lost | set(words))

    def ordering(self) -> list[int]:
        """The words of the claim but for those that round a number, as "more than" does of "more than 1,200"."""
        return [n for n in range(len(self._mine.tree)) if not bounds(self._mine, n, self._pairs)]

    def turned(self) -> float:
        """Whether names and nouns have changed sides of a word that compares or orders."""
        placed = [(n, e) for n, e in self._pairs.items() if self._mine.tree[n].tag[:2] in ("NN", "CD", "JJ")]
        for c, word in enumerate(self._mine.tree):
            counted = any(v is not None for v in self._mine.values[c + 1 : c + 3])  # "more than seven"
            times = multiplied(self._mine, c)
            if counted or not (times or word.tag in ("JJR", "RBR") or word.text.lower() in _ORDER):
                continue
            for e, other in enumerate(self._theirs.tree):
                if other.lemma == word.lemma and other.tag == word.tag and times == multiplied(self._theirs, e):
                    gone, come = any(n < c and p > e for n, p in placed), any(n > c and p < e for n, p in placed)
                    if gone and come:
                        return 1.0
        return 0.0

    def excepted(self) -> float:
        """Whether "all but one" is told as "all"."""
        pair = ("all", "but")
        here, there = (pair in pairwise(w.text.lower() for w in t.tree) for t in (self._mine, self._theirs))
        return float(there and not here and any(w.text.lower() in WORDS.universal for w in self._mine.tree))

    def bounds(self) -> dict[str, float]:
        """Bounds of numbers: left out, and turned."""
        lost = turned = 0
        for n, value in enumerate(self._mine.values):
            if value is None or n not in self._pairs:
                continue
            here, there = bound(self._mine, n), bound(self._theirs, self._pairs[n])
            if there in ("at_least", "at_most") and here in ("at_least", "at_most") and here != there:
                turned += 1
            elif there and not here:
                lost += 1
            if difference(self._theirs, self._pairs[n]) and not difference(self._mine, n):
                apart = all(difference(self._theirs, e) for e, v in enumerate(self._theirs.values) if v == value)
                lost += apart and not self._compares()
        return {"bound": float(lost), "bound_turned": float(turned)}

    def _compares(self) -> bool:
        """Whether the claim says itself that something is more or less than another, or has become so."""
        return any(w.tag in ("JJR", "RBR") or w.text.lower() in _BESIDE for w in self._mine.tree)


def _share(values: Iterable[bool]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def _count(values: Iterable[bool]) -> float:
    return float(min(3, sum(values)))


__all__ = ["Differences", "differences"]
