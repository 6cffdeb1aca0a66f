"""The heat map of weights, and event study and forest plot of whatever a method may give."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import zgzx_research as zr
from zgzx_research.errors import ZgzxError
from zgzx_research.report.figures.comparison_weights_map import plot_comparison_weights
from zgzx_research.report.figures.estimators import plot_estimators
from zgzx_research.report.figures.event_study import plot_event_study
from zgzx_research.report.figures.report_figure import FigureStyle, ReportFigure
from zgzx_research.report.tables.estimate_rows import EstimateRow, compared_rows

pytestmark = pytest.mark.slow  # together more than five seconds

MPDTA = Path(__file__).parents[3] / "data" / "examples" / "mpdta.csv"
EVENT = {"language": "en", "scale": "difference", "outcome_label": "y"}


def weights_frame(
    cohorts: list[float], periods: list[int], weight: np.ndarray, kind: str = "exact"
) -> pd.DataFrame:
    """The frame of one overall estimate; NaN = never treated."""
    table = pd.DataFrame(
        [(g, t) for g in cohorts for t in periods], columns=["mean_cohort", "mean_period"]
    )
    table["mean_cohort"] = table["mean_cohort"].astype("Int64")
    table = table.assign(
        weight=weight.ravel(), mean=2.0, contribution=2 * weight.ravel(), kind=kind
    )
    return table.assign(estimand="overall", cohort=pd.NA, period=pd.NA, event_time=pd.NA)


SMALL = weights_frame(
    [2012, 2014, math.nan],
    [2011, 2012, 2013, 2014],
    np.array([[-0.6, 0.2, 0.2, 0.2], [0, 0, -0.4, 0.4], [0.6, -0.2, 0.2, -0.6]]),
)
LARGE = weights_frame(
    [*range(2004, 2024), math.nan],
    list(range(2000, 2026)),
    np.random.default_rng(1).normal(size=(21, 26)),
)


def texts(figure: Figure) -> list[str]:
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


def drawn(frame: pd.DataFrame, **more: object) -> ReportFigure:
    return plot_comparison_weights(frame, **({"language": "en", "synthetic": False} | more)).draw()


def draw(frame: pd.DataFrame, **more: object) -> Figure:
    return drawn(frame, **more).figure


def forest(rows: list[EstimateRow]) -> ReportFigure:
    return plot_estimators(rows, language="en").draw()


def test_rows_columns_numbers_and_where_treatment_starts() -> None:
    figure = draw(SMALL)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["2012", "2014", "Never"]
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "2011",
        "2012",
        "2013",
        "2014",
    ]
    low, high = axes.get_ylim()
    assert low > high  # the first cohort on top
    printed = {
        (round(t.get_position()[1]), round(t.get_position()[0])): t.get_text() for t in axes.texts
    }
    assert printed[0, 0] == "−0.60" and printed[2, 0] == "+0.60" and printed[1, 3] == "+0.40"
    assert (1, 0) not in printed  # no part, no number
    (line,) = axes.lines
    assert line.get_xdata().tolist() == [0.5, 0.5, 2.5, 2.5]
    assert line.get_ydata().tolist() == [-0.5, 0.5, 0.5, 1.5]
    assert {"Overall · weights; times means they add up to it", "Treatment starts"} <= set(
        texts(figure)
    )


def test_colours_are_centred_on_zero() -> None:
    mesh = draw(SMALL.assign(weight=SMALL["weight"].clip(lower=-0.1))).axes[0].collections[0]
    assert (mesh.norm.vmin, mesh.norm.vmax) == (-0.6, 0.6)
    assert mesh.cmap(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.01)


def test_many_cells_speak_by_colour_and_sign_and_the_legend_gives_its_scale() -> None:
    figure = draw(LARGE)
    signs = {tuple(text.get_position()): text.get_text() for text in figure.axes[0].texts}
    grid = LARGE["weight"].to_numpy().reshape(21, 26)
    assert set(signs.values()) == {"+", "−"}
    assert all((text == "+") == (grid[int(y), int(x)] > 0) for (x, y), text in signs.items())
    largest = LARGE["weight"].abs().max()
    assert {f"+{largest:.1f}", f"−{largest:.1f}"} <= set(texts(figure))


def test_derivatives_are_shown_times_their_means() -> None:
    figure = draw(SMALL.assign(kind="linearised"))
    assert "+1.2" in texts(figure) and "+0.60" not in texts(figure)
    assert "+1.2" in drawn(SMALL.assign(kind="linearised")).alt


@pytest.mark.parametrize(
    "frame", [SMALL, LARGE, SMALL[SMALL["mean_cohort"].notna()]], ids=["small", "large", "all"]
)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", ["exact", "pairwise", "reweighted", "linearised"])
def test_no_text_leaves_the_figure(frame: pd.DataFrame, language: str, kind: str) -> None:
    figure = draw(
        frame.assign(kind=kind, estimand="group_time", cohort=2014, period=2016), language=language
    )
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * 100
    written = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        written += [
            *axes.texts,
            axes.xaxis.label,
            axes.yaxis.label,
            *axes.get_xticklabels(),
            *axes.get_yticklabels(),
        ]
    for text in written:
        box = text.get_window_extent()
        assert box.x0 > -1 and box.x1 < width + 1, text.get_text()
        assert box.y0 > -1 and box.y1 < height + 1, text.get_text()


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
def test_bytes_are_the_same_twice_and_synthetic_is_marked(language: str) -> None:
    first, second = (drawn(SMALL, language=language, synthetic=True) for _ in range(2))
    assert (first.svg(), first.png()) == (second.svg(), second.png())
    assert "合成数据 SYNTHETIC" in texts(draw(SMALL, synthetic=True))
    assert "合成数据 SYNTHETIC" not in texts(draw(SMALL))


def test_cohorts_of_few_units_are_hatched_with_a_second_one_and_not_described() -> None:
    also = SMALL[SMALL["mean_cohort"].eq(2012)].assign(mean_cohort=2013)
    frame = pd.concat([SMALL, also], ignore_index=True)
    units = {2012: 2, 2013: 4, 2014: 9}
    frame = frame.assign(units=frame["mean_cohort"].map(units).fillna(90).astype("Int64"))
    spec = plot_comparison_weights(frame, language="en", synthetic=False)
    shown = spec.draw(FigureStyle(disclosure_control=True))
    rows = [text.get_position()[1] for text in shown.figure.axes[0].texts]
    assert set(rows) == {2, 3}  # 2012 has two units; 2013 could be had by subtraction
    hatched = [patch for patch in shown.figure.axes[0].patches if patch.get_hatch()]
    assert [patch.get_y() for patch in hatched] == [-0.5, 0.5]
    assert "Too few firms to show" in texts(shown.figure)
    assert "2012 in 2011" not in shown.alt and "2014 in 2013" in shown.alt
    assert "Too few firms to show" not in texts(spec.draw().figure)


def test_the_alternative_text_names_the_largest_weights() -> None:
    text = drawn(SMALL, synthetic=True).alt
    assert (
        "Overall" in text
        and "2012 in 2011 −0.60" in text
        and "Never in 2011 +0.60" in text
        and "watermark" in text
    )
    assert "从未处理，时期 2011：+0.60" in drawn(SMALL, language="zh").alt


def test_which_estimate_is_said_in_words() -> None:
    said = {
        "Cohort 2012 in 2014": {
            "estimand": "group_time",
            "cohort": 2012,
            "period": 2014,
            "event_time": 2,
        },
        "Event time −2": {"estimand": "event_time", "event_time": -2},
        "Event time +1": {"estimand": "group_time", "event_time": 1},
        "Overall": {"estimand": "group_time"},
        "Cohort 2012": {"estimand": "cohort", "cohort": 2012},
        "Period 2014": {"estimand": "calendar", "period": 2014},
        "Window": {"estimand": "window"},
    }
    for words, labels in said.items():
        figure = draw(SMALL.assign(**labels))
        assert any(text.startswith(words + " ·") for text in texts(figure)), words


def test_several_estimates_are_refused_with_the_way_out() -> None:
    both = pd.concat([SMALL, SMALL.assign(estimand="event_time", event_time=1)])
    with pytest.raises(ZgzxError, match=r"one estimate, 2 affected.*row='overall'"):
        draw(both)
    with pytest.raises(ZgzxError, match="one estimate"):
        draw(SMALL[:0])


def test_a_real_estimate_end_to_end() -> None:
    table = pd.read_csv(MPDTA)
    table = table.assign(first=table["first.treat"].where(table["first.treat"] > 0).astype(float))
    panel = zr.prepare_panel(
        table, outcome="lemp", unit="countyreal", period="year", first_treated="first"
    )
    event = zr.estimate_effects(panel).aggregate("event_time")
    weights = zr.comparison_weights(event, window=(0, 1))
    assert zr.plot_comparison_weights(weights).draw().png().startswith(b"\x89PNG")
    results = {"never": event, "window": event.window(0, 1)}
    figure = zr.plot_estimators(results, language="en").draw().figure
    assert {"never", "window"} <= set(texts(figure))
    # an aggregate is shown with its overall effect
    dots = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_marker() in {"o", "s"}]
    assert dots == [event.overall["estimate"].iloc[0], event.window(0, 1)["estimate"].iloc[0]]


def row(event: int | None, estimate: float, error: float, role: str, **more: object) -> dict:
    """A row of an effects frame, as a method without cohorts makes it."""
    values = {
        "estimand": "event_time",
        "cohort": pd.NA,
        "period": pd.NA,
        "event_time": event,
        "estimate": estimate,
    }
    values |= {
        "std_error": error,
        "n_treated": 5,
        "n_comparison": 9,
        "base_mean": 0.5,
        "role": role,
        "mde": error,
    }
    for name, times in (("ci", 2), ("band", 3)):
        values |= {
            f"{name}_low": estimate - times * error,
            f"{name}_high": estimate + times * error,
        }
    return values | more


OPEN = {"ci_high": math.inf, "band_high": math.inf}
FRAMES = {
    "plain": [
        row(-2, 0.1, 0.1, "pre"),
        row(-1, 0, math.nan, "reference"),
        row(0, 0.3, 0.1, "post"),
    ],
    "no standard error at all": [row(-2, 0.1, math.nan, "pre"), row(0, 0.3, math.nan, "post")],
    "nothing but zeros": [row(-1, 0, math.nan, "reference"), row(0, 0, math.nan, "post")],
    "after treatment only": [row(0, 0.1, 0.1, "post"), row(1, 0.2, math.nan, "post")],
    "one row": [row(0, 0.1, 0.1, "post")],
    "open above": [row(0, 0.1, 0.1, "post", **OPEN), row(1, 0.1, 0.1, "post")],
    "all open above": [row(0, 0.1, 0.1, "post", **OPEN)],
    "unknown base": [
        row(-1, 0.1, 0.1, "mixed", base_mean=math.nan, n_treated=0),
        row(0, 0.1, 0.1, "post"),
    ],
    "unknown estimate": [row(-1, math.nan, math.nan, "pre"), row(0, 0.1, 0.1, "post")],
}


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_an_event_study_is_drawn_from_whatever_a_method_gives(name: str) -> None:
    frame = pd.DataFrame(FRAMES[name]).astype({"event_time": "Int64"})
    figure = plot_event_study(frame, **EVENT).draw()
    assert figure.svg() and figure.png() and "{" not in figure.alt


def test_an_event_study_without_event_times_says_what_to_pass() -> None:
    with pytest.raises(
        ZgzxError, match=r"an event time in every row, 1 affected. Pass effects.aggregate"
    ):
        plot_event_study(pd.DataFrame([row(None, 0.1, 0.1, "static")]), **EVENT)


def test_compared_rows_scale_and_leave_unknown_ends_empty() -> None:
    frames = {
        "a": pd.DataFrame([row(None, -0.5, 0.1, "static", **OPEN)]),
        "b": FRAMES["no standard error at all"],
    }
    frames["b"] = pd.DataFrame(frames["b"][:1])
    rows = compared_rows(frames, scale="ratio")
    assert rows[0] == {
        "label": "a",
        "unit": "percent",
        "estimate": -50.0,
        "ci_low": -70.0,
        "ci_high": None,
    }
    assert rows[1] == {
        "label": "b",
        "unit": "percent",
        "estimate": 10.0,
        "ci_low": None,
        "ci_high": None,
    }
    figure = forest(rows).figure
    ends = [
        segment[:, 0].tolist()
        for lines in figure.axes[0].collections
        for segment in lines.get_segments()
    ]
    # an interval without upper end runs out to the right, whatever the sign, and has an arrow
    ((low, high),) = ends
    assert low == -70.0 and high > figure.axes[0].get_xlim()[1]
    arrows = [line.get_marker() for line in figure.axes[0].lines if line.get_gid() == "cut"]
    assert arrows == [">"]


def test_a_forest_with_nothing_known_in_a_row_is_drawn() -> None:
    empty = {"label": "x", "unit": "number", "estimate": None, "ci_low": None, "ci_high": None}
    known = empty | {"label": "y", "estimate": 1.0, "ci_low": 0.5}
    for rows in ([empty], [known, empty]):
        assert forest(rows).svg() and forest(rows).png()
