"""Sentences of several figures: grammar says which is given otherwise elsewhere, and what is of another thing."""

from __future__ import annotations

import pytest
from answer.conflicts.conflict_texts import Said, between

from rag.text import parser

pytestmark = pytest.mark.skipif(not parser.available(), reason="the parser is not installed")

HALL = Said(
    "The concert hall in Ostmere cost 10.2 million euros, and its car park 1.4 million euros.", "Hall", "2024-03-04"
)
FLOOD = Said(
    "The flood destroyed 340 houses in Brenn on Sunday and damaged 900 houses more, officials said.",
    "Flood in Brenn",
    "2024-03-05",
)
TOLD = [
    (
        HALL,
        Said("The concert hall in Ostmere, with 1,200 seats, cost 9.6 million euros to build.", "Hall", "2024-03-05"),
        "10.2 million against 9.6 million euros",
    ),
    (
        HALL,
        Said("The price of the hall in Ostmere was €9.6 million, and the state gave €3 million.", "", "2024-03-05"),
        "10.2 million against €9.6 million",
    ),
    (
        FLOOD,
        Said("In Brenn the flood destroyed 280 houses and a bridge, and damaged 40 cars.", "Flood", "2024-03-06"),
        "340 against 280 houses",
    ),
    (
        Said("The tram extension in Kellmouth will cost £97 million, the council admitted.", "Tram", "2024-03-05"),
        Said("Trams will run from Kellmouth after councillors approved an £84 million extension.", "", "2024-03-05"),
        "£97 million against £84 million",
    ),
    (
        Said("The ferry carried 212 passengers and 31 cars when it left Kellmouth.", "Ferry", "2024-03-05"),
        Said("The ferry from Kellmouth carried 187 passengers and a crew of 14.", "Ferry", "2024-03-05"),
        "212 against 187 passengers",
    ),
    (
        Said("Metro will buy 40 trams for 60 million pounds and 12 buses for 3 million pounds.", "Metro", "2024-03-05"),
        Said("The 5-year plan says that Metro will buy 55 trams.", "Metro", "2024-03-07"),
        "40 against 55 trams",
    ),
    (
        Said("The Ostmere library lends 120,000 books a year.", "Library", "2024-03-05"),
        Said("The Ostmere library lends 95,000 books a year, according to the council.", "Library", "2024-03-07"),
        "120,000 against 95,000 books",
    ),
]  # fmt: skip
SILENT = [
    (
        Said("The $20 million prize was won in Ostmere on Friday.", "Prize won in Ostmere", "2024-03-05"),
        Said("It is far from the $30 million prize that was won in Ostmere.", "Prize won in Ostmere", "2024-03-05"),
    ),
    (
        Said("The tram extension in Kellmouth will cost £97 million, the council admitted.", "Tram", "2024-03-05"),
        Said("The tram in Kellmouth got a £52 million grant from the state.", "Tram", "2024-03-05"),
    ),
    (HALL, Said("The car park in Ostmere cost 9.6 million euros.", "Car park", "2024-03-05")),
    (HALL, Said("The concert hall in Ostmere was to cost 9.6 million euros at first.", "Hall", "2023-03-05")),
    (HALL, Said("The concert hall in Ostmere cost about 10 million euros.", "Hall", "2024-03-05")),
    (HALL, Said("The concert hall in Ostmere cost more than 9.6 million euros.", "Hall", "2024-03-05")),
    (HALL, Said("The concert hall in Velle cost 9.6 million euros.", "Hall", "2024-03-05")),
    (FLOOD, Said("The flood in Velle destroyed 40 houses.", "Flood in Velle", "2024-03-05")),
    (FLOOD, Said("The flood destroyed 25 farm houses in Brenn.", "Flood in Brenn", "2024-03-05")),
    (FLOOD, Said("At least 280 houses were destroyed by the flood in Brenn.", "Flood in Brenn", "2024-03-05")),
    (FLOOD, Said("The flood may have destroyed 500 houses in Brenn.", "Flood in Brenn", "2024-03-05")),
    (FLOOD, Said("On Wednesday a second flood destroyed 25 houses in Brenn.", "Flood in Brenn", "2024-03-07")),
    (
        Said("At least 27 cities in Ruritania are under curfew.", "Curfew", "2024-03-05"),
        Said("At least 32 cities in Ruritania are under curfew.", "Curfew", "2024-03-08"),
    ),
    (
        Said("The Ostmere library lends 120,000 books a year.", "Library", "2024-03-05"),
        Said("The Ostmere library lends 95,000 books a year, according to the council.", "Library", "2025-03-07"),
    ),
    (
        Said("The total number of cases of fever in Velle passed 10,000 on Monday.", "Fever", "2024-03-05"),
        Said("The total number of deaths linked to fever in Velle passed 120 on Monday.", "Fever", "2024-03-05"),
    ),
    (
        Said("Ann Lee won 9 delegates in Velle, followed by Omar Sund with 6.", "Vote", "2024-03-05"),
        Said("Omar Sund won 4 delegates in Velle, and Ann Lee 9.", "Vote", "2024-03-05"),
    ),
    (
        Said("The vaccine is for children from 6 to 17 years of age in Ruritania.", "Vaccine", "2024-03-05"),
        Said("The vaccine in Ruritania is for children of 5 years.", "Vaccine", "2024-03-05"),
    ),
    (
        Said("Three matching numbers win 200 pounds in the Velle lottery.", "Lottery", "2024-03-05"),
        Said("Two matching numbers win 10 pounds in the Velle lottery.", "Lottery", "2024-03-05"),
    ),
    (
        Said("Ruritania Air cancelled 117 flights at Velle on Monday.", "Flights", "2024-03-05"),
        Said("Ruritania Air cancelled 96 flights at Velle.", "Flights", "2024-03-25"),
    ),
    (
        Said("The council of Ostmere paid 3 million euros of the 10 million euros for the hall.", "", "2024-03-05"),
        Said("The council of Ostmere paid 8 million euros of the cost of the road.", "", "2024-03-05"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("one", "two", "about"), TOLD)
def test_which_of_several_figures_is_given_otherwise(one: Said, two: Said, about: str) -> None:
    (found,) = between("How much, how many?", one, two)
    assert (found.about, found.quote) == (about, two.text)
    (back,) = between("How much, how many?", two, one)
    assert back.quote == one.text


@pytest.mark.parametrize(("one", "two"), SILENT)
def test_what_grammar_tells_apart_is_no_conflict(one: Said, two: Said) -> None:
    assert between("How much, how many?", one, two) == []
    assert between("How much, how many?", two, one) == []
