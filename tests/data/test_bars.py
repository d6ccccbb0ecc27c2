"""Bars given as a data frame: the one form, the faults named, the repairs reported."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bt_fusion import BarsError, check_bars, repair_bars, tidy_bars
from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays, bars_per_year
from bt_fusion.data.samples import random_walk

DAYS = pd.date_range("2024-01-01", periods=4)


@pytest.fixture
def bars():
    return pd.DataFrame(
        {
            "open": [10.0, 11.0, 12.0, 13.0],
            "high": [12.0, 13.0, 14.0, 15.0],
            "low": [9.0, 10.0, 11.0, 12.0],
            "close": [11.0, 12.0, 13.0, 14.0],
            "volume": [5.0, 6.0, 0.0, 8.0],
        },
        index=DAYS,
    )


def with_value(bars, row, column, value):
    changed = bars.astype({column: object}) if isinstance(value, str) else bars.copy()
    changed.iloc[row, changed.columns.get_loc(column)] = value
    return changed


FAULTS = [  # column, value, what the message says
    ("high", np.nan, "NaN in column high"),
    ("volume", np.nan, "NaN in column volume"),
    ("open", np.inf, "infinity in column open"),
    ("volume", np.inf, "infinity in column volume"),
    ("low", -np.inf, "infinity in column low"),
    ("low", 0.0, "price <= 0 in column low"),
    ("open", -1.0, "price <= 0 in column open"),
    ("volume", -1.0, "negative volume"),
    ("high", 10.5, "high below low"),
    ("close", "1,013", "no plain number such as 1234.5 in column close ('1,013')"),
    ("volume", "n/a", "no plain number such as 1234.5 in column volume ('n/a')"),
]


@pytest.mark.parametrize(("column", "value", "fault"), FAULTS)
def test_a_fault_is_named_with_its_row_and_the_remedy(bars, column, value, fault):
    broken = with_value(bars, 2, column, value)
    with pytest.raises(BarsError) as error:
        check_bars(broken)
    assert str(error.value).startswith(f"{fault} in row 2 (2024-01-03 00:00:00); mend the source")
    assert "--repair" in str(error.value)


@pytest.mark.parametrize(("column", "value", "fault"), FAULTS)
def test_repair_drops_the_broken_row_and_reports_it(bars, column, value, fault):
    repaired, report = repair_bars(with_value(bars, 2, column, value))
    assert report == [f"dropped {fault} in row 2 (2024-01-03 00:00:00)"]
    pd.testing.assert_frame_equal(repaired, check_bars(bars.drop(DAYS[2])), check_freq=False)


def test_disorder_and_duplicates_are_named(bars):
    with pytest.raises(BarsError, match=r"out of order in row 1 \(2024-01-03.*2 .*3 .*sort them"):
        check_bars(bars[::-1])
    with pytest.raises(BarsError, match=r"duplicate time in row 2 \(2024-01-02.*keep one"):
        check_bars(bars.iloc[[0, 1, 1, 2]])


def test_more_than_three_rows_are_counted(bars):
    many = pd.concat([bars, bars.shift(4, freq="D")]).assign(volume=-1.0)
    with pytest.raises(BarsError, match=r"row 0 \(.*\), 1 \(.*\), 2 \(.*\) and 5 more;"):
        check_bars(many)


def test_repair_sorts_and_keeps_the_last_whole_bar_of_a_stamp(bars):
    later = bars.iloc[[1]].assign(close=12.5)
    broken = bars.iloc[[1]].assign(close=np.nan)
    repaired, report = repair_bars(pd.concat([bars.iloc[[2, 3, 0, 1]], later, broken]))
    assert report == [
        "dropped NaN in column close in row 5 (2024-01-02 00:00:00)",
        "dropped duplicate time in row 3 (2024-01-02 00:00:00)",
        "sorted: out of order in row 2 (2024-01-01 00:00:00)",
    ]
    assert repaired.index.tolist() == DAYS.tolist()
    assert repaired["close"].tolist() == [11.0, 12.5, 13.0, 14.0]


def test_stamps_that_are_missing_are_named_and_dropped(bars):
    bars.index = [DAYS[0], pd.NaT, DAYS[1], DAYS[2]]
    with pytest.raises(BarsError, match=r"no time in row 1 \(NaT\)"):
        check_bars(bars)
    repaired, report = repair_bars(bars)
    assert report == ["dropped no time in row 1 (NaT)"]
    assert repaired["open"].tolist() == [10.0, 12.0, 13.0]


def test_whole_bars_need_no_repair(bars):
    repaired, report = repair_bars(bars)
    assert report == []
    pd.testing.assert_frame_equal(repaired, check_bars(bars), check_freq=False)


FORMS = [  # what is done to the bars, what the message says
    (lambda bars: bars.rename(columns=str.title), "lack the column(s) open.*they have Open, High"),
    (lambda bars: bars.drop(columns="volume"), "lack the column(s) volume.*set it to 0"),
    (lambda bars: bars.reset_index(), "RangeIndex, not a DatetimeIndex.*tidy_bars"),
    (lambda bars: bars.set_axis(list("abcd")), "not a DatetimeIndex.*tidy_bars"),
    (lambda bars: bars.to_period(), "PeriodIndex, not a DatetimeIndex"),
    (lambda bars: bars.tz_localize("Asia/Tokyo"), "time zone Asia/Tokyo.*tidy_bars"),
    (lambda bars: bars[[*COLUMNS, "close"]], "2 columns are called 'close'"),
    (lambda bars: bars.assign(open=bars.index), "column open holds datetime64.*not numbers"),
    (lambda bars: bars.assign(volume=True), "column volume holds bool"),
    (lambda bars: bars["close"], "are a Series, not a DataFrame"),
    (lambda bars: None, "are a NoneType, not a DataFrame"),
    (lambda bars: "bars.csv", "are a str, not a DataFrame.*read_bars"),
    (lambda bars: bars.to_numpy(), "are a ndarray, not a DataFrame"),
    (lambda bars: pd.DataFrame(), "lack the column(s) open, .*they have none"),
]


@pytest.mark.parametrize("door", [check_bars, repair_bars])
@pytest.mark.parametrize(("change", "message"), FORMS)
def test_a_wrong_form_is_told_with_the_way_out(bars, door, change, message):
    pattern = message.replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(BarsError, match=pattern):
        door(change(bars))


def test_the_way_out_works(bars):
    frame = bars.tz_localize("Asia/Tokyo").rename(columns=str.upper)
    assert check_bars(tidy_bars(frame)).index[0] == pd.Timestamp("2023-12-31 15:00")


def test_stamps_outside_nanoseconds_are_refused(bars):
    late = bars.set_axis(pd.date_range("2500-01-01", periods=4, unit="s"))
    with pytest.raises(BarsError, match=r"2500-01-01.*1678\.\.2261"):
        check_bars(late)


def test_too_few_bars(bars):
    with pytest.raises(BarsError, match="4 bars are too few, 5 are needed"):
        check_bars(bars, min_rows=5)
    with pytest.raises(BarsError, match="0 bars are too few, 1 are needed"):
        check_bars(bars[:0])


@pytest.mark.parametrize("kind", ["object", "float32", "Float64", "category", "str", "int64"])
def test_numbers_of_any_kind_become_float64(bars, kind):
    checked = check_bars(bars.assign(extra="x").astype(dict.fromkeys(COLUMNS, kind)))
    assert list(checked.columns) == list(COLUMNS)
    assert (checked.dtypes == np.float64).all()
    assert checked.index.unit == "ns"
    np.testing.assert_array_equal(checked, bars)


def test_checking_leaves_the_users_frame_alone(bars):
    before = bars.copy()
    check_bars(bars)
    repair_bars(bars[::-1])
    pd.testing.assert_frame_equal(bars, before)


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            *[st.sampled_from([1.0, 2.0, 0.0, -1.0, np.nan, np.inf])] * 5,
        ),
        max_size=12,
    )
)
def test_what_is_repaired_always_passes(rows):
    frame = pd.DataFrame([row[1:] for row in rows], columns=list(COLUMNS), dtype=float)
    frame.index = pd.DatetimeIndex([DAYS[0] + pd.Timedelta(days=row[0]) for row in rows])
    repaired, report = repair_bars(frame)
    check_bars(repaired, min_rows=0)
    assert bool(report) == (len(repaired) != len(frame) or not frame.index.is_monotonic_increasing)
    again, nothing = repair_bars(repaired)
    assert nothing == [] and again.equals(repaired)


def test_arrays_hold_the_columns(bars):
    arrays = BarArrays.of(check_bars(bars))
    assert len(arrays) == 4
    assert arrays.span.tolist() == [3.0, 3.0, 3.0, 3.0]
    assert arrays.body.tolist() == [1.0, 1.0, 1.0, 1.0]
    assert arrays.log_close == pytest.approx(np.log([11, 12, 13, 14]))
    assert arrays.tail(2).time.tolist() == DAYS[2:].as_unit("ns").asi8.tolist()
    assert len(arrays.tail(9)) == 4
    assert arrays[1:3].volume.tolist() == [6.0, 0.0]


def test_bars_are_checked_once(bars, bar_checks):
    first = BarArrays.of(bars)
    checked = check_bars(bars)
    assert BarArrays.of(bars) is first and BarArrays.of(checked) is first
    assert check_bars(checked) is not checked
    with pytest.raises(BarsError, match="4 bars are too few, 5 are needed"):
        check_bars(bars, min_rows=5)
    assert bar_checks == [4]


def test_a_part_and_a_copy_are_checked_on_their_own(bars, bar_checks):
    check_bars(bars)
    for other in (bars[:2], bars.copy(), pickle.loads(pickle.dumps(bars))):
        check_bars(other)
    assert bar_checks == [4, 2, 4, 4]
    assert bars.attrs == {}


def infinite(frame):
    frame.iloc[1, 3] = np.inf


def unnumbered(frame):
    frame.loc[frame.index[2], "close"] = np.nan


def shuffled(frame):
    frame.index = frame.index[::-1]


def zoned(frame):
    frame.index = frame.index.tz_localize("UTC")


def lacking(frame):
    del frame["volume"]


def renamed(frame):
    frame.columns = ["open", "high", "low", "close", "close"]


def textual(frame):
    frame["close"] = "ten"


def boolean(frame):
    frame["volume"] = frame["volume"] > 5


CHANGES = [
    infinite,
    unnumbered,
    shuffled,
    zoned,
    lacking,
    renamed,
    textual,
    boolean,
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("own", [True, False])
def test_a_frame_changed_after_its_check_is_checked_again(bars, change, own):
    frame = bars if own else check_bars(bars)  # the frame given, and the one returned
    BarArrays.of(frame)
    change(frame)
    for refuse in (check_bars, BarArrays.of):
        with pytest.raises(BarsError):
            refuse(frame)


def test_sound_changes_are_seen_and_leave_earlier_arrays_alone(bars):
    before = BarArrays.of(bars)
    bars.iloc[0, 3] = 10.5
    assert BarArrays.of(bars).close[0] == check_bars(bars)["close"].iloc[0] == 10.5
    assert before.close[0] == 11
    with pytest.raises(ValueError, match="read-only"):
        before.close[0] = 12


YEARS = [  # stamps, bars a year
    (pd.date_range("2024-01-01", periods=1_000, freq="h"), 365.25 * 24),
    (pd.date_range("2024-01-01", periods=400, freq="W"), 365.25 / 7),
    (pd.bdate_range("2024-01-01", periods=300), 252.0),
    (
        pd.DatetimeIndex(
            [d + pd.Timedelta(hours=h) for d in pd.bdate_range("2024-01-01", periods=60)
             for h in range(14, 21)]
        ),
        252.0 * 7,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("index", "expected"), YEARS)
def test_bars_a_year_follow_the_trading_calendar(index, expected):
    assert bars_per_year(index) == pytest.approx(expected)


def test_bars_a_year_of_one_bar_are_unknown():
    assert np.isnan(bars_per_year(DAYS[:1]))


def test_column_names_stay_legible_in_messages():
    wide = pd.DataFrame({f"{i:050}": [1] for i in range(99)})
    with pytest.raises(BarsError) as error:
        tidy_bars(wide)
    assert len(str(error.value)) < 800
    assert re.search("and 87 more", str(error.value))


def test_what_a_frame_remembers_cannot_be_changed():
    arrays = BarArrays.of(random_walk(5))
    for column in (arrays.close, arrays.log_close, arrays.span, arrays.body):
        with pytest.raises(ValueError, match="read-only"):
            column *= 2
