"""Competition scores: one row per entry and stage, and one per judge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from zgzx_research.cleaning import reasons
from zgzx_research.cleaning.cleaned import (
    Cleaned,
    Layout,
    Piece,
    decided_to_keep,
    finish,
    pieces,
    stacked,
)
from zgzx_research.cleaning.deliveries import newer_only, subject_of
from zgzx_research.cleaning.editions import first_said, read_editions
from zgzx_research.cleaning.identifiers import firm_names, is_among
from zgzx_research.cleaning.names import several_in_a_cell
from zgzx_research.cleaning.pseudonyms import name_keys
from zgzx_research.cleaning.quarantine import as_written, enforce, first_only, flag, note
from zgzx_research.cleaning.schemas import ROW_KEY
from zgzx_research.cleaning.teams import one_row_per_person
from zgzx_research.cleaning.values import Parsed, read_choices, read_counts, read_decimals
from zgzx_research.ingest.read import RawTable

JUDGES = [f"judge_{number}" for number in range(1, 10)]
PARTS = ("material", "site")  # of a final's total
TOTALS = ("total", "mean")  # the final's total, the preliminary's mean
LAYOUTS = {
    "scores": Layout(
        ("person_name", "firm_name", "judge_1"),
        (*JUDGES[1:], *TOTALS, *PARTS, "rank", "outcome", "edition", "category", "stage"),
    )
}
AS_WRITTEN = ("person_name", "firm_name", "category", "stage", *JUDGES, *PARTS, "outcome")
ROUNDING = 0.011  # a mean of two decimals against ours


def clean_scores(tables: Sequence[RawTable], key: bytes) -> Cleaned:
    """Clean tables `entry` (teams as parts 1..n) and `score` (part = number of the judge).

    See the data dictionary.
    """
    parts = [_parse(piece, key) for piece in pieces(tables, LAYOUTS)["scores"]]
    frame, notes = stacked([(entry, found) for entry, _, found in parts], "entry")
    scores, _ = stacked([(score, []) for _, score, _ in parts], "score")
    good, failed = enforce(frame, "entry")
    entrant = ["edition", "category", "stage", "firm_name", "part"]
    newest, older = newer_only(
        good,
        lambda rows: subject_of(rows[entrant].assign(named=frame["named"]), [*entrant, "named"]),
        tables,
    )
    content, written = good.columns.difference(ROW_KEY), frame.get("written")
    entry, again = first_only(
        newest, content, reasons.DUPLICATE_ROW, decided_to_keep(tables), written
    )
    entry = entry.sort_values([*ROW_KEY, "part"], ignore_index=True)
    score, bad = enforce(scores.merge(entry[ROW_KEY].drop_duplicates(), on=ROW_KEY), "score")
    return finish(
        "scores", tables, {"entry": entry, "score": score}, [*notes, failed, older, again, bad]
    )


def _parse(piece: Piece, key: bytes) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    edition, disagree = read_editions(piece.rows)
    rows = piece.rows.assign(edition=edition, written=as_written(piece.rows, AS_WRITTEN))
    differ = {"edition": disagree}
    for name in ("category", "stage"):  # in its own column, else the sheet's tab, else the title
        rows[name], differ[name] = first_said(rows, name, ("sheet_name", "section", "heading"))
    category = read_choices(
        rows["category"], "category", reasons.UNKNOWN_CATEGORY, reasons.AMBIGUOUS_CATEGORY
    )
    stage = read_choices(rows["stage"], "stage", reasons.UNKNOWN_STAGE, reasons.AMBIGUOUS_STAGE)
    scores, absent, notes = _scores(rows)
    total, found = _total(rows, scores)
    rank = read_counts(rows["rank"])
    result = _outcome(rows["outcome"], stage.value)
    rows = rows.assign(
        category_code=category.value,
        stage_code=stage.value,
        points=total.mask(absent),
        place=rank.value,
        result=result.value.mask(absent & total.isna(), "absent"),
        named=rows["person_name"].notna(),
        whole_name=as_written(rows, ("person_name",)),
    )
    persons, unaligned = one_row_per_person(rows, (), piece.separators)
    frame = _entries(persons, key)
    a_person = is_among(persons["firm_name"], persons["person_name"])
    frame["firm_name"] = firm_names(persons["firm_name"].mask(a_person))
    read = {"category": category, "stage": stage, "rank": rank, "outcome": result}
    notes += [note(rows, column, parsed.reason) for column, parsed in read.items()]
    notes += [note(rows, column, why) for column, why in differ.items()]
    notes.append(note(persons, "firm_name", flag(a_person, reasons.VALUE_PERSONAL_NAME)))
    notes.append(note(rows, "firm_name", several_in_a_cell(rows["firm_name"])))
    score = _long(rows, scores)
    return frame, score, [*piece.entries, *unaligned, *notes, *found]


def _entries(persons: pd.DataFrame, key: bytes) -> pd.DataFrame:
    return persons[[*ROW_KEY, "part", "edition"]].assign(
        category=persons["category_code"],
        stage=persons["stage_code"],
        **name_keys(persons["person_name"], key),
        is_team=persons["is_team"] | (persons["category_code"].eq("team") & persons["named"]),
        total=persons["points"],
        rank=persons["place"],
        outcome=persons["result"],
        written=persons["written"],
        named=persons["whole_name"],
    )


def _scores(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series, list[pd.DataFrame]]:
    """Scores by judge (float64, 0 to 100), rows with 弃权 or 缺考 anywhere, and the notes."""
    cells = [*JUDGES, *TOTALS, *PARTS, "rank", "outcome"]
    said = pd.DataFrame(
        {name: read_choices(rows[name], "outcome").value.eq("absent") for name in cells}
    )
    read = {name: read_decimals(rows[name], 0, 100, reasons.VALUE_SCORE) for name in JUDGES}
    notes = [note(rows, name, result.reason.mask(said[name])) for name, result in read.items()]
    values = pd.DataFrame({name: result.value for name, result in read.items()})
    return values, said.any(axis=1) & values.isna().all(axis=1), notes


def _total(rows: pd.DataFrame, scores: pd.DataFrame) -> tuple[pd.Series, list[pd.DataFrame]]:
    """Return the written total, else the written mean.

    A mean that is not that of the judges without the highest and the lowest is noted; it stays,
    since the sheet is what was decided on.
    """
    said = {name: read_choices(rows[name], "outcome").value.eq("absent") for name in TOTALS}
    read = {name: read_decimals(rows[name], 0, 100, reasons.VALUE_SCORE) for name in TOTALS}
    count = scores.notna().sum(axis=1)
    trimmed = (scores.sum(axis=1) - scores.max(axis=1) - scores.min(axis=1)) / (count - 2).where(
        count > 2
    )
    differs = (trimmed - read["mean"].value).abs().gt(ROUNDING) & (
        scores.mean(axis=1) - read["mean"].value
    ).abs().gt(ROUNDING)
    notes = [note(rows, name, result.reason.mask(said[name])) for name, result in read.items()]
    notes.append(note(rows, "mean", flag(differs, reasons.VALUE_SCORE_TOTAL)))
    return read["total"].value.fillna(read["mean"].value), notes


def _outcome(column: pd.Series, stage: pd.Series) -> Parsed:
    """是 means advanced in a preliminary and awarded in a final. A blank cell says nothing."""
    read = read_choices(column, "outcome")
    yes = stage.map({"preliminary": "advanced", "final": "awarded"})
    value = read.value.where(read.value.ne("yes").fillna(True), yes)
    return Parsed(value.astype("str"), read.reason)


def _long(rows: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """One row per judge who scored.

    Scores of a row whose category or stage is unknown leave with it.
    """
    keys = rows[[*ROW_KEY, "edition"]].assign(
        category=rows["category_code"], stage=rows["stage_code"]
    )
    wide = pd.concat([keys, scores.set_axis(np.arange(1, len(JUDGES) + 1), axis=1)], axis=1)
    long = wide.melt([*keys.columns], var_name="part", value_name="score").dropna(subset=["score"])
    return long.astype({"part": "int64"}).sort_values([*ROW_KEY, "part"], ignore_index=True)
