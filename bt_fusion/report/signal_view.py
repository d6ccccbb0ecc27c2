"""Selection of the bars shown in the signal picture."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from bt_fusion.data.timestamps import iso_time
from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.labels.base import check_bar_count
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["DEFAULT_VIEW", "SignalView"]


@dataclass(frozen=True)
class SignalView:
    """Which bars of a run the signal picture shows.

    Attributes
    ----------
    bars : int
        How many at most, 1 or more.
    until : Timestamp, optional
        UTC; the last bar shown is the last one at or before it. Default: the last of all. Given
        as ISO text or any stamp.
    symbol : str, optional
        Whose bars; default the run's first symbol.

    Raises
    ------
    OptionError
        For fewer than 1 bar, or a time that cannot be read.
    """

    bars: int = 500
    until: Any = None
    symbol: str | None = None

    def __post_init__(self) -> None:
        check_bar_count("bars", self.bars)
        if self.until is not None:
            object.__setattr__(self, "until", iso_time("until", self.until))

    def symbol_of(self, run: SavedRun) -> str:
        """Return the symbol shown; OptionError for one that the run does not have."""
        if self.symbol not in (None, *run.symbols):
            raise unknown_name("symbol", self.symbol, run.symbols)
        return self.symbol or run.symbols[0]

    def rows(self, index: pd.DatetimeIndex) -> slice:
        """Return which of a symbol's bars are shown.

        Raises
        ------
        OptionError
            When all of them come after `until`.

        Examples
        --------
        >>> days = pd.date_range("2024-01-01", periods=10)
        >>> SignalView(3).rows(days), SignalView(3, "2024-01-02 12:00").rows(days)
        (slice(7, 10, None), slice(0, 2, None))
        """
        end = len(index)
        if self.until is not None:
            end = int(index.searchsorted(self.until, side="right"))
        if not end:
            raise OptionError(
                f"until {self.until} is before the first bar; give a time from {index[0]} to "
                f"{index[-1]}"
            )
        return slice(max(0, end - self.bars), end)


DEFAULT_VIEW = SignalView()
