"""Predictions: per bar probabilities, votes, signal, confidence, and the model's number."""

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
import pandas as pd

from bt_fusion.described import Described
from bt_fusion.ensemble.voting import combined
from bt_fusion.labels import Label, class_names
from bt_fusion.models.confidence import confidence_levels
from bt_fusion.models.descriptions.predictions import predictions_rows, predictions_title
from bt_fusion.models.payoff import BreakEven, no_payoff

__all__ = [
    "NOT_TRAINED",
    "NO_MODEL",
    "Predictions",
    "Signal",
]

NO_MODEL = -1
MAY_LACK = ("payoff", "health")  # optional data for each bar
NOT_TRAINED = np.datetime64("NaT", "ns")  # `trained_until` before any model has predicted


class Signal(IntEnum):
    """The recommendation of a prediction; HOLD is another name of NEUTRAL."""

    STRONG_SELL = -2
    SELL = -1
    NEUTRAL = 0
    HOLD = 0
    BUY = 1
    STRONG_BUY = 2


@dataclass(frozen=True, eq=False, repr=False)
class Predictions(Described):
    """An ensemble's predictions for each bar.

    Attributes
    ----------
    index : DatetimeIndex, shape (n_bars,)
    classes : tuple of int
        (0, 1), or (-1, 0, 1) for long and short labels.
    two_sided : bool
        Whether the lowest class means falling prices; otherwise there is no P(down).
    votes : ndarray of float64, shape (n_bars, n_members, n_classes)
        Each member's probabilities. NaN: no model yet, warm-up, or an in-sample bar.
    members : tuple of str
    weights : ndarray of float64, shape (n_members,)
        Adding up to 1.
    voting : str
        "soft" or "majority".
    vote_threshold : float
        Majority voting: share of votes below which the signal is HOLD.
    model : ndarray of int64, shape (n_bars,)
        Number of the refit that predicted, -1 for none.
    trained_until : ndarray of datetime64[ns], shape (n_bars,)
        Stamp of the last bar used by that model's labels, NaT for none; always before the bar.
    label : Label, optional
        What is predicted, if known.
    payoff : ndarray of float64, shape (n_bars, 2), optional
        Value of a correct and a wrong prediction, fractions of the price; None if the model has no
        payoff.
    health : ndarray of float64, shape (n_bars, 6), optional
        The model's health at each bar, see `bt_fusion.evaluation.drift.State`; None if not
        requested, see `with_health`.
    """

    index: pd.DatetimeIndex
    classes: tuple[int, ...]
    two_sided: bool
    votes: np.ndarray
    members: tuple[str, ...]
    weights: np.ndarray
    voting: str
    vote_threshold: float
    model: np.ndarray
    trained_until: np.ndarray
    label: Label | None = None
    payoff: np.ndarray | None = None
    health: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.index)

    # Iteration would let Backtrader's optstrategy read the bars as parameter values.
    __iter__ = None

    def description(self) -> tuple[str, dict[str, str]]:
        """Return the printed form."""
        return predictions_title(self), predictions_rows(self)

    def __getitem__(self, rows: slice | np.ndarray) -> "Predictions":
        parts = {name: getattr(self, name)[rows] for name in self.per_bar}
        return replace(self, **parts)

    @property
    def per_bar(self) -> tuple[str, ...]:
        """Names of the data with a row for each bar."""
        names = ("index", "votes", "model", "trained_until")
        return (*names, *(name for name in MAY_LACK if getattr(self, name) is not None))

    def at(self, time: np.ndarray) -> "Predictions":
        """Return the predictions of the bars with these stamps, unknown if there are none.

        Parameters
        ----------
        time : ndarray of datetime64[ns]
        """
        found = self.index.get_indexer(pd.DatetimeIndex(time))
        taken = self[found]
        missing = found < 0
        taken.votes[missing] = np.nan
        taken.model[missing] = NO_MODEL
        taken.trained_until[missing] = NOT_TRAINED
        for values in (taken.payoff, taken.health):
            if values is not None:
                values[missing] = np.nan
        return replace(taken, index=pd.DatetimeIndex(time))

    def break_even(self, costs: float | np.ndarray = 0.0) -> BreakEven:
        """Return the inputs of the break-even probability of each bar.

        Parameters
        ----------
        costs : float or ndarray, shape (n_bars,)
            Of entry and exit together, a fraction of the price.

        Raises
        ------
        OptionError
            If `payoff` is not known.
        """
        if self.payoff is None:
            raise no_payoff("the model")
        return BreakEven(self.payoff[:, 0], self.payoff[:, 1], costs, len(self.classes))

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in words, such as Short, No trade, Long."""
        return class_names(self.classes, self.two_sided)

    @property
    def known(self) -> np.ndarray:
        """Which bars have a prediction, shape (n_bars,)."""
        return np.isfinite(self.votes[:, 0, 0])

    @property
    def proba(self) -> np.ndarray:
        """Probabilities of the ensemble, shape (n_bars, n_classes).

        Weighted mean with soft voting, plain mean with majority voting.
        """
        return combined(self.votes, self.weights, self.voting)

    @property
    def probability_up(self) -> np.ndarray:
        """P(class 1), shape (n_bars,)."""
        return self._sides(self.proba)[0]

    @property
    def probability_down(self) -> np.ndarray:
        """P(the class of falling prices), shape (n_bars,); NaN for one-sided labels."""
        return self._sides(self.proba)[1]

    def _sides(self, proba: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the columns of rising and of falling prices."""
        down = proba[:, 0] if self.two_sided else np.full(len(self), np.nan)
        return proba[:, self.classes.index(1)], down

    @property
    def ballots(self) -> np.ndarray:
        """Share of members whose likeliest class is each class, shape (n_bars, n_classes)."""
        choice = self.votes.argmax(axis=2)
        shares = (choice[:, :, None] == np.arange(len(self.classes))).mean(axis=1)
        return np.where(self.known[:, None], shares, np.nan)

    @property
    def confidence(self) -> np.ndarray:
        """Soft: the winning class's probability. Majority: the winner's share of votes."""
        return (self.ballots if self.voting == "majority" else self.proba).max(axis=1)

    def signal(self, entry: float = 0.60, strong: float = 0.70) -> np.ndarray:
        """Return a `Signal` value per bar as float64, NaN without a prediction.

        Parameters
        ----------
        entry, strong : float
            Soft voting: the probability from which a side is BUY or SELL (+-1), and strongly so
            (+-2). Majority voting ignores them: the winner is +-1, or +-2 if unanimous; a share
            below `vote_threshold` or a tie is HOLD.
        """
        if self.voting == "majority":
            up, down = self._majority()
        else:
            up, down = self._soft(*self._sides(self.proba), entry, strong)
        return np.where(self.known, up - down, np.nan)

    def signal_values(self, entry: float = 0.60, strong: float = 0.70) -> tuple[np.ndarray, ...]:
        """Return P(up), P(down), signal and confidence; the probabilities are computed once."""
        proba = self.proba
        up, down = self._sides(proba)
        if self.voting == "majority":
            return up, down, self.signal(entry, strong), self.confidence
        long, short = self._soft(up, down, entry, strong)
        return up, down, np.where(self.known, long - short, np.nan), proba.max(axis=1)

    def levels(self) -> np.ndarray:
        """Return a `Confidence` per bar (None without a prediction), dtype object."""
        return confidence_levels(self.confidence, self.voting, self.vote_threshold)

    def to_frame(self, entry: float = 0.60, strong: float = 0.70) -> pd.DataFrame:
        """Return the table stored in predictions.parquet, one row per bar."""
        return pd.DataFrame(
            {
                "datetime": self.index,
                "probability_up": self.probability_up,
                "probability_down": self.probability_down,
                "signal": self.signal(entry, strong),
                "confidence": self.confidence,
                "model": self.model,
                "trained_until": self.trained_until,
            }
        )

    def table(self, entry: float = 0.60, strong: float = 0.70) -> pd.DataFrame:
        """Return each bar's prediction in words, one row per bar; written by `bt-fusion predict`.

        Returns
        -------
        DataFrame
            datetime; one probability per class, such as prob_short, prob_no_trade and prob_long;
            class, the likeliest one, such as Long; signal, a name of `Signal`; confidence; level;
            trained_until; in_sample, whether the model was trained on the bar. Without a prediction
            numbers are NaN and words None.
        """
        proba, words = self.proba, np.array([*self.class_names, None], dtype=object)
        likeliest = np.where(self.known, np.nan_to_num(proba).argmax(axis=1), len(self.classes))
        signals = {float(each): each.name for each in Signal}
        columns = [f"prob_{name.lower().replace(' ', '_')}" for name in self.class_names]
        others = {
            "class": words[likeliest],
            "signal": [signals.get(value) for value in self.signal(entry, strong)],
            "confidence": self.confidence,
            "level": [level and str(level) for level in self.levels()],
            "trained_until": self.trained_until,
            "in_sample": self.index <= self.trained_until,
        }
        for name in ("class", "signal", "level"):  # None stays None, however pandas stores text
            others[name] = pd.Series(others[name], dtype=object)
        chances = dict(zip(columns, proba.T, strict=True))
        return pd.DataFrame({"datetime": self.index, **chances, **others})

    @staticmethod
    def _soft(
        up: np.ndarray, down: np.ndarray, entry: float, strong: float
    ) -> tuple[np.ndarray, np.ndarray]:
        down = np.where(np.isnan(down), -1.0, down)
        strength = [(side >= entry).astype(float) + (side >= strong) for side in (up, down)]
        return strength[0] * (up > down), strength[1] * (down > up)

    def _majority(self) -> tuple[np.ndarray, np.ndarray]:
        shares = self.ballots
        top = shares.max(axis=1)
        clear = (np.isclose(shares, top[:, None]).sum(axis=1) == 1) & (top >= self.vote_threshold)
        strength = np.where(clear, 1.0 + np.isclose(top, 1.0), 0.0)
        winner = shares.argmax(axis=1)
        up = winner == self.classes.index(1)
        down = (winner == 0) & self.two_sided
        return strength * up, strength * down
