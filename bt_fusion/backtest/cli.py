"""The command line: what it asks for; the work is done elsewhere.

Only the commands' own modules are imported when one runs, so that --help comes at once.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bt_fusion.errors import BtFusionError, OptionError

if TYPE_CHECKING:
    import pandas as pd

    from bt_fusion.walk_forward import WalkForward

__all__ = ["app", "main", "run_backtest"]

BAD_INPUT, INTERRUPTED = 2, 130

app = typer.Typer(
    help="A second opinion from an ML ensemble for Backtrader strategies.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Ml(StrEnum):
    """Which runs to make."""

    off = "off"
    on = "on"
    both = "both"


@app.callback()
def group() -> None:
    """Keep `bt-fusion backtest` a command of its own while it is the only one."""


@app.command()
def backtest(
    data: Annotated[
        str,
        typer.Option(
            help="CSV or Parquet file, or sample: sp500, nasdaq, random-walk, planted-edge."
        ),
    ] = "sp500",
    strategy: Annotated[str, typer.Option("--strategy", "-s", help="fusion.")] = "fusion",
    ml: Annotated[Ml, typer.Option(help="Trade without ML, with it, or compare both.")] = Ml.both,
    train_bars: Annotated[
        int | None,
        typer.Option(help="Bars in a training window. [default: 40 % of the bars, at most 20,000]"),
    ] = None,
    refit_bars: Annotated[
        int | None, typer.Option(help="Bars between refits. [default: an eighth of --train-bars]")
    ] = None,
    window: Annotated[str, typer.Option(help="rolling or expanding training window.")] = "rolling",
    embargo_bars: Annotated[int, typer.Option(help="Bars left out before each refit.")] = 0,
    label: Annotated[str, typer.Option(help="direction, gain or triple_barrier.")] = "direction",
    horizon: Annotated[
        int | None, typer.Option(help="Bars the label looks ahead. [default: the label's own]")
    ] = None,
    members: Annotated[str, typer.Option(help="Members of the ensemble.")] = "rf,xgb,lgb",
    voting: Annotated[str, typer.Option(help="soft or majority.")] = "soft",
    features: Annotated[
        str, typer.Option(help="Feature set (default, fusion, generator, mar), or names a,b,c.")
    ] = "default",
    long_only: Annotated[bool, typer.Option("--long-only", help="Never sell short.")] = False,
    fromdate: Annotated[str | None, typer.Option(help="First day to trade.")] = None,
    todate: Annotated[str | None, typer.Option(help="Day before which trading ends.")] = None,
    timerange: Annotated[
        str | None, typer.Option(help="Both at once, as 20200101-20210101; either may be left out.")
    ] = None,
    cash: Annotated[float, typer.Option(help="Cash at the start.")] = 100_000.0,
    commission: Annotated[
        float, typer.Option("--commission", "--fee", help="Fraction of the value, a side.")
    ] = 0.0005,
    slippage: Annotated[float, typer.Option(help="Fraction of the price, a fill.")] = 0.0,
    share: Annotated[float, typer.Option(help="Part of the account in a position.")] = 0.95,
    param: Annotated[
        list[str] | None, typer.Option(help="Strategy parameter KEY=VALUE; repeat.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("results"),
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Tables and data only, no picture.")
    ] = False,
    jobs: Annotated[int, typer.Option(help="Refits side by side, -1 for all cores.")] = -1,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    cache: Annotated[
        str, typer.Option(help="Folder that keeps finished refits, auto, or none.")
    ] = "auto",
    repair: Annotated[
        bool, typer.Option("--repair", help="Sort the bars and drop broken rows.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Trade the same unseen bars with ML off and on, and compare."""
    with reported():
        from bt_fusion.backtest.job import Account, Backtest, write_result
        from bt_fusion.backtest.report.tables import show

        screen = Screen(quiet, verbose)
        walk = walk_forward(
            features,
            label,
            horizon,
            members,
            voting,
            seed,
            train_bars,
            refit_bars,
            window,
            embargo_bars,
            jobs,
            cache,
        )
        start, end = dates(fromdate, todate, timerange)
        job = Backtest(
            walk=walk,
            strategy=strategy,
            ml=ml.value,
            account=Account(cash, commission, slippage, share),
            params=parameters(param or []) | ({"long_only": True} if long_only else {}),
            fromdate=start,
            todate=end,
            seed=seed,
        )
        bars, name = load(data, seed, repair, screen)
        with screen.progress("Refits") as on_refit:
            result = job.run(bars, name, on_refit)
        screen.say_cache(walk)
        paths = write_result(out, result, picture=not no_report)
        if not quiet:
            show(result.summary, screen.console)
            screen.say("Files      " + ", ".join(str(path) for path in paths))


def main(argv: list[str] | None = None) -> None:
    """Run `bt-fusion`; ends with SystemExit."""
    app(argv)


def run_backtest(argv: list[str] | None = None) -> None:
    """Run `bt-fusion backtest` with the given options; ends with SystemExit."""
    app(["backtest", *(sys.argv[1:] if argv is None else argv)], prog_name="run_backtest.py")


class Screen:
    """Where messages and progress go; nowhere with --quiet."""

    def __init__(self, quiet: bool, verbose: bool):
        from rich.console import Console

        self.console = Console(soft_wrap=True, highlight=False)
        self.errors = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
        self.quiet = quiet
        self.verbose = verbose

    def say(self, text: str) -> None:
        """Print a line unless quiet."""
        if not self.quiet:
            self.console.print(text, markup=False)

    def say_cache(self, walk: "WalkForward") -> None:
        """Say how many refits came from the cache."""
        hits, refits = sum(refit.cached for refit in walk.refits_), len(walk.refits_)
        if hits or self.verbose:
            self.say(f"Cache      {hits} of {refits} refits found, {refits - hits} fitted")

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None] | None]:
        """Show a progress bar on a terminal; yields what to call with (done, total)."""
        if self.quiet or not self.errors.is_terminal:
            yield None
            return
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, TimeRemainingColumn(), console=self.errors) as progress:
            task = progress.add_task(what, total=None)

            def advance(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            yield advance


@contextmanager
def reported() -> Iterator[None]:
    """Turn our errors into one line on stderr and exit 2, Ctrl-C into exit 130."""
    try:
        yield
    except BtFusionError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(BAD_INPUT) from None
    except KeyboardInterrupt:
        print("interrupted; finished refits are kept in the cache", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None


def load(data: str, seed: int, repair: bool, screen: Screen) -> "tuple[pd.DataFrame, str]":
    """Return the bars of a file or sample, and what to call them."""
    from bt_fusion.errors import BarsError
    from bt_fusion.reading import read_bars
    from bt_fusion.samples import SAMPLES, load_sample

    if data in SAMPLES:
        return load_sample(data, seed), data
    path = Path(data)
    if not path.is_file() and not path.suffix and path.parent == Path():
        load_sample(data)  # no path by its looks: raises with the nearest sample's name
    if not path.is_file():
        raise BarsError(
            f"no file {path}; give a CSV or Parquet file, or one of {', '.join(SAMPLES)}"
        )
    repairs: list[str] = []
    bars = read_bars(path, repair=repair, report=repairs)
    for line in repairs:
        screen.say(f"Repaired   {line}")
    return bars, path.stem


def walk_forward(
    features: str,
    label: str,
    horizon: int | None,
    members: str,
    voting: str,
    seed: int,
    train_bars: int | None,
    refit_bars: int | None,
    window: str,
    embargo_bars: int,
    jobs: int,
    cache: str,
) -> "WalkForward":
    """Build the walk-forward the options describe, checking names at once."""
    from bt_fusion.ensemble import Ensemble
    from bt_fusion.features import SETS
    from bt_fusion.labels import make_label
    from bt_fusion.signal_model import SignalModel
    from bt_fusion.walk_forward import WalkForward

    ensemble = Ensemble(tuple(members.split(",")), voting=voting, seed=seed)
    ensemble.make_members()
    chosen: Any = tuple(features.split(",")) if "," in features else features
    if features not in SETS and "," not in features and len(features.split("_")) > 1:
        chosen = (features,)
    model = SignalModel(
        chosen, make_label(label, **({} if horizon is None else {"horizon": horizon})), ensemble
    )
    model.feature_set()
    return WalkForward(
        model,
        train_bars,
        refit_bars,
        window=window,
        embargo_bars=embargo_bars,
        jobs=jobs,
        cache=cache,
    )


def dates(fromdate: str | None, todate: str | None, timerange: str | None) -> tuple[Any, Any]:
    """Return both ends of what may be traded."""
    import pandas as pd

    if timerange is not None:
        if fromdate or todate:
            raise OptionError("give --timerange, or --fromdate and --todate, not both")
        parts = timerange.split("-")
        if len(parts) != 2:
            raise OptionError(f"timerange {timerange!r} is not START-END; e.g. 20200101-20210101")
        fromdate, todate = (part or None for part in parts)
    ends = []
    for name, text in (("fromdate", fromdate), ("todate", todate)):
        try:
            ends.append(pd.Timestamp(text) if text else None)
        except ValueError:
            raise OptionError(f"{name} {text!r} is no date; write 2020-01-31") from None
    if ends[0] is not None and ends[1] is not None and ends[0] >= ends[1]:
        raise OptionError(f"fromdate {ends[0]} is not before todate {ends[1]}")
    return ends[0], ends[1]


def parameters(pairs: list[str]) -> dict[str, Any]:
    """Read KEY=VALUE pairs; values are Python literals where they look like one."""
    from ast import literal_eval

    known = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise OptionError(f"param {pair!r} is not KEY=VALUE, e.g. ml_threshold=0.65")
        try:
            known[key] = literal_eval(text)
        except (ValueError, SyntaxError):
            known[key] = text
    return known
