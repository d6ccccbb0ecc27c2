"""When a model is due, and how many of the newest bars test it, by the bars' UTC stamps."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bt_fusion.errors import OptionError, unknown_name

__all__ = ["PERIODS", "Schedule", "minute"]

PERIODS = {"week": pd.DateOffset(weeks=1), "month": pd.DateOffset(months=1)}
LEAST_ROWS = 100  # test rows
SPANS = 10  # minimum label spans in these rows: overlapping labels are not independent
FEWEST = 30  # minimum rows for --judge-bars: with fewer the standard error is unusable


@dataclass(frozen=True)
class Schedule:
    """How often a model is retrained, and how many bars test it.

    Attributes
    ----------
    every : {"week", "month"}
        Weeks begin on Monday, months on their first day, both at 00:00 UTC.
    judge_bars : int, optional
        The newest bars, used for the test; see `test_bars` for the default.

    Raises
    ------
    OptionError
        For another period.
    """

    every: str = "month"
    judge_bars: int | None = None

    def __post_init__(self) -> None:
        if self.every not in PERIODS:
            raise unknown_name("period", self.every, PERIODS)

    def next_start(self, stamp: pd.Timestamp) -> pd.Timestamp:
        """Return the start of the first week or month after a stamp.

        >>> Schedule("month").next_start(pd.Timestamp("2024-01-31 05:00"))
        Timestamp('2024-02-01 00:00:00')
        >>> Schedule("week").next_start(pd.Timestamp("2024-01-01"))  # a Monday
        Timestamp('2024-01-08 00:00:00')
        """
        day = stamp.normalize()
        into = day.weekday() if self.every == "week" else day.day - 1
        return day - pd.Timedelta(days=into) + PERIODS[self.every]

    def least(self, horizon: int) -> int:
        """Return the minimum number of test bars; the labels of the last ones are unknown.

        Raises
        ------
        OptionError
            If `judge_bars` leaves too few rows.
        """
        if self.judge_bars is None:
            return max(LEAST_ROWS, SPANS * horizon) + horizon
        if self.judge_bars < FEWEST + horizon:
            raise OptionError(
                f"judge-bars {self.judge_bars} must be {FEWEST + horizon} or more: {FEWEST} rows, "
                f"and the {horizon} bars that the label looks ahead"
            )
        return self.judge_bars

    def test_bars(self, time: np.ndarray, trained_until: pd.Timestamp, horizon: int) -> int:
        """Return how many of the newest bars are test bars.

        Half of the bars that the old model has not seen, at most a week's or a month's, at least
        `least`; the others are training bars.

        Parameters
        ----------
        time : ndarray of datetime64[ns], shape (n_bars,)
        trained_until : Timestamp
            Of the old model.
        horizon : int
            Of the label.
        """
        least = self.least(horizon)
        if self.judge_bars is not None:
            return least
        start = pd.Timestamp(time[-1]) - PERIODS[self.every]
        return min(max(unseen(time, trained_until) // 2, least), max(unseen(time, start), least))

    def why_not(
        self, time: np.ndarray, since: pd.Timestamp, trained_until: pd.Timestamp, horizon: int
    ) -> str:
        """Return why a model is not due yet; empty if it is.

        Parameters
        ----------
        time, trained_until, horizon
            See `test_bars`.
        since : Timestamp
            Last bar of the last decision, or `trained_until` before the first.
        """
        end, start = pd.Timestamp(time[-1]), self.next_start(since)
        if end < start:
            return f"not due until a bar of {minute(start)} UTC; the bars end {minute(end)}"
        new, needed = unseen(time, trained_until), self.least(horizon) + 1
        if new >= needed:
            return ""
        return (
            f"not due until there are {needed:,} bars that the model has not seen, {needed - 1:,} "
            f"to judge by and the others to learn from; there are {new:,} after "
            f"{minute(trained_until)}"
        )


def minute(stamp: pd.Timestamp) -> str:
    """Return a stamp to the minute."""
    return f"{stamp:%Y-%m-%d %H:%M}"


def unseen(time: np.ndarray, stamp: pd.Timestamp) -> int:
    """Return the number of bars after a stamp."""
    return int((time > np.datetime64(stamp, "ns")).sum())
