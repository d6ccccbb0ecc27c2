"""A managed model comes back from a URL as what it is."""

import pytest

from bt_fusion import (
    ManagedModel,
    ModelCompatibilityError,
    SignalModel,
    load_model,
    pull_model,
    push_model,
)
from tests.hub.conftest import held
from tests.trade_models.test_managed_bundle import BARS, assert_same_plan, new_model


@pytest.mark.slow
def test_a_managed_model_by_its_url(folder_place, models, tmp_path):
    model = new_model().fit(BARS[:1_200])
    saved = model.save(tmp_path / "managed")
    url = push_model(saved, folder_place.url).url
    pull_model(url, tmp_path / "got")
    assert held(tmp_path / "got") == held(saved)
    for load in (load_model, SignalModel.load, ManagedModel.load):
        loaded = load(url)
        assert type(loaded) is ManagedModel
        assert_same_plan(model.predict(BARS), loaded.predict(BARS))
    push_model(models[0], folder_place.url)
    with pytest.raises(ModelCompatibilityError, match="holds a signal model"):
        ManagedModel.load(folder_place.url)
