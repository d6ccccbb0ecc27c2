"""Result files of a universe."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bt_fusion.errors import OptionError
from bt_fusion.files import plain, write_json, write_whole, writing

__all__ = ["SCHEMA", "UniverseResult", "check_no_backtest", "same_universe", "write_universe"]

SCHEMA = "universe 1"
DRAWN = ("universe.html", "universe.png")


@dataclass(frozen=True)
class UniverseResult:
    """Result of a universe: a summary and one row per file.

    Attributes
    ----------
    summary : dict
        The content of summary.json.
    table : DataFrame
        One row per file, the strongest evidence first, see `bt_fusion.universe.table.ranking`.
    """

    summary: dict[str, Any]
    table: pd.DataFrame


def check_no_backtest(folder: Path) -> None:
    """Raise OptionError if a folder holds a backtest, whose summary.json would be replaced."""
    if (folder / "trades.csv").exists():
        raise OptionError(f"{folder} holds a backtest; give another --out")


def same_universe(folder: Path, found: UniverseResult) -> bool:
    """Return whether a folder holds the same job over some or all of these files."""
    try:
        earlier = json.loads((folder / "summary.json").read_bytes())
        files = pd.read_csv(folder / "universe.csv", usecols=["file"])["file"]
        same = earlier["config"] == plain(found.summary["config"])
    except (OSError, ValueError, KeyError, TypeError):  # missing, or not written by us
        return False
    return same and set(files) <= set(found.table["file"])


def write_universe(folder: Path, found: UniverseResult) -> list[Path]:
    """Write universe.csv and summary.json into a folder.

    Charts of an earlier universe are removed first.
    """
    for name in ("summary.json", *DRAWN):
        with writing(folder / name):
            (folder / name).unlink(missing_ok=True)
    paths = [folder / "universe.csv", folder / "summary.json"]
    write_whole(paths[0], lambda file: found.table.to_csv(file, index=False))
    write_json(paths[1], found.summary)  # last: if it exists, the table is complete
    return paths
