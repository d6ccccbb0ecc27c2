"""Features that know a day, a week or a longer bar before it is over."""

import numpy as np
import pandas as pd

from benchmarks.leaks.registry import leak


def frame_of(bars) -> pd.DataFrame:
    """Return the bars as a table."""
    columns = ("open", "high", "low", "close", "volume")
    return pd.DataFrame({name: getattr(bars, name) for name in columns}, index=bars.time)


def period(bars) -> pd.PeriodIndex:
    """Return days, or months where the bars are days."""
    daily = np.median(np.diff(bars.time)) >= np.timedelta64(1, "D") if len(bars) > 1 else False
    return pd.DatetimeIndex(bars.time).to_period("M" if daily else "D")


@leak("feature", "the day's high, known in the morning", lookback=1)
def high_of_the_day(bars):
    high = pd.Series(bars.high).groupby(period(bars)).transform("max")
    return (high / bars.close - 1).to_numpy()


@leak("feature", "a bar's share in the volume of its day", lookback=1)
def share_of_the_day(bars):
    total = pd.Series(bars.volume).groupby(period(bars)).transform("sum")
    return (bars.volume / np.maximum(total, 1e-9)).to_numpy()


@leak("feature", "the price at which the day trades most: a volume profile", lookback=1)
def point_of_control(bars):
    frame = frame_of(bars)
    at = frame.groupby(period(bars)).volume.transform("idxmax")
    return bars.close / frame.close.reindex(pd.DatetimeIndex(at)).to_numpy() - 1


@leak("feature", "longer bars by resample, merged at their open stamps", lookback=1, memory=300)
def merged_early(bars):
    frame = frame_of(bars)
    step = 4 * np.median(np.diff(bars.time)) if len(bars) > 1 else np.timedelta64(4, "h")
    longer = frame.close.resample(pd.Timedelta(step), origin="epoch").last().dropna()
    return bars.close / longer.reindex(frame.index, method="ffill").to_numpy() - 1


@leak(
    "feature", "merge_asof with longer bars by their open, as freqtrade's issue 12507", lookback=1
)
def merged_as_of(bars):
    frame = frame_of(bars).rename_axis("time").reset_index()
    step = 4 * np.median(np.diff(bars.time)) if len(bars) > 1 else np.timedelta64(4, "h")
    longer = frame.resample(pd.Timedelta(step), on="time", origin="epoch")
    body = pd.concat([longer.open.first(), longer.close.last()], axis=1).dropna().reset_index()
    body["low"], body["high"] = (
        body[["open", "close"]].min(axis=1),
        body[["open", "close"]].max(axis=1),
    )
    merged = pd.merge_asof(frame[["time", "close"]], body[["time", "low", "high"]], on="time")
    return merged.close.between(merged.low, merged.high).to_numpy().astype(float)


@leak("feature", "the next bar's return, on Mondays alone", lookback=2)
def on_mondays(bars):
    close = pd.Series(bars.close)
    monday = pd.DatetimeIndex(bars.time).dayofweek == 0
    return np.where(monday, close.shift(-1) / close - 1, close.pct_change())


@leak("feature", "the mean of each hour and weekday over all bars", lookback=1)
def seasonal(bars):
    stamps = pd.DatetimeIndex(bars.time)
    moves = pd.Series(np.diff(bars.log_close, prepend=bars.log_close[0]))
    return moves.groupby([stamps.hour, stamps.dayofweek]).transform("mean").to_numpy()


@leak("feature", "whether this is the last bar of its day", lookback=1)
def last_of_the_day(bars):
    days = np.asarray(period(bars).astype("int64"))
    return np.append(days[1:] != days[:-1], True).astype(float)


@leak("feature", "today's close against the one before, from the first bar of the day", lookback=1)
def change_of_the_day(bars):
    daily = pd.Series(bars.close).groupby(period(bars)).agg("last")
    return daily.pct_change().fillna(0).reindex(period(bars)).to_numpy()
