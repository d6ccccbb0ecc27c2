"""What the charts are drawn from."""

from base64 import b64decode
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bt_fusion.report.html.columns.page_data import page_data
from bt_fusion.report.model_figures import thresholds
from bt_fusion.report.signal_view import SignalView
from bt_fusion.saved_runs.saved_run import SavedRun, read_trades
from bt_fusion.technical.regimes import regimes
from tests.report.test_browser import long_run


@pytest.fixture(scope="module")
def run(run_folder):
    return SavedRun.read(run_folder)


def decoded(column):
    return np.frombuffer(b64decode(column["data"]), dtype=column["dtype"])


def test_columns_survive_the_page(run):
    data = page_data(run)
    (symbol,) = data["symbols"]
    assert symbol["name"] == "edge" and symbol["down"] is None
    times = pd.to_datetime(decoded(symbol["time"]), unit="ms")
    assert (times == pd.DatetimeIndex(run.bars.datetime)).all()
    for name in ("open", "high", "low", "close"):
        np.testing.assert_allclose(decoded(symbol[name]), run.bars[name], rtol=1e-6)
    np.testing.assert_allclose(decoded(symbol["up"]), run.predictions.probability_up, rtol=1e-6)
    np.testing.assert_allclose(decoded(data["equity"]["on"]), run.equity.on, rtol=1e-6)


def test_signals_and_regimes_take_one_byte_a_bar(run):
    data = page_data(run)
    (symbol,) = data["symbols"]
    assert decoded(symbol["signal"]).dtype == decoded(symbol["regime"]).dtype == np.int8
    assert (decoded(symbol["signal"]) == run.bars.fused.fillna(0)).all()
    assert (decoded(symbol["regime"]) == regimes(run.bars.set_index("datetime"))).all()
    assert set(decoded(symbol["signal"])) == {-1, 0, 1}
    assert set(decoded(symbol["regime"])) == {0, 1, 2}


def test_the_chart_of_signals_is_told_where_it_opens(run):
    assert page_data(run)["signals"] == {
        "names": ("P(up)", "P(down)"),
        "levels": (0.6, 0.4),
        "symbol": 0,
        "bars": 500,
        "until": None,
    }
    found = page_data(run, SignalView(20, run.bars.datetime[9]))
    assert found["signals"]["bars"] == 20
    stamp = pd.to_datetime(found["signals"]["until"], unit="ms")
    assert stamp == run.bars.datetime[9]


@pytest.mark.parametrize(
    ("params", "expected"),
    [({"ml_threshold": 0.6}, [0.6, 0.4]), ({"ml_threshold": 0.55}, [0.55, 0.45])],
)
def test_thresholds(params, expected, run):
    config = run.summary["config"] | {"params": params}
    assert thresholds(replace(run, summary=run.summary | {"config": config})) == expected


def test_of_auto_the_median_of_all_bars_is_drawn(run):
    config = run.summary["config"] | {"params": {"ml_threshold": "auto"}}
    limits = np.where(np.arange(len(run.predictions)) % 3 < 2, 0.55, 0.7)
    auto = replace(
        run,
        summary=run.summary | {"config": config},
        predictions=run.predictions.assign(threshold=limits),
    )
    assert thresholds(auto) == [0.55, 0.45]
    unknown = replace(auto, predictions=run.predictions.assign(threshold=np.nan))
    assert thresholds(unknown) == []


def test_the_threshold_is_the_strategys_own_and_a_majority_has_none(run):
    found = run.summary["fused_vs_technical"] | {"threshold": 0.52}
    config = run.summary["config"] | {"params": {}}
    own = replace(run, summary=run.summary | {"fused_vs_technical": found, "config": config})
    assert thresholds(own) == [0.52, 0.48]
    ensemble = run.summary["config"]["ensemble"] | {"voting": "majority"}
    config = run.summary["config"] | {"ensemble": ensemble}
    assert page_data(replace(run, summary=run.summary | {"config": config}))["thresholds"] == []


def test_a_one_sided_label_has_one_threshold_and_three_classes_two_lines(run):
    predictions = run.predictions.assign(probability_down=np.nan)
    assert thresholds(replace(run, predictions=predictions)) == [0.6]
    model = run.summary["model"] | {"classes": [-1, 0, 1]}
    three = replace(run, summary=run.summary | {"model": model})
    assert thresholds(three) == [0.6] and page_data(three)["symbols"][0]["down"] is not None


def test_the_figures_beside_random_filters_keep_their_units(run):
    chance = {
        "net_profit": {"mean": 5.0, "ci95": [-10.0, 20.0]},
        "win_rate": {"mean": 0.5, "ci95": [0.4, 0.6]},
    }
    comparison = run.summary["comparison"] | {"chance": chance}
    rate, profit = page_data(replace(run, summary=run.summary | {"comparison": comparison}))[
        "chance"
    ]
    assert (rate["label"], rate["unit"], rate["range"]) == ("Win rate", "%", [0.4, 0.6])
    assert (profit["label"], profit["unit"], profit["middle"]) == ("Net profit, cash", "cash", 5.0)
    assert profit["values"]["on"] == run.summary["ml_on"]["net_profit"]


def test_one_run_alone_has_its_own_curve(run):
    off = replace(run, summary=run.summary | {"ml_on": None, "comparison": None})
    data = page_data(off)
    assert data["runs"] == ["off"] and "on" not in data["equity"]
    assert data["chance"] == [] and data["robustness"] == {}


def test_a_run_without_a_trade(run, tmp_path):
    trades = run.trades[:0]
    data = page_data(replace(run, trades=trades))
    assert data["quarters"] == {} and len(decoded(data["trades"]["time"])) == 0
    trades.to_csv(tmp_path / "trades.csv", index=False)
    assert page_data(replace(run, trades=read_trades(tmp_path / "trades.csv"))) == data


def test_thresholds_of_each_bar_are_there_where_they_change(run):
    (symbol,) = page_data(run)["symbols"]
    assert symbol["least"] is None
    config = run.summary["config"] | {"params": {"ml_threshold": "auto"}}
    limits = np.linspace(0.5, 0.7, len(run.predictions))
    auto = replace(
        run,
        summary=run.summary | {"config": config},
        predictions=run.predictions.assign(threshold=limits),
    )
    (symbol,) = page_data(auto)["symbols"]
    np.testing.assert_allclose(decoded(symbol["least"]), limits, rtol=1e-6)


@pytest.fixture(scope="module")
def long(run):
    """A run of 120,000 bars, more than a page holds one by one, and its data."""
    made = long_run(run, 120_000)
    return made, page_data(made)


def test_bars_of_a_long_run_are_in_groups_that_hide_no_extreme(long):
    made, data = long
    (symbol,) = data["symbols"]
    size, count = symbol["size"], symbol["count"]
    assert (size, count) == (6, 120_000)
    groups = made.bars.groupby(np.arange(count) // size)
    for name, how in {"open": "first", "high": "max", "low": "min", "close": "last"}.items():
        np.testing.assert_allclose(decoded(symbol[name]), groups[name].agg(how), rtol=1e-6)
    up = made.predictions.probability_up.groupby(np.arange(count) // size)
    for name, how in {"up": "mean", "up_low": "min", "up_high": "max"}.items():
        np.testing.assert_allclose(decoded(symbol[name]), up.agg(how), rtol=1e-6)
    assert decoded(symbol["longs"]).sum() == (made.bars.fused > 0).sum()
    assert decoded(symbol["shorts"]).sum() == (made.bars.fused < 0).sum()


def test_the_last_bars_of_a_long_run_are_there_one_by_one(long):
    made, data = long
    detail = data["symbols"][0]["detail"]
    assert detail["size"] == 1
    last = made.bars[-20_000:]
    assert (pd.to_datetime(decoded(detail["time"]), unit="ms") == last.datetime).all()
    np.testing.assert_allclose(decoded(detail["close"]), last.close, rtol=1e-6)
    assert (decoded(detail["signal"]) == last.fused).all()


@pytest.mark.slow
def test_a_view_of_a_long_run_takes_its_own_bars(long):
    made, _ = long
    until = made.bars.datetime[50_000]
    detail = page_data(made, SignalView(500, until))["symbols"][0]["detail"]
    times = pd.to_datetime(decoded(detail["time"]), unit="ms")
    assert len(times) == 20_000 and times[0] < made.bars.datetime[49_500] and until < times[-1]


def test_curves_of_a_long_run_keep_the_deepest_drawdown(long):
    made, data = long
    equity = data["equity"]
    assert len(decoded(equity["time"])) < 25_000
    for name in made.runs:
        depth = (made.equity[name] / made.equity[name].cummax() - 1).min()
        assert decoded(equity[f"below_{name}"]).min() == pytest.approx(depth)
        assert decoded(equity[name]).max() == pytest.approx(made.equity[name].max())
