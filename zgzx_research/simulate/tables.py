"""The patent office: its table as text, with the dirt of real deliveries."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.constants import Rules, exact_kinds, exact_share, words
from zgzx_research.simulate.firms import variant_names
from zgzx_research.simulate.identities import joined, padded
from zgzx_research.simulate.world import World

PROVINCE = "广东;44"
UNDISCLOSED = "不公告发明人"


def patent_table(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """A row per publication (a granted invention has two, A and then B), and the filing year in `filed_year`."""
    rates = world.rules["dirt"]
    patent = _with_publication_numbers(world.patent[world.patent["seen"]])
    grants = patent[(patent["type"] == "invention") & patent["granted"].notna()]
    grants = grants.assign(published=grants["granted"], publication_no=grants["publication_no"].str[:-1] + "B")
    rows = pd.concat([patent, grants]).sort_values(["published", "publication_no"], ignore_index=True)
    firm = world.firm.iloc[_ranks(world.firm, rows["firm_id"])]
    others, inventors = _party_texts(world)
    filed = rows["filed"].dt.strftime("%Y.%m.%d").to_numpy(dtype=object)
    bad = exact_kinds(rng, len(rows), [rates["patents_bad_date"] / 2] * 2)
    filed[bad == 1] = joined(rows["filed"].dt.year.astype(str)[bad == 1].to_numpy(), ".02.30")
    filed[bad == 2] = ""
    return pd.DataFrame(
        {
            "申请号": _written_application_numbers(world.rules, rows["app_no"].to_numpy(), rng),
            "申请日": filed,
            "公开（公告）号": rows["publication_no"],
            "公开（公告）日": rows["published"].dt.strftime("%Y.%m.%d"),
            "发明名称": _titles(rows["type"].to_numpy(), firm["industry_rank"].to_numpy(), rng),
            "IPC分类号": np.asarray([entry["ipc"] for entry in words()["industry"]], dtype=object)[
                firm["industry_rank"]
            ],
            "申请（专利权）人": joined(
                variant_names(firm, rates["patents_firm_variant"], rng), rows["app_no"].map(others).fillna("")
            ),
            "发明（设计）人": rows["app_no"].map(inventors).fillna(UNDISCLOSED),
            "地址": addresses(firm, rng),
            "国省代码": PROVINCE,
            "filed_year": rows["filed"].dt.year,
        }
    )


def spaced_names(names: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Names with a full-width blank before the given name in these rows."""
    return np.where(rows, [name.replace("拟", "\u3000拟") for name in names], names)


def addresses(firm: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Addresses on invented roads."""
    road = rng.choice(np.asarray(words()["place"]["roads"], dtype=object), len(firm))
    return joined("广东省深圳市龙岗区", firm["street"], "街道", road, rng.integers(1, 300, len(firm)).astype(str), "号")


def _ranks(firm: pd.DataFrame, ids: pd.Series) -> np.ndarray:
    return pd.Index(firm["firm_id"]).get_indexer(pd.Index(ids))


def _with_publication_numbers(patent: pd.DataFrame) -> pd.DataFrame:
    """Publication numbers in the order of publication; 99 stands where the office has issued none."""
    kinds = {"invention": ("1", "A"), "utility_model": ("2", "U"), "design": ("3", "S")}
    patent = patent.sort_values(["published", "app_no"], ignore_index=True)
    serial = padded(patent.groupby("type").cumcount().to_numpy(), 6)
    digit, letter = (patent["type"].map({name: parts[i] for name, parts in kinds.items()}) for i in (0, 1))
    return patent.assign(publication_no=joined("CN", digit, "99", serial, letter))


def _party_texts(world: World) -> tuple[pd.Series, pd.Series]:
    """By application: ";other applicant…", and inventors separated by ";"."""
    party = world.patent_party
    other = party[party["name"].notna()]
    others = (";" + other["name"]).groupby(other["app_no"]).agg("".join)
    inventor = party[party["role"] == "inventor"]
    names = inventor["worker_id"].map(world.worker.set_index("worker_id")["name"])
    return others, names.groupby(inventor["app_no"]).agg(";".join)


def _written_application_numbers(rules: Rules, numbers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """With or without CN; a few with a wrong check digit."""
    following = dict(zip("0123456789X", "1234567890" + "0", strict=True))
    wrong = [number[:-1] + following[number[-1]] for number in numbers]
    texts = np.where(exact_share(rng, len(numbers), rules["dirt"]["patents_bad_check"]), wrong, numbers)
    return np.where(rng.random(len(numbers)) < 0.3, [text[2:] for text in texts], texts)


def _titles(types: np.ndarray, industry: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    things = np.asarray([entry["things"] for entry in words()["industry"]], dtype=object)
    before = {"invention": "一种改进的", "utility_model": "一种", "design": ""}
    prefix = np.asarray([before[kind] for kind in types], dtype=object)
    return joined(prefix, things[industry, rng.integers(0, things.shape[1], len(types))])
