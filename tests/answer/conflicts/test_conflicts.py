"""Sources that contradict each other: what is called so, both ways round, and what must stay silent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from answer.conflicts.conflict_texts import Said, beside, between, passage
from helpers import examples, row, write_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import Archive
from rag.testing import FakeChat
from rag.types import Sentence

CONFLICTS = [
    (
        "How many people were killed in the Marlow earthquake?",
        Said("At least 12 people were killed when an earthquake struck Marlow on Monday.", "Quake", "2023-05-01"),
        Said(
            "The death toll from the earthquake in Marlow has risen to 31, rescuers said on Wednesday.",
            "Toll",
            "2023-05-03",
        ),
        "12 against 31",
    ),
    (
        "How many houses were destroyed?",
        Said("It destroyed 410 houses and damaged 1,900.", "Quake kills 31 in northern Peru", "2025-02-03"),
        Said("The mayor of Chota, Elmer Rojas, said 390 houses had been destroyed.", "Peru quake", "2025-02-04"),
        "410 against 390 houses",
    ),
    (
        "How long did the talks last?",
        Said("The talks between Qin and Blinken lasted seven and a half hours.", "", "2023-06-18"),
        Said("Talks between Blinken and Qin lasted five hours, a ministry official said.", "", "2023-06-18"),
        "7.5 against 5 hours",
    ),
    (
        "How much will the bridge cost?",
        Said("The new Harbour Bridge will cost £84 million, the council said.", "", "2023-03-01"),
        Said("The council said the Harbour Bridge would cost £97 million.", "", "2023-11-01"),
        "£84 million against £97 million",
    ),
    (
        "When will the bridge open?",
        Said("The Harbour Bridge will open to cars in June 2024.", "", "2023-03-01"),
        Said("Cars will be able to use the Harbour Bridge from May 2025, the council said.", "", "2023-11-01"),
        "June 2024 against May 2025",
    ),
    (
        "Did the minister resign?",
        Said("The finance minister resigned on Friday after the vote on the budget.", "", "2023-03-03"),
        Said("The finance minister did not resign after the vote on the budget, his office said.", "", "2023-03-04"),
        "resigned against not resigned",
    ),
    (
        "Was the merger approved?",
        Said("Regulators approved the merger of Alba Air and Northjet.", "", "2023-03-03"),
        Said("Regulators rejected the merger of Alba Air and Northjet.", "", "2023-03-03"),
        "approved against rejected",
    ),
    (
        "When was the cathedral founded?",
        Said("The Cathedral of Saint Augustine was founded in 1856.", ""),
        Said("The Cathedral of Saint Augustine was founded in 1900.", ""),
        "1856 against 1900",
    ),
    (
        "What is the population?",
        Said("As of the census of 2010, there were 3,559 people living in Broken Bow.", "Broken Bow"),
        Said("As of the census of 2010, there were 10,000 people living in Broken Bow.", "Broken Bow"),
        "3,559 against 10,000 people",
    ),
    (
        "How many boats were damaged?",
        Said("The storm damaged 40 boats in the harbour of Kellmouth.", "", "2023-01-01"),
        Said("In Kellmouth harbour 65 boats were damaged by the storm.", "", "2023-01-02"),
        "40 against 65 boats",
    ),
    (
        "How many people were arrested?",
        Said("Police arrested 14 people at the protest outside parliament.", "", "2023-01-01"),
        Said("Police said 41 people had been arrested at the protest outside parliament.", "", "2023-01-01"),
        "14 against 41 people",
    ),
    (
        "How many people signed?",
        Said("About 2 million people signed the petition against the pension reform.", "", "2023-01-01"),
        Said("The petition against the pension reform was signed by 800,000 people.", "", "2023-01-01"),
        "2 million against 800,000 people",
    ),
    (
        "When does the museum reopen?",
        Said("The Maritime Museum reopens on 7 June after three years of work.", "", "2023-05-01"),
        Said("The Maritime Museum reopens on 12 June after three years of work.", "", "2023-05-02"),
        "7 June against 12 June",
    ),
    (
        "How many voted for the plan?",
        Said("Councillors voted 31 to 14 for the plan, which will create 400 jobs at the docks.", "", "2023-01-01"),
        Said("The plan for the docks, approved by councillors, will create 250 jobs.", "", "2023-01-03"),
        "400 against 250 jobs",
    ),
    (  # who says so is not what it is of
        "How many people died in the Velmora bridge collapse?",
        Said("The collapse of the Velmora bridge killed 16 people, the head of the hospital, Dr Mirela Hoss, said."),
        Said(
            "The death toll from the collapse of the Velmora bridge rose to 17 after divers found bodies in the Tarn."
        ),
        "16 against 17",
    ),
    (
        "How many people died in the Velmora bridge collapse?",
        Said("The collapse of the Velmora bridge killed 16 people, according to hospital director Mirela Hoss."),
        Said("The collapse of the Velmora bridge killed 17 people, Mayor Ilsa Brandt said.", "Toll"),
        "16 against 17 people",
    ),
]

SILENT = [
    (
        "How many houses were destroyed?",
        Said("It destroyed 410 houses and damaged 1,900.", "Quake kills 31 in northern Peru", "2025-02-03"),
        Said("The fire destroyed 20 houses.", "Blaze in Derby", "2025-02-04"),
    ),
    (
        "How many houses were destroyed?",
        Said("It destroyed 410 houses and damaged 1,900.", "Quake kills 31 in northern Peru", "2025-02-03"),
        Said("The flood destroyed 20 houses.", "Flood in Peru", "2025-03-20"),
    ),
    (
        "How many people were killed?",
        Said("At least 12 people were killed in the crash on the A4.", "", "2023-05-01"),
        Said("At least 30 people were injured in the crash on the A4.", "", "2023-05-01"),
    ),
    (
        "How many boats?",
        Said("The harbour of Port 1 was closed; a storm named storm0001 had damaged 11 boats.", "Storm at Port 1"),
        Said("The harbour of Port 2 was closed; a storm named storm0002 had damaged 12 boats.", "Storm at Port 2"),
    ),
    (
        "How long did the talks last?",
        Said("The talks lasted more than seven and a half hours.", "", "2023-06-18"),
        Said("The talks lasted about eight hours.", "", "2023-06-18"),
    ),
    (
        "How many volunteers?",
        Said("The study followed 4,820 volunteers for 18 months.", "", "2023-06-18"),
        Said("The study followed nearly 5,000 volunteers for a year and a half.", "", "2023-06-18"),
    ),
    (
        "What is inflation?",
        Said("Inflation in the euro area fell to 5.5% in June.", "", "2023-07-01"),
        Said("Inflation in the euro area fell to 6.1% in May.", "", "2023-06-01"),
    ),
    (
        "What is inflation?",
        Said("Inflation in the euro area fell to 5.5%.", "", "2023-07-01"),
        Said("Inflation in the euro area fell to 6.1%.", "", "2023-06-01"),
    ),
    (
        "How much does the government pay?",
        Said("The government will pay £52 million of the cost of the tram extension.", "", "2023-03-01"),
        Said("The tram extension will cost £97 million.", "", "2023-11-01"),
    ),
    (
        "Who won?",
        Said("Rovers beat United 2-1 at home on Saturday.", "", "2023-03-01"),
        Said("Rovers beat City 3-0 at home on Saturday.", "", "2023-03-08"),
    ),
    (
        "What did the Fed do?",
        Said("The Fed raised its key interest rate in March.", "", "2023-03-22"),
        Said("The Fed cut its key interest rate in September.", "", "2024-09-18"),
    ),
    (
        "When was it built?",
        Said("The old bridge was built in 1932.", "", "2023-03-22"),
        Said("The old bridge was closed in 2019.", "", "2023-03-22"),
    ),
    (
        "When will it open?",
        Said("The tram line will open in 2025.", "", "2023-03-22"),
        Said("The tram line was approved in 2023 and will run to the docks.", "", "2023-03-22"),
    ),
    (
        "How many died?",
        Said("A fire in Lisbon killed 12 people on Monday.", "", "2023-03-22"),
        Said("A fire in Madrid killed 15 people on Monday.", "", "2023-03-22"),
    ),
    (
        "How many died?",
        Said("The earthquake killed 12 people.", "", "2023-03-22"),
        Said("The earthquake killed 12 people, rescuers said.", "", "2023-03-22"),
    ),
    (
        "How many died?",
        Said("The earthquake killed a dozen people.", "", "2023-03-22"),
        Said("The earthquake killed 12 people.", "", "2023-03-22"),
    ),
    (
        "Did he resign?",
        Said("The minister resigned on Friday after the vote.", "", "2023-03-03"),
        Said("Before the vote the minister said that he would not resign.", "", "2023-02-20"),
    ),
    (
        "How much?",
        Said("The fine against Metro was £84 million.", "", "2023-03-03"),
        Said("The profit of Metro was £97 million.", "", "2023-03-03"),
    ),
    (
        "How many seats?",
        Said("The party won 31 seats in the north of the country.", "", "2023-03-03"),
        Said("The party won 48 seats in the south of the country.", "", "2023-03-03"),
    ),
    (
        "How tall?",
        Said("The tower in Dubai is 828 metres tall.", "", "2023-03-03"),
        Said("The tower in Shanghai is 632 metres tall.", "", "2023-03-03"),
    ),
    (
        "How long?",
        Said("The strike at the port will last 3 days.", "", "2023-03-03"),
        Said("The strike at the port began 5 days ago.", "", "2023-03-03"),
    ),
    (
        "How many jobs?",
        Said("The company will cut 1,200 jobs in Germany.", "", "2023-03-03"),
        Said("The company will create 400 jobs in Germany.", "", "2023-03-03"),
    ),
    (
        "How much was it?",
        Said("Shares in Alba Air fell 3% on Monday.", "", "2023-03-06"),
        Said("Shares in Alba Air fell 5% on Thursday.", "", "2023-03-09"),
    ),
    (
        "Is the pass open?",
        Said("The mountain pass was closed because of snow.", "", "2023-01-03"),
        Said("The mountain pass was opened after snow was cleared.", "", "2023-02-09"),
    ),
    (
        "How much money?",
        Said("The £52 million bridge opened.", "", "2023-01-03"),
        Said("The £9 million museum opened.", "", "2023-01-03"),
    ),
    (
        "How old?",
        Said("The suspect, a 32-year-old man from Leeds, was arrested by police.", "", "2023-01-03"),
        Said("The victim, a 23-year-old man from Leeds, was found by police.", "", "2023-01-03"),
    ),
    (
        "How many games?",
        Said("Rovers have won 12 of their 20 games.", "", "2023-01-03"),
        Said("Rovers have won 14 of their 25 games.", "", "2023-03-03"),
    ),
    (
        "How many cases?",
        Said("The ministry reported 120 new cases of fever in Velle on Monday.", "", "2023-01-02"),
        Said("The ministry reported 95 new cases of fever in Velle on Tuesday.", "", "2023-01-03"),
    ),
    (
        "How many people died in Velmora?",
        Said("The fire in Velmora killed 16 people, Mayor Ilsa Brandt said.", "Fire in Velmora"),
        Said("The fire in Port Calder killed 21 people, Mayor Odo Wren said.", "Fire in Port Calder"),
    ),
]


@pytest.mark.parametrize(("question", "one", "two", "about"), CONFLICTS)
def test_what_cannot_both_be_so_is_told_both_ways_round(question: str, one: Said, two: Said, about: str) -> None:
    (found,) = between(question, one, two)
    assert found.about == about
    assert (found.article_id, found.quote) == ("b", two.text)
    assert found.claim == (0, len(one.text))
    (back,) = between(question, two, one)
    assert back.quote == one.text
    if one.published == two.published:
        assert found.newer is back.newer is None
    else:
        assert (found.newer, back.newer) == (str(two.published) > str(one.published), not found.newer)


@pytest.mark.parametrize(("question", "one", "two"), SILENT)
def test_what_may_both_be_so_is_no_conflict(question: str, one: Said, two: Said) -> None:
    assert between(question, one, two) == []
    assert between(question, two, one) == []


def test_what_a_short_sentence_is_of_stands_around_it() -> None:
    one = Said(
        "The bridge will be rebuilt at a cost of 48 million crowns, the finance ministry said.", "", "2024-03-05"
    )
    said = "The collapse of the bridge killed 16. The rebuilding will cost 55 million crowns, said Joren Pike."
    short = said.index("The rebuilding")
    two = passage("b", Said(said, "", "2024-03-05")).model_copy(
        update={"sentences": (Sentence(start=0, end=short - 1), Sentence(start=short, end=len(said)))}
    )
    (found,) = beside("What will the bridge cost?", one, two)
    assert (found.about, found.quote) == ("48 million against 55 million crowns", said[short:])


def test_sentences_that_are_not_alike_are_no_conflict() -> None:
    one, two = (Said(f"The Harbour Bridge in Kellmouth will cost £{n} million, it said.") for n in (84, 97))

    def far(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.eye(len(texts), dtype=np.float32)

    assert between("How much?", one, two)
    assert between("How much?", one, two, far) == []


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=30))
@settings(max_examples=examples(200), deadline=None)
def test_nothing_conflicts_with_itself_and_nothing_raises(one: str, two: str, question: str) -> None:
    assert between(question, Said(f"x{one}"), Said(f"x{one}")) == []
    for found in between(question, Said(f"x{one}"), Said(f"x{two}")):
        assert found.quote == f"x{two}"


@given(a=st.integers(3, 900_000), b=st.integers(3, 900_000))
@settings(max_examples=examples(200), deadline=None)
def test_two_figures_conflict_the_same_both_ways_round(a: int, b: int) -> None:
    one, two = (Said(f"The flood in the Velle valley destroyed {n:,} houses, rescuers said.") for n in (a, b))
    found, back = between("How many?", one, two), between("How many?", two, one)
    assert bool(found) == bool(back)
    if a == b:
        assert found == []
    elif max(a, b) > 2 * min(a, b) and not any(1800 <= n <= 2100 for n in (a, b)):
        assert [c.about for c in found] == [f"{a:,} against {b:,} houses"]


# -- in an answer ----------------------------------------------------------------------

COST = "What will the Harbour Bridge cost?"


@pytest.fixture
def bridge(archive: Archive, chat: FakeChat, tmp_path: Path) -> Archive:
    first = "The Harbour Bridge in Kellmouth will cost £84 million, the council said. It is painted green."
    later = "The Harbour Bridge in Kellmouth will cost £97 million, the council said. A tunnel was found."
    archive.ingest(
        write_rows(
            tmp_path / "a.jsonl",
            row("first", first, title="Bridge approved", source="Courier", published="2023-03-14"),
            row("later", later, title="Bridge delayed", source="Post", published="2023-11-08"),
            row("twin", f"{first} More follows.", title="Bridge approved", source="Wire", published="2023-03-14"),
            row("other", "The ferry to the island will cost £9 a day.", title="Ferry", published="2023-03-14"),
        )
    )
    return archive


def test_an_answer_names_the_article_that_says_otherwise(bridge: Archive, chat: FakeChat) -> None:
    def cites_the_newer(messages: Any) -> str:  # one source each: the newer one leads
        assert "£84 million" not in str(messages[-1].content)
        line = next(x for x in str(messages[-1].content).splitlines() if "£97 million" in x)
        return f"{line.partition('] ')[2]} {line.partition(']')[0]}]"

    chat.replies = cites_the_newer
    answer = bridge.ask(COST)
    assert "£97 million" in answer.text
    (found,) = answer.conflicts
    assert found.about == "£97 million (1 source) against £84 million (1 source)"
    assert (found.title, found.newer) == ("Bridge approved", False)
    assert bridge.get(found.article_id).text[found.start : found.end] == found.quote
    assert answer.text[slice(*found.claim)].startswith("The Harbour Bridge")
    assert answer.timings_ms["conflicts"] >= 0
    assert answer.model_validate_json(answer.model_dump_json()) == answer


def test_the_extractive_engine_too_and_a_twin_is_no_conflict(bridge: Archive) -> None:
    answer = bridge.ask(COST, chat_model="extractive")
    assert answer.answered
    assert len(answer.conflicts) == 1
    bridge.delete("later")
    alone = bridge.ask(COST, chat_model="extractive")
    assert alone.answered
    assert alone.conflicts == ()


def test_one_story_printed_with_another_figure(archive: Archive, tmp_path: Path) -> None:
    more = "It lies in the hills above the river and has a school, two churches and a market on every Saturday."
    texts = [f"As of the census the population of Velle was {n}. {more}" for n in ("4,411", "9,876", "4,411")]
    archive.ingest(
        write_rows(tmp_path / "a.jsonl", *(row(f"v{n}", text, title="Velle") for n, text in enumerate(texts)))
    )
    answer = archive.ask("What was the population of Velle as of the census?", chat_model="extractive")
    assert answer.answered
    assert len(answer.hits) == 1, "one story takes one place"
    shown = "4,411" if "4,411" in answer.text else "9,876"
    other = {"4,411": "9,876", "9,876": "4,411"}[shown]
    counts = {"4,411": "(1 source)", "9,876": "(1 source)"}  # no outlet is named: copies of one story
    assert {c.about for c in answer.conflicts} == {f"{shown} {counts[shown]} against {other} {counts[other]}"}
    for c in answer.conflicts:
        assert archive.get(c.article_id).text[c.start : c.end] == c.quote


def test_a_page_of_every_day_is_no_conflict() -> None:
    one, two = (
        Said(f"This page recaps the news from Ukraine on {day}, May {n}.", "", f"2022-05-{n}")
        for day, n in (("Wednesday", 11), ("Monday", 16))
    )
    assert between("What is the news from Ukraine?", one, two) == []


def test_a_refusal_has_no_conflicts(bridge: Archive) -> None:
    refused = bridge.ask("Who won the 2022 World Cup?", chat_model="extractive")
    assert not refused.answered
    assert refused.conflicts == ()
    assert "conflicts" not in refused.timings_ms


@pytest.mark.models
def test_the_two_articles_of_the_sample_on_the_tram(sample_archive: Archive) -> None:
    answer = sample_archive.ask("When will the tram to the Kellmouth docks open?", chat_model="extractive")
    assert {c.about for c in answer.conflicts} & {"May 2025 against autumn 2024", "autumn 2024 against May 2025"}
    assert all(c.newer is not None for c in answer.conflicts)


@pytest.mark.models
def test_a_short_sentence_is_of_all_that_its_cited_words_are_of(sample_archive: Archive) -> None:
    model = FakeChat(["The Kellmouth tram will cost £97 million, the council admitted on Wednesday. [1]"])
    with Archive.open(settings=sample_archive.settings, chat_model=model) as archive:
        answer = archive.ask("how much will the Kellmouth tram cost?")
    assert [(c.about, c.newer) for c in answer.conflicts] == [("£97 million against £84 million", False)]
