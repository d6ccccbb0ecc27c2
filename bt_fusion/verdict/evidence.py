"""What a verdict rests on, how much of it is asked, and how much would settle it."""

from dataclasses import dataclass
from math import ceil, inf

__all__ = [
    "LEAST_TRADES",
    "PLACEBO_LEVEL",
    "SURE",
    "Evidence",
    "entries_to_settle",
    "growth_beyond_chance",
    "growth_needed",
]

LEAST_TRADES = 30
# Share of random vetoes that may choose as well. At 0.01, of 200 markets without anything to find
# more than 4 would be called helped in one set of 20; at 0.005 in one of 300.
PLACEBO_LEVEL = 0.005
SURE = 0.95  # of the deflated Sharpe ratio
POWER = 1.96 + 1.645  # normal quantiles: 5 % two-sided, 95 % power


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on; None where a figure is undefined.

    Attributes
    ----------
    trades_off, trades_on : int
        Closed trades of either run.
    p_value : float or None
        Share of placebo draws that chose their entries at least as well as ML-on.
    draws : int
    expectancy_ci95 : (float, float) or None
        Interval of ML-on less ML-off, the mean return of a trade.
    edge_dsr, edge_dsr_against : float or None
        Deflated Sharpe ratio of what ML-on made above the mean placebo draw, and of its
        negative.
    trials : int
        Variants tried on these bars, this one included.
    sharpe_off, sharpe_on : float or None
    profit_off, profit_on : float
        Net profit, as a fraction of the cash at the start.
    win_rate_off, win_rate_on : float or None
    psr : float or None
        Probability that ML-on's own Sharpe ratio is above 0.
    years : float
        Length of the traded window.
    in_sample : int
        Traded bars the model was trained on.
    ties : int
        Placebo draws that scored exactly as ML-on did.
    """

    trades_off: int
    trades_on: int
    p_value: float | None
    draws: int
    expectancy_ci95: tuple[float, float] | None
    edge_dsr: float | None
    edge_dsr_against: float | None
    trials: int
    sharpe_off: float | None
    sharpe_on: float | None
    profit_off: float
    profit_on: float
    win_rate_off: float | None
    win_rate_on: float | None
    psr: float | None
    years: float
    in_sample: int = 0
    ties: int = 0

    @property
    def p_against(self) -> float | None:
        """Share of placebo draws that chose at least as badly, ML-on counted among them."""
        if self.p_value is None:
            return None
        return min(1.0, 1 - self.p_value + (1 + self.ties) / (self.draws + 1))


def entries_to_settle(e: Evidence) -> int | None:
    """Return how many closed trades of both runs would tell this win-rate gap from nothing.

    Two shares near 1/2 differ by d at 5 % two-sided and 95 % power when
    (1.96 + 1.645)^2 x 1/4 x (1 / n_off + 1 / n_on) = d^2: 13 / d^2 entries in all where both
    runs trade equally often, more where they do not; the runs are taken to grow alike. The trades
    of both runs resemble each other, so that it is an upper estimate.

    References
    ----------
    Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd ed. (2003), ch. 4.
    """
    times = growth_needed(e)
    return None if times == inf else ceil(round(times * (e.trades_off + e.trades_on), 6))


def growth_needed(e: Evidence) -> float:
    """Return how many times as many entries it takes; infinite without a gap."""
    if not (e.win_rate_off is not None and e.win_rate_on is not None):
        return inf
    gap = e.win_rate_on - e.win_rate_off
    if gap == 0 or min(e.trades_off, e.trades_on) < 1:
        return inf
    return POWER**2 / 4 * (1 / e.trades_off + 1 / e.trades_on) / gap**2


def growth_beyond_chance(e: Evidence) -> float:
    """Return how many times as many entries leave chance behind, if ML goes on choosing as it did.

    The placebo's score grows with the root of the entries, its quantile has to reach that of
    `PLACEBO_LEVEL`. Infinite without a lean to either side.
    """
    if e.p_value is None or not 0 < e.p_value < 1:
        return inf
    from scipy.special import ndtri

    lean = abs(ndtri(e.p_value))
    return max(1.0, (ndtri(PLACEBO_LEVEL) / lean) ** 2) if lean > 0 else inf
