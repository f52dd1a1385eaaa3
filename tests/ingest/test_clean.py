"""Scraped leftovers go; words stay."""

from __future__ import annotations

import time
import unicodedata
from pathlib import Path

import pytest
from helpers import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.ingest.clean import clean, clean_title
from rag.ingest.load import load
from rag.types import RawArticle, Skipped

SEED = Path(__file__).parents[2] / "../shared/data/seed/blinken-xi-beijing.txt"

ARTICLE = (
    "The minister arrived in Beijing on Sunday for two days of talks that nobody expected to end in an agreement.\n\n"
    "He met his counterpart for more than seven hours, an hour more than had been planned, and then had dinner.\n\n"
    "Both sides called the talks candid and said that they would go on in Washington before the end of the year."
)


def cleaned(text: str, title: str = "") -> RawArticle:
    result = clean(RawArticle(key="k", title=title, text=text))
    assert isinstance(result, RawArticle)
    return result


@pytest.mark.skipif(not SEED.exists(), reason="../shared/data is not there")
def test_the_seed_article() -> None:
    (draft,) = load([SEED])
    assert isinstance(draft, RawArticle)
    result = clean(draft)
    assert isinstance(result, RawArticle)
    assert result.title == "Antony Blinken meets Xi Jinping in Beijing"
    assert result.text.startswith("The US secretary of state, Antony Blinken, is meeting")
    assert result.text.endswith("a Chinese spy balloon flying over its soil.")
    for leftover in ("Related Posts", "Bir cevap", "E-posta", "| China"):
        assert leftover not in result.text


@pytest.mark.parametrize(
    "tail",
    [
        "Related Posts\n\nBir cevap yazın\n\nE-posta hesabınız yayımlanmayacak. Gerekli alanlar * ile işaretli",
        "Related articles",
        "RELATED:\n\nA headline of another story\n\nYet another headline",
        "Leave a Reply\n\nYour email address will not be published. Required fields are marked *\n\nComment\n\nName *",
        "Your email address will not be published.",
        "You may also like\n\nTen recipes for autumn",
        "İLGİLİ HABERLER\n\nBaşka bir haber\n\nYORUM YAPIN",
        "E-posta hesabınız yayımlanmayacak.",
        "Deja una respuesta\n\nTu dirección de correo electrónico no será publicada.",
        "Laisser un commentaire\n\nVotre adresse e-mail ne sera pas publiée.",
        "Schreibe einen Kommentar\n\nDeine E-Mail-Adresse wird nicht veröffentlicht. Erforderliche Felder",
        "Lascia un commento\n\nIl tuo indirizzo email non sarà pubblicato.",
        "Deixe um comentário\n\nO seu endereço de e-mail não será publicado.",
        "发表回复\n\n您的邮箱地址不会被公开。 必填项已用 * 标注",
        "相关阅读\n\n另一条新闻",
        "Добавить комментарий",
        "Most popular\n\n1. A headline\n\n2. Another headline",
        "Share this article\n\nFacebook Twitter Email",
        "Sign up for our newsletter",
        "Follow us on Twitter and Facebook",
        "Advertisement",
        "This website uses cookies to give you the best experience.",
        "Have an opinion on this story?\n\nShare it",
    ],
)
def test_trailing_blocks_go(tail: str) -> None:
    assert cleaned(f"{ARTICLE}\n\n{tail}").text == ARTICLE


@pytest.mark.parametrize(
    "line",
    [
        "Advertisement",
        "ADVERTISEMENT",
        "Story continues below advertisement",
        "Sign up for CNN's Wonder Theory science newsletter. Explore the universe.",
        "Get our free weekly newsletter",
        "Follow Mike Snider on Twitter: @mikesnider.",
        "Share on Facebook",
        "Facebook | Twitter | Email",
        "Read more:",
        "Reklam",
        "Publicidad",
        "Accept all cookies",
    ],
)
def test_promos_in_the_middle_go(line: str) -> None:
    first, *rest = ARTICLE.split("\n\n")
    assert cleaned("\n\n".join([first, line, *rest])).text == ARTICLE


@pytest.mark.parametrize(
    "text",
    [
        "Blogs show “Related Posts” under an article, and a new law forbids that. The minister said so on Sunday.",
        "We use cookies on all our pages, said the company, which was fined by the regulator for not saying so.",
        "Cookies are small files.\n\nThe new rules on cookies were passed on Monday.\n\nWebsites must ask first.",
        "Related posts are a common feature of blogs, and readers rarely click on them, a study found.",
        "Leave a reply to the king waiting, and he may lose patience, the chronicler wrote.",
        "More on this later, the minister said, and left the room without another word to the press.",
        "He asked his followers to follow him on Twitter and then deleted the account, the court heard on Monday.",
        "The advertisement was banned.\n\nIt showed a car that drove by itself.",
    ],
)
def test_prose_stays(text: str) -> None:
    assert cleaned(text).text == text
    assert cleaned(f"{ARTICLE}\n\n{text}").text == f"{ARTICLE}\n\n{text}"


def test_a_heading_in_the_first_half_cuts_nothing_off() -> None:
    text = f"It was a short day.\n\nRelated Posts\n\n{ARTICLE}"
    assert cleaned(text).text.endswith(ARTICLE)


def test_a_story_that_goes_on_below_links_is_kept() -> None:
    going_on = (
        "Preparing for the talks, the senator said that his family was looking forward to visiting the White House."
    )
    text = f"{ARTICLE}\n\nRead more:\n\nA headline of another story\n\n{going_on}"
    assert cleaned(text).text.endswith(going_on)


def test_up_next_is_news() -> None:
    text = f"{ARTICLE}\n\nUP NEXT\n\nThe series shifts to Florida for two games on Friday and Sunday."
    assert cleaned(text).text == text


@pytest.mark.parametrize(
    ("title", "result"),
    [
        ("Antony Blinken meets Xi Jinping in Beijing | China", "Antony Blinken meets Xi Jinping in Beijing"),
        ("Why a tax rise was dropped | CNN Politics", "Why a tax rise was dropped"),
        ("World's population hits eight billion | The ...", "World's population hits eight billion"),
        ("Talks fail in Beijing | World news | The Guardian", "Talks fail in Beijing"),
        ("Storm hits coast - BBC News", "Storm hits coast"),
        ("Trump wins again – The New York Times", "Trump wins again"),
        ("Erdoğan Washington'da - Hürriyet", "Erdoğan Washington'da"),
        ("习近平会见布林肯 - 新华网", "习近平会见布林肯"),
        (
            "Damar Hamlin updates: player asked in writing if team ...",
            "Damar Hamlin updates: player asked in writing if team ...",
        ),
        ("Covid-19 - what we know now", "Covid-19 - what we know now"),
        ("Election 2022 – winners and losers", "Election 2022 – winners and losers"),
        ("Black Friday | 5 places to shop", "Black Friday | 5 places to shop"),
        ("War | Peace", "War | Peace"),
        ("", ""),
    ],
)
def test_titles(title: str, result: str) -> None:
    assert clean_title(title) == result


def test_the_articles_own_outlet_leaves_its_title() -> None:
    assert clean_title("A big storm hits - Mytown Bee", source="Mytown Bee") == "A big storm hits"
    assert clean_title("A big storm hits - mytown", url="https://www.mytown.example/x") == "A big storm hits"
    assert clean_title("A big storm hits - Mytown Bee") == "A big storm hits - Mytown Bee"


def test_a_first_line_that_repeats_the_title_goes() -> None:
    assert cleaned(f"A title | News\n\n{ARTICLE}", "A title | News").text == ARTICLE
    assert cleaned(f"A  TITLE\n\n{ARTICLE}", "A title").text == ARTICLE
    assert cleaned("A title", "A title").text == "A title"


def test_characters() -> None:
    text = (
        "One\r\ntwo\rthree\x00 fo\u00adur\u200b\u00a0five \ud800\n\n\n\n\nsix\x0c seven\ufeff e\u0301 it\x92s \u2028end"
    )
    result = cleaned(text).text
    assert result == "One\ntwo\nthree four five \ufffd\n\nsix\nseven \u00e9 it’s\nend"
    assert "👩‍👩‍👧" in cleaned("A family 👩‍👩‍👧 came").text


def test_nothing_left() -> None:
    for text in ("", "  \n ", "\x00\x01", "Advertisement"):
        assert isinstance(clean(RawArticle(key="k", text=text, origin="o")), Skipped)


@settings(max_examples=examples(200), deadline=None)
@given(st.text())
def test_any_text_comes_out_in_order(text: str) -> None:
    result = clean(RawArticle(key="k", text=text))
    if isinstance(result, RawArticle):
        assert result.text == result.text.strip() != ""
        assert unicodedata.is_normalized("NFC", result.text)
        assert "\n\n\n" not in result.text
        assert not any(unicodedata.category(c) in ("Cc", "Cs") and c != "\n" for c in result.text)
        assert clean(result) == result


_PROSE = (
    "The harbour was closed on Monday, the harbour master said, and it stayed closed for the whole of the week, since "
    "a storm had damaged more than a hundred boats that nobody knew how to repair before the summer and its guests.\n"
)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (_PROSE * 2000 + "Comments\n" * 20_000 + _PROSE * 2, "x"),
        (_PROSE * 2000 + "Read more\n" * 20_000 + _PROSE, "x"),
        (_PROSE * 2000 + "Related stories\n" * 20_000 + _PROSE, "x"),
        ("x\n" * 100_000 + _PROSE, "x"),
        ("The harbour is closed.", "a | " * 20_000 + "a - " * 20_000),
        (_PROSE + "a" + "\u0301\u0316" * 100_000, "x"),
    ],
    ids=["tail", "links", "related", "lines", "title", "marks"],
)
def test_cleaning_takes_no_time_that_grows_with_the_square(text: str, title: str) -> None:
    began = time.process_time()
    cleaned = clean(RawArticle(key="k", title=title, text=text, origin="o"))
    assert time.process_time() - began < 3
    assert isinstance(cleaned, RawArticle) and "harbour" in cleaned.text
