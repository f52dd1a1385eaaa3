"""PDF: columns in reading order, divided words joined, running heads and copyright off; and what is no headline."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pypdfium2")

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.typeset import Style, pdf
from rag.ingest.readers.layout import Line, heading, paragraphs
from rag.ingest.readers.pdf import PdfReader
from rag.types import RawArticle

TITLE = "Ferry to Holm cancelled because of ice"
WORDS = [
    "The operator cancelled the ferry on Friday, as the harbour was frozen for the first time in forty years, and "
    "asked travellers to take the long-distance bus, which has to be booked a day in advance at the information desk.",
    "Representatives of the municipality promised that icebreakers would arrive within a fortnight, notwithstanding "
    "the extraordinarily unfavourable circumstances that meteorologists had announced on Wednesday.",
    "Two hundred passengers spent the night in the departure hall. Nobody was injured, the police said.",
]


def read(raw: bytes) -> RawArticle:
    found = PdfReader().article(Path("/p/paper.pdf"), raw)
    assert isinstance(found, RawArticle), found
    return found


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("across", [False, True])
def test_columns_divided_words_and_edges(columns: int, across: bool) -> None:
    article = read(pdf(TITLE, WORDS * 12, Style(columns=columns, across=across)))
    assert article.title == TITLE
    assert article.text.split("\n\n")[1:] == WORDS * 12
    assert (article.author, article.published, article.source) == (None, None, None)


def test_a_word_with_a_hyphen_of_its_own_keeps_it() -> None:
    def line(text: str, bottom: float) -> Line:
        return Line(text, 50, bottom, 300, bottom + 8, 8)

    told = [line("The long-term plan was short. A long-", 700), line("term plan needs more pass-", 690)]
    assert paragraphs([[*told, line("engers than it has.", 680)]]) == [
        "The long-term plan was short. A long-term plan needs more passengers than it has."
    ]


def test_a_table_is_read_row_by_row() -> None:
    rows = [("Sand", "9,114"), ("Katz", "8,870"), ("Roos", "210"), ("Lind", "12")]
    page = [Line(text, left, 700 - 10 * at, left + 40, 708 - 10 * at, 8)
            for at, row in enumerate(rows) for left, text in zip((50, 300), row, strict=True)]  # fmt: skip
    assert " ".join(paragraphs([page])) == "Sand 9,114 Katz 8,870 Roos 210 Lind 12"


def test_a_headline_stands_out() -> None:
    body = [Line(WORDS[0], 50, 600, 300, 608, 8)]
    assert heading([Line("Ferry cancelled", 50, 700, 300, 718, 18), *body]) == "Ferry cancelled"
    assert heading(body) is None
    assert heading([]) is None


@settings(max_examples=30, deadline=None)
@given(
    texts=st.lists(
        st.lists(st.sampled_from("harbour ferry of 12 ice Holm I x-ray".split()), min_size=1), min_size=1, max_size=6
    ),
    columns=st.integers(1, 3),
    across=st.booleans(),
)
def test_no_word_is_lost_or_added(texts: list[list[str]], columns: int, across: bool) -> None:
    raw = pdf(
        TITLE, [" ".join(words) for words in texts], Style(columns=columns, across=across, hyphens=False, edges=False)
    )
    found = read(raw).text.split()
    assert sorted(found) == sorted([*TITLE.split(), *(word for words in texts for word in words)])
