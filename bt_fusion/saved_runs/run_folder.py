"""Write the folder of a run: all of its files, or none."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bt_fusion.errors import FileError
from bt_fusion.files import RANDOM, remove_stale, write_json, writing
from bt_fusion.saved_runs.run_commit import commit
from bt_fusion.saved_runs.saved_run import PARQUET, SavedRun
from bt_fusion.saved_runs.spreadsheet import as_texts

__all__ = ["FILES", "write_run"]

FILES = ("trades.csv", "entries.csv", *(f"{name}.parquet" for name in PARQUET), "summary.json")


def write_run(folder: Path, run: SavedRun, drawn: Sequence[str] = ()) -> list[Path]:
    """Write a run's tables and its summary into a folder.

    Files of an earlier run stay until all new ones are written, see `run_commit`. The old summary
    is removed first and the new one written last, so a summary always belongs to the other files.

    Parameters
    ----------
    folder : Path
        Created if missing.
    run : SavedRun
    drawn : sequence of str
        Charts of an earlier run to remove.

    Returns
    -------
    list of Path
        Of `FILES`.

    Raises
    ------
    FileError
        If the file system refuses; the files of the earlier run stay.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name in (*FILES, *drawn):
            if (folder / name).is_dir():
                raise FileError(f"{folder / name} is a folder; remove it, or give another place")
        return _write_run(folder, run, drawn)


def _write_run(folder: Path, run: SavedRun, drawn: Sequence[str]) -> list[Path]:
    remove_stale(folder, f".new-{RANDOM}")
    with TemporaryDirectory(dir=folder, prefix=".new-", ignore_cleanup_errors=True) as name:
        new = [Path(name) / file for file in FILES]
        as_texts(run.trades).to_csv(new[0], index=False)
        as_texts(run.entries).to_csv(new[1], index=False)
        for path, table in zip(new[2:-1], PARQUET, strict=True):
            getattr(run, table).to_parquet(path, index=False)
        write_json(new[-1], run.summary)
        commit(folder, Path(name), drawn)
    return [folder / file for file in FILES]
