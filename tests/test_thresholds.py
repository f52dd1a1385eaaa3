"""Every threshold that decides an answer, with a case on each side of it, so that none of them moves unnoticed.

``python -m benchmarks.mutations`` changes them one by one and says which change no test notices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from answer.conflicts.conflict_texts import Said, beside, between, passage
from answers import hit
from helpers import fill, row
from said import put_quotes

from rag import Archive, Settings
from rag.answer import quoting
from rag.answer.check import confidence, support
from rag.answer.check.objections import CHECKS
from rag.answer.check.verify import Cited, supports
from rag.answer.conflicts import find as conflicts
from rag.answer.evidence import choose
from rag.answer.reader import Reading
from rag.errors import UsageError
from rag.retrieve import timeref
from rag.testing import FakeChat, FakeEmbeddings
from rag.types import Citation, Hit

Vectors = npt.NDArray[np.float32]


def alike(texts: Sequence[str]) -> Vectors:
    """Vectors that all point the same way."""
    return np.ones((len(texts), 1), np.float32)


def at(cosine: float, *which: str) -> Callable[[Sequence[str]], Vectors]:
    """Vectors of which those for texts with one of these words have this cosine to all others."""
    turned = [cosine, math.sqrt(1 - cosine**2)]
    return lambda texts: np.array([turned if any(w in t for w in which) else [1.0, 0.0] for t in texts], np.float32)


# -- the support check -----------------------------------------------------------------


@pytest.mark.parametrize(("probability", "ok"), [(0.49, False), (0.51, True)])
def test_support_is_likelier_than_not(probability: float, ok: bool) -> None:
    cited = Cited(["The port was closed on Monday."], "", "")
    told = supports("The harbour was shut.", cited, embed=alike, entails=lambda *_: probability)
    assert told.ok == ok
    assert told.score == probability


@pytest.mark.parametrize(
    ("claim", "ok"),
    [
        ("The council plans wooden bridges.", False),  # none of two words
        ("The council plans stone bridges, lighthouses.", False),  # one of four
        ("The council plans stone lighthouses, ferries.", False),  # one of three
        ("The council plans stone bridges, piers.", True),  # two of four and "bridges" were no less
        ("The council plans stone bridges.", True),  # one of two
        ("The council plans lighthouses.", True),  # a single word may be a synonym
    ],
)
def test_a_third_of_what_a_sentence_adds_is_too_little(claim: str, ok: bool) -> None:
    cited = Cited(["The council plans stone piers for the town."], "", "")
    why = CHECKS["news"](claim, cited, "What does the council plan?")
    assert (why == "") == ok


@pytest.mark.parametrize(("gap", "paired"), [(3, 1.0), (4, 0.0)])
def test_neighbours_have_three_words_between_them_at_most(gap: int, paired: float) -> None:
    words = " ".join(f"word{n}" for n in range(gap))
    found = support.support_features("Engineers cracked", [f"Engineers {words} cracked"], "", embed=alike)
    assert found.pairs == paired


@pytest.mark.parametrize(("yes", "most"), [(0.01, 0.5), (0.99, 1.0)])
def test_a_model_that_says_no_is_heard(yes: float, most: float) -> None:
    cited = Cited(["The port of Kellmouth was closed to all ships on Monday."], "", "")
    told = supports("The port of Kellmouth was closed to ships.", cited, embed=alike, llm_verdict=lambda _: yes)
    assert told.ok == (yes > 0.5)
    assert told.score <= most


# -- answering or refusing ----------------------------------------------------------------

BRIDGE = "The Harbour Bridge will close in June. Engineers found cracks in two of its piers."
ASKED = "Why will the Harbour Bridge close?"
FOUND = "Engineers found cracks in two of its piers."


def answers(folder: Path, chat: FakeChat, asked: str = ASKED, **settings: Any) -> Any:
    given = Settings(archive=folder / "archive", **settings)
    with Archive.open(settings=given, chat_model=chat, embeddings=FakeEmbeddings()) as archive:
        if not archive.exists:
            fill(archive, row("bridge", BRIDGE, title="The Harbour Bridge"))
        return archive.ask(asked)


def test_an_answer_is_refused_below_the_caution_that_was_set(tmp_path: Path) -> None:
    chat = FakeChat([f"{FOUND} [2]"])
    sure = answers(tmp_path, chat, caution=0.0).confidence
    assert 0.1 < sure < 0.995
    assert answers(tmp_path, chat, caution=sure - 0.001).answered
    refused = answers(tmp_path, chat, caution=sure + 0.001)
    assert (refused.answered, refused.reason) == (False, "not_in_archive")


def test_what_was_withheld_is_no_summary(tmp_path: Path) -> None:
    """A veto stands, however sure the rest is; the quotes are shown in its stead."""
    for claim in (
        "Engineers found cracks in three of its piers.",
        "Engineers found no cracks in two of its piers.",
        "Sally Ward found cracks in two of its piers.",
    ):
        answer = answers(tmp_path, FakeChat([f"{claim} [2]"]), caution=0.01)
        assert answer.answered and not answer.summarized, claim
        assert claim not in answer.text
        assert [w.text for w in answer.withheld] == [claim]


def test_what_the_article_says_nothing_of_is_less_likely_answered(tmp_path: Path) -> None:
    asked = "What did engineers find in piers of {}?"
    of = {where: answers(tmp_path, FakeChat(), asked.format(where), caution=0.0).confidence for where in PLACES}
    assert of["the Harbour Bridge"] > of["the Kellmouth Bridge"]
    assert of["the Harbour Bridge"] > Settings().caution


PLACES = ("the Harbour Bridge", "the Kellmouth Bridge")


@pytest.mark.parametrize(("behind", "shown"), [(1.84, 2), (1.86, 1)])
def test_how_far_behind_the_best_another_quote_may_be(
    monkeypatch: pytest.MonkeyPatch, behind: float, shown: int
) -> None:
    monkeypatch.setattr(confidence, "rank_score", lambda signs, *, fit: 5.0 if signs.odds > 0 else 5.0 - behind)
    found = readings("One.", "Two.", odds=(1.0, -1.0))
    assert len(quoted(found).readings) == shown


@pytest.mark.parametrize(("lead", "first"), [(0.99, "Theirs."), (1.01, "Another's.")])
def test_how_much_the_words_of_whom_is_asked_for_are_worth(
    monkeypatch: pytest.MonkeyPatch, lead: float, first: str
) -> None:
    monkeypatch.setattr(confidence, "rank_score", lambda signs, *, fit: signs.odds)
    found = readings("Theirs.", "Another's.", odds=(0.0, lead))
    assert quoted(found, preferred=lambda r: r.text == "Theirs.").readings[0].text == first


def test_three_quotes_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confidence, "rank_score", lambda signs, *, fit: 5.0)
    assert len(quoted(readings(*"ABCDE", odds=(1.0,) * 5)).readings) == 3


def readings(*texts: str, odds: Sequence[float]) -> list[Reading]:
    hits = [hit(f"a{n}", text, n) for n, text in enumerate(texts, start=1)]
    return [Reading(one, 0, value, 0.5, None) for one, value in zip(hits, odds, strict=True)]


def quoted(found: Sequence[Reading], preferred: Callable[[Reading], bool] = lambda _: False) -> quoting.Chosen:
    return quoting.choose(
        "What?", found, embed=alike, retrieval=None, fit="any", caution=0.0, allowed=lambda _: "", preferred=preferred
    )


def test_settings_that_decide() -> None:
    settings = Settings()
    assert (settings.caution, settings.k, settings.retriever, settings.check) == (
        pytest.approx(0.45),
        Settings.model_fields["k"].default,
        "hybrid",
        Settings.model_fields["check"].default,
    )


# -- contradictions -----------------------------------------------------------------------

START = date(2023, 1, 1)


def later(days: int) -> str:
    return (START + timedelta(days=days)).isoformat()


TOLD = Said("The storm damaged 40 boats in the harbour of Kellmouth.", "", later(0))
OTHERWISE = "In the harbour of Kellmouth, 65 boats were damaged by the storm."


@pytest.mark.parametrize(("days", "found"), [(44, True), (45, True), (46, False), (80, False)])
def test_a_figure_may_change_after_45_days(days: int, found: bool) -> None:
    assert bool(between("How many boats?", TOLD, Said(OTHERWISE, "", later(days)))) == found


@pytest.mark.parametrize(("days", "found"), [(2, True), (3, True), (4, False), (6, False)])
def test_what_changes_day_by_day_is_compared_for_three_days(days: int, found: bool) -> None:
    one = Said("Unemployment in the Kellmouth region was 4.6% of the working residents.", "", later(0))
    two = Said("Unemployment in the Kellmouth region was 7.1% of the working residents.", "", later(days))
    assert bool(between("How high is unemployment?", one, two)) == found
    said = Said("The finance minister resigned after the vote on the budget.", "", later(0))
    denied = Said("The finance minister did not resign after the vote on the budget.", "", later(days))
    assert bool(between("Did the minister resign?", said, denied)) == found


@pytest.mark.parametrize(("cosine", "found"), [(0.54, False), (0.56, True)])
def test_sentences_of_one_thing_are_alike(cosine: float, found: bool) -> None:
    other = Said(OTHERWISE, "", later(0))
    assert bool(between("How many boats?", TOLD, other, at(cosine, "65"))) == found


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ("In the harbour 65 boats were damaged.", True),  # damage, boats, harbour
        ("All in all 65 boats were damaged.", False),  # two of them
    ],
)
def test_sentences_of_one_thing_share_three_words(other: str, found: bool) -> None:
    assert bool(between("How many boats?", TOLD, Said(other, "Kellmouth", later(0)))) == found


@pytest.mark.parametrize(("other", "found"), [(46, False), (47, False), (48, True)])
def test_about_so_much_is_up_to_15_percent_more(other: int, found: bool) -> None:
    one = Said("The storm damaged about 40 boats in the harbour of Kellmouth.", "", later(0))
    two = Said(OTHERWISE.replace("65", str(other)), "", later(0))
    assert bool(between("How many boats?", one, two)) == found


@pytest.mark.parametrize(("more", "found"), [("", False), ("today", True)])
def test_eight_words_that_differ_in_a_figure_only(more: str, found: bool) -> None:
    one = Said(f"Route Alba carries goods past stop 41 {more}".strip(), "", later(0))
    two = Said(f"Route Alba carries goods past stop 57 {more}".strip(), "", later(0))
    assert bool(between("Which stop?", one, two)) == found


@pytest.mark.parametrize(("words", "found"), [(1, True), (2, False)])
def test_a_denial_is_of_three_quarters_of_the_words(words: int, found: bool) -> None:
    mine, yours = (" ".join(more.split()[:words]) for more in ("alpha bravo", "charlie delta"))
    merger = "the merger of the largest regional passenger airlines"
    one = Said(f"Regulators approved {merger} {mine}.", "", later(0))
    two = Said(f"Regulators rejected {merger} {yours}.", "", later(0))
    assert bool(between("Was the merger approved?", one, two)) == found


def test_six_contradictions_are_told() -> None:
    one = passage("a", TOLD)
    cited = Citation(
        number=1,
        article_id="a",
        title="",
        published=one.published,
        quote=TOLD.text,
        start=0,
        end=len(TOLD.text),
        claim=(0, len(TOLD.text)),
        support="verbatim",
    )
    others = [passage(f"b{n}", Said(OTHERWISE.replace("65", str(65 + n)), "", later(0))) for n in range(8)]
    hits = [Hit(passage=p, score=1.0, rank=n, found_by="dense") for n, p in enumerate((one, *others[:7]), 1)]
    found = conflicts.find("How many boats?", f"{TOLD.text} [1]", [cited], [], hits, embed=alike, twins=others[7:])
    assert len(found) == 6


def test_long_sentences_are_left_alone() -> None:
    pad = "x" * (600 - len(OTHERWISE) - 1)
    assert beside("How many boats?", TOLD, passage("b", Said(f"{OTHERWISE} {pad}", "", later(0))))
    assert not beside("How many boats?", TOLD, passage("b", Said(f"{OTHERWISE} {pad}x", "", later(0))))


# -- retrieval ----------------------------------------------------------------------------


def scores(folder: Path, question: str, *rows: Any, arm: str = "hybrid", **options: Any) -> list[float]:
    given = Settings(archive=folder / "archive", retriever=arm)  # type: ignore[arg-type]
    with Archive.open(settings=given, embeddings=FakeEmbeddings()) as archive:
        if not archive.exists:
            fill(archive, *rows)
        return [hit.score for hit in archive.search(question, **options)]


STORM = row("storm", "A storm damaged forty boats.", title="Storm", published="2023-06-18")


def test_arms_weigh_the_same_and_first_places_count_for_much(tmp_path: Path) -> None:
    """Scores are sums of weight / (10 + rank): passages by words and by meaning, and whole articles."""
    rows = (STORM, row("wind", "A storm blew.", title="Wind", published="2023-06-18"))
    asked = "storm damaged forty boats"
    assert scores(tmp_path, asked, *rows) == pytest.approx([3 / 11, 3 / 12])
    assert scores(tmp_path, asked, arm="lexical") == pytest.approx([2 / 11, 2 / 12])
    assert scores(tmp_path, asked, arm="dense") == pytest.approx([1 / 11, 1 / 12])


@pytest.mark.parametrize(
    ("when", "weight"), [("", 0.0), ("the latest ", 0.5), ("the most recent ", 0.5), ("today ", 0.1)]
)
def test_the_latest_counts_half_and_today_a_tenth(tmp_path: Path, when: str, weight: float) -> None:
    asked = f"What is {when}storm news?" if "the" in when or not when else "What storm news is there today?"
    (score,) = scores(tmp_path, asked, STORM, today=datetime(2023, 6, 18, tzinfo=UTC))
    assert score == pytest.approx((3 + weight) / 11)


@pytest.mark.parametrize(("question", "arms"), [("What did Qin say about relations?", 4), ("Qin on relations", 3)])
def test_somebodys_own_words_are_an_arm_like_the_others(archive: Archive, question: str, arms: int) -> None:
    fill(archive, row("talks", "Qin Gang told Blinken that relations were at their lowest point.", title="Talks"))
    put_quotes(archive, "talks", ("relations were at their lowest point", "Qin Gang", {"verb": "told"}))
    (hit,) = archive.search(question)
    assert hit.score == pytest.approx(arms / 11)


def test_the_second_passage_of_an_article_counts_half(tmp_path: Path) -> None:
    long = " ".join(f"The storm damaged boat{n:02} of the old harbour near the town of place{n:02}." for n in range(12))
    found = scores(tmp_path, "storm damaged boat02", row("storm", long, title="Storm"), arm="lexical", k=2)
    assert found == pytest.approx([1 / 11 + 1 / 11, 1 / 12 + 1 / 2 / 11])


@pytest.mark.parametrize(("changed", "places"), [(10, 1), (11, 2)])
def test_four_fifths_of_the_words_make_one_story(tmp_path: Path, changed: int, places: int) -> None:
    words = [f"harbour{n:02}" for n in range(52)]  # fifty triples
    other = words[:-changed] + [f"other{n:02}" for n in range(changed)]
    rows = (row("one", f"{' '.join(words)}."), row("two", f"{' '.join(other)}.", title="About one"))
    assert len(scores(tmp_path, "harbour01 harbour02 harbour03", *rows)) == places


@pytest.mark.parametrize(("k", "ok"), [(0, False), (1, True), (1000, True), (1001, False)])
def test_from_one_to_a_thousand_passages(tmp_path: Path, k: int, ok: bool) -> None:
    if ok:
        assert scores(tmp_path, "storm", STORM, k=k)
    else:
        with pytest.raises(UsageError):
            scores(tmp_path, "storm", STORM, k=k)


# -- evidence -----------------------------------------------------------------------------


def chosen(folder: Path, embed: Any, *texts: str, **options: Any) -> list[str]:
    with Archive.open(folder / "archive", embeddings=FakeEmbeddings()) as archive:
        fill(archive, *(row(f"a{n}", text, title=f"Title {n}") for n, text in enumerate(texts)))
        hits = archive.search("boats harbour", k=20)
        given = {"tokens": 2000, **options}

        def wide(said: Sequence[str]) -> Vectors:
            vectors = embed(said)
            return np.pad(vectors, ((0, 0), (0, 64 - vectors.shape[1])))

        return [e.text for e in choose("boats harbour", hits, embed=wide, catalog=archive.stores.catalog, **given)]


@pytest.mark.parametrize(("cosine", "kept"), [(0.94, 2), (0.96, 1)])
def test_what_says_the_same_is_left_out(tmp_path: Path, cosine: float, kept: int) -> None:
    assert len(chosen(tmp_path, at(cosine, "sunk"), "Nine boats left the harbour.", "Boats lay sunk.")) == kept


def test_sentences_of_eight_passages_are_weighed(tmp_path: Path) -> None:
    texts = [f"Captain{n:02} moored boats in harbour{n:02}." for n in range(10)]

    def apart(said: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(said), 11), np.float32)
        for n, text in enumerate(said):
            vectors[n, int(text[7:9]) if text.startswith("Captain") else 10] = 1.0
        return vectors

    assert len(chosen(tmp_path, apart, *texts)) == 8


# -- times --------------------------------------------------------------------------------

TODAY = datetime(2023, 6, 20, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("question", "filtered"),
    [
        ("what did Powell say in 2008?", True),
        ("what did Powell say in 2007?", False),  # more than 15 years ago
        ("what was known before 3 May 1990?", True),
        ("what was known before 3 May 1989?", False),
    ],
)
def test_how_far_back_a_time_is_a_filter(question: str, filtered: bool) -> None:
    assert (timeref.find(question, TODAY) is not None) == filtered


@pytest.mark.parametrize(
    ("span", "ends"),
    [
        ("on 18 June 2023", "2023-07-03"),  # a fortnight later
        ("in May 2023", "2023-06-15"),  # a fortnight later
        ("in Q2 2022", "2022-08-15"),  # 45 days later
    ],
)
def test_articles_come_out_a_little_later(span: str, ends: str) -> None:
    found = timeref.find(f"what happened {span}?", TODAY)
    assert found is not None and found.before is not None
    assert found.before.date().isoformat() == ends


# -- multiple choice ----------------------------------------------------------------------


@pytest.mark.parametrize(("number", "ok"), [(1, False), (2, True), (20, True), (21, False)])
def test_two_to_twenty_choices(archive: Archive, number: int, ok: bool) -> None:
    choices = [f"answer {n}" for n in range(number)]
    fill(archive, STORM)
    if ok:
        assert len(archive.choose("How many?", choices, chat_model="extractive").probabilities) == number
    else:
        with pytest.raises(UsageError):
            archive.choose("How many?", choices, chat_model="extractive")
