"""What the results amount to: one set of numbers, verdicts on claims, grade of the evidence."""
