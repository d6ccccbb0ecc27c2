"""Trades in quarters of the model's probability at their entry."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bt_fusion.report.figures import basis, cell, count, decimals, percent
from bt_fusion.saved_runs.entry_probabilities import entry_probabilities
from bt_fusion.saved_runs.saved_run import SavedRun
from bt_fusion.saved_runs.trade_groups import closed_trades

__all__ = ["LEAST", "EntryQuarters", "entry_quarters"]

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
