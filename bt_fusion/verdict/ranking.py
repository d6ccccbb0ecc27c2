"""Does ML rank entries? Tests the gain of ranks of P(side), without a threshold."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from bt_fusion.verdict.placebos.placebo import upper_tail
from bt_fusion.verdict.placebos.run_figures import ratio
from bt_fusion.verdict.placebos.trades import Trades, self_normalised, squares
from bt_fusion.verdict.rank_shifts import (
    PredictedBars,
    RankedBars,
    gains,
    gains_by_time,
    random_shifts,
    rolled,
    running_rank,
)

__all__ = ["LEAST_RANKED", "PredictedBars", "Ranking", "rank_bars", "rank_entries"]

LEAST_RANKED = 30  # bars or entries
QUARTILES = 4
FEWEST_ENTRIES = 10  # earlier entries of the same kind needed for a rank
LEAST_SHIFTED = 20  # below this, entries of a kind are shuffled, not shifted


@dataclass(frozen=True, eq=False)
class Ranking:
    """Gain of the ranks of P(side), compared with the same ranks shifted along the bars.

    Attributes
    ----------
    kind : {"bars", "entries"}
        What was ranked.
    score : float
        sum(g) / sqrt(sum(g^2)) over the bars, where g is the gain of positions proportional to
        their centred ranks; NaN if nothing was ranked.
    drawn : ndarray of float64, shape (n_draws,)
        Scores of the draws.
    auc : float
        Area under the ROC curve of the ranks, for trades that gained before costs; NaN if all or
        none did. Ranks are taken within a side, so a drift has no effect.
    quartiles : ndarray of float64, shape (4,)
        Mean net return of a trade by quartile of its rank among earlier trades, lowest first; NaN
        for an empty one.
    counts : ndarray of int64, shape (4,)
        Trades in each quartile.
    reason : str
        Why nothing was ranked; empty otherwise.
    time, gained : ndarray
        The bars, and the gain of the ranks at each; empty if nothing was ranked. For entries, bars
        are numbers.
    """

    kind: Literal["bars", "entries"]
    score: float
    drawn: np.ndarray
    auc: float
    quartiles: np.ndarray
    counts: np.ndarray
    reason: str = ""
    time: np.ndarray = field(default_factory=lambda: np.empty(0))
    gained: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def draws(self) -> int:
        """Number of draws."""
        return len(self.drawn)

    @property
    def p_value(self) -> float:
        """p-value of ranking well, by draws or normal tail if larger; NaN without a score."""
        return float("nan") if self.reason else upper_tail(self.score, self.drawn)

    @property
    def p_against(self) -> float:
        """p-value of ranking badly, by draws or normal tail if larger; NaN without a score."""
        return float("nan") if self.reason else upper_tail(-self.score, -self.drawn)


def rank_bars(
    markets: PredictedBars | Sequence[PredictedBars],
    hold_bars: int = 5,
    costs_per_trade: float = 0.001,
    draws: int = 1_000,
    seed: int = 0,
) -> Ranking:
    """Rank every bar that has a state and a prediction.

    Parameters
    ----------
    markets : PredictedBars, or a sequence of them
        Gains of several symbols are added by the time of their bars before they are squared,
        because symbols that move together are no more evidence than one.
    hold_bars : int
        Bars each position is held.
    costs_per_trade : float
        Costs of entry and exit in `quartiles`, as a fraction of the value.
    draws, seed : int

    Notes
    -----
    Each bar opens a position of the state's side for `hold_bars` bars. Its size is the rank of
    P(side) among the bars of that side so far, scaled to [0, 1] minus 1/2. So a side's overall
    gain, such as a drift, cancels out, and nothing looks ahead (see `running_rank`). Returns are
    divided by their volatility so far. Draws shift the ranks of each side in a circle along the
    bars of that side, by at least a twentieth of them: with a smaller shift, a prediction driven by
    prices would look ahead.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> opens = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 2_000)))
    >>> state = np.sign(np.sin(np.arange(2_000) / 20))
    >>> ahead = np.append(np.log(opens[3:] / opens[1:-2]), np.zeros(3))
    >>> rank_bars(PredictedBars(opens, opens[-1], state, 0.5 + state * ahead), draws=99).p_value
    0.01
    """
    given = [markets] if isinstance(markets, PredictedBars) else list(markets)
    ranked = [RankedBars.of(market, hold_bars) for market in given]
    rank, gross = (
        np.concatenate([np.empty(0), *(getattr(each, name) for each in ranked)])
        for name in ("rank", "gross")
    )
    reason = _reason("bars", rank)
    if reason:
        return _unranked("bars", reason)
    distances = random_shifts((draws, 2), np.random.default_rng(seed))
    score = self_normalised(*gains(ranked))
    drawn = self_normalised(*gains(ranked, distances))
    auc, parts = _auc(rank, gross), _quartiles(rank, gross - costs_per_trade)
    time, gained = gains_by_time(ranked)
    return Ranking("bars", float(score[0]), drawn, auc, *parts, time=time, gained=gained)


def rank_entries(
    paths: Trades, probability: np.ndarray, draws: int = 1_000, seed: int = 0
) -> Ranking:
    """Rank the entries of ML-off by P(side).

    Parameters
    ----------
    paths : Trades
        ML-off's trades.
    probability : ndarray of float64, shape (n_trades,)
        P(side) at the signal of each; NaN if unknown.
    draws, seed : int

    Notes
    -----
    Each trade's weight is its rank among the trades of its kind so far, scaled to [0, 1] minus 1/2.
    Draws shift the ranks in a circle along the trades of each kind; kinds with under 20 trades are
    shuffled instead.
    """
    known = np.isfinite(probability)
    paths, probability = paths.chosen(np.flatnonzero(known)), probability[known]
    groups = _rows_by_kind(paths)
    rank = np.zeros(len(paths))
    for rows in groups:
        rank[rows] = running_rank(probability[rows], FEWEST_ENTRIES)
    reason = _reason("entries", rank)
    if reason:
        return _unranked("entries", reason)
    rng = np.random.default_rng(seed)
    weights = np.zeros((1 + draws, len(paths)))
    weights[0] = np.nan_to_num(rank)
    for rows in groups:
        weights[1:, rows] = _moved(weights[0, rows], draws, rng)
    gross = paths.path.sum(axis=1)
    score = self_normalised(weights @ gross, squares(weights, paths.path))
    return Ranking(
        "entries",
        float(score[0]),
        score[1:],
        _auc(rank, gross),
        *_quartiles(rank, paths.net),
        time=np.arange(paths.path.shape[1]),
        gained=weights[0] @ paths.path,
    )


def _rows_by_kind(paths: Trades) -> list[np.ndarray]:
    """Return the positions of the trades of each kind in order of entry."""
    order = np.argsort(paths.entry, kind="stable").tolist()
    kinds: dict[Hashable, list[int]] = {}
    for place in order:
        kinds.setdefault(paths.kind[place], []).append(place)
    return [np.array(places) for places in kinds.values()]


def _moved(weight: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return the randomly shifted weights of one kind, shape (draws, n_trades)."""
    if len(weight) >= LEAST_SHIFTED:
        return rolled(weight, random_shifts((draws,), rng))
    return rng.permuted(np.broadcast_to(weight, (draws, len(weight))), axis=1)


def _reason(kind: str, rank: np.ndarray) -> str:
    """Return why these cannot be ranked, or ""."""
    if len(rank) < LEAST_RANKED:
        return f"{len(rank)} {kind} with a probability; ranking needs {LEAST_RANKED} or more"
    if np.isnan(rank).all():
        return f"too few earlier {kind} of each side to rank by"
    if not np.nan_to_num(rank).any():
        return f"within each side, the probability of all {len(rank)} {kind} is the same"
    return ""


def _unranked(kind: Literal["bars", "entries"], reason: str) -> Ranking:
    """Return a ranking without figures."""
    nothing, none = np.full(QUARTILES, np.nan), np.zeros(QUARTILES, dtype=np.int64)
    return Ranking(kind, np.nan, np.empty(0), np.nan, nothing, none, reason)


def _quartiles(rank: np.ndarray, net: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean net return and the number of trades by quartile of the rank."""
    known = np.isfinite(rank) & np.isfinite(net)
    rank, net = rank[known], net[known]
    quartile = np.clip((QUARTILES * (rank + 0.5)).astype(np.int64), 0, QUARTILES - 1)
    counts = np.bincount(quartile, minlength=QUARTILES)
    return ratio(np.bincount(quartile, net, minlength=QUARTILES), counts), counts


def _auc(rank: np.ndarray, gross: np.ndarray) -> float:
    """Return the area under the ROC curve of the ranks, for trades that gained."""
    from sklearn.metrics import roc_auc_score

    known = np.isfinite(rank) & np.isfinite(gross)
    gained = gross[known] > 0
    if not known.any() or gained.all() or not gained.any():
        return float("nan")
    return float(roc_auc_score(gained, rank[known]))
