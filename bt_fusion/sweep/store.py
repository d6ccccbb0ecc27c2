"""What the runs of a sweep leave on disk: a small file each, gathered into one at the end."""

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from bt_fusion.errors import OptionError
from bt_fusion.files import plain, write_whole, writing

__all__ = ["SweepStore"]

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("run", pa.string()),
        ("params", pa.string()),
        ("figures", pa.string()),
        ("returns", pa.list_(pa.float32())),
    ]
)
GATHERED = 500  # parts held in memory while they are gathered


class SweepStore:
    """Finished runs by key, in a folder: `sweep_runs.parquet`, and parts not yet gathered.

    A part is written under a temporary name and renamed: it is whole or it is not there. A
    broken file counts as absent.

    Parameters
    ----------
    folder : path
        Created when first written to.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.whole = folder / "sweep_runs.parquet"
        self.parts = folder / "sweep_parts"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other sweeps out of the folder; a killed one keeps nobody out.

        Raises
        ------
        OptionError
            When another sweep is at work in it.
        """
        lock = FileLock(self.folder / ".sweep.lock", timeout=0)
        try:
            with writing(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
                lock.acquire()
        except Timeout:
            raise OptionError(
                f"another sweep writes into {self.folder}; wait for it, or give another --out"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def keys(self) -> set[str]:
        """Return the keys of all finished runs."""
        return self._gathered() | {path.stem for path in self._part_paths() if _readable(path)}

    def put(
        self,
        key: str,
        run: str,
        params: dict[str, Any],
        figures: dict[str, Any],
        returns: np.ndarray,
    ) -> None:
        """Keep a run: its figures, and its returns as float32."""
        texts = (json.dumps(plain(part), allow_nan=False) for part in (params, figures))
        columns = zip(SCHEMA.names, (key, run, *texts, returns.astype(np.float32)), strict=True)
        row = pa.table({name: [value] for name, value in columns}, schema=SCHEMA)
        write_whole(self.parts / f"{key}.parquet", lambda path: pq.write_table(row, path))

    def gather(self) -> None:
        """Put every part into the one file."""
        there = self._gathered()  # where an interruption left the parts of what was gathered
        paths = [path for path in self._part_paths() if path.stem not in there and _readable(path)]
        if paths:
            write_whole(self.whole, lambda path: self._gather(path, paths))
        shutil.rmtree(self.parts, ignore_errors=True)

    def read(self, keys: Iterable[str]) -> pd.DataFrame:
        """Return gathered runs, indexed by key: run, params, figures, returns."""
        wanted = list(dict.fromkeys(keys))
        if not wanted or not self.whole.is_file():
            return pd.DataFrame(columns=SCHEMA.names[1:])
        table = pq.read_table(self.whole, filters=[("key", "in", wanted)]).to_pandas()
        for name in ("params", "figures"):
            table[name] = table[name].map(json.loads)
        return table.set_index("key")

    def bytes_each(self) -> float | None:
        """Return what a gathered run takes on disk, in bytes; None without one."""
        if not _readable(self.whole):
            return None
        return self.whole.stat().st_size / pq.read_metadata(self.whole).num_rows

    def _gather(self, path: Path, parts: list[Path]) -> None:
        with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
            if _readable(self.whole):
                for batch in pq.ParquetFile(self.whole).iter_batches(GATHERED):
                    writer.write_batch(batch)
            for first in range(0, len(parts), GATHERED):
                some = [pq.read_table(part) for part in parts[first : first + GATHERED]]
                writer.write_table(pa.concat_tables(some))

    def _gathered(self) -> set[str]:
        if not _readable(self.whole):
            return set()
        return set(pq.read_table(self.whole, columns=["key"])["key"].to_pylist())

    def _part_paths(self) -> list[Path]:
        if not self.parts.is_dir():
            return []
        return sorted(path for path in self.parts.glob("*.parquet") if path.name[0] != ".")


def _readable(path: Path) -> bool:
    try:
        return pq.read_schema(path).equals(SCHEMA)
    except (OSError, pa.ArrowException):
        return False
