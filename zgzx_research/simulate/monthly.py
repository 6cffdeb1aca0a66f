"""Social insurance month by month, for everybody who stood in a preliminary: gaps, arrears, refunds, transfers."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from zgzx_research.simulate.constants import exact_kinds_among
from zgzx_research.simulate.employment import Employers, line_records, periods
from zgzx_research.simulate.people import wage_bases
from zgzx_research.simulate.world import World

KINDS = ("正常", "补缴", "退费")
NORMAL, ARREARS, REFUND = range(3)
HEADER = "AAC001,AAC002,AAC003,AAC004,AAB001,AAB004,AAE003,AAE002,AAE180,AAE079,AAE140"
INSURANCE = "养老"
MARKS = ("", "gap", "arrears", "refund", "overlap")


def month_rows(world: World, line: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The months of the registrants' lines from `time.spells_from` on, and those lines with their dirt.

    Months: line (position), period, paid (months), base (yuan, negative where refunded), kind (position in KINDS); in
    the order of the lines. A gap of one to three months lies inside a spell, never at its ends. A transfer overlaps in
    the month after the last one at the old employer; a refunded month is the one after the last, paid and given back.
    """
    rates, begin = world.rules["dirt"], world.rules["time"]["spells_from"] * 12
    export = int(line["end"].max()) + 1
    line = line[line["registrant"] & (line["end"] >= begin)].reset_index(drop=True)
    start = np.maximum(line["start"].to_numpy(), begin)
    end = line["end"].to_numpy()
    count, person = end - start + 1, line["worker_rank"].to_numpy()
    following = np.full(len(line), 10**6)
    order = np.lexsort((start, person))  # the second number of a person stands elsewhere in the file
    same = person[order][1:] == person[order][:-1]
    following[order[:-1][same]] = start[order[1:][same]]
    able = [count >= 5, (count >= 4) & (start + 12 < export), following > end + 3, following == end + 1]
    able[2] &= (end + 3 < export) & ~line["open"].to_numpy()
    shares = [rates[f"months_{name}"] for name in MARKS[1:]]
    mark = exact_kinds_among(rng, shares, able)
    length = np.minimum(rng.integers(1, 4, len(line)), count - 2)
    room = np.where(mark == 1, count - 1 - length, np.minimum(count, export - 8 - start) - length + 1)
    offset = (mark == 1) + np.floor(rng.random(len(line)) * np.maximum(room, 1)).astype(int)
    late = rng.integers(6, 25, len(line))
    months = _expanded(start, count, mark, offset, length, late, export)
    base = wage_bases(
        world.rules, world.worker["log_wage"].to_numpy()[person][months["line"]], months["period"].to_numpy(),
        world.worker["raised_from"].to_numpy()[person][months["line"]],
    )  # fmt: skip
    months["base"] = np.where(months["kind"] == REFUND, -base, base)
    dirt = (
        line["dirt"].to_numpy(dtype=object)
        + np.asarray([f";{name}" if name else "" for name in MARKS], dtype=object)[mark]
    )
    return months, line.assign(dirt=[text.lstrip(";") for text in dirt])


def _expanded(
    start: np.ndarray, count: np.ndarray, mark: np.ndarray, offset: np.ndarray, length: np.ndarray, late: np.ndarray,
    export: int,
) -> pd.DataFrame:  # fmt: skip
    """Line, period, paid and kind of every month; two more months for a refund, one for an overlap, fewer for a gap."""
    total = count + np.choose(mark, [0, 0, 0, 2, 1])
    line = np.repeat(np.arange(len(start)), total)
    place = np.arange(len(line)) - np.repeat(np.cumsum(total) - total, total)
    period = start[line] + np.minimum(place, count[line])
    inside = (place >= offset[line]) & (place < (offset + length)[line])
    arrears = inside & (mark[line] == 2)
    kind = np.where(arrears, ARREARS, np.where(place > count[line], REFUND, NORMAL))
    paid = np.where(arrears, np.minimum(period + late[line], export - 1), period + (kind == REFUND))
    kept = ~(inside & (mark[line] == 1))
    return pd.DataFrame({"line": line, "period": period, "paid": paid, "kind": kind})[kept].reset_index(drop=True)


def month_files(
    world: World, employer: Employers, months: pd.DataFrame, line: pd.DataFrame
) -> Iterator[tuple[str, bytes, pd.DataFrame]]:
    """Name, content and records of each file of months; a record per line, at its first month."""
    rates, since = world.rules["dirt"], world.rules["time"]["spells_from"]
    people = [
        pa.array(line[name].to_numpy(dtype=object), pa.string()) for name in ("person_no", "id_no", "name", "sex")
    ]
    numbers = pa.array(employer.number[line["employer"]], pa.string())
    texts, kinds = pa.array(employer.texts, pa.string()), pa.array(KINDS, pa.string())
    year = months["period"].to_numpy() // 12
    for place, (first, last) in enumerate(rates["months_files"]):
        own = months[(year >= first) & (year <= last)]
        row, period = own["line"].to_numpy(), own["period"].to_numpy()
        codes = employer.name_codes(
            line["firm_rank"].to_numpy()[row], period, line["form"].to_numpy()[row], line["branch"].to_numpy()[row],
            line["agency"].to_numpy()[row],
        )  # fmt: skip
        columns = [column.take(pa.array(row)) for column in (*people, numbers)]
        columns += [texts.take(pa.array(codes)), pa.array(periods(period)), pa.array(periods(own["paid"].to_numpy()))]
        columns += [pa.array(own["base"].to_numpy()), kinds.take(pa.array(own["kind"].to_numpy()))]
        columns.append(pa.array([INSURANCE], pa.string()).take(pa.array(np.zeros(len(row), dtype=np.int64))))
        name = f"employment/months_{max(first, since)}_{last}.csv"
        lines, firsts = np.unique(row, return_index=True)
        record = line_records(world, line.iloc[lines], name, "", firsts + 2)
        yield name, _csv(columns, utf16=place == rates["months_utf16_file"]), record


def _csv(columns: list[pa.Array], *, utf16: bool) -> bytes:
    """The codes as header and the rows, with the mark of the encoding."""
    sink = io.BytesIO()
    sink.write(HEADER.encode() + b"\n")
    table = pa.table(columns, names=HEADER.split(","))
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    pyarrow.csv.write_csv(table, sink, options)
    content = sink.getvalue()
    return b"\xff\xfe" + content.decode().encode("utf-16-le") if utf16 else b"\xef\xbb\xbf" + content
