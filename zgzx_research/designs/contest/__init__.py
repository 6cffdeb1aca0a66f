"""Winners of a contest against the other entrants of the same edition."""

from zgzx_research.designs.contest.effects import ContestEffects, contest_effects

__all__ = ["ContestEffects", "contest_effects"]
