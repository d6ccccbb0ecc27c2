"""The backtest that option groups describe, for the commands that make one."""

from typing import TYPE_CHECKING

from bt_fusion.cli.option_groups import (
    AccountOptions,
    PeriodOptions,
    PredictorOptions,
    ScheduleOptions,
    StrategyOptions,
    SymbolOptions,
)
from bt_fusion.errors import OptionError

if TYPE_CHECKING:
    from bt_fusion.backtest.job import Backtest
    from bt_fusion.models.signal_model import SignalModel
    from bt_fusion.models.walk_forward import WalkForward

__all__ = ["backtest_job"]


def backtest_job(
    bars: SymbolOptions,
    strategy: StrategyOptions,
    model: PredictorOptions,
    schedule: ScheduleOptions,
    account: AccountOptions,
    period: PeriodOptions,
) -> "Backtest":
    """Return the backtest, with where its bars and its model come from.

    Raises
    ------
    OptionError
        For what any of the options cannot be.
    """
    from bt_fusion.backtest.job import Backtest
    from bt_fusion.backtest.summary import one_or_all

    source = {
        "data": one_or_all(bars.sources()),
        "repair": bars.repair,
        "model": model.model,
        "preset": model.preset,
        "sizer": account.sizer,
    }
    predictor = chosen_predictor(model, strategy.strategy, schedule, bars.seed)
    start, end = period.dates()
    return Backtest(
        predictor=predictor,
        strategy=strategy.strategy,
        account=account.account(),
        params=strategy.params(),
        fromdate=start,
        todate=end,
        seed=bars.seed,
        allow_in_sample=model.allow_in_sample,
        source=source,
    )


def chosen_predictor(
    model: PredictorOptions, strategy: str, schedule: ScheduleOptions, seed: int
) -> "WalkForward | SignalModel":
    """Load the saved model, or build the walk-forward of the other options.

    Raises
    ------
    OptionError
        As `ModelSpec.build`, and for both a preset and a saved model.
    """
    from bt_fusion.models.model_spec import saved_model
    from bt_fusion.models.walk_forward import WalkForward

    if model.preset and model.model:
        raise OptionError(
            f"--preset {model.preset} and --model {model.model} both say what predicts; give one "
            "of them"
        )
    walk = WalkForward(model.spec(seed).build(), **vars(schedule))
    return saved_model(model.model, strategy) or walk
