"""Trades in quarters of the model's probability at their entry."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bt_fusion.report.figures import basis, cell, count, decimals, percent
from bt_fusion.saved_runs.saved_run import SavedRun
from bt_fusion.saved_runs.trade_groups import closed_trades

__all__ = ["LEAST", "EntryQuarters", "entry_probabilities", "entry_quarters", "listed_trades"]

FEWEST = 5  # fewest trades of a run in a quarter for a mean
LEAST = 4 * FEWEST  # closed trades with a probability
PLACES = np.arange(4)


@dataclass(frozen=True)
class EntryQuarters:
    """Closed trades of each run by quarter of the probability of their side at entry.

    The quarters come from all trades of both runs together, so they have the same limits in both.

    Attributes
    ----------
    edges : ndarray, shape (5,)
        Minimum probability, the three limits between the quarters, and the maximum.
    counts, win_rates, means : dict of str to ndarray, shape (4,)
        By run: trades, share won, mean net return of a trade (fractions); the last two NaN of
        fewer than `FEWEST` trades.
    """

    edges: np.ndarray
    counts: dict[str, np.ndarray]
    win_rates: dict[str, np.ndarray]
    means: dict[str, np.ndarray]

    @property
    def names(self) -> list[str]:
        """Each quarter by its probabilities."""
        write = decimals(3)
        ends = zip(self.edges[:-1], self.edges[1:], strict=True)
        return [f"{write(low)} to {write(high)}" for low, high in ends]

    def head(self) -> list[str]:
        """Return the heads of the columns of `rows`."""
        figures = ("Trades", "Win rate", "Mean net return")
        first, *others = self.counts
        return [
            "Probability of the side",
            *(head for name in figures for head in (f"{name} {first}", *others)),
        ]

    def rows(self) -> list[list[str]]:
        """Return a row for each quarter."""
        return [
            [
                name,
                *(count(int(self.counts[run][at])) for run in self.counts),
                *(cell(known(self.win_rates[run][at]), percent) for run in self.counts),
                *(cell(known(self.means[run][at]), basis) for run in self.counts),
            ]
            for at, name in enumerate(self.names)
        ]


def known(value: float) -> float | None:
    """Return a number, None for NaN."""
    return None if np.isnan(value) else float(value)


def entry_probabilities(run: SavedRun) -> np.ndarray:
    """Return the probability of each trade's side on the bar of its signal.

    Of older runs, which do not tell that bar, on the last bar before the entry.

    Returns
    -------
    ndarray, shape (n_trades,)
        In the order of `run.trades`; NaN where nothing was predicted.
    """
    found = np.full(len(run.trades), np.nan)
    for symbol in run.symbols:
        own = np.ones(len(run.trades), dtype=bool)
        if len(run.symbols) > 1:
            own = (run.trades.symbol.astype(str) == symbol).to_numpy()
        predicted = run.of_symbol(run.predictions, symbol)
        found[own] = _of_symbol(run.trades[own], predicted)
    return found


def listed_trades(run: SavedRun, name: str) -> pd.DataFrame:
    """Return the trades of one run, "on" or "off", with columns probability and shared.

    probability is that of the side on the signal's bar, NaN where nothing was predicted; shared is
    whether the other run entered on the same bar and side. Without another run, it is left out.
    """
    made = (run.trades.run == name).to_numpy()
    own = run.trades_of(name).assign(probability=entry_probabilities(run)[made])
    if len(run.runs) < 2:
        return own
    entries = pd.MultiIndex.from_frame(run.trades[["entry_time", "symbol", "side"]])
    return own.assign(shared=entries[made].isin(entries[~made]))


def _of_symbol(trades: pd.DataFrame, predicted: pd.DataFrame) -> np.ndarray:
    stamps = pd.DatetimeIndex(predicted.datetime)
    has_signal_time = "signal_time" in trades
    place = stamps.searchsorted(
        pd.DatetimeIndex(trades.signal_time if has_signal_time else trades.entry_time),
        side="right" if has_signal_time else "left",
    )
    sides = predicted[["probability_up", "probability_down"]].to_numpy(dtype=float)
    column = np.where(trades.side == "long", 0, 1)
    return np.where(place > 0, sides[np.maximum(place - 1, 0), column], np.nan)


def entry_quarters(run: SavedRun) -> EntryQuarters | None:
    """Return the closed trades of each run in quarters; None for fewer than `LEAST` trades."""
    probability = entry_probabilities(run)
    table = closed_trades(run.trades.assign(probability=probability)).dropna(subset="probability")
    if len(table) < LEAST:
        return None
    edges = np.quantile(table.probability, np.linspace(0, 1, 5))
    quarter = np.searchsorted(edges[1:-1], table.probability, side="left")
    groups = table.assign(quarter=quarter, won=table.pnl > 0).groupby(["run", "quarter"])
    counts = by_run(groups.size(), run).fillna(0)
    rates, means = by_run(groups.won.mean(), run), by_run(groups["return"].mean(), run)
    parts = (counts, rates.where(counts >= FEWEST), means.where(counts >= FEWEST))
    return EntryQuarters(
        edges, *({name: each.loc[name].to_numpy(float) for name in run.runs} for each in parts)
    )


def by_run(figures: pd.Series, run: SavedRun) -> pd.DataFrame:
    """Return a row per run and a column per quarter; NaN without trades."""
    return figures.unstack().reindex(index=run.runs, columns=PLACES)
