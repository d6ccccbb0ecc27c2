"""What is drawn of each bar: the signals a run tells, or those of its model."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bt_fusion.report.signals import SignalBars
from bt_fusion.saved_runs.saved_run import SavedRun
from bt_fusion.technical.regimes import regimes


@pytest.fixture(scope="module")
def run(run_folder):
    return SavedRun.read(run_folder)


def configured(run, **parts):
    return replace(run, summary=run.summary | {"config": run.summary["config"] | parts})


def classed(run, classes):
    return replace(
        run, summary=run.summary | {"model": run.summary["model"] | {"classes": classes}}
    )


def predicting(run, up, down=None, signal=0.0):
    """The same run with a strategy that tells no signal, and with these on its last bars."""
    predictions = run.predictions.assign(signal=0.0, probability_up=0.5, probability_down=0.5)
    rows = predictions.index[-len(up) :]
    predictions.loc[rows, "probability_up"] = up
    predictions.loc[rows, "probability_down"] = 1 - np.asarray(up) if down is None else down
    predictions.loc[rows, "signal"] = signal
    return replace(run, bars=run.bars.assign(fused=np.nan), predictions=predictions)


def last_signals(run, count):
    drawn = SignalBars.of_run(run, "edge")
    assert (drawn.table.signal[:-count] == 0).all()
    return drawn.table.signal[-count:].tolist()


def test_a_strategys_signals_come_first(run):
    drawn = SignalBars.of_run(run, "edge")
    assert drawn.source == "strategy"
    assert len(drawn.table) == 800 and (drawn.table.index == run.bars.datetime).all()
    expected = run.bars.fused.fillna(0)
    assert (drawn.table.signal.to_numpy() == expected).all()
    assert (expected == 1).sum() > 20 and (expected == -1).sum() > 20
    assert (drawn.table.up.to_numpy() == run.predictions.probability_up).all()
    assert drawn.table.regime.tolist() == regimes(run.bars.set_index("datetime")).tolist()
    assert drawn.names == ("P(up)", "P(down)") and drawn.levels == (0.6, 0.4)
    assert "the strategy signals an entry" in drawn.caption
    assert "signals, not trades" in drawn.caption
    assert "P(up) at 0.4 is P(down) at 0.6." in drawn.caption


def test_no_bar_that_is_unknown_has_a_signal(run):
    bars = run.bars.assign(fused=[np.nan] * 790 + [1, -1, 0, np.nan, 1, 0, 0, 0, 0, -1])
    assert last_signals(replace(run, bars=bars), 10) == [1, -1, 0, 0, 1, 0, 0, 0, 0, -1]


def test_else_a_side_whose_probability_reaches_the_threshold(run):
    up = [0.59, 0.6, 0.8, np.nan, 0.41, 0.4, 0.1]
    found = predicting(run, up)
    assert SignalBars.of_run(found, "edge").source == "threshold"
    assert last_signals(found, 7) == [0, 1, 1, 0, 0, -1, -1]
    higher = configured(found, params={"ml_threshold": 0.75})
    assert last_signals(higher, 7) == [0, 0, 1, 0, 0, 0, -1]


def test_auto_compares_each_bar_with_its_own_threshold(run):
    found = predicting(run, [0.56, 0.56, 0.44, 0.44, 0.9])
    limits = np.full(len(found.predictions), 0.6)
    limits[-5:] = [0.55, 0.57, 0.55, 0.57, np.nan]
    found = replace(found, predictions=found.predictions.assign(threshold=limits))
    assert last_signals(configured(found, params={"ml_threshold": "auto"}), 5) == [1, 0, -1, 0, 0]


def test_a_threshold_of_a_half_is_one_line(run):
    drawn = SignalBars.of_run(configured(run, params={"ml_threshold": 0.5}), "edge")
    assert drawn.levels == (0.5,) and "1 - P(up)" not in drawn.caption


def test_of_two_sides_above_a_low_threshold_the_likelier_one_counts(run):
    low = configured(predicting(run, [0.3, 0.35, 0.4, 0.2]), params={"ml_threshold": 0.35})
    three = classed(low, [-1, 0, 1])
    predictions = low.predictions.assign(probability_down=[0.3] * 796 + [0.4, 0.36, 0.4, 0.2])
    predictions.loc[:795, "probability_up"] = 0.2
    assert last_signals(replace(three, predictions=predictions), 4) == [-1, -1, 0, 0]


def test_a_run_of_an_older_version_has_no_column_of_its_strategys_signals(run):
    old = predicting(run, [0.7])
    assert last_signals(replace(old, bars=old.bars.drop(columns="fused")), 1) == [1]


def test_a_majority_votes_without_thresholds(run):
    ensemble = run.summary["config"]["ensemble"] | {"voting": "majority"}
    found = configured(predicting(run, [0.9, 0.9, 0.1], signal=[-2, 0, 1]), ensemble=ensemble)
    drawn = SignalBars.of_run(found, "edge")
    assert (drawn.source, drawn.levels) == ("votes", ())
    assert last_signals(found, 3) == [-1, 0, 1]
    assert "majority" in drawn.caption and "threshold" not in drawn.caption


def test_three_classes_have_two_lines_and_one_threshold(run):
    drawn = SignalBars.of_run(classed(run, [-1, 0, 1]), "edge")
    assert drawn.names == ("P(long)", "P(short)") and drawn.levels == (0.6,)
    assert not drawn.mirrored and "1 - P(up)" not in drawn.caption


def test_a_one_sided_label_has_one_line_and_no_short_side(run):
    one = predicting(run, [0.7, 0.1], down=[np.nan, np.nan])
    one = replace(one, predictions=one.predictions.assign(probability_down=np.nan))
    drawn = SignalBars.of_run(one, "edge")
    assert drawn.names == ("P(yes)",) and drawn.levels == (0.6,) and drawn.one_sided
    assert last_signals(one, 2) == [1, 0]
    assert "short" not in drawn.caption
    short = replace(one, bars=one.bars.assign(fused=-1.0))
    assert not SignalBars.of_run(short, "edge").one_sided


def test_regimes_follow_the_strategys_parameters(run):
    bars = run.bars.set_index("datetime")
    params = {"regime_threshold": 30.0, "regime_confirm": 5, "regime_filter": False}
    drawn = SignalBars.of_run(configured(run, params=params), "edge")
    expected = regimes(bars, threshold=30.0, confirm=5)
    assert drawn.table.regime.tolist() == expected.tolist() != regimes(bars).tolist()


def test_each_symbol_has_its_own_bars(run):
    frames = {
        name: pd.concat([getattr(run, name)[rows].assign(symbol=symbol) for symbol, rows in parts])
        for name in ("bars", "predictions")
        for parts in [[("A", slice(0, 300)), ("B", slice(200, 800))]]
    }
    both = replace(run, **frames)
    for symbol, rows in (("A", slice(0, 300)), ("B", slice(200, 800))):
        drawn = SignalBars.of_run(both, symbol)
        assert drawn.table.close.tolist() == run.bars.close[rows].tolist()
        assert drawn.table.signal.tolist() == run.bars.fused[rows].fillna(0).tolist()


def test_a_part_keeps_the_regimes_of_the_whole(run):
    drawn = SignalBars.of_run(run, "edge")
    part = drawn[slice(700, 720)]
    assert part.table.equals(drawn.table[700:720]) and part.levels == drawn.levels
