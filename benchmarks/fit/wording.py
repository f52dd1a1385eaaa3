"""Changes a parsed English sentence: leaves words out, puts others in, negates, asks, inflects.

A change is a dictionary from the place of a word to what stands there instead, empty where the word goes.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

Edits = dict[int, str]
NAMED = ("PERSON", "ORG", "GPE", "NORP", "FAC", "LOC", "EVENT", "WORK_OF_ART", "LAW", "PRODUCT", "LANGUAGE")
SUBJECTS = ("nsubj", "nsubjpass")
FIRST_PERSON = frozenset("i we you my our your me us mine ours yours myself ourselves yourself let".split())
QUOTES = '"“”'
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = tuple("January February March April May June July August September October November December".split())
NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_NOT_MONOTONE = frozenset(
    "not n't n’t never no without only few if unless every all most none nor neither less fewer first last least than "
    "any each until since hardly barely rarely whether both between either more".split()
)
_LEADS = frozenset("but and however meanwhile still also yet so or then instead moreover furthermore".split())
_ASIDE_MARKS = frozenset("as while after where although though when".split())
_BE = {"VBD": "was", "VBZ": "is", "VBP": "are"}


class Forms:
    """Forms of verbs, as the parsed sentences themselves inflect them."""

    def __init__(self, docs: Iterable[Any]) -> None:
        seen: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for doc in docs:
            for t in doc:
                if t.tag_.startswith("VB") and t.is_alpha and t.is_lower:
                    seen[t.lemma_, t.tag_][t.text] += 1
        self._forms = {key: found.most_common(1)[0][0] for key, found in seen.items()}

    def of(self, lemma: str, tag: str) -> str:
        """A form of a verb, "" where no sentence has it; the first word of "step down" is inflected."""
        first, space, rest = lemma.partition(" ")
        form = first if tag in ("VB", "VBP") else self._forms.get((first, tag), "")
        return form and form + space + rest


def render(doc: Any, edits: Edits, words: Sequence[int] | None = None) -> str:
    """The sentence, or some words of it in their order, after a change."""
    parts: list[str] = []
    for i in range(len(doc)) if words is None else words:
        parts.append(edits.get(i, doc[i].text) + doc[i].whitespace_)
    return tidy("".join(parts))


def tidy(text: str) -> str:
    """Spaces and commas in order, a capital letter first."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" ([,;:.!?)%](?!\d)|[’']s\b|n[’']t\b)", r"\1", text)
    text = re.sub(r"\(\s*\)", "", re.sub(r"([,;:–—])(?:\s*[,;])+", r"\1", text))
    text = re.sub(r"\s*[,;:–—-][\s,;:–—-]*([.!?])(?!\d)", r"\1", text)
    text = re.sub(r"^[\s,;:.–—-]+", "", re.sub(r"\s+", " ", text)).strip()
    return text[:1].upper() + text[1:]


def stopped(text: str) -> str:
    """Ends in a full stop and nothing else; quotation marks without their partner are gone."""
    if text.count("“") != text.count("”") or text.count('"') % 2:
        text = re.sub(f"[{QUOTES}]", "", text)
    text = re.sub(r"[\s,;:.!?–—-]+$", "", text)
    closed = re.search(r"[\s,.!?]*([”\"])$", text)
    return tidy(f"{text[: closed.start()]}.{closed.group(1)}" if closed else text + ".")


def span(t: Any) -> list[int]:
    """Places of a word and all that hangs on it."""
    return list(range(t.left_edge.i, t.right_edge.i + 1))


def put(places: Sequence[int], text: str) -> Edits:
    """Other words in place of some neighbouring ones."""
    return {**dict.fromkeys(places[:-1], ""), places[-1]: text}


def phrase(t: Any, edits: Edits | None = None) -> str:
    """A word with all that hangs on it, small at its beginning unless it is a name."""
    return uncapped(t.doc[t.left_edge.i], " ".join(render_raw(t.doc, edits or {}, span(t)).split()).strip(" ,"))


def render_raw(doc: Any, edits: Edits, words: Sequence[int]) -> str:
    """As ``render``, untidied."""
    return "".join(edits.get(i, doc[i].text) + doc[i].whitespace_ for i in words)


def uncapped(first: Any, text: str) -> str:
    """A text small at its beginning, unless its first word is a name's."""
    keep = first.tag_ in ("NNP", "NNPS") or (
        first.ent_type_ in NAMED and first.tag_ not in ("DT", "PRP", "CD", "IN", "RB")
    )
    keep = keep or first.text == "I" or first.text[:2].isupper() or (first.tag_ == "JJ" and bool(first.ent_type_))
    return text if keep else text[:1].lower() + text[1:]


def lowered(doc: Any, edits: Edits, places: Iterable[int], text: str) -> str:
    """The text of some words after a change, small at its beginning unless a name is there."""
    first = next((i for i in places if edits.get(i, "x")), None)
    if first is None or edits.get(first, "")[:1].isupper():
        return text
    return text[:1].lower() + text[1:] if edits.get(first) else uncapped(doc[first], text)


def article(old: str, word: str) -> str:
    """ "a" or "an" before a word, as large as it was."""
    vowel = (word[:1].lower() in "aeiou" and not word.lower().startswith(("one", "uni", "eu", "us"))) or word[
        :2
    ] == "11"
    vowel = vowel or word[:1] == "8" or word.startswith(("hour", "honest", "heir"))
    return old[0] + ("n" if vowel else "")


def subject(v: Any) -> Any:
    """A verb's subject before it, None for a relative pronoun."""
    found = [c for c in v.children if c.dep_ in SUBJECTS and c.i < v.i]
    return found[-1] if found and found[-1].tag_ not in ("WDT", "WP", "WP$") and found[-1].lower_ != "that" else None


def near(t: Any, by: int) -> str:
    """The word so many places behind another, in small letters; "" beyond the sentence."""
    return t.doc[t.i + by].lower_ if 0 <= t.i + by < len(t.doc) else ""


def child(t: Any, *deps: str) -> Any:
    """The first word that hangs on another in one of these ways."""
    return next((c for c in t.children if c.dep_ in deps), None)


def auxiliaries(v: Any) -> list[Any]:
    """Of a verb, in order."""
    return [c for c in v.children if c.dep_ in ("aux", "auxpass") and c.i < v.i]


def finite(v: Any) -> bool:
    """Has a tense, and a subject before it."""
    group = [*auxiliaries(v), v]
    return group[0].tag_ in ("VBD", "VBZ", "VBP", "MD") and subject(v) is not None


def negation(v: Any) -> Any:
    """Its "not"."""
    return next((c for c in v.children if c.dep_ == "neg"), None)


def many(np: Any) -> bool:
    """Whether a noun phrase takes "were"."""
    words = ("police", "people", "some", "many", "most", "several", "few", "all", "both", "others", "they", "we")
    return np.tag_ in ("NNS", "NNPS", "CD") or child(np, "conj") is not None or np.lower_ in words


def negated(v: Any, forms: Forms) -> Edits | None:
    """The clause of a verb turned round; None where that is not simple."""
    no, group = negation(v), auxiliaries(v)
    if any(c.dep_ == "conj" and c.pos_ in ("VERB", "AUX") for c in v.children):
        return None
    if no is not None:
        if no.lower_ == "never" or (not group and v.lemma_ != "be"):
            return None
        first = group[0] if group else v
        if first.lemma_ == "do" and group:
            form = forms.of(v.lemma_, first.tag_)
            return {no.i: "", first.i: "", v.i: form} if form else None
        return {no.i: "", first.i: {"wo": "will", "ca": "can"}.get(first.lower_, first.text)}
    if not finite(v) or any(c.lower_ in ("never", "no", "only", "nor") for c in v.children):
        return None
    first = group[0] if group else v
    if group or v.lemma_ == "be":
        if first.text[0] in "'’" or first.lower_ in ("can", "do", "did", "does"):
            return None
        return {first.i: first.text + " not"}
    if v.tag_ not in ("VBD", "VBZ", "VBP"):
        return None
    return {v.i: {"VBD": "did", "VBZ": "does", "VBP": "do"}[v.tag_] + " not " + v.lemma_}


def clause_places(v: Any) -> list[int]:
    """Places of a clause without what joins it to another; none where other words stand between."""
    places = sorted(t.i for t in v.subtree)
    if places[-1] - places[0] + 1 != len(places):
        return []
    doc = v.doc
    while places and (doc[places[0]].is_punct or (doc[places[0]].dep_ in ("mark", "cc") and doc[places[0]].head == v)):
        places.pop(0)
    while places and doc[places[-1]].is_punct and doc[places[-1]].text not in QUOTES + ")":
        places.pop()
    return places


def own_words(doc: Any, places: Iterable[int]) -> bool:
    """Whether somebody speaks of themselves or to somebody there."""
    return any(doc[i].lower_ in FIRST_PERSON and doc[i].text != "US" for i in places)


def question(v: Any, edits: Edits, places: Sequence[int], wh: str = "") -> str:
    """What asks whether a clause holds; "" where that is not simple."""
    doc, s, group, no = v.doc, subject(v), auxiliaries(v), negation(v)
    if s is None or not finite(v) or own_words(doc, places) or any(doc[i].text in QUOTES for i in places):
        return ""
    if no is not None and no.i not in edits:
        return ""
    first = group[0] if group else v if v.lemma_ == "be" else None
    if any(c.dep_ == "conj" and c.pos_ in ("VERB", "AUX") and edits.get(c.i, "x") for c in v.children):
        return ""
    if any(c.dep_ in ("ccomp", "parataxis") and c.i < s.i for c in v.children):
        return ""
    who = [i for i in places if s.left_edge.i <= i <= s.right_edge.i]
    rest = [i for i in places if i > s.right_edge.i and (first is None or i != first.i)]
    if any(edits.get(i) for i in places if i < s.left_edge.i):
        return ""
    if (
        not who
        or len([i for i in rest if edits.get(i, "x")]) < 3
        or (first is not None and (first.text[0] in "'’" or first.i < s.i))
    ):
        return ""
    told = lowered(doc, edits, who, tidy(render_raw(doc, edits, who)))
    if edits.get(v.i, "").startswith(("did ", "does ", "do ")):
        return ""
    if first is None:
        if v.tag_ not in ("VBD", "VBZ", "VBP") or (v.i in edits and edits[v.i] != v.text):
            return ""
        lead, edits = {"VBD": "did", "VBZ": "does", "VBP": "do"}[v.tag_], {**edits, v.i: v.lemma_}
    elif edits.get(first.i, first.text) != first.text:
        return ""
    else:
        lead = first.lower_
    body = f"{wh} {lead}" if wh else lead
    return re.sub(r"[\s,;:.!?–—-]+$", "", tidy(f"{body} {told} {render_raw(doc, edits, rest)}")) + "?"


def shortenings(doc: Any) -> list[Edits]:
    """Pieces that the sentence can do without and stay true: asides, appositions, times and places, a second verb."""
    words = {t.lower_ for t in doc}
    free = not words & _NOT_MONOTONE and not any(t.tag_ in ("JJS", "RBS", "JJR", "RBR") for t in doc)
    found: list[Edits] = []
    for t in doc:
        a, b = t.left_edge.i, t.right_edge.i
        before, after = doc[a - 1].text if a else "", doc[b + 1].text if b + 1 < len(doc) else ""
        aside = (before == "," and after in (",", ".")) or (before in ("–", "—") and after in ("–", "—", "."))
        if (t.dep_ == "appos" and aside and doc[a - 1].head == t.head) or (t.dep_ == "relcl" and aside):
            if not any(c.dep_ == "conj" for c in t.head.children):
                found.append(dict.fromkeys(range(a - 1, b + 1 + (after != ".")), ""))
        elif t.dep_ in ("prep", "npadvmod") and free and t.head.pos_ == "VERB" and t.head.dep_ in ("ROOT", "ccomp"):
            kinds = {doc[i].ent_type_ for i in range(a, b + 1)}
            if (kinds & {"DATE", "TIME", "GPE"} and t.lower_ in ("in", "on", "at", "during")) or (
                t.dep_ == "npadvmod" and kinds & {"DATE", "TIME"} and child(t, "advmod", "nummod") is None
            ):
                if b - a < 6 and (a == 0 or before != ",") and not (t.head.lemma_ == "be" and t.dep_ == "prep"):
                    found.append(dict.fromkeys(range(a, b + 1 + (after == "," and a == 0)), ""))
        elif t.dep_ == "advcl" and free and before == "," and after == "." and t.head.dep_ == "ROOT":
            if doc[a].lower_ in _ASIDE_MARKS or (t.tag_ == "VBG" and a == t.i):
                found.append(dict.fromkeys(range(a - 1, b + 1), ""))
        elif t.dep_ == "conj" and free and t.head.dep_ == "ROOT" and t.head.pos_ == "VERB" and after == ".":
            joint = [c for c in t.head.children if c.dep_ == "cc" and t.head.i < c.i < t.i]
            if joint and joint[-1].lower_ == "and" and child(t.head, "dobj", "prep", "ccomp", "attr", "acomp"):
                if all(c.i < joint[-1].i for c in t.head.children if c.dep_ in ("dobj", "prep", "ccomp", "attr")):
                    found.append(dict.fromkeys(range(joint[-1].i, b + 1), ""))
    return found


def lead_in(doc: Any) -> Edits:
    """A joining word at the beginning, which says nothing alone."""
    if doc[0].lower_ not in _LEADS or doc[0].head.dep_ != "ROOT" or doc[0].dep_ not in ("cc", "advmod"):
        return {}
    return {0: "", 1: ""} if doc[1].text == "," else {0: ""}


def voiced(v: Any, forms: Forms, *, active: bool, turned: bool = False) -> str:
    """A transitive clause as an active or passive one, what stands after the object kept; with ``turned`` agent and
    patient change places. "" where it is not simple."""
    s, doc, by = subject(v), v.doc, child(v, "agent")
    obj = child(v, "dobj") if by is None else child(by, "pobj")
    if s is None or obj is None or negation(v) is not None or child(v, "prt", "dative", "conj", "ccomp", "xcomp"):
        return ""
    if any(t.tag_ in ("PRP", "PRP$", "WDT", "WP", "WP$") or t.text in QUOTES for n in (s, obj) for t in n.subtree):
        return ""
    group = [a for a in auxiliaries(v) if a.dep_ == "aux"]
    first = (group or [v if by is None else child(v, "auxpass") or v])[0]
    modal = first.text if first.tag_ == "MD" else ""
    if len(group) > 1 or (group and not modal) or first.tag_ not in ("VBD", "VBZ", "VBP", "MD"):
        return ""
    doer, done = (s, obj) if by is None else (obj, s)
    if turned:
        doer, done = done, doer
    one, two = phrase(doer), phrase(done)
    tail = render_raw(doc, {}, range(obj.right_edge.i + 1, v.right_edge.i + 1))
    tail = tail if by is None else render_raw(doc, {}, range(v.i + 1, by.i)) + tail
    if len(tail.split()) > 14 or max(len(one.split()), len(two.split())) > 9 or "," in one + two or ";" in tail:
        return ""
    if active:
        told = f"{modal} {v.lemma_}" if modal else forms.of(v.lemma_, _agree(first.tag_, doer))
        return stopped(f"{one} {told} {two} {tail}") if told else ""
    told = forms.of(v.lemma_, "VBN")
    be = f"{modal} be" if modal else _be(first.tag_, done)
    return stopped(f"{two} {be} {told} by {one} {tail}") if told else ""


def _be(tag: str, np: Any) -> str:
    plural = {"was": "were", "is": "are", "are": "are"}
    return plural[_BE[tag]] if many(np) else {"are": "is"}.get(_BE[tag], _BE[tag])


def _agree(tag: str, np: Any) -> str:
    return tag if tag == "VBD" else "VBP" if many(np) else "VBZ"


def weekday(t: Any, written: date) -> date | None:
    """The day that a weekday's name means in an article of a date, None where it may be another."""
    if t.lower_ not in WEEKDAYS or (t.i and t.nbor(-1).lower_ in ("last", "next", "this", "every", "each", "a", "the")):
        return None
    v = t.head
    while v.pos_ not in ("VERB", "AUX") and v.head != v:
        v = v.head
    group = [a.lower_ for a in auxiliaries(v)]
    back = (written.weekday() - WEEKDAYS.index(t.lower_)) % 7
    if v.tag_ == "VBD" or (group and group[0] in ("was", "were", "had")):
        return written - timedelta(back) if back < 6 else None
    if "will" in group:
        return written + timedelta(7 - back) if 1 < 7 - back < 7 else None
    return None


def day(d: date, form: int) -> str:
    """A day in one of three forms."""
    month = MONTHS[d.month - 1]
    return (f"{d.day} {month} {d.year}", f"{month} {d.day}, {d.year}", f"{d.day} {month}")[form]
