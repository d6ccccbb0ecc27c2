"""WalkForward: a SignalModel refitted as time passes, so that every prediction is out of sample."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from warnings import warn

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from bt_fusion.data.bars import BarArrays
from bt_fusion.described import Described
from bt_fusion.ensemble.given_members import classes_of
from bt_fusion.errors import BarsError, BtFusionWarning, OptionError, unknown_name
from bt_fusion.features import complete_rows
from bt_fusion.labels import labels_of
from bt_fusion.models.causality import check_own
from bt_fusion.models.descriptions.models import walk_rows
from bt_fusion.models.empty_predictions import empty_predictions
from bt_fusion.models.payoff import Payoff
from bt_fusion.models.predictions import NOT_TRAINED, Predictions
from bt_fusion.models.refit import (
    Refit,
    RefitInputs,
    RefitOutput,
    RefitTask,
    Relabel,
    fit_numbered,
    leaves_lock,
)
from bt_fusion.models.refit_cache import ArrayCache, open_cache
from bt_fusion.models.signal_model import SignalModel, training_rows
from bt_fusion.parallel import Shared, run_unordered, worker_count
from bt_fusion.progress import step
from bt_fusion.user_code import own_code_digest

__all__ = ["WalkForward", "refit_schedule"]

WINDOWS = ("rolling", "expanding")


class WalkForward(Described, BaseEstimator):
    """Predict each bar by a model trained strictly before it, refitting as time passes.

    At refit bar r the model learns from rows t <= r - horizon - 1 whose label is known before r
    (see `training_rows`), and predicts from r up to the next refit. Bars before the first refit are
    NaN.

    Parameters
    ----------
    model : SignalModel, optional
        Default ``SignalModel()``. It is copied; the original is not fitted.
    train_bars : int, optional
        Bars in a training window; default the smaller of 20,000 and 40 % of the bars.
    refit_bars : int, optional
        Bars between refits; default an eighth of `train_bars`.
    window : {"rolling", "expanding"}
        Whether the training window moves along or grows from the first bar.
    embargo_bars : int
        More bars left out before each refit; the purge alone already keeps training strictly in the
        past.
    jobs : int
        Number of parallel refits; -1 for all cores. They run in threads if every member works
        outside Python's lock, otherwise in processes; `scheduler` selects others, such as a
        cluster.
    cache : path, "auto" or None
        Folder for finished refits, "auto" for the user's cache folder, None for none. The key of an
        entry is a digest of its inputs, so it cannot be stale.

    Attributes
    ----------
    refits_ : list of Refit
        The refits of the last `predict`.
    labels_ : Labels
        Of all bars of the last `predict`.

    Examples
    --------
    >>> from bt_fusion.data.samples import planted_edge
    >>> walk = WalkForward(SignalModel("fusion"), train_bars=400, refit_bars=200, cache=None)
    >>> walk.predict(planted_edge(1_000)).known.sum()
    np.int64(600)
    >>> [(refit.bar, refit.stop) for refit in walk.refits_]
    [(400, 600), (600, 800), (800, 1000)]
    """

    def __init__(
        self,
        model: SignalModel | None = None,
        train_bars: int | None = None,
        refit_bars: int | None = None,
        *,
        window: str = "rolling",
        embargo_bars: int = 0,
        jobs: int = 1,
        cache: str | Path | None = "auto",
    ):
        self.model = model
        self.train_bars = train_bars
        self.refit_bars = refit_bars
        self.window = window
        self.embargo_bars = embargo_bars
        self.jobs = jobs
        self.cache = cache

    # Backtrader's optstrategy iterates iterable values: a walk-forward is one value.
    __iter__ = None

    def description(self) -> tuple[str, dict[str, str]]:
        """Return the printed form."""
        return "WalkForward", walk_rows(self)

    def predict(
        self,
        bars: pd.DataFrame,
        on_refit: Callable[[int, int], None] | None = None,
        *,
        relabel: Relabel | None = None,
    ) -> Predictions:
        """Predict every bar from the first refit on.

        Parameters
        ----------
        bars : DataFrame
        on_refit : callable, optional
            Called with (refits done, total) as they finish, instead of showing them on the
            terminal.
        relabel : callable, optional
            From a `Refit` and the labels of its training rows, in time order, to replacement
            labels; for a placebo, see `ShuffledLabels`.

        Raises
        ------
        BarsError
            If the bars end before the first training window does.
        LookAheadError, OptionError
            See `SignalModel.fit`: the check is made once, before the first refit.
        """
        return self.predict_arrays(BarArrays.of(bars), on_refit, relabel=relabel)

    def predict_arrays(
        self,
        arrays: BarArrays,
        on_refit: Callable[[int, int], None] | None = None,
        *,
        relabel: Relabel | None = None,
    ) -> Predictions:
        """Predict checked arrays."""
        model = self.signal_model()
        check_own(model, arrays, self.cache)
        features = model.feature_set().on(arrays)
        schedule = list(self.schedule(len(arrays), features.lookback))
        tasks = self._tasks(arrays, schedule, relabel)
        self.labels_ = tasks[0].inputs.labels
        predictions = empty_predictions(model, arrays.time)
        self.refits_ = [task.refit for task in tasks]
        with step("Refits", report=on_refit) as report:
            for number, fitted, refit in self._run(tasks, report):
                self.refits_[number] = refit
                if fitted is not None:
                    self.refits_[number] = replace(refit, importances=fitted.importances)
                    block = tasks[number].block
                    predictions.votes[block] = fitted.votes
                    predictions.model[block] = number
                    predictions.trained_until[block] = refit.trained_until
                    if predictions.payoff is not None and refit.payoff is not None:
                        predictions.payoff[block] = refit.payoff.per_bar(arrays)[block]
        X = tasks[0].inputs.X
        how = {"embargo": self.embargo_bars, "jobs": self.jobs}
        return model.after_walk(arrays, X, predictions, self.refits_, **how)

    def task_of(self, arrays: BarArrays, bar: int) -> RefitTask | None:
        """Return the refit whose block holds a bar, None for a bar before the first."""
        schedule = [refit for refit in self.schedule(len(arrays)) if refit.bar <= bar < refit.stop]
        return self._tasks(arrays, schedule)[0] if schedule else None

    def _tasks(
        self, arrays: BarArrays, schedule: list[Refit], relabel: Relabel | None = None
    ) -> list[RefitTask]:
        """Compute features and labels once, and select the rows of each refit."""
        model = self.signal_model()
        label, ensemble = model.label(), model.new_ensemble()
        members = ensemble.make_members()  # reports a wrong option before any work
        ensemble, code = ensemble.portable(), own_code_digest(classes_of(members.values()))
        X, labels = model.feature_set().transform(arrays), labels_of(label, arrays)
        complete = complete_rows(X)
        inputs, tasks = RefitInputs(ensemble, X, labels, label), []
        for refit in schedule:
            rows = training_rows(
                complete, labels, label.horizon, refit.start, refit.bar, self.embargo_bars
            )
            block = np.arange(refit.bar, refit.stop)[complete[refit.bar : refit.stop]]
            until = arrays.time[labels.t1[rows].max()] if len(rows) else NOT_TRAINED
            payoff = Payoff.learn(label, arrays, labels, rows)
            known = replace(refit, rows=len(rows), trained_until=until, payoff=payoff)
            moved = None if relabel is None else relabel(known, labels.y[rows])
            tasks.append(RefitTask(known, inputs, rows, moved, block, code).with_digests())
        return tasks

    def signal_model(self) -> SignalModel:
        """Return the model that is refitted."""
        return SignalModel() if self.model is None else self.model

    def sizes(self, n_bars: int | None) -> tuple[int, int]:
        """Return (train_bars, refit_bars) for a number of bars, checked.

        Raises
        ------
        OptionError
            If a size is below 1, or train_bars is missing and the number of bars is unknown (a live
            feed).
        """
        train, refit = self.train_bars, self.refit_bars
        if train is None:
            if n_bars is None:
                raise OptionError(
                    "bars arrive one by one, their number is not known: give train_bars"
                )
            train = min(20_000, int(n_bars * 0.4))
        if refit is None:
            refit = max(1, train // 8)
        if train < 1 or refit < 1:
            raise OptionError(f"train_bars {train} and refit_bars {refit} must be 1 or more")
        return train, refit

    def schedule(self, n_bars: int, lookback: int | None = None) -> Iterator[Refit]:
        """Check the sizes against the bars, then yield the refits.

        Parameters
        ----------
        n_bars : int
        lookback : int, optional
            Of the features, if measured on the bars, see `FeatureSet.on`.
        """
        if self.window not in WINDOWS:
            raise unknown_name("window", self.window, WINDOWS)
        if self.embargo_bars < 0:
            raise OptionError(f"embargo_bars {self.embargo_bars} must be 0 or more")
        if self.jobs == 0:
            raise OptionError("jobs 0 must be 1 or more, or -1 for all cores")
        train, refit = self.sizes(n_bars)
        lookback = self.signal_model().feature_set().lookback if lookback is None else lookback
        needed = lookback + self.signal_model().label().horizon
        if train <= needed + self.embargo_bars:
            raise BarsError(
                f"train_bars {train} leaves no training row: features and label need {needed} "
                f"bars, the embargo {self.embargo_bars}; give more bars or a larger train_bars"
            )
        if n_bars <= train:
            raise BarsError(
                f"{n_bars} bars end before the first refit at bar {train}; give more bars or a "
                "smaller train_bars"
            )
        return refit_schedule(n_bars, train, refit, expanding=self.window == "expanding")

    def _run(self, tasks: list[RefitTask], on_refit: Callable[[int, int], None]):
        """Yield (number, fitted or None, refit) as blocks become known, cached ones first."""
        store = open_cache(self.cache)
        if store is None:
            yield from self._fit(tasks, range(len(tasks)), None, on_refit)
            return
        together = blake2b("".join(task.refit.key for task in tasks).encode(), digest_size=20)
        with store.lock(together.hexdigest()):  # others wait, then read
            missing = []
            for number, task in enumerate(tasks):
                kept = RefitOutput.from_array(store.get(task.refit.key), task.shape)
                if kept is None:
                    missing.append(number)
                else:
                    yield number, kept, replace(task.refit, cached=True)
            yield from self._fit(tasks, missing, store, on_refit)

    def _fit(self, tasks, missing, store: ArrayCache | None, on_refit):
        """Fit missing refits in parallel, and store each result at once."""
        done, total = len(tasks) - len(missing), len(tasks)
        calls = ((n, tasks[n].rows, tasks[n].relabelled, tasks[n].block) for n in missing)
        on_refit(done, total)
        results = run_unordered(
            fit_numbered,
            calls,
            worker_count(self.jobs, len(missing)),
            shared=Shared(tasks[0].inputs),
            threads=leaves_lock(tasks[0].inputs.ensemble),
            name=lambda number, *_: f"the refit at bar {tasks[number].refit.bar}",
        )
        for number, fitted, failure in results:
            refit = tasks[number].refit
            if failure:
                span = f"{refit.bar}..{refit.stop - 1}"
                warn(f"no model for bars {span}: {failure}", BtFusionWarning, stacklevel=2)
            elif store is not None:
                store.put(refit.key, fitted.to_array())
            done += 1
            on_refit(done, total)
            yield number, fitted, refit


def refit_schedule(n_bars: int, train: int, refit: int, *, expanding: bool = False):
    """Yield the refits of a walk-forward over `n_bars`.

    >>> [(r.start, r.bar, r.stop) for r in refit_schedule(10, train=4, refit=4)]
    [(0, 4, 8), (4, 8, 10)]
    """
    for bar in range(train, n_bars, refit):
        start = 0 if expanding else bar - train
        yield Refit(start, bar, min(bar + refit, n_bars))
