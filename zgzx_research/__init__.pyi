__version__: str

from .cleaning.sources import clean as clean
from .designs.ppml import ppml as ppml
from .designs.ppml import ppml_with_covariates as ppml_with_covariates
from .did.estimate import estimate_effects as estimate_effects
from .did.panel.prepare import prepare_panel as prepare_panel
from .did.panel.prepared_panel import PreparedPanel as PreparedPanel
from .did.results.effects import Effects as Effects
from .errors import ZgzxError as ZgzxError
from .ingest.read import read_raw as read_raw
from .link.link_firms import link_firms as link_firms
from .link.link_people import link_people as link_people
from .panels.firm_year import build_firm_year as build_firm_year
from .panels.worker_final import build_worker_final as build_worker_final
from .pipeline.page import open_page as open_page
from .pipeline.panel_page import open_panel_page as open_panel_page
from .pipeline.panel_page import read_panel as read_panel
from .report.figures.cohorts import plot_cohorts as plot_cohorts
from .report.figures.comparison_weights_map import (
    plot_comparison_weights as plot_comparison_weights,
)
from .report.figures.estimators import plot_estimators as plot_estimators
from .report.figures.event_study import plot_event_study as plot_event_study
from .report.figures.outcome_paths import plot_outcome_paths as plot_outcome_paths
from .report.figures.raw_rows import plot_raw_rows as plot_raw_rows
from .report.tables.regression_tables import regression_table as regression_table
from .robustness.bacon import bacon_decomposition as bacon_decomposition
from .robustness.comparison_weights import check_weights as check_weights
from .robustness.comparison_weights import comparison_weights as comparison_weights
from .robustness.leave_largest_out import leave_largest_out as leave_largest_out
from .robustness.power import equivalence_test as equivalence_test
from .robustness.power import minimum_detectable_effect as minimum_detectable_effect
from .robustness.pretrend_power import pretrend_power as pretrend_power
from .robustness.pretrend_power import slope_for_power as slope_for_power
from .robustness.wild_bootstrap import wild_cluster_bootstrap as wild_cluster_bootstrap
