"""Returns by calendar: months of years, or days of weeks for a short run."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["PeriodReturns", "period_returns"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHORT = pd.Timedelta(days=92)


@dataclass(frozen=True)
class PeriodReturns:
    """Returns of an account by calendar.

    Attributes
    ----------
    kind : str
        "Monthly" or "Daily".
    lines, columns : list of str
        Years and months, or weeks (by their Monday) and days of the week.
    values : dict of str to ndarray, shape (n_lines, n_columns)
        Of each run, fractions; NaN where there is none.
    totals : dict of str to ndarray, shape (n_lines,)
        Each line's returns compounded.
    """

    kind: str
    lines: list[str]
    columns: list[str]
    values: dict[str, np.ndarray]
    totals: dict[str, np.ndarray]


def period_returns(equity: pd.DataFrame) -> PeriodReturns:
    """Compute returns of equity curves by calendar.

    Parameters
    ----------
    equity : DataFrame
        datetime, and a column for each run.

    Examples
    --------
    >>> days = pd.to_datetime(["2024-01-01", "2024-01-31", "2024-02-29", "2024-06-30"])
    >>> found = period_returns(pd.DataFrame({"datetime": days, "on": [100, 110, 99, 99.0]}))
    >>> found.kind, found.lines, found.values["on"].round(3)[0, :2], found.totals["on"].round(3)
    ('Monthly', ['2024'], array([ 0.1, -0.1]), array([-0.01]))
    """
    table = equity.set_index("datetime")
    index = pd.DatetimeIndex(table.index)
    daily = index[-1] - index[0] < SHORT
    period = index.floor("D") if daily else index.to_period("M").to_timestamp()
    last = table.groupby(period).last()
    before = last.shift().fillna(table.iloc[0])
    returns = last / before - 1
    stamps = pd.DatetimeIndex(returns.index)
    lines = (stamps - pd.to_timedelta(stamps.day_of_week, "D")).date if daily else stamps.year
    place = stamps.day_of_week if daily else stamps.month - 1
    shown = [str(line) for line in dict.fromkeys(lines)]
    columns = list(DAYS if daily else MONTHS)
    row = np.array([shown.index(str(line)) for line in lines])
    values, totals = {}, {}
    for run in returns:
        grid = np.full((len(shown), len(columns)), np.nan)
        grid[row, place] = returns[run]
        values[str(run)] = grid
        totals[str(run)] = np.prod(1 + np.nan_to_num(grid), axis=1) - 1
    return PeriodReturns("Daily" if daily else "Monthly", shown, columns, values, totals)
