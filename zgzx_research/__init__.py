"""Did 职工之星 (Worker Star) raise retention and patents?

Cleaning of administrative files, difference-in-differences, and bilingual reports.
"""

import warnings

import lazy_loader

__version__ = "0.1.0"

# pandera and Splink load PySpark where it is installed; here tables go in and out of it as Arrow
warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)

# the public names stand in __init__.pyi, which editors read too; each is loaded when first used
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
