"""A run as files: ``report.json`` for programs, ``report.html`` for the editor who acts on it.

The page is one file that needs nothing else, no network and no script. Its
templates escape all they are given; what could command a terminal or turn the
text around it becomes U+FFFD on the way.
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from rag.errors import SourceError, UsageError
from rag.evaluation import labels, measures, plots, report_view
from rag.evaluation.case_view import CaseView
from rag.evaluation.citation_view import Kind
from rag.evaluation.values import SCHEMA, Comparison, Difference, Report, Row, Run
from rag.text.counting import count

if TYPE_CHECKING:
    from jinja2 import Environment

JSON, HTML = "report.json", "report.html"
"""The two files that ``write`` makes."""


@dataclass(frozen=True)
class _Cause:
    label: str
    about: str
    cases: int
    share: float
    """Of the most frequent cause's cases."""
    anchor: str | None


@dataclass(frozen=True)
class _Compared:
    difference: Difference
    label: str
    about: str
    verdict: str
    kind: Kind
    low: float
    value: float
    high: float
    """Places on a strip, 0 to 1; no difference is in the middle."""


def html(report: Report, rows: Sequence[Row], *, detailed: int = 200) -> str:
    """The report as a page.

    Args:
        report: The run's figures.
        rows: What came of its cases; a case without its row is shown by its verdict alone.
        detailed: Of how many cases, the worst first, everything is shown; of the rest, question and verdict.
    """
    ordered = report_view.views(report, rows)
    groups, rest = report_view.groups(ordered[:detailed]), ordered[detailed:]
    return _page(
        "report.html.j2",
        script=_asset("report.js"),
        report=report,
        run=report.run,
        name=_name(report.run.cases),
        lede=report_view.headline(report) or report_view.summary_line(ordered, retrieval=report.run.model is None),
        headlines=report_view.headlines(report),
        figures=report_view.figures([s for s in report.scores if s.value is not None]),
        unmeasured=report_view.figures([s for s in report.scores if s.value is None]),
        tagged=_tagged(report),
        outcomes=report_view.outcomes(report),
        outcome_labels=[labels.measure(name) for name in measures.RUBRIC],
        plots=_plots(report, rows),
        tokens=report_view.tokens(report),
        causes=_causes(report, groups, rest),
        groups=groups,
        rest=rest,
    )


def comparison_html(comparison: Comparison) -> str:
    """Two runs side by side as a page."""
    reach = max((abs(x) for d in comparison.differences for x in (d.low, d.high, d.difference)), default=0.0) or 1.0
    return _page(
        "comparison.html.j2",
        script=None,
        comparison=comparison,
        lede=_compared_lede(comparison),
        rows=[_compared(d, reach) for d in comparison.differences],
        reach=reach,
        changed=_changed(comparison.a, comparison.b),
    )


def write(folder: Path, report: Report, rows: Sequence[Row]) -> None:
    """Write ``report.json`` and ``report.html`` into a folder, each whole or not at all.

    Raises:
        UsageError: The folder can't be written to.
    """
    page = html(report, rows)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _put(folder / JSON, report.model_dump_json(indent=1) + "\n")
        _put(folder / HTML, page)
    except OSError as e:
        raise UsageError(f"{folder} can't be written to ({e.strerror or e}). Choose another: --out DIR") from e


def read(path: Path) -> Report:
    """The report in a folder, or in a file.

    Raises:
        SourceError: There is none, or it can't be read.
        UsageError: A newer version wrote it.
    """
    file = path / JSON if path.is_dir() else path
    try:
        content = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise SourceError(f"There is no report in {path}. Make one: onrecord eval CASES --out DIR") from None
    except OSError as e:
        raise SourceError(f"{file} can't be read ({e.strerror or e}). Check its permissions.") from e
    except (ValueError, RecursionError) as e:
        raise SourceError(f"{file} is not JSON. Make it anew: onrecord eval CASES --out DIR") from e
    if not isinstance(content, dict):
        raise SourceError(f"{file} is not a report. Name the folder of a run, or its {JSON}.")
    schema = content.get("schema_version")
    if isinstance(schema, int) and schema > SCHEMA:
        raise UsageError(f"{file} was written by a newer version (schema {schema}). Update: pip install -U onrecord")
    try:
        return Report.model_validate_json(json.dumps(content))
    except ValidationError as e:
        place = ".".join(str(part) for part in e.errors()[0]["loc"])
        raise SourceError(f"{file} is not a report (at {place}). Name the folder of a run, or its {JSON}.") from e


def _put(file: Path, text: str) -> None:
    half = file.with_name(f".{file.name}.{token_hex(6)}")
    try:
        with half.open("x", encoding="utf-8", newline="\n") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.replace(half, file)
    except BaseException:
        with suppress(OSError):
            half.unlink()
        raise


# -- filling in -------------------------------------------------------------------------


@cache
def _asset(name: str) -> str:
    return files("rag.evaluation").joinpath("templates", name).read_text("utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        count=count,
        day=labels.day,
        reason=labels.reason,
        signed=_signed,
        cause=lambda c: labels.cause(c)[0],
    )
    return environment


def _finalize(value: Any) -> Any:
    """Of all that is put into a page: what is marked safe is ours, everything else is made readable, then escaped."""
    return value if hasattr(value, "__html__") else labels.readable(str(value))


def _page(template: str, *, script: str | None, **context: Any) -> str:
    from markupsafe import Markup

    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    if script is not None:
        digest = b64encode(sha256(script.encode()).digest()).decode()
        policy += f"; script-src 'sha256-{digest}'"
    return (
        _environment()
        .get_template(template)
        .render(
            policy=policy,
            css=Markup(_asset("report.css")),  # noqa: S704 - files of our own
            script=Markup(script) if script is not None else None,  # noqa: S704
            **context,
        )
    )


def _name(cases: str) -> str:
    """The file's name; the facts below it give the path."""
    return cases.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or cases


def _signed(x: float) -> str:
    return f"{x:+.3f}".replace("-", "\N{MINUS SIGN}") if abs(x) >= 0.0005 else "0"


# -- the report ---------------------------------------------------------------------------


def _tagged(report: Report) -> list[tuple[report_view.Figure, Any]]:
    from markupsafe import Markup

    return [
        (figure, Markup(plots.by_tag(tags, overall, name=f"by-tag-{n}")))  # noqa: S704 - escaped by lxml
        for n, (figure, tags, overall) in enumerate(report_view.tagged(report), 1)
    ]


def _plots(report: Report, rows: Sequence[Row]) -> list[tuple[str, str, Any]]:
    from markupsafe import Markup

    given = report.run.settings.get("k") if report.run.model else None
    drawn = (
        (
            "Recall by depth",
            "Share of the relevant documents among the first places.",
            plots.depth(report.depth, given=int(given) if isinstance(given, (int, float)) else None),
        ),
        (
            "Is its confidence borne out?",
            "On the dashed line the share right is what was stated; below it, it was too sure. Figures count answers.",
            plots.reliability(report.reliability),
        ),
        (
            "How long it took",
            "The dot is the median, the bar ends at the 95th percentile; fine dots are single cases.",
            plots.latency(report.latency, report_view.samples(rows)),
        ),
    )
    return [(title, caption, Markup(svg)) for title, caption, svg in drawn if svg]  # noqa: S704 - escaped by lxml


def _causes(report: Report, groups: Sequence[report_view.Group], rest: Sequence[CaseView]) -> list[_Cause]:
    anchors = {group.label: f"group-{n}" for n, group in enumerate(groups, 1)}
    anchors |= {v.verdict: "rest" for v in rest if v.verdict not in anchors}
    most = max(report.causes.values(), default=1) or 1
    ordered = sorted(report.causes.items(), key=lambda p: -p[1])
    return [
        _Cause(*labels.cause(cause), cases=n, share=n / most, anchor=anchors.get(labels.cause(cause)[0]))
        for cause, n in ordered
    ]


# -- two runs ---------------------------------------------------------------------------------


def _compared(d: Difference, reach: float) -> _Compared:
    verdict: str = "within chance"
    kind: Kind = "open"
    if d.better or d.worse:
        verdict, kind = ("better", "good") if d.better else ("worse", "bad")
    low, value, high = (0.5 + x / reach / 2 for x in (d.low, d.difference, d.high))
    return _Compared(d, *labels.measure(d.name), verdict=verdict, kind=kind, low=low, value=value, high=high)


def _compared_lede(comparison: Comparison) -> str:
    better = sum(d.better for d in comparison.differences)
    worse = sum(d.worse for d in comparison.differences)
    if not better and not worse:
        said = "No measure differs beyond chance"
    else:
        measures = count(len(comparison.differences), "measure")
        said = f"Of {measures}, {better} got better and {worse} worse beyond chance"
    return f"{said}. {count(len(comparison.gained), 'case')} gained, {len(comparison.lost)} lost."


def _changed(a: Run, b: Run) -> list[tuple[str, str, str]]:
    """What decides answers and isn't the same in both."""

    def told(run: Run) -> dict[str, str]:
        plain = ("cases", "model", "articles", "passages", "fingerprint", "version", "commit", "code", "machine")
        facts = {name: str(value) for name in plain if (value := getattr(run, name)) is not None}
        return {**facts, "prompts": ", ".join(run.prompts), **{k: str(v) for k, v in run.settings.items()}}

    one, two = told(a), told(b)
    return [(n, one.get(n, "–"), two.get(n, "–")) for n in dict.fromkeys((*one, *two)) if one.get(n) != two.get(n)]
