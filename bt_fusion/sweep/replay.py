"""Replayed runs of a sweep: which qualify, their rows and their rules."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bt_fusion.backtest.replayed.market import Market
from bt_fusion.backtest.replayed.rule import FusionRule
from bt_fusion.backtest.replayed.runs import ReplayedRun, replayed_runs
from bt_fusion.backtest.summary import one_or_all
from bt_fusion.engine.variants import check_params, default_params, variant
from bt_fusion.errors import OptionError
from bt_fusion.models.agreement import AUTO
from bt_fusion.strategies import FusionStrategy
from bt_fusion.sweep.runs import RunTask, SweepInputs, kept_figures, sliced_returns
from bt_fusion.sweep.store import row_of

__all__ = ["SweepReplay", "why_engine"]

SPARE = 2  # bars beyond the indicators' need: with fewer, Backtrader reports the error itself


def why_engine(inputs: SweepInputs) -> str:
    """Return why no run of a sweep can be replayed, or ""."""
    if inputs.strategy is not FusionStrategy:
        return f"only FusionStrategy can be replayed, not {inputs.strategy.__name__}"
    if inputs.account.sizer is not None:
        return f"the sizer {inputs.account.sizer.__name__} cannot be replayed"
    return "several symbols share one account" if len(inputs.bars) > 1 else ""


@dataclass(frozen=True, eq=False)
class SweepReplay:
    """The runs of a sweep that are replayed without Backtrader.

    Attributes
    ----------
    inputs : SweepInputs
        For which `why_engine` returns "".
    market : Market
    rules : dict of FusionRule
        By the key of the run; without the runs that need Backtrader.
    """

    inputs: SweepInputs
    market: Market
    rules: dict[str, FusionRule]

    @classmethod
    def of(cls, inputs: SweepInputs, tasks: Iterable[RunTask]) -> "SweepReplay":
        """Select the tasks that can be replayed exactly."""
        (bars,), (predictions,) = inputs.bars.values(), inputs.predictions.values()
        market = Market(bars, inputs.account, predictions)
        usual = default_params(FusionStrategy)
        rules = {task.key: rule_of(inputs, market, task, usual) for task in tasks}
        return cls(inputs, market, {key: rule for key, rule in rules.items() if rule})

    def rows(
        self, tasks: Iterable[RunTask], report: Callable[[int], None]
    ) -> Iterator[dict[str, Any]]:
        """Replay runs and yield the stored row of each, skipping runs that need Backtrader.

        Parameters
        ----------
        tasks : iterable of RunTask
        report : callable
            Called with the number of runs done.
        """
        by_rule: dict[FusionRule, list[RunTask]] = {}
        for task in tasks:
            if task.key in self.rules:
                by_rule.setdefault(self.rules[task.key], []).append(task)
        rules = sorted(by_rule, key=lambda rule: rule.order)
        for number, (rule, run) in enumerate(replayed_runs(self.market, rules), 1):
            if run is not None:
                figures = kept_figures(run.figures, run.curve, run.returns)
                returns = sliced_returns(run.equity, self.inputs.slices)
                for task in by_rule[rule]:
                    yield row_of(task.key, task.run, task.params, figures, returns)
            report(number)

    def run(self, task: RunTask) -> ReplayedRun | None:
        """Replay one run."""
        ((_, run),) = replayed_runs(self.market, [self.rules[task.key]])
        return run


def rule_of(
    inputs: SweepInputs, market: Market, task: RunTask, usual: dict[str, Any]
) -> FusionRule | None:
    """Return the rule of a run, None if it needs Backtrader or fails there.

    `usual` are the strategy's default parameters.
    """
    known = one_or_all(inputs.predictions) if task.run == "on" else None
    try:
        _, params = variant(FusionStrategy, task.params, inputs.exits, known)
        check_params(FusionStrategy, params)
        rule = FusionRule.of(usual | params)
    except OptionError:
        return None
    if params.get("on_drift") == "stop":  # a replay does not know which bars ML is off for
        return None
    if rule.threshold == AUTO and not market.has_payoff:
        return None
    return rule if rule.needed + SPARE <= len(market) else None
