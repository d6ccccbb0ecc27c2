"""The files a sweep leaves behind."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bt_fusion.files import write_json, write_whole

if TYPE_CHECKING:
    from bt_fusion.sweep.sweep import SweepResult

__all__ = ["SweepResult", "write_sweep"]


def write_sweep(folder: Path, found: "SweepResult", *, picture: bool = True) -> list[Path]:
    """Write sweep.parquet, sweep.png (where anything varied) and sweep.json into a folder.

    Those of an earlier sweep are removed first: nothing stands beside these that tells of others.
    """
    from bt_fusion.report.pictures.sweep import draw_sweep

    for name in ("sweep.json", "sweep.png"):
        (folder / name).unlink(missing_ok=True)
    paths = [folder / "sweep.parquet"]
    table = found.table.copy()
    for name in found.grid:  # values of several kinds make no Parquet column
        if table[name].dtype == object:
            table[name] = table[name].astype(str)
    write_whole(paths[0], lambda file: table.to_parquet(file, index=False))
    if picture and found.varied:
        paths.append(folder / "sweep.png")
        draw_sweep(paths[-1], found)
    paths.append(folder / "sweep.json")  # last: where it stands, the others are complete
    write_json(paths[-1], found.summary)
    return paths


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
