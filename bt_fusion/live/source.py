"""LiveSource: the source of a LiveData feed's bars."""

from typing import Protocol

import pandas as pd

__all__ = ["LiveSource"]


class LiveSource(Protocol):
    """Bars known at the start, and bars that arrive.

    Attributes
    ----------
    length : Timedelta or None
        Of a bar, if known.
    """

    length: pd.Timedelta | None

    def history(self) -> pd.DataFrame:
        """Return the bars known at the start; may be empty."""

    def arriving(self, last: pd.Timestamp | None) -> pd.DataFrame | None:
        """Wait for bars after `last` and return them; None if no more will come.

        The result may repeat older bars, be unsorted, or hold no new ones; then the next call
        follows at once. An exception ends the run.
        """
