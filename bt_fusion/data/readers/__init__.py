"""Read bars from files of any origin; assumptions are reported, ambiguous files refused."""

from bt_fusion.data.readers.reading import read_bars
from bt_fusion.data.readers.tidying import tidy_bars

__all__ = ["read_bars", "tidy_bars"]
