"""Every edge of the thresholds, as SEMANTICS words them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bt_fusion import Confidence, Predictions, Signal
from bt_fusion.models.predictions import NO_MODEL

SOFT = {"voting": "soft", "vote_threshold": 0.633}


def predictions(votes, *, weights=None, classes=(0, 1), two_sided=True, **voting):
    votes = np.asarray(votes, dtype=float)
    bars, members, _ = votes.shape
    weights = np.ones(members) if weights is None else np.asarray(weights, float)
    return Predictions(
        index=pd.date_range("2024-01-01", periods=bars),
        classes=classes,
        two_sided=two_sided,
        votes=votes,
        members=tuple(f"m{i}" for i in range(members)),
        weights=weights / weights.sum(),
        model=np.arange(bars),
        trained_until=np.full(bars, np.datetime64("2023-12-31", "ns")),
        **{**SOFT, **voting},
    )


def agreeing(*ups, members=1, **options):
    """Members that all say the same P(up) in each bar."""
    return predictions([[[1 - up, up]] * members for up in ups], **options)


def counted(*choices, members, classes=(0, 1), **options):
    """Majority votes: for each bar the column each member is sure of."""
    eye = np.eye(len(classes))
    votes = [[eye[column] for column in bar] for bar in choices]
    assert all(len(bar) == members for bar in votes)
    return predictions(votes, classes=classes, **{"voting": "majority", **options})


@pytest.mark.parametrize("members", [1, 2, 3, 5, 7])
def test_soft_signals_and_levels_begin_exactly_at_their_thresholds(members):
    ups = (0.50, 0.5499, 0.55, 0.5999, 0.60, 0.6999, 0.70, 1.0)
    levels = ["LOW", "LOW", "MEDIUM", "MEDIUM", "HIGH", "HIGH", "VERY_HIGH", "VERY_HIGH"]
    rising = agreeing(*ups, members=members)
    assert rising.signal().tolist() == [0, 0, 0, 0, 1, 1, 2, 2]
    assert rising.levels().tolist() == levels
    falling = agreeing(*(1 - up for up in ups), members=members)
    assert falling.signal().tolist() == [0, 0, 0, 0, -1, -1, -2, -2]
    assert falling.levels().tolist() == levels


@given(st.lists(st.integers(0, 100), min_size=1, max_size=5), st.sampled_from([60, 70]))
def test_what_is_the_threshold_on_paper_reaches_it(percents, threshold):
    last = threshold * (len(percents) + 1) - sum(percents)
    if not 0 <= last <= 100:
        return
    ups = np.array([*percents, last]) / 100
    bar = predictions([np.column_stack([1 - ups, ups])])
    assert bar.probability_up[0] == threshold / 100
    assert bar.signal().tolist() == [{60: 1, 70: 2}[threshold]]
    mirrored = predictions([np.column_stack([ups, 1 - ups])])
    assert mirrored.signal().tolist() == [{60: -1, 70: -2}[threshold]]


def test_three_members_at_sixty_percent_buy():
    bar = predictions([[[0.39, 0.61], [0.39, 0.61], [0.42, 0.58]]])
    assert bar.signal().tolist() == [Signal.BUY]
    assert bar.levels().tolist() == [Confidence.HIGH]


def test_weights_count():
    votes = [[[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]]
    bar = predictions(votes, weights=[3, 1, 1])
    assert bar.probability_up.tolist() == [0.6] and bar.signal().tolist() == [1]
    assert bar.probability_down.tolist() == [0.4]
    assert predictions(votes, weights=[3, 1, 1], voting="majority").signal().tolist() == [-1]


def test_thresholds_can_be_moved():
    bars = agreeing(0.5, 0.55, 0.65, 0.75)
    assert bars.signal(entry=0.55, strong=0.65).tolist() == [0, 1, 2, 2]
    assert bars.signal(entry=0.8, strong=0.9).tolist() == [0, 0, 0, 0]
    assert agreeing(0.5).signal(entry=0.4, strong=0.4).tolist() == [0]  # neither side ahead


def test_three_classes_take_the_sides_and_leave_the_middle():
    bars = predictions(
        [[[0.1, 0.3, 0.6]], [[0.7, 0.2, 0.1]], [[0.2, 0.7, 0.1]], [[0.2, 0.2, 0.6]]],
        classes=(-1, 0, 1),
    )
    assert bars.signal().tolist() == [1, -2, 0, 1]
    assert bars.probability_up.tolist() == [0.6, 0.1, 0.1, 0.6]
    assert bars.probability_down.tolist() == [0.1, 0.7, 0.2, 0.2]
    assert bars.confidence.tolist() == [0.6, 0.7, 0.7, 0.6]


@pytest.mark.parametrize("voting", ["soft", "majority"])
def test_one_sided_labels_never_sell(voting):
    bars = agreeing(0.0, 0.1, 0.6, 1.0, members=3, two_sided=False, voting=voting)
    assert bars.signal().min() == 0
    assert bars.signal()[3] == 2
    assert np.isnan(bars.probability_down).all()


def test_majority_of_three():
    bars = counted((1, 1, 0), (0, 0, 1), (1, 1, 1), (0, 0, 0), members=3)
    assert bars.signal().tolist() == [1, -1, 2, -2]
    assert bars.confidence.tolist() == pytest.approx([2 / 3, 2 / 3, 1, 1])
    assert bars.levels().tolist() == ["HIGH", "HIGH", "VERY_HIGH", "VERY_HIGH"]
    assert bars.probability_up.tolist() == pytest.approx([2 / 3, 1 / 3, 1, 0])


def test_majority_below_the_share_it_needs_and_ties_hold():
    bars = counted((1, 1, 1, 0, 0), (1, 1, 1, 1, 0), members=5)
    assert bars.signal().tolist() == [0, 1]  # 0.6 < 0.633 <= 0.8
    assert bars.levels().tolist() == ["LOW", "HIGH"]
    exact = counted((1, 1, 1, 0, 0), members=5, vote_threshold=0.6)
    assert exact.signal().tolist() == [1]
    tie = counted((1, 1, 0, 0), (1, 0, 1, 1), members=4, vote_threshold=0.5)
    assert tie.signal().tolist() == [0, 1]
    strict = counted((1, 1, 0), (1, 1, 1), members=3, vote_threshold=1.0)
    assert strict.signal().tolist() == [0, 2]


def test_majority_of_three_classes():
    classes = (-1, 0, 1)
    bars = counted((2, 2, 0), (0, 0, 1), (1, 1, 2), (1, 1, 1), (0, 1, 2), (0, 0, 0), members=3,
                   classes=classes)  # fmt: skip
    assert bars.signal().tolist() == [1, -1, 0, 0, 0, -2]
    assert counted((0, 1, 2), members=3, classes=classes, vote_threshold=0.3).signal() == [0]


@pytest.mark.parametrize("voting", ["soft", "majority"])
def test_unknown_bars_stay_unknown(voting):
    bars = agreeing(np.nan, 0.9, members=3, voting=voting)
    assert bars.known.tolist() == [False, True]
    for values in (bars.signal(), bars.confidence, bars.probability_up, bars.probability_down):
        assert np.isnan(values).tolist() == [True, False]
    assert bars.levels().tolist() == [None, "VERY_HIGH"]
    assert np.isnan(bars.ballots[0]).all()


def test_bars_are_looked_up_by_stamp():
    bars = agreeing(0.6, 0.7, 0.8)
    index = bars.index[[2, 0]].union([pd.Timestamp("2025-01-01")], sort=False)
    found = bars.at(index.to_numpy())
    assert found.index.equals(index)
    assert found.known.tolist() == [True, True, False]
    assert found.probability_up[:2].tolist() == [0.8, 0.6]
    assert found.model.tolist() == [2, 0, NO_MODEL]
    assert np.isnat(found.trained_until).tolist() == [False, False, True]
    assert bars.known.all()  # the original keeps its values


def test_slices_keep_what_is_not_per_bar():
    bars = agreeing(0.6, 0.7, 0.8, members=2, weights=[1, 3])
    for rows in (slice(1, None), np.array([False, True, True])):
        part = bars[rows]
        assert len(part) == 2
        assert part.index.equals(bars.index[1:])
        assert part.signal().tolist() == [2, 2]
        assert part.weights.tolist() == [0.25, 0.75] and part.members == ("m0", "m1")


def test_the_table_of_predictions():
    table = agreeing(0.6, np.nan, members=2).to_frame()
    assert list(table.columns) == [
        "datetime", "probability_up", "probability_down", "signal", "confidence", "model",
        "trained_until",
    ]  # fmt: skip
    assert table.loc[0, ["probability_up", "probability_down", "signal"]].tolist() == [0.6, 0.4, 1]
    assert table.loc[1, ["probability_up", "signal", "confidence"]].isna().all()


def test_signals_are_numbers_with_names():
    assert [Signal(value).name for value in (-2, -1, 0, 1, 2)] == [
        "STRONG_SELL", "SELL", "NEUTRAL", "BUY", "STRONG_BUY",
    ]  # fmt: skip
    assert Signal.HOLD is Signal.NEUTRAL


def test_predictions_are_no_sequence_to_optstrategy():
    with pytest.raises(TypeError):
        iter(agreeing(0.6))


def test_the_table_says_each_bar_in_words():
    votes = [[[0.2, 0.1, 0.7]], [[0.5, 0.3, 0.2]], [[0.1, 0.65, 0.25]], [[np.nan] * 3]]
    found = predictions(votes, classes=(-1, 0, 1))
    found.trained_until[1], found.trained_until[3] = found.index[1], np.datetime64("NaT")
    table = found.table()
    columns = ["prob_short", "prob_no_trade", "prob_long"]
    assert list(table) == [
        "datetime", *columns, "class", "signal", "confidence", "level", "trained_until", "in_sample"
    ]  # fmt: skip
    assert table[columns][:3].to_numpy().tolist() == [bar[0] for bar in votes[:3]]
    assert table["class"].tolist() == ["Long", "Short", "No trade", None]
    assert table.signal.tolist() == ["STRONG_BUY", "NEUTRAL", "NEUTRAL", None]
    assert table.confidence[:3].tolist() == [0.7, 0.5, 0.65]
    assert table.level.tolist() == ["VERY_HIGH", "LOW", "HIGH", None]
    assert table.in_sample.tolist() == [False, True, False, False]
    assert table.datetime.equals(pd.Series(found.index)) and table.trained_until.isna()[3]
    assert found.table(entry=0.5, strong=0.8).signal.tolist() == ["BUY", "SELL", "NEUTRAL", None]


def test_the_table_of_a_majority_has_the_voters_signal():
    found = counted([1, 1, 0], [1, 1, 1], [0, 0, 0], members=3, two_sided=False)
    table = found.table()
    assert list(table)[1:3] == ["prob_no", "prob_yes"]
    assert table["class"].tolist() == ["Yes", "Yes", "No"]
    assert table.signal.tolist() == ["BUY", "STRONG_BUY", "NEUTRAL"]
    assert table.level.tolist() == ["HIGH", "VERY_HIGH", "VERY_HIGH"]
