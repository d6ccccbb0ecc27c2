"""`bt-fusion sweep`: many variants of a strategy over one set of predictions."""

from pathlib import Path
from typing import Annotated

from bt_fusion.backtest import options as ask
from bt_fusion.backtest.screen import Screen, reported

__all__ = ["sweep"]

KEPT = "finished runs and refits are kept and the same command goes on with them"


def sweep(
    param: Annotated[
        list[str], ask.option("KEY=start:stop:step, KEY=a,b,c or KEY=VALUE; repeat.", "--param")
    ],
    data: ask.Data = "sp500",
    strategy: ask.Strategy = "fusion",
    model: ask.SavedModel = None,
    allow_in_sample: ask.AllowInSample = False,
    train_bars: ask.TrainBars = None,
    refit_bars: ask.RefitBars = None,
    window: ask.Window = "rolling",
    embargo_bars: ask.EmbargoBars = 0,
    label: ask.LabelName = "direction",
    horizon: ask.Horizon = None,
    members: ask.Members = "rf,xgb,lgb",
    voting: ask.Voting = "soft",
    features: ask.Features = "default",
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
        from bt_fusion.backtest.report.sweep_files import write_sweep
        from bt_fusion.backtest.report.sweep_tables import sweep_table
        from bt_fusion.backtest.sweep import Sweep
        from bt_fusion.backtest.sweep_grid import parameter_grid
        from bt_fusion.walk_forward import WalkForward

        screen = Screen(quiet)
        grid = parameter_grid(param, most)
        walk = WalkForward(
            ask.signal_model(features, label, horizon, members, voting, seed),
            train_bars,
            refit_bars,
            window=window,
            embargo_bars=embargo_bars,
            jobs=jobs,
            cache=cache,
        )
        start, end = ask.dates(fromdate, todate, timerange)
        job = Backtest(
            predictor=ask.saved_model(model, strategy) or walk,
            strategy=strategy,
            account=ask.account(cash, commission, slippage, sizer),
            params={"long_only": True} if long_only else {},
            fromdate=start,
            todate=end,
            seed=seed,
            allow_in_sample=allow_in_sample,
        )
        bars, name = ask.load(data, seed, repair, screen)
        with screen.progress("Refits") as on_refit, screen.progress("Runs") as on_run:
            found = Sweep(job, grid, jobs).run(bars, name, out, on_refit, on_run)
        paths = write_sweep(out, found, picture=not no_report)
        screen.show(sweep_table(found))
        screen.say("Files      " + ", ".join(str(path) for path in paths))
