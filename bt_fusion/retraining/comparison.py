"""Compare two models on the same unseen bars, and the rule that decides."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bt_fusion.data.bars import BarArrays
from bt_fusion.errors import BarsError
from bt_fusion.evaluation.classification import figures_of
from bt_fusion.labels import labels_of
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.statistics.bootstrap import Bootstrap, block_length, resamples

__all__ = ["ModelComparison", "compare_models", "paired_difference", "row_losses"]

FEWEST = 30  # rows
BLOCKS = 4  # minimum number of blocks in a resample
# Minimum block length in label spans: one span finds 84 % of the error of sums over as many bars
SPANS = 2.0


@dataclass(frozen=True)
class ModelComparison:
    """The results of an old and a new model on the same unseen bars.

    Attributes
    ----------
    rows : int
        Bars that both predict and whose label is known.
    start, end : Timestamp
        The first and last of them.
    old, new : dict of str to (float or None)
        See `evaluation.figures_of`.
    difference : float
        Mean log loss of the new model minus that of the old one.
    error : float
        Its standard error.
    """

    rows: int
    start: pd.Timestamp
    end: pd.Timestamp
    old: dict[str, float | None]
    new: dict[str, float | None]
    difference: float
    error: float

    @property
    def replaces(self) -> bool:
        """Whether the new model replaces the old one: its log loss is not higher."""
        return self.difference <= 0

    @property
    def because(self) -> str:
        """The rule, with the figures behind the decision."""
        side = "lower" if self.replaces else "higher"
        return (
            f"the new model's log loss is {abs(self.difference):.5f} {side} than the old one's, "
            f"standard error {self.error:.5f}"
        )


def compare_models(
    old: SignalModel, new: SignalModel, bars: BarArrays, first: int, seed: int = 0
) -> ModelComparison:
    """Compare two models of one label on the bars from `first`, unseen by both.

    Parameters
    ----------
    old, new : SignalModel
        Fitted.
    bars : BarArrays
        Bars before `first` warm up the features.
    first : int
    seed : int
        Of the bootstrap.

    Raises
    ------
    BarsError
        If too few bars have both predictions and a label.
    """
    label = old.label()
    y = labels_of(label, bars).y
    predicted = [model.predict_arrays(bars) for model in (old, new)]
    both = predicted[0].known & predicted[1].known & np.isfinite(y)
    rows = first + np.flatnonzero(both[first:])
    if len(rows) < FEWEST:
        raise BarsError(
            f"{len(rows)} of the {len(bars) - first:,} bars after {pd.Timestamp(bars.time[first])} "
            f"have a label and a prediction of both models; {FEWEST} are needed to judge by: give "
            "more bars, or a larger --judge-bars"
        )
    actual, probas = y[rows], [each.proba[rows] for each in predicted]
    losses = [row_losses(actual, proba, label.classes) for proba in probas]
    difference, error = paired_difference(losses[1] - losses[0], label.horizon, seed)
    old_figures, new_figures = (figures_of(actual, proba, label.classes) for proba in probas)
    start, end = pd.Timestamp(bars.time[rows[0]]), pd.Timestamp(bars.time[rows[-1]])
    return ModelComparison(len(rows), start, end, old_figures, new_figures, difference, error)


def row_losses(actual: np.ndarray, proba: np.ndarray, classes: tuple[int, ...]) -> np.ndarray:
    """Return -log of the probability given to each row's actual class, shape (n_rows,).

    Their mean is `evaluation.classification.log_loss_of`.

    >>> row_losses(np.array([1, 0]), np.array([[0.5, 0.5], [1.0, 0.0]]), (0, 1)).round(4)
    array([0.6931, 0.    ])
    """
    shares = proba / proba.sum(axis=1, keepdims=True)
    given = shares[np.arange(len(actual)), np.searchsorted(classes, actual)]
    least = np.finfo(shares.dtype).eps
    return -np.log(np.clip(given, least, 1 - least))


def paired_difference(
    differences: np.ndarray, horizon: int = 1, seed: int = 0
) -> tuple[float, float]:
    """Return the mean of paired differences and its standard error.

    Parameters
    ----------
    differences : ndarray, shape (n_rows,)
        In time order.
    horizon : int
        Bars that labels look ahead: blocks have at least two of these spans.
    seed : int

    Notes
    -----
    The stationary bootstrap. The block length follows from the autocorrelation of the differences,
    and is at most a quarter of the rows.

    Examples
    --------
    >>> mean, error = paired_difference(np.random.default_rng(0).normal(0, 1, 400))
    >>> round(error, 2)  # 1 / sqrt(400)
    0.05
    """
    longest = max(1.0, len(differences) / BLOCKS)
    length = min(max(block_length(differences), SPANS * horizon), longest)
    drawn = resamples(len(differences), length, Bootstrap(seed=seed))
    means = [differences[rows].mean() for rows in drawn]
    return float(differences.mean()), float(np.std(means))
