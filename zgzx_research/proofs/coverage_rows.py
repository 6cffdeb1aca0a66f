"""The rows of the table of coverage: which method runs in which panel, and whether it must hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from zgzx_research.did.results.effects import Effects


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table.

    Attributes
    ----------
    label : str
        The method in words.
    world : str
        A key of `KNOWN_PANELS`.
    options : dict
        Arguments of `estimate_effects`.
    panel : dict
        Arguments of `prepare_panel`.
    truth : {"population", "sample"}
        Whose cohort shares the true value has: the population's where the method takes shares as
        estimates, the sample's where it takes them as fixed.
    target : {"events", "window", "overall"}
        The mean over event times 0 to 2, each over the cohorts seen at it; the same over the
        cohorts seen at all of them; or the mean over all treated periods.
    measure : {"difference", "log", "ratio"}
        See `true_mean`.
    fails : str
        Why this row cannot hold; empty if it must hold.
    conservative : bool
        Whether intervals may cover more often and tests reject less often.
    defect : callable or None
        A defect that a test of this table plants in the effects.
    """

    label: str
    world: str
    options: dict[str, Any]
    panel: dict[str, Any] = field(default_factory=dict)
    truth: str = "population"
    target: str = "events"
    measure: str = "difference"
    fails: str = ""
    conservative: bool = False
    defect: Callable[[Effects], Effects] | None = None


UNADJUSTED = "trends depend on covariates"
HETEROGENEOUS = "effects differ, and the treated serve as comparison"

DOUBLY_ROBUST = {"adjustment": "doubly_robust"}
OUTCOME_REGRESSION = {"adjustment": "outcome_regression"}
PROBABILITY = {"adjustment": "inverse_probability"}
NOT_YET = {"controls": "not_yet_treated"}
RATIO_SCALE = {"scale": "ratio"}
IMPUTATION = {"method": "imputation"}
INTERACTED = {"method": "interaction_weighted"}
STACKED = {"method": "stacked", "event_window": (-3, 2)}
EXTENDED_LINEAR = {"method": "extended_two_way", "family": "linear"}
EXTENDED_POISSON = {"method": "extended_two_way", "family": "poisson"}
EXTENDED_RATIO = {"method": "extended_two_way", "scale": "ratio"}
PPML = {"method": "ppml", "design": "cohort_event"}
TWO_WAY = {"method": "two_way_fixed_effects"}
TWO_COVARIATES = {"covariates": ("x1", "x2")}
ONE_COVARIATE = {"covariates": ("x1",)}
CLUSTERED = {"cluster": "cluster"}

Sample = partial(Row, truth="sample")
Cautious = partial(Row, truth="sample", conservative=True)
Ratio = partial(Row, truth="sample", measure="ratio")
Adjusted = partial(Row, panel=TWO_COVARIATES)

ROWS = (
    Row("group_time", "staggered", {}),
    Row("group_time, window(0, 2)", "staggered", {}, target="window"),
    Row("group_time, overall", "staggered", {}, target="overall"),
    Row("group_time, not yet treated", "staggered", NOT_YET),
    Row("group_time, varying base", "staggered", {"base_period": "varying"}),
    Row("group_time, pooled base", "staggered", {"base_period": "pooled"}),
    Row("group_time, donut", "staggered", {"leave_out": 1}),
    Row("group_time, clusters of 10", "clusters", {}, CLUSTERED),
    Row("group_time, clusters ignored", "clusters", {}, fails="shocks are shared"),
    Row("group_time, gaps pairwise", "gaps", {}),
    Row("group_time, gaps balance", "gaps", {}, {"gaps": "balance"}),
    Row("group_time, weights", "weights", {}, {"weights": "weight"}),
    Row("group_time, weights ignored", "weights", {}, fails="the effect meant is the weighted one"),
    Row("group_time, cross-sections", "cross-sections", {}, {"gaps": "cross_section"}),
    Row("group_time, unadjusted", "covariates", {}, fails=UNADJUSTED),
    Adjusted("group_time, doubly robust", "covariates", DOUBLY_ROBUST),
    Adjusted("group_time, inverse probability", "covariates", PROBABILITY),
    Adjusted("group_time, outcome regression", "covariates", OUTCOME_REGRESSION),
    Adjusted("group_time, doubly robust", "curved trend", DOUBLY_ROBUST),
    Adjusted("group_time, inverse probability", "curved trend", PROBABILITY),
    Adjusted(
        "group_time, outcome regression",
        "curved trend",
        OUTCOME_REGRESSION,
        fails="the outcome model is wrong",
    ),
    Adjusted("group_time, doubly robust", "curved propensity", DOUBLY_ROBUST),
    Adjusted(
        "group_time, inverse probability",
        "curved propensity",
        PROBABILITY,
        fails="the propensity model is wrong",
    ),
    Adjusted("group_time, outcome regression", "curved propensity", OUTCOME_REGRESSION),
    Ratio("group_time, ratio", "counts", RATIO_SCALE),
    Ratio("group_time, ratio, pooled base", "counts", RATIO_SCALE | {"base_period": "pooled"}),
    Ratio("group_time, ratio, not yet treated", "counts", RATIO_SCALE | NOT_YET),
    Ratio("group_time, ratio, unadjusted", "adjusted counts", RATIO_SCALE, fails=UNADJUSTED),
    Ratio(
        "group_time, ratio, outcome regression",
        "adjusted counts",
        RATIO_SCALE | OUTCOME_REGRESSION,
        ONE_COVARIATE,
    ),
    Ratio(
        "group_time, ratio, inverse probability",
        "adjusted counts",
        RATIO_SCALE | PROBABILITY,
        ONE_COVARIATE,
    ),
    Row(
        "group_time, difference of counts", "counts", {}, fails="trends are parallel in proportion"
    ),
    Cautious("imputation", "staggered", IMPUTATION),
    Cautious("imputation, leave one out", "staggered", IMPUTATION | {"leave_one_out": True}),
    Cautious("imputation, gaps", "gaps", IMPUTATION),
    Cautious("imputation, clusters of 10", "clusters", IMPUTATION, CLUSTERED),
    Cautious(
        "imputation, covariates", "covariates", IMPUTATION | OUTCOME_REGRESSION, TWO_COVARIATES
    ),
    Ratio("imputation, ratio", "counts", IMPUTATION | RATIO_SCALE, conservative=True),
    Sample("interaction_weighted", "staggered", INTERACTED),
    Sample("interaction_weighted, clusters of 10", "clusters", INTERACTED, CLUSTERED),
    Row("stacked", "staggered", STACKED, target="window", conservative=True),
    Sample("extended_two_way, linear", "staggered", EXTENDED_LINEAR),
    Sample("extended_two_way, linear, not yet treated", "staggered", EXTENDED_LINEAR | NOT_YET),
    Sample("extended_two_way, Poisson", "counts", EXTENDED_POISSON),
    Ratio("extended_two_way, Poisson, ratio", "counts", EXTENDED_RATIO | NOT_YET),
    Sample("ppml, by cohort and event time", "counts", PPML, measure="log"),
    Sample("two_way_fixed_effects, static", "constant", TWO_WAY, target="overall"),
    Sample(
        "two_way_fixed_effects, static",
        "staggered",
        TWO_WAY,
        target="overall",
        fails=HETEROGENEOUS,
    ),
    Sample("two_way_fixed_effects, event study", "same dynamics", TWO_WAY),
    Sample("two_way_fixed_effects, event study", "staggered", TWO_WAY, fails=HETEROGENEOUS),
)
