"""The state of an open trade at a bar's close: input of a position model besides features."""

from dataclasses import dataclass

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.trade_models.simulated_trades import REASONS, SimulatedTrades

__all__ = ["STATE", "HeldBars", "OpenTrades", "held_bars"]

# The columns of a state, in order; distances are in ATR units of the entry's signal
STATE = (
    "side",
    "bars_held",
    "open_profit",
    "best_excursion",
    "worst_excursion",
    "probability_now",
    "probability_at_entry",
)


@dataclass(frozen=True, eq=False)
class OpenTrades:
    """Trades, and bars at whose close they are open.

    Attributes
    ----------
    bars : BarArrays
    side, entry : ndarray of int64, shape (n_trades,)
        1 or -1; the bar of the fill.
    price, atr : ndarray of float64, shape (n_trades,)
        Of the entry; the average true range at the bar before it.
    """

    bars: BarArrays
    side: np.ndarray
    entry: np.ndarray
    price: np.ndarray
    atr: np.ndarray

    @classmethod
    def of(cls, bars: BarArrays, trades: SimulatedTrades) -> "OpenTrades":
        """Return simulated trades before their end."""
        return cls(bars, trades.side, trades.entry, trades.entry_price, trades.atr)

    def states(
        self, trade: np.ndarray, held: np.ndarray, up: np.ndarray, down: np.ndarray
    ) -> np.ndarray:
        """Return the state of trades the given number of bars after entry.

        Parameters
        ----------
        trade : ndarray of int64, shape (n_rows,)
            Trade of each row.
        held : ndarray of int64, shape (n_rows,)
            Bars since its entry: 0 at the close of the entry bar.
        up, down : ndarray of float64, shape (n_bars,)
            Probabilities of the two sides.

        Returns
        -------
        ndarray of float32, shape (n_rows, 7)
            Columns as `STATE`; those in ATR units are NaN if the ATR is 0.
        """
        side, entry, price = self.side[trade], self.entry[trade], self.price[trade]
        atr = np.where(self.atr > 0, self.atr, np.nan)[trade]
        bar = entry + held
        high, low = self._range(trade, held)
        best = np.where(side > 0, high - price, price - low)
        worst = np.where(side > 0, low - price, price - high)
        at = entry - 1
        columns = (
            side,
            held + 1,
            side * (self.bars.close[bar] - price) / atr,
            best / atr,
            worst / atr,
            np.where(side > 0, up[bar], down[bar]),
            np.where(side > 0, up[at], down[at]),
        )
        return np.column_stack(columns).astype(np.float32)

    def _range(self, trade: np.ndarray, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the highest high and the lowest low since the entry, per row."""
        longest = int(held.max(initial=0)) + 1
        bar = np.minimum(self.entry[:, None] + np.arange(longest), len(self.bars) - 1)
        high = np.maximum.accumulate(self.bars.high[bar], axis=1)
        low = np.minimum.accumulate(self.bars.low[bar], axis=1)
        return high[trade, held], low[trade, held]


def held_bars(trades: SimulatedTrades) -> tuple[np.ndarray, np.ndarray]:
    """Return each bar at whose close a trade could have been closed earlier.

    The last decision is two bars before an exit at the open, or one before an exit inside a bar.

    Returns
    -------
    trade, held : ndarray of int64, shape (n_rows,)
        See `OpenTrades.states`.
    """
    inside = trades.reason != REASONS.index("horizon")
    count = np.maximum(trades.exit - trades.entry - 1 + inside, 0)
    trade = np.repeat(np.arange(len(trades)), count)
    held = np.arange(len(trade)) - np.repeat(np.cumsum(count) - count, count)
    return trade, held


@dataclass(frozen=True, eq=False)
class HeldBars:
    """The bars at whose close trades could have been closed earlier, in time order.

    Attributes
    ----------
    trade : ndarray of int64, shape (n_rows,)
        Trade of each row.
    at : ndarray of int64, shape (n_rows,)
        Its bar.
    state : ndarray of float32, shape (n_rows, 7)
        Columns as `STATE`.
    rest : ndarray of float64, shape (n_rows,)
        Result of the trade from the next open to its end, in ATR units.
    """

    trade: np.ndarray
    at: np.ndarray
    state: np.ndarray
    rest: np.ndarray

    @classmethod
    def of(
        cls, bars: BarArrays, trades: SimulatedTrades, up: np.ndarray, down: np.ndarray
    ) -> "HeldBars":
        """Return the bars of simulated trades; `up` and `down` as in `OpenTrades.states`."""
        trade, held = held_bars(trades)
        at = trades.entry[trade] + held
        state = OpenTrades.of(bars, trades).states(trade, held, up, down)
        moved = trades.exit_price[trade] - bars.open[at + 1]
        return cls(trade, at, state, trades.side[trade] * moved / trades.atr[trade])

    def __len__(self) -> int:
        return len(self.at)

    def complete(self, X: np.ndarray) -> tuple["HeldBars", np.ndarray]:
        """Return the bars with known features and state, and the inputs of a position model there.

        Returns
        -------
        held : HeldBars
        rows : ndarray of float32, shape (n_rows, n_features + 7)
            Features of each bar, then its state.
        """
        rows = np.hstack([X[self.at], self.state])
        known = np.isfinite(rows).all(axis=1)
        return HeldBars(*(values[known] for values in vars(self).values())), rows[known]
