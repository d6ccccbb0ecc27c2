"""Labels against a plain loop over small bars, and their edges by hand."""

import numpy as np
import pandas as pd
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from bt_fusion import Direction, Gain, OptionError, ProfitBeforeStop, SignalModel, TripleBarrier
from bt_fusion.data.bars import BarArrays
from bt_fusion.labels import LABELS, make_label

UNKNOWN = (np.nan, -1)


def arrays_of(closes, above, below):
    close = np.asarray(closes, float)
    high, low = close + np.asarray(above, float), close - np.asarray(below, float)
    time = pd.date_range("2024-01-01", periods=len(close), unit="ns").to_numpy()
    return BarArrays(time, close, high, low, close, np.ones(len(close)))


@st.composite
def small_bars(draw):
    """Whole prices close together, so that ties and double touches are common."""
    count = draw(st.integers(1, 25))
    column = st.lists(st.integers(0, 4), min_size=count, max_size=count)
    return arrays_of(np.array(draw(column)) + 20, draw(column), draw(column))


def slow_direction(bars, t, horizon):
    if t + horizon >= len(bars):
        return UNKNOWN
    return float(bars.close[t + horizon] > bars.close[t]), t + horizon


def slow_gain(bars, t, horizon, threshold):
    for u in range(t + 1, min(t + horizon, len(bars) - 1) + 1):
        if bars.high[u] >= bars.close[t] * (1 + threshold):
            return 1.0, u
    return (0.0, t + horizon) if t + horizon < len(bars) else UNKNOWN


def slow_barrier(bars, t, horizon, target, stop, atr):
    if np.isnan(atr[t]):
        return UNKNOWN
    for u in range(t + 1, min(t + horizon, len(bars) - 1) + 1):
        above = bars.high[u] >= bars.close[t] + target * atr[t]
        below = bars.low[u] <= bars.close[t] - stop * atr[t]
        if above or below:
            return float(above) - float(below), u
    return (0.0, t + horizon) if t + horizon < len(bars) else UNKNOWN


def assert_labels(labels, expected):
    y, t1 = zip(*expected, strict=True)
    np.testing.assert_array_equal(labels.y, y)
    np.testing.assert_array_equal(labels.t1, t1)
    assert labels.t1.dtype == np.int64


@given(small_bars(), st.integers(1, 30))
def test_direction_is_the_plain_loop(bars, horizon):
    expected = [slow_direction(bars, t, horizon) for t in range(len(bars))]
    assert_labels(Direction(horizon)(bars), expected)


@given(small_bars(), st.integers(1, 30), st.sampled_from([0.05, 0.1, 0.2]))
def test_gain_is_the_plain_loop(bars, horizon, threshold):
    expected = [slow_gain(bars, t, horizon, threshold) for t in range(len(bars))]
    assert_labels(Gain(horizon, threshold)(bars), expected)


@given(
    small_bars(),
    st.integers(1, 30),
    st.sampled_from([0.5, 1.0, 2.0]),
    st.sampled_from([0.5, 1.0, 2.0]),
    st.integers(1, 5),
)
def test_triple_barrier_is_the_plain_loop(bars, horizon, target, stop, period):
    atr = np.full(len(bars), np.nan)
    if len(bars) > period:
        atr = talib.ATR(bars.high, bars.low, bars.close, period)
    expected = [slow_barrier(bars, t, horizon, target, stop, atr) for t in range(len(bars))]
    assert_labels(TripleBarrier(target, stop, horizon, period)(bars), expected)


EVERY = [
    Direction(horizon=3),
    Gain(horizon=3, threshold=0.1),
    TripleBarrier(horizon=3, atr_period=2),
]


@given(small_bars(), st.integers(0, 24), st.sampled_from(EVERY))
def test_a_label_once_known_never_changes(bars, cut, label):
    whole, part = label(bars), label(bars[: cut + 1])
    known = (whole.t1 >= 0) & (whole.t1 <= cut)
    np.testing.assert_array_equal(np.flatnonzero(known), np.flatnonzero(part.t1 >= 0))
    np.testing.assert_array_equal(whole.y[known], part.y[: len(known)][known[: len(part.y)]])


@given(small_bars(), st.sampled_from(EVERY))
def test_values_and_t1_are_known_together(bars, label):
    labels = label(bars)
    known = np.isfinite(labels.y)
    rows = np.arange(len(bars))
    assert ((labels.t1 >= 0) == known).all()
    assert ((labels.t1 > rows) & (labels.t1 <= rows + label.horizon))[known].all()
    assert set(labels.y[known]) <= set(label.classes)


FLAT = ([100.0] * 4, [1.0] * 4, [1.0] * 4)  # true range 2 in every bar


@pytest.mark.parametrize(
    ("highs", "lows", "expected"),
    [
        ([101, 101, 104, 101], [99, 99, 99, 99], (1.0, 2)),
        ([101, 101, 101, 104], [99, 96, 99, 99], (-1.0, 1)),
        ([101, 101, 104, 101], [99, 99, 96, 99], (0.0, 2)),  # one bar touches both
        ([101, 103, 101, 101], [99, 97, 99, 99], (0.0, 1)),  # both, exactly on the barrier
        ([101, 102.9, 101, 102.9], [99, 97.1, 99, 97.1], (0.0, 3)),  # neither
    ],
)
def test_barriers_at_three_points_by_hand(highs, lows, expected):
    # before: two bars of true range 2, so that ATR(2) is 2 and 1.5 of it is 3
    high, low = np.array([101.0, 101, *highs]), np.array([99.0, 99, *lows])
    bars = arrays_of([100.0] * 6, high - 100, 100 - low)
    labels = TripleBarrier(1.5, 1.5, horizon=3, atr_period=2)(bars)
    assert (labels.y[2], labels.t1[2] - 2) == expected
    assert np.isnan(labels.y[:2]).all()  # no ATR yet


def test_equal_closes_are_not_up():
    labels = Direction(1)(arrays_of([5, 5, 6, 6, 5], *[[0] * 5] * 2))
    assert_labels(labels, [(0, 1), (1, 2), (0, 3), (0, 4), UNKNOWN])


def test_a_gain_is_reached_exactly_and_within_the_horizon():
    bars = arrays_of([100, 100, 100, 100], [0, 0, 50, 0], [0] * 4)
    assert_labels(Gain(2, 0.5)(bars), [(1, 2), (1, 2), UNKNOWN, UNKNOWN])
    assert_labels(Gain(1, 0.5)(bars), [(0, 1), (1, 2), (0, 3), UNKNOWN])


@pytest.mark.parametrize("label", EVERY)
def test_one_bar_has_no_label(label):
    assert_labels(label(arrays_of([5], [1], [1])), [UNKNOWN])


def test_labels_take_a_data_frame(daily):
    labels = Direction()(daily)
    assert len(labels.y) == len(daily)
    assert np.isnan(labels.y[-5:]).all() and np.isfinite(labels.y[:-5]).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Direction(0), "horizon 0 must be a whole number of bars, 1 or more"),
        (lambda: Direction(2.5), "horizon 2.5 must"),
        (lambda: Direction(5.0), "horizon 5.0 must"),
        (lambda: Gain(float("nan")), "horizon nan must"),
        (lambda: Gain("5"), "horizon '5' must"),
        (lambda: Gain(5, 0.0), r"threshold 0.0 must be above 0 \(0.005 is 0.5 %\)"),
        (lambda: TripleBarrier(target=0), "target 0 and stop 1.5 must be above 0"),
        (lambda: TripleBarrier(stop=float("nan")), "stop nan must be above 0"),
        (lambda: TripleBarrier(atr_period=0), "atr_period 0 must be a whole number"),
        (lambda: make_label("tripple_barrier"), "did you mean 'triple_barrier'"),
        (lambda: make_label("gain", treshold=1), "parameter of label gain 'treshold': did you"),
        (
            lambda: make_label("gain", classes=1),
            "parameter of label gain 'classes': Known: horizon, threshold",
        ),
        (
            lambda: make_label("gain(horizon=3)", horizon=5),
            r"horizon of label gain is given twice, in 'gain\(horizon=3\)' and as 5",
        ),
        (lambda: make_label("gian(horizon=3)"), "unknown label 'gian': did you mean 'gain'"),
        (lambda: make_label("gain(treshold=1)"), "'treshold': did you mean 'threshold'"),
        (lambda: make_label("gain(threshold='x')"), "threshold of label gain is 'x', not a number"),
        (lambda: make_label("gain(threshold=True)"), "threshold of label gain is True, not a"),
        (lambda: make_label("gain(threshold=1e999)"), "threshold of label gain is inf, not a"),
        (lambda: make_label("direction", horizon=10**400), "horizon of label direction is 1000"),
        (lambda: Direction(10**12), "horizon is beyond 2,147,483,648 bars; give a smaller"),
        (lambda: make_label("gain", threshold=None), "threshold of label gain is None, not a"),
        (lambda: make_label("direction(horizon=2.5)"), "horizon 2.5 must be a whole number"),
    ],
)
def test_wrong_options_are_named(make, message):
    with pytest.raises(OptionError, match=message):
        make()


@pytest.mark.parametrize("name", list(LABELS))
def test_labels_by_name(name):
    assert make_label(name) == LABELS[name]()
    assert make_label(name, horizon=7).horizon == 7


def test_every_parameter_of_every_label_is_read_from_text():
    texts = {
        "direction(horizon=3)": Direction(3),
        "gain(horizon=7, threshold=0.02)": Gain(7, 0.02),
        "profit_before_stop(target=0.03, stop=0.02, horizon=9)": ProfitBeforeStop(0.03, 0.02, 9),
        "triple_barrier(target=2, stop=1.5, horizon=8, atr_period=20)": TripleBarrier(
            2, 1.5, 8, 20
        ),
    }
    assert {text: make_label(text) for text in texts} == texts
    named = {text.partition("(")[0] for text in texts}
    assert named == set(LABELS)


def test_text_and_parameters_go_together():
    assert make_label("gain(threshold=0.02)", horizon=3) == Gain(3, 0.02)
    assert make_label("gain()") == Gain()


def test_a_model_takes_the_text():
    assert SignalModel(labels="gain(horizon=3)").label() == Gain(horizon=3)


def test_the_last_bar_can_be_the_one_that_touches():
    bars = arrays_of([100, 100], [0, 50], [0, 0])
    assert_labels(Gain(5, 0.5)(bars), [(1, 1), UNKNOWN])
