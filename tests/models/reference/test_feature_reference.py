"""Deciles, PSI and windows of the training."""

import numpy as np
import pytest

from bt_fusion.models.reference import FeatureReference
from bt_fusion.models.reference.feature_reference import binned, drifting_columns, in_bins, psi

RNG = np.random.default_rng(0)


def learnt(rows=3_000, lookback=1):
    """Return the reference of two features of noise."""
    return FeatureReference.of(RNG.normal(size=(rows, 2)).astype(np.float32), ["a", "b"], lookback)


def test_bins_hold_what_is_above_their_edges():
    bins = binned(np.array([[0.0, 1.0, 2.0, 9.5]]), np.arange(1.0, 10.0)[None])
    assert bins.tolist() == [[0, 0, 1, 9]]
    assert in_bins(bins).tolist() == [[2, 1, 0, 0, 0, 0, 0, 0, 0, 1]]


def test_psi_is_nought_for_equal_shares_and_bins_empty_in_both_do_not_count():
    assert psi(np.array([10, 0, 10]), np.array([100, 0, 100])) == pytest.approx(0)
    assert np.isfinite(psi(np.array([20, 0]), np.array([100, 100])))


def test_windows_of_the_training_are_thirty_and_no_shorter_than_the_lookback():
    assert learnt().window == 100 and len(learnt().scores) == 30
    assert learnt(lookback=250).window == 250 and len(learnt(lookback=250).scores) == 12


def test_too_few_windows_judge_nothing():
    few = learnt(lookback=500)
    assert not few.has_scores and np.isnan(few.usual).all()


def test_a_shifted_window_scores_above_all_of_the_training():
    reference = learnt()
    shifted = RNG.normal(2, 1, size=(100, 2))
    assert reference.score(reference.psi(shifted)) > reference.scores.max()
    assert (reference.psi(shifted) > reference.usual).all()


@pytest.mark.parametrize("lookback", [1, 500])
def test_it_goes_through_a_dictionary(lookback):
    reference = learnt(lookback=lookback)
    again = FeatureReference.of_dict(reference.to_dict())
    assert again.to_dict() == reference.to_dict() and again.has_scores == reference.has_scores


def test_numbers_of_other_features_are_refused():
    given = learnt().to_dict()
    with pytest.raises(ValueError, match="edges"):
        FeatureReference.of_dict({**given, "edges": given["edges"][:1]})


def test_a_constant_feature_does_not_drift():
    X = np.zeros((1_000, 1), dtype=np.float32)
    reference = FeatureReference.of(X, ["flat"], 1)
    assert reference.psi(X[:50]) == [0]
    assert reference.score(reference.psi(X[:50])) == pytest.approx(0)


def test_the_calendar_is_left_out_on_longer_timeframes_too():
    assert drifting_columns(["hour_sin", "rsi_14", "session_asia", "mine"]) == [1, 3]
