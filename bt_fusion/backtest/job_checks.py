"""Check a backtest's options, strategy, bars and model before any work."""

from dataclasses import replace
from typing import Any

import pandas as pd
from backtrader import Strategy

from bt_fusion.backtest.chance.label_placebo import trained_again
from bt_fusion.backtest.holding_time import with_horizon
from bt_fusion.backtest.pair_verdict import PLACEBOS
from bt_fusion.engine.loading import load_strategy
from bt_fusion.engine.variants import check_technical, check_variants, preset_params
from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.models.agreement import THRESHOLDS
from bt_fusion.models.predictors import check_payoffs, check_predictor
from bt_fusion.saved_runs.trade_groups import check_periods
from bt_fusion.strategies import ManagedStrategy
from bt_fusion.trade_models.managed_model import ManagedModel

__all__ = ["ML_CHOICES", "bars_by_symbol", "checked_strategy", "resolved"]

ML_CHOICES = {"both": ("off", "on"), "on": ("on",), "off": ("off",)}
WITHOUT_PAYOFF = 0.60  # threshold of models that cannot give a break-even one


def bars_by_symbol(bars: Any, name: str) -> dict[str, pd.DataFrame]:
    """Return the bars of each symbol; `name` is that of a single DataFrame.

    Raises
    ------
    OptionError
        For anything else, such as a path.
    """
    given = bars if isinstance(bars, dict) else {name: bars}
    for each in given.values():
        if not isinstance(each, pd.DataFrame):
            raise OptionError(
                f"bars {each!r}: give a DataFrame, such as read_bars('candles.csv'), or a "
                "dictionary of them by symbol"
            )
    return given


def resolved(job: Any, bars: dict[str, pd.DataFrame]) -> Any:
    """Return a `BacktestJob` whose label's horizon and default threshold are known."""
    return with_horizon(with_threshold(job, bars), bars)  # a preset by name brings its threshold


def with_threshold(job: Any, bars: dict[str, pd.DataFrame]) -> Any:
    """Return a `BacktestJob` with a default threshold if none was given and `auto` does not apply.

    A preset may have its own; a model without payoffs gets 0.60.
    """
    check_predictor(job.predictor, bars)
    if job.ml == "off" or THRESHOLDS.keys() & job.params:
        return job
    if isinstance(job.model, str):
        own = preset_params(job.model, load_strategy(job.strategy), job.params)
        if own:
            return replace(job, params={**job.params, **own})
    if not job.agreement(load_strategy(job.strategy)).auto:
        return job
    try:
        check_payoffs(job.predictor)
    except OptionError:
        note = (
            f"ml_threshold is {WITHOUT_PAYOFF:.2f}, not auto: the model does not know what a right "
            "and a wrong prediction are worth"
        )
        params = {**job.params, "ml_threshold": WITHOUT_PAYOFF}
        return replace(job, params=params, notes=(*job.notes, note))
    return job


def checked_strategy(job: Any, bars: dict[str, pd.DataFrame]) -> type[Strategy]:
    """Check everything about a `BacktestJob` before any work, and return its strategy.

    Raises
    ------
    OptionError
    """
    if job.ml not in ML_CHOICES:
        raise unknown_name("ml", job.ml, ML_CHOICES)
    if job.draws < 1:
        raise OptionError(f"draws {job.draws} must be 1 or more")
    if job.placebo not in PLACEBOS:
        raise unknown_name("placebo", job.placebo, PLACEBOS)
    if job.placebo == "labels":
        if job.ml != "both":
            raise OptionError(
                f"the label placebo compares ML-on with ML-off, and ml is {job.ml!r}: make both "
                "runs, or take --placebo veto"
            )
        trained_again(job.predictor)
    if job.ablation:
        check_ablation(job, bars)
    if not bars:
        raise OptionError("there are no bars; give a DataFrame, or a dictionary by symbol")
    check_predictor(job.predictor, bars)
    check_periods(job.breakdown)
    strategy = load_strategy(job.strategy)
    if job.ml == "off":
        check_technical(strategy, job.params)
    else:
        check_variants(strategy, job.params)
        if job.agreement(strategy).auto:
            check_payoffs(job.predictor)
    return strategy


def check_ablation(job: Any, bars: dict[str, pd.DataFrame]) -> None:
    """Raise OptionError if an ablation has no models to add one by one."""
    if load_strategy(job.strategy) is not ManagedStrategy:
        raise OptionError("an ablation is for the strategy managed; take --strategy managed")
    if not isinstance(job.signal_model, ManagedModel):
        raise OptionError(
            "an ablation needs a managed model: take --preset managed, or a --model of that preset"
        )
    if len(bars) > 1:
        raise OptionError(f"an ablation trades one symbol, not {len(bars)}; give one")
    if job.ml == "off":
        raise OptionError("an ablation needs ML, and ml is 'off': take --ml both, or on")
