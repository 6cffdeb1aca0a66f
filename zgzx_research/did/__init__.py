"""The causal core: panels in, effects out; arrays only."""
