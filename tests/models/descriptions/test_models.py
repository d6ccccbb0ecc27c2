"""What models and walk-forwards print of themselves: a few lines, whatever state they are in."""

import pytest

from bt_fusion import Ensemble, Gain, SignalModel, WalkForward
from bt_fusion.data.samples import planted_edge

BARS = planted_edge(800, seed=1, auc=0.8)


def model(**options):
    return SignalModel(["wick_balance", "gap"], Gain(3), Ensemble(["lgb"]), **options)


def test_an_unfitted_model():
    lines = repr(model(timeframes=("1h", "4h"), others={"ETH": BARS})).splitlines()
    assert lines[0] == "SignalModel, not fitted"
    assert lines[1].split(maxsplit=1) == ["label", "Gain(horizon=3, threshold=0.005)"]
    assert lines[2].split(maxsplit=1)[1].startswith("8: wick_balance, gap, ")
    assert lines[3].split(maxsplit=1)[1] == "lgb; soft voting"
    assert "1h, 4h" in lines[4] and "ETH (800 bars)" in lines[5]
    assert "call fit(bars)" in lines[6] and len(lines) == 7


def test_a_fitted_model_tells_its_rows_and_their_span():
    fitted = model().fit(BARS)
    last = repr(fitted).splitlines()[-1]
    assert "796 rows of 1m bars, 2024-01-01 00:01" in last
    assert last.endswith(" to 2024-01-01 13:17")


@pytest.mark.parametrize("wrong", [SignalModel("deafult"), SignalModel(labels="directoin")])
def test_a_model_of_unknown_names_still_prints(wrong):
    assert "unknown" in repr(wrong) and "unknown" in repr(WalkForward(wrong))


def test_a_walk_forward_tells_what_its_last_run_did():
    walk = WalkForward(model(), 400, 200, embargo_bars=2, cache=None)
    assert "last run" not in repr(walk)
    walk.predict(BARS)
    shown = repr(walk)
    assert "400 bars, rolling" in shown and "every 200 bars" in shown and "2 bars" in shown
    assert "2 refits (0 from the cache)" in shown
    assert "40 % of the bars" in repr(WalkForward()) and "<table>" in walk._repr_html_()
