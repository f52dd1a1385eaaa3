"""Claims all of whose words are cited, of which one belongs to something else there."""

from __future__ import annotations

import pytest
from answer.check.judging import judged

from rag.answer.check.offices import misgiven
from rag.text import parser

pytestmark = pytest.mark.skipif(not parser.available(), reason="the parser is not installed")

LIBRARY = "The town council voted by 21 to 14 on Tuesday night against closing the Elm Street library."
BRIBES = "Former harbour master Leonard Strake pleaded not guilty on Wednesday to taking £48,000 in bribes."
OTHERS = "Two other defendants, the contractor Alan Moss and the accountant Jane Pugh, pleaded guilty last month."
CREW = "The conductor, Morrow, and the driver, Pugh, were hurt."
TRAM = "Three people were killed and 14 injured when a tram struck a lorry."
RATES = "Unemployment fell to 4.1 percent in May from 4.4 percent in April."
CARS = "Sales of electric cars more than doubled to 41,000, but those of diesel cars halved to 12,500."
BRIDGE = "The bridge was closed for repairs in 2018 and reopened in March 2021, two years later than planned."
CLIMBERS = "Two of the five climbers were rescued by helicopter; the bodies of the others have not been found."
LAW = "Parliament passed the law by 148 votes to 112, but the president has yet to sign it."
SUMMIT = "Lisbon, which hosted the summit in 2010, will host it again next year instead of Madrid."


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("The council voted to close the library.", LIBRARY),
        ("The council closed the library.", LIBRARY),
        ("Strake took £48,000 in bribes.", BRIBES),
        ("He paid.", "He left without paying."),
        ("Recent polls indicated Gardner is ahead of Holt.", "Recent polls indicated Holt is ahead of Gardner."),
        ("14 people were killed.", TRAM),
        ("Three people were injured.", TRAM),
        ("The law was passed by 112 votes to 148.", LAW),
        ("The council raised the fare from 64 to 62 cents.", "The council raised the fare from 62 to 64 cents."),
    ],
)
def test_the_contrary_is_told(claim: str, said: str) -> None:
    assert judged(claim, said).verdict == "contradicted"


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("Captain Strachan was arrested.", "Captain Donal Strachan is not among those arrested."),
        ("Mary Lund was killed.", "Mary Lund spoke to relatives of those killed."),
        ("The mayor was invited.", "The mayor was left out of those invited."),
        ("Jane Pugh is a contractor.", OTHERS),
        ("The driver, Morrow, was hurt.", CREW),
        ("Sentencing took place on 12 January.", "Sentencing is set for 12 January."),
        ("Unemployment fell to 4.1 percent in April.", RATES),
        ("Sales of electric cars halved.", CARS),
        ("Sales of diesel cars more than doubled to 41,000.", CARS),
        ("The bridge reopened in 2018.", BRIDGE),
        ("The bridge reopened two years earlier than planned.", BRIDGE),
        ("Five climbers were rescued by helicopter.", CLIMBERS),
        ("Madrid will host the summit next year.", SUMMIT),
        ("Norden is a Greek shipping group.", "The Danish shipping group Norden sold three ships to a Greek buyer."),
        ("The actor admitted the charges.", "The actor, who denies the charges, is to appear in court on 9 May."),
        ("Norway will send troops.", "Unlike its neighbours, Norway has not ruled out sending troops."),
        ("The captain heeded a warning, the guard said.", "The captain ignored a warning, the guard said."),
    ],
)
def test_what_belongs_to_another_is_not_passed(claim: str, said: str) -> None:
    assert not judged(claim, said).ok


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("The council voted against closing the library.", LIBRARY),
        ("Strake pleaded not guilty to taking £48,000 in bribes.", BRIBES),
        ("Mary Lund was arrested.", "Mary Lund, a councillor, was among those arrested on Sunday."),
        ("Mary Lund was arrested.", "Mary Lund is one of three people arrested on Sunday."),
        ("Jane Pugh is an accountant.", OTHERS),
        ("The contractor Alan Moss pleaded guilty.", OTHERS),
        ("The driver, Pugh, was hurt.", CREW),
        ("14 people were injured.", TRAM),
        ("The law was passed by 148 votes to 112.", LAW),
        ("The president has yet to sign the law.", LAW),
        ("Unemployment fell to 4.1 percent in May.", RATES),
        ("Sales of diesel cars halved to 12,500.", CARS),
        ("The bridge reopened in March 2021.", BRIDGE),
        ("Two climbers were rescued by helicopter.", CLIMBERS),
        ("Lisbon will host the summit next year.", SUMMIT),
        ("Norway has not ruled out sending troops.", "Unlike its neighbours, Norway has not ruled out sending troops."),
        (
            "Tom Barlow argued that closing the library would save £310,000 a year.",
            "Leader Tom Barlow, a Conservative, had argued that closing the library would save £310,000 a year.",
        ),
        (
            "Amal Haddad called the findings premature.",
            "Professor Amal Haddad of Leiden University, who was not involved, called the findings premature.",
        ),
    ],
)
def test_what_belongs_to_it_is_not_contradicted(claim: str, said: str) -> None:
    assert judged(claim, said).verdict != "contradicted"


@pytest.mark.parametrize("claim", ["Jane Pugh is a defendant.", "Alan Moss is a contractor.", "Moss and Pugh met."])
def test_who_is_called_so_is_not_another(claim: str) -> None:
    assert not misgiven(claim, OTHERS)
