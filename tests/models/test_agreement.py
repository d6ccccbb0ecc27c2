"""Agreement: soft voting by probability, majority voting by the signal, on bars worked by hand."""

import numpy as np
import pytest

from bt_fusion.errors import OptionError
from bt_fusion.models.agreement import AUTO, Agreement, check_threshold
from bt_fusion.models.payoff import BreakEven
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


def predicted(up, payoff=None):
    up = np.asarray(up, dtype=float)
    return Predictions(
        index=np.arange(len(up)).astype("datetime64[D]"),
        classes=(0, 1),
        two_sided=True,
        votes=np.stack([1 - up, up], axis=1)[:, None],
        members=("lgb",),
        weights=np.ones(1),
        voting="soft",
        vote_threshold=0.633,
        model=np.zeros(len(up), dtype=np.int64),
        trained_until=np.full(len(up), NOT_TRAINED),
        payoff=payoff,
    )


def test_auto_asks_for_the_break_even_probability_of_each_bar():
    # at 10 basis points: .55, .55, .60, unknown
    known = predicted(
        [0.56, 0.44, 0.56, 0.9], np.array([[0.01] * 2] * 2 + [[0.005] * 2, [NAN] * 2])
    )
    agreement = Agreement(AUTO, costs=0.001)
    long, short = agreement.of_bars(known)
    assert long.tolist() == [True, False, False, False]
    assert short.tolist() == [False, True, False, False]
    assert agreement.limits(known).tolist() == pytest.approx([0.55, 0.55, 0.60, NAN], nan_ok=True)
    assert Agreement(0.6).limits(known).tolist() == [0.6] * 4
    assert np.isnan(Agreement(AUTO, voting="majority").limits(known)).all()


def test_majority_voting_ignores_auto():
    signal, share = np.array([1, 0, -1]), np.array([0.4, 0.5, 2 / 3])
    agreement = Agreement(AUTO, voting="majority")
    assert not agreement.auto
    long, short = agreement.sides(NAN, NAN, signal, share)
    assert (long.tolist(), short.tolist()) == ([True, False, False], [False, False, True])


def test_auto_without_a_payoff_asks_for_a_number():
    with pytest.raises(OptionError, match="give ml_threshold a number"):
        Agreement(AUTO).of_bars(predicted([0.6]))
    with pytest.raises(OptionError, match="give ml_threshold a number"):
        Agreement(AUTO).sides(0.6, 0.4)


def test_the_parameters_of_a_strategy_say_auto():
    assert Agreement.of({"ml_threshold": "auto"}, costs=0.002) == Agreement(AUTO, costs=0.002)
    assert Agreement.of({"ml_threshold": "high"}).threshold == 0.60
    assert BreakEven(0.01, 0.01).rule == ">="
    for wrong in (-0.1, 1.1, "high", NAN):
        with pytest.raises(OptionError, match="must be a number from 0 to 1, or auto"):
            check_threshold(wrong)
