"""What a summary says of its data, one symbol or several."""

import pytest

from bt_fusion import Direction, Ensemble, SignalModel, WalkForward
from bt_fusion.backtest.out_of_sample import predict_each
from bt_fusion.backtest.summary import data_and_window, data_entry
from bt_fusion.data.samples import planted_edge

WALK = WalkForward(SignalModel(["gap"], Direction(5), Ensemble(("lr",))), 200, 200, cache=None)
FEEDS = {"A": planted_edge(400, seed=1), "B": planted_edge(500, seed=2)[150:]}


@pytest.fixture(scope="module")
def out_of_sample():
    return predict_each(WALK, FEEDS)


def test_one_symbol_is_described_as_it_is(out_of_sample):
    found = data_and_window({"A": out_of_sample["A"]})
    index = FEEDS["A"].index
    assert found == {
        "data": data_entry(FEEDS["A"], "A"),
        "window": {"start": index[200], "end": index[399], "bars": 200},
        "in_sample": 0,
    }


def test_several_are_described_as_a_whole(out_of_sample):
    found = data_and_window(out_of_sample)
    data = found["data"]
    assert (data["name"], data["bars"]) == ("A, B", 750)
    assert (data["start"], data["end"]) == (FEEDS["A"].index[0], FEEDS["B"].index[-1])
    window = {"start": FEEDS["A"].index[200], "end": FEEDS["B"].index[-1], "bars": 350}
    assert found["window"] == window and found["in_sample"] == 0


def test_the_digest_of_several_depends_on_names_bars_and_order(out_of_sample):
    a, b = out_of_sample["A"], out_of_sample["B"]
    given = ({"A": a, "B": b}, {"B": b, "A": a}, {"A": b, "B": a}, {"A": a, "C": b})
    assert len({data_and_window(parts)["data"]["sha256"] for parts in given}) == 4
    assert data_and_window({"A": a, "B": b}) == data_and_window(out_of_sample)


def test_one_changed_price_changes_the_digest():
    bars = FEEDS["A"].copy()
    bars.iloc[7, 3] += 1e-9
    assert data_entry(bars, "A")["sha256"] != data_entry(FEEDS["A"], "A")["sha256"]
