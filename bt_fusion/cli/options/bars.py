"""Which bars a command reads, and which part of them it uses."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from bt_fusion.cli.command import SOURCE, Data, option
from bt_fusion.cli.screen import Screen
from bt_fusion.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from bt_fusion.models.signal_model import SignalModel

__all__ = [
    "SEVERAL",
    "BarOptions",
    "DatedBarOptions",
    "MarketOptions",
    "PeriodOptions",
    "Reading",
    "SymbolOptions",
    "unused_markets",
]

SEVERAL = "Several symbols: a folder, a pattern in quotes, or SYMBOL=PATH, repeated."
Repair = Annotated[bool, option("Sort the bars and drop broken rows.", "--repair")]
LAST_SEED = 2**32 - 100  # libraries take 32 bits; several symbols use the following seeds
Seed = Annotated[
    int, typer.Option(help="Seed of everything random.", min=0, max=LAST_SEED, metavar="N")
]
MaxAge = Annotated[
    float,
    typer.Option(
        help="Fetch a market's candles again when older than so many minutes.", min=0, metavar="X"
    ),
]


class Reading(Protocol):
    """How bars are read."""

    @property
    def repair(self) -> bool:
        """Whether to drop broken rows."""

    @property
    def max_age(self) -> float:
        """Minutes for which fetched candles count as current."""

    @property
    def seed(self) -> int:
        """Seed of everything random."""


@dataclass(frozen=True, kw_only=True)
class BarOptions:
    """The bars of one symbol."""

    data: Data
    repair: Repair = False
    max_age: MaxAge = 30.0
    seed: Seed = 0

    def load(self, screen: Screen) -> "tuple[pd.DataFrame, str]":
        """Return the bars and their name; prints assumptions and repairs."""
        from bt_fusion.data.sources import load

        return load(self.data, self.seed, self.repair, screen.say, self.max_age)

    def place(self) -> str:
        """Return the file or sample; a folder or glob is resolved to its file."""
        from bt_fusion.data.folders import one_file

        return one_file(self.data)


@dataclass(frozen=True, kw_only=True)
class SymbolOptions:
    """The bars of one symbol or of several."""

    data: Annotated[
        list[str],
        option(
            f"{SOURCE}. {SEVERAL}",
            "--data",
            metavar="SOURCE",
        ),
    ] = field(default_factory=lambda: ["sp500"])
    repair: Repair = False
    max_age: MaxAge = 30.0
    seed: Seed = 0

    def sources(self) -> dict[str, str]:
        """Return the file or sample of each symbol."""
        from bt_fusion.data.sources import sources

        return sources(self.data)

    def load(self, screen: Screen) -> "dict[str, pd.DataFrame]":
        """Return the bars of each symbol; prints what was skipped, assumed and repaired."""
        from bt_fusion.data.sources import load_each, sources

        given = sources(self.data, screen.say)
        return load_each(given, self.seed, self.repair, screen.say, self.max_age)


@dataclass(frozen=True, kw_only=True)
class MarketOptions:
    """Bars of other markets that features are computed on, too."""

    other: Annotated[
        list[str] | None,
        option(
            "Another market whose features the model also uses. Repeatable.",
            "--other",
            metavar="NAME=PATH",
        ),
    ] = None

    def market_sources(self) -> dict[str, str]:
        """Return the file or sample of each market by name."""
        from bt_fusion.data.sources import MARKET_EXAMPLE, by_symbol

        return by_symbol(self.other or (), "other", "PATH", MARKET_EXAMPLE)

    def markets(self, bars: Reading, screen: Screen) -> "dict[str, pd.DataFrame]":
        """Return the bars of each market by name, with the seed and the repair of the bars."""
        from bt_fusion.data.sources import load_markets

        given = self.market_sources()
        return load_markets(given, bars.seed, bars.repair, screen.say, bars.max_age)

    def loaded_model(self, folder: str, bars: Reading, screen: Screen) -> "SignalModel":
        """Return a saved model with the bars of other markets; prints which it does not use."""
        from bt_fusion.models.signal_model import SignalModel

        markets = self.markets(bars, screen)
        model = SignalModel.load(folder, others=markets)
        for line in unused_markets(markets, model):
            screen.say(f"Note       {line}")
        return model


@dataclass(frozen=True, kw_only=True)
class PeriodOptions:
    """The part of the bars that is used."""

    fromdate: Annotated[
        str | None,
        option("First day, 2020-01-01; a backtest also trains on earlier bars.", metavar="DATE"),
    ] = None
    todate: Annotated[
        str | None, option("Day after the last one; it is not used itself.", metavar="DATE")
    ] = None
    timerange: Annotated[
        str | None,
        option("Both dates at once: 20200101-20210101, 20200101- or -20210101.", metavar="A-B"),
    ] = None

    def dates(self) -> "tuple[pd.Timestamp | None, pd.Timestamp | None]":
        """Return start and end, None for an open end.

        Raises
        ------
        OptionError
            For text that is not a date, both ways at once, or a start not before the end.
        """
        fromdate, todate = self.fromdate, self.todate
        if self.timerange is not None:
            if fromdate or todate:
                raise OptionError("give --timerange, or --fromdate and --todate, not both")
            parts = self.timerange.split("-")
            if len(parts) != 2:
                raise OptionError(
                    f"timerange {self.timerange!r} is not START-END; e.g. 20200101-20210101"
                )
            fromdate, todate = (part or None for part in parts)
        start, end = _date("fromdate", fromdate), _date("todate", todate)
        if start is not None and end is not None and start >= end:
            raise OptionError(f"fromdate {start} is not before todate {end}")
        return start, end


@dataclass(frozen=True, kw_only=True)
class DatedBarOptions(BarOptions, PeriodOptions):
    """The bars of one symbol inside the dates."""

    def load(self, screen: Screen) -> "tuple[pd.DataFrame, str]":
        """Return the bars within the dates and their name; prints repairs."""
        from bt_fusion.data.sources import bars_within

        bars, name = self.load_with_past(screen)
        return bars_within(bars, *self.dates()), name

    def load_with_past(self, screen: Screen) -> "tuple[pd.DataFrame, str]":
        """Return as `load`, including all earlier bars, which warm up features."""
        from bt_fusion.data.sources import bars_within

        start, end = self.dates()
        bars, name = super().load(screen)
        bars_within(bars, start, end)  # raises if there are none
        return bars_within(bars, None, end), name


def unused_markets(
    markets: "Mapping[str, pd.DataFrame]", *models: "SignalModel"
) -> "Iterator[str]":
    """Yield a note for each market that no model uses."""
    seen = {market for model in models for market in model.feature_set().markets}
    for name in markets:
        if name not in seen:
            known = f"it sees {', '.join(sorted(seen))}" if seen else "it sees its own bars alone"
            yield f"--other {name} not used: the model has no feature of it, {known}"


def _date(name: str, text: str | None) -> "pd.Timestamp | None":
    from bt_fusion.data.timestamps import iso_time

    return iso_time(name, text) if text else None
