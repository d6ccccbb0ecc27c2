"""Data of the signal picture for each bar: candle, signal, probabilities, regime."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.models.predictions import Predictions
from bt_fusion.report.model_figures import (
    agreement_of_run,
    changes_threshold,
    mirrored,
    one_sided,
    thresholds,
)
from bt_fusion.saved_runs.saved_run import SavedRun
from bt_fusion.technical.regimes import regimes

__all__ = ["SignalBars", "probability_names"]

PRICES = ["open", "high", "low", "close"]
# source of the signals: what a triangle marks
MEANINGS = {
    "strategy": "the strategy signals an entry, from its technical side and ML together",
    "threshold": "the probability of a side reaches the threshold",
    "votes": "the majority of the members votes for a side",
    "caller": "the signal is long or short",
}


@dataclass(frozen=True, eq=False)
class SignalBars:
    """Bars of one symbol with the values drawn for each.

    Attributes
    ----------
    table : DataFrame
        Indexed by time: open, high, low, close; up, down (probabilities, NaN unknown; `down` is NaN
        for one-sided labels); signal (1 long, -1 short, 0 none); regime (a value of `Regime`);
        least (the probability from which an entry passes, NaN if it is constant).
    source : str
        Kind of the signals, a key of `MEANINGS`.
    names : tuple of str
        What the probabilities are called: of the long side and, unless one-sided, the short one.
    levels : tuple of float
        The thresholds, of those that change the median; none with majority voting.
    """

    table: pd.DataFrame
    source: str
    names: tuple[str, ...]
    levels: tuple[float, ...]

    @classmethod
    def of_run(cls, run: SavedRun, symbol: str) -> "SignalBars":
        """Take the bars of a symbol from a run."""
        bars = run.of_symbol(run.bars, symbol).set_index("datetime")
        predicted = run.of_symbol(run.predictions, symbol).set_index("datetime").reindex(bars.index)
        levels, source = thresholds(run), source_of(run)
        fused = source == "strategy"
        least = [predicted.threshold] if agreement_of_run(run).auto else levels[:1]
        signal = bars.fused if fused else model_signals(predicted, source, *least)
        changing = predicted.threshold if changes_threshold(run) else np.nan
        regime = regimes(bars, **regime_rule(run))
        return cls(
            table=signal_table(bars, predicted, signal, regime).assign(least=changing),
            source=source,
            names=probability_names(run),
            levels=tuple(levels),
        )

    @classmethod
    def of_predictions(
        cls, bars: pd.DataFrame, predictions: Predictions, signal: Any, threshold: float
    ) -> "SignalBars":
        """Put bars and their predictions together; arguments as of `draw_signals`."""
        predicted = predictions.at(bars.index.to_numpy()).to_frame().set_axis(bars.index)
        voted = predictions.voting == "majority"
        source = "votes" if voted else "threshold"
        if signal is None:
            signal = model_signals(predicted, source, threshold)
        else:
            source = "caller"
        classes, two_sided = predictions.classes, predictions.two_sided
        levels = mirrored(threshold) if len(classes) == 2 and two_sided else [threshold]
        return cls(
            table=signal_table(bars, predicted, signal, regimes(bars)).assign(least=np.nan),
            source=source,
            names=names_of(classes, two_sided),
            levels=() if voted else tuple(levels),
        )

    @property
    def mirrored(self) -> bool:
        """Whether P(down) is 1 - P(up) and so redundant."""
        return "P(down)" in self.names

    @property
    def changing(self) -> bool:
        """Whether each bar has a threshold of its own."""
        return bool(self.table.least.notna().any())

    @property
    def one_sided(self) -> bool:
        """Whether there is no short side, neither a probability nor a signal."""
        return len(self.names) == 1 and not (self.table.signal < 0).any()

    @property
    def caption(self) -> str:
        """Meaning of the triangles and the shading."""
        marks = f"marks a bar on which {MEANINGS[self.source]}"
        if self.one_sided:
            marks = f"A triangle below a candle {marks}."
        else:
            marks = f"A triangle {marks}: long below the candle, short above it."
        text = (
            f"{marks} These are signals, not trades: a strategy that holds a position usually "
            "enters no other, and its orders fill at the next open. The shading is the regime by "
            "ADX(14): uptrend, downtrend or ranging."
        )
        if self.changing:
            return text + " The threshold is the break-even probability of each bar."
        if len(self.levels) == 2:
            high, low = (f"{level:.3g}" for level in self.levels)
            text += f" P(down) is 1 - P(up): P(up) at {low} is P(down) at {high}."
        return text

    def __getitem__(self, rows: slice) -> "SignalBars":
        return replace(self, table=self.table.iloc[rows])


def signal_table(
    bars: pd.DataFrame, predicted: pd.DataFrame, signal: Any, regime: np.ndarray
) -> pd.DataFrame:
    """Return the table of `SignalBars`; NaN is no signal."""
    side = np.sign(np.nan_to_num(np.asarray(signal, dtype=float))).astype(np.int8)
    return bars[PRICES].assign(
        up=predicted.probability_up,
        down=predicted.probability_down,
        signal=side,
        regime=regime.astype(np.int8),
    )


def model_signals(
    predicted: pd.DataFrame, source: str, threshold: float | pd.Series = 0.60
) -> np.ndarray:
    """Return the side of the model's prediction on each bar: 1 long, -1 short, 0 none.

    Where both sides reach a low threshold it is the likelier one.

    >>> rows = {"probability_up": [0.6, 0.45, np.nan], "probability_down": [0.4, 0.55, np.nan]}
    >>> model_signals(pd.DataFrame(rows), "threshold", 0.6).tolist()
    [1.0, 0.0, 0.0]
    >>> model_signals(pd.DataFrame(rows), "threshold", 0.4).tolist()
    [1.0, -1.0, 0.0]
    """
    if source == "votes":
        return np.sign(np.nan_to_num(predicted.signal.to_numpy(dtype=float)))
    up, down = (predicted[f"probability_{side}"].to_numpy() for side in ("up", "down"))
    least = np.asarray(threshold, dtype=float)  # one for all bars, or one a bar
    long, short = up >= least, down >= least
    return np.where(long & short, np.sign(up - down), np.subtract(long, short, dtype=float))


def source_of(run: SavedRun) -> str:
    """Say what the signals of a run are: its strategy's with ML where it reports them."""
    if "fused" in run.bars and run.bars.fused.notna().any():
        return "strategy"
    return "votes" if run.majority else "threshold"


def regime_rule(run: SavedRun) -> dict[str, Any]:
    """Return the arguments of `regimes` that a run's strategy changes, named as SignalDiscovery's.

    Other strategies have the regimes of the defaults.
    """
    params = run.summary["config"]["params"]
    given = {name: params.get(f"regime_{name}") for name in ("threshold", "confirm")}
    return {name: value for name, value in given.items() if isinstance(value, (int, float))}


def probability_names(run: SavedRun) -> tuple[str, ...]:
    """Return the names of the probabilities of a run's sides."""
    return names_of(run.summary["model"]["classes"], not one_sided(run.predictions))


def names_of(classes: Sequence[int], two_sided: bool) -> tuple[str, ...]:
    """Return the names of the sides' probabilities.

    >>> names_of((0, 1), True), names_of((-1, 0, 1), True), names_of((0, 1), False)
    (('P(up)', 'P(down)'), ('P(long)', 'P(short)'), ('P(yes)',))
    """
    if len(classes) == 3:
        return ("P(long)", "P(short)") if two_sided else ("P(long)",)
    return ("P(up)", "P(down)") if two_sided else ("P(yes)",)
