"""Run a study: steps from raw files to reports, notebooks, pages, checks."""
