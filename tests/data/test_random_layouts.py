"""Random bars in random layouts: never read to other bars than were written."""

import gzip

import numpy as np
import pandas as pd
import pytest

from bt_fusion import BarsError, read_bars

DATES = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y/%m/%d %H:%M", "%d.%m.%Y %H:%M:%S"),
    *("%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%d-%m-%y %H:%M", "%y/%m/%d %H:%M", "%Y%m%d %H%M%S"),
    *("%d %b %Y %H:%M", "%b %d, %Y %H:%M:%S", "%Y%m%d%H%M", "s", "ms", "us", "ns"),
)
NUMBERS = ((".", ""), (".", ","), (",", ""), (",", "."), (",", " "))
NAMES = ("date", "open", "high", "low", "close", "volume")


def random_bars(rng):
    count = int(rng.integers(2, 40))
    start = pd.Timestamp(rng.integers(1_000_000_000, 1_900_000_000), unit="s").floor("min")
    step = rng.choice(["1min", "15min", "1h", "1D", "31h"])
    index = pd.date_range(start, periods=count, freq=step)
    digits = int(rng.integers(0, 5))
    scale = 10.0 ** rng.integers(1 - digits, 5)
    middle = np.round(scale * (1 + rng.random(count)), digits)
    wick = np.round(scale * rng.random((2, count)) / 2, digits)
    prices = {"open": middle, "high": middle + wick[0], "low": middle - wick[1], "close": middle}
    frame = pd.DataFrame(prices, index=index).round(digits)
    return frame.assign(volume=np.round(rng.random(count) * 5_000, int(rng.integers(0, 4))))


def number(value, digits, decimal, thousands):
    text = f"{value:,.{digits}f}"
    return text.replace(",", "_").replace(".", decimal).replace("_", thousands)


def layout_of(bars, rng):
    """Return the bytes of a file of these bars, and the name of its layout."""
    form, (decimal, thousands) = (
        DATES[rng.integers(len(DATES))],
        NUMBERS[rng.integers(len(NUMBERS))],
    )
    if (decimal, thousands) == (",", ".") and (bars.to_numpy() % 1 == 0).all():
        decimal, thousands = ".", ""  # 16.603 throughout has decimal points, for all we know
    separator = ";" if "," in decimal + thousands else rng.choice([",", ";", "\t"])
    if len(form) < 3:
        stamps = [str(value) for value in bars.index.as_unit(form).asi8]
    else:
        stamps = list(bars.index.strftime(form))
    columns = [stamps if separator not in stamps[0] else [f'"{text}"' for text in stamps]]
    for name in NAMES[1:]:
        digits = max(
            len(repr(value).partition(".")[2].rstrip("0")) for value in bars[name].tolist()
        )
        columns.append([number(value, digits, decimal, thousands) for value in bars[name]])
    rows = [separator.join(row) for row in zip(*columns, strict=True)]
    rows = rows[::-1] if rng.random() < 0.3 else rows
    rows = [separator.join(NAMES), *rows] if rng.random() < 0.8 else rows
    end = rng.choice(["\n", "\r\n", f"{separator}\n"])
    text = end.join(rows) + end
    coding = rng.choice(["utf-8", "utf-8-sig", "utf-16"])
    data = text.encode(coding)
    name = f"{form} {decimal}{thousands} {separator!r} {coding}"
    return (gzip.compress(data) if rng.random() < 0.2 else data), name


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("seed", range(20))
def test_no_random_layout_is_read_to_other_bars(tmp_path, seed):
    rng = np.random.default_rng(seed)
    read = 0
    for _ in range(20):
        bars = random_bars(rng)
        data, name = layout_of(bars, rng)
        (tmp_path / "bars.csv").write_bytes(data)
        try:
            found = read_bars(tmp_path / "bars.csv")
        except BarsError as error:
            assert "may be" in str(error) or "no plain number" in str(error), (name, error)
            continue
        read += 1
        assert found.index.tolist() == bars.index.tolist(), name
        np.testing.assert_array_equal(found.to_numpy(), bars.to_numpy(), err_msg=name)
    assert read >= 10
