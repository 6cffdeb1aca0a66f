"""Figures, tables, words and pages made of results; nothing is estimated here."""
