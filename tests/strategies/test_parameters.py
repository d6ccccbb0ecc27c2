"""Parameters of strategies that are no numbers, or none that can be."""

import pytest

from bt_fusion.data.samples import random_walk
from bt_fusion.engine.runner import run_strategy
from bt_fusion.errors import OptionError
from bt_fusion.strategies import FusionStrategy, HybridScoring, SignalDiscovery


@pytest.mark.parametrize(
    ("strategy", "params", "message"),
    [
        (FusionStrategy, {"ema_fast": 0}, "ema_fast 0 must be a whole number of at least 1"),
        (FusionStrategy, {"ema_slow": 26.5}, r"ema_slow 26\.5 must be a whole number"),
        (FusionStrategy, {"ml_threshold": "high"}, "ml_threshold 'high' must be .* from 0 to 1"),
        (SignalDiscovery, {"probability_threshold": 60}, "probability_threshold 60 must be"),
        (HybridScoring, {"ml_low_threshold": None}, "ml_low_threshold None must be a number"),
    ],
)
def test_parameters_that_are_no_such_numbers_are_refused(strategy, params, message):
    with pytest.raises(OptionError, match=message):
        run_strategy(random_walk(60), strategy, ml=False, **params)
