"""The model of the synthetic world: what truly happens to firms, workers, contests and patents."""
