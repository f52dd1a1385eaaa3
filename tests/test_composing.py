"""An answer's text put together: where sentences stand, and how what they cite is numbered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.composing import NO_CLAIM, AnswerText, by_sentence, recomposed, without_marks
from rag.types import Answer, Citation, Query


def cited(article: str, start: int = 0, *, number: int = 9, claim: tuple[int, int] = (0, 0)) -> Citation:
    return Citation(
        number=number, article_id=article, title="News", quote="words", start=start, end=start + 5, claim=claim,
        support="supported",
    )  # fmt: skip


def answer(text: AnswerText) -> Answer:
    return Answer(
        question="q", query=Query(text="q", standalone="q"), text=text.text, citations=tuple(text.citations),
        answered=bool(text.citations), model="m", fingerprint="f",
    )  # fmt: skip


def test_sentences_stand_one_after_the_other_with_their_marks() -> None:
    text = AnswerText()
    first = text.add("They met.", [cited("a")])
    assert (first.text, first.citations[0].number, first.citations[0].claim) == ("They met. [1]", 1, (0, 9))
    second = text.add("They talked.", [cited("b"), cited("a")], separator="\n")
    assert second.text == "\nThey talked. [2][1]"
    assert text.text == "They met. [1]\nThey talked. [2][1]"
    assert text.citations == [*first.citations, *second.citations]
    assert text.sentences == ("They met.", "They talked.")


def test_words_cited_twice_have_one_number_and_one_mark() -> None:
    text = AnswerText()
    text.add("They met.", [cited("a"), cited("a"), cited("a", 7)])
    text.add("They met again.", [cited("a", 7)])
    assert text.text == "They met. [1][2] They met again. [2]"
    assert [c.number for c in text.citations] == [1, 1, 2, 2]


def test_a_sentence_that_cites_nothing_has_no_mark() -> None:
    text = AnswerText()
    assert text.add("They met.", []).text == "They met."
    assert (text.citations, text.sentences) == ([], ())


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        (" They met. [1]", "They met."),
        ("\nThey met. [1][12]", "They met."),
        ("They met. [1] [2]", "They met. [1]"),
        ("It says [1] there. [3]", "It says [1] there."),
        ("They met.", "They met."),
    ],
)
def test_marks_are_taken_off_at_the_end_only(marked: str, plain: str) -> None:
    assert without_marks(marked) == plain


def test_an_answers_sentences_and_plain_text_are_without_marks() -> None:
    text = AnswerText()
    assert (answer(text).sentences, answer(text).plain_text) == ((), "")
    text.add("It says [1] there.", [cited("a")])
    text.add("They met.", [cited("b"), cited("a")], separator="\n")
    assert answer(text).sentences == text.sentences == ("It says [1] there.", "They met.")
    assert answer(text).plain_text == "It says [1] there. They met."
    refused = answer(AnswerText()).model_copy(update={"text": "Nothing in the archive clearly answers this question."})
    assert (refused.sentences, refused.plain_text) == ((), refused.text)


def test_quotes_are_numbered_before_a_sentence_cites_them() -> None:
    text = AnswerText()
    known = cited("a").model_copy(update={"words": (1, 3), "speaker": "Qin Gang"})
    assert [c.number for c in text.quote([known, cited("b"), cited("b")])] == [1, 2, 2]
    assert [c.number for c in text.quote([cited("b"), cited("c")])] == [2, 3]
    told = text.add("They met.", [cited("d"), cited("a")])
    assert told.text == "They met. [4][1]"
    assert (told.citations[1].words, told.citations[1].speaker) == ((1, 3), "Qin Gang"), "known of the quote"
    assert [(c.number, c.claim) for c in text.cited] == [(4, (0, 9)), (1, (0, 9)), (2, NO_CLAIM), (3, NO_CLAIM)]
    assert [c.number for c in answer(text).model_copy(update={"citations": text.cited}).quotes] == [1, 2, 3, 4]


def test_the_quotes_themselves_are_a_text() -> None:
    text = AnswerText()
    text.quote([cited("a").model_copy(update={"quote": "two\n lines"}), cited("b")])
    assert "".join(d.text for d in text.add_quotes()) == text.text == "two lines [1]\nwords [2]"
    assert text.sentences == ("two lines", "words")


def test_a_text_is_put_together_again_from_what_is_kept() -> None:
    text = AnswerText()
    text.quote([cited("a"), cited("b"), cited("c")])
    for sentence, articles in (("One.", "b"), ("Two.", "ab"), ("Three.", "c")):
        text.add(sentence, [cited(a) for a in articles])
    again, places = recomposed(text.text, text.cited, lambda c: c.article_id != "a")
    assert again.text == "One. [1] Three. [2]"
    assert [(again.text[slice(*new)], text.text[slice(*old)]) for old, new in places.items()] == [
        ("One.", "One."), ("Three.", "Three."),
    ]  # fmt: skip
    again, places = recomposed(text.text, text.cited, lambda c: c.article_id == "a")
    assert (again.text, places) == ("words [1]", {})


SENTENCES = st.lists(
    st.tuples(
        st.text(min_size=1, max_size=20).filter(lambda t: t.strip() == t),
        st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), min_size=1, max_size=3),
        st.sampled_from([" ", "\n"]),
    ),
    max_size=6,
)


@given(SENTENCES)
def test_what_holds_of_any_text(sentences: list[tuple[str, list[tuple[str, int]], str]]) -> None:
    text = AnswerText()
    deltas = [text.add(s, [cited(a, n) for a, n in places], separator=sep) for s, places, sep in sentences]
    assert "".join(d.text for d in deltas) == text.text
    assert text.sentences == answer(text).sentences == tuple(s for s, _, _ in sentences)
    for delta, (sentence, places, _) in zip(deltas, sentences, strict=True):
        assert [(c.article_id, c.start) for c in delta.citations] == places
        assert {text.text[slice(*c.claim)] for c in delta.citations} == {sentence}
    numbers = {(c.article_id, c.start): c.number for c in text.citations}
    assert sorted(numbers.values()) == list(range(1, len(numbers) + 1))
    assert all(numbers[c.article_id, c.start] == c.number for c in text.citations)
    assert [c for cited in by_sentence(text.citations).values() for c in cited] == text.citations
