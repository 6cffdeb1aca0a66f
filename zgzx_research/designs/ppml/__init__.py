"""Poisson regression with unit and period effects, without and with covariates."""

from zgzx_research.designs.ppml.unit_effects import ppml
from zgzx_research.designs.ppml.with_covariates import ppml_with_covariates

__all__ = ["ppml", "ppml_with_covariates"]
