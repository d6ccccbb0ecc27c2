"""tearsheet.html by quantstats: ML-on, with ML-off as its benchmark."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from bt_fusion.errors import OptionError, RunError
from bt_fusion.files import write_whole
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["check_quantstats", "daily_returns", "write_tearsheet"]

LEAST_DAYS = 30
ICON = "https://qtpylib.io/favicon.ico"  # the one thing in it that would be fetched


def check_quantstats() -> None:
    """Raise OptionError if quantstats is not installed."""
    if find_spec("quantstats") is None:
        raise OptionError(
            "a tear sheet needs quantstats, not installed here: pip install 'bt-fusion[tearsheet]'"
        )


def write_tearsheet(path: Path, run: SavedRun) -> None:
    """Write quantstats' tear sheet of the daily returns; it works offline.

    Raises
    ------
    OptionError
        When quantstats is not installed.
    RunError
        When there are not both runs, or fewer days than monthly statistics can be made of.
    """
    check_quantstats()
    if len(run.runs) < 2:
        raise RunError(
            f"a tear sheet compares ML on with ML off; this run has ML {run.runs[0]} alone"
        )
    returns = {name: daily_returns(run.equity, name) for name in run.runs}
    days = len(returns["on"])
    if days < LEAST_DAYS:
        raise RunError(
            f"{days} days of returns are too few for a tear sheet; it takes {LEAST_DAYS}"
        )
    import matplotlib

    matplotlib.use("Agg")  # before quantstats asks for a screen
    from quantstats import reports

    def write(file: Path) -> None:
        with quiet():
            reports.html(
                returns["on"],
                benchmark=returns["off"],
                benchmark_title="ML off",
                strategy_title="ML on",
                title=title_of(run),
                output=str(file),
                match_dates=False,
            )

        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(ICON, "data:,"), encoding="utf-8")

    write_whole(path, write)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence quantstats' pandas warnings and its messages about the missing font Arial."""
    fonts = logging.getLogger("matplotlib.font_manager")
    usual = fonts.level
    fonts.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        fonts.setLevel(usual)


def title_of(run: SavedRun) -> str:
    """Return the run's title, marked if its bars are in-sample."""
    return f"{run.summary['data']['name']}{', IN-SAMPLE' if run.in_sample else ''}"


def daily_returns(equity: pd.DataFrame, run: str) -> pd.Series:
    """Return an account's daily returns, from the last close of one day to that of the next.

    Examples
    --------
    >>> times = pd.to_datetime(["2024-01-01 00:00", "2024-01-01 12:00", "2024-01-02 12:00"])
    >>> daily_returns(pd.DataFrame({"datetime": times, "on": [100.0, 110.0, 99.0]}), "on").round(3)
    datetime
    2024-01-01    0.1
    2024-01-02   -0.1
    Name: on, dtype: float64
    """
    values = equity.set_index("datetime")[run]
    closes = values.groupby(pd.DatetimeIndex(values.index).normalize()).last()
    return closes / closes.shift().fillna(values.iloc[0]) - 1
