"""What a run does, step by step: `data` from raw files to panels, `pages` from panels to reports."""
