"""Models saved when `rf` was scikit-learn's forest (schema 3, commit 0db68cc) still open."""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from bt_fusion import SignalModel
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.members.best_member import BestMember
from tests.test_schema_1 import loaded_here

SAVED = Path(__file__).parent / "saved" / "models_sklearn_forest.tar.gz"
BARS = planted_edge(600, seed=1, auc=0.8)
# Printed by that commit: the last probabilities of members rf and lr, and of rf as the best of one
EXPECTED = {
    "named": [0.413648571202, 0.420593909297, 0.403744479123],
    "chosen": [0.495945945946, 0.495945945946, 0.495945945946],
}


@pytest.fixture
def folder(tmp_path):
    with tarfile.open(SAVED) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "models"


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", EXPECTED)
def test_it_predicts_as_it_did_and_is_saved_again(name, folder):
    loaded = loaded_here(folder / name)
    votes = loaded.predict(BARS).votes
    found = loaded.predict(BARS).probability_up
    assert np.isfinite(found).sum() == 100
    np.testing.assert_allclose(found[-3:], EXPECTED[name], atol=1e-5)
    again = loaded_here(loaded.save(folder / "again"))
    np.testing.assert_array_equal(again.predict(BARS).votes, votes)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_refit_is_of_what_it_was_made_of(name, folder):
    """`--recipe` refits scikit-learn's forest, not what `rf` has become."""
    loaded = loaded_here(folder / name)
    again = SignalModel(loaded.features, loaded.labels, loaded.ensemble).fit(BARS[:500])
    np.testing.assert_allclose(again.predict(BARS).probability_up[-3:], EXPECTED[name], atol=1e-5)
    forest = again.ensemble_.members_[{"named": "rf", "chosen": "best"}[name]]
    forest = forest.estimator_ if isinstance(forest, BestMember) else forest
    assert type(forest).__name__ == "RandomForestClassifier"
