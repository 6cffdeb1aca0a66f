"""What the results amount to.

One set of numbers, verdicts on the claims, a grade of the evidence.
"""
