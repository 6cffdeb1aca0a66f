"""Other designs: Poisson regression, winners against finalists, rank, spillovers, descriptions."""
