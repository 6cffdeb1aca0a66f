"""The plot and the tables of the official claims, from invented facts, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.claims import read_claims
from zgzx_research.evidence.facts import Facts, fact, withheld_fact
from zgzx_research.report.figures import figure_style as fs
from zgzx_research.report.figures.claims_plot import plot_claims
from zgzx_research.report.figures.report_figure import FigureStyle
from zgzx_research.report.tables.claim_rows import claim_rows
from zgzx_research.report.tables.claims_table import claims_table, described_claims_table
from zgzx_research.report.wording import LANGUAGES, display_width

CLAIMS = read_claims(Path(__file__).parents[3] / "data/published/claims.csv")
PHONE, SMALLEST = 360, 10  # pixels
UNITS = {"patents_up": "percent", "winners_patent": "number"}
# claim -> estimate, standard error, interval, size claimed, verdict, finding, design
SHOWN: dict[str, tuple[Any, ...]] = {
    "patents_up": (9.9, 23.5, -33.8, 92.1, 10.0, "indistinguishable", "none", "contest"),
    "retention_up": (4.0, 1.0, 2.0, 6.0, 3.0, "supported", "found", "precision"),
    "winners_patent": (0.02, 0.06, -0.1, 0.15, None, "exploratory", "none", "winners_patents"),
    "spillover": (-2.4, 1.0, -4.4, -0.4, 3.0, "exploratory", "found", "colleagues"),
    "career": (6.5, 3.3, 0.05, 13.0, 3.0, "indistinguishable", "alone", "stay_24"),
}


def facts(**changed: tuple[Any, ...]) -> Facts:
    """Facts of the claims with an estimate."""
    found = {}
    for claim, values in {**SHOWN, **changed}.items():
        unit = UNITS.get(claim, "percentage_point")
        names = ("estimate", "std_error", "ci_low", "ci_high", "claimed_effect")
        for name, value in zip(names, values, strict=False):
            found[f"claim.{claim}.{name}"] = fact(value, unit, "estimate", "estimate")
        words = dict(zip(("verdict", "finding", "design"), values[5:], strict=True)) | {
            "grade": "low"
        }
        for name, value in words.items():
            found[f"claim.{claim}.{name}"] = fact(value, "text", "verdict", "estimate")
        low, high = values[2:4]
        for name, end in (("below", low), ("above", high)):
            inside = end is not None and (end <= 0 if name == "below" else end >= 0)
            if inside and values[6] in ("none", "alone"):
                found[f"claim.{claim}.ruled_out_{name}"] = fact(end, unit, "estimate", "estimate")
    return Facts(found)


def drawn(language: str = "en", **changed: tuple[Any, ...]) -> tuple[Figure, str]:
    figure = plot_claims(claim_rows(facts(**changed), CLAIMS)).draw(FigureStyle(language=language))
    return figure.figure, figure.alt


def dots(figure: Figure, axis: int) -> dict[float, tuple[str, str]]:
    """Estimate to the colours of its edge and of its inside."""
    return {
        float(line.get_xdata()[0]): (line.get_markeredgecolor(), line.get_markerfacecolor())
        for line in figure.axes[axis].lines
        if line.get_marker() == "o"
    }


def test_one_axis_for_each_unit_and_every_axis_shows_zero() -> None:
    figure, _ = drawn()
    assert [[text.get_text() for text in axes.texts[::2]] for axes in figure.axes] == [
        ["Firms' patents +9.9%"],
        ["Firms' retention +4.0 pp", "Colleagues stay −2.4 pp", "Winners stay +6.5 pp"],
        ["Winners' inventions +0.020 a year"],
    ]
    assert {text.get_text()[-1] for text in figure.axes[0].get_xticklabels()} <= {"%", "0"}
    for axes in figure.axes:
        low, high = axes.get_xlim()
        assert low < 0 < high
        assert [0, 0] in [list(line.get_xdata()) for line in axes.lines]


def test_primary_claims_are_filled_in_the_accent_colour_and_exploratory_ones_hollow() -> None:
    figure, _ = drawn()
    assert dots(figure, 0) == {9.9: (fs.BLUE, fs.BLUE)}
    assert dots(figure, 1) == {
        4.0: (fs.BLUE, fs.BLUE),
        -2.4: (fs.SLATE, "white"),
        6.5: (fs.BLUE, fs.BLUE),
    }


def test_grey_print_tells_primary_from_exploratory_by_shape() -> None:
    figure, _ = drawn()
    styles = [part.get_linestyle()[0][1] for part in figure.axes[1].collections[::2]]
    assert [style is not None for style in styles[:2]] == [False, True]  # solid, dashed


def test_the_size_claimed_is_marked_with_its_sign_where_one_is_claimed() -> None:
    figure, _ = drawn()
    marks = [
        [float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "D"]
        for axes in figure.axes
    ]
    assert marks == [[10.0], [3.0, 3.0, 3.0], []]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["Primary", "Exploratory", "Size claimed"]


@pytest.mark.parametrize(
    ("values", "arrows"),
    [
        # ten times the size claimed is the most that is drawn
        ((5.0, 90.0, -40.0, 900.0, 10.0), {">"}),
        ((5.0, 90.0, -900.0, 40.0, 10.0), {"<"}),
        ((5.0, 90.0, -900.0, 900.0, 10.0), {"<", ">"}),
        ((5.0, 90.0, -40.0, None, 10.0), {">"}),
        ((5.0, 9.0, -13.0, 23.0, 10.0), set()),
    ],
)
def test_an_interval_that_goes_on_ends_in_an_arrow(
    values: tuple[float | None, ...], arrows: set[str]
) -> None:
    figure, _ = drawn(patents_up=(*values, "indistinguishable", "none", "contest"))
    axes = figure.axes[0]
    assert {line.get_marker() for line in axes.lines} & {"<", ">"} == arrows
    low, high = axes.get_xlim()
    segment = axes.collections[0].get_segments()[0][:, 0]
    assert low <= segment[0] < segment[1] <= high


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_ten_pixels_high_on_a_phone_and_stay_apart(language: str) -> None:
    longest = (4.0, 1.0, 2.0, 6.0, 3.0, "associated", "found", "precision")
    figure, _ = drawn(
        language, retention_up=longest, career=(*longest[:5], "too_few", "too_few", "stay_24")
    )
    per_inch = PHONE / figure.get_figwidth()
    shown = [text for text in figure.findobj(Text) if text.get_text().strip()]
    assert min(text.get_fontsize() for text in shown) / 72 * per_inch >= SMALLEST
    with fs.report_settings():
        for axes in figure.axes:
            for one, other in zip(axes.texts[::2], axes.texts[1::2], strict=True):
                assert one.get_window_extent().x1 < other.get_window_extent().x0
                assert other.get_window_extent().x1 <= figure.bbox.x1


def test_the_alternative_text_has_every_number_and_verdict() -> None:
    _, en = drawn("en")
    assert "(Primary) +9.9% (−33.8 to +92.1), claimed +10.0%, not distinguishable from zero" in en
    assert "(Primary) +4.0 percentage points (+2.0 to +6.0), claimed +3.0" in en
    assert "(Exploratory) −2.4 percentage points (−4.4 to −0.4)" in en
    assert "+0.020 a year (−0.100 to +0.150), no size claimed, exploratory" in en
    _, zh = drawn("zh")
    assert "（主要）+9.9%（−33.8 至 +92.1），所称 +10.0%，与零无法区分" in zh
    assert "+0.020 件/年（−0.100 至 +0.150），没有说大小，只作探索" in zh


def test_equal_rows_give_equal_bytes() -> None:
    rows = claim_rows(facts(), CLAIMS)
    assert plot_claims(rows).draw().svg() == plot_claims(rows).draw().svg()


def test_without_a_claim_there_is_nothing_to_draw() -> None:
    with pytest.raises(ZgzxError, match="no claim has an estimate"):
        plot_claims([])


def test_an_estimate_that_may_not_be_shown_is_not_drawn() -> None:
    hidden = dict(facts().facts)
    for name in ("estimate", "std_error", "ci_low", "ci_high"):
        hidden[f"claim.patents_up.{name}"] = withheld_fact("percent", "estimate", "estimate")
    figure = plot_claims(claim_rows(Facts(hidden), CLAIMS)).draw(FigureStyle(language="en"))
    assert dots(figure.figure, 0) == {}
    assert "(Primary) not shown" in figure.alt
    assert "not shown" in claims_table(Facts(hidden), CLAIMS, "en").rows[0][2]


def test_the_style_of_the_user_is_left_alone() -> None:
    before = dict(matplotlib.rcParams)
    drawn()
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_claim_has_a_row_and_an_answer_in_words(language: str) -> None:
    tested = claims_table(facts(), CLAIMS, language)
    described = described_claims_table(facts(), CLAIMS, language)
    names = [claim.zh if language == "zh" else claim.en for claim in CLAIMS]
    starts = [row[0] for row in (*tested.rows, *described.rows)]
    assert len(starts) == 9
    assert sorted(
        name for name in names if any(text.startswith(name) for text in starts)
    ) == sorted(names)
    for row in (*tested.rows, *described.rows):
        assert all(cell.strip() for cell in row)
    assert len(tested.columns) == 4 and len(described.columns) == 3
    assert display_width(tested.columns[-1]) < 12


def test_verdicts_in_words_with_what_is_ruled_out() -> None:
    en = {row[0].split(" (")[0]: row for row in claims_table(facts(), CLAIMS, "en").rows}
    patents = en["Patent applications of winning enterprises rose"]
    assert patents[1:] == (
        "not distinguishable from zero; ruled out: above +92.1%, below −33.8%",
        "+9.9% [−33.8, +92.1]; claimed +10.0%",
        "●●○○ low",
    )
    # a found effect says nothing of what is ruled out
    assert en["Employee retention of winning enterprises rose"][1] == "supported"
    spread = en["Winners' example spreads in the firm; more firms take part"]
    assert spread[1] == "exploratory; interval below zero"
    career = en["The working lives of 100,000 workers changed"]
    assert "significant alone, not when tested together; ruled out: above +13.0" in career[1]
    zh = claims_table(facts(), CLAIMS, "zh").rows[1]
    assert zh[1:] == ("得到支持", "+4.0 个百分点 [+2.0, +6.0]；所称 +3.0 个百分点", "●●○○ 低")


def test_descriptive_claims_show_their_numbers_where_there_are_any() -> None:
    numbers = {"district_change": 26.0, "city_change": 25.6, "difference": 0.4}
    shares = {
        f"skill_share.{name}": fact(value, "number", "estimate", "estimate")
        for name, value in numbers.items()
    }
    given = described_claims_table(Facts(facts().facts | shares), CLAIMS, "zh").rows[0]
    assert given[2].startswith("只能描述：全区 +26.0 个百分点，全市同期 +25.6 个百分点，相差 +0.4")
    without = described_claims_table(facts(), CLAIMS, "en").rows[0]
    assert without[2].startswith("descriptive only: the curves of district and city were not both")


def test_a_claim_that_could_be_tested_and_was_not_says_so() -> None:
    rows = described_claims_table(Facts({}), CLAIMS, "en").rows
    assert len(rows) == 9
    assert rows[0][2].startswith("no estimate in these data: ")
    assert rows[8][2].startswith("cannot be attributed: ")


def savings(language: str, **values: object) -> str:
    """What the row of the claim on savings says, from facts `value.*`."""
    units = {"cost_per_winner": "yuan", "invention.break_even": "percent"}
    units |= {"retained_employee.break_even": "percentage_point"}
    known = {
        f"value.{name}": fact(value, units.get(name, "text"), "estimate", "estimate")
        for name, value in {key.replace("__", "."): one for key, one in values.items()}.items()
    }
    table = described_claims_table(Facts(facts().facts | known), CLAIMS, language)
    words = {"zh": "一项提案省下的钱", "en": "what one proposal saved"}[language]
    return next(row[2] for row in table.rows if words in row[2])


def test_the_row_on_savings_has_the_numbers_of_the_page_on_value() -> None:
    values: dict[str, object] = {"cost_per_winner": 12000.0}
    values |= {"invention__break_even": 25.0, "invention__position": "inside"}
    values |= {"retained_employee__break_even": 1.5, "retained_employee__position": "above"}
    en, zh = savings("en", **values), savings("zh", **values)
    assert "The contest itself costs about 12,000 yuan per winner." in en
    assert "Inventions must change by +25.0% to pay for it; the 95% interval holds this" in en
    assert "Retention must change by +1.5 points to pay for it" in en
    assert "the 95% interval does not reach this." in en
    assert "每名获奖者约" in zh and "+25.0% 的变化" in zh and "+1.5 个百分点的变化" in zh
    assert zh.count("95% 区间") == 2


def test_the_row_on_savings_says_only_what_is_known() -> None:
    alone = savings("en")
    assert alone.endswith("does not carry over to all.")
    cost = savings("en", cost_per_winner=12000.0, invention__break_even=25.0)
    assert cost.endswith("per winner.")  # without a position no sentence on breaking even
    unknown = {"invention__break_even": None, "invention__position": ""}
    assert savings("en", **unknown) == alone
