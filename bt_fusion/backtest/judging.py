"""What is said of finished runs: step by step, so that a step that fails costs itself alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from warnings import warn

import pandas as pd
from backtrader import Strategy

from bt_fusion.backtest.comparison import compare_runs
from bt_fusion.backtest.difference.agreed_entries import fused_vs_technical
from bt_fusion.backtest.difference.buy_and_hold import hold_equity, hold_figures
from bt_fusion.backtest.difference.decomposition import decompose
from bt_fusion.backtest.difference.matching import attribute_trades
from bt_fusion.backtest.difference.robustness import robustness
from bt_fusion.backtest.judgement import own_sharpe, selection_statistics, verdict_of_pair
from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.backtest.run_pair import RunPair
from bt_fusion.backtest.trials import pbo_of, trials_of
from bt_fusion.engine.runner import Run
from bt_fusion.errors import BtFusionWarning
from bt_fusion.labels import trade_exits
from bt_fusion.statistics.bootstrap import Bootstrap

if TYPE_CHECKING:
    from bt_fusion.backtest.job import Backtest

__all__ = ["NOT_JUDGED", "Judging", "say_what_failed"]

NOT_JUDGED = "not judged"
NEEDED = ("statistics", "the comparison", "the verdict")  # steps that a verdict is made of
Step = Callable[[dict[str, Any]], None]


@dataclass(eq=False)
class Judging:
    """The runs of a job, and all that is said of them.

    Attributes
    ----------
    job : Backtest
    strategy : class
    runs : dict of Run
        "off", "on" or both.
    out_of_sample : dict of OutOfSample
        By symbol.
    hold : Series, optional
        Equity of buy and hold, once that step is done.
    """

    job: "Backtest"
    strategy: type[Strategy]
    runs: dict[str, Run]
    out_of_sample: dict[str, OutOfSample]
    hold: pd.Series | None = None

    @property
    def steps(self) -> dict[str, Step]:
        """What adds to a summary, by what it is called where it fails; in this order."""
        steps: dict[str, Step] = {
            "the table of agreement": self.add_agreement,
            "buy and hold": self.add_hold,
        }
        if "on" in self.runs:
            steps["statistics"] = self.add_statistics
        if len(self.runs) == 2:
            steps |= {
                "the comparison": self.add_comparison,
                "the decomposition": self.add_decomposition,
                "robustness": self.add_robustness,
            }
            if self.job.placebo != "none":
                steps["the verdict"] = self.add_verdict
        return steps

    def add_agreement(self, summary: dict[str, Any]) -> None:
        """Add how trades ended by whether ML had agreed with their entries."""
        asked = self.job.agreement(self.strategy)
        summary["fused_vs_technical"] = fused_vs_technical(
            self.runs, self.out_of_sample, asked, self._bootstrap
        )

    def add_hold(self, summary: dict[str, Any]) -> None:
        """Add what buying and holding made of the same bars."""
        bars = {symbol: part.bars for symbol, part in self.out_of_sample.items()}
        self.hold = hold_equity(bars, self.job.account)
        summary["buy_hold"] = hold_figures(self.hold)

    def add_statistics(self, summary: dict[str, Any]) -> None:
        """Add how sure ML-on's own returns are, after all that was tried."""
        trials = trials_of(self.job.ledger, summary, own_sharpe(self.runs["on"]))
        pbo = pbo_of(self.job.ledger, summary)
        summary["statistics"] = selection_statistics(self.runs["on"], trials, pbo)

    def add_comparison(self, summary: dict[str, Any]) -> None:
        """Add the differences of both runs with their intervals."""
        found = compare_runs(self.runs["off"], self.runs["on"], self._bootstrap)
        summary["comparison"] |= {**found, "buy_hold": summary["buy_hold"]}

    def add_decomposition(self, summary: dict[str, Any]) -> None:
        """Add where the difference in profit comes from."""
        off, on = self.runs["off"], self.runs["on"]
        found = decompose(off, on, attribute_trades(off, on), self.job.account.slippage)
        summary["comparison"]["decomposition"] = found.parts
        summary["comparison"]["decomposition_costs"] = {
            "paid": found.paid,
            "fewer_trades": found.fewer_trades,
        }

    def add_robustness(self, summary: dict[str, Any]) -> None:
        """Add the figures of both runs under less friendly conditions."""
        summary["comparison"]["robustness"] = robustness(
            self.runs["off"].trades,
            self.runs["on"].trades,
            {symbol: part.bars for symbol, part in self.out_of_sample.items()},
            self.job.account.slippage,
        )

    def add_verdict(self, summary: dict[str, Any]) -> None:
        """Add what chance would have made, and the verdict, unless what it needs has failed."""
        if summary["comparison"]["verdict"] == NOT_JUDGED:
            return
        job, exits = self.job, trade_exits(self.job.model.label())
        pair = RunPair(
            self.strategy, job.params, exits, job.account, self.out_of_sample, **self.runs
        )
        again = job.predictor if job.placebo == "labels" else None
        trials = summary["statistics"]["trials"]
        found, verdict = verdict_of_pair(pair, trials, job.draws, job.seed, again)
        summary["statistics"] |= found
        summary["comparison"] |= verdict

    @property
    def _bootstrap(self) -> Bootstrap:
        return Bootstrap(self.job.draws, self.job.seed)


def say_what_failed(summary: dict[str, Any], what: str, error: Exception) -> None:
    """Note in a summary that a step failed; without its verdict two runs are "not judged"."""
    told = f"{type(error).__name__}: {error}"
    summary["notes"].append(f"{what} failed: {told}")
    comparison = summary["comparison"]
    if comparison is not None and what in NEEDED and comparison["verdict"] is None:
        comparison |= {"verdict": NOT_JUDGED, "because": f"{NOT_JUDGED}: {told}"}
    warn(
        f"{what} failed: {told}; the runs are kept, and all else that is said of them",
        BtFusionWarning,
        stacklevel=2,
    )
