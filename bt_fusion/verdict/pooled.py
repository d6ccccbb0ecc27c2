"""One verdict over many markets, which may move together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from bt_fusion.statistics.bootstrap import Bootstrap, block_length, resamples
from bt_fusion.statistics.sharpe import deflated_sharpe
from bt_fusion.verdict.evidence import ChanceTest, Evidence
from bt_fusion.verdict.pooled_wording import pooled_because, pooled_change
from bt_fusion.verdict.rules import Verdict, graded

__all__ = [
    "Market",
    "correlation",
    "pool",
    "pooled_evidence",
    "pooled_gain",
    "pooled_test",
    "pooled_verdict",
]

YEAR = 365.25  # days


@dataclass(frozen=True, eq=False)
class Market:
    """What one market contributes.

    Attributes
    ----------
    name : str
    evidence : Evidence
    above_chance : Series
        By the stamp of the bar: return of ML-on's account less that of the mean random filter, a
        fraction.
    ranked : Series
        By the same stamps: what the ranks of P(side) gain, see `Ranking`.
    """

    name: str
    evidence: Evidence
    above_chance: pd.Series
    ranked: pd.Series


def pool(markets: Sequence[Market], bootstrap: Bootstrap = Bootstrap()) -> Verdict:
    """Grade whether ML helped over all markets together.

    The rules are those of `judge`, on what `pooled_evidence` makes of the markets.

    Parameters
    ----------
    markets : sequence of Market
        One or more.
    bootstrap : Bootstrap
    """
    return pooled_verdict(pooled_evidence(markets, bootstrap), markets)


def pooled_verdict(evidence: Evidence, markets: Sequence[Market]) -> Verdict:
    """Grade the evidence of all markets together, see `pooled_evidence`."""
    found = graded(evidence)
    because = pooled_because(evidence, found.worse, [market.evidence for market in markets])
    change = pooled_change(evidence, found)
    return Verdict(found.grade, f"{found.grade}: {because}", change, found.rules)


def pooled_evidence(markets: Sequence[Market], bootstrap: Bootstrap = Bootstrap()) -> Evidence:
    """Return the evidence of all markets together.

    Both questions are pooled by `pooled_test`. In the place of the expectancy stands the mean
    gain above chance a year, and the interval that chance would give it: see `pooled_gain`.
    Trades add up, Sharpe ratios are means, trials are the most of any market.
    """
    each = [market.evidence for market in markets]
    days = by_day([market.above_chance for market in markets])
    gain, low, high = pooled_gain(days, bootstrap)
    edge = days.mean(axis=1).dropna().to_numpy()
    trials = max(e.trials for e in each)
    return Evidence(
        trades_off=sum(e.trades_off for e in each),
        trades_on=sum(e.trades_on for e in each),
        setting=pooled_test([e.setting for e in each], correlation(days)),
        ranking=pooled_test(
            [e.ranking for e in each], correlation(by_day([market.ranked for market in markets]))
        ),
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


def by_day(gains: Sequence[pd.Series]) -> pd.DataFrame:
    """Return the gains above chance of each market a day, NaN before its first and after its last.

    Days, because markets of other bar lengths, or open at other hours, move together all the
    same; all of the calendar, so that a year of a market that rests on weekends is a year.
    """
    columns = {number: gain.resample("D").sum() for number, gain in enumerate(gains)}
    return pd.DataFrame(columns).sort_index()


def correlation(days: pd.DataFrame) -> np.ndarray:
    """Return how much the gains of markets go together, shape (n_markets, n_markets).

    Of the sums over all days: markets that share few days are nearly independent. Negative ones
    count as 0, so that noise never makes the pooled test surer.

    >>> days = pd.DataFrame({0: [1.0, -1.0, 1.0, np.nan], 1: [1.0, -1.0, np.nan, 1.0]})
    >>> correlation(days).round(3).tolist()
    [[1.0, 0.667], [0.667, 1.0]]
    """
    values = days.fillna(0.0).to_numpy()
    products = values.T @ values
    size = np.sqrt(np.diag(products))
    with np.errstate(invalid="ignore", divide="ignore"):
        related = np.clip(np.nan_to_num(products / np.outer(size, size)), 0.0, 1.0)
    np.fill_diagonal(related, 1.0)
    return related


def pooled_test(tests: Sequence[ChanceTest | None], related: np.ndarray) -> ChanceTest | None:
    """Return one test of several that may be correlated; None where none was made.

    Parameters
    ----------
    tests : sequence of ChanceTest or None
    related : ndarray, shape (n_tests, n_tests)

    Notes
    -----
    The sum of the normal scores over its standard deviation, the root of the sum of all
    correlations (Stouffer's method with Strube's correction for dependence, Psychological Bulletin
    97, 1985). Tests that tell nothing are left out.

    Examples
    --------
    >>> one = ChanceTest(0.05, 0.95, 1_000)
    >>> [round(pooled_test([one] * 4, r).p_value, 4) for r in (np.eye(4), np.ones((4, 4)))]
    [0.0005, 0.05]
    """
    made = {number: test for number, test in enumerate(tests) if test is not None}
    telling = {number: test for number, test in made.items() if not test.tells_nothing}
    if len(telling) < 2:
        return next(iter((telling or made).values()), None)
    known, numbers = list(telling.values()), list(telling)
    spread = np.sqrt(related[np.ix_(numbers, numbers)].sum())
    p_value, p_against = (
        float(ndtr(sum(normal_score(test, worse) for test in known) / spread))
        for worse in (False, True)
    )
    return ChanceTest(p_value, p_against, min(test.draws for test in known))


def normal_score(test: ChanceTest, worse: bool) -> float:
    """Return the normal score of a p-value; the worst of all draws is as far out as the best."""
    most = 1 - 1e-12 if test.as_good is None else test.draws / (1 + test.draws)
    return float(ndtri(np.clip(test.side(worse), 1e-12, most)))


def pooled_gain(days: pd.DataFrame, bootstrap: Bootstrap) -> tuple[float, float, float]:
    """Return the mean gain above chance a year over the markets, and its 95 % interval.

    Parameters
    ----------
    days : DataFrame
        Of `by_day`.
    bootstrap : Bootstrap

    Notes
    -----
    A hierarchical bootstrap: each draw takes stretches of days, the same for all markets so that
    what moves them together stays together, and of the markets as many as there are with
    replacement.
    """
    values, known = days.fillna(0.0).to_numpy(), days.notna().to_numpy()
    length = block_length(values.mean(axis=1))
    rng = np.random.default_rng(bootstrap.seed)
    drawn = []
    for rows in resamples(len(values), length, bootstrap):
        share = np.bincount(rows, minlength=len(values))
        drawn.append(
            mean_gain(share, values, known, rng.integers(0, values.shape[1], values.shape[1]))
        )
    low, high = np.nanpercentile(drawn, (2.5, 97.5)).tolist()
    return mean_gain(np.ones(len(values)), values, known, np.arange(values.shape[1])), low, high


def mean_gain(share: np.ndarray, values: np.ndarray, known: np.ndarray, taken: np.ndarray) -> float:
    """Return the mean over some markets of the gain a year, each day counted so often."""
    with np.errstate(invalid="ignore"):
        yearly = (share @ values) / (share @ known) * YEAR
    return float(np.nanmean(yearly[taken])) if np.isfinite(yearly[taken]).any() else np.nan


def mean_known(values: Sequence[float | None]) -> float | None:
    """Return the mean of the values there are."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
