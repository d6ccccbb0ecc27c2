"""ML off against ML on: differences with their intervals, and what became of each trade."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.runner import Run
from bt_fusion.bars import bars_per_year
from bt_fusion.statistics import drawdowns, profit_factor, sharpe, win_rate

__all__ = ["attribute_trades", "compare_runs", "false_signals", "trade_counts"]

DRAWS = 1_000
LEVEL = (2.5, 97.5)  # percentiles of a 95 % interval
SAME_SHARE = 0.01  # entries whose part of the account differs by less are of the same size
CATEGORIES = ("kept", "resized", "retimed", "vetoed", "added", "open")


def compare_runs(off: Run, on: Run, *, draws: int = DRAWS, seed: int = 0) -> dict[str, Any]:
    """Compare two runs over the same bars.

    Parameters
    ----------
    off, on : Run
    draws : int
        Bootstrap samples.
    seed : int

    Returns
    -------
    dict
        For win_rate, expectancy, profit_factor, net_profit, sharpe and max_drawdown each {off,
        on, delta, ci95}, ci95 being the interval of the difference [low, high] or None; and
        false_signals {off, on, change}, trades (see `trade_counts`).

    Notes
    -----
    Intervals are percentiles of a stationary bootstrap (Politis and Romano 1994) with the block
    length of Politis and White (2004), both by `arch`. Net profit, Sharpe and drawdown resample
    the paired returns of both runs bar by bar; win rate, profit factor and expectancy resample
    entries in time order, those of the same bar together. Trading less under costs moves these
    figures without any skill: an interval beside zero is not yet a verdict.
    """
    by_bar = bar_intervals(off, on, draws, seed)
    by_trade = trade_intervals(off.trades, on.trades, draws, seed)
    result: dict[str, Any] = {}
    names = ("win_rate", "profit_factor", "expectancy", "net_profit", "sharpe", "max_drawdown")
    for name in names:
        before, after = off.figures[name], on.figures[name]
        delta = None if before is None or after is None else after - before
        interval = {**by_bar, **by_trade}[name]
        result[name] = {"off": before, "on": after, "delta": delta, "ci95": interval}
    result["false_signals"] = false_signals(off, on)
    result["trades"] = trade_counts(attribute_trades(off, on), off)
    return result


def false_signals(off: Run, on: Run) -> dict[str, float | None]:
    """Return the share of entries that ended in a loss, and its change (on - off) / off."""
    shares = [
        run.figures["lost"] / run.figures["trades"] if run.figures["trades"] else None
        for run in (off, on)
    ]
    before, after = shares
    change = (after - before) / before if before and after is not None else None
    return {"off": before, "on": after, "change": change}


def bar_intervals(off: Run, on: Run, draws: int, seed: int) -> dict[str, list[float] | None]:
    """Return the intervals of what is made of per-bar returns."""
    returns = np.column_stack([_returns(off.equity), _returns(on.equity)])
    periods = bars_per_year(pd.DatetimeIndex(off.equity.index))
    cash = off.equity.iloc[0]

    def differences(sample: np.ndarray) -> np.ndarray:
        values = []
        for column in sample.T:
            growth = np.cumprod(1 + column)
            values.append(
                (cash * (growth[-1] - 1), sharpe(column, periods), drawdowns(growth).max())
            )
        return _deltas(*values)

    return _intervals(("net_profit", "sharpe", "max_drawdown"), returns, differences, draws, seed)


def trade_intervals(
    off: pd.DataFrame, on: pd.DataFrame, draws: int, seed: int
) -> dict[str, list[float] | None]:
    """Return the intervals of what is made of closed trades."""
    columns = []
    for trades in (off, on):
        closed = trades[trades.exit_reason != "open"]
        value = closed.entry_price * closed["size"]
        columns.append(
            pd.DataFrame({"pnl": closed.pnl, "return": closed.pnl / value}).set_index(
                pd.MultiIndex.from_frame(_keys(closed))
            )
        )
    paired = pd.concat(columns, axis=1, keys=["off", "on"]).sort_index().to_numpy(dtype=float)

    def differences(sample: np.ndarray) -> np.ndarray:
        values = []
        for pnl, gain in (sample[:, :2].T, sample[:, 2:].T):
            made = pnl[~np.isnan(pnl)]
            mean = np.nanmean(gain) if len(made) else None
            values.append((win_rate(made), profit_factor(made), mean))
        return _deltas(*values)

    names = ("win_rate", "profit_factor", "expectancy")
    return _intervals(names, paired, differences, draws, seed)


def attribute_trades(off: Run, on: Run) -> pd.DataFrame:
    """Match the trades of two runs and say what became of each.

    Returns
    -------
    DataFrame
        One row a match, within a symbol: category, and the positions of its trades in `off.trades`
        and `on.trades` (-1 for none). kept: same entry bar and side; resized: likewise, but another
        part of the account; retimed: another bar of the same technical episode (an unbroken run
        of one state), the nearest first, where the strategy has a technical state; vetoed: off
        alone; added: on alone; open: not closed at the end.
    """
    matches: list[tuple[str, int, int]] = []
    rest_off, rest_on = _keyed(off), _keyed(on)
    for key in [key for key in rest_off if key in rest_on]:
        a, b = rest_off.pop(key), rest_on.pop(key)
        shares = off.trades.share[a], on.trades.share[b]
        resized = abs(shares[0] - shares[1]) > SAME_SHARE
        matches.append(("resized" if resized else "kept", a, b))
    symbols = {symbol for _, symbol, *_ in (*rest_off, *rest_on)}
    episodes = {symbol: _episodes(off, symbol) for symbol in symbols}
    entered = off.trades.entry_time.tolist()
    waiting: dict[Any, list[int]] = {}
    for (time, symbol, side, _), a in rest_off.items():
        waiting.setdefault((symbol, episodes[symbol].get(time), side), []).append(a)
    for (time, symbol, side, _), b in rest_on.items():
        same = waiting.get((symbol, episodes[symbol].get(time), side))
        if not same or off.technical is None:
            matches.append(("added", -1, b))
            continue
        a = min(same, key=lambda row: abs(entered[row] - time))
        same.remove(a)
        matches.append(("retimed", a, b))
    matches += [("vetoed", a, -1) for left in waiting.values() for a in left]
    table = pd.DataFrame(matches, columns=["category", "off", "on"])
    unfinished = _is_open(off, table.off) | _is_open(on, table.on)
    table.loc[unfinished, "category"] = "open"
    return table


def trade_counts(matches: pd.DataFrame, off: Run) -> dict[str, int]:
    """Count the matches of each category, and which of the vetoed trades had won and lost."""
    counts = matches.category.value_counts()
    vetoed = off.trades.pnl.iloc[matches.off[matches.category == "vetoed"].to_numpy(dtype=int)]
    return {
        **{name: int(counts.get(name, 0)) for name in CATEGORIES},
        "vetoed_won": int((vetoed > 0).sum()),
        "vetoed_lost": int((vetoed < 0).sum()),
    }


def _keyed(run: Run) -> dict[tuple[Any, ...], int]:
    keys = _keys(run.trades).itertuples(index=False, name=None)
    return {key: row for row, key in enumerate(keys)}


def _keys(trades: pd.DataFrame) -> pd.DataFrame:
    """Return what tells entries apart: bar, symbol, side, and which of the same three it is."""
    columns = ["entry_time", "symbol", "side"]
    return trades[columns].assign(number=trades.groupby(columns).cumcount())


def _is_open(run: Run, rows: pd.Series) -> np.ndarray:
    still = np.append((run.trades.exit_reason == "open").to_numpy(dtype=bool), False)
    return still[rows.to_numpy(dtype=int)]  # -1, no trade, takes the False at the end


def _episodes(run: Run, symbol: str) -> dict[pd.Timestamp, int]:
    """Number the unbroken runs of one technical state, by the bar after: that of the fill."""
    if run.technical is None:
        return {}
    known, index = run.technical, run.equity.index
    if isinstance(known, pd.Series):  # of several symbols
        known, index = known[symbol].to_numpy(), known[symbol].index
    state = np.nan_to_num(known)
    number = np.cumsum(np.r_[True, state[1:] != state[:-1]])
    return dict(zip(index[1:], number[:-1].tolist(), strict=True))


def _returns(equity: pd.Series) -> np.ndarray:
    values = equity.to_numpy(dtype=float)
    return np.diff(values) / values[:-1]


def _deltas(off: tuple, on: tuple) -> np.ndarray:
    before, after = np.array([off, on], dtype=float)  # None becomes NaN
    return after - before


def _intervals(
    names: tuple[str, ...],
    rows: np.ndarray,
    differences: Callable[[np.ndarray], np.ndarray],
    draws: int,
    seed: int,
) -> dict[str, list[float] | None]:
    if len(rows) < 10:  # no block length can be estimated
        return dict.fromkeys(names)
    from arch.bootstrap import StationaryBootstrap

    bootstrap = StationaryBootstrap(_block_length(rows), rows, seed=seed)
    drawn = np.array(bootstrap.apply(differences, draws), dtype=float)
    intervals: dict[str, list[float] | None] = {}
    for name, values in zip(names, drawn.T, strict=True):
        defined = values[np.isfinite(values)]
        enough = len(defined) > 0.95 * draws  # else the interval would hide where it is undefined
        intervals[name] = np.percentile(defined, LEVEL).tolist() if enough else None
    return intervals


def _block_length(rows: np.ndarray) -> int:
    from arch.bootstrap import optimal_block_length

    half = rows.shape[1] // 2
    difference = np.nan_to_num(rows[:, half] if half > 0 else rows[:, 0]) - np.nan_to_num(
        rows[:, 0]
    )
    if np.ptp(difference) == 0:
        return 1
    length = float(optimal_block_length(difference)["stationary"].iloc[0])
    return max(1, round(length)) if np.isfinite(length) else 1
