"""How a question is opened: "Can you tell me …" and "Please explain …" say that one asks, not what."""

from __future__ import annotations

import re

_TO_ME = r"(?>(?:\s(?:to )?(?:me|us)\b)?(?:\s(?:briefly|in short|again|please)\b)?)"
_YOU = r"(?:you|anyone|anybody|someone|somebody)"
_PLAIN = r"(?:tell|explain|describe|summari[sz]e|recap|clarify|identify|remind)"
_NOUNS = r"(?:show|give|list|name|state|mention|outline)"  # "State media …" and "List prices …" ask for nothing
_WHAT_FOLLOWS = (
    r"(?=\s(?:me|us|to me|to us|what|who|whom|whose|how|why|when|where|which|whether|if|the|an?|all|any|both|some|"
    r"every|each|\d+|two|three|four|five|six|seven|eight|nine|ten)\b)"
)
_ASK = rf"(?:{_PLAIN}|{_NOUNS}{_WHAT_FOLLOWS}){_TO_ME}"
_OPENINGS = tuple(
    re.compile(rf"^(?:{opening})(?:\s*[,:;!.]+\s*|\s+[–—-]\s+|\s+)(?=\S)", re.IGNORECASE)
    for opening in (
        r"(?:hi|hello|hey|good (?:morning|evening|afternoon))(?=\s*[,!.])",
        r"please|kindly|ok|okay|well|so|and|but|also|just",
        rf"(?:can|could|would|will) {_YOU} (?:please |kindly )?(?:{_ASK}|help me find)",
        rf"what (?:can|could) you {_PLAIN}{_TO_ME}",
        rf"(?:do|does) {_YOU} (?:happen to )?know",
        r"(?:i(?:['’]d| would)? (?:want|like|love|need)|want|need) to (?:know|hear|find out|learn|understand)",
        r"i(?:['’]m| am| was) (?:wondering|curious|interested)",
        r"(?:wondering|curious)(?=\s(?:about|whether|if|how|what|who|when|where|why|which)\b)",
        r"i wonder",
        r"is it (?:true|right|correct|the case) that",
        r"let me know",
        _ASK,
    )
)
_ABOUT = re.compile(
    r"^(?:everything |anything |something |more |all |a bit )*(?:about|regarding)\s+(?=\S)", re.IGNORECASE
)


def strip_preamble(question: str) -> str:
    """An English question without its opening: "Can you tell me how long they talked?" as "how long they talked?".

    What asks by itself stays ("Does …", "Who …"), and so does an opening with nothing behind it.
    """
    rest = question.strip()
    asked = False
    while True:
        shorter = next((s for opening in _OPENINGS if (s := opening.sub("", rest)) != rest), rest)
        if shorter == rest:
            break
        rest, asked = shorter, True
    if asked:
        rest = _ABOUT.sub("", rest)
    return rest if re.search(r"\w", rest) else question.strip()
