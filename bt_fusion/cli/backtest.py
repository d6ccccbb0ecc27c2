"""`bt-fusion backtest`: ML off and on over the same bars."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from bt_fusion.cli.command import Ml, command, option
from bt_fusion.cli.options import (
    AccountOptions,
    AuditOptions,
    OutputOptions,
    PeriodOptions,
    PredictorOptions,
    ScheduleOptions,
    SymbolOptions,
    TradedStrategy,
)
from bt_fusion.cli.options.job import backtest_job
from bt_fusion.cli.unused_options import UnusedOptionNotes

if TYPE_CHECKING:
    from bt_fusion.backtest.result import Result

__all__ = ["backtest"]

CHART = "backtrader.png"


@dataclass(frozen=True, kw_only=True)
class ComparedStrategy(TradedStrategy):
    """The strategy, the runs it makes and what they are compared with."""

    ml: Annotated[Ml, option("Trade without ML, with ML, or compare both.")] = Ml.both
    placebo: Annotated[
        str,
        option(
            "Compare ML with chance: veto (random filters), labels (also models trained on "
            "shuffled labels, which takes longer) or none (no verdict).",
            metavar="NAME",
        ),
    ] = "veto"
    ablation: Annotated[
        bool,
        option(
            "For --strategy managed: also add its models one by one (signal, position, stops, "
            "risk).",
            "--ablation",
        ),
    ] = False
    breakdown: Annotated[
        list[str] | None,
        option(
            "Also sum trades by day, week or month. Repeatable.", "--breakdown", metavar="PERIOD"
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class BacktestOutput(OutputOptions):
    """Where the files go, which are drawn, and how much is printed."""

    plot: Annotated[
        bool, option("Also draw Backtrader's own chart, with buys and sells.", "--plot")
    ] = False
    verbose: Annotated[
        bool, option("Print more: last entries, exits, timing.", "--verbose", "-v")
    ] = False


@command(
    "finished refits are kept in the cache; run the same command again",
    "bt-fusion backtest --data candles.csv --strategy mine.py:Mine",
)
def backtest(
    context: typer.Context,
    notes: UnusedOptionNotes,
    bars: SymbolOptions,
    strategy: ComparedStrategy,
    model: PredictorOptions,
    schedule: ScheduleOptions,
    account: AccountOptions,
    period: PeriodOptions,
    audit: AuditOptions,
    output: BacktestOutput,
) -> None:
    """Trade the same unseen bars with ML off and on, and compare."""
    from bt_fusion.cli.options.command_line import given_command
    from bt_fusion.files import check_no_input
    from bt_fusion.report.draw import drawn_files
    from bt_fusion.report.terminal.groups import result_tables
    from bt_fusion.saved_runs.run_folder import FILES
    from bt_fusion.strategies.entry_text import entry_lines

    screen, out = output.screen(), output.out
    earlier = output.earlier(["summary.json", *FILES[:-1], *drawn_files(), CHART])
    for source in bars.sources().values():
        for name in FILES:
            check_no_input(out / name, source)
    job = backtest_job(bars, strategy, model, schedule, account, period, screen)
    job = replace(
        job,
        notes=(*notes, *job.notes),
        ml=strategy.ml.value,
        placebo=strategy.placebo,
        breakdown=tuple(strategy.breakdown or ()),
        ablation=strategy.ablation,
        ledger=out,
        audit=not audit.no_audit,
    )
    loaded = bars.load(screen)
    with TemporaryDirectory() as drawn:  # the previous run's chart stays until this run ends
        chart = Path(drawn) / CHART if output.plot else None
        result = replace(job, plot=chart).run(loaded)
        result.summary["command"] = given_command(context)
        kept, paths = earlier.keep(), written(result, output, chart)
    if output.verbose:
        screen.say("\n".join(entry_lines(result.entries, [*result.runs][-1])))
    screen.show(result_tables(result.summary, result.trades, details=output.verbose))
    screen.say_earlier(kept)
    screen.list_files(paths)


def written(result: "Result", output: BacktestOutput, chart: Path | None) -> list[Path]:
    """Write the files of a result, its report and its chart, and return their paths."""
    from bt_fusion.files import write_whole
    from bt_fusion.report.draw import redraw

    paths = result.write(output.out)
    (output.out / CHART).unlink(missing_ok=True)
    if chart is not None:
        paths.append(output.out / CHART)
        write_whole(paths[-1], partial(copyfile, chart))
    return paths if output.no_report else [*paths, *redraw(output.out)]
