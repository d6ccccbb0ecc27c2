"""`bt-fusion sweep`: many variants of a strategy over one set of predictions."""

from dataclasses import dataclass, replace
from typing import Annotated

from bt_fusion.cli.command import command, option
from bt_fusion.cli.options import (
    AccountOptions,
    OutputOptions,
    PeriodOptions,
    PredictorOptions,
    ScheduleOptions,
    StrategyOptions,
    SymbolOptions,
)
from bt_fusion.cli.options.job import backtest_job
from bt_fusion.cli.unused_options import UnusedOptionNotes

__all__ = ["sweep"]


@dataclass(frozen=True, kw_only=True)
class SweptStrategy(StrategyOptions):
    """The strategy, and the values of its parameters."""

    param: Annotated[
        list[str],
        option(
            "Values of a strategy parameter: KEY=start:stop:step, KEY=a,b,c or KEY=VALUE. "
            "Repeatable.",
            "--param",
            metavar="KEY=...",
        ),
    ]
    most: Annotated[int, option("Refuse a grid of more variants.", "--max")] = 1_000


@dataclass(frozen=True, kw_only=True)
class SweepSchedule(ScheduleOptions):
    """As of a backtest; runs are made side by side, too."""

    jobs: Annotated[int, option("Refits, then runs, in parallel; -1: all cores.")] = -1


@command(
    "finished runs and refits are kept and the same command goes on with them",
    "bt-fusion sweep --data candles.csv --param ema_fast=5:20:5",
)
def sweep(
    notes: UnusedOptionNotes,
    bars: SymbolOptions,
    strategy: SweptStrategy,
    model: PredictorOptions,
    schedule: SweepSchedule,
    account: AccountOptions,
    period: PeriodOptions,
    output: OutputOptions,
) -> None:
    """Trade every combination of parameters with ML off and on; predictions are made once."""
    from bt_fusion.progress import step
    from bt_fusion.report.pictures.sweep import draw_sweep
    from bt_fusion.report.terminal.sweep import sweep_table
    from bt_fusion.saved_runs.earlier_results import SWEEP
    from bt_fusion.saved_runs.sweep_folder import same_sweep, write_sweep
    from bt_fusion.sweep.grid import parameter_grid
    from bt_fusion.sweep.sweep import Sweep

    screen, out = output.screen(), output.out
    earlier = output.earlier(SWEEP)
    grid = parameter_grid(strategy.param, strategy.most)
    strategy.check_once(grid)
    job = backtest_job(bars, strategy, model, schedule, account, period, screen)
    job = replace(job, notes=(*notes, *job.notes))
    loaded = bars.load(screen)
    found = Sweep(job, grid, schedule.jobs).run(loaded, out=out)
    kept = "" if same_sweep(out, found) else earlier.keep()
    paths = write_sweep(out, found)
    if found.varied and not output.no_report:
        paths.append(out / "sweep.png")
        with step("Drawing"):
            draw_sweep(paths[-1], found)
    screen.show(sweep_table(found))
    screen.say_earlier(kept)
    screen.list_files(paths)
