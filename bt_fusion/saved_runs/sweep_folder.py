"""Result files of a sweep."""

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.files import plain, write_json, write_whole, writing

__all__ = ["SavedSweep", "column_of", "same_sweep", "write_sweep"]


@dataclass(frozen=True)
class SavedSweep:
    """Result of a sweep, as stored in its files.

    Attributes
    ----------
    summary : dict
        The content of sweep.json.
    table : DataFrame
        One row per variant: its parameters, the figures of both runs as off_... and on_...,
        differences as delta_..., and `error` if it failed.
    grid : dict
        The values of each parameter.
    """

    summary: dict[str, Any]
    table: pd.DataFrame
    grid: dict[str, list[Any]]

    @property
    def maximize(self) -> str:
        """Column of the table that picks the best variant by its highest value."""
        return column_of(self.summary.get("maximize", "sharpe"))  # older versions had only this

    @property
    def varied(self) -> list[str]:
        """The parameters with more than one value."""
        return [name for name, values in self.grid.items() if len(values) > 1]

    def places(self) -> dict[str, np.ndarray]:
        """Return, per parameter, the index in the grid of every variant's value."""
        shape = [len(values) for values in self.grid.values()]
        if len(self.table) == prod(shape):
            return dict(zip(self.grid, np.indices(shape).reshape(len(shape), -1), strict=True))
        return {name: self._places_of(name) for name in self.grid}

    def _places_of(self, name: str) -> np.ndarray:
        values = self.grid[name]
        found = (
            next(at for at, value in enumerate(values) if same(cell, value))
            for cell in self.table[name].tolist()
        )
        return np.fromiter(found, dtype=int, count=len(self.table))


def same(cell: Any, value: Any) -> bool:
    """Return whether a cell equals a value; pandas may have turned None into NaN."""
    return bool(cell == value or (value is None and (cell is None or cell != cell)))


def column_of(figure: str) -> str:
    """Return the column of a figure: that with ML, unless it is a difference.

    >>> column_of("sharpe"), column_of("delta_sharpe")
    ('on_sharpe', 'delta_sharpe')
    """
    return figure if figure.startswith("delta_") else f"on_{figure}"


def same_sweep(folder: Path, found: SavedSweep) -> bool:
    """Return whether a folder holds the same sweep, which may then be replaced."""
    path, parts = folder / "sweep.json", ("data", "window", "config", "grid")
    try:
        earlier = json.loads(path.read_bytes())
        return all(earlier[part] == plain(found.summary[part]) for part in parts)
    except (OSError, ValueError, KeyError, TypeError):  # missing, or not written by us
        return False


def write_sweep(folder: Path, found: SavedSweep) -> list[Path]:
    """Write sweep.parquet and sweep.json into a folder.

    Files of an earlier sweep are removed first, including sweep.png.
    """
    for name in ("sweep.json", "sweep.png"):
        with writing(folder / name):
            (folder / name).unlink(missing_ok=True)
    paths = [folder / "sweep.parquet", folder / "sweep.json"]
    table = found.table.copy()
    for name in found.grid:  # mixed types do not fit a Parquet column
        if table[name].dtype == object:
            table[name] = table[name].astype(str)
    write_whole(paths[0], lambda file: table.to_parquet(file, index=False))
    write_json(paths[1], found.summary)  # last: if it exists, the table is complete
    return paths
