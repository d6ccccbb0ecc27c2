"""Backtest: compare a strategy without and with ML, and optimize its parameters."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from sklearn.base import clone

from bt_fusion.backtest.job import UNNAMED, BacktestJob
from bt_fusion.backtest.job_checks import ML_CHOICES
from bt_fusion.described import Described
from bt_fusion.errors import BtFusionError, OptionError
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.report.figures import account_text
from bt_fusion.saved_runs.sweep_folder import write_sweep
from bt_fusion.sweep.grid import Constraint
from bt_fusion.sweep.result import SweepResult
from bt_fusion.sweep.sweep import Sweep

__all__ = ["Backtest"]


class Backtest(Described, BacktestJob):
    """Backtest a strategy with ML off and ML on, on the same unseen bars, costs and fills.

    Parameters
    ----------
    model : WalkForward, SignalModel, Ensemble, str, path or dict, optional
        The model. A `WalkForward`, an unfitted model, an ensemble or a preset's name is refitted as
        time passes, so each traded bar is unseen. A fitted `SignalModel`, or the folder of a saved
        one, trades the bars after its training. A dictionary holds a fitted model for each symbol.
        Default: the preset that the strategy asks for, else the default model.
    strategy : class or str
        A ``bt.Strategy``, a name in `STRATEGIES`, ``module:Class`` or ``file.py:Class``. A strategy
        without ML support trades unchanged for ML-off, and through `with_ml` for ML-on.
    ml : {"both", "on", "off"}
        Which runs to make; the window is the same for each.
    account : Account
    params : dict
        Parameters of the strategy.
    horizon : int or "auto", optional
        Number of bars the label looks ahead. "auto" is the median length of the strategy's trades
        without ML in the first training window; it needs ten trades, and exits of its own. Default:
        that of the model.
    fromdate, todate : str or Timestamp, optional
        Start of the traded window, and its end (exclusive).
    draws : int
        Number of bootstrap samples for each interval, and of random filters.
    seed : int
        Random seed of both, and of a model created here.
    plot : path, optional
        File for Backtrader's own chart, of ML-on if it runs.
    allow_in_sample : bool
        Also trade bars a fitted model was trained on; all results are then marked IN-SAMPLE.
    breakdown : tuple of str
        Calendar periods to group trades by: "day", "week", "month".
    placebo : {"veto", "labels", "none"}
        What ML-on is compared with, see `verdict_of_pair`. With "none" there is no verdict.
    ledger : path, optional
        Folder of results with the trial ledger to use.
    source : dict
        Origin of bars and model, stored unchanged in the summary; `why` uses it to find them.
    audit : bool
        Check the bars for gaps, filled stretches and bad prices (`audit_bars`), and the strategy
        for look-ahead (`quick_audit`).
    notes : tuple of str
        First lines of the summary's `notes`.
    ablation : bool
        Also run the strategy `managed` with its models added one at a time, see
        `bt_fusion.backtest.ablation`.
    brief : bool
        Compute only what a verdict needs: no intervals, agreement, decomposition, robustness, buy
        and hold, bar audit or entry log. The verdict is the same.

    Examples
    --------
    >>> import backtrader as bt
    >>> from bt_fusion import Ensemble, SignalModel, load_sample
    >>> class MyCross(bt.Strategy):
    ...     params = dict(fast=10, slow=30)
    ...     def __init__(self):
    ...         fast, slow = (bt.ind.SMA(period=n) for n in (self.p.fast, self.p.slow))
    ...         self.cross = bt.ind.CrossOver(fast, slow)
    ...     def next(self):
    ...         if not self.position and self.cross > 0:
    ...             self.buy()
    ...         elif self.position and self.cross < 0:
    ...             self.close()
    >>> model = SignalModel(["rsi_14"], ensemble=Ensemble(["lgb"]))
    >>> backtest, bars = Backtest(model, strategy=MyCross, draws=10), load_sample("sp500")[-1_000:]
    >>> result = backtest.run(bars, "sp500")
    >>> result.summary["ml_off"]["trades"] > result.summary["ml_on"]["trades"] > 0
    True
    >>> best = backtest.optimize(bars, fast=[5, 10], slow=[20, 40], jobs=1)
    >>> sorted(best.sweep.best.params)
    ['fast', 'slow']
    """

    def description(self) -> tuple[str, Mapping[str, str]]:
        """Return the title and lines of its printed form."""
        rows = {
            "model": self._model_text(),
            "runs": " and ".join(f"ML {run}" for run in ML_CHOICES.get(self.ml, (self.ml,))),
            "account": account_text(vars(self.account)),
        }
        if self.params:
            rows["params"] = ", ".join(f"{name} {value}" for name, value in self.params.items())
        name = getattr(self.strategy, "__name__", self.strategy)
        return f"Backtest of {name}", rows

    def _model_text(self) -> str:
        try:
            fitted = not isinstance(self.predictor, WalkForward)
        except BtFusionError as error:  # `run` reports it
            return str(error)
        how = "fitted" if fitted else "refitted as time passes"
        return f"{type(self.signal_model).__name__}, {how}; {self.signal_model.label()}"

    def optimize(
        self,
        bars: pd.DataFrame | dict[str, pd.DataFrame],
        *,
        maximize: str = "sharpe",
        constraint: Constraint | None = None,
        return_heatmap: bool = False,
        jobs: int = -1,
        name: str = UNNAMED,
        **grid: Any,
    ) -> Any:
        """Try every combination of parameter values and return the result of the best one.

        Runs a `Sweep`, then the best variant; models are fitted once. The best of many looks good
        by luck alone, so the printed result ends with the deflated Sharpe ratio and the probability
        of overfitting.

        Parameters
        ----------
        bars : DataFrame, or dict of them by symbol
        maximize : str
            See `Sweep`.
        constraint : callable, optional
            Takes the parameters as attributes and returns whether to try the combination:
            ``lambda p: p.fast < p.slow``.
        return_heatmap : bool
            Also return the figure of every variant.
        jobs : int
            Number of parallel processes, see `Sweep`.
        name : str
            Name of the data if `bars` is a single DataFrame.
        **grid
            The values of each parameter, such as ``fast=range(5, 20, 5)``. Parameters with the name
            of an argument above need a `Sweep`.

        Returns
        -------
        Result, or (Result, Series)
            `Result.sweep` is the whole `SweepResult`. The Series is indexed by the parameters.

        Raises
        ------
        OptionError
            As `Sweep.run`; also without a grid, or if no variant trades.
        """
        if not grid:
            raise OptionError("give the values of a parameter, such as fast=range(5, 20, 5)")
        if self.ml == "off":
            raise OptionError("the variants are compared with ML, and ml is 'off'; take ml='both'")
        with TemporaryDirectory(prefix="bt_fusion-", ignore_cleanup_errors=True) as made:
            folder = Path(made) if self.ledger is None else Path(self.ledger)
            job = self._fitting_once(Path(made))
            sweep = Sweep(job, grid, jobs, maximize=maximize, constraint=constraint)
            found = sweep.run(bars, name, out=folder)
            result = replace(job._best(found, folder), ledger=folder).run(bars, name)
        best = replace(result, sweep=found)
        return (best, found.figures()) if return_heatmap else best

    def _fitting_once(self, folder: Path) -> "Backtest":
        """Return a backtest that reuses cached refits for the best variant."""
        walk = self.predictor
        if not isinstance(walk, WalkForward) or walk.cache is not None:
            return self
        return replace(self, model=clone(walk).set_params(cache=folder / "refits"))

    def _best(self, found: SweepResult, folder: Path) -> "Backtest":
        """Return the best variant; store its probability of overfitting in the folder."""
        if found.best is None:
            raise OptionError(
                f"none of {found.summary['variants']:,} variants traded with ML; give other values"
            )
        write_sweep(folder, found)
        return replace(self, params={**self.params, **found.best.params})
