"""Group-time effects (Callaway & Sant'Anna 2021), with and without covariates."""

from zgzx_research.did.methods.group_time.group_time import METHOD, Options

__all__ = ["METHOD", "Options"]
