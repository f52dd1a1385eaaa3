"""What speaks against a claim for certain: figures, names, quoted words, negations and speakers.

Each is an exact comparison with a name, so that each can be measured on claims by itself: one that would withhold more
right claims than false ones has no veto (docs/benchmarks.md has the table; ``benchmarks/quality/claims.py`` makes it).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from rag.answer.check import converse, days, derived, exact, matching, offices, roles, scope
from rag.answer.check.governors import speaks
from rag.answer.conflicts import figures, quantities
from rag.text import numbers, parser
from rag.text.names import is_role
from rag.text.normalize import contains
from rag.text.split import sentences
from rag.text.tokens import query_terms, terms

_NEWS = 1 / 3
"""Share of the words that a sentence adds to the question; the cited words have to have more of them."""


_TO = re.compile(r"(?<![\w.,])[$€£]?(\d[\d,.]*\d|\d)%?(?: \w+){0,2} to [$€£]?(\d[\d,.]*\d|\d)\b")
_LONG = 2000
"""Letters of a text whose words are brought to their dictionary form."""


@dataclass(frozen=True)
class Cited:
    """The words a sentence is checked against."""

    texts: Sequence[str]
    """The cited sentences: what the article says."""
    around: str
    """What stands around them in the article and at its beginning: whom "he" and "the minister" mean."""
    label: str
    """The article's title and outlet."""
    dates: Sequence[datetime] = ()
    """When it was published."""

    @property
    def said(self) -> str:
        """The cited words in one text."""
        return " ".join(self.texts)

    @property
    def near(self) -> str:
        """The label, the dates, what stands around, and the cited words, in one text."""
        return " ".join([self.label, *(f"{d:%A %d %B %Y}" for d in self.dates), self.around, self.said])


# Each takes the claim, the cited words and the question, and gives the reason, or an empty text.


def _figures(claim: str, cited: Cited, asked: str) -> str:
    """A figure has to stand in the cited words, or follow from theirs; a date may be the article's, or worked out."""
    there = numbers.all_values(cited.said)
    odd = numbers.values(_undated(claim, cited)) - there - days.figures(cited.said, cited.dates)
    mine = numbers.find(claim)
    odd -= {n.value for n in mine if any(matching.rounded(claim[: n.start], n.value, o) for o in there)}
    if odd:
        odd -= derived.figures(claim, cited.said, cited.dates)
    written = [claim[n.start : n.end] for n in mine if n.value in odd]
    return f"the cited words don't give {', '.join(written) or _shown(odd)}" if odd else ""


def _unit(claim: str, cited: Cited, asked: str) -> str:
    figure = exact.unit_mismatch(claim, cited.said)
    return f"the cited words give {_shown({figure})} of something else" if figure is not None else ""


def _quoted(claim: str, cited: Cited, asked: str) -> str:
    lost = [q for q in exact.spoken(claim) if not any(contains(t, q) for t in cited.texts)]
    return f"the quoted words “{lost[0]}” are not in the cited sentence" if lost else ""


def _named(claim: str, cited: Cited, asked: str) -> str:
    strange = _strangers(claim, cited, asked)
    return f"the cited words don't name {strange[0]}" if strange else ""


def _speaker(claim: str, cited: Cited, asked: str) -> str:
    who, theirs = exact.speakers(claim), exact.speakers(cited.said)
    wrong = who and theirs and not who & theirs and not who & _heard(cited.said)
    return f"the cited words are not those of {' '.join(sorted(who)).title()}" if wrong else ""


def _heard(said: str) -> set[str]:
    """The names, in small letters, of those who by grammar say something: "Holt of the ministry, who left, said"."""
    if not _readable(said):
        return set()
    read = matching.Text.read(said)
    verbs = [n for n in range(len(read.tree)) if speaks(read.tree, n) or read.tree[n].lemma == "call"]
    who = [c for v in verbs for c in read.below[v] if read.tree[c].dep == "nsubj"]
    return {read.tree[e].text.casefold() for c in who for e in roles.everyone(read, c) if read.tree[e].tag[:3] == "NNP"}


def _reversed(claim: str, cited: Cited, asked: str) -> str:
    """Two figures that stand on either side of "to" have not changed places: "by 148 votes to 112", "from 62 to 64"."""
    mine, theirs = ({(m[1], m[2]) for m in _TO.finditer(t)} for t in (claim, cited.said))
    turned = [f"{a} to {b}" for a, b in mine - theirs if (b, a) in theirs]
    return f"the cited words have it the other way round ({turned[0]})" if turned else ""


def _denies(claim: str, cited: Cited, asked: str) -> str:
    claim = exact.without_yes_no(claim)
    if not exact.denies(claim, cited.said) or (
        _readable(cited.said) and scope.negations(matching.Text.read(cited.said))
    ):
        return ""  # "has yet to sign" is a denial to grammar alone
    return "the sentence denies something that the cited words don't deny"


def _denied(claim: str, cited: Cited, asked: str) -> str:
    return "the cited words deny it" if exact.denied(cited.texts, claim) else ""


def _opposite(claim: str, cited: Cited, asked: str) -> str:
    word = exact.antonym(claim, cited.said)
    if not word and (exact.opposed(claim) or exact.opposed(cited.said)):
        word = exact.antonym(_lemmas(claim), _lemmas(cited.said))  # "had risen" beside "fell"
    if word and word in converse.PAIRS and converse.holds(claim, cited.said, word):
        return ""
    return f"the cited words say otherwise about “{word}”" if word else ""


def _readable(*texts: str) -> bool:
    """Whether texts can be parsed, and are no longer than a few sentences."""
    return parser.available() and max(map(len, texts)) <= _LONG


@lru_cache(maxsize=256)
def _lemmas(text: str) -> str:
    """A text's words in dictionary form; none without the parser, or where it is longer than a few sentences."""
    if not _readable(text):
        return ""
    return " ".join(w.lemma for w in matching.Text.read(text).tree)


def _roles(claim: str, cited: Cited, asked: str) -> str:
    word = exact.roles_swapped(claim, cited.said)
    if not word or _same_doer(claim, cited.said, word):
        return ""
    return f"the cited words say otherwise about “{word}”"


def _same_doer(claim: str, said: str, verb: str) -> bool:
    """Whether by grammar those who do it in a claim are among those who do it in the cited words.

    "Moss pleaded guilty" of "Two others, the builder Moss and his wife Jane Pugh, pleaded guilty": the nearest name
    before a verb need not be who does it.
    """
    if not _readable(claim, said):
        return False
    mine, theirs = (_names_about(text, verb) for text in (claim, said))
    return bool(mine["nsubj"]) and all(names <= theirs[role] for role, names in mine.items())


def _names_about(text: str, verb: str) -> dict[str, set[str]]:
    """The names that a verb has as subject and as object, with those in apposition and in lists."""
    found: dict[str, set[str]] = {"nsubj": set(), "dobj": set()}
    read = matching.Text.read(text)
    for n, word in enumerate(read.tree):
        if word.text.lower() != verb:
            continue
        told = [(c, read.tree[c].dep.removesuffix("pass")) for c in read.below[n]]
        if not any(role == "nsubj" for _, role in told):
            told += [(c, "nsubj") for c in roles.subject(read, n)]
        clauses = (c for c, role in told if role == "ccomp")  # "polls show A is ahead of B" is of A
        of = [(d, "dobj") for c in clauses for d in read.below[c] if read.tree[d].dep in ("nsubj", "nsubjpass")]
        for c, role in (*told, *of):
            if role in found:
                found[role] |= {read.stems[e] for e in roles.everyone(read, c) if read.tree[e].text[:1].isupper()}
    return found


def _counted(claim: str, cited: Cited, asked: str) -> str:
    """A figure of people who were killed, hurt, held … is not one of those to whom something else happened."""
    if not _readable(claim, cited.said):
        return ""
    for mine in quantities.quantities(claim):
        if mine.what not in figures.PEOPLE:
            continue
        theirs = [q for t in cited.texts for q in quantities.quantities(t) if q.figure.value == mine.figure.value]
        if theirs and all(q.what in figures.PEOPLE and q.what != mine.what for q in theirs):
            return f"the cited words give {mine.figure.shown} of something else"
    return ""


def _office(claim: str, cited: Cited, asked: str) -> str:
    office = offices.misgiven(exact.without_yes_no(claim), cited.said)
    return f"the cited words don't call them by that office (“{office}”)" if office else ""


def _adds(claim: str, cited: Cited, asked: str) -> str:
    """Whether most of what a sentence adds to the question is not in the cited words; a single word may be a synonym.

    Features fitted on claims without a question can't show that: words taken from it make any sentence look covered.
    """
    if not asked:
        return ""
    known = set(terms(f"{asked} {' '.join(exact.names(claim))}"))  # names have been looked at
    news = [w for w in query_terms(claim) if w not in known]
    there = set(terms(cited.said))
    few = len(news) > 1 and sum(w in there for w in news) <= _NEWS * len(news)
    return "the cited words don't say what the sentence adds to the question" if few else ""


Check = Callable[[str, Cited, str], str]
CHECKS: Mapping[str, Check] = {
    "figures": _figures,
    "unit": _unit,
    "counted": _counted,
    "reversed": _reversed,
    "quoted words": _quoted,
    "names": _named,
    "speaker": _speaker,
    "denies": _denies,
    "denied": _denied,
    "opposite": _opposite,
    "roles": _roles,
    "office": _office,
    "news": _adds,
}
"""All comparisons by name, in the order in which they are asked."""
VETOES = tuple(name for name in CHECKS if name != "news")
"""Those that reject a claim by themselves."""
CONTRADICTING = frozenset(("unit", "counted", "reversed", "speaker", "denies", "denied", "opposite", "roles"))
"""Those that find the cited words saying otherwise, rather than nothing."""


def objection(claim: str, cited: Cited, asked: str = "") -> tuple[str, str] | None:
    """The first comparison that rejects a claim.

    Args:
        claim: The sentence, without citation marks.
        cited: The evidence.
        asked: The question; empty where there is none.

    Returns:
        Its name and the reason; None where nothing speaks against the claim for certain.
    """
    for name in VETOES:
        if why := CHECKS[name](claim, cited, asked):
            return name, why
    return None


def _strangers(claim: str, cited: Cited, asked: str) -> list[str]:
    """Names of a claim that its evidence doesn't hold.

    A sentence that says "he" or "the talks" may mean whom the sentences before
    it name. One that names its people itself means them, so that "Wang's talks
    lasted" is not supported by how long Qin's did; but "Qin Gang" may be said
    of "Qin", and what the article's title or first words name may be added. "A
    former treasurer pleaded not guilty" tells of whom the next sentence names.
    What comes first is no name if the question has it small ("Where are wild
    horses found in the US?": "Wild horses are found in …").
    """
    said = cited.said
    opener = exact.opener(claim)
    named = [n for n in exact.names(_undated(claim, cited)) if n != opener]
    if (
        named
        and claim.startswith(named[0])
        and (_small(named[0], asked) or not (named[0] in asked[1:] or _proper(claim)))
    ):
        del named[0]
    strange = exact.missing_names(named, f"{cited.label} {said}")
    if not strange:
        return []
    if exact.has_anaphora(said) or not exact.names(said) or _somebody(said):
        return exact.missing_names(strange, cited.near)
    return [n for n in strange if not _fuller(n, claim, cited)]


def _somebody(said: str) -> bool:
    """Whether the cited words tell of somebody by what they are, and leave the name to another sentence."""
    if not _readable(said):
        return False
    for tree in parser.trees([said[s.start : s.end] for s in sentences(said, "en")]):
        for n, word in enumerate(tree):
            if word.dep in ("nsubj", "nsubjpass") and tree[word.head].dep == "ROOT" and is_role(word.text):
                return not any(w.head == n and w.tag.startswith("NNP") for w in tree)
    return False


def _undated(claim: str, cited: Cited) -> str:
    """A claim without the days and months that the cited words imply by the article's date."""
    meant = [datetime(d.year, d.month, d.day) for d in sorted(days.worked_out(cited.said, cited.dates))]
    for month in days.months(cited.said, cited.dates):  # before the year is taken away from behind it
        for when in cited.dates:
            claim = re.sub(rf"\b{month} {when.year}\b(?! *\d)", " ", claim, flags=re.IGNORECASE)
    return exact.without_dates(claim, [*cited.dates, *meant])


def _proper(claim: str) -> bool:
    """Whether a sentence may begin with a name, as its grammar has it: not with an adverb, as "Upwards of"."""
    if not parser.available():
        return True
    first = parser.trees([claim])[0][:1]
    return not first or first[0].tag[:2] not in ("RB", "IN", "DT", "PD", "CD", "PR", "CC", "WR")


def _small(name: str, asked: str) -> bool:
    """Whether a question has a word without a capital, and is not written without them altogether."""
    return any(c.isupper() for c in asked[1:]) and bool(re.search(rf"\b{re.escape(name.lower())}\b", asked))


def _fuller(name: str, claim: str, cited: Cited) -> bool:
    """Whether a name belongs to one that the evidence has in part, as "Antony" does to "Blinken"."""
    for part in exact.names(cited.said):
        for pair in (f"{name} {part}", f"{part} {name}"):
            if contains(cited.near, pair) and contains(claim, pair):
                return True
    return False


def _shown(odd: set[float]) -> str:
    return ", ".join(f"{n:,.10g}" for n in sorted(odd))


__all__ = ["CHECKS", "CONTRADICTING", "VETOES", "Cited", "objection"]
