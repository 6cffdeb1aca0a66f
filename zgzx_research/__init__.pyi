__version__: str

from .cleaning.sources import clean as clean
from .designs.colleague_years import colleague_years as colleague_years
from .designs.contest import ContestEffects as ContestEffects
from .designs.contest import contest_effects as contest_effects
from .designs.descriptive import dose as dose
from .designs.descriptive import participation as participation
from .designs.descriptive import skill_share as skill_share
from .designs.descriptive import visits as visits
from .designs.first_entry import first_entry as first_entry
from .designs.ppml import ppml as ppml
from .designs.ppml import ppml_with_covariates as ppml_with_covariates
from .designs.precision_weights import PrecisionWeights as PrecisionWeights
from .designs.precision_weights import precision_weights as precision_weights
from .designs.rank_near_cut import rank_near_cut as rank_near_cut
from .designs.spillovers import colleagues_retention as colleagues_retention
from .designs.spillovers import patents_without_finalists as patents_without_finalists
from .designs.value_for_money import award_costs as award_costs
from .designs.value_for_money import break_even as break_even
from .designs.value_for_money import price_of_one_more as price_of_one_more
from .designs.value_for_money import winners_after as winners_after
from .designs.value_for_money import without_award as without_award
from .designs.winners_and_finalists import log_wage_change as log_wage_change
from .designs.winners_and_finalists import winners_and_finalists as winners_and_finalists
from .designs.winners_checks import winners_aipw as winners_aipw
from .designs.winners_checks import winners_hazard as winners_hazard
from .designs.winners_patents import winners_patents as winners_patents
from .did.estimate import estimate_effects as estimate_effects
from .did.panel.panel_in_parts import PanelInParts as PanelInParts
from .did.panel.prepare import prepare_panel as prepare_panel
from .did.panel.prepared_panel import PreparedPanel as PreparedPanel
from .did.results.effects import Effects as Effects
from .engine import Engine as Engine
from .errors import ZgzxError as ZgzxError
from .ingest.read import read_raw as read_raw
from .link.link_firms import link_firms as link_firms
from .link.link_people import link_people as link_people
from .panels.firm_entries import build_firm_entries as build_firm_entries
from .panels.firm_year import build_firm_year as build_firm_year
from .panels.inventions_without_finalists import (
    build_inventions_without_finalists as build_inventions_without_finalists,
)
from .panels.worker_final import build_worker_final as build_worker_final
from .pipeline.page import open_page as open_page
from .pipeline.panel_page import open_panel_page as open_panel_page
from .pipeline.panel_page import read_panel as read_panel
from .report.figures.break_even import plot_break_even as plot_break_even
from .report.figures.changes_waterfall import plot_changes as plot_changes
from .report.figures.claims_plot import plot_claims as plot_claims
from .report.figures.cohorts import plot_cohorts as plot_cohorts
from .report.figures.comparison_weights_map import (
    plot_comparison_weights as plot_comparison_weights,
)
from .report.figures.edition_timeline import plot_edition_timeline as plot_edition_timeline
from .report.figures.estimators import plot_estimators as plot_estimators
from .report.figures.event_study import plot_event_study as plot_event_study
from .report.figures.flow import plot_flow as plot_flow
from .report.figures.honest_bounds import plot_honest_bounds as plot_honest_bounds
from .report.figures.linkage import plot_linkage as plot_linkage
from .report.figures.outcome_paths import plot_outcome_paths as plot_outcome_paths
from .report.figures.participation import plot_participation as plot_participation
from .report.figures.placebos import plot_placebos as plot_placebos
from .report.figures.raw_rows import plot_raw_rows as plot_raw_rows
from .report.figures.specification_curve import (
    plot_specification_curve as plot_specification_curve,
)
from .report.figures.theory_of_change import plot_theory_of_change as plot_theory_of_change
from .report.tables.regression_tables import regression_table as regression_table
from .robustness.bacon import bacon_by_kind as bacon_by_kind
from .robustness.bacon import bacon_decomposition as bacon_decomposition
from .robustness.base_sensitivity import base_sensitivity as base_sensitivity
from .robustness.compare_estimators import compare_estimators as compare_estimators
from .robustness.comparison_weights import check_weights as check_weights
from .robustness.comparison_weights import comparison_weights as comparison_weights
from .robustness.comparison_weights import weight_summary as weight_summary
from .robustness.heterogeneity import heterogeneity as heterogeneity
from .robustness.honest_bounds.honest_bounds import honest_bounds as honest_bounds
from .robustness.honest_bounds.result import HonestBounds as HonestBounds
from .robustness.leave_largest_out import leave_largest_out as leave_largest_out
from .robustness.leave_one_out import leave_one_out as leave_one_out
from .robustness.leave_one_out import near_other_programme as near_other_programme
from .robustness.multiple_testing import benjamini_hochberg as benjamini_hochberg
from .robustness.multiple_testing import holm as holm
from .robustness.multiple_testing import romano_wolf as romano_wolf
from .robustness.negative_controls import declared_controls as declared_controls
from .robustness.negative_controls import negative_controls as negative_controls
from .robustness.placebos import placebo_dates as placebo_dates
from .robustness.power import equivalence_test as equivalence_test
from .robustness.power import minimum_detectable_effect as minimum_detectable_effect
from .robustness.pretrend_power import pretrend_power as pretrend_power
from .robustness.pretrend_power import slope_for_power as slope_for_power
from .robustness.randomisation import randomisation_inference as randomisation_inference
from .robustness.specification_curve import specification_curve as specification_curve
from .robustness.summaries import summary_influence as summary_influence
from .robustness.surely_linked import surely_linked as surely_linked
from .robustness.wild_bootstrap import wild_cluster_bootstrap as wild_cluster_bootstrap
