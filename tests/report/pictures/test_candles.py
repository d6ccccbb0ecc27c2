"""Candles side by side."""

import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from bt_fusion.report.pictures.candles import date_axis, draw_candles
from bt_fusion.report.pictures.canvas import new_figure

PRICES = ("open", "high", "low", "close")
ROWS = [(10, 12, 9, 11), (11, 13, 10, 10), (10, 11, 8, 10)]  # rises, falls, stays


@pytest.fixture
def axis():
    return new_figure(6, 4).subplots()


def labels(axis):
    return [label.get_text() for label in axis.get_xticklabels()]


def test_a_candle_has_its_bars_prices(axis):
    draw_candles(axis, pd.DataFrame(ROWS, columns=PRICES))
    wicks, bodies = axis.collections
    assert [segment.tolist() for segment in wicks.get_segments()] == [
        [[0, 9], [0, 12]],
        [[1, 10], [1, 13]],
        [[2, 8], [2, 11]],
    ]
    spans = [path.get_extents() for path in bodies.get_paths()]
    assert [(span.y0, span.y1) for span in spans] == [(10, 11), (10, 11), (10, 10)]
    assert [span.x0 + span.x1 for span in spans] == pytest.approx([0, 2, 4])
    light, dark = to_rgb("0.62"), to_rgb("0.2")
    assert [tuple(colour[:3]) for colour in bodies.get_facecolor()] == [light, dark, light]


def named(axis):
    return dict(zip(axis.get_xticks().tolist(), labels(axis), strict=True))


def test_dates_stand_at_their_bars(axis):
    date_axis(axis, pd.date_range("2024-01-30 18:00", periods=72, freq="h"))
    days = {6: "31 Jan", 30: "01 Feb", 54: "02 Feb"}
    assert days.items() <= named(axis).items()
    assert named(axis)[18] == "12:00"
    assert axis.get_xlim() == (-1, 72)


def test_no_place_is_left_for_days_without_bars(axis):
    date_axis(axis, pd.bdate_range("2024-03-01", periods=10))  # a Friday, five days, four days
    found = named(axis)
    assert found[1] == "04 Mar" and found[6] == "11 Mar"  # Mondays
    assert list(found) == sorted(set(found)) and max(found) <= 9


def test_months_and_years_are_named_by_themselves(axis):
    date_axis(axis, pd.bdate_range("2017-08-01", periods=250))
    found = named(axis)
    assert found[109] == "2018"  # its first bar is of the 1st of January
    assert found[239] == "Jul"  # of the 2nd


@pytest.mark.parametrize("count", [1, 2])
def test_few_bars_have_dates_too(count, axis):
    date_axis(axis, pd.date_range("2024-01-01 16:00", periods=count, freq="h"))
    assert "16:00" in labels(axis)[0]
