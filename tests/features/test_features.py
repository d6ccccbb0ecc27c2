"""Every registered feature keeps its promises, and a handful is worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from bt_fusion import FeatureSet, OptionError, check_bars, feature
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.features import REGISTRY, SETS, complete_rows, ema_memory, wilder_memory
from bt_fusion.technical.series import changes, no_event

PRICES = ["open", "high", "low", "close"]
BUILT_IN = {name: entry for name, entry in REGISTRY.items() if entry.family != "user"}
ENTRIES = list(dict.fromkeys(BUILT_IN.values()))
EVERY = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.names[0])


def arrays_of(bars):
    return BarArrays.of(check_bars(bars))


def with_halts(bars):
    """Return bars that stand still, and trade nothing, for 200, 30 and 5 bars."""
    bars = bars.copy()
    for start, length in ((300, 200), (700, 30), (900, 5)):
        rows = bars.index[start : start + length]
        bars.loc[rows, PRICES] = bars["close"].iloc[start - 1]
        bars.loc[bars.index[start + 2 : start + length + 2], "volume"] = 0.0
    return bars


@pytest.fixture(scope="module")
def markets(daily):
    walk, edge = random_walk(1_500, seed=1), planted_edge(1_500, seed=2)
    markets = {
        "daily": daily,
        "walk": walk,
        "edge": edge,
        "no volume": walk.assign(volume=0.0),
        "flat": walk.assign(**dict.fromkeys(PRICES, 42_000.0)),
        "flat without volume": walk.assign(**dict.fromkeys(PRICES, 0.1), volume=0.0),
        "halts": with_halts(edge),
        "halts, large volume": with_halts(edge.assign(volume=edge["volume"] * 1e7)),
        "halts, small prices": with_halts(edge * [1e-8, 1e-8, 1e-8, 1e-8, 1e-3]),
    }
    return {name: arrays_of(bars) for name, bars in markets.items()}


@EVERY
def test_first_value_is_where_lookback_says_and_none_is_missing_after(markets, entry):
    for name, arrays in markets.items():
        columns = entry.columns(arrays)
        assert len(columns) == len(entry.names)
        for values in columns:
            assert values.shape == (len(arrays),)
            assert np.isnan(values[: entry.lookback - 1]).all(), name
            assert np.isfinite(values[entry.lookback - 1 :]).all(), name


@EVERY
def test_memory_is_enough(markets, entry):
    rng = np.random.default_rng(0)
    for name, arrays in markets.items():
        whole = entry.columns(arrays)
        ends = rng.integers(entry.memory, len(arrays) + 1, 25)
        if name.startswith("halts"):
            ends = [*range(max(entry.memory, 340), 550, 7), *range(705, 755, 4), *range(900, 925)]
        for end in ends:
            window = entry.columns(arrays[end - entry.memory : end])
            for full, part in zip(whole, window, strict=True):
                # in a halt an average of moves stays, at a ten-thousandth of its size; and of a sum
                # of squares its rounding, which a root makes larger and each processor its own
                share = 1e-6 if name.startswith("halts") else 1e-8
                allowed = share * np.nanstd(full) + 1e-12
                assert abs(part[-1] - full[end - 1]) <= allowed, (name, end)


@EVERY
@pytest.mark.parametrize("scale", [1e-8, 1e-3, 1e3])
def test_the_unit_of_the_price_does_not_matter(markets, entry, scale):
    for name in ("daily", "edge"):
        arrays = markets[name]
        scaled = BarArrays(
            arrays.time, *(getattr(arrays, price) * scale for price in PRICES), arrays.volume
        )
        for one, other in zip(entry.columns(arrays), entry.columns(scaled), strict=True):
            gap = np.nanmax(np.abs(one - other))
            assert gap <= 2e-6 * (np.nanstd(one) or 1.0), name


@EVERY
def test_too_few_bars_give_nan_not_an_error(entry, markets):
    for count in (1, entry.lookback - 1):
        for values in entry.columns(markets["edge"][:count]):
            assert len(values) == count
            if count < entry.lookback:
                assert np.isnan(values).all()


def test_sets_are_as_large_and_broad_as_promised():
    assert len(SETS["default"]) >= 60
    assert len({REGISTRY[name].family for name in SETS["default"]}) == 7
    assert SETS["fusion"] == ("return_1", "return_5", "rsi_14_simple", "sma_10_over_20")
    for name in SETS:
        assert len(FeatureSet(name)) == len(set(SETS[name])) == len(SETS[name])


@pytest.mark.parametrize("name", list(SETS))
def test_latest_is_the_last_row(markets, name):
    features = FeatureSet(name)
    for market in ("daily", "halts"):
        arrays = markets[market]
        matrix = features.transform(arrays)
        assert matrix.shape == (len(arrays), len(features)) and matrix.dtype == np.float32
        assert (complete_rows(matrix) == (np.arange(len(arrays)) >= features.lookback - 1)).all()
        spread = np.nanstd(matrix, axis=0).astype(float)
        for end in (features.lookback, 640, 1_200):
            latest = features.latest(arrays[:end])
            assert latest.shape == (1, len(features))
            assert (np.abs(latest[0] - matrix[end - 1]) <= 1e-6 * spread + 1e-12).all()


def frame(closes, *, opens=None, highs=None, lows=None, volumes=None, start="2024-01-01"):
    closes = np.asarray(closes, float)
    opens = closes if opens is None else opens
    return pd.DataFrame(
        {
            "open": opens,
            "high": np.maximum(opens, closes) if highs is None else highs,
            "low": np.minimum(opens, closes) if lows is None else lows,
            "close": closes,
            "volume": np.full(len(closes), 10.0) if volumes is None else volumes,
        },
        index=pd.date_range(start, periods=len(closes), freq="h"),
    )


def last(name, bars):
    return float(FeatureSet([name]).transform(bars)[-1, 0])


RISE = frame(np.arange(101.0, 131.0))  # 101, 102, ... 130
UP_DOWN = frame([100.0, 103.0, 102.0] * 10)  # +3, -1, -2
CANDLE = frame([100.0, 104.0], opens=[100.0, 102.0], highs=[100.0, 110.0], lows=[100.0, 100.0])

BY_HAND = [
    ("return_1", RISE, np.log(130 / 129)),
    ("return_5", RISE, np.log(130 / 125)),
    ("acceleration_1", RISE, np.log(130 / 129) - np.log(129 / 128)),
    ("gap", CANDLE, 0.02),
    ("close_location", CANDLE, 0.4),
    ("open_close", CANDLE, 2 / 104),
    ("high_low", CANDLE, 10 / 104),
    ("body_share", CANDLE, 0.2),
    ("upper_wick", CANDLE, 6 / 104),
    ("lower_wick", CANDLE, 2 / 104),
    ("wick_balance", CANDLE, (2 - 6) / (2 + 6)),
    ("bop", CANDLE, 0.2),
    ("true_range", CANDLE, 10 / 104),
    ("inside_bar", CANDLE, 0.0),
    ("sma_ratio_5", RISE, 128 / 130 - 1),
    ("sma_10_over_20", RISE, 125.5 / 120.5),
    ("slope_10", RISE, 1 / 130),
    ("rsi_14_simple", RISE, 100.0),
    # the last 14 moves: -2, then +3 -1 -2 four times, then ... ends on -1: 5 x 3 of 15 + 5 + 8
    ("rsi_14_simple", UP_DOWN, 100 * 15 / (15 + 5 + 8)),
    ("up_share_10", UP_DOWN, 0.3),
    ("rsi_14", RISE, 100.0),
    ("aroon_osc_25", RISE, 100.0),
    ("channel_20", RISE, 1.0),
    # closes 111..130: mean 120.5, population deviation sqrt((20^2 - 1) / 12)
    ("bb_percent_20", RISE, 0.5 + 9.5 / (4 * np.sqrt(399 / 12))),
    ("bb_width_20", RISE, 4 * np.sqrt(399 / 12) / 120.5),
    ("volume_ratio_20", frame(np.full(20, 5.0), volumes=[10.0] * 19 + [210.0]), 210 / 20),
    ("volume_change_1", frame([1.0, 1.0], volumes=[9.0, 99.0]), np.log(10)),
    ("obv_share_20", RISE, 1.0),
    # of the last 20 moves +3 -1 -2 the last is -1: 7 rise, 13 fall
    ("obv_share_20", UP_DOWN, (7 - 13) / 20),
    ("mfi_14", RISE, 100.0),
    ("vwap_ratio_20", RISE, 120.5 / 130 - 1),
    ("money_flow_20", frame(np.full(20, 4.0), highs=np.full(20, 5.0), lows=np.full(20, 1.0)), 0.5),
    ("hour_sin", frame(np.ones(7)), 1.0),  # 06:00
    ("hour_cos", frame(np.ones(13)), -1.0),  # 12:00
    ("weekday_sin", frame([1.0], start="2024-01-04"), np.sin(2 * np.pi * 3 / 7)),  # a Thursday
    ("weekday_cos", frame([1.0], start="2024-01-01"), 1.0),  # a Monday
    ("session_asia", frame(np.ones(8)), 1.0),  # 07:00
    ("session_london", frame(np.ones(8)), 0.0),
    ("session_new_york", frame(np.ones(21)), 1.0),  # 20:00
]


@pytest.mark.parametrize(("name", "bars", "expected"), BY_HAND)
def test_values_worked_by_hand(name, bars, expected):
    assert last(name, bars) == pytest.approx(expected, rel=1e-6, abs=1e-7)


NEUTRAL = {
    "rsi_7": 50,
    "rsi_14": 50,
    "rsi_14_simple": 50,
    "mfi_14": 50,
    "di_spread_14": 0,
    "bb_percent_20": 0.5,
    "close_location": 0.5,
    "channel_20": 0.5,
    "range_ratio_20": 1,
    "volatility_ratio_10_60": 1,
    "volume_ratio_20": 1,
    "volume_zscore_20": 0,
    "obv_share_20": 0,
    "money_flow_20": 0,
    "adosc": 0,
    "vwap_ratio_20": 0,
    "wick_balance": 0,
    "return_20": 0,
}


@pytest.mark.parametrize("name", NEUTRAL)
@pytest.mark.parametrize("volume", [1.0, 1e7])
def test_a_market_that_stands_still_reads_neutral(name, volume):
    bars = planted_edge(400, seed=5)
    bars["volume"] *= volume
    bars.loc[bars.index[200:], PRICES] = bars["close"].iloc[200]
    bars.loc[bars.index[200:], "volume"] = 0.0
    assert last(name, bars) == pytest.approx(NEUTRAL[name], abs=2e-3)
    assert last(name, bars[200:]) == pytest.approx(NEUTRAL[name], abs=2e-3)


def test_averages_remember_as_long_as_documented():
    assert (1 - 2 / 27) ** (ema_memory(26) - 26) <= 1e-9 < (1 - 2 / 27) ** (ema_memory(26) - 28)
    assert (13 / 14) ** (wilder_memory(14) - 15) <= 1e-9 < (13 / 14) ** (wilder_memory(14) - 17)


def test_changes_and_no_event():
    assert changes(np.array([1.0, 1.0, 2.0])).tolist() == [False, False, True]
    assert no_event(np.array([False, True, False, False, False]), 3).tolist() == [
        True, False, False, False, True,
    ]  # fmt: skip
    assert not no_event(np.ones(4, bool), 1).any()


@pytest.fixture
def range_share():
    @feature("test_range_share", "test_range_squared", lookback=1)
    def range_share(bars):
        share = bars.span / bars.close
        return share, share**2

    yield range_share
    for name in ("test_range_share", "test_range_squared"):
        REGISTRY.pop(name)


def test_a_users_feature_joins_a_set(range_share):
    features = FeatureSet(["return_1", "test_range_squared", "test_range_share"])
    matrix = features.transform(CANDLE)
    assert matrix[1].tolist() == pytest.approx([np.log(1.04), (10 / 104) ** 2, 10 / 104])
    assert (features.lookback, features.memory) == (2, 2)
    assert features.latest(arrays_of(CANDLE))[0] == pytest.approx(matrix[1])


def test_names_are_taken_once(range_share):
    with pytest.raises(OptionError, match="'gap' exists already, in bt_fusion; choose another"):

        @feature("gap", lookback=1)
        def my_gap(bars):
            return bars.close

    feature("test_range_share", "test_range_squared", lookback=1)(range_share)  # a cell run twice


@pytest.mark.parametrize(("lookback", "memory"), [(0, None), (5, 4), (-1, 3)])
def test_lookback_and_memory_must_make_sense(lookback, memory):
    with pytest.raises(OptionError, match="1 <= lookback <= memory"):
        feature("test_wrong", lookback=lookback, memory=memory)
    assert "test_wrong" not in REGISTRY


@pytest.mark.parametrize("form", [lambda bars: bars, arrays_of])
def test_a_table_holds_the_matrix_by_name_and_bar(form):
    bars, features = random_walk(40, seed=3), FeatureSet("fusion")
    table = features.table(form(bars))
    assert tuple(table.columns) == features.names and (table.dtypes == np.float32).all()
    assert table.index.equals(bars.index)
    np.testing.assert_array_equal(table.to_numpy(), features.transform(bars))
    assert len(table.dropna()) == 40 - features.lookback + 1


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("defualt", "unknown feature set 'defualt': did you mean 'default'"),
        (["return_1", "rsi14"], "unknown feature 'rsi14': did you mean 'rsi_14'"),
        ([], "no features given"),
        (["gap", "return_1", "gap"], "given twice: gap"),
    ],
)
def test_choices_are_checked(features, message):
    with pytest.raises(OptionError, match=message):
        FeatureSet(features)
