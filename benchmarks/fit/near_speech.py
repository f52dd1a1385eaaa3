"""Claims that drop or keep who says something, an accusation, a plan, a possibility, a limit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.fit import wording as w
from benchmarks.fit.near_sight import Made, Sight, kind, others
from benchmarks.fit.near_words import FACTIVE, HEDGES, REPORTING, TURNED_HEDGES, VERBS_AHEAD
from benchmarks.fit.wording import Edits, Forms


@kind
def said(s: Sight) -> Iterator[Made]:
    """Who says it is dropped, is somebody else, or is kept in other words; knowledge isn't hearsay."""
    for v in s.doc:
        if (v.lemma_ not in REPORTING and v.lemma_ not in FACTIVE) or v.pos_ != "VERB" or w.negation(v) is not None:
            continue
        told = w.child(v, "ccomp")
        who = next((c for c in v.children if c.dep_ == "nsubj" and c.tag_ not in ("WDT", "WP")), None)
        if told is None or who is None or not w.finite(told) or v.tag_ not in ("VBD", "VBZ", "VBP"):
            continue
        if v.dep_ != "ROOT" or w.auxiliaries(v) or who.lower_ in w.FIRST_PERSON | {"it", "this", "that"}:
            continue
        places = w.clause_places(told)
        if not 5 <= len(places) <= 32 or who.i in places or v.i in places or w.own_words(s.doc, places):
            continue
        name = w.phrase(who)
        if len(name.split()) > 16 or any(c.lower_ in ("how", "what", "why", "whether", "if") for c in told.children):
            continue
        edits = _resolved(told, who, name)
        raw = w.tidy(w.render_raw(s.doc, edits, places))
        fact = w.stopped(raw)
        small = w.lowered(s.doc, edits, places, raw).rstrip(".,!?")
        small = re.sub(f"[{w.QUOTES}]", "", small) if small.count("“") != small.count("”") or '"' in small else small
        asked = w.question(told, edits, places) if s.rng.random() < 0.5 else ""
        answer = f"Yes, {w.lowered(s.doc, edits, places, fact)}" if asked else fact
        if v.lemma_ in FACTIVE:
            yield Made("known", "S", answer, asked)
            continue
        if name.lower() in ("he", "she", "they"):
            yield Made("attribution dropped", "O", answer, asked)
            continue
        denied = v.lemma_ == "deny"
        yield Made("denial dropped" if denied else "attribution dropped", "O", answer, asked)
        asked = f"What did {name} say?" if s.rng.random() < 0.3 and not denied else ""
        if v.lemma_ in ("say", "tell", "add", "state", "explain", "note", "announce", "report", "warn"):
            again = [f"According to {name}, {small}.", f"{w.stopped(small)[:-1]}, according to {name}."]
            if small == raw.rstrip(".,!?") or s.doc[places[0]].i != 0 or s.doc[places[0]].is_title:
                again += [f"{name[:1].upper()}{name[1:]} said that {small}.", f"{w.stopped(small)[:-1]}, {name} said."]
            yield Made("attribution kept", "S", w.tidy(s.rng.choice(again)), asked)
            other_than = who.ent_type_ in ("PERSON", "ORG", "GPE") or who.tag_ == "NNS"  # so that it isn't the same one
            for other in others(s, "PERSON", s.doc.text)[:1] if other_than else ():
                told_by = s.rng.choice([f"According to {other}, {small}.", f"{other} said that {small}."])
                if other.split()[-1] not in small:
                    yield Made("another speaker", "O", w.tidy(told_by), f"What did {other} say?" if asked else "")
        to = w.child(v, "dobj", "dative") if v.lemma_ == "tell" else None
        if to is not None and to.pos_ in ("NOUN", "PROPN"):
            hearer = w.phrase(to)
            yield Made("addressee as speaker", "O", w.tidy(f"{hearer} told {name} that {small}."))
            yield Made("addressee as speaker", "O", w.tidy(f"{hearer} said that {small}."))
            yield Made("addressee kept", "S", w.tidy(f"{name} said to {hearer} that {small}."))
        behind = [t for t in who.subtree if t.dep_ in ("poss", "pobj") and t.ent_type_ in ("PERSON", "ORG", "GPE")]
        if behind and re.search(r"spokes|adviser|lawyer|attorney|aide|official|source|friend|critic", name):
            yield Made("words of another's spokesman", "O", w.tidy(f"{w.phrase(behind[0])} said that {small}."))


def _resolved(told: Any, who: Any, name: str) -> Edits:
    """Puts the speaker's name for a pronoun that begins what they said."""
    first = w.subject(told)
    if (
        first is not None
        and first.lower_ in ("he", "she")
        and w.near(first, 1)[:1] not in "'’"
        and who.ent_type_ == "PERSON"
        and "," not in name
    ):
        return {first.i: name}
    return {}


@kind
def nobody_said(s: Sight) -> Iterator[Made]:
    """A told fact becomes somebody's words."""
    if s.reported or s.quoted or not w.finite(s.root) or w.own_words(s.doc, range(len(s.doc))):
        return
    names = others(s, "PERSON", s.doc.text)
    if names and s.rng.random() < 0.5:
        fact = w.stopped(w.render(s.doc, w.lead_in(s.doc)))
        first = s.doc[1 if w.lead_in(s.doc) else 0]
        form = s.rng.choice(["According to {0}, {1}.", "{0} said that {1}."])
        yield Made("fact as somebody's words", "O", form.format(names[0], w.uncapped(first, fact).rstrip(".")))


@kind
def charged(s: Sight) -> Iterator[Made]:
    """What somebody is accused or convicted of."""
    for v in s.doc:
        known = v.lemma_ in ("convict", "admit") or v.lower_ == "guilty"
        if not known and v.lemma_ not in ("accuse", "suspect", "charge"):
            continue
        p = next((c for c in v.children if c.dep_ == "prep" and c.lower_ in ("of", "with", "to")), v)
        deed = w.child(p, "pcomp", "xcomp")
        if deed is None or deed.tag_ != "VBG" or w.subject(deed) is not None or w.auxiliaries(deed):
            continue
        if any(c.lower_ in ("not", "cleared", "acquitted") for c in s.doc):
            continue
        holder = v if v.pos_ == "VERB" else v.head
        who = w.child(holder, "nsubjpass") or w.child(holder, "dobj") or w.child(holder, "nsubj")
        form = s.forms.of(deed.lemma_, "VBD")
        if v.lower_ == "accusing" or who is None or not form or who.lower_ in (*w.FIRST_PERSON, "who", "that", "which"):
            continue
        if v.lemma_ in ("accuse", "suspect", "charge") and who.dep_ == "nsubj":
            continue
        name = {"him": "he", "her": "she", "them": "they"}.get(who.lower_, w.phrase(who))
        act = w.render_raw(s.doc, {}, range(deed.i + 1, deed.right_edge.i + 1)).strip()
        if deed.left_edge.i != deed.i:
            continue
        yield Made("convicted" if known else "accusation told as fact", "S" if known else "O",
                   w.stopped(w.tidy(f"{name} {form} {act}")))  # fmt: skip
        if not known:
            be = "are" if w.many(who) or name == "they" else "is"
            word = {"accuse": "accused of", "suspect": "suspected of", "charge": "charged with"}[v.lemma_]
            yield Made("accusation kept", "S", w.stopped(w.tidy(f"{name} {be} {word} {deed.text} {act}")))


@kind
def ahead(s: Sight) -> Iterator[Made]:
    """A plan, a possibility, a failure told as done, or kept; the past in the perfect tense."""
    v = s.root
    if v.pos_ != "VERB" or w.subject(v) is None or not w.finite(v) or v.i in s.quoted:
        return
    group, no = w.auxiliaries(v), w.negation(v)
    one = "have" if w.many(w.subject(v)) or w.subject(v).lower_ in ("they", "i", "we", "you") else "has"
    to = w.child(v, "xcomp")
    if to is not None and to.tag_ == "VB" and w.near(to, -1) == "to" and no is None and to.left_edge.i == to.i - 1:
        done, past = s.forms.of(to.lemma_, "VBN"), s.forms.of(to.lemma_, "VBD")
        lead = [*group, *[t for t in s.doc[v.i : to.i] if t.dep_ in ("aux", "advmod", "neg") or t == v]]
        drop = dict.fromkeys([t.i for t in lead] + [to.i - 1], "")
        if to.i - v.i <= 3 and done and past:
            if v.lemma_ in VERBS_AHEAD:
                yield from s.tell("plan told as done", "O", {**drop, to.i: s.rng.choice([f"{one} {done}", past])})
                yield from s.tell("plan kept", "S", _plan(v, group, s.forms))
            if v.lemma_ == "manage" and not group:
                yield from s.tell("managed told as done", "S", {**drop, to.i: past})
            if v.lemma_ in ("fail", "refuse", "decline") and v.tag_ == "VBD" and not group:
                yield from s.tell("failure told as done", "C", {**drop, to.i: past})
                yield from s.tell("failure as negation", "S", {**drop, to.i: f"did not {to.lemma_}"})
    done = s.forms.of(v.lemma_, "VBN")
    first = group[0] if group else None
    timed = any(t.ent_type_ in ("DATE", "TIME") or t.lower_ in ("when", "after", "ago", "then") for t in s.doc)
    if first is not None and len(group) == 1 and no is None and done and first.i == v.i - 1:
        if first.lower_ in ("will", "would") and not s.reported and "if" not in {t.lower_ for t in s.doc}:
            past = s.forms.of(v.lemma_, "VBD")
            yield from s.tell("plan told as done", "O", {first.i: "", v.i: past if timed and past else f"{one} {done}"})
            if first.lower_ == "will":
                yield from s.tell("plan kept", "S", {first.i: ("are" if one == "have" else "is") + " going to"})
        if first.lower_ in ("may", "might", "could"):
            told = v.lemma_ if one == "have" else s.forms.of(v.lemma_, "VBZ")
            if told:
                yield from s.tell(
                    "possibility told as fact", "O", {first.i: "", v.i: s.rng.choice([told, f"will {v.lemma_}"])}
                )
            if first.lower_ != "could":
                yield from s.tell("possibility kept", "S", {first.i: "might" if first.lower_ == "may" else "may"})
    if len(group) == 2 and group[0].lower_ in ("may", "might", "could") and group[1].lower_ == "have" and no is None:
        past = s.forms.of(v.lemma_, "VBD")
        if past:
            yield from s.tell("possibility told as fact", "O", {group[0].i: "", group[1].i: "", v.i: past})
            yield from s.tell("possibility kept", "S", {group[0].i: "possibly", group[1].i: "", v.i: past})
    if (
        v.tag_ == "VBD"
        and v.lemma_ != "have"
        and not group
        and not timed
        and no is None
        and done
        and not s.quoted
        and w.child(v, "conj") is None
    ):
        if w.child(v, "dobj", "dative") is not None and v.lemma_ not in REPORTING and w.child(v, "advcl") is None:
            yield from s.tell("past in the perfect", "S", {v.i: f"{one} {done}"})


def _plan(v: Any, group: Sequence[Any], forms: Forms) -> Edits:
    same = {"plan": "intend", "want": "wish", "intend": "plan", "hope": "want", "aim": "intend", "seek": "try"}
    form = forms.of(same.get(v.lemma_, ""), v.tag_) if v.tag_ != "VBN" and not group else ""
    return {v.i: form} if form else {}


@kind
def hedged(s: Sight) -> Iterator[Made]:
    """Limits of numbers: dropped, turned, kept in other words; "reportedly" and its like."""
    text = s.doc.text.lower()
    for words, same in HEDGES.items():
        for m in re.finditer(rf"\b{words}\b(?= (?:[$£€]|\d|an? |one |two |three |half|ten |dozen))", text):
            places = [t.i for t in s.doc if m.start() <= t.idx < m.end()]
            last = s.doc[places[-1] + 1]
            if not places or set(places) & s.quoted or not {t.ent_type_ for t in s.doc[last.i : last.i + 2]} & {
                "CARDINAL", "MONEY", "PERCENT", "QUANTITY", "DATE", "TIME"}:  # fmt: skip
                continue
            if words in ("about", "around") and s.doc[places[0]].dep_ == "prep":
                continue
            if words == "over" and last.ent_type_ in ("DATE", "TIME"):
                continue
            yield from s.tell("limit dropped", "O", dict.fromkeys(places, ""))
            yield from s.tell("limit kept", "S", w.put(places, s.rng.choice(same)))
            if words in TURNED_HEDGES:
                yield from s.tell("limit turned", "C", w.put(places, s.rng.choice(TURNED_HEDGES[words])))
    for t in s.doc:
        if t.lower_ in ("reportedly", "allegedly", "apparently", "possibly", "probably", "likely", "perhaps"):
            if t.dep_ == "advmod" and t.i not in s.quoted and t.head.pos_ in ("VERB", "AUX"):
                yield from s.tell("hedge dropped", "O", {t.i: ""})
                again = {"reportedly": "according to reports", "allegedly": "it is alleged"}.get(t.lower_)
                if again and t.i > 0:
                    yield from s.tell("hedge kept", "S", {t.i: f", {again},"})
        elif t.dep_ == "advmod" and t.tag_ == "RB" and t.lower_.endswith("ly") and t.head.pos_ == "VERB":
            if t.lower_ in ("quickly", "recently", "immediately", "previously", "initially", "formally", "officially"):
                yield from s.tell("adverb dropped", "S", {t.i: ""})
