"""A run's figures with the names, order and units of backtesting.py.

Differences from backtesting.py 0.6, whose definitions hold for everything else:

- Sharpe, Sortino and volatility are those of `statistics`: arithmetic, of the returns of each bar,
  annualised by the data's own bars per year. There they use daily, compounded returns.
- The annual return compounds the bars' returns by the same bars per year, not by 252 or 365.25
  days.
- A trade runs from flat to flat; there, a partial exit splits it.
- As there, but unlike summary.json, a few days are annualised and two trades have an SQN.
- Exposure is the share of closes with a position; there, the bar of the exit also counts.
- `_strategy` is its name: an object would carry its feeds along.

References
----------
backtesting.py, `backtesting/_stats.py`; Jensen, The Performance of Mutual Funds (1968), for alpha;
Kelly, A New Interpretation of Information Rate (1956).
"""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.data.bars import bars_per_year
from bt_fusion.statistics.performance import bar_returns, drawdowns, equity_figures, trade_figures

__all__ = ["Summary", "drawdown_spells", "summarize"]


class Summary(pd.Series):
    """A Series that prints like backtesting.py's: every row, `--` if undefined."""

    def __repr__(self) -> str:
        width, rows = ("display.max_colwidth", 20), ("display.max_rows", len(self))
        with pd.option_context(*width, *rows, "display.precision", 5):
            return self.to_string(na_rep="--", dtype=True)


def summarize(
    trades: pd.DataFrame,
    equity: pd.Series,
    *,
    hold_return: float,
    market: np.ndarray,
    exposure: float,
    commission: float,
    strategy: str = "",
) -> dict[str, Any]:
    """Return a run's figures under backtesting.py's keys: percent, NaN if undefined.

    Parameters
    ----------
    trades : DataFrame
        As listed by `TradeStats`; open trades count only in the equity.
    equity : Series
        The account's value at the close of each bar.
    hold_return : float
        Return of buy and hold from the first bar the strategy could trade, a fraction.
    market : ndarray, shape (n_bars,)
        Market closes for beta.
    exposure : float
        Share of the bars in the market.
    commission : float
        In cash; left out if 0.
    strategy : str
    """
    closed = trades[trades.exit_reason != "open"]
    listed = as_listed(closed, pd.DatetimeIndex(equity.index))
    summary = {
        "Start": equity.index[0],
        "End": equity.index[-1],
        "Duration": equity.index[-1] - equity.index[0],
        "Exposure Time [%]": 100 * exposure,
        "Equity Final [$]": float(equity.iloc[-1]),
        "Equity Peak [$]": float(equity.max()),
    }
    if commission:
        summary["Commissions [$]"] = commission
    summary |= _of_equity(equity, hold_return, market)
    summary |= _of_trades(listed, resolution(equity.index))
    curve = equity_curve(equity)
    return summary | {"_strategy": strategy, "_equity_curve": curve, "_trades": listed}


def drawdown_spells(equity: pd.Series) -> pd.DataFrame:
    """Return one row per drawdown: from its peak to the recovery, or the last bar.

    Returns
    -------
    DataFrame
        Indexed by the bar it ends at: duration (Timedelta), depth (a positive fraction).

    Examples
    --------
    >>> days = pd.date_range("2024-01-01", periods=6)
    >>> spells = drawdown_spells(pd.Series([10.0, 5.0, 9.0, 10.0, 12.0, 9.0], index=days))
    >>> [(row.duration.days, row.depth) for row in spells.itertuples()]
    [(3, 0.5), (1, 0.25)]
    """
    below = drawdowns(equity.to_numpy(dtype=float))
    marks = np.flatnonzero(below == 0)
    depths = np.maximum.reduceat(below, marks)  # from each mark up to the next
    starts = equity.index[marks[depths > 0]]
    ends = equity.index[np.append(marks[1:], len(below) - 1)[depths > 0]]
    return pd.DataFrame({"duration": ends - starts, "depth": depths[depths > 0]}, index=ends)


def equity_curve(equity: pd.Series) -> pd.DataFrame:
    """Return value, drawdown (a fraction) and, at its end, the duration, for each bar."""
    return pd.DataFrame(
        {
            "Equity": equity,
            "DrawdownPct": drawdowns(equity.to_numpy(dtype=float)),
            "DrawdownDuration": drawdown_spells(equity).duration.reindex(equity.index),
        }
    )


def as_listed(trades: pd.DataFrame, index: pd.DatetimeIndex) -> pd.DataFrame:
    """Return trades in backtesting.py's columns; sizes are signed, the tag is the exit reason."""
    sign = np.where(trades.side == "short", -1.0, 1.0)
    return pd.DataFrame(
        {
            "Size": sign * trades["size"],
            "EntryBar": index.searchsorted(trades.entry_time),
            "ExitBar": index.searchsorted(trades.exit_time),
            "EntryPrice": trades.entry_price,
            "ExitPrice": trades.exit_price,
            "PnL": trades.pnl,
            "Commission": trades.commission,
            "ReturnPct": trades.pnl / trades.value,
            "EntryTime": trades.entry_time,
            "ExitTime": trades.exit_time,
            "Duration": trades.exit_time - trades.entry_time,
            "Tag": trades.exit_reason,
            "Symbol": trades.symbol,
        }
    ).reset_index(drop=True)


def kelly(pnl: np.ndarray) -> float:
    """Return the Kelly fraction: win rate minus (1 - win rate) / (mean win / mean loss).

    >>> kelly(np.array([30.0, 30.0, -20.0, -20.0]))  # 1/2 - 1/2 / 1.5
    0.16666666666666669
    """
    won, lost = pnl[pnl > 0], pnl[pnl < 0]
    if not len(won) or not len(lost):
        return np.nan
    share = len(won) / len(pnl)
    return float(share - (1 - share) / (won.mean() / -lost.mean()))


def geometric_mean(returns: np.ndarray) -> float:
    """Return the geometric mean of returns; 0 if one lost everything.

    >>> round(geometric_mean(np.array([0.21, 0.0])), 12)
    0.1
    """
    if not len(returns):
        return np.nan
    if (returns <= -1).any():
        return 0.0
    return float(np.expm1(np.log1p(returns).mean()))


def beta_of(values: np.ndarray, market: np.ndarray) -> float:
    """Return the covariance of log returns with the market's over the market's variance."""
    if len(values) < 3 or (values <= 0).any():
        return np.nan
    own, others = np.diff(np.log(values)), np.diff(np.log(market))
    spread = np.cov(own, others)
    return float(spread[0, 1] / spread[1, 1]) if spread[1, 1] > 0 else np.nan


def resolution(index: pd.Index) -> str:
    """Return the time unit of the bars: D, h, min, s.

    >>> resolution(pd.date_range("2024-01-01", periods=3, freq="4h"))
    'h'
    """
    length = pd.Series(index).diff().median()
    return pd.Timedelta(length).resolution_string if len(index) > 1 else "D"


def mean_span(spans: pd.Series, unit: str) -> Any:
    """Return the mean time span, rounded up to whole units, NaT for none."""
    return pd.Timedelta(spans.mean()).ceil(unit) if len(spans) else pd.NaT


def _of_equity(equity: pd.Series, hold_return: float, market: np.ndarray) -> dict[str, Any]:
    figures, spells = equity_figures(equity), drawdown_spells(equity)
    values, unit = equity.to_numpy(dtype=float), resolution(equity.index)
    returns, periods = bar_returns(values), bars_per_year(pd.DatetimeIndex(equity.index))
    total, worst = values[-1] / values[0] - 1, figures["max_drawdown"]
    annual = (1 + geometric_mean(returns)) ** periods - 1
    spread = returns.std(ddof=1) * np.sqrt(periods) if len(returns) > 1 else np.nan
    beta = beta_of(values, market)
    return {
        "Return [%]": 100 * total,
        "Buy & Hold Return [%]": 100 * hold_return,
        "Return (Ann.) [%]": 100 * annual,
        "Volatility (Ann.) [%]": 100 * spread,
        "CAGR [%]": 100 * _known(figures["cagr"]),
        "Sharpe Ratio": _known(figures["sharpe"]),
        "Sortino Ratio": _known(figures["sortino"]),
        "Calmar Ratio": annual / worst if worst else np.nan,
        "Alpha [%]": 100 * (total - beta * hold_return),
        "Beta": beta,
        "Max. Drawdown [%]": -100 * _known(worst),
        "Avg. Drawdown [%]": -100 * spells.depth.mean(),
        "Max. Drawdown Duration": spells.duration.max(),
        "Avg. Drawdown Duration": mean_span(spells.duration, unit),
    }


def _of_trades(listed: pd.DataFrame, unit: str) -> dict[str, Any]:
    returns, pnl = listed.ReturnPct.to_numpy(dtype=float), listed.PnL.to_numpy(dtype=float)
    figures, lasted = trade_figures(pnl, returns), listed.Duration
    return {
        "# Trades": figures["trades"],
        "Win Rate [%]": 100 * _known(figures["win_rate"]),
        "Best Trade [%]": 100 * returns.max() if len(returns) else np.nan,
        "Worst Trade [%]": 100 * returns.min() if len(returns) else np.nan,
        "Avg. Trade [%]": 100 * geometric_mean(returns),
        "Max. Trade Duration": lasted.max(),
        "Avg. Trade Duration": mean_span(lasted, unit),
        "Profit Factor": _known(figures["profit_factor"]),
        "Expectancy [%]": 100 * _known(figures["expectancy"]),
        "SQN": _known(figures["sqn"]),
        "Kelly Criterion": kelly(pnl),
    }


def _known(value: float | int | None) -> float:
    """Return NaN for None."""
    return np.nan if value is None else value
