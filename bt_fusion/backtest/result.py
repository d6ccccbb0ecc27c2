"""Result: what a backtest found."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from bt_fusion.backtest.out_of_sample import Unseen
from bt_fusion.backtest.summary import only
from bt_fusion.engine.runner import Run
from bt_fusion.labels import Labels
from bt_fusion.models.predictions import Predictions

__all__ = ["Result"]


@dataclass(frozen=True)
class Result:
    """What a backtest found.

    Attributes
    ----------
    summary : dict
        The content of summary.json.
    runs : dict of Run
        "off", "on" or both.
    unseen : dict of Unseen
        The window of each symbol.
    """

    summary: dict[str, Any]
    runs: dict[str, Run]
    unseen: dict[str, Unseen]

    @property
    def bars(self) -> pd.DataFrame | dict[str, pd.DataFrame]:
        """The bars of the window; of several symbols by symbol."""
        return only({symbol: part.bars for symbol, part in self.unseen.items()})

    @property
    def predictions(self) -> Predictions | dict[str, Predictions]:
        """The predictions of the same bars, likewise."""
        return only({symbol: part.predictions for symbol, part in self.unseen.items()})

    @property
    def labels(self) -> Labels | dict[str, Labels]:
        """What became of them, known afterwards, likewise."""
        return only({symbol: part.labels for symbol, part in self.unseen.items()})

    def _repr_html_(self) -> str:
        """Show the verdict, the equity curves and the figures in a notebook."""
        from bt_fusion.report.html.notebook import notebook_html

        equity = pd.DataFrame({name: run.equity for name, run in self.runs.items()})
        return notebook_html(self.summary, equity)
