"""The verdicts of the benchmark of pages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from helpers import ROOT

from benchmarks.pages import Case, Judged, Told, cases, f1, is_later, letters, ours, same_day, same_instant

DATA = ROOT.parent / "shared/data"


def told(when: str) -> Told:
    found = datetime.fromisoformat(when)
    return Told(published=found, clock=found.tzinfo is not None)


def test_instants_and_days() -> None:
    gold = told("2024-04-25T00:30:00+02:00")
    assert same_instant(gold, told("2024-04-24T22:30:20+00:00"))
    assert not same_instant(gold, told("2024-04-25T00:30:00+00:00"))
    assert not same_instant(gold, told("2024-04-25"))
    assert same_day(gold, told("2024-04-24T22:30:00+00:00"))
    assert same_day(gold, told("2024-04-25"))
    assert not same_day(gold, told("2024-04-24"))
    assert is_later(gold, told("2024-04-26"))
    assert is_later(gold, told("2024-04-25T00:30:00+00:00"))
    assert not is_later(gold, gold)
    assert not is_later(gold, Told())


def test_text_and_names() -> None:
    assert f1("one two three four five", "One, two three four five.") == 1
    assert f1("one two three four five", "six seven") == 0
    assert 0 < f1("one two three four five", "one two three four six") < 1
    assert f1("ab 日本語の文", "ab 日本語の文") == 1
    assert letters("El País!") == letters("ELPAÍS")


def test_a_page_is_judged_by_each_measure() -> None:
    gold = Told(
        "Talks", "", ("Ann Lee", "Bo Rask"), datetime.fromisoformat("2024-01-12T16:05+01:00"), True, "a b c d e"
    )
    page = Case(Path("us-CNBC_1.html.gz"), "", "us-CNBC", gold, told=True)
    right = Judged()
    right.add(page, Told("talks", "CNBC", ("Bo Rask", "Ann Lee"), gold.published, True, "a b c d e"))
    assert all(right.values[what] == [1] for what in ("title", "outlet", "authors", "instant", "day", "text F1"))
    assert right.values["later"] == [0]
    wrong = Judged()
    wrong.add(page, Told())
    assert all(
        wrong.values[what] == [0] for what in ("title", "outlet", "authors", "instant", "day", "text F1", "later")
    )


def test_a_folder_without_gold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="neither"):
        cases(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")
def test_real_pages_are_read_as_well_as_measured() -> None:
    judged = Judged()
    for page in cases(DATA / "newspages"):
        judged.add(page, ours(page))
    least = {"instant": 0.98, "outlet": 0.96, "authors": 0.87, "title": 0.9, "text F1": 0.95}
    reached = {what: sum(judged.values[what]) / len(judged.values[what]) for what in least}
    assert all(reached[what] >= least[what] for what in least), reached
    assert sum(judged.values["later"]) == 0
    texts = [f1(page.gold.text, ours(page).text) for page in cases(DATA / "html")]
    assert sum(texts) / len(texts) >= 0.95
