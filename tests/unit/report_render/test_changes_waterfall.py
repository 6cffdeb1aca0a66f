"""The waterfall and the table of what changed since an earlier report."""

from __future__ import annotations

import itertools
import math

import matplotlib
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from zgzx_research.errors import ZgzxError
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.changes_waterfall import plot_changes
from zgzx_research.report.figures.report_figure import FigureStyle, ReportFigure
from zgzx_research.report.tables.changes_table import changes_table

NAN = math.nan
PHONE = 360  # pixels
COLUMNS = ["step", "estimate", "ci_low", "ci_high", "difference", "joined", "reason"]
PLAIN = [
    ("reported", 10.0, -5.0, 25.0, NAN, "", ""),
    ("method", 12.0, -4.0, 28.0, 2.0, "method", ""),
    ("data", 11.5, -4.0, 27.0, -0.5, "data", ""),
    ("edition", 15.0, 1.0, 29.0, 3.5, "edition", ""),
]
JOINED = [
    ("reported", 1.2, -1.0, 3.4, NAN, "", ""),
    ("method", NAN, NAN, NAN, NAN, "", "no_old_data"),
    ("data", 0.7, -1.0, 2.4, -0.5, "method_data", ""),
    ("edition", 0.4, -1.0, 1.8, -0.3, "edition", ""),
]
UNREPORTED = [
    ("reported", NAN, NAN, NAN, NAN, "", "not_published"),
    ("method", -6.5, -13.0, NAN, NAN, "", ""),
    ("data", -6.5, -13.0, NAN, 0.0, "data", ""),
    ("edition", -5.0, -11.0, 1.0, 1.5, "edition", ""),
]


def frame(*claims: list[tuple[object, ...]], unit: str = "percent") -> pd.DataFrame:
    parts = [
        pd.DataFrame(rows, columns=COLUMNS).assign(
            claim=f"claim_{n}", zh=f"说法{n}", en=f"claim {n}", unit=unit, digits=1, std_error=7.0
        )
        for n, rows in enumerate(claims)
    ]
    return pd.concat(parts, ignore_index=True)


def drawn(*claims: list[tuple[object, ...]], language: str = "en") -> ReportFigure:
    return plot_changes(frame(*claims)).draw(FigureStyle(language=language))


def texts(figure: Figure) -> list[matplotlib.text.Text]:
    figure.draw_without_rendering()
    return [text for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


def columns(figure: Figure, axes: int = 0) -> list[Rectangle]:
    return [bar for group in figure.axes[axes].containers for bar in group]


def test_each_part_begins_where_the_one_before_ended() -> None:
    bars = columns(drawn(PLAIN).figure)
    ends = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in bars]
    assert ends == [(0, 10), (10, 12), (12, 11.5), (11.5, 15), (0, 15)]


def test_parts_differ_without_colour() -> None:
    first, *parts, last = columns(drawn(PLAIN, JOINED).figure)
    hatches = [bar.get_hatch() for bar in parts]
    assert len(set(hatches)) == len(hatches) == 3
    assert all(hatches)
    assert not first.get_hatch()
    assert not last.get_hatch()
    joined = columns(drawn(PLAIN, JOINED).figure, axes=1)
    assert [bar.get_hatch() for bar in joined][1:-1] == [hatches[0] + hatches[1], hatches[2]]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
def test_words_can_be_read_on_a_phone(language: str) -> None:
    figure = drawn(PLAIN, JOINED, UNREPORTED, language=language).figure
    pixels = PHONE / fs.WIDTH / 72
    assert min(text.get_fontsize() * pixels for text in texts(figure)) >= 10
    edge = figure.bbox.width
    for text in texts(figure):
        if text.get_gid() != "watermark":
            assert text.get_window_extent().x0 >= 0
            assert text.get_window_extent().x1 <= edge


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
def test_labels_of_columns_do_not_overlap(language: str) -> None:
    figure = drawn(PLAIN, JOINED, UNREPORTED, language=language).figure
    figure.draw_without_rendering()
    for axes in figure.axes:
        boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
        assert all(one.x1 < other.x0 for one, other in itertools.pairwise(boxes))


def test_the_alternative_text_holds_all_numbers() -> None:
    alt = drawn(PLAIN, JOINED).alt
    for text in (
        "about the claim “claim 0”. The earlier report: +10.0%, interval [−5.0, +25.0]",
        "method +2.0; data −0.5; new editions and years +3.5; today +15.0%, interval [+1.0, +29.0]",
        "method and data −0.5; new editions and years −0.3; today +0.4%",
    ):
        assert text in alt
    assert "SYNTHETIC" not in alt
    zh = drawn(PLAIN, language="zh").alt
    assert "做法 +2.0；数据更正与补充 −0.5；新届次与新年份 +3.5；本次 +15.0%" in zh


def test_an_open_interval_has_no_line() -> None:
    axes = drawn(UNREPORTED).figure.axes[0]
    lines = [one for one in axes.collections if len(one.get_segments()) == 1]
    vertical = [one for one in lines if one.get_segments()[0][0, 0] == one.get_segments()[0][1, 0]]
    assert len(vertical) == 1  # that of today; the first level has no upper end


def test_one_claim_gives_the_figure_its_title() -> None:
    one = plot_changes(frame(PLAIN, JOINED), "claim_1").draw(FigureStyle(language="en"))
    assert len(one.figure.axes) == 1
    assert "Claim: claim 1 (%)" in [text.get_text() for text in texts(one.figure)]
    assert one.caption == "From the number of the earlier report to today's. Claim: claim 1 (%)"
    with pytest.raises(ZgzxError, match="no claim has an earlier"):
        plot_changes(frame(PLAIN), "claim_7")


def test_nothing_to_compare_is_refused() -> None:
    lonely = [PLAIN[0], *[(*row[:1], NAN, NAN, NAN, NAN, "", "refused") for row in PLAIN[1:]]]
    for given in (frame(lonely), frame(PLAIN).iloc[:0]):
        with pytest.raises(ZgzxError, match=r"\[changes\] since of the study file"):
            plot_changes(given)


def test_the_table_by_hand() -> None:
    table = changes_table(frame(JOINED, unit="percentage_point"), "en")
    assert table is not None
    assert [row[0] for row in table.rows] == ["claim 0", "", "", ""]
    assert table.rows[1] == (
        "",
        "The earlier data, today's method",
        "the data of that report are gone",
        "—",
        "—",
    )
    assert table.rows[2][2:] == (
        "+0.7 percentage points",
        "[−1.0, +2.4]",
        "method and data together −0.5",
    )
    assert table.rows[3][4] == "−0.3"
    assert changes_table(frame(PLAIN).iloc[:0], "zh") is None
