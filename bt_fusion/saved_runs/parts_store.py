"""Store finished pieces of long work: a small file each, merged into one at the end."""

import heapq
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from bt_fusion.errors import OptionError
from bt_fusion.files import write_whole, writing

__all__ = ["PartsStore"]

GATHERED, READ = 500, 50  # pieces in memory while merging, and while reading
SEVERAL = "several-"  # file name prefix of parts with more than one piece


class PartsStore:
    """Finished pieces of work by key, in a folder: one Parquet file, and parts not yet gathered.

    A part is written under a temporary name and renamed, so it is complete or absent. A broken file
    counts as absent.

    Parameters
    ----------
    folder : path
        Created on the first write.
    work, pieces : str
        Names of the whole and its pieces, such as "sweep" and "runs"; the file names begin with
        them.
    schema : Schema
        Of a piece; its column `key` is text.
    """

    def __init__(self, folder: Path, work: str, pieces: str, schema: pa.Schema):
        self.folder, self.work, self.schema = folder, work, schema
        self.whole = folder / f"{work}_{pieces}.parquet"
        self.parts = folder / f"{work}_parts"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the folder against other writers; a killed process releases its lock.

        Raises
        ------
        OptionError
            If another process is using it.
        """
        lock = FileLock(self.folder / f".{self.work}.lock", timeout=0)
        try:
            with writing(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
                lock.acquire()
        except Timeout:
            raise OptionError(
                f"another {self.work} writes into {self.folder}; wait for it, or give another --out"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def keys(self) -> set[str]:
        """Return the keys of all finished pieces."""
        found = self._gathered()
        for path in filter(self._readable, self._part_paths()):
            found |= keys_in(path) if path.name.startswith(SEVERAL) else {path.stem}
        return found

    def put_row(self, row: dict[str, Any]) -> None:
        """Store a piece: a value for each column."""
        self._put([row], row["key"])

    def put_rows(self, rows: Iterable[dict[str, Any]]) -> None:
        """Store several pieces in one file: all of them, or none if interrupted."""
        in_order = sorted(rows, key=lambda row: row["key"])
        if in_order:
            self._put(in_order, f"{SEVERAL}{in_order[0]['key']}")

    def _put(self, rows: list[dict[str, Any]], name: str) -> None:
        columns = {name: [row[name] for row in rows] for name in self.schema.names}
        table = pa.table(columns, schema=self.schema)
        write_whole(self.parts / f"{name}.parquet", lambda file: pq.write_table(table, file))

    def gather(self) -> None:
        """Merge all parts into one file."""
        there = self._gathered()  # an interruption may have left parts that are already merged
        paths = [
            path for path in self._part_paths() if path.stem not in there and self._readable(path)
        ]
        if paths:
            write_whole(self.whole, lambda path: self._gather(path, paths))
        shutil.rmtree(self.parts, ignore_errors=True)

    def read_rows(self, keys: Iterable[str], columns: list[str] | None = None) -> pa.Table:
        """Return some columns of gathered pieces, in the order of the file."""
        wanted = list(dict.fromkeys(keys))
        if not wanted or not self.whole.is_file():
            names = columns or self.schema.names
            return pa.schema([self.schema.field(name) for name in names]).empty_table()
        return pq.read_table(self.whole, columns=columns, filters=[("key", "in", wanted)])

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Read some columns of all gathered pieces, a few pieces at a time."""
        if self.whole.is_file():
            yield from pq.ParquetFile(self.whole).iter_batches(READ, columns=list(columns))

    def bytes_each(self) -> float | None:
        """Return the mean size of a gathered piece on disk, in bytes; None without pieces."""
        if not self._readable(self.whole):
            return None
        return self.whole.stat().st_size / pq.read_metadata(self.whole).num_rows

    def _gather(self, path: Path, parts: list[Path]) -> None:
        """Merge the whole and the parts, each sorted by key, into one sorted file.

        So the file does not depend on interruptions.
        """
        single = (path for path in parts if not path.name.startswith(SEVERAL))
        several = (_pieces_of(path) for path in parts if path.name.startswith(SEVERAL))
        pieces = heapq.merge(
            self._pieces(), map(_piece, single), *several, key=lambda piece: piece[0]
        )
        with pq.ParquetWriter(path, self.schema, compression="zstd") as writer:
            for run in _runs_of(pieces):
                writer.write_table(pa.concat_tables(run))

    def _pieces(self) -> Iterator[tuple[str, pa.Table]]:
        """Yield every gathered piece with its key."""
        for batch in self.batches(self.schema.names) if self._readable(self.whole) else ():
            yield from _rows_of(pa.Table.from_batches([batch]))

    def _gathered(self) -> set[str]:
        if not self._readable(self.whole):
            return set()
        return keys_in(self.whole)

    def _part_paths(self) -> list[Path]:
        if not self.parts.is_dir():
            return []
        return sorted(path for path in self.parts.glob("*.parquet") if path.name[0] != ".")

    def _readable(self, path: Path) -> bool:
        try:
            return pq.read_schema(path).equals(self.schema)
        except (OSError, pa.ArrowException):
            return False


def keys_in(path: Path) -> set[str]:
    """Return the keys of the pieces in a file."""
    return set(pq.read_table(path, columns=["key"])["key"].to_pylist())


def _piece(path: Path) -> tuple[str, pa.Table]:
    """Read a part, with its key."""
    return path.stem, pq.read_table(path)


def _pieces_of(path: Path) -> Iterator[tuple[str, pa.Table]]:
    """Read a part of several pieces, each with its key."""
    return _rows_of(pq.read_table(path))


def _rows_of(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    for number, key in enumerate(table["key"].to_pylist()):
        yield key, table.slice(number, 1)


def _runs_of(pieces: Iterator[tuple[str, pa.Table]]) -> Iterator[list[pa.Table]]:
    """Yield pieces in batches, each key once."""
    once = (next(same)[1] for _, same in groupby(pieces, key=lambda piece: piece[0]))
    while some := list(islice(once, GATHERED)):
        yield some
