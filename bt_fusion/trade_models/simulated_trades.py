"""Trades that signals would have made: one at a time, with a stop, a target and a longest time."""

from dataclasses import dataclass

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.verdict.placebos.levels import first_touch
from bt_fusion.verdict.placebos.replay import one_at_a_time

__all__ = ["REASONS", "SimulatedTrades", "simulate"]

REASONS = ("horizon", "stop", "target")
NEVER = -1


@dataclass(frozen=True, eq=False)
class SimulatedTrades:
    """Closed trades in order of entry, before costs.

    Attributes
    ----------
    signal : ndarray of int64, shape (n_trades,)
        Bar at whose close each was decided; it is filled at the next open.
    side : ndarray of int64, shape (n_trades,)
        1 long, -1 short.
    exit : ndarray of int64, shape (n_trades,)
        Bar of the exit: that at whose open, or inside which, the trade ends. The trade is known
        from this bar on.
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
        """Bar of the entry's fill."""
        return self.signal + 1

    @property
    def result(self) -> np.ndarray:
        """Profit before costs in ATR units."""
        return self.side * (self.exit_price - self.entry_price) / self.atr

    def net(self, costs: float = 0.0) -> np.ndarray:
        """Return the profit as a fraction of the entry price, after a round trip's costs."""
        return self.side * (self.exit_price / self.entry_price - 1) - costs

    def known_before(self, bar: int, start: int = 0) -> "SimulatedTrades":
        """Return the trades that were decided from `start` on and have ended before a bar."""
        return self[(self.signal >= start) & (self.exit < bar)]


def simulate(
    bars: BarArrays,
    side: np.ndarray,
    atr: np.ndarray,
    stop: float | np.ndarray,
    target: float | np.ndarray,
    hold_bars: int,
) -> SimulatedTrades:
    """Trade signals as a bracket order behind each entry does.

    Flat and a signal: a market order, filled at the next open. Stop and target stand so many ATR
    from the close of the signal, both live from the bar after the fill on; a bar that touches both
    is the stop's. A bar that opens beyond a level is filled at its open. Neither met: out at the
    open after `hold_bars` bars. Trades that the bars do not end are left out.

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
    count = len(bars)
    side = np.sign(np.nan_to_num(side)).astype(np.int64)
    stop, target = np.broadcast_to(stop, count), np.broadcast_to(target, count)
    usable = (side != 0) & (atr > 0) & np.isfinite(stop) & np.isfinite(target)
    side = np.where(usable, side, 0)
    side[-1:] = 0  # an order of the last bar is never filled
    stop_price = bars.close - side * stop * atr
    target_price = bars.close + side * target * atr
    lower, upper = np.minimum(stop_price, target_price), np.maximum(stop_price, target_price)
    touch = first_touch(bars.low, bars.high, lower, upper, np.arange(count) + 2)
    touch = np.where(usable, touch, count)
    late = np.arange(count) + hold_bars + 1
    met = touch < np.minimum(late, count)
    exit_bar = np.where(met, touch, np.where(late < count, late, NEVER))
    signal = one_at_a_time(side, np.where(side != 0, exit_bar, NEVER))
    signal = signal[exit_bar[signal] != NEVER]
    at, own, met = exit_bar[signal], side[signal], met[signal]
    stopped = np.where(
        own > 0, bars.low[at] <= stop_price[signal], bars.high[at] >= stop_price[signal]
    )
    level = np.where(stopped, stop_price[signal], target_price[signal])
    beyond = (own * (bars.open[at] - level) < 0) == stopped
    price = np.where(met & ~beyond, level, bars.open[at])
    reason = np.where(met, np.where(stopped, 1, 2), 0)
    fill = bars.open[np.minimum(signal + 1, count - 1)]
    return SimulatedTrades(signal, own, at, fill, price, atr[signal], stop[signal], reason)
