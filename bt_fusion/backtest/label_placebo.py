"""The label placebo: the whole job again, by models that learnt from labels moved by chance."""

from collections.abc import Mapping
from typing import Any

import backtrader as bt
from sklearn.base import clone

from bt_fusion.backtest.out_of_sample import OutOfSample, Predictor
from bt_fusion.backtest.placebo_inputs import placebo_of
from bt_fusion.backtest.summary import one_or_all
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import Run, run_strategy
from bt_fusion.engine.variants import variant
from bt_fusion.errors import OptionError
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.verdict.placebos.shuffled_labels import ShuffledLabels

__all__ = ["label_placebo", "trained_again"]


def label_placebo(
    predictor: Predictor,
    strategy: type[bt.Strategy],
    params: Mapping[str, Any],
    horizon: int,
    runs: Mapping[str, Run],
    out_of_sample: Mapping[str, OutOfSample],
    account: Account,
    repeats: int = 5,
    seed: int = 0,
) -> dict[str, Any]:
    """Return where ML-on lies among runs whose models had nothing to learn.

    Parameters
    ----------
    predictor : WalkForward
    strategy : class
    params : dict
    horizon : int
        Of the label, in bars.
    runs : dict of Run
        "off" and "on".
    unseen : dict of Unseen
    account : Account
    repeats, seed : int
        Walk-forwards, each over all refits; seeds count up from `seed`.

    Returns
    -------
    dict
        kind, repeats, as_good (how many chose their entries as well as ML-on), and of ML-on
        `real` and of the others `drawn`: trades, score (see `Placebo`) and net_profit in cash.

    Raises
    ------
    OptionError
        For a fitted model, which is not trained again.
    """
    walk = clone(trained_again(predictor))  # keeps what the real one has done
    bars = one_or_all({symbol: part.bars for symbol, part in out_of_sample.items()})
    found = [described(runs["on"], strategy, params, horizon, runs["off"], out_of_sample, account)]
    for repeat in range(repeats):
        shuffled = ShuffledLabels(seed + repeat)
        told = {
            symbol: OutOfSample(
                part.whole,
                part.bars,
                walk.predict(part.whole, relabel=shuffled).at(part.bars.index.to_numpy()),
                part.labels,
            )
            for symbol, part in out_of_sample.items()
        }
        said = one_or_all({symbol: part.predictions for symbol, part in told.items()})
        traded, given = variant(strategy, dict(params), horizon, said)
        run = run_strategy(bars, traded, account, **given)
        found.append(described(run, strategy, params, horizon, runs["off"], told, account))
    real, drawn = found[0], found[1:]
    return {
        "kind": "labels",
        "repeats": repeats,
        "as_good": sum(each["score"] >= real["score"] for each in drawn),
        "real": real,
        "drawn": drawn,
    }


def trained_again(predictor: Predictor) -> WalkForward:
    """Return the walk-forward, or say why a fitted model is none."""
    if isinstance(predictor, WalkForward):
        return predictor
    raise OptionError(
        "the label placebo trains again, which a saved model does not: leave --model away for a "
        "walk-forward, or take --placebo veto"
    )


def described(
    on: Run,
    strategy: type[bt.Strategy],
    params: Mapping[str, Any],
    horizon: int,
    off: Run,
    out_of_sample: Mapping[str, OutOfSample],
    account: Account,
) -> dict[str, float]:
    """Return trades, score and net profit of one run."""
    bars = one_or_all({symbol: part.bars for symbol, part in out_of_sample.items()})
    said = one_or_all({symbol: part.predictions for symbol, part in out_of_sample.items()})
    placebo = placebo_of(strategy, params, horizon, off, on, bars, said, account, draws=0)
    return {
        "trades": on.figures["trades"],
        "score": float(placebo.real.score[0]),
        "net_profit": on.figures["final_value"] - account.cash,
    }
