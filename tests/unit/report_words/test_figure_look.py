"""What every figure must keep: large words on a phone, no need of colours, one title, arrows."""

from __future__ import annotations

import ast
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from figure_cases import CASES
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.report_figure import FigureStyle, ReportFigure

pytestmark = pytest.mark.slow  # every figure is laid out many times
FIGURES = Path(fs.__file__).parent
EXAMPLES = [(name, at) for name, examples in CASES.items() for at in range(len(examples))]
# English words are longer: their layouts are in `make studies`, which CI runs
in_both = pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.study)])
every_example = pytest.mark.parametrize(
    ("name", "at"), EXAMPLES, ids=[f"{name}-{at}" for name, at in EXAMPLES]
)


def drawn(name: str, at: int, language: str = "en", **more: object) -> ReportFigure:
    style = FigureStyle(language=language, **more)
    figure = CASES[name][at]().draw(style)
    figure.figure.draw_without_rendering()
    return figure


def written(figure: Figure) -> list[Text]:
    """All words and numbers that are seen, the watermark aside."""
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    ticks = {
        label
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for label in axis.get_ticklabels(which="both")
    }
    shown = {label for axes in figure.axes for label in shown_ticks(axes)}
    seen = [text for text in texts if text.get_visible() and text.get_gid() != "watermark"]
    return [text for text in seen if text not in ticks or text in shown]


def shown_ticks(axes: Axes) -> list[Text]:
    """Labels of the ticks that lie inside the limits."""
    found = []
    for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        low, high = sorted(limits)
        for tick in axis.get_major_ticks():
            if low <= tick.get_loc() <= high:
                found += [tick.label1]
    return found


def test_every_figure_has_an_example() -> None:
    functions = {
        node.name
        for path in FIGURES.glob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("plot_")
    }
    assert functions == set(CASES), "add an example of each figure to figure_cases.py"


@every_example
@in_both
def test_words_have_ten_pixels_on_a_phone(name: str, at: int, language: str) -> None:
    figure = drawn(name, at, language).figure
    per_point = fs.PHONE / (72 * figure.get_figwidth())
    pixels = {
        text.get_text(): round(per_point * text.get_fontsize(), 1) for text in written(figure)
    }
    assert not {text: high for text, high in pixels.items() if high < fs.SMALLEST_PIXELS}


@every_example
@in_both
def test_no_word_leaves_the_picture_or_lies_on_another(name: str, at: int, language: str) -> None:
    figure = drawn(name, at, language).figure
    width, height = figure.get_size_inches() * fs.LAYOUT_DPI
    boxes = [(text, text.get_window_extent()) for text in written(figure)]
    outside = [
        text.get_text()
        for text, box in boxes
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]
    assert not outside
    touching = [
        (one.get_text(), other.get_text())
        for (one, a), (other, b) in combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 2 and min(a.y1, b.y1) - max(a.y0, b.y0) > 3
    ]
    assert not touching


@every_example
def test_there_is_one_title_and_a_page_says_it_in_the_caption_only(name: str, at: int) -> None:
    report = drawn(name, at)
    titles = [text for text in report.figure.texts if text.get_gid() == fs.TITLE]
    (title,) = [text.get_text() for text in titles]
    assert title.split(" · ")[0] in report.caption  # the page says it below the picture
    panels = [axes.get_title(side) for axes in report.figure.axes for side in SIDES]
    assert title not in panels and report.caption not in panels
    assert sum(title in text.get_text() for text in written(report.figure)) == 1

    on_page = drawn(name, at, title_in_caption=True)
    before = on_page.figure.get_size_inches().copy()
    assert on_page.svg() != report.svg()
    assert not [text for text in written(on_page.figure) if text.get_gid() == fs.TITLE]
    assert (on_page.figure.get_size_inches() == before).all()


SIDES = ("left", "center", "right")


def look_of(artist: matplotlib.artist.Artist) -> tuple | None:
    """Colour and, without colour, the look of a series; None of what is no series."""
    if artist.get_gid() or not artist.get_visible():
        return None
    if isinstance(artist, matplotlib.lines.Line2D):
        shape = (artist.get_marker(), str(artist.get_linestyle()), str(artist._dash_pattern))
        hollow = to_rgb(artist.get_markerfacecolor()) == (1.0, 1.0, 1.0)
        marked = artist.get_marker() not in ("", "None", None)
        colour = artist.get_markeredgecolor() if marked else artist.get_color()
        return to_rgb(colour), ("line", *shape, hollow)
    if isinstance(artist, matplotlib.patches.Patch):
        return to_rgb(artist.get_facecolor()[:3]), ("area", artist.get_hatch() or "")
    return None


@every_example
def test_series_differ_without_colour(name: str, at: int) -> None:
    """Two entries of a legend of different colours differ in mark, line or hatch as well."""
    figure = drawn(name, at).figure
    for legend in figure.legends:
        looks = [look_of(handle) for handle in legend.legend_handles]
        known = [look for look in looks if look]
        if name == "plot_comparison_weights":
            known = [look for look in known if look[1][0] == "line"]  # cells have signs or numbers
        shapes: dict[tuple, tuple] = {}
        for colour, shape in known:
            assert shapes.setdefault(shape, colour) == colour, shape


@every_example
def test_points_of_different_colours_have_different_marks(name: str, at: int) -> None:
    for axes in drawn(name, at).figure.axes:
        marks: dict[tuple, tuple] = {}
        for line in axes.lines:
            look = look_of(line)
            if look and line.get_marker() not in ("", "None", None, "|"):
                colour, shape = look
                assert marks.setdefault(shape, colour) == colour


@every_example
def test_bars_of_different_colours_have_different_hatches(name: str, at: int) -> None:
    for axes in drawn(name, at).figure.axes:
        hatches: dict[str, tuple] = {}
        bars = [
            patch for patch in axes.patches if not patch.get_gid() and patch.get_alpha() is None
        ]
        for patch in bars:
            colour = to_rgb(patch.get_facecolor()[:3])
            if colour == (1.0, 1.0, 1.0):
                continue  # the paper itself
            assert hatches.setdefault(patch.get_hatch() or "", colour) == colour


@every_example
def test_intervals_that_are_cut_have_an_arrow(name: str, at: int) -> None:
    """Whatever reaches beyond the axis has an arrow there, and the text says so."""
    report = drawn(name, at)
    arrows_wanted = 0
    for axes in report.figure.axes:
        arrows = {
            (line.get_marker(), round(float(x), 6), round(float(y), 6))
            for line in axes.lines
            if line.get_gid() == "cut"
            for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
        }
        wanted = wanted_arrows(axes)
        assert wanted <= arrows
        arrows_wanted += len(arrows)
    assert ("Arrows mark" in report.alt) == bool(arrows_wanted)


def wanted_arrows(axes: Axes) -> set[tuple[str, float, float]]:
    """Marker and place of the arrow of each line that leaves the axes."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    found = set()
    for lines in axes.collections:
        for segment in getattr(lines, "get_segments", list)():
            if len(segment) != 2 or np.isnan(segment).any():
                continue
            (x0, y0), (x1, y1) = segment
            if x0 == x1 and len(axes.get_yticks()):  # without ticks nothing is measured upwards
                found |= {("v", x0, bottom)} if min(y0, y1) < bottom else set()
                found |= {("^", x0, top)} if max(y0, y1) > top else set()
            elif y0 == y1 and len(axes.get_xticks()):
                found |= {("<", left, y0)} if min(x0, x1) < left else set()
                found |= {(">", right, y0)} if max(x0, x1) > right else set()
    return {(marker, round(float(x), 6), round(float(y), 6)) for marker, x, y in found}


def test_some_examples_have_cut_intervals() -> None:
    names = {name for name, at in EXAMPLES if "Arrows mark" in drawn(name, at).alt}
    assert names == {
        "plot_event_study",
        "plot_estimators",
        "plot_specification_curve",
        "plot_placebos",
        "plot_honest_bounds",
    }


@pytest.mark.parametrize(
    ("name", "at", "along"),
    [
        ("plot_event_study", 0, "y"),
        ("plot_estimators", 0, "x"),
        ("plot_specification_curve", 0, "y"),
        ("plot_placebos", 0, "y"),
    ],
)
def test_the_claimed_effect_is_a_thin_dashed_line_with_a_name(
    name: str, at: int, along: str
) -> None:
    report = drawn(name, at)
    (line,) = [
        one for axes in report.figure.axes for one in axes.lines if one.get_gid() == "claimed"
    ]
    data = line.get_ydata() if along == "y" else line.get_xdata()
    assert list(data) == [10.0, 10.0]
    assert line.get_linestyle() == "--" and line.get_linewidth() < 1.5
    assert "Claimed effect +10%" in [text.get_text() for text in written(report.figure)]
    assert "the claimed effect, +10%" in report.alt
    assert "所称效果 +10%" in drawn(name, at, "zh").alt


def test_a_page_hands_the_claimed_effect_and_the_last_complete_year_on() -> None:
    spec = CASES["plot_event_study"][2]()
    style = FigureStyle(language="en", claimed=3.0)
    assert "the claimed effect, +3 percentage points" in spec.draw(style).alt
    number = spec.draw(replace(style, claimed_unit="percent"))  # the figure is in percentage points
    assert "claimed" not in number.alt
    paths = CASES["plot_outcome_paths"][1]()
    assert "patents of 2024 and later" in paths.draw(FigureStyle("en", complete_until=2023)).alt


@every_example
def test_the_accent_colour_is_that_of_the_main_series_only(name: str, at: int) -> None:
    """At most one series of points in each figure has it, and it is the main one."""
    accents = set()
    for axes in drawn(name, at).figure.axes:
        for line in axes.lines:
            look = look_of(line)
            if look and line.get_marker() not in ("", "None", None):
                accents |= {line.get_marker()} if look[0] == to_rgb(fs.ACCENT) else set()
    assert len(accents) <= 1


def test_years_that_are_not_complete_are_shaded_and_named() -> None:
    event, path = drawn("plot_event_study", 1), drawn("plot_outcome_paths", 0)
    for report in (event, path):
        shades = [
            p for axes in report.figure.axes for p in axes.patches if p.get_gid() == "incomplete"
        ]
        assert shades and all(patch.get_hatch() for patch in shades)
        assert "Patents not all published yet" in [t.get_text() for t in written(report.figure)]
    (span,) = [p for p in path.figure.axes[0].patches if p.get_gid() == "incomplete"]
    assert (span.get_x(), span.get_x() + span.get_width()) == (2023.5, 2025.5)
    # cohorts 2012 to 2020 of 20 firms: from 2022 on, 2020 at +2, 2018 at +4, 2020 and 2016 at +6 …
    shades = [p for p in event.figure.axes[0].patches if p.get_gid() == "incomplete"]
    columns = [round(p.get_x() + 0.5) for p in shades]
    assert sorted(columns) == [2, 3, 4, 5, 6]
    assert "patents of 2022 and later" in event.alt


def test_numbers_stand_under_every_event_time_or_under_none() -> None:
    for at, wanted in ((0, "1,360"), (2, "1,360")):
        shown = [text.get_text() for text in written(drawn("plot_event_study", at).figure)]
        assert shown.count(wanted) == 12


def test_left_out_times_are_hollow_with_their_interval_and_a_name() -> None:
    report = drawn("plot_event_study", 0)
    axes = report.figure.axes[0]
    hollow = [
        line
        for line in axes.lines
        if line.get_markerfacecolor() == "white" and list(line.get_xdata()) == [-1.0]
    ]
    assert len(hollow) == 1
    spans = [s for c in axes.collections for s in c.get_segments() if s[0][0] == -1.0]
    assert spans and spans[0][0][1] < spans[0][1][1]
    assert "Left out of the base" in [text.get_text() for text in written(report.figure)]
    assert "Left out of the base (hollow): −1 (−2.0%)" in report.alt
    assert "不计入起点（空心）：−1" in drawn("plot_event_study", 0, "zh").alt
