"""Split the difference in profit into parts that add up to it."""

from dataclasses import dataclass
from math import fsum

import numpy as np
import pandas as pd

from bt_fusion.backtest.difference.trade_costs import costs_paid, entry_values
from bt_fusion.engine.runner import Run

__all__ = ["PARTS", "Decomposition", "decompose"]

PARTS = ("costs", "side_mix", "choice", "exits", "sizes")
EXACT = 1e-9  # of the gross profit and loss
SAME_EXIT = 1e-12  # returns of one entry that differ by less come from the same exit
SIDES = ("long", "short")


@dataclass(frozen=True)
class Decomposition:
    """Parts of the difference in profit, ML-on minus ML-off, in cash.

    Attributes
    ----------
    paid : float
        Lower commission and slippage.
    fewer_trades : float
        Profit before costs of the number of skipped trades, each at ML-off's average.
    side_mix : float
        Different share of long and short trades, each at ML-off's average of its side.
    choice : float
        Entries better than ML-off's average of their side.
    exits : float
        Different exits of the same entries.
    sizes : float
        Different sizes of the same entries.
    """

    paid: float
    fewer_trades: float
    side_mix: float
    choice: float
    exits: float
    sizes: float

    @property
    def costs(self) -> float:
        """`paid` plus `fewer_trades`."""
        return self.paid + self.fewer_trades

    @property
    def parts(self) -> dict[str, float]:
        """The five parts of `PARTS`, which add up to the difference."""
        return {name: getattr(self, name) for name in PARTS}


def decompose(off: Run, on: Run, matches: pd.DataFrame, slippage: float = 0.0) -> Decomposition:
    """Split the difference in profit of ML-on and ML-off, with open trades at their last value.

    Parameters
    ----------
    off, on : Run
    matches : DataFrame
        Of `attribute_trades`.
    slippage : float
        Of the account, see `costs_paid`.

    Raises
    ------
    AssertionError
        If the parts do not add up: a bug of ours.

    Notes
    -----
    Both accounts compound: the same trade makes more cash in the larger one. So each trade counts
    by the growth of its own account, ln(after / before), which is additive over trades; costs and
    profit share it in proportion to their cash. One factor converts the parts of the difference in
    growth to cash, (V_on - V_off) / (ln V_on - ln V_off) with final values V (the logarithmic mean
    Divisia index). If an account is lost, growth is undefined, and the parts are sums of cash.

    With g the growth before costs, c that of the costs, n_s the trades of side s and m_s the mean
    g of ML-off's on that side (m of both):

    - paid: sum of c, off - on
    - fewer_trades: (n_on - n_off) m
    - side_mix: sum over s of (n_s,on - n_s,off) m_s, minus fewer_trades
    - same entry (bar, symbol, side) in both runs: exits = g_on x (share_off / share_on) - g_off,
      0 if the exit is the same; sizes = g_on - g_off - exits
    - choice: the rest, sum over entries of only one run of g - m_s, on - off

    References
    ----------
    Kitagawa, Components of a Difference Between Two Rates (1955), for mix and choice; Ang, The LMDI
    Approach to Decomposition Analysis (2005), for the factor.
    """
    cash = float(off.equity.iloc[0])
    runs, scale = growth_of(off, on, cash, slippage)
    before, after = runs
    mine = pairs(off, on, matches)
    exits, sizes = changed(before.iloc[mine.off], after.iloc[mine.on])
    alone = float(after.growth.sum() - before.growth.sum()) - exits - sizes
    fewer, mix = counted(before, after)
    found = Decomposition(
        paid=scale * float(before.cost.sum() - after.cost.sum()),
        fewer_trades=scale * fewer,
        side_mix=scale * mix,
        choice=scale * (alone - fewer - mix),
        exits=scale * exits,
        sizes=scale * sizes,
    )
    check(off, on, found)
    return found


def growth_of(
    off: Run, on: Run, cash: float, slippage: float
) -> tuple[tuple[pd.DataFrame, pd.DataFrame], float]:
    """Return each run's trades with the growth of its account, and the factor to cash."""
    pnl = [run.trades.pnl.to_numpy(dtype=float) for run in (off, on)]
    values = [cash + np.append(0.0, np.cumsum(made)) for made in pnl]
    weights, scale = [np.ones(len(made)) for made in pnl], 1.0
    if min(value.min() for value in values) > 0:
        weights = [growth_a_cash(value[:-1], made) for value, made in zip(values, pnl, strict=True)]
        apart = np.log(values[1][-1] / values[0][-1])
        scale = float(values[0][-1] * (np.expm1(apart) / apart if apart else 1.0))
    tables = [
        trade_table(run.trades, weight, slippage)
        for run, weight in zip((off, on), weights, strict=True)
    ]
    return (tables[0], tables[1]), scale


def growth_a_cash(before: np.ndarray, made: np.ndarray) -> np.ndarray:
    """Return the account's growth per unit of cash a trade made, shape (n_trades,).

    >>> growth_a_cash(np.array([100.0, 50.0]), np.array([100.0, 0.0])).round(5)
    array([0.00693, 0.02   ])
    """
    growth = np.log1p(made / before)
    return np.divide(growth, made, out=1 / before, where=made != 0)


def trade_table(trades: pd.DataFrame, weight: np.ndarray, slippage: float) -> pd.DataFrame:
    """Return side, share, return and growth before costs, and the growth lost to costs."""
    paid = costs_paid(trades, slippage)
    gross = trades.pnl.to_numpy(dtype=float) + paid
    return pd.DataFrame(
        {
            "side": trades.side.to_numpy(),
            "share": trades.share.to_numpy(dtype=float),
            "return": gross / entry_values(trades),
            "growth": weight * gross,
            "cost": weight * paid,
        }
    )


def pairs(off: Run, on: Run, matches: pd.DataFrame) -> pd.DataFrame:
    """Return the matches with the same entry bar, symbol and side in both runs."""
    both = matches[["off", "on"]].astype(int)
    both = both[(both.off >= 0) & (both.on >= 0)]
    before, after = (run.trades.entry_time.to_numpy() for run in (off, on))
    return both[before[both.off.to_numpy()] == after[both.on.to_numpy()]]  # drops retimed ones


def changed(before: pd.DataFrame, after: pd.DataFrame) -> tuple[float, float]:
    """Return the parts of different exits and of different sizes of the same entries."""
    stakes = before.share.to_numpy() / after.share.to_numpy()
    stakes = np.where(np.isfinite(stakes) & (stakes > 0), stakes, 1.0)
    was, became = before.growth.to_numpy(), after.growth.to_numpy()
    moved = np.abs(after["return"].to_numpy() - before["return"].to_numpy()) > SAME_EXIT
    exits = np.where(moved, became * stakes - was, 0.0)
    return float(exits.sum()), float((became - was - exits).sum())


def counted(before: pd.DataFrame, after: pd.DataFrame) -> tuple[float, float]:
    """Return the parts of the number of trades, at ML-off's mean, and of the share of sides."""
    if before.empty:
        return 0.0, 0.0
    fewer = (len(after) - len(before)) * float(before.growth.mean())
    by_side = 0.0
    for side in SIDES:
        own = before.growth[before.side == side]
        more = int((after.side == side).sum()) - len(own)
        by_side += more * float(own.mean()) if len(own) else 0.0
    return fewer, by_side - fewer


def check(off: Run, on: Run, found: Decomposition) -> None:
    """Raise AssertionError unless the parts add up to the difference."""
    whole = fsum([*on.trades.pnl, *-off.trades.pnl])
    split = fsum(found.parts.values())
    gross = fsum([*on.trades.pnl.abs(), *off.trades.pnl.abs()])
    # growth is exact to rounding of the parts, which may be larger than the whole
    if abs(split - whole) > EXACT * max(gross, *map(abs, found.parts.values())):
        raise AssertionError(f"the parts of the difference add up to {split}, not to {whole}")
