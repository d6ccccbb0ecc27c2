"""A whole backtest: bars in, both runs over the unseen ones, files out."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
from backtrader import Strategy

from bt_fusion.backtest.blame import blamed, file_of
from bt_fusion.backtest.comparison import compare_runs
from bt_fusion.backtest.loading import load_strategy
from bt_fusion.backtest.runner import Account, Run, run_strategy, unseen_window
from bt_fusion.backtest.variants import check_variants, variant
from bt_fusion.errors import BarsError, InSampleError, unknown_name
from bt_fusion.evaluation import classification_figures
from bt_fusion.importances import feature_shares, mean_shares
from bt_fusion.labels import Labels
from bt_fusion.predictions import Predictions
from bt_fusion.signal_model import SignalModel
from bt_fusion.walk_forward import WalkForward

__all__ = ["Backtest", "Result"]

SCHEMA = 1
LIBRARIES = (
    "bt-fusion",
    "backtrader",
    "numpy",
    "pandas",
    "scikit-learn",
    "xgboost",
    "lightgbm",
    "TA-Lib",
)


@dataclass(frozen=True)
class Result:
    """What a backtest found.

    Attributes
    ----------
    summary : dict
        The content of summary.json.
    runs : dict of Run
        "off", "on" or both.
    bars : DataFrame
        The bars of the window.
    predictions : Predictions
        Of the same bars.
    labels : Labels
        What became of them, known afterwards.
    """

    summary: dict[str, Any]
    runs: dict[str, Run]
    bars: pd.DataFrame
    predictions: Predictions
    labels: Labels


@dataclass(frozen=True)
class Backtest:
    """ML off and ML on over the same unseen bars, costs and fills.

    Parameters
    ----------
    predictor : WalkForward or SignalModel
        What predicts: refitted as time passes, or a fitted model whose unseen bars are traded.
    strategy : str
        A name of `STRATEGIES`, ``module:Class`` or ``file.py:Class``. One that knows nothing of
        ML trades as it is for ML-off, and through `with_ml` for ML-on.
    ml : {"both", "on", "off"}
        Which runs to make; the window is the same for each.
    account : Account
    params : dict
        Parameters of the strategy.
    fromdate, todate : str or Timestamp, optional
        First day, and first moment after, of what may be traded.
    draws : int
        Bootstrap samples behind each interval.
    seed : int
        Of the bootstrap.
    plot : path, optional
        Where to draw Backtrader's own chart, of ML-on if it runs.
    allow_in_sample : bool
        Trade bars a fitted model was trained on, too: everything is then marked IN-SAMPLE.
    source : dict
        Where bars and model came from, kept in the summary as it is: what `why` finds them by.
    """

    predictor: WalkForward | SignalModel
    strategy: str = "fusion"
    ml: str = "both"
    account: Account = field(default_factory=Account)
    params: dict[str, Any] = field(default_factory=dict)
    fromdate: Any = None
    todate: Any = None
    draws: int = 1_000
    seed: int = 0
    plot: Path | None = None
    allow_in_sample: bool = False
    source: dict[str, Any] = field(default_factory=dict)

    def run(
        self,
        bars: pd.DataFrame,
        name: str = "",
        on_refit: Callable[[int, int], None] | None = None,
    ) -> Result:
        """Predict the bars, trade the unseen ones, compare.

        Parameters
        ----------
        bars : DataFrame
            Checked.
        name : str
            What to call the data.
        on_refit : callable, optional
            Called with (refits done, refits in all).
        """
        if self.ml not in ML_CHOICES:
            raise unknown_name("ml", self.ml, ML_CHOICES)
        strategy = load_strategy(self.strategy)
        check_variants(strategy, self.params)
        seconds: dict[str, float] = {}
        with clocked(seconds, "total_s"):
            with clocked(seconds, "predict_s"):
                predictions = self.predict(bars, on_refit)
            window = unseen_window(predictions, self.fromdate, self.todate)
            labels = self.model.label()(bars)
            known = Labels(labels.y[window], labels.t1[window])
            bars, predictions, whole = bars.iloc[window], predictions[window], bars
            runs = {}
            for run in ML_CHOICES[self.ml]:
                with clocked(seconds, f"{run}_s"):
                    runs[run] = self._run_one(run, strategy, bars, predictions, name)
            comparison = None
            if len(runs) == 2:
                pair = runs["off"], runs["on"]
                comparison = compare_runs(*pair, draws=self.draws, seed=self.seed)
                comparison["verdict"] = None
        summary = {
            "schema": SCHEMA,
            "data": described(whole, name),
            "window": {"start": bars.index[0], "end": bars.index[-1], "bars": len(bars)},
            "in_sample": int((predictions.index <= predictions.trained_until).sum()),
            "config": self.config(len(whole)),
            "model": self._model_figures(predictions, known),
            "ml_off": runs["off"].figures if "off" in runs else None,
            "ml_on": runs["on"].figures if "on" in runs else None,
            "signals": {
                NAMES[run]: runs[run].signal_counts for run in runs if runs[run].signal is not None
            },
            "funnel": {run: runs[run].funnel for run in runs if runs[run].funnel is not None},
            "comparison": comparison,
            "timing": {key: seconds.get(key) for key in ("predict_s", "off_s", "on_s", "total_s")},
        }
        if "on" in runs and runs["on"].vetoes is not None:
            summary["vetoes"] = runs["on"].veto_counts
        return Result(summary, runs, bars, predictions, known)

    def config(self, n_bars: int) -> dict[str, Any]:
        """Return everything that reproduces the run."""
        model = self.model
        return {
            "source": self.source,
            "strategy": self.strategy,
            "params": self.params,
            "ml": self.ml,
            "features": model.features,
            "label": type(model.label()).__name__,
            "label_parameters": asdict(model.label()),  # type: ignore[call-overload]
            "ensemble": model.new_ensemble().get_params(deep=False),
            **self._schedule(n_bars),
            "fromdate": self.fromdate,
            "todate": self.todate,
            "account": asdict(self.account),
            "draws": self.draws,
            "seed": self.seed,
            "versions": {library: metadata.version(library) for library in LIBRARIES},
        }

    @property
    def model(self) -> SignalModel:
        """The model that predicts, or that is refitted."""
        fixed = isinstance(self.predictor, SignalModel)
        return self.predictor if fixed else self.predictor.signal_model()

    def predict(
        self, bars: pd.DataFrame, on_refit: Callable[[int, int], None] | None = None
    ) -> Predictions:
        """Predict the bars; raises InSampleError where a fitted model knows them all."""
        if isinstance(self.predictor, WalkForward):
            return self.predictor.predict(bars, on_refit)
        predictions = self.predictor.predict(bars, allow_in_sample=self.allow_in_sample)
        if not predictions.known.any():
            until = pd.Timestamp(self.predictor.trained_until_)
            raise InSampleError(
                f"the model was trained until {until}, the bars end at {bars.index[-1]}: none is "
                "unseen. Give later bars, or --allow-in-sample to trade those it knows"
            )
        return predictions

    def _schedule(self, n_bars: int) -> dict[str, Any]:
        """Return when and on what the model was or is trained."""
        if isinstance(self.predictor, SignalModel):
            return {
                "trained_until": pd.Timestamp(self.predictor.trained_until_),
                "tuning_trials": getattr(self.predictor, "trials_", 0),
            }
        train, refit = self.predictor.sizes(n_bars)
        return {
            "train_bars": train,
            "refit_bars": refit,
            "window": self.predictor.window,
            "embargo_bars": self.predictor.embargo_bars,
        }

    def _run_one(
        self,
        run: str,
        strategy: type[Strategy],
        bars: pd.DataFrame,
        predictions: Predictions,
        name: str,
    ) -> Run:
        horizon = self.model.label().horizon
        known = predictions if run == "on" else None
        traded, params = variant(strategy, self.params, horizon, known)
        plot = self.plot if run == ML_CHOICES[self.ml][-1] else None
        try:
            with blamed(file_of(strategy)):
                return run_strategy(bars, traded, self.account, name, plot, **params)
        except BarsError as error:
            raise BarsError(f"the window of unseen bars is too short: {error}") from error

    def _model_figures(self, predictions: Predictions, labels: Labels) -> dict[str, Any]:
        refits = getattr(self.predictor, "refits_", [])  # none by a fitted model
        return {
            "members": list(predictions.members),
            "features": len(self.model.feature_set()),
            "refits": len(refits),
            "cached": sum(refit.cached for refit in refits),
            "classes": list(predictions.classes),
            "importances": self._importances(),
            **classification_figures(predictions, labels),
        }

    def _importances(self) -> dict[str, float]:
        """Return what the model rests on, by feature; a mean over refits."""
        names = self.model.feature_set().names
        if isinstance(self.predictor, SignalModel):
            shares = [feature_shares(self.predictor.ensemble_, len(names))]
        else:
            shares = [refit.importances for refit in self.predictor.refits_]
        return mean_shares(names, shares)


ML_CHOICES = {"both": ("off", "on"), "on": ("on",), "off": ("off",)}
NAMES = {"off": "technical", "on": "fused"}


@contextmanager
def clocked(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Note how long the block takes."""
    start = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - start, 3)


def described(bars: pd.DataFrame, name: str) -> dict[str, Any]:
    """Name the bars so that others can tell whether they have the same."""
    digest = sha256(bars.index.to_numpy().astype("datetime64[ns]").tobytes())
    digest.update(bars.to_numpy().tobytes())
    return {
        "name": name,
        "bars": len(bars),
        "start": bars.index[0],
        "end": bars.index[-1],
        "sha256": digest.hexdigest(),
    }
