"""Claims that rearrange a sentence or join it to the one before: conditions, causes, order, appositions, pronouns."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.fit import wording as w
from benchmarks.fit.near_sight import Made, Sight, kind, others
from benchmarks.fit.near_words import LANDS

_OFFICES = frozenset(
    "officials authorities police government forces troops soldiers president parliament citizens army military "
    "economy capital ambassador".split()
)


@kind
def clauses(s: Sight) -> Iterator[Made]:
    """Conditions dropped or moved; before and after; causes invented or kept."""
    v = s.root
    if s.quoted or w.subject(v) is None:
        return
    for c in v.children:
        if c.dep_ != "advcl" or not w.finite(c) or not w.child(c, "mark", "advmod"):
            continue
        mark, a, b = s.doc[c.left_edge.i], c.left_edge.i, c.right_edge.i
        if mark.lower_ not in ("if", "unless", "because", "since", "before", "after", "while", "when", "once", "as"):
            continue
        rest = [i for i in range(len(s.doc)) if not a <= i <= b]
        drop = dict.fromkeys(range(a, b + 1), "")
        main = w.stopped(w.render(s.doc, {**w.lead_in(s.doc), **drop}))
        if len(main.split()) < 5 or w.clause_places(c) == [] or c.right_edge.i - a < 3:
            continue
        side = w.render_raw(s.doc, {}, range(a + 1, b + 1)).strip(" ,.")
        first = s.doc[next(i for i in rest if i not in w.lead_in(s.doc) and not s.doc[i].is_punct)]
        small = w.uncapped(first, main).rstrip(".")
        word = mark.lower_
        pronoun = w.subject(c).tag_ == "PRP"
        if not pronoun or a < first.i:
            moved = f"{word.capitalize()} {side}, {small}." if a > v.i else f"{main[:-1]} {word} {side}."
            yield Made("clause moved", "S", w.tidy(moved))
        if word in ("if", "unless"):
            yield Made("condition dropped", "O", main)
        elif word in ("when", "while", "after", "before", "because") and v.tag_ == "VBD" and w.negation(v) is None:
            yield Made("clause dropped", "S", main)
        if word in ("before", "after") and v.tag_ == "VBD":
            turned = {"before": "after", "after": "before"}[word]
            yield from s.tell("time order turned", "C", {a: turned if a else turned.capitalize()})
            if not pronoun and not set(side) & set("–—;"):
                yield Made("time order kept", "S", w.tidy(f"{w.uncapped(s.doc[a + 1], side)} {turned} {small}."))
        if word in ("while", "when", "after", "before"):
            yield Made("cause invented", "O", w.tidy(f"{main[:-1]} because {side}."))
        if word == "because":
            yield Made("cause kept", "S", w.tidy(f"{main[:-1]} because {side}."))
            yield Made("cause turned", "C", w.tidy(f"{side} because {small}."))


@kind
def joined(s: Sight) -> Iterator[Made]:
    """Two facts of neighbouring sentences, or a detail of one put to the other."""
    if s.last is None or s.quoted or any(t.text in w.QUOTES + "?" for t in s.last) or s.reported:
        return
    if w.own_words(s.doc, range(len(s.doc))) or w.own_words(s.last, range(len(s.last))) or not w.finite(s.root):
        return
    one = {k: x for p in w.shortenings(s.last) for k, x in p.items()}
    two = {k: x for p in s.short for k, x in p.items()} | w.lead_in(s.doc)
    start = s.doc[next(i for i in range(len(s.doc)) if two.get(i, "x"))]
    a = w.stopped(w.render(s.last, {**one, **w.lead_in(s.last)}))[:-1]
    b = w.uncapped(start, w.stopped(w.render(s.doc, two)))
    small = b.rstrip(".")
    if 6 < len(a.split()) < 25 and 5 < len(small.split()) < 25:
        yield Made("two facts", "S", f"{a}, and {b}", both=True)
        if s.rng.random() < 0.4:
            yield Made("cause invented", "O", f"{a} because {b}", both=True)
    here = {e.label_ for e in s.doc.ents}
    for t in s.last:
        e = (
            [x for x in t.subtree if x.ent_type_ in ("DATE", "GPE")]
            if t.dep_ == "prep" and t.lower_ in ("in", "on")
            else []
        )
        if (
            e
            and e[0].ent_type_ not in here
            and t.right_edge.i - t.i < 5
            and t.head.pos_ == "VERB"
            and t.left_edge.i == t.i
        ):
            told = w.stopped(w.render(s.doc, two))[:-1]
            yield Made("detail of the sentence before", "O", f"{told} {w.phrase(t)}.", both=s.rng.random() < 0.5)
            break


@kind
def rewritten(s: Sight) -> Iterator[Made]:
    """Appositions as statements; pronouns by names; demonyms and possessives as phrases."""
    for t in s.doc:
        if (
            t.dep_ == "appos"
            and t.head.ent_type_ == "PERSON"
            and t.head.tag_ == "NNP"
            and t.tag_ == "NN"
            and t.i > t.head.i
        ):
            who, what = t.head, w.phrase(t)
            if (
                s.doc[t.left_edge.i].lower_ not in ("a", "an", "the")
                or len(what.split()) > 16
                or w.near(t.left_edge, -1) != ","
            ):
                continue
            name = next((e.text for e in s.doc.ents if e.start <= who.i < e.end), "")
            if name and name.istitle():
                yield Made("apposition as statement", "S", w.stopped(f"{name} is {what}"), f"Who is {name}?")
                for other in others(s, "PERSON", s.doc.text)[:1]:
                    yield Made("apposition of another", "O", w.stopped(f"{other} is {what}"), f"Who is {other}?")
        elif (
            t.dep_ == "poss"
            and t.ent_type_
            and t.tag_ in ("NNP", "NNPS")
            and t.head.pos_ == "NOUN"
            and t.i not in s.quoted
        ):
            case = w.child(t, "case")
            if case is None or case.i != t.right_edge.i or t.head.left_edge.i != t.left_edge.i or t.head.ent_type_:
                continue
            held = w.render_raw(s.doc, {}, range(case.i + 1, t.head.i + 1)).strip()
            owner = w.render_raw(s.doc, {}, range(t.left_edge.i, case.i)).strip()
            if (
                t.head.lower_ not in ("hands", "home", "death")
                and t.ent_type_ in ("GPE", "ORG")
                and t.left_edge.tag_ != "DT"
            ):
                yield from s.tell(
                    "possessive as phrase", "S", w.put(range(t.left_edge.i, t.head.i + 1), f"the {held} of {owner}")
                )
        elif (
            t.ent_type_ == "NORP"
            and t.dep_ == "amod"
            and t.lower_ in LANDS
            and t.head.tag_ in ("NNS", "NN")
            and t.i not in s.quoted
        ):
            if (
                t.nbor(1) != t.head
                or t.head.dep_ in ("poss", "compound")
                or (t.i and t.nbor(-1).ent_type_ == "NORP")
                or (t.i and w.near(t, -1) == "-")
            ):
                continue
            if t.head.lower_ in _OFFICES:
                wrong = s.rng.choice([x for x in LANDS.values() if x != LANDS[t.lower_]])
                for y, land in (("S", LANDS[t.lower_]), ("C", wrong)):
                    yield from s.tell("demonym as country" if y == "S" else "another country", y,
                                      {t.i: "", t.head.i: f"{t.head.text} of {land}"})  # fmt: skip
    yield from _named(s)


def _named(s: Sight) -> Iterator[Made]:
    first = w.subject(s.root)
    if first is None or first.lower_ not in ("he", "she") or first.i > 1 or s.last is None:
        return
    people = [e for e in s.last.ents if e.label_ == "PERSON"]
    if len(people) != 1 or people[0].root.dep_ not in ("nsubj", "nsubjpass") or people[0].root.head.dep_ != "ROOT":
        return
    name = people[0].text
    if not name.istitle() or name.endswith(("’s", "'s")) or w.own_words(s.doc, range(len(s.doc))):
        return
    yield from s.tell("pronoun by name", "S", {first.i: name})
    wrong = others(s, "PERSON", s.last.text + s.doc.text)
    if wrong:
        yield from s.tell("pronoun by another's name", "C", {first.i: wrong[0]})
