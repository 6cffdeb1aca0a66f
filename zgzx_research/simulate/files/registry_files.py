"""The business registry and its list of changes, with the dirt of real deliveries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from zgzx_research.simulate.files.cell_texts import addresses
from zgzx_research.simulate.files.row_truth import kinds_of_dirt, record_rows
from zgzx_research.simulate.world.constants import Rules, words
from zgzx_research.simulate.world.firm_events import CURRENT, FORMER, registered_end
from zgzx_research.simulate.world.identities import (
    CREDIT_ALPHABET,
    joined,
    padded,
    registration_numbers,
)
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.random_draws import exact_kinds, exact_kinds_among, exact_share

OFFICE = "深圳市市场监督管理局龙岗监管局"
CHANGES = {"rename": "企业名称变更", "merger": "主体变更", "move": "住所变更"}


def write_registry(world: World, raw: Path) -> list[pd.DataFrame]:
    """Write registry/registry.csv and registry/changes.csv; return the true records."""
    records = []
    for name, make in (("registry", registry_table), ("changes", changes_table)):
        file = f"registry/{name}.csv"
        table, record = make(world, file, world.order.stream(f"{name} dirt"))
        table.to_csv(raw / file, index=False, encoding="gb18030", lineterminator="\r\n")
        records.append(record)
    return records


def registry_table(
    world: World, file: str, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write one row per firm in random order, and a few again at the end.

    Returns the table as text, and the true records of `file`.
    """
    rates, rank = world.rules["dirt"], rng.permutation(len(world.firm))
    firm = world.firm.iloc[rank].reset_index(drop=True)
    end = registered_end(world.firm, world.events.event).iloc[rank].reset_index(drop=True)
    founded, bad = _written_foundings(firm["founded"], rates["registry_bad_date"], rng)
    approved = firm["founded"] + pd.to_timedelta(rng.integers(0, 1800, len(firm)), unit="D")
    approved = approved.clip(upper=pd.Timestamp(world.rules["time"]["export"]))
    codes, code_dirt = _damaged_codes(world.rules, firm["uscc"].to_numpy(), rng)
    names, name_dirt = _damaged_names(world.rules, firm["name"].to_numpy(dtype=object), rng)
    former, hidden = _former_names(world, rank, rng)
    table = pd.DataFrame(
        {
            "统一社会信用代码": codes,
            "企业名称": names,
            "曾用名": former,
            "注册号": _old_numbers(world.rules, firm["founded"], rng),
            "企业类型": firm["kind"],
            "注册资本": _written_capital(world.rules, firm["capital_wan"].to_numpy(), rng),
            "成立日期": founded,
            "核准日期": _written_days(approved, rng),
            "经营状态": _states(world, rank, end, rng),
            "注销日期": _written_days(end, rng),
            "登记机关": OFFICE,
            "所属街道": joined(firm["street"], "街道"),
            "住所": np.where(
                _moved(world)[rank], _addresses_elsewhere(firm, rng), addresses(firm, rng)
            ),
            "行业代码": np.where(
                rng.random(len(firm)) < 0.5, firm["industry"], firm["industry"].str[1:]
            ),
            "从业人数": firm["headcount"].astype(str),
            "企业规模": joined(firm["size"], "型"),
            "高新技术企业": np.where(firm["hitech"], "是", "否"),
        }
    )
    marks = code_dirt | name_dirt | {"former_name_missing": hidden, "founded_bad": bad}
    rows = firm[["firm_id"]].assign(dirt=kinds_of_dirt(marks), recoverable=True)
    table, rows = _repeated_rows(
        table, rows, exact_share(rng, len(table), rates["registry_duplicate"])
    )
    return table, record_rows(file, "", np.arange(len(rows)) + 2, rows)


def _repeated_rows(
    table: pd.DataFrame, rows: pd.DataFrame, again: np.ndarray
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add some rows of the table and their true records a second time at the end."""
    second = rows[again].assign(dirt=(rows.loc[again, "dirt"] + ";duplicate").str.lstrip(";"))
    return (
        pd.concat([table, table[again]], ignore_index=True),
        pd.concat([rows, second], ignore_index=True),
    )


def changes_table(
    world: World, file: str, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write one row per rename, merger and move in the order of date.

    Returns the table as text, and the true records of `file`.
    """
    event = world.events.event
    rank = event["firm_rank"].to_numpy()
    firm = world.firm.iloc[rank].reset_index(drop=True)
    before, after = _names_around(world)
    into = world.firm["name"].reindex(event["into_rank"].fillna(-1)).to_numpy(dtype=object)
    kind = event["type"].to_numpy()
    merger, move = kind == "merger", kind == "move"
    place = [addresses(firm, rng), _addresses_elsewhere(firm, rng)]
    no_code = exact_share(rng, len(event), world.rules["dirt"]["registry_uscc_missing"])
    table = pd.DataFrame(
        {
            "统一社会信用代码": np.where(no_code, "", firm["uscc"]),
            "企业名称": firm["name"],
            "变更类型": [CHANGES[name] for name in kind],
            "变更日期": _written_days(event["date"], rng),
            "变更前": np.where(merger, firm["name"], np.where(move, place[0], before)),
            "变更后": np.where(merger, into, np.where(move, place[1], after)),
        }
    )
    rows = pd.DataFrame(
        {"firm_id": firm["firm_id"], "dirt": kinds_of_dirt({"uscc_missing": no_code})}
    )
    return table, record_rows(file, "", np.arange(len(rows)) + 2, rows)


def _names_around(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return the official names before and after each event, missing where it was no rename."""
    name = world.events.name[world.events.name["kind"].isin([CURRENT, FORMER])]
    name = name.sort_values(["firm_rank", "valid_from"]).assign(
        before=lambda t: t.groupby("firm_rank")["name"].shift()
    )
    key = ["firm_rank", "date"]
    met = world.events.event[key].merge(
        name.rename(columns={"valid_from": "date"}), on=key, how="left"
    )
    return met["before"].to_numpy(dtype=object), met["name"].to_numpy(dtype=object)


def _former_names(
    world: World, rank: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return 曾用名 by firm (rank), and which firms leave it out."""
    name = world.events.name
    former = name[name["kind"] == FORMER].sort_values(["firm_rank", "valid_from"])
    sign = rng.choice(np.asarray([";", "、"], dtype=object), len(world.firm))
    lists = former.groupby("firm_rank")["name"].agg("\n".join)
    texts = lists.reindex(rank).fillna("").to_numpy(dtype=object)
    listed = exact_share(rng, len(lists), world.rules["dirt"]["registry_former_listed"])
    hidden = np.isin(rank, lists.index.to_numpy()[~listed])
    return np.asarray(
        [
            "" if hide else text.replace("\n", mark)
            for text, mark, hide in zip(texts, sign, hidden, strict=True)
        ],
        dtype=object,
    ), hidden


def _moved(world: World) -> np.ndarray:
    event = world.events.event
    return np.isin(np.arange(len(world.firm)), event.loc[event["type"] == "move", "firm_rank"])


def _states(world: World, rank: np.ndarray, end: pd.Series, rng: np.random.Generator) -> np.ndarray:
    lives = rng.choice(np.asarray(["存续", "在业"], dtype=object), len(rank))
    closed = world.firm["closed"].notna().to_numpy()[rank]
    revoked = (
        exact_kinds_among(rng, [world.rules["dirt"]["registry_revoked"] * closed.mean()], [closed])
        == 1
    )
    states = np.where(_moved(world)[rank], "迁出", np.where(end.isna(), lives, "注销"))
    return np.where(revoked, "吊销", states)


def _addresses_elsewhere(firm: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    road = rng.choice(np.asarray(words()["place"]["roads"], dtype=object), len(firm))
    return joined("广东省惠州市", road, rng.integers(1, 300, len(firm)).astype(str), "号")


def _old_numbers(rules: Rules, founded: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """Make 15-digit numbers of the time before the credit code, for some old firms.

    4499 is no registration area.
    """
    old = (founded.dt.year < 2015).to_numpy()
    given = exact_kinds_among(rng, [rules["dirt"]["registry_old_number"] * old.mean()], [old]) == 1
    return np.where(
        given, registration_numbers(joined("449900", padded(rng.permutation(len(founded)), 8))), ""
    )


def _damaged_codes(
    rules: Rules, codes: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    rates = rules["dirt"]
    kinds = exact_kinds(
        rng,
        len(codes),
        [rates[f"registry_uscc_{kind}"] for kind in ("missing", "bad_check", "letter")],
    )
    following = dict(zip(CREDIT_ALPHABET, CREDIT_ALPHABET[1:] + CREDIT_ALPHABET[0], strict=True))
    wrong = [code[:-1] + following[code[-1]] for code in codes]
    swaps = [("0", "O"), ("1", "I")]
    letter = [code.replace(*swaps[place % 2], 1) for place, code in enumerate(codes)]
    marks = {
        f"uscc_{name}": kinds == kind
        for kind, name in enumerate(("missing", "bad_check", "letter"), start=1)
    }
    return np.choose(kinds, [codes, np.full(len(codes), "", dtype=object), wrong, letter]), marks


def _damaged_names(
    rules: Rules, names: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Damage some names: a blank, traditional characters, or a look-alike character."""
    lists = words()["firm"]
    texts = [np.asarray([name[:3] + " " + name[3:] for name in names], dtype=object)]
    texts += [_replaced(names, lists[kind]) for kind in ("traditional", "lookalike")]
    kinds = ("spaced", "traditional", "lookalike")
    shares = [rules["dirt"][f"registry_name_{kind}"] for kind in kinds]
    found = exact_kinds_among(rng, shares, [text != names for text in texts])
    return np.choose(found, [names, *texts]), {
        f"name_{kind}": found == i for i, kind in enumerate(kinds, start=1)
    }


def _replaced(texts: np.ndarray, pairs: list[list[str]]) -> np.ndarray:
    for old, new in pairs:
        texts = np.asarray([text.replace(old, new) for text in texts], dtype=object)
    return texts


def _written_foundings(
    days: pd.Series, bad_share: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Write founding days; half of the bad ones are 30 February, half are blank."""
    written = _written_days(days, rng)
    bad = exact_kinds(rng, len(days), [bad_share / 2] * 2)
    written[bad == 1] = joined(days.dt.year.astype(str)[bad == 1].to_numpy(), "-02-30")
    written[bad == 2] = ""
    return written, bad > 0


def _written_days(days: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """Write days in four styles, drawn by row; "" where missing."""
    year, month, day = (
        days.dt.strftime(part).fillna("").to_numpy(dtype=object) for part in ("%Y", "%m", "%d")
    )
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
