"""Who said what: questions for somebody's own words, and the quotes that fit them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rag.retrieve import preamble
from rag.text import parser
from rag.text.lexicon import alternation, lexicon
from rag.text.tokens import query_terms, terms
from rag.text.word_lists import Grammar, Speaker
from rag.types import Quote

Vectors = Callable[[Sequence[str]], npt.NDArray[np.float32]]
"""Texts to float32 vectors of shape (len(texts), dim), rows of length 1."""

CLOSELY = 12
"""Quotes that are compared with what they are to be about by their own meaning; the rest by their passage's."""
_GRAMMAR = lexicon("en").section(Grammar)
_WORDS = lexicon("en").section(Speaker)
_SAYING = alternation(_WORDS.say_verbs)
_WORDS_OF = alternation(_WORDS.words_of)
_ON = alternation(_WORDS.about)
_SAID = alternation(_WORDS.said_verbs)
_AUX = rf"(?:{alternation(_GRAMMAR.auxiliaries, _WORDS.additions)})\b"
_SHAPES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^what (?:else |exactly |more )*(?:did|does|do|has|have|had|would) (?P<who>.+?) (?:{_SAYING})\b(?P<rest>.*)$",
        rf"^what (?!{_AUX})(?P<who>[^,?]+?) (?:has |have |had )?(?:{_SAID})\b(?P<rest>.*)$",
        rf"^how (?:exactly )?(?:did|does|do|has|have|had|would) (?P<who>.+?) (?:{_SAYING})\b(?P<rest>.*)$",
        rf"^(?:did|does|has|have|had) (?P<who>.+?) (?:ever |also |really )?(?:{_SAYING})\b(?P<rest>.*)$",
        rf"^what (?:is|was|are|were) (?P<who>.+?)['’]s? (?:{_WORDS_OF})\b(?P<rest>.*)$",
        rf"^what (?:is|was|are|were) the (?:{_WORDS_OF}) (?:of|by|from) (?P<who>.+?)(?P<rest> (?:{_ON})\b.*|)$",
        rf"^(?P<who>[^,?]+?)['’]s? (?:{_WORDS_OF}) (?P<rest>(?:{_ON})\b.*)$",
        r"^according to (?P<who>[^,]+),(?P<rest>.*)$",
        r"^(?P<rest>(?:what|who|where|when|why|how|which)\b.*?),? according to (?P<who>[^,]+?)$",
        rf"^(?:quotes?|words|statements?|comments?|remarks?) (?:of|by|from) (?P<who>.+?)(?P<rest> (?:{_ON})\b.*|)$",
    )
)
_ABOUT = re.compile(
    rf"^\W*(?:{_ON})\s+(?P<about>.+)$|^(?:to )?(?:[\w.'’-]+ ){{1,5}}?(?:about|regarding|concerning)\s+(?P<told>.+)$",
    re.IGNORECASE,
)  # "about Taiwan", "(to) Blinken about Taiwan"
_NOBODY = re.compile(
    rf"^(?:{alternation(_WORDS.nobody_pronouns)})$|\b(?:{alternation(_WORDS.nobody_nouns)})\b", re.IGNORECASE
)
_LONGEST = 8  # words of who speaks: beyond it the shape has caught something else
_WORD = re.compile(r"[^\W\d_][\w'’.&-]*")
_BEFORE = frozenset({*_WORDS.before_names, "of", "and", "for"})
_NEXT = re.compile(r"\s*['’]?s?\s*(\w+)")
"""The verb, or the noun of saying, behind who speaks."""
_CLAUSE = ("VB", "MD", "TO", "IN")
"""Tags of what heads a clause, or stands before something else: no one who speaks."""
_BEHIND = re.compile(r"(?<=\S)(?:,| (?:of|at|in|from|with|himself|herself|themselves|itself)\b).*$", re.DOTALL)
"""What says more of somebody who has been named."""
_TITLES = frozenset(terms(" ".join((*_GRAMMAR.forms_of_address, *_WORDS.before_names))))


@dataclass(frozen=True)
class SpeakerRequest:
    """Whose words a question asks for."""

    speaker: str
    about: str | None = None
    """None: anything."""


def parse_speaker(question: str) -> SpeakerRequest | None:
    """Whose own words an English question asks for; None where it asks for something else.

    "What did X say about Y?" asks for the words of X, "who said Y?" and "what happened?" for nobody's.
    """
    text = preamble.strip_preamble(question).rstrip(" ?!.")
    for shape in _SHAPES:
        if not (m := shape.match(text)):
            continue
        who = " ".join(m["who"].split()).strip("\"'“”‘’ ")
        if not who or _NOBODY.search(who) or len(who.split()) > _LONGEST or not _somebody(text, m):
            return None
        rest = " ".join(m["rest"].split()).strip(" ,")
        about = (found["about"] or found["told"]) if (found := _ABOUT.match(rest)) else rest
        return SpeakerRequest(who, about.strip("\"'“”‘’ ") or None)
    return None


def _somebody(text: str, found: re.Match[str]) -> bool:
    """Whether what stands before a verb of saying is somebody, and the verb is one.

    "How did Biden persuade OPEC+ to call off its cut?" has a clause there, "Have Delaware and Penn State met?" a name.
    A name before a verb in small letters is not parsed: the parser takes half a second to load.

    Args:
        text: The question.
        found: A shape in it.
    """
    start, end = found.span("who")
    behind = _NEXT.match(text, end)
    verb = behind.start(1) if behind and end < found.start("rest") else None
    names = all(w[0].isupper() or w.casefold() in _BEFORE for w in _WORD.findall(found["who"]))
    if (names and (verb is None or text[verb].islower())) or not parser.available():
        return True
    (tree,) = parser.trees([text])
    places = parser.places(tree, text)
    inside = {n for n, (a, b) in enumerate(places) if start <= a and b <= end}
    if any(tree[n].tag[:2] in _CLAUSE for n in inside if tree[n].head not in inside or tree[n].head == n):
        return False
    at = next((n for n, place in enumerate(places) if place[0] == verb), None)
    asks_which = text[:start].casefold().endswith("what ") and any(  # "What object told the astronauts …"
        w.tag in ("WDT", "WP") and w.dep == "det" and w.head in inside for w in tree
    )
    if asks_which or at is None:
        return not asks_which
    return tree[at].tag[:2] in ("VB", "NN") and not tree[at].tag.startswith("NNP")


def match(speaker: str, known: Iterable[tuple[str, str | None, int]]) -> list[tuple[str, str | None]]:
    """The (speaker, role) pairs that a name or a description may mean.

    All its words have to stand in name and role ("President Biden" is Joe Biden, the president; "the Chinese foreign
    minister" is whoever is called so). Where nobody has them all, articles may give less of the name than the
    question: "Qin" for "Qin Gang".

    Args:
        speaker: As asked for.
        known: (speaker, role, quotes), as ``Catalog.speakers`` has them.
    """
    wanted = set(terms(speaker)) - _TITLES
    if not wanted:
        return []
    last = last_name(speaker)
    whole: list[tuple[str, str | None]] = []
    part: list[tuple[str, str | None]] = []
    for name, role, _ in known:
        own, theirs = _terms(name) - _TITLES, _terms(role or "")
        if wanted <= own | theirs:
            whole.append((name, role))
        elif own and own < wanted and own.issuperset(last):
            part.append((name, role))
    return whole or part


def last_name(speaker: str) -> list[str]:
    """The last word of what somebody is called, as a term: "lawyer" of "Ann Lee's lawyer", "lee" of "Ann Lee of Yale".

    Returns:
        One, or none where there is no word.
    """
    return terms(_BEHIND.sub("", speaker))[-1:]


@lru_cache(maxsize=65_536)  # every speaker of an archive is looked at in every question that asks for one
def _terms(name: str) -> frozenset[str]:
    return frozenset(terms(name))


def rarities(wanted: Iterable[str], texts: Sequence[Set[str]]) -> dict[str, float]:
    """What each of some terms is worth: more, the fewer of the texts have it.

    Args:
        wanted: The terms.
        texts: The terms of each text.
    """
    counts = Counter(t for found in texts for t in found)
    return {t: math.log(1 + len(texts) / (counts[t] + 0.5)) for t in wanted}


def rank(
    quotes: Sequence[Quote],
    about: str | None,
    *,
    passage_of: Mapping[tuple[str, int], str],
    stored: Mapping[str, npt.NDArray[np.float32]],
    embed: Vectors,
) -> list[Quote]:
    """Quotes by how much they are about something, best first; as they came where it is nothing.

    Weighed are the words of ``about`` (rare ones more) in the quote, in its sentence and title, the likeness of its
    passage's stored vector, and for the first dozen that of the quote itself.

    Args:
        quotes: Newest first.
        about: What they are to be about.
        passage_of: (article id, offset) to the id of the passage there.
        stored: Vectors of passages, each of shape (dim,).
        embed: Texts to unit vectors.
    """
    if not about or not quotes:
        return list(quotes)
    wanted = query_terms(about)
    inner = [set(terms(q.quote)) for q in quotes]
    outer = [set(terms(f"{q.title} {q.sentence}")) | i for q, i in zip(quotes, inner, strict=True)]
    rarity = rarities(wanted, outer)
    total = sum(rarity.values()) or 1.0
    target = embed([about])[0]
    weights = []
    for q, own, near in zip(quotes, inner, outer, strict=True):
        vector = stored.get(passage_of.get((q.article_id, q.start), ""))
        weights.append(
            0.5 * sum(r for t, r in rarity.items() if t in own) / total
            + 0.4 * sum(r for t, r in rarity.items() if t in near) / total
            + 0.6 * (float(vector @ target) if vector is not None else 0.0)
            + 0.05 * q.direct
        )
    order = sorted(range(len(quotes)), key=lambda n: -weights[n])
    first = order[:CLOSELY]
    likeness = embed([quotes[n].sentence for n in first]) @ target
    best = sorted(zip(first, likeness, strict=True), key=lambda pair: -(weights[pair[0]] + 0.6 * float(pair[1])))
    return [quotes[n] for n, _ in best] + [quotes[n] for n in order[CLOSELY:]]


def deduplicate(quotes: Iterable[Quote]) -> list[Quote]:
    """The same words of the same speaker once; the first names the other outlets."""
    kept: dict[tuple[str, str], Quote] = {}
    others: dict[tuple[str, str], list[str]] = {}
    for q in quotes:
        same = (q.speaker.casefold(), " ".join(terms(q.quote)) or q.quote)
        if same not in kept:
            kept[same] = q
        elif (name := q.source or q.title) != (kept[same].source or kept[same].title):
            if name not in others.setdefault(same, []):
                others[same].append(name)
    return [q.model_copy(update={"also_published_by": tuple(others[s])}) if s in others else q for s, q in kept.items()]
