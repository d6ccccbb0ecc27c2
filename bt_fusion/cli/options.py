"""What the commands ask for, and how it becomes objects.

Nothing heavy is imported at the top, so that --help comes at once.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bt_fusion.cli.config_file import read_config
from bt_fusion.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd


class Ml(StrEnum):
    """Which runs to make."""

    off = "off"
    on = "on"
    both = "both"


def option(text: str, *names: str) -> Any:
    """Declare an option by its help text, and names where they differ from the parameter's."""
    return typer.Option(*names, help=text)


Data = Annotated[
    str, option("CSV or Parquet file, or sample: sp500, nasdaq, random-walk, planted-edge.")
]
EachData = Annotated[
    list[str],
    option(
        "CSV or Parquet file, or sample: sp500, nasdaq, random-walk, planted-edge; repeat as "
        "SYMBOL=PATH for several symbols.",
        "--data",
    ),
]
Strategy = Annotated[
    str,
    option(
        "fusion, hybrid or discovery; or one of yours, module:Class or file.py:Class.",
        "--strategy",
        "-s",
    ),
]
WhichMl = Annotated[Ml, option("Trade without ML, with it, or compare both.")]
TrainBars = Annotated[
    int | None, option("Bars in a training window. [default: 40 % of the bars, at most 20,000]")
]
RefitBars = Annotated[
    int | None, option("Bars between refits. [default: an eighth of --train-bars]")
]
Window = Annotated[str, option("rolling or expanding training window.")]
EmbargoBars = Annotated[int, option("Bars left out before each refit.")]
Horizon = Annotated[int | None, option("Bars the label looks ahead. [default: the label's own]")]
LongOnly = Annotated[bool, option("Never sell short.", "--long-only")]
FromDate = Annotated[str | None, option("First day to trade.")]
ToDate = Annotated[str | None, option("Day before which trading ends.")]
TimeRange = Annotated[
    str | None, option("Both at once, as 20200101-20210101; either may be left out.")
]
Cash = Annotated[float, option("Cash at the start.")]
Commission = Annotated[float, option("Fraction of the value, a side.", "--commission", "--fee")]
Slippage = Annotated[float, option("Fraction of the price, a fill.")]
Sizer = Annotated[
    str,
    option(
        "Part of the account in a position; or a sizer, module:Class or file.py:Class.",
        "--sizer",
        "--share",
    ),
]
Breakdown = Annotated[
    list[str] | None, option("Sum trades up by day, week or month, too; repeat.", "--breakdown")
]
Params = Annotated[list[str] | None, option("Strategy parameter KEY=VALUE; repeat.", "--param")]
Placebo = Annotated[str, option("What chance does: veto, labels (a few refits more) or none.")]
Out = Annotated[Path, option("Folder for the files.")]
NoReport = Annotated[bool, option("Tables and data only, no picture.", "--no-report")]
Jobs = Annotated[int, option("Refits side by side, -1 for all cores.")]
Seed = Annotated[int, option("Seed of everything random.")]
Cache = Annotated[str, option("Folder that keeps finished refits, auto, or none.")]
Repair = Annotated[bool, option("Sort the bars and drop broken rows.", "--repair")]
Plot = Annotated[bool, option("Draw Backtrader's own chart, too.", "--plot")]
Verbose = Annotated[bool, option("Say more.", "--verbose", "-v")]
Config = Annotated[
    Path | None,
    typer.Option(help="TOML file of these options.", is_eager=True, callback=read_config),
]
Preset = Annotated[
    str | None, option("A system's whole model: discovery, fusion, generator, hybrid, signal.")
]
OwnFeatures = Annotated[
    str | None,
    option(
        "Feature set (default, fusion, generator, mar), or names a,b,c. [default: default]",
        "--features",
    ),
]
OwnLabel = Annotated[
    str | None,
    option(
        "direction, gain, triple_barrier or profit_before_stop. [default: direction]", "--label"
    ),
]
OwnMembers = Annotated[
    str | None,
    option(
        "Members of the ensemble, of rf, xgb, lgb, lr, svm, lstm. [default: rf,xgb,lgb]",
        "--members",
    ),
]
OwnVoting = Annotated[str | None, option("soft or majority. [default: soft]", "--voting")]
Lookahead = Annotated[int | None, option("Bars in which the price must gain. [default: 5]")]
ProfitThreshold = Annotated[
    float | None, option("Gain to reach within --lookahead, percent. [default: 0.5]")
]
Calibration = Annotated[str | None, option("sigmoid or isotonic. [default: none, or the preset's]")]
TestShare = Annotated[float, option("Last part of the bars, kept to judge by; 0 for none.")]
Objective = Annotated[str, option("What tuning aims at: log_loss, auc, f1 or blend.")]
Storage = Annotated[str | None, option("File or database URL that keeps the trials.")]
Trials = Annotated[int, option("Finished trials to reach, earlier ones included.")]
FoldEmbargo = Annotated[int, option("Bars left out after each fold.", "--embargo-bars")]
Folds = Annotated[int, option("Purged folds each trial is judged by.")]
SavedModel = Annotated[
    str | None,
    option(
        "Folder of a saved model, whose training options then hold; auto for models/STRATEGY where "
        "it is there. [default: walk-forward]"
    ),
]
AllowInSample = Annotated[
    bool, option("Trade bars the saved model was trained on, too, marked.", "--allow-in-sample")
]
Model = Annotated[Path, option("Folder of a saved model.")]
ModelOut = Annotated[Path, option("Folder to save the model in.", "--out")]
Json = Annotated[Path | None, option("Write the tables as JSON, too.", "--json")]
Quiet = Annotated[bool, option("Say nothing but errors.", "--quiet", "-q")]


def dates(fromdate: str | None, todate: str | None, timerange: str | None) -> tuple[Any, Any]:
    """Return both ends of what may be traded."""
    if timerange is not None:
        if fromdate or todate:
            raise OptionError("give --timerange, or --fromdate and --todate, not both")
        parts = timerange.split("-")
        if len(parts) != 2:
            raise OptionError(f"timerange {timerange!r} is not START-END; e.g. 20200101-20210101")
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


def parameters(pairs: list[str] | None) -> dict[str, Any]:
    """Read KEY=VALUE pairs; values are Python literals where they look like one."""
    from ast import literal_eval

    known = {}
    for pair in pairs or []:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise OptionError(f"param {pair!r} is not KEY=VALUE, e.g. ml_threshold=0.65")
        try:
            known[key] = literal_eval(text)
        except (ValueError, SyntaxError):
            known[key] = text
    return known
