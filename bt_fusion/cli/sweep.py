"""`bt-fusion sweep`: many variants of a strategy over one set of predictions."""

from pathlib import Path
from typing import Annotated

from bt_fusion.cli import options as ask
from bt_fusion.cli.screen import Screen, reported

__all__ = ["sweep"]

SP500 = ["sp500"]
KEPT = "finished runs and refits are kept and the same command goes on with them"


def sweep(
    param: Annotated[
        list[str], ask.option("KEY=start:stop:step, KEY=a,b,c or KEY=VALUE; repeat.", "--param")
    ],
    data: ask.EachData = SP500,
    strategy: ask.Strategy = "fusion",
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
    most: Annotated[int, ask.option("Variants there may be.", "--max")] = 1_000,
    out: ask.Out = Path("results"),
    no_report: ask.NoReport = False,
    jobs: Annotated[int, ask.option("Refits, then runs side by side, -1 for all cores.")] = -1,
    seed: ask.Seed = 0,
    cache: ask.Cache = "auto",
    repair: ask.Repair = False,
    config: ask.Config = None,
    quiet: ask.Quiet = False,
) -> None:
    """Trade every combination of parameters with ML off and on; predictions are made once."""
    with reported(KEPT):
        from bt_fusion.backtest.job import Backtest
        from bt_fusion.backtest.summary import one_or_all
        from bt_fusion.data.sources import load_each, sources
        from bt_fusion.engine.loading import account_of
        from bt_fusion.models.model_spec import chosen_predictor
        from bt_fusion.report.pictures.sweep import draw_sweep
        from bt_fusion.report.terminal.sweep import sweep_table
        from bt_fusion.saved_runs.sweep_folder import write_sweep
        from bt_fusion.sweep.grid import parameter_grid
        from bt_fusion.sweep.sweep import Sweep

        screen, given = Screen(quiet), sources(data)
        grid = parameter_grid(param, most)
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
            account=account_of(cash, commission, slippage, sizer),
            params={"long_only": True} if long_only else {},
            fromdate=start,
            todate=end,
            seed=seed,
            allow_in_sample=allow_in_sample,
            source={
                "data": one_or_all(given),
                "repair": repair,
                "model": model,
                "preset": preset,
                "sizer": sizer,
            },
        )
        bars = load_each(given, seed, repair, screen.say)
        with screen.progress("Refits") as on_refit, screen.progress("Runs") as on_run:
            found = Sweep(job, grid, jobs).run(bars, out, on_refit=on_refit, on_run=on_run)
        paths = write_sweep(out, found)
        if found.varied and not no_report:
            paths.append(out / "sweep.png")
            draw_sweep(paths[-1], found)
        screen.show(sweep_table(found))
        screen.say("Files      " + ", ".join(str(path) for path in paths))
