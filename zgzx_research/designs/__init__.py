"""Designs beside the main estimators: checks that use other libraries."""
