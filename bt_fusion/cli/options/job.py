"""Build the backtest described by option groups."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from bt_fusion.cli.options.bars import PeriodOptions, Reading, unused_markets
from bt_fusion.cli.options.predictor import PredictorOptions, ScheduleOptions
from bt_fusion.cli.options.trading import AccountOptions, StrategyOptions
from bt_fusion.cli.screen import Screen
from bt_fusion.errors import OptionError

if TYPE_CHECKING:
    from bt_fusion.backtest.job import BacktestJob
    from bt_fusion.models.signal_model import SignalModel

__all__ = ["backtest_job"]


class SourceOptions(Reading, Protocol):
    """Where bars come from and how they are read, such as `SymbolOptions`."""

    def sources(self) -> dict[str, str]:
        """Return the file or sample of each symbol."""


def backtest_job(
    bars: SourceOptions,
    strategy: StrategyOptions,
    model: PredictorOptions,
    schedule: ScheduleOptions,
    account: AccountOptions,
    period: PeriodOptions,
    screen: Screen,
) -> "BacktestJob":
    """Return the backtest, including the sources of its bars and model; prints the model.

    Raises
    ------
    OptionError
        For an invalid option.
    """
    from bt_fusion.backtest.job import BacktestJob
    from bt_fusion.backtest.summary import one_or_all
    from bt_fusion.engine.loading import load_strategy
    from bt_fusion.engine.variants import preset_params
    from bt_fusion.plugins import loaded_plugins

    places: dict[str, Any] = {
        "data": one_or_all(bars.sources()),
        "repair": bars.repair,
        "sizer": account.sizer,
        "others": model.market_sources(),
        "plugins": loaded_plugins(),
    }
    chosen = chosen_predictor(model, strategy.strategy, schedule, bars, screen)
    start, end = period.dates()
    return BacktestJob(
        model=chosen["predictor"],
        strategy=strategy.strategy,
        account=account.account(),
        params=preset_params(
            chosen["source"]["preset"], load_strategy(strategy.strategy), strategy.named()
        )
        | strategy.params(),
        horizon="auto" if model.horizon_auto else None,
        fromdate=start,
        todate=end,
        seed=bars.seed,
        allow_in_sample=model.allow_in_sample,
        source=places | chosen["source"],
        notes=chosen["notes"],
    )


def chosen_predictor(
    model: PredictorOptions,
    strategy: str,
    schedule: ScheduleOptions,
    bars: Reading,
    screen: Screen,
) -> dict[str, Any]:
    """Load the saved models, or build the walk-forward of the other options.

    Returns
    -------
    dict
        predictor, source and notes of the `BacktestJob`.

    Raises
    ------
    OptionError
        As `ModelSpec.build`, and for a saved model beside a preset or a recipe.
    """
    from bt_fusion.backtest.holding_time import check_own_exits
    from bt_fusion.engine.loading import load_strategy, system_of
    from bt_fusion.models.saved_models import load_models, model_folders
    from bt_fusion.models.walk_forward import WalkForward

    for name in ("preset", "recipe"):
        if model.model and getattr(model, name):
            raise OptionError(
                f"--{name} {getattr(model, name)} and --model {' '.join(model.model)} both say "
                "what predicts; give one of them"
            )
    if model.horizon_auto:
        check_own_exits(load_strategy(strategy))
    folders = model_folders(model.model or (), strategy)
    if folders is not None:
        if model.horizon_auto:
            raise OptionError(
                "horizon auto: a saved model has the horizon it was trained with; leave it out, or "
                "give --recipe instead of --model"
            )
        source = {"model": folders, "preset": None, "recipe": None, "members": None}
        markets = model.markets(bars, screen)
        loaded = load_models(folders, markets)
        each = loaded.values() if isinstance(loaded, dict) else [loaded]
        notes = (*unused_markets(markets, *each), *other_strategy(loaded, strategy))
        return {"predictor": loaded, "source": source, "notes": notes}
    spec = replace(model.spec(bars, screen), strategy=system_of(load_strategy(strategy)))
    walk = WalkForward(spec.build(), **schedule.sizes())
    if spec.origin:
        screen.say(f"Model      {spec.origin}")
    parts = {"preset": spec.chosen_preset, "recipe": spec.recipe, "members": spec.members}
    return {"predictor": walk, "source": {"model": None, **parts}, "notes": ()}


def other_strategy(
    loaded: "SignalModel | dict[str, SignalModel]", strategy: str
) -> tuple[str, ...]:
    """Return a note if another of our strategies suits the model better than the default."""
    from bt_fusion.models.presets import strategy_for

    models = loaded.values() if isinstance(loaded, dict) else [loaded]
    labels = {strategy_for(model): model.label() for model in models}
    if strategy != "fusion":
        return ()
    return tuple(
        f"the model predicts {label}, which --strategy {name} trades; this run trades fusion"
        for name, label in labels.items()
        if name != "fusion"
    )
