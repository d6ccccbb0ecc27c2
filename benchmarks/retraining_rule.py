"""retraining_rule: what rules of replacing a model do where the truth is known.

A model is retrained over 24 months of hourly bars under each rule, by the code of `Retrainer`
without its files. Which of two models is truly better is told by bars of the market as it is now
that no model ever sees. Three markets: an edge that stays; an edge whose sign turns after a year;
a random walk.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.registry import Measured, Ratio
from bt_fusion import Ensemble, SignalModel
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.evaluation.classification import log_loss_of
from bt_fusion.labels import labels_of
from bt_fusion.retraining.learning import Window, learn_again
from bt_fusion.retraining.schedule import Schedule

__all__ = ["measure"]

MONTH, TURN, LEARNT, TRUTH = 730, 12, 4_000, 10_000  # bars, months
# standard errors by which the new model's log loss may be higher
RULES: dict[str, float] = {
    "always": np.inf,
    "one error": 1.0,
    "not higher": 0.0,
    "lower by one error": -1.0,
    "never": -np.inf,
}


def measure(seeds: int = 4, months: int = 24) -> Measured:
    """Compare the rules.

    Parameters
    ----------
    seeds : int
        Series of bars of each market.
    months : int
    """
    parts: dict[str, float | int | None] = {}
    ratios = []
    for market, edge in (("edge", 0.60), ("turn", 0.60), ("random walk", 0.50)):
        for rule, allowed in RULES.items():
            found = pd.concat(
                pd.DataFrame(path(market, edge, allowed, seed, months)) for seed in range(seeds)
            )
            name = f"{market}, {rule}"
            parts[f"{name}: decisions"] = len(found)
            parts[f"{name}: replaced"] = float(found.replaced.mean())
            for what, rows in (("better", found.new < found.old), ("worse", found.new > found.old)):
                parts[f"{name}: replaced where the new one is {what}"] = share(found.replaced[rows])
            in_use = np.where(found.replaced, found.new, found.old)
            ratios.append(Ratio(f"{name}: log loss in use", float(in_use.mean())))
    work = f"{seeds} series of {months} months of hourly bars a market, lr and a small LightGBM"
    return Measured(work, parts, tuple(ratios))


def share(values: pd.Series) -> float | None:
    return float(values.mean()) if len(values) else None


def path(
    market: str, edge: float, allowed: float, seed: int, months: int
) -> Iterator[dict[str, float | bool]]:
    """Yield each decision of one series under one rule, with the true log loss of both models."""
    bars = series(market, edge, seed, months)
    truths = [truth(edge, seed, turned) for turned in (False, True)]
    model = recipe(seed).fit(bars[:LEARNT])
    schedule, since = Schedule(), pd.Timestamp(model.trained_until_)
    horizon = model.label().horizon
    for end in range(LEARNT + 24, len(bars) + 1, 24):  # cron, each day
        known = BarArrays.of(bars)[:end]
        until = pd.Timestamp(model.trained_until_)
        if schedule.why_not(known.time, since, until, horizon):
            continue
        since = pd.Timestamp(known.time[-1])
        now = truths[market == "turn" and end > LEARNT + TURN * MONTH]
        if allowed == -np.inf:
            yield {"replaced": False, "old": loss(model, now), "new": np.nan}
            continue
        window = Window.of(model, known, schedule.test_bars(known.time, until, horizon))
        new, comparison = learn_again(model, window)
        replaced = comparison.difference <= allowed * comparison.error
        yield {"replaced": replaced, "old": loss(model, now), "new": loss(new, now)}
        model = new if replaced else model


def recipe(seed: int) -> SignalModel:
    """Return a small model, of which LightGBM is free to follow noise."""
    from lightgbm import LGBMClassifier

    trees = LGBMClassifier(n_estimators=40, num_leaves=15, n_jobs=1, random_state=seed, verbose=-1)
    return SignalModel(
        ["wick_balance", "return_1", "rsi_14", "body_share"],
        ensemble=Ensemble({"lr": "lr", "lgb": trees}, seed=seed),
    )


def series(market: str, edge: float, seed: int, months: int) -> pd.DataFrame:
    """Return hourly bars to learn from, and so many months more."""
    length = LEARNT + months * MONTH
    bars = planted_edge(length, seed, auc=edge)
    if market == "turn" and months > TURN:
        at = LEARNT + TURN * MONTH
        bars = pd.concat([bars[:at], turned_wicks(bars[at:])])
    return bars.set_axis(pd.date_range("2022-01-01", periods=length, freq="h", name="datetime"))


def truth(edge: float, seed: int, turned: bool) -> BarArrays:
    """Return bars of one market that no model learns from."""
    bars = planted_edge(TRUTH, 1_000 + seed, auc=edge)
    hourly = pd.date_range("2030-01-01", periods=TRUTH, freq="h", name="datetime")
    return BarArrays.of((turned_wicks(bars) if turned else bars).set_axis(hourly))


def turned_wicks(bars: pd.DataFrame) -> pd.DataFrame:
    """Exchange upper and lower wicks, so that what foretold a rise foretells a fall."""
    top, bottom = bars[["open", "close"]].max(axis=1), bars[["open", "close"]].min(axis=1)
    return bars.assign(high=top + (bottom - bars.low), low=bottom - (bars.high - top))


def loss(model: SignalModel, bars: BarArrays) -> float:
    """Return the log loss of a model on bars it has not seen."""
    y, proba = labels_of(model.label(), bars).y, model.predict_arrays(bars).proba
    rows = np.isfinite(proba[:, 0]) & np.isfinite(y)
    return log_loss_of(y[rows], proba[rows], model.label().classes)
