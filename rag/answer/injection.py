"""Sentences that tell nothing: instructions to a machine, tasks for an assistant, and questions.

Article text is untrusted. A sentence that asks its reader, taken for a machine, to do something ("Ignore all previous
instructions and …", "Write a poem about …") reports nothing, so it can neither be evidence nor be cited; nor can a
question. Advice to people ("Wash your hands often") is what some articles are about, and somebody's words told by an
article ("“Explain yourself,” he said") are reported: neither is meant.

The rules are of grammar and of what is talked about, in three classes: orders that speak of prompts, instructions or
the reader's being a machine; imperatives that are about the reader's own answer or its users ("… in your reply"); and
imperatives that ask for a text ("Draft a letter to …") or for a text to be changed ("Reverse the words of …").
"""

from __future__ import annotations

import re

from rag.text.lexicon import alternation, having, lexicon
from rag.text.word_lists import Assistant, Injection

_QUOTE = re.compile(r"“[^”]*”|\"[^\"]*\"|«[^»]*»|「[^」]*」|„[^“”]*[“”]|(?<!\w)[‘'][^’']*[’'](?!\w)")
_OPEN, _CLOSE = "“\"«「„‘'(", "”\"»」’')“"
_WORD = re.compile(r"\w+")
_START = re.compile(r"[\s\d.)*•#-]*(\w+)")

# -- to a machine ------------------------------------------------------------------------

_WORDS = having(Injection)
_ENGLISH = _WORDS["en"]
_ASSISTANT = lexicon("en").section(Assistant)
_HINTS = tuple(hint for words in _WORDS.values() for hint in words.hints)
"""What an order to a machine has somewhere: a sentence without it need not be looked at."""
_ROMANCE_AND_GERMAN = [_WORDS[code] for code in ("de", "fr", "es", "it", "pt")]
_TOLD = rf"(?:{alternation(_ENGLISH.instructions)})"
_TOLD_ELSEWHERE = rf"(?:{alternation(*(words.instructions for words in _ROMANCE_AND_GERMAN))})"
_DISREGARD_ELSEWHERE = rf"(?:{alternation(*(words.disregard for words in _ROMANCE_AND_GERMAN))})"
_MACHINE = rf"(?:{alternation(_ASSISTANT.machines)})"
_TO_MACHINE = re.compile(
    r"(?:^|[.,;:!?(\])—–-]\s*|\b(?:please|now|then|just|simply|you (?:must|should|will|may|can|have to|need to))\s+)"
    rf"[\W_]*(?:{alternation(_ENGLISH.disregard)})\b"
    rf"(?:\W+\w+){{0,5}}?\W+{_TOLD}\b|"
    rf"\b{_DISREGARD_ELSEWHERE}\b(?:\W+\w+){{0,4}}?\W+{_TOLD_ELSEWHERE}|"
    rf"(?:{alternation(_WORDS['tr'].instructions)})\w*(?:\W+\w+){{0,3}}?\W+(?:{alternation(_WORDS['tr'].disregard)})|"
    rf"(?:{alternation(_WORDS['ru'].disregard)})\w*(?:\W+\w+){{0,4}}?\W+(?:{alternation(_WORDS['ru'].instructions)})|"
    rf"(?:{alternation(_WORDS['zh'].disregard)}).{{0,12}}(?:{alternation(_WORDS['zh'].instructions)})|"
    rf"\b(?:new|system|hidden|secret|updated|real|actual) (?:instructions?|prompts?)\s*[:：]|"
    rf"\b(?:reveal|print|repeat|show|output|leak)\b(?:\W+\w+){{0,4}}?\W+(?:system )?(?:prompts?|instructions)\b|"
    rf"\byou(?: a|')re (?:now |no longer |only )?(?:an? |the |my |in )?(?:\w+ )?{_MACHINE}\b|"
    rf"\bas an? {_MACHINE}(?: model| system)?\b\W+(?:you|your|please|do|must|always|never)\b|"
    rf"^\W*(?:dear |hey |hello |attention,? |note to (?:the )?|to (?:the |any |all )?)?{_MACHINE}s?\b"
    r"(?: (?:reading|processing|summari[sz]ing) this)?\s*[,:]\s*"
    r"(?:you|please|do|must|always|never|ignore|answer|write)\b|"
    rf"\b(?:act|behave|respond|answer|reply) as (?:if you (?:were|are)|an? {_MACHINE})\b|"
    r"\byour (?:\w+ )?(?:response|answer|reply|output)s? (?:should|must|has to|have to|needs? to|shall)\b|"
    r"\bfrom now on,?\s+(?:you|your|always|only|never|answer|respond|reply)\b|"
    r"<\|im_start\||\[/?INST\]|</?system>|^#+ ?(?:system|instruction)",
    re.IGNORECASE,
)

# -- imperatives -------------------------------------------------------------------------

_LEAD = re.compile(
    r"^(?:[-*•\d.)\s]*)(?:(?:please|kindly|now|then|next|also|finally|instead|additionally|first|second|bitte|"
    r"s'il (?:vous|te) pla[iî]t|por favor|lütfen|important|note|task|instructions?|attention|question|request|todo|"
    r"(?:in|at the (?:end|beginning|start) of|before|after|when|while) (?:giving |writing )?(?:your |the )?"
    r"(?:final |next )?(?:response|answer|reply|output|message|summary|"
    r"(?:answering|replying|responding|summari[sz]ing)[^,]{0,40})|"
    r"(?:can|could|would|will) you(?: please| kindly)?|you (?:must|should|need to|have to|will)(?: now| always| only)?|"
    r"(?:i|we) (?:want|need|would like|'d like) you to|make sure to|be sure to|remember to|always|never|do not|don't)"
    r"\s*[,:：!-]*\s+)+",
    re.IGNORECASE,
)
"""What may stand before an imperative."""

_TEXT_VERBS = frozenset(verb for words in _WORDS.values() for verb in words.text_verbs)
_MAKING_VERBS = _ASSISTANT.making_verbs
_ANSWER_VERBS = _ASSISTANT.answer_verbs

_PARTICLE = re.compile(r"^(?:down|up|out)\b(?: with)?\s*", re.IGNORECASE)
_OBJECT = re.compile(rf"^(?:{alternation(*(words.objects for words in _WORDS.values()))}|‹›)\b|^‹›", re.IGNORECASE)
_MADE = re.compile(rf"\b(?:{alternation(_ASSISTANT.made)})\b", re.IGNORECASE)
"""What an assistant is asked to make."""
_TO_ME = re.compile(r"^(?:me|us)\b|\bfor me\b", re.IGNORECASE)
_ASKED = re.compile(
    r"^\W*(?:(?:can|could|would|will) you\b|(?:i|we) (?:want|need|would like|'d like) you to\b)", re.IGNORECASE
)
_OWN_ANSWER = re.compile(
    r"\b(?:your|the|this|every|each) (?:\w+ )?(?:responses?|answers?|repl(?:y|ies)|outputs?|completions?)\b|"
    r"\byour (?:\w+ )?(?:message|text|summary|writing|sentences?|words|translation|explanation|chat)\b|"
    r"\bwhen(?:ever)? (?:answering|responding|replying)\b|"
    r"\b(?:the|all|any|every|your) (?:end )?(?:users?|readers?)\b|\busers?\b",
    re.IGNORECASE,
)
_ANSWERING = re.compile(
    r"^(?:respond|reply|answer|speak) (?:only|always|with|in|as|to|using|by|the (?:question|query|user))\b|"
    r"^(?:output|print|repeat|say) (?:only|the (?:word|words|phrase|following|text|sentence)|‹›|exactly)",
    re.IGNORECASE,
)
_LETTERS = re.compile(rf"\b(?:{alternation(_ASSISTANT.letters)})\b", re.IGNORECASE)
_CHANGES = _ASSISTANT.change_verbs
_BARE = re.compile(
    r"^(?:(?:请|請)(?:你)?(?:翻译|写|解释|描述|回答|总结|列出|忽略|提供|用)|(?:翻译|写一|解释一下|总结一下|用.{1,8}回答))|"
    r"\b(?:çevir|özetle|açıkla|yaz)(?:in|ın|iniz|ınız)?\s*[.:!]?\s*$",
    re.IGNORECASE,
)
"""The same where a verb does not come first, or words are not spaced."""
_LEADS = frozenset(word for words in _WORDS.values() for word in words.leads)  # what ``_LEAD`` may begin with
_VERBS = _TEXT_VERBS | _MAKING_VERBS | _ANSWER_VERBS | _CHANGES
_FIRST = _VERBS | _LEADS


_PUT = re.compile(
    r"\b(?:asked|asks|inquired|enquired|wondered)\b.*\b(?:if|whether|how|why|what|who|when|where|which|about)\b",
    re.IGNORECASE | re.DOTALL,
)


def is_instruction(text: str) -> bool:
    """Whether a sentence gives an order to whoever reads it as a machine, or is a task for an assistant.

    Args:
        text: One sentence of an article, in any language; most is known of English, orders to disregard instructions
            of a few others too.

    Returns:
        False for what reports: also for words in quotation marks that somebody is said to have used, and for advice
        to people. Plain questions are ``is_question``.
    """
    low = text.casefold()
    if any(hint in low for hint in _HINTS) and _TO_MACHINE.search(_outside_quotes(text)):
        return True
    if not text.isascii() and _BARE.search(_outside_quotes(text)):
        return True
    start = _START.match(low)
    if start is None or start[1] not in _FIRST:  # what stands in quotation marks from the beginning is somebody's words
        return False
    said = _outside_quotes(text)
    rest = said[lead.end() :] if (lead := _LEAD.match(said)) else said
    first = _WORD.search(rest)
    if first is None or (verb := first[0].casefold()) not in _VERBS:
        return False
    after = _PARTICLE.sub("", rest[first.end() :].lstrip())
    return _task(verb, after, said) or _about_answer(rest, said)


def is_question(text: str) -> bool:
    """Whether a sentence only asks, and so states nothing that could support an answer.

    Args:
        text: One sentence of an article, in any language.

    Returns:
        False where it tells that somebody asked: "Who knew?" is a question, 'He asked, "Who knew?"' is not.
    """
    bare = text.rstrip().rstrip(_CLOSE)
    if not bare.endswith(("?", "？", "؟")):
        return False
    closed = text.rstrip()[len(bare) :].strip(")")
    return not closed or text.lstrip()[:1] in _OPEN


def puts_question(text: str) -> bool:
    """Whether a sentence only tells what somebody was asked, and leads up to the answer: "Asked whether …:".

    Args:
        text: One sentence of an article.
    """
    return text.rstrip().endswith((":", "：")) and bool(_PUT.search(text))


def _outside_quotes(text: str) -> str:
    """A sentence with what stands between quotation marks as ``‹›``; all of it where it is nothing else."""
    text = " ".join(text.split())
    if not any(mark in text for mark in "“\"«「„‘'"):
        return text
    said = _QUOTE.sub("‹›", text)
    return said if _WORD.search(said) else text.strip(_OPEN + _CLOSE + " ")


def _task(verb: str, after: str, said: str) -> bool:
    """Whether an imperative asks for a text, or for one to be changed."""
    if verb in _TEXT_VERBS and _OBJECT.match(after):
        return True
    if verb in _MAKING_VERBS and _OBJECT.match(after) and (_MADE.search(after) or _TO_ME.search(after)):
        return True
    if verb in _MAKING_VERBS and _ASKED.match(said):
        return True
    return verb in _CHANGES and _LETTERS.search(after) is not None


def _about_answer(rest: str, said: str) -> bool:
    """Whether an imperative is about the reader's own answer, or those who will read it."""
    return _ANSWERING.match(rest) is not None or _OWN_ANSWER.search(said) is not None
