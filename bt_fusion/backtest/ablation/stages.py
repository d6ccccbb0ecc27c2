"""Ablation: add the models of a managed trade one at a time, on the same bars."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from bt_fusion.backtest.ablation.chance import Chance, ManagedRuns
from bt_fusion.backtest.comparison import compare_runs
from bt_fusion.data.bars import BarArrays
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import Run, run_strategy
from bt_fusion.errors import OptionError
from bt_fusion.progress import step
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.strategies import ManagedStrategy
from bt_fusion.trade_models.trade_plan import TradePlan

__all__ = ["COMPARED", "HELPED", "STAGES", "Ablation", "ablation"]

# What each row adds to the row above, as params of ManagedStrategy
OFF = {"position": False, "stops": False, "risk": False}
STAGES: dict[str, dict[str, Any]] = {
    "technical": {"ml": False},
    "signal": OFF,
    "position": OFF | {"position": True},
    "stops": OFF | {"position": True, "stops": True},
    "risk": {},
}
COMPARED = ("win_rate", "profit_factor", "expectancy", "net_profit", "sharpe", "max_drawdown")
HELPED = 0.005  # as the verdict requires for "ML helped"


@dataclass(frozen=True)
class Ablation:
    """Result of an ablation.

    Attributes
    ----------
    rows : tuple of dict
        For summary.json, see `ablation`.
    equity : DataFrame, shape (n_bars, 5)
        Account value at the close of each bar, one column per row.
    runs : dict of Run
    """

    rows: tuple[dict[str, Any], ...]
    equity: pd.DataFrame
    runs: dict[str, Run]


def ablation(
    bars: pd.DataFrame,
    plan: TradePlan,
    account: Account | None = None,
    params: Mapping[str, Any] | None = None,
    bootstrap: Bootstrap = Bootstrap(),
    on_run: Callable[[int, int], None] | None = None,
) -> Ablation:
    """Run ManagedStrategy with no model, then with one more at a time.

    Parameters
    ----------
    bars : DataFrame
        The traded ones.
    plan : TradePlan
        Of these bars, out of sample.
    account : Account, optional
    params : mapping, optional
        Of ManagedStrategy, for all rows.
    bootstrap : Bootstrap
        The tests against chance use its draws and seed as well.
    on_run : callable, optional
        Called with (runs done, total runs).

    Returns
    -------
    Ablation
        A row holds name, the run's figures, against (`COMPARED`: {off, on, delta, ci95} against the
        row above, None of the first), chance (see `Chance`, None where it is not tested) and
        verdict ("helped", "no evidence", None of the first).

    Raises
    ------
    OptionError
        For a param that distinguishes the rows.
    """
    given = dict(params or {})
    apart = sorted({"ml", "model", *OFF} & given.keys())
    if apart:
        raise OptionError(f"the ablation sets parameter {apart[0]} itself; leave it out")
    defaults = dict(ManagedStrategy.params._getitems()) | given
    fractions = [name for name in ("stop", "target") if defaults[name]]
    if fractions or not (defaults["atr_stop"] and defaults["atr_target"]):
        raise OptionError(
            "an ablation needs stop and target in ATR units: leave stop and target out, and give "
            "atr_stop and atr_target above 0"
        )
    runs: dict[str, Run] = {}
    with step("Runs of the ablation", report=on_run) as report:
        for name, switches in STAGES.items():
            own: dict[str, Any] = given | switches
            own |= {} if name == "technical" else {"model": plan}
            runs[name] = run_strategy(bars, ManagedStrategy, account, details=False, **own)
            report(len(runs), len(STAGES))
    tested = ManagedRuns(
        bars=BarArrays.of(bars),
        plan=plan,
        hold_bars=defaults["hold_bars"],
        stop=defaults["atr_stop"],
        target=defaults["atr_target"],
        runs=runs,
        draws=bootstrap.draws,
        seed=bootstrap.seed,
        costs=(account or Account()).round_trip,
        long_only=defaults["long_only"],
        most_risk=defaults["max_risk_pct"] or 1.0,
        atr_multiplier=defaults["atr_multiplier"],
    )
    equity = pd.DataFrame({name: run.equity for name, run in runs.items()})
    return Ablation(tuple(rows_of(tested, bootstrap)), equity, runs)


def rows_of(tested: ManagedRuns, bootstrap: Bootstrap) -> Iterator[dict[str, Any]]:
    """Yield the row of each run."""
    above: Run | None = None
    for name, run in tested.runs.items():
        row: dict[str, Any] = {"name": name, **run.figures}
        row |= {"against": None, "chance": None, "verdict": None}
        if above is not None:
            compared = compare_runs(above, run, bootstrap)
            chance = tested.chance(name)
            row["against"] = {figure: compared[figure] for figure in COMPARED}
            row["chance"] = None if chance is None else asdict(chance)
            row["verdict"] = verdict_of(chance)
        row["exits"] = exits_of(run.trades)
        yield row
        above = run


def verdict_of(chance: Chance | None) -> str:
    """Return "helped" if the p-value is at most `HELPED`, else "no evidence".

    >>> verdict_of(Chance(0.3, 0.0, 0.001, 200, 999)), verdict_of(None)
    ('helped', 'no evidence')
    """
    return "helped" if chance is not None and chance.p_value <= HELPED else "no evidence"


def exits_of(trades: pd.DataFrame) -> dict[str, int]:
    """Return the number of trades by exit reason, the most frequent first."""
    counts = trades.exit_reason.value_counts()
    return {str(reason): int(count) for reason, count in counts.items()}
