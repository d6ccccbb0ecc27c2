"""Options that belong together, and what becomes of them.

Nothing heavy is imported at the top, so that --help comes at once.
"""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from bt_fusion.cli.command import SOURCE, Config, Data, Quiet, option
from bt_fusion.cli.screen import Screen
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

    from bt_fusion.engine.account import Account
    from bt_fusion.models.model_spec import ModelSpec

__all__ = [
    "AccountOptions",
    "BarOptions",
    "ModelOptions",
    "OutputOptions",
    "PeriodOptions",
    "PredictorOptions",
    "ScheduleOptions",
    "ScreenOptions",
    "StrategyOptions",
    "SymbolOptions",
    "TrainModelOptions",
    "TuningOptions",
]

Repair = Annotated[bool, option("Sort the bars and drop broken rows.", "--repair")]
Seed = Annotated[int, option("Seed of everything random.")]


@dataclass(frozen=True, kw_only=True)
class BarOptions:
    """The bars of one symbol."""

    data: Data
    repair: Repair = False
    seed: Seed = 0

    def load(self, screen: Screen) -> "tuple[pd.DataFrame, str]":
        """Return the bars and what to call them; says what was repaired."""
        from bt_fusion.data.sources import load

        return load(self.data, self.seed, self.repair, screen.say)


@dataclass(frozen=True, kw_only=True)
class SymbolOptions:
    """The bars of one symbol or of several."""

    data: Annotated[
        list[str],
        option(f"{SOURCE}; repeat as SYMBOL=PATH for several symbols.", "--data"),
    ] = field(default_factory=lambda: ["sp500"])
    repair: Repair = False
    seed: Seed = 0

    def sources(self) -> dict[str, str]:
        """Return the file or sample of each symbol."""
        from bt_fusion.data.sources import sources

        return sources(self.data)

    def load(self, screen: Screen) -> "dict[str, pd.DataFrame]":
        """Return the bars of each symbol; says what was repaired."""
        from bt_fusion.data.sources import load_each

        return load_each(self.sources(), self.seed, self.repair, screen.say)


@dataclass(frozen=True, kw_only=True)
class StrategyOptions:
    """The strategy, and what of its parameters has an option of its own."""

    strategy: Annotated[
        str,
        option(
            "fusion, hybrid or discovery; or one of yours, module:Class or file.py:Class.",
            "--strategy",
            "-s",
        ),
    ] = "fusion"
    long_only: Annotated[bool, option("Never sell short.", "--long-only")] = False

    def params(self) -> dict[str, Any]:
        """Return the parameters of the strategy."""
        return {"long_only": True} if self.long_only else {}


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """The model that is fitted."""

    preset: Annotated[
        str | None, option("A system's whole model: discovery, fusion, generator, hybrid, signal.")
    ] = None
    features: Annotated[
        str | None,
        option("Feature set (default, fusion, generator, mar), or names a,b,c. [default: default]"),
    ] = None
    label: Annotated[
        str | None,
        option("direction, gain, triple_barrier or profit_before_stop. [default: direction]"),
    ] = None
    horizon: Annotated[
        int | None, option("Bars the label looks ahead. [default: the label's own]")
    ] = None
    members: Annotated[
        str | None,
        option(f"Members of the ensemble, of {', '.join(MEMBERS)}. [default: rf,xgb,lgb]"),
    ] = None
    voting: Annotated[str | None, option("soft or majority. [default: soft]")] = None

    def spec(self, seed: int) -> "ModelSpec":
        """Return the model these options describe."""
        from bt_fusion.models.model_spec import ModelSpec

        known = {each.name for each in fields(ModelSpec)}
        return ModelSpec(**{key: vars(self)[key] for key in vars(self) if key in known}, seed=seed)


@dataclass(frozen=True, kw_only=True)
class TrainModelOptions(ModelOptions):
    """The model that is fitted and saved."""

    lookahead: Annotated[int | None, option("Bars in which the price must gain. [default: 5]")] = (
        None
    )
    profit_threshold: Annotated[
        float | None, option("Gain to reach within --lookahead, percent. [default: 0.5]")
    ] = None
    calibration: Annotated[
        str | None, option("sigmoid or isotonic. [default: none, or the preset's]")
    ] = None


@dataclass(frozen=True, kw_only=True)
class PredictorOptions(ModelOptions):
    """The model that is refitted as time passes, or a saved one."""

    model: Annotated[
        str | None,
        option(
            "Folder of a saved model, whose training options then hold; auto for models/STRATEGY "
            "where it is there. [default: walk-forward]"
        ),
    ] = None
    allow_in_sample: Annotated[
        bool,
        option("Trade bars the saved model was trained on, too, marked.", "--allow-in-sample"),
    ] = False


@dataclass(frozen=True, kw_only=True)
class ScheduleOptions:
    """When the model is refitted, on which bars, and how fast: the arguments of WalkForward."""

    train_bars: Annotated[
        int | None,
        option("Bars in a training window. [default: 40 % of the bars, at most 20,000]"),
    ] = None
    refit_bars: Annotated[
        int | None, option("Bars between refits. [default: an eighth of --train-bars]")
    ] = None
    window: Annotated[str, option("rolling or expanding training window.")] = "rolling"
    embargo_bars: Annotated[int, option("Bars left out before each refit.")] = 0
    jobs: Annotated[int, option("Refits side by side, -1 for all cores.")] = -1
    cache: Annotated[str, option("Folder that keeps finished refits, auto, or none.")] = "auto"


@dataclass(frozen=True, kw_only=True)
class AccountOptions:
    """The account, its costs, and how much of it goes into a position."""

    cash: Annotated[float, option("Cash at the start.")] = 100_000.0
    commission: Annotated[
        float, option("Fraction of the value, a side.", "--commission", "--fee")
    ] = 0.0005
    slippage: Annotated[float, option("Fraction of the price, a fill.")] = 0.0
    sizer: Annotated[
        str,
        option(
            "Part of the account in a position; or a sizer, module:Class or file.py:Class.",
            "--sizer",
            "--share",
        ),
    ] = "0.95"

    def account(self) -> "Account":
        """Return the account, its sizer loaded."""
        from bt_fusion.engine.loading import account_of

        return account_of(self.cash, self.commission, self.slippage, self.sizer)


@dataclass(frozen=True, kw_only=True)
class PeriodOptions:
    """The part of the bars that may be traded."""

    fromdate: Annotated[str | None, option("First day to trade.")] = None
    todate: Annotated[str | None, option("Day before which trading ends.")] = None
    timerange: Annotated[
        str | None, option("Both at once, as 20200101-20210101; either may be left out.")
    ] = None

    def dates(self) -> "tuple[pd.Timestamp | None, pd.Timestamp | None]":
        """Return both ends, None for an open one.

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


def _date(name: str, text: str | None) -> "pd.Timestamp | None":
    import pandas as pd

    try:
        return pd.Timestamp(text) if text else None
    except ValueError:
        raise OptionError(f"{name} {text!r} is no date; write 2020-01-31") from None


@dataclass(frozen=True, kw_only=True)
class TuningOptions:
    """How parameters are searched for."""

    objective: Annotated[str, option("What tuning aims at: log_loss, auc, f1 or blend.")] = (
        "log_loss"
    )
    storage: Annotated[str | None, option("File or database URL that keeps the trials.")] = None
    folds: Annotated[int, option("Purged folds each trial is judged by.")] = 5
    embargo_bars: Annotated[int, option("Bars left out after each fold.")] = 0


@dataclass(frozen=True, kw_only=True)
class ScreenOptions:
    """Where the options come from, and how much is printed."""

    config: Config = None
    quiet: Quiet = False

    def screen(self) -> Screen:
        """Return the terminal, silent with --quiet."""
        return Screen(self.quiet)


@dataclass(frozen=True, kw_only=True)
class OutputOptions(ScreenOptions):
    """Where the files go, and which are drawn."""

    out: Annotated[Path, option("Folder for the files.")] = Path("results")
    no_report: Annotated[bool, option("Tables and data only, no picture.", "--no-report")] = False
