"""What the entry score looks at: neutral where nothing moves, the same over a tail of bars."""

from dataclasses import fields

import numpy as np

from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import random_walk
from bt_fusion.technical.entry_measures import Measures, Periods, measure
from bt_fusion.technical.entry_score import TechnicalPoints


def test_prices_that_stand_still_are_not_oversold():
    flat = np.full(60, 100.0)
    time = random_walk(60).index.values.astype("datetime64[ns]")
    measured = measure(BarArrays(time, flat, flat, flat, flat, np.zeros(60)))
    assert measured.rsi[-1] == 50.0
    assert measured.stochastic_k[-1] == 50.0
    assert measured.volume_ratio[-1] == 1.0
    # only the price is at the lower band, which lies on it
    assert TechnicalPoints().parts(measured)[-1].tolist() == [0, 1, 0, 0, 0, 0, 0]


def test_a_fall_to_an_rsi_of_zero_stays_zero():
    close = np.linspace(200.0, 100.0, 60)
    time = random_walk(60).index.values.astype("datetime64[ns]")
    assert measure(BarArrays(time, close, close, close, close, np.ones(60))).rsi[-1] == 0.0


def test_measures_of_a_tail_as_long_as_the_memory_are_those_of_all_bars():
    bars = BarArrays.of(random_walk(1_500, seed=8))
    memory = Periods().memory
    whole, tail = measure(bars), measure(bars.tail(memory))
    for name in (field.name for field in fields(Measures)):
        np.testing.assert_allclose(
            getattr(tail, name)[-1], getattr(whole, name)[-1], rtol=1e-9, atol=1e-6, err_msg=name
        )
