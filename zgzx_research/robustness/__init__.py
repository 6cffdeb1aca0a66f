"""Which comparisons drive an estimate, and tests that hold with few clusters."""
