"""RiskModel: the size of a trade, from account and market state (system E's fourth model)."""

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from bt_fusion.trade_models.regressor import new_regressor
from bt_fusion.trade_models.sample_rows import sample_rows

__all__ = ["LEAST_SIZE", "MOST_SIZE", "RISK_FEATURES", "RiskModel", "account_state"]

# The only list: training, inference and the sizer all read it
RISK_FEATURES = (
    "drawdown_pct",
    "equity_ratio",
    "win_rate_recent",
    "consecutive_losses",
    "volatility_20",
    "atr_14",
    "hour",
)
LEAST_SIZE, MOST_SIZE = 0.10, 1.25
LEAST_EDGE = 0.05  # minimum mean result, in units of the risk, behind a size of 1
RECENT = 20  # number of trades in the share of wins


class RiskModel(BaseEstimator):
    """LightGBM on `RISK_FEATURES`: a multiplier of a trade's size, 0.10 to 1.25.

    It learns the results of trades in units of their risk (the distance of their stop). By Kelly's
    rule the size is proportional to the expected result: average for its training trades gives 1, a
    quarter more 1.25, an expected loss 0.10. If that average is below a twentieth of the risk,
    which is indistinguishable from chance, a twentieth is used instead: without an edge all trades
    are small.

    Parameters
    ----------
    n_estimators, learning_rate, num_leaves, min_child_samples
        Of LightGBM: few leaves with many trades each, since trades are few and noisy.

    Attributes
    ----------
    booster_ : LGBMRegressor
        Fitted.
    average_ : float
        Mean result of its training trades, in units of their risk.
    n_rows_ : int
    sample_ : ndarray, shape (at most 32, n_columns)
        Some of the rows: loading a saved model checks its predictions on them.

    References
    ----------
    Kelly, A New Interpretation of Information Rate, Bell System Technical Journal 35 (1956).
    """

    def __init__(
        self,
        n_estimators: int = 40,
        learning_rate: float = 0.05,
        num_leaves: int = 4,
        min_child_samples: int = 20,
    ):
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_child_samples = min_child_samples

    __iter__ = None  # Backtrader's optstrategy iterates iterable values

    def fit(self, X: np.ndarray, result: np.ndarray, seed: int = 0) -> "RiskModel":
        """Learn from closed trades.

        Parameters
        ----------
        X : ndarray of float64, shape (n_trades, 7)
            Columns as `RISK_FEATURES`, at each trade's signal.
        result : ndarray of float64, shape (n_trades,)
            After costs, in units of the risk.
        seed : int
        """
        self.booster_ = new_regressor(self, seed).fit(X, result)
        self.average_, self.n_rows_ = float(np.mean(result)), len(X)
        self.sample_ = sample_rows(X)
        return self

    def multipliers(self, X: np.ndarray) -> np.ndarray:
        """Return the multiplier of each row, 0.10 to 1.25.

        Parameters
        ----------
        X : ndarray of float64, shape (n_rows, 7)
        """
        check_is_fitted(self, "booster_")
        expected = np.asarray(self.booster_.booster_.predict(X, num_threads=1))
        return np.clip(expected / max(self.average_, LEAST_EDGE), LEAST_SIZE, MOST_SIZE)


def account_state(results: Sequence[float] | np.ndarray, start: float) -> np.ndarray:
    """Return the first four of `RISK_FEATURES` before each of some trades, and after the last.

    The account is its starting value plus the results of closed trades; open positions do not
    count.

    Parameters
    ----------
    results : sequence of float, shape (n_trades,)
        Result of each closed trade after costs, in money, in order of exit.
    start : float
        Starting value of the account.

    Returns
    -------
    ndarray of float64, shape (n_trades + 1, 4)
        Drawdown from the highest value (0.1 is 10 %), value / start, share of wins in the last 20
        trades (NaN before the first), losses in a row. The ratios are NaN if the account starts at
        zero.

    Examples
    --------
    >>> account_state([10.0, -22.0, 0.0], start=100.0)[-1].round(3)
    array([0.2  , 0.88 , 0.333, 2.   ])
    """
    made = np.asarray(results, dtype=np.float64)
    value: np.ndarray = np.append(0.0, np.cumsum(made)) + start
    top: np.ndarray = np.maximum.accumulate(value)
    won = np.append(0.0, np.cumsum(made > 0))
    number = np.arange(len(value))
    first = np.maximum(number - RECENT, 0)
    with np.errstate(invalid="ignore"):
        rate = (won - won[first]) / (number - first)
        drawdown, ratio = (1 - value / top, value / start) if start > 0 else (value * np.nan,) * 2
    last_win = np.append(0, np.maximum.accumulate(np.where(made > 0, number[1:], 0)))
    return np.column_stack([drawdown, ratio, rate, number - last_win])
