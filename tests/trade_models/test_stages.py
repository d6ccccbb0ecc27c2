"""Four models in a strict order."""

import numpy as np
import pytest

from bt_fusion import Ensemble, OptionError, TrainingOrderError
from bt_fusion.data.samples import planted_edge
from bt_fusion.trade_models.managed_model import STAGES, ManagedModel


def new_model():
    return ManagedModel(["wick_balance"], "triple_barrier", Ensemble(["lgb"]), min_trades=20)


def test_stage_by_stage_is_what_fit_does():
    bars = planted_edge(1_600, seed=2, auc=0.7)
    whole, steps = new_model().fit(bars), new_model()
    for stage in STAGES:
        steps.fit_stage(stage, bars)
    assert steps.fitted_stages_ == whole.fitted_stages_ == STAGES
    later = planted_edge(1_900, seed=2, auc=0.7)
    one, other = whole.predict(later), steps.predict(later)
    for name in ("stop", "target"):
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
    models = whole.trade_models_
    assert models.position and models.stops and models.risk
    assert (models.trades, models.sized_trades) == (
        steps.trade_models_.trades,
        steps.trade_models_.sized_trades,
    )


@pytest.mark.parametrize(
    ("done", "stage", "missing"),
    [
        ((), "position", "signal make"),
        (("signal",), "stops", "position make"),
        (("signal", "position"), "risk", "stops make"),
        ((), "risk", "signal and position and stops make"),
    ],
)
def test_out_of_order_says_what_to_run(done, stage, missing):
    bars, model = planted_edge(900), new_model()
    for each in done:
        model.fit_stage(each, bars)
    first = missing.split()[0]
    with pytest.raises(
        TrainingOrderError, match=f"{missing}.*run fit_stage.'{first}', bars. first"
    ):
        model.fit_stage(stage, bars)


def test_other_bars_are_out_of_order():
    model = new_model().fit_stage("signal", planted_edge(900))
    with pytest.raises(TrainingOrderError, match="not fitted on these bars"):
        model.fit_stage("position", planted_edge(1_000))


def test_a_stage_nobody_knows_and_a_label_of_one_side():
    with pytest.raises(OptionError, match="unknown stage 'stop': did you mean 'stops'"):
        new_model().fit_stage("stop", planted_edge(900))
    with pytest.raises(OptionError, match="has one side"):
        ManagedModel(["wick_balance"], "gain", Ensemble(["lgb"])).fit(planted_edge(900))
