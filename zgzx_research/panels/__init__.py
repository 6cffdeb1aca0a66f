"""Analysis panels: one row per firm and year."""
