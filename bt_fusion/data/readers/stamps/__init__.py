"""The time column of a table: find it, and read its numbers or texts."""

from bt_fusion.data.readers.stamps.time_column import index_by_time

__all__ = ["index_by_time"]
