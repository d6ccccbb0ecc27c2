"""Redraw a finished run from its folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bt_fusion.progress import step
from bt_fusion.report.errors_as_warnings import errors_as_warnings
from bt_fusion.saved_runs.run_commit import run_lock
from bt_fusion.saved_runs.saved_run import SavedRun

if TYPE_CHECKING:
    from bt_fusion.report.signal_view import SignalView

__all__ = ["drawn_files", "redraw"]


def redraw(
    folder: str | Path,
    *,
    png: bool = False,
    tearsheet: bool = False,
    bars: int = 500,
    until: Any = None,
    symbol: str | None = None,
) -> list[Path]:
    """Redraw report.html and comparison.png, and return the files drawn.

    Parameters
    ----------
    folder : path
        The --out of a backtest.
    png : bool
        Also draw every picture of the report into its folder `pictures`.
    tearsheet : bool
        Also write tearsheet.html.
    bars : int
        How many bars the chart of signals shows: of report.html at first, of signals.png at all.
    until : str or Timestamp, optional
        The time, in UTC, of the last of them, or after it; default the run's end.
    symbol : str, optional
        Whose bars, where there are several; default the first one's.

    Raises
    ------
    RunError
        When a file is missing, broken or of another schema.
    OptionError
        When a library is missing, for fewer than 1 bar, for an `until` that is not a time or before
        the first bar, and for a symbol the run does not have.
    """
    from bt_fusion.report.signal_view import SignalView
    from bt_fusion.report.tearsheet import check_quantstats

    view = SignalView(bars, until, symbol)
    if tearsheet:
        check_quantstats()
    folder = Path(folder)
    with run_lock(folder):  # the drawings belong to the run in the folder
        return _redraw(folder, view, png, tearsheet)


@step("Drawing")
def _redraw(folder: Path, view: "SignalView", png: bool, tearsheet: bool) -> list[Path]:
    from bt_fusion.report.html.page import draw_page
    from bt_fusion.report.pictures.comparison import draw_comparison
    from bt_fusion.report.pictures.run import draw_pictures
    from bt_fusion.report.tearsheet import write_tearsheet

    run = SavedRun.read(folder)
    paths = []
    with errors_as_warnings("report.html"):
        draw_page(folder / "report.html", run, view)
        paths.append(folder / "report.html")
    with errors_as_warnings("comparison.png"):
        draw_comparison(folder / "comparison.png", run)
        paths.append(folder / "comparison.png")
    if png:
        paths += draw_pictures(folder / "pictures", run, view)
    if tearsheet:
        paths.append(folder / "tearsheet.html")
        write_tearsheet(paths[-1], run)
    return paths


def drawn_files() -> list[str]:
    """Return the name of every file that `redraw` may leave in a folder."""
    from bt_fusion.report.pictures.run import PICTURES

    pages = ["report.html", "comparison.png", "tearsheet.html"]
    return pages + [f"pictures/{name}.png" for name in PICTURES]
