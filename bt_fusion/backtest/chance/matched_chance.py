"""Random filters with the same number of trades on each side as ML-on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bt_fusion.backtest.chance.placebo_inputs import trade_paths_of
from bt_fusion.backtest.chance.replay_inputs import ReplayInputs
from bt_fusion.backtest.difference.matching import entry_keys
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.data.bars import BarArrays
from bt_fusion.verdict.evidence import ChanceTest
from bt_fusion.verdict.placebos.entry_outcomes import Outcomes
from bt_fusion.verdict.placebos.placebo import DrawFigures, Placebo
from bt_fusion.verdict.placebos.random_agreement import random_agreement
from bt_fusion.verdict.placebos.random_subsets import random_subsets
from bt_fusion.verdict.placebos.random_vetoes import random_vetoes
from bt_fusion.verdict.stouffer import DailyGains, PooledTest
from bt_fusion.verdict.wording import EACH_COUNTS

__all__ = ["MatchedChance", "delayed_test", "matched_chance"]

MOST_MISFIT = 0.1  # relative error of entries or bars held above which a filter does not match
MOST_CHANGED = 0.05  # share of the shared trades whose exits ML may change
SEEDS = 7_919  # between the seeds of two symbols
NOTHING = ("", "")
SAME = (
    "both runs made the same trades",
    "A higher ml_threshold makes ML reject entries.",
)


@dataclass(frozen=True, eq=False)
class MatchedChance:
    """Random filters compared with ML-on.

    Attributes
    ----------
    placebos : dict of Placebo
        By symbol, or one for all symbols together under "".
    index : dict of DatetimeIndex
        The bars of each.
    why : str
        Why this kind of filter was used, if it is not a replay of the whole rule.
    untested : str
        Why ML-on cannot be tested against them, as the end of a sentence; else "".
    remedy : str
        What to do about it.
    comparable : bool
        Whether the filters' figures are comparable with ML-on's: False if they do not match, or if
        a replay of its stops and targets does not reproduce the run.
    """

    placebos: dict[str, Placebo]
    index: dict[str, pd.DatetimeIndex]
    why: str = ""
    untested: str = ""
    remedy: str = ""
    comparable: bool = True

    @property
    def test(self) -> ChanceTest | None:
        """ML-on compared with the filters, all symbols together; None if untested."""
        if self.untested:
            return None
        return pooled(list(self.placebos.values()), self.gains)

    @property
    def together(self) -> Placebo:
        """All symbols as one account, each with its part of the cash."""
        parts = list(self.placebos.values())
        if len(parts) == 1:
            return parts[0]
        real, drawn = (added([getattr(p, name) for p in parts]) for name in ("real", "drawn"))
        worst = max(parts, key=lambda part: part.misfit)
        fit = replace(parts[0], misfit=worst.misfit, worst_fit=worst.worst_fit)
        return replace(fit, real=real, drawn=drawn)

    @property
    def gains(self) -> list[pd.Series]:
        """Account return per bar above that of the mean draw, one series per symbol."""
        return [
            pd.Series(placebo.per_bar, index=self.index[name])
            for name, placebo in self.placebos.items()
        ]

    @property
    def above_chance(self) -> pd.Series:
        """The same for all symbols together, by the timestamps of any."""
        return pd.concat(self.gains).groupby(level=0).sum()


def chance_test(placebo: Placebo) -> ChanceTest:
    """Return the test of a run against its draws."""
    return ChanceTest(placebo.p_value, placebo.p_against, len(placebo), *placebo.counts)


def added(parts: Sequence[DrawFigures]) -> DrawFigures:
    """Return the figures of accounts that trade several symbols, one per part.

    Profit factor, Sharpe ratio and exposure cannot be computed from the parts and are NaN.
    """
    entries = np.stack([part.entries for part in parts])
    unknown = np.full(entries.shape[1], np.nan)

    def mean(name: str) -> np.ndarray:
        values = np.stack([getattr(part, name) for part in parts])
        weight = np.where(np.isfinite(values), entries, 0)
        total = weight.sum(axis=0)
        some = total > 0
        return np.where(some, (np.nan_to_num(values) * weight).sum(axis=0), np.nan) / np.where(
            some, total, 1
        )

    return DrawFigures(
        entries=entries.sum(axis=0),
        score=np.stack([part.score for part in parts]).sum(axis=0) / np.sqrt(len(parts)),
        expectancy=mean("expectancy"),
        profit=np.prod([1 + part.profit for part in parts], axis=0) - 1,
        win_rate=mean("win_rate"),
        profit_factor=unknown,
        sharpe=unknown,
        exposure=unknown,
    )


def matched_chance(pair: RunPair, draws: int = 1_000, seed: int = 0) -> MatchedChance:
    """Compare ML-on with random filters.

    FusionStrategy is replayed symbol by symbol. With its renewing exit, the filters match entries
    and bars held (`random_agreement`) and have the same stops and targets. With another exit, if
    the replay is exact, they match entries (`random_vetoes`). Anything else is compared with random
    subsets of the ML-off trades, which is valid only if ML did not change the exits.

    Parameters
    ----------
    pair : RunPair
    draws, seed : int
    """
    same = SAME if identical(pair) else NOTHING
    inputs = pair.replay_inputs
    why = "; ".join(dict.fromkeys(one.why_not for one in inputs.values() if not one.exact))
    if inputs and all(one.rule.exit == "renew" or one.exact for one in inputs.values()):
        found = {
            symbol: placebo_of(one, draws, seed + SEEDS * number)  # independent draws
            for number, (symbol, one) in enumerate(inputs.items())
        }
        index = {symbol: pd.DatetimeIndex(one.bars.index) for symbol, one in inputs.items()}
        misfit = unmatched(found)
        known = all(one.exact or one.levels is None for one in inputs.values())
        untested = same if same[0] else misfit
        return MatchedChance(found, index, why, *untested, comparable=known and not misfit[0])
    stamps = pd.DatetimeIndex(pair.on.equity.index)
    before, after = (trade_paths_of(run.trades, pair.bars, stamps) for run in (pair.off, pair.on))
    changed = changed_exits(pair)
    return MatchedChance(
        {"": random_subsets(before, after, draws, seed)},
        {"": stamps},
        why or "no replay knows the exits of this strategy",
        *(same if same[0] else changed),
        comparable=not changed[0],
    )


def unmatched(placebos: Mapping[str, Placebo]) -> tuple[str, str]:
    """Return why no random filter matches ML-on and what to do, or empty strings."""
    name, worst = max(placebos.items(), key=lambda item: item[1].misfit)
    if worst.misfit <= MOST_MISFIT:
        return NOTHING
    of = f" of {name}" if name and len(placebos) > 1 else ""
    reason = f"no random filter matches ML-on{of}: the closest have {worst.worst_fit}"
    return reason, f"Another threshold or exit may be testable, but {EACH_COUNTS}."


def placebo_of(one: ReplayInputs, draws: int, seed: int) -> Placebo:
    """Replay one symbol's rule with random filters."""
    bars = BarArrays.of(one.bars)
    if one.rule.exit != "renew":
        known = one.predictions.known
        outcomes = Outcomes.of(bars, one.technical, one.rule, one.costs, known)
        return random_vetoes(outcomes, one.by_rule, draws, seed)
    paths = None
    if one.trades is not None and not one.exact:
        paths = trade_paths_of(one.trades, one.bars, pd.DatetimeIndex(one.bars.index))
    like = None if one.levels is None else one.without_levels
    given = (bars, one.state, one.trips, one.rule.hold_bars, one.costs, draws, seed)
    return random_agreement(*given, paths=paths, like=like, exits=one.exits)


def delayed_test(pair: RunPair, draws: int = 1_000, seed: int = 0) -> ChanceTest | None:
    """Compare ML-on with random filters, with every order of both one bar later.

    None if a replay is not exact, or with stops or targets.
    """
    inputs = pair.replay_inputs
    if not inputs or not all(one.exact and one.levels is None for one in inputs.values()):
        return None
    placebos = [placebo_of(one.later(), draws, seed) for one in inputs.values()]
    gains = [
        pd.Series(placebo.per_bar, index=one.bars.index)
        for placebo, one in zip(placebos, inputs.values(), strict=True)
    ]
    return pooled(placebos, gains)


def pooled(placebos: Sequence[Placebo], gains: Sequence[pd.Series]) -> ChanceTest | None:
    """Pool the tests of several symbols, given their gains by bar."""
    test = PooledTest()
    for placebo, gained in zip(placebos, gains, strict=True):
        test.add(chance_test(placebo), DailyGains.of(gained))
    return test.result


def identical(pair: RunPair) -> bool:
    """Return whether both runs made exactly the same trades."""
    columns = ["symbol", "side", "entry_time", "exit_time", "entry_price", "exit_price", "size"]
    off, on = (run.trades[columns] for run in (pair.off, pair.on))
    return len(on) > 0 and off.equals(on)


def changed_exits(pair: RunPair) -> tuple[str, str]:
    """Return that ML changed too many exits for random subsets and what to do, or empty strings."""
    closed = [run.trades[run.trades.exit_reason != "open"] for run in (pair.off, pair.on)]
    keys = [pd.MultiIndex.from_frame(entry_keys(trades)) for trades in closed]
    off, on = (
        pd.Series(trades.exit_time.to_numpy(), index=key)
        for trades, key in zip(closed, keys, strict=True)
    )
    shared = off.index.intersection(on.index)
    changed = int((off[shared].to_numpy() != on[shared].to_numpy()).sum())
    if not len(shared) or changed <= MOST_CHANGED * len(shared):
        return NOTHING
    reason = (
        f"ML changed the exits of {changed:,} of {len(shared):,} shared trades, and random "
        "filters change only entries"
    )
    return reason, "Use the same exits in both runs, or let ML filter only entries, by with_ml."
