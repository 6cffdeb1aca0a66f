"""Tables of text into typed, checked, pseudonymised tables.

Whatever fails is written down with a reason.
"""
