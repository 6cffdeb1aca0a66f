"""Did 职工之星 (Worker Star) raise retention and patents? Cleaning, difference-in-differences, bilingual reports."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# name -> module; loaded when first asked for, so that `import zgzx_research` stays quick
_PUBLIC = {
    "prepare_panel": "zgzx_research.did.prepare",
    "PreparedPanel": "zgzx_research.did.prepare",
    "estimate_effects": "zgzx_research.did.estimate",
    "Effects": "zgzx_research.did.effects",
    "comparison_weights": "zgzx_research.did.comparison_weights",
    "check_weights": "zgzx_research.did.comparison_weights",
    "plot_event_study": "zgzx_research.report.figures",
    "plot_estimators": "zgzx_research.report.figures",
    "plot_comparison_weights": "zgzx_research.report.comparison_figures",
    "regression_table": "zgzx_research.report.regression_tables",
    "bacon_decomposition": "zgzx_research.did.bacon",
    "wild_cluster_bootstrap": "zgzx_research.did.wild_bootstrap",
    "ppml": "zgzx_research.did.ppml",
    "ppml_with_covariates": "zgzx_research.designs.ppml",
    "open_page": "zgzx_research.pipeline.pages",
    "read_raw": "zgzx_research.ingest.read",
    "clean": "zgzx_research.cleaning.sources",
    "link_firms": "zgzx_research.link.link_firms",
    "link_people": "zgzx_research.link.link_people",
    "build_firm_year": "zgzx_research.panels.firm_year",
    "build_worker_final": "zgzx_research.panels.worker_final",
    "ZgzxError": "zgzx_research.errors",
}

__all__ = sorted([*_PUBLIC, "__version__"])


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
