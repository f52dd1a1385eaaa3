"""The report: whole without anything else, the worst first, written and read, and two runs compared."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html

from rag.errors import SourceError, UsageError
from rag.evaluation import labels, report, report_view
from rag.evaluation.values import (
    Comparison,
    Row,
    Rubric,
)

from .report_pages import (
    assert_whole,
    choice_row,
    failed,
    make_comparison,
    make_report,
    make_row,
    make_run,
    mixed,
    page,
    searched,
)


def every_kind() -> dict[str, list[Row]]:
    return {
        "mixed": mixed(),
        "none": [],
        "errors": [failed("a"), failed("b")],
        "retrieval": [searched(make_row(f"case-{n}")) for n in range(3)],
        "choices": [choice_row()],
        "one": [make_row()],
    }


KINDS = pytest.mark.parametrize("kind", sorted(every_kind()))


# -- the page -------------------------------------------------------------------------


@KINDS
def test_every_kind_of_run_is_a_whole_page(kind: str) -> None:
    rows = every_kind()[kind]
    root = assert_whole(page(rows, model=None if kind == "retrieval" else "local"))
    assert len(root.xpath("//details[contains(@class, 'case')]")) == len(rows)


@KINDS
def test_the_same_run_gives_the_same_page(kind: str) -> None:
    rows = every_kind()[kind]
    assert page(rows) == page(rows)


def test_what_was_run_is_said() -> None:
    text = lxml_html.document_fromstring(
        page(mixed(), commit="abc1234+", machine="A processor, 2 cores")
    ).text_content()
    for words in ("storm.jsonl", "local", "4 articles", "answer@1", "abc1234+", "0.1.0", "23 November 2026", "2 cores"):
        assert words in text


def test_worst_first() -> None:
    rows = mixed()
    ordered = [v.result.id for v in report_view.views(make_report(rows), rows)]
    assert ordered[:2] == ["broken", "should-refuse"]
    assert set(ordered[2:4]) == {"wrong", "choice"}
    assert ordered[4] == "refused"
    assert set(ordered[5:]) == {"right", "refused-rightly"}


def test_within_a_verdict_the_lowest_measures_come_first() -> None:
    low = searched(make_row("low")).model_copy(update={"found": ()})
    rows = [searched(make_row("high")), low]
    assert [v.result.id for v in report_view.views(make_report(rows, model=None), rows)] == ["low", "high"]


def test_the_first_failures_are_open() -> None:
    rows = [make_row("right"), *(failed(f"broken-{n}") for n in range(5))]
    root = lxml_html.document_fromstring(page(rows))
    assert [d.get("open") is not None for d in root.xpath("//details[@data-verdict]")] == [True] * 3 + [False] * 3


def test_causes_lead_to_their_cases() -> None:
    root = lxml_html.document_fromstring(page(mixed()))
    links = {a.text: a.get("href")[1:] for a in root.xpath("//ul[@class='causes']//a")}
    assert set(links) >= {"Ended in an error", "Should have refused", "Wrong answer"}
    for label, anchor in links.items():
        assert root.get_element_by_id(anchor).text.strip() == label


def test_many_cases_are_cut_short_and_it_is_said() -> None:
    rows = [make_row(f"case-{n}") for n in range(7)]
    root = assert_whole(page(rows, detailed=4))
    assert len(root.xpath("//details[@data-verdict]")) == 4
    assert len(root.xpath("//tr[@data-verdict]")) == 3
    assert "rows.jsonl" in root.get_element_by_id("rest").getnext().text
    assert len(assert_whole(page(rows, detailed=0)).xpath("//tr[@data-verdict]")) == 7


def test_a_case_without_its_row_is_still_there() -> None:
    rows = mixed()
    root = assert_whole(report.html(make_report(rows), []))
    assert len(root.xpath("//details[@data-verdict]")) == len(rows)


# -- files ----------------------------------------------------------------------------


def test_write_and_read(tmp_path: Path) -> None:
    rows = mixed()
    made = make_report(rows)
    report.write(tmp_path / "a" / "b", made, rows)
    assert sorted(p.name for p in (tmp_path / "a" / "b").iterdir()) == ["report.html", "report.json"]
    assert report.read(tmp_path / "a" / "b") == made
    assert report.read(tmp_path / "a" / "b" / "report.json") == made
    assert (tmp_path / "a" / "b" / "report.html").read_text("utf-8") == report.html(made, rows)


def test_write_replaces_whole_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = mixed()
    report.write(tmp_path, make_report(rows), rows)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(UsageError, match="No space left"):
        report.write(tmp_path, make_report([]), [])
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_write_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="--out DIR"):
        report.write(tmp_path / "file", make_report([]), [])


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "{}", '{"schema_version": "x"}', "\ud800", '{"run": {}}'])
def test_read_what_is_no_report(tmp_path: Path, content: str) -> None:
    (tmp_path / "report.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(SourceError, match=r"report\.json is not"):
        report.read(tmp_path)


def test_read_nothing(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(SourceError, match="onrecord eval"):
            report.read(path)


def test_read_a_newer_schema(tmp_path: Path) -> None:
    made = make_report([]).model_copy(update={"schema_version": 99})
    (tmp_path / "report.json").write_text(made.model_dump_json())
    with pytest.raises(UsageError, match=r"newer version .*Update"):
        report.read(tmp_path)


def test_comparison() -> None:
    root = assert_whole(report.comparison_html(make_comparison()))
    assert [td.text_content() for td in root.xpath("//td[@data-label='b is']")] == ["better", "worse", "within chance"]
    text = root.text_content()
    for words in ("+0.200", "−0.200", "< 0.001", "Gained?", "Lost?", "was: Wrong answer", "1 case only in a", "0.2.0"):
        assert words in text
    assert not root.xpath("//script")


def test_comparison_of_nothing() -> None:
    assert_whole(report.comparison_html(Comparison(a=make_run(), b=make_run(), differences=())))


def test_every_measure_of_a_report_has_a_definition() -> None:
    from rag.evaluation import measures

    assert [name for name in measures.DEFAULT if not labels.measure(name)[1]] == []


# -- cases with a rubric ----------------------------------------------------------------


def by_rubric() -> list[Row]:
    """Right, wrong and refused wrongly of one type; refused rightly of another."""
    asked: dict[str, Any] = {"answers": (), "tags": ("who<b>",), "rubric": Rubric(must=("eleven",))}
    nothing: dict[str, Any] = {"answers": (), "answerable": False, "tags": ("nobody",), "rubric": Rubric()}
    return [
        make_row("right", **asked),
        make_row("wrong", **{**asked, "rubric": Rubric(must=("twelve",))}),
        make_row("refused", **asked, answered=False),
        make_row("nothing", **nothing, answered=False),
    ]


def test_outcomes_over_all_and_by_type() -> None:
    rows = [*by_rubric(), make_row("words", tags=("words",))]  # the last has no rubric
    found = {o.label: o.shares for o in report_view.outcomes(make_report(rows))}
    assert list(found) == ["all", "nobody", "who<b>", "words"]
    told = {label: [s and s.counted for s in shares] for label, shares in found.items()}
    assert told == {
        "all": ["3 of 5", "1 of 5", "1 of 1", "1 of 4", None, "1 of 3"],
        "nobody": ["1 of 1", "0 of 1", "1 of 1", None, None, None],
        "who<b>": ["1 of 3", "1 of 3", None, "1 of 3", None, "1 of 3"],
        "words": ["1 of 1", "0 of 1", None, "0 of 1", None, None],
    }
    right = found["all"][0]
    assert right is not None and right.low < 0.6 < right.high
    assert (right.share, right.interval) == ("0.60", f"{right.low:.2f}–{right.high:.2f}")
    assert report_view.outcomes(make_report(mixed())) == []


def test_the_headline_looks_at_the_answers() -> None:
    told = report_view.headline(make_report([*by_rubric(), failed("broken")]))
    assert told == (
        "Of 5 cases: 1 answered rightly, 1 answered wrongly, 1 refused rightly, 1 refused wrongly, 1 error."
    )
    assert "1 answered rightly" in page(by_rubric())
    assert report_view.headline(make_report([searched(make_row("a"))], model=None)) == ""
    label, about = labels.measure("balanced_accuracy")
    assert label == "Knew whether to answer" and "not looked at" in about


def test_outcomes_are_a_table_of_the_page() -> None:
    root = assert_whole(page(by_rubric()))
    rows = root.xpath("//section[@id='types']//tbody/tr")
    assert [r.xpath("string(th)") for r in rows] == ["all", "nobody", "who<b>"]
    assert rows[0].xpath("string(td[1])").startswith("2 of 4")
    assert not assert_whole(page(mixed())).xpath("//section[@id='types']")


def test_a_false_premise_put_right_is_no_refusal() -> None:
    known: dict[str, Any] = {"answers": (), "answerable": False}
    premise = make_row("premise", **known, rubric=Rubric(false_premise=True, correct="eleven"))
    refused = make_row("refused", **known, rubric=Rubric(), answered=False)
    rows = [premise, refused]
    assert {v.result.id: v.verdict for v in report_view.views(make_report(rows), rows)} == {
        "premise": "Right",
        "refused": "Rightly refused",
    }
