"""Refit the model of a past bar: its votes and the features behind them."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.evaluation.contributions import Contributions, contributions, vote_weights
from bt_fusion.models.empty_predictions import empty_predictions
from bt_fusion.models.payoff import Payoff
from bt_fusion.models.predictions import Predictions, Signal
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.why.rebuilt_run import RebuiltRun

__all__ = ["ModelReasons", "model_reasons_of"]

SAME = 1e-9  # allowed difference of a rebuilt probability from the stored one
ARRAYS = ("features", "values", "contributions")


@dataclass(frozen=True, eq=False)
class ModelReasons:
    """Prediction of the refitted model for the bar, and its explanation.

    Attributes
    ----------
    refit : int
        Number of the refit, 0 for a saved model.
    rows : int
        Number of its training rows.
    trained_until : Timestamp
    votes : dict of str to dict of str to float
        Member, class, probability.
    weights : dict of str to float
        Weight of each member's probability.
    voting : str
    probability_up, probability_down : float
        Of the ensemble.
    signal, level : str
    confidence : float
    stored : float
        P(up) in predictions.parquet.
    explained : str
        The class whose probability the contributions explain.
    features : tuple of str
    values : ndarray of float, shape (n_features,)
        The features on the bar.
    contributions : Contributions
    payoff : Payoff or None
        Gain of a right and loss of a wrong prediction, from the training rows.
    changed_plugins : tuple of str
        Files the model needs that have changed since the run.
    """

    refit: int
    rows: int
    trained_until: pd.Timestamp
    votes: dict[str, dict[str, float]]
    weights: dict[str, float]
    voting: str
    probability_up: float
    probability_down: float
    signal: str
    level: str
    confidence: float
    stored: float
    explained: str
    features: tuple[str, ...]
    values: np.ndarray
    contributions: Contributions
    payoff: Payoff | None = None
    changed_plugins: tuple[str, ...] = ()

    @property
    def difference(self) -> float:
        """Difference of P(up) from the stored one."""
        return abs(self.probability_up - self.stored)

    @property
    def same(self) -> bool:
        """Whether the rebuilt model's prediction equals the run's."""
        return self.difference <= SAME

    def ranked(self) -> list[dict[str, Any]]:
        """Return the features by the size of their contribution, largest first."""
        given = self.contributions.values
        return [
            {
                "feature": self.features[k],
                "value": float(self.values[k]),
                "contribution": float(given[k]),
            }
            for k in np.argsort(-np.abs(given), kind="stable")
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return everything by name, the features ranked."""
        known = {key: value for key, value in vars(self).items() if key not in ARRAYS}
        by = {key: value for key, value in vars(self.contributions).items() if key != "values"}
        ranked = {"features": self.ranked()}
        payoff = None if self.payoff is None else asdict(self.payoff)
        compared = {"difference": self.difference, "same": self.same, "payoff": payoff}
        return known | compared | {"contributions": by | ranked}


@dataclass(frozen=True, eq=False)
class Model:
    """The model used for a bar, its features, and its votes on that bar.

    Attributes
    ----------
    signal_model : SignalModel
    ensemble : Ensemble
        Fitted.
    X : ndarray of float, shape (n_bars, n_features)
    votes : ndarray of float, shape (n_members, n_classes)
    rows : int
        Number of its training rows.
    typical : ndarray of float, shape (n_features,)
        Medians of the training rows.
    payoff : Payoff or None
    """

    signal_model: SignalModel
    ensemble: Ensemble
    X: np.ndarray
    votes: np.ndarray
    rows: int
    typical: np.ndarray
    payoff: Payoff | None


def model_at(predictor: WalkForward | SignalModel, arrays: BarArrays, at: int) -> Model:
    """Refit the model whose block contains a bar; a saved model is used unchanged."""
    if isinstance(predictor, SignalModel):
        X, ensemble = predictor.feature_set_.transform(arrays), predictor.ensemble_
        votes = ensemble.member_proba(X, np.array([at]))[0]
        typical = np.median(predictor.sample_, axis=0)
        payoff = predictor.payoff_
        return Model(predictor, ensemble, X, votes, predictor.n_rows_, typical, payoff)
    task = predictor.task_of(arrays, at)
    assert task is not None  # the bar has a prediction
    ensemble, block_votes = task.fit()
    votes = block_votes[np.searchsorted(task.block, at)]
    typical = np.median(task.inputs.X[task.rows], axis=0)
    rows, payoff = len(task.rows), task.refit.payoff
    return Model(predictor.signal_model(), ensemble, task.inputs.X, votes, rows, typical, payoff)


def model_reasons_of(
    rebuilt: RebuiltRun, symbol: str, bars: pd.DataFrame, at: int, side: str
) -> ModelReasons | None:
    """Refit the model of that time and return its reasons for the bar; None if no prediction."""
    table = rebuilt.stored(symbol)
    stored = table[table.datetime == bars.index[at]].iloc[0]
    if not np.isfinite(stored.probability_up):
        return None
    arrays = BarArrays.of(bars)
    model = model_at(rebuilt.predictor(symbol), arrays, at)
    predicted = empty_predictions(model.signal_model, arrays.time[at : at + 1])
    predicted.votes[0] = model.votes
    names, column = predicted.class_names, explained_column(predicted, side)
    return ModelReasons(
        refit=int(stored.model),
        rows=model.rows,
        trained_until=pd.Timestamp(stored.trained_until),
        votes={
            member: dict(zip(names, map(float, vote), strict=True))
            for member, vote in zip(predicted.members, model.votes, strict=True)
        },
        weights=dict(zip(predicted.members, vote_weights(model.ensemble).tolist(), strict=True)),
        voting=predicted.voting,
        probability_up=float(predicted.probability_up[0]),
        probability_down=float(predicted.probability_down[0]),
        signal=Signal(int(predicted.signal()[0])).name,
        level=str(predicted.levels()[0]),
        confidence=float(predicted.confidence[0]),
        stored=float(stored.probability_up),
        explained=names[column],
        features=tuple(model.signal_model.feature_set().names),
        values=model.X[at],
        contributions=contributions(model.ensemble, model.X, at, column, model.typical),
        payoff=model.payoff,
        changed_plugins=tuple(rebuilt.changed_plugins),
    )


def explained_column(predictions: Predictions, side: str) -> int:
    """Return the class of a side; the most likely class if there is no side."""
    if side == "long":
        return predictions.classes.index(1)
    if side == "short":
        return 0 if predictions.two_sided else predictions.classes.index(1)
    return int(predictions.proba[0].argmax())
