"""Figures of the programme: words, numbers in the alternative text, what is hidden or absent."""

from __future__ import annotations

import re

import matplotlib.text
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from programme_cases import CALENDAR, FLOW, MAKE, RATES

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.flow import Flow, Level, ProgrammeFlow
from zgzx_research.report.figures.boxes import COLUMN, WORDS, wrapped
from zgzx_research.report.figures.edition_timeline import plot_edition_timeline
from zgzx_research.report.figures.flow import plot_flow
from zgzx_research.report.figures.linkage import plot_linkage
from zgzx_research.report.figures.participation import plot_participation
from zgzx_research.report.figures.report_figure import FigureStyle, ReportFigure

PHONE = 360  # pixels that a figure is wide on a phone
SMALLEST = 10  # pixels that words must be high there


def drawn(name: str, language: str = "en", **style: bool) -> ReportFigure:
    asked = {"synthetic": True, "disclosure_control": True} | style
    return MAKE[name]().draw(FigureStyle(language=language, **asked))


def written(figure: Figure) -> list[matplotlib.text.Text]:
    figure.draw_without_rendering()
    return [text for text in figure.findobj(matplotlib.text.Text) if text.get_text().strip()]


def words(figure: Figure) -> str:
    return " ".join(text.get_text() for text in written(figure))


def numbers(text: str) -> list[str]:
    return re.findall(r"\d[\d,.]*\d|\d", text)


@pytest.mark.parametrize("name", MAKE)
def test_both_languages_tell_the_same_numbers_and_have_one_title(name: str) -> None:
    zh, en = (drawn(name, language) for language in ("zh", "en"))
    assert sorted(numbers(zh.alt)) == sorted(numbers(en.alt))
    for one in (zh, en):
        assert one.caption and one.alt.startswith(re.split("[，。,.]", one.caption)[0])
        bold = [text for text in one.figure.texts if text.get_fontsize() > WORDS]
        assert len([text for text in bold if text.get_gid() != "watermark"]) == 1
    assert not re.search(r"[\u4e00-\u9fff]", en.alt + en.caption)
    assert "合成数据" in words(zh.figure) and "SYNTHETIC" in zh.alt


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_words_are_readable_on_a_phone_and_stay_inside(name: str, language: str) -> None:
    figure = drawn(name, language, synthetic=False).figure
    wide, high = figure.get_size_inches() * figure.dpi
    for text in written(figure):
        pixels = text.get_fontsize() / 72 * figure.dpi * PHONE / wide
        assert pixels >= SMALLEST, text.get_text()
        box = text.get_window_extent()
        assert min(box.x0, box.y0) > -1, text.get_text()
        assert box.x1 < wide + 1 and box.y1 < high + 1, text.get_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKE)
def test_a_figure_is_drawn_twice_alike(name: str) -> None:
    assert drawn(name).svg() == drawn(name).svg()


def test_no_words_of_boxes_touch_each_other() -> None:
    for name in ("theory", "firms", "persons"):
        for language in ("zh", "en"):
            figure = drawn(name, language, synthetic=False).figure
            boxes = [text.get_window_extent() for text in written(figure)]
            for at, one in enumerate(boxes):
                shrunk = one.padded(-2)
                assert not any(shrunk.overlaps(other.padded(-2)) for other in boxes[at + 1 :])


def test_the_chain_and_its_rivals_are_told_in_order() -> None:
    told = drawn("theory", "zh").alt
    order = [told.index(name) for name in ("培训", "竞技", "提升", "反哺", "员工留存", "专利申请")]
    assert order == sorted(order) and told.count(" → ") == 3
    assert told.index("好年份") > max(order) and "其他项目" in told


def test_the_numbers_of_the_flow_add_up_in_the_alternative_text() -> None:
    told = drawn("firms").alt
    for number in ("1,440", "1,400", "518", "249", "269", "164", "105", "100", "71", "20"):
        assert number in numbers(told), number
    # two firms lack a year: hidden, with the next smallest reason
    assert "together − 9: too few insured staff; a year the estimate needs is missing" in told
    assert "− 40: firm not found" in told


def test_few_persons_not_found_are_told_together_with_the_next_step() -> None:
    shown, whole = drawn("persons"), drawn("persons", disclosure_control=False)
    assert "together − 103: not found in the insurance records; not employed" in shown.alt
    assert "1,273" not in shown.alt and "1,273" not in words(shown.figure)
    assert "1,273" in whole.alt and "− 3: not found" in whole.alt


def test_a_level_that_no_file_tells_of_is_said_in_the_figure() -> None:
    firms = Flow("firms", FLOW.firms.levels[2:])
    firms = Flow("firms", (Level("awarded", 105), *firms.levels[1:]))
    bare = ProgrammeFlow(FLOW.entries, firms, FLOW.outcomes, FLOW.persons, ("scores",))
    for language, text in (("zh", "没有评分表"), ("en", "No score sheets")):
        made = plot_flow(bare).draw(FigureStyle(language=language, disclosure_control=True))
        assert text in made.alt and text in words(made.figure)
        assert "269" not in made.alt


def test_assumed_years_are_hollow_and_gaps_are_named() -> None:
    made = drawn("timeline")
    assert "edition 2 in 2021 (assumed)" in made.alt and "edition 1 in 2019;" in made.alt
    assert "Years without an edition: 2020; 2022" in made.alt
    assert "Skill: in the rosters from edition 3." in made.alt
    circles = [line for line in made.figure.axes[0].lines if line.get_marker() == "o"]
    fills = [line.get_markerfacecolor() for line in circles]
    assert fills[1] == "white" and "white" not in (fills[0], fills[2])


def test_a_timeline_without_rosters_has_no_rows_of_categories() -> None:
    made = plot_edition_timeline(CALENDAR).draw(FigureStyle(language="en"))
    assert "in the rosters" not in made.alt and "Skill" not in words(made.figure)


def test_small_cells_are_crosses_and_not_in_the_words() -> None:
    shown, whole = drawn("streets"), drawn("streets", disclosure_control=False)
    crosses = [
        line for axes in shown.figure.axes for line in axes.lines if line.get_marker() == "x"
    ]
    assert sum(len(line.get_xdata()) for line in crosses) >= 2
    assert "Jihua 40 → 40" in shown.alt or "Jihua" not in shown.alt
    assert "Jihua 40 → 4" in whole.alt
    assert "numbers are not shown" in shown.alt


def test_a_divided_street_is_hollow_before() -> None:
    made = drawn("streets", disclosure_control=False)
    buji = next(axes for axes in made.figure.axes if axes.texts[0].get_text() == "Buji")
    hollow = next(line for line in buji.lines if line.get_markerfacecolor() == "white")
    assert np.nanmax(hollow.get_ydata()) == 130


def test_a_street_of_which_only_the_old_range_is_known_has_its_panel() -> None:
    rows = pd.DataFrame(
        {"street": ["OLD-布吉", "OLD-布吉"], "edition": [1, 4], "persons": [30, 50]}
    )
    axes = plot_participation(rows, "street", "persons").draw(FigureStyle()).figure.axes
    assert [one.texts[0].get_text() for one in axes] == ["布吉"]
    assert [*axes[0].lines[0].get_ydata()] == [30, 50]
    assert [*axes[0].lines[0].get_xdata()] == [1, 4]  # nothing is known of editions 2 and 3


def test_groups_without_words_and_no_rows() -> None:
    rows = pd.DataFrame({"size": ["巨", "小"], "edition": [1, 1], "firms": [5, 6]})
    assert "巨 5" in plot_participation(rows, "size").draw(FigureStyle(language="zh")).alt
    with pytest.raises(ZgzxError, match="nothing to count"):
        plot_participation(rows[:0], "size")


def test_linkage_hides_shares_of_few_and_names_the_range_of_the_others() -> None:
    made = drawn("linkage")
    assert "Winners 50.0% to 50.0% (1 editions; 2 not shown)" in made.alt
    assert "Other finalists 50.0% to 100.0% (3 editions; 0 not shown)" in made.alt
    assert "95" not in numbers(made.alt)


def test_lines_break_between_characters_and_between_words() -> None:
    assert wrapped("一二三四五六", 8.3 * COLUMN) == ["一二三四", "五六"]
    assert wrapped("一二三四，五", 8.3 * COLUMN) == [
        "一二三四，",
        "五",
    ]  # no line begins with a comma
    assert wrapped("one two three", 8.3 * COLUMN) == ["one two", "three"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_linkage_of_few_is_all_crosses(language: str) -> None:
    few = RATES.assign(rows=5, linked=4)
    made = plot_linkage(few).draw(FigureStyle(language=language, disclosure_control=True))
    assert "80.0%" not in made.alt and made.svg()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_persons_without_employment_records_and_a_flow_of_few(language: str) -> None:
    named = Flow("persons", (Level("awarded", 16),))
    few = Flow("firms", (Level("awarded", 16), Level("in_panel", 2, {"award_before": 14})))
    own = Flow("firms", (Level("in_panel", 2), Level("estimate", 0, {"years_open": 2})))
    entries = Flow("entries", (Level("listed", 16), Level("linked", 16, {"no_firm": 0})))
    small = ProgrammeFlow(entries, few, {"patents_all": own}, named, ("scores", "employment"))
    style = FigureStyle(language=language, disclosure_control=True)
    persons, firms = (plot_flow(small, who).draw(style) for who in ("persons", "firms"))
    reason = {"zh": "没有参保记录", "en": "No employment records"}[language]
    assert reason in persons.alt and reason not in firms.alt
    assert "14" not in numbers(firms.alt) and "2" not in numbers(firms.alt)
    assert persons.svg() and firms.svg()
