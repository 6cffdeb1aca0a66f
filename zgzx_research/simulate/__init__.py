"""A synthetic world with known truth, as the raw files agencies deliver; it sees no estimator and no cleaning."""
