"""What stands beside an answer or a refusal is in the question's language, wherever it is shown."""

from __future__ import annotations

import re

import pytest
from rag.ui import evidence_panel, render
from turns import SUMMARY, WHEN, hit

from rag.cli.printing import AnswerPrinter
from rag.service.openai_text import ChatText
from rag.text.lexicon import having
from rag.text.refusals import Label, language_of, told
from rag.text.word_lists import AnswerLabels, Refusals
from rag.types import Answer, Conflict, RejectedSentence

QUESTIONS = {
    "de": "Warum wurde die Brücke am Montag geschlossen?",
    "es": "¿Por qué se cerró el puente del puerto el lunes?",
    "fr": "Pourquoi le pont du port a-t-il été fermé lundi ?",
    "tr": "Liman köprüsü pazartesi günü neden kapatıldı?",
    "zh": "港口大桥为什么在星期一关闭？",
}
LABELS = [label for label in Label if label not in (Label.SUMMARY_OF, Label.SUMMARY_PLAIN)]


def test_every_language_that_refuses_has_every_label_in_words_of_its_own() -> None:
    assert set(having(AnswerLabels)) == set(having(Refusals)) == {"en", *QUESTIONS}
    assert AnswerLabels._fields == tuple(label.value for label in Label)
    for language in QUESTIONS:
        same = [label for label in Label if told(label, language) == told(label, "en")]
        assert same == [], language
        assert "{model}" in told(Label.SUMMARY_OF, language)
    assert {len(texts) for labels in having(AnswerLabels).values() for texts in labels} == {1}


def english(text: str) -> list[str]:
    """The English labels that stand in a text, as whole words."""
    return [words for label in LABELS if re.search(rf"\b{re.escape(words := told(label, 'en'))}\b", text)]


def full(language: str) -> Answer:
    """An answer with everything that is told by a label."""
    other = Conflict(claim=(0, 1), about="12 / 40", article_id="a7", title="X", quote="Y.", start=0, end=2, newer=True)
    quotes = tuple(
        c.model_copy(
            update={"also_published_by": ("Z",), "opinion": "opinion" if c.number == 2 else "", "speaker": "A. B."}
        )
        for c in SUMMARY.citations
    )
    return SUMMARY.model_copy(
        update={
            "question": QUESTIONS[language],
            "citations": quotes,
            "conflicts": (other,),
            "unanswered": ("?",),
            "unheard": ("Ω",),
            "withheld": (RejectedSentence(text="…", why="…"),),
        }
    )


def refused(language: str) -> Answer:
    return SUMMARY.model_copy(
        update={
            "question": QUESTIONS[language],
            "text": "∅",
            "answered": False,
            "summarized": False,
            "reason": "not_in_archive",
            "citations": (),
            "hits": (hit("…"),),
        }
    )


@pytest.mark.parametrize("language", QUESTIONS)
def test_a_terminal_shows_no_english_label(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert language_of(QUESTIONS[language]) == language
    for answer in (full(language), refused(language)):
        AnswerPrinter(answer.question).finish(answer)
        shown = capsys.readouterr()
        assert english(shown.out + shown.err) == []
    assert told(Label.NEAREST, language) in shown.out


@pytest.mark.parametrize("language", QUESTIONS)
def test_a_chat_shows_no_english_label(language: str) -> None:
    answer = full(language)
    text = ChatText("http://127.0.0.1/").whole(answer)
    assert english(text) == [] and f"\n\n{told(Label.SOURCES, language)}:\n\n" in text
    assert f"{told(Label.SOURCES, language)}:" not in ChatText.without_sources(text)


@pytest.mark.parametrize("language", QUESTIONS)
def test_the_page_and_what_is_copied_show_no_english_label(language: str) -> None:
    for answer in (full(language), refused(language)):
        turn = render.TurnView(
            question=answer.question, number=1, text=answer.text, citations=answer.citations, answer=answer,
            hits=answer.hits, turn_id=1, asked=WHEN,
        )  # fmt: skip
        html = re.sub(r'class="[^"]*"', "", render.turn_html(turn, None))
        assert english(html) == [], "buttons are the page's, and in its language"
    beside = evidence_panel.evidence(answer.hits, 1, refused=True, question=answer.question)
    assert english(beside) == [] and told(Label.NONE_ANSWERS, language) in beside
    assert english(render.plain(full(language))) == []
