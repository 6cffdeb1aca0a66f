"""The registry, the social insurance and the patent office: their tables as text, with the dirt of real deliveries."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.constants import Rules, exact_kinds, exact_share, words
from zgzx_research.simulate.firms import variant_names
from zgzx_research.simulate.identities import CREDIT_ALPHABET, INSURANCE_PREFIX, joined, padded
from zgzx_research.simulate.world import World


def registry_table(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """One row per firm in no order, and a few delivered twice at the end."""
    rates = world.rules["dirt"]
    firm = world.firm.iloc[rng.permutation(len(world.firm))].reset_index(drop=True)
    founded = _written_days(firm["founded"], rng)
    bad = exact_kinds(rng, len(firm), [rates["registry_bad_date"] / 2] * 2)
    founded[bad == 1] = joined(firm["founded"].dt.year.astype(str)[bad == 1].to_numpy(), "-02-30")
    founded[bad == 2] = ""
    lives = firm["closed"].isna().to_numpy()
    approved = firm["founded"] + pd.to_timedelta(rng.integers(0, 1800, len(firm)), unit="D")
    approved = approved.clip(upper=pd.Timestamp(world.rules["time"]["export"]))
    table = pd.DataFrame(
        {
            "统一社会信用代码": _damaged_codes(world.rules, firm["uscc"].to_numpy(), rng),
            "企业名称": firm["name"],
            "企业类型": firm["kind"],
            "注册资本": _written_capital(world.rules, firm["capital_wan"].to_numpy(), rng),
            "成立日期": founded,
            "核准日期": _written_days(approved, rng),
            "经营状态": np.where(lives, rng.choice(np.asarray(["存续", "在业"], dtype=object), len(firm)), "注销"),
            "注销日期": _written_days(firm["closed"], rng),
            "登记机关": "深圳市市场监督管理局龙岗监管局",
            "所属街道": joined(firm["street"], "街道"),
            "住所": addresses(firm, rng),
            "行业代码": np.where(rng.random(len(firm)) < 0.5, firm["industry"], firm["industry"].str[1:]),
            "从业人数": firm["headcount"].astype(str),
            "企业规模": joined(firm["size"], "型"),
            "高新技术企业": np.where(firm["hitech"], "是", "否"),
        }
    )
    again = exact_share(rng, len(table), rates["registry_duplicate"])
    return pd.concat([table, table[again]], ignore_index=True)


def employment_table(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """One row per spell in the order of insurance number and start."""
    rates = world.rules["dirt"]
    person = world.worker.set_index("worker_id")
    spell = world.spell.assign(insurance_no=person["insurance_no"].loc[world.spell["worker_id"]].to_numpy())
    spell = spell.sort_values(["insurance_no", "start_ym"], ignore_index=True)
    rank = ranks(world.firm, spell["firm_id"])
    people, firm = person.loc[spell["worker_id"]], world.firm.iloc[rank]
    numbers = joined(INSURANCE_PREFIX, padded(rng.permutation(len(world.firm)), 6))
    rows = len(spell)
    return pd.DataFrame(
        {
            "社保电脑号": spell["insurance_no"],
            "姓名": spaced_names(people["name"].to_numpy(), exact_share(rng, rows, rates["employment_name_spaced"])),
            "证件号码": _blanked(people["resident_id"], exact_share(rng, rows, rates["employment_id_missing"])),
            "单位编号": numbers[rank],
            "单位名称": variant_names(firm, rates["employment_firm_variant"], rng),
            "统一社会信用代码": _blanked(firm["uscc"], exact_share(rng, rows, rates["employment_uscc_missing"])),
            "参保起始年月": spell["start_ym"].astype(str),
            "参保终止年月": spell["end_ym"].astype("str").fillna(""),
        }
    )


def spaced_names(names: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Names with a full-width blank before the given name in these rows."""
    return np.where(rows, [name.replace("拟", "\u3000拟") for name in names], names)


def addresses(firm: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Addresses on invented roads."""
    road = rng.choice(np.asarray(words()["place"]["roads"], dtype=object), len(firm))
    return joined("广东省深圳市龙岗区", firm["street"], "街道", road, rng.integers(1, 300, len(firm)).astype(str), "号")


def ranks(firm: pd.DataFrame, ids: pd.Series) -> np.ndarray:
    return pd.Index(firm["firm_id"]).get_indexer(pd.Index(ids))


def _blanked(column: pd.Series, rows: np.ndarray) -> np.ndarray:
    return np.where(rows, "", column.to_numpy(dtype=object))


def _damaged_codes(rules: Rules, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    rates = rules["dirt"]
    kinds = exact_kinds(
        rng, len(codes), [rates[f"registry_uscc_{kind}"] for kind in ("missing", "bad_check", "letter_o")]
    )
    following = dict(zip(CREDIT_ALPHABET, CREDIT_ALPHABET[1:] + CREDIT_ALPHABET[0], strict=True))
    wrong = [code[:-1] + following[code[-1]] for code in codes]
    letter = [code.replace("0", "O", 1) for code in codes]
    return np.choose(kinds, [codes, np.full(len(codes), "", dtype=object), wrong, letter])


def _written_days(days: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """Days in four styles, drawn by row; "" where missing."""
    year, month, day = (days.dt.strftime(part).fillna("").to_numpy(dtype=object) for part in ("%Y", "%m", "%d"))
    short = [np.asarray([text.lstrip("0") for text in part], dtype=object) for part in (month, day)]
    styles = [
        joined(year, "-", month, "-", day),
        joined(year, "/", short[0], "/", short[1]),
        joined(year, "年", short[0], "月", short[1], "日"),
        joined(year, month, day),
    ]
    return np.where(days.isna(), "", np.choose(rng.integers(0, len(styles), len(days)), styles))


def _written_capital(rules: Rules, wan: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    texts = wan.astype(str)
    styles = [
        joined(texts, "万人民币"),
        joined(texts, ".000000万元"),
        joined(texts, "万元人民币"),
        joined(texts, "万美元"),
    ]
    foreign = exact_share(rng, len(wan), rules["dirt"]["registry_foreign_capital"])
    return np.choose(np.where(foreign, 3, rng.integers(0, 3, len(wan))), styles)
