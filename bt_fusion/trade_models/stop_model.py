"""StopModel: the distances of stop and target from an entry (system E's third model)."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import OptionError
from bt_fusion.trade_models.regressor import new_regressor
from bt_fusion.trade_models.sample_rows import sample_rows

__all__ = ["StopModel", "capped_stop", "largest_moves", "signal_side"]

LEAST, MOST = 0.25, 10.0  # limits of a stop or target, in ATR units
GAP = 0.1  # minimum distance of the target beyond the stop, in ATR units


class StopModel(BaseEstimator):
    """LightGBM: largest price moves against and for a signal in the horizon, in ATR units.

    Both are conditional quantiles of the largest excursion: by default the distance that three of
    four such signals do not reach. The stop is thus outside ordinary noise, and wider in volatile
    hours; the target is as hard to reach as the stop. Without an edge the two distances are about
    equal; with an edge the target is farther. Other trades end by time. A mean of the excursions
    would put the stop where almost half of all trades reach it; the stop with the highest past
    profit would depend on a handful of trades.

    Parameters
    ----------
    quantile : float
        Share of signals whose excursion stays within the distance.
    n_estimators, learning_rate, num_leaves, min_child_samples
        Of LightGBM.

    Attributes
    ----------
    stop_, target_ : LGBMRegressor
        Fitted.
    n_rows_ : int
    sample_ : ndarray, shape (at most 32, n_columns)
        Some of the rows: loading a saved model checks its predictions on them.

    References
    ----------
    Koenker and Bassett, Regression Quantiles, Econometrica 46 (1978).
    """

    def __init__(
        self,
        quantile: float = 0.75,
        n_estimators: int = 60,
        learning_rate: float = 0.05,
        num_leaves: int = 8,
        min_child_samples: int = 50,
    ):
        self.quantile = quantile
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_child_samples = min_child_samples

    __iter__ = None  # Backtrader's optstrategy iterates iterable values

    def fit(
        self, X: np.ndarray, against: np.ndarray, favour: np.ndarray, seed: int = 0
    ) -> "StopModel":
        """Learn from signals whose horizon is over.

        Parameters
        ----------
        X : ndarray of float32, shape (n_rows, n_columns)
            Features of the signal's bar, and its side.
        against, favour : ndarray of float64, shape (n_rows,)
            Largest excursions, see `largest_moves`.
        seed : int
        """
        self.stop_, self.target_ = (self._fit_one(X, y, seed) for y in (against, favour))
        self.n_rows_, self.sample_ = len(X), sample_rows(X)
        return self

    def _fit_one(self, X: np.ndarray, y: np.ndarray, seed: int) -> Any:
        if not 0 < self.quantile < 1:
            raise OptionError(f"quantile {self.quantile} must be between 0 and 1")
        made = new_regressor(self, seed, objective="quantile", alpha=self.quantile)
        return made.fit(X, y)

    def distances(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the distances of stop and target in ATR units; the target is farther.

        Parameters
        ----------
        X : ndarray of float32, shape (n_rows, n_columns)

        Returns
        -------
        stop, target : ndarray of float64, shape (n_rows,)
        """
        check_is_fitted(self, "stop_")
        stop, target = (
            model.booster_.predict(X, num_threads=1) for model in (self.stop_, self.target_)
        )
        stop = np.clip(stop, LEAST, MOST - GAP)
        return stop, np.clip(target, stop + GAP, MOST)


def signal_side(signal: np.ndarray, up: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Return the side to compute distances for: the signal's, otherwise the likelier one.

    A strategy may enter at a lower probability than a signal needs.

    >>> signal_side(np.array([2, 0, 0]), np.array([0.7, 0.5, 0.4]), np.array([0.3, 0.5, 0.6]))
    array([ 1,  1, -1])
    """
    return np.where(signal == 0, np.where(up >= down, 1, -1), np.sign(signal))


def largest_moves(
    bars: BarArrays, side: np.ndarray, atr: np.ndarray, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest moves against and for the side of each bar within the horizon.

    Measured from the close of the bar, with the highs and lows of the next `horizon` bars.

    Parameters
    ----------
    bars : BarArrays
    side : ndarray of int64, shape (n_bars,)
    atr : ndarray of float64, shape (n_bars,)
    horizon : int

    Returns
    -------
    against, favour : ndarray of float64, shape (n_bars,)
        0 or more, in ATR units; NaN if the horizon is not over or the ATR is 0.

    Examples
    --------
    >>> price = np.array([10.0, 12.0, 9.0])
    >>> bars = BarArrays(np.arange(3).astype("datetime64[ns]"), *[price] * 5)
    >>> against, favour = largest_moves(bars, np.array([1, 1, 1]), np.ones(3), horizon=2)
    >>> against[0], favour[0], np.isnan(against[1])
    (np.float64(1.0), np.float64(2.0), np.True_)
    """
    count = len(bars)
    high, low = np.full(count, np.nan), np.full(count, np.nan)
    if count > horizon:
        ahead = (sliding_window_view(values[1:], horizon) for values in (bars.high, bars.low))
        highs, lows = ahead
        high[:-horizon], low[:-horizon] = highs.max(axis=1), lows.min(axis=1)
    atr = np.where(atr > 0, atr, np.nan)
    up = np.maximum(high - bars.close, 0) / atr
    down = np.maximum(bars.close - low, 0) / atr
    return np.where(side > 0, down, up), np.where(side > 0, up, down)


def capped_stop(
    distance: float, equity: float, size: float, max_risk: float, point_value: float = 1.0
) -> float:
    """Return a stop distance that limits the loss to a share of the account.

    Parameters
    ----------
    distance : float
        In price units.
    equity : float
        Value of the account.
    size : float
        Of the position, either sign.
    max_risk : float
        Share of the account, 0.02 for 2 %.
    point_value : float
        Gain of one unit if the price rises by one: the multiplier of a future.

    Examples
    --------
    >>> capped_stop(3.0, equity=100_000, size=950, max_risk=0.02)
    2.1052631578947367
    """
    worth = abs(size) * point_value
    if not worth > 0:
        return distance
    return min(distance, max(0.0, max_risk * equity) / worth)
