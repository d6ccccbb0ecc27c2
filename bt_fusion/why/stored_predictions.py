"""Predictions stored in the folder of a finished run."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.evaluation.drift import State
from bt_fusion.labels import Label
from bt_fusion.models.predictions import Predictions

__all__ = ["StoredPredictions", "stored_health"]


@dataclass(frozen=True, eq=False)
class StoredPredictions(Predictions):
    """Predictions stored in a run's folder: combined, without the members' votes.

    Attributes
    ----------
    kept : DataFrame
        Stored rows of one symbol, indexed by datetime; the source of a majority vote's signal and
        confidence.
    """

    kept: pd.DataFrame = field(default_factory=pd.DataFrame)

    def signal(self, entry: float = 0.60, strong: float = 0.70) -> np.ndarray:
        """Return the stored signal of a majority vote, else that of the probabilities."""
        if self.voting == "soft":
            return super().signal(entry, strong)
        return self.kept.signal.reindex(self.index).to_numpy()

    @property
    def confidence(self) -> np.ndarray:
        """The stored confidence of a majority vote, else that of the probabilities."""
        if self.voting == "soft":
            return super().confidence
        return self.kept.confidence.reindex(self.index).to_numpy()

    @classmethod
    def of(cls, table: pd.DataFrame, label: Label, ensemble: dict[str, Any]) -> "StoredPredictions":
        """Return the predictions of one symbol.

        Parameters
        ----------
        table : DataFrame
            Its rows of predictions.parquet.
        label : Label
        ensemble : dict
            Parameters of the ensemble; only voting and vote_threshold are used.
        """
        up, down = table.probability_up.to_numpy(), table.probability_down.to_numpy()
        rest = 1 - up - (down if len(label.classes) == 3 else 0)
        columns = [down, rest, up] if len(label.classes) == 3 else [rest, up]
        return cls(
            index=pd.DatetimeIndex(table.datetime),
            classes=label.classes,
            two_sided=label.two_sided,
            votes=np.column_stack(columns)[:, None],
            members=("ensemble",),
            weights=np.ones(1),
            voting=ensemble["voting"],
            vote_threshold=ensemble["vote_threshold"],
            model=table.model.to_numpy(),
            trained_until=table.trained_until.to_numpy(),
            label=label,
            payoff=table[["win", "loss"]].to_numpy() if "win" in table else None,
            health=stored_health(table),
            kept=table.set_index("datetime"),
        )


def stored_health(table: pd.DataFrame) -> np.ndarray | None:
    """Return the models' health of a run that reacts to drift, None for others."""
    return table[list(State._fields)].to_numpy() if "drifted" in table else None
