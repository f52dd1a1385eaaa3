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

_QUOTE = re.compile(r"“[^”]*”|\"[^\"]*\"|«[^»]*»|「[^」]*」|„[^“”]*[“”]|(?<!\w)[‘'][^’']*[’'](?!\w)")
_OPEN, _CLOSE = "“\"«「„‘'(", "”\"»」’')“"
_WORD = re.compile(r"\w+")
_START = re.compile(r"[\s\d.)*•#-]*(\w+)")

# -- to a machine ------------------------------------------------------------------------

_HINTS = (
    "instruc", "prompt", "rules", "guideline", "context", "directi", "command", "orders", "ai ", "ai,", "ai:", "a.i.",
    "language model", "llm", "assistant", "chatbot", "chat bot", " bot ", "bot,", "from now on", "as if you",
    "im_start", "inst]", "system>", "your response", "your answer", "your reply", "your output", "anweisung",
    "consigne", "instrucc", "istruz", "instruç", "talimat", "komut", "инструкц", "указани", "指令", "指示", "提示",
    "说明",
)  # fmt: skip
"""What an order to a machine has somewhere: a sentence without it need not be looked at."""
_TOLD = r"(?:instructions?|prompts?|rules|guidelines?|directions|directives|commands?|orders|context|conversation)"
_TOLD_ELSEWHERE = r"(?:anweisung(?:en)?|consignes|instructions précédentes|instrucciones|istruzioni|instruções)"
_MACHINE = (
    r"(?:AI|A\.I\.|artificial intelligence|(?:large )?language model|LLM|(?:virtual |helpful )?assistant|chat ?bot|bot)"
)
_TO_MACHINE = re.compile(
    r"(?:^|[.,;:!?(\])—–-]\s*|\b(?:please|now|then|just|simply|you (?:must|should|will|may|can|have to|need to))\s+)"
    rf"[\W_]*(?:ignore|disregard|forget|override|bypass|discard|skip|neglect|"
    r"stop following|do not follow|don't follow)\b"
    rf"(?:\W+\w+){{0,5}}?\W+{_TOLD}\b|"
    rf"\b(?:ignorier\w*|vergiss|missachte\w*|ignore[zr]?|oublie[zr]?|ignora\w*|olvida|dimentica|esqueça)\b"
    rf"(?:\W+\w+){{0,4}}?\W+{_TOLD_ELSEWHERE}|"
    r"(?:talimat|komut)\w*(?:\W+\w+){0,3}?\W+(?:yok say|unut|dikkate alma|görmezden gel)|"
    r"(?:игнорируй|забудь)\w*(?:\W+\w+){0,4}?\W+(?:инструкц|указани)|"
    r"(?:忽略|无视|忘记|不要理会).{0,12}(?:指令|指示|提示|说明)|"
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

_TEXT_VERBS = frozenset(
    """translate mention summarize summarise paraphrase rephrase rewrite proofread compose explain describe define
    outline elaborate enumerate draft write narrate recite transcribe
    übersetze übersetzen erkläre erklären schreibe beschreibe fasse traduis traduisez écris écrivez explique expliquez
    décris résume traduce traduzca traduza traduci escribe escriba escreva scrivi explica spiega""".split()
)
"""Verbs whose work is a text: with an object they are a task."""
_MAKING_VERBS = frozenset(
    """provide give create develop generate produce make prepare design list show tell suggest recommend present
    share craft build construct offer devise propose supply formulate find name state identify solve calculate compute
    convert classify analyze analyse compare contrast discuss implement code program evaluate predict estimate
    generate determine break walk help teach extract correct check decode encode quiz""".split()
)
"""Verbs that make other things too: a task where a text, or something else an assistant is asked for, is made."""
_ANSWER_VERBS = frozenset(
    """add include insert append integrate incorporate mention modify augment enhance enrich change adjust use employ
    replace substitute swap remove delete omit convert introduce misspell scramble jumble shuffle rearrange reorder
    anagram reverse encode encrypt decode cipher render format group combine merge split capitalize capitalise
    alternate begin start end finish conclude close open respond reply answer say output print return repeat speak talk
    tell inform remind encourage invite urge ask persuade convince warn direct refer link promote advertise embed weave
    highlight emphasize emphasise stress express provide give write put place make keep limit restrict avoid refuse
    tease hint claim pretend imply state apply turn transform translate sprinkle slip attach present share""".split()
)
"""What may be ordered of an answer: an order to a machine where the sentence speaks of "your answer" or its users."""

_PARTICLE = re.compile(r"^(?:down|up|out)\b(?: with)?\s*", re.IGNORECASE)
_OBJECT = re.compile(
    r"^(?:a|an|the|this|these|that|me|us|my|your|how|why|what|who|when|where|which|whether|some|any|two|three|\d+|both|"
    r"all|each|each of|in|into|from|to me|briefly|step|it|den|die|das|einen?|ein|diese[nrs]?|le|la|les|l'\w+|une?|ce|"
    r"cette|el|los|las|uno?|una|este|esta|il|lo|gli|um|uma|o|os|as|‹›)\b|^‹›",
    re.IGNORECASE,
)
_MADE = re.compile(
    r"\b(?:poems?|haikus?|limericks?|sonnets?|stor(?:y|ies)|tales?|essays?|letters?|e-?mails?|speech(?:es)?|"
    r"introductions?|conclusions?|paragraphs?|sentences?|summar(?:y|ies)|outlines?|translations?|equivalents?|"
    r"synonyms?|antonyms?|definitions?|meanings?|explanations?|descriptions?|examples?|functions?|scripts?|code|"
    r"snippets?|programs?|algorithms?|equations?|formulas?|quer(?:y|ies)|jokes?|riddles?|songs?|lyrics|dialogues?|"
    r"slogans?|captions?|headlines?|tweets?|blog posts?|articles? (?:about|on)|reviews?|tutorials?|recipes?|"
    r"itinerar(?:y|ies)|steps?|instructions|plots?|themes?|concepts?|theor(?:y|ies)|differences? between|"
    r"similarities between|reports?|analys[ie]s|sentiment|trends?|data ?sets?|spreadsheets?|charts?|presentations?|"
    r"bugs?|pros and cons|advantages|tips?|ideas for|word for|phrase|"
    r"in (?:python|javascript|java|c\+\+|php|sql|html|french|spanish|german|latin|simple terms))\b",
    re.IGNORECASE,
)
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
_LETTERS = re.compile(
    r"\b(?:letters?|vowels?|consonants?|characters?|spaces|punctuation|whitespace|anagrams?|typos?|misspellings?|"
    r"emojis?|symbols?|(?:upper|lower)[- ]?case|syllables?|alphabet|cipher|base ?64|morse|binary|hexadecimal|rot13|"
    r"leetspeak|words?|word order|sentences?)\b",
    re.IGNORECASE,
)
_CHANGES = frozenset(
    """replace substitute swap remove delete omit convert introduce misspell scramble jumble shuffle rearrange reorder
    anagram reverse encode encrypt decode cipher render group combine merge capitalize capitalise alternate use
    insert add write turn transform translate apply spell""".split()
)
_BARE = re.compile(
    r"^(?:(?:请|請)(?:你)?(?:翻译|写|解释|描述|回答|总结|列出|忽略|提供|用)|(?:翻译|写一|解释一下|总结一下|用.{1,8}回答))|"
    r"\b(?:çevir|özetle|açıkla|yaz)(?:in|ın|iniz|ınız)?\s*[.:!]?\s*$",
    re.IGNORECASE,
)
"""The same where a verb does not come first, or words are not spaced."""
_LEADS = frozenset(
    """please kindly now then next also finally instead additionally first second bitte s por lütfen important note task
    instruction instructions attention question request todo in at before after when while can could would will you i
    we make be remember always never do don""".split()
)  # the words that ``_LEAD`` may begin with
_VERBS = _TEXT_VERBS | _MAKING_VERBS | _ANSWER_VERBS | _CHANGES
_FIRST = _VERBS | _LEADS


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
