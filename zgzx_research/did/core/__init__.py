"""What all methods share: sums over units, covariances, aggregates, tests. Arrays only."""
