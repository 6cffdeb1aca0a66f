"""Months, spells and dispatch sheets of all layouts become unbroken spells of workers at firms."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from zgzx_research.engine import DUCKDB, Engine, connect
from zgzx_research.link.clean_rows import aligned, month_number, source_table
from zgzx_research.link.company_names import normalise_company_name
from zgzx_research.link.spells import join_spells, paid_months, resolve_transfers, runs

EMPLOYMENT_COLUMNS = ["worker_id", "employer", "firm_id", "start_ym", "end_ym", "via_dispatch"]
PENSION = ("pension", "养老")  # the insurance that decides where several end at different months
NEVER = 999_999  # later than any month paid
_EMPLOYER = ["employer_no", "employer_name", "employer_uscc"]
_SPELL = ["worker", "employer", "via_dispatch"]


def build_employment(
    clean: Mapping[str, pd.DataFrame],
    months: pd.DataFrame,
    spell_worker: pd.DataFrame,
    link_audit: pd.DataFrame,
    agency: pd.DataFrame,
    engine: Engine = DUCKDB,
) -> pd.DataFrame:
    """Build the unbroken spells of each worker with each employer.

    `employer` is the firm where it is known, else the 单位编号 or the name; an open spell ends with
    the last month of the export. Arrears count in the month they are paid for; a refund takes its
    month away unless it was paid again later; where a pension is insured at an employer it decides,
    else any insurance. A month in several files counts once. Months with a dispatch employer count
    for the firm of the agency sheet. Where two spells share one month, a transfer, it belongs to
    the later employer. Rows without a worker stay out. The order of the rows does not matter.

    Parameters
    ----------
    clean : mapping of str to pandas.DataFrame
        From `clean_rows.month_lines`: tables spell, si_month (its lines), dispatch; each may be
        absent.
    months : pandas.DataFrame
        From `clean_rows.month_lines`.
    spell_worker : pandas.DataFrame
        The worker of each row of the insurance.
    link_audit : pandas.DataFrame
        `FirmLinks.link_audit`.
    agency : pandas.DataFrame
        `FirmLinks.agency`.
    engine : Engine, optional
        What joins the spells.

    Returns
    -------
    pandas.DataFrame
        EMPLOYMENT_COLUMNS; start_ym and end_ym are months (YYYYMM), both insured.
    """
    firms = link_audit[link_audit["entity"].eq("firm")]
    known = {name: _rows(clean, name, spell_worker, firms) for name in ("spell", "si_month")}
    aliases = pd.concat(
        [rows[["employer", "firm_id", "alias"]].drop_duplicates() for rows in known.values()]
    )
    insured = pd.concat(
        [_spells(clean, known["spell"]), _months(known["si_month"], months, engine)],
        ignore_index=True,
    )
    sent = _dispatch(clean, spell_worker, firms, agency)
    firm = pd.concat([aliases, sent[["employer", "firm_id"]]]).drop_duplicates("employer")
    spans = _dispatched(insured, sent, aliases)
    worker, workers = pd.factorize(spans["worker_id"], sort=True)
    employer, employers = pd.factorize(spans["employer"], sort=True)
    with connect(engine) as tables:
        coded = spans[["start", "end", "via_dispatch"]].assign(worker=worker, employer=employer)
        joined = tables.kept(join_spells(tables.lazy(coded), _SPELL, 0), "joined")
        result = tables.collect(
            resolve_transfers(joined), by=["worker", "start", "end", "employer", "via_dispatch"]
        )
    named = pd.Series(employers.take(result["employer"]), dtype="str")
    return result.assign(
        worker_id=pd.Series(workers.take(result["worker"]), dtype="str"),
        employer=named,
        firm_id=named.map(firm.set_index("employer")["firm_id"]).astype("str"),
        start_ym=_year_month(result["start"]),
        end_ym=_year_month(result["end"]),
    )[EMPLOYMENT_COLUMNS]


def _rows(
    clean: Mapping[str, pd.DataFrame], source: str, spell_worker: pd.DataFrame, firms: pd.DataFrame
) -> pd.DataFrame:
    """Return the rows of a clean table with worker_id, firm_id, employer and alias.

    worker_id is null where no worker is known.

    An employer without a firm is its number before its name, for the number is spelt one way;
    `alias` is the name.
    """
    columns = ["start_ym", "end_ym"]
    table = source_table(clean, source, [*_EMPLOYER, *columns])
    firm = aligned(firms, source, table, "firm_id")
    lost = table.loc[firm.isna(), _EMPLOYER]
    name = "name:" + normalise_company_name(lost["employer_name"])
    text = (
        ("no:" + lost["employer_no"])
        .fillna("uscc:" + lost["employer_uscc"])
        .fillna(name)
        .fillna("unknown")
    )
    worker_id = aligned(spell_worker, source, table, "worker_id")
    return table[columns].assign(
        worker_id=worker_id, firm_id=firm, employer=firm.fillna(text), alias=firm.fillna(name)
    )


def _spells(clean: Mapping[str, pd.DataFrame], rows: pd.DataFrame) -> pd.DataFrame:
    """worker_id, employer, start, end (numbers) of the rows that came as spells."""
    start, end = (
        month_number(rows["start_ym"]),
        month_number(rows["end_ym"]).fillna(_last_month(clean)),
    )
    spans = rows[["worker_id", "employer"]].assign(start=start, end=end)
    return spans[rows["worker_id"].notna() & start.notna() & end.ge(start)].astype(
        {"start": "int64", "end": "int64"}
    )


def _months(rows: pd.DataFrame, months: pd.DataFrame, engine: Engine) -> pd.DataFrame:
    """worker_id, employer, start, end (numbers) of the rows that came by month."""
    worker, workers = pd.factorize(rows["worker_id"], sort=True)
    employer, employers = pd.factorize(rows["employer"], sort=True)
    pair = np.where(worker >= 0, worker * len(employers) + employer, -1)[
        months["line"].to_numpy("int64")
    ]
    known = months["period_ym"].notna().to_numpy() & (pair >= 0)
    months, pair = months[known], pair[known]
    month = month_number(months["period_ym"])
    refund = months["kind"].eq("refund").astype("bool").to_numpy()
    paid = month_number(months["paid_ym"]).fillna(month.mask(refund, NEVER)).to_numpy("int32")
    decides = np.ones(len(pair), dtype=bool)
    if "insurance" in months:
        pension = months["insurance"].isin(PENSION).to_numpy()
        decides = pension | ~pd.Series(pair).isin(pair[pension]).to_numpy()
    lines = pd.DataFrame({"pair": pair, "month": month.to_numpy("int32")})
    lines = lines.assign(paid=paid, refund=refund)[decides]
    with connect(engine) as tables:
        insured = tables.collect(runs(paid_months(tables.lazy(lines))), by=["pair", "start"])
    worker, employer = np.divmod(insured["pair"].to_numpy("int64"), max(len(employers), 1))
    return pd.DataFrame(
        {
            "start": insured["start"].astype("int64"),
            "end": insured["end"].astype("int64"),
            "worker_id": pd.Series(workers.take(worker), dtype="str"),
            "employer": pd.Series(employers.take(employer), dtype="str"),
        }
    )


def _last_month(clean: Mapping[str, pd.DataFrame]) -> int:
    """Return the last month any file of the insurance covers."""
    tables = [clean[name] for name in ("spell", "si_month") if name in clean and len(clean[name])]
    found = [table[["start_ym", "end_ym"]].max().max() for table in tables]
    latest = max((month for month in found if not pd.isna(month)), default=1)
    return int(latest) // 100 * 12 + int(latest) % 100 - 1


def _year_month(month: pd.Series) -> pd.Series:
    return (month // 12 * 100 + month % 12 + 1).astype("int64")


def _dispatch(
    clean: Mapping[str, pd.DataFrame],
    spell_worker: pd.DataFrame,
    firms: pd.DataFrame,
    agency: pd.DataFrame,
) -> pd.DataFrame:
    """Read the months in which a worker was sent to a service firm.

    Columns worker_id, agency (an alias), employer, firm_id (service firm), start_sent, end_sent.
    """
    table = source_table(clean, "dispatch", ["agency_name", "service_firm", "start_ym", "end_ym"])
    service = aligned(firms, "dispatch", table, "firm_id")
    start, end = month_number(table["start_ym"]), month_number(table["end_ym"])
    rows = pd.DataFrame(
        {
            "worker_id": aligned(spell_worker, "dispatch", table, "worker_id"),
            "agency": aligned(agency, "agency", table, "firm_id").fillna(
                "name:" + normalise_company_name(table["agency_name"])
            ),
            "employer": service.fillna(
                "name:" + normalise_company_name(table["service_firm"])
            ).astype("str"),
            "firm_id": service,
            "start_sent": start,
            "end_sent": end.fillna(start),
        }
    )
    rows = rows.dropna(subset=["worker_id", "agency", "employer", "start_sent"])
    return rows.astype({"start_sent": "int64", "end_sent": "int64"})


def _dispatched(known: pd.DataFrame, sent: pd.DataFrame, aliases: pd.DataFrame) -> pd.DataFrame:
    """worker_id, employer, start, end, via_dispatch.

    Months with the agency inside a line of its sheet go to the firm.

    The rest of such a spell stays with the agency.
    """
    lines = sent.merge(
        aliases[["employer", "alias"]].drop_duplicates(),
        left_on="agency",
        right_on="alias",
        suffixes=("", "_agency"),
    )
    pairs = known.reset_index(names="spell").merge(
        lines,
        left_on=["worker_id", "employer"],
        right_on=["worker_id", "employer_agency"],
        suffixes=("_from", ""),
    )
    pairs["start"] = pairs[["start", "start_sent"]].max(axis=1)
    pairs["end"] = pairs[["end", "end_sent"]].min(axis=1)
    pairs = pairs[pairs["start"].le(pairs["end"])]
    touched = pairs["spell"].unique()
    stays = pd.concat([known.drop(index=touched), _without(known.loc[touched], pairs)])
    moved = pairs[["worker_id", "employer", "start", "end"]]
    both = pd.concat(
        [stays.assign(via_dispatch=False), moved.assign(via_dispatch=True)], ignore_index=True
    )
    return both.astype({"start": "int64", "end": "int64", "via_dispatch": "bool"})


def _without(spells: pd.DataFrame, cut: pd.DataFrame) -> pd.DataFrame:
    """Return the months of spells outside the cuts (spell, start, end), as spells of one month."""
    whole = _by_month(spells.rename_axis("spell").reset_index())
    months, taken = (rows["spell"] * NEVER + rows["start"] for rows in (whole, _by_month(cut)))
    left = whole[~months.isin(taken)]
    return left[["worker_id", "employer", "start"]].assign(end=left["start"])


def _by_month(spells: pd.DataFrame) -> pd.DataFrame:
    """One row per month of each spell, the month in `start`."""
    length = spells["end"] - spells["start"] + 1
    rows = spells.loc[spells.index.repeat(length)]
    return rows.assign(start=rows["start"] + rows.groupby(level=0).cumcount())
