"""What the results amount to: one set of numbers, verdicts on the claims, a grade of the evidence."""
