"""A question that leans on a conversation is made to stand alone before anything is searched for.

By rules, in a few milliseconds: "and what did she say?" gets the name, "and in 2022?" the question before it. What
matters is that the words to search by are there, and few wrong ones; where the rules can't put a name into the
question, they put the subject or the last question before it. English is understood; of other languages only what is
plainly a fragment is completed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from rag.text.detect import detect_language
from rag.text.scripts import CJK
from rag.text.tokens import query_terms

LONGEST = 300
"""Characters that a question made to stand alone has at most; a longer one is left as it was asked."""

_TURNS = 30
"""Turns that are looked back on."""

_ANSWER = 1500
"""Characters of an answer that are looked at."""

Kind = Literal["person", "thing", "unknown"]

_CJK = re.compile(f"[{CJK}]")
_MARKS = re.compile(r"\s*\[\d+\]")
_LEAD = re.compile(r"^(?:(?:and|but|so|ok|okay|then|also|well|now|yes|no|thanks|thank you)\b[\s,.!]*)+", re.IGNORECASE)
_CAPITAL = r"(?:[^\W\d_a-z](?:\.[^\W\d_a-z])*\.?(?=\s)|[^\W\d_a-z][\w\-]*(?:['’](?!s\b)\w+)*)"
_PHRASE = re.compile(
    rf"(?<![\w'’\-]){_CAPITAL}(?:\s(?:(?:of|of the|de|da|del|di|la|van|von|bin|ibn|al|el)\s)?{_CAPITAL}|\s\d+(?=\s|$))*"
)
_ADJECTIVE = re.compile(r"(?:ese|ish|ian|ean|ican|ench|reek|erman|utch|raqi|raeli|stani|wiss)$")
_TITLED = re.compile(r"“([^“”]{2,60})”|\"([^\"]{2,60})\"")

# Words that stand capitalised at a sentence's beginning without being a name.
_PLAIN = frozenset(
    """a about according after again all also although am an and another any anything are as asked at because been
    before being besides both but by can could describe did do does during each else ever every explain few
    finally first following for from further give had has have he her here hers him his how however i if in
    into is it its just last later list many may me meanwhile more most much my name next no nobody none nor
    not nothing now of off on once one only or other others our out over please said same say she should show
    since so some still such summarise summarize tell than that the their them then there these they this
    those though three through to today tomorrow too two under until up us very was we were what whatever when
    where whether which while who whom whose why will with without would yes yesterday yet you your""".split()
)
_CALENDAR = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december""".split()
)
_BOTH = frozenset(("may", "april", "june", "august"))  # James May
_TITLES = frozenset(
    """mr mrs ms miss dr sir dame lord lady king queen prince princess president chancellor senator minister governor
    mayor judge justice general colonel captain professor pope secretary chairman chairwoman congressman
    congresswoman""".split()
)
_THINGS = frozenset(
    """academy act administration africa agency agreement airlines airport album america army asia association
    australia authority award awards bank bay beijing board brazil bridge britain brussels bureau cabinet
    canada center centre championship chile china church city club coast college commission committee company
    conference congress corporation council county court cup department district egypt embassy england europe
    exchange federation festival film firm force forces foundation france front fund games germany government
    greece group guard gulf hall hospital house hurricane inc india indonesia institute international iran
    iraq ireland island islands israel italy japan jordan kingdom korea laboratory lake law league library
    london ltd market mexico ministry moscow mountain movement museum nations nato netherlands new news
    nigeria north norway office olympics organisation organization pakistan palace paris parliament party
    peninsula pakistan philippines poland police port portugal post prize province radio railway records
    region republic reserve river road russia scotland sea senate service society south spain square state
    states station storm street summit sweden switzerland syria taiwan team theatre thailand times tour tower
    town trade treaty turkey türkiye ukraine union united university valley venezuela vietnam village wales
    war washington week world yemen york""".split()
)

_SUBJECT = {"he": "person", "she": "person", "him": "person", "they": "many", "them": "many", "it": "thing"}
_OWNER = {"his": "person", "her": "person", "hers": "person", "their": "many", "theirs": "many", "its": "thing"}
_PRONOUN = re.compile(r"\b(?:" + "|".join([*_SUBJECT, *_OWNER]) + r")\b(?!['’]s\b)", re.IGNORECASE)
# "It" that stands for nothing.
_EMPTY_IT = re.compile(
    r"\bwho (?:is|was) it\b|\b(?:say|says|said|think|mean|make|made) it\b|\bhow long (?:did|does|will) it take\b|"
    r"\b(?:is|was) it (?:true|possible|clear|likely|known|said|because)\b|"
    r"\bit (?:rain|snow|rained|snowed|raining|snowing|cold|hot|warm|dark|late)\b|"
    r"\bit (?:is|was) (?:true|possible|clear|likely|known|said|because)\b",
    re.IGNORECASE,
)
_OBJECT_HER = re.compile(r"\s*[?.!,]|\s+(?:to|in|on|at|for|from|with|by|after|before|when|and|or|about|as|of)\b|\s*$")
_PLACE = re.compile(rf"\b(?:in|at|to|from|near|into|visit(?:s|ed|ing)?)\s+(?:the\s+)?({_PHRASE.pattern})")
_THERE = re.compile(
    r"(?<!is )(?<!are )(?<!was )(?<!were )(?<!be )(?<!been )(?<!will )\b(?:(?:up|over|down)\s+)?there\b"
    r"(?!\s+(?:is|are|was|were|be|been|will|any|a|an|other|more)\b)",
    re.IGNORECASE,
)

_ASKS = r"(?:what|which|who|whom|whose|when|where|why|how)"
_WHO = re.compile(r"who\b(?!\s+(?:do|does|did|else)\b)", re.IGNORECASE)
_AUX = r"(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might|must)"
_BARE = re.compile(
    rf"^(?:(?:by|since|until|with|for|from|to|in|at)\s+)?{_ASKS}"
    r"(?:\s+(?:many|much|long|often|far|old|big|large|so|not|exactly|else|one|ones|come|by|with|for|from|to|that|year|day|month|"
    r"country|is that|was that|was this|is this|did that happen|did this happen|did it happen|was it))*\s*[?.!]*$",
    re.IGNORECASE,
)
_SWAPPED = re.compile(rf"^(?:(?:when|where|why|how|how long|since when)\s+)?({_AUX}\b.+)$", re.IGNORECASE)
_WHAT_ABOUT = re.compile(r"^(?:what|how)\s+about\s+(.+?)\s*\?*$", re.IGNORECASE)
_TIME = re.compile(
    r"^(?:in|on|since|until|before|after|during|by|between|around|last|this|next)\s.*?"
    rf"(?:\d{{4}}|that|then|this|it|year|month|week|{'|'.join(sorted(_CALENDAR))})\b[^?]*\??$",
    re.IGNORECASE,
)
_MONTH = re.compile(r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b")
_YEAR = re.compile(rf"\b(?:(?:in|on|since|until)\s+)?(?:\d{{1,2}}\s+)?(?:{_MONTH.pattern}\s+)?(?:1[5-9]|20)\d\d\b")
_PREPOSITION = re.compile(r"(about|of|in|at|with|from|to|for|on|by|against)\s+\S", re.IGNORECASE)
_SPEECH = re.compile(
    rf"^(?:what|why|when|where|how)\s+(?:else\s+)?{_AUX}\s+.+?\s"
    r"(?:say|says|said|think|respond|reply|answer|comment|add|claim|argue)(?:\s+(?:it|that|this|so))?\s*[?.!]*$",
    re.IGNORECASE,
)
_SPEAKS = re.compile(
    r"\s+(?:say|says|said|think|thinks|tell|told|meet|met|retire|resign|born|married|arrested|elected)\b"
)
_ABOUT = re.compile(r"\b(?:about|regarding|concerning)\s+.+?(?=\s*[?.!]*$)", re.IGNORECASE)

_DEFINITE = re.compile(
    rf"(?:\b(?i:({_AUX}))\s+)?\b(?:[Tt]he|[Tt]his|[Tt]hat)\s+([A-Za-z][a-z\-]*(?:\s[a-z][a-z\-]*){{0,3}})(?=[^\w]|$)"
)
_BEING = frozenset(("is", "are", "was", "were"))
_ENDS = _PLAIN | frozenset("off up away down against back".split())
_OFFICES = _TITLES | frozenset(
    "minister leader chief coach head director ambassador spokesman spokeswoman man woman".split()
)

# Things spoken of as known: "the minister", "this agreement", "the album".
_KNOWN = re.compile(
    r"\b(?:the|this|that|these|those|such)\s+(?:\w+\s){0,1}?(?:accident|agreement|album|appeal|article|attack|ban|band|bank|battle|"
    r"bill|book|campaign|case|ceremony|chair|channel|city|claims?|club|company|competition|concert|contract|country|course|court|"
    r"crash|crisis|deal|decision|disaster|draft|election|episode|event|exhibition|experiment|fight|film|fire|firm|game|government|"
    r"group|idea|incident|interview|investigation|island|killing|law|leader|marriage|match|measures?|meeting|members?|minister|movement|"
    r"movie|musical|negotiations|novel|organi[sz]ation|party|performance|place|plan|play|plot|president|prisoners?|programme|program|"
    r"project|proposal|protests?|race|ranking|reaction|report|result|results|rule|rules|school|season|series|shooting|show|single|"
    r"song|songs|speech|statement|storm|story|strike|study|summit|suspects?|system|talks|team|theory|tour|town|trial|trip|two|"
    r"versions?|victims?|visit|vote|war|work)\b",
    re.IGNORECASE,
)
# Words that ask without saying about what.
_GENERAL = frozenset(
    query_terms(
        """happen happened aspects anything article besides called come details else event events example fact facts
        famous find give happens important information interesting involved kind know known learn like
        list made main many much name names new next notable number outcome part people person reaction
        really reason response result results role share significant something start tell thing things
        think time times type work year years"""
    )
)


_OF_A_PLACE = (
    r"\b(?:in|near|(?:town|city|village|mayor|state|province|region|capital|resort|port|island|republic|governor|people|"
    r"streets|north|south|east|west|centre|center) of) (?:the )?"
)


@dataclass(frozen=True)
class _Name:
    text: str
    kind: Kind
    speaks: bool = False
    """Whether a verb of people follows it, which makes a person likely, though a company speaks too."""


@dataclass
class _Talk:
    """A conversation so far, as its questions stand alone."""

    questions: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    meant: list[_Name] = field(default_factory=list)
    """Whom pronouns have stood for, the latest last."""

    def names(self) -> Iterator[_Name]:
        """Names by how near they are: the last question's, its answer's where it asked who, earlier ones, answers'."""
        if self.questions and _WHO.match(self.questions[-1]):
            yield from self.known(_names(self.answers[-1], prose=True))
        yield from self.asked()
        for answer in reversed(self.answers):
            yield from self.known(_names(answer, prose=True))

    def asked(self) -> Iterator[_Name]:
        """Names of the questions, the last question's first."""
        for question in reversed(self.questions):
            yield from self.known(_names(question))

    def known(self, names: Iterable[_Name]) -> Iterator[_Name]:
        """Names with what pronouns have told of them, and places known by what stands before them."""
        told = {n.text.casefold(): n.kind for n in self.meant}
        said = " ".join((*self.questions, *self.answers))
        for name in names:
            kind = told.get(name.text.casefold(), name.kind)
            if kind == "unknown" and re.search(rf"{_OF_A_PLACE}{re.escape(name.text)}\b(?!['’])", said):
                kind = "thing"
            yield replace(name, kind=kind)

    def subject(self) -> str | None:
        """What the conversation is about: whom a pronoun stood for last, else the first name of the last question."""
        first = next(self.asked(), None)
        return self.meant[-1].text if self.meant else first.text if first else None


def condense(question: str, history: Sequence[tuple[str, str]]) -> str:
    """A question as it reads without the conversation it was asked in.

    Args:
        question: As it was asked.
        history: Question and answer of each turn so far, oldest first; the answer is empty where there was none, and
            may have citation marks.

    Returns:
        The question, completed where it leans on the conversation; unchanged where it stands alone, and where it
        would become longer than ``LONGEST``.
    """
    talk = _Talk()
    for asked, answer in history[-_TURNS:]:
        talk.questions.append(_resolved(asked, talk)[:LONGEST])
        talk.answers.append(_MARKS.sub("", answer[:_ANSWER]))
    return _resolved(question, talk)


def _resolved(question: str, talk: _Talk) -> str:
    asked = " ".join(question.split())
    if not talk.questions or len(asked) > LONGEST or not re.search(r"\w", asked):
        return question
    made = _completed(asked, talk)
    return question if made == asked or len(made) > LONGEST else made[0].upper() + made[1:]


def _completed(asked: str, talk: _Talk) -> str:
    last = talk.questions[-1]
    if not _english(asked, last):
        return f"{last} {asked}" if _fragment(asked) else asked
    lead = _LEAD.match(asked)
    bare = asked[lead.end() :] if lead else asked
    if not re.search(r"\w", bare):
        return asked
    if (whole := _unfolded(bare, last, talk, joined=bool(lead))) is not None:
        return whole
    named, done = _pronouns(bare, talk)
    named, placed = _there(named, talk)
    done = done or placed
    if _SPEECH.match(named) and (done or lead) and not _ABOUT.search(named):
        if about := _ABOUT.search(last):
            return f"{named.rstrip(' ?.!')} {about.group()}?"
        if lead and not done:
            return f"{last} {named}"
    if done:
        return _full(named, talk)
    if _leans(bare, talk):
        return _under(bare, talk)
    return _full(asked, talk)


# -- fragments --------------------------------------------------------------------------


def _english(asked: str, last: str) -> bool:
    if detect_language(asked) != "en" or not re.search("[A-Za-z]", asked):
        return False
    return detect_language(last) == "en" or bool(re.match(rf"(?:{_ASKS}|{_AUX}|and|the)\b", asked, re.IGNORECASE))


def _fragment(asked: str) -> bool:
    """Whether a question of another language is too short to be one."""
    if _CJK.search(asked):
        return len(re.findall(r"\w", asked)) <= 5
    return len(asked.split()) <= 3 and len(asked) <= 24


def _unfolded(bare: str, last: str, talk: _Talk, *, joined: bool) -> str | None:
    """A fragment ("why?", "in 2022?", "what about Turkey?") with the last question; None where it is none."""
    if _BARE.match(bare):
        swapped = _SWAPPED.match(last)
        if swapped and re.match(r"(?:why|when|where|how)\s*[?.!]*$", bare, re.IGNORECASE):
            first = bare.rstrip(" ?.!")
            return f"{first} {swapped.group(1)[0].lower()}{swapped.group(1)[1:]}"
        return f"{last} {bare}"
    about = _WHAT_ABOUT.match(bare)
    part = about.group(1) if about else bare.rstrip(" ?.!")
    if re.match(rf"(?:{_ASKS}|{_AUX})\b", part, re.IGNORECASE) or len(part.split()) > 6:
        return None
    if _TIME.match(part):
        return _at(part, last)
    if not about and not joined:
        return None
    if _PRONOUN.search(part) or _KNOWN.search(part):
        return None
    if preposition := _PREPOSITION.match(part):
        same = re.compile(
            rf"\b{preposition.group(1)}\s+(?:the\s+)?(?:{_PHRASE.pattern}|[a-z\s]+(?=\s*[?.!]*$))", re.IGNORECASE
        )
        if same.search(last):
            return same.sub(lambda _: part, last, count=1)
        return f"{last.rstrip(' ?.!')} {part}?"
    new = _names(part)
    old = _replaced(new[0], last, talk) if len(new) == 1 and _covers(new[0], part) else None
    if not new and part.startswith("the "):
        old = _phrase("thing", last)
    if old is None:
        return f"{last} {bare}"
    return re.sub(rf"(?:\b[Tt]he\s)?(?<!\w){re.escape(old)}(?!\w)", lambda _: part, last)


def _at(time: str, last: str) -> str:
    """The last question at another time: month for month, year for year."""
    month = _MONTH.search(time)
    if month and not _YEAR.search(time) and _MONTH.search(last):
        return _MONTH.sub(month.group(), last, count=1)
    if _YEAR.search(time):
        last = _YEAR.sub("", last)
    return f"{' '.join(last.split()).rstrip(' ?.!')} {time}?"


def _covers(name: _Name, part: str) -> bool:
    return len(part) - len(name.text) <= 4


def _replaced(new: _Name, last: str, talk: _Talk) -> str | None:
    """The name of the last question that another stands in for: the one of its kind, the last of several."""
    there = [n for n in talk.known(_names(last)) if n.text.casefold() != new.text.casefold()]
    alike = [n for n in there if "unknown" in (n.kind, new.kind) or n.kind == new.kind]
    same = [n for n in alike if n.kind == new.kind]
    return (same or alike or [_Name("", "unknown")])[-1].text or None


# -- words that point back --------------------------------------------------------------


def _pronouns(text: str, talk: _Talk) -> tuple[str, bool]:
    """Each pronoun that nothing in the question explains, replaced by a name; the same one again is left."""
    seen: set[str] = set()
    used: list[str] = []
    out, at = "", 0
    for m in _PRONOUN.finditer(text):
        word = m.group().lower()
        kind = _SUBJECT.get(word) or _OWNER[word]
        if kind in seen or _explained(text[: m.start()], kind, talk) or (word == "it" and _EMPTY_IT.search(text)):
            continue
        seen.add(kind)
        name = _meant(kind, talk, used)
        if name is None:
            continue
        used.append(name)
        owner = word in _OWNER and not (word == "her" and _OBJECT_HER.match(text, m.end()))
        out += text[at : m.start()] + (_owning(name) if owner else name)
        at = m.end()
    return out + text[at:], bool(out)


def _explained(before: str, kind: str, talk: _Talk) -> bool:
    """Whether what stands before a pronoun in the question has whom it means."""
    if any(_fits(n, kind) for n in talk.known(_names(before))):
        return True
    return kind != "person" and bool(re.search(r"\b(?:the|a|an)\s+\w+", before))


def _fits(name: _Name, kind: str) -> bool:
    return name.kind != ("thing" if kind == "person" else "person")


def _meant(kind: str, talk: _Talk, used: Collection[str]) -> str | None:
    """Whom a pronoun stands for, other than those that the question already has."""
    if kind == "many" and (pair := _pair(talk)):
        return " and ".join(pair)
    here = " and ".join(used)
    everyone = [n for n in talk.names() if n.text not in here]
    wanted: Kind = "person" if kind == "person" else "thing"
    last = [n for n in talk.known(_names(talk.questions[-1])) if n in everyone]
    asked = [n for n in talk.asked() if n in everyone]
    asked_who = _WHO.match(talk.questions[-1]) and all(n.kind == "thing" for n in last)
    candidates = [
        *(n for n in last if n.kind == wanted or (kind == "person" and n.speaks and n.kind == "unknown")),
        *(n for n in everyone[:1] if n.kind == kind and asked_who),
        *(n for n in reversed(talk.meant) if n.kind == wanted and kind == "person"),
        *(n for n in last if _fits(n, kind)),
        *([_Name(phrase, wanted)] if kind != "many" and (phrase := _phrase(kind, talk.questions[-1])) else []),
        *(n for n in (asked if kind == "thing" else everyone) if _fits(n, kind)),
        *(n for n in everyone if kind == "many"),
    ]
    if not candidates:
        return None
    name = _whole(candidates[0].text, talk)
    if kind != "many":
        talk.meant.append(_Name(name, "person" if kind == "person" else "thing"))
    phrase = _phrase(kind, talk.questions[-1]) if kind == "thing" else None
    if phrase and (noun := re.match(rf"the {re.escape(name)} (\w+)", phrase)):
        # "the Kellmouth tram", not the town; but not "the Fed raise": an answer says which it is.
        if re.search(rf"(?:\bthe|{re.escape(name)}(?:['’]s)?) {noun.group(1)}\b", " ".join(talk.answers)):
            return phrase
    said = " ".join((*talk.questions, *talk.answers))
    return f"the {name}" if re.search(rf"\b[Tt]he {re.escape(name)}(?!\w)", said) else name


def _phrase(kind: str, question: str) -> str | None:
    """The last thing, or person by office, that a question speaks of as known: "the tram extension"."""
    found = None
    for m in _DEFINITE.finditer(question):
        words = m.group(2).split()
        words = words[: next((i for i, w in enumerate(words) if w.casefold() in _ENDS), len(words))]
        # Between an auxiliary and its verb stands the subject: "will the tram extension open".
        if (
            m.group(1)
            and len(words) > 1
            and (m.group(1).lower() not in _BEING or re.search(r"(?:ed|en|ing)$", words[-1]))
        ):
            words = words[:-1]
        if words and (words[-1].casefold() in _OFFICES) == (kind == "person"):
            found = f"the {' '.join(words)}"
    return found


def _pair(talk: _Talk) -> list[str]:
    """Two that the last question joins by "and"; else the one person in it with the first that its answer names."""
    question = talk.questions[-1]
    m = re.search(rf"({_PHRASE.pattern}) and (?:the )?({_PHRASE.pattern})", question)
    if m and m.group(1).casefold() not in _PLAIN:
        return [m.group(1), m.group(2)]
    first = list(talk.known(_names(question)))
    if len(first) != 1 or first[0].kind != "person":
        return []
    own = set(first[0].text.split())
    others = [n for n in talk.known(_names(talk.answers[-1], prose=True)) if n.kind != "thing"]
    return next(([first[0].text, n.text] for n in others if not own & set(n.text.split())), [])


def _owning(name: str) -> str:
    return name + ("’" if name.endswith("s") else "’s")


def _there(text: str, talk: _Talk) -> tuple[str, bool]:
    m = _THERE.search(text)
    if not m or _PLACE.search(text[: m.start()]):
        return text, False
    for said in (talk.answers[-1], *reversed(talk.questions)):
        if places := [p for p in _PLACE.findall(said) if p.casefold() not in _CALENDAR]:
            towards = re.search(
                r"\b(?:get|gets|got|go|goes|went|gone|travel|travell?ed|fly|flew|come|came)\s$", text[: m.start()]
            )
            return f"{text[: m.start()]}{'to' if towards else 'in'} {places[-1]}{text[m.end() :]}", True
    return text, False


# -- questions without a subject ----------------------------------------------------------


def _leans(bare: str, talk: _Talk) -> bool:
    """Whether a question that names nobody speaks of something known, or says hardly anything."""
    if _names(bare) or _mentions(bare, talk):
        return False
    content = [w for w in query_terms(bare) if w not in _GENERAL and not w.isdigit()]
    return bool(_KNOWN.search(bare)) or len(content) <= 1 or bool(_PRONOUN.search(bare))


def _mentions(bare: str, talk: _Talk) -> bool:
    """Whether a question has a name of the conversation in small letters."""
    low = set(re.findall(r"\w{4,}", bare.casefold()))
    return any(low & set(re.findall(r"\w{4,}", n.text.casefold())) for q in talk.questions for n in _names(q))


def _under(bare: str, talk: _Talk) -> str:
    """A question under its subject; without one, after the last question."""
    last = talk.questions[-1]
    subject = talk.subject() or _phrase("thing", last)
    return f"{subject}: {bare}" if subject else f"{last} {bare}"


def _full(text: str, talk: _Talk) -> str:
    """The names that a question cuts short, as the conversation has them in full."""
    for name in _names(text):
        if (whole := _whole(name.text, talk)).casefold() not in text.casefold():
            text = re.sub(rf"(?<![\w\-]){re.escape(name.text)}(?![\w\-])", whole, text, count=1)
    return text


def _whole(name: str, talk: _Talk) -> str:
    """A person's name in full, where the questions have it so and it is one person's."""
    if " " in name:
        return name
    longer = {n.text for n in talk.asked() if n.kind == "person" and " " in n.text and name in n.text.split()}
    return longer.pop() if len(longer) == 1 else name


# -- names ----------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _names(text: str, *, prose: bool = False) -> tuple[_Name, ...]:
    """Names of a text, in order.

    Args:
        text: A question, or sentences.
        prose: They are sentences: a single word at the beginning of one is a name only before a verb, or where it
            stands capitalised elsewhere too.
    """
    found: list[tuple[int, _Name]] = []
    if not prose:
        for m in _TITLED.finditer(text):
            found.append((m.start(), _Name(m.group(1) or m.group(2), "thing")))
    for m in _PHRASE.finditer(text):
        words, start = m.group().split(), m.start()
        while words and words[0].strip(".").casefold() in _PLAIN | _CALENDAR:
            start += len(words[0]) + 1
            words = words[1:]
        while words and (words[-1].casefold() in _CALENDAR - _BOTH or words[-1].islower() or words[-1].isdigit()):
            words = words[:-1]
        if not words or (len(words) == 1 and words[0].strip(".").casefold() in _TITLES):
            continue
        if len(words) == 1 and _ADJECTIVE.search(words[0]) and re.match(r"\s+[a-z]", text[m.end() :]):
            continue
        if any(s <= start < s + len(n.text) + 2 for s, n in found):
            continue
        if prose and len(words) == 1 and _begins(text, start) and not _known_name(text, words[0], m.end()):
            continue
        name = " ".join(words)
        speaks = bool(_SPEAKS.match(text, start + len(name)))
        found.append((start, _Name(name, _kind(words, text[max(0, start - 5) : start]), speaks)))
    return tuple(name for _, name in sorted(found, key=lambda f: f[0]))


def _begins(text: str, start: int) -> bool:
    return bool(re.search(r"(?:^|[.!?:…]['’”\"»]*\s*|\n)[\"“'‘«(]?$", text[max(0, start - 6) : start]))


def _known_name(text: str, word: str, end: int) -> bool:
    verb = rf"(?:['’]s)?\s+(?:{_AUX}|said|says|told|also|\w+ed)\b"
    return bool(re.match(verb, text[end:])) or bool(re.search(rf"[a-z,]\s{re.escape(word)}\b", text))


def _kind(words: Sequence[str], before: str) -> Kind:
    low = [w.strip(".").casefold() for w in words]
    if low[0] in _TITLES and len(words) > 1:
        return "person"
    if _THINGS & set(low) or {"of", "the"} & set(low) or any(w.isupper() and len(w.strip(".")) > 1 for w in words):
        return "thing"
    if re.search(r"\bthe\s$", before, re.IGNORECASE) or any(any(c.isdigit() for c in w) for w in words):
        return "thing"
    return "person" if 2 <= len(words) <= 4 else "unknown"
