"""The time column of a table: which it is, and what its numbers or texts mean."""

from bt_fusion.data.readers.stamps.time_column import index_by_time

__all__ = ["index_by_time"]
