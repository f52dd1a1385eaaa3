"""Claims nearly all of whose words are cited: what makes each false, and beside it what is as near and true."""

from __future__ import annotations

import pytest
from answer.check.judging import judged

from rag.text import parser

pytestmark = pytest.mark.skipif(not parser.available(), reason="the parser is not installed")

ACQUITTED = "The harbour pilot was found not guilty of manslaughter but was sentenced to nine months for smuggling."
SEMICOLON = "The bishop said the tower was stable; the builders doubted it."
BROTHERS = "Guards detained Arvo Lindqvist on Friday; his nephew, who had fled abroad, was accused of arson."
ACCUSED = "Creditors accused the director of hiding the paintings in a barn."
FOULED = "A goalkeeper who was fouled by the striker Hugo Meran left the pitch on a stretcher."
PROVIDED = "Provided that the parliament agrees, the two colleges will move in the autumn."
CONDITION = "The club will sell the stadium on condition that the city pays for the roads."
VIEW = "In the view of the court, the lease breaks the treaty."
OPINION = "In her opinion the ferry broke the rules."
ASIDE = "The county has set aside 7 million crowns to repair the lighthouse that burnt down in May."
SET = "Fares on the night trains are set to rise in April."
GAP = "Sarrano will get a new ice rink and Orsano a new bus depot."
RATHER = "The leak began in the laundry rather than in the kitchen next door."
INSTEAD = "The choir sang in the chapel instead of the town hall."
NOT_BY = "The ferry was bought by a museum in Oslo, not by the collector Jan Moe."
NOT_IT = "The guard blamed the wiring, not the weather."
LONG = "As long as the truce holds, buses will enter the valley from Sunday."
TWICE = "The new barge carries twice as much grain as the old one."
WHERE = "Corporal Anna Brandt drove back to the burning depot, where she freed two dogs."
WHEN = "When he reached the port on Sunday, Emil Okoye became the first Dane to row the whole coast."
AUTHOR = "The medal went to the Finnish sculptor Irja Salo, director of the Salt Museum."
MANY = "Divers fear that as many as thirty sailors are trapped in the upper deck."


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("The harbour pilot was sentenced to nine months for manslaughter.", ACQUITTED),
        ("The harbour pilot was sentenced to nine years for manslaughter.", ACQUITTED.replace("months", "years")),
        ("The tower was stable.", SEMICOLON),
        ("The well has dried up.", "The well has dried up, aid groups warn; the council denies it."),
        ("Arvo Lindqvist was accused of arson.", BROTHERS),
        ("The director hid the paintings in a barn.", ACCUSED),
        ("Striker Hugo Meran left the pitch on a stretcher.", FOULED),
        ("The two colleges will move in the autumn.", PROVIDED),
        ("The club will sell the stadium.", CONDITION),
        ("The lease breaks the treaty.", VIEW),
        ("The ferry broke the rules.", OPINION),
        ("The county has repaired the lighthouse that burnt down in May.", ASIDE),
        ("Fares on the night trains rose in April.", SET),
        ("Orsano will get a new ice rink.", GAP),
        ("The leak began in the kitchen next door.", RATHER),
        ("The choir sang in the town hall.", INSTEAD),
        ("The ferry was bought by the collector Jan Moe.", NOT_BY),
        ("The guard blamed the weather.", NOT_IT),
        ("Buses will enter the valley from Sunday.", LONG),
        ("The firm sold the bank.", "The firm sold its ships and the bank its docks."),
        ("The king has not signed the treaty.", "The council passed the treaty, and the king signed it."),
        ("The old barge carries twice as much grain as the new one.", TWICE),
    ],
)
def test_what_the_words_do_not_say_is_not_passed(claim: str, said: str) -> None:
    assert not judged(claim, said).ok


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("The harbour pilot was sentenced to nine months for smuggling.", ACQUITTED),
        ("The harbour pilot was found not guilty of manslaughter.", ACQUITTED),
        ("The bishop said the tower was stable.", SEMICOLON),
        ("The builders doubted it.", SEMICOLON),
        ("Arvo Lindqvist was detained on Friday.", BROTHERS),
        ("His nephew was accused of arson.", BROTHERS),
        ("The director was accused of hiding the paintings in a barn.", ACCUSED),
        ("A goalkeeper left the pitch on a stretcher.", FOULED),
        ("The goalkeeper was fouled by Hugo Meran.", FOULED),
        ("If the parliament agrees, the two colleges will move in the autumn.", PROVIDED),
        ("In the court's view, the lease breaks the treaty.", VIEW),
        ("The county has set aside 7 million crowns to repair the lighthouse.", ASIDE),
        ("Fares on the night trains will rise in April.", SET),
        ("Sarrano will get a new ice rink.", GAP),
        ("The leak began in the laundry.", RATHER),
        ("The choir sang in the chapel.", INSTEAD),
        ("The new barge carries twice as much grain as the old one.", TWICE),
        ("A museum in Oslo bought the ferry.", NOT_BY),
        ("The guard blamed the wiring.", NOT_IT),
        (
            "The club's two horses have been moved to a farm in Norway.",
            "The club has moved its two horses to a farm in Norway.",
        ),
        ("The storm left more than 1,200 people homeless.", "The storm killed 31 people and left 1,250 homeless."),
        ("The firm sold its docks.", "The firm sold its ships and its docks to a bank."),
        ("Guards held a woman from Orsano.", "Guards held a man from Sarrano and a woman from Orsano."),
        (
            "The Danish cellist was cheered.",
            "The Danish cellist replaced her Finnish colleague and was cheered by all.",
        ),
        ("The king has not signed the law.", "The council passed the law, but the king has yet to sign it."),
        ("Fares in Orsano had doubled.", "Fares rose faster in Sarrano than in Orsano, where they had doubled."),
        ("Corporal Anna Brandt freed two dogs.", WHERE),
        ("Emil Okoye reached the port on Sunday.", WHEN),
        ("Irja Salo is the director of the Salt Museum.", AUTHOR),
        ("Up to thirty sailors may be trapped in the upper deck, divers fear.", MANY),
        ("Divers fear that up to thirty sailors are trapped.", MANY),
        ("Nearly 9,000 people watched the race.", "A crowd of 8,940 watched the race on Sunday."),
    ],
)
def test_what_the_words_say_is_not_withheld(claim: str, said: str) -> None:
    assert judged(claim, said).ok
