"""Run the variants of a sweep in parallel processes that share bars and predictions."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from backtrader import Sizer, Strategy

from bt_fusion.backtest.summary import one_or_all
from bt_fusion.data.bars import bars_per_year
from bt_fusion.engine.account import Account
from bt_fusion.engine.loading import ClassSource, why_here
from bt_fusion.engine.runner import Run, run_strategy
from bt_fusion.engine.variants import technical_params, variant
from bt_fusion.errors import BtFusionError
from bt_fusion.fingerprint import array_digest, code_digest, versions_text
from bt_fusion.models.predictions import Predictions
from bt_fusion.module_sources import file_of
from bt_fusion.statistics.performance import bar_returns, equity_figures
from bt_fusion.statistics.sharpe import TrackRecord
from bt_fusion.sweep.store import SweepStore
from bt_fusion.user_code import class_digest, locate_errors

__all__ = [
    "CODE",
    "Outcome",
    "RunTask",
    "SentInputs",
    "SweepInputs",
    "engine_run",
    "kept_figures",
    "run_name",
    "run_task",
    "sliced_returns",
    "unfrozen_after",
]

# Our packages that a run uses.
CODE = (
    "data",
    "technical",
    "features",
    "labels",
    "ensemble",
    "models",
    "statistics",
    "evaluation",
    "trade_models",
    "indicators",
    "strategies",
    "analyzers",
    "engine",
)
LIBRARIES = ("bt-fusion", "backtrader", "numpy", "pandas", "TA-Lib")


@dataclass(frozen=True, eq=False)
class SweepInputs:
    """Inputs shared by all runs of a sweep.

    Attributes
    ----------
    strategy : class
    bars : dict of DataFrame
        The bars of the window, by symbol.
    predictions : dict of Predictions
        Of the same bars.
    exits : dict
        Exit settings of the model's label, see `trade_exits`.
    account : Account
    slices : int
        Maximum number of equal parts of the window to keep returns for.
    """

    strategy: type[Strategy]
    bars: dict[str, pd.DataFrame]
    predictions: dict[str, Predictions]
    exits: dict[str, Any]
    account: Account
    slices: int

    def task(self, run: str, params: dict[str, Any]) -> "RunTask":
        """Return the task of a run with ML ("on") or without ("off"), with its cache key."""
        if run == "off":
            params = technical_params(self.strategy, params)
        return RunTask(
            run, params, array_digest(f"{self._digests[run]} {run} {sorted(params.items())}")
        )

    @property
    def here(self) -> list[str]:
        """Why all runs must stay in this process, one line per class; empty if they need not."""
        classes = [part for part in (self.strategy, self.account.sizer) if part]
        reasons = {part.__name__: why_here(part) for part in classes}
        return [
            f"the runs were made one after the other: {name} {why}"
            for name, why in reasons.items()
            if why
        ]

    @property
    def periods(self) -> float:
        """Bars per year, counting every bar of any symbol."""
        stamps = np.unique(np.concatenate([bars.index.to_numpy() for bars in self.bars.values()]))
        return bars_per_year(pd.DatetimeIndex(stamps))

    @cached_property
    def _digests(self) -> dict[str, str]:
        off = f"{_environment(self)} {sorted(self.exits.items())} {self.slices} {self.account}"
        for symbol, bars in self.bars.items():
            time = bars.index.to_numpy().astype("datetime64[ns]").view(np.int64)
            off = array_digest(f"{off} {symbol}", time, bars.to_numpy())
        on = off
        for p in self.predictions.values():
            rule = f"{p.classes} {p.two_sided} {p.members} {p.voting} {p.vote_threshold}"
            payoff = np.empty(0) if p.payoff is None else p.payoff
            on = array_digest(f"{on} {rule}", p.votes, p.weights, payoff)
        return {"off": off, "on": on}


@dataclass(frozen=True)
class RunTask:
    """One run: "off" or "on", the strategy's parameters, and its cache key."""

    run: str
    params: dict[str, Any]
    key: str


@dataclass(frozen=True, eq=False)
class Outcome:
    """Result of a run: its figures and returns, or its error.

    Attributes
    ----------
    task : RunTask
    figures : dict
    returns : ndarray of float64, shape (n_slices,)
    error : str
        Why it failed, or "".
    """

    task: RunTask
    figures: dict[str, Any] = field(default_factory=dict)
    returns: np.ndarray = field(default_factory=lambda: np.empty(0))
    error: str = ""

    @classmethod
    def of(cls, task: RunTask, made: Run, slices: int) -> "Outcome":
        """Return the outcome of a run, with its returns in `slices` parts."""
        equity = made.equity.to_numpy(dtype=float)
        # variants are compared with each other and with luck, even over a few days, where a single
        # run withholds its annual ratio
        figures = kept_figures(made.figures, equity_figures(made.equity), bar_returns(equity))
        return cls(task, figures, sliced_returns(equity, slices))

    def keep(self, store: SweepStore) -> None:
        """Put the run into the store, unless it failed."""
        if not self.error:
            task = self.task
            store.put(task.key, task.run, task.params, self.figures, self.returns)


@dataclass(frozen=True, eq=False)
class SentInputs:
    """A sweep's inputs as sent to other processes: source files in place of classes.

    A class that stays in this process is passed unchanged.
    """

    plain: SweepInputs
    strategy: ClassSource | type[Strategy]
    sizer: ClassSource | type[Sizer] | None

    @classmethod
    def of(cls, inputs: SweepInputs) -> "SentInputs":
        """Replace the classes in the inputs by their sources."""
        sizer = inputs.account.sizer
        plain = replace(inputs, strategy=Strategy, account=replace(inputs.account, sizer=None))
        return cls(plain, source_of(inputs.strategy), None if sizer is None else source_of(sizer))

    @cached_property
    def inputs(self) -> SweepInputs:
        """Rebuild the inputs, loading their classes."""
        account = replace(self.plain.account, sizer=loaded(self.sizer))
        gc.freeze()  # existing objects stay: garbage collection after each run can skip them
        return replace(self.plain, strategy=loaded(self.strategy), account=account)


def source_of(part: type) -> Any:
    """Return a class's source, or the class itself if other processes cannot load it."""
    return part if why_here(part) else ClassSource.of(part)


def loaded(source: Any) -> Any:
    """Return the class of a result of `source_of`, or None."""
    return source.load() if isinstance(source, ClassSource) else source


@contextmanager
def unfrozen_after() -> Iterator[None]:
    """Unfreeze the objects that a run in this process froze, see `SentInputs`."""
    try:
        yield
    finally:
        gc.unfreeze()


def run_task(sent: SentInputs, task: RunTask) -> Outcome:
    """Make a run and return its outcome."""
    inputs = sent.inputs
    try:
        made = engine_run(inputs, task)
    except BtFusionError as error:
        return Outcome(task, error=str(error))
    outcome = Outcome.of(task, made, inputs.slices)
    del made
    gc.collect()  # Backtrader's objects form reference cycles
    return outcome


def run_name(task: RunTask) -> str:
    """Return the name of a run in error messages."""
    return f"the run ML {task.run} with {task.params}"


def engine_run(inputs: SweepInputs, task: RunTask) -> Run:
    """Make a run in Backtrader.

    Raises
    ------
    BtFusionError
        If the run fails.
    """
    known = one_or_all(inputs.predictions) if task.run == "on" else None
    traded, params = variant(inputs.strategy, task.params, inputs.exits, known)
    with locate_errors(file_of(inputs.strategy)):
        return run_strategy(inputs.bars, traded, inputs.account, details=False, **params)


def kept_figures(
    figures: dict[str, Any], curve: dict[str, Any], returns: np.ndarray
) -> dict[str, Any]:
    """Return the figures to store of a run, always including the Sharpe ratio.

    Parameters
    ----------
    figures, curve : dict
        Of a `Run`, and of `equity_figures`.
    returns : ndarray, shape (n_bars - 1,)
    """
    record = TrackRecord.of(returns)
    kept = {"sharpe": curve["sharpe"], "record": None if record is None else asdict(record)}
    return {**figures, **kept}


def sliced_returns(equity: np.ndarray, slices: int) -> np.ndarray:
    """Return the account's return in each of `slices` equal parts, or per bar if there are fewer.

    >>> sliced_returns(np.array([100.0, 110.0, 121.0, 60.5, 121.0]), 2)
    array([0.21, 0.  ])
    """
    count = min(slices, len(equity) - 1)
    edges = np.linspace(0, len(equity) - 1, count + 1).round().astype(int)
    return bar_returns(equity[edges])


def _environment(inputs: SweepInputs) -> str:
    """Return a digest of the code and libraries behind the numbers."""
    classes = [part for part in (inputs.strategy, inputs.account.sizer) if part]
    own = " ".join(map(class_digest, classes))
    names = " ".join(f"{part.__module__}:{part.__qualname__}" for part in classes)
    return f"{versions_text(*LIBRARIES)} {code_digest(*CODE)} {own} {names}"
