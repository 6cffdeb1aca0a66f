"""Social insurance: every spell as the office writes it, and the layout of spells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zgzx_research.simulate.files.cell_texts import spaced_names
from zgzx_research.simulate.files.row_truth import kinds_of_dirt, record_rows
from zgzx_research.simulate.world.constants import words
from zgzx_research.simulate.world.firm_events import BRANCH, CURRENT, FORMER, official_names
from zgzx_research.simulate.world.firm_population import written_names
from zgzx_research.simulate.world.identities import INSURANCE_PREFIX, credit_codes, joined, padded
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.months import month_number, month_of_day, year_month
from zgzx_research.simulate.world.random_draws import exact_share


@dataclass(frozen=True)
class Employers:
    """Employers in the insurance files: firms (by rank), their branches, dispatch companies.

    Attributes
    ----------
    number, uscc : array
        Of the firms, then of each firm's branch (whether it has one or not), then of the companies.
    texts : array
        Names, see `name_codes`.
    name : DataFrame
        The official names of the firms.
    """

    number: np.ndarray
    uscc: np.ndarray
    texts: np.ndarray
    name: pd.DataFrame

    def name_codes(
        self,
        firm_rank: np.ndarray,
        month: np.ndarray,
        form: np.ndarray,
        branch: np.ndarray,
        agency: np.ndarray,
    ) -> np.ndarray:
        """Return positions in `texts` of the employers' names in each month.

        Parameters
        ----------
        firm_rank : array (rows,)
            The firms.
        month : array (rows,)
            The months.
        form : array (rows,)
            The form of the name, -1 = the official one.
        branch : array (rows,) of bool
            Whether the employer is the firm's branch.
        agency : array (rows,)
            Position of the dispatch company that is the employer, -1 = none.

        Returns
        -------
        array (rows,) of int
            Positions in `texts`.
        """
        day = month.astype("datetime64[M]") - np.timedelta64(1970 * 12, "M")
        row = official_names(self.name, firm_rank, day.astype("datetime64[D]") + 27)
        forms, names = len(words()["firm"]["forms"]), len(self.name)
        own = self.name["form"].to_numpy()[row]
        code = np.where(form < 0, own, form) * names + row
        return np.where(
            agency >= 0, (forms + 1) * names + agency, np.where(branch, forms * names + row, code)
        )


def employers(world: World, rng: np.random.Generator) -> Employers:
    """Draw numbers, codes and names of all employers.

    Parameters
    ----------
    world : World
        The world.
    rng : Generator
        Random numbers.

    Returns
    -------
    Employers
        Firms, their branches and the dispatch companies.
    """
    name = world.events.name
    official = name[name["kind"].isin([CURRENT, FORMER])].reset_index(drop=True)
    forms = [
        written_names(official, np.full(len(official), form))
        for form in range(len(words()["firm"]["forms"]))
    ]
    branches = name[name["kind"] == BRANCH].set_index(["firm_rank", "valid_from"])["name"]
    index = pd.MultiIndex.from_frame(official[["firm_rank", "valid_from"]])
    branch = branches.reindex(index).fillna("").to_numpy(dtype=object)
    companies = np.asarray(words()["dispatch"]["companies"], dtype=object)
    firms, others = len(world.firm), len(world.firm) + len(companies)
    codes = credit_codes(rng, others + 50)
    codes = codes[~pd.Index(codes).isin(world.firm["uscc"])][:others]
    numbers = joined(INSURANCE_PREFIX, padded(rng.permutation(firms + others), 6))
    uscc = np.concatenate([world.firm["uscc"].to_numpy(dtype=object), codes])
    return Employers(numbers, uscc, np.concatenate([*forms, branch, companies]), official)


def employment_lines(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Return one row per spell of the insurance files, as written.

    Parameters
    ----------
    world : World
        The world.
    rng : Generator
        Random numbers for the dirt.

    Returns
    -------
    DataFrame
        In the order of insurance number and start: firm_rank, worker_rank, registrant (see
        `registrants`), start, end (months; of open ones the month before the export), open, agency,
        spell (position in `World.spell`), branch, person_no, name, id_no, sex, employer, form (-1 =
        official), no_uscc, dirt.
    """
    rates, line = world.rules["dirt"], _sorted_spells(world)
    firm, rank, agency = (line[name].to_numpy() for name in ("firm_rank", "worker_rank", "agency"))
    rows = len(line)
    has_branch = np.isin(
        firm, world.events.name.loc[world.events.name["kind"] == BRANCH, "firm_rank"]
    )
    branch = has_branch & (agency < 0) & (rng.random(rows) < world.rules["events"]["branch_staff"])
    forms = len(words()["firm"]["forms"])
    variant = exact_share(rng, rows, rates["employment_firm_variant"])
    other = (world.firm["form"].to_numpy()[firm] + rng.integers(1, forms, rows)) % forms
    names, marks = _insured_names(world, rank, rng)
    no_id, no_uscc = (
        exact_share(rng, rows, rates[f"employment_{name}_missing"]) for name in ("id", "uscc")
    )
    marks |= {
        "firm_variant": variant & (agency < 0) & ~branch,
        "branch": branch,
        "dispatch": agency >= 0,
        "id_missing": no_id,
        "two_numbers": (world.worker["second_no"].to_numpy(dtype=object) != "")[rank],
    }
    firms = len(world.firm)
    own_employer = np.where(branch, firms + firm, firm)
    return line.assign(
        branch=branch,
        name=names,
        id_no=np.where(no_id, "", world.worker["resident_id"].to_numpy(dtype=object)[rank]),
        sex=np.where(world.worker["is_man"].to_numpy()[rank], "1", "2"),
        employer=np.where(agency >= 0, 2 * firms + agency, own_employer),
        form=np.where(variant, other, -1),
        no_uscc=no_uscc,
        dirt=kinds_of_dirt(marks),
    )


def _sorted_spells(world: World) -> pd.DataFrame:
    """Return the spells in the order of insurance number and start, by rank and month."""
    spell = world.spell
    rank = pd.Index(world.worker["worker_id"]).get_indexer(spell["worker_id"])
    first_no, second_no = (
        world.worker[name].to_numpy(dtype=object)[rank] for name in ("insurance_no", "second_no")
    )
    later = spell.duplicated("worker_id").to_numpy()
    last_month = year_month(month_of_day(world.rules["time"]["export"]) - 1)
    end_ym = spell["end_ym"].fillna(last_month).to_numpy(dtype=np.int64)
    line = pd.DataFrame(
        {
            "firm_rank": pd.Index(world.firm["firm_id"]).get_indexer(spell["firm_id"]),
            "worker_rank": rank,
            "registrant": spell["worker_id"].isin(registrants(world)).to_numpy(),
            "start": month_number(spell["start_ym"].to_numpy()),
            "end": month_number(end_ym),
            "open": spell["end_ym"].isna().to_numpy(),
            "agency": spell["agency"].to_numpy(),
            "spell": np.arange(len(spell)),
            "person_no": np.where(later & (second_no != ""), second_no, first_no),
        }
    )
    order = np.lexsort((line["start"].to_numpy(), line["person_no"].to_numpy().astype(str)))
    return line.iloc[order].reset_index(drop=True)


def registrants(world: World) -> np.ndarray:
    """Return worker_id of those whose months were asked for.

    They are everybody who entered alone or was in a final. Teams that were out after the
    preliminary are known by their members' names only.
    """
    entry = world.entry[world.entry["persons"].eq(1) | world.entry["stage"].eq("决赛")]
    return world.member.loc[world.member["entry_id"].isin(entry["entry_id"]), "worker_id"].unique()


def spells_layout(
    world: World, employer: Employers, line: pd.DataFrame, file: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write lines in the layout of spells, employers under the name they had at the end.

    Parameters
    ----------
    world : World
        The world.
    employer : Employers
        The employers.
    line : DataFrame
        Rows of `employment_lines`.
    file : str
        The file, relative to the raw folder.

    Returns
    -------
    table, records : DataFrame
        The table as text, and the true record of each row.
    """
    code = employer.name_codes(
        *(line[name].to_numpy() for name in ("firm_rank", "end", "form", "branch", "agency"))
    )
    table = pd.DataFrame(
        {
            "社保电脑号": line["person_no"],
            "姓名": line["name"],
            "证件号码": line["id_no"],
            "单位编号": employer.number[line["employer"]],
            "单位名称": employer.texts[code],
            "统一社会信用代码": np.where(line["no_uscc"], "", employer.uscc[line["employer"]]),
            "参保起始年月": year_month(line["start"].to_numpy()).astype(str),
            "参保终止年月": np.where(
                line["open"], "", year_month(line["end"].to_numpy()).astype(str)
            ),
        }
    )
    dirt = joined(line["dirt"], np.where(line["no_uscc"], ";uscc_missing", ""))
    rows = _about(world, line).assign(dirt=[text.lstrip(";") for text in dirt])
    return table, record_rows(file, "", np.arange(len(rows)) + 2, rows)


def line_records(
    world: World, line: pd.DataFrame, file: str, sheet: str, row: np.ndarray
) -> pd.DataFrame:
    """Return the true records of a file whose rows are about these lines."""
    return record_rows(file, sheet, row, _about(world, line).assign(dirt=line["dirt"].to_numpy()))


def _about(world: World, line: pd.DataFrame) -> pd.DataFrame:
    firm, worker = (world.firm["firm_id"].to_numpy(), world.worker["worker_id"].to_numpy())
    return pd.DataFrame(
        {"firm_id": firm[line["firm_rank"]], "worker_id": worker[line["worker_rank"]]}
    )


def _insured_names(
    world: World, rank: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Write names: some padded with a blank, some in traditional characters."""
    rates, names = world.rules["dirt"], world.worker["name"].to_numpy(dtype=object)
    old = names
    for plain, traditional in words()["person"]["traditional"]:
        old = np.asarray([name.replace(plain, traditional) for name in old], dtype=object)
    able = (old != names)[rank]
    order = rng.permutation(np.flatnonzero(able))[
        : int(np.ceil(rates["employment_name_traditional"] * len(rank)))
    ]
    is_old = np.zeros(len(rank), dtype=bool)
    is_old[order] = True
    spaced = exact_share(rng, len(rank), rates["employment_name_spaced"])
    written = np.where(is_old, old[rank], names[rank])
    written[spaced] = spaced_names(written[spaced], np.ones(int(spaced.sum()), dtype=bool))
    return written, {"name_spaced": spaced, "name_traditional": is_old}
