"""Social insurance month by month: gaps, arrears, refunds and transfers.

These files are about the people whose months were asked for.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from zgzx_research.simulate.files.employment_lines import Employers, line_records
from zgzx_research.simulate.files.insured_wages import insured_bases
from zgzx_research.simulate.world.identities import joined
from zgzx_research.simulate.world.model import World
from zgzx_research.simulate.world.months import year_month
from zgzx_research.simulate.world.random_draws import exact_kinds_among

KINDS = ("正常", "补缴", "退费")
NORMAL, ARREARS, REFUND = range(3)
HEADER = "AAC001,AAC002,AAC003,AAC004,AAB001,AAB004,AAE003,AAE002,AAE180,AAE079,AAE140"
INSURANCE_TYPE = "养老"
FAR_AWAY = 10**6
LINES_AT_ONCE = 8_000  # about half a million rows
MARKS = ("", "gap", "arrears", "refund", "overlap")


def registrant_lines(world: World, line: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the lines of the registrants from `time.spells_from` on, with their irregularities.

    A gap of one to three months is inside a spell, never at its ends. A transfer overlaps in the
    month after the last one at the old employer; a refunded month is the one after the last, paid
    and given back.

    Parameters
    ----------
    world : World
        The world.
    line : DataFrame
        `employment_lines`.
    rng : Generator
        Random numbers.

    Returns
    -------
    DataFrame
        Added are count (months), mark (position in MARKS), offset and length (the months that the
        mark concerns, from the first), late (months until arrears are paid), last_paid.
    """
    rates, begin = world.rules["dirt"], world.rules["time"]["spells_from"] * 12
    export = int(line["end"].max()) + 1
    line = line[line["registrant"] & (line["end"] >= begin)].reset_index(drop=True)
    start, end = np.maximum(line["start"].to_numpy(), begin), line["end"].to_numpy()
    count, after = end - start + 1, _next_lines(line["worker_rank"].to_numpy(), start)
    following = np.where(after < 0, FAR_AWAY, start[after])
    elsewhere = line["employer"].to_numpy()[after] != line["employer"].to_numpy()
    able = [
        count >= 5,
        (count >= 4) & (start + 12 < export),
        following > end + 3,
        elsewhere & (following == end + 1),
    ]
    able[2] &= (end + 3 < export) & ~line["open"].to_numpy()
    mark = exact_kinds_among(rng, [rates[f"months_{name}"] for name in MARKS[1:]], able)
    length = np.minimum(rng.integers(1, 4, len(line)), count - 2)
    room = np.where(
        mark == 1, count - 1 - length, np.minimum(count, export - 8 - start) - length + 1
    )
    offset = (mark == 1) + np.floor(rng.random(len(line)) * np.maximum(room, 1)).astype(int)
    dirt = joined(
        line["dirt"], np.asarray([f";{name}" if name else "" for name in MARKS], dtype=object)[mark]
    )
    return line.assign(
        start=start,
        count=count,
        mark=mark,
        offset=offset,
        length=length,
        late=rng.integers(6, 25, len(line)),
        last_paid=export - 1,
        dirt=[text.lstrip(";") for text in dirt],
    )


def line_months(world: World, line: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Return the months `first` to `last` of registrants' lines, in the order of the lines.

    Columns: line (position), period, paid (months), base (yuan, negative where refunded), kind
    (position in KINDS).
    """
    start, count, mark = (line[name].to_numpy() for name in ("start", "count", "mark"))
    extra = np.asarray([0, 0, 0, 2, 1])[
        mark
    ]  # a refund is one month paid and given back, an overlap one month paid
    begin = np.where(start + count < first, count + extra, np.maximum(first - start, 0))
    stop = np.where(start + count <= last, count + extra, np.minimum(last - start + 1, count))
    total = np.maximum(stop - begin, 0)
    row = np.repeat(np.arange(len(line)), total)
    place = np.arange(len(row)) - np.repeat(np.cumsum(total) - total - begin, total)
    since = place - line["offset"].to_numpy()[row]
    inside = (since >= 0) & (since < line["length"].to_numpy()[row])
    kept = ~(inside & (mark[row] == 1))
    row, place, arrears = row[kept], place[kept], (inside & (mark[row] == 2))[kept]
    period = start[row] + np.minimum(place, count[row])
    kind = np.where(arrears, ARREARS, np.where(place > count[row], REFUND, NORMAL))
    late = np.minimum(period + line["late"].to_numpy()[row], line["last_paid"].to_numpy()[row])
    paid = np.where(arrears, late, period + (kind == REFUND))
    person, spell = (line[name].to_numpy()[row] for name in ("worker_rank", "spell"))
    base = insured_bases(world, person, spell, period) * np.where(kind == REFUND, -1, 1)
    return pd.DataFrame({"line": row, "period": period, "paid": paid, "base": base, "kind": kind})


def write_months(
    world: World, employer: Employers, raw: Path, line: pd.DataFrame
) -> list[pd.DataFrame]:
    """Write the files of months under `raw`; return the true records.

    There is one record per line and file, at the line's first row.
    """
    rates, since = world.rules["dirt"], world.rules["time"]["spells_from"]
    names = ("person_no", "id_no", "name", "sex")
    people = [pa.array(line[name].to_numpy(dtype=object), pa.string()) for name in names]
    people.append(pa.array(employer.number[line["employer"]], pa.string()))
    records = []
    for place, (first, last) in enumerate(rates["months_files"]):
        name = f"employment/months_{max(first, since)}_{last}.csv"
        row, rows = 2, []
        with (raw / name).open("wb") as file:
            encoding = "utf-16" if place == rates["months_utf16_file"] else "utf-8-sig"
            file.write((HEADER + "\n").encode(encoding))
            for begin in range(0, len(line), LINES_AT_ONCE):
                part = line.iloc[begin : begin + LINES_AT_ONCE]
                months = line_months(world, part, first * 12, last * 12 + 11)
                content = _csv(
                    employer,
                    part,
                    [column[begin : begin + LINES_AT_ONCE] for column in people],
                    months,
                )
                file.write(
                    content.decode().encode("utf-16-le") if encoding == "utf-16" else content
                )
                lines, firsts = np.unique(months["line"], return_index=True)
                rows.append(pd.DataFrame({"line": begin + lines, "row": row + firsts}))
                row += len(months)
        found = pd.concat(rows, ignore_index=True)
        records.append(
            line_records(world, line.iloc[found["line"]], name, "", found["row"].to_numpy())
        )
    return records


def _csv(
    employer: Employers, line: pd.DataFrame, people: list[pa.Array], months: pd.DataFrame
) -> bytes:
    """Return the rows of some lines' months; pyarrow writes a million of them in a second."""
    row, period = months["line"].to_numpy(), months["period"].to_numpy()
    own = [line[name].to_numpy()[row] for name in ("firm_rank", "form", "branch", "agency")]
    codes = employer.name_codes(own[0], period, *own[1:])
    used, codes = np.unique(codes, return_inverse=True)
    texts = pa.array(employer.texts[used], pa.string())
    columns = [column.take(pa.array(row)) for column in people]
    columns += [
        texts.take(pa.array(codes)),
        pa.array(year_month(period)),
        pa.array(year_month(months["paid"].to_numpy())),
    ]
    columns += [
        pa.array(months["base"].to_numpy()),
        pa.array(KINDS, pa.string()).take(pa.array(months["kind"].to_numpy())),
    ]
    columns.append(pa.array(np.full(len(row), INSURANCE_TYPE, dtype=object), pa.string()))
    sink = io.BytesIO()
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    pyarrow.csv.write_csv(pa.table(columns, names=HEADER.split(",")), sink, options)
    return sink.getvalue()


def _next_lines(person: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the position of each person's next line, -1 after the last.

    A second number may be anywhere in the file.
    """
    following, order = np.full(len(person), -1), np.lexsort((start, person))
    same = person[order][1:] == person[order][:-1]
    following[order[:-1][same]] = order[1:][same]
    return following
