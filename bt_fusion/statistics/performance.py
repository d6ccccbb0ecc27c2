"""Figures of trades and equity curves: fractions, not percent; None if undefined."""

import numpy as np
import pandas as pd

from bt_fusion.data.bars import bars_per_year

__all__ = [
    "LEAST_DAYS",
    "LEAST_TRADES",
    "NOISE",
    "bar_returns",
    "curve_figures",
    "drawdowns",
    "equity_figures",
    "long_enough",
    "profit_factor",
    "reported_figures",
    "run_figures",
    "sharpe",
    "sortino",
    "trade_figures",
    "win_rate",
    "years_of",
]

Figures = dict[str, float | int | None]

# A year is twelve months: less than one of them, raised to a year, says nothing about it. Below ten
# trades the standard deviation is uncertain by a quarter of itself or more, 1 / sqrt(2 (n - 1)).
LEAST_DAYS = 30.0
LEAST_TRADES = 10
NOISE = 1e-12  # relative deviation below which values count as equal
WITHHELD = ("cagr", "sharpe", "sortino", "sqn")  # for short runs or few trades


def run_figures(pnl: np.ndarray, returns: np.ndarray, equity: pd.Series) -> Figures:
    """Compute the figures of a run's closed trades and equity curve.

    Parameters
    ----------
    pnl, returns
        As for `trade_figures`.
    equity
        As for `equity_figures`.

    Returns
    -------
    dict
        Of `trade_figures` and `equity_figures`; cagr, sharpe, sortino and sqn are None for a run
        of fewer than `LEAST_DAYS` days or `LEAST_TRADES` closed trades.
    """
    figures = {**trade_figures(pnl, returns), **equity_figures(equity)}
    return reported_figures(figures, long_enough(equity.index))


def reported_figures(figures: Figures, long: bool) -> Figures:
    """Return a run's figures without those that need a longer run or more trades.

    Parameters
    ----------
    figures : dict
        Of `trade_figures` and `equity_figures`.
    long : bool
        Of `long_enough`.
    """
    trades = figures["trades"]
    enough = long and trades is not None and trades >= LEAST_TRADES
    return figures if enough else figures | dict.fromkeys(WITHHELD)


def long_enough(stamps: "pd.Index[pd.Timestamp]") -> bool:
    """Return whether bars span `LEAST_DAYS` days, enough for annual figures."""
    return (stamps[-1] - stamps[0]) >= pd.Timedelta(days=LEAST_DAYS)


def trade_figures(pnl: np.ndarray, returns: np.ndarray) -> Figures:
    """Compute the figures of closed trades.

    Parameters
    ----------
    pnl : ndarray, shape (n_trades,)
        Profit or loss after commission, in cash.
    returns : ndarray, shape (n_trades,)
        The same as a fraction of the position's value at entry.

    Returns
    -------
    dict
        trades, won (pnl > 0), lost (pnl < 0), win_rate, profit_factor (of returns),
        profit_factor_cash (of pnl), expectancy (mean return), avg_win, avg_loss (mean return of
        each), net_profit (cash), sqn.

    Notes
    -----
    A growing or shrinking account trades larger or smaller amounts later, so the cash of a few
    months can dominate; as returns, all trades count equally.

    References
    ----------
    SQN: Van Tharp, Definitive Guide to Position Sizing Strategies (2008): mean over standard
    deviation of the trades, times the root of their number.

    Examples
    --------
    >>> figures = trade_figures(np.array([30.0, -10.0]), np.array([0.5, -0.25]))
    >>> figures["win_rate"], figures["profit_factor"], figures["profit_factor_cash"]
    (0.5, 2.0, 3.0)
    """
    won, lost = pnl > 0, pnl < 0
    return {
        "trades": len(pnl),
        "won": int(won.sum()),
        "lost": int(lost.sum()),
        "win_rate": win_rate(pnl),
        "profit_factor": profit_factor(returns),
        "profit_factor_cash": profit_factor(pnl),
        "expectancy": _mean(returns),
        "avg_win": _mean(returns[won]),
        "avg_loss": _mean(returns[lost]),
        "net_profit": float(pnl.sum()),
        "sqn": _score(pnl, np.sqrt(len(pnl))),
    }


def win_rate(pnl: np.ndarray) -> float | None:
    """Return the share of trades with pnl > 0, None without trades."""
    return _mean((pnl > 0).astype(float))


def profit_factor(made: np.ndarray) -> float | None:
    """Return the sum of gains over the sum of losses, None without a loss.

    Parameters
    ----------
    made : ndarray, shape (n_trades,)
        Net of each trade, as returns or in cash.
    """
    loss = -made[made < 0].sum()
    return float(made[made > 0].sum() / loss) if loss > 0 else None


def equity_figures(equity: pd.Series) -> Figures:
    """Compute the figures of an equity curve: one value per bar, the first is the initial cash.

    Returns
    -------
    dict
        total_return, cagr (by calendar time), sharpe and sortino (annualised by the data's own bars
        per year, risk-free rate 0), max_drawdown (a positive fraction of the peak).

    Examples
    --------
    >>> days = pd.date_range("2024-01-01", periods=3)
    >>> equity_figures(pd.Series([100.0, 120.0, 90.0], index=days))["max_drawdown"]
    0.25
    """
    values = equity.to_numpy(dtype=float)
    periods = bars_per_year(pd.DatetimeIndex(equity.index))
    return curve_figures(values, bar_returns(values), periods, years_of(equity.index))


def curve_figures(values: np.ndarray, returns: np.ndarray, periods: float, years: float) -> Figures:
    """Compute the figures of an equity curve from arrays.

    Parameters
    ----------
    values : ndarray, shape (n_bars,)
        Of the account.
    returns : ndarray, shape (n_bars - 1,)
        Of `bar_returns`.
    periods : float
        Bars per year.
    years : float
        From the first to the last bar.
    """
    total = values[-1] / values[0] - 1
    return {
        "total_return": float(total),
        "cagr": _yearly(total, years),
        "sharpe": sharpe(returns, periods),
        "sortino": sortino(returns, periods),
        "max_drawdown": float(drawdowns(values).max()),
    }


def years_of(stamps: "pd.Index[pd.Timestamp]") -> float:
    """Return the years from the first to the last bar."""
    return (stamps[-1] - stamps[0]) / pd.Timedelta(days=365.25)


def _yearly(total: float, years: float) -> float | None:
    """Return the annual return of a total return; None if it overflows a float."""
    if not (years > 0 and total > -1):
        return None
    with np.errstate(over="ignore"):
        return _finite(np.expm1(np.log1p(total) / years))


def bar_returns(equity: np.ndarray) -> np.ndarray:
    """Return the change of each value as a fraction of the one before, one value fewer.

    A lost account stays lost: -1 on that bar, 0 afterwards.

    >>> bar_returns(np.array([100.0, 110.0, -22.0, -44.0]))
    array([ 0.1, -1. ,  0. ])
    """
    if (equity > 0).all():
        return np.diff(equity) / equity[:-1]
    left = np.where(np.logical_or.accumulate(equity <= 0), 0.0, equity)
    before = left[:-1]
    return np.divide(np.diff(left), before, out=np.zeros(len(before)), where=before != 0)


def drawdowns(equity: np.ndarray) -> np.ndarray:
    """Return how far each value is below the peak so far, as a positive fraction."""
    return 1 - equity / np.maximum.accumulate(equity)


def sharpe(returns: np.ndarray, periods: float) -> float | None:
    """Return mean over standard deviation of per-bar returns, annualised; None if undefined.

    References
    ----------
    Sharpe, The Sharpe Ratio, Journal of Portfolio Management (1994).
    """
    return _score(returns, np.sqrt(periods))


def sortino(returns: np.ndarray, periods: float) -> float | None:
    """Return mean over downside deviation (target 0) of per-bar returns, annualised.

    References
    ----------
    Sortino and Price, Performance Measurement in a Downside Risk Framework (1994).
    """
    if len(returns) < 2:
        return None
    downside = np.sqrt(np.mean(np.minimum(returns, 0) ** 2))
    return _finite(returns.mean() / downside * np.sqrt(periods)) if downside > 0 else None


def _score(values: np.ndarray, scale: float) -> float | None:
    if len(values) < 2:
        return None
    spread = values.std(ddof=1)
    noise = NOISE * max(values.max(), -values.min())
    return _finite(values.mean() / spread * scale) if spread > noise else None


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
