"""Claims that turn, exchange or keep what a sentence tells: numbers, names, days, roles, comparisons, conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from benchmarks.fit import wording as w
from benchmarks.fit.near_sight import Made, Sight, kind, others
from benchmarks.fit.near_words import (
    ADJECTIVES_APART,
    COUNTRIES,
    NEUTRAL_ADJECTIVES,
    ONE_COUNTRY,
    OPPOSITES,
    QUANTITIES,
    REPORTING,
    SAME_ADJECTIVES,
    SAME_TURN,
    SAME_UNITS,
    STATES,
    SYMMETRIC,
    UNITS,
)

_BOUNDED = frozenset("than least up to about around over nearly almost most roughly approximately under some".split())
_DEFINED = frozenset("the a so too as how not at for these those in every past last next first only other of".split())
_NAMES = ("PERSON", "ORG", "GPE", "NORP")


@kind
def shortened(s: Sight) -> Iterator[Made]:
    """Without asides, appositions, times and places; in other words."""
    if s.short:
        yield from s.tell("shortened", "S", {}, ask=0.3)
    if s.same:
        yield from s.tell("other words", "S", {}, ask=0.3)


@kind
def voice(s: Sight) -> Iterator[Made]:
    """Active and passive, with the roles kept and turned round."""
    v = s.root
    if v.pos_ != "VERB" or v.lemma_ in SYMMETRIC | REPORTING or w.subject(v) is None:
        return
    by = w.child(v, "agent")
    obj = w.child(v, "dobj") if by is None else w.child(by, "pobj")
    for active in (True, False):
        right = w.voiced(v, s.forms, active=active)
        near = active == (by is None)
        if right and (not near or s.rng.random() < 0.3):
            yield Made("voice changed" if not near else "voice kept", "S", right)
        named = obj is not None and obj.pos_ in ("NOUN", "PROPN") and any(
            t.ent_type_ in _NAMES for t in [*w.subject(v).subtree, *obj.subtree])  # fmt: skip
        wrong = w.voiced(v, s.forms, active=active, turned=True) if named else ""
        if wrong and obj.ent_type_ not in ("DATE", "TIME", "MONEY", "PERCENT", "CARDINAL"):
            yield Made("agent and patient turned", "C", wrong)


def _counts(doc: Any) -> list[Any]:
    """Numbers that count something, without a limit or a scale beside them."""
    return [
        t for t in doc
        if t.dep_ == "nummod" and t.tag_ == "CD" and t.head.pos_ in ("NOUN", "PROPN") and t.head.i > t.i
        and t.ent_type_ in ("CARDINAL", "DATE", "TIME", "QUANTITY", "PERCENT")
        and re.fullmatch(r"\d{1,3}(?:,\d{3})*(?:\.\d+)?|[a-z]+", t.lower_)
        and not any(c.lower_ in _BOUNDED for c in t.children) and (t.i == 0 or w.near(t, -1) not in _BOUNDED)
        and t.lower_ not in ("one", "million", "billion", "thousand", "hundred", "half", "dozen")
        and w.near(t, 1) not in ("-", "/", "to", "and", "or") and (t.i == 0 or w.near(t, -1) not in "-/$£€")
        and t.head.lemma_ not in (m.lower() for m in w.MONTHS) and t.head.ent_type_ != "PERSON"
        and t.head.lower_ not in ("percent", "%", "gmt", "a.m.", "p.m.", "am", "pm")
    ]  # fmt: skip


def _changed(text: str, s: Sight) -> str:
    """Another number of about the size."""
    if text.lower() in w.NUMBERS:
        n = w.NUMBERS.index(text.lower())
        return w.NUMBERS[s.rng.choice([x for x in range(max(2, n - 3), min(20, n + 4)) if x != n])]
    if not re.fullmatch(r"[\d,]+", text):
        return ""
    n = int(text.replace(",", ""))
    step = max(1, n // s.rng.choice((3, 5, 8)))
    return f"{max(2, n + s.rng.choice((-1, 1)) * step):,}" if n > 3 else str(n + s.rng.choice((1, 2, 4)))


@kind
def numbers(s: Sight) -> Iterator[Made]:
    """A number of another thing, another number; the same one spelt otherwise or rounded."""
    counts = [t for t in _counts(s.doc) if t.i not in s.quoted]
    for t in counts:
        spelt = t.lower_ in w.NUMBERS
        n = w.NUMBERS.index(t.lower_) if spelt else -1
        other = [
            x for x in counts if x != t and x.head != t.head and x.lower_ != t.lower_ and x.head.lower_ != t.head.lower_
        ]
        far = [x.text for x in _counts(s.last)] if s.last is not None else []
        if other:
            yield from s.tell("number of another thing", "C", {t.i: other[0].text})
        elif far and far[0].lower() != t.lower_ and s.rng.random() < 0.7:
            yield from s.tell("number of another thing", "C", {t.i: far[0]})
        changed = _changed(t.text, s)
        if changed and changed.lower() != t.lower_ and s.rng.random() < 0.6:
            yield from s.tell("number changed", "C", {t.i: changed})
            asked = w.question(s.root, {t.i: changed}, w.clause_places(s.root))
            if asked and w.negation(s.root) is None and not s.reported:
                first = s.doc[1 if w.lead_in(s.doc) else 0]
                kept = w.uncapped(first, w.stopped(w.render(s.doc, w.lead_in(s.doc))))
                yield Made("no, with the right number", "S", f"No, {kept}", asked)
        if spelt and n > 1:
            yield from s.tell("number in digits", "S", {t.i: str(n)})
        elif t.text.isdigit() and 2 <= int(t.text) <= 20:
            yield from s.tell("number spelt", "S", {t.i: w.NUMBERS[int(t.text)]})
        if re.fullmatch(r"[\d,]{4,}", t.text):
            yield from _rounded(s, t, int(t.text.replace(",", "")))


def _rounded(s: Sight, t: Any, n: int) -> Iterator[Made]:
    unit = 10 ** (len(str(n)) - 2)
    low = n // unit * unit
    if n < 1000 or low == n or t.head.lower_ in ("years", "season"):
        return
    about = s.rng.choice(("about", "around", "roughly")), f"{round(n / unit) * unit:,}"
    yield from s.tell("rounded", "S", {t.i: " ".join(about)})
    yield from s.tell(
        "rounded", "S", {t.i: s.rng.choice([f"more than {low:,}", f"over {low:,}", f"fewer than {low + unit:,}"])}
    )
    wrong = [f"more than {low + unit:,}", f"fewer than {low:,}", f"about {low + 4 * unit:,}", f"nearly {low:,}"]
    yield from s.tell("rounded wrongly", "C", {t.i: s.rng.choice(wrong)})


@kind
def units(s: Sight) -> Iterator[Made]:
    """Another unit, or the same one written otherwise."""
    for t in s.doc:
        counted = t.i and (t.nbor(-1).like_num or t.nbor(-1).tag_ == "CD") and t.i not in s.quoted
        if not counted:
            continue
        if t.lower_ in UNITS and t.lower_ == t.text:
            yield from s.tell("unit changed", "C", {t.i: UNITS[t.lower_]})
        same = SAME_UNITS.get(t.lower_, "")
        if t.text == "%":
            yield from s.tell("unit in other words", "S", {t.i: " percent"})
        elif same and re.fullmatch(r"[\d.,]+", w.near(t, -1)):
            yield from s.tell("unit in other words", "S", {t.i: same})
        if t.i > 1 and w.near(t, -2) == "$" and t.lower_ in ("million", "billion") and w.near(t, 1) != "-":
            yield from s.tell("unit in other words", "S", {t.i - 2: "", t.i: t.text + " dollars"})
            yield from s.tell("unit changed", "C", {t.i - 2: s.rng.choice("€£")})


@kind
def replaced(s: Sight) -> Iterator[Made]:
    """A name, place or date of the article in place of another."""
    for e in s.doc.ents:
        label = e.label_
        if label not in ("PERSON", "ORG", "GPE", "NORP") or set(range(e.start, e.end)) & s.quoted or "’" in e.text:
            continue
        if (e.root.dep_ in ("conj", "compound", "appos", "poss") and label != "GPE") or w.child(
            e.root, "conj", "appos"
        ):
            continue
        if (label == "PERSON" and (len(e.text.split()) < 2 or not e.text.istitle())) or e.text.startswith("the "):
            continue
        if (label == "ORG" and e.root.dep_ not in ("nsubj", "pobj", "dobj", "nsubjpass")) or e.root.tag_ not in (
            "NNP",
            "JJ",
        ):
            continue
        found = [x for x in others(s, label, e.text) if x.split()[-1] not in s.doc.text or label != "PERSON"]
        found = [x for x in found if not x.lower().startswith("the ") and x.endswith("s") == e.text.endswith("s")]
        if label == "ORG" and e.root.dep_ != "nsubj":
            continue
        if label == "GPE":
            found = [x for x in found if _as_wide(x, e.text)]
        if label == "ORG":
            found = [x for x in found if len(x.split()) > 1]
        if found:
            places = list(range(e.start, e.end))
            yield from s.tell({"GPE": "place replaced", "PERSON": "person replaced"}.get(label, "name replaced"),
                              "C", w.put(places, found[0]))  # fmt: skip


def _as_wide(one: str, two: str) -> bool:
    """Neither place lies in the other: both are countries, both states, or neither, and not the same by two names."""
    sizes = {(x in STATES, x in COUNTRIES or x == "U.S.") for x in (one, two)}
    return len(sizes) == 1 and not any(one in names and two in names for names in ONE_COUNTRY)


@kind
def days(s: Sight) -> Iterator[Made]:
    """Weekdays and years as dates of the calendar, right and wrong; another month or year."""
    now = s.written
    relative = {"yesterday": now - timedelta(1), "tomorrow": now + timedelta(1), "today": now}
    for t in s.doc:
        if t.i in s.quoted or t.ent_type_ not in ("DATE", "TIME"):
            continue
        before = w.near(t, -1)
        after = w.near(t, 1)
        meant = w.weekday(t, now) if after not in (",", "-", "through", "and", "or") or t.dep_ == "npadvmod" else None
        if re.match(
            r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|[0-9])", s.doc[min(t.i + 2, len(s.doc) - 1)].lower_
        ):
            meant = None
        if before in ("later", "earlier", "early", "late"):
            meant = None
        if (meant is not None and before in ("on", "")) or (
            meant is not None and t.dep_ == "npadvmod" and before not in w.MONTHS
        ):
            for y, d in (("S", meant), ("C", meant + timedelta(s.rng.choice((-7, -2, -1, 1, 2, 7, 30, -31, 365))))):
                told = w.day(d, s.rng.choice((0, 1)))
                part = after if after in ("morning", "evening", "night", "afternoon") else ""
                told = f"the {part} of {told}" if part else told
                edits = {t.i: told if before == "on" else f"on {told}"} | ({t.i + 1: ""} if part else {})
                yield from s.tell("date resolved" if y == "S" else "date resolved wrongly", y, edits)
        elif t.lower_ in relative and t.dep_ == "npadvmod" and t.ent_type_ == "DATE" and t.lower_ == "yesterday":
            yield from s.tell("date resolved", "S", {t.i: "on " + w.day(relative[t.lower_], 0)})
        elif t.lower_ in ("year", "month") and before in ("last", "this", "next") and t.dep_ in ("npadvmod", "pobj"):
            if (
                (t.dep_ == "pobj" and t.head.i != t.i - 2)
                or after in ("’s", "'s", "-", ",")
                or w.near(t, -2) in ("early", "late", "earlier", "later", "of", "from")
            ):
                continue
            step = {"last": -1, "this": 0, "next": 1}[before]
            lead = "" if t.dep_ == "pobj" else "in "
            for y, wrong in (("S", 0), ("C", s.rng.choice((-1, 1, -2, 2)))):
                if t.lower_ == "year":
                    told = str(now.year + step + wrong)
                else:
                    m = now.year * 12 + now.month - 1 + step + wrong
                    told = f"{w.MONTHS[m % 12]} {m // 12}"
                yield from s.tell(
                    "date resolved" if y == "S" else "date resolved wrongly", y, {t.i - 1: "", t.i: lead + told}
                )
        elif re.fullmatch(r"(?:19|20)\d\d", t.text) and w.near(t, 1) not in "-–/" and before not in "-–/":
            other = [
                x.text for d in (s.doc, s.last) if d is not None for x in d if re.fullmatch(r"(?:19|20)\d\d", x.text)
            ]
            other = [x for x in other if x != t.text] or [str(int(t.text) + s.rng.choice((-10, -3, -2, -1, 1)))]
            yield from s.tell("date changed", "C", {t.i: other[0]})
        elif t.text in w.MONTHS and before in ("in", "on", "since", "until", "of"):
            yield from s.tell("date changed", "C", {t.i: s.rng.choice([m for m in w.MONTHS if m != t.text])})


@kind
def quantities(s: Sight) -> Iterator[Made]:
    """Some, most, many as all, few, none; or in other words."""
    for t in s.doc:
        if (
            t.lower_ not in QUANTITIES
            or t.i in s.quoted
            or (t.head.tag_ != "NNS" and not (t.dep_ == "nsubj" and w.near(t, 1) == "of"))
        ):
            continue
        if w.near(t, -1) in _DEFINED | _BOUNDED - {"some", "most"} or t.dep_ not in ("amod", "det", "nsubj"):
            continue
        if any(c.lower_ in _DEFINED - {"of"} for c in t.children):
            continue
        of = w.near(t, 1) == "of"
        for words, y in QUANTITIES[t.lower_]:
            told = words.removesuffix(" of") if of else words
            if of and told in (
                "not many",
                "a number",
                "no",
                "every",
                "each",
                "almost no",
                "a large number",
                "the majority",
            ):
                told = told if told.startswith(("a ", "the ", "not")) else ""
            if (
                words in ("all of", "none of", "only some of")
                and not of
                and w.near(t, 1) not in ("the", "these", "his", "their", "its")
            ):
                continue
            if told and told != t.lower_:
                yield from s.tell("quantity in other words" if y == "S" else "quantity changed", y, {t.i: told})


@kind
def turned(s: Sight) -> Iterator[Made]:
    """A word by its opposite, or by one that means the same."""
    if w.negation(s.root) is not None:
        return
    for t in s.doc:
        if t.i in s.quoted or t.text not in OPPOSITES or t.ent_type_ in (*_NAMES, "DATE", "FAC", "LOC", "EVENT"):
            continue
        if (t.lower_ in ("more", "less") and w.near(t, 1) == "than") or t.lower_ in ("before", "after", "first"):
            continue
        if t.lower_ in ("support", "oppose") and t.pos_ != "VERB":
            continue
        yield from s.tell("opposite", "C", {t.i: OPPOSITES[t.lower_]})
        if t.lower_ in SAME_TURN and w.child(t, "prt") is None:
            yield from s.tell("other words", "S", {t.i: SAME_TURN[t.lower_]})


@kind
def negations(s: Sight) -> Iterator[Made]:
    """Negation lost or added; yes and no both ways."""
    v, lead = s.root, w.lead_in(s.doc)
    no = w.negation(v)
    edits = w.negated(v, s.forms)
    if s.quoted or edits is None or v.lemma_ in REPORTING or w.child(v, "advcl", "preconj"):
        return
    start = next(i for i in range(len(s.doc)) if i not in lead)
    pieces = [p for p in s.short if s.rng.random() < 0.6 and not p.keys() & edits.keys()]
    base: w.Edits = {k: x for p in pieces for k, x in p.items()} | lead
    told = {yes: w.stopped(w.render(s.doc, {**base, **(edits if not yes else {})})) for yes in (True, False)}
    asked = w.question(v, base if no is None else {**base, **edits}, w.clause_places(v))
    yield Made("negation lost or added", "C", told[False])
    if no is not None:
        yield from s.tell("negation kept", "S", {})
    if asked:
        right, wrong = ("Yes", "No") if no is None else ("No", "Yes")
        yield Made("answer the right way round", "S", f"{right}, {w.uncapped(s.doc[start], told[True])}", asked)
        yield Made("answer the wrong way round", "C", f"{wrong}, {w.uncapped(s.doc[start], told[False])}", asked)
        if no is not None:
            why = w.question(v, {**base, **edits}, w.clause_places(v), wh=s.rng.choice(("Why", "When", "How")))
            yield Made("false premise asserted", "C", told[False], why)


@kind
def apart(s: Sight) -> Iterator[Made]:
    """ "Former", "suspected", "proposed" dropped or kept; a plain adjective dropped."""
    for t in s.doc:
        if t.dep_ != "amod" or t.head.i < t.i or t.i in s.quoted or t.ent_type_ in ("ORG", "FAC", "GPE", "EVENT"):
            continue
        before = w.near(t, -1)
        if before in ("most", "more", "very", "so", "-", "and", ",", "or") or w.near(t, 1) in ("-", ",", "and", "or"):
            continue
        edits = {t.i: ""}
        if t.lower_ in ADJECTIVES_APART:
            yield from s.tell("adjective that matters dropped", "O", edits)
            same = SAME_ADJECTIVES.get(t.lower_)
            if same:
                yield from s.tell("adjective kept", "S", {t.i: same})
        elif t.lower_ in NEUTRAL_ADJECTIVES and not any(
            x.tag_ in ("JJS", "RBS") or x.lower_ in ("no", "not", "n't", "all", "every", "only", "first") for x in s.doc
        ):
            if len(w.span(t)) == 1 and t.head.pos_ == "NOUN" and t.head.lower_ not in ("people", "way", "one", "ones"):
                yield from s.tell("adjective dropped", "S", edits)
