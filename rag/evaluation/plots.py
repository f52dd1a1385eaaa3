"""Figures as inline SVG; the only file that draws.

Every function returns one ``<svg>`` element to be put into a page, or ``""``
where there is nothing to show. It refers to nothing outside itself, is the
same for the same data, and scales with the column it stands in. Colours are
the page's CSS variables (``--ink``, ``--muted``, ``--rule``, ``--accent``), so
light and dark modes reach it; letters are the page's own. What it shows is
also said in words, in ``aria-label``.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree

from rag.evaluation.labels import duration, readable, stage_name
from rag.evaluation.values import CalibrationBin, LatencySummary, Score
from rag.text.counting import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 400.0
"""Of the drawing, in the units of its viewBox; about one pixel each on a telephone."""
_SIZE = 13.0
_TAGS = 24
"""At most so many tags are drawn, those with most cases."""
_DOTS = 300
"""At most so many single cases are drawn for a stage."""

# Colours that nobody else uses: each is replaced by a variable of the page once matplotlib has written its file.
_INK, _MUTED, _RULE, _ACCENT, _PAPER = "#010101", "#020202", "#030303", "#040404", "#050505"
_VARIABLES = {_INK: "ink", _MUTED: "muted", _RULE: "rule", _ACCENT: "accent", _PAPER: "paper"}

_SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "onrecord", "path.simplify": False, "text.usetex": False}
_HALO = "stroke: var(--paper, transparent); stroke-width: 3px; paint-order: stroke"
_LOCK = threading.Lock()  # rc_context changes what all threads see

Align = Literal["left", "center", "right"]


class _Sheet:
    """A drawing in the making: one matplotlib axes, without matplotlib's own decoration."""

    def __init__(self, height: float, *, left: float, right: float, top: float = 10, bottom: float = 44) -> None:
        from matplotlib.figure import Figure

        self.figure: Figure = Figure(figsize=(_WIDTH / 72, height / 72))
        self.width, self.height = _WIDTH - left - right, height - top - bottom
        box = (left / _WIDTH, bottom / height, self.width / _WIDTH, self.height / height)
        self.axes: Axes = self.figure.add_axes(box)
        self.axes.set_axis_off()
        self._words: list[tuple[str, bool]] = []

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        colour: str = _MUTED,
        align: Align = "center",
        size: float = _SIZE,
        shift: tuple[float, float] = (0, 0),
        within: Any = "data",
        halo: bool = False,
    ) -> None:
        """Words at a place, moved by ``shift`` units; with a halo they can be read over lines and dots.

        matplotlib gets a stand-in: it would read ``$`` as mathematics and miss letters in its own font.
        """
        self._words.append((words, halo))
        self.axes.annotate(
            f"w{len(self._words) - 1}w",
            (x, y),
            xytext=shift,
            xycoords=within,
            textcoords="offset points",
            color=colour,
            ha=align,
            va="center_baseline",
            fontsize=size,
            annotation_clip=False,
        )

    def line(
        self, xs: Sequence[float], ys: Sequence[float], *, colour: str = _RULE, width: float = 1, **more: Any
    ) -> None:
        """A line through points."""
        self.axes.plot(xs, ys, color=colour, linewidth=width, clip_on=False, solid_capstyle="round", **more)

    def dots(
        self,
        xs: Sequence[float],
        ys: Sequence[float],
        *,
        colour: str = _ACCENT,
        area: float = 42.0,
        alpha: float = 1,
        above: float = 3,
    ) -> None:
        """Dots of an area in square units."""
        self.axes.scatter(
            xs, ys, s=area, color=colour, edgecolors=_PAPER, linewidths=1, alpha=alpha, clip_on=False, zorder=above
        )

    def svg(self, name: str, title: str, told: str) -> str:
        """The drawing as an element; ``told`` is its data in words."""
        from matplotlib import rc_context

        file = io.BytesIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        with _LOCK, rc_context(_SETTINGS):
            self.figure.savefig(file, format="svg", transparent=True, metadata=nothing)
        return _inline(file.getvalue(), name, title, told, self._words)


def by_tag(tags: Mapping[str, Score], overall: Score | None = None, *, name: str = "by-tag") -> str:
    """One measure for each tag: a dot, its 95 % interval, and over how many cases; the lowest first.

    Args:
        tags: The measure's score for each tag; those without a value are left out.
        overall: The same over all cases, drawn as a line.
        name: What ids in the drawing begin with; different for each drawing of a page.
    """
    known = [(tag, score) for tag, score in tags.items() if score.value is not None]
    shown = sorted(known, key=lambda p: (-p[1].cases, p[0]))[:_TAGS]
    shown.sort(key=lambda p: (p[1].value, p[0]))
    if not shown:
        return ""
    step = 26.0
    sheet = _Sheet(len(shown) * step + 62, left=112, right=78, top=24, bottom=38)
    low, high = _limits([s for _, s in shown])
    sheet.axes.set(xlim=(low, high), ylim=(len(shown) - 0.4, -0.6))
    _shares_below(sheet, low, high)
    side, top = ("axes fraction", "data"), -0.6
    sheet.text(1, top, "value", within=side, align="right", shift=(40, 12), size=12)
    sheet.text(1, top, "cases", within=side, align="right", shift=(76, 12), size=12)
    if overall is not None and overall.value is not None:
        sheet.line([overall.value] * 2, [top, len(shown) - 0.4], colour=_MUTED, linestyle=(0, (3, 3)), zorder=1)
        side_of: Align = "right" if overall.value > low + 0.8 * (high - low) else "center"
        sheet.text(overall.value, top, f"all {overall.value:.2f}", align=side_of, shift=(0, 12), size=12)
    for y, (tag, score) in enumerate(shown):
        value = score.value or 0.0
        sheet.line([value if score.low is None else score.low, value if score.high is None else score.high], [y, y],
                   colour=_ACCENT, width=2.5, alpha=0.45)  # fmt: skip
        sheet.dots([value], [y])
        sheet.text(0, y, _short(tag), within=side, align="right", colour=_INK, shift=(-12, 0))
        sheet.text(1, y, f"{value:.2f}", within=side, align="right", colour=_INK, shift=(40, 0))
        sheet.text(1, y, str(score.cases), within=side, align="right", shift=(76, 0))
    measure = shown[0][1].name
    more = f" {len(known) - len(shown)} tags with fewer cases are not drawn." if len(known) > len(shown) else ""
    told = "; ".join(f"{tag} {_interval(score)} over {score.cases}" for tag, score in shown)
    return sheet.svg(name, f"{measure} by tag", f"{told}.{more}")


def latency(spreads: Mapping[str, LatencySummary], samples: Mapping[str, Sequence[float]] | None = None) -> str:
    """How long each stage took: the median as a dot, a line up to the 95th percentile, single cases as fine dots.

    Args:
        spreads: Milliseconds, stage by stage, drawn in this order.
        samples: Milliseconds of single cases, where they are known.
    """
    if not spreads:
        return ""
    least = 1.0  # what takes less than a millisecond is drawn as one
    highest = max(
        [least * 10, *(s.p95 for s in spreads.values()), *(max(v, default=0) for v in (samples or {}).values())]
    )
    sheet = _Sheet(len(spreads) * 34 + 62, left=112, right=104, top=24, bottom=38)
    sheet.axes.set(xscale="log", xlim=(least, highest * 1.1), ylim=(len(spreads) - 0.4, -0.6))
    _times_below(sheet, least, highest * 1.1)
    side = ("axes fraction", "data")
    sheet.text(1, -0.6, "median", within=side, align="right", shift=(52, 12), size=12)
    sheet.text(1, -0.6, "95 %", within=side, align="right", shift=(102, 12), size=12)
    for y, (stage, spread) in enumerate(spreads.items()):
        if single := _some((samples or {}).get(stage, ())):
            heights = [y + 0.24 * ((i * 0.618034) % 1 - 0.5) * 2 for i in range(len(single))]
            sheet.dots([max(least, x) for x in single], heights, colour=_MUTED, area=8.0, alpha=0.5, above=1)
        middle, far = max(least, spread.p50), max(least, spread.p95)
        sheet.line([middle, far], [y, y], colour=_ACCENT, width=2.5, alpha=0.55)
        sheet.line([far, far], [y - 0.16, y + 0.16], colour=_ACCENT, width=2.5)
        sheet.dots([middle], [y])
        sheet.text(0, y, _short(stage_name(stage)), within=side, align="right", colour=_INK, shift=(-12, 0))
        sheet.text(1, y, duration(spread.p50), within=side, align="right", colour=_INK, shift=(52, 0))
        sheet.text(1, y, duration(spread.p95), within=side, align="right", shift=(102, 0))
    told = "; ".join(
        f"{stage_name(stage)}: half within {duration(s.p50)}, 95 % within {duration(s.p95)}, "
        f"over {count(s.cases, 'case')}"
        for stage, s in spreads.items()
    )
    return sheet.svg("latency", "Time by stage", f"{told}.")


def reliability(bins: Sequence[CalibrationBin]) -> str:
    """Stated confidence against the share of answers that were right; a dot's area is its number of answers."""
    if not bins:
        return ""
    sheet = _Sheet(350, left=46, right=18, top=34, bottom=48)
    sheet.axes.set(xlim=(0, 1), ylim=(0, 1))
    for at in (0.0, 0.25, 0.5, 0.75, 1.0):
        sheet.line([0, 1], [at, at], zorder=0)
        sheet.text(0, at, f"{at:.2f}", align="right", shift=(-9, 0), size=12)
        sheet.text(at, 0, f"{at:.2f}", shift=(0, -16), size=12)
    sheet.line([0, 1], [0, 1], colour=_MUTED, linestyle=(0, (4, 4)), zorder=1)
    sheet.text(0.5, 0, "confidence stated", shift=(0, -38), size=12)
    sheet.text(0, 1, "share right", align="left", shift=(-37, 20), size=12)
    most = max(b.cases for b in bins) or 1
    for b in bins:
        area = 50 + 500 * b.cases / most
        sheet.dots([b.confidence], [b.right], area=area, alpha=0.55)
        over = (area**0.5 / 2 + 9) * (-1 if b.right > 0.9 else 1)
        sheet.text(b.confidence, b.right, str(b.cases), colour=_INK, shift=(0, over), size=12, halo=True)
    told = "; ".join(f"confidence {b.confidence:.2f}: {b.right:.2f} right, {count(b.cases, 'case')}" for b in bins)
    return sheet.svg("reliability", "Confidence against share right", f"{told}.")


def depth(points: Sequence[tuple[int, float]], *, given: int | None = None) -> str:
    """Recall against how many places of the ranking are looked at.

    Args:
        points: (k, recall@k).
        given: How many passages an answer is given, marked where it is known.
    """
    points = sorted(points)
    if not points:
        return ""
    sheet = _Sheet(270, left=46, right=24, top=20, bottom=48)
    ks, values = [k for k, _ in points], [v for _, v in points]
    first, last = ks[0], max(ks[-1], ks[0] + 1)
    wide = last / max(first, 1) > 12
    sheet.axes.set(ylim=(0, 1), xscale="log" if wide else "linear", xlim=(first, last))
    for at in (0.0, 0.25, 0.5, 0.75, 1.0):
        sheet.line([first, last], [at, at], zorder=0)
        sheet.text(first, at, f"{at:.2f}", align="right", shift=(-9, 0), size=12)
    named = _named(ks, (lambda k: _log(k)) if wide else float)
    for k in named:
        sheet.text(k, 0, str(k), shift=(0, -16), size=12)
    sheet.text(0.5, 0, "places of the ranking", within="axes fraction", shift=(0, -38), size=12)
    if given is not None and first <= given <= last:
        sheet.line([given, given], [0, 1], colour=_MUTED, linestyle=(0, (3, 3)), zorder=1)
        sheet.text(given, 0, f"an answer is given {given}", align="left" if given < last / 2 else "right",
                   shift=(6 if given < last / 2 else -6, 12), size=12)  # fmt: skip
    sheet.line(ks, values, colour=_ACCENT, width=2)
    if len(ks) <= 20:
        sheet.dots(ks, values)
    for k, value in points:
        if k in named:
            side: Align = "left" if k == first else "center"
            over = (3 if k == first else 0, 13 if value < 0.93 else -15)
            sheet.text(k, value, f"{value:.2f}", colour=_INK, align=side, shift=over, size=12, halo=True)
    told = "; ".join(f"first {k}: {v:.2f}" for k, v in points if k in named or len(points) <= 12)
    return sheet.svg("depth", "Recall by depth", f"{told}.")


# -- scales and words -----------------------------------------------------------------


def _limits(scores: Sequence[Score]) -> tuple[float, float]:
    """0 to 1, or further where a measure goes further."""
    ends = [x for s in scores for x in (s.value, s.low, s.high) if x is not None]
    return min(0.0, *ends), max(1.0, *ends)


def _shares_below(sheet: _Sheet, low: float, high: float) -> None:
    bottom, top = sheet.axes.get_ylim()
    for at in [low + (high - low) * part for part in (0, 0.25, 0.5, 0.75, 1)]:
        sheet.line([at, at], [bottom, top], zorder=0)
        sheet.text(at, bottom, f"{at:g}", shift=(0, -14), size=12)


def _times_below(sheet: _Sheet, low: float, high: float) -> None:
    bottom, top = sheet.axes.get_ylim()
    decades = range(round(_log(low)), int(_log(high)) + 1)
    every = 2 if len(decades) > 4 else 1
    for power in decades:
        sheet.line([10.0**power] * 2, [bottom, top], zorder=0)
        if power % every == 0:
            sheet.text(10.0**power, bottom, duration(10.0**power), shift=(0, -14), size=12)


def _log(x: float) -> float:
    from math import log10

    return log10(max(x, 1e-9))


def _named(ks: Sequence[int], place: Callable[[int], float]) -> set[int]:
    """Those of the depths whose figures have room beside each other, the first and the last among them."""
    room = (place(ks[-1]) - place(ks[0])) / 7.5
    named = [ks[0]]
    for k in ks[1:-1]:
        if place(k) - place(named[-1]) >= room and place(ks[-1]) - place(k) >= room:
            named.append(k)
    return {*named, ks[-1]}


def _some(values: Sequence[float]) -> list[float]:
    """At most ``_DOTS`` of them, evenly from the least to the greatest."""
    ordered = sorted(values)
    if len(ordered) <= _DOTS:
        return ordered
    return [ordered[round(i * (len(ordered) - 1) / (_DOTS - 1))] for i in range(_DOTS)]


def _short(words: str, most: int = 16) -> str:
    words = " ".join(readable(words).split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def _interval(score: Score) -> str:
    between = f" (95 % {score.low:.2f} to {score.high:.2f})" if score.low is not None and score.high is not None else ""
    return f"{score.value:.2f}{between}"


# -- from matplotlib's file to an element of the page -----------------------------------


def _inline(file: bytes, name: str, title: str, told: str, words: Sequence[tuple[str, bool]]) -> str:
    root = ElementTree.fromstring(file)  # noqa: S314 - matplotlib has just written it
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for child in list(element):
            # A style here would reach the whole page.
            if child.tag.rpartition("}")[2] in ("metadata", "style"):
                element.remove(child)
        element.attrib = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
        if style := element.get("style"):
            element.set("style", _restyle(style))
        if m := re.fullmatch(r"w(\d+)w", (element.text or "").strip()):
            said, halo = words[int(m[1])]
            element.text = readable(said)
            if halo:
                element.set("style", f"{element.get('style')}; {_HALO}")
        elif not (element.text or "").strip():
            element.text = None
        element.tail = None
    _rename(root, name)
    _announce(root, readable(title), readable(told))
    return ElementTree.tostring(root, encoding="unicode")


def _rename(root: ElementTree.Element, name: str) -> None:
    """Ids that are referred to are counted up from the plot's name; all others go."""
    mention = re.compile(r"#([\w-]+)")
    said = [(e, key) for e in root.iter() for key in ("href", "clip-path") if key in e.attrib]
    used: dict[str, str] = {}
    for element, key in said:
        for old in mention.findall(element.attrib[key]):
            used.setdefault(old, f"{name}-{len(used) + 1}")
        element.set(key, mention.sub(lambda m: "#" + used[m[1]], element.attrib[key]))
    for element in root.iter():
        old = element.attrib.pop("id", None)
        if old in used:
            element.set("id", used[old])


def _restyle(style: str) -> str:
    """Colours become the page's variables, and letters its own."""
    kept = [part.strip() for part in style.split(";") if part.strip() and not part.strip().startswith("font-family")]
    return "; ".join(re.sub(r"#[0-9a-fA-F]{6}", _variable, part) for part in kept)


def _variable(m: re.Match[str]) -> str:
    variable = _VARIABLES.get(m[0])
    return f"var(--{variable}, currentColor)" if variable else "currentColor"


def _announce(root: ElementTree.Element, title: str, told: str) -> None:
    root.attrib = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": root.attrib["viewBox"],
        "width": "100%",
        "role": "img",
        "aria-label": f"{title}. {told}",
        "style": "font-family: inherit; stroke-linejoin: round; stroke-linecap: butt",
    }
    for place, (tag, words) in enumerate((("title", title), ("desc", told))):
        element = ElementTree.Element(tag)
        element.text = words
        root.insert(place, element)
