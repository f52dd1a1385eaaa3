"""Documents that disagree (RAMDocs, Wang et al. 2025): are wrong answers shown, and is the reader told?

python -m benchmarks.quality.disagree ../shared/data/ramdocs/ramdocs_first250.jsonl --system extractive

Each question comes with a few documents: correct ones, ones of misinformation that give a wrong answer, and noise. Some
questions are ambiguous: several things bear one name, and each has a right answer. Every document is an article; a
question is put to its own documents only. They have no dates, titles or outlets, so nothing here can be told newer.

- right: the shown answer has the words of a right answer side by side, and of no wrong one;
- all right: it has every right answer and no wrong one, of all questions (the data set's own measure) and of those
  with several;
- wrong shown: it has a wrong answer's words, of the questions that have one;
- conflict: the answer names another document that says otherwise. It ought to where a correct document and one of
  misinformation are there. Several right answers are no disagreement, since they are of different things: a conflict
  named there is a false alarm, counted apart.

Words are compared as SQuAD compares them (`rag.evaluation.overlap.contains`), figures without their commas. A few wrong
answers stand in a right one of the same question ("Football" in "American football", or the very same words, as the
data set has them): these can't be told from right ones, and are left out.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality.asking import (
    Ask,
    Fields,
    answers,
    archive_of,
    footer,
    missing,
    parser,
    read_rows,
    shown,
    told,
)
from rag.evaluation.overlap import contains
from rag.types import Answer


@dataclass(frozen=True)
class Ambiguous:
    """A question and its documents."""

    id: str
    question: str
    documents: tuple[tuple[str, str], ...]
    """(type, text): correct, misinfo or noise."""
    right: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Of its documents in the archive."""
        return tuple(f"{self.id}-{n}" for n in range(len(self.documents)))

    @property
    def answerable(self) -> bool:
        """Whether one of the documents is correct."""
        return any(kind == "correct" for kind, _ in self.documents)

    @property
    def disagreeing(self) -> bool:
        """Whether a correct document stands against one of misinformation."""
        return {"correct", "misinfo"} <= {kind for kind, _ in self.documents}


def load(file: Path) -> list[Ambiguous]:
    """The questions of a file of RAMDocs."""
    return [
        Ambiguous(
            f"ramdocs{n}",
            r["question"],
            tuple((d["type"], d["text"]) for d in r["documents"]),
            tuple(r["gold_answers"]),
            tuple(w for w in r["wrong_answers"] if not any(contains(g, [w]) for g in r["gold_answers"])),
        )
        for n, r in enumerate(read_rows(file))
    ]


def rows(cases: Sequence[Ambiguous]) -> list[Fields]:
    """The archive's articles: every document of every question."""
    return [
        {"key": key, "title": "", "text": text}
        for case in cases
        for key, (_, text) in zip(case.keys, case.documents, strict=True)
    ]


@dataclass(frozen=True)
class Judged:
    """What came of a question."""

    case: Ambiguous
    answered: bool
    some: bool
    """The shown answer has a right answer."""
    every: bool
    """It has all of them."""
    wrong: bool
    conflict: bool


def judge(case: Ambiguous, answer: Answer) -> Judged:
    """Judge an answer by the rules above."""
    text = shown(answer)

    def has(wanted: str) -> bool:
        return answer.answered and contains(text, [wanted]) == 1

    return Judged(
        case=case,
        answered=answer.answered,
        some=any(map(has, case.right)),
        every=all(map(has, case.right)),
        wrong=any(map(has, case.wrong)),
        conflict=bool(answer.conflicts),
    )


def lines(judged: Sequence[Judged]) -> list[str]:
    """The table, a measure a line."""
    could = [j for j in judged if j.case.answerable]
    several = [j for j in could if len(j.case.right) > 1]
    answered = [j for j in judged if j.answered]
    named = [j for j in answered if j.conflict]
    apart = [j for j in answered if j.case.disagreeing]
    at_one = [j for j in answered if not j.case.disagreeing]
    measures = [
        ("answered", told(j.answered for j in judged)),
        ("right, of those with a correct document", told(j.some and not j.wrong for j in could)),
        ("all right and none wrong", told(j.every and not j.wrong for j in judged)),
        ("the same, of those with several right answers", told(j.every and not j.wrong for j in several)),
        ("wrong shown, of those that have a wrong answer", told(j.wrong for j in judged if j.case.wrong)),
        ("of these with a conflict", told(j.conflict for j in judged if j.wrong)),
        ("conflict named, of those answered", told(j.conflict for j in answered)),
        ("precision of conflicts: documents do disagree", told(j.case.disagreeing for j in named)),
        ("recall of conflicts, of those answered that disagree", told(j.conflict for j in apart)),
        ("false alarms, one right answer", told(j.conflict for j in at_one if len(j.case.right) == 1)),
        ("false alarms, several right answers", told(j.conflict for j in at_one if len(j.case.right) > 1)),
    ]
    return ["| | of the questions |", "|---|---|", *(f"| {name} | {value} |" for name, value in measures)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print.

    Returns:
        0; 1 when the file is not there.
    """
    options = parser("disagree", __doc__, 250).parse_args(arguments)
    if missing(options.path):
        return 1
    everything = load(options.path)
    folder = archive_of("ramdocs", rows(everything))
    cases = everything[: options.cases]
    found = answers("ramdocs", options.system, folder, [Ask(c.id, c.question, c.keys) for c in cases])
    judged = [judge(c, found[c.id]) for c in cases if c.id in found]
    print("\n".join([*lines(judged), *footer(list(found.values()))]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
