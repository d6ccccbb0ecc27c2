"""The files a sweep leaves behind."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bt_fusion.files import plain, write_json, write_whole, writing

__all__ = ["SweepResult", "same_sweep", "write_sweep"]


@dataclass(frozen=True)
class SweepResult:
    """What a sweep found.

    Attributes
    ----------
    summary : dict
        The content of sweep.json.
    table : DataFrame
        One row a variant: its parameters, the figures of both runs as off_... and on_...,
        differences as delta_..., and `error` where it could not be run.
    grid : dict
        The values of each parameter.
    """

    summary: dict[str, Any]
    table: pd.DataFrame
    grid: dict[str, list[Any]]

    @property
    def varied(self) -> list[str]:
        """The parameters with more than one value."""
        return [name for name, values in self.grid.items() if len(values) > 1]


def same_sweep(folder: Path, found: SweepResult) -> bool:
    """Say whether a folder holds the table of the same sweep, which may then be replaced."""
    path, parts = folder / "sweep.json", ("data", "window", "config", "grid")
    try:
        earlier = json.loads(path.read_bytes())
        return all(earlier[part] == plain(found.summary[part]) for part in parts)
    except (OSError, ValueError, KeyError, TypeError):  # none, or not one of ours
        return False


def write_sweep(folder: Path, found: SweepResult) -> list[Path]:
    """Write sweep.parquet and sweep.json into a folder.

    What stands there of an earlier sweep is removed first, its picture sweep.png as well.
    """
    for name in ("sweep.json", "sweep.png"):
        with writing(folder / name):
            (folder / name).unlink(missing_ok=True)
    paths = [folder / "sweep.parquet", folder / "sweep.json"]
    table = found.table.copy()
    for name in found.grid:  # values of several kinds make no Parquet column
        if table[name].dtype == object:
            table[name] = table[name].astype(str)
    write_whole(paths[0], lambda file: table.to_parquet(file, index=False))
    write_json(paths[1], found.summary)  # last: where it stands, the table is complete
    return paths
