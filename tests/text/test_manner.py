"""How something was said: plainly or not, in which words, and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.manner import telling

TOLD = [
    ("Kaja Storm denied on Thursday that [she had met him].", "denied", "denied on Thursday that", False, None),
    ("She refused to say whether [the bridge was safe].", "say", "refused to say whether", False, None),
    ("He declined to confirm that [talks had failed].", "confirm", "declined to confirm that", False, None),
    ("If Storm says [she met him], the case is over.", "says", "If Storm says", False, None),
    ("The mayor never said that [taxes would fall].", "said", "never said that", False, None),
    ("Qin told staff in Tokyo that [relations were low].", "told", "told staff in Tokyo that", True, "Tokyo"),
    ("In Beijing, Qin said that [relations would not improve].", "said", "said that", True, "Beijing"),
    ("“[It is not safe],” said Ann Lee at the Grand Hotel, who may resign.", "said", "said", True, "Grand Hotel"),
    ("“[It is safe],” the ministry would not say.", "say", "say", False, None),
    ("Ann Lee said in May that [the tram was late].", "said", "said in May that", True, None),
    ("Voters in Ohio heard Ann Lee say that [the tram was late].", "say", "say that", True, None),
    ("[It rains].", None, "", True, None),
]  # fmt: skip


@pytest.mark.parametrize(("marked", "verb", "how", "plainly", "place"), TOLD)
def test_a_quote_carries_how_it_was_said(
    marked: str, verb: str | None, how: str, plainly: bool, place: str | None
) -> None:
    quote = marked[marked.index("[") + 1 : marked.index("]")]
    sentence = marked.replace("[", "").replace("]", "")
    assert telling(sentence, quote, verb) == (how, plainly, place)


@given(st.text(max_size=80), st.text(max_size=20), st.none() | st.text(max_size=8))
def test_any_sentence_is_told_somehow(sentence: str, quote: str, verb: str | None) -> None:
    assert len(telling(sentence, quote, verb).how) <= max(len(verb or ""), 82)
