"""Write data/README.md, the data dictionary, from the schemas of the clean tables."""

import sys
from pathlib import Path

from zgzx_research.cleaning.dictionary import data_dictionary

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    (ROOT / "data" / "README.md").write_text(data_dictionary(), encoding="utf-8")
    sys.stdout.write("data/README.md written\n")
