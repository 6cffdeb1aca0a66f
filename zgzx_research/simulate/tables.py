"""The registry, the social insurance and the patent office: their tables as text, with the dirt of real deliveries."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.constants import Rules, exact_kinds, exact_share, words
from zgzx_research.simulate.firms import variant_names
from zgzx_research.simulate.identities import CREDIT_ALPHABET, INSURANCE_PREFIX, joined, padded
from zgzx_research.simulate.world import World

PROVINCE = "广东;44"
UNDISCLOSED = "不公告发明人"


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
    rank = _ranks(world.firm, spell["firm_id"])
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
