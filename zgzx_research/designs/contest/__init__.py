"""Winners of a contest against the other entrants of the same edition."""

from zgzx_research.designs.contest.effects import contest_effects
from zgzx_research.designs.contest.result import ContestEffects

__all__ = ["ContestEffects", "contest_effects"]
