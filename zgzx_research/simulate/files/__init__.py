"""The raw files of the synthetic world: how offices write down what happened, with mistakes."""
