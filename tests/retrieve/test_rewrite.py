"""Follow-up questions: what leans on the conversation is completed, what stands alone is left."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.quality import followups
from rag.retrieve.rewrite import LONGEST, condense

TOLD = ("What did Wang Yi tell Blinken?", "“It was necessary to make a choice,” he told Antony Blinken. [1]")
PROMISED = ("What did the mayor promise?", "The mayor promised a review. [1]")
QIN = (
    "What did Qin Gang say about relations?",
    "Qin Gang told Blinken that relations “are at the lowest point since diplomatic relations began”. [1]",
)
KELLMOUTH = ("How much will the Kellmouth tram cost?", "Kellmouth’s tram extension will cost £97 million. [1]")
FED = ("Did the Fed raise rates in June 2023?", "The Fed held rates. [1] Jerome Powell said more may follow. [2]")
TRAM = ("When will the tram extension open?", "The tram extension to Velle opens in 2027, the council said. [1]")
MINISTER = ("Who is the finance minister of Turkey?", "Mehmet Simsek became finance minister in June. [1]")
TRIP = ("Why was the trip called off?", "Blinken cancelled the trip after a Chinese balloon was seen over Montana. [1]")
GENEVA = ("What did Iran and the European Union discuss?", "Iran and the European Union discussed a draft. [1]")
MUSEUM = ("Where is the Maritime Museum?", "The Maritime Museum is in Port Velle. [1]")
HOLT = ("What did Maren Holt say about the bridge?", "")


@pytest.mark.parametrize(
    ("before", "asked", "alone"),
    [
        # a person
        (QIN, "What did he say about Taiwan?", "What did Qin Gang say about Taiwan?"),
        (QIN, "who is he?", "Who is Qin Gang?"),
        (QIN, "What is his role?", "What is Qin Gang’s role?"),
        (HOLT, "What did she say about the tram?", "What did Maren Holt say about the tram?"),
        (HOLT, "Did anybody support her?", "Did anybody support Maren Holt?"),
        (HOLT, "Who are her supporters?", "Who are Maren Holt’s supporters?"),
        (QIN, "When did they meet?", "When did Qin Gang and Blinken meet?"),
        # whom the answer names, where the question asked for them or named nobody
        (MINISTER, "When was he appointed?", "When was Mehmet Simsek appointed?"),
        (FED, "What did he say?", "What did Jerome Powell say?"),
        (TRIP, "How did he react?", "How did Blinken react?"),
        # a thing, not a person
        (FED, "What did it do next?", "What did the Fed do next?"),
        (KELLMOUTH, "And when will it open?", "When will the Kellmouth tram open?"),
        (TRAM, "How much will it cost?", "How much will the tram extension cost?"),
        (TRIP, "Has it been rescheduled?", "Has the trip been rescheduled?"),
        (GENEVA, "Did they agree?", "Did Iran and European Union agree?"),
        (MUSEUM, "Is it free?", "Is the Maritime Museum free?"),
        (MUSEUM, "And how do I get there?", "How do I get to Port Velle?"),
        (MUSEUM, "What can I see there?", "What can I see in Port Velle?"),
        # the subject is missing
        (QIN, "and what did Wang Yi say?", "What did Wang Yi say about relations?"),
        (QIN, "What else did he say?", "What else did Qin Gang say about relations?"),
        (HOLT, "Why did she say it?", "Why did Maren Holt say it about the bridge?"),
        (TRIP, "and what did China say?", "Why was the trip called off? what did China say?"),
        (QIN, "What did the minister say?", "Qin Gang: What did the minister say?"),
        (GENEVA, "What does this agreement say?", "Iran: What does this agreement say?"),
        # fragments
        (QIN, "And Wang Yi?", "What did Wang Yi say about relations?"),
        (QIN, "What about Wang Yi?", "What did Wang Yi say about relations?"),
        (QIN, "and about Taiwan?", "What did Qin Gang say about Taiwan?"),
        (MINISTER, "What about France?", "Who is the finance minister of France?"),
        (MINISTER, "and of Greece?", "Who is the finance minister of Greece?"),
        (FED, "what about the ECB?", "Did the ECB raise rates in June 2023?"),
        (FED, "What about Turkey?", "Did Turkey raise rates in June 2023?"),
        (TRAM, "What about the bridge?", "When will the bridge open?"),
        (FED, "and in 2022?", "Did the Fed raise rates in 2022?"),
        (FED, "and in July?", "Did the Fed raise rates in July 2023?"),
        (FED, "and before that?", "Did the Fed raise rates in June 2023 before that?"),
        (FED, "Why?", "Why did the Fed raise rates in June 2023?"),
        (QIN, "why?", "What did Qin Gang say about relations? why?"),
        (TRAM, "How many?", "When will the tram extension open? How many?"),
        (QIN, "And the spokeswoman?", "What did the spokeswoman say about relations?"),
        (QIN, "And the balloon?", "What did Qin Gang say about the balloon?"),
        (TOLD, "And what did the spokeswoman say?", "What did the spokeswoman say?"),
        (TOLD, "And the opposition leader?", "What did the opposition leader tell Blinken?"),
        (PROMISED, "And the treasurer?", "What did the treasurer promise?"),
        # a name in part
        (HOLT, "Where was Holt born?", "Where was Maren Holt born?"),
    ],
)
def test_what_leans_is_completed(before: tuple[str, str], asked: str, alone: str) -> None:
    assert condense(asked, [before]) == alone


@pytest.mark.parametrize("before", [QIN, FED, TRAM, MINISTER, TRIP, GENEVA, MUSEUM, HOLT])
@pytest.mark.parametrize(
    "asked",
    [
        "What did Yellen say about chips?",
        "When did the volcano near Grindavik erupt?",
        "Did Janet Yellen say that she would return?",
        "How high is inflation in the euro zone now?",
        "Why did the nurses of Velle say that they would return?",
        "How long did it take to put out the fire in Sarrano?",
        "Is it true that the harbour of Ostrava was closed?",
        "What would it cost to repair the library's boiler and roof?",
        "Was it legal for the harbour of Ostrava to close?",
        "What does the Velle fever vaccine cost?",
        "Was it snowing in Chicago because of the storm?",
        "Enflasyon haziran ayında ne kadar oldu?",
        "王毅对台湾问题说了什么？",
        "thanks",
        "?",
        "",
        "  ",
    ],
)
def test_what_stands_alone_is_left(before: tuple[str, str], asked: str) -> None:
    assert condense(asked, [before]) == asked


def test_the_first_question_is_left() -> None:
    assert condense("and what did he say there?", []) == "and what did he say there?"


@pytest.mark.parametrize(
    ("before", "asked", "alone"),
    [
        ("秦刚说了什么？", "为什么？", "秦刚说了什么？ 为什么？"),
        ("Merkez Bankası faizi neden artırdı?", "neden?", "Merkez Bankası faizi neden artırdı? neden?"),
        ("Was sagte Baerbock in Peking?", "und Scholz?", "Was sagte Baerbock in Peking? und Scholz?"),
    ],
)
def test_fragments_of_other_languages_follow_the_last_question(before: str, asked: str, alone: str) -> None:
    assert condense(asked, [(before, "")]) == alone


def test_a_chain_of_questions_keeps_its_subject() -> None:
    history = [QIN]
    for asked, alone in (
        ("and what did Wang Yi say?", "What did Wang Yi say about relations?"),
        ("and about Taiwan?", "What did Wang Yi say about Taiwan?"),
        ("Why did he say that?", "Why did Wang Yi say that about Taiwan?"),
        ("What did Yellen say about chips?", "What did Yellen say about chips?"),
        ("When did she arrive?", "When did Yellen arrive?"),
        ("And Blinken?", "When did Blinken arrive?"),
    ):
        assert condense(asked, history) == alone
        history.append((asked, ""))


def test_whom_a_pronoun_stood_for_it_goes_on_standing_for() -> None:
    history = [("Who did Ozzie Smith play for?", "Smith played for the Cardinals. [1]"), ("Was he injured?", "")]
    assert condense("Did he retire?", history) == "Did Ozzie Smith retire?"


def test_marks_of_citations_are_no_words() -> None:
    made = condense("When was he appointed?", [(MINISTER[0], "Mehmet Simsek [1][2] was appointed. [3]")])
    assert made == "When was Mehmet Simsek appointed?"


def test_a_place_is_nobody() -> None:
    talk = [
        ("How many people died in the Velmora bridge collapse?", "A bridge collapsed in the town of Velmora. [1]"),
        ("What did the mayor say about it?", "“We warned them,” said Ilsa Brandt, the mayor of Velmora. [1]"),
    ]
    assert condense("Who is she?", talk) == "Who is the mayor?"
    talk.append(("And what did Oresk say?", "Oresk said there would be an inquiry. [1]"))
    assert condense("When did he resign?", talk) == "When did Oresk resign?"


def test_a_long_question_is_left_as_it_was_asked() -> None:
    asked = "Did he say that " + "relations are at a low point and " * 9 + "nothing else?"
    assert len(asked) > LONGEST
    assert condense(asked, [QIN]) == asked
    long = (f"What did Qin Gang say about {'relations and ' * 25}trade?", "")
    assert condense("why?", [long]) == "why?"


WORDS = st.lists(
    st.sampled_from(
        "And what did he say about it there in 2022 why Qin Gang the minister they Turkey's “Life” ? ! [1] and her "
        "U.S. 桥 neden was it this agreement before that May June how many \n \ud800".split(" ")
    ),
    max_size=12,
).map(" ".join)


@given(WORDS | st.text(max_size=40), st.lists(st.tuples(WORDS | st.text(max_size=40), WORDS), max_size=4))
def test_any_conversation_is_taken(question: str, history: list[tuple[str, str]]) -> None:
    made = condense(question, history)
    assert made == condense(question, history)
    assert made == question or len(made) <= LONGEST
    if not history:
        assert made == question


@pytest.mark.parametrize(
    "piece", ["A ", "the a ", "Aa of the ", "in May 2020 ", "what did he say ", "- ' - ’", "A.", "“"]
)
def test_no_text_takes_long(piece: str) -> None:
    text = (piece * 4000)[:4000]
    started = time.perf_counter()
    condense(text, [(text, text)])
    condense("What did he say there?", [(text, text)])
    assert time.perf_counter() - started < 2


# -- the benchmark ------------------------------------------------------------------


def test_the_benchmark_says_what_is_not_there(tmp_path: Path, capsys: Any) -> None:
    assert followups.main([str(tmp_path / "none.json")]) == 1
    assert "Skipped: there is no file" in capsys.readouterr().out


def test_the_benchmark_counts(tmp_path: Path, capsys: Any) -> None:
    def row(question: str, rewrite: str) -> dict[str, Any]:
        history = ["Maren Holt", "Early life", "Where was Maren Holt born?", "I don't know."]
        return {"History": history, "Question": question, "Rewrite": rewrite}

    file = tmp_path / "canard.json"
    rows = [row("When did she retire?", "When did Maren Holt retire?"), row("Is Velle large?", "Is Velle large?")]
    file.write_text(json.dumps(rows), "utf-8")
    assert followups.main([str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "| rules | 2 | 1.000 | 1.000 | 1.000 | 1.000 (1 cases) | 1 of 1 |"
    assert lines[3] == "| unchanged | 2 | 0.667 | 1.000 | 0.750 | 0.000 (1 cases) | 1 of 1 |"
    assert lines[4].startswith("| with the last question and answer | 2 | 1.000 | ")


@pytest.mark.parametrize(
    ("question", "last", "made"),
    [
        (
            "How many of them were soldiers?",
            "How many people caught the virus at Base Lindt to begin with?",
            "How many of the people who caught the virus at Base Lindt were soldiers?",
        ),
        (
            "How many of those were tourists?",
            "How many visitors were on the boat?",
            "How many of the visitors that were on the boat were tourists?",
        ),
        ("On Drug B?", "And how many of those on Drug A died?", "And how many of those on Drug B died?"),
    ],
)
def test_a_fragment_and_of_them_take_their_noun_from_the_question_before(question: str, last: str, made: str) -> None:
    assert condense(question, [(last, "36.")]) == made
