"""Solutions of tutorial 6. Each function makes the answer from the data of the notebook."""

from math import ceil, log
from typing import Any

import pandas as pd

import zgzx_research as zr

POWER_80 = 2.801585  # normal quantiles of 97.5 % and 80 %, added up
ONLY_INTERVAL = 1.959964


def exercise_1(event: Any) -> float:
    """1.96 + 1.28 = 3.24 个标准误：检验力从 80% 提高到 90%，可检出影响大了 16%。

    1.96 + 1.28 = 3.24 standard errors: from 80 % to 90 % power the detectable effect grows by 16 %.
    """
    return zr.minimum_detectable_effect(event, (0, 2), power=0.9).effect


exercise_1.tolerance = 0.002


def mistake_1_power_80(event: Any) -> float:
    """这是检验力为 80% 的影响。把 0.84 换成 90% 的分位数。

    This is the effect at 80 % power. Use the quantile of 90 % in place of .84.
    """
    return zr.minimum_detectable_effect(event, (0, 2)).effect


def mistake_1_interval_only(event: Any) -> float:
    """1.96 个标准误的影响只有一半的机会被看见。还要加上 90% 的分位数。

    An effect of 1.96 standard errors is found half the time. Add the quantile of 90 %.
    """
    return float(ONLY_INTERVAL * event.window(0, 2)["std_error"].iloc[0])


def exercise_2() -> int:
    """一共要 12 × (2.80 × 0.8 / 1)² = 60.3，进位为 61 届，所以再办 49 届。

    In all 12 × (2.80 × .8 / 1)² = 60.3, rounded up to 61, so 49 more.
    """
    return ceil(12 * (POWER_80 * 0.8) ** 2) - 12


def mistake_2_in_all() -> int:
    """这是一共要办的届数。减去已办的 12 届。

    This is the number in all. Subtract the 12 there are.
    """
    return ceil(12 * (POWER_80 * 0.8) ** 2)


def mistake_2_not_squared() -> int:
    """标准误与届数的**平方根**成反比，所以比值要平方。

    The standard error falls with the **square root** of the number, so square the ratio.
    """
    return ceil(12 * POWER_80 * 0.8) - 12


def mistake_2_half_the_time() -> int:
    """你用了 1.96：这样只有一半的机会看见。用 2.80。

    You used 1.96, which finds the effect half the time. Use 2.80.
    """
    return ceil(12 * (ONLY_INTERVAL * 0.8) ** 2) - 12


def exercise_3() -> int:
    """log(1.1) = 0.0953，所以是 12 × (2.80 × 0.12 / 0.0953)² = 149.3，进位为 150 届。按这样的误差，10% 的影响在可预见的将来看不见。

    log(1.1) = .0953, so 12 × (2.80 × .12 / .0953)² = 149.3, rounded up to 150. With such an error, 10 % cannot be seen in any foreseeable time.
    """
    return ceil(12 * (POWER_80 * 0.12 / log(1.1)) ** 2)


def mistake_3_no_log() -> int:
    """标准误是对数的，影响也要取对数：log(1.1)，不是 0.10。

    The standard error is that of a log, so take the log of the effect, too: log(1.1), not .10.
    """
    return ceil(12 * (POWER_80 * 0.12 / 0.10) ** 2)


def mistake_3_more() -> int:
    """这里问的是一共要办多少届。

    The question is how many in all.
    """
    return exercise_3() - 12


def exercise_4(worlds: pd.DataFrame, half: float) -> float:
    """检验力低时，只有偏大的估计才显著。只报告显著的估计，就会夸大影响。

    With low power only estimates that are too large are significant. To report only these is to exaggerate.
    """
    estimates = worlds["estimate"] + half
    seen = estimates > 1.96 * worlds["std_error"]
    return float(estimates[seen].mean() / half)


exercise_4.tolerance = 0.001


def mistake_4_all_worlds(worlds: pd.DataFrame, half: float) -> float:
    """你把不显著的世界也算进来了；全部世界的平均当然接近 1。

    You took all worlds, significant or not; their mean is near 1, of course.
    """
    return float((worlds["estimate"] + half).mean() / half)


def mistake_4_null(worlds: pd.DataFrame, half: float) -> float:
    """你没有加上真实影响：`worlds` 是没有影响的世界。

    You did not add the true effect: `worlds` are worlds without one.
    """
    estimates = worlds["estimate"]
    return float(estimates[estimates > 1.96 * worlds["std_error"]].mean() / half)
