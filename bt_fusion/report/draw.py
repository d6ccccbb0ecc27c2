"""Drawing a finished run again, from its folder alone."""

from pathlib import Path

from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["redraw"]


def redraw(folder: Path, *, png: bool = False, tearsheet: bool = False) -> list[Path]:
    """Draw report.html and comparison.png again.

    Parameters
    ----------
    folder : Path
        The --out of a backtest.
    png : bool
        Draw every picture of the report into its folder `pictures`, too.
    tearsheet : bool
        Write tearsheet.html, too.

    Raises
    ------
    RunError
        When a file is missing, broken or of another schema.
    OptionError
        When a library is missing.
    """
    from bt_fusion.report.html.page import draw_page
    from bt_fusion.report.pictures.comparison import draw_comparison
    from bt_fusion.report.pictures.run import draw_pictures
    from bt_fusion.report.tearsheet import check_quantstats, write_tearsheet

    if tearsheet:
        check_quantstats()
    run = SavedRun.read(folder)
    paths = [folder / "report.html", folder / "comparison.png"]
    draw_page(paths[0], run)
    draw_comparison(paths[1], run)
    if png:
        paths += draw_pictures(folder / "pictures", run)
    if tearsheet:
        paths.append(folder / "tearsheet.html")
        write_tearsheet(paths[-1], run)
    return paths
