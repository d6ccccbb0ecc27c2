"""Models and predictions that know the bars they are traded on."""

from dataclasses import replace
from tempfile import TemporaryDirectory

import backtrader as bt
import numpy as np

from benchmarks.leaks.registry import honest, leak
from bt_fusion import Ensemble, SignalModel, WalkForward
from bt_fusion.audit import audit
from bt_fusion.audit.quick import quick_audit
from bt_fusion.engine.account import Account
from bt_fusion.indicators import MLEnsemble

FEATURES = ["wick_balance", "gap", "return_1"]


class Asks(bt.Strategy):
    """Buys where a model says so."""

    params = (("model", None), ("in_sample", True))

    def __init__(self):
        self.ml = MLEnsemble(
            self.data, model=self.p.model, on_missing="quiet", allow_in_sample=self.p.in_sample
        )

    def next(self):
        up = self.ml.probability[0]
        if not self.position and up > 0.52:
            self.buy()
        elif self.position and up < 0.48:
            self.close()


def model() -> SignalModel:
    """Return a quick model."""
    return SignalModel(FEATURES, ensemble=Ensemble(["lr"]))


def predictions_of(bars):
    """Return predictions by walk-forward."""
    return WalkForward(model(), 500, 300, cache=None).predict(bars)


@leak("training", "a model fitted on the bars it trades", "the model")
def fitted_on_the_test(bars, seed):
    return audit(Asks, bars[:600], {"model": model().fit(bars[:600])}, cuts=2, seed=seed)


@leak("training", "a saved model that was trained on some of the bars", "the model")
def saved_and_in_sample(bars, seed):
    with TemporaryDirectory() as folder:
        saved = model().fit(bars[:900]).save(f"{folder}/model")
        return audit(Asks, bars[600:1_200], {"model": str(saved)}, cuts=2, seed=seed)


@leak("training", "predictions by a model that was trained until later", "the model")
def predicted_in_sample(bars, seed):
    made = predictions_of(bars)
    until = np.where(made.known, bars.index[-1].to_datetime64(), made.trained_until)
    late = replace(made, trained_until=until.astype("datetime64[ns]"))
    return quick_audit(Asks, {"": bars}, {"model": late}, Account(), {"": late}, seed)


@leak("training", "predictions moved up by a bar", "the model")
def predicted_one_early(bars, seed):
    made = predictions_of(bars)
    known = np.flatnonzero(made.known)
    until = made.trained_until.copy()
    until[known] = made.index.to_numpy()[known]
    late = replace(made, trained_until=until.astype("datetime64[ns]"))
    return quick_audit(Asks, {"": bars}, {"model": late}, Account(), {"": late}, seed)


@honest("training", "predictions by walk-forward", "the model")
def walked_forward(bars, seed):
    made = predictions_of(bars)
    return quick_audit(Asks, {"": bars}, {"model": made}, Account(), {"": made}, seed)


@honest("training", "a model fitted on bars before those it trades", "the model")
def fitted_before(bars, seed):
    params = {"model": model().fit(bars[:700]), "in_sample": False}
    return audit(Asks, bars[700:1_300], params, cuts=4, seed=seed)
