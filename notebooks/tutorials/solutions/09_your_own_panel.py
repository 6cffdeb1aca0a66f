"""Solutions of tutorial 9. Each function makes the answer from the data of the notebook."""

import numpy as np
import pandas as pd

import zgzx_research as zr


def _overall(table: pd.DataFrame, **options: object) -> float:
    covariates = ["lpop"] if options else []
    panel = zr.prepare_panel(
        table, outcome="lemp", unit="countyreal", period="year", first_treated="first",
        covariates=covariates,
    )
    frame = zr.estimate_effects(panel, **options).aggregate("overall").to_frame()
    return float(frame["estimate"].iloc[0])


def exercise_1(table: pd.DataFrame) -> float:
    """青少年就业减少约 4%。

    Teen employment falls by about 4 %.
    """
    return 100 * np.expm1(_overall(table))


exercise_1.tolerance = 5e-3


def mistake_1_times_hundred(table: pd.DataFrame) -> float:
    """对数的效应直接乘 100 只是近似，请用公式。

    The effect on the log times 100 is an approximation only: use the formula.
    """
    return 100 * _overall(table)


def mistake_1_proportion(table: pd.DataFrame) -> float:
    """这是比例，再乘 100。

    This is a proportion; multiply by 100.
    """
    return float(np.expm1(_overall(table)))


def exercise_2(table: pd.DataFrame) -> float:
    """只跟人口相近的县比较，结论几乎不变。

    Compared with counties of like population, the answer hardly changes.
    """
    return _overall(table, adjustment="doubly_robust")


exercise_2.tolerance = 1e-5


def mistake_2_without_covariate(table: pd.DataFrame) -> float:
    """这是没有协变量的估计。

    This is the estimate without covariates.
    """
    return _overall(table)


def exercise_3(table: pd.DataFrame) -> float:
    """与 `effects` 里 2007 批次、2007 年的那一格相同：程序做的就是这个两期两组。

    The same as the cell of cohort 2007 and year 2007 in `effects`: this two by two is what the program does.
    """
    return _by_hand(table, 0)


def _by_hand(table: pd.DataFrame, others: float) -> float:
    wide = table.pivot(index="countyreal", columns="year", values="lemp")
    change = wide[2007] - wide[2006]
    start = table.drop_duplicates("countyreal").set_index("countyreal")["first.treat"]
    return float(change[start.eq(2007)].mean() - change[start.eq(others)].mean())


def mistake_3_all_others(table: pd.DataFrame) -> float:
    """你把已经提高过的县也当成对照。只要 `first.treat` 为 0 的。

    You took counties that had raised before as comparison, too. Keep those with `first.treat` 0.
    """
    wide = table.pivot(index="countyreal", columns="year", values="lemp")
    change = wide[2007] - wide[2006]
    start = table.drop_duplicates("countyreal").set_index("countyreal")["first.treat"]
    return float(change[start.eq(2007)].mean() - change[start.ne(2007)].mean())


def mistake_3_no_comparison(table: pd.DataFrame) -> float:
    """还没有减去对照县的变化。

    The change of the comparison counties is not yet subtracted.
    """
    wide = table.pivot(index="countyreal", columns="year", values="lemp")
    start = table.drop_duplicates("countyreal").set_index("countyreal")["first.treat"]
    return float((wide[2007] - wide[2006])[start.eq(2007)].mean())
