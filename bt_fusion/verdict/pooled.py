"""One verdict over many markets, which may move together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bt_fusion.statistics.bootstrap import Bootstrap, block_length, resamples
from bt_fusion.statistics.sharpe import deflated_sharpe
from bt_fusion.verdict.evidence import Evidence
from bt_fusion.verdict.pooled_wording import pooled_because, pooled_change
from bt_fusion.verdict.rules import Verdict, graded
from bt_fusion.verdict.stouffer import DailyGains, DayTotals, PooledTest

__all__ = ["GainBootstrap", "Market", "pool", "pooled_evidence", "pooled_verdict"]

YEAR = 365.25  # days
INTERVAL = (2.5, 97.5)  # percentiles


@dataclass(frozen=True, eq=False)
class Market:
    """Evidence and daily gains of one market.

    Attributes
    ----------
    name : str
    evidence : Evidence
    above_chance : DailyGains
        Return of ML-on's account minus that of the mean random filter, fractions.
    ranked : DailyGains
        Gain of the ranks of P(side), see `Ranking`.
    """

    name: str
    evidence: Evidence
    above_chance: DailyGains
    ranked: DailyGains


def pool(markets: Sequence[Market], bootstrap: Bootstrap = Bootstrap()) -> Verdict:
    """Grade whether ML helped over all markets together.

    Applies the rules of `judge` to the result of `pooled_evidence`.

    Parameters
    ----------
    markets : sequence of Market
        One or more.
    bootstrap : Bootstrap
    """
    each = [market.evidence for market in markets]
    return pooled_verdict(pooled_evidence(markets, bootstrap), each)


def pooled_verdict(evidence: Evidence, each: Sequence[Evidence]) -> Verdict:
    """Return the verdict on pooled evidence (see `pooled_evidence`); `each` is for its wording."""
    found = graded(evidence)
    because = pooled_because(evidence, found.worse, each)
    change = pooled_change(evidence, found)
    return Verdict(found.grade, f"{found.grade}: {because}", change, found.rules, found.direction)


def pooled_evidence(markets: Iterable[Market], bootstrap: Bootstrap = Bootstrap()) -> Evidence:
    """Return the evidence of all markets together.

    `PooledTest` pools both tests. The expectancy is the mean gain above chance per year, with the
    interval that chance would give it: see `GainBootstrap`. Trades are summed, Sharpe ratios are
    averaged, trials are the maximum over the markets.

    Parameters
    ----------
    markets : iterable of Market
        Iterated twice, one market at a time, so they can be read from a file.
    bootstrap : Bootstrap
    """
    setting, ranking, total, known = PooledTest(), PooledTest(), DayTotals(), DayTotals()
    each = []
    for market in markets:
        evidence, above = market.evidence, market.above_chance
        each.append(evidence)
        setting.add(evidence.setting, above)
        ranking.add(evidence.ranking, market.ranked)
        total.add(above.first, above.values)
        known.add(above.first, np.ones(len(above.values)))
    drawn = GainBootstrap(total, known, len(each), bootstrap)
    for market in markets:
        drawn.add(market.above_chance)
    gain, low, high = drawn.result
    days = known.values > 0
    edge = total.values[days] / known.values[days]
    trials = max(e.trials for e in each)
    return Evidence(
        trades_off=sum(e.trades_off for e in each),
        trades_on=sum(e.trades_on for e in each),
        setting=setting.result,
        ranking=ranking.result,
        expectancy=gain,
        chance_expectancy=(gain - high, gain - low),
        chance_mean=0.0,
        edge_dsr=deflated_sharpe(edge, trials),
        edge_dsr_against=deflated_sharpe(-edge, trials),
        trials=trials,
        sharpe_off=mean_known([e.sharpe_off for e in each]),
        sharpe_on=mean_known([e.sharpe_on for e in each]),
        psr=None,
        years=max(e.years for e in each),
        in_sample=sum(e.in_sample for e in each),
        untested="no market could be compared with random filters",
    )


class GainBootstrap:
    """Mean gain above chance per year over the markets, and its 95 % interval.

    Parameters
    ----------
    total, known : DayTotals
        The gains of all markets, and the number of markets on each day.
    markets : int
        Number of markets that will be added.
    bootstrap : Bootstrap

    Notes
    -----
    A hierarchical bootstrap. Each draw resamples blocks of days, the same for all markets to keep
    their correlation, and resamples the markets with replacement. Markets are added one by one;
    only the sums of each draw are stored.
    """

    def __init__(self, total: DayTotals, known: DayTotals, markets: int, bootstrap: Bootstrap):
        self._days = np.flatnonzero(known.values) + known.first
        rows, rng = len(self._days), np.random.default_rng(bootstrap.seed)
        length = block_length(total.values[known.values > 0])
        drawn = resamples(rows, length, bootstrap)
        # the first draw is the real one: each day and each market once
        self._share = np.ones((1 + bootstrap.draws, rows))
        self._taken = np.ones((1 + bootstrap.draws, markets), dtype=np.uint16)
        for draw, numbers in enumerate(drawn, 1):
            self._share[draw] = np.bincount(numbers, minlength=rows)
            chosen = rng.integers(0, markets, markets)
            self._taken[draw] = np.bincount(chosen, minlength=markets)
        self._added, self._sums = 0, np.zeros((2, 1 + bootstrap.draws))

    def add(self, gains: DailyGains) -> None:
        """Add the next market."""
        start = np.searchsorted(self._days, gains.first)
        share = self._share[:, start : start + len(gains.values)]
        with np.errstate(invalid="ignore"):
            yearly = (share @ gains.values) / share.sum(axis=1) * YEAR
        taken = np.where(np.isfinite(yearly), self._taken[:, self._added], 0.0)
        self._sums += taken * np.nan_to_num(yearly), taken
        self._added += 1

    @property
    def result(self) -> tuple[float, float, float]:
        """Return the mean gain and both ends of its interval."""
        gained, taken = self._sums
        with np.errstate(invalid="ignore"):
            means = gained / taken
        low, high = np.nanpercentile(means[1:], INTERVAL).tolist()
        return float(means[0]), low, high


def mean_known(values: Sequence[float | None]) -> float | None:
    """Return the mean of the values that are not None; None if there are none."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
