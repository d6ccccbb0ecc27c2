"""Simulated trades of signals: one at a time, with stop, target and a time limit."""

from dataclasses import dataclass

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.verdict.placebos.levels import first_touch
from bt_fusion.verdict.placebos.replay import one_at_a_time

__all__ = ["REASONS", "SignalOutcomes", "SimulatedTrades", "each_signal", "simulate"]

REASONS = ("horizon", "stop", "target")
NEVER = -1


@dataclass(frozen=True, eq=False)
class SimulatedTrades:
    """Closed trades in order of entry, before costs.

    Attributes
    ----------
    signal : ndarray of int64, shape (n_trades,)
        Bar at whose close each was decided; the fill is at the next open.
    side : ndarray of int64, shape (n_trades,)
        1 long, -1 short.
    exit : ndarray of int64, shape (n_trades,)
        Bar of the exit, at its open or inside it. The trade is known from this bar on.
    entry_price, exit_price : ndarray of float64, shape (n_trades,)
    atr : ndarray of float64, shape (n_trades,)
        Average true range at the signal, in price units.
    stop : ndarray of float64, shape (n_trades,)
        Distance of the stop in ATR units.
    reason : ndarray of int64, shape (n_trades,)
        Position in `REASONS`.
    """

    signal: np.ndarray
    side: np.ndarray
    exit: np.ndarray
    entry_price: np.ndarray
    exit_price: np.ndarray
    atr: np.ndarray
    stop: np.ndarray
    reason: np.ndarray

    def __len__(self) -> int:
        return len(self.signal)

    def __getitem__(self, rows: slice | np.ndarray) -> "SimulatedTrades":
        return SimulatedTrades(*(values[rows] for values in vars(self).values()))

    @property
    def entry(self) -> np.ndarray:
        """Bar of the entry fill."""
        return self.signal + 1

    @property
    def result(self) -> np.ndarray:
        """Profit before costs in ATR units."""
        return self.side * (self.exit_price - self.entry_price) / self.atr

    def net(self, costs: float = 0.0) -> np.ndarray:
        """Return the profit as a fraction of the entry price, after the costs of entry and exit."""
        return self.side * (self.exit_price / self.entry_price - 1) - costs

    def known_before(self, bar: int, start: int = 0) -> "SimulatedTrades":
        """Return the trades decided from `start` on that ended before a bar."""
        return self[(self.signal >= start) & (self.exit < bar)]


def simulate(
    bars: BarArrays,
    side: np.ndarray,
    atr: np.ndarray,
    stop: float | np.ndarray,
    target: float | np.ndarray,
    hold_bars: int,
) -> SimulatedTrades:
    """Trade signals like a bracket order after each entry.

    A signal while flat gives a market order, filled at the next open. Stop and target are the given
    ATR distances from the signal's close, both active from the bar after the fill; if a bar touches
    both, the stop fills. If a bar opens beyond a level, the fill is at its open. If neither is
    touched, the exit is at the open after `hold_bars` bars. Trades still open at the end are left
    out.

    Parameters
    ----------
    bars : BarArrays
    side : ndarray, shape (n_bars,)
        1 long, -1 short; 0 and NaN are no signal.
    atr : ndarray of float64, shape (n_bars,)
        Average true range; NaN or 0 is no signal.
    stop, target : float or ndarray, shape (n_bars,)
        Distances in ATR units.
    hold_bars : int

    Examples
    --------
    >>> price = np.array([10.0, 10.0, 10.0, 12.0, 12.0, 12.0])
    >>> time = np.arange(6).astype("datetime64[ns]")
    >>> bars = BarArrays(time, price, price, price, price, price)
    >>> trades = simulate(bars, np.ones(6), np.ones(6), stop=1.0, target=1.5, hold_bars=3)
    >>> trades.entry, trades.exit, trades.exit_price  # the open of bar 3 is beyond the target
    (array([1]), array([3]), array([12.]))
    """
    return each_signal(bars, side, atr, stop, target, hold_bars).one_at_a_time()


@dataclass(frozen=True, eq=False)
class SignalOutcomes:
    """The result of a trade decided at each bar, see `simulate`.

    Attributes
    ----------
    bars : BarArrays
    side : ndarray of int64, shape (n_bars,)
        0 if no entry is possible.
    exit : ndarray of int64, shape (n_bars,)
        Bar of the exit, -1 if still open at the end of the bars.
    exit_price : ndarray of float64, shape (n_bars,)
    atr, stop : ndarray of float64, shape (n_bars,)
    reason : ndarray of int64, shape (n_bars,)
        Position in `REASONS`.
    """

    bars: BarArrays
    side: np.ndarray
    exit: np.ndarray
    exit_price: np.ndarray
    atr: np.ndarray
    stop: np.ndarray
    reason: np.ndarray

    def at(self, signal: np.ndarray) -> SimulatedTrades:
        """Return the trades decided at these bars, ended or not."""
        return SimulatedTrades(
            signal,
            self.side[signal],
            self.exit[signal],
            self.bars.open[np.minimum(signal + 1, len(self.bars) - 1)],
            self.exit_price[signal],
            self.atr[signal],
            self.stop[signal],
            self.reason[signal],
        )

    def one_at_a_time(self, allowed: np.ndarray | None = None) -> SimulatedTrades:
        """Return the closed trades of entering each signal on allowed bars when flat."""
        side = self.side if allowed is None else np.where(allowed, self.side, 0)
        signal = one_at_a_time(side, self.exit)
        return self.at(signal[self.exit[signal] != NEVER])


def each_signal(
    bars: BarArrays,
    side: np.ndarray,
    atr: np.ndarray,
    stop: float | np.ndarray,
    target: float | np.ndarray,
    hold_bars: int,
) -> SignalOutcomes:
    """Return each signal's trade, independent of the others; arguments as in `simulate`."""
    count, bar = len(bars), np.arange(len(bars))
    side = np.sign(np.nan_to_num(side)).astype(np.int64)
    stop, target = np.broadcast_to(stop, count), np.broadcast_to(target, count)
    usable = (side != 0) & (atr > 0) & np.isfinite(stop) & np.isfinite(target)
    usable[-1:] = False  # an order on the last bar is never filled
    side = np.where(usable, side, 0)
    stop_price, target_price = bars.close - side * stop * atr, bars.close + side * target * atr
    lower, upper = np.minimum(stop_price, target_price), np.maximum(stop_price, target_price)
    touch = np.where(usable, first_touch(bars.low, bars.high, lower, upper, bar + 2), count)
    late = bar + hold_bars + 1
    met = touch < np.minimum(late, count)
    exit_bar = np.where(met, touch, np.where(late < count, late, NEVER))
    at = np.maximum(exit_bar, 0)
    stopped = np.where(side > 0, bars.low[at] <= stop_price, bars.high[at] >= stop_price)
    level = np.where(stopped, stop_price, target_price)
    beyond = (side * (bars.open[at] - level) < 0) == stopped
    price = np.where(met & ~beyond, level, bars.open[at])
    reason = np.where(met, np.where(stopped, 1, 2), 0)
    exit_bar = np.where(usable, exit_bar, NEVER)
    return SignalOutcomes(bars, side, exit_bar, price, atr, stop, reason)
