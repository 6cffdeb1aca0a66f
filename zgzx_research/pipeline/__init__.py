"""Settings meet disk here: stages, tasks, notebooks, pages."""
