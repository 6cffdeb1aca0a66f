"""Copy the demo's event study of inventions into docs/figures, for the README.

`make report` comes first.
"""

from __future__ import annotations

from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
PAGE, KEY = "4_patents", "event_study.patents_invention.main"

for language in ("zh", "en"):
    book = nbformat.read(ROOT / f"reports/demo/{language}/notebooks/{PAGE}.ipynb", as_version=4)
    outputs = (output for cell in book.cells for output in cell.get("outputs", []))
    figure = next(
        output for output in outputs if output.get("metadata", {}).get("zgzx", {}).get("key") == KEY
    )
    path = ROOT / f"docs/figures/patents_invention.{language}.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(figure.data["image/svg+xml"], encoding="utf-8")
