"""Extended two-way fixed effects (Wooldridge 2021, 2023)."""

from zgzx_research.did.methods.extended_two_way.extended_two_way import METHOD, Options

__all__ = ["METHOD", "Options"]
