"""Did 职工之星 (Worker Star) raise retention and patents? Cleaning, difference-in-differences, bilingual reports."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# name -> module; loaded when first asked for, so that `import zgzx_research` stays quick
_PUBLIC = {
    "prepare_panel": "zgzx_research.did.prepare",
    "PreparedPanel": "zgzx_research.did.prepare",
    "estimate_effects": "zgzx_research.did.estimate",
    "Effects": "zgzx_research.did.effects",
    "open_page": "zgzx_research.pipeline.pages",
    "ZgzxError": "zgzx_research.errors",
}

__all__ = sorted([*_PUBLIC, "__version__"])


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
