"""What kind of words a question asks for, and whether a sentence has any of that kind: a sum, a day, a name, a number.

The reader knows how well a sentence fits its question; it is easily taken in by one that tells of the same event and
lacks just what is asked ("How much was he paid?": "He ran it in under two hours"). What kind that is can often be read
off the question, and whether a sentence has such words can be looked up. English only: of other questions nothing is
told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Literal

from rag.text import numbers
from rag.text.calendar_names import ENGLISH_CALENDAR
from rag.text.tokens import terms

Kind = Literal["money", "share", "number", "age", "duration", "day", "time", "person"]

_BE = r"(?:is|was|are|were|'s|’s)"
_AID = r"(?:is|was|are|were|did|does|do|has|have|had|will|would|can|could|should|might|must)"
_SUM = (
    r"(?:paid|pay|pays|cost|costs|costing|spen[dt]|spending|worth|earn(?:ed)?|raised?|donated?|pledged?|fined?|sell|sold|"
    r"bought|buy|charged?|owed?|lent|lend|invest(?:ed)?|compensation|money|funding|reward|bail|bond)"
)
_PERSON = (
    r"(?:man|woman|boy|girl|men|women|person|child|baby|teenager|victim|suspect|attacker|gunman|killer|shooter|bomber|"
    r"knifeman|driver|pilot|co-pilot|captain|skipper|commander|officer|soldier|sergeant|judge|lawyer|attorney|doctor|nurse|"
    r"surgeon|teacher|student|author|writer|actor|actress|director|singer|artist|photographer|journalist|reporter|editor|"
    r"mayor|minister|president|premier|governor|senator|king|queen|prince|princess|owner|founder|chief|head|boss|manager|"
    r"coach|goalkeeper|striker|player|winner|champion|spokes(?:man|woman|person)|prosecutor|witness|survivor|passenger|"
    r"husband|wife|widow|father|mother|brother|sister|son|daughter|\d+-year-old)s?"
)
_WORDED: tuple[tuple[Kind, str], ...] = (
    ("share", r"\b(?:what|which) (?:percentage|per ?cent|share|proportion|fraction)\b"),
    ("age", rf"\bhow old\b|\bat what age\b|\bwhat {_BE} .{{1,60}}\bage\b"),
    ("duration", rf"\b(?:for )?how long (?!ago\b){_AID}\b"),
    (
        "money",
        rf"\bhow much (?:money|cash|funding)\b|\bhow (?:much|many (?:dollars|euros|pounds)) {_AID}\b.*\b{_SUM}\b|"
        rf"\bwhat (?:will|would|does|did|do) .{{1,80}}\b(?:cost|sell for|go for|retail for|charge)\b|"
        rf"\bwhat {_BE} (?:the |its |his |her |their )?(?:\w+ )?(?:price|cost|fee|fare|salary|bail|bond|budget)\b|"
        r"\b(?:at|for) (?:what|which) price\b",
    ),
    ("number", r"\bhow many\b|\bwhat number of\b"),
    (
        "day",
        rf"\b(?:on|by|until|from|since|till)? ?(?:what|which) (?:exact )?(?:date|day|month|year)\b(?! of)|"
        rf"\bwhat {_BE} the (?:exact )?date\b",
    ),
    (
        "time",
        rf"^\W*(?:and |so |until |since |by |till )?when(?:'s|’s)? (?:exactly )?(?:{_AID})\b|\bat what time\b",
    ),
    (
        "person",
        rf"\bnames? of (?:the |an? )?(?:[\w'’-]+ )?{_PERSON}\b|"
        rf"^\W*what {_BE} (?:the |an? )?.{{0,80}}\b{_PERSON} (?:called|named)\W*$|"
        rf"^\W*(?:and |so )?who(?:'s|’s| is| was) (?:the (?:[\w'’-]+ )?{_PERSON}|in (?:command|charge))\b",
    ),
)
_ASKED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _WORDED)
_CALENDAR = "|".join(sorted(name for name in ENGLISH_CALENDAR if len(name) > 2))
_CURRENCY = (
    r"(?:dollars?|euros?|pounds?|yen|yuan|rupees?|roubles?|rubles?|francs?|lira|won|pesos?|cents?|pence|crowns?|kron\w+|"
    r"rand|dirhams?|baht|rials?|riyals?|shekels?|USD|EUR|GBP|AUD|CAD|NZD|CHF|JPY|INR)"
)
_UNITS = r"(?:second|minute|hour|day|night|week|fortnight|month|year|decade|centur(?:y|ies)|season|term)s?"
_QUANTITY = (
    r"(?:no|none|nobody|all|both|half|several|few|many|dozens?|scores?|hundreds?|thousands?|millions?|billions?|"
    r"couple|pair|single|an?|one|twice|every|majority)"
)
_TOLD: Mapping[Kind, re.Pattern[str]] = {
    "money": re.compile(
        rf"[$€£¥₺₹₽₩]|\b(?:A|C|US|NZ)\$|\d\W?{_CURRENCY}\b|\b{_CURRENCY}\b|\bfree(?: of charge)?\b|\bnothing\b|"
        r"\b(?:un)?paid\b.*\d|\d.*\b(?:million|billion)\b",
        re.IGNORECASE,
    ),
    "share": re.compile(
        r"%|\bper ?cent\b|\b(?:half|quarter|third|fifth|majority|most|all|none|two-thirds)\b|\bout of\b|\bone in\b",
        re.IGNORECASE,
    ),
    "duration": re.compile(
        rf"\b{_UNITS}\b|\b(?:until|since|from|overnight|forever|life|permanent\w*|indefinite\w*|between)\b|\d-{_UNITS}",
        re.IGNORECASE,
    ),
    "day": re.compile(
        rf"\b(?:{_CALENDAR})\b|\b(?:1\d|20)\d\ds?\b|\b\d\d?/\d\d?\b|\b(?:today|tomorrow|yesterday|tonight|eve)\b|"
        rf"\b(?:last|next|this|same|following|previous|that) (?:day|night|week|weekend|month|year|morning|evening)\b|"
        rf"\b(?:{_UNITS}) (?:ago|later|earlier|before|after)\b",
        re.IGNORECASE,
    ),
}
_HAPPENS = re.compile(
    rf"\b(?:after|before|during|when|while|until|till|once|upon|as soon as|since|by the time|morning|afternoon|evening|"
    rf"night|noon|midnight|dawn|o['’]clock|already|soon|now|currently|recently|later|earlier|immediately|never|"
    rf"spring|summer|autumn|winter|{_UNITS})\b|\d(?::\d\d|\s?[ap]\.?m)\b|\b\d{{3,4}}s\b",
    re.IGNORECASE,
)
_PEOPLE = (
    re.compile(
        r"(?<![\w'’-])([A-Z][\w'’-]+(?: (?:[A-Z]\.? ?)+| (?:de|da|di|van|von|der|den|bin|al|el|la|le) | )"
        r"(?:[A-Z]|al-|el-)[\w'’-]+)"
    ),
    re.compile(
        rf"\b(?:named|called|identified as|by|Dr|Mr|Mrs|Ms|Sir|Lady|Sgt|Capt|(?i:{_PERSON})),? ([A-Z][\w'’-]{{2,}})"
        rf"(?![\w'’-]| (?i:{_PERSON})\b)"  # "a 36-year-old Oslo man" has no name
    ),
)
_NOBODY = re.compile(
    rf"\b(?:(?i:{_CALENDAR})|Air|Airlines?|Airways|Express|University|College|School|County|Police|Party|Court|Council|River|Lake|"
    r"Street|Road|Hall|Castle|City|Town|Ministry|Department|Agency|Union|League|Cup|Guard|Navy|Army|Force|News|Post|Times|"
    r"Journal|Association|Authority|Airport|Hospital|Church|Cathedral|States?|Kingdom|House|Senate|Congress|Parliament|"
    r"North|South|East|West|New|National|International|Federal|Supreme|World|Royal|Group|Company|Inc|Ltd|Project|"
    r"Presidents?|Prime|Minister)\b|\A\w+(?:ese|ish|ian|ean)\b"
)
"""What makes two names in a row those of an office, a house, a place or a thing."""
_AGED = re.compile(r"\baged?\b|\byears?[ -]old\b|\b(?:in|of) (?:his|her|their) \w+(?:ies|s)\b|\bborn\b", re.IGNORECASE)


GIVEN: Mapping[Kind, float] = {
    "money": 1.4, "share": 1.6, "number": 0.35, "age": 0.8, "duration": 1.3, "day": 0.95, "time": 0.65, "person": 0.6
}  # fmt: skip
"""What it is worth, in log-odds of there being an answer, that the best sentence has words of the kind: how much
oftener those that answer have them than the others of their paragraphs, in 282 questions of SQuAD 2.0."""


@lru_cache(maxsize=256)
def kind_of(question: str) -> Kind | None:
    """What kind of words a question asks for; None where it is none of those that can be looked up.

    Args:
        question: Standing alone. One that is not English has none of the patterns.
    """
    return next((kind for kind, asks in _ASKED if asks.search(question)), None)


def lacks(question: str, text: str) -> bool:
    """Whether a sentence has no words of the kind that a question asks for; never where the kind isn't known.

    Args:
        question: Standing alone.
        text: The sentence, in English: words of other languages are not looked for.
    """
    kind = kind_of(question)
    return kind is not None and not _GIVES[kind](question, text)


_SEVERAL = re.compile(
    r"^\W*(?:and |so )?(?:what|which|who|whom|name|list) (?:(?:are|were) )?(?:the |those )?(?:\w+ )?"
    r"(?P<number>[2-9]|two|three|four|five|six|seven|eight|nine)\b(?![-,.:]\d)"
    r"(?! (?:\w+ )?(?:hundred|thousand|million|billion|per))",
    re.IGNORECASE,
)


def things(question: str) -> int:
    """How many things a question says that it asks for: 2 of "What two terms was he given?"; else 1."""
    if not (m := _SEVERAL.search(question)):
        return 1
    return int(numbers.find(m["number"], "en")[0].value)


_NO_COUNT = re.compile(
    rf"\b(?:{_CALENDAR})\.?,? \d{{1,2}}\b(?:,? \d{{4}}\b)?|\b\d{{1,2}} (?:{_CALENDAR})\b|"
    r"(?<=[a-z]), \d{1,3}(?=,|\.?\Z)|\b\d{1,3}-year-olds?\b|\baged \d{1,3}\b",
    re.IGNORECASE,
)
"""Numbers that are days, or somebody's age: "Oakes, 52, of Tilling"."""


def _number(question: str, text: str) -> bool:
    """Whether it has a number that is no date and nobody's age, or a word for one."""
    undated = _NO_COUNT.sub(" ", text)
    if any(not (numbers.is_year(n.value) and not n.spelt) for n in numbers.find(undated, "en")):
        return True
    return bool(re.search(rf"\b{_QUANTITY}\b", undated, re.IGNORECASE))


def _person(question: str, text: str) -> bool:
    """Whether it has what looks like a person's name that the question doesn't have: two words, or one and a role."""
    known = set(terms(question))
    named = (m[m.lastindex or 0] for pattern in _PEOPLE for m in pattern.finditer(text))
    return any(not _NOBODY.search(name) and not set(terms(name)) & known for name in named)


_GIVES: Mapping[Kind, Callable[[str, str], bool]] = {
    "money": lambda _, text: bool(_TOLD["money"].search(text)),
    "share": lambda _, text: bool(_TOLD["share"].search(text)),
    "number": _number,
    "age": lambda _, text: bool(_AGED.search(text)) or bool(numbers.find(text, "en")),
    "duration": lambda _, text: bool(_TOLD["duration"].search(text)),
    "day": lambda _, text: bool(_TOLD["day"].search(text)),
    "time": lambda _, text: bool(_TOLD["day"].search(text) or _HAPPENS.search(text)),
    "person": _person,
}

__all__ = ["GIVEN", "Kind", "kind_of", "lacks", "things"]
