import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bt_fusion.ensemble.sample_weights import average_uniqueness, sample_weights, time_decay
from bt_fusion.errors import OptionError


def test_uniqueness_of_hand_worked_rows():
    # spans 2..4, 3..5, 7..8: bars 2, 5, 7, 8 have one label, bars 3 and 4 two
    found = average_uniqueness(np.array([2, 3, 7]), np.array([4, 5, 8]))
    assert found == pytest.approx([(1 + 0.5 + 0.5) / 3, (0.5 + 0.5 + 1) / 3, 1.0], abs=1e-15)


def test_a_row_repeated_is_half_as_unique():
    assert average_uniqueness(np.array([0, 0]), np.array([3, 3])) == pytest.approx([0.5, 0.5])


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12)), min_size=1, max_size=40)


@given(spans)
def test_uniqueness_is_the_mean_share_bar_by_bar(spans):
    rows = np.array(sorted(start for start, _ in spans))
    t1 = rows + np.array([length for _, length in spans])
    shares = [sum((rows <= bar) & (bar <= t1)) for bar in range(80)]
    expected = [
        np.mean([1 / shares[bar] for bar in range(a, b + 1)]) for a, b in zip(rows, t1, strict=True)
    ]
    assert average_uniqueness(rows, t1) == pytest.approx(expected, abs=1e-12)


def test_decay_runs_from_the_oldest_share_to_one():
    decay = time_decay(np.ones(4), oldest=0.2)
    assert decay == pytest.approx([0.4, 0.6, 0.8, 1.0])
    assert (time_decay(np.ones(4), oldest=1.0) == 1).all()


@pytest.mark.parametrize("name", ["uniqueness", "decay"])
def test_weights_have_mean_one(name):
    rows = np.array([0, 1, 2, 8])
    assert sample_weights(name, rows, rows + 3).mean() == pytest.approx(1)


def test_lonely_labels_weigh_more_and_new_ones_more_than_old():
    rows = np.array([0, 1, 2, 8])
    unique, decay = (sample_weights(name, rows, rows + 3) for name in ("uniqueness", "decay"))
    assert unique.argmax() == 3
    assert (np.diff(decay) > 0).all()


def test_an_unknown_name_is_refused():
    with pytest.raises(OptionError, match="did you mean 'decay'"):
        sample_weights("decays", np.arange(3), np.arange(3))
