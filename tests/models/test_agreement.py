"""Agreement: soft voting by probability, majority voting by the signal, on bars worked by hand."""

import numpy as np

from bt_fusion.models.agreement import Agreement
from bt_fusion.models.predictions import NOT_TRAINED, Predictions

NAN = np.nan


def test_soft_voting_goes_by_the_probability_of_the_side():
    up, down = np.array([0.59, 0.60, 0.40, NAN]), np.array([0.41, 0.40, 0.60, NAN])
    long, short = Agreement(0.60).sides(up, down)
    assert long.tolist() == [False, True, False, False]
    assert short.tolist() == [False, False, True, False]


def test_above_the_threshold_and_above_the_other_side():
    up, down = np.array([0.40, 0.41, 0.45, 0.45]), np.array([0.10, 0.10, 0.46, NAN])
    long, short = Agreement(0.40, above=True).sides(up, down)
    assert long.tolist() == [False, True, False, True]  # a label of one side has no other one
    assert short.tolist() == [False, False, True, False]


def test_majority_voting_goes_by_the_signal_whatever_the_probability():
    signal, share = np.array([2, 1, 0, -1, NAN]), np.array([1, 2 / 3, 0.5, 2 / 3, NAN])
    half = np.full(5, 0.5)
    long, short = Agreement(0.60, voting="majority").sides(half, half, signal, share)
    assert long.tolist() == [True, True, False, False, False]
    assert short.tolist() == [False, False, False, True, False]
    long, _ = Agreement(0.90, voting="majority").sides(half, half, signal, share)
    assert long.tolist() == [True, False, False, False, False]  # unanimous alone


def test_the_side_of_each_bar():
    votes = np.array([[[0.3, 0.7]], [[0.3, 0.7]], [[0.8, 0.2]], [[NAN, NAN]]])
    known = Predictions(
        index=np.arange(4).astype("datetime64[D]"),
        classes=(0, 1),
        two_sided=True,
        votes=votes,
        members=("lgb",),
        weights=np.ones(1),
        voting="soft",
        vote_threshold=0.633,
        model=np.array([0, 0, 0, -1]),
        trained_until=np.full(4, NOT_TRAINED),
    )
    side = np.array([1, -1, -1, 1])
    assert Agreement(0.60).with_sides(known, side).tolist() == [True, False, True, False]
    assert known.class_names == ("Down", "Up")
