"""Find contestants and craftsmen among the insured.

By ID, else by exact tokens at the firm in the month of the final. Splink weighs the tokens. It
scores pairs; here the pairs of one record are weighed against each other and against the chance
that the person is not insured there at all. So one namesake in a small firm is a link, two are none
unless birth month, masked ID or phone separate them, and one namesake with a common name in a large
firm is a weak link.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from zgzx_research.distinct import is_in
from zgzx_research.engine import DUCKDB, Engine, connect
from zgzx_research.link.calendar import edition_months
from zgzx_research.link.clean_rows import (
    RECORD_KEY,
    aligned,
    month_number,
    source_table,
    year_month,
)
from zgzx_research.link.insured import LINK_RULES, PERSON_TOKENS, Insured
from zgzx_research.link.link_firms import FirmLinks

CLAIM_COLUMNS = [
    "source",
    *RECORD_KEY,
    "edition",
    "category",
    "outcome",
    "month",
    "firm_id",
    "group_id",
    *PERSON_TOKENS,
]
RESULT_COLUMNS = ["worker_id", "method", "score", "uniqueness"]
SURE = 60.0  # bits; more would overflow to infinity
DIGITS = 9  # of a weight in bits
COMPARED = {
    "name_key": True,
    "mask_key": False,
    "birth_key": False,
    "phone_key": False,
    "group_id": True,
}
# A pair is compared if it shares the month and one of these.
BLOCKS = (
    "l.group_id = r.group_id and l.name_key = r.name_key",
    "l.group_id = r.group_id and l.mask_key = r.mask_key",
    "l.group_id = r.group_id and l.surname_key = r.surname_key and l.birth_key = r.birth_key",
    "l.name_key = r.name_key and l.mask_key = r.mask_key",
)
SAME_TIME = "l.month_from <= r.month_to and r.month_from <= l.month_to"
NO_OTHER_ID = "(l.id_key is null or r.id_key is null or l.id_key = r.id_key)"


def contestant_claims(
    clean: Mapping[str, pd.DataFrame], firms: FirmLinks, calendar: pd.DataFrame | None
) -> pd.DataFrame:
    """List every roster line, entry and craftsman as a claim on person, firm and month.

    Returns
    -------
    pandas.DataFrame
        CLAIM_COLUMNS; `month` is a number.
    """
    months = edition_months(calendar)
    audit = firms.link_audit
    group = firms.firm.set_index("firm_id")["group_id"]
    parts = []
    for source in ("roster", "entry", "programme"):
        columns = [*PERSON_TOKENS, "edition", "category", "outcome", "programme", "onset"]
        table = source_table(clean, source, columns)
        table["firm_id"] = aligned(audit, source, table, "firm_id")
        table["month"] = month_number(table["edition"].map(months).astype("Int64"))
        if source == "programme":
            table["month"] = month_number(year_month(pd.to_datetime(table["onset"])))
            table = table[table["programme"].eq("craftsman")]
        parts.append(table.assign(source=source, group_id=table["firm_id"].map(group)))
    claims = pd.concat(parts, ignore_index=True)[CLAIM_COLUMNS]
    return claims.astype(
        dict.fromkeys(
            ["source", "category", "outcome", "firm_id", "group_id", *PERSON_TOKENS], "str"
        )
    )


def link_contestants(
    claims: pd.DataFrame, insured: Insured, *, min_probability: float, engine: Engine = DUCKDB
) -> pd.DataFrame:
    """Link the claims to insured persons.

    Parameters
    ----------
    claims : pandas.DataFrame
        From `contestant_claims`.
    insured : Insured
        The insured persons.
    min_probability : float
        A less probable best candidate is not linked.
    engine : Engine, optional
        What Splink runs on.

    Returns
    -------
    pandas.DataFrame
        The claims with worker_id; method (id, splink, roster: a winner's score line takes the
        worker of his roster line, weak, ambiguous, none); score (1 for an ID, else the probability
        of the best candidate); uniqueness (unique, several, none: how many persons of the name were
        insured there then).
    """
    with_id = (
        insured.person.dropna(subset="id_key")
        .drop_duplicates("id_key", keep=False)
        .set_index("id_key")
    )
    by_id = pd.Series(with_id["worker_id"].to_dict(), dtype="str")
    exact = claims["id_key"].map(by_id).astype("str")
    scored = _scored(claims[exact.isna()], insured, engine)
    links = _decided(claims, scored, min_probability)
    # one ID, one person: a line found by its tokens decides for the other lines with its ID
    found = links["worker_id"].where(links["method"].eq("splink"))
    pairs = (
        pd.DataFrame({"id_key": claims["id_key"], "worker_id": found}).dropna().drop_duplicates()
    )
    by_shared_id = claims["id_key"].map(
        pairs.drop_duplicates("id_key", keep=False).set_index("id_key")["worker_id"]
    )
    by_number = exact.fillna(by_shared_id.where(links["method"].ne("splink")).astype("str"))
    hit = by_number.notna()
    links["worker_id"] = links["worker_id"].mask(hit, by_number)
    links["method"] = links["method"].mask(hit, "id")
    links["score"] = links["score"].mask(hit, 1.0)
    links["uniqueness"] = links["uniqueness"].mask(hit, "unique")
    return _as_in_the_roster(pd.concat([claims, links], axis=1))


def _decided(claims: pd.DataFrame, scored: pd.DataFrame, min_probability: float) -> pd.DataFrame:
    """RESULT_COLUMNS from pairs (claim, worker_id, odds, same_name)."""
    total = 1 + scored.groupby("claim")["odds"].sum()
    best = scored.sort_values(
        ["claim", "odds", "worker_id"], ascending=[True, False, True]
    ).drop_duplicates("claim")
    best = best.set_index("claim").reindex(claims.index)
    namesakes = scored[scored["same_name"]].groupby("claim").size().reindex(claims.index).fillna(0)
    score = (best["odds"] / total.reindex(claims.index)).round(6)
    sure = score.ge(min_probability)
    several = namesakes.gt(1)
    method = np.select([sure, several, score.notna()], ["splink", "ambiguous", "weak"], "none")
    uniqueness = np.select([several, namesakes.eq(1) | sure], ["several", "unique"], "none")
    result = {
        "worker_id": best["worker_id"].where(sure).astype("str"),
        "method": method,
        "score": score,
        "uniqueness": uniqueness,
    }
    return pd.DataFrame(result, index=claims.index).astype({"method": "str", "uniqueness": "str"})


def _as_in_the_roster(people: pd.DataFrame) -> pd.DataFrame:
    """Give a winner's line in the score sheet the person of his roster line, if known by ID."""
    same = ["edition", "category", "name_key"]
    sure = people[people["source"].eq("roster") & people["method"].eq("id")]
    rows = people[people["source"].eq("entry") & people["outcome"].eq("awarded")].reset_index(
        names="n"
    )
    pairs = rows[["n", *same, "group_id"]].merge(
        sure[[*same, "group_id", "worker_id"]].dropna(subset="name_key"),
        on=same,
        suffixes=("", "_roster"),
    )
    other = pairs["group_id"].ne(pairs["group_id_roster"]) & pairs[
        ["group_id", "group_id_roster"]
    ].notna().all(axis=1)
    one = pairs.loc[~other, ["n", "worker_id"]].drop_duplicates().drop_duplicates("n", keep=False)
    people.loc[one["n"], "worker_id"] = one["worker_id"].to_numpy()
    people.loc[one["n"], "method"] = "roster"
    people.loc[one["n"], "score"] = 1.0
    return people


def _scored(claims: pd.DataFrame, insured: Insured, engine: Engine) -> pd.DataFrame:
    """Pairs as claim (index of `claims`), worker_id, odds, same_name."""
    asked = claims[
        claims[["name_key", "mask_key", "birth_key"]].notna().any(axis=1) & claims["month"].notna()
    ]
    left = asked[[*PERSON_TOKENS, "group_id"]].assign(
        unique_id=asked.index, month_from=asked["month"], month_to=asked["month"]
    )
    right = _population(insured, asked)
    columns = ["unique_id", *PERSON_TOKENS, "group_id", "month_from", "month_to"]
    if left.empty or right.empty:
        return pd.DataFrame({"claim": [], "worker_id": [], "odds": [], "same_name": []}).astype(
            {"same_name": "bool"}
        )
    pairs = _predict(
        left[columns].astype({"month_from": "int64", "month_to": "int64"}),
        right[columns],
        _chances(asked, insured),
        engine,
    )
    pairs["worker_id"] = right["worker_id"].to_numpy()[pairs["unique_id_r"]]
    pairs["odds"] = np.exp2(pairs["match_weight"].clip(upper=SURE))
    pairs["same_name"] = (
        left["name_key"]
        .loc[pairs["unique_id_l"]]
        .eq(right["name_key"].loc[pairs["unique_id_r"]].to_numpy())
        .to_numpy()
    )
    pairs = pairs.rename(columns={"unique_id_l": "claim"})
    return pairs.groupby(["claim", "worker_id"], as_index=False).agg(
        odds=("odds", "max"), same_name=("same_name", "max")
    )


def _population(insured: Insured, asked: pd.DataFrame) -> pd.DataFrame:
    """Persons at work as Splink sees them, a row per name and spell.

    Those no block can reach are left out.
    """
    person = insured.person.drop(columns=["name_key", "surname_key"])
    rows = insured.at_work.merge(insured.named, on="worker_id").merge(person, on="worker_id")
    near = is_in(rows["group_id"], asked["group_id"]) | is_in(rows["mask_key"], asked["mask_key"])
    near &= rows["start"].le(asked["month"].max()) & rows["end"].ge(asked["month"].min())
    rows = (
        rows[near].reset_index(drop=True).rename(columns={"start": "month_from", "end": "month_to"})
    )
    return rows.assign(unique_id=rows.index)


@dataclass(frozen=True)
class _Chances:
    """What agrees by chance.

    Attributes
    ----------
    persons : float
        Mean number of persons at work in the months asked about.
    share : dict of str to pandas.Series
        Token -> share of the persons who have each value (name_key, group_id).
    agreement : dict of str to float
        Token -> probability that two different persons agree.
    """

    persons: float
    share: dict[str, pd.Series]
    agreement: dict[str, float]


def _chances(asked: pd.DataFrame, insured: Insured) -> _Chances:
    heads = insured.headcount(asked["month"])
    persons = max(float(heads.get("", 1.0)), 1.0)
    groups = heads.drop("", errors="ignore") / persons
    agreement = {"group_id": float(np.clip((groups**2).sum(), 1e-9, 0.5))}
    for token in ("name_key", "mask_key", "birth_key", "phone_key", "surname_key"):
        counts = insured.person[token].value_counts()
        known = max(int(counts.sum()), 2)
        # never less than a tenth of a person: a token known of few would separate everybody
        pairs = float((counts * (counts - 1)).sum()) / (known * (known - 1))
        agreement[token] = min(max(pairs, 0.1 / persons), 0.5)
    return _Chances(
        persons,
        {"name_key": insured.person["name_key"].value_counts(normalize=True), "group_id": groups},
        agreement,
    )


def _predict(
    left: pd.DataFrame, right: pd.DataFrame, chances: _Chances, engine: Engine
) -> pd.DataFrame:
    """Splink's pairs: unique_id_l, unique_id_r, match_weight (bits, prior included).

    The weight is rounded, for the last digit of a logarithm is not the same in every engine.
    """
    from splink import Linker

    logging.getLogger("splink").setLevel(logging.ERROR)
    with connect(engine) as tables, redirect_stdout(io.StringIO()):  # it prints at every step
        database = tables.splink()
        sides = [
            database.register(_arrow(left), dataset_display_name="a_claim"),
            database.register(_arrow(right), dataset_display_name="b_insured"),
        ]
        linker = Linker(sides, _settings(chances), log_level=logging.ERROR)
        for token in chances.share:
            known = chances.share[token].rename(f"tf_{token}").rename_axis(token).reset_index()
            shares = database.register(_arrow(known))
            linker.table_management.register_term_frequency_lookup(shares, token)
        pairs = linker.inference.predict(warning_mode="never").as_pyarrow_table().to_pandas()
    columns = ["unique_id_l", "unique_id_r", "match_weight"]
    pairs["match_weight"] = pairs["match_weight"].round(DIGITS)
    return pairs[columns].sort_values(columns[:2], ignore_index=True)


def _arrow(table: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(table, preserve_index=False)


def _settings(chances: _Chances) -> Any:
    """Make the Splink model; nothing is trained.

    Agreement rates from `people.toml`, chance agreement counted.
    """
    from splink import SettingsCreator

    present = LINK_RULES["rules"]["insured"]["value"]
    prior = present / (1 - present) / chances.persons
    rules: list[Any] = [f"{block} and {SAME_TIME} and {NO_OTHER_ID}" for block in BLOCKS]
    return SettingsCreator(
        link_type="link_only",
        comparisons=[_comparison(token, tf, chances.agreement) for token, tf in COMPARED.items()],
        blocking_rules_to_generate_predictions=rules,
        probability_two_random_records_match=min(prior / (1 + prior), 0.999),
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )


def _comparison(token: str, by_frequency: bool, chance: Mapping[str, float]) -> Any:
    from splink import comparison_level_library as levels
    from splink import comparison_library as comparisons

    agreement = LINK_RULES["agreement"]
    m, u = agreement[token]["value"], chance[token]
    exact = levels.ExactMatchLevel(token, term_frequency_adjustments=by_frequency)
    chosen: list[Any] = [levels.NullLevel(token), exact.configure(m_probability=m, u_probability=u)]
    if token == "name_key":
        m_part, u_part = agreement["surname_key"]["value"], chance["surname_key"]
        part = levels.ExactMatchLevel("surname_key").configure(
            m_probability=m_part, u_probability=u_part
        )
        chosen.append(part)
        m, u = m + m_part, min(u + u_part, 0.9)
    chosen.append(levels.ElseLevel().configure(m_probability=1 - m, u_probability=1 - u))
    return comparisons.CustomComparison(output_column_name=token, comparison_levels=chosen)
