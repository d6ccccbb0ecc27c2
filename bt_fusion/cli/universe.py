"""`bt-fusion universe`: compare ML off and on over many files, with one verdict over all."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from bt_fusion.cli.command import command, option, output_folder
from bt_fusion.cli.options import (
    AccountOptions,
    OutputOptions,
    PeriodOptions,
    PredictorOptions,
    ScheduleOptions,
    TradedStrategy,
)
from bt_fusion.cli.options.bars import MaxAge, Repair, Seed
from bt_fusion.cli.options.job import backtest_job
from bt_fusion.cli.screen import Screen
from bt_fusion.cli.unused_options import UnusedOptionNotes

__all__ = ["universe"]


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """Which files are judged, and what of them."""

    data: Annotated[
        list[str],
        option(
            "Folder of candle files, a file, or a pattern in quotes: 'dir/*.csv'. Repeatable.",
            "--data",
            metavar="PATH",
        ),
    ]
    resample: Annotated[
        str | None, option("Make longer bars first: 4h, 1d, ...", metavar="LENGTH")
    ] = None
    min_bars: Annotated[
        int,
        typer.Option(help="List files with fewer bars, but do not judge them.", min=0, metavar="N"),
    ] = 0
    repair: Repair = False
    max_age: MaxAge = 30.0
    seed: Seed = 0

    def sources(self) -> dict[str, str]:
        """Return the entry for the files in the job's source."""
        return {"": " ".join(self.data)}

    def files(self, screen: Screen) -> dict[str, Path]:
        """Return the file of each symbol."""
        from bt_fusion.data.folders import files_of
        from bt_fusion.errors import OptionError

        found: dict[str, Path] = {}
        for text in self.data:
            for symbol, path in files_of(text, screen.say).items():
                if found.setdefault(symbol, path) != path:
                    raise OptionError(
                        f"{found[symbol]} and {path} are both of {symbol}; choose by a pattern"
                    )
        return found


@dataclass(frozen=True, kw_only=True)
class UniverseSchedule(ScheduleOptions):
    """As of a backtest; files are judged side by side instead of refits."""

    jobs: Annotated[int, option("Files in parallel; -1: all cores.")] = -1
    cache: Annotated[
        str,
        option(
            "Folder that keeps finished refits; auto, or none. --out keeps finished files anyway.",
            metavar="DIR",
        ),
    ] = "none"


@dataclass(frozen=True, kw_only=True)
class UniverseOutput(OutputOptions):
    """Where the files go, and which are written."""

    out: Annotated[
        Path,
        output_folder("Folder for the files. An earlier one in it is kept as DIR-1, DIR-2, ..."),
    ] = Path("universe")
    keep_runs: Annotated[
        bool, option("Also write the whole run of each file, into OUT/runs.", "--keep-runs")
    ] = False


@dataclass(frozen=True, kw_only=True)
class Control:
    """The control."""

    shuffle_labels: Annotated[
        bool,
        option(
            "Control: train on shuffled labels, from which nothing can be learnt.",
            "--shuffle-labels",
        ),
    ] = False


@command(
    "finished files are kept and the same command goes on with them",
    "bt-fusion universe --data candles --members lgb",
)
def universe(
    notes: UnusedOptionNotes,
    bars: FileOptions,
    strategy: TradedStrategy,
    model: PredictorOptions,
    schedule: UniverseSchedule,
    account: AccountOptions,
    period: PeriodOptions,
    control: Control,
    output: UniverseOutput,
) -> None:
    """Compare ML off and on over many files: a row each, ranked, and one verdict over all."""
    from bt_fusion.progress import step
    from bt_fusion.report.html.universe_page import draw_universe_page
    from bt_fusion.report.pictures.universe import draw_universe
    from bt_fusion.report.terminal.pooled import file_line, universe_table
    from bt_fusion.saved_runs.earlier_results import UNIVERSE
    from bt_fusion.saved_runs.universe_folder import (
        check_no_backtest,
        same_universe,
        write_universe,
    )
    from bt_fusion.universe.universe import Universe

    screen, out = output.screen(), output.out
    check_no_backtest(out)
    earlier = output.earlier(UNIVERSE)
    files = bars.files(screen)
    job = backtest_job(bars, strategy, model, schedule, account, period, screen)
    job = replace(job, notes=(*notes, *job.notes))

    def say_row(row: dict[str, Any], number: int, total: int) -> None:
        screen.show(file_line(row, number, total))

    found = Universe(
        job,
        jobs=schedule.jobs,
        repair=bars.repair,
        resample=bars.resample,
        min_bars=bars.min_bars,
        shuffle_labels=control.shuffle_labels,
        keep_runs=output.keep_runs,
    ).run(files, out, on_row=say_row)
    kept = "" if same_universe(out, found) else earlier.keep()
    paths = write_universe(out, found)
    if not output.no_report:
        paths += [out / "universe.png", out / "universe.html"]
        with step("Drawing"):
            draw_universe(paths[-2], found)
            draw_universe_page(paths[-1], found, picture=paths[-2])
    screen.show(universe_table(found))
    screen.say_earlier(kept)
    screen.list_files(paths)
