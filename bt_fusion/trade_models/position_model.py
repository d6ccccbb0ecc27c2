"""PositionModel: hold, close or add to an open trade (system E's second model)."""

from enum import IntEnum

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import OptionError
from bt_fusion.trade_models.sample_rows import sample_rows

__all__ = ["Advice", "PositionModel", "advice_labels"]


class Advice(IntEnum):
    """What to do with an open position at the next open."""

    EXIT = -1
    HOLD = 0
    ADD = 1


class PositionModel(BaseEstimator):
    """Three voters on features and the state of the open trade, by majority.

    Parameters
    ----------
    ensemble : Ensemble, optional
        Default: rf, xgb and lgb by majority vote.
    exit_margin : float
        EXIT: closing at the next open must have beaten holding on by this many ATR units. It is
        wide, so that holding on is right for most bars of unpredictable trades: the rest of such a
        trade gains or loses about one ATR, equally often.
    add_margin : float
        ADD: the rest of the trade must have gained this many ATR units. It is wider because an
        addition pays costs of its own and doubles the risk.

    Attributes
    ----------
    ensemble_ : Ensemble
        Fitted.
    n_rows_ : int
    sample_ : ndarray, shape (at most 32, n_columns)
        Some of the rows: loading a saved model checks its predictions on them.
    """

    def __init__(
        self,
        ensemble: Ensemble | None = None,
        exit_margin: float = 0.75,
        add_margin: float = 1.0,
    ):
        self.ensemble = ensemble
        self.exit_margin = exit_margin
        self.add_margin = add_margin

    __iter__ = None  # Backtrader's optstrategy iterates iterable values

    def new_ensemble(self, seed: int = 0) -> Ensemble:
        """Return an unfitted copy of the voters."""
        if self.ensemble is None:
            return Ensemble(("rf", "xgb", "lgb"), voting="majority", seed=seed)
        return clone(self.ensemble)

    def fit(
        self, X: np.ndarray, gain: np.ndarray, seed: int = 0, t1: np.ndarray | None = None
    ) -> "PositionModel":
        """Learn from bars of past trades.

        Parameters
        ----------
        X : ndarray of float32, shape (n_rows, n_features + 7)
            Features of the bar, then `STATE`, in time order.
        gain : ndarray of float64, shape (n_rows,)
            Result of the rest of each trade from the next open on, in ATR units.
        seed : int
        t1 : ndarray of int64, shape (n_rows,), optional
            Position of the last row before each row's gain is known: the last one of its trade. By
            default each row is independent.

        Raises
        ------
        TrainingError
            If all rows are of one class.
        """
        y = advice_labels(gain, self.exit_margin, self.add_margin)
        own = np.arange(len(X))
        t1 = own if t1 is None else t1
        purge = int((t1 - own).max(initial=0))
        classes = [int(each) for each in Advice]
        self.ensemble_ = self.new_ensemble(seed).fit(X, y, classes=classes, t1=t1, purge=purge)
        self.n_rows_, self.sample_ = len(X), sample_rows(X)
        return self

    def advise(self, X: np.ndarray) -> np.ndarray:
        """Return an `Advice` per row: the majority's, HOLD without a majority.

        Parameters
        ----------
        X : ndarray of float32, shape (n_rows, n_features + 7)

        Returns
        -------
        ndarray of int64, shape (n_rows,)
        """
        check_is_fitted(self, "ensemble_")
        votes = self.ensemble_.member_proba(X, np.arange(len(X)))
        choice = votes.argmax(axis=2)
        shares = (choice[:, :, None] == np.arange(3)).mean(axis=1)
        winner, share = shares.argmax(axis=1), shares.max(axis=1)
        clear = (share >= self.ensemble_.vote_threshold) & (share > 0.5)
        return np.where(clear, winner - 1, Advice.HOLD)


def advice_labels(gain: np.ndarray, exit_margin: float, add_margin: float) -> np.ndarray:
    """Return the advice that would have been right, from the result of each trade's rest.

    Raises
    ------
    OptionError
        For a margin below 0, or an `add_margin` below the `exit_margin`.

    Examples
    --------
    >>> advice_labels(np.array([-0.8, 0.1, 1.2]), 0.75, 1.0)
    array([-1,  0,  1])
    """
    if not 0 <= exit_margin <= add_margin:
        raise OptionError(
            f"exit_margin {exit_margin} and add_margin {add_margin}: the first must be 0 or more, "
            "the second as wide at least"
        )
    return (gain > add_margin).astype(np.int64) - (gain < -exit_margin)
