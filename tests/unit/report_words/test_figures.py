"""Every figure: equal bytes, watermark, no text outside, words and numbers shown."""

from __future__ import annotations

import math
from dataclasses import replace

import matplotlib
import pandas as pd
import pytest
from IPython.core.formatters import PNGFormatter
from matplotlib.figure import Figure
from words_cases import effect_row, event_frame, facts_of

import zgzx_research as zr
from zgzx_research.errors import ZgzxError
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.break_even import plot_break_even
from zgzx_research.report.figures.cohorts import plot_cohorts
from zgzx_research.report.figures.estimators import plot_estimators
from zgzx_research.report.figures.event_study import plot_event_study
from zgzx_research.report.figures.honest_bounds import plot_honest_bounds
from zgzx_research.report.figures.outcome_paths import plot_outcome_paths
from zgzx_research.report.figures.placebos import plot_placebos
from zgzx_research.report.figures.raw_rows import plot_raw_rows
from zgzx_research.report.figures.report_figure import FigureSpec, FigureStyle, ReportFigure
from zgzx_research.report.figures.specification_curve import plot_specification_curve
from zgzx_research.report.tables.estimate_rows import EstimateRow, estimate_rows
from zgzx_research.robustness.honest_bounds.result import HonestBounds
from zgzx_research.robustness.specification_curve import SpecificationCurve

pytestmark = pytest.mark.slow  # together more than five seconds

COUNTS = ("rows_in", "kept", "quarantined", "non_data_rows")


def sheet(file: str, *counts: int) -> dict[str, object]:
    """One entry of the ledger."""
    return {"file": file, "sheet": "", **dict(zip(COUNTS, counts, strict=True))}


LEDGER = {"roster": [sheet("a", 100, 80, 5, 15)], "patents": [sheet("p", 0, 0, 0, 0)]}
COHORTS = pd.DataFrame(
    [(2012, "innovation", 4), (2012, "talent", 1), (2014, "team", 9), (2014, "other", 2)],
    columns=["year", "category", "firms"],
)
PATHS = pd.DataFrame(
    [
        (2019, "treated", 4.0),
        (2020, "treated", 5.0),
        (2019, "never_treated", 1.0),
        (2020, "never_treated", 1.5),
    ],
    columns=["year", "group", "mean"],
)
EVENT = {"scale": "ratio", "outcome_label": "发明专利申请"}
NAMES = (
    "event_study",
    "estimators",
    "cohorts",
    "raw_rows",
    "outcome_paths",
    "specifications",
    "placebos",
)


PLACEBOS = pd.DataFrame(
    {
        "shift": [2, 3, 4],
        "estimate": [0.01, -0.02, None],
        "ci_low": [-0.05, -0.09, None],
        "ci_high": [0.07, float("inf"), None],
        "n_treated": [40, 2, 0],
        "n_comparison": [90, 90, 0],
    }
)


def curve_of(scale: str = "difference") -> SpecificationCurve:
    """Four specifications, one of two treated firms and one without estimate."""
    frame = pd.DataFrame(
        {
            "controls": ["never_treated", "never_treated", "not_yet_treated", "not_yet_treated"],
            "sample": ["all", "≥ 5 staff", "all", "≥ 5 staff"],
            "estimate": [0.03, 0.01, -0.02, None],
            "ci_low": [0.01, -0.04, -0.05, None],
            "ci_high": [0.05, 0.06, 0.01, None],
            "n_treated": [30, 30, 2, 0],
            "n_comparison": [90, 80, 90, 0],
            "outcome": "retention",
            "scale": scale,
        }
    )
    return SpecificationCurve(frame, ("controls", "sample"))


BOUNDS = HonestBounds(
    estimate=0.2,
    original_low=0.1,
    original_high=0.3,
    bounds=(0.5, 1.0, 2.0),
    ci_low=(0.05, -0.02, -1.0),
    ci_high=(0.36, 0.5, math.inf),
    breakdown=0.853,
    restriction_in_words="",
    restriction="relative_magnitude",
    departures="levels",
    method="hybrid",
    target=(1, 3),
    scale="ratio",
    level=0.95,
)
NAMES = ("event_study", "estimators", "cohorts", "raw_rows", "outcome_paths", "honest_bounds")
NAMES += ("break_even",)


def three_rows() -> list[EstimateRow]:
    items = ["一 patents_all main", "二 patents_all not_yet", "三 retention main"]
    return estimate_rows(facts_of("rose"), [tuple(item.split()) for item in items])


def specification(name: str, **more: object) -> FigureSpec:
    return {
        "event_study": lambda: plot_event_study(event_frame(), **(EVENT | more)),
        "estimators": lambda: plot_estimators(three_rows(), **more),
        "cohorts": lambda: plot_cohorts(COHORTS, **more),
        "raw_rows": lambda: plot_raw_rows(LEDGER, **more),
        "outcome_paths": lambda: plot_outcome_paths(PATHS, **(EVENT | more)),
        "specifications": lambda: plot_specification_curve(curve_of(), **more),
        "placebos": lambda: plot_placebos({"发明": PLACEBOS, "retention": PLACEBOS}, **more),
        "honest_bounds": lambda: plot_honest_bounds(BOUNDS, **({"claimed": 0.25} | more)),
        "break_even": lambda: plot_break_even(facts_of("flat"), **more),
    }[name]()


def drawn(name: str, language: str = "zh", synthetic: bool = True, **more: object) -> ReportFigure:
    return specification(name, **more).draw(FigureStyle(language=language, synthetic=synthetic))


def draw(name: str, language: str = "zh", synthetic: bool = True, **more: object) -> Figure:
    return drawn(name, language, synthetic, **more).figure


def texts(figure: Figure) -> list[str]:
    figure.draw_without_rendering()  # axis labels get their words and places only now
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_figure_is_drawn_twice_alike_and_leaves_matplotlib_alone(
    name: str, language: str
) -> None:
    before = dict(matplotlib.rcParams)
    first, second = (drawn(name, language) for _ in range(2))
    svg, png = first.svg(), first.png()
    assert (svg, png) == (second.svg(), second.png())
    assert dict(matplotlib.rcParams) == before
    assert png.startswith(b"\x89PNG")
    assert "<text" not in svg  # text as outlines: the reader's machine needs no font
    assert "<dc:date>" not in svg and b"Software" not in png


def test_bytes_do_not_depend_on_the_users_settings() -> None:
    expected = drawn("cohorts")
    own = {"font.size": 30, "axes.facecolor": "red", "svg.hashsalt": "x", "savefig.dpi": 40}
    with matplotlib.rc_context(own):
        again = drawn("cohorts")
        assert (again.svg(), again.png()) == (expected.svg(), expected.png())


@pytest.mark.parametrize("name", NAMES)
def test_the_watermark_stands_on_synthetic_figures_only(name: str) -> None:
    assert "合成数据 SYNTHETIC" in texts(draw(name))
    assert "合成数据 SYNTHETIC" not in texts(draw(name, synthetic=False))


@pytest.mark.parametrize("name", NAMES)
def test_no_text_leaves_the_figure(name: str) -> None:
    for language in ("zh", "en"):
        figure = draw(name, language, synthetic=False)
        figure.draw_without_rendering()
        width, height = figure.get_size_inches() * 100
        written = [
            *figure.texts,
            *(text for legend in figure.legends for text in legend.get_texts()),
        ]
        for axes in figure.axes:
            written += [*axes.texts, axes.xaxis.label]
        for text in written:
            box = text.get_window_extent()
            assert box.x0 > -1 and box.x1 < width + 1, text.get_text()
            assert box.y0 > -1 and box.y1 < height + 1, text.get_text()


def test_event_study_shows_the_treated_units_of_each_estimate() -> None:
    shown = texts(draw("event_study", "en"))
    assert shown.count("360") == 6 and shown.count("0.500") == 6
    assert {"Winning firms", "Start mean", "Before the award", "After the award"} <= set(shown)


def test_left_out_and_base_are_hollow() -> None:
    figure = draw("event_study")
    faces = {
        float(line.get_xdata()[0]): line.get_markerfacecolor()
        for line in figure.axes[0].lines
        if line.get_marker() in {"o", "D"}
    }
    assert (faces[-1.0], faces[-2.0]) == ("white", "white")
    assert faces[0.0] == fs.BLUE


def test_honest_bounds_shows_the_original_interval_and_one_for_each_bound() -> None:
    axes = draw("honest_bounds", "en").axes[0]
    lines = [segment[:, 1] for part in axes.collections for segment in part.get_segments()]
    assert lines[0] == pytest.approx([10.0, 30.0])
    assert lines[1] == pytest.approx([5.0, 36.0])
    assert lines[3][1] > axes.get_ylim()[1]  # no upper end: drawn beyond the axis, with an arrow
    arrows = {line.get_marker(): list(line.get_xdata()) for line in axes.lines}
    assert arrows["^"] == [3]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Parallel", "0.5", "1", "2"]
    assert 25.0 in [line.get_ydata()[0] for line in axes.lines]


def test_honest_bounds_in_words() -> None:
    english, chinese = (drawn("honest_bounds", language).alt for language in ("en", "zh"))
    assert "With parallel trends +20.0% (+10.0% to +30.0%)" in english
    assert "M = 2: −100.0% to unbounded" in english
    assert "as long as M is at most 0.853" in english and "the claimed effect, +25%" in english
    assert "M 不超过 0.853 时区间不含零" in chinese
    for breakdown, words in ((0.0, "Whatever M"), (math.inf, "However large M")):
        figure = plot_honest_bounds(replace(BOUNDS, breakdown=breakdown), language="en").draw()
        assert words in figure.alt and "Dashed" not in figure.alt


def test_a_claimed_effect_that_is_no_number_is_refused() -> None:
    with pytest.raises(ZgzxError, match="claimed=nan is not a finite number"):
        plot_honest_bounds(BOUNDS, claimed=math.nan)


def test_bounds_that_rest_on_two_firms_are_not_shown() -> None:
    figure = plot_honest_bounds(replace(BOUNDS, n_treated=2, n_comparison=90))
    figure.draw()
    with pytest.raises(ZgzxError, match="do not rest on enough units"):
        figure.draw(FigureStyle(disclosure_control=True))


def test_estimates_are_drawn_where_the_facts_say() -> None:
    figure = draw("estimators")
    assert len(figure.axes) == 2  # one axis a unit: percent, percentage points
    lines = [line for line in figure.axes[0].lines if line.get_marker() in {"o", "s"}]
    assert [line.get_xdata()[0] for line in lines] == pytest.approx([20.0, 20.0])
    assert [line.get_color() for line in lines] == [fs.ACCENT, fs.OTHER]  # the main one first


def test_an_estimate_without_interval_is_said_so() -> None:
    rows = estimate_rows(facts_of("unknown"), [("A", "retention", "main")])
    figure = plot_estimators(rows, language="en").draw().figure
    assert "+3.0 percentage points" in texts(figure)


def test_cohorts_keep_empty_years_and_unknown_categories() -> None:
    shown = texts(draw("cohorts"))
    assert {"2012", "2013", "2014", "other", "5", "11"} <= set(shown)


def test_a_name_from_data_may_hold_anything() -> None:
    figure = drawn("event_study", outcome_label="$x^2 龘 _{")
    assert figure.svg() and "〓" in figure.caption and "〓" in figure.alt
    title = texts(
        draw(
            "outcome_paths",
            "en",
            outcome_label="an outcome with a rather long name, of which there are many",
        )
    )
    assert any(text.startswith("an outcome") for text in title)


def test_a_missing_glyph_in_our_words_is_an_error() -> None:
    figure = Figure()
    with matplotlib.rc_context({"font.family": "Noto Sans SC"}):
        figure.text(0.5, 0.5, "龘")
    with pytest.raises(ZgzxError, match="Glyph"):
        ReportFigure(figure, "", "").svg()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_alternative_texts_name_the_watermark(name: str) -> None:
    for language, mark in (("zh", "水印"), ("en", "watermark")):
        text = drawn(name, language, synthetic=True).alt
        assert mark in text and "nan" not in text and "{" not in text
        assert mark not in drawn(name, language, synthetic=False).alt


@pytest.mark.parametrize("name", NAMES)
def test_the_caption_is_the_title_of_the_picture(name: str) -> None:
    figure = drawn(name, "en")
    assert figure.caption == figure.figure.texts[0].get_text()


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_shows_a_specification_as_it_is(name: str) -> None:
    assert PNGFormatter()(specification(name)) == specification(name).draw().png()


def test_what_the_call_chooses_takes_precedence_over_the_page() -> None:
    page = FigureStyle(language="zh", synthetic=True, outcome_label="产量")
    chosen = plot_event_study(event_frame(), language="en", outcome_label="Output", synthetic=False)
    figure = chosen.draw(page)
    assert figure.caption == "Output around the first award" and "watermark" not in figure.alt
    assert plot_event_study(event_frame()).draw(page).caption == "产量：首次获奖前后"
    assert plot_event_study(event_frame()).draw().caption == "结果变量：首次获奖前后"


def test_an_event_study_reads_scale_and_step_from_the_aggregate() -> None:
    rows = [(unit, year) for unit in range(8) for year in range(2000, 2010, 2)]
    table = pd.DataFrame(rows, columns=["unit", "year"])
    table["first"] = table["unit"].map(lambda unit: 2004 if unit < 4 else None)
    table["y"] = 5.0 + table["unit"] % 3 + (table["year"] >= table["first"]) * (table["unit"] + 1)
    panel = zr.prepare_panel(table, outcome="y", unit="unit", period="year", first_treated="first")
    event = zr.estimate_effects(panel, scale="ratio").aggregate("event_time")
    figure = zr.plot_event_study(event, about="unit", language="en").draw()
    assert "Change, %" in texts(figure.figure)
    assert "(step: 2 years)" in figure.alt
    frame = zr.plot_event_study(event.to_frame(), scale="ratio", step=("year", 2), about="unit")
    assert frame.draw(FigureStyle(language="en")).svg() == figure.svg()


def test_disclosure_control_leaves_out_what_rests_on_few() -> None:
    page = FigureStyle(language="en", disclosure_control=True)
    few = event_frame().assign(n_treated=[360, 360, 360, 360, 360, 2])
    assert "from −3 to +1" in plot_event_study(few, outcome_label="y").draw(page).alt
    assert "from −3 to +2" in plot_event_study(few, language="en").draw().alt
    with pytest.raises(ZgzxError, match="no event time rests on enough units"):
        plot_event_study(event_frame().assign(n_comparison=2)).draw(page)
    # 2012: four and one firms of two categories together are five, in one category
    legend = plot_cohorts(COHORTS).draw(page).figure.legends[0]
    assert "Categories of few firms, together" in [text.get_text() for text in legend.get_texts()]
    assert "100 rows read, 85 kept or quarantined" in plot_raw_rows(LEDGER).draw(page).alt


def test_an_estimate_of_two_firms_is_not_shown_under_disclosure_control() -> None:
    frame = pd.DataFrame([effect_row(0.25, 0.1) | {"n_treated": 2}])
    forest = plot_estimators({"A": frame}, language="en")
    assert "+0.25" in forest.draw().alt
    assert "A not estimable (— to —)" in forest.draw(FigureStyle(disclosure_control=True)).alt


def test_means_under_disclosure_control_need_their_numbers_of_units() -> None:
    page = FigureStyle(language="en", disclosure_control=True)
    with pytest.raises(ZgzxError, match=r"how many units they rest on. Add a column units"):
        plot_outcome_paths(PATHS).draw(page)
    counted = PATHS.assign(units=[2, 3, 3, 3])
    assert "Winning firms from 5.00 to 5.00" in plot_outcome_paths(counted).draw(page).alt


def test_alternative_texts_give_the_key_numbers() -> None:
    text = drawn("event_study", "en", synthetic=False).alt
    # after: 12, 15 and −2 %; of the intervals [2, 22], [5, 25] and [−42, 38] one includes zero
    assert (
        "After the award: 3 estimates between −2.0% and +15.0%; "
        "1 of their 95% intervals include zero." in text
    )
    assert "from −3 to +2" in text
    cohorts = drawn("cohorts").alt
    assert "共 16 家" in cohorts and "2014 年，11 家" in cohorts
    assert "获奖名单读入 100 行，保留 80，隔离 5，标题与说明行 15" in drawn("raw_rows").alt
    assert "获奖企业由 4.00 到 5.00" in drawn("outcome_paths").alt


def test_a_long_event_study_thins_its_labels_but_keeps_zero() -> None:
    rows = [
        effect_row(0.1, 0.05, event, "pre" if event < 0 else "post") for event in range(-17, 20)
    ]
    figure = plot_event_study(pd.DataFrame(rows), language="en", **EVENT).draw().figure
    ticks = figure.axes[0].get_xticks()
    assert 0 in ticks and len(ticks) <= fs.MOST_TICKS
    assert texts(figure).count("360") <= fs.MOST_TICKS


def test_tick_labels_share_their_digits() -> None:
    assert fs.SignedTicks().format_ticks([-0.1, -0.075, 0.0, 0.025]) == [
        "−0.100",
        "−0.075",
        "0",
        "+0.025",
    ]
    assert fs.SignedTicks().format_ticks([-2000.0, 0.0, 2000.0]) == ["−2,000", "0", "+2,000"]
    assert fs.SignedTicks().format_ticks([]) == []


def test_specification_curve_orders_estimates_and_marks_the_main_one() -> None:
    figure = draw("specifications", "en", share=True)
    points = {line.get_marker(): line for line in figure.axes[0].lines}
    assert list(points["o"].get_ydata()) == pytest.approx([-2.0, 1.0])
    assert list(points["o"].get_xdata()) == [0, 1]
    assert (list(points["D"].get_xdata()), list(points["D"].get_ydata())) == ([2], [3.0])
    assert (points["D"].get_color(), points["o"].get_color()) == (fs.ACCENT, fs.OTHER)
    labels = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert labels[:2] == ["Comparison: never treated", "Comparison: not yet treated"]
    assert "from −2.0 percentage points to +3.0" in drawn("specifications", "en", share=True).alt


def test_specification_curve_and_placebos_hide_what_rests_on_too_few_firms() -> None:
    control = FigureStyle(language="en", disclosure_control=True)
    assert "2 estimates" in specification("specifications").draw(control).alt
    alt = specification("placebos").draw(control).alt
    assert "2 earlier" in alt and "3 earlier" not in alt


def test_specification_curve_and_placebos_refuse_what_they_cannot_show() -> None:
    mixed = curve_of()
    mixed.frame.loc[0, "scale"] = "ratio"
    with pytest.raises(ZgzxError, match="several outcomes or scales"):
        plot_specification_curve(mixed)
    with pytest.raises(ZgzxError, match="7 outcomes"):
        plot_placebos(dict.fromkeys("abcdefg", PLACEBOS))
    with pytest.raises(ZgzxError, match="no placebo date has an estimate"):
        plot_placebos(PLACEBOS.assign(estimate=None)).draw()
