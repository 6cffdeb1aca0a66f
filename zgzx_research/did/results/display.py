"""What effects and aggregates have in common: text, HTML, and the attributes maketables reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from zgzx_research.did.results.coefficient_table import STAT_LABELS, coefficient_table, statistic
from zgzx_research.did.results.result_words import effects_of
from zgzx_research.did.results.summary import Overview, overview

if TYPE_CHECKING:
    from zgzx_research.did.results.aggregated import Aggregate
    from zgzx_research.did.results.effects import Effects


class ResultDisplay:
    """Base of `Effects` and `Aggregate`: their summary, and the attributes maketables reads."""

    __slots__ = ()

    @property
    def _result(self) -> Effects | Aggregate:
        return cast("Effects | Aggregate", self)

    def summary(self) -> Overview:
        """Show method, sample, overall estimate, pre-test, a row per estimate, and the ledger."""
        return overview(self._result)

    def __str__(self) -> str:
        return str(self.summary())

    def __repr__(self) -> str:
        method, rows = effects_of(self._result).options["method"], len(self._result.select()[0])
        return f"<{type(self).__name__} of {method}, {rows} estimates>"

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        return coefficient_table(self._result).copy()

    def __maketables_stat__(self, key: str) -> Any:
        return statistic(self._result, key)

    @property
    def __maketables_depvar__(self) -> str:
        # LaTeX from maketables escapes nothing
        return str(effects_of(self._result).options.get("outcome", "")).replace("_", " ")

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        return dict(STAT_LABELS)

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        return [key for key in STAT_LABELS if self.__maketables_stat__(key) is not None]
