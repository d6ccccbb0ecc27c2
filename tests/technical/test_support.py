"""Swing lows and the support they give: by hand, and never before they are confirmed."""

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.technical.support import nearest_support, swing_lows


def bars_of(low, close=None) -> BarArrays:
    low = np.asarray(low, dtype=float)
    close = low if close is None else np.asarray(close, dtype=float)
    time = np.arange(len(low)).astype("datetime64[h]").astype("datetime64[ns]")
    return BarArrays(time, close, close, low, close, np.ones(len(low)))


def test_swing_lows_by_hand():
    low = [5, 4, 3, 4, 5, 4, 2, 4, 5, 6]
    assert swing_lows(np.array(low, float), strength=2).tolist() == [2, 6]
    assert swing_lows(np.full(20, 7.0), strength=2).tolist() == []  # still prices swing nowhere
    assert swing_lows(np.array([3.0, 2.0]), strength=2).tolist() == []


def test_a_low_repeated_counts_once():
    assert swing_lows(np.array([5, 4, 3, 3, 4, 5, 6.0]), strength=2).tolist() == [2]


def test_support_is_known_only_after_its_right_side():
    low = [5, 4, 3, 4, 5, 4, 2, 4, 5, 6]
    support = nearest_support(bars_of(low), strength=2)
    nan = np.nan
    # the low of bar 2 is known from bar 4 on, that of bar 6 from bar 8 on; 3 is nearer to 5 and 6
    np.testing.assert_array_equal(support, [nan, nan, nan, nan, 3, 3, 3, 3, 3, 3])
    near = nearest_support(bars_of(low, close=[5, 4, 3, 4, 5, 4, 2, 4, 2.2, 2.4]), strength=2)
    assert near[8:].tolist() == [2, 2]


def test_old_and_surplus_swing_lows_are_forgotten():
    low = [5, 4, 3, 4, 5, 6, 7, 8, 9, 10]
    support = nearest_support(bars_of(low), strength=2, window=4)
    assert support[4:7].tolist() == [3, 3, 3]  # bars 4, 5 and 6 are up to 4 bars away
    assert np.isnan(support[7:]).all()
    low = [5, 4, 3, 4, 5, 4, 2, 4, 5, 6]
    assert nearest_support(bars_of(low), strength=2, swings=1)[9] == 2


def test_no_later_bar_changes_it():
    rng = np.random.default_rng(0)
    low = 100 + np.cumsum(rng.normal(size=400))
    whole = nearest_support(bars_of(low))
    assert np.isfinite(whole).sum() > 300
    for t in (50, 123, 399):
        np.testing.assert_array_equal(nearest_support(bars_of(low[: t + 1])), whole[: t + 1])
