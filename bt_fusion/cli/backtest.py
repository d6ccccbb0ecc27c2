"""`bt-fusion backtest`: ML off and on over the same bars."""

from pathlib import Path

import typer

from bt_fusion.cli import options as ask
from bt_fusion.cli.screen import Screen, reported

__all__ = ["backtest"]


SP500 = ["sp500"]


def backtest(
    context: typer.Context,
    data: ask.EachData = SP500,
    strategy: ask.Strategy = "fusion",
    ml: ask.WhichMl = ask.Ml.both,
    model: ask.SavedModel = None,
    preset: ask.Preset = None,
    allow_in_sample: ask.AllowInSample = False,
    train_bars: ask.TrainBars = None,
    refit_bars: ask.RefitBars = None,
    window: ask.Window = "rolling",
    embargo_bars: ask.EmbargoBars = 0,
    label: ask.OwnLabel = None,
    horizon: ask.Horizon = None,
    members: ask.OwnMembers = None,
    voting: ask.OwnVoting = None,
    features: ask.OwnFeatures = None,
    long_only: ask.LongOnly = False,
    fromdate: ask.FromDate = None,
    todate: ask.ToDate = None,
    timerange: ask.TimeRange = None,
    cash: ask.Cash = 100_000.0,
    commission: ask.Commission = 0.0005,
    slippage: ask.Slippage = 0.0,
    sizer: ask.Sizer = "0.95",
    param: ask.Params = None,
    breakdown: ask.Breakdown = None,
    placebo: ask.Placebo = "veto",
    out: ask.Out = Path("results"),
    no_report: ask.NoReport = False,
    jobs: ask.Jobs = -1,
    seed: ask.Seed = 0,
    cache: ask.Cache = "auto",
    repair: ask.Repair = False,
    plot: ask.Plot = False,
    config: ask.Config = None,
    verbose: ask.Verbose = False,
    quiet: ask.Quiet = False,
) -> None:
    """Trade the same unseen bars with ML off and on, and compare."""
    with reported():
        from bt_fusion.backtest.job import Backtest
        from bt_fusion.backtest.result import write_result
        from bt_fusion.backtest.summary import one_or_all
        from bt_fusion.cli.command_line import given_command
        from bt_fusion.data.sources import load_each, sources
        from bt_fusion.engine.loading import account_of
        from bt_fusion.models.model_spec import chosen_predictor
        from bt_fusion.report.draw import redraw
        from bt_fusion.report.terminal.groups import result_tables

        screen, given = Screen(quiet), sources(data)
        predictor = chosen_predictor(
            model,
            strategy,
            {
                "preset": preset,
                "features": features,
                "label": label,
                "horizon": horizon,
                "members": members,
                "voting": voting,
                "seed": seed,
            },
            {
                "train_bars": train_bars,
                "refit_bars": refit_bars,
                "window": window,
                "embargo_bars": embargo_bars,
                "jobs": jobs,
                "cache": cache,
            },
        )
        start, end = ask.dates(fromdate, todate, timerange)
        job = Backtest(
            predictor=predictor,
            strategy=strategy,
            ml=ml.value,
            account=account_of(cash, commission, slippage, sizer),
            params=ask.parameters(param) | ({"long_only": True} if long_only else {}),
            fromdate=start,
            todate=end,
            seed=seed,
            plot=out / "backtrader.png" if plot else None,
            allow_in_sample=allow_in_sample,
            breakdown=tuple(breakdown or ()),
            placebo=placebo,
            ledger=out,
            source={
                "data": one_or_all(given),
                "repair": repair,
                "model": model,
                "preset": preset,
                "sizer": sizer,
            },
        )
        bars = load_each(given, seed, repair, screen.say)
        with screen.progress("Refits") as on_refit:
            result = job.run(bars, on_refit=on_refit)
        result.summary["command"] = given_command(context)
        paths = write_result(out, result) + ([] if no_report else redraw(out))
        screen.show(result_tables(result.summary, result.trades, details=verbose))
        screen.say("Files      " + ", ".join(str(path) for path in paths))
