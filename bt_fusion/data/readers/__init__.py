"""Bars from files, whatever wrote them; what is assumed is said, what is ambiguous is refused."""

from bt_fusion.data.readers.reading import read_bars
from bt_fusion.data.readers.tidying import tidy_bars

__all__ = ["read_bars", "tidy_bars"]
