"""BacktestJob: run, compare and judge ML off and ML on over unseen bars."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd
from backtrader import Strategy

from bt_fusion.backtest.job_checks import ML_CHOICES, bars_by_symbol, checked_strategy, resolved
from bt_fusion.backtest.model_figures import model_figures
from bt_fusion.backtest.notes import costs_note, idle_note, notes_of, slippage_note, warn_of_refused
from bt_fusion.backtest.out_of_sample import (
    OnRefit,
    OutOfSample,
    predict_each,
)
from bt_fusion.backtest.result import Result
from bt_fusion.backtest.run_evaluation import RunEvaluation, Step, note_failure
from bt_fusion.backtest.summary import (
    add_data_audit,
    code_config,
    data_and_window,
    model_config,
    one_or_all,
    plugin_config,
    signals_of,
    strategy_config,
    symbol_parts,
    versions,
)
from bt_fusion.engine.account import Account
from bt_fusion.engine.loading import load_strategy, system_of
from bt_fusion.engine.runner import Run, run_strategy
from bt_fusion.engine.used_parameters import add_parameters
from bt_fusion.engine.variants import (
    agreement_of,
    always_uses_ml,
    uses_health,
    variant,
)
from bt_fusion.errors import BarsError
from bt_fusion.labels import trade_exits
from bt_fusion.models.agreement import Agreement
from bt_fusion.models.predictors import Predictor, as_predictor, model_of
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.module_sources import file_of
from bt_fusion.progress import step
from bt_fusion.saved_runs.saved_run import SCHEMA
from bt_fusion.saved_runs.trade_groups import breakdown
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.strategies import ManagedStrategy
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.user_code import locate_errors

__all__ = ["UNNAMED", "BacktestJob", "Result", "clocked"]


SIGNAL_ALONE = (
    "the model predicts signals alone: the managed strategy trades them with the label's stop and "
    "target, and size 1 (--preset managed brings the other three models)"
)
UNNAMED = "bars"
TIMED = ("predict_s", "off_s", "on_s", "judge_s", "total_s")


@dataclass(frozen=True)
class BacktestJob:
    """Both runs over the same unseen bars, costs and fills; for its parameters see `Backtest`."""

    model: Any = None
    strategy: str | type[Strategy] = "fusion"
    ml: str = "both"
    account: Account = field(default_factory=Account)
    params: dict[str, Any] = field(default_factory=dict)
    horizon: int | str | None = None
    fromdate: Any = None
    todate: Any = None
    draws: int = 1_000
    seed: int = 0
    plot: Path | None = None
    allow_in_sample: bool = False
    breakdown: tuple[str, ...] = ()
    placebo: str = "veto"
    ledger: Path | None = None
    source: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    audit: bool = True
    ablation: bool = False
    brief: bool = False

    def run(
        self,
        bars: pd.DataFrame | dict[str, pd.DataFrame],
        name: str = UNNAMED,
        on_refit: OnRefit = None,
    ) -> Result:
        """Predict the bars, trade the unseen ones, compare.

        Parameters
        ----------
        bars : DataFrame, or dict of them by symbol
            Checked bars. Each of several symbols is predicted separately; one account trades all.
        name : str
            Name of the data if `bars` is a single DataFrame.
        on_refit : callable, optional
            Called with (refits done, total refits), instead of a progress display on the terminal.
        """
        given = bars_by_symbol(bars, name)
        job: BacktestJob = resolved(self, given)
        if job is not self:
            return job.run(bars, name, on_refit)
        strategy = checked_strategy(self, given)
        seconds: dict[str, float] = {}
        with clocked(seconds, "total_s"):
            with clocked(seconds, "predict_s"):
                out_of_sample = self.out_of_sample(given, on_refit)
            runs = {}
            for run in ML_CHOICES[self.ml]:
                with clocked(seconds, f"{run}_s"):
                    runs[run] = self._run_one(run, strategy, out_of_sample)
                warn_of_refused(run, runs[run])
            summary = self._summary(given, strategy, out_of_sample, runs)
            if not self.brief:
                about = (strategy, self.params, self.signal_model)
                steps: dict[str, Step] = {
                    "the list of parameters": lambda own: add_parameters(own, *about)
                }
                if self.audit:
                    steps["the audit of the bars"] = partial(add_data_audit, parts=out_of_sample)
                add_safely(summary, steps)
            with clocked(seconds, "judge_s"):
                evaluation = RunEvaluation(
                    strategy,
                    self.params,
                    self.account,
                    self.predictor,
                    out_of_sample,
                    runs,
                    Bootstrap(self.draws, self.seed),
                    self.placebo,
                    self.ledger,
                    self.audit,
                    self.ablation,
                    self.brief,
                )
                add_safely(summary, evaluation.steps)
        summary["timing"] = {key: seconds.get(key) for key in TIMED}
        made = (evaluation.hold, evaluation.agreement, evaluation.by_bar, evaluation.ablated)
        return Result(summary, runs, out_of_sample, *made)

    def _summary(
        self,
        bars: dict[str, pd.DataFrame],
        strategy: type[Strategy],
        out_of_sample: dict[str, OutOfSample],
        runs: dict[str, Run],
    ) -> dict[str, Any]:
        """Return the content of summary.json before the evaluation."""
        idle = filter(None, [idle_note(strategy, runs, out_of_sample)])
        summary = {
            "schema": SCHEMA,
            **data_and_window(out_of_sample),
            "config": self.config(bars),
            "notes": [*self.all_notes(strategy, out_of_sample), *idle],
            "model": model_figures(self.predictor, out_of_sample),
            "ml_off": runs["off"].figures if "off" in runs else None,
            "ml_on": runs["on"].figures if "on" in runs else None,
            "signals": signals_of(runs),
            "funnel": {run: runs[run].funnel for run in runs if runs[run].funnel is not None},
            "guard": {run: runs[run].guard for run in runs},
            "buy_hold": None,
            "comparison": {"verdict": None} if len(runs) == 2 else None,
            "fused_vs_technical": None,
        }
        if "on" in runs and runs["on"].vetoes is not None:
            summary["vetoes"] = runs["on"].veto_counts
        if len(out_of_sample) > 1:
            summary["symbols"] = symbol_parts(self.predictor, out_of_sample, runs)
        if self.breakdown:
            trades = {name: run.trades for name, run in runs.items()}
            summary["breakdown"] = {each: breakdown(trades, each) for each in self.breakdown}
        return summary

    def out_of_sample(
        self, bars: dict[str, pd.DataFrame], on_refit: OnRefit = None, health: bool | None = None
    ) -> dict[str, OutOfSample]:
        """Predict each symbol and return its window; raises as `predict_each`.

        Includes the models' health if the strategy uses it, or as set by `health`.
        """
        if health is None:
            health = self.ml != "off" and uses_health(load_strategy(self.strategy), self.params)
        return predict_each(
            self.predictor,
            bars,
            on_refit,
            fromdate=self.fromdate,
            todate=self.todate,
            allow_in_sample=self.allow_in_sample,
            health=health,
        )

    def all_notes(
        self, strategy: type[Strategy], out_of_sample: dict[str, OutOfSample]
    ) -> list[str]:
        """Return its own notes and those on models, bars (see `notes_of`) and the strategy."""
        notes = notes_of(self.predictor, out_of_sample)
        if self.ml == "off" and always_uses_ml(strategy):
            notes.append(f"{strategy.__name__} asks an MLEnsemble of its own: this run has ML")
        managed = isinstance(self.signal_model, ManagedModel)
        if self.ml != "off" and strategy is ManagedStrategy and not managed:
            notes.append(SIGNAL_ALONE)
        costs = (costs_note(self.account), slippage_note(self.account, out_of_sample))
        return [*self.notes, *filter(None, costs), *notes]

    def config(self, bars: dict[str, pd.DataFrame]) -> dict[str, Any]:
        """Return the configuration that reproduces the run."""
        return {
            "source": {"folder": str(Path.cwd()), **self.source},
            **strategy_config(self.strategy),
            **code_config(self.strategy, self.source),
            "params": self.params,
            "ml": self.ml,
            **model_config({symbol: len(own) for symbol, own in bars.items()}, self.predictor),
            **plugin_config(self.signal_model),
            "fromdate": self.fromdate,
            "todate": self.todate,
            "account": asdict(self.account),
            "draws": self.draws,
            "placebo": self.placebo,
            "seed": self.seed,
            "versions": versions(),
        }

    def agreement(self, strategy: type[Strategy]) -> Agreement:
        """Return the agreement that ML-on requires of ML."""
        voting = self.signal_model.new_ensemble().voting
        return agreement_of(strategy, self.params, voting, self.account.round_trip)

    @cached_property
    def predictor(self) -> Predictor:
        """The predictor, see `as_predictor`."""
        system = None if self.model is not None else system_of(load_strategy(self.strategy))
        return as_predictor(self.model, system, self.seed)

    @property
    def signal_model(self) -> SignalModel:
        """The model that predicts or is refitted."""
        return model_of(self.predictor)

    def _run_one(
        self, run: str, strategy: type[Strategy], out_of_sample: dict[str, OutOfSample]
    ) -> Run:
        exits = trade_exits(self.signal_model.label())
        known = one_or_all({symbol: part.predictions for symbol, part in out_of_sample.items()})
        traded, params = variant(strategy, self.params, exits, known if run == "on" else None)
        plot = self.plot if run == ML_CHOICES[self.ml][-1] else None
        bars = {symbol: part.bars for symbol, part in out_of_sample.items()}
        try:
            with locate_errors(file_of(strategy)):
                return run_strategy(
                    bars, traded, self.account, plot=plot, details=not self.brief, **params
                )
        except BarsError as error:
            window = "window" if self.allow_in_sample else "window of unseen bars"
            raise BarsError(f"the {window} is too short: {error}") from error


def add_safely(summary: dict[str, Any], steps: dict[str, Step]) -> None:
    """Run the evaluation steps; note a failed step in the summary and skip it."""
    with step("Judging") as report:
        for done, (what, add) in enumerate(steps.items()):
            report(done, len(steps))
            try:
                add(summary)
            except Exception as error:  # an error here must not lose hours of finished runs
                note_failure(summary, what, error)
        report(len(steps), len(steps))


@contextmanager
def clocked(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Record how long the block takes."""
    start = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - start, 3)
