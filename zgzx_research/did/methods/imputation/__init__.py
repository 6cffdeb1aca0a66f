"""Imputation (Borusyak, Jaravel & Spiess 2024), as differences and as ratios."""

from zgzx_research.did.methods.imputation.imputation import METHOD, Options

__all__ = ["METHOD", "Options"]
