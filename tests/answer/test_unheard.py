"""Names of a question that are nowhere in what was searched are told, and cost no answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import row, write_rows

from rag import Archive

ROWS = [
    row(
        "survey",
        "The Royal Pharmaceutical Society asked 2,000 people. Eighty-four percent of them washed their hands badly.",
        title="Survey",
        source="Harbour Post",
    ),
    row("visit", "Volodymyr Zelenskyy praised the Iranian envoy. He thanked Sara Lind for the boats.", title="Visit"),
    row("boats", "The boats were repaired in Brest.", title="Boats", source="Pacific Ledger"),
]


@pytest.fixture
def filled(archive: Archive, tmp_path: Path) -> Archive:
    archive.ingest(write_rows(tmp_path / "rows.jsonl", *ROWS))
    return archive


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What did Zelenskyy say about Vladimir Putin?", ("Vladimir Putin",)),
        ("What did Putin tell Merkel about Zelenskyy?", ("Putin", "Merkel")),
        ("What did Zelensky say about the envoy?", ()),  # another spelling
        ("What did the envoy of Iran hear?", ()),  # another form
        ("Who thanked sara lind?", ()),
        ("Does the Harbour Post tell of the survey?", ()),
        ("Were the boats repaired in May?", ()),
        ("What did the survey of the RPS find?", ("RPS",)),
    ],
)
def test_what_nothing_names_is_told(filled: Archive, question: str, names: tuple[str, ...]) -> None:
    assert filled.ask(question).unheard == names


def test_it_is_of_what_was_searched(filled: Archive) -> None:
    assert filled.ask("Were boats repaired in Brest?").unheard == ()
    assert filled.ask("Were boats repaired in Brest?", sources=["Harbour Post"]).unheard == ("Brest",)


@pytest.mark.parametrize("question", ["Welche Boote wurden im Hafen repariert?", "Qui a remercié Macron?"])
def test_a_question_in_a_language_of_no_article_tells_nothing(filled: Archive, question: str) -> None:
    assert filled.ask(question).unheard == ()


def test_it_stands_beside_an_answer_and_a_refusal(filled: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    from rag.cli.printing import AnswerPrinter
    from rag.langchain import told

    answer = filled.ask("Who repaired the boats of Merkel in Brest?")
    for one in (answer, answer.model_copy(update={"answered": False, "reason": "not_in_archive", "citations": ()})):
        AnswerPrinter().finish(one)
        line = "Not in any article that was searched: Merkel"
        assert line in capsys.readouterr().out and line in told(one)
