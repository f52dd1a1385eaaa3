"""Who is called by an office, and by which words."""

from __future__ import annotations

import pytest

from rag.answer.check.offices import misgiven
from rag.text import parser

pytestmark = pytest.mark.skipif(not parser.available(), reason="the parser is not installed")

STEERING = '"The captain reported a steering failure," said Harbour master Oda Fennick.'
BRANDT = (
    "Chief executive Helle Brandt will step down on 1 September and be succeeded by Anton Weide, the finance director."
)


@pytest.mark.parametrize(
    ("claim", "said", "office"),
    [
        ("The captain of the Lindisa was Oda Fennick.", STEERING, "captain"),
        ("Oda Fennick was the captain.", STEERING, "captain"),
        ("The chief executive is Anton Weide.", BRANDT, "executive"),
        ("Norrlinje is the boss of the ferry operator.", BRANDT, "boss"),
        ("Helle Brandt is the finance director.", BRANDT, "director"),
    ],
)
def test_an_office_of_another_is_not_given(claim: str, said: str, office: str) -> None:
    assert misgiven(claim, said) == office


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("Oda Fennick is the harbour master.", STEERING),
        ("The finance director is Anton Weide.", BRANDT),
        ("The chief executive is Helle Brandt.", BRANDT),
        ("The boss is Helle Brandt.", BRANDT),  # another word for it: not for this comparison
        ("Anton Weide will be the chief executive.", BRANDT),  # what is to come neither
        ("Pia Holm is the mayor.", "Pia Holm was elected mayor on Sunday."),
        ("The mayor is Pia Holm.", "The council appointed Pia Holm as mayor."),
        ("Pia Holm was the mayor.", "Pia Holm served as mayor until 2019."),
        ("Qin Gang is the foreign minister.", "China's Foreign Minister Qin Gang met Antony Blinken."),
        ("The foreign minister was Qin Gang.", "Qin Gang, who was foreign minister then, met him."),
        ("Holt is the mayor.", "The mayor opened the bridge."),
        ("Holt is the mayor.", "She opened the bridge."),
        ("The bridge is the longest.", STEERING),
    ],
)
def test_what_the_cited_words_call_somebody_or_leave_open_stands(claim: str, said: str) -> None:
    assert misgiven(claim, said) == ""
