"""Money in words, the tables and the figure of value for money, and the clause for a brief."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from matplotlib.figure import Figure
from words_cases import facts_of, value_facts_of

from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import Facts, fact
from zgzx_research.report.figures.break_even import plot_break_even
from zgzx_research.report.number_format import format_value, format_yuan
from zgzx_research.report.prose_rendering import environment, render_prose
from zgzx_research.report.tables.value_tables import costs_table, prices_table, steps_table


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (0.0, "0 元", "0 yuan"),
        (8_500.4, "8,500 元", "8,500 yuan"),
        (38_812.0, "3.9 万元", "39,000 yuan"),
        (117_624.0, "11.8 万元", "118,000 yuan"),
        (1_246_600.0, "125 万元", "1.25 million yuan"),
        (17_643_600.0, "1,764 万元", "17.64 million yuan"),
        (50_000.0, "5 万元", "50,000 yuan"),
        (2_000_000.0, "200 万元", "2 million yuan"),
        (176_436_000.0, "1.76 亿元", "176 million yuan"),
        (-38_812.0, "−3.9 万元", "−39,000 yuan"),
    ],
)
def test_amounts_are_rounded_alike_in_both_languages(value: float, zh: str, en: str) -> None:
    assert format_value(value, "yuan", language="zh") == zh
    assert format_value(value, "yuan", language="en") == en


def test_whole_yuan_where_digits_are_asked_for() -> None:
    assert format_yuan(38_812.4, 0, "zh") == "38,812 元"
    assert format_yuan(38_812.4, bare=True) == "38,812"
    assert format_value(None, "yuan", language="en") == "not estimable"


def editions(winners: list[int]) -> tuple[pd.DataFrame, pd.Series]:
    table = pd.DataFrame(
        {"edition": [1, 2, 3], "cost": [1e6, 2e6, 3e6], "winning_entries": [12, 13, 14]}
    )
    table["winners"] = winners
    table["entrants"] = pd.array([100, None, 200], dtype="Int64")
    table["cost_per_entry"] = table["cost"] / table["winning_entries"]
    table["cost_per_winner"] = table["cost"] / table["winners"]
    table["cost_per_entrant"] = table["cost"] / table["entrants"].astype("float64")
    total = pd.Series({"cost": 6e6, "winning_entries": 39, "winners": sum(winners)})
    total["entrants"], total["cost_per_entry"] = 300, 6e6 / 39
    total["cost_per_winner"], total["cost_per_entrant"] = 6e6 / sum(winners), 4e6 / 300
    return table, total


def test_costs_by_edition_and_in_total() -> None:
    table = costs_table(*editions([20, 40, 50]), "en")
    assert " ".join(table.rows[0]) == "1 1,000,000 12 20 100 83,333 50,000 10,000"
    assert table.rows[1][4] == table.rows[1][7] == "—"  # nobody knows who entered
    assert table.rows[3][0] == "Total" and table.rows[3][6] == "54,545"


def test_counts_of_few_persons_cannot_be_read_or_worked_out() -> None:
    table = costs_table(*editions([9, 40, 20]), "zh")
    winners = [row[3] for row in table.rows]
    # 9 is hidden, and 20 with it, or the total would give 9 away
    assert winners == ["—", "40", "—", "69"]
    assert [row[6] for row in table.rows][::2] == ["—", "—"]
    assert table.rows[0][1] == "1,000,000"


def test_prices_at_three_effects() -> None:
    table = prices_table(facts_of("rose"), "invention", "en")
    assert table is not None
    # 1,000,000 yuan, 400 inventions without the award, 20 %, 10 % and 30 %
    assert table.rows[0] == ("the estimate", "+20.0%", "80", "12,000 yuan")  # 12,500
    assert table.rows[1] == ("the claimed size", "+10.0%", "40", "25,000 yuan")
    assert table.rows[2][3] == "8,333 yuan"
    fell = prices_table(facts_of("fell"), "invention", "zh")
    assert fell is not None and fell.rows[0] == ("估计值", "−20.0%", "—", "—")
    assert prices_table(Facts({}), "invention", "en") is None


def test_steps_to_break_even() -> None:
    table = steps_table(facts_of("rose"), "invention", "en")
    assert table is not None
    results = ["1 million yuan", "440", "400", "50,000 yuan", "+5.0%"]
    assert [row[2] for row in table.rows] == results
    assert table.rows[2][1] == "440 ÷ (1 + 20.0%)"
    assert table.rows[4][1] == "1 million yuan ÷ (50,000 yuan × 400)"
    fell = steps_table(facts_of("fell"), "invention", "zh")
    assert fell is not None and fell.rows[2][1] == "440 ÷ (1 − 20.0%)"
    unset = {k: v for k, v in facts_of("rose").facts.items() if not k.endswith("break_even")}
    assert steps_table(Facts(unset), "invention", "en") is None


def said(finding: str, block: str, language: str = "en", without: str = "?") -> str:
    from test_prose import PAGES

    facts = {key: one for key, one in facts_of(finding).facts.items() if without not in key}
    return render_prose(PAGES / "7_value", block, language, Facts(facts))


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        ("rose", "lies below the 95% interval"),
        ("flat", "lies inside the 95% interval"),
        ("fell", "lies above the 95% interval"),
        ("unknown", "The interval cannot be estimated"),
    ],
)
def test_the_sentence_follows_the_position(finding: str, words: str) -> None:
    text = said(finding, "break_even")
    assert text.count(words) == 2
    others = {"lies below", "lies inside", "lies above"} - {words[: words.find(" the")]}
    assert not any(other in text for other in others)


def test_prices_are_doubted_where_the_estimate_is_not_told_from_zero() -> None:
    assert "not reliable" not in said("rose", "prices")
    assert said("flat", "prices").count("not reliable") == 2
    assert said("fell", "prices").count("shows no benefit") == 2
    assert said("unknown", "prices").count("no upper end above zero") == 2


def test_what_is_missing_is_asked_for() -> None:
    assert "programmes 文件夹" in said("rose", "cost", "zh", without="value.")
    assert "section [value]" in said("rose", "break_even", without="break_even")
    assert "cannot be worked out" in said("rose", "break_even", without="value.")
    assert "there are no prices" in said("rose", "prices", without="value.")
    assert "12,000" not in said("rose", "cost", without="cost_per_entrant")


def clause(language: str, facts: dict) -> str:
    names = {
        "given": facts.__contains__,
        "known": lambda key: facts[key]["value"] is not None,
        "fact": lambda key: format_value(facts[key]["value"], "yuan", language=language),
    }
    template = environment().get_template(f"_sentences.{language}.md.j2")
    return str(template.make_module(names).cost())


def test_the_clause_of_the_brief() -> None:
    facts = value_facts_of("rose")
    assert clause("zh", facts) == "平均每个获奖项目约 3.9 万元"
    assert clause("en", facts) == "about 39,000 yuan per winning entry"
    hidden = {"value.cost_per_entry": fact(None, "yuan", "data", "clean")}
    assert clause("zh", {}) == clause("en", hidden) == ""


def lines(figure: Figure) -> list[list[float]]:
    """Both ends of each horizontal line of the first picture."""
    return [
        [float(x) for x in segment[:, 0]]
        for part in figure.axes[0].collections
        for segment in part.get_segments()
        if segment[0, 1] == segment[1, 1]
    ]


def test_the_figure_marks_what_breaks_even_beside_the_interval() -> None:
    drawn = plot_break_even(facts_of("flat"), language="en").draw()
    assert len(drawn.figure.axes) == 2
    assert lines(drawn.figure)[0] == pytest.approx([-17.0, 23.0])
    shown = {text.get_text() for text in drawn.figure.axes[0].texts}
    assert shown == {"breaks even at +5.0%", "claimed +10.0%"}
    assert "estimate +3.0%, 95% interval −17.0% to +23.0%" in drawn.alt
    assert "breaks even at +5.0%, inside the interval; claimed +10.0%" in drawn.alt


def test_a_mark_far_out_is_an_arrow() -> None:
    facts = facts_of("flat").facts | {
        "value.invention.break_even": fact(900.0, "percent", "estimate", "estimate")
    }
    axes = plot_break_even(Facts(facts), language="en").draw().figure.axes[0]
    arrows = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == ">"]
    assert arrows == [axes.get_xlim()[1]] and axes.get_xlim()[1] < 100
    assert "breaks even at +900.0%" in {text.get_text() for text in axes.texts}


def test_without_a_worth_there_is_no_figure() -> None:
    facts = {k: v for k, v in facts_of("flat").facts.items() if not k.endswith("break_even")}
    with pytest.raises(ZgzxError, match=r"no effect that breaks even is known.*\[value\]"):
        plot_break_even(Facts(facts))
    unknown = {"value.invention.break_even": fact(math.nan, "percent", "estimate", "estimate")}
    with pytest.raises(ZgzxError, match="no effect that breaks even"):
        plot_break_even(Facts(facts | unknown))
