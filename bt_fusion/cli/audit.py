"""`bt-fusion audit`: what bars may hide, and whether a strategy or an indicator looks ahead."""

from pathlib import Path
from typing import Annotated, Any

from bt_fusion.cli.command import Json, command, option, output_file
from bt_fusion.cli.options import AccountOptions, BarOptions, ScreenOptions
from bt_fusion.cli.options.trading import parameters
from bt_fusion.cli.screen import Screen
from bt_fusion.errors import OptionError

__all__ = ["audit"]


@command("nothing was written")
def audit(
    *,
    bars: BarOptions,
    strategy: Annotated[
        str | None,
        option(
            "fusion, hybrid or discovery; or one of yours, module:Class or file.py:Class: does it "
            "look ahead?",
            "--strategy",
            "-s",
        ),
    ] = None,
    indicator: Annotated[
        str | None, option("Or an indicator, file.py:Class.", "--indicator")
    ] = None,
    param: Annotated[
        list[str] | None, option("Its parameter KEY=VALUE; repeat.", "--param")
    ] = None,
    cuts: Annotated[int, option("Places at which the future changes.")] = 16,
    account: AccountOptions,
    json: Json = None,
    png: Annotated[
        Path | None,
        output_file("Draw the closes with all that was found into a file, .png.", "--png"),
    ] = None,
    output: ScreenOptions,
) -> None:
    """Look for gaps, filled and frozen stretches, bad prices and unfinished bars in data.

    With --strategy or --indicator: whether that knows more than it could at the time.
    """
    from bt_fusion.files import check_no_input, write_json

    if strategy and indicator:
        raise OptionError("give --strategy or --indicator, one of them")
    if png is not None and (strategy or indicator):
        raise OptionError("--png draws what is found in bars; leave it away here")
    if png is not None and png.suffix.lower() != ".png":
        raise OptionError(f"png {png} is no PNG file; give a name that ends in .png")
    for file in filter(None, (json, png)):
        check_no_input(file, bars.data)
    screen = output.screen()
    if strategy or indicator:
        found = audit_code(
            screen, bars, strategy, indicator, parameters(param or ()), account, cuts
        )
    else:
        found = audit_data(screen, bars, png)
    if json is not None:
        write_json(json, found)
    if json or png:
        screen.list_files([file for file in (json, png) if file is not None])


def audit_data(screen: Screen, bars: BarOptions, png: Path | None) -> dict[str, Any]:
    """Show what is found in bars, and draw it where asked for."""
    from bt_fusion.data.bar_audit import audit_bars
    from bt_fusion.report.terminal.checks import data_audit_table

    frame, name = bars.load(screen)
    found = audit_bars(frame)
    screen.show(data_audit_table(found.to_dict(), name))
    if png is not None:
        from bt_fusion.report.pictures.data_audit import draw_audit

        draw_audit(png, frame, found, name)
    return {"data": {"name": name, **found.to_dict()}}


def audit_code(
    screen: Screen,
    bars: BarOptions,
    strategy: str | None,
    indicator: str | None,
    params: dict[str, Any],
    account: AccountOptions,
    cuts: int,
) -> dict[str, Any]:
    """Show what is found in a strategy, traded without ML, or in an indicator."""
    from bt_fusion.audit import audit, audit_indicator
    from bt_fusion.engine.loading import load_indicator, load_strategy
    from bt_fusion.engine.variants import variant
    from bt_fusion.report.terminal.checks import strategy_audit_table

    if strategy:
        traded, given = variant(load_strategy(strategy), params)
        frame, _ = bars.load(screen)
        found = audit(traded, frame, given, account.account(), cuts).to_dict()
    else:
        kind = load_indicator(indicator or "")
        frame, _ = bars.load(screen)
        found = audit_indicator(kind, frame, params, cuts=cuts).to_dict()
    screen.show(strategy_audit_table(found, strategy or indicator or ""))
    return {"strategy" if strategy else "indicator": found}
