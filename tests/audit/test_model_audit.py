"""A model that knows the bars it is to predict is named with all its parts."""

from dataclasses import replace

import numpy as np
import pytest

from bt_fusion import Ensemble, SignalModel
from bt_fusion.audit import audit_model
from bt_fusion.data.samples import planted_edge

BARS = planted_edge(1_200, seed=1, auc=0.8)


@pytest.fixture(scope="module")
def model():
    ensemble = Ensemble(["lr", "lgb"], calibration="sigmoid")
    return SignalModel(["wick_balance", "return_1"], ensemble=ensemble).fit(BARS[:700])


def test_bars_after_the_training_pass(model):
    found = audit_model(model, BARS[700:])
    assert found.passed and found.unverified == () and found.bars == 500
    assert found.parts[-3:] == ("feature return_1", "label Direction", "predictions")


@pytest.mark.slow
def test_every_fitted_part_is_named_with_the_bars_it_knows(model, tmp_path):
    found = audit_model(model.save(tmp_path / "saved", trials=20), BARS[650:])
    assert {each.kind for each in found.findings} == {"in-sample"}
    names = [each.where.split(" (")[0] for each in found.findings]
    calibrations = ["calibration of lr", "calibration of lgb"]
    assert names == ["member lr", "member lgb", *calibrations, "payoff"]
    assert "50 of the 550 bars" in found.findings[0].detail
    assert found.findings[0].first == str(BARS.index[650])
    assert found.unverified[0].startswith("tuning: ") and "its 20 trials" in found.unverified[0]


class Peeks(SignalModel):
    """Predicts by the last bar it is given."""

    def predict_arrays(self, arrays, *, allow_in_sample=False):
        found = super().predict_arrays(arrays, allow_in_sample=allow_in_sample)
        sign = 0.1 * np.sign(arrays.close[-1] - arrays.close)
        votes = np.clip(found.votes + np.stack([-sign, sign], axis=1)[:, None], 0, 1)
        return replace(found, votes=votes)


def test_predictions_that_know_what_comes_are_found():
    ensemble = Ensemble(["lr"])
    fitted = Peeks(["wick_balance", "return_1"], ensemble=ensemble).fit(BARS[:700])
    found = audit_model(fitted, BARS[700:])
    assert [each.kind for each in found.findings] == ["look-ahead", "mode"]
    assert {each.where for each in found.findings} == {"predictions"}
    assert "removed" in found.findings[0].detail


def test_too_few_bars_are_not_verified(model):
    found = audit_model(model, BARS[700:701])
    assert not found.passed
    assert "predictions: the model makes none for these bars" in found.unverified
