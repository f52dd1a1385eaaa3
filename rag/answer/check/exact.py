"""What can be read off a sentence exactly: its numbers, names, quoted words, negations and speaker."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from rag.text.calendar_names import ENGLISH_CALENDAR
from rag.text.normalize import normalise, strip_accents
from rag.text.numbers import amounts
from rag.text.scripts import HAN
from rag.text.tokens import terms

QUOTED = re.compile(r"“([^“”]+)”|«([^«»]+)»|「([^「」]+)」|\"([^\"]+)\"")
"""Words between quotation marks; apostrophes are left out, since they are mostly not quotes."""

# Words that all begin with a capital, but for small ones among them.
_TITLED = re.compile(
    r"[A-Z0-9][\w'’.\-]*(?:[\s:,&–-]+(?:[A-Z0-9][\w'’.\-]*|a|an|and|at|by|for|from|in|of|on|or|the|to|v|vs|with))*[\s:,&–-]+"
    r"[A-Z0-9][\w'’.\-]*"
)
_LEFT_OUT = re.compile(r"\s*(?:\[(?:\.\.\.|…)\]|\.\.\.|…)\s*")
_ITEM = re.compile(r"\A\s*(?:[-*•·]\s+|\d{1,2}[.)]\s+)+")
_ANSWERED = re.compile(r"\A\s*(?:Yes|No)\b\s?[,;:.!–—-]+\s+(?=\S)")  # not "No member has", which denies
_NAME = re.compile(r"(?<![\w'’])[^\W\d_a-z][\w'’\-]*(?:\.(?=\w))?[\w]*")
_NEGATION = re.compile(
    r"\b(?:not(?!\s(?:only|just|merely|least)\b)|no|never|neither|nor|none|nobody|nothing|without|cannot)\b|n[’']t\b|"
    r"\b(?:ha(?:s|ve|d)|is|are|was|were) yet to\b",
    re.IGNORECASE,
)
# Words that deny without a negation; what they deny stands near them.
_DENIER = re.compile(
    r"\b(?:lack|fail|refus|reject|den(?:y|ie)|unable|ban(?:s|ned|ning)?\b|prohibit|prevent|avoid|unlikely|rare|hardly|"
    r"instead|rather|exempt|lose|lost|losing|loss|stop|cease|non-)\w*",
    re.IGNORECASE,
)
_NEAR = 60  # letters
_SAYING = (
    r"(?:said|says|told|tells|called|calls|described|describes|warned|warns|added|adds|argued|argues|claimed|claims|"
    r"insisted|insists|urged|urges|stressed|stresses|declared|declares|announced|stated|states|remarked|complained|"
    r"accused|blamed|rejected|dismissed|replied|answered|explained|acknowledged|admitted|noted|promised|asked|pledged)"
)
_PERSON = r"((?:[A-Z][\w'’\-]+\s){0,3}[A-Z][\w'’\-]+)"
_SPEAKS = re.compile(
    rf"{_PERSON}(?:,[^,.“”]{{2,60}},)?\s(?:has\s|had\s|was\s(?:quoted|reported)\sas\s)?(?:{_SAYING}|saying)\b"
)
# Before the name only verbs that take no person: "told Blinken" makes nobody a speaker.
_SPOKEN = re.compile(
    r"\b(?:said|says|added|adds|argued|argues|insisted|insists|explained|replied|answered|noted|remarked|complained|"
    rf"declared|stressed|acknowledged|admitted|announced)\s(?:the\s(?:[a-z]+\s){{1,4}})?{_PERSON}"
)
_SPEAKS_ZH = re.compile(rf"(?:^|[，。；：！？、\s])([{HAN}]{{2,4}}?)(?:对[^，。]{{1,12}})?(?:表示|指出|强调|称|说)")

_ANAPHOR = re.compile(
    r"\b(?:he|him|his|she|her|they|them|their|it|its|both|this|these|those|here|there|then)\b|"
    r"\b(?:the|that) (?:talks|meeting|visit|trip|session|exchange|conversation|discussions?|two|pair|minister|president|"
    r"secretary|chair|company|bank|club|team|court|government|report|deal|agreement|plan|trial|study|island|country|city)\b|"
    r"\b(?:o|onun|bu|bunun)\b|[他她它这此该其]",
    re.IGNORECASE,
)

_ASKS = re.compile(
    r"(?:(?:do|does|did|can|could|would|should|must|might|shall|will|is|are|was|were|am|had|has|have)(?:n['’]t)?|won['’]t|can['’]t|"
    r"(?:what|who|how|where|when|why|that)(?:['’]?s|['’](?:d|re|ll|ve))|i['’](?:m|d|ll|ve)|compare|discuss|analy[sz]e|define|assess|evaluate|elaborate|quote|"
    r"find|search|look|check|say|write|translate|provide|report|got|any|anything|anyone|latest|news|recent|details|"
    r"tell|explain|describe|summari[sz]e|list|give|name|identify|state|mention|show|outline|recap|clarify|please)",
    re.IGNORECASE,
)
# How questions begin in other languages; "Kim", Turkish for who, is a name in most.
_ASK_ABROAD = frozenset(
    """ne neden niçin niye nasıl nerede nereye nereden kime kimi kimin kimler hangi hangisi kaç kaçta acaba lütfen bana
    wer wen wem wessen wann wo wohin woher warum weshalb wieso wie welche welcher welches hat ist war sind haben
    qui que quoi quand où comment pourquoi combien quel quelle quels quelles est-ce qu'est-ce qu'a
    qué quién quiénes cuándo dónde cómo cuál cuáles cuánto cuánta cuántos cuántas
    chi quando dove come perché quale quali quanto quanta quanti quante
    quem onde como qual quais quantos quantas wat wie wanneer waar waarom hoe welke welk
    кто что когда где почему как какой какая какие сколько куда откуда зачем kto kiedy gdzie dlaczego jak ile""".split()
)
_TITLE = re.compile(r"(?:Dr|Prof)\b|(?:Rep|Sen|Gov|Gen|Lt|Col|Sgt|Capt|Maj|Rev|Hon|Pres|Sec|Supt|Insp)\.(?=\s)")
"""What stands before a name; an article may leave it out, or write it in full."""
_LETTERS = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th"})

# Words that stand capitalised at a sentence's beginning without being a name.
_PLAIN = frozenset(
    """a about according after all also although an and another are as at because before both but by did during each earlier
    either even every few first following for four from has have he her here his how however i if in instead is it its
    last later many meanwhile more most mr mrs ms much neither no nor not now of on one only or other our out over she
    since so some still such than that the their then there these they this those three through to two under until up
    was we were what when where whether which while who whose why will with without yes yet you your question answer
    today yesterday tomorrow half upwards around nearly almost roughly under over dozens hundreds thousands nobody nothing somebody someone everybody everyone anybody anyone""".split()
)
# Words that link a sentence to what went before, or adverbs: no names, though they come first.
_LINKING = re.compile(
    r"(?:Furthermore|Moreover|Therefore|Thus|Hence|Nevertheless|Nonetheless|Otherwise|Besides|Likewise|Throughout|Overall|"
    r"Despite|Regardless|Unlike|Within|Once|[A-Z][a-z]{3,}(?:al|ing|ed|ous|iv|nt|ar|tu|e)ly)\Z"
)
# What follows a name that comes first: a verb, a genitive, another name, or whose people they are ("Paris police").
_AFTER_A_NAME = re.compile(
    r"['’]|[,:;.?!]|\s(?:[^a-z\s]|(?:is|are|was|were|has|had|have|will|would|can|could|should|shall|may|might|must|do|did|"
    r"does|and|or|to|of|in|on|at|said|told|won|beat|made|paid|sold|bought|took|gave|sent|struck|shot|hit|killed|built|cut|led|"
    r"lost|found|wrote|fought|chose|broke|stole|met|held|left|came|went|saw|got|put|ran|rose|fell|grew|became|began|spoke|"
    r"mayor|police|president|minister|government|prosecutor|coach|captain|bank|city|state|striker|defender|court|"
    r"[a-z]+ed|[a-z]+s)\b)"
)
_FIRST = re.compile(r"\W*([^\W\d_][\w\-]*)")
_PHRASES = (
    (re.compile(r"\bUnited States(?: of America)?\b"), "US"),
    (re.compile(r"\bUnited Kingdom\b"), "UK"),
    (re.compile(r"\bUnited Nations\b"), "UN"),
    (re.compile(r"\bEuropean Union\b"), "EU"),
)
_ALIASES = (
    {"us", "usa", "america", "american", "americans", "washington"},
    {"uk", "britain", "british", "london"},
    {"china", "chinese", "beijing", "prc"},
    {"russia", "russian", "russians", "moscow", "kremlin"},
    {"eu", "european", "europe", "brussels"},
    {"france", "french"}, {"netherlands", "dutch"}, {"germany", "german", "germans"}, {"spain", "spanish"},
    {"thailand", "thai", "thais"}, {"poland", "polish", "poles"}, {"sweden", "swedish", "swedes"},
    {"denmark", "danish", "danes"}, {"finland", "finnish", "finns"}, {"norway", "norwegian", "norwegians"},
    {"ireland", "irish"}, {"scotland", "scottish", "scots"}, {"england", "english"}, {"belgium", "belgian", "belgians"},
    {"argentina", "argentine", "argentinian", "argentinians"}, {"philippines", "filipino", "filipinos", "philippine"},
    {"peru", "peruvian"}, {"portugal", "portuguese"}, {"cyprus", "cypriot", "cypriots"}, {"hungary", "hungarian"},
    {"lebanon", "lebanese"}, {"morocco", "moroccan"}, {"afghanistan", "afghan", "afghans"}, {"congo", "congolese"},
    {"ukraine", "ukrainian", "ukrainians"}, {"iceland", "icelandic"}, {"kazakhstan", "kazakh"}, {"slovakia", "slovak"},
    {"czechia", "czech", "czechs"}, {"burma", "burmese", "myanmar"}, {"bangladesh", "bangladeshi"},
    {"turkey", "turkish", "turkiye", "turks"}, {"switzerland", "swiss"}, {"wales", "welsh"}, {"greece", "greek", "greeks"},
)  # fmt: skip
_DEMONYM = ("n", "an", "ian", "ean", "ish", "ese", "i", "ic", "er", "ers", "s", "ns", "ans", "ians")

# Words that can't both be true of one thing.
_OPPOSITES = tuple(
    (frozenset(a.split()), frozenset(b.split()))
    for a, b in (
        (
            "raise raises raised rise rises rose increase increases increased climbed gained grew up higher jumped soared",
            "lower lowers lowered cut cuts fall falls fell decrease decreased declined dropped down reduced shrank plunged",
        ),
        (
            "raise raises raised rose increase increased lowered cut fell decreased reduced changed",
            "unchanged steady",
        ),
        ("highest most maximum best", "lowest least minimum worst"),
        ("won wins win victory", "lost loses lose"),
        (
            "approved approve approves accepted accept agreed agree",
            "rejected reject rejects refused refuse declined opposed",
        ),
        ("support supports supported backed", "oppose opposes opposed"),
        ("opened open opens reopened reopen", "closed close closes shut"),
        ("success successful succeeded", "failure failed unsuccessful"),
        ("arrived arrive", "left departed depart"),
        ("before", "after"),
        ("çıkardı artırdı yükseltti arttı yükseldi", "düşürdü indirdi azalttı düştü azaldı"),
        ("kazandı", "kaybetti"),
    )
)
_OPPOSITES_ZH = (("最高", "最低"), ("上升", "下降"), ("提高", "降低"), ("上调", "下调"), ("赢", "输"), ("同意", "拒绝"))

# Verbs whose doer and sufferer differ; those that go both ways (met, agreed) are not here.
_DOING = re.compile(
    r"\b(?!(?:agreed|discussed|talked|joined|married|based|called|named|united|expected|related)\b)(?:\w{3,}ed|won|beat|told|made|"
    r"paid|sold|bought|took|gave|sent|struck|shot|hit|killed|built|cut|led|lost|found|wrote|taught|fought|chose|broke|stole)\b"
)
_APART = 8
"""Words between a name and the verb that it may still be the doer of."""
_INSTEAD = re.compile(r"\b(?:they|he|she|it|we|i|you|when|where|while|because|if|before|after|until)\b", re.IGNORECASE)
_HEDGE = re.compile(
    r"\b(?:not|no|never|nobody|none|nothing|neither|nor|without|cannot|den(?:y|ies|ied|ying)|refus\w+|reject\w+|doubt\w*|"
    r"dismiss\w+|if|whether|unless|false\w*|untrue|rumou?rs?|alleg\w+|accus\w+|claim\w*|might|may|could)\b|n[’']t\b",
    re.IGNORECASE,
)


def unit_mismatch(claim: str, said: str) -> float | None:
    """A figure that both have, of one thing in the claim and of others in the evidence ("8 hours" from "8 minutes")."""
    theirs = amounts(said)
    for number, units in amounts(claim).items():
        others = theirs.get(number, set())
        if others and all(units) and all(others) and not units & others:
            return number
    return None


def without_yes_no(text: str) -> str:
    """A statement without the "Yes," or "No," that answers a question before it does; it denies nothing of it."""
    rest = _ANSWERED.sub("", text, count=1)
    return rest[:1].upper() + rest[1:] if rest != text else text


def without_bullet(text: str) -> str:
    """A text without the bullet or number that makes it an item of a list."""
    return _ITEM.sub("", text)


def without_dates(text: str, dates: Iterable[datetime]) -> str:
    """A text without the given dates, as far as it names them: "19 June 2023", "June 19", "2023", "Monday"."""
    for date in dates:
        day, month = str(date.day), f"{date:%B}"
        for form in (
            rf"{day}(?:st|nd|rd|th)? {month}",
            rf"{month} {day}(?:st|nd|rd|th)?",
            f"{date:%A}",
            str(date.year),
        ):
            text = re.sub(rf"(?<!\w){form}(?!\w)", " ", text)
    return text


def has_anaphora(text: str) -> bool:
    """Whether a sentence speaks of someone or something that an earlier one named ("he", "the talks", "both")."""
    return bool(_ANAPHOR.search(text))


def names(text: str) -> list[str]:
    """Capitalised words that are likely names, in order; plain words at the beginning are left out."""
    return [name for name, _ in _placed(text)]


def _placed(text: str) -> list[tuple[str, int]]:
    """Names with where they begin, in the text with its longer country names shortened."""
    found = []
    for m in _NAME.finditer(shortened(text)):
        word = _bare(m.group())
        if not word[:1].isupper() or word.casefold() in _PLAIN or (len(word) == 1 and word != "X"):
            continue
        if _TITLE.match(m.string, m.start()):
            continue
        found.append((word, m.start()))
    return found


def opener(text: str) -> str:
    """A text's first word where it is capitalised only because it is first ("Furthermore, …", "Rising rates"); else empty.

    It may be a name ("Li told …") if what follows is what follows names.
    """
    first = _FIRST.match(text)
    if not first:
        return ""
    if _LINKING.match(first.group(1)) or not (_AFTER_A_NAME.match(text, first.end()) or first.end() == len(text)):
        return first.group(1)
    return ""


def question_names(question: str, foreign: bool = False) -> list[str]:
    """Names of a question, without the word that it begins with if that is none ("Does …", "Number of …", "Combien …").

    Args:
        question: In any language.
        foreign: Whether it is not in English: then "Kim" asks (Turkish for who).
    """
    named = names(question)
    if not named or not question.lstrip("¿¡“\"' ").startswith(named[0]):
        return named
    first = named[0].casefold()
    if re.match(rf"\W*{re.escape(named[0])} (?:of|for|behind)\b", question):
        return named[1:]
    return named[1:] if _ASKS.fullmatch(first) or first in _ASK_ABROAD or (foreign and first == "kim") else named


def asked_names(question: str, foreign: bool = False) -> list[str]:
    """The ``question_names`` that are no day's or month's."""
    return [n for n in question_names(question, foreign) if n.casefold() not in ENGLISH_CALENDAR]


def missing_names(wanted: Iterable[str], text: str) -> list[str]:
    """Those of the names that a text doesn't hold, as such or by another form ("China" by "Chinese", "Gdansk" by "Gdańsk")."""
    there: set[str] = set()
    for w in re.findall(r"[\w'’.\-]+", f"{text} {shortened(text)}"):
        low = _unmarked(_bare(w).casefold())
        there |= {low, *low.split("-"), re.split(r"['’]", low)[0]}
    missing = []
    for name in wanted:
        low = _unmarked(re.split(r"['’]", name.casefold())[0])
        parts = [p for p in low.split("-") if p]
        if low in there or (parts and all(p in there for p in parts)):
            continue
        if any(low in group and there & group for group in _ALIASES):
            continue
        if _akin(low, there):
            continue
        missing.append(name)
    return missing


def _unmarked(word: str) -> str:
    """A word without marks on its letters, as those type it who don't have them."""
    return word if word.isascii() else strip_accents(word.translate(_LETTERS))


def _akin(name: str, there: set[str]) -> bool:
    """Whether a name is formed of one of the words, or one of it, as "Iranian" is of "Iran" (not "Nigeria" of "Niger")."""
    stems = [name, name[:-1]] if len(name) >= 5 else [name] if len(name) >= 4 else []
    if any(stem + end in there for stem in stems for end in _DEMONYM):
        return True
    bases = {name.removesuffix(end) for end in _DEMONYM if name.endswith(end)}
    return bool(bases) and any(w in bases or (len(w) >= 5 and w[:-1] in bases) for w in there if len(w) >= 4)


def shortened(text: str) -> str:
    """A text with its longer names of countries and unions as letters: US, UK, UN, EU."""
    for phrase, short in _PHRASES:
        text = phrase.sub(short, text)
    return text


def antonym(claim: str, said: str) -> str | None:
    """A word of a claim whose opposite the evidence has, and not the word itself."""
    mine = set(re.findall(r"[^\W\d_]+", claim.casefold()))
    theirs = set(re.findall(r"[^\W\d_]+", said.casefold()))
    for pair in _OPPOSITES:
        for ours, others in (pair, pair[::-1]):
            if mine & ours and not theirs & ours and theirs & others and not mine & others:
                return str(min(mine & ours))
    for pair_zh in _OPPOSITES_ZH:
        for word, other in (pair_zh, pair_zh[::-1]):
            if word in claim and word not in said and other in said:
                return str(word)
    return None


def opposed(text: str) -> bool:
    """Whether a text has a word that has an opposite."""
    words = set(re.findall(r"[^\W\d_]+", text.casefold()))
    return any(words & side for pair in _OPPOSITES for side in pair)


def roles_swapped(claim: str, said: str) -> str | None:
    """A verb that both have, done by another in the claim than in the evidence ("A beat B" from "B beat A").

    Looks at the names nearest before the verb on either side. A passive on one
    side only ("was beaten by") is left alone.
    """
    claim, said = shortened(claim), shortened(said)
    ours, theirs = _placed(claim), _placed(said)
    everyone = {n for n, _ in theirs}
    for mine in _DOING.finditer(claim):
        if mine.group()[0].isupper():
            continue
        same = [m for m in _DOING.finditer(said) if m.group() == mine.group()]
        if len(same) != 1:
            continue
        yours = same[0]
        if _passive(claim, mine) != _passive(said, yours):
            continue
        doer, real = _doer(ours, mine.start(), claim), _doer(theirs, yours.start(), said)
        if doer and real and not doer & real and doer <= everyone:
            return mine.group()
        object_, real_object = _next(ours, mine.end(), claim), _next(theirs, yours.end(), said)
        if object_ and real_object and not object_ & real_object and object_ <= everyone:
            return mine.group()
    return None


def _passive(text: str, verb: re.Match[str]) -> bool:
    return bool(re.match(r"\W+(?:\w+\W+){0,2}by\b", text[verb.end() :])) or bool(
        re.search(r"\b(?:was|were|is|are|be|been|being)\s(?:\w+\s)?$", text[: verb.start()])
    )


def _doer(placed: list[tuple[str, int]], verb: int, text: str) -> set[str]:
    """The name nearest before a verb, all its words; nobody where it stands too far off, or a pronoun is nearer."""
    before = [(n, p) for n, p in placed if p < verb and n.casefold() not in ENGLISH_CALENDAR]
    words_of: set[str] = set()
    at = verb
    if before and (last := max(p + len(n) for n, p in before)) < verb:
        between = text[last:verb]
        if len(between.split()) > _APART or _INSTEAD.search(between):
            return set()
    for name, place in reversed(before):
        if words_of and text[place + len(name) : at].strip("'’s") not in ("", " "):
            break
        words_of.add(name)
        at = place
    return words_of


def _next(placed: list[tuple[str, int]], end: int, text: str) -> set[str]:
    """The name right after a verb, all its words; an article or a title at most between them."""
    found: set[str] = set()
    at = end
    for name, place in placed:
        if place < end:
            continue
        if len(text[at:place].split()) > (0 if found else 1):
            break
        found.add(name)
        at = place + len(name)
    return found


def hedged(text: str, part: str) -> bool:
    """Whether words that stand in a text are denied, doubted or only supposed there by what leads up to them."""
    before, found, _ = normalise(text).partition(normalise(part).strip(" .,;:!?。，…"))
    if not found:
        return False
    lead = re.split(r"[.!?;] ", before)[-1]
    return bool(_HEDGE.search(lead))


def quoted(text: str) -> list[str]:
    """What stands between quotation marks."""
    return [next(g for g in groups if g) for groups in QUOTED.findall(text)]


def spoken(text: str) -> list[str]:
    """Quoted words that somebody has said or written: not a title (“The Lion King”), and without what was left out of them.

    A title is made of names, as far as ``names`` goes.
    """
    whole = [q for q in quoted(text) if not _TITLED.fullmatch(q.strip(" .,;:!?"))]
    return [part for q in whole for part in (p.strip() for p in _LEFT_OUT.split(q)) if part]


def negated(text: str) -> bool:
    """Whether a text has a negation."""
    return bool(_NEGATION.search(text))


def denied(said: Sequence[str], claim: str) -> bool:
    """Whether sentences deny a word of the claim, which itself denies nothing; no other of them may affirm the word."""
    if negated(claim):
        return False
    mine = set(terms(claim))
    for n, sentence in enumerate(said):
        affirmed = {w for m, other in enumerate(said) if m != n for w in set(terms(other)) - negated_words(other)}
        if negated_words(sentence) & mine - affirmed:
            return True
    return False


def denies(claim: str, said: str) -> bool:
    """Whether a claim denies of what the evidence speaks, and neither denies nor says otherwise of ("lacks", "fails to")."""
    if not negated(claim) or negated(said):
        return False
    lost = negated_words(claim, 2)
    if not lost & set(terms(said)):
        return False
    near = (set(terms(said[max(0, m.start() - _NEAR) : m.end() + _NEAR])) for m in _DENIER.finditer(said))
    return not any(lost & there for there in near)


def negated_words(text: str, number: int = 1) -> set[str]:
    """The index terms that a text denies: the first content words, so many, after each negation."""
    found = set()
    for m in _NEGATION.finditer(text):
        after = [w for w in terms(text[m.end() : m.end() + 60]) if len(w) > 2 and w not in _light()]
        found |= set(after[:number])
    return found


def speakers(text: str) -> set[str]:
    """All name words, folded, of those whom a text plainly says to have said something."""
    found = set()
    for pattern in (_SPEAKS, _SPOKEN):
        for m in pattern.finditer(text):
            found |= {_bare(p).casefold() for p in m.group(1).split()}
    return (found - _PLAIN) | set(_SPEAKS_ZH.findall(text))


@cache
def _light() -> frozenset[str]:
    return frozenset(terms("the a an that which and or of to in on for with as by any been be have has had make made"))


def _bare(word: str) -> str:
    word = word.strip(".'’\"“”")
    return re.sub(r"['’]s?$", "", word.replace(".", "")) if word else word
