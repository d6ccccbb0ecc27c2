"""`bt-fusion audit`: what bars may hide."""

from pathlib import Path
from typing import Annotated

from bt_fusion.cli.command import Json, command, output_file
from bt_fusion.cli.options import BarOptions, ScreenOptions
from bt_fusion.errors import OptionError

__all__ = ["audit"]


@command("nothing was written")
def audit(
    *,
    bars: BarOptions,
    json: Json = None,
    png: Annotated[
        Path | None,
        output_file("Draw the closes with all that was found into a file, .png.", "--png"),
    ] = None,
    output: ScreenOptions,
) -> None:
    """Look for gaps, filled and frozen stretches, bad prices and unfinished bars in data."""
    from bt_fusion.data.bar_audit import audit_bars
    from bt_fusion.files import check_no_input, write_json
    from bt_fusion.report.terminal.checks import data_audit_table

    if png is not None and png.suffix.lower() != ".png":
        raise OptionError(f"png {png} is no PNG file; give a name that ends in .png")
    for file in filter(None, (json, png)):
        check_no_input(file, bars.data)
    screen = output.screen()
    frame, name = bars.load(screen)
    found = audit_bars(frame)
    screen.show(data_audit_table(found.to_dict(), name))
    if json is not None:
        write_json(json, {"data": {"name": name, **found.to_dict()}})
    if png is not None:
        from bt_fusion.report.pictures.data_audit import draw_audit

        draw_audit(png, frame, found, name)
    if json or png:
        screen.list_files([file for file in (json, png) if file is not None])
