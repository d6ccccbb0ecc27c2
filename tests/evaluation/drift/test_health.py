"""Health over bars: bets that do not overlap, the break found, the past never changed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bt_fusion import Ensemble, SignalModel, WalkForward
from bt_fusion.data.bars import BarArrays
from bt_fusion.evaluation.drift import HealthStream, State, model_health, with_health
from bt_fusion.evaluation.drift.health import BET, WINDOW, alarms_of, health_events
from bt_fusion.labels import Labels
from bt_fusion.models.streaming.walk_forward_stream import open_stream
from tests.evaluation.drift.made import BARS, BREAK, NAMES, TRAIN, bars, model

DRIFTED = State._fields.index("drifted")


def test_the_next_bet_opens_when_the_last_is_known():
    y = np.array([1.0, 0, 1, 0, 1, 0, np.nan, np.nan])
    t1 = np.array([2, 3, 5, 5, 6, 7, -1, -1])
    found = list(health_events(np.arange(8), Labels(y, t1), horizon=2, window=3))
    bets = [(bar, row) for bar, kind, row in found if kind == BET]
    assert bets == [(2, 0), (5, 2), (7, 5)]
    assert [(bar, row) for bar, kind, row in found if kind == WINDOW] == [(2, 0), (5, 3)]


def test_a_label_that_is_never_known_is_passed_over():
    labels = Labels(np.array([np.nan, 1, 1, np.nan]), np.array([-1, 2, 3, -1]))
    found = list(health_events(np.arange(4), labels, 2, 0))
    assert found == [(3, BET, 2)]


def test_a_turned_edge_is_found_after_it_turned_and_by_the_hit_rate():
    (alarm,) = model_health(model(), bars()).alarms()
    assert alarm["part"] == "hit rate" and BREAK < alarm["bar"] < BREAK + 2_000
    assert model_health(model(), bars(broken=False)).alarms() == []


def test_a_bar_without_a_prediction_is_no_model_of_its_own():
    health = model_health(model(), bars())
    first = health.alarms()[0]["bar"]
    numbers = health.model.copy()
    numbers[first + 5 : first + 9] = -1
    assert alarms_of(health.index, health.values, numbers) == health.alarms()


def test_nothing_is_known_before_the_first_prediction_and_the_alarm_stays():
    health = model_health(model(), bars())
    assert np.isnan(health.values[:TRAIN]).all()
    first = health.alarms()[0]["bar"]
    assert health.drifted[first:].all() and not health.drifted[:first].any()


def test_the_past_does_not_change_when_bars_are_added():
    whole = model_health(model(), bars()).values
    for cut in (TRAIN + 7, BREAK + 3, BARS - 1):
        part = model_health(model(), bars()[:cut]).values
        np.testing.assert_array_equal(part, whole[:cut])


def test_since_leaves_bars_out():
    health = model_health(model(), bars(), since=bars().index[BREAK + 1_000])
    assert np.isnan(health.values[: BREAK + 1_000]).all()
    assert health.monitors[0].bets < model_health(model(), bars()).monitors[0].bets


def streamed(predictor, frame):
    """Return the states of a model bar by bar."""
    stream, arrays, rows = open_stream(predictor), BarArrays.of(frame), []
    health = HealthStream(predictor, stream)
    columns = (arrays.open, arrays.high, arrays.low, arrays.close, arrays.volume)
    for time, *values in zip(arrays.time, *columns, strict=True):
        known = stream.push(time, tuple(values))
        rows.append(health.push(time, tuple(values), known, stream.row))
    return np.array(rows)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("kind", ["model", "walk"])
def test_bar_by_bar_it_is_the_same(kind):
    frame, predictor = bars()[TRAIN - 400 : TRAIN + 2_200], model()
    if kind == "walk":
        fast = SignalModel(NAMES, ensemble=Ensemble(["lr"]))
        predictor = WalkForward(fast, 800, 600, cache=None)
    np.testing.assert_array_equal(streamed(predictor, frame), model_health(predictor, frame).values)


def test_a_walk_forward_expects_nothing_in_its_first_refit_and_of_the_past_alone_later():
    fast = SignalModel(NAMES, ensemble=Ensemble(["lr"]))
    walk = WalkForward(fast, 1_000, 800, cache=None)
    health = model_health(walk, bars()[:4_000])
    assert sorted(health.monitors) == [0, 1, 2, 3]
    assert health.monitors[0].outcomes is None
    assert health.monitors[1].outcomes.rows <= 800
    expected = health.values[:, State._fields.index("expected")]
    assert np.isnan(expected[:1_800]).all() and np.isfinite(expected[1_820:2_600]).all()


def test_a_model_that_is_older_than_drift_is_unknown():
    old = SignalModel(NAMES, ensemble=Ensemble(["lgb"])).fit(bars()[:1_000])
    old.reference_ = None
    health = model_health(old, bars()[:1_500])
    assert np.isnan(health.values).all() and health.alarms() == []


def test_predictions_carry_health_through_cuts():
    predictions = model().predict(bars())
    carried = with_health(model(), bars(), predictions)
    cut = carried[BREAK:]
    assert cut.health.shape == (BARS - BREAK, len(State._fields))
    missing = carried.at(np.array([np.datetime64("2000-01-01", "ns")]))
    assert np.isnan(missing.health).all()
    assert replace(carried, health=None).per_bar == predictions.per_bar


def test_the_table_of_health_has_a_row_a_bar():
    table = model_health(model(), bars()).to_frame()
    assert len(table) == BARS and "datetime" in table
    assert isinstance(table.datetime.iloc[0], pd.Timestamp)
