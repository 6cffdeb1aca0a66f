"""Estimators for other designs than group-time comparisons: today Poisson regression."""
