"""The true records: the firm and the person of every data row of the raw files, and its dirt."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zgzx_research.simulate.world.model import World

RECORD_COLUMNS = [
    "source",
    "file",
    "sheet",
    "row",
    "part",
    "firm_id",
    "worker_id",
    "dirt",
    "recoverable",
]


def record_rows(file: str, sheet: object, row: object, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the true records of the data rows of one file.

    Parameters
    ----------
    file : str
        Relative to the raw folder; its first part is the source.
    sheet : str or array
        The name of the sheet, or one for each row.
    row : array
        The number of each row as a clerk counts, from 1.
    rows : DataFrame
        Those of part (1), firm_id (null), worker_id (null), dirt ("") and recoverable (True) that
        differ from the default; `recoverable` is False where no cleaning can restore the row or its
        link.

    Returns
    -------
    DataFrame
        The columns `RECORD_COLUMNS`.
    """
    record = pd.DataFrame(
        {"part": 1, "firm_id": None, "worker_id": None, "dirt": "", "recoverable": True}, rows.index
    )
    record = record.assign(**{name: rows[name] for name in record if name in rows})
    record = record.assign(source=file.split("/")[0], file=file, sheet=sheet, row=row)
    return record[RECORD_COLUMNS].astype(
        {name: "str" for name in RECORD_COLUMNS if name not in ("row", "part", "recoverable")}
    )


def kinds_of_dirt(marks: dict[str, np.ndarray]) -> np.ndarray:
    """Join the names of the marks that are True with ";", for each row."""
    text = np.full(len(next(iter(marks.values()))), "", dtype=object)
    for name, rows in marks.items():
        text = text + np.where(rows, f"{name};", "").astype(object)
    return np.asarray([kinds.rstrip(";") for kinds in text], dtype=object)


def has_namesake(world: World, firm_id: pd.Series, worker_id: pd.Series) -> np.ndarray:
    """Mark people with whom somebody of the same name was ever insured at the firm.

    The name does not distinguish the two.
    """
    person = world.spell[["firm_id", "worker_id"]].drop_duplicates()
    name = person["worker_id"].map(world.worker.set_index("worker_id")["name"])
    shared = person[person.assign(name=name).duplicated(["firm_id", "name"], keep=False)]
    return pd.MultiIndex.from_arrays([firm_id, worker_id]).isin(pd.MultiIndex.from_frame(shared))
