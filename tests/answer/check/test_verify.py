# ruff: noqa: E501  sentences of the news are as long as they are
"""The support check on sentences as a model writes them about real news: what passes, and what must never."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rag.answer.check import exact
from rag.answer.check.objections import CHECKS
from rag.answer.check.verify import Cited, supports
from rag.text.normalize import contains
from rag.text.numbers import values

QIN = (
    "However, behind closed doors, Qin told Blinken that relations between the US and China “are at the lowest point since "
    "the establishment of diplomatic relations”, according to state-run broadcaster CCTV."
)
SUNDAY = (
    "On Sunday, Blinken held talks lasting more than seven and a half hours – an hour more than expected – with the Chinese "
    "foreign minister, Qin Gang."
)
WANG = (
    "Describing the US-China relationship as being at a low point, Wang said the root cause was the United States’ wrong "
    "perception of China."
)
FEBRUARY = (
    "Blinken was originally scheduled to visit in February but abruptly scrapped his plans as the US protested against – and "
    "later shot down – what it said was a Chinese spy balloon flying over its soil."
)
CRACKS = "Engineers found cracks in two of the nine piers during an inspection in March."
COST = "The tram will cost €1.2 million more than the 40 million euros that were planned, the city said on 3 May 2021."
DENIAL = "Blinken denied that the talks were a failure."
NOBODY = "Nobody in Beijing believes that China wants a war over Taiwan."
TAIWAN = (
    "He called the island “the core of China’s core interests” and said it was the most prominent risk in dealings."
)
VACCINE = "The vaccine was not approved by the agency, which asked for more data from 1,200 patients."
RATES = "The Federal Reserve left its rates unchanged at 5 to 5.25 percent, pausing after ten increases in a row."
HELD = "Merkez Bankası faizi yüzde 8,5’ten yüzde 15’e çıkardı."
LIRA = "Başkan Hafize Gaye Erkan “sıkılaştırma süreci başlamıştır” dedi."
XI = "习近平在北京会见布林肯，会谈持续了35分钟。"
QIN_ZH = "秦刚表示，中美关系处于建交以来的最低点。"
ZELENSKY = "“We will not give up a metre of our land,” Zelensky said on Tuesday, a day before Putin spoke in Moscow."
HOLT = "“We would rather close it now than be sorry later,” said Maren Holt, the authority’s director."
TWELVE = "About 12 million people left the region, and 30,000 stayed."
MATCH = "Sarah Lane scored twice as Rovers beat Albion 3-1 at Elm Park on Saturday."
COURT = "The court ordered Acme Corp to pay Beta Ltd $4.5bn in damages."
ELECTION = "Erdoğan won 52.18% of the vote; his rival Kemal Kılıçdaroğlu took 47.82%."

Case = tuple[str, str, str, str]


def case(claim: str, said: str, around: str = "", label: str = "") -> Case:
    return claim, said, around, label


SUPPORTED = [
    # The sentence itself, whole or with other marks around it.
    case(QIN, QIN),
    case(CRACKS, CRACKS),
    case("Engineers found cracks in two of the nine piers during an inspection in March", CRACKS),
    case("engineers found cracks in two of the nine piers during an inspection in March!", CRACKS),
    case(HOLT.replace("“", '"').replace("”", '"').replace("’", "'"), HOLT),
    # Names made whole from what stands around.
    case(
        "Qin Gang told Blinken that relations between the US and China “are at the lowest point since the establishment of "
        "diplomatic relations”, according to CCTV.",
        QIN,
        SUNDAY,
    ),
    case("Qin told Blinken that relations between the United States and China are at the lowest point.", QIN),
    case("Blinken held talks lasting more than seven and a half hours with Qin Gang on Sunday.", SUNDAY),
    case(
        "Blinken’s talks with Qin Gang, the Chinese foreign minister, lasted more than seven and a half hours.", SUNDAY
    ),
    case(
        "Wang Yi said the root cause was the United States’ wrong perception of China.",
        WANG,
        "China’s top diplomat Wang Yi met him.",
    ),
    case("Wang said that the root cause was the wrong perception of China by the US.", WANG),
    case(
        "Blinken scrapped his plans to visit in February because of a Chinese spy balloon flying over the US.", FEBRUARY
    ),
    # Numbers in other forms.
    case("The city said the tram will cost €1,200,000 more than the 40 million euros planned.", COST),
    case("The tram will cost 1.2m more than the planned 40 million, the city said.", COST),
    case("Cracks were found by engineers in two of nine piers during the inspection in March.", CRACKS),
    case("The court ordered Acme Corp to pay Beta Ltd $4.5 billion in damages.", COURT),
    case("The Federal Reserve left rates unchanged at 5 to 5.25 per cent after ten increases.", RATES),
    case("About twelve million people left the region.", TWELVE),
    # Negations kept.
    case("The vaccine was not approved by the agency.", VACCINE),
    case("Blinken denied that the talks were a failure.", DENIAL),
    case("Zelensky said “We will not give up a metre of our land”.", ZELENSKY),
    # Quoted words, in other quotation marks.
    case('He called the island "the core of China\'s core interests".', TAIWAN),
    case("Qin called it “the core of China’s core interests”.", TAIWAN, "Qin Gang spoke of Taiwan."),
    case("Maren Holt said: “We would rather close it now than be sorry later.”", HOLT),
    # Results.
    case("Rovers beat Albion 3-1 at Elm Park on Saturday, and Sarah Lane scored twice.", MATCH),
    case("Erdoğan won 52.18 percent of the vote and Kılıçdaroğlu took 47.82 percent.", ELECTION),
    # Turkish and Chinese.
    case(HELD, HELD),
    case("Merkez Bankası faizi yüzde 15’e çıkardı.", HELD),
    case("Hafize Gaye Erkan “sıkılaştırma süreci başlamıştır” dedi.", LIRA),
    case(QIN_ZH, QIN_ZH),
    case("中美关系处于建交以来的最低点。", QIN_ZH),
    case("习近平会见布林肯，会谈持续了35分钟。", XI),
]

UNSUPPORTED = [
    # Numbers.
    case("Blinken held talks lasting more than five and a half hours with Qin Gang.", SUNDAY),
    case("Engineers found cracks in three of the nine piers during an inspection in March.", CRACKS),
    case(
        "Engineers found cracks in three of the nine piers in March.",
        CRACKS,
        "",
        "Bridge City Herald Monday 3 May 2021",
    ),
    case("The tram will cost €1.2 billion more than the 40 million euros planned.", COST),
    case("The tram will cost €12 million more than the 40 million euros planned.", COST),
    case("The tram will cost €1.2 million more than the 45 million euros planned.", COST),
    case("2 million people left the region.", TWELVE),
    case("About 12 people left the region.", TWELVE),
    case("About 120 million people left the region.", TWELVE),
    case("30 stayed.", TWELVE),
    case("The agency asked for more data from 200 patients.", VACCINE),
    case("The court ordered Acme Corp to pay Beta Ltd $4.5m in damages.", COURT),
    case("The Federal Reserve left its rates unchanged at 5.25 to 5.5 percent.", RATES),
    case("The Federal Reserve left its rates unchanged at 5 to 5.25 percent after eleven increases in a row.", RATES),
    case("Rovers beat Albion 3-2 at Elm Park on Saturday.", MATCH),
    case("Erdoğan won 52.81% of the vote.", ELECTION),
    # Names.
    case("Engineers found cracks in two of the nine piers of the Tower Bridge during an inspection in March.", CRACKS),
    case("Li told Blinken that relations between the US and China are at the lowest point.", QIN),
    case("Qin told Sullivan that relations between the US and China are at the lowest point.", QIN),
    case("Qin told Blinken that relations between Russia and China are at the lowest point.", QIN),
    case("Wang said the root cause was Japan’s wrong perception of China.", WANG),
    case("Engineers found cracks in two of the nine piers during an inspection in April.", CRACKS),
    case("Rovers beat United 3-1 at Elm Park on Saturday.", MATCH),
    case("Rovers beat Albion 3-1 at Elm Park on Sunday.", MATCH),
    case("Blinken was originally scheduled to visit in January but scrapped his plans.", FEBRUARY),
    # Who said it, who did it.
    case("Blinken told Qin that relations between the US and China are at the lowest point.", QIN),
    case("Blinken said the root cause was the United States’ wrong perception of China.", WANG, SUNDAY),
    case("Putin said “We will not give up a metre of our land” on Tuesday.", ZELENSKY),
    case("Albion beat Rovers 3-1 at Elm Park on Saturday.", MATCH),
    case("The court ordered Beta Ltd to pay Acme Corp $4.5bn in damages.", COURT),
    case("Kılıçdaroğlu won 52.18% of the vote.", ELECTION),
    # Negation, either way, also where the words themselves stand there.
    case("Engineers found no cracks in the nine piers during an inspection in March.", CRACKS),
    case("Engineers didn’t find cracks in two of the nine piers during an inspection in March.", CRACKS),
    case("The vaccine was approved by the agency.", VACCINE),
    case("The talks were a failure.", DENIAL),
    case("China wants a war over Taiwan.", NOBODY),
    case("We will give up a metre of our land, Zelensky said on Tuesday.", ZELENSKY),
    case(
        "The Federal Reserve raised its rates to 5.25 percent.",
        "The Federal Reserve left its rates unchanged at 5.25 percent.",
    ),
    # Quoted words altered.
    case("Qin said that relations “are at the highest point since the establishment of diplomatic relations”.", QIN),
    case("Qin said that relations “are at the lowest point since the Cold War”.", QIN),
    case("Maren Holt said: “We would rather close it later than be sorry now.”", HOLT),
    case("Maren Holt called the bridge “a danger to every driver”.", HOLT),
    case("He called the island “the core of America’s core interests”.", TAIWAN),
    case("Qin told Blinken that “relations between China and the US” “are at the lowest point”.", QIN),
    # What governs it left out.
    case("The tram will cost €1.2 million more than the 40 million euros that were planned.", COST),
    case("The two sides’ relations are at the lowest point since the establishment of diplomatic relations.", QIN),
    # Something else altogether.
    case("The United States won the 2022 World Cup.", SUNDAY),
    case("The weather was fine.", QIN),
    case("Yes.", QIN),
    case("The talks ended with a joint statement on trade and climate.", SUNDAY),
    # Turkish and Chinese.
    case("Merkez Bankası faizi yüzde 25’e çıkardı.", HELD),
    case("Merkez Bankası faizi yüzde 15’e düşürdü.", HELD),
    case("Başkan Hafize Gaye Erkan “gevşeme süreci başlamıştır” dedi.", LIRA),
    case("Başkan Mehmet Şimşek “sıkılaştırma süreci başlamıştır” dedi.", LIRA),
    case("习近平会见布林肯，会谈持续了45分钟。", XI),
    case("王毅表示，中美关系处于建交以来的最低点。", QIN_ZH),
    case("中美关系处于建交以来的最高点。", QIN_ZH),
]


@pytest.fixture(scope="module", params=["fake", pytest.param("real", marks=pytest.mark.models)])
def embed(request: pytest.FixtureRequest, shared_cache: Any) -> Callable[..., Any]:
    from rag.index.embed import BuiltInEmbedder, LangChainEmbedder
    from rag.testing import FakeEmbeddings

    if request.param == "fake":
        return LangChainEmbedder(FakeEmbeddings(dim=256)).embed
    return BuiltInEmbedder(cache=shared_cache).embed


def name(value: object) -> str:
    return value[:60] if isinstance(value, str) and value else "-"


@pytest.mark.models
@pytest.mark.xfail(reason="a denial of the main clause weighs on its relative clause too: probability of support 0.48")
def test_a_relative_clause_of_what_is_denied(shared_cache: Any) -> None:
    from rag.index.embed import BuiltInEmbedder

    embed = BuiltInEmbedder(cache=shared_cache).embed
    assert supports("The agency asked for more data from 1200 patients.", Cited([VACCINE], "", ""), embed=embed).ok


@pytest.mark.parametrize(("claim", "said", "around", "label"), SUPPORTED, ids=name)
def test_supported(embed: Any, claim: str, said: str, around: str, label: str) -> None:
    verdict = supports(claim, Cited([said], around, label), embed=embed)
    assert verdict.ok, verdict.why
    assert verdict.why == ""
    assert 0 < verdict.score <= 1


@pytest.mark.parametrize(("claim", "said", "around", "label"), UNSUPPORTED, ids=name)
def test_unsupported(embed: Any, claim: str, said: str, around: str, label: str) -> None:
    verdict = supports(claim, Cited([said], around, label), embed=embed)
    assert not verdict.ok
    assert verdict.why


def test_the_words_themselves_are_verbatim_and_others_are_not(embed: Any) -> None:
    assert supports(CRACKS, Cited([CRACKS], "", ""), embed=embed).support == "verbatim"
    other = supports("In March engineers found cracks in two of the nine piers.", Cited([CRACKS], "", ""), embed=embed)
    assert (other.ok, other.support) == (True, "supported")


def test_a_quote_must_stand_in_one_sentence(embed: Any) -> None:
    both = Cited(["Relations are at", "the lowest point, he said."], "", "")
    assert not supports("He said relations “are at the lowest point”.", both, embed=embed).ok


# -- what can be read off exactly ------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1.2 million", {1_200_000}),
        ("1,200,000", {1_200_000}),
        ("$1.2m and £3bn", {1_200_000, 3e9}),
        ("twenty-one", {21}),
        ("twelve million", {12e6}),
        ("seventy", {70}),
        ("3-1", {3, 1}),
        ("5%", {5}),
        ("5.25 percent", {5.25}),
        ("yüzde 8,5", {8.5}),
        ("15 milyar lira", {15e9}),
        ("35分钟", {35}),
        ("on 18 June 2023", {18, 2023}),
        ("no figures here", set()),
        ("4.30 pm", {4.3}),
        ("7,5", {7.5}),
        ("12,000", {12_000}),
        ("Covid-19", set()),
        ("G20 and F-16", set()),
    ],
)
def test_numbers(text: str, numbers: set[float]) -> None:
    assert values(text) == numbers


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Qin Gang told Blinken", ["Qin", "Gang", "Blinken"]),
        ("The talks were held in Beijing.", ["Beijing"]),
        ("According to the city, nobody came.", []),
        ("U.S. officials met Xi’s envoy", ["US", "Xi"]),
        ("“Never,” said Ömer Çelik", ["Ömer", "Çelik"]),
        ("Jean-Luc O’Neill", ["Jean-Luc", "O’Neill"]),
        ("no names", []),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    assert [n for n in exact.names(text) if n != "Never"] == names


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("China", "the Chinese minister", True),
        ("US", "the United States", True),
        ("America", "American officials", True),
        ("Turkey", "Turkish officials", True),
        ("Blinken", "Blinken’s plane", True),
        ("İstanbul", "İstanbul’da yağmur", True),
        ("Gdansk", "the mayor of Gdańsk", True),
        ("Gdańsk", "the mayor of Gdansk", True),
        ("Lodz", "the mayor of Łódź", True),
        ("Turkey", "Türkiye’nin", True),
        ("Erdogan", "Erdoğan’ın sözleri", True),
        ("China", "the Indian minister", False),
        ("Li", "Lisbon", False),
        ("Iran", "Iraq", False),
        ("Iran", "Iranian officials", True),
        ("Austria", "Australia", False),
        ("Niger", "Nigeria", False),
        ("Slovakia", "Slovenia", False),
        ("Georgia", "George", False),
        ("United", "the United States", True),
        ("Kingdom", "the United States", False),
        ("Nations", "the United Kingdom", False),
    ],
)
def test_whether_a_text_names_somebody(name: str, text: str, named: bool) -> None:
    assert (exact.missing_names([name], text) == []) == named


@pytest.mark.parametrize(
    ("quote", "held"),
    [
        ("are at the lowest point", True),
        ("ARE AT THE LOWEST POINT,", True),
        ("are at the\n lowest point", True),
        ("are at the lowest", True),
        ("re at the lowest poin", False),
        ("lowest point are", False),
        ("", False),
        ("...", False),
    ],
)
def test_whether_a_text_holds_quoted_words(quote: str, held: bool) -> None:
    assert contains(QIN, quote) == held


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What did Qin Gang say about relations?", []),
        ("What did Lavrov tell Blinken?", ["Lavrov"]),
        ("what did Qin tell blinken?", []),
        ("What did Qin tell America’s Blinken?", []),
        ("What did Qin tell Blinken in Tokyo?", ["Tokyo"]),
        ("Does Qin like Blinken?", []),
        ("Does Lavrov like Blinken?", ["Lavrov"]),
        ("Kaç kişi öldü?", []),
    ],
)
def test_what_a_question_names_that_a_text_does_not(question: str, missing: list[str]) -> None:
    assert exact.missing_names(exact.question_names(question), f"{QIN} {SUNDAY}") == missing


def test_nobody_speaks() -> None:
    assert exact.speakers("Nobody answered our letters.") == set()


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("Qin told Blinken that it was so.", {"qin"}),
        ("“It was so,” said Maren Holt, the director.", {"maren", "holt"}),
        ("Matthew Miller, the State Department spokesman, described it as candid.", {"matthew", "miller"}),
        ("The talks were long.", set()),
    ],
)
def test_speakers(text: str, speakers: set[str]) -> None:
    assert exact.speakers(text) == speakers


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("Xi received Blinken at the Great Hall.", "President Xi Jinping received Antony Blinken at the Great Hall."),
        ("Lane told Reed so.", "Sarah Lane told Simon Reed so."),
        ("Qin Gang was replaced by Wang Yi.", "Wang Yi replaced Qin Gang on Tuesday."),
    ],
)
def test_a_fuller_name_turns_nothing_round(claim: str, said: str) -> None:
    assert exact.roles_swapped(claim, said) is None


def test_what_a_sentence_adds_to_the_question_is_in_the_cited_words(embed: Any) -> None:
    claim = "The talks between Blinken and Qin Gang were held at an ornate state villa."
    asked = "Where were the talks between Blinken and Qin held?"
    wrong = "Antony Blinken, the US secretary of state, spent Sunday in talks with Foreign Minister Qin Gang."
    right = "The talks between Blinken and Qin Gang, held at an ornate state villa, included a banquet dinner."
    assert CHECKS["news"](claim, Cited([wrong], "", ""), asked)
    assert not CHECKS["news"](claim, Cited([right], "", ""), asked)
    assert supports(claim, Cited([right], "", ""), embed=embed, asked=asked).ok


def test_a_first_word_is_no_name_where_the_question_has_it_small(embed: Any) -> None:
    cited = Cited(["The horses are found in Nevada and in nine other states of the US."], "", "", ())
    claim = "Wild horses are found in Nevada and in nine other states."
    assert supports(claim, cited, embed=embed, asked="Where are wild horses found in the US?").ok
    for asked in (
        "Where are Wild horses found in the US?",
        "where are wild horses found",
        "Where are horses found in the US?",
    ):
        assert "name Wild" in supports(claim, cited, embed=embed, asked=asked).why
