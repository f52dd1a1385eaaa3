"""An answer in a terminal: the quotes first, then the summary, as they come."""

from __future__ import annotations

import re

import pytest
from turns import QUOTES, SUMMARY, answer, citation, quoted

from rag.cli.printing import AnswerPrinter
from rag.types import Answer, Delta, Quoted

ORIGIN = "    Title · Harbour Post · 18 June 2023 · https://example.org/a"
RAIN = f"[1] It rains and pours.\n{ORIGIN}\n    onrecord show a0\n"
WET = f"[2] It is wet.\n{ORIGIN}\n    onrecord show a0\n"
QUOTED = Quoted(quotes=(quoted(1), quoted(2, "It is wet.")))


def printed(capsys: pytest.CaptureFixture[str], answer: Answer, *events: Quoted | Delta) -> str:
    printer = AnswerPrinter()
    for event in events:
        printer.show(event)
    printer.finish(answer)
    return capsys.readouterr().out


def test_quotes_are_printed_at_once_and_a_summary_after_them(capsys: pytest.CaptureFixture[str]) -> None:
    printer = AnswerPrinter()
    printer.show(QUOTED)
    assert capsys.readouterr().out == f"{RAIN}\n{WET}"
    printer.show(Delta(text=SUMMARY.text, citations=SUMMARY.citations[:1]))
    assert capsys.readouterr().out == "\nSummary\nThe weather is bad. [1]"
    printer.finish(SUMMARY)
    assert capsys.readouterr().out == "\n"


def test_quotes_that_are_the_text_are_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = QUOTES.citations
    lines = (
        Delta(text="It rains and pours. [1]", citations=(first,)),
        Delta(text="\nIt is wet. [2]", citations=(second,)),
    )
    out = printed(capsys, QUOTES, QUOTED, *lines)
    assert out == f"{RAIN}\n{WET}"


def test_an_answer_without_the_event_has_its_quotes_first_too(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, SUMMARY, Delta(text=SUMMARY.text, citations=SUMMARY.citations[:1]))
    assert out == f"{RAIN}\n{WET}\nSummary\nThe weather is bad. [1]\n"


def test_what_a_summary_cites_beside_the_quotes_comes_after_it(capsys: pytest.CaptureFixture[str]) -> None:
    more = citation(3, "Umbrellas sell.", (24, 43), start=60)
    text = f"{SUMMARY.text} Umbrellas are sold. [3]"
    whole = SUMMARY.model_copy(update={"text": text, "citations": (*SUMMARY.citations, more)})
    out = printed(capsys, whole, QUOTED, Delta(text=text, citations=(SUMMARY.citations[0], more)))
    assert re.findall(r"^\[\d\]|^Summary", out, re.MULTILINE) == ["[1]", "[2]", "Summary", "[3]"]
    assert "Umbrellas are sold. [3]\n\n[3] Umbrellas sell." in out


def test_of_a_question_in_parts_each_has_its_quotes_and_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    rain, wet = quoted(1), quoted(2, "It is wet.")
    told = [
        rain.model_copy(update={"claim": (0, 4)}),
        wet.model_copy(update={"claim": (9, 13)}),
    ]
    whole = answer("Bad. [1]\nWet. [2]", citations=told, summarized=True)
    out = printed(
        capsys, whole, Quoted(quotes=(rain,)), Delta(text="Bad. [1]", citations=told[:1]),
        Quoted(quotes=(wet,)), Delta(text="\nWet. [2]", citations=told[1:]),
    )  # fmt: skip
    assert out == f"{RAIN}\nSummary\nBad. [1]\n\n{WET}\nSummary\nWet. [2]\n"


def test_the_words_that_answer_are_bold_where_there_are_colours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    speaking = QUOTES.model_copy(update={"citations": (quoted(1, speaker="Qin \x1b[31mGang"),)})
    plain = printed(capsys, speaking)
    assert "\x1b" not in plain and "    said by Qin \ufffd[31mGang\n" in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[1;4mrains\x1b[0m" in printed(capsys, speaking)


@pytest.mark.parametrize(
    ("question", "line"),
    [("What did the sensor say?", "said by A sensor"), ("Warum wurde die Brücke geschlossen?", "gesagt von A sensor")],
)
def test_who_speaks_is_told_as_who_speaks(capsys: pytest.CaptureFixture[str], question: str, line: str) -> None:
    AnswerPrinter(question).finish(QUOTES.model_copy(update={"citations": (quoted(1, speaker="A sensor"),)}))
    assert f"\n    {line}\n" in capsys.readouterr().out


def test_a_refusal_is_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    refused = answer("The archive does not say.", citations=(), answered=False, reason="not_in_archive")
    out = printed(capsys, refused)
    assert out.startswith("The archive does not say.\n\nNearest passages:\n\n1. Title · Harbour Post")
