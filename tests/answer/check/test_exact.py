"""What can be read off a sentence exactly, where the support check's own tests don't go."""

from __future__ import annotations

import pytest

from rag.answer.check import exact
from rag.answer.check.verify import Cited, supports
from rag.index.embed import LangChainEmbedder
from rag.testing import FakeEmbeddings
from rag.text import numbers
from rag.text.detect import detect_language

embed = LangChainEmbedder(FakeEmbeddings(dim=256)).embed


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("a room with two exits", 2),
        ("one of them", 1),
        ("a dozen people", 12),
        ("two dozen people", 24),
        ("half a dozen people", 6),
        ("the 2018–19 season", 2019),
        ("in 1.2 million homes", 1_200_000),
    ],
)
def test_a_number_is_given_in_many_forms(text: str, number: float) -> None:
    assert number in numbers.all_values(text)


@pytest.mark.parametrize("text", ["twice as many", "dozens of people", "no figure", "2018-1"])
def test_what_gives_no_number(text: str) -> None:
    assert not numbers.all_values(text) - {2018.0, 1.0}


@pytest.mark.parametrize(
    ("claim", "said", "figure"),
    [
        ("It took 8 hours.", "It took 8 minutes.", 8),
        ("It cost $4.5bn.", "It cost €4.5 billion.", 4.5e9),
        ("It rose by 5%.", "It rose by 5 dollars.", 5),
        ("It cost 40 million pounds.", "It cost 40 million euros.", 4e7),
        ("It rose 5 per cent.", "It rose 5%.", None),
        ("It cost 5 dollars.", "It cost $5.", None),
        ("It took 8 hours.", "It took 8.", None),
        ("It took 8.", "It took 8 minutes.", None),
        ("It took 8 hours.", "It took 8 hours and 8 minutes.", None),
        ("An 8-hour flight.", "A flight of 8 hours.", None),
        ("It took 9 hours.", "It took 8 minutes.", None),
        ("yüzde 15’e çıkardı", "faizi %15 yaptı", None),
    ],
)
def test_a_figure_of_something_else(claim: str, said: str, figure: float | None) -> None:
    assert exact.unit_mismatch(claim, said) == figure


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("4. Turn it on.", "Turn it on."),
        ("• Turn it on.", "Turn it on."),
        ("- 2) Turn it on.", "Turn it on."),
        ("4.5 million came.", "4.5 million came."),
        ("2023 was warm.", "2023 was warm."),
        ("-5 degrees were measured.", "-5 degrees were measured."),
    ],
)
def test_an_item_of_a_list_loses_its_mark(text: str, bare: str) -> None:
    assert exact.without_bullet(text) == bare


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Furthermore, nobody came.", "Furthermore"),
        ("Additionally, nobody came.", "Additionally"),
        ("Rising interest hurts.", "Rising"),
        ("Li told Blinken so.", ""),
        ("Beijing said so.", ""),
        ("Boeing, which makes planes, said so.", ""),
        ("Sally Lane scored.", ""),
        ("Britain’s government fell.", ""),
        ("Paris police came.", ""),
        ("Japan", ""),
    ],
)
def test_a_first_word_is_a_name_where_it_is_followed_like_one(text: str, word: str) -> None:
    assert exact.opener(text) == word


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("He called it “the core of it”.", ["the core of it"]),
        ("She starred in “The Hunger Games: Mockingjay – Part 2”.", []),
        ("They called it “mature, tasteful, and [...] sexy”.", ["mature, tasteful, and", "sexy"]),
        ("He said “Never”.", ["Never"]),
    ],
)
def test_a_title_is_not_spoken(text: str, spoken: list[str]) -> None:
    assert exact.spoken(text) == spoken


@pytest.mark.parametrize(
    ("claim", "said", "denies"),
    [
        ("Engineers found no cracks.", "Engineers found cracks.", True),
        ("Engineers didn’t find cracks.", "Engineers found cracks.", True),
        ("Engineers found no cracks.", "Engineers found no cracks.", False),
        ("It does not meet the rules.", "It fails to meet the rules.", False),
        ("Not only engineers found cracks.", "Engineers found cracks.", False),
        ("They have not won since.", "It was their last title for two decades.", False),
    ],
)
def test_a_claim_denies_what_the_evidence_speaks_of(claim: str, said: str, denies: bool) -> None:
    assert exact.denies(claim, said) == denies


@pytest.mark.parametrize(
    ("said", "claim", "denied"),
    [
        (["The vaccine was not approved."], "The vaccine was approved.", True),
        (["It was not approved in May.", "It was approved in June."], "It was approved.", False),
        (["The vaccine was not approved.", "It is cheap."], "The vaccine was approved.", True),
        (["The vaccine was not approved."], "The vaccine was not approved.", False),
    ],
)
def test_what_one_cited_sentence_denies_another_may_affirm(said: list[str], claim: str, denied: bool) -> None:
    assert exact.denied(said, claim) == denied


def test_nobody_does_what_a_pronoun_does() -> None:
    said = "The Dolphins last won in Miami, when they defeated the Vikings."
    claim = "Their last win was in Miami, a Super Bowl, when they defeated the Vikings."
    assert exact.roles_swapped(claim, said) is None


@pytest.mark.parametrize(
    ("claim", "said", "ok"),
    [
        ("The flight takes 8 hours to Aske.", "The flight takes 8 minutes to Aske.", False),
        ("Furthermore, the flight takes 8 minutes to Aske.", "The flight takes 8 minutes to Aske.", True),
        ("4. The flight takes 8 minutes to Aske.", "The flight takes 8 minutes to Aske.", True),
        ("The hall has 2 exits to the street.", "The hall has two exits to the street.", True),
        ("The hall has 2 exits to the street.", "The hall has one exit to the street.", False),
    ],
)
def test_the_check_goes_by_them(claim: str, said: str, ok: bool) -> None:
    assert supports(claim, Cited([said], "", ""), embed=embed).ok == ok


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Does Macron like it?", ["Macron"]),
        ("Should Blinken have gone?", ["Blinken"]),
        ("Isn't the tram in Kellmouth late?", ["Kellmouth"]),
        ("Compare Qin and Wang.", ["Qin", "Wang"]),
        ("Macron likes it?", ["Macron"]),
        ("Kim said what?", ["Kim"]),
        ("Why'd Bolton leave?", ["Bolton"]),
        ("Number of deaths in Aleppo", ["Aleppo"]),
        ("Macron on relations", ["Macron"]),
        ("Rep. Cummings' reaction to Dr. Muyembe and Prof Roosth", ["Cummings", "Muyembe", "Roosth"]),
        ("Amartya Sen wrote what?", ["Amartya", "Sen"]),
        ("Kaç kişi öldü?", []),
        ("Kim kazandı?", []),
        ("Neden Blinken gelmedi?", ["Blinken"]),
        ("Qin Gang ne dedi?", ["Qin", "Gang"]),
        ("Warum kam Blinken nicht?", ["Blinken"]),
        ("¿Quién ganó?", []),
        ("Combien de personnes sont mortes à Lisbonne ?", ["Lisbonne"]),
        ("Сколько человек погибло?", []),
    ],
)
def test_the_word_that_asks_is_no_name(question: str, names: list[str]) -> None:
    assert exact.question_names(question, detect_language(question) != "en") == names
