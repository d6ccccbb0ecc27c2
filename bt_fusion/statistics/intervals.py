"""Bootstrap intervals of the difference between two runs over the same bars."""

from collections.abc import Callable

import numpy as np

from bt_fusion.statistics.bootstrap import Bootstrap, Figure, intervals

__all__ = ["group_intervals", "return_intervals", "trade_intervals"]

LEAST = 1e-12 - 1  # smallest return: a lost account stays lost


def return_intervals(
    off: np.ndarray,
    on: np.ndarray,
    periods: float = 1.0,
    bootstrap: Bootstrap = Bootstrap(),
    *,
    drawdown: bool = True,
) -> dict[str, list[float] | None]:
    """Return the intervals of on - off for figures of per-bar returns.

    Parameters
    ----------
    off, on : ndarray, shape (n_bars,)
        Of the same bars, as fractions.
    periods : float
        Bars per year, for annual Sharpe and Sortino ratios.
    bootstrap : Bootstrap
    drawdown : bool
        Whether to include the maximum drawdown, which takes most of the time.

    Returns
    -------
    dict
        mean_return (per bar), total_return, sharpe, sortino, max_drawdown: [low, high] or None.

    Notes
    -----
    Assumes a stationary pair of series; both runs' bars are drawn together, so common moves cancel.
    The drawdown is not a smooth function of means, so the coverage of its interval is not
    guaranteed. The difference in total return is (1 + off) (g - 1), where g is the growth of
    ML-on's account over that of ML-off's, and `off` is ML-off's total return. Only g is drawn, from
    differences of log returns, so no bound implies a loss of more than the account. None if an
    account is lost.

    Examples
    --------
    >>> returns = np.random.default_rng(0).normal(0.001, 0.01, (500, 2))
    >>> low, high = return_intervals(*returns.T, drawdown=False)["mean_return"]
    >>> low < 0 < high
    True
    """
    runs = [np.maximum(run, LEAST) for run in (off, on)]
    logs = [np.log1p(run) for run in runs]
    parts = [(np.log1p(run), run, run**2, np.minimum(run, 0) ** 2) for run in runs]
    figures = {
        "mean_return": lambda means: means[..., 1],
        "sharpe": lambda means: np.sqrt(periods) * _sharpe(means, len(off)),
        "sortino": lambda means: np.sqrt(periods) * _ratio(means[..., 1], np.sqrt(means[..., 3])),
    }

    columns = np.column_stack([column for run in parts for column in run])
    paths = {"max_drawdown": _deeper(*logs)} if drawdown else None
    drawn = _differences(figures, 4) | {"total_return": _grown_more(*logs)}
    return intervals(columns, drawn, bootstrap, paths=paths)


def trade_intervals(
    pnl: np.ndarray, gains: np.ndarray, bootstrap: Bootstrap = Bootstrap()
) -> dict[str, list[float] | None]:
    """Return the intervals of on - off for figures of closed trades.

    Parameters
    ----------
    pnl : ndarray, shape (n_entries, 2)
        Of ML-off and ML-on, in cash; one row per entry of either run, in time order, NaN for a run
        without it.
    gains : ndarray, shape (n_entries, 2)
        The same as fractions of the value at entry.
    bootstrap : Bootstrap

    Returns
    -------
    dict
        win_rate, profit_factor, profit_factor_cash, expectancy: [low, high] or None.

    Notes
    -----
    Assumes entries that form a stationary series. An entry both runs made is drawn for both.
    """
    parts = [
        column
        for cash, gain in zip(pnl.T, gains.T, strict=True)
        for column in _trade_columns(cash, gain)
    ]
    return intervals(np.column_stack(parts), _differences(TRADE_FIGURES, 7), bootstrap)


def group_intervals(
    pnl: np.ndarray, gains: np.ndarray, bootstrap: Bootstrap = Bootstrap()
) -> dict[str, list[float] | None]:
    """Return the intervals of the figures of one group of closed trades.

    Parameters
    ----------
    pnl, gains : ndarray, shape (n_trades,)
        In time order, in cash and as fractions of the value at entry.
    bootstrap : Bootstrap

    Returns
    -------
    dict
        win_rate, profit_factor, profit_factor_cash, expectancy: [low, high] or None.

    Examples
    --------
    >>> gains = np.random.default_rng(0).normal(0.001, 0.01, 200)
    >>> low, high = group_intervals(gains, gains)["win_rate"]
    >>> bool(low < (gains > 0).mean() < high)
    True
    """
    return intervals(np.column_stack(_trade_columns(pnl, gains)), TRADE_FIGURES, bootstrap)


def _trade_columns(pnl: np.ndarray, gains: np.ndarray) -> list[np.ndarray]:
    """Return the columns whose means determine `TRADE_FIGURES`; NaN where there was no trade."""
    made = np.isfinite(pnl)
    cash, gain = np.where(made, pnl, 0.0), np.where(made, gains, 0.0)
    parts = [part for each in (gain, cash) for part in (np.maximum(each, 0), np.maximum(-each, 0))]
    return [column.astype(float) for column in (made, cash > 0, *parts, gain)]


def _differences(figures: dict[str, Figure], width: int) -> dict[str, Figure]:
    """Turn figures of one run into differences on - off; the first columns are ML-off's."""

    def difference(figure: Figure) -> Callable[[np.ndarray], np.ndarray]:
        return lambda means: figure(means[..., width:]) - figure(means[..., :width])

    return {name: difference(figure) for name, figure in figures.items()}


def _grown_more(off: np.ndarray, on: np.ndarray) -> Figure:
    """Return the figure of a total return's difference, from mean log returns (columns 0, 4)."""
    gone = min(off.min(initial=0.0), on.min(initial=0.0)) <= np.log1p(LEAST)
    made = np.nan if gone else np.exp(off.sum())
    return lambda means: made * np.expm1(len(off) * (means[..., 4] - means[..., 0]))


def _sharpe(means: np.ndarray, bars: int) -> np.ndarray:
    mean, square = means[..., 1], means[..., 2]
    variance = (square - mean**2) * bars / (bars - 1)
    return _ratio(mean, np.sqrt(np.where(variance > 1e-12 * square, variance, 0.0)))


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


def _deeper(off: np.ndarray, on: np.ndarray) -> Callable[[np.ndarray], float]:
    """Return a function of a resample: the difference on - off of the drawdowns."""
    return lambda rows: _deepest(on[rows]) - _deepest(off[rows])


def _deepest(logs: np.ndarray) -> float:
    """Return the deepest drawdown of a path of log returns, from its start on."""
    path = np.cumsum(logs)
    peak = np.maximum(np.maximum.accumulate(path), 0.0)
    return float(-np.expm1((path - peak).min()))


TRADE_FIGURES: dict[str, Figure] = {
    "win_rate": lambda means: _ratio(means[..., 1], means[..., 0]),
    "profit_factor": lambda means: _ratio(means[..., 2], means[..., 3]),
    "profit_factor_cash": lambda means: _ratio(means[..., 4], means[..., 5]),
    "expectancy": lambda means: _ratio(means[..., 6], means[..., 0]),
}
