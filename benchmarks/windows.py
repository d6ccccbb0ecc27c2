"""windows: rolling and expanding training windows, more refits, old rows weighted less; pooled.

The rule, set before measuring: a default changes where, over the real data sets together, log
loss is lower by more than two standard errors with every seed, and the pooled Sharpe ratio and
p-value are no worse. Markets move together, so that losses of one month count as one observation,
whatever the market (those of one hour on made bars of one minute).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from benchmarks.forests import losses
from benchmarks.registry import Measured, Ratio
from bt_fusion import Backtest, Ensemble, SignalModel, WalkForward, read_bars
from bt_fusion.backtest.pooled_runs import market_of
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.resampling import resample_bars
from bt_fusion.data.samples import load_sample, planted_edge
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.verdict.pooled import Market, pooled_evidence

__all__ = ["measure"]

DEFAULT = "rolling"


def measure(
    data: str = "", seed: int = 0, draws: int = 1_000, jobs: int = 1, bars: int = 0, lgb: int = 0
) -> Measured:
    """Compare training windows by what they say of the same unseen bars, and what that trades.

    Parameters
    ----------
    data : str
        File of bars, to which the same by 4 hours are added.
    seed : int
        Of members and draws.
    draws : int
        Of the verdict; 0 trades nothing.
    jobs : int
    bars : int
        Of each data set, the last ones; all for 0.
    lgb : int
        1 for one LightGBM member alone, 0 for the default ensemble.
    """
    parts: dict[str, float] = {}
    lost: dict[str, dict[str, pd.Series]] = {}
    markets: dict[str, list[Market]] = {}
    for name, frame in data_sets(data):
        own = frame[-bars:]
        for design, walk, used in designs(own, seed, bool(lgb), jobs):
            rows = unseen(walk, used)
            lost.setdefault(design, {})[name] = pd.Series(
                losses(rows.actual.to_numpy(), rows.up.to_numpy()), rows.index
            )
            parts[f"{name}, {design}: AUC"] = float(roc_auc_score(rows.actual, rows.up))
            parts[f"{name}, {design}: log loss"] = float(lost[design][name].mean())
            if not draws:
                continue
            market = market_of(Backtest(walk, draws=draws, seed=seed).run(used, name).saved)
            parts[f"{name}, {design}: Sharpe ratio"] = market.evidence.sharpe_on or 0.0
            parts[f"{name}, {design}: trades"] = market.evidence.trades_on
            if is_real(name):
                markets.setdefault(design, []).append(market)
    ratios = []
    for design, every in lost.items():
        for kind in ("real", "made"):
            names = [name for name in every if is_real(name) == (kind == "real")]
            differences = [every[name] - lost[DEFAULT][name] for name in names]
            mean, error = mean_and_error(differences, "M" if kind == "real" else "h")
            ratios.append(Ratio(f"{design}, {kind}: log loss more than {DEFAULT}'s", mean))
            parts[f"{design}, {kind}: standard error"] = error
        if design not in markets:
            continue
        together = pooled_evidence(markets[design], Bootstrap(draws))
        ratios.append(Ratio(f"{design}: pooled Sharpe ratio", together.sharpe_on))
        for question in ("setting", "ranking"):
            test = getattr(together, question)
            parts[f"{design}: pooled {question} p"] = 1.0 if test is None else test.p_value
    members = "LightGBM" if lgb else "the default ensemble"
    return Measured(f"training windows of {members}, seed {seed}", parts, tuple(ratios))


def is_real(name: str) -> bool:
    return not name.startswith("edge")


def data_sets(path: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the data sets by name."""
    yield "S&P 500", load_sample("sp500")
    yield "NASDAQ", load_sample("nasdaq")
    if path:
        bars = read_bars(path, repair=True)
        yield "real", bars
        yield "real 4h", resample_bars(bars, "4h")
    for seed in (0, 1):
        yield f"edge {seed}", planted_edge(10_000, seed, auc=0.60)


def designs(
    bars: pd.DataFrame, seed: int, lgb: bool, jobs: int
) -> Iterator[tuple[str, WalkForward, pd.DataFrame]]:
    """Yield each design with its bars: its first refit is at the same bar as the default's."""
    train, refit = WalkForward().sizes(len(bars))

    def walk(train_bars: int = train, weights: str | None = None, **options: Any) -> WalkForward:
        members = ("lgb",) if lgb else ("rf", "xgb", "lgb")
        ensemble = Ensemble(members, seed=seed, sample_weights=weights)
        own = {"refit_bars": refit, "jobs": jobs, **options}
        return WalkForward(SignalModel(ensemble=ensemble), train_bars, **own)

    yield DEFAULT, walk(), bars
    yield "expanding", walk(window="expanding"), bars
    yield "rolling, half as long", walk(train // 2), bars[train - train // 2 :]
    yield "refits twice as often", walk(refit_bars=refit // 2), bars
    yield "refits half as often", walk(refit_bars=2 * refit), bars
    yield "old rows weigh less", walk(weights="decay"), bars
    yield "expanding, old rows weigh less", walk(window="expanding", weights="decay"), bars


def unseen(walk: WalkForward, bars: pd.DataFrame) -> pd.DataFrame:
    """Return the actual class and P(up) of each row that was predicted."""
    up = walk.predict_arrays(BarArrays.of(bars)).probability_up
    return pd.DataFrame({"actual": walk.labels_.y, "up": up}, index=bars.index).dropna()


def mean_and_error(sets: list[pd.Series], period: str) -> tuple[float, float]:
    """Return the mean over data sets of their means, and its standard error by periods."""
    parts = [each / len(each) / len(sets) for each in sets]
    summed = pd.concat(parts).groupby(lambda stamp: pd.Period(stamp, period)).sum()
    return float(summed.sum()), float(summed.std() * np.sqrt(len(summed)))
