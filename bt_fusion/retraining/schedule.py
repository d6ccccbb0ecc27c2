"""When a model is due, and how many of the newest bars judge: by the bars' own stamps, in UTC."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bt_fusion.errors import OptionError, unknown_name

__all__ = ["EVERY", "Schedule", "minute"]

EVERY = {"week": pd.DateOffset(weeks=1), "month": pd.DateOffset(months=1)}
LEAST_ROWS = 100  # to judge by
SPANS = 10  # of a label that these rows hold at least: overlapping labels repeat each other
FEWEST = 30  # rows that --judge-bars may leave: fewer have no standard error to speak of


@dataclass(frozen=True)
class Schedule:
    """How often a model is retrained, and by how many bars it is judged.

    Attributes
    ----------
    every : {"week", "month"}
        Weeks begin on Monday, months on their first day, both at 00:00 UTC.
    judge_bars : int, optional
        The newest bars that judge; by default see `judged`.

    Raises
    ------
    OptionError
        For another period.
    """

    every: str = "month"
    judge_bars: int | None = None

    def __post_init__(self) -> None:
        if self.every not in EVERY:
            raise unknown_name("period", self.every, EVERY)

    def next_start(self, stamp: pd.Timestamp) -> pd.Timestamp:
        """Return the start of the first week or month after a stamp.

        >>> Schedule("month").next_start(pd.Timestamp("2024-01-31 05:00"))
        Timestamp('2024-02-01 00:00:00')
        >>> Schedule("week").next_start(pd.Timestamp("2024-01-01"))  # a Monday
        Timestamp('2024-01-08 00:00:00')
        """
        day = stamp.normalize()
        into = day.weekday() if self.every == "week" else day.day - 1
        return day - pd.Timedelta(days=into) + EVERY[self.every]

    def least(self, horizon: int) -> int:
        """Return how many bars must judge at least; the labels of the last ones are not known yet.

        Raises
        ------
        OptionError
            For a `judge_bars` that leaves too few rows.
        """
        if self.judge_bars is None:
            return max(LEAST_ROWS, SPANS * horizon) + horizon
        if self.judge_bars < FEWEST + horizon:
            raise OptionError(
                f"judge-bars {self.judge_bars} must be {FEWEST + horizon} or more: {FEWEST} rows, "
                f"and the {horizon} bars that the label looks ahead"
            )
        return self.judge_bars

    def judged(self, time: np.ndarray, trained_until: pd.Timestamp, horizon: int) -> int:
        """Return how many of the newest bars judge.

        Half of those that the old model has not seen, at most a week's or a month's, at least
        `least`; the others are learnt from.

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
        start = pd.Timestamp(time[-1]) - EVERY[self.every]
        return min(max(unseen(time, trained_until) // 2, least), max(unseen(time, start), least))

    def why_not(
        self, time: np.ndarray, since: pd.Timestamp, trained_until: pd.Timestamp, horizon: int
    ) -> str:
        """Say why a model is not due yet; empty where it is.

        Parameters
        ----------
        time, trained_until, horizon
            See `judged`.
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
    """Write a stamp to the minute."""
    return f"{stamp:%Y-%m-%d %H:%M}"


def unseen(time: np.ndarray, stamp: pd.Timestamp) -> int:
    """Return how many bars come after a stamp."""
    return int((time > np.datetime64(stamp, "ns")).sum())
