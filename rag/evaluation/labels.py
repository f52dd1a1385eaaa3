"""What things are called where a person reads them: measures, causes, stages, figures, dates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import get_args

from rag.evaluation.values import Cause
from rag.text.calendar_names import ENGLISH_MONTHS

_MEASURES: Mapping[str, tuple[str, str]] = {
    "recall": ("Recall, first {k}", "Share of the relevant documents that are among the first {k} found."),
    "ndcg": ("nDCG, first {k}", "How near the order of the first {k} comes to the best order there could be."),
    "mrr": ("Reciprocal rank, first {k}", "One over the rank of the first relevant document; 0 beyond {k}."),
    "map": ("Average precision, first {k}", "Precision at the rank of each relevant document, on average."),
    "hit": ("Hit, first {k}", "Share of cases with a relevant document among the first {k}."),
    "exact_match": ("Exact answer", "Share of answers with the words of an accepted answer and no others."),
    "f1": ("Words in common", "How far the words of the answer and of the nearest accepted answer agree."),
    "contains": ("Accepted answer given", "Share of answers that have an accepted answer in them, word for word."),
    "rouge_l": ("Longest common run", "Words in common with an accepted answer in the same order (ROUGE-L)."),
    "choice_accuracy": ("Right choices", "Share of multiple-choice questions where the right answer was chosen."),
    "citation_recall": ("Sentences supported", "Share of the sentences answered that their cited words support."),
    "citation_precision": ("Citations needed", "Share of citations that their sentence is supported by, and needs."),
    "gold_precision": ("Expected citations", "Share of citations that quote a sentence the case names as evidence."),
    "gold_recall": ("Evidence quoted", "Share of the evidence sentences named by the case that are quoted."),
    "gold_hit": ("Some evidence quoted", "Share of cases of which an evidence sentence is quoted."),
    "quote_verbatim": ("Verbatim quotes", "Share of citations whose words the article has in that very place."),
    "answered": ("Answered", "Of the questions the archive can answer, the share that was answered."),
    "refusal_precision": ("Refusals justified", "Of the questions refused, the share the archive can’t answer."),
    "refusal_recall": ("Refused as it should", "Of the questions the archive can’t answer, the share refused."),
    "balanced_accuracy": (
        "Knew whether to answer",
        "Mean of “Answered” and “Refused as it should”; whether an answer is right is not looked at.",
    ),
    "right": ("Right", "Share answered rightly, by the case’s gold, or refused rightly."),
    "wrong": ("Wrong", "Share answered, and not rightly by the case’s gold. Less is better."),
    "refused_rightly": ("Refused rightly", "Of the unanswerable and false premises, the share refused."),
    "refused_wrongly": ("Refused wrongly", "Of the answerable, the share refused. Less is better."),
    "rubric_gold": ("Gold cited", "Of the answers to questions with gold sentences, the share that cites them."),
    "withheld_right": (
        "Withheld though right",
        "Of the answerable with a rubric, the share of which a right sentence failed the check. Less is better.",
    ),
}

_CAUSES: Mapping[str, tuple[str, str]] = {
    "error": ("Ended in an error", "The program broke off; nothing was answered."),
    "should have refused": (
        "Should have refused",
        "The archive doesn’t hold the answer, and a sentence passed the check all the same.",
    ),
    "not retrieved": ("Not found", "No article with the answer was among the passages the answer was given."),
    "unsupported": ("Nothing stood up", "Passages of the right articles were there, and no sentence passed the check."),
    "refused wrongly": ("Refused wrongly", "Passages of the right articles were there, and it was refused."),
    "retrieved but not used": ("Found, not used", "The right article was found, and the answer rests on another."),
    "wrong answer": ("Wrong answer", "The answer rests on the right article, and isn’t one of those accepted."),
}
assert set(_CAUSES) == set(get_args(Cause))

_STAGES: Mapping[str, str] = {
    "search": "Ranking",
    "retrieve": "Retrieval",
    "choose": "Evidence",
    "first_token": "First token",
    "first_sentence": "First sentence",
    "write": "Writing",
    "answer": "Answering",
    "brief": "Brief answer",
    "total": "All told",
}

_REASONS: Mapping[str, str] = {
    "empty_archive": "the archive is empty",
    "no_evidence": "nothing was found",
    "not_in_archive": "the passages found don’t say",
    "not_supported": "no sentence passed the check",
    "cancelled": "it was cancelled",
}

# Beside control characters: what turns the direction of the text around it, and what is no character at all.
_UNREADABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\ufffb\ufffe\uffff]"
)


def readable(text: str) -> str:
    """Text that can’t command what shows it: control characters but tab and newline become U+FFFD."""
    return _UNREADABLE.sub("\ufffd", text.replace("\r\n", "\n"))


def measure(name: str) -> tuple[str, str]:
    """A measure's name in words, and what it is in a line; its own name and nothing for one that isn’t known here."""
    kind, _, k = name.partition("@")
    if kind not in _MEASURES:
        return name, ""
    label, about = _MEASURES[kind]
    return label.format(k=k), about.format(k=k)


def cause(name: str) -> tuple[str, str]:
    """Why a case failed: in two or three words, and in a sentence."""
    return _CAUSES.get(name, (name.capitalize(), ""))


def reason(name: str | None) -> str:
    """Why an answer is a refusal."""
    return _REASONS.get(name or "", (name or "").replace("_", " "))


def stage_name(name: str) -> str:
    """What a stage of answering is called."""
    return _STAGES.get(name, name.replace("_", " ").capitalize())


def duration(millis: float) -> str:
    """Milliseconds as "8 ms", "1.2 s" or "3 min"."""
    if millis < 10:
        return f"{millis:.2g} ms"
    if millis < 999.5:
        return f"{millis:.0f} ms"
    seconds = millis / 1000
    if seconds < 99.5:
        return f"{seconds:.2g} s" if seconds < 9.95 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def day(when: date | None) -> str:
    """A date as "18 June 2023", in every locale; nothing for none."""
    return f"{when.day} {ENGLISH_MONTHS[when.month - 1]} {when.year}" if when else ""
