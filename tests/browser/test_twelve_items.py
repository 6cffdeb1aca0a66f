"""The twelve items that the reports must contain, found in both languages and in every format.

One row is one part of an item: the words that show it is there (patterns, without spaces and in
small letters), and a pattern for the keys of the facts behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.document_texts import squeezed, text_of
from tests.pipeline.conftest import facts
from zgzx_research.report.wording import LANGUAGES


@dataclass(frozen=True)
class Part:
    """One part of an item; `fact` is empty where no fact stands behind it."""

    item: int
    what: str
    zh: str
    en: str
    fact: str = ""
    document: str = "report"


PARTS = (
    Part(
        *(
            1,
            "headline with interval and certainty",
            r"证据[●○].*95%区间",
            r"evidence[●○].*95%interval",
        ),
        *(r"claim\.patents_up\.estimate", "brief"),
    ),
    Part(1, "its period", r"获奖后第\d+至\d+年", r"years?\d+to\d+", "", "brief"),
    Part(2, "the claims", r"官方说法核验", r"theofficialclaims", r"claim\.career\.verdict"),
    Part(2, "claims in a chart", r"图\d+[^。]{0,20}说法", r"figure\d+\.[^.]{0,40}claim"),
    Part(
        *(3, "grade with its arithmetic", r"证据等级的计算", r"howthegradewasreached"),
        r"claim\.patents_up\.grade_rule\.detectable\.value",
    ),
    Part(4, "theory of change", r"作用链条", r"programme.?schain"),
    Part(4, "calendar of editions", r"各届|届次", r"editions?calendar|calendarof|eachedition"),
    Part(4, "flow from entrants to analysed", r"进入分析", r"analys[ie]s|analysed", r"flow\..*"),
    Part(
        *(
            5,
            "event study",
            r"图\d+[^。]{0,20}首次获奖前后",
            r"figure\d+\.[^.]{0,60}aroundthefirstaward",
        ),
        r"patents_invention\.main\.event_time\.e\+1\.estimate",
    ),
    Part(5, "simultaneous band", r"95%联合区间", r"95%simultaneousband", r".*\.band_low"),
    Part(6, "test of the years before", r"检验", r"pre-?test|test", r".*\.pretest\.p_value"),
    Part(6, "its power", r"80%的机会|检验看不见", r"80%chance|wouldmiss", r".*pretest_power.*"),
    Part(6, "breakdown value", r"临界值|同升同降", r"breakdown|movedtogether", r".*breakdown.*"),
    Part(6, "which comparisons drive it", r"哪些比较决定", r"comparisons(that)?drive"),
    Part(7, "balance and overlap", r"均衡|平衡|可比", r"balance|comparable"),
    Part(7, "other estimators", r"不同估计方法|别的估计", r"otherestimators", r".*\.methods\..*"),
    Part(7, "specification curve", r"种设定", r"under\d+specifications", r".*\.curve\..*"),
    Part(7, "negative controls", r"阴性对照", r"negativecontrols", r"controls\..*"),
    Part(7, "placebo dates", r"假的获奖日期|安慰剂", r"placebo", r".*\.placebos?\..*"),
    Part(8, "detectable effect", r"最小可检出影响", r"minimumdetectableeffect", r".*\.mde"),
    Part(9, "rows by rule", r"行数核对", r"rowbalance", r"data\.total\.rows_in"),
    Part(9, "linkage by arm", r"各类参赛者的关联率", r"linkagebyfurthest", r"link\..*"),
    Part(9, "how far the data reach", r"年", r"20\d\d", r"(study\.)?until\.(years|patents)"),
    Part(9, "limits", r"限度", r"limits"),
    Part(10, "what changed since last year", r"与上一份报告相比", r"againsttheearlierreport"),
    Part(11, "disclosure log", r"没有显示的数字", r"numbersleftblank", r"disclosure\..*"),
    Part(11, "stamp", r"可复现标记.*代码指纹", r"reproducibilitystamp.*codedigest", r"stamp\.code"),
    Part(11, "what is exploratory", r"只作探索", r"exploratory", r"claim\..*\.verdict"),
    Part(11, "synthetic data are named", r"合成数据", r"synthetic", r"study\.synthetic"),
    Part(12, "value", r"成本|盈亏平衡|价值", r"cost|break-even", r"value\..*"),
)


@pytest.fixture(scope="module")
def texts(project: Path) -> dict[tuple[str, str, str], str]:
    """The squeezed text of every document, by document, language and format."""
    return {
        (name, language, suffix): squeezed(
            text_of(project / f"reports/demo/{language}/{name}.{suffix}")
        )
        for name in ("brief", "report")
        for language in LANGUAGES
        for suffix in ("html", "docx", "pdf")
    }


def test_every_item_has_a_part() -> None:
    assert {part.item for part in PARTS} == set(range(1, 13))


@pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part.item}-{part.what}")
def test_the_documents_contain(
    project: Path, texts: dict[tuple[str, str, str], str], part: Part
) -> None:
    for language, pattern in (("zh", part.zh), ("en", part.en)):
        missing = [
            suffix
            for suffix in ("html", "docx", "pdf")
            if not re.search(pattern, texts[part.document, language, suffix])
        ]
        assert missing == [], f"{language}: no {pattern}"
    known = facts(project)
    assert not part.fact or any(re.fullmatch(part.fact, key) for key in known)
