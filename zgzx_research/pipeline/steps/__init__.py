"""The steps of a run: `data` from raw files to panels, `pages` from panels to reports."""
