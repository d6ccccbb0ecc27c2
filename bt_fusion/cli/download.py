"""`bt-fusion download`: save candles of an exchange, of Yahoo, or generated ones, to a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from bt_fusion.cli.command import command, option, output_file
from bt_fusion.cli.options import ScreenOptions
from bt_fusion.cli.options.candles import CandleOptions
from bt_fusion.cli.screen import Screen

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["download"]


@command(
    "finished candles are kept: run the same command again to go on",
    "bt-fusion download --exchange binance --symbol BTC/USDT --out btc.parquet",
)
def download(
    *,
    candles: CandleOptions,
    out: Annotated[Path, output_file("File to write: .parquet, .csv or .feather.")],
    overwrite: Annotated[
        bool, option("Replace the file even if it holds other candles.", "--overwrite")
    ] = False,
    output: ScreenOptions,
) -> None:
    """Fetch candles from an exchange or Yahoo, or make some up, as a file.

    Candles fetched before are not fetched again. An unfinished last candle is left out. The
    candles are audited for faults. A file that holds other candles is not replaced.
    """
    from bt_fusion.data.bar_audit import audit_bars
    from bt_fusion.data.writers import check_bar_file, check_nothing_lost, write_bars
    from bt_fusion.report.terminal.checks import data_audit_table

    candles.check()
    check_bar_file(out)
    screen = output.screen()
    if candles.made_up:
        name, bars = str(candles.source), candles.made()
    else:
        name = candles.market().name
        bars = fetched(candles, screen)
    if not overwrite:
        check_nothing_lost(out, bars)
    write_bars(out, bars)
    screen.show(data_audit_table(audit_bars(bars).to_dict(), name))
    screen.list_files([out])


def fetched(candles: CandleOptions, screen: Screen) -> "pd.DataFrame":
    """Return a market's candles."""
    from bt_fusion.data.online.candles import Access, fetch_candles
    from bt_fusion.progress import step

    access = Access(candles.host, candles.repair, screen.say)
    with step("Candles") as advance:
        return fetch_candles(candles.market(), access, advance, candles.refetch)
