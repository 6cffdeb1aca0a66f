from __future__ import annotations

import matplotlib
import pandas as pd
import pytest
from matplotlib.figure import Figure
from words_cases import effect_row, event_frame, facts_of

from zgzx_research.errors import ZgzxError
from zgzx_research.report import alt_text, canvas, figures, tables

LEDGER = {
    "roster": [
        {
            "file": "a",
            "sheet": "",
            "rows_in": 100,
            "kept": 80,
            "quarantined": 5,
            "non_data_rows": 15,
        }
    ],
    "patents": [
        {"file": "p", "sheet": "", "rows_in": 0, "kept": 0, "quarantined": 0, "non_data_rows": 0}
    ],
}
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
NAMES = ("event_study", "estimators", "cohorts", "rows", "outcome_paths")


def arguments(name: str) -> tuple[object, dict]:
    rows = tables.estimate_rows(
        facts_of("rose"),
        [
            ("一", "patents_all", "main"),
            ("二", "patents_all", "not_yet"),
            ("三", "retention", "main"),
        ],
    )
    return {
        "event_study": (event_frame(), EVENT),
        "estimators": (rows, {}),
        "cohorts": (COHORTS, {}),
        "rows": (LEDGER, {}),
        "outcome_paths": (PATHS, EVENT),
    }[name]


def draw(name: str, language: str = "zh", synthetic: bool = True, **more: object) -> Figure:
    data, own = arguments(name)
    return getattr(figures, f"plot_{name}")(
        data, language=language, synthetic=synthetic, **(own | more)
    )


def texts(figure: Figure) -> list[str]:
    figure.draw_without_rendering()  # axis labels get their words and places only now
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_figure_is_drawn_twice_alike_and_leaves_matplotlib_alone(
    name: str, language: str
) -> None:
    before = dict(matplotlib.rcParams)
    first, second = (canvas.figure_bundle(draw(name, language)) for _ in range(2))
    assert first == second
    assert dict(matplotlib.rcParams) == before
    assert first["image/png"].startswith(b"\x89PNG")
    assert (
        "<text" not in first["image/svg+xml"]
    )  # text as outlines: no font is asked of the reader's machine
    assert "<dc:date>" not in first["image/svg+xml"] and b"Software" not in first["image/png"]


def test_bytes_do_not_depend_on_the_users_settings() -> None:
    expected = canvas.figure_bundle(draw("cohorts"))
    with matplotlib.rc_context(
        {"font.size": 30, "axes.facecolor": "red", "svg.hashsalt": "x", "savefig.dpi": 40}
    ):
        assert canvas.figure_bundle(draw("cohorts")) == expected


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


def test_event_study_shows_who_stands_behind_each_estimate() -> None:
    shown = texts(draw("event_study", "en"))
    assert shown.count("360") == 6 and shown.count("0.500") == 6
    assert {"Treated", "Base mean", "Before the award", "After the award"} <= set(shown)


def test_left_out_and_base_are_hollow() -> None:
    figure = draw("event_study")
    faces = {
        float(line.get_xdata()[0]): line.get_markerfacecolor()
        for line in figure.axes[0].lines
        if line.get_marker() in {"o", "D"}
    }
    assert (faces[-1.0], faces[-2.0]) == ("white", "white")
    assert faces[0.0] == canvas.BLUE


def test_estimates_are_drawn_where_the_facts_say() -> None:
    figure = draw("estimators")
    assert len(figure.axes) == 2  # one axis a unit: percent, percentage points
    dots = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert dots == pytest.approx([20.0, 20.0])


def test_an_estimate_without_interval_is_said_so() -> None:
    rows = tables.estimate_rows(facts_of("unknown"), [("A", "retention", "main")])
    figure = figures.plot_estimators(rows, language="en", synthetic=False)
    assert "+3.0 percentage points" in texts(figure)


def test_cohorts_keep_empty_years_and_unknown_categories() -> None:
    shown = texts(draw("cohorts"))
    assert {"2012", "2013", "2014", "other", "5", "11"} <= set(shown)


def test_a_name_from_data_may_hold_anything() -> None:
    canvas.figure_bundle(draw("event_study", outcome_label="$x^2 龘 _{"))
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
        canvas.figure_bundle(figure)


@pytest.mark.parametrize("name", NAMES)
def test_alternative_texts_take_the_same_arguments_and_name_the_watermark(name: str) -> None:
    data, own = arguments(name)
    for language, mark in (("zh", "水印"), ("en", "watermark")):
        say = getattr(alt_text, f"alt_{name}")
        text = say(data, language=language, synthetic=True, **own)
        assert mark in text and "nan" not in text and "{" not in text
        assert mark not in say(data, language=language, synthetic=False, **own)


def test_alternative_texts_tell_the_key_numbers() -> None:
    text = alt_text.alt_event_study(event_frame(), language="en", synthetic=False, **EVENT)
    # after: 12, 15 and −2 %; of the intervals [2, 22], [5, 25] and [−42, 38] one includes zero
    assert (
        "After the award: 3 estimates between −2.0% and +15.0%; 1 of their 95% intervals include zero."
        in text
    )
    assert "from −3 to +2" in text
    cohorts = alt_text.alt_cohorts(COHORTS, language="zh", synthetic=False)
    assert "共 16 家" in cohorts and "2014 年，11 家" in cohorts
    assert "获奖名单读入 100 行，保留 80，隔离 5，标题与说明行 15" in alt_text.alt_rows(
        LEDGER, language="zh", synthetic=False
    )
    assert "获奖企业由 4.00 到 5.00" in alt_text.alt_outcome_paths(
        PATHS, language="zh", synthetic=False, **EVENT
    )


def test_a_long_event_study_thins_its_labels_but_keeps_zero() -> None:
    rows = [
        effect_row(0.1, 0.05, event, "pre" if event < 0 else "post") for event in range(-17, 20)
    ]
    figure = figures.plot_event_study(pd.DataFrame(rows), language="en", synthetic=False, **EVENT)
    ticks = figure.axes[0].get_xticks()
    assert 0 in ticks and len(ticks) <= figures.MOST_TICKS
    assert texts(figure).count("360") <= figures.MOST_TICKS


def test_tick_labels_share_their_digits() -> None:
    assert canvas.SignedTicks().format_ticks([-0.1, -0.075, 0.0, 0.025]) == [
        "−0.100",
        "−0.075",
        "0",
        "+0.025",
    ]
    assert canvas.SignedTicks().format_ticks([-2000.0, 0.0, 2000.0]) == ["−2,000", "0", "+2,000"]
    assert canvas.SignedTicks().format_ticks([]) == []
