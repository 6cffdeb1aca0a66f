"""Did 职工之星 (Worker Star) raise retention and patents? Cleaning, difference-in-differences, bilingual reports."""

__version__ = "0.1.0"
