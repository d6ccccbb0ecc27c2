"""Every built-in feature and label passes the check that a user's own must pass."""

import pytest

from bt_fusion.features import REGISTRY
from bt_fusion.labels import LABELS
from bt_fusion.models.causality import check_causality

EVERY = {entry.names[0]: entry for entry in REGISTRY.values() if entry.family != "user"}


@pytest.mark.parametrize("name", EVERY)
def test_a_feature_passes(name, daily):
    check_causality([name], daily.iloc[1_000:4_500])


@pytest.mark.parametrize("name", ["direction", "gain", "profit_before_stop", "triple_barrier"])
def test_a_label_passes(name, daily):
    check_causality(None, daily.iloc[1_000:4_500], LABELS[name]())
