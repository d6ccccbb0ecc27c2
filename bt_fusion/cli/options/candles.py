"""Which candles `bt-fusion download` fetches or makes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from bt_fusion.cli.command import option
from bt_fusion.cli.options.bars import Repair, Seed
from bt_fusion.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

    from bt_fusion.data.online.market import Market

__all__ = ["CandleOptions"]

ONLINE = ("symbol", "since", "until", "days")


@dataclass(frozen=True, kw_only=True)
class CandleOptions:
    """The candles of an exchange or of Yahoo, or made-up ones."""

    exchange: Annotated[
        str | None,
        option("Exchange, by its ccxt name: binance, kraken, coinbase, ...", metavar="NAME"),
    ] = None
    source: Annotated[
        str | None,
        option(
            "yahoo; or made-up candles: random-walk, planted-edge, garch (garch:500 has 500 bars).",
            metavar="NAME",
        ),
    ] = None
    symbol: Annotated[
        str | None,
        option("Symbol as the exchange or Yahoo writes it: BTC/USDT, SPY.", metavar="SYMBOL"),
    ] = None
    timeframe: Annotated[
        str | None,
        option(
            "Length of a candle: 15m, 1h, 1d, ... [default: 1h; Yahoo 1d; made-up 1m]",
            metavar="LENGTH",
        ),
    ] = None
    since: Annotated[
        str | None,
        option(
            "First day. [default: at least 20,000 candles back; all for 1d and longer]",
            metavar="DATE",
        ),
    ] = None
    until: Annotated[
        str | None, option("Day after the last one. [default: now]", metavar="DATE")
    ] = None
    days: Annotated[
        int | None, typer.Option(help="The last N days, instead of --since.", min=1, metavar="N")
    ] = None
    host: Annotated[
        str | None,
        typer.Option(
            help="Other server of the exchange, such as the one for your country; also read from "
            "BT_FUSION_HOST.",
            envvar="BT_FUSION_HOST",
            metavar="URL",
        ),
    ] = None
    refetch: Annotated[bool, option("Fetch all candles again, those on disk too.", "--refetch")] = (
        False
    )
    repair: Repair = False
    seed: Seed = 0

    @property
    def made_up(self) -> bool:
        """Whether the candles are generated, not fetched."""
        return self.source not in (None, "yahoo")

    def check(self) -> None:
        """Raise OptionError for conflicting options, and for an unknown sample."""
        from bt_fusion.data.samples import SYNTHETIC
        from bt_fusion.errors import unknown_name

        if (self.exchange is None) == (self.source is None):
            raise OptionError("give one of --exchange NAME, --source yahoo and a made-up --source")
        if self.made_up:
            kind = str(self.source).partition(":")[0]
            if kind not in SYNTHETIC:
                raise unknown_name("source", kind, ("yahoo", *SYNTHETIC))
            given = [name for name in ONLINE if getattr(self, name) is not None]
            if given:
                raise OptionError(f"--{given[0]} is of an exchange or of Yahoo; leave it out")
        elif self.symbol is None:
            raise OptionError("--symbol is missing, e.g. BTC/USDT of an exchange, SPY of Yahoo")
        if self.days is not None and self.since is not None:
            raise OptionError("give either --days or --since")

    def made(self) -> "pd.DataFrame":
        """Return the made-up candles, of the requested length."""
        import pandas as pd

        from bt_fusion.data.online.timeframe import Timeframe
        from bt_fusion.data.samples import load_sample

        bars = load_sample(str(self.source), self.seed)
        if self.timeframe is not None:
            length = Timeframe.of(self.timeframe).length
            bars.index = pd.date_range(
                bars.index[0], periods=len(bars), freq=length, name=bars.index.name
            )
        return bars

    def market(self) -> "Market":
        """Return the requested market."""
        import pandas as pd

        from bt_fusion.data.online.market import Market
        from bt_fusion.data.online.source import clock
        from bt_fusion.data.online.timeframe import Timeframe
        from bt_fusion.data.timestamps import iso_time

        since = iso_time("since", self.since) if self.since else None
        until = iso_time("until", self.until) if self.until else None
        if self.days is not None:
            since = (clock() - pd.Timedelta(days=self.days)).normalize()
        provider = self.exchange or "yahoo"
        timeframe = Timeframe.of(self.timeframe or ("1d" if self.source else "1h"))
        return Market(provider, self.symbol or "", timeframe).within(since, until)
