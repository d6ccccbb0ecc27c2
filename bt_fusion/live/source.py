"""LiveSource: where the bars of a LiveData come from."""

from typing import Protocol

import pandas as pd

__all__ = ["LiveSource"]


class LiveSource(Protocol):
    """Bars known at the start, and those that arrive.

    Attributes
    ----------
    length : Timedelta or None
        Of a bar, where it is known.
    """

    length: pd.Timedelta | None

    def history(self) -> pd.DataFrame:
        """Return the bars known at the start; may be empty."""

    def arriving(self, last: pd.Timestamp | None) -> pd.DataFrame | None:
        """Wait for bars after `last` and return them; None when there will be no more.

        What is returned may repeat older bars, be unsorted, or hold none that is new; it is asked
        again at once then. An error that it raises ends the run.
        """
