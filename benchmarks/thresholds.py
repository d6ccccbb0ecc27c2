"""thresholds: ml_threshold .60, .55, .50 and auto on several data sets, pooled."""

from collections.abc import Iterator

import pandas as pd

from benchmarks.registry import Measured, Ratio
from bt_fusion import Backtest, SignalModel, WalkForward, read_bars
from bt_fusion.backtest.pooled_runs import market_of
from bt_fusion.data.samples import load_sample, planted_edge
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.verdict.pooled import Market, pooled_evidence

__all__ = ["data_sets", "measure"]

THRESHOLDS = (0.60, 0.55, 0.50, "auto")
AGGREGATED = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


def measure(draws: int = 1_000, data: str = "", jobs: int = 1, bars: int = 0) -> Measured:
    """Run the default job at each threshold over each data set, and pool them.

    S&P 500 and NASDAQ, and two planted edges (best AUC 0.60, 10,000 bars); of the file `data` its
    bars, and the same by 4 hours and by day. FusionStrategy with its defaults, 5 basis points a
    side; predictions are made once for all thresholds. Pooled over the real data sets, by
    `pooled_evidence`: Sharpe ratios are means, p-values take account of what moves together.
    """
    parts: dict[str, float] = {}
    ratios = []
    markets: dict[str, list[Market]] = {str(threshold): [] for threshold in THRESHOLDS}
    for name, frame in data_sets(data):
        own = frame[-bars:]  # all of them for 0
        walk = WalkForward(SignalModel(), jobs=jobs)
        for threshold in THRESHOLDS:
            job = Backtest(walk, params={"ml_threshold": threshold}, draws=draws)
            market = market_of(job.run(own, name).saved)
            evidence = market.evidence
            if not name.startswith("edge"):
                markets[str(threshold)].append(market)
            cell = f"{name}, {threshold}"
            parts[f"{cell}: trades"] = evidence.trades_on
            parts[f"{cell}: setting p"] = 1.0 if not evidence.setting else evidence.setting.p_value
            ratios.append(Ratio(f"{cell}: Sharpe ratio", evidence.sharpe_on))
        parts[f"{name}: Sharpe ratio off"] = evidence.sharpe_off or 0.0
        parts[f"{name}: ranking p"] = 1.0 if not evidence.ranking else evidence.ranking.p_value
    for threshold, every in markets.items():
        together = pooled_evidence(every, Bootstrap(draws))
        ratios.append(Ratio(f"pooled, {threshold}: Sharpe ratio", together.sharpe_on))
        parts[f"pooled, {threshold}: Sharpe ratio off"] = together.sharpe_off or 0.0
        for question in ("setting", "ranking"):
            test = getattr(together, question)
            parts[f"pooled, {threshold}: {question} p"] = 1.0 if test is None else test.p_value
        parts[f"pooled, {threshold}: gain above chance a year"] = together.expectancy or 0.0
    return Measured("thresholds on several data sets", parts, tuple(ratios))


def data_sets(path: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the data sets by name."""
    yield "sp500", load_sample("sp500")
    yield "nasdaq", load_sample("nasdaq")
    if path:
        bars = read_bars(path)
        yield "real", bars
        for length in ("4h", "1D"):
            yield f"real {length}", bars.resample(length).agg(AGGREGATED).dropna()
    for seed in (0, 1):
        yield f"edge {seed}", planted_edge(10_000, seed, auc=0.60)
