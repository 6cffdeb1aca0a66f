"""The people in the award rosters: how their names, IDs and birth months are written."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.files.cell_texts import spaced_names
from zgzx_research.simulate.files.row_truth import has_namesake
from zgzx_research.simulate.world.constants import words
from zgzx_research.simulate.world.identities import joined, padded
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.random_draws import exact_kinds_among

NAME_KINDS = ["spaced", "traditional", "rare"]
ID_KINDS = ["masked", "missing", "float"]


def people_links(world: World, people: pd.DataFrame) -> pd.DataFrame:
    """Return whom each name means, and whether a cleaning can find that out.

    Without an ID a namesake at the firm, or a character nobody else writes, makes it impossible.
    """
    award = world.award
    unique = ~has_namesake(world, award["firm_id"], award["worker_id"]) & ~people["rare"].to_numpy()
    return award[["entry_id", "firm_id", "worker_id"]].assign(
        part=award["ord"], recoverable=unique | people["identified"].to_numpy()
    )


def name_kinds(world: World, at: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw how the names of each row are written: 0 or a position in NAME_KINDS from 1.

    Few surnames have an old form.
    """
    rates = world.rules["dirt"]
    names = world.award["worker_id"].map(world.worker.set_index("worker_id")["name"])
    old = pd.Series([_traditional(name) != name for name in names]).groupby(at).any().to_numpy()
    among = [np.ones(len(old), dtype=bool), old, np.ones(len(old), dtype=bool)]
    return exact_kinds_among(rng, [rates[f"roster_name_{kind}"] for kind in NAME_KINDS], among)


def id_kinds(
    world: World, entry: pd.DataFrame, at: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw how the ID of each row is damaged: 0 or a position in ID_KINDS from 1.

    Only digits become a number.
    """
    rates = world.rules["dirt"]
    ids = world.award["worker_id"].map(world.worker.set_index("worker_id")["resident_id"])
    digits = ids.str.isdecimal().groupby(at).all().to_numpy() & (np.bincount(at) == 1)
    public = (entry["edition"] <= rates["roster_id_masked_until"]).to_numpy()
    return exact_kinds_among(
        rng,
        [rates[f"roster_id_{kind}"] for kind in ID_KINDS],
        [public, np.ones(len(entry), dtype=bool), digits],
    )


def roster_people(
    world: World, row: np.ndarray, names: np.ndarray, ids: np.ndarray, leader_only: np.ndarray
) -> pd.DataFrame:
    """Return one row per winner named, with the personal cells as text ("" = not given).

    `row` is the position of the entry.
    """
    award = world.award
    person = world.worker.set_index("worker_id").loc[award["worker_id"]].reset_index(drop=True)
    given = (~leader_only[row] | (award["ord"] == 1)).to_numpy()
    full = person["resident_id"].to_numpy(dtype=object)
    masked = np.asarray([text[:4] + "*" * 10 + text[-4:] for text in full], dtype=object)
    rare = (names[row] == 1 + NAME_KINDS.index("rare")) & (award["ord"] == 1).to_numpy()
    spoilt = ids[row]
    return pd.DataFrame(
        {
            "row": row,
            "姓名": _roster_names(person["name"].to_numpy(dtype=object), names[row], rare),
            "性别": _if_given(np.where(person["is_man"], "男", "女"), given),
            "出生年月": _if_given(_births(person["born"], award["edition"].to_numpy()), given),
            "身份证号码": _if_given(
                np.choose(spoilt, [full, masked, np.full(len(full), "", dtype=object), full]), given
            ),
            "联系电话": _if_given(person["phone"].to_numpy(dtype=object), given),
            "rare": rare,
            "identified": given & (spoilt == 0),
        }
    )


def _roster_names(names: np.ndarray, kind: np.ndarray, rare: np.ndarray) -> np.ndarray:
    lists = words()["person"]
    written = spaced_names(names, kind == 1 + NAME_KINDS.index("spaced"))
    hit = kind == 1 + NAME_KINDS.index("traditional")
    written[hit] = [_traditional(name) for name in names[hit]]
    written[rare] = [
        name[:-1] + lists["rare"][at % len(lists["rare"])] for at, name in enumerate(names[rare])
    ]
    return written


def _traditional(name: str) -> str:
    """Write a name with the surname as it was before the reform of characters."""
    for simplified, traditional in words()["person"]["traditional"]:
        if name.startswith(simplified):
            return name.replace(simplified, traditional, 1)
    return name


def _births(born: pd.Series, edition: np.ndarray) -> np.ndarray:
    """Write birth months in one style per edition; the last style is a spreadsheet's day number."""
    year, month = (
        born.dt.year.astype(str).to_numpy(dtype=object),
        born.dt.month.astype(str).to_numpy(dtype=object),
    )
    two = padded(born.dt.month.to_numpy(), 2)
    serial = (born - pd.Timestamp("1899-12-30")).dt.days.astype(str).to_numpy(dtype=object)
    styles = [
        joined(year, ".", month),
        joined(year, "年", month, "月"),
        joined(year, "-", two),
        joined(year, two),
        serial,
    ]
    return np.choose(edition % len(styles), styles)


def _if_given(texts: np.ndarray, given: np.ndarray) -> np.ndarray:
    return np.where(given, texts, "").astype(object)
