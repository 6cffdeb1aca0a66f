"""Tables by maketables: the same digits in LaTeX, HTML, Typst and DOCX, and every file opens."""

from __future__ import annotations

import re
from pathlib import Path

import docx
import maketables
import pandas as pd
import pytest
import typst

from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.methods import METHODS
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.did.panel.prepared_panel import PreparedPanel
from zgzx_research.did.results.aggregated import Aggregate
from zgzx_research.did.results.effects import Effects
from zgzx_research.errors import ZgzxError
from zgzx_research.report.tables.regression_tables import regression_table

MPDTA = Path(__file__).parents[3] / "data" / "examples" / "mpdta.csv"
NEEDS = {"stacked": {"event_window": (-1, 0)}}


def county_panel(**options: str) -> PreparedPanel:
    table = pd.read_csv(MPDTA)
    table = table.assign(
        first=table["first.treat"].where(table["first.treat"] > 0).astype(float),
        state=table["countyreal"] // 1000,
    )
    return prepare_panel(
        table, outcome="lemp", unit="countyreal", period="year", first_treated="first", **options
    )


@pytest.fixture(scope="module")
def events() -> dict[str, Aggregate]:
    panel = county_panel()
    varying = estimate_effects(panel, controls="not_yet_treated", base_period="varying")
    return {
        "Never": estimate_effects(panel).aggregate("event_time"),
        "Not yet": varying.aggregate("event_time"),
    }


def cells(results: dict[str, Aggregate], digits: int = 3) -> list[str]:
    """Estimates and standard errors as the tables must print them."""
    found = []
    for result in results.values():
        for frame in (result.to_frame(), result.overall):
            for row in frame[frame["role"] != "reference"].to_dict("records"):
                found += [f"{row['estimate']:.{digits}f}", f"({row['std_error']:.{digits}f})"]
    return found


def test_latex_holds_every_number_and_escapes_what_it_must(events: dict[str, Aggregate]) -> None:
    text = regression_table(events, caption="Employment").make("tex")
    for number in cells(events):
        assert number in text
    assert text.count(r"\makecell") == len(cells(events)) // 2
    rows = (line for line in text.splitlines() if line.endswith(r"\\") and "toprule" not in line)
    lines = [line for line in rows if "multicolumn" not in line]
    assert {line.count("&") for line in lines} == {
        2
    }  # a stray & would make a column, a stray % a comment
    assert "%" not in text
    assert "***" not in text and "Significance" not in text


def test_rows_stand_in_the_order_of_time(events: dict[str, Aggregate]) -> None:
    text = regression_table({"Never": events["Never"], "Not yet": events["Not yet"]}).make("tex")
    assert re.findall(r"^event time (-?\d)", text, flags=re.MULTILINE) == [
        "-4",
        "-3",
        "-2",
        "-1",
        "0",
        "1",
        "2",
        "3",
    ]
    assert text.index("event time 3") < text.index("overall")
    assert (
        text.index("overall")
        < text.index("Group-time effects")
        < text.index("N treated & 191 & 191")
    )


def test_html_and_typst_and_docx_are_files_that_open(
    events: dict[str, Aggregate], tmp_path: Path
) -> None:
    table = regression_table(events, caption="Employment")
    for kind in ("html", "typst", "docx"):
        table.save(type=kind, file_name=str(tmp_path / f"table.{kind}"), show=False)
    html = (tmp_path / "table.html").read_text(encoding="utf-8")
    source = (tmp_path / "table.typst").read_text(encoding="utf-8")
    grid = docx.Document(str(tmp_path / "table.docx")).tables[0]
    word = "\n".join(cell.text for line in grid.rows for cell in line.cells)
    for text in (html, source, word):
        for number in cells(events):
            assert number in text
        for foot in (
            "Group-time effects",
            "N treated",
            "191",
            "N comparison",
            "480",
            "Standard errors in parentheses.",
        ):
            assert foot in text
    assert typst.compile(str(tmp_path / "table.typst"), format="pdf").startswith(b"%PDF")


def test_digits_follow_the_standard_errors_or_the_wish(events: dict[str, Aggregate]) -> None:
    assert cells(events, 5)[0] in regression_table(events, digits=5).make("tex")
    coarse = county_panel()
    big = Effects.from_json(estimate_effects(coarse).to_json())
    assert "0.020" in regression_table({"x": big.aggregate("event_time")}).make("tex")
    ratio = {"x": estimate_effects(coarse, scale="ratio").aggregate("event_time")}
    text = regression_table(ratio).make("tex")
    assert cells(ratio, 4)[0] in text and "Ratios: 0.12 is 12 percent more than without." in text


def test_stars_only_on_demand(events: dict[str, Aggregate]) -> None:
    text = regression_table(events, stars=True).make("tex")
    assert "-0.137***" in text and "* p < 0.10" in text


def test_cells_and_aggregates_share_a_table_with_maketables_alone(
    events: dict[str, Aggregate],
) -> None:
    """No function of ours is needed: the results carry what maketables looks for."""
    effects = events["Never"].effects
    text = maketables.ETable(
        [events["Never"], effects], coef_fmt="b:.4f (se:.4f) [ci95l:.4f, ci95u:.4f]"
    ).make("tex")
    row = effects.to_frame().query("cohort == 2006 and period == 2007").iloc[0]
    names = ("estimate", "std_error", "ci_low", "ci_high")
    shown = "{:.4f} ({:.4f}) [{:.4f}, {:.4f}]".format(*(row[name] for name in names))
    assert re.search(r"cohort 2006, period 2007 &  & " + re.escape(shown), text)


def test_clusters_stand_in_the_foot_when_there_are_any(events: dict[str, Aggregate]) -> None:
    clustered = estimate_effects(county_panel(cluster="state"))
    both = {"Counties": events["Never"], "States": clustered.aggregate("event_time")}
    text = regression_table(both).make("tex")
    line = next(line for line in text.splitlines() if line.startswith("Treated clusters"))
    assert re.fullmatch(r"Treated clusters & - & \d+ \\\\", line)
    assert "Treated clusters" not in regression_table(events).make("tex")
    assert "treated clusters" in str(clustered)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_fills_its_column(method: str) -> None:
    event = estimate_effects(county_panel(), method=method, **NEEDS.get(method, {})).aggregate(
        "event_time"
    )
    text = regression_table({method.replace("_", " "): event}, digits=4).make("tex")
    for number in cells({"x": event}, 4):
        assert number in text


def test_no_result_is_an_error() -> None:
    with pytest.raises(ZgzxError, match="no result to show"):
        regression_table({})
