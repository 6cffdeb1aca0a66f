"""Clean tables of an invented district with the truth about every record.

For precision, recall and the benchmark.

Made here from a seed and not by `simulate`: the linking must not know the simulator's dirt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

YEARS = range(2010, 2026)
FIRST, LAST = 2010 * 12, 2025 * 12 + 11
BRANDS = (
    "鸿远启明宏达新宇恒泰金盛华瑞博创天成安泰立信嘉禾盛世中科汇智隆兴德邦凯越永丰顺诚海纳辰光景润"
)
WORDS = [
    "精密科技",
    "电子",
    "塑胶制品",
    "五金",
    "光电技术",
    "自动化设备",
    "生物医药",
    "软件",
    "模具",
    "物流",
    "新能源",
    "智能装备",
]
CATEGORIES = np.array(["innovation", "skill", "team", "talent"])


@dataclass
class World:
    """clean : tables by name. calendar : editions.

    Record : source, file, sheet, row, part, firm_id, worker_id.
    """

    clean: dict[str, pd.DataFrame]
    calendar: pd.DataFrame
    record: pd.DataFrame


def make_world(
    firms: int, workers: int, registrants: int, patents: int, seed: int, entries: int = 900
) -> World:
    rng = np.random.default_rng(seed)
    firm = _firms(rng, firms)
    person = _persons(rng, workers)
    job = _jobs(rng, workers, firm)
    months = pd.Series(sorted(year * 12 + 10 for year in [*range(2012, 2020), 2021, 2023, 2024]))
    calendar = pd.DataFrame({"edition": range(1, len(months) + 1), "year": months // 12})
    calendar["final_date"] = calendar["year"].astype(str) + "-11-15"
    entry = _entries(rng, job, months, registrants, entries)
    in_months = np.isin(job["worker"], entry["worker"].unique())
    tables = {
        "spell": _insurance(rng, job[~in_months], person, firm, by_month=False),
        "si_month": _insurance(rng, job[in_months], person, firm, by_month=True),
        "roster": _roster(rng, entry[entry["won"]], person, firm),
        "entry": _contest(rng, entry, person, firm),
    }
    tables |= _patents(rng, patents, job, person, firm)
    truth = []
    for name, table in tables.items():
        table = table.assign(
            file=f"{name}/1.csv", sheet="", row=np.arange(2, len(table) + 2), part=1
        )
        if "true_firm" in table:
            truth.append(
                table[["file", "sheet", "row", "part", "true_firm", "true_worker"]].assign(
                    source=name
                )
            )
        tables[name] = table.drop(columns=["true_firm", "true_worker"], errors="ignore")
    record = pd.concat(truth, ignore_index=True).rename(
        columns={"true_firm": "firm_id", "true_worker": "worker_id"}
    )
    for column, letter in (("firm_id", "T"), ("worker_id", "P")):
        record[column] = (
            (letter + record[column].astype("str")).where(record[column].ge(0)).astype("str")
        )
    registry = _registry(firm)
    return World(tables | registry, calendar, record)


def _firms(rng: np.random.Generator, count: int) -> pd.DataFrame:
    marks = np.array(list(BRANDS))
    brand = pd.Series(["".join(row) for row in rng.choice(marks, (count, 3))])
    core = brand + rng.choice(WORDS, count)
    size = rng.pareto(1.1, count) + 0.2
    renamed = rng.random(count) < 0.04
    old = (
        "深圳市"
        + pd.Series(["".join(row) for row in rng.choice(marks, (count, 3))])
        + rng.choice(WORDS, count)
        + "有限公司"
    )
    day = pd.to_datetime(pd.Series(rng.integers(2013, 2022, count)).astype(str) + "-06-01")
    firm = pd.DataFrame(
        {"core": core, "name": "深圳市" + core + "有限公司", "old": old.where(renamed), "day": day}
    )
    firm["uscc"] = [f"C{n:017d}" for n in range(count)]
    return firm.assign(weight=size / size.sum())


def _registry(firm: pd.DataFrame) -> dict[str, pd.DataFrame]:
    key = {"file": "registry/1.csv", "sheet": "", "row": np.arange(2, len(firm) + 2), "part": 1}
    registry = firm[["uscc", "name"]].assign(
        **key,
        founded=pd.Timestamp("2005-01-01"),
        closed=pd.NaT,
        status="存续",
        industry2="39",
        size="小",
        street="坂田街道",
        staff=pd.array([10] * len(firm), dtype="Int64"),
        capital_cny=1e6,
        hitech=False,
    )
    registry["closed"] = pd.to_datetime(registry["closed"])
    event = firm.assign(**key).dropna(subset="old")
    event = event.assign(
        type="rename",
        firm_name=event["name"],
        date=event["day"],
        before=event["old"],
        after=event["name"],
    )
    columns = [
        "file",
        "sheet",
        "row",
        "part",
        "uscc",
        "firm_name",
        "type",
        "date",
        "before",
        "after",
    ]
    return {"registry": registry, "registry_event": event[columns]}


def _persons(rng: np.random.Generator, count: int) -> pd.DataFrame:
    surname = (rng.pareto(1.0, count) * 8).astype(int) % 300
    given = (rng.pareto(0.7, count) * 300).astype(int) % 60_000
    person = pd.DataFrame({"name_key": [f"n{s}_{g}" for s, g in zip(surname, given, strict=True)]})
    person["surname_key"] = [f"s{s}" for s in surname]
    person["birth_key"] = [f"b{n}" for n in rng.integers(0, 420, count)]
    person["mask_key"] = [f"m{n}" for n in rng.integers(0, 3_000_000, count)]
    person["id_key"] = [f"i{n}" for n in range(count)]
    known = rng.random(count) > 0.05
    for column in ("id_key", "mask_key", "birth_key"):
        person[f"si_{column}"] = person[column].where(known)
    return person


def _jobs(rng: np.random.Generator, workers: int, firm: pd.DataFrame) -> pd.DataFrame:
    parts, start = [], rng.integers(FIRST - 40, LAST - 20, workers)
    for _ in range(3):
        length = rng.geometric(0.025, workers)
        employer = rng.choice(len(firm), workers, p=firm["weight"])
        parts.append(
            pd.DataFrame(
                {
                    "worker": np.arange(workers),
                    "firm": employer,
                    "start": start,
                    "end": start + length,
                }
            )
        )
        start = start + length + rng.integers(0, 6, workers)
    job = pd.concat(parts)
    job = job[(job["start"] <= LAST) & (job["end"] >= FIRST)].sort_values(
        ["worker", "start"], ignore_index=True
    )
    return job.assign(start=job["start"].clip(lower=FIRST), end=job["end"].clip(upper=LAST))


def _written(
    rng: np.random.Generator,
    firm: pd.DataFrame,
    codes: np.ndarray,
    month: np.ndarray,
    variants: float,
) -> pd.Series:
    """The firm's name as a clerk writes it.

    Of its time, a variant, the core, a branch, a misspelling.
    """
    rows = firm.iloc[codes].reset_index(drop=True)
    then = month < (rows["day"].dt.year * 12 + rows["day"].dt.month - 1)
    name = rows["name"].mask(then & rows["old"].notna(), rows["old"])
    kind = rng.random(len(rows))
    current = rows["old"].isna() | ~then
    name = name.mask(current & (kind < variants * 0.6), rows["core"] + "(深圳)有限公司")
    name = name.mask(
        current & (kind < variants * 0.3), "广东省深圳市龙岗区" + rows["core"] + "有限公司"
    )
    name = name.mask(current & (kind < variants * 0.15), rows["core"])
    name = name.mask((kind > 1 - variants * 0.1), name + "龙岗分公司")
    return name.mask((kind > 0.995), name.str[:3] + "某" + name.str[4:])


def _insurance(
    rng: np.random.Generator,
    job: pd.DataFrame,
    person: pd.DataFrame,
    firm: pd.DataFrame,
    *,
    by_month: bool,
) -> pd.DataFrame:
    rows = job
    if by_month:
        length = (job["end"] - job["start"] + 1).to_numpy()
        rows = job.loc[job.index.repeat(length)]
        rows = rows.assign(start=rows["start"] + rows.groupby(level=0).cumcount()).assign(
            end=lambda d: d["start"]
        )
    rows = rows.reset_index(drop=True)
    who = person.iloc[rows["worker"]].reset_index(drop=True)
    number = (
        pd.Series([f"p{n}" for n in range(len(person))]).iloc[rows["worker"]].reset_index(drop=True)
    )
    second = (rows["worker"] % 143).eq(0) & (
        rows["start"] > 2018 * 12
    )  # two numbers for one person
    spelling = rows["worker"] * 0 + rows["firm"] * 7 + rows["start"] // 40
    name = pd.Series(
        _written(
            np.random.default_rng(1),
            firm,
            np.arange(len(firm)).repeat(1),
            np.full(len(firm), LAST),
            0.0,
        )
    )
    varied = _written(rng, firm, rows["firm"].to_numpy(), rows["start"].to_numpy(), 0.05)
    own = pd.Series(name.to_numpy()[rows["firm"]]).where(spelling % 10 > 0, varied)
    table = pd.DataFrame(
        {
            "person_key": number.mask(second, number + "x"),
            "name_key": who["name_key"],
            "surname_key": who["surname_key"],
            "id_key": who["si_id_key"],
            "mask_key": who["si_mask_key"],
            "birth_key": who["si_birth_key"],
            "employer_no": [f"e{n}" for n in rows["firm"]],
            "employer_name": own,
            "employer_uscc": firm["uscc"].to_numpy()[rows["firm"]],
            "true_firm": rows["firm"],
            "true_worker": rows["worker"],
        }
    )
    table["employer_uscc"] = table["employer_uscc"].where(
        ~pd.Series(rng.random(len(rows)) < (1.0 if by_month else 0.3))
    )
    ym = {
        name: (rows[name] // 12 * 100 + rows[name] % 12 + 1).astype("Int64")
        for name in ("start", "end")
    }
    if by_month:
        return table.assign(period_ym=ym["start"], paid_ym=ym["start"], kind="normal")
    return table.assign(start_ym=ym["start"], end_ym=ym["end"])


def _entries(
    rng: np.random.Generator, job: pd.DataFrame, months: pd.Series, registrants: int, entries: int
) -> pd.DataFrame:
    pool = rng.permutation(job["worker"].max() + 1)[:registrants]
    eligible = job[job["worker"].isin(pool)]
    parts = []
    for edition, month in enumerate(months, 1):
        there = eligible[eligible["start"].le(month) & eligible["end"].ge(month)].drop_duplicates(
            "worker"
        )
        some = there.sample(min(entries, len(there)), random_state=int(rng.integers(1 << 30)))
        rank = np.arange(len(some))
        parts.append(
            some[["worker", "firm"]].assign(
                edition=edition, month=month, final=rank < 150, won=rank < 40
            )
        )
    entry = pd.concat(parts, ignore_index=True)
    return entry.assign(category=CATEGORIES[rng.integers(0, 4, len(entry))])


def _roster(
    rng: np.random.Generator, entry: pd.DataFrame, person: pd.DataFrame, firm: pd.DataFrame
) -> pd.DataFrame:
    entry = entry.reset_index(drop=True)
    who = person.iloc[entry["worker"]].reset_index(drop=True)
    kind = rng.random(len(entry))
    table = who[["name_key", "surname_key"]].assign(
        id_key=who["id_key"].where(kind > 0.27),
        mask_key=who["mask_key"].where(kind > 0.12),
        birth_key=who["birth_key"].where(rng.random(len(entry)) > 0.1),
        phone_key=None,
    )
    name = _written(rng, firm, entry["firm"].to_numpy(), entry["month"].to_numpy(), 0.45)
    return table.assign(
        edition=entry["edition"],
        category=entry["category"],
        is_team=False,
        firm_name=name,
        true_firm=entry["firm"],
        true_worker=entry["worker"],
    ).astype({"phone_key": "str"})


def _contest(
    rng: np.random.Generator, entry: pd.DataFrame, person: pd.DataFrame, firm: pd.DataFrame
) -> pd.DataFrame:
    final = entry[entry["final"]].assign(
        stage="final", outcome=lambda d: d["won"].map({True: "awarded", False: "out"})
    )
    first = entry.assign(
        stage="preliminary", outcome=entry["final"].map({True: "advanced", False: "out"})
    )
    both = pd.concat([first, final], ignore_index=True)
    who = person.iloc[both["worker"]].reset_index(drop=True)
    wrong = rng.random(len(both)) < 0.01
    return pd.DataFrame(
        {
            "edition": both["edition"],
            "category": both["category"],
            "stage": both["stage"],
            "outcome": both["outcome"],
            "name_key": who["name_key"].mask(wrong, who["name_key"] + "?"),
            "surname_key": who["surname_key"],
            "is_team": False,
            "total": 80.0,
            "rank": 1,
            "firm_name": _written(
                rng, firm, both["firm"].to_numpy(), both["month"].to_numpy(), 0.35
            ),
            "true_firm": both["firm"],
            "true_worker": both["worker"],
        }
    )


def _patents(
    rng: np.random.Generator,
    count: int,
    job: pd.DataFrame,
    person: pd.DataFrame,
    firm: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    chosen = job.iloc[rng.integers(0, len(job), count)].reset_index(drop=True)
    month = (chosen["start"] + rng.random(count) * (chosen["end"] - chosen["start"])).astype(int)
    filed = pd.to_datetime(
        (month // 12).astype(str) + "-" + (month % 12 + 1).astype(str) + "-15"
    ).astype("datetime64[s]")
    patent = pd.DataFrame(
        {"app_no": [f"A{n}" for n in range(count)], "type": "invention", "filed": filed}
    )
    firm_rows = pd.DataFrame(
        {
            "app_no": patent["app_no"],
            "role": "applicant",
            "true_firm": chosen["firm"],
            "true_worker": -1,
            "name": _written(rng, firm, chosen["firm"].to_numpy(), month.to_numpy(), 0.1),
            "name_key": None,
        }
    )
    known = rng.random(count) < 0.7
    outsiders = person["name_key"].iloc[rng.integers(0, len(person), count)].to_numpy()
    people = pd.DataFrame(
        {
            "app_no": patent["app_no"],
            "role": "inventor",
            "true_firm": -1,
            "true_worker": np.where(known, chosen["worker"], -1),
            "name": None,
            "name_key": np.where(known, person["name_key"].to_numpy()[chosen["worker"]], outsiders),
        }
    )
    party = pd.concat([firm_rows, people], ignore_index=True).astype(
        {"name": "str", "name_key": "str"}
    )
    return {"patent": patent, "patent_party": party}
