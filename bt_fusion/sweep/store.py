"""Store of a sweep's finished runs on disk."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from bt_fusion.files import plain
from bt_fusion.saved_runs.parts_store import PartsStore

__all__ = ["SweepStore", "row_of"]

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("run", pa.string()),
        ("params", pa.string()),
        ("figures", pa.string()),
        ("returns", pa.list_(pa.float32())),
    ]
)


class SweepStore(PartsStore):
    """Finished runs by key, in a folder.

    Parameters
    ----------
    folder : path
    """

    def __init__(self, folder: Path):
        super().__init__(folder, "sweep", "runs", SCHEMA)

    def put(
        self,
        key: str,
        run: str,
        params: dict[str, Any],
        figures: dict[str, Any],
        returns: np.ndarray,
    ) -> None:
        """Store a run: its figures, and its returns as float32."""
        self.put_row(row_of(key, run, params, figures, returns))

    def read(self, keys: Iterable[str]) -> pd.DataFrame:
        """Return gathered runs, indexed by key: run, params, figures, returns."""
        table = self.read_rows(keys).to_pandas()
        for name in ("params", "figures"):
            table[name] = table[name].map(json.loads)
        return table.set_index("key")


def row_of(
    key: str, run: str, params: dict[str, Any], figures: dict[str, Any], returns: np.ndarray
) -> dict[str, Any]:
    """Return the stored row of a run, for `SweepStore.put_rows`."""
    texts = (json.dumps(plain(part), allow_nan=False) for part in (params, figures))
    values = (key, run, *texts, returns.astype(np.float32))
    return dict(zip(SCHEMA.names, values, strict=True))
