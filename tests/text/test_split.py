"""Sentences with exact offsets, passages, words and languages."""

from __future__ import annotations

import time

import pytest
from helpers import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.text.detect import detect_language
from rag.text.split import LONGEST, passages, sentences
from rag.text.tokens import count_words


def split(text: str, language: str = "en") -> list[str]:
    return [text[s.start : s.end] for s in sentences(text, language)]


# " ‖ " marks where one sentence ends and the next begins.
CASES = [
    # abbreviations, titles, initials
    ("en", "Dr. Smith of the U.S. Army met Lt. Gov. Mary Jones. ‖ She left."),
    ("en", "Former U.N. Ambassador Nikki Haley spoke. ‖ Democratic Gov. Ned Lamont did not."),
    ("en", "GOP Rep. Will Mortenson agreed. ‖ Mr. and Mrs. Brown paid Ms. Carroll."),
    ("en", "It was signed by then-Gov. Rick Scott. ‖ It took three weeks."),
    ("en", "J. K. Rowling met George W. Bush. ‖ They spoke."),
    ("en", "Rep. Jamaal Bowman, D-N.Y., pulled the alarm. ‖ He said so."),
    ("en", "Chris Murphy, D-Conn.; and Sheldon Whitehouse, D-R.I., signed it. ‖ Others did not."),
    ("en", "He lives in the U.S. ‖ He is fine."),
    ("en", "Doors open at 6 p.m. Friday in Davenport. ‖ Bring a friend."),
    ("en", "The call is at 11 a.m. Central Time. ‖ Dial in early."),
    ("en", "Guests can walk the ship until 5 p.m. ‖ Tickets cost $150."),
    ("en", "The show runs Sept. 14-Oct. 27. ‖ It is free."),
    ("en", "Inflation is the No. 1 economic concern. ‖ It rose 3.5 percent."),
    ("en", "Yahoo! news said so. ‖ It is true."),
    # quotations
    ("en", "“It is late.” ‖ He left."),
    ("en", "“It is late,” he said. ‖ He left."),
    ("en", "“Why go?” Jones asked. ‖ He left."),
    ("en", "“Go!” she said. ‖ They went."),
    ("en", '"What a magnificent view!" Lochner wrote. ‖ He stayed.'),
    ("en", "The talks failed. ‖ “We will try again in the autumn,” the minister said."),
    ("en", "said Jones, who was then 13. ‖ “When we got there, Chuck was up.” ‖ He left."),
    ("en", "“We do follow the rules. They do apply,” Breyer said. ‖ A battle followed."),
    ("en", "(It was late in the evening.) ‖ Then he left."),
    (
        "en",
        "“I was in a room with the director, and about three other people. ‖ Nobody really reacted to it, and I was so "
        "surprised about the whole thing that I went away again. ‖ It was quite late, and raining, and I had no "
        "umbrella with me at all,” Jones said.",
    ),
    # lists and the rest
    ("en", "14. California"),
    ("en", "He waited … and left. ‖ Nobody came."),
    ("en", "The number fell to 5. ‖ 2020, a bad year, was worse. ‖ 🩺 What we know."),
    # Turkish
    ("tr", "Prof. Dr. Ahmet Yılmaz geldi. ‖ Konuştu."),
    ("tr", "Doç. Dr. Ayşe Kaya açıkladı. ‖ Toplantı bitti."),
    ("tr", "Ülke 176 ülke içinde 139. sırada yer aldı. ‖ Kenya ise 3. sırada."),
    ("tr", "18. yüzyılın başında II. Dünya Savaşı anlatıldı. ‖ Sonra bitti."),
    ("tr", "Kalem, defter vb. şeyler aldı. ‖ Eve döndü."),
    ("tr", "Ankara'da 3'üncü kez görüştüler. ‖ İstanbul'a döndüler. ‖ 1999'da Floyd geldi."),
    ("tr", "“Gelmeyeceğim.” dedi. ‖ Çıktı."),
    ("tr", "“Neden geldin?” diye sordu. ‖ Cevap yoktu."),
    # Chinese
    ("zh", "他说：“你好。” ‖ 然后走了！ ‖ 真的？ ‖ 好。"),
    ("zh", "“这是不对的。”他说。 ‖ 会谈结束了。"),
    ("zh", "布林肯抵达北京。 ‖ 秦刚与他会谈，谈了七个半小时。"),
    # others
    ("de", "Am 3. Juli kam Dr. Müller nach Berlin. ‖ Er blieb."),
    ("de", "„Wir gehen.“ ‖ Dann kam sie."),
    ("fr", "Il est parti. ‖ « Je reviendrai », a dit M. Dupont."),
    ("es", "¿Por qué se fue? ‖ Nadie lo sabe."),
]


@pytest.mark.parametrize(("language", "marked"), CASES)
def test_real_news(language: str, marked: str) -> None:
    gap = "" if language == "zh" else " "
    assert split(marked.replace(" ‖ ", gap), language) == marked.split(" ‖ ")


def test_a_paragraph_ends_a_sentence() -> None:
    assert split("A headline\n\nIt rained. It poured\n\nand stopped.") == [
        "A headline",
        "It rained.",
        "It poured",
        "and stopped.",
    ]
    assert split("A headline of some words\nThen a long line " + "of many words " * 20)[0] == "A headline of some words"


def test_lines_wrapped_at_a_width_are_one_paragraph() -> None:
    text = (
        "The talks in Beijing on Sunday lasted for more than\nseven hours, an hour more than was expected by the\n"
        "delegation. They ended well."
    )
    assert split(text) == [text[: text.index(" They")], "They ended well."]


HOSTILE = st.lists(
    st.one_of(
        st.sampled_from(
            list(
                ' \t\n\r\x0b\x0c\x1c\x85\u2028\u2029\u00a0\u3000.!?。！？…"“”‘’«»()[]「」;:,、，-–—*•0123456789aAIıİşV'
            )
        ),
        st.sampled_from(
            ["👩‍👩‍👧", "🇹🇷", "e\u0301", "\u200b", "\u200d", "\u202e", "\u0627\u0644", "ש", "字", "\ud800", "\U0001f600"]
        ),
        st.sampled_from(["U.S. ", "Dr. ", " p.m. ", "\r\n", "\n\n", "He said. ", ".” ", " “", "word " * 30, '." ']),
        st.text(max_size=5),
        st.characters(categories=("Cs", "Cc", "Cf", "Mn", "Zs")),
    ),
    max_size=80,
).map("".join)


def check(text: str, language: str) -> None:
    found = sentences(text, language)
    at = 0
    for s in found:
        assert at <= s.start < s.end <= len(text)
        assert text[at : s.start].strip() == ""
        piece = text[s.start : s.end]
        assert piece == piece.strip()
        assert len(piece) <= LONGEST
        at = s.end
    assert text[at:].strip() == ""
    for s in found:
        assert "\n\n" not in text[s.start : s.end].replace("\r\n", "\n")
    runs = passages(text, found)
    assert [i for a, b in runs for i in range(a, b)] == list(range(len(found)))
    for a, b in runs:
        assert a < b
        assert b - a == 1 or sum(count_words(text[s.start : s.end]) for s in found[a:b]) <= 110


@settings(max_examples=examples(400), deadline=None)
@given(HOSTILE, st.sampled_from(["en", "tr", "zh", "ar", "xx", "de"]))
@example("“" * 50 + ". ” A", "en")
@example("1. ‘ \n 2. (", "en")
def test_every_character_in_exactly_one_sentence(text: str, language: str) -> None:
    check(text, language)


@pytest.mark.parametrize(
    "text",
    [
        "word " * 20_000,
        "a" * 100_000,
        "字" * 100_000,
        "“" * 60_000,
        '"A b." ' * 15_000,
        "U.S. " * 20_000,
        "👩‍👩‍👧" * 20_000,
        "e\u0301" * 50_000,
        "(a.) " * 20_000,
        "1. " * 30_000,
        "\r\n" * 50_000 + "a",
        "שלום עולם. " * 9_000,
    ],
)
def test_very_long_lines_take_linear_time(text: str) -> None:
    start = time.perf_counter()
    check(text, "en")
    assert time.perf_counter() - start < 5


def test_a_cut_does_not_tear_a_character_apart() -> None:
    text = "e\u0301" * 1000
    assert all(not piece.startswith("\u0301") for piece in split(text))


def test_passages_end_at_paragraphs_once_they_are_long_enough() -> None:
    text = "\n\n".join(["One two three four five six seven eight nine ten. " * 3] * 6)
    found = sentences(text, "en")
    assert passages(text, found) == [(0, 6), (6, 12), (12, 18)]


def test_passages_never_pass_the_limit() -> None:
    text = "One two three four five six seven eight nine ten. " * 30
    assert passages(text, sentences(text, "en")) == [(0, 11), (11, 22), (22, 30)]


def test_a_long_sentence_stands_alone() -> None:
    text = "Short one. " + "Go " + "on " * 113 + "forever. Short two."
    assert passages(text, sentences(text, "en"), max_words=50) == [(0, 1), (1, 2), (2, 3)]


def test_no_sentences_no_passages() -> None:
    assert sentences(" \n ", "en") == []
    assert passages(" \n ", []) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The secretary of state is meeting the president in Beijing.", "en"),
        ("what did Qin Gang say about relations?", "en"),
        ("Dışişleri bakanı pazar günü Pekin'de bir görüşme yaptı ve sonra ayrıldı.", "tr"),
        ("Qin Gang ilişkiler için ne dedi?", "tr"),
        ("布林肯在北京会见习近平。", "zh"),
        ("秦刚说了什么？", "zh"),
        ("ブリンケン長官は北京で会談した。", "ja"),
        ("블링컨 장관은 베이징에서 회담했다.", "ko"),
        ("Государственный секретарь прибыл в Пекин.", "ru"),
        ("وصل وزير الخارجية إلى بكين.", "ar"),
        ("Der Außenminister ist am Sonntag in Peking mit dem Präsidenten zusammengetroffen.", "de"),
        ("Le secrétaire d'État est arrivé à Pékin pour une visite de deux jours.", "fr"),
        ("El secretario de Estado llegó a Pekín para una visita de dos días.", "es"),
        ("Il segretario di Stato è arrivato a Pechino per una visita di due giorni.", "it"),
        ("O secretário de Estado chegou a Pequim para uma visita de dois dias.", "pt"),
        ("De minister is zondag in Peking aangekomen voor een bezoek van twee dagen.", "nl"),
        ("Photos: Pope Benedict XVI's life", "en"),
        ("Baby formula shortage continues: 8 tips to safely feed an infant", "en"),
        ("As Sears falters, shadow darkens over American malls", "en"),
        ("Vláda se sejde s novým prezidentem v Praze.", "cs"),
        ("L'ambasciatore s'è detto d'accordo con l'Italia.", "it"),
        ("", "en"),
        ("12345 !!!", "en"),
        ("xyzzy", "en"),
    ],
)
def test_detect_language(text: str, language: str) -> None:
    assert detect_language(text) == language
