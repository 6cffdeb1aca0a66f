"""`zgzx analyse` on files as users have them.

Formats, encodings, names of units, bad cells, wide tables.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.conftest import keeping_cells, sketched_pages
from zgzx_research.did.estimate import estimate_effects
from zgzx_research.did.methods import METHODS
from zgzx_research.did.panel.prepare import prepare_panel
from zgzx_research.errors import ZgzxError
from zgzx_research.evidence.facts import Facts
from zgzx_research.pipeline import analyse
from zgzx_research.pipeline.command_words import PYTHON, in_command_words
from zgzx_research.pipeline.estimates import summary_facts
from zgzx_research.pipeline.kept_facts import Kept, event_columns, facts_of, kept_text
from zgzx_research.pipeline.panel_file import read_panel_file
from zgzx_research.pipeline.panel_page import SEED, WINDOW, read_panel
from zgzx_research.pipeline.summaries import summarise
from zgzx_research.study_sections import NAME

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).with_name("data")
ROLES = {"unit": "unit", "period": "year", "outcome": "y", "first_treated": "first"}


@pytest.fixture
def sketched() -> Iterator[None]:
    """Pages keep their facts but show nothing."""
    with sketched_pages():
        yield


def table(units: int = 12, years: range = range(2010, 2016)) -> pd.DataFrame:
    """Half of the units are first treated in 2013; the effect is 2 in every period and unit."""
    rows = [
        (
            f"{u:03d}",
            t,
            2013 if u < units // 2 else None,
            round(0.25 * u + 0.5 * t + 2 * (u < units // 2 and t >= 2013), 2),
        )
        for u in range(units)
        for t in years
    ]
    return pd.DataFrame(rows, columns=["unit", "year", "first", "y"])


def text_file(path: Path, frame: pd.DataFrame, encoding: str = "utf-8", **how: Any) -> Path:
    path.write_bytes(frame.to_csv(index=False, **how).encode(encoding))
    return path


def overall(
    path: Path, never: str | None = None, roles: dict[str, Any] | None = None, **options: Any
) -> float:
    """The effect as the page about any panel estimates it."""
    columns = roles or ROLES
    panel = prepare_panel(read_panel(path, columns, never), **columns)
    effects = estimate_effects(panel, **options)
    return float(effects.aggregate("overall").to_frame()["estimate"].iloc[0])


def refused(path: Path, roles: dict[str, Any] | None = None, **options: Any) -> str:
    """The message of the command, in its own words."""
    name = options.pop("name", None)
    with pytest.raises(ZgzxError) as caught:
        analyse.run_analysis(
            path.parent, path, name, roles or ROLES, options, None, say=lambda line: None
        )
    return str(caught.value)


# names of units


def test_na_is_a_country() -> None:
    roles = {"unit": "country", "period": "year", "outcome": "y", "first_treated": "first"}
    frame = read_panel_file(DATA / "ids_named_na.csv", roles, None)
    panel = prepare_panel(frame, **roles)
    assert len(panel.y) == 10
    result = estimate_effects(panel).aggregate("overall").to_frame()["estimate"].iloc[0]
    assert result == pytest.approx(11.155533, abs=5e-7)
    # two treated countries are too few for a report: the number is told, the report is refused
    assert "2 of 10 units are treated" in refused(DATA / "ids_named_na.csv", roles)
    assert "11.1555333" in refused(DATA / "ids_named_na.csv", roles)


@pytest.mark.parametrize("name", ["NULL", "nan", "None", "N/A", "NaN", "-", "TRUE", "1e5", "001"])
def test_words_that_mean_nothing_elsewhere_are_names_of_units(tmp_path: Path, name: str) -> None:
    frame = table().replace({"unit": {"003": name}})
    read = read_panel_file(
        text_file(tmp_path / "p.csv", frame.query("unit != '001' or @name != '001'")), ROLES, None
    )
    assert name in set(read["unit"]) and read["unit"].notna().all()


def test_numbers_of_units_in_workbooks_have_no_decimals(tmp_path: Path) -> None:
    frame = table().assign(unit=lambda f: f["unit"].astype(int) + 1000)
    frame.to_excel(tmp_path / "p.xlsx", index=False)
    assert sorted(set(read_panel_file(tmp_path / "p.xlsx", ROLES, None)["unit"]))[:2] == [
        "1000",
        "1001",
    ]
    frame.astype({"unit": float}).to_parquet(tmp_path / "p.parquet")
    assert sorted(set(read_panel_file(tmp_path / "p.parquet", ROLES, None)["unit"]))[:2] == [
        "1000",
        "1001",
    ]


# formats, encodings, separators


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("sep", [",", ";", "\t"])
def test_encodings_and_separators(tmp_path: Path, encoding: str, sep: str) -> None:
    frame = table().rename(columns={"unit": "单位", "year": "年份", "first": "首次", "y": "专利"})
    path = text_file(tmp_path / "面板.CSV", frame, encoding, sep=sep)
    roles = {"unit": "单位", "period": "年份", "outcome": "专利", "first_treated": "首次"}
    assert overall(path, roles=roles) == pytest.approx(2.0)


WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    ".csv": lambda f, p: f.to_csv(p, index=False),
    ".xlsx": lambda f, p: f.to_excel(p, index=False),
    ".dta": lambda f, p: f.to_stata(p, write_index=False),
    ".parquet": lambda f, p: f.to_parquet(p),
}


def _dates(frame: pd.DataFrame, form: str) -> pd.DataFrame:
    """Quarters 2010Q1, 2010Q2 … in place of the years 2010, 2011 …"""

    def at(year: float) -> Any:
        quarter = pd.Period("2010Q1", "Q") + int(year - 2010)
        start = quarter.start_time
        return (
            start
            if form == "stamp"
            else start.strftime(form)
            if "%" in form
            else form.format(q=quarter)
        )

    return frame.assign(
        year=frame["year"].map(at), first=frame["first"].map(at, na_action="ignore")
    )


@pytest.mark.parametrize("suffix", WRITERS)
def test_quarters_as_dates_in_every_format(tmp_path: Path, suffix: str) -> None:
    frame = _dates(table(), "stamp")
    frame = frame.assign(first=pd.to_datetime(frame["first"]))
    WRITERS[suffix](frame, tmp_path / f"p{suffix}")
    assert overall(tmp_path / f"p{suffix}") == pytest.approx(2.0)


@pytest.mark.parametrize(
    "form", ["%Y-%m", "%Y/%m", "%Y年%m月", "%Y.%m.%d", "%Y-%m-%dT%H:%M:%S", "{q}"]
)
def test_quarters_as_text(tmp_path: Path, form: str) -> None:
    assert overall(text_file(tmp_path / "p.csv", _dates(table(), form))) == pytest.approx(2.0)


def test_years_with_a_word_behind(tmp_path: Path) -> None:
    frame = table().assign(
        year=lambda f: f["year"].astype(str) + "年",
        first=lambda f: f["first"].map("{:.0f}年".format, "ignore"),
    )
    assert overall(text_file(tmp_path / "p.csv", frame)) == pytest.approx(2.0)


def test_stata_years_as_dates_beside_numbers(tmp_path: Path) -> None:
    frame = table().assign(year=lambda f: pd.to_datetime(f["year"].astype(str)))
    frame.to_stata(tmp_path / "p.dta", write_index=False, convert_dates={"year": "ty"})
    assert overall(tmp_path / "p.dta") == pytest.approx(2.0)


def test_decimal_commas_and_thousands(tmp_path: Path) -> None:
    half = table().assign(y=lambda f: f["y"].map(lambda v: f"{v:.2f}".replace(".", ",")))
    assert overall(text_file(tmp_path / "a.csv", half, sep=";")) == pytest.approx(2.0)
    large = table().assign(y=lambda f: f["y"].map(lambda v: f"{1000 * v:,.1f}"))
    assert overall(text_file(tmp_path / "b.csv", large)) == pytest.approx(2000.0)
    unclear = table().assign(y=lambda f: f["y"].map(lambda v: f"{round(v):,}"))
    assert "decimals or thousands" in refused(text_file(tmp_path / "c.csv", unclear, sep=";"))


def test_full_width_digits_and_a_title_above(tmp_path: Path) -> None:
    text = table().assign(
        y=lambda f: (
            f["y"]
            .map("{:.2f}".format)
            .str.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
        )
    )
    path = tmp_path / "p.csv"
    path.write_text("全区企业面板,,,\n\n" + text.to_csv(index=False), encoding="utf-8")
    assert overall(path) == pytest.approx(2.0)


# what cannot be read


@pytest.mark.parametrize("bad", ["abc", "12%", "#DIV/0!", "—", "1.2.3", "3 / 4"])
def test_a_bad_number_is_named_with_its_row(tmp_path: Path, bad: str) -> None:
    frame = table().astype({"y": object})
    frame.loc[5, "y"] = bad
    message = refused(text_file(tmp_path / "p.csv", frame))
    assert "column 'y'" in message and f"row 7: {bad!r}" in message and "1 affected" in message


def test_words_for_missing_outcomes_are_missing(tmp_path: Path) -> None:
    frame = table().astype({"y": object})
    frame.loc[[0, 8, 16], "y"] = ["NA", "null", "."]
    panel = prepare_panel(
        read_panel_file(text_file(tmp_path / "p.csv", frame), ROLES, None), **ROLES
    )
    assert panel.ledger.query("reason == 'outcome missing'")["rows"].tolist() == [3]


def test_a_bad_period_is_named(tmp_path: Path) -> None:
    frame = table().astype({"year": object, "first": object})
    frame.loc[3, "year"] = "2013?"
    assert "row 5: '2013?'" in refused(text_file(tmp_path / "p.csv", frame))
    frame = table().astype({"first": object}).fillna({"first": "never"})
    assert "--never-treated never" in refused(text_file(tmp_path / "p.csv", frame))


@pytest.mark.parametrize("code", ["0", "0.0", "never", "无", "1900-01-01"])
def test_codes_for_never_treated(tmp_path: Path, code: str) -> None:
    frame = _dates(table(), "%Y-%m-%d") if "-" in code else table()
    path = text_file(
        tmp_path / "p.csv", frame.assign(first=frame["first"].astype(object).fillna(code))
    )
    assert overall(path, never="0" if code == "0.0" else code) == pytest.approx(2.0)
    with pytest.raises(ZgzxError, match="no cell holds '999'"):
        read_panel_file(path, ROLES, "999")


def test_empty_tables_and_untreated_ones(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    assert "the file is empty" in refused(tmp_path / "a.csv")
    assert "a header but no rows" in refused(text_file(tmp_path / "b.csv", table()[:0]))
    table()[:0].to_parquet(tmp_path / "b.parquet")
    assert "no rows" in refused(tmp_path / "b.parquet")
    assert "no unit is ever treated" in refused(
        text_file(tmp_path / "c.csv", table().assign(first=None))
    )
    late = table().assign(first=lambda f: f["first"] + 40)
    assert "no unit is first treated within" in refused(text_file(tmp_path / "d.csv", late))


def test_wide_tables_are_told_what_to_do(tmp_path: Path) -> None:
    wide = table().pivot(index=["unit"], columns="year", values="y").reset_index()
    message = refused(text_file(tmp_path / "w.csv", wide))
    assert "the table is wide" in message and "2010; 2011; 2015" in message and "逆透视" in message
    wide.columns = ["unit", *(f"patents_{year}" for year in range(2010, 2016))]
    wide.to_excel(tmp_path / "w.xlsx", index=False)
    assert "6 affected" in refused(tmp_path / "w.xlsx")


def test_unknown_columns_formats_and_broken_files(tmp_path: Path) -> None:
    path = text_file(tmp_path / "p.csv", table())
    assert "Did you mean year?" in refused(path, ROLES | {"period": "Year"})
    (tmp_path / "p.json").write_text("{}", encoding="utf-8")
    assert "'.json' are not read" in refused(tmp_path / "p.json")
    for suffix in (".parquet", ".dta", ".xlsx"):
        (tmp_path / f"p{suffix}").write_bytes(b"not a table")
        assert f"p{suffix}" in refused(tmp_path / f"p{suffix}")
    twice = table().assign(other=1).set_axis(["unit", "year", "first", "y", "y"], axis=1)
    assert "two columns have this name" in refused(text_file(tmp_path / "t.csv", twice))
    path.write_text(
        path.read_text(encoding="utf-8").replace("2010,2013.0,", "2010,2013.0,7,8,", 1),
        encoding="utf-8",
    )
    assert "more cells than the header" in refused(path) and "row 2" in refused(path)


# options


def test_remedies_name_options_of_the_command(tmp_path: Path) -> None:
    frame = table().fillna({"first": 2015})
    path = text_file(tmp_path / "p.csv", frame)
    assert "--controls not_yet_treated" in refused(path)
    assert overall(path, controls="not_yet_treated") == pytest.approx(2.0)
    zero = refused(text_file(tmp_path / "z.csv", table().fillna({"first": 0})))
    assert "--never-treated 0" in zero and "estimate_effects" not in zero
    twice = refused(text_file(tmp_path / "t.csv", pd.concat([table(), table()[:1]])))
    assert twice.startswith("t.csv: ") and "(000, 2010)" in twice


PYTHON_ERRORS = [
    (
        "every unit is treated in the end",
        "Pass controls='not_yet_treated'.",
        "Add --controls not_yet_treated.",
    ),
    (
        "",
        "Pass adjustment='doubly_robust', or prepare the panel without covariates.",
        "Add --adjustment doubly_robust, or leave out --covariates.",
    ),
    (
        "",
        "Name covariates in prepare_panel, or pass adjustment='none'.",
        "Name columns with --covariates, or pass --adjustment none.",
    ),
    (
        "",
        "Set it to missing for units never treated (on the command line: --never-treated 0).",
        "Set it to missing for units never treated with --never-treated 0.",
    ),
    ("", "Pass e.g. event_window=(-3, 2).", "Pass e.g. --event-window -3 2."),
    (
        "",
        "Add earlier periods, lower anticipation or leave_out, or try controls='not_yet_treated'.",
        "Add earlier periods, lower --anticipation or --leave-out, "
        "or try --controls not_yet_treated.",
    ),
    (
        "",
        "Pass base_period='universal', or gaps='pairwise' to prepare_panel.",
        "Add --base-period universal, or --gaps pairwise.",
    ),
]


@pytest.mark.parametrize(("what", "remedy", "told"), PYTHON_ERRORS)
def test_errors_of_the_library_in_words_of_the_command(what: str, remedy: str, told: str) -> None:
    problem = in_command_words(ZgzxError(what, where="estimate_effects", remedy=remedy), "p.csv")
    assert problem.remedy == told and problem.where == "p.csv"


def test_what_is_still_python_says_so() -> None:
    remedy = "Convert them with pandas.to_datetime(…, format='%Y%m'). See the column."
    told = in_command_words(ZgzxError("x", remedy=remedy), "p.csv").remedy
    assert (
        told.startswith("In Python: Convert")
        and told.endswith("See the column.")
        and PYTHON.search(told)
    )


@pytest.mark.parametrize("method", METHODS)
def test_every_method_runs_from_the_command(tmp_path: Path, method: str) -> None:
    rng = np.random.default_rng(5)
    frame = table(24).assign(y=lambda f: f["y"] + rng.normal(0, 0.1, len(f)))
    frame.loc[frame["unit"].between("006", "011"), "first"] = 2014.0
    path = text_file(tmp_path / "p.csv", frame)
    more = {"event_window": [-2, 1]} if method == "stacked" else {}
    options = {"method": method, **more}
    given = {"study": "x", "file": str(path), "columns": ROLES, "options": options}
    page = keeping_cells(
        ROOT / "notebooks/9_any_panel/page.ipynb", given | {"never_treated": None}, ROOT
    )
    kept = facts_of(page)

    effects = estimate_effects(prepare_panel(read_panel(path, ROLES), **ROLES), **options)
    summary = summarise(effects, WINDOW, SEED)
    assert summary.options["method"] == method
    assert kept.events["outcome.main"] == event_columns(summary)
    found = {key: kept.facts[key] for key in summary_facts(summary, "outcome", "main")}
    assert found == summary_facts(summary, "outcome", "main")
    assert found["outcome.main.overall.estimate"]["value"] > 0


def test_options_a_method_does_not_take(tmp_path: Path) -> None:
    path = text_file(tmp_path / "p.csv", table())
    message = refused(path, method="imputation", controls="not_yet_treated")
    assert "--method imputation does not take this option, 1 affected, e.g. --controls" in message
    assert "there is no method 'did'" in refused(path, method="did")
    assert "--adjustment none does not use them" in refused(
        text_file(tmp_path / "c.csv", table().assign(size=lambda f: f["unit"].astype(float) ** 2)),
        ROLES | {"covariates": ("size",)},
        adjustment="none",
    )


@pytest.mark.slow
@pytest.mark.usefixtures("sketched")
def test_covariates_weights_clusters_and_gaps(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    frame = table(60).assign(
        size=lambda f: f["unit"].map(
            dict(zip(sorted(set(f["unit"])), rng.normal(size=60), strict=True))
        )
    )
    frame = frame.assign(
        w=1.0, area=lambda f: f["unit"].str[:2], y=lambda f: f["y"] + rng.normal(0, 0.01, len(f))
    )
    frame = frame.drop(index=[3, 77])
    roles = ROLES | {"covariates": ("size",), "weights": "w", "cluster": "area", "gaps": "balance"}
    path = text_file(tmp_path / "p.csv", frame)
    for name in ("studies", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    _, place, lines = analyse.run_analysis(
        tmp_path, path, None, roles, {}, None, say=lambda line: None
    )

    assert "adjusted for size: --adjustment doubly_robust" in lines
    assert lines[0].startswith("overall effect on the treated: ")
    shown = Facts.load(place.work / "facts.json").get("outcome.main.overall.estimate")
    assert shown == pytest.approx(2.0, abs=0.02)
    same = overall(path, roles=roles, adjustment="doubly_robust")
    assert shown == pytest.approx(same, rel=1e-9)


# names of reports


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("mpdta.csv", "mpdta"),
        ("My panel v1.2.csv", "my-panel-v1-2"),
        ("CON.csv", "con-panel"),
        ("demo.csv", "demo-panel"),
        ("-x-.csv", "x"),
        ("a__b.CSV", "a__b"),
    ],
)
def test_names_of_reports(tmp_path: Path, file: str, name: str) -> None:
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/demo.toml").write_text("", encoding="utf-8")
    assert analyse.study_name(tmp_path, Path(file)) == name


@pytest.mark.parametrize(
    "file", ["企业面板.csv", "…….csv", "x" * 200 + ".csv", "données été.xlsx", "🙂.csv", "%%%.csv"]
)
def test_any_file_name_makes_a_name_of_its_own(tmp_path: Path, file: str) -> None:
    name = analyse.study_name(tmp_path, Path(file))
    assert NAME.fullmatch(name)
    assert name != analyse.study_name(tmp_path, Path("另" + file))


# size


@pytest.mark.slow
def test_what_is_stored_of_many_cells_is_small() -> None:
    rng = np.random.default_rng(1)
    rows = [
        (u, t, 2 + u % 20 if u < 80 else None, rng.normal())
        for u in range(100)
        for t in range(1, 23)
    ]
    panel = prepare_panel(pd.DataFrame(rows, columns=["unit", "year", "first", "y"]), **ROLES)
    effects = estimate_effects(panel)
    assert len(effects.cells) == 440
    summary = summarise(effects, WINDOW, SEED)
    facts = summary_facts(summary, "outcome", "main")
    events = {"outcome.main": event_columns(summary)}
    assert len(kept_text(Kept({}, events))) < 60_000  # the effects themselves: 4.6 million
    stored = kept_text(Kept(facts, events))
    assert len(stored) < 100_000
    assert json.loads(stored)["facts"]["outcome.main.overall.std_error"]["value"] > 0
