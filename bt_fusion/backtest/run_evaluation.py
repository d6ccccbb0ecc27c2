"""Evaluate finished runs step by step; a step that fails does not stop the others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from warnings import warn

import pandas as pd
from backtrader import Strategy

from bt_fusion.audit.quick import quick_audit
from bt_fusion.backtest.ablation.stages import ablation
from bt_fusion.backtest.comparison import compare_runs
from bt_fusion.backtest.difference.agreed_entries import fused_vs_technical
from bt_fusion.backtest.difference.buy_and_hold import hold_equity, hold_figures
from bt_fusion.backtest.difference.decomposition import decompose
from bt_fusion.backtest.difference.matching import attribute_trades
from bt_fusion.backtest.difference.robustness import robustness
from bt_fusion.backtest.model_figures import add_health
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.pair_verdict import own_sharpe, selection_statistics, verdict_of_pair
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.backtest.summary import one_or_all
from bt_fusion.backtest.threshold_hint import hint_of, lost_side
from bt_fusion.backtest.trials import pbo_of, trials_of
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import Run
from bt_fusion.engine.variants import agreement_of, has_own_rule, takes_ml, variant
from bt_fusion.errors import BtFusionWarning
from bt_fusion.labels import trade_exits
from bt_fusion.models.agreement import Agreement
from bt_fusion.models.predictors import Predictor, model_of
from bt_fusion.report.checks.strategy_audit import strategy_audit_line
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.trade_models.trade_plan import TradePlan

__all__ = ["NO_VERDICT", "RunEvaluation", "Step", "note_failure"]

NO_VERDICT = "not judged"
NEEDED = ("statistics", "the comparison", "the verdict")  # steps that a verdict needs
Step = Callable[[dict[str, Any]], None]


@dataclass(eq=False)
class RunEvaluation:
    """Runs of a backtest and the steps of their evaluation.

    Attributes
    ----------
    strategy : class
    params : dict
        As given for all runs.
    account : Account
    predictor : WalkForward, SignalModel, or dict of SignalModel
    out_of_sample : dict of OutOfSample
        By symbol.
    runs : dict of Run
        "off", "on" or both.
    bootstrap : Bootstrap
        The random filters use its draws and seed as well.
    placebo : {"veto", "labels", "none"}
    ledger : path, optional
        Folder of results whose trial ledger counts.
    audit : bool
        Whether to audit the strategy, see `quick_audit`.
    ablate : bool
        Whether to add the models of a managed trade one by one, see `ablation`.
    brief : bool
        Whether to compute only what the verdict needs.
    hold : Series, optional
        Equity of buy and hold, once that step is done.
    ablated : DataFrame, optional
        Equity of an ablation's rows, once that step is done.
    by_bar : DataFrame, optional
        Inputs of the verdict bar by bar, see `verdict_of_pair`, once that step is done.
    """

    strategy: type[Strategy]
    params: Mapping[str, Any]
    account: Account
    predictor: Predictor
    out_of_sample: dict[str, OutOfSample]
    runs: dict[str, Run]
    bootstrap: Bootstrap
    placebo: str
    ledger: Path | None = None
    audit: bool = True
    ablate: bool = False
    brief: bool = False
    hold: pd.Series | None = None
    by_bar: pd.DataFrame | None = None
    ablated: pd.DataFrame | None = None

    @cached_property
    def matches(self) -> pd.DataFrame:
        """The matched trades of ML-off and ML-on."""
        return attribute_trades(self.runs["off"], self.runs["on"])

    @property
    def steps(self) -> dict[str, Step]:
        """The steps in order, by their names in error notes."""
        steps: dict[str, Step] = {}
        if self.audit:
            steps["the audit of the strategy"] = self.add_audit
        if not self.brief:
            steps["the health of the model"] = partial(add_health, parts=self.out_of_sample)
            steps["the table of agreement"] = self.add_agreement
            steps["buy and hold"] = self.add_hold
        if "on" in self.runs:
            steps["statistics"] = self.add_statistics
        if len(self.runs) == 2 and not self.brief:
            steps |= {
                "the comparison": self.add_comparison,
                "the decomposition": self.add_decomposition,
                "robustness": self.add_robustness,
                "the hint on the threshold": self.add_hint,
            }
        if len(self.runs) == 2 and self.placebo != "none":
            steps["the verdict"] = self.add_verdict
        if self.ablate:
            steps["the ablation"] = self.add_ablation
        return steps

    def add_ablation(self, summary: dict[str, Any]) -> None:
        """Add the contribution of each model of a managed trade."""
        (part,) = self.out_of_sample.values()
        plan = part.predictions
        assert isinstance(plan, TradePlan)  # checked before any work
        given = variant(self.strategy, self.params, self.exits)[1]
        params = {name: value for name, value in given.items() if name not in ("ml", "model")}
        found = ablation(part.bars, plan, self.account, params, self.bootstrap)
        summary["ablation"], self.ablated = list(found.rows), found.equity

    def add_audit(self, summary: dict[str, Any]) -> None:
        """Add whether the strategy looks ahead; if it does, there is no verdict.

        Audited without ML, or with ML if the strategy uses ML itself.
        """
        with_ml = "on" in self.runs and (takes_ml(self.strategy) or "off" not in self.runs)
        known = {symbol: part.predictions for symbol, part in self.out_of_sample.items()}
        given = one_or_all(known) if with_ml else None
        traded, params = variant(self.strategy, self.params, self.exits, given)
        bars = {symbol: part.bars for symbol, part in self.out_of_sample.items()}
        seed = self.bootstrap.seed
        found = quick_audit(traded, bars, params, self.account, known, seed)
        summary["audit"] = (summary.get("audit") or {}) | {"strategy": found.to_dict()}
        if found.looks_ahead and summary["comparison"] is not None:
            finding = strategy_audit_line(found.to_dict())
            summary["comparison"] |= {"verdict": NO_VERDICT, "because": f"{NO_VERDICT}: {finding}"}

    def add_agreement(self, summary: dict[str, Any]) -> None:
        """Add the results of trades by whether ML agreed with their entries."""
        found = fused_vs_technical(self.runs, self.out_of_sample, self.agreement, self.bootstrap)
        summary["fused_vs_technical"] = found | {"own_rule": has_own_rule(self.strategy)}

    @property
    def agreement(self) -> Agreement:
        """The agreement that ML-on requires of ML."""
        voting = model_of(self.predictor).new_ensemble().voting
        return agreement_of(self.strategy, self.params, voting, self.account.round_trip)

    @property
    def exits(self) -> dict[str, Any]:
        """Exit settings of the model's label."""
        return trade_exits(model_of(self.predictor).label())

    @property
    def pair(self) -> RunPair:
        """Both runs."""
        traded = (self.strategy, self.params, self.exits, self.account, self.out_of_sample)
        return RunPair(*traded, off=self.runs["off"], on=self.runs["on"])

    def add_hold(self, summary: dict[str, Any]) -> None:
        """Add the figures of buy and hold on the same bars."""
        bars = {symbol: part.bars for symbol, part in self.out_of_sample.items()}
        self.hold = hold_equity(bars, self.account)
        summary["buy_hold"] = hold_figures(self.hold)

    def add_statistics(self, summary: dict[str, Any]) -> None:
        """Add the statistical certainty of ML-on's returns, corrected for all trials."""
        trials = trials_of(self.ledger, summary, own_sharpe(self.runs["on"]))
        pbo = pbo_of(self.ledger, summary)
        summary["statistics"] = selection_statistics(self.runs["on"], trials, pbo)

    def add_comparison(self, summary: dict[str, Any]) -> None:
        """Add the differences of both runs with their intervals."""
        found = compare_runs(self.runs["off"], self.runs["on"], self.bootstrap, self.matches)
        summary["comparison"] |= {**found, "buy_hold": summary["buy_hold"]}

    def add_decomposition(self, summary: dict[str, Any]) -> None:
        """Add where the difference in profit comes from."""
        off, on = self.runs["off"], self.runs["on"]
        found = decompose(off, on, self.matches, self.account.slippage)
        summary["comparison"]["decomposition"] = found.parts
        summary["comparison"]["decomposition_costs"] = {
            "paid": found.paid,
            "fewer_trades": found.fewer_trades,
        }

    def add_robustness(self, summary: dict[str, Any]) -> None:
        """Add the figures of both runs under harsher conditions."""
        summary["comparison"]["robustness"] = robustness(
            self.runs["off"].trades,
            self.runs["on"].trades,
            {symbol: part.bars for symbol, part in self.out_of_sample.items()},
            self.account.slippage,
        )

    def add_hint(self, summary: dict[str, Any]) -> None:
        """Note which thresholds to try if ML leaves few trades, and a side it leaves none on."""
        pair = self.pair
        summary["notes"] += filter(None, [hint_of(pair, self.agreement), lost_side(pair)])

    def add_verdict(self, summary: dict[str, Any]) -> None:
        """Add the random filters and the verdict, unless a step it needs has failed."""
        if summary["comparison"]["verdict"] == NO_VERDICT:
            return
        found, verdict, self.by_bar = verdict_of_pair(
            self.pair,
            summary["statistics"]["trials"],
            self.bootstrap.draws,
            self.bootstrap.seed,
            self.predictor if self.placebo == "labels" else None,
        )
        summary["statistics"] |= found
        delayed = verdict.pop("delay_1")
        robust = summary["comparison"].get("robustness")
        if robust:
            robust["delay_1"]["p_value"] = None if delayed is None else delayed["p_value"]
        summary["comparison"] |= verdict


def note_failure(summary: dict[str, Any], what: str, error: Exception) -> None:
    """Note in a summary that a step failed; without its verdict two runs are "not judged"."""
    message = f"{type(error).__name__}: {error}"
    summary["notes"].append(f"{what} failed: {message}")
    comparison = summary["comparison"]
    if comparison is not None and what in NEEDED and comparison["verdict"] is None:
        comparison |= {"verdict": NO_VERDICT, "because": f"{NO_VERDICT}: {message}"}
    warn(
        f"{what} failed: {message}; the runs and all other figures are kept",
        BtFusionWarning,
        stacklevel=2,
    )
