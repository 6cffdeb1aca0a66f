"""Solutions of tutorial 3. Each function makes the answer from the data of the notebook."""

import pandas as pd


def _change(panel: pd.DataFrame, rows: pd.Series, first: int = 2018) -> float:
    means = panel[rows].groupby("year")["mu0"].mean()
    return float(means[2020] / means[first])


def exercise_1(epidemic: pd.DataFrame) -> float:
    """世界里没有任何效应，获奖企业却“少”了几个百分点：这就是疫情。

    Nothing has an effect in this world, yet winners have a few percent "less": that is the epidemic.
    """
    return _change(epidemic, epidemic["first_award"].eq(2019)) - 1


exercise_1.tolerance = 1e-3


def mistake_1_from_2019(epidemic: pd.DataFrame) -> float:
    """你从 2019 年算起。获奖当年不是“之前”，请用 2018 年。

    You began with 2019. The year of the award is not before it: take 2018.
    """
    return _change(epidemic, epidemic["first_award"].eq(2019), 2019) - 1


def mistake_1_all_firms(epidemic: pd.DataFrame) -> float:
    """你算了所有企业。只要 2019 年获奖的。

    These are all firms. Keep those that won in 2019.
    """
    return _change(epidemic, epidemic["year"].notna()) - 1


def exercise_2(epidemic: pd.DataFrame) -> float:
    """几乎是 0：对照企业经历了同一场疫情，相除就消掉了。剩下的是企业构成的变化。

    Nearly 0: the comparison firms went through the same epidemic, and it cancels. What is left is who was founded and who closed.
    """
    winners = _change(epidemic, epidemic["first_award"].eq(2019))
    return winners / _change(epidemic, epidemic["first_award"].isna()) - 1


exercise_2.tolerance = 1e-3


def mistake_2_difference_of_changes(epidemic: pd.DataFrame) -> float:
    """你把两个比例相减。在比率尺度上要相除，再减 1。

    You subtracted two proportions. On the ratio scale divide, then take away 1.
    """
    winners = _change(epidemic, epidemic["first_award"].eq(2019))
    return winners - _change(epidemic, epidemic["first_award"].isna())


def exercise_3() -> str:
    """获奖前一年是被挑中的那个好年头，用它作基期会把回到常态当成损害。

    The year before the award is the good year for which firms were picked; as a base it makes the way back to normal look like harm.
    """
    return "regression_to_the_mean"


def mistake_3_size() -> str:
    """大企业的优势每一年都在，空出一年去不掉它；双重差分才能去掉。

    What large firms have, they have in every year: leaving one out does not remove it, difference-in-differences does.
    """
    return "size_selection"


def mistake_3_covid() -> str:
    """疫情在固定的年份，不在“获奖前一年”。

    The epidemic is in fixed years, not in the year before an award.
    """
    return "covid"


def exercise_4(spells: pd.DataFrame) -> float:
    """十个人里大约有一个：只看社保，企业的人数就少这么多。

    About one in ten: by so much insurance alone undercounts the staff.
    """
    ends = spells["end_ym"].fillna(209912)
    there = spells[spells["start_ym"].le(201912) & ends.ge(201912)]
    return float(there["agency"].ge(0).mean())


def mistake_4_all_years(spells: pd.DataFrame) -> float:
    """你没有按时间筛选。只要 2019 年末在职的。

    You did not choose by time. Keep those that hold at the end of 2019.
    """
    return float(spells["agency"].ge(0).mean())


def mistake_4_without_open_ends(spells: pd.DataFrame) -> float:
    """`end_ym` 空缺表示还在职，这些行也要算。

    A missing `end_ym` means still employed; these rows count, too.
    """
    there = spells[spells["start_ym"].le(201912) & spells["end_ym"].ge(201912).fillna(False)]
    return float(there["agency"].ge(0).mean())
