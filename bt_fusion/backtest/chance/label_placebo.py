"""Label placebo: rerun the whole job with models trained on randomly shifted labels."""

from dataclasses import replace
from typing import Any

from sklearn.base import clone

from bt_fusion.backtest.chance.matched_chance import matched_chance
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.engine.runner import run_strategy
from bt_fusion.engine.variants import variant
from bt_fusion.errors import OptionError
from bt_fusion.evaluation.drift import with_health
from bt_fusion.models.predictors import Predictor
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.verdict.placebos.shuffled_labels import ShuffledLabels

__all__ = ["label_placebo", "trained_again"]


def label_placebo(
    predictor: Predictor, pair: RunPair, repeats: int = 5, seed: int = 0
) -> dict[str, Any]:
    """Compare ML-on with runs whose models had nothing to learn.

    Parameters
    ----------
    predictor : WalkForward
    pair : RunPair
    repeats, seed : int
        Number of walk-forwards, each over all refits; seeds count up from `seed`.

    Returns
    -------
    dict
        kind, repeats, as_good (number of runs with a score at least ML-on's), and for ML-on
        (`real`) and the others (`drawn`): trades, score (see `Placebo`) and net_profit in cash.

    Raises
    ------
    OptionError
        For a fitted model, which is not trained again.
    """
    walk = clone(trained_again(predictor))  # the real one keeps its training
    real = trade_and_score(pair)
    drawn = [
        trade_and_score(traded_again(pair, walk, ShuffledLabels(seed + repeat)))
        for repeat in range(repeats)
    ]
    return {
        "kind": "labels",
        "repeats": repeats,
        "as_good": sum(each["score"] >= real["score"] for each in drawn),
        "real": real,
        "drawn": drawn,
    }


def traded_again(pair: RunPair, walk: WalkForward, shuffled: ShuffledLabels) -> RunPair:
    """Return the pair with ML-on rerun by a walk-forward trained on shuffled labels."""
    parts = {}
    for symbol, part in pair.out_of_sample.items():
        predictions = walk.predict(part.whole, relabel=shuffled)
        if part.predictions.health is not None:  # the strategy uses it
            predictions = with_health(walk, part.whole, predictions)
        known = predictions.at(part.bars.index.to_numpy())
        parts[symbol] = OutOfSample(part.whole, part.bars, known, part.labels)
    again = replace(pair, out_of_sample=parts)
    traded, params = variant(pair.strategy, pair.params, pair.exits, again.predictions)
    made = run_strategy(pair.bars, traded, pair.account, details=False, **params)
    return replace(again, on=made)


def trade_and_score(pair: RunPair) -> dict[str, float]:
    """Return trades, score and net profit of ML-on."""
    return {
        "trades": pair.on.figures["trades"],
        "score": float(matched_chance(pair, draws=0).together.real.score[0]),
        "net_profit": pair.on.figures["final_value"] - pair.account.cash,
    }


def trained_again(predictor: Predictor) -> WalkForward:
    """Return the walk-forward; OptionError for a fitted model."""
    if isinstance(predictor, WalkForward):
        return predictor
    raise OptionError(
        "the label placebo retrains the model, and a saved model cannot be retrained: leave out "
        "--model for a walk-forward, or take --placebo veto"
    )
